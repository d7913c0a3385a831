"""A session mended: what is damaged is first kept beside, byte for byte, then a sound file takes its place."""

import os
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from chatcmd.conversation.session import Session
from chatcmd.errors import Damaged, HistoryError, SessionInUse, reason
from chatcmd.history import file
from chatcmd.history.aside import aside, asides
from chatcmd.history.disk import is_there, sync_folder
from chatcmd.history.journal import Journal
from chatcmd.history.recovery import recover
from chatcmd.history.verify.contents import Files
from chatcmd.history.verify.finding import Finding, Kind
from chatcmd.history.verify.mended import mended
from chatcmd.history.verify.saved import is_text, named, place_of, user_of
from chatcmd.history.verify.session import best_copy, look_at, obstacle
from chatcmd.language import _

OF_SAVED: frozenset[Kind] = frozenset({"damaged", "copies", "id", "user", "persona", "keys"})
"""What is mended by writing the session's file anew."""


def mend(files: Files, findings: list[Finding]) -> list[Finding]:
    """Mend a session under its lock, and tell of each finding what has become of it.

    Whatever happens meanwhile, each file that was there is there: under its name, or as it was under another one.
    """
    done: dict[str, str] = {}
    trouble = _("it could not be mended, and is left as it is")
    try:
        _mend(files, {each.kind for each in findings}, done)
    except SessionInUse:
        return look_at(files)
    except HistoryError as error:
        trouble = str(error)
    except OSError as error:
        trouble = _("{path} could not be written: {reason}").format(path=files.saved, reason=reason(error))
    left = {(each.path, each.kind) for each in look_at(_now(files))}
    return [_outcome(each, left, done, trouble) for each in findings]


def _outcome(finding: Finding, left: set[tuple[str, Kind]], done: dict[str, str], trouble: str) -> Finding:
    if not finding.is_repairable:
        return finding
    if (finding.path, finding.kind) in left:
        return replace(finding, advice=trouble)
    return replace(finding, repaired=True, advice=done.get(finding.path, ""))


def _now(files: Files) -> Files:
    """Say which of a session's files there are by now."""
    return Files(
        files.saved,
        has_saved=os.path.lexists(files.saved),
        has_live=os.path.lexists(files.live),
        temporary=[each for each in files.temporary if os.path.lexists(each)],
        kept=files.kept,
    )


def _mend(files: Files, kinds: set[Kind], done: dict[str, str]) -> None:
    """Mend what is found under the session's lock; `done` is told what was done to each path."""
    path = str(files.saved)
    journal = Journal(files.live)
    try:
        for each in files.temporary:
            done[str(each)] = _put_away(each, files)
        if kinds.intersection(OF_SAVED) or not (files.has_saved or files.has_live):
            done[path] = _mend_saved(files)
        if "damaged" in kinds and not journal.is_empty:
            file.keep(file.read_bytes(files.live), asides(files.live))  # it may hold what is lost of the file
    finally:
        journal.close(remove=False)
    if "journal" in kinds:
        done[str(files.live)] = _recovered(files.live)


def _put_away(temporary: Path, files: Files) -> str:
    """Remove what a write left that did not end, or keep it beside if it holds a message that the session does not."""
    if (found := obstacle(temporary)) is not None:
        return found.what
    data = file.read_bytes(temporary)
    there = _sound(files.saved, files.kept)[0]
    held = {(each.role, each.content) for each in there.messages} if there is not None else set()
    part = mended(data, place_of(files.saved))
    if part is None or all((each.role, each.content) in held for each in part.session.messages):
        temporary.unlink()
        return _("taken away: it held nothing that the session does not")
    kept = aside(files.saved)
    temporary.rename(kept)
    sync_folder(kept.parent)
    files.kept.append(kept)
    return _("it holds more than the session: kept as {file}").format(file=kept.name)


def _mend_saved(files: Files) -> str:
    """Write a session's file anew from what can be read of it, or of its copies; say what was done."""
    path = files.saved
    session, lost = _sound(path, files.kept)
    if session is None:
        if not is_there(path):
            return _("there is nothing of it that can be read")
        kept = aside(path)
        path.rename(kept)
        sync_folder(path.parent)
        return _("nothing in it could be read; it is kept as {file}").format(file=kept.name)
    if not (is_text(session.id) and is_text(session.user)):
        raise HistoryError(_("its name is no UTF-8, and it is left as it is; rename it first"))
    if not is_there(path):
        file.write(path, session)
        return _("a session was made of what can be read")
    before, kept = path.stat(), file.keep(file.read_bytes(path), asides(path))
    file.write(path, session)
    with suppress(OSError):  # to go on with the last session is not to go on with this one; but it has changed
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    if not lost:
        return _("written anew; as it was, it is kept as {file}").format(file=kept.name)
    sentence = _("written anew without {places}; as it was, it is kept as {file}")
    return sentence.format(places=named(lost), file=kept.name)


def _sound(path: Path, kept: list[Path]) -> tuple[Session | None, tuple[str, ...]]:
    """Make a session that loads of a file, or of a copy that was set aside; and name what is left out of it."""
    data = file.read_bytes(path) if is_there(path) and obstacle(path) is None else b""
    lost: tuple[str, ...] = ()
    try:
        session = file.parse(data, str(path))
    except Damaged:
        found = mended(data, place_of(path)) or best_copy(kept)
        if found is None:
            return None, ()
        session, lost = found.session, found.lost
    return replace(session, id=path.stem, user=user_of(path.parent) or session.user), lost


def _recovered(live: Path) -> str:
    """Save what a journal holds; say what came of it."""
    try:
        found = recover(live)
    except Damaged as error:  # it was set aside
        return str(error)
    if found is None:
        return _("taken away: the session's file has all of it")
    return found.warning or _("saved")
