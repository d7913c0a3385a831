"""Where the tests of the chat play: the program in a terminal or between pipes, or its loop in this process."""

import asyncio
import json
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, Any

from chatcmd import vocabulary
from chatcmd.app import App
from chatcmd.clock import Clock
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.repl import Repl
from chatcmd.settings.load import load
from chatcmd.settings.persona import DEFAULT
from chatcmd.settings.root import find_root
from chatcmd.signals import Signals
from chatcmd.terminal import NO_DRAFT, Desk, EndOfInput, Keyboard, Line
from chatcmd.terminal.pick import Choice, Shelf
from chatcmd.terminal.plain import PlainKeyboard
from chatcmd.terminal.screen import Screen
from tests.canary import canary
from tests.loopback import Loopback
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

PERSONA = {"role": "system", "content": DEFAULT.content}
KEY = "sk-test-0123456789"


def said(*texts: str) -> list[dict[str, str]]:
    """Make the messages of a request: the persona, then questions and answers in turn."""
    roles = ("user", "assistant")
    return [PERSONA, *({"role": roles[place % 2], "content": text} for place, text in enumerate(texts))]


def spoken(session: Mapping[str, Any]) -> list[dict[str, str]]:
    """Strip a saved session's messages to what a request would hold."""
    return [{"role": each["role"], "content": each["content"]} for each in session["messages"]]


def exact_server() -> Loopback:
    """Start a server that counts as gpt-3.5-turbo's does."""
    return Loopback(lambda text: vocabulary.counter("cl100k_base")(text))  # noqa: PLW0108 - loads when asked


@dataclass
class Talked:
    """What one chat in this process came to."""

    code: Exit
    out: str
    notes: str
    app: App


@dataclass(frozen=True)
class OpenPipe:
    """A program that runs between pipes."""

    program: subprocess.Popen[bytes]
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def type(self, text: str) -> None:
        self.stdin.write(text.encode())
        self.stdin.flush()

    def shows(self, text: str) -> bool:
        """Read as many bytes as a text has, and tell whether they are it."""
        return self.stdout.read(len(text.encode())) == text.encode()


@dataclass
class Stage:
    """One root folder, and the server that answers there (None: offline)."""

    root: Path
    server: Loopback | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ |= {"CHATCMD_ROOT": str(self.root)}
        if self.server is None:
            self.environ |= {"CHATCMD_OFFLINE": "true"}
        else:
            self.environ |= {"OPENAI_BASE_URL": self.server.base_url, "OPENAI_API_KEY": KEY}

    def pipe(self, lines: str | bytes, *words: str, env: Mapping[str, str] | None = None) -> Finished:
        """Run the program between pipes."""
        data = lines.encode() if isinstance(lines, str) else lines
        return run([*CHATCMD, *words], data, env=self.environ | dict(env or {}))

    @contextmanager
    def open_pipe(self, *words: str) -> Iterator["OpenPipe"]:
        """Start the program between pipes, to be talked with while it runs."""
        environ = dict(os.environ) | self.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        pipe = subprocess.PIPE
        # A shell's background job ignores Ctrl-C, and its children would inherit that; a handler is not inherited.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            program = subprocess.Popen([*CHATCMD, *words], env=environ, stdin=pipe, stdout=pipe, stderr=pipe)
        finally:
            signal.signal(signal.SIGINT, before)
        with program:
            assert program.stdin is not None
            assert program.stdout is not None
            assert program.stderr is not None
            try:
                yield OpenPipe(program, program.stdin, program.stdout, program.stderr)
            finally:
                program.kill()

    def terminal(
        self, *words: str, env: Mapping[str, str] | None = None, rows: int = 24, columns: int = 80
    ) -> Terminal:
        """Run the program in a terminal."""
        return Terminal([*CHATCMD, *words], env=self.environ | dict(env or {}), rows=rows, columns=columns)

    def app(self, out: StringIO, notes: StringIO, *, clock: Clock | None = None, **flags: Any) -> App:
        """Compose an App as the program does."""
        root = find_root(None, self.environ, self.root)
        settings = load(flags, self.environ, root)
        library = Library(root.history) if settings["save"] else None
        return App(settings, library, Screen(out, notes), self.environ, clock or Clock())

    async def talk(
        self,
        *lines: str,
        keyboard: Keyboard | None = None,
        interactive: bool = False,
        clock: Clock | None = None,
        **flags: Any,
    ) -> Talked:
        """Run the loop in this process over these lines to its end; `flags` are settings by name."""
        out, notes = StringIO(), StringIO()
        app = self.app(out, notes, clock=clock, **flags)
        if app.settings["user"]:
            app.switch_to(app.settings["user"])
        data = BytesIO("".join(f"{line}\n" for line in lines).encode())
        keyboard = keyboard or PlainKeyboard(data, out if interactive else None)
        try:
            code = await Repl(app, keyboard, Signals(interrupt_leaves=not keyboard.interactive)).run()
        finally:
            await app.close()
            canary.given(self.environ)
            canary.heard(out.getvalue(), notes.getvalue())
        return Talked(code, out.getvalue(), notes.getvalue(), app)

    def sessions(self, user: str | None = None) -> list[dict[str, Any]]:
        """Read the saved sessions, in the order in which they began."""
        found = [json.loads(path.read_bytes()) for path in self.files() if path.suffix == ".json"]
        found = [each for each in found if user in (None, each["user"])]
        return sorted(found, key=lambda each: str(each["started"]))

    def files(self) -> list[Path]:
        """List every file below the history folder, but for what the arrow keys recall."""
        found = (self.root / "history").rglob("*")
        return sorted(path for path in found if path.is_file() and path.name != "recall")

    @property
    def requests(self) -> list[list[dict[str, Any]]]:
        """What the server was asked so far."""
        assert self.server is not None
        return [request.messages for request in self.server.chats]

    def persona(self, name: str, content: str) -> None:
        """Write a persona's file."""
        path = self.root / "envs" / "personas" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", errors="surrogatepass", newline="")

    def settings(self, text: str) -> None:
        """Write settings.toml."""
        path = self.root / "envs" / "settings.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


Key = str | Line | Exception | Callable[[], Any]


class Keys:
    """A keyboard that types a script: lines, exceptions such as Interrupted, and functions called on the way."""

    interactive = True

    def __init__(self, script: Iterable[Key]) -> None:
        self._script = deque(script)
        self.asked: list[tuple[str, str]] = []
        self.drafts: list[Line] = []
        self.offers: list[Sequence[str]] = []

    def sit_at(self, desk: Desk) -> None:
        self.desk = desk

    async def line(
        self, prompt: str, *, draft: Line = NO_DRAFT, offers: Sequence[str] | None = None, secret: bool = False
    ) -> Line:
        assert not secret
        self.asked.append((prompt, draft.text))
        self.drafts.append(draft)
        self.offers.append(offers or ())
        while self._script:
            key = self._script.popleft()
            if isinstance(key, Exception):
                raise key
            if isinstance(key, Line):
                return key
            if isinstance(key, str):
                return Line(key)
            await asyncio.to_thread(key)
        raise EndOfInput

    async def edit(self, text: str) -> str:
        return text

    def answering(self) -> AbstractContextManager[None]:
        return nullcontext()

    def pressing(self, take: Callable[[str], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - it types lines
        return nullcontext()

    async def pick(self, shelf: Shelf, typed: str = "") -> Choice | None:
        """Take the first of what is found; it types no line for it."""
        found = [each for found in shelf.find(typed, lambda _sentence: None) for each in found.choices]
        shelf.close()
        return found[0] if found else None

    def close(self) -> None:
        pass
