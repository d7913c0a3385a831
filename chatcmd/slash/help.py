"""/help: the keys, and the commands by group, on one screen; and more of one."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.language import _, marked
from chatcmd.slash.registry import GROUPS, Command, command, commands, helps, matching, named
from chatcmd.terminal import Offer
from chatcmd.terminal.cells import cells, filled

GAP = "  "

NARROW = 60
"""Cells of a line from which on labels have room at its beginning."""

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
    if argument:
        _explain(app, named(argument.split(maxsplit=1)[0].removeprefix("/")))
        return
    width = app.screen.width
    app.screen.show("\n".join(_beside([(keys, _(text).split(" ")) for keys, text in KEYS], width, " ")))
    listed = [(_(label), [_called(each) for each in _of(group)]) for group, label in GROUPS.items()]
    app.screen.show("\n".join(["", *_beside([row for row in listed if row[1]], width, GAP), ""]))
    app.screen.show(_("/help COMMAND says more of one; Tab behind a slash shows what they do"))


def _beside(rows: list[tuple[str, list[str]]], width: int, gap: str) -> list[str]:
    """Lay out labels with their words beside them, or below where that is too narrow; no word is broken up."""
    margin = max(cells(label) for label, _words in rows) + len(GAP)
    lines = []
    for label, words in rows:
        if width < NARROW:
            lines.append(label)
        start = "" if width < NARROW else filled(label, margin)
        line = start
        for word in words:
            if line != start and cells(line) + len(gap) + cells(word) > width:
                lines.append(line)
                line = start = " " * cells(start)
            line += (gap if line != start else "") + word
        lines.append(line)
    return lines


def _of(group: str) -> list[Command]:
    """List a group's commands; one of a group that there is not stands in the last."""
    last = list(GROUPS)[-1]
    listed = [each for each in commands().values() if each.name != "reset"]
    return [each for each in listed if (each.group if each.group in GROUPS else last) == group]


def _explain(app: App, about: Command) -> None:
    for text in filter(None, (_called(about), _(about.help), about.more and _(about.more))):
        app.screen.show(text)


def _called(each: Command) -> str:
    return f"/{each.name} {_(each.usage)}".strip() if each.usage else f"/{each.name}"
