"""The clipboard tools: which one is taken where, what it is given, and what becomes of one that fails or hangs."""

import os
import signal
from base64 import b64decode
from pathlib import Path

import pytest

from chatcmd.errors import UsageError
from chatcmd.terminal.clipboard import MOST_OSC52, TOOLS, copy, osc52
from tests.history.made import tree

TEXT = "print('几 🙂')\n\tend"
EVERYWHERE = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "WSL_DISTRO_NAME": "Ubuntu", "TERMUX_VERSION": "0.118"}


def make(folder: Path, *names: str, does: str = '/bin/cat > "$0.got"; echo "$*" > "$0.args"') -> dict[str, str]:
    """Put tools into a folder, and return the environment that finds them, and nothing else."""
    folder.mkdir(exist_ok=True)
    for name in names:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("environ", "taken", "arguments"),
    [
        ({"TERMUX_VERSION": "0.118", "DISPLAY": ":0"}, "termux-clipboard-set", ""),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "wl-copy", ""),
        ({"DISPLAY": ":0"}, "xclip", "-selection clipboard"),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, "clip.exe", ""),
        ({"WSL_INTEROP": "/run/WSL/1_interop"}, "clip.exe", ""),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, None, ""),
        ({}, None, ""),
    ],
)
async def test_the_tool_that_fits_the_environment_is_taken(
    environ: dict[str, str], taken: str | None, arguments: str, tmp_path: Path
) -> None:
    found = make(tmp_path, *(tool.words[0] for tool in TOOLS if tool.words[0] != "pbcopy"))
    assert await copy(TEXT, found | environ) == taken
    assert [name for name in tree(tmp_path) if name.endswith(".got")] == ([f"{taken}.got"] if taken else [])
    if taken:
        got = (tmp_path / f"{taken}.got").read_bytes()
        assert got.decode("utf-16" if taken == "clip.exe" else "utf-8") == TEXT
        assert (tmp_path / f"{taken}.args").read_text().strip() == arguments


async def test_a_mac_and_what_plays_one_need_no_variable(tmp_path: Path) -> None:
    environ = make(tmp_path, "pbcopy", does='/bin/cat > "$0.got"; echo "$LC_ALL" > "$0.args"')
    assert await copy(TEXT, environ) == "pbcopy"
    assert (tmp_path / "pbcopy.got").read_text() == TEXT
    assert (tmp_path / "pbcopy.args").read_text() == "en_US.UTF-8\n"


async def test_a_tool_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert await copy(TEXT, make(tmp_path, "xsel") | EVERYWHERE) == "xsel"
    assert (tmp_path / "xsel.args").read_text() == "--clipboard --input\n"


async def test_where_one_tool_fails_the_next_one_is_tried(tmp_path: Path) -> None:
    make(tmp_path, "wl-copy", does="echo cannot connect >&2; exit 1")
    assert await copy(TEXT, make(tmp_path, "xclip") | EVERYWHERE) == "xclip"


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("/bin/cat > /dev/null; echo 'no \033[31mdisplay' >&2; exit 1", "no ␛[31mdisplay"),
        ("exit 3", "exit code 3"),
    ],
)
async def test_where_all_fail_the_first_one_s_reason_is_told(does: str, reason: str, tmp_path: Path) -> None:
    make(tmp_path, "xsel", does="exit 9")
    with pytest.raises(UsageError, match=r"^xclip could not copy: ") as refused:
        await copy("x" * 1_000_000, make(tmp_path, "xclip", does=does) | EVERYWHERE)
    assert str(refused.value) == f"xclip could not copy: {reason}"


async def test_a_file_that_is_no_program_is_a_failure_like_others(tmp_path: Path) -> None:
    environ = make(tmp_path, "xclip")
    (tmp_path / "xclip").write_bytes(b"\x7fELF")
    with pytest.raises(UsageError, match=r"xclip could not copy: .*[Ee]xec format error"):
        await copy(TEXT, environ | EVERYWHERE)


async def test_a_tool_that_hangs_is_given_up(tmp_path: Path) -> None:
    environ = make(tmp_path, "xclip", does="exec /bin/sleep 600")
    with pytest.raises(UsageError, match=r"it did not take the text in 0\.2 seconds"):
        await copy("x" * 1_000_000, environ | EVERYWHERE, patience=0.2)


async def test_a_tool_that_stays_behind_to_hand_the_text_out_is_not_waited_for(tmp_path: Path) -> None:
    environ = make(tmp_path, "xclip", does='/bin/cat > "$0.got"; /bin/sleep 600 & echo $! > "$0.pid"')
    assert await copy(TEXT, environ | EVERYWHERE) == "xclip"
    left = int((tmp_path / "xclip.pid").read_text())
    assert os.getsid(left) != os.getsid(0)  # Ctrl-C here does not empty the clipboard
    os.kill(left, signal.SIGKILL)


def test_the_terminal_s_own_sequence_holds_the_text_and_nothing_else() -> None:
    sequence = osc52(TEXT)
    assert sequence is not None
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert b64decode(sequence[7:-1]).decode() == TEXT
    assert osc52("x" * MOST_OSC52) is not None
    assert osc52("几" * (MOST_OSC52 // 3) + "xx") is None
