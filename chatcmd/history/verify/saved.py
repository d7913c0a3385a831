"""A saved session's file looked at: whether it loads, and whether what it says agrees with itself and its place."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.name import decoded
from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError
from chatcmd.history import file
from chatcmd.history.message import Written, to_message
from chatcmd.history.upgrade import Place, format_of
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.mended import Mended, mended
from chatcmd.language import _, ngettext

MARK = b"\xef\xbb\xbf"
MOST_NAMED = 5
"""Places that are named in a sentence."""


def look(path: Path, data: bytes) -> tuple[Session | None, list[Finding]]:
    """Look at a file's content: the session it holds, if it loads, and what is to be said of it."""
    at = str(path)
    try:
        session = file.parse(data, at)
    except Damaged:
        return None, [Finding(at, "damaged", _fault(data), _hope(mended(data, place_of(path))))]
    except HistoryError:
        what = _("a newer chatcmd wrote it, in a form that cannot be shown; it is left as it is, upgrade")
        return None, [Finding(at, "newer", what)]
    if file.is_newer(session):
        return session, [Finding(at, "newer", _("a newer chatcmd wrote it; it is shown, and left as it is"))]
    return session, [*_of_file(at, data), *_of_place(path, session), *_of_messages(at, session)]


def place_of(path: Path) -> Place:
    """Say what a file's path tells of its session."""
    return Place(path.stem, user_of(path.parent) or decoded(path.parent.name), _begun(path.stem))


def user_of(folder: Path) -> str | None:
    """Tell whose folder it is; None where its name's bytes are no text."""
    return decoded(folder.name) if is_text(folder.name) else None


def is_text(name: str) -> bool:
    """Tell whether a name's bytes are UTF-8: no file can say that it is called otherwise."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def named(places: tuple[str, ...] | list[str]) -> str:
    """Name some places in one line."""
    return _(", ").join([*places[:MOST_NAMED], *(["..."] if len(places) > MOST_NAMED else [])])


def _fault(data: bytes) -> str:
    if not data:
        return _("it is empty")
    try:
        msgspec.convert(msgspec.json.decode(data.removeprefix(MARK)), file.Saved)
    except msgspec.ValidationError as error:
        return _("it is no saved session ({fault})").format(fault=error)
    except (ValueError, RecursionError) as error:
        return _("it is not readable JSON ({fault})").format(fault=error)
    return _("it is no saved session")


def _hope(found: Mended | None) -> str:
    """Say what a repair will make of it."""
    if found is None:
        return _("nothing in it can be read; --repair sets it aside")
    messages = sum(1 for each in found.session.messages)
    sentence = ngettext(
        "{n:,} message can be read; --repair writes it anew, and keeps the file as it is beside",
        "{n:,} messages can be read; --repair writes them anew, and keeps the file as it is beside",
        messages,
    ).format(n=messages)
    if not found.lost:
        return sentence
    return _("{sentence} (left out: {places})").format(sentence=sentence, places=named(found.lost))


def _of_file(at: str, data: bytes) -> Iterator[Finding]:
    content = msgspec.json.decode(data.removeprefix(MARK))
    if format_of(content) < file.FORMAT:
        what = _("it has an older format ({format}); it is read, and written in ours when it grows")
        yield Finding(at, "older", what.format(format=format_of(content)))
    # What we would write of the same content cannot hold anything odd.
    if msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n" == data:
        return
    if data.startswith(MARK):
        yield Finding(at, "mark", _("it begins with a byte order mark, which other programs may not read"))
    if twice := _keys_twice(data):
        what = _("these keys stand there twice, and only the last of each counts: {names}")
        advice = _("--repair writes it anew with the last ones, and keeps the file as it is beside")
        yield Finding(at, "keys", what.format(names=named(twice)), advice)


def _keys_twice(data: bytes) -> list[str]:
    twice: dict[str, None] = {}

    def seen(pairs: list[tuple[str, Any]]) -> None:
        names = Counter(name for name, _value in pairs)
        if len(names) < len(pairs):
            twice.update(dict.fromkeys(name for name, times in names.items() if times > 1))

    try:
        json.loads(data.decode("utf-8-sig"), object_pairs_hook=seen)
    except (ValueError, RecursionError):  # numbers of thousands of digits, and the like
        return []
    return [*twice]


def _of_place(path: Path, session: Session) -> Iterator[Finding]:
    at = str(path)
    advice = _("--repair writes the name that its place has into it, and keeps the file as it is beside")
    if not is_text(path.stem):
        what = _("its name is no UTF-8; as long as it is there, everything is read without the index")
        yield Finding(at, "name", what, _("rename the file"))
    elif session.id != path.stem:
        yield Finding(at, "id", _("it says that it is session {id}").format(id=session.id), advice)
    if user_of(path.parent) not in (None, session.user):
        yield Finding(at, "user", _("it says that it is {user}'s").format(user=session.user), advice)


def _of_messages(at: str, session: Session) -> Iterator[Finding]:
    messages = session.raw["messages"]
    if session.persona.content and not session.persona.begins(messages):
        advice = _("--repair puts it there, and keeps the file as it is beside")
        yield Finding(at, "persona", _("the persona's message is missing at the beginning"), advice)
    for number, each in enumerate(messages):
        if each.get("attachments") and not to_message(msgspec.convert(each, Written)).attachments:
            what = _("what is attached to message {number} is not where it says; all its text is there")
            yield Finding(at, "attachments", what.format(number=number))
    times = [each.at for each in session.messages if each.at and each.at.endswith("Z")]
    if any(later < earlier for earlier, later in pairwise(times)):
        yield Finding(at, "order", _("a message is older than the one before it: a clock was set back"))


def _begun(session_id: str) -> str:
    """Read the time off an id, where it is one of ours."""
    digits = session_id[:16]
    if len(digits) == 16 and digits[8] == "T" and digits[15] == "Z" and (digits[:8] + digits[9:15]).isdecimal():  # noqa: PLR2004
        day, hour = digits[:8], digits[9:15]
        return f"{day[:4]}-{day[4:6]}-{day[6:]}T{hour[:2]}:{hour[2:4]}:{hour[4:]}.000Z"
    return ""
