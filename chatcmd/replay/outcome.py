"""What came of a replay: each new answer beside the recorded one."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from chatcmd.conversation.compare import Comparison, compare
from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Session
from chatcmd.conversation.spent import Spent, total
from chatcmd.errors import Exit, UsageError
from chatcmd.language import _
from chatcmd.replay.plan import Plan
from chatcmd.settings.settings import Settings


class Pair(Struct, frozen=True, dict=True):
    """Turn `number` (from 1) as it was recorded and as it went now."""

    number: int
    recorded: Turn
    new: Turn

    @cached_property
    def comparison(self) -> Comparison:
        """How alike the answers are; long ones take a second to compare."""
        return compare(self.recorded.answer.content, self.new.answer.content)


class Outcome(Struct, frozen=True, dict=True):
    """One replay as it stands: its session, None when nothing was answered, and where that is saved.

    Of the `answered` questions, `before` were answered in an earlier run. `error` says why no more were.
    """

    plan: Plan
    session: Session | None = None
    path: Path | None = None
    answered: int = 0
    before: int = 0
    error: str | None = None
    exit_code: Exit = Exit.DONE

    @property
    def turns(self) -> Sequence[Turn]:
        return self.session.turns[: self.answered] if self.session is not None else ()

    @property
    def is_whole(self) -> bool:
        return self.answered == len(self.plan.turns)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The answers beside each other."""
        return tuple(
            Pair(number, recorded, new)
            for number, (recorded, new) in enumerate(zip(self.plan.turns, self.turns, strict=False), 1)
        )

    def count(self, likeness: str) -> int:
        """Count the answers that are so alike."""
        return sum(pair.comparison.likeness == likeness for pair in self.pairs)

    @property
    def seconds(self) -> float:
        return seconds_of(self.turns)

    def spent(self, settings: Settings) -> Spent:
        """Add up tokens, and money where it is known."""
        return spent_on(settings, self.plan.model, self.turns)


class Expectation(Struct, frozen=True):
    """How alike every answer has to be: the same, or similar by a ratio at least."""

    text: str
    ratio: float | None = None

    @staticmethod
    def parse(text: str) -> "Expectation":
        """Read `same` or `similar=0.9`; raises UsageError."""
        if text == "same":
            return Expectation(text)
        name, _equals, number = text.partition("=")
        try:
            ratio = float(number)
        except ValueError:
            ratio = 0.0
        if name == "similar" and 0 < ratio <= 1:
            return Expectation(text, ratio)
        sentence = _("--expect takes same, or similar=RATIO with a ratio above 0 and up to 1, not {text!r}")
        raise UsageError(sentence.format(text=text))

    def missed(self, outcome: Outcome) -> list[int]:
        """List the turns that are not as expected, those without an answer among them."""
        met = {pair.number for pair in outcome.pairs if self._is_met(pair.comparison)}
        return [number for number in range(1, len(outcome.plan.turns) + 1) if number not in met]

    def _is_met(self, comparison: Comparison) -> bool:
        if self.ratio is None:
            return comparison.likeness == "same"
        return comparison.ratio >= self.ratio


def seconds_of(turns: Sequence[Turn]) -> float:
    """Add up how long the answers took."""
    return sum(turn.answer.latency.total for turn in turns if turn.answer.latency is not None)


def spent_on(settings: Settings, model: str, turns: Sequence[Turn]) -> Spent:
    """Add up what the turns took that a model was asked for."""
    return total(turns, lambda answer: settings.price_of(model, answer.model))
