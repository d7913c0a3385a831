"""A person picks a saved session, or a hit in one."""

from pathlib import Path

from chatcmd.errors import SessionNotFound, UsageError
from chatcmd.finding.shelf import Hits, Sessions
from chatcmd.history.hit import Hit
from chatcmd.history.library import Library
from chatcmd.language import _
from chatcmd.terminal import EndOfInput, Keyboard


async def pick_session(library: Library, keyboard: Keyboard, *users: str | None) -> Path | None:
    """Let one of these users' sessions be picked (None: everyone's); None when it is left without.

    Raises SessionNotFound when there is none, UsageError where there is nobody to pick.
    """
    if not any(library.users()):
        raise SessionNotFound(_("nothing is saved yet, so there is nothing to go on with"))
    if not keyboard.interactive:
        raise UsageError(_("nobody is here to pick a session; name one, as listed by: chatcmd history list"))
    try:
        choice = await keyboard.pick(Sessions(library.folder, users))
    except EndOfInput:
        return None
    if choice is None:
        return None
    what, _query = choice.what
    return Path((what.entry if isinstance(what, Hit) else what).path)


async def pick_hit(library: Library, keyboard: Keyboard, typed: str, *users: str | None) -> Hit | None:
    """Let one of the messages be picked that hold what is typed; None when it is left without."""
    try:
        choice = await keyboard.pick(Hits(library.folder, users), typed)
    except EndOfInput:
        return None
    if choice is None:
        return None
    hit, _query = choice.what
    assert isinstance(hit, Hit), "that shelf holds nothing else"
    return hit
