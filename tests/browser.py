"""A real browser without a window, driven through pipes as its debugger would."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--no-default-browser-check", "--remote-debugging-pipe"),
)
# The browser reads commands from descriptor 3 and writes to 4, whatever numbers this process has for its pipes.
_WIRED = ("/bin/bash", "-c", 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"', "bash")


class Browser:
    """One page of Chromium; leaving the `with` block ends it with all its processes and files.

    `requests` are the addresses of everything that the page asked for, `dialogs` and `errors` what it said beside.
    """

    def __init__(self) -> None:
        assert CHROMIUM is not None, "no Chromium on this machine"
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, to_browser = os.pipe()
        from_browser, answers = os.pipe()
        self._program = subprocess.Popen(
            [
                *_WIRED,
                str(commands),
                str(answers),
                CHROMIUM,
                *_QUIET,
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": self._profile.name, "LANG": "C.UTF-8", "TZ": "Asia/Shanghai"},
        )
        os.close(commands)
        os.close(answers)
        self._in: IO[bytes] = os.fdopen(to_browser, "wb")
        self._out: IO[bytes] = os.fdopen(from_browser, "rb")
        self._rest = b""
        self._number = 0
        self._session = ""
        self._events: list[str] = []
        page = next(each for each in self.call("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and all that it started."""
        self._in.close()
        self._out.close()
        os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        self._profile.cleanup()

    def open(self, path: Path) -> None:
        """Show a file, and wait until all of it is there."""
        del self.requests[:], self.dialogs[:], self.errors[:], self._events[:]
        self.call("Page.navigate", url=path.as_uri())
        self._until(lambda: "Page.loadEventFired" in self._events)

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page, await it when it is a promise, and return its value."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press and let go a key."""
        codes = {"Enter": 13, "Escape": 27, "/": 191}
        more = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=codes[key],
                modifiers=8 if shift else 0,
                **(more if kind == "keyDown" else {}),
            )

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command, and return its result."""
        self._number += 1
        number = self._number
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        self._in.write(json.dumps(command).encode() + b"\0")
        self._in.flush()
        while True:
            message = self._read()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def _until(self, met: Callable[[], bool]) -> None:
        while not met():
            self._read()

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._out.fileno(), 1 << 20)
            assert data, "the browser has gone"
            self._rest += data
        first, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method", ""), message.get("params", {})
        self._events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(parameters["message"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"]["text"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])
