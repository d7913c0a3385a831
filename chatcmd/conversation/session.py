"""What one user and one persona said, from start to exit or reset."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from chatcmd.conversation.message import Message, Persona, Turn

Ending = Literal["exit", "reset", "switch", "signal", "recovered"]

TITLE_LENGTH = 60


class Parent(Struct, frozen=True):
    """The session that this one branched from, and the number of turns they share."""

    id: str
    turn: int


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a session beside its messages, in memory and on the disk alike.

    `renamed` counts the titles that the user gave it; without one the first question makes the title.
    """

    id: str
    user: str
    persona: Persona
    model: str
    started: str
    ended: str | None = None
    ended_by: Ending | None = None
    title: str = ""
    renamed: int = 0
    parent: Parent | None = None
    source: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()
    settings: dict[str, Any] | None = None


class Session(Facts, frozen=True, kw_only=True):
    """A conversation that only ever grows by whole turns.

    `aside` holds messages after the last turn that never enter a window. `raw` is the object that the session was read
    from: saving lays the known fields over it, so that what a newer program wrote survives an older one.
    """

    turns: tuple[Turn, ...] = ()
    aside: tuple[Message, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def messages(self) -> Iterator[Message]:
        """The whole conversation as one straight line, the persona first (an imported session may have none)."""
        if self.persona.content:
            yield self.persona.message
        for turn in self.turns:
            yield from turn.aside
            yield turn.question
            yield turn.answer
        yield from self.aside

    @property
    def sequence(self) -> int:
        """Number what was done so far: where two copies of a session differ, the higher number is the later one."""
        return sum(1 for _ in self.messages) + self.renamed

    @property
    def worth_saving(self) -> bool:
        """Tell whether a question was ever asked: a session without one leaves no file."""
        return bool(self.turns or self.aside)

    def with_turn(self, turn: Turn) -> "Session":
        whole = Turn(turn.question, turn.answer, self.aside + turn.aside)
        return replace(self, turns=(*self.turns, whole), aside=(), title=self.title or title_of(turn.question.content))

    def with_unanswered(self, question: Message) -> "Session":
        """Keep a question that was sent and never answered; no window will hold it."""
        kept = replace(question, status="unanswered")
        return replace(self, aside=(*self.aside, kept), title=self.title or title_of(question.content))

    def ended_at(self, at: str, by: Ending) -> "Session":
        return replace(self, ended=at, ended_by=by)

    def branch(self, turns: int, session_id: str, started: str) -> "Session":
        """Go another way after the first `turns` turns; this session stays as it is.

        A branch comes from its parent: it is no other program's session, and no replay's, though its parent may be.
        """
        messages = list(self.raw.get("messages", ()))
        shared = sum(2 + len(turn.aside) for turn in self.turns[:turns]) + self.persona.begins(messages)
        return replace(
            self,
            id=session_id,
            started=started,
            ended=None,
            ended_by=None,
            title=self.title if turns or self.renamed else "",
            turns=self.turns[:turns],
            aside=(),
            parent=Parent(self.id, turns),
            source=None,
            raw={**self.raw, "messages": messages[:shared]},
        )


def paired(messages: Iterable[Message]) -> tuple[tuple[Turn, ...], tuple[Message, ...]]:
    """Read turns off a straight line of messages (without its persona): the turns, and what follows the last.

    A user message directly followed by an assistant message is a turn, unless the question is marked unanswered;
    everything else stands aside.
    """
    turns: list[Turn] = []
    aside: list[Message] = []
    question: Message | None = None
    for message in messages:
        if question is not None and message.role == "assistant":
            turns.append(Turn(question, message, tuple(aside)))
            aside, question = [], None
            continue
        if question is not None:
            aside.append(question)
            question = None
        if message.role == "user" and message.status != "unanswered":
            question = message
        else:
            aside.append(message)
    if question is not None:
        aside.append(question)
    return tuple(turns), tuple(aside)


def title_of(question: str) -> str:
    """Make a title of a question: its first line that says something, cut at sixty characters."""
    line = next((line.strip() for line in question.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
