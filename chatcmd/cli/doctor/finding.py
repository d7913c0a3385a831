"""What a check finds, and what a check is."""

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

Status = Literal["ok", "warning", "failed", "skipped"]


class Finding(Struct, frozen=True):
    """One thing that was looked at; `id` and `status` are the same in every language, the rest is for a person.

    `label` names it in a word or two, `value` says how it is, `origin` where that was set, `advice` what to do, where
    the value does not say it itself; `seconds` were measured.
    """

    id: str
    label: str
    status: Status
    value: str
    origin: str | None = None
    advice: str | None = None
    seconds: float | None = None


class Check(Struct, frozen=True):
    """Something to look at, below a heading; what takes longer than `limit` seconds is given up."""

    id: str
    label: str
    heading: str
    find: Callable[[], Iterable[Finding]]
    limit: float
