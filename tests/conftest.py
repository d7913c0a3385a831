"""What holds for all tests: a slow machine is no failure."""

import gc
import os
import socket
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import warm
from tests.canary import no_key_comes_out
from tests.certificates import Certificate, certificate

__all__ = ["no_key_comes_out"]

settings.register_profile("chatcmd", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatcmd")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cold", action="store_true", help="start the program from nothing each time (tests/warm.py)")


def pytest_xdist_auto_num_workers() -> int | None:
    """Run two tests for each core, unless told otherwise: half of their time is waiting."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else 2 * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector pass over what is collected for the tests: there is much of it, and it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def warm_starts(request: pytest.FixtureRequest) -> Iterator[None]:
    with nullcontext() if request.config.getoption("--cold") else warm.starter.opened():
        yield


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
