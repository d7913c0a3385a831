"""What a user does in a chat, step by step, and what each step may come to when the chat ends in the midst of it."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.bench.told import PART, TITLED, Chat, Told
from tests.loopback import FAULTS, Exchange, Loopback
from tests.replies import CHANGED, Gated, Reply

USERS = ("anna", "小明")
PIECE = 5
"""Words of an answer that come at once."""


class Answer(Gated):
    """An answer of numbered words, unlike every other one; after `held` pieces it waits for ever."""

    def __init__(self, name: str, pieces: int, *, held: int | None = None, delay: float = 0) -> None:
        words = [f"w{number:04}." for number in range(pieces * PIECE)]
        texts = [" ".join(words[place : place + PIECE]) + " " for place in range(0, len(words), PIECE)]
        super().__init__([f"{name}: ", *texts, f"{name}-end"], delay=delay)
        self.release(len(self.pieces) if held is None else held)
        self.expected = len(self.pieces) if held is None else held

    def _paced(self, exchange: Exchange) -> Iterator[str]:
        for piece in super()._paced(exchange):
            yield piece
            if self.delay:
                exchange.until(lambda: False, self.delay)

    def end_of(self, word: int) -> int:
        """Tell how many characters there are up to a word's end."""
        return self.text.index(f"w{word:04}.") + len("w0000.")


class Model:
    """Answers each question as it was agreed on before; `asked` tells how often each has come."""

    def __init__(self) -> None:
        self.agreed: dict[str, Reply] = {}
        self.asked: Counter[str] = Counter()

    def __call__(self, exchange: Exchange) -> None:
        question = exchange.request.messages[-1]["content"]
        with CHANGED:
            self.asked[question] += 1
        self.agreed[question](exchange)


@dataclass(frozen=True)
class Phase:
    """Keys, and what shows on the screen when they have had their effect (None: at once)."""

    keys: str
    until: str | re.Pattern[str] | None = None
    arrives: str | None = None
    """A question that has to reach the server, in place of what shows."""
    stands: str | None = None
    """What has to stand on the screen, however it was drawn."""

    @property
    def pattern(self) -> re.Pattern[str] | None:
        return re.compile(re.escape(self.until)) if isinstance(self.until, str) else self.until


@dataclass(frozen=True)
class Step:
    """One thing that a user does.

    `killed` and `ended` is by name what SIGKILL and the other signals may leave of it beside what was before and what
    is after; `question` is what is asked in it, which `may_go` when it is given back.
    """

    kind: str
    phases: tuple[Phase, ...]
    after: Chat
    killed: Mapping[str, Chat] = field(default_factory=dict)
    ended: Mapping[str, Chat] = field(default_factory=dict)
    question: str | None = None
    answer: Answer | None = None
    may_go: bool = False
    came: str = "complete"
    """What the question comes to: complete, incomplete, interrupted, given back."""
    requests: range = range(1, 2)
    """How often the server is asked it."""


