"""/tokens: count a text, or what this session has cost."""

from chatcmd.app import App
from chatcmd.conversation.message import Sent
from chatcmd.language import _, marked
from chatcmd.slash.registry import command

SHOWN = 20
"""Turns that are shown, the newest."""


@command(
    "tokens",
    marked("[TEXT]"),
    marked("count a text, or show what the last answers took"),
    group="session",
    lines=True,
)
async def tokens(app: App, argument: str) -> None:
    session = app.talk.session
    if argument:
        known = app.settings.model_named(session.model).known
        sentence = _("{n:,} tokens in {model}") if known else _("about {n:,} tokens in {model}")
        counted = app.meter.count(app.settings, session.model, argument)
        app.screen.tell(sentence.format(n=counted, model=session.model))
        return
    rows = []
    for number, turn in enumerate(session.turns, 1):
        sent, usage = turn.answer.window, turn.answer.usage
        theirs = ("-", "-") if usage is None else (f"{usage.prompt_tokens:,}", f"{usage.completion_tokens:,}")
        rows.append((str(number), counted_as(sent), *theirs, turn.question.content))
    if not rows:
        app.screen.tell(_("nothing was asked yet in this session"))
        return
    app.screen.table(rows[-SHOWN:], (_("turn"), _("sent"), _("server's count"), _("answer"), _("question")))
    usages = [turn.answer.usage for turn in session.turns if turn.answer.usage is not None]
    if not usages:
        app.screen.tell(_("the service has counted none of them"))
        return
    in_all = _("in all {prompt:,} prompt tokens and {answers:,} answer tokens, as the server counted")
    app.screen.tell(
        in_all.format(
            prompt=sum(each.prompt_tokens for each in usages), answers=sum(each.completion_tokens for each in usages)
        )
    )


def counted_as(sent: Sent | None) -> str:
    """Write a count with the mark of how sure it is."""
    if sent is None:
        return "-"
    return f"{'<= ' if sent.at_most else '~ ' if sent.estimate else ''}{sent.tokens:,}"
