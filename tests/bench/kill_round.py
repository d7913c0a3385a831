"""One round: a chat in a terminal ends at a random moment, the next start recovers it, and all is as it was shown."""

import os
import random
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.bench.life import KINDS, TYPING, USERS, Life, Phase, Step
from tests.bench.moment import PATIENCE, Moment, do, go_through
from tests.bench.told import Chat, found, listed, masked
from tests.chat.stage import KEY, Stage
from tests.history.damage import kinds, verified
from tests.loopback import Loopback
from tests.terminal_driver import CHATCMD, Terminal, run

Death = Literal["kill", "term", "hup", "vanish"]
CODES = {"kill": -signal.SIGKILL, "term": 143, "hup": 129, "vanish": 129}
UNHEARD = {"term": -signal.SIGTERM, "hup": -signal.SIGHUP, "vanish": -signal.SIGHUP}
"""The codes of a process that a signal ends by itself: before it listens to them, and after it has saved everything."""

STARTS = 0.1
"""The share of rounds that end while the chat starts, and of those whose recovering start is ended too."""
GOES_ON = 0.2
"""The share of rounds with a second chat, after the first was recovered."""

BEFORE = (*["ask"] * 6, *(kind for kind in KINDS if kind not in TYPING))
"""What a user does before the step that is broken off."""

LOST = 4096
"""Bytes of an answer that SIGKILL may cost; no answer here takes the two seconds that it may cost too."""

MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
NORMALLY_SET = (b"7", b"25")
"""Lines are wrapped, the cursor is shown."""


@dataclass
class Ending:
    """How a chat ended: in which step, at which moment, with which exit code, and what was left of the step."""

    kind: str
    moment: Moment
    code: int
    left: str = ""


@dataclass(frozen=True)
class Left:
    """What a chat may have left: any of these, where that answer may break off after so many characters at least."""

    allowed: Mapping[str, Chat]
    question: str = ""
    answer: str = ""
    least: int = 0

    def matching(self, root: Path) -> tuple[str, Chat]:
        """Find which of the allowed is in the saved files, and the sessions that they hold."""
        sessions = [found(path) for path in sorted((root / "history").glob("*/*.json"))]
        saved = listed(masked(each, self.question, self.answer, self.least) for each in sessions)
        for name, chat in self.allowed.items():
            told = (*chat.ended, *chat.live.values())
            if listed(masked(each, self.question, self.answer, 0) for each in told) == saved:
                return name, Chat(ended=tuple(sessions))
        options = "\nor\n".join(dict.fromkeys(shortened(chat.saved) for chat in self.allowed.values()))
        least = f"at least {self.least} of {len(self.answer)} characters of the answer to {self.question!r}"
        raise AssertionError(f"saved is\n{shortened(saved)}\nallowed is\n{options}\n{least}")


