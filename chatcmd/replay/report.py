"""What came of replays, as a person reads it: a table per turn, the differences by words, and a summary."""

from collections.abc import Iterable, Sequence

from chatcmd.conversation.compare import Comparison
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.spent import Spent
from chatcmd.language import _, marked, ngettext
from chatcmd.replay.outcome import Outcome, Pair, seconds_of, spent_on
from chatcmd.settings.settings import Settings
from chatcmd.terminal.difference import lay_out
from chatcmd.terminal.screen import Screen, heading

LIKENESS = {"same": marked("same"), "similar": marked("similar"), "different": marked("different")}

LONGEST_QUESTION = 200
"""Characters of a question that a report quotes."""


class Report:
    """Shows outcomes on a screen, those of one session together; `width` are its cells, None in a pipe."""

    def __init__(self, screen: Screen, settings: Settings, width: int | None) -> None:
        self._screen, self._settings, self._width = screen, settings, width

    def show(self, outcomes: Sequence[Outcome]) -> None:
        """Show all of it."""
        sources = {outcome.plan.source.id: outcome.plan.source for outcome in outcomes}
        for place, (source_id, source) in enumerate(sources.items()):
            mine = [outcome for outcome in outcomes if outcome.plan.source.id == source_id]
            turns = ngettext("{n:,} turn", "{n:,} turns", len(source.turns)).format(n=len(source.turns))
            sentence = _("'{title}' of {user}, recorded with {model}: {turns}")
            self._break(here=place > 0)
            self._screen.tell(sentence.format(title=source.title, user=source.user, model=source.model, turns=turns))
            self._break()
            self._turns(mine)
            self._differences(mine)
            self._break()
            self._models(mine)
        if len(sources) > 1:
            self._break()
            self._screen.tell(_("All sessions together:"))
            self._break()
            self._totals(outcomes)

    def _break(self, *, here: bool = True) -> None:
        if here:
            self._screen.show("")

    def _turns(self, outcomes: Sequence[Outcome]) -> None:
        """Put each recorded answer above the new ones."""
        source = outcomes[0].plan.source
        rows = []
        for number, turn in enumerate(source.turns, 1):
            asked, answerer = turn.question.content[:LONGEST_QUESTION], turn.answer.model or source.model
            rows.append((str(number), answerer, *self._row(turn, source.model, _("recorded")), asked))
            rows += [
                ("", model := outcome.plan.model, *self._row(pair.new, model, named(pair.comparison)), "")
                for outcome in outcomes
                for pair in outcome.pairs[number - 1 : number]
            ]
        head = (_("turn"), _("model"), _("answer"), _("length"), _("tokens"), _("time"), _("cost"), _("question"))
        self._table(rows, head)

    def _row(self, turn: Turn, model: str, what: str) -> tuple[str, ...]:
        """Tell of an answer what it is beside the others, and what it took of the model that was named."""
        answer = turn.answer
        tokens = f"{answer.usage.completion_tokens:,}" if answer.usage else ""
        seconds = time(answer.latency.total) if answer.latency else ""
        cost = spent_on(self._settings, model, [turn])
        money = cost.cost if cost.turns > cost.uncounted + cost.unpriced else ""
        return what, f"{len(answer.content):,}", tokens, seconds, money

    def _differences(self, outcomes: Sequence[Outcome]) -> None:
        """Show what is not the same, turn by turn."""
        source = outcomes[0].plan.source
        for number, turn in enumerate(source.turns, 1):
            changed = [
                (outcome, pair)
                for outcome in outcomes
                for pair in outcome.pairs[number - 1 : number]
                if pair.comparison.likeness != "same"
            ]
            if not changed:
                continue
            self._break()
            self._screen.show(_("turn {number}: {question}").format(number=number, question=_quoted(turn.question)))
            for outcome, pair in changed:
                self._difference(outcome, pair)

    def _difference(self, outcome: Outcome, pair: Pair) -> None:
        self._screen.show(f"{heading(outcome.plan.name)}{named(pair.comparison)}")
        if pair.comparison.by != "words":
            self._screen.note(_("the answers are long: they are not compared word by word"))
        text = lay_out(pair.comparison.stretches, self._width, colour=self._screen.colour)
        if not text:
            self._screen.show(_("only blanks differ"))
        elif not (self._screen.colour and self._screen.control(text)):
            self._screen.show(text.removesuffix("\n"))

    def _models(self, outcomes: Sequence[Outcome]) -> None:
        """Sum up each replay of one session."""
        rows = [
            (
                outcome.plan.name,
                f"{outcome.answered:,}/{len(outcome.plan.turns):,}",
                *self._sums([outcome]),
                outcome.session.id if outcome.session is not None and outcome.path is not None else _("not saved"),
            )
            for outcome in outcomes
        ]
        source = outcomes[0].plan.source
        spent = spent_on(self._settings, source.model, source.turns)
        recorded = (source.model, _("recorded"), "", "", "", *_taken(spent, seconds_of(source.turns)), source.id)
        self._table([recorded, *rows], (_("model"), _("answered"), *_sums_head(), _("session")), wrap=True)

    def _totals(self, outcomes: Sequence[Outcome]) -> None:
        """Sum up each model over all sessions."""
        rows = []
        for name in dict.fromkeys(outcome.plan.name for outcome in outcomes):
            mine = [outcome for outcome in outcomes if outcome.plan.name == name]
            asked = sum(len(outcome.plan.turns) for outcome in mine)
            rows.append((name, f"{sum(each.answered for each in mine):,}/{asked:,}", *self._sums(mine)))
        self._table(rows, (_("model"), _("answered"), *_sums_head()))

    def _table(self, rows: Sequence[Sequence[str]], head: Sequence[str], *, wrap: bool = False) -> None:
        """Show a table without the columns in which nothing is known; with `wrap` all of its last column."""
        columns = [column for column in zip(head, *rows, strict=True) if any(column[1:])]
        first, *rest = zip(*columns, strict=True)
        self._screen.table(rest, first, wrap=wrap)

    def _sums(self, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
        spent = sum((outcome.spent(self._settings) for outcome in outcomes), Spent())
        seconds = sum(outcome.seconds for outcome in outcomes)
        return (*(f"{sum(each.count(name) for each in outcomes):,}" for name in LIKENESS), *_taken(spent, seconds))


def named(comparison: Comparison) -> str:
    """Say how alike two answers are: `similar 0.83`, rounded down, so that only what is all the same is 1."""
    word = _(LIKENESS[comparison.likeness])
    return word if comparison.likeness == "same" else f"{word} {int(comparison.ratio * 100) / 100:.2f}"


def time(seconds: float) -> str:
    """Write seconds as they stand in a table."""
    return _("{seconds:.1f} s").format(seconds=seconds)


def _sums_head() -> Iterable[str]:
    return (*(_(name) for name in LIKENESS.values()), _("tokens"), _("time"), _("cost"))


def _taken(spent: Spent, seconds: float) -> tuple[str, str, str]:
    known = spent.turns > spent.uncounted
    priced = spent.turns > spent.uncounted + spent.unpriced
    tokens = f"{spent.prompt:,} + {spent.answer:,}" if known else ""
    return tokens, time(seconds) if seconds else "", spent.cost if priced else ""


def _quoted(question: Message) -> str:
    text = question.shown
    return text if len(text) <= LONGEST_QUESTION else text[:LONGEST_QUESTION] + "…"
