"""A key that does not show itself."""

from contextlib import suppress

DOTS = "••••"

LEAST_MASKED = 20
"""Characters of a key that is told by its last ones; of a shorter one they would be too much of it."""

LEAST_KNOWN = 8
"""Characters of a text that is looked for in others: such as `none` and `ollama` keep no secret, and are words."""

known: set[str] = set()
"""All that must not be told, as long as the program runs."""


class Secret:
    """Text whose every printed form is dots; `reveal` is called where a client is made, and nowhere else."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) >= LEAST_KNOWN:
            known.add(text)

    @property
    def at_hand(self) -> bool:
        """Whether it is known by now; one that a command gives has to be asked for first."""
        return True

    @property
    def masked(self) -> str:
        """Its last four characters behind dots, by which its owner tells it from others; of a short one only dots."""
        return DOTS + self._text[-4:] if len(self._text) >= LEAST_MASKED else DOTS

    def reveal(self) -> str:
        """Give the text; from now on a crash leaves no image of the memory behind that it would stand in."""
        _leave_no_core()
        return self._text

    def stop(self) -> None:
        """End the asking for it, if that is under way."""

    def __repr__(self) -> str:
        return DOTS

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")


def holds_secret(*texts: str) -> bool:
    """Tell whether a known secret stands in a text."""
    return any(secret in text for text in texts for secret in [*known])


def _leave_no_core() -> None:
    with suppress(ImportError, OSError, ValueError):  # a system without limits, or one that keeps its own
        import resource  # noqa: PLC0415 - no prompt waits for it

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
