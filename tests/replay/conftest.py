"""A server whose models each answer in their own way, and a chat's root beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.stage import Stage, exact_server
from tests.loopback import Loopback
from tests.replay.asked import Models


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def server(models: Models) -> Iterator[Loopback]:
    with exact_server() as loopback:
        loopback.default = models
        yield loopback


@pytest.fixture
def stage(tmp_path: Path, server: Loopback) -> Stage:
    return Stage(tmp_path / "root", server)
