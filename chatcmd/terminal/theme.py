"""The colours of the screen: three themes, for dark and light terminals and for weak eyes (pure)."""

from collections.abc import Mapping

from msgspec import Struct


class Theme(Struct, frozen=True):
    """SGR parameters for what we say ourselves, rich styles for Markdown, and the name of the code's colours.

    Only the sixteen colours that the user's own palette defines: the terminal is never asked for its background.
    """

    note: str
    warn: str
    fail: str
    reasoning: str
    head: str
    bar: str
    markdown: Mapping[str, str]
    code: str


def _markdown(strong: str, code: str, link: str, soft: str) -> Mapping[str, str]:
    headings = dict.fromkeys((f"markdown.h{level}" for level in range(1, 7)), strong)
    return {
        **headings,
        "markdown.h1": f"{strong} underline",
        "markdown.code": code,
        "markdown.code_block": "none",
        "markdown.block_quote": soft,
        "markdown.link": link,
        "markdown.link_url": f"{link} underline",
        "markdown.item.bullet": strong,
        "markdown.item.number": strong,
        "markdown.hr": soft,
        "markdown.table.border": soft,
        "markdown.table.header": strong,
        "markdown.head": strong,
        "markdown.note": soft,
        "markdown.reasoning": f"{soft} italic".removeprefix("none "),
    }


THEMES = {
    "dark": Theme(
        "2", "33", "31", "2;3", "1;36", "2", _markdown("bold cyan", "bright_yellow", "bright_blue", "dim"), "ansi_dark"
    ),
    "light": Theme("2", "35", "31", "2;3", "1;34", "2", _markdown("bold blue", "magenta", "blue", "dim"), "ansi_light"),
    "contrast": Theme("", "1", "1;31", "3", "1", "7", _markdown("bold", "bold", "underline", "none"), "bw"),
}
