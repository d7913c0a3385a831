"""The end of an open block: no more of it than a screen shows, so that drawing it never takes longer."""

from collections.abc import Sequence

from markdown_it.token import Token

SHORT = 4_000
"""Characters of an open text that is drawn whole; of code only the last lines are, which is the costliest of all."""

_ITEMS = {"bullet_list_open": 1, "ordered_list_open": 1, "blockquote_open": 1, "table_open": 2}
"""The level at which the parts of a block begin that each take a row or more."""


def ending(tokens: Sequence[Token], size: int, width: int, height: int) -> list[Token]:
    """Return the tokens of an open text of `size` characters without what is above a screen of so many cells and rows.

    What is left has at least as many rows as the screen, if there were so many.
    """
    begin = next((place for place in range(len(tokens) - 1, -1, -1) if _is_top(tokens[place])), 0)
    before, block = list(tokens[:begin]), list(tokens[begin:])
    if not block:
        return before
    first = block[0]
    if first.type in ("fence", "code_block"):
        first.content = "".join(first.content.splitlines(keepends=True)[-height:])
    elif size <= SHORT:
        pass
    elif first.type == "paragraph_open":
        need = 2 * width * height  # twice what the screen holds: Chinese takes two cells, and blanks are passed over
        block[1].content = block[1].content[max(0, size // need - 1) * need :]  # the same place for many drawings
    elif first.type in _ITEMS:
        block = _last_parts(block, _ITEMS[first.type], height)
    return [*before, *block]


def _is_top(token: Token) -> bool:
    return token.level == 0 and token.nesting >= 0


def _last_parts(block: list[Token], level: int, height: int) -> list[Token]:
    """Keep the last parts of a list, a quote or a table's body."""
    parts = [place for place, token in enumerate(block) if token.level == level and token.nesting >= 0][1:]
    if block[0].type == "table_open":
        body = next((place for place, token in enumerate(block) if token.type == "tbody_open"), len(block))
        parts = [place for place in parts if place > body]
    if len(parts) <= height:
        return block
    dropped = len(parts) - height
    if block[0].type == "ordered_list_open":
        block[0].attrs["start"] = int(block[0].attrs.get("start", 1)) + dropped
    return block[: parts[0]] + block[parts[dropped] :]
