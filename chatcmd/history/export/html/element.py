"""Elements of HTML, safe by the way they are made: what is not markup already is cleaned and escaped."""

from collections.abc import Iterable
from html import escape

from chatcmd.clean import clean

_EMPTY = frozenset({"br", "hr", "img", "input", "meta"})


class Markup(str):
    """HTML that was made here; any other string is text from outside."""

    __slots__ = ()


NOTHING = Markup()


def text(content: str) -> Markup:
    """Make markup of a text: it shows as it is, less what nobody would see."""
    return content if isinstance(content, Markup) else Markup(escape(clean(content), quote=False))


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Put parts behind each other."""
    return Markup(text(between).join(text(part) for part in parts))


def element(name: str, /, *content: str, **attributes: str | int | bool | None) -> Markup:
    """Make an element; `class_` is the attribute class, `aria_label` aria-label, and None or False leaves one out."""
    start = opened(name, **attributes)
    return start if name in _EMPTY else Markup(f"{start}{joined(content)}</{name}>")


def opened(name: str, /, **attributes: str | int | bool | None) -> Markup:
    """Make the start of an element."""
    return Markup(f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>")


def _attribute(name: str, value: str | int | bool | None) -> str:  # noqa: FBT001 - as HTML has it
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(clean(str(value)))}"'
