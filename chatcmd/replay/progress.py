"""How far all replays are: rows that are drawn again at a terminal, lines in a pipe."""

from collections.abc import Sequence

from chatcmd.cells import cut, filled
from chatcmd.clean import clean_line
from chatcmd.language import _, ngettext
from chatcmd.replay.outcome import Outcome
from chatcmd.replay.plan import Plan
from chatcmd.terminal.chart import BLOCKS, Ink, gauge
from chatcmd.terminal.screen import Screen

GAUGE, LONGEST_NAME = 20, 24
"""Cells of a drawn gauge, and of the name beside it."""


class Progress:
    """The rows of the replays that are under way, and notes on them; a note is told once of each model."""

    def __init__(self, screen: Screen, plans: Sequence[Plan], ink: Ink = BLOCKS) -> None:
        self._screen, self._plans, self._ink = screen, plans, ink
        self._foot = screen.foot(self._status)
        self._done: dict[int, int] = {}
        self._left = len(plans)
        self._told: set[tuple[str, str]] = set()

    def answered(self, place: int, turns: int) -> None:
        """Show that so many questions of a plan are answered by now."""
        self._done[place] = turns
        self._draw()

    def ended(self, place: int, outcome: Outcome) -> None:
        """Take a plan's row away; where there are no rows, a line says what came of it."""
        self._done.pop(place, None)
        self._left -= 1
        if self._foot is not None:
            self._draw()
            return
        sentence = _("{answered:,} of {all:,} questions are answered: {title}")
        title = outcome.plan.source.title
        numbers = {"answered": outcome.answered, "all": len(outcome.plan.turns)}
        self._say(outcome.plan, sentence.format(title=title, **numbers), failed=False)

    def tell(self, plan: Plan, sentence: str) -> None:
        """Say something about a replay."""
        if (plan.name, sentence) not in self._told:
            self._told.add((plan.name, sentence))
            self._say(plan, sentence, failed=False)

    def warn(self, plan: Plan, sentence: str) -> None:
        """Say what went wrong in a replay."""
        self._say(plan, sentence, failed=True)

    def close(self) -> None:
        """Leave no trace of the rows."""
        if self._foot is not None:
            self._foot.give_way()

    def _say(self, plan: Plan, sentence: str, *, failed: bool) -> None:
        self.close()
        text = _("{name}: {sentence}").format(name=plan.name, sentence=sentence)
        (self._screen.fail if failed else self._screen.note)(text)
        self._draw()

    def _draw(self) -> None:
        if self._foot is not None:
            self._foot.draw("\n".join(self._row(place) for place in sorted(self._done)))

    def _row(self, place: int) -> str:
        plan, done = self._plans[place], self._done[place]
        name = filled(clean_line(plan.name), LONGEST_NAME)
        drawn = gauge(done / len(plan.turns), GAUGE, self._ink)
        count = f"{done:,}/{len(plan.turns):,}"
        return cut(f"{name} {drawn} {count}  {clean_line(plan.source.title)}", self._screen.width - 1)

    def _status(self, _width: int) -> str:
        waiting = self._left - len(self._done)
        if not waiting:
            return ""
        return ngettext("{n} more replay waits", "{n} more replays wait", waiting).format(n=waiting)
