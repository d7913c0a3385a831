"""/edit: change a question, and ask it in place of what it was."""

import asyncio

from msgspec.structs import replace

from chatcmd.app import App
from chatcmd.branch import ask_again, newest_question, newest_turn, question_of
from chatcmd.conversation.mention import places, still_named
from chatcmd.conversation.message import Message
from chatcmd.errors import ChatcmdError
from chatcmd.language import _, marked
from chatcmd.slash.fork import offer_turns, turn_number
from chatcmd.slash.registry import command
from chatcmd.terminal import Line


@command(
    "edit",
    marked("[TURN [TEXT]]"),
    marked("change the last question, or that of a turn, in your editor, and ask it in its place"),
    group="answer",
    complete=offer_turns,
    lines=True,
    more=marked(
        "The editor is $VISUAL, else $EDITOR; TEXT is asked without it. Saved without a change, or empty, nothing is "
        "asked. The answer begins a branch, behind the turns before it; the session as it was is kept. When no answer "
        "comes, everything stays as it was, and the changed question stands in the line."
    ),
)
async def edit(app: App, argument: str) -> Line | None:
    number, text = (*argument.split(maxsplit=1), "", "")[:2]
    turn = turn_number("edit", number) if number else newest_turn(app.talk)
    question = newest_question(app.talk) if not number or turn is None else question_of(app.talk, turn)
    by_hand = not text
    text = text or await app.keyboard.edit(question.content)
    if text == question.content or not text.strip():
        app.screen.note(_("the question is as it was; nothing is asked") if text.strip() else _("nothing to ask"))
        return None
    if by_hand or not app.keyboard.interactive:
        app.screen.question(app.talk.session.user, text)  # no terminal has shown it yet
    changed = replace(question, content=text, parts=None, attachments=still_named(question.attachments, text))
    return await _ask(app, changed, turn)


async def _ask(app: App, changed: Message, turn: int | None) -> Line | None:
    """Ask it in the turn's place; when no answer comes, give back the line that asks it there again."""
    old, text = app.talk.session, changed.content
    try:
        if await ask_again(app, changed, turn=turn) is not None:
            if app.library is not None and app.talk.session.id != old.id:
                app.screen.note(_("the session as it was is kept: /resume {id}").format(id=old.id))
            return None
        app.screen.note(_("stopped before the first word; the session is as it was"))
    except ChatcmdError as error:
        app.fail(error)
    except asyncio.CancelledError:  # before it was sent: what was written in the editor is not lost
        pass
    if turn is not None:
        return Line(f"/edit {turn} {text}")
    return Line(text, places(text, [each.name for each in changed.attachments]))
