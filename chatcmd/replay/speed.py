"""The speed of a replay, as a person writes it."""

from chatcmd.errors import UsageError
from chatcmd.language import _

SLOWEST, FASTEST = 0.01, 1000.0
"""Speeds that can be wished for: recorded seconds in each of ours."""


def speed_of(text: str) -> float:
    """Read a speed such as `4`, `0.5` or `4x`; raises UsageError."""
    try:
        speed = float(text.strip().removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        sentence = _("--speed {text!r}: must be a number from {low:g} to {high:g}, such as 4")
        raise UsageError(sentence.format(text=text, low=SLOWEST, high=FASTEST))
    return speed
