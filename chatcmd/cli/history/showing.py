"""`chatcmd history show`: what was said in a session."""

import argparse
import os
import sys
from collections.abc import Sequence

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.screens import pipe_screen, terminal_screen
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.conversation.message import Message
from chatcmd.conversation.session import Session
from chatcmd.errors import Exit, SettingsError, UsageError
from chatcmd.history.file import to_content
from chatcmd.history.library import LIVE, Library
from chatcmd.history.live import read_live
from chatcmd.history.row import when
from chatcmd.language import _, ngettext
from chatcmd.settings.load import load
from chatcmd.settings.root import Root
from chatcmd.terminal.screen import ANSWERER, Screen, heading

ROLES = ("user", "assistant")


def add(parser: Parser) -> None:
    """Add what the command takes."""
    add_user(parser)
    parser.add_argument("--turn", type=int, metavar="N", help=_("only this turn; -1 is the last"))
    parser.add_argument(
        "--role", choices=ROLES, metavar="|".join(ROLES), help=_("only what they said, without who said it")
    )
    parser.add_argument("--raw", action="store_true", help=_("exactly as it was said, even what a terminal obeys"))
    add_session(parser)


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:
    """Show it; raises SessionNotFound and HistoryError, and UsageError for a turn that it does not have."""
    path = library.find(arguments.session, user_of(arguments))
    is_live = path.with_suffix(LIVE).exists()
    session = read_live(path) if is_live else library.read(path)
    whole, headed = arguments.turn is None and arguments.role is None, arguments.role is None
    messages = [*session.messages]
    places = range(len(messages)) if whole else _places(session, arguments.turn, arguments.role)
    if arguments.json:
        content = to_content(session) if is_live else dict(session.raw)
        write_document(content if whole else _less(content, len(messages), places))
    elif arguments.raw:
        _write_raw(session, [messages[place] for place in places], headed=headed)
    else:
        screen = _screen(root, headed=headed)
        if whole and screen.columns is not None:
            screen.note(*_about(session))
        for place in places:
            if headed or messages[place].role == "assistant":
                screen.message(messages[place], session.user)
            else:
                screen.show(messages[place].shown)
        screen.close()
    return Exit.DONE


def _places(session: Session, number: int | None, role: str | None) -> list[int]:
    """Choose messages by their turn and role, and say where they stand among all; raises UsageError."""
    before = int(bool(session.persona.content))
    sizes = [len(turn.aside) + 2 for turn in session.turns] + ([len(session.aside)] if session.aside else [])
    ends = [before + sum(sizes[: place + 1]) for place in range(len(sizes))]
    chosen = range(before, ends[-1] if ends else before)
    if number is not None:
        if not 1 <= abs(number) <= len(sizes):
            few = ngettext(
                "the session has {n} turn, and --turn {number} is none of them",
                "the session has {n} turns, and --turn {number} is none of them",
                len(sizes),
            )
            raise UsageError(few.format(n=len(sizes), number=number))
        place = number - 1 if number > 0 else len(sizes) + number
        chosen = range(ends[place] - sizes[place], ends[place])
    return [place for place, message in enumerate(session.messages) if place in chosen and role in (None, message.role)]


def _less(content: dict[str, object], number: int, places: Sequence[int]) -> dict[str, object]:
    """Leave those messages in a file's content that are wanted of `number`; the persona's own may not stand in it."""
    written = content["messages"]
    assert isinstance(written, list), "it was read as a session"
    missing = number - len(written)
    return content | {"messages": [written[place - missing] for place in places]}


def _write_raw(session: Session, messages: Sequence[Message], *, headed: bool) -> None:
    """Write bytes that a terminal may take for commands: this was asked for."""
    for message in messages:
        who = {"user": session.user, "assistant": ANSWERER}.get(message.role, message.role)
        head = heading(who) if headed else ""
        sys.stdout.buffer.write(f"{head}{message.content}\n".encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()


def _about(session: Session) -> list[str]:
    """Say what a session is, before it is shown."""
    turns = ngettext("{n} turn", "{n} turns", len(session.turns)).format(n=len(session.turns))
    sentence = _("{id}, {when}: {title} ({user}, {persona}, {model}, {turns})")
    facts = {"id": session.id, "when": when(session.started), "title": session.title, "user": session.user}
    lines = [sentence.format(**facts, persona=session.persona.name, model=session.model, turns=turns)]
    if session.parent is not None:
        branch = _("a branch of {id}, from behind its turn {turn}")
        lines.append(branch.format(id=session.parent.id, turn=session.parent.turn))
    if session.tags:
        lines.append(_("tags: {names}").format(names=_(", ").join(session.tags)))
    return lines


def _screen(root: Root, *, headed: bool) -> Screen:
    """Open the screen, at a terminal as the chat would; a setting that is wrong does not stand before one's history."""
    if not sys.stdout.isatty():
        return pipe_screen(headed=headed)
    try:
        settings = load({}, os.environ, root)
    except SettingsError:
        return terminal_screen(os.environ, headed=headed)
    screen = terminal_screen(os.environ, plain=settings["plain"], headed=headed)
    screen.setting = settings.__getitem__
    return screen
