"""A session as a JSON file (design: 1.5): whole or not at all, unknown keys kept."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from errno import EISDIR
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.name import decoded
from chatcmd.conversation.session import Facts, Session, paired, title_of
from chatcmd.errors import Damaged, HistoryError, NotSaved
from chatcmd.history.disk import failing_as_not_saved, is_there, write_whole
from chatcmd.history.message import Written, to_message, to_written
from chatcmd.history.nested import decoded as decoded_json
from chatcmd.history.upgrade import FORMAT, Place, format_of, upgraded
from chatcmd.language import _

__all__ = [
    "FORMAT",
    "OLDER",
    "Saved",
    "is_newer",
    "keep",
    "parse",
    "read",
    "read_bytes",
    "to_content",
    "to_session",
    "write",
]

OLDER = ".format-"
"""Behind the name of a file that was written anew: the file as it was before, and the number of its format."""

_FREE = {"source", "settings"}
"""Fields whose own keys are all known: one that is gone is not to come back from what was read."""

_MARK = b"\xef\xbb\xbf"


class Saved(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in the file, declared once; a wrong type is reported with its path in the JSON."""

    format: int
    messages: list[Written]


def read(path: Path) -> Session:
    """Read a saved session; raises Damaged with what is wrong where, HistoryError for a newer one, and OSError."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """Read a file that may be anything: raises OSError at once for what is no plain file, and could be waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(_("it is no plain file"))
        with open(descriptor, "rb", buffering=0, closefd=False) as opened:
            return opened.read()
    finally:
        os.close(descriptor)


def parse(data: bytes, name: str) -> Session:
    """Read a session from bytes, in our format or an older one; `name` is their path, and how errors call them."""
    try:
        content = decoded_json(msgspec.json.decode, data.removeprefix(_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        sentence = _("{path} is not readable JSON ({fault}); it is left as it is")
        raise Damaged(sentence.format(path=name, fault=error)) from None
    try:
        return to_session(upgraded(content, lambda: _place(Path(name))))
    except msgspec.ValidationError as error:
        if format_of(content) > FORMAT:
            sentence = _("{path} was written by a newer chatcmd, and cannot be shown; upgrade")
            raise HistoryError(sentence.format(path=name)) from None
        raise Damaged(_("{path} is no saved session: {fault}").format(path=name, fault=error)) from None


def write(path: Path, session: Session) -> None:
    """Write a saved session; raises NotSaved.

    A file of an older format that stands there is kept beside, the first time; one of a newer format stays as it is.
    """
    _spare(path)
    write_whole(path, msgspec.json.format(msgspec.json.encode(to_content(session)), indent=2) + b"\n")


def keep(data: bytes, names: Iterable[Path]) -> Path:
    """Keep data under the first of these names that is free, unless one before holds it already. Raises NotSaved."""
    for name in names:
        with failing_as_not_saved(name):
            taken = is_there(name)
        if not taken:
            write_whole(name, data)
            return name
        with suppress(OSError):
            if not name.is_symlink() and read_bytes(name) == data:
                return name
    raise AssertionError("there is always another name")


def is_newer(session: Session) -> bool:
    """Tell whether a newer program wrote it: then it is shown, never rewritten."""
    return format_of(session.raw) > FORMAT


def to_session(content: Any) -> Session:
    """Make a session of a file's content; raises msgspec.ValidationError."""
    saved = msgspec.convert(content, Saved)
    messages = [to_message(each) for each in saved.messages]
    if saved.persona.begins(content["messages"]):
        messages = messages[1:]
    turns, aside = paired(messages)
    facts = _facts(saved)
    facts["title"] = saved.title or title_of(turns[0].question.content if turns else "")
    return Session(**facts, turns=turns, aside=aside, raw=content)


def to_content(session: Session) -> dict[str, Any]:
    """Make a file's content of a session: the known fields over what was read."""
    saved = Saved(**_facts(session), format=FORMAT, messages=[to_written(each) for each in session.messages])
    known: dict[str, Any] = {"format": FORMAT} | msgspec.to_builtins(saved)
    raw = {name: value for name, value in session.raw.items() if name not in Saved.__struct_fields__ or name in known}
    messages = raw.get("messages")
    if messages and session.persona.content and not session.persona.begins(messages):
        raw["messages"] = [{}, *messages]  # the persona's own message stands before those that were read
    return _laid_over(raw, known)  # type: ignore[no-any-return]


def _facts(of: Facts) -> dict[str, Any]:
    return {name: getattr(of, name) for name in Facts.__struct_fields__}


def _place(path: Path) -> Place:
    try:
        at = path.stat().st_mtime
    except OSError:
        at = 0.0
    written = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Place(path.stem, decoded(path.parent.name), written)


def _spare(path: Path) -> None:
    """Keep what stands where a session is to be written, if it has another format than ours."""
    with failing_as_not_saved(path):  # what cannot be read is not written over unseen
        try:
            data = read_bytes(path)
        except (FileNotFoundError, NotADirectoryError):
            return
    try:
        found = format_of(msgspec.json.decode(data.removeprefix(_MARK)))
    except (ValueError, RecursionError):  # it holds nothing that could be told
        return
    if found > FORMAT:
        raise NotSaved(_("{path} was written by a newer chatcmd, and is left as it is; upgrade").format(path=path))
    if found < FORMAT:
        numbers = count(1)
        keep(data, (path.with_name(f"{path.name}{OLDER}{found}" + (f"-{n}" if n > 1 else "")) for n in numbers))


def _laid_over(raw: Any, known: Any) -> Any:
    """Lay known values over raw ones, keeping the keys that only the raw ones have."""
    if isinstance(raw, dict) and isinstance(known, dict):
        mine = {name: value if name in _FREE else _laid_over(raw.get(name), value) for name, value in known.items()}
        return mine | {name: value for name, value in raw.items() if name not in mine}
    if isinstance(raw, list) and isinstance(known, list):
        return [_laid_over(raw[i] if i < len(raw) else None, value) for i, value in enumerate(known)]
    return known
