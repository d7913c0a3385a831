"""What a model thinks aloud before it answers, told apart from the answer while both arrive."""

from msgspec import Struct

_OPENS, _CLOSES = "<think>", "</think>"


class Piece(Struct, frozen=True):
    """A piece of an answer on its way: of its text, or of the reasoning before it.

    Before the first of them one may say, in a `notice`, that the question is asked again in so many seconds.
    """

    text: str = ""
    reasoning: str = ""
    notice: str = ""
    again_in: float = 0.0


class Thinking:
    """Splits a content that begins with `<think>`, as open models write it: feed it the pieces, then `end` it.

    However the content is cut, the pieces join to the same text and reasoning. A tag anywhere else is text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state: str = "before"

    def feed(self, text: str) -> Piece:
        """Take the next piece of the content; what could still become a tag is held back."""
        if self._state == "text":
            return Piece(text)
        self._held += text
        if self._state == "before":
            begun = self._held.lstrip()
            if begun.startswith(_OPENS):
                self._state, self._held = "opened", begun.removeprefix(_OPENS)
            elif not _OPENS.startswith(begun):
                return self.end()
            else:
                return Piece()
        if self._state == "opened":
            self._held = self._held.lstrip("\n")
            self._state = "inside" if self._held else "opened"
            return self._think()
        if self._state == "inside":
            return self._think()
        self._held = self._held.lstrip()
        return self.end() if self._held else Piece()

    def end(self) -> Piece:
        """Give what was held back; from here on all is text, unless a thought was never finished."""
        held, self._held = self._held, ""
        if self._state == "inside":
            return Piece(reasoning=held)
        self._state = "text"
        return Piece(held)

    def _think(self) -> Piece:
        thought, closes, rest = self._held.partition(_CLOSES)
        if closes:
            self._state, self._held = "behind", rest.lstrip()
            text = self.end().text if self._held else ""
            return Piece(text, thought)
        sure = len(thought) - _beginning_of(_CLOSES, thought)
        self._held = thought[sure:]
        return Piece(reasoning=thought[:sure])


def _beginning_of(tag: str, text: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a tag."""
    return next((size for size in range(len(tag) - 1, 0, -1) if text.endswith(tag[:size])), 0)
