"""Where the faults are played: the real program, with a key that nobody may see, judged after every run."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO, Any, Literal, Self

from tests.faults.invariants import CODES, KEY, foreign_to_a_pipe, foreign_to_a_terminal, traces_of_the_key
from tests.faults.matrix import Row
from tests.loopback import Exchange, Loopback, say
from tests.terminal_driver import CHATCMD, Finished, Terminal, run

LEAVES = "0"
SETTLED = 20.0
"""Seconds within which what the program opened meanwhile must be closed."""

PROMPT = "【u】"
NAME = "u"
_REPOSITORY = Path(__file__).parents[2]
USAGE_UNKNOWN: dict[str, Any] = {"usage": False}

Status = Literal["complete", "interrupted", "incomplete"]


@dataclass(frozen=True)
class Said:
    """A turn that was acknowledged: after its answer the prompt was there again; None: whatever was answered."""

    user: str
    question: str
    answer: str | None
    status: Status = "complete"

    def is_among(self, saved: Sequence["Said"]) -> bool:
        return any(self in (each, replace(each, answer=None)) for each in saved)


def echo(exchange: Exchange) -> None:
    """Answer with the question, so that every answer is known and no two are alike."""
    say(answer_to(exchange.request.messages[-1]["content"]), **USAGE_UNKNOWN)(exchange)


def answer_to(question: str) -> str:
    return f"An answer to {question!a}."


@dataclass
class Scene:
    """One root below a folder of the test, one server, and what was acknowledged there; `row` says what is checked.

    The key stands in envs/openai_key. HOME and TMPDIR are folders of the scene too: nothing is looked for elsewhere.
    """

    folder: Path
    server: Loopback
    row: Row
    said: list[Said] = field(default_factory=list)
    runs: int = 0
    chats: int = 0

    def __post_init__(self) -> None:
        self.root = self.folder / "root"
        self.home = self.folder / "home"
        self.temporary = self.folder / "temporary"
        self.server.default = echo
        for folder in (self.root / "envs", self.home, self.temporary):
            folder.mkdir(parents=True, mode=0o700)
        self.root.chmod(0o700)
        self.write("openai_key", json.dumps({"api": KEY}))
        self.settings()

    # What stands there before

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of envs/, for its owner alone."""
        path = self.root / "envs" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
        return path

    def settings(self, *lines: str) -> None:
        """Write settings.toml: where the server is, and these lines."""
        self.write("settings.toml", "\n".join([f'base_url = "{self.server.base_url}"', *lines, ""]))

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {"CHATCMD_ROOT": str(self.root), "HOME": str(self.home), "TMPDIR": str(self.temporary)}
        return own | dict(extra or {})

    # The program

    @contextmanager
    def chat(
        self,
        *words: str,
        program: Sequence[str] = CHATCMD,
        env: Mapping[str, str] | None = None,
        offline: bool = False,
        greeting: str = PROMPT,
        rows: int = 24,
        columns: int = 80,
    ) -> Iterator["Chat"]:
        """Start a chat in a terminal; what is left of it when the block ends is judged."""
        self.runs += 1
        argv = [*program, "-u", NAME, *(["--offline"] if offline else []), *words]
        with Terminal(argv, env=self.environ(env), rows=rows, columns=columns) as terminal:
            chat = Chat(self, terminal, greeting, offline=offline)
            terminal.expect(greeting)
            chat.check_arguments()
            self.chats += 1
            try:
                yield chat
            finally:
                self.chats -= 1
            chat.check_ended()
        self.judge(recovered=not chat.was_killed)

    def pipe(
        self,
        lines: str | bytes,
        *words: str,
        code: int | None = 0,
        program: Sequence[str] = CHATCMD,
        env: Mapping[str, str] | None = None,
        said: Sequence[Said] = (),
    ) -> Finished:
        """Run the program between pipes to its end, and judge it; `said` is what it acknowledges on the way."""
        self.runs += 1
        data = lines.encode() if isinstance(lines, str) else lines
        done = run([*program, *words], data, env=self.environ(env))
        self.said += said
        shown = f"--- out\n{done.out}\n--- err\n{done.err}"
        assert done.code in CODES, f"exit code {done.code} is not documented\n{shown}"
        assert code in (None, done.code), f"exit code {done.code}, not {code}\n{shown}"
        self.check_text(done.out_bytes, done.err.encode())
        self.judge()
        return done

    @contextmanager
    def between_pipes(self, *words: str, out: IO[bytes], env: Mapping[str, str] | None = None) -> Iterator["Pipe"]:
        """Run the program between pipes, its output in a file, to be dealt with while it runs; then judge it."""
        self.runs += 1
        environ = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_REPOSITORY), "LANG": "C.UTF-8"}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [*CHATCMD, *words], env=environ | self.environ(env), stdin=pipe, stdout=out, stderr=pipe
        ) as program:
            try:
                driven = Pipe(self, program)
                yield driven
            finally:
                program.kill()
        self.check_text(Path(out.name).read_bytes(), driven.notes)
        self.judge()

    def check_text(self, *streams: bytes) -> None:
        """Check what went into pipes: I2, I3, I4."""
        for data in streams:
            self.holds("I2", b"Traceback" not in data, data.decode(errors="replace"))
            self.holds("I3", not traces_of_the_key(data), data.decode(errors="replace"))
            found = foreign_to_a_pipe(data)
            self.holds("I4", not found, f"{found[:5]} in {data[-2000:]!r}")

    # The judgement

    def holds(self, invariant: str, met: bool, found: object) -> None:  # noqa: FBT001 - it is what is judged
        """Fail unless an invariant holds, or this row is known not to have it."""
        assert met or invariant in self.row.without, f"row {self.row.number} breaks {invariant}: {found}"

    def judge(self, *, recovered: bool = True) -> None:
        """Check what must be true whenever a program has ended: I1, I3, I7.

        What is acknowledged stands in journals while a chat is open, and until a next start has recovered it.
        """
        self._check_key_in_files()
        left = [str(path) for path in self.everything() if path.name.endswith(".tmp")]
        left += [str(path) for path in self.temporary.rglob("*")]
        self.holds("I7", not left, f"temporary files were left: {left}")
        if not self.chats:
            self.server.wait_for(lambda: self.server.open_connections == 0)
        if recovered and not self.chats:
            self._check_saved()

    def _check_saved(self) -> None:
        saved = self.saved()
        missing = [each for each in self.said if not each.is_among(saved)]
        self.holds("I1", not missing, f"acknowledged and not saved: {missing}\n{saved}")

    def next_start(self) -> None:
        """Start once more after a run that did not end well: it recovers, answers, and leaves with all saved."""
        question = f"is it well again, {self.runs}?"
        done = self.pipe(f"v\n{question}\n", "--offline", said=[Said("v", question, None)])
        assert f"Your question was: {question}" in done.out, done.err
        self.holds("I1", not self.journals(), f"journals were not recovered: {self.journals()}")

    def saved(self) -> list[Said]:
        """Read every turn of every saved session; one that the row has damaged is none."""
        found = []
        for session in self.sessions():
            messages = session["messages"]
            for question, answer in pairwise(messages):
                if (question["role"], answer["role"]) == ("user", "assistant"):
                    status = answer.get("status", "complete")
                    found.append(Said(session["user"], question["content"], answer["content"], status))
        return found

    def sessions(self) -> list[dict[str, Any]]:
        """Read the saved sessions in the order in which they began."""
        found = []
        for path in (self.root / "history").glob("*/*.json"):
            with suppress(ValueError, RecursionError):
                found.append(json.loads(path.read_bytes()))
        whole = [each for each in found if isinstance(each, dict) and "messages" in each]
        return sorted(whole, key=lambda each: str(each["started"]))

    def journals(self) -> list[Path]:
        """List the journals: of sessions that are open, or were left by a killed program."""
        return sorted((self.root / "history").glob("*/*.jsonl"))

    def everything(self) -> list[Path]:
        """List every file of the scene, but for those where a key may stand."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return [path for path in found if self.root / "envs" not in path.parents]

    def _check_key_in_files(self) -> None:
        for path in self.everything():
            self.holds("I3", not traces_of_the_key(path.read_bytes()), f"the key stands in {path}")
        for request in self.server.requests:
            others = {name: value for name, value in request.headers.items() if name != "authorization"}
            self.holds("I3", not traces_of_the_key(request.raw + repr(others).encode()), "the key was sent as text")


class Chat:
    """A chat in a terminal: its user, who knows what was acknowledged, and its judge."""

    def __init__(self, scene: Scene, terminal: Terminal, prompt: str = PROMPT, *, offline: bool = False) -> None:
        self.scene, self.terminal = scene, terminal
        self._prompt, self._offline = prompt, offline
        self._number = 0
        self._held: Counter[str] | None = None
        self._lost = self.was_killed = False

    # The user

    def ask(self, question: str, shows: str | None = None, *, answer: str | None = None) -> Self:
        """Ask, and wait for the answer and the prompt: from then on the turn is acknowledged."""
        if answer is None and not self._offline:
            answer = answer_to(question)
        self.terminal.line(question)
        self.terminal.expect(shows or answer or f"Your question was: {question}")
        self.prompt()
        self.scene.said.append(Said(NAME, question, answer))
        return self

    def breaks_off(self, question: str, *says: str, answer: str = "partial ", status: Status = "incomplete") -> None:
        """Ask what is answered in part: the part is shown, what happened is said, and the prompt is there."""
        self.terminal.line(question)
        for text in (answer.strip(), *says):
            self.terminal.expect(text)
        self.prompt()
        self.scene.said.append(Said(NAME, question, answer, status))

    def gives_back(self, question: str, *says: str) -> None:
        """Ask what is not answered: it is said why, and the question stands in the line again; take it away."""
        self.terminal.line(question)
        self.given_back(question, *says)

    def given_back(self, question: str, *says: str) -> None:
        for sentence in says:
            self.terminal.expect(sentence)
        self.terminal.expect(self._prompt + question)
        self.terminal.send("\x15")

    def command(self, line: str, *says: str) -> Self:
        """Give a slash command, wait for what it says, and for the prompt."""
        self.terminal.line(line)
        for sentence in says:
            self.terminal.expect(sentence)
        self.prompt()
        return self

    @property
    def shown(self) -> str:
        """All that was shown, in one line."""
        return " ".join(self.terminal.output.split())

    def prompt(self) -> None:
        self.terminal.expect(self._prompt)

    def interrupt(self) -> None:
        self.terminal.send("\x03")

    # The judge

    def well(self) -> Self:
        """Check I6: a question that a healthy server gets is answered; and note what the program then holds open."""
        self._number += 1
        self.ask(f"are you well, {self._number}?")
        held = self._descriptors()
        end = monotonic() + SETTLED
        while self._held is not None and not held <= self._held and monotonic() < end:
            Event().wait(0.05)  # what is read in the background is let go by itself, and nothing says when
            held = self._descriptors()
        if self._held is None:
            self._held = held
        self.scene.holds("I7", held <= self._held, f"open now {held}, before {self._held}")
        children = self._children()
        self.scene.holds("I7", not children, f"children are left: {children}")
        return self

    def leave(self, *says: str, code: int = 0) -> None:
        """Check that all is well, and leave."""
        self.well()
        self.check_arguments()
        self.terminal.line(LEAVES)
        for sentence in says:
            self.terminal.expect(sentence)
        self.ends(code)

    def ends(self, code: int) -> None:
        """Wait for the end, with this exit code."""
        found = self.terminal.wait()
        documented = found in CODES or "I8" in self.scene.row.without
        assert documented, f"exit code {found} is not documented"
        assert found == code, f"exit code {found}, not {code}\n{self.terminal.output[-2000:]}"

    def kill(self) -> None:
        """End it as nothing can be caught: what it would do at its end is not asked for."""
        self.was_killed = True
        self.terminal.kill()
        assert self.terminal.wait() == -signal.SIGKILL

    def vanish(self) -> None:
        """Take the terminal away: from then on it has no modes."""
        self._lost = True
        self.terminal.close_master()

    def check_ended(self) -> None:
        """Check what can be told when the program has ended: I2 to I5, and that it did end."""
        terminal, scene = self.terminal, self.scene
        assert terminal.code is not None, "the row did not see the program to its end"
        scene.holds("I2", b"Traceback" not in terminal.bytes, terminal.output[-3000:])
        scene.holds("I2", "Unhandled exception" not in terminal.output, terminal.output[-3000:])
        scene.holds("I3", not traces_of_the_key(terminal.bytes), terminal.output[-3000:])
        found = foreign_to_a_terminal(terminal.bytes)
        scene.holds("I4", not found, found[:9])
        if not self._lost and not self.was_killed:
            scene.holds("I5", terminal.modes() == terminal.first_modes, "the terminal's modes are not as before")

    def check_arguments(self) -> None:
        """Check that who lists processes sees no key: I3."""
        path = Path(f"/proc/{self.terminal.pid}/cmdline")
        if path.exists():
            self.scene.holds("I3", not traces_of_the_key(path.read_bytes()), "the key stands in the arguments")

    def _descriptors(self) -> Counter[str]:
        """Count what the program holds open, by kind; files below its root by their folder."""
        folder = Path(f"/proc/{self.terminal.pid}/fd")
        kinds: Counter[str] = Counter()
        for each in folder.iterdir() if folder.exists() else ():
            try:
                target = str(each.readlink())
            except OSError:
                continue
            if "/index.sqlite3" in target:  # once asked it stays open for as long as the chat lives
                continue
            kinds[str(Path(target).parent) if target.startswith("/") else target.partition(":")[0]] += 1
        return kinds

    def _children(self) -> list[str]:
        tasks = Path(f"/proc/{self.terminal.pid}/task")
        return [each for path in tasks.glob("*/children") for each in path.read_text().split()]


class Pipe:
    """The program between pipes, dealt with while it runs."""

    def __init__(self, scene: Scene, program: subprocess.Popen[bytes]) -> None:
        assert program.stdin is not None
        assert program.stderr is not None
        self.pid = program.pid
        self.notes = b""
        self._scene, self._program = scene, program
        self._stdin, self._stderr = program.stdin, program.stderr

    def type(self, text: str) -> None:
        self._stdin.write(text.encode())
        self._stdin.flush()

    def note(self) -> bytes:
        """Read the next line that it writes beside the conversation."""
        self.notes += (line := self._stderr.readline())
        return line

    def ends(self) -> int:
        """End its input, and wait for the exit code."""
        self._stdin.close()
        self.notes += self._stderr.read()
        return self._program.wait()


def memory_of(pid: int) -> int:
    """Tell the most memory that a program ever held, in megabytes; 0 where that cannot be told."""
    path = Path(f"/proc/{pid}/status")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
