"""Asking before something goes away: a person at a terminal, or a flag that says it."""

import sys

from chatcmd.cells import wrapped
from chatcmd.clean import clean
from chatcmd.cli import page
from chatcmd.cli.parser import Parser
from chatcmd.errors import UsageError
from chatcmd.language import _, marked

YES = ("y", "yes", "是", "好", "是的")
ASKS = marked("this asks first, and there is no terminal to ask at; add --yes when it is meant")


def add_consent(parser: Parser) -> None:
    """Add the flag that answers for a person."""
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def agreed(question: str, *, yes: bool) -> bool:
    """Ask a question that only a plain yes answers, unless it was said before; raises UsageError where nobody is."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(_(ASKS))
    sys.stderr.write(_laid_out(clean(question) + _(" [y/N] "), page.width(sys.stderr) - 1) + " ")
    sys.stderr.flush()
    try:
        line = sys.stdin.buffer.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # the terminal has shown ^C
        raise
    if not line.endswith(b"\n"):
        sys.stderr.write("\n")
    return line.decode("utf-8", "replace").strip().casefold() in YES


def _laid_out(question: str, width: int) -> str:
    """Break each line between words where the terminal ends; what goes on stands further in."""
    rows: list[str] = []
    for line in question.split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))]
        first, *more = wrapped(line.strip(" "), width - 2 * len(indent))
        rows += [indent + first, *(2 * indent + each for each in more)]
    return "\n".join(rows)
