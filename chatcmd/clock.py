"""The time, so that a test can have another."""

import time
from datetime import UTC, datetime


class Clock:
    """The time: UTC in ISO 8601 with milliseconds, session ids made of it, and seconds that only grow."""

    def now(self) -> str:
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def session_id(self) -> str:
        """Make an id of the time, its last four digits of the second's fraction: ids sort as they were made."""
        now = datetime.now(UTC)
        return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond * 0x10000 // 1_000_000:04x}"

    def monotonic(self) -> float:
        return time.monotonic()


def elapsed(begin: str, end: str) -> float | None:
    """Tell the seconds from one time to another, both in ISO 8601; None when they cannot be compared."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no time, or only one of them with its zone
        return None


def local(at: str) -> datetime | None:
    """Give a time in ISO 8601 as a clock on the wall here shows it; None when it is no time."""
    try:
        return datetime.fromisoformat(at).astimezone()
    except (ValueError, OverflowError, OSError):  # nothing that a calendar of this system has
        return None
