"""Charts of what was asked and what it took (pure)."""

from collections.abc import Mapping

from chatcmd.cells import cells, fitted
from chatcmd.clean import clean_line
from chatcmd.conversation.price import AS_OF
from chatcmd.conversation.spent import Spent
from chatcmd.language import _
from chatcmd.terminal.chart import Bar, Ink, bars

DAYS, NAMES = 14, 8
"""Rows of the charts, of which the newest and the largest are shown."""

LONGEST_NAME = 200

NARROWEST, WIDEST = 20, 200
"""Cells in which charts are drawn, whatever a terminal says that it has."""


def room_for(width: int) -> int:
    """Say in how many cells of a screen charts are drawn."""
    return min(max(width, NARROWEST), WIDEST)


def laid(line: str, width: int) -> list[str]:
    """Break a sentence that is too long; a chart's rows never are."""
    return [line] if cells(line) <= width else fitted(clean_line(line), width)


def questions_per_day(days: Mapping[str, int], width: int, ink: Ink) -> list[str]:
    """Draw how much was asked on the newest days (in ISO 8601), below its title."""
    if not days:
        return []
    rows = [Bar(day, (days[day],), f"{days[day]:,}") for day in sorted(days)[-DAYS:]]
    lines = ["", _("questions per day"), *bars(rows, width, ink)]
    if len(rows) < len(days):
        lines.append(_("the last {shown} of {n:,} days").format(shown=len(rows), n=len(days)))
    return lines


def tokens_by(title: str, spent: Mapping[str, Spent], width: int, ink: Ink) -> list[str]:
    """Draw the tokens that each model or user took, the most first, below a title; what does not fit is one row."""
    rows = [
        Bar(clean_line(name[:LONGEST_NAME]), (each.prompt, each.answer), _told(each)) for name, each in ranked(spent)
    ]
    return ["", title, *bars(rows, width, ink)]


def priced_by(spent: Mapping[str, Spent]) -> list[str]:
    """Say by which prices costs are told, where any are."""
    if all(each.uncounted == each.turns for each in spent.values()):
        return []
    return ["", _("costs are by the list prices of {month}, or yours in [prices]").format(month=AS_OF)]


def ranked(spent: Mapping[str, Spent], most: int = NAMES) -> list[tuple[str, Spent]]:
    """Order what was spent by its tokens, the most first; what does not fit is added up at the end."""
    rows = sorted(spent.items(), key=lambda each: (-each[1].prompt - each[1].answer, each[0]))
    rest = [each for _name, each in rows[most:]]
    return [*rows[:most], (_("others"), sum(rest, Spent()))] if rest else rows


def _told(spent: Spent) -> str:
    if spent.uncounted == spent.turns:
        return _("not counted")
    return f"{spent.prompt + spent.answer:,}  {spent.cost}"
