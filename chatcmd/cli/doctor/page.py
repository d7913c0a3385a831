"""What was found, on a page: a line for each thing, with a mark before it."""

from collections.abc import Mapping

from chatcmd.cells import cells, filled, wrapped
from chatcmd.clean import clean_line
from chatcmd.cli.doctor.finding import Finding, Status
from chatcmd.language import _
from chatcmd.terminal.chart import BLOCKS, ink_for
from chatcmd.terminal.screen import Screen
from chatcmd.terminal.theme import Theme

MARKS: Mapping[Status, str] = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
ASCII: Mapping[Status, str] = {"ok": "+", "warning": "!", "failed": "x", "skipped": "-"}

LABEL = 12
"""Cells of a label; Chinese ones have six characters at most."""

LEAST = 20
"""Cells that a sentence has, however narrow the screen is."""


class Page:
    """Findings below their headings, as they come."""

    def __init__(self, screen: Screen, term: str | None, *, plain: bool) -> None:
        self.screen = screen
        drawn = ink_for(screen.encoding, term, plain=plain) is BLOCKS
        self.marks = MARKS if drawn else ASCII
        self._heading = ""

    def show(self, heading: str, finding: Finding) -> None:
        """Show a finding; raises ReaderGone."""
        if heading != self._heading:
            if self._heading:
                self.screen.show("")
            self.screen.painted((heading, self.screen.theme.head), indent=0)
            self._heading = heading
        mark = f"{self.marks[finding.status]} {filled(finding.label, LABEL)}"
        style = _style(finding.status, self.screen.theme)
        first, *more = self._lines(sentence_of(finding), cells(mark) + 1)
        self.screen.painted((f"{mark} {first}".rstrip(), style), indent=0)
        for line in more:
            self.screen.painted((" " * (cells(mark) + 1) + line, style), indent=0)

    def _lines(self, text: str, indent: int) -> list[str]:
        """Break a sentence where the screen ends; where no terminal shows it, it is one line."""
        shown, columns = clean_line(text), self.screen.columns
        return [shown] if columns is None else wrapped(shown, max(columns - indent - 1, LEAST))


def sentence_of(finding: Finding) -> str:
    """Say a finding as a whole: how it is, where from, and what to do."""
    what = finding.value
    if finding.origin and finding.origin not in what:
        what = _("{value} (from {origin})").format(value=what, origin=finding.origin)
    return _("{what}; {advice}").format(what=what, advice=finding.advice) if finding.advice else what


def _style(status: Status, theme: Theme) -> str:
    return {"ok": "", "warning": theme.warn, "failed": theme.fail, "skipped": theme.note}[status]
