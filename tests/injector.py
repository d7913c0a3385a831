"""The program with faults put into it: `python -m tests.injector ORDERS WORDS ...` is `chatcmd WORDS ...`.

ORDERS is a file of JSON: `stages` are the functions (`FILE:NAME`) whose calls begin stages, counted from 1;
`places` gives to stages, by number, where a fault is raised there: `FILE:LINE`, once, as soon as that line is reached;
`fault` is its class. Without places for any stage every line that is reached is written down. `log` is the file that
tells it: `reached STAGE FILE:LINE NAME` the first time in a stage, `raised STAGE FILE:LINE`.
"""

import builtins
import json
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGE = str(Path(__file__).resolve().parent.parent / "chatcmd") + os.sep


class Injector:
    """A trace function over the package's lines; it is set again when Python has taken it away after a fault."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._stages = set(orders["stages"])
        self._places: dict[str, str] = orders.get("places", {})
        self._fault: type[Exception] = getattr(builtins, orders.get("fault", "RuntimeError"))
        self._log = os.open(orders["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._stage = 0
        self._reached: set[tuple[int, str, int]] = set()

    def begin(self) -> None:
        sys.setprofile(self._again)
        sys.settrace(self._called)

    def _again(self, _frame: FrameType, _event: str, _argument: object) -> None:
        if sys.gettrace() is None:
            sys.settrace(self._called)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(PACKAGE):
            return None
        begins = frame.f_lineno == code.co_firstlineno  # a coroutine is called again whenever it goes on
        if begins and f"{code.co_filename[len(PACKAGE) :]}:{code.co_name}" in self._stages:
            self._stage += 1
        return self._line

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and self._stage:
            self._pass(frame)
        return self._line

    def _pass(self, frame: FrameType) -> None:
        file, line = frame.f_code.co_filename[len(PACKAGE) :], frame.f_lineno
        if not self._places:
            reached = (self._stage, file, line)
            if reached not in self._reached:
                self._reached.add(reached)
                self._write(f"reached {self._stage} {file}:{line} {frame.f_code.co_qualname}")
        elif self._places.get(str(self._stage)) == f"{file}:{line}":
            del self._places[str(self._stage)]
            self._places.setdefault("none", "left")  # what is reached from now on is not written down
            self._write(f"raised {self._stage} {file}:{line}")
            raise self._fault("a fault put in, which quotes what was said")

    def _write(self, text: str) -> None:
        os.write(self._log, f"{text}\n".encode())


if __name__ == "__main__":
    from chatcmd import cli

    injector = Injector(json.loads(Path(sys.argv.pop(1)).read_text()))
    injector.begin()
    sys.exit(cli.main())
