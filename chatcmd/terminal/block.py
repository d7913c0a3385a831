"""Lines that go on: after a backslash at the end, and in a block between triple quotes (pure)."""

QUOTES = '"""'


def going_on(text: str) -> str | None:
    """Give a text that waits for another line, its last backslash gone; None when it is whole."""
    if text.startswith(QUOTES):
        return None if _is_closed(text) else text + "\n"
    if (len(text) - len(text.rstrip("\\"))) % 2:  # an even number of them is meant as written
        return text[:-1] + "\n"
    return None


def unquoted(text: str) -> str:
    """Give what stands between the quotes of a block, and any other text as it is."""
    if not _is_closed(text):
        return text
    inside = text.rstrip()[len(QUOTES) : -len(QUOTES)]
    return inside.removeprefix("\n").removesuffix("\n")


def _is_closed(text: str) -> bool:
    ended = text.rstrip()
    return ended.startswith(QUOTES) and ended.endswith(QUOTES) and len(ended) >= 2 * len(QUOTES)
