"""/context: what the next request would hold, message by message."""

from chatcmd.app import App
from chatcmd.conversation.message import Message
from chatcmd.conversation.session import title_of
from chatcmd.language import _, marked, ngettext
from chatcmd.slash.registry import command


@command(
    "context",
    "",
    marked("what the next request would hold, message by message, with tokens"),
    group="session",
    more=marked("Turns leave the window oldest first, the persona never; what has left stays in the history."),
)
async def context(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    session = app.talk.session
    cost = app.meter.cost(app.settings, session.model)
    window = app.meter.fit(app.settings, session, Message(role="user", content=""))
    messages, budget = window.messages[:-1], window.budget
    rows = []
    for number, each in enumerate(messages, 1):
        rows.append((str(number), each.role, f"{cost.of(each):,}", each.content))
        rows += [("", "", "", f"+ {attached.label}") for attached in each.attachments]
    if window.dropped:
        persona = int(bool(session.persona.content))
        rows.insert(persona, ("-", "-", "0", _left_out([turn.question for turn in session.turns[: window.dropped]])))
    app.screen.table(rows, ("", _("role"), _("tokens"), _("content")))
    total = _(
        "{tokens:,} of {room:,} tokens before your question (a window of {window:,}, {reserve:,} kept for the answer); "
        "turns left out: {dropped}"
    )
    if cost.kind != "exact" or window.kind == "estimate":
        total = _(
            "about {tokens:,} of {room:,} tokens before your question (a window of {window:,}, {reserve:,} kept "
            "for the answer); turns left out: {dropped}"
        )
    app.screen.tell(
        total.format(
            tokens=cost.total(messages),
            room=budget.room,
            window=budget.window,
            reserve=budget.reserve,
            dropped=window.dropped,
        )
    )


def _left_out(questions: list[Message]) -> str:
    sentence = ngettext("turn 1 stays out: {first}", "turns 1 to {n} stay out: {first} ...", len(questions))
    return sentence.format(n=len(questions), first=title_of(questions[0].content))
