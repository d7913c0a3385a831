"""Lines that go on, after a backslash or in a block between triple quotes, and those that never do (pure)."""

QUOTES = '"""'

LEAVING = ("0", "1", "quit", "exit")
"""Words that leave the session when they stand alone."""


def going_on(text: str) -> str | None:
    """Give a text that waits for another line, its last backslash gone; None when it is whole."""
    if text.startswith(QUOTES):
        return None if _is_closed(text) else text + "\n"
    if (len(text) - len(text.rstrip("\\"))) % 2:  # an even number of them is meant as written
        return text[:-1] + "\n"
    return None


def is_order(text: str) -> bool:
    """Tell whether a line tells the chat what to do, so that no other line belongs to it."""
    return text in LEAVING or ("\n" not in text and text.startswith("/") and not text.startswith("//"))


def unquoted(text: str) -> str:
    """Give what stands between the quotes of a block, and any other text as it is."""
    if not _is_closed(text):
        return text
    inside = text.rstrip()[len(QUOTES) : -len(QUOTES)]
    return inside.removeprefix("\n").removesuffix("\n")


def _is_closed(text: str) -> bool:
    ended = text.rstrip()
    return ended.startswith(QUOTES) and ended.endswith(QUOTES) and len(ended) >= 2 * len(QUOTES)
