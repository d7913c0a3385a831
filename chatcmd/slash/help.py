"""/help: the keys, and the commands by group, on one screen; and more of one."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from chatcmd.app import App
from chatcmd.cells import cells, filled, wrapped
from chatcmd.language import _, marked
from chatcmd.slash.registry import GROUPS, Command, command, commands, helps, matching, named
from chatcmd.terminal import Offer

T = TypeVar("T")

GAP, INDENT = "  ", "  "
"""What stands between two commands, and before what stands below its label."""

NARROW = 60
"""Cells of a line from which on labels stand at its beginning, else on a line of their own."""

KEYS = (
    ("0, quit, exit", marked("save everything and leave; so does Ctrl-D, or Ctrl-C twice")),
    ("1", marked("save this session, start over, and ask who is talking")),
    (r"\0  \1", marked("send 0 or 1 itself; //text sends what begins with a slash")),
    ("Ctrl-C, Esc", marked("stop an answer; Ctrl-C also clears the line")),
    ("Alt-Enter, Ctrl-J", marked("new line; so does Enter behind a backslash")),
    ("Tab, Ctrl-R, Ctrl-O", marked("complete; find an earlier line; write in your editor")),
)


def _offers(app: App, typed: str) -> Iterable[Offer]:  # noqa: ARG001 - all are called alike
    return matching(typed, {word.removeprefix("/"): text for word, text in helps().items()})


@command(
    "help",
    marked("[COMMAND]"),
    marked("the keys and the commands, or more of one"),
    complete=_offers,
)
async def show_help(app: App, argument: str) -> None:
    about = next((text for keys, text in KEYS if argument in keys.split(", ")), None)
    if about is not None and argument not in commands():
        app.screen.tell(_(about))
        return
    if argument:
        _explain(app, named(argument.split(maxsplit=1)[0].removeprefix("/")))
        return
    width = app.screen.width
    app.screen.show("\n".join(_beside([(keys, _(text)) for keys, text in KEYS], width, wrapped)))
    listed = [(_(label), [_called(each) for each in _of(group)]) for group, label in GROUPS.items()]
    app.screen.show("\n".join(["", *_beside([row for row in listed if row[1]], width, _flowing), ""]))
    app.screen.tell(_("/help COMMAND says more of one; Tab behind a slash shows what they do"))


def _beside(rows: list[tuple[str, T]], width: int, break_up: Callable[[T, int], list[str]]) -> list[str]:
    """Lay out labels with what belongs to them beside them, or below where that is too narrow."""
    narrow = width < NARROW
    margin = len(INDENT) if narrow else max(cells(label) for label, _about in rows) + len(GAP)
    lines = []
    for label, about in rows:
        first, *more = [" " * margin + line for line in break_up(about, width - margin)]
        if narrow:  # a command that is too long even so begins with the line
            lines += [label, *(line if cells(line) <= width else line.lstrip() for line in (first, *more))]
        else:
            lines += [filled(label, margin) + first.lstrip(), *more]
    return lines


def _flowing(words: list[str], room: int) -> list[str]:
    """Put commands beside each other in lines of at most `room` cells; none is broken up."""
    lines = [""]
    for word in words:
        if lines[-1] and cells(lines[-1]) + len(GAP) + cells(word) > room:
            lines.append("")
        lines[-1] += (GAP if lines[-1] else "") + word
    return lines


def _of(group: str) -> list[Command]:
    """List a group's commands; one of a group that there is not stands in the last."""
    last = list(GROUPS)[-1]
    listed = [each for each in commands().values() if each.name != "reset"]
    return [each for each in listed if (each.group if each.group in GROUPS else last) == group]


def _explain(app: App, about: Command) -> None:
    for text in filter(None, (_called(about), _(about.help), about.more and _(about.more))):
        app.screen.tell(text)


def _called(each: Command) -> str:
    return f"/{each.name} {_(each.usage)}".strip() if each.usage else f"/{each.name}"
