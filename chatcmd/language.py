"""The language of what a person reads: every sentence of ours passes here (gettext's calls)."""

from typing import Protocol


class Translations(Protocol):
    """A catalogue, as gettext loads it."""

    def gettext(self, message: str) -> str: ...
    def ngettext(self, one: str, many: str, number: int, /) -> str: ...


_catalogue: Translations | None = None


def speak(catalogue: Translations | None) -> None:
    """Speak another language from now on; None is English, as the source is written."""
    global _catalogue  # noqa: PLW0603 - one process has one reader
    _catalogue = catalogue


def _(message: str) -> str:
    """Translate a sentence; its `{names}` are filled in afterwards, with `format`."""
    if _catalogue is None or not message:  # the empty message is the catalogue's own header
        return message
    return _catalogue.gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """Translate a sentence that counts something."""
    if _catalogue is None:
        return one if number == 1 else many
    return _catalogue.ngettext(one, many, number)


def marked(message: str) -> str:
    """Mark a sentence of a table that is made before the language is known; `_` translates it where it is shown."""
    return message
