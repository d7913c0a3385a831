"""What was asked of which model on which day, added up: what the statistics are made of, and an index can hold."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from msgspec import Struct

from chatcmd.conversation.message import Turn
from chatcmd.conversation.price import CACHED_FROM, Money, Price
from chatcmd.conversation.session import Session
from chatcmd.conversation.spent import Spent


class Asked(Struct, frozen=True):
    """The turns of a session that were asked of one model on one day, and their tokens as the server counted them.

    `model` is the one that answered, `named` the one that the session names, which the settings may give a price.
    `day` is where its reader lives, in ISO 8601; empty where no time is known. `uncounted` are turns that the server
    told no count of, `long` those whose prompt may have been cached in part.
    """

    user: str
    model: str
    named: str
    day: str
    turns: int = 0
    prompt: int = 0
    answer: int = 0
    uncounted: int = 0
    long: int = 0

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(
            self.user,
            self.model,
            self.named,
            self.day,
            self.turns + other.turns,
            self.prompt + other.prompt,
            self.answer + other.answer,
            self.uncounted + other.uncounted,
            self.long + other.long,
        )

    def spent(self, price: Price | None) -> Spent:
        """Say what it took, by the price of its model."""
        counted = self.turns - self.uncounted
        if price is None:
            return Spent(self.turns, self.prompt, self.answer, self.uncounted, counted)
        dollars = (self.prompt * price.prompt + self.answer * price.answer) / 1_000_000
        money = Money(dollars, price.caches and self.long > 0)
        return Spent(self.turns, self.prompt, self.answer, self.uncounted, 0, money)


def asked_of(session: Session, *, shared: int = 0) -> list[Asked]:
    """Add up a session's turns behind the first `shared`, which are its parent's."""
    return asked_in(session.turns[shared:], session.user, session.model)


def asked_in(turns: Iterable[Turn], user: str, named: str) -> list[Asked]:
    """Add up turns of a session that names a user and a model."""
    sums: dict[tuple[str, str], list[int]] = {}
    for turn in turns:
        model, day, usage = turn.answer.model or named, day_of(turn.question.at), turn.answer.usage
        total = sums.setdefault((model, day.isoformat() if day else ""), [0, 0, 0, 0, 0])
        total[0] += 1
        if usage is None:
            total[3] += 1
        else:
            total[1] += usage.prompt_tokens
            total[2] += usage.completion_tokens
            total[4] += usage.prompt_tokens >= CACHED_FROM
    return [Asked(user, model, named, day, *total) for (model, day), total in sums.items()]


def merged(rows: Iterable[Asked]) -> list[Asked]:
    """Make one row of all rows of one user, model and day."""
    found: dict[tuple[str, str, str, str], Asked] = {}
    for row in rows:
        key = (row.user, row.model, row.named, row.day)
        found[key] = found[key] + row if key in found else row
    return list(found.values())


def day_of(at: str | None) -> date | None:
    """Tell the day of a time where its reader lives."""
    try:
        return datetime.fromisoformat(at).astimezone().date() if at else None
    except (ValueError, OverflowError):
        return None


def by(rows: Iterable[Asked], key: Callable[[Asked], str], price: Callable[[Asked], Price | None]) -> dict[str, Spent]:
    """Add up what rows took by user, model or day."""
    found: dict[str, Spent] = {}
    for row in rows:
        found[key(row)] = found.get(key(row), Spent()) + row.spent(price(row))
    return found
