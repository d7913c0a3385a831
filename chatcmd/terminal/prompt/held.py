"""What stands in the line for more than itself: pastes, as characters that are shown as something else."""

import re
from collections.abc import Sequence

from chatcmd.clean import clean
from chatcmd.language import ngettext

MOST_LINES, MOST_CHARACTERS = 10, 1_000
"""A paste of more than so much is shown folded."""

_FIRST, _LAST = "\U00100000", "\U0010fffd"  # the private use plane that terminals and fonts use least
_POINT = re.compile(f"([{_FIRST}-{_LAST}])")
# In a paste these are none of ours: an @ attaches nothing, three quotes open or close no block.
_MEANT_OTHERWISE = re.compile(f'[@{_FIRST}-{_LAST}]|"(?="")')
_TAB = "    "


class Held:
    """A table from private characters in the line to the text that each stands for, and how that is shown."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._points: dict[tuple[str, str], str] = {}

    def pasted(self, text: str) -> str:
        """Give what stands in the line for a text that was not typed: one character when it is long."""
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines > MOST_LINES:
            return self._point(text, ngettext("[pasted {n:,} line]", "[pasted {n:,} lines]", lines).format(n=lines))
        if len(text) > MOST_CHARACTERS:
            size = len(text)
            shown = ngettext("[pasted {n:,} character]", "[pasted {n:,} characters]", size)
            return self._point(text, shown.format(n=size))
        return _MEANT_OTHERWISE.sub(lambda found: self._point(found.group(), clean(found.group())), text)

    def given(self, text: str, ats: Sequence[int]) -> str:
        """Give what stands in the line for a text that was not typed now, but for the `@` at some places."""
        ends = [end for at in ats for end in (at, at + 1)]
        between = zip([0, *ends], [*ends, len(text)], strict=True)
        return self.line(["", *(text[start:end] for start, end in between)])

    def parts(self, line: str) -> list[str]:
        """Split a line into what was typed and what was pasted, in turn; what stands for a text becomes it."""
        parts = _POINT.split(line)
        parts[1::2] = [self._texts.get(point, point) for point in parts[1::2]]
        return parts

    def line(self, parts: list[str]) -> str:
        """Make a line of such parts again."""
        return "".join(self.pasted(part) if place % 2 else part for place, part in enumerate(parts))

    def told(self, line: str) -> tuple[str, tuple[int, ...]]:
        """Give a line's whole text, and the places of the `@` in it that were typed."""
        ats: list[int] = []
        start = 0
        parts = self.parts(line)
        for place, part in enumerate(parts):
            if place % 2 == 0 and "@" in part:
                ats.extend(start + found.start() for found in re.finditer("@", part))
            start += len(part)
        return "".join(parts), tuple(ats)

    def shown(self, character: str) -> str:
        """Give what is shown for a character of the line: for most, itself."""
        if character.isprintable():
            return character
        if character == "\t":
            return _TAB
        known = self._shown.get(character)
        return known if known is not None else clean(character).replace("\n", " ")

    def _point(self, text: str, shown: str) -> str:
        """Choose a character to stand for a text; the same text gets the same one."""
        point = self._points.get((text, shown))
        if point is None:
            point = chr(ord(_FIRST) + len(self._points))
            self._points[text, shown] = point
            self._texts[point], self._shown[point] = text, shown
        return point


def is_private(character: str) -> bool:
    """Tell whether a character that was typed has to be held, since it is one of those that stand for texts."""
    return _FIRST <= character <= _LAST