@dataclass
class Round:
    """One round, which its seed and its kind of death determine, but for the machine's own pace.

    `endings` tells afterwards how each of its chats ended.
    """

    seed: int
    death: Death
    root: Path
    endings: list[Ending] = field(default_factory=list)

    def play(self) -> None:
        self._chance = random.Random(f"{self.seed} {self.death}")
        left = self._live("a", Chat())
        if self._chance.random() < STARTS:
            self._live("b", Chat(), "start", left)
        chat = self._start_again(left)
        if self._chance.random() < GOES_ON:
            self._start_again(self._live("c", chat))

    def _live(self, name: str, chat: Chat, kind: str | None = None, recovering: Left | None = None) -> Left:
        """Talk, be ended in a step of that kind (any), and tell what may be left."""
        kind = kind or ("start" if self._chance.random() < STARTS else self._chance.choice(KINDS))
        with Loopback() as server:
            stage = Stage(self.root, server, {"CHATCMD_MODEL": "gpt-4o", "CHATCMD_BAR": "false"})
            life = Life(self._chance, server, chat, name)
            words, start = self._start(chat)
            steps = self._chance.randrange(2)
            with stage.terminal(*words, columns=200) as terminal:
                if kind != "start":
                    go_through(terminal, server, life, start)
                    for _ in range(steps):
                        self._step(terminal, server, life, self._chance.choice(BEFORE))
                    while (before := life.way_to(kind)) is not None:
                        self._step(terminal, server, life, before)
                left = self._die(terminal, server, life, start if kind == "start" else life.step(kind), recovering)
            server.wait_for(lambda: server.open_connections == 0, PATIENCE)
        return left

    def _step(self, terminal: Terminal, server: Loopback, life: Life, kind: str) -> None:
        if kind != "exit" and life.way_to(kind) is None:
            go_through(terminal, server, life, life.step(kind))

    def _start(self, chat: Chat) -> tuple[list[str], Step]:
        """Choose how the chat is started: with or without a name, or going on with what was recovered."""
        known = [each for each in chat.ended if each.messages]
        if known and self._chance.random() < 0.7:
            told = self._chance.choice(known)
            words, others = ["-r", told.id], tuple(each for each in chat.ended if each is not told)
            after = Chat(told.user, {told.user: told}, others)
        elif self._chance.random() < 0.5:
            user = self._chance.choice(USERS)
            words, after = ["-u", user], chat.talking(user)
        else:
            words, after = [], chat
        prompt = f"【{after.user}】" if after.user else "Your name:"
        return words, Step("start", (Phase("", re.compile(rf"{prompt}\s*\Z")),), after)

    def _die(self, terminal: Terminal, server: Loopback, life: Life, step: Step, recovering: Left | None) -> Left:
        """End the chat in the midst of a step, look at what ought to be so at once, and tell what may be saved."""
        chance, before = self._chance, life.chat
        ways: tuple[Literal["keys", "bytes", "time", "pieces"], ...] = ("bytes", "time", "keys", "pieces")
        by = chance.choice(ways[: 4 if step.answer is not None else 3 if step.kind != "start" else 2])
        moment = Moment(0 if by == "pieces" else chance.randrange(len(step.phases)), by, chance.random())
        began, asked = len(terminal.output), len(server.chats)
        for phase in step.phases[: moment.phase]:
            do(terminal, server, phase)
        since = len(terminal.output)
        moment.come(terminal, step)
        end(terminal, self.death)
        code = terminal.wait(PATIENCE)
        told = [place for place, phase in enumerate(step.phases) if phase.until is not None]
        pattern = step.phases[moment.phase].pattern
        done = code == 0 or (
            bool(told)
            and moment.phase >= told[-1]
            and (pattern is None or bool(pattern.search(terminal.output, since)))
        )
        sent = any(each.messages[-1]["content"] == step.question for each in server.chats[asked:])
        left = self._left(step, before, terminal.output[began:], sent=sent, done=done)
        if recovering is not None:
            left = recovering
        self._look(terminal, step, code)
        self.endings.append(Ending(step.kind, moment, code))
        if self.death != "kill":
            left.matching(self.root)
        return left

    def _left(self, step: Step, before: Chat, shown: str, *, sent: bool, done: bool) -> Left:
        words = [int(word) for word in re.findall(r"\bw(\d{4})\.", shown)] if step.answer is not None else []
        size = step.answer.end_of(max(words)) if step.answer is not None and words else 0
        kill = self.death == "kill"
        allowed = {"before": before, "after": step.after}
        if done or words or (sent and kill and not step.may_go):
            del allowed["before"]
        if not done:
            allowed |= step.killed if kill else step.ended
        text = step.answer.text if step.answer is not None else ""
        return Left(allowed, step.question or "", text, max(0, size - LOST) if kill else size)

    def _look(self, terminal: Terminal, step: Step, code: int) -> None:
        """Look at the exit code, the terminal and the files, as soon as the process has gone."""
        seen, death = terminal.output, self.death
        expected = {CODES[death]}
        if step.kind == "exit":
            expected |= {0}
        if death != "kill" and (step.kind == "exit" or not re.search("【|Your name", seen)):
            expected |= {UNHEARD[death]}
        assert code in expected, f"exit code {code}, expected {expected}"
        assert "Traceback" not in seen
        assert KEY.encode() not in terminal.bytes
        for path in re.findall(r"saved: (\S+\.json)\n", seen):
            found(self.root / path)
        assert others(self.root, terminal.session) == [], "a process is left"
        if death != "kill":
            left = [path.name for path in (self.root / "history").rglob("*") if path.suffix not in ("", ".json")]
            assert left == []
        if death in ("term", "hup"):
            assert terminal.modes() == terminal.first_modes
            assert left_modes(terminal.bytes) == {}

    def _start_again(self, left: Left) -> Chat:
        """Start as the next user does, and find all that may be there in files that can be read."""
        history = self.root / "history"
        for journal in history.glob("*/*.jsonl"):
            if not journal.stat().st_size:  # it is left alone while it is young: someone may be making it
                os.utime(journal, (0, 0))
        done = run([*CHATCMD, "--offline", "--root", str(self.root)], timeout=PATIENCE)
        assert done.code == 0, done.err
        assert not re.search("could not|cannot|damaged|Traceback", done.err), done.err
        self.endings[-1].left, chat = left.matching(self.root)
        names = {path.name for path in history.rglob("*") if path.is_file() and path.suffix != ".json"}
        assert {name for name in names if not name.startswith("index.sqlite3")} <= {"recall"}, names
        assert kinds(verified(history)) == []
        assert not any(KEY.encode() in path.read_bytes() for path in history.rglob("*") if path.is_file())
        return chat


def shortened(sessions: list[str]) -> str:
    """Write sessions for a reader, without the midst of long answers."""
    return "\n".join(re.sub(r"(w\d{4}\.) (?:w\d{4}\. )+(w\d{4}\.)", r"\1 .. \2", each) for each in sessions)


def end(terminal: Terminal, death: Death) -> None:
    """End the program, or find that it has ended."""
    if death == "vanish":
        terminal.close_master()
        return
    number = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "hup": signal.SIGHUP}[death]
    with suppress(AssertionError):  # it left by itself just now
        terminal.signal(number)


def left_modes(data: bytes) -> dict[bytes, bytes]:
    """Tell which private modes of the terminal are not as a shell wants them at the end: h is set, l is reset."""
    now = {number: how for numbers, how in MODES.findall(data) for number in numbers.split(b";")}
    return {number: how for number, how in now.items() if how != (b"h" if number in NORMALLY_SET else b"l")}


def others(root: Path, session: int) -> list[int]:
    """List the processes that were started for a root, or in a session by what leads it, and that are there still."""
    wanted = f"CHATCMD_ROOT={root}\0".encode()
    there = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            number, environ = int(path.parent.name), path.read_bytes()  # of one that has ended it is empty
            if wanted in environ or (environ and number != session and os.getsid(number) == session):
                there.append(number)
    return there
