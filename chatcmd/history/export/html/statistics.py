"""The page of statistics: questions over time, tokens and money by model and by user, in bars of SVG."""

from collections.abc import Callable, Mapping, Sequence

from chatcmd.conversation.price import AS_OF, Price
from chatcmd.conversation.spent import Spent
from chatcmd.history.asked import Asked, by
from chatcmd.history.export.html.element import NOTHING, Markup, element, joined
from chatcmd.history.export.html.frame import framed
from chatcmd.history.export.html.span import Span, spans
from chatcmd.language import _

WIDTH, HEIGHT = 1000, 220
"""The charts' own units; on a screen they are as wide as there is room."""

GAP = 0.2
"""The part of a column that stays free."""


def statistics(rows: Sequence[Asked], price: Callable[[Asked], Price | None]) -> str:
    """Make one page of all that was asked; `price` finds that of a row's model."""
    models, users = by(rows, lambda row: row.model, price), by(rows, lambda row: row.user, price)
    everything = sum(models.values(), Spent())
    parts = (
        element("header", element("h2", _("What was asked")), _facts(rows, everything)),
        _over_time(spans({day: spent.turns for day, spent in by(rows, lambda row: row.day, price).items() if day})),
        _table(_("Tokens and money by model"), _("model"), models),
        _table(_("Tokens and money by user"), _("user"), users),
        element("p", _("costs are by the list prices of {month}, or yours in [prices]").format(month=AS_OF)),
    )
    return "".join(framed(_("What was asked"), [element("article", *parts, class_="statistics")]))


def _facts(rows: Sequence[Asked], everything: Spent) -> Markup:
    days = sorted({row.day for row in rows if row.day})
    facts = [(_("turns"), f"{everything.turns:,}")]
    if days:
        facts += [(_("first day"), days[0]), (_("last day"), days[-1])]
    facts += [(_("tokens"), f"{everything.prompt:,} + {everything.answer:,}"), (_("cost"), everything.cost)]
    if everything.uncounted:
        facts.append((_("not counted"), f"{everything.uncounted:,}"))
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in facts))


def _over_time(columns: Sequence[Span]) -> Markup:
    """Draw columns side by side, and put the numbers below them for those who want to read or hear them."""
    if not columns:
        return NOTHING
    most = max(each.count for each in columns)
    step = WIDTH / len(columns)
    drawn = (_column(place * step, step, each, most) for place, each in enumerate(columns))
    title = _(columns[0].title)
    box = f"0 0 {WIDTH} {HEIGHT}"
    chart = element(
        "svg", *drawn, viewBox=box, preserveAspectRatio="none", class_="columns", role="img", aria_label=title
    )
    ends = (element("span", columns[0].label), element("span", columns[-1].label if len(columns) > 1 else ""))
    numbers = (element("tr", element("th", each.label), element("td", f"{each.count:,}")) for each in columns)
    table = element("div", element("table", *numbers), class_="wide")
    return element(
        "section",
        element("h3", title),
        element("div", f"{most:,}", class_="most"),
        chart,
        element("div", *ends, class_="ends"),
        element("details", element("summary", _("in numbers")), table),
    )


def _column(left: float, step: float, span: Span, most: int) -> Markup:
    """Draw one column; where nothing was asked it is not there."""
    if not span.count:
        return NOTHING
    height = max(span.count / most * HEIGHT, 1)
    place = {"x": f"{left + step * GAP / 2:.2f}", "y": f"{HEIGHT - height:.2f}"}
    size = {"width": f"{step * (1 - GAP):.2f}", "height": f"{height:.2f}"}
    return element("rect", element("title", f"{span.label}: {span.count:,}"), class_="second", **place, **size)


def _table(title: str, what: str, spent: Mapping[str, Spent]) -> Markup:
    """Make a row of each, the most used first, with a bar of its prompts' and its answers' tokens."""
    if not spent:
        return NOTHING
    ranked = sorted(spent.items(), key=lambda each: (-each[1].prompt - each[1].answer, each[0]))
    most = max(each.prompt + each.answer for each in spent.values()) or 1
    names = {"": what, "right": _("cost"), "right all": _("turns"), "right one": _("prompt"), "right two": _("answer")}
    head = element("tr", *(element("th", name, class_=kind or None) for kind, name in names.items()))
    rows = (_row(name, each, most) for name, each in ranked)
    table = element("table", element("thead", head), element("tbody", joined(rows)))
    return element("section", element("h3", title), element("div", table, class_="wide"))


def _row(name: str, spent: Spent, most: int) -> Markup:
    counted = spent.uncounted < spent.turns
    numbers = (
        spent.cost if counted else _("not counted"),
        f"{spent.turns:,}",
        f"{spent.prompt:,}" if counted else "-",
        f"{spent.answer:,}" if counted else "-",
    )
    cells = (element("td", number, class_="right") for number in numbers)
    return element("tr", element("th", name, _bar(spent, most)), *cells)


def _bar(spent: Spent, most: int) -> Markup:
    first, second = (part / most * WIDTH for part in (spent.prompt, spent.answer))
    return element(
        "svg",
        element("rect", width=f"{first:.2f}", height=10, class_="first"),
        element("rect", x=f"{first:.2f}", width=f"{second:.2f}", height=10, class_="second"),
        viewBox=f"0 0 {WIDTH} 10",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
    )
