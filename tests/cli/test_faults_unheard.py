"""Faults where nobody waits for them: of the loop, of threads, of what is let go; never a traceback, said once."""

import asyncio
import logging
from pathlib import Path

import pytest

from chatcmd.cli import fault
from chatcmd.errors import OurFault
from tests.terminal_driver import PYTHON, run


def fails() -> None:
    raise KeyError("said")


async def test_library_is_heard_by_nobody_and_its_log_stands_on_no_screen(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)

    async def logs() -> None:
        log = logging.Logger("some library")  # noqa: LOG001 - one without the handlers of pytest above it
        log.warning("what was said, with \x1b[31m in it")

    await asyncio.to_thread(fault.run, logs())
    assert capfd.readouterr() == ("", "")


async def test_fault_that_the_loop_meets_again_and_again_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    monkeypatch.setattr(OurFault, "unsaid", unsaid := list[OurFault]())

    async def work() -> str:
        for _ in range(3):
            asyncio.get_running_loop().call_soon(fails)
        await asyncio.sleep(0)
        return "done"

    assert await asyncio.to_thread(fault.run, work()) == "done"
    assert [str(each) for each in unsaid] == ["something went wrong inside chatcmd (KeyError); the chat goes on"]


LET_GO = "class A:\n def __del__(self): raise KeyError('said')\nA()"
THREAD = "import threading\ndef f(): raise KeyError('said')\nt = threading.Thread(target=f)\nt.start()\nt.join()"
NEVER = "async def f(): pass\nf()"


@pytest.mark.parametrize(
    ("script", "faults"), [(LET_GO, 1), (THREAD, 1), (NEVER, 0)], ids=["let go", "thread", "never"]
)
def test_nothing_that_python_prints_by_itself_is_printed(tmp_path: Path, script: str, faults: int) -> None:
    (tmp_path / "script.py").write_text(script)
    whole = (
        "import runpy, sys\nfrom chatcmd.cli import fault\nfrom chatcmd.errors import OurFault\n"
        "with fault.reported(['--root', sys.argv[1]], alone=True):\n"
        "    runpy.run_path(sys.argv[2])\n    print(len(OurFault.unsaid))"
    )
    done = run([PYTHON, "-c", whole, str(tmp_path / "root"), str(tmp_path / "script.py")])
    assert (done.code, done.out, done.err) == (0, f"{faults}\n", "")
    assert len(list((tmp_path / "root").rglob("fault-*.txt"))) == faults


@pytest.mark.parametrize(
    ("words", "root"),
    [
        ([], None),
        (["history", "list", "--root", "a"], "a"),
        (["--root=a=b", "chat"], "a=b"),
        (["--roo", "a"], "a"),
        (["--root"], None),
        (["ask", "--", "--root", "a"], None),
    ],
)
def test_root_is_found_in_a_command_line_that_was_not_parsed_yet(words: list[str], root: str | None) -> None:
    assert fault._root_in(words) == root
