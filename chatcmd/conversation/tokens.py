"""The counting rules of the model families, and the bound that needs no vocabulary.

    total = 3 + sum over messages (P + T(role) + T(content))

T is the ordinary BPE count of a text and is always handed in. A byte-level BPE never makes more tokens than a text has
UTF-8 bytes, so the byte count in place of T is a proven bound. What an image costs is an estimate by a published rule.
"""

from collections.abc import Callable, Iterable
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from chatcmd.conversation.image import UNKNOWN_IMAGES, Counted
from chatcmd.conversation.message import Message

Count = Callable[[str], int]
"""Tokens of a text, by one vocabulary."""

LONGEST_TOKEN = 128
"""Bytes of the longest token in both vocabularies: a text has at least one token for so many of its bytes."""

UNKNOWN_OVERHEAD = 8
"""Tokens a message's frame may cost in a model whose template is not known (the largest common ones take 5 to 7)."""

UNMEASURED_RATIO = 1.25
"""How many tokens an unknown model is assumed to make of one of o200k's, until it was measured."""

LEAST_RATIO = 0.5
"""The smallest ratio that is believed: a vocabulary twice as good as o200k's is a server that miscounts."""

MOST_BYTES_A_TOKEN = 8
"""On average, in anything one writes: some servers tell 0, or leave out what they had cached, and that is no count."""


class Rules(Struct, frozen=True):
    """How a family of models counts a request: its vocabulary, tokens a message costs, tokens that prime the reply."""

    encoding: str
    per_message: int = 3
    priming: int = 3


class Cost(Struct, frozen=True):
    """What messages cost, in tokens; `kind` says how sure that is: exact, bound (proven, never less) or estimate."""

    kind: str
    of: Callable[[Message], int]
    priming: int = 3

    def total(self, messages: Iterable[Message]) -> int:
        return self.priming + sum(map(self.of, messages))


def exact(rules: Rules, count: Count, images: Counted | None = None) -> Cost:
    """Count as the server of a known model does; what its images cost is estimated."""

    def of(message: Message) -> int:
        if message.attachments or message.parts is not None:
            return rules.per_message + count(message.role) + _counted(message, count, images)
        return rules.per_message + count(message.role) + count(message.content)

    return Cost("exact", of, rules.priming)


def bound(rules: Rules | None, images: Counted | None = None) -> Cost:
    """Count bytes: never less than any byte-level BPE makes of them."""
    overhead = rules.per_message if rules else UNKNOWN_OVERHEAD
    priming = rules.priming if rules else UNKNOWN_OVERHEAD

    def of(message: Message) -> int:
        said = byte_length(message.content) if message.is_plain else _counted(message, byte_length, images)
        return overhead + byte_length(message.role) + said

    return Cost("bound", of, priming)


def at_least(messages: Iterable[Message]) -> int:
    """Bound a known model's count from below, without its vocabulary: no token holds two words with a blank between."""
    return 3 + sum(
        4 + sum(max(len(text.split()), byte_length(text) // LONGEST_TOKEN) for text in message.texts)
        for message in messages
    )


def estimate(count: Count, ratio: float | None) -> Cost:
    """Guess an unknown model's count from o200k's, by the largest ratio measured for it."""
    factor = UNMEASURED_RATIO if ratio is None else ratio

    def of(message: Message) -> int:
        said = count(message.content) if message.is_plain else sum(map(count, message.texts))
        seen = 0 if message.is_plain else _seen(message, None)
        return int(factor * (4 + said)) + 1 + seen

    return Cost("estimate", of, ceil(factor * 3))


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def size_of(message: Message) -> int:
    """Give the bytes of all that a message says."""
    if message.attachments or message.parts is not None:
        return sum(map(byte_length, message.texts))
    return byte_length(message.content)


def _counted(message: Message, count: Count, images: Counted | None) -> int:
    return sum(map(count, message.texts)) + _seen(message, images)


def _seen(message: Message, images: Counted | None) -> int:
    """Estimate what a message's images cost; a model whose rule is not known is taken for one of the gpt-4o class."""
    rule = images or UNKNOWN_IMAGES
    return sum(rule.tokens(width, height) for width, height in message.pictures)


class Ledger(Struct, frozen=True):
    """What a server has told about a model whose rules are not known.

    `sent` is the last list that it counted, with its answer; `told` what it said they cost together. `ratio` is the
    largest number of its tokens seen for one of o200k's.
    """

    sent: tuple[Message, ...] = ()
    told: int = 0
    prompt: int = 0
    ratio: float | None = None

    def at_most(self, messages: tuple[Message, ...]) -> int:
        """Bound a request from above: what the server counted before, plus the bytes of what is new."""
        cost = bound(None)
        known = len(self.sent)
        if known and messages[:known] == self.sent:
            return self.told + cost.priming + sum(map(cost.of, messages[known:]))
        return cost.total(messages)

    def with_answer(self, sent: tuple[Message, ...], answer: Message) -> "Ledger":
        """Note what an answer's usage says; nothing is learned where there is none, or it cannot be a count."""
        if answer.usage is None or not self._may_be(answer.usage.prompt_tokens, sent):
            return self
        completion, size = answer.usage.completion_tokens, byte_length(answer.content)
        if answer.status != "complete" or completion * MOST_BYTES_A_TOKEN < size:
            completion = size
        told = answer.usage.prompt_tokens + completion + UNKNOWN_OVERHEAD
        return Ledger((*sent, answer), told, answer.usage.prompt_tokens, self.ratio)

    def measured(self, count: Count) -> "Ledger":
        """Compare the last list that the server counted with o200k's count of it."""
        return self.with_count(self.sent[:-1], self.prompt, count) if self.sent else self

    def with_count(self, messages: tuple[Message, ...], told: int, count: Count) -> "Ledger":
        """Compare what the server told that a list costs with o200k's count of it; images would blur it."""
        if any(message.pictures for message in messages):
            return self
        ours = 3 + sum(4 + sum(map(count, message.texts)) for message in messages)
        return replace(self, ratio=max(self.ratio or LEAST_RATIO, told / ours))

    def _may_be(self, told: int, sent: tuple[Message, ...]) -> bool:
        """Tell whether a number can be the count of a list: not of fewer tokens than the list that it goes on from."""
        before = self.sent[:-1]
        grown = bool(before) and sent[: len(before)] == before
        least = self.prompt if grown else len(sent)
        return told >= least and told * MOST_BYTES_A_TOKEN >= sum(map(size_of, sent))
