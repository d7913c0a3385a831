"""/edit: change the last question, and ask it in place of what it was."""

import asyncio

from msgspec.structs import replace

from chatcmd.app import App
from chatcmd.branch import ask_again, newest_question
from chatcmd.conversation.mention import places, still_named
from chatcmd.errors import ChatcmdError
from chatcmd.language import _, marked
from chatcmd.slash.registry import command
from chatcmd.terminal import Line


@command(
    "edit",
    "",
    marked("change the last question in your editor and ask it again"),
    group="answer",
    more=marked(
        "The editor is $VISUAL, else $EDITOR. Saved without a change, or empty, nothing is asked. The session as it "
        "was is kept. When no answer comes, the changed question stands in the line."
    ),
)
async def edit(app: App, argument: str) -> Line | None:  # noqa: ARG001 - all commands are called alike
    question = newest_question(app.talk)
    text = await app.keyboard.edit(question.content)
    if text == question.content or not text.strip():
        app.screen.note(_("the question is as it was; nothing is asked") if text.strip() else _("nothing to ask"))
        return None
    app.screen.question(app.talk.session.user, text)  # no terminal has shown it yet
    try:
        changed = replace(question, content=text, parts=None, attachments=still_named(question.attachments, text))
        if await ask_again(app, changed) is not None:
            return None
        app.screen.note(_("stopped before the first word; the session is as it was"))
    except ChatcmdError as error:
        app.fail(error)
    except asyncio.CancelledError:  # before it was sent: what was written in the editor is not lost
        pass
    return Line(text, places(text, [each.name for each in question.attachments]))
