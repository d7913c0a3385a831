"""How long to wait before a request is made again (pure; the rule is the issue's, the first pauses are the SDK's).

At most three tries, and eight seconds of waiting in all; a server's own Retry-After is obeyed within that, and within
two minutes where someone sees it and can leave.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from chatcmd.provider.request import BRIEF

TRIES = 3
FIRST, JITTER = 0.5, 0.25
"""Seconds of the first pause, which doubles; and by which share of it, at random, it is shorter."""


def pause(tries: int, waited: float, said: float | None, patience: float, chance: float) -> float | None:
    """Return the seconds to wait after so many tries and seconds of waiting; None when it is not tried again.

    `said` is the server's Retry-After in seconds, `patience` BRIEF or LONG, `chance` a random number from 0 to 1.
    """
    if tries >= TRIES:
        return None
    seconds = FIRST * 2.0 ** (tries - 1) * (1 - JITTER * chance) if said is None else said
    return seconds if waited + seconds <= (BRIEF if said is None else patience) else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read Retry-After in seconds, from retry-after-ms, a number, or a date; None where there is none that is sound."""
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        said = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said, re.ASCII):
            return float(said) / per_second
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
        sent = headers.get("date")
        since = parsedate_to_datetime(sent) if sent else now  # by the server's clock, whatever ours shows
        return max(0.0, (_zoned(when) - _zoned(since)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _zoned(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)
