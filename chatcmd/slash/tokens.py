"""/tokens: count a text, or what this session has cost."""

from chatcmd.app import App
from chatcmd.slash.registry import command


@command("tokens", "[TEXT]", "count a text, or show what the last answers took")
async def tokens(app: App, argument: str) -> None:
    session = app.talk.session
    if argument:
        model = app.settings.model_named(session.model)
        about = "" if model.known else "about "
        app.screen.show(f"{about}{app.meter.count(app.settings, session.model, argument):,} tokens in {session.model}")
        return
    rows = []
    for number, turn in enumerate(session.turns, 1):
        sent, usage = turn.answer.window, turn.answer.usage
        ours = "-" if sent is None else f"{'<= ' if sent.at_most else '~ ' if sent.estimate else ''}{sent.tokens:,}"
        theirs = ("-", "-") if usage is None else (f"{usage.prompt_tokens:,}", f"{usage.completion_tokens:,}")
        rows.append((str(number), ours, *theirs, turn.question.content))
    if not rows:
        app.screen.show("nothing was asked yet in this session")
        return
    app.screen.table(rows[-20:], ("turn", "sent", "server's count", "answer", "question"))
    usages = [turn.answer.usage for turn in session.turns if turn.answer.usage is not None]
    prompt, answers = sum(each.prompt_tokens for each in usages), sum(each.completion_tokens for each in usages)
    app.screen.show(f"in all {prompt:,} prompt tokens and {answers:,} answer tokens, as the server counted")
