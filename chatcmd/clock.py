"""The time, so that a test can have another."""

import time
from datetime import UTC, datetime
from secrets import token_hex


class Clock:
    """The time: UTC in ISO 8601 with milliseconds, session ids made of it, and seconds that only grow."""

    def now(self) -> str:
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def session_id(self) -> str:
        return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}"

    def monotonic(self) -> float:
        return time.monotonic()
