"""What turns took: tokens as the server counted them, and money where the price is known."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.price import Money, Price
from chatcmd.language import _, ngettext


class Spent(Struct, frozen=True):
    """Turns, and the tokens of their prompts and answers.

    `uncounted` are answers that the server told no count of, `unpriced` those counted ones whose price is not known.
    """

    turns: int = 0
    prompt: int = 0
    answer: int = 0
    uncounted: int = 0
    unpriced: int = 0
    money: Money = Money()

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.turns + other.turns,
            self.prompt + other.prompt,
            self.answer + other.answer,
            self.uncounted + other.uncounted,
            self.unpriced + other.unpriced,
            self.money + other.money,
        )

    @property
    def cost(self) -> str:
        """Say what it cost: an amount, as much of it as is known, or that it is unknown."""
        if self.turns == self.uncounted + self.unpriced:
            return _("unknown")
        if self.uncounted or self.unpriced:
            return f"{self.money} + $?"
        return str(self.money)

    @property
    def sentence(self) -> str:
        """Say all of it."""
        turns = ngettext("{n:,} turn", "{n:,} turns", self.turns).format(n=self.turns)
        if not self.uncounted:
            whole = _("{turns}: {prompt:,} + {answer:,} tokens, cost {cost}")
        elif self.uncounted < self.turns:
            whole = _("{turns}: {prompt:,} + {answer:,} tokens, {n:,} of them not counted by the service, cost {cost}")
        else:
            whole = _("{turns}, not counted by the service")
        return whole.format(turns=turns, prompt=self.prompt, answer=self.answer, n=self.uncounted, cost=self.cost)


def spent_on(answer: Message, price: Price | None) -> Spent:
    """Say what one answer took."""
    usage = answer.usage
    if usage is None:
        return Spent(1, uncounted=1)
    money = price.of(usage) if price is not None else Money()
    return Spent(1, usage.prompt_tokens, usage.completion_tokens, 0, int(price is None), money)


def total(turns: Iterable[Turn], price: Callable[[Message], Price | None]) -> Spent:
    """Add up what turns took; `price` finds that of the model which gave an answer."""
    return sum((spent_on(turn.answer, price(turn.answer)) for turn in turns), Spent())
