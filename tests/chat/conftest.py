"""A stage with a server that counts exactly, and one that is offline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.stage import Stage, exact_server
from tests.loopback import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with exact_server() as loopback:
        yield loopback


@pytest.fixture
def stage(tmp_path: Path, server: Loopback) -> Stage:
    return Stage(tmp_path / "root", server)


@pytest.fixture
def offline(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "root")
