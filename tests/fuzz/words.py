"""Words that readers are known to stumble over: numbers, names, marks, bytes and depths."""

from tests.hostile import HOSTILE as HOSTILE_TEXTS

_NUMBERS = ("0", "-0", "-1", "1.5", "1e3", "1e999", "-1e999", "1e-999", "1e", "NaN", "Infinity", "-Infinity", "0x10")
_LARGE_NUMBERS = ("9223372036854775808", "-9223372036854775809", "18446744073709551616", "9" * 400, "9" * 5000)
_TEXTS = (
    *(r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\u0000"', r'"\u2028"', r'"\x"', '"' + "x" * 3000 + '"'),
    *(
        "''",
        '""',
        "'",
        '"',
        "'''",
        '"""',
        "\\",
        '"../../../escaped"',
        '"/etc/passwd"',
        '"."',
        '".."',
        '"con"',
        '"~root"',
    ),
    *('"{}"', '"{0}"', '"{name}"', '"%s"', "true", "false", "null", "[]", "{}", "[[]]", '[""]', '{"": {}}', "[null]"),
    *(
        '"0001-01-01T00:00:00+14:00"',
        '"9999-12-31T23:59:59.999-14:00"',
        '"2026-02-30T25:61:00Z"',
        '"z"',
        '" "',
        '"\\n"',
    ),
    *('"system"', '"user"', '"assistant"', '"tool"', '"unanswered"', '"complete"', "&a", "*a", "!!python/none", "<<"),
)
_MARKS = (
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "#",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\t",
    " ",
    "---\n",
    "- ",
    "data: ",
    "event: ",
)
_BYTES = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\x1b",
    b"\x85",
    b"\x80",
)
_UNSEEN = (
    "\u2028",
    "\u200b",
    "\u202e",
    "\u0301" * 9,
    "\ufeff",
    "\U000e0041",
    "\ufdd0",
    "\uffff",
    "\U0010ffff",
    "ß",
    "İ",
    "水",
)
_DEEP = tuple(opening * times for opening in ("[", '{"a":', "> ", "- ", "[[", "*") for times in (30, 600, 3000))

HOSTILE: tuple[bytes, ...] = (
    *(each.encode() for each in (*_NUMBERS, *_LARGE_NUMBERS, *_TEXTS, *_MARKS, *_UNSEEN, *_DEEP)),
    *_BYTES,
    b"[" * 100_000,
    *(text.encode("utf-8", "surrogatepass") for text in HOSTILE_TEXTS.values() if len(text) < 200),
)
"""What stands in a format's way: numbers, names, marks, bytes and depths that readers are known to stumble over."""
