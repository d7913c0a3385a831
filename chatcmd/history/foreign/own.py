"""Our own sessions: one a file, a list of them as `export` writes, and the journals that killed chats left."""

from collections.abc import Iterator
from typing import Any

import msgspec

from chatcmd.errors import HistoryError
from chatcmd.history import file
from chatcmd.history.foreign.elements import Damage, elements
from chatcmd.history.foreign.found import Conversation, Found, LeftOut
from chatcmd.history.foreign.source import Source
from chatcmd.history.recovery import replay
from chatcmd.language import _

_JOURNAL = b'{"event":"session"'


def read(source: Source) -> Iterator[Found]:
    """Read every session; raises Damaged when the file cannot be read."""
    if source.head.startswith(_JOURNAL):
        yield _left_behind(source)
        return
    for element in elements(source.data, _is_session):
        if isinstance(element, Damage):
            sentence = _("what follows session {n} is damaged, and could not be read")
            yield LeftOut(source.name, sentence.format(n=element.after))
            continue
        try:
            session = file.parse(msgspec.json.encode(element), str(source.path))
        except HistoryError as error:
            yield LeftOut(_called(element, source), str(error))
            continue
        except RecursionError:
            yield LeftOut(_called(element, source), _("nested too deeply"))
            continue
        if file.is_newer(session):
            yield LeftOut(_called(element, source), _("a newer chatcmd wrote it; upgrade"))
        else:
            called = session.title or session.id
            yield Conversation(format="chatcmd", key=session.id, name=called, paths=(session,), own_id=session.id)


def _left_behind(source: Source) -> Found:
    """Read the journal of a chat that was killed, or still goes on elsewhere."""
    session, damaged = replay(source.data)
    if session is None:
        return LeftOut(source.name, _("nothing of it can be read"))
    if damaged and not session.worth_saving:
        return LeftOut(
            source.name, _("its lines {numbers} cannot be read").format(numbers=_(", ").join(map(str, damaged)))
        )
    ended = session.ended_at(
        max((message.at for message in session.messages if message.at), default=session.started), "recovered"
    )
    called = session.title or session.id
    return Conversation(format="chatcmd", key=session.id, name=called, paths=(ended,), own_id=session.id)


def _called(element: Any, source: Source) -> str:
    named = element.get("title") or element.get("id") if isinstance(element, dict) else None
    return named if isinstance(named, str) else source.name


def _is_session(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("messages"), list) and "persona" in value
