"""/retry: ask the last question again."""

from chatcmd.app import App
from chatcmd.branch import ask_again, newest_question
from chatcmd.language import _, marked
from chatcmd.slash.model import offer_models
from chatcmd.slash.registry import command


@command(
    "retry",
    marked("[MODEL]"),
    marked("ask the last question again; the answer before it is kept in the history"),
    group="answer",
    complete=offer_models,
    more=marked(
        "With MODEL another model answers, this once. The session goes on with the new answer; the one with the answer "
        "before it is saved beside it. When no answer comes, everything stays as it was."
    ),
)
async def retry(app: App, argument: str) -> None:
    question = newest_question(app.talk)
    if argument:
        app.check_model(argument)
    if await ask_again(app, question, argument or None) is None:
        app.screen.note(_("stopped before the first word; the session is as it was"))