class Life:
    """Makes the steps of one user's life at random; `chat` is what it has come to so far."""

    def __init__(self, chance: random.Random, server: Loopback, chat: Chat, name: str) -> None:
        self.chat = chat
        self._chance = chance
        self._server = server
        self.model = Model()
        self._letter = name
        self._number = 0
        self._given_back: set[str | None] = set()
        self._resumed: Mapping[str, Told] = {}
        server.default = self.model

    def step(self, kind: str) -> Step:
        """Make a step of a kind that is possible now."""
        return getattr(self, f"_{kind}")()  # type: ignore[no-any-return]

    def take(self, step: Step) -> None:
        """Take note that a step was gone through."""
        user, self.chat = self.chat.user, step.after
        if step.kind == "start":
            self._resumed = step.after.live
        if step.may_go:
            self._given_back.add(user)
        elif step.question is not None or step.kind in BRANCHES:
            self._given_back.discard(user)

    def way_to(self, kind: str) -> str | None:
        """Name a kind of step that has to come before one of this kind; None when it is possible now."""
        chat = self.chat
        if kind == "name" and chat.user is not None:
            return "reset"
        if kind != "name" and chat.user is None:
            return "name"
        if kind == "picker" and not any(each.messages for each in chat.ended):
            return "new" if chat.now.turns else "ask"
        if kind == "retry" and (chat.now.aside or chat.user in self._given_back):
            return "ask"
        return "ask" if kind in NEED_TURNS and not chat.now.turns else None

    # Asking

    def _ask(self) -> Step:
        return self._asking("ask", self._question(), Answer(self._name_next(), self._chance.randrange(1, 12)))

    def _long(self) -> Step:
        """Ask for an answer that the journal takes in several parts."""
        answer = Answer(self._name_next(), self._chance.randrange(150, 400), delay=0.0005)
        return self._asking("long", self._question(), answer)

    def _paste(self) -> Step:
        lines = [f"{self._name_next()} line {number}" for number in range(self._chance.randrange(1, 200))]
        text = "\n".join(lines)
        keys = "\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~\r"
        return self._asking("paste", text, Answer(self._name_next(), 3), keys=keys)

    def _stop(self) -> Step:
        """Ask, and press Ctrl-C in mid-answer."""
        question, held = self._question(), self._chance.randrange(2, 9)
        answer = Answer(self._name_next(), 10, held=held)
        chat = self.chat
        whole = "".join(answer.pieces[:held])
        stopped = chat.changed(chat.now.answered(question, whole, "interrupted"))
        part = chat.changed(chat.now.answered(question, PART, "interrupted"))
        broken = chat.changed(chat.now.answered(question, PART, "incomplete"))
        killed = {"unanswered": chat.changed(chat.now.unanswered(question)), "part": broken, "stopped": part}
        self.model.agreed[question] = answer
        phases = (
            Phase(question + "\r", f"w{(held - 1) * PIECE - 1:04}."),
            Phase("\x03", re.compile(rf"what came is kept[\s\S]*【{chat.user}】")),
        )
        return Step("stop", phases, stopped, killed, {"part": part}, question, answer, came="interrupted")

    def _silence(self) -> Step:
        """Ask a server that says nothing, and press Ctrl-C."""
        question = self._question()
        phases = (
            Phase(question + "\r", arrives=question),
            Phase("\x03", re.compile(rf"stopped before[\s\S]*【{self.chat.user}】{question}")),
            Phase("\x03"),
        )
        return self._going("silence", question, FAULTS["hang_headers"], phases)

    def _refused(self) -> Step:
        question = self._question()
        phases = (Phase(question + "\r", re.compile(rf"gpt-4o[\s\S]*【{self.chat.user}】{question}")), Phase("\x03"))
        return self._going("refused", question, FAULTS["404"], phases)

    def _retry(self) -> Step:
        now = self.chat.now
        answer = Answer(self._name_next(), self._chance.randrange(1, 12))
        base = self.chat.gone_on(now.branch(len(now.turns) - 1))
        return self._asking("retry", now.newest, answer, keys="/retry\r", base=base)

    def _asking(
        self, kind: str, question: str, answer: Answer, keys: str | None = None, base: Chat | None = None
    ) -> Step:
        base = base or self.chat
        now = base.now
        self.model.agreed[question] = answer
        after = base.changed(now.answered(question, answer.text))
        killed = {
            "unanswered": base.changed(now.unanswered(question)),
            "part": base.changed(now.answered(question, PART, "incomplete")),
        }
        ended = {"part": base.changed(now.answered(question, PART, "interrupted"))}
        until = re.compile(rf"{answer.pieces[-1]}[\s\S]*【{now.user}】")
        return Step(kind, (Phase(keys or question + "\r", until),), after, killed, ended, question, answer)

    def _going(self, kind: str, question: str, reply: Reply, phases: tuple[Phase, ...]) -> Step:
        """Ask what is given back."""
        chat = self.chat
        self.model.agreed[question] = reply
        killed = {"unanswered": chat.changed(chat.now.unanswered(question))}
        return Step(kind, phases, chat, killed, question=question, may_go=True, came="given back")

    # Commands

    def _save(self) -> Step:
        shown = "saved: " if self.chat.now.messages else "nothing to save"
        return Step("save", (Phase("/save\r", re.compile(rf"{shown}[\s\S]*【{self.chat.user}】")),), self.chat)

    def _rename(self) -> Step:
        title = f"{TITLED}{self._name_next()}"
        after = self.chat.changed(replace(self.chat.now, title=title))
        return Step("rename", (Phase(f"/rename {title}\r", f"the title is: {title}"),), after)

    def _undo(self) -> Step:
        now = self.chat.now
        after = self.chat.gone_on(now.branch(len(now.turns) - 1))
        shown = re.compile(rf"took back[\s\S]*【{now.user}】")
        return Step("undo", (Phase("/undo\r", shown), Phase("\x03")), after)

    def _fork(self) -> Step:
        now = self.chat.now
        turns = self._chance.randrange(1, len(now.turns) + 1)
        after = self.chat.gone_on(now.branch(turns))
        return Step("fork", (Phase(f"/fork {turns}\r", f"after turn {turns};"),), after)

    def _new(self) -> Step:
        now = self.chat.now
        is_saved = now.messages and now != self._resumed.get(now.user)  # what nothing was added to is saved already
        return Step("new", (Phase("/new\r", "saved: " if is_saved else "【"),), self.chat.gone_on(Told(now.user)))

    def _user(self) -> Step:
        other = next(user for user in USERS if user != self.chat.user)
        return Step("user", (Phase(f"/user {other}\r", f"【{other}】"),), self.chat.talking(other))

    def _reset(self) -> Step:
        return Step("reset", (Phase("1\r", "Your name:"),), self.chat.reset())

    def _name(self) -> Step:
        user = self._chance.choice(USERS)
        return Step("name", (Phase(f"{user}\r", f"【{user}】"),), self.chat.talking(user))

    def _exit(self) -> Step:
        return Step("exit", (Phase(self._chance.choice(["0\r", "\x04", "/exit\r", "quit\r"])),), self.chat.left())

    # Typing

    def _edit(self) -> Step:
        """Type and change a line, find it on the screen, and take it away."""
        marked = f"draft-{self._name_next()}"
        keys = ["词", "word ", "\x1b[D", "\x1b[C", "\x01", "\x05", "\x7f", "\x1bb", "\x17", "\x19", "\t"]
        typed = "".join(self._chance.choices(keys, k=self._chance.randrange(5, 40)))
        return Step("edit", (Phase("x" + typed + "\x05" + marked, stands=marked), Phase("\x03")), self.chat)

    def _picker(self) -> Step:
        phases = (
            Phase("/resume\r", "Esc leaves"),
            Phase(self._chance.choice(["w", "\x1b[B", "\x1b[B\x1b[A", "q x"])),
            Phase("\x07", f"【{self.chat.user}】"),
        )
        return Step("picker", phases, self.chat)

    def _idle(self) -> Step:
        return Step("idle", (Phase(""),), self.chat)

    def _question(self) -> str:
        return f"question {self._name_next()}"

    def _name_next(self) -> str:
        self._number += 1
        return f"{self._letter}{self._number}"


NEED_TURNS = ("undo", "fork", "retry", "again")
BRANCHES = ("undo", "fork", "new", "reset", "persona")
ASKING = ("ask", "long", "paste", "stop", "silence", "refused", "retry")
COMMANDS = ("save", "rename", "undo", "fork", "new", "user", "reset", "name", "exit")
TYPING = ("edit", "picker", "idle")
KINDS = (*ASKING, *COMMANDS, *TYPING)
