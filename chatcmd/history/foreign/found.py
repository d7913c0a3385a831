"""What is found in another program's history: conversations, what of them has no place here, and what is damaged."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from chatcmd.conversation.session import Session
from chatcmd.language import _, ngettext

UNKNOWN_MODEL = "unknown"
"""Stands for the model where a history does not say which one answered."""

LONGEST_LABEL = 100

TOOL_CALL, TOOL_RESULT = "tool call", "tool result"
"""Kinds of what stands in a text for what a tool was asked, and answered."""


class LeftOut(Struct, frozen=True):
    """What could not be taken in: where it stands, and why."""

    place: str
    why: str

    def __str__(self) -> str:
        return _("{place}: {sentence}").format(place=self.place, sentence=self.why)


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation as another program keeps it.

    `format` and `key` tell it from all others, however often it is read; a person knows it by its `name`. `paths` are
    sessions still without an id, and without a user where the history names none: the way that the conversation went
    on first, then those that left it. `own_id` is the id of a session that was ours before; `forked_from` the key of
    the conversation that this one left. `lost` counts, by kind, what only a few words in the text stand for.
    """

    format: str
    key: str
    name: str
    paths: tuple[Session, ...]
    own_id: str | None = None
    forked_from: str | None = None
    lost: Mapping[str, int] = field(default_factory=dict)


Found = Conversation | LeftOut

KINDS: dict[str, Callable[[int], str]] = {
    "image": lambda n: ngettext("{n} image", "{n} images", n).format(n=n),
    "audio": lambda n: ngettext("{n} recording", "{n} recordings", n).format(n=n),
    "file": lambda n: ngettext("{n} attached file", "{n} attached files", n).format(n=n),
    "canvas": lambda n: ngettext("{n} change of a canvas", "{n} changes of a canvas", n).format(n=n),
    TOOL_CALL: lambda n: ngettext("{n} tool call", "{n} tool calls", n).format(n=n),
    TOOL_RESULT: lambda n: ngettext("{n} result of a tool", "{n} results of tools", n).format(n=n),
    "unknown": lambda n: ngettext("{n} thing of an unknown kind", "{n} things of unknown kinds", n).format(n=n),
}
"""What a saved session has no place for, counted."""

HIDDEN = "hidden"
"""Counts messages that were not shown, and are kept whole as system messages."""


def label(kind: str, *words: object) -> str:
    """Say in a few words what stood here; they are saved, so they are the same in every language."""
    name = " ".join(" ".join(str(word).split()) for word in words if word not in (None, ""))
    return f"[{kind}: {name[:LONGEST_LABEL]}]" if name else f"[{kind}]"


def instant(seconds: object) -> str | None:
    """Turn seconds since 1970 into UTC in ISO 8601 with milliseconds; None where they are no time."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds > 0:
        return None
    try:
        return _iso(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def moment(text: object, seconds_later: float = 0.0) -> str | None:
    """Turn a time that is written out, in UTC unless it says otherwise, into our form; None where it is no time."""
    if not isinstance(text, str):
        return None
    try:
        told = datetime.fromisoformat(text)
        return instant((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() + seconds_later)
    except (ValueError, OverflowError, OSError):
        return None


def stamp(at: str) -> str:
    """Write a time of ours as ids begin."""
    return f"{at[:19].replace('-', '').replace(':', '')}Z"


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
