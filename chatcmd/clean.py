"""Text from outside made safe to show: no control sequence, no hidden character, no reordering survives (pure)."""

import re
from unicodedata import category, combining


def clean(text: str) -> str:
    r"""Return complete text as a terminal may see it; cleaning it again changes nothing.

    Kept: `\n`, `\t`, private use, joiners and emoji selectors (ZWJ, ZWNJ, VS15, VS16), Arabic number signs.
    Dropped: CR and what has no width. Shown: other C0 controls and DEL as control pictures, bidi controls as
    `<U+202E>`, C1 controls, surrogates and noncharacters as U+FFFD. NEL, U+2028 and U+2029 become `\n`.
    At most four combining marks stay on one base.
    """
    return _thin(text.translate(_BECOMES))


def clean_line(text: str) -> str:
    """Return text clean and on one line, for titles, names and rows: a break and its indent are one space."""
    return re.sub(r"[\n\t][\n\t ]*", " ", clean(text))


class Cleaner:
    """Clean a stream: however a text is cut into chunks, what is fed back joins to `clean` of the whole.

    A surrogate is never joined with its neighbour: each half is U+FFFD, in one chunk as in two. Every rule
    looks at one code point only, except the cap on marks; so their count is all that is remembered.
    """

    def __init__(self) -> None:
        self._marks = 0

    def feed(self, chunk: str) -> str:
        """Return the next chunk, clean."""
        before = _ANY_MARK * self._marks
        text = _thin(before + chunk.translate(_BECOMES))
        self._marks = _marks_at_end(text)
        return text[len(before) :]


_MOST_MARKS = 4  # Hebrew with its cantillation needs as many, everyday writing fewer.
_ANY_MARK = "\u0300"

# They hold emoji, Persian and Indic words together. They are no marks, and being invisible they are no base
# either: a pile of marks goes on behind them.
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"

# Every run that could be a pile: no letters, digits or blanks, nor any of the blocks without marks or joiners
# (punctuation, symbols, CJK, Hangul, private use, emoji). Compiling it takes as long as looking over some thousand
# characters one by one: a line does not need it, so that starting costs nothing.
_MAYBE_PILE = (
    r"[^\w\s\x00-\u02ff\u2010-\u20cf\u2100-\u2cee\u2e00-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ufb1d"
    r"\ufe30-\uffff\U0001f000-\U0010ffff]{5,}"
)


_LINE = 500


def _thin(text: str) -> str:
    if text.isascii() or (len(text) < _LINE and sum(map(_is_mark, text)) <= _MOST_MARKS):
        return text
    return re.sub(_MAYBE_PILE, _thin_pile, text)


def _thin_pile(pile: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for char in pile.group():
        if char not in _JOINERS:
            marks = marks + 1 if _is_mark(char) else 0
            if marks > _MOST_MARKS:
                continue
        kept.append(char)
    return "".join(kept)


def _marks_at_end(text: str) -> int:
    marks = 0
    for char in reversed(text):
        if char not in _JOINERS:
            if not _is_mark(char):
                break
            marks += 1
    return marks


def _is_mark(char: str) -> bool:
    return combining(char) != 0 or category(char) in {"Mn", "Me"}


_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_BROKEN = (
    *range(0x80, 0xA0),  # C1: some terminals take them for escape sequences
    *range(0xD800, 0xE000),
    *range(0xFDD0, 0xFDF0),
    *(plane | last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
)
_GONE = (
    *(0x0D, 0xAD, 0x180E, 0x200B, 0xFEFF),  # CR, soft hyphen, Mongolian separator, zero width space, BOM
    *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers
    *range(0x2060, 0x2066),  # word joiner, invisible operators
    *range(0x206A, 0x2070),  # deprecated format characters
    *range(0xFE00, 0xFE0E),  # variation selectors 1 to 14
    *range(0xFFF0, 0xFFFC),  # interlinear annotations, and unassigned code points that Unicode says to ignore
    *range(0x1BCA0, 0x1BCA4),  # shorthand format controls
    *range(0x1D173, 0x1D17B),  # musical beams and slurs
    *range(0xE0000, 0xE1000),  # tags, variation selectors 17 to 256, and the unassigned around them
)
_BECOMES: dict[int, str] = (
    {point: chr(0x2400 + point) for point in range(0x20) if chr(point) not in "\t\n"}
    | {point: f"<U+{point:04X}>" for point in _BIDI}
    | dict.fromkeys(_BROKEN, "\ufffd")
    | dict.fromkeys(_GONE, "")
    | dict.fromkeys((0x85, 0x2028, 0x2029), "\n")
    | {0x7F: "\u2421"}
)
