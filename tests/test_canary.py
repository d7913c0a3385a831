"""The canary that watches all tests: it hears a key wherever one comes out."""

from pathlib import Path

import pytest

from tests.canary import Canary
from tests.terminal_driver import PYTHON, Terminal, run

pytestmark = pytest.mark.faults(48)

KEY = "sk-CANARY-canary-0123"
SAYS = [PYTHON, "-c", "import os, sys; print('it is', os.environ['SOME_API_KEY']); print(sys.argv, file=sys.stderr)"]


@pytest.mark.gives_key_away
def test_key_in_an_output_or_a_file_is_heard(tmp_path: Path) -> None:
    canary = Canary()
    canary.given({"OPENAI_API_KEY": KEY, "PATH": "/usr/bin", "OTHER_KEY": "none"})
    canary.heard(b"nothing", "none of it")
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "openai_key").write_text(f'{{"api": "{KEY}"}}')
    assert canary.leaks(tmp_path) == []
    (tmp_path / "envs" / "settings.toml").write_text('key = "sk-another-one"')
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "file").write_text("here: sk-another-one")
    canary.heard(f"and here: {KEY}")
    assert [leak.partition(": ")[0] for leak in canary.leaks(tmp_path)] == ["output", str(tmp_path / "history/file")]


@pytest.mark.gives_key_away
@pytest.mark.parametrize("somewhere", ["a pipe", "a terminal", "the arguments"])
def test_program_that_shows_its_key_is_heard(somewhere: str) -> None:
    from tests.canary import canary  # noqa: PLC0415 - the one of this test

    says = [PYTHON, "-c", "pass", KEY] if somewhere == "the arguments" else SAYS
    if somewhere == "a terminal":
        with Terminal(says, env={"SOME_API_KEY": KEY}) as terminal:
            terminal.wait()
    else:
        run(says, env={"SOME_API_KEY": KEY})
    assert canary.leaks(None)
