"""/context: what the next request would hold, message by message."""

from chatcmd.app import App
from chatcmd.conversation.message import Message
from chatcmd.slash.registry import command


@command("context", "", "what the next request would hold, message by message, with tokens")
async def context(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    session = app.talk.session
    cost = app.meter.cost(app.settings, session.model)
    window = app.meter.fit(app.settings, session, Message(role="user", content=""))
    messages = window.messages[:-1]
    rows = [(str(number), each.role, f"{cost.of(each):,}", each.content) for number, each in enumerate(messages, 1)]
    budget, about = window.budget, "" if cost.kind == "exact" else "about "
    app.screen.table(rows, ("", "role", "tokens", "content"))
    app.screen.show(
        f"{about}{cost.total(messages):,} of {budget.room:,} tokens before your question "
        f"(a window of {budget.window:,}, {budget.reserve:,} kept for the answer); turns left out: {window.dropped}"
    )
