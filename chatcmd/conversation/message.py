"""One message, in the API's own shape, with what is known about it beside."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from chatcmd.conversation.attachment import Attachment, files, images, laid_out
from chatcmd.conversation.part import Picture, picture_of, said

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


class Known(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of a message beside its content, in memory and on the disk alike; no request holds it.

    `at` is UTC in ISO 8601 with milliseconds. `status` is set on answers (complete, interrupted by the user,
    incomplete because it broke off) and on a question that a killed process left unanswered.
    """

    at: str | None = None
    model: str | None = None
    status: Status | None = None
    finish_reason: str | None = None
    latency: Latency | None = None
    usage: Usage | None = None
    window: Sent | None = None
    reasoning: str | None = None
    settings: dict[str, object] | None = None


class Message(Known, frozen=True, kw_only=True):
    """A role and what was said, apart from what was attached to it.

    `parts` is the list that another program sent as the content, which is sent again as it is; `content` then is what
    it says in words.
    """

    role: str
    content: str
    attachments: tuple[Attachment, ...] = ()
    parts: tuple[Any, ...] | None = None

    @property
    def is_plain(self) -> bool:
        """Tell whether the content is all that is sent."""
        return not self.attachments and self.parts is None

    @property
    def api(self) -> dict[str, Any]:
        """The message as a request holds it: the content in words, or a list of parts where there are images."""
        if self.parts is not None:
            return {"role": self.role, "content": list(self.parts)}
        if not self.attachments:
            return {"role": self.role, "content": self.content}
        text, _ = laid_out(self.content, files(self.attachments))
        pictures = [{"type": "image_url", "image_url": {"url": each.url}} for each in images(self.attachments)]
        return {"role": self.role, "content": [{"type": "text", "text": text}, *pictures] if pictures else text}

    @property
    def texts(self) -> Sequence[str]:
        """All that is sent in words, as a server counts it."""
        if self.parts is not None:
            return said(self.parts)
        return (laid_out(self.content, files(self.attachments))[0] if self.attachments else self.content,)

    @property
    def pictures(self) -> list[Picture]:
        """The sizes in pixels of all images that are sent."""
        if self.parts is not None:
            return [size for part in self.parts if (size := picture_of(part)) is not None]
        return [(each.width, each.height) for each in images(self.attachments)]

    @property
    def shown(self) -> str:
        """What was said, with a few words for each thing attached: a person does not want to read all of it again."""
        return "\n".join((self.content, *(f"[{each.label}]" for each in self.attachments)))


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

    def begins(self, messages: Sequence[Mapping[str, Any]]) -> bool:
        """Tell whether its own message stands first among these, which are as they were written."""
        return bool(messages and messages[0]["role"] == "system" and messages[0]["content"] == self.content != "")
