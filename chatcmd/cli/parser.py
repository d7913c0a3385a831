"""The parser of a command's words: argparse with our way of saying what is wrong, in the reader's language."""

import argparse
from typing import Any, NoReturn

from chatcmd.cells import cells, wrapped
from chatcmd.cli import page
from chatcmd.errors import UsageError
from chatcmd.language import _, marked, ngettext

ARGPARSE = (
    marked("usage: "),
    marked("positional arguments"),
    marked("options"),
    marked("show this help message and exit"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("expected one argument"),
    marked("expected at most one argument"),
    marked("expected at least one argument"),
    marked("ignored explicit argument %r"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
    marked("invalid %(type)s value: %(value)r"),
    marked("ambiguous option: %(option)s could match %(matches)s"),
    marked("unrecognized arguments: %s"),
    marked("unexpected option string: %s"),
    marked("the following arguments are required: %s"),
    marked("one of the arguments %s is required"),
    marked("not allowed with argument %s"),
)
"""What argparse says to those who use a program; the rest of its sentences are for those who write one."""

# argparse is written for gettext, but asks it for the program's whole environment; here the reader is known.
vars(argparse).update(_=_, ngettext=ngettext)


class Page(argparse.HelpFormatter):
    """A page of help, measured in cells; argparse counts characters."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=page.width() - 1)  # the last cell of a line makes some terminals go on below
        self._headings: list[str] = []

    def start_section(self, heading: str | None) -> None:
        self._headings.append(heading or "")
        super().start_section(heading)

    def format_help(self) -> str:
        text = super().format_help()
        for heading in filter(None, self._headings):  # argparse writes the colon itself
            text = text.replace(f"\n{heading}:\n", "\n" + _("{heading}:").format(heading=heading) + "\n", 1)
        return text

    def _format_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None) -> str:  # noqa: ARG002
        head = _("usage: ") if prefix is None else prefix
        first, *more = wrapped(str(usage) % {"prog": self._prog}, self._width - cells(head))
        return "\n".join((head + first, *(" " * cells(head) + line for line in more))) + "\n\n"

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for part in text.split("\n") for line in wrapped(part, width - len(indent)))


class Parser(argparse.ArgumentParser):
    """argparse with our pages and our errors; `usage` is what follows the command's name, in short."""

    def __init__(self, *, usage: str = "", **more: Any) -> None:
        super().__init__(usage="%(prog)s " + (usage or _("[options]")), formatter_class=Page, **more)

    def error(self, message: str) -> NoReturn:
        raise UsageError(_("{message}; see: {command} --help").format(message=message, command=self.prog))
