"""A program that is started in a warm process is what one from nothing is, for itself and for whoever looks at it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import warm
from tests.history.pipe_chat import PipeChat
from tests.terminal_driver import CHATCMD, Terminal, run

SIGNALS = 0x7FFFFFFF
"""Those that have a name."""

COLD = {"PYTHONHASHSEED": "random"}
"""A variable that Python reads at its start, and that changes nothing."""

WAYS = pytest.mark.parametrize("env", [{}, COLD], ids=["warm", "cold"])

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a program is made of is not told here")


@contextmanager
def chat(root: Path, env: dict[str, str]) -> Iterator[Terminal]:
    with Terminal([*CHATCMD, "--offline", "-u", "u", "--root", str(root)], env=env) as terminal:
        terminal.expect("【u】")
        yield terminal
        terminal.line("0")
        assert terminal.wait() == 0


def made_of(terminal: Terminal) -> dict[str, object]:
    """Tell what the system knows of a program that waits at its prompt."""
    place = Path(f"/proc/{terminal.pid}")
    status = dict(re.findall(r"^(\w+):\s*(.*)$", (place / "status").read_text(), re.MULTILINE))
    held = sorted(re.sub(r":\[\d+\]|/\d+$", "", str(each.readlink())) for each in (place / "fd").iterdir())
    masks = {name: int(status[name], 16) & SIGNALS for name in ("SigBlk", "SigIgn", "SigCgt")}
    return {
        "held": [each for each in held if "history" not in each],
        "limits": (place / "limits").read_text(),
        "in its own home": str((place / "cwd").readlink()) == terminal.home,
        "in its session": os.getsid(terminal.pid) == os.getpgid(terminal.pid) == terminal.session,
        "below what leads it": int(status["PPid"]) == terminal.session,
        "umask": status["Umask"],
        **masks,
    }


def test_it_is_made_of_the_same(tmp_path: Path) -> None:
    if not warm.starter.is_open:
        pytest.skip("--cold")
    with chat(tmp_path / "warm", {}) as hot, chat(tmp_path / "cold", COLD) as cold:
        assert b"tests.warm" in Path(f"/proc/{hot.pid}/cmdline").read_bytes()
        assert b"tests.warm" not in Path(f"/proc/{cold.pid}/cmdline").read_bytes()
        assert made_of(hot) == made_of(cold)


@WAYS
def test_its_words_and_streams_are_its_own(env: dict[str, str], tmp_path: Path) -> None:
    done = run([*CHATCMD, "ask", "--offline", "--root", str(tmp_path)], b"\xe4\xbb\x80 \xff?", env=env)
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert done.out.endswith("Your question was: 什 \ufffd?\n")
    usage = run([*CHATCMD, "--no-such-flag"], env=env)
    assert (usage.code, usage.out) == (2, "")
    assert usage.err.startswith("chatcmd: unrecognized arguments: --no-such-flag")


@WAYS
def test_what_runs_between_pipes_is_heard_and_killed(env: dict[str, str], tmp_path: Path) -> None:
    with PipeChat([*CHATCMD, "--offline", "--root", str(tmp_path), "-u", "u"], env=env) as chat:
        chat.lines("one")
        chat.expect("Your question was: one")
        assert chat.kill() == -9


def test_anything_that_is_read_at_the_start_or_is_no_plain_start_is_left_to_the_system() -> None:
    plain = dict(warm.SURROUNDINGS, CHATCMD_ROOT="x", TERM="dumb", HOME="/x")
    fits = warm.starter.fits
    assert fits([*CHATCMD, "ask"], plain) == warm.starter.is_open
    for name in ("PYTHONDEVMODE", "OPENAI_LOG", "LC_ALL", "SSL_CERT_FILE", "HTTPS_PROXY", "EDITOR"):
        assert not fits(CHATCMD, plain | {name: "1"})
    assert not fits(CHATCMD, plain | {"LANG": "zh_CN.UTF-8"})
    assert not fits(["sh", "-c", "true", *CHATCMD], plain)
