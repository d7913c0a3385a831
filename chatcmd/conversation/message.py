"""One message, in the API's own shape, with what is known about it beside."""

from typing import Literal

from msgspec import Struct

Status = Literal["complete", "interrupted", "incomplete", "unanswered"]


class Usage(Struct, frozen=True):
    """What the server says it counted, in tokens."""

    prompt_tokens: int
    completion_tokens: int = 0


class Latency(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Seconds from sending the question to the first text and to the end of the answer."""

    first: float | None = None
    total: float


class Sent(Struct, frozen=True, omit_defaults=True):
    """The window behind an answer: our count of it in tokens, and the number of turns that had to stay out.

    `at_most` marks a count that is only a proven bound: nothing needed the vocabulary, and the server told no number.
    `estimate` marks the count of a model whose rules are not known.
    """

    tokens: int
    dropped: int
    at_most: bool = False
    estimate: bool = False


class Message(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A role and its content; everything else is left out of the request and kept in the history.

    `at` is UTC in ISO 8601 with milliseconds. `status` is set on answers (complete, interrupted by the user,
    incomplete because it broke off) and on a question that a killed process left unanswered.
    """

    role: str
    content: str
    at: str | None = None
    model: str | None = None
    status: Status | None = None
    finish_reason: str | None = None
    latency: Latency | None = None
    usage: Usage | None = None
    window: Sent | None = None
    reasoning: str | None = None
    settings: dict[str, object] | None = None

    @property
    def api(self) -> dict[str, str]:
        """The message as a request holds it."""
        return {"role": self.role, "content": self.content}


class Turn(Struct, frozen=True):
    """A question with its answer.

    `aside` are the messages that stood before the question and never enter a window: questions that a killed process
    left unanswered, and whatever else an imported list holds between its turns.
    """

    question: Message
    answer: Message
    aside: tuple[Message, ...] = ()


class Persona(Struct, frozen=True):
    """Who answers: a name, and the text of the system message."""

    name: str
    content: str

    @property
    def message(self) -> Message:
        return Message(role="system", content=self.content)
