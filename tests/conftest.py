"""What holds for all tests: a slow machine is no failure."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.canary import no_key_comes_out
from tests.certificates import Certificate, certificate

__all__ = ["no_key_comes_out"]

settings.register_profile("chatcmd", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatcmd")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name below .test be this machine, which is not known by it, and no other name be known."""
    resolve = socket.getaddrinfo

    def here(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".test"):
            return resolve("127.0.0.1", *rest, **more)
        if name in ("localhost", "127.0.0.1", "0.0.0.0"):
            return resolve(name, *rest, **more)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate that nobody trusts."""
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(shown: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificate]:
    """Let this process trust the certificate, as SSL_CERT_FILE has it."""
    from chatcmd.provider import compatible  # noqa: PLC0415 - few tests need the SDK

    monkeypatch.setenv("SSL_CERT_FILE", str(shown.file))
    compatible._trust.cache_clear()
    yield shown
    compatible._trust.cache_clear()
