"""The scene of a row: its own folder and server, on which the program must have been run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.matrix import ROWS
from tests.faults.scene import Scene
from tests.loopback import Loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path, server: Loopback) -> Iterator[Scene]:
    mark = request.node.get_closest_marker("faults")
    scene = Scene(tmp_path, server, ROWS[mark.args[0]])
    yield scene
    assert scene.runs, "the program was never run"
    if not request.session.testsfailed:
        scene.judge()
