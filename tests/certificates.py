"""A certificate that nobody trusts unless told to, made when it is needed."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

NAMES = "subjectAltName=DNS:model.test,DNS:other.test,IP:127.0.0.1"


@dataclass(frozen=True)
class Certificate:
    """A certificate of its own authority for model.test, other.test and 127.0.0.1: `file` is what a client trusts."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(folder: Path) -> Certificate:
    """Make one in a folder; skips the test where there is no openssl to make it with."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl program, which makes the certificate, is not installed")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words = [openssl, "req", *kind, "-subj", "/CN=test", "-addext", NAMES]
    words += ["-keyout", str(made.key), "-out", str(made.file)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return made
