"""The window: which turns still fit into what is sent to the model."""

from collections.abc import Sequence

from msgspec import Struct

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.tokens import LONGEST_TOKEN, Cost, size_of
from chatcmd.errors import QuestionTooLong

MOST_RESERVE = 4096
"""Tokens kept for the answer at most: a quarter of the window, 1,024 of 4,096, up to what answers commonly take."""


class Budget(Struct, frozen=True):
    """A model's window in tokens, how many of them are kept for the answer, and the most turns to send (None: any)."""

    window: int
    reserve: int
    max_turns: int | None = None

    @property
    def room(self) -> int:
        """Tokens that the prompt may take."""
        return self.window - self.reserve


class Window(Struct, frozen=True):
    """What is sent: the messages, their tokens as `kind` of count, and the number of turns that had to stay out.

    With an image in it, any count is an estimate.

    `least` is what they cost at least, where `tokens` is only a bound and the rules are known.
    """

    messages: tuple[Message, ...]
    tokens: int
    dropped: int
    kind: str
    budget: Budget
    least: int = 0


def reserve_for(window: int, max_tokens: int | None, reserve: int | None) -> int:
    """Decide what is kept for the answer: `max_tokens` when it is set, else the setting, else a quarter."""
    if max_tokens is not None:
        return max_tokens
    if reserve is not None:
        return reserve
    return min(window // 4, MOST_RESERVE)


def fit(persona: Message, turns: Sequence[Turn], question: Message, budget: Budget, costs: Sequence[Cost]) -> Window:
    """Choose what is sent: persona and question always, and as many of the newest turns as there is room for.

    `costs` are tried in order, cheapest first, until one shows that nothing needs to leave for want of room; the last
    one decides. Time is proportional to the turns that are kept. Raises QuestionTooLong.
    """
    attached = [each.name for each in question.attachments]
    least = size_of(question) // LONGEST_TOKEN
    if least > budget.room:
        raise QuestionTooLong(least, budget.room, budget.window, at_least=True, attached=attached)
    for cost in costs[:-1]:
        window, crowded = _fit(persona, turns, question, budget, cost)
        if not crowded and window.kind == cost.kind:
            return window
    window, _ = _fit(persona, turns, question, budget, costs[-1])
    if window.tokens > budget.room:
        raise QuestionTooLong(window.tokens, budget.room, budget.window, attached=attached)
    return window


def _fit(persona: Message, turns: Sequence[Turn], question: Message, budget: Budget, cost: Cost) -> tuple[Window, bool]:
    """Fit by one cost; also tell whether room, rather than `max_turns`, was what ran out."""
    head = (persona,) if persona.content else ()
    tokens = cost.total((*head, question))
    allowed = len(turns) if budget.max_turns is None else min(budget.max_turns, len(turns))
    kept, crowded = 0, tokens > budget.room
    while kept < allowed and not crowded:
        turn = turns[-1 - kept]
        size = size_of(turn.question) + size_of(turn.answer)
        crowded = size // (2 * LONGEST_TOKEN) > budget.room  # far too long: counting it would take seconds
        more = 0 if crowded else cost.of(turn.question) + cost.of(turn.answer)
        crowded = crowded or tokens + more > budget.room
        if not crowded:
            tokens += more
            kept += 1
    newest = turns[len(turns) - kept :]
    messages = (*head, *(message for turn in newest for message in (turn.question, turn.answer)), question)
    seen = any(message.pictures for message in messages if message.attachments or message.parts)
    return Window(messages, tokens, len(turns) - kept, "estimate" if seen else cost.kind, budget), crowded
