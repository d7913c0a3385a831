"""All files of one session looked at together: what is saved, what a killed process left, what was set aside."""

import fcntl
import os
import stat
import time
from collections.abc import Container
from pathlib import Path

from chatcmd.conversation.session import Session
from chatcmd.errors import reason
from chatcmd.history import file
from chatcmd.history.recovery import MAKING_SECONDS, nameless, replay
from chatcmd.history.verify.contents import Files
from chatcmd.history.verify.finding import Finding
from chatcmd.history.verify.mended import Mended, mended
from chatcmd.history.verify.saved import look, place_of
from chatcmd.language import _, ngettext


def look_at(files: Files, ids: Container[str] | None = None) -> list[Finding]:
    """Look at a session; one that another process has open is told as such, and not looked at.

    `ids` are those of all sessions there are: one of them should be its parent's.
    """
    if files.has_live and (what := _use(files.live)) is not None:
        return [Finding(str(files.saved), "open", what)]
    session, findings = _saved(files.saved, ids) if files.has_saved else (None, [])
    if files.has_live:
        findings += _journal(files, session)
    if not files.has_saved and not files.has_live and (best := best_copy(files.kept)) is not None:
        findings.append(_copies(files, best))
    what, advice = _("a write that did not end left it"), _("--repair takes it away, or sets it aside if it holds more")
    return findings + [Finding(str(each), "temporary", what, advice) for each in files.temporary]


def best_copy(kept: list[Path]) -> Mended | None:
    """Give the fullest of the damaged copies of a session."""
    found = [each for path in sorted(kept) if (each := _readable(path)) is not None]
    return max(found, key=lambda each: each.session.sequence, default=None)


def obstacle(path: Path) -> Finding | None:
    """Say what stands where a plain file should, if so."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        what = _("it is a link, which is not followed; put the file itself there")
        return Finding(str(path), "link", what)
    if not stat.S_ISREG(mode):
        return Finding(str(path), "place", _("it is no plain file; move it elsewhere"))
    return None


def _use(live: Path) -> str | None:
    """Say that another process holds a journal's lock, or may be about to take it; None when nobody does."""
    try:
        descriptor = os.open(live, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size == 0 and time.time() - found.st_mtime < MAKING_SECONDS:  # to try would turn them away
            return _("it may be about to be opened, and was not looked at; try again in a minute")
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _("it is open in another chatcmd, and was not looked at")
    except OSError:  # a file system without locks
        return None
    finally:
        os.close(descriptor)
    return None


def _saved(path: Path, ids: Container[str] | None) -> tuple[Session | None, list[Finding]]:
    try:
        if (found := obstacle(path)) is not None:
            return None, [found]
        session, findings = look(path, file.read_bytes(path))
    except FileNotFoundError:  # it was there just now
        return None, []
    except OSError as error:
        what = _("it cannot be read: {reason}").format(reason=reason(error))
        return None, [Finding(str(path), "unreadable", what, _("give yourself the right to read it"))]
    if ids is not None and session is not None and session.parent is not None and session.parent.id not in ids:
        what = _("the session that it branched from, {id}, is gone; it is whole without it")
        findings.append(Finding(str(path), "parent", what.format(id=session.parent.id)))
    return session, findings


def _journal(files: Files, known: Session | None) -> list[Finding]:
    at = str(files.live)
    try:
        if (found := obstacle(files.live)) is not None:
            return [found]
        data = file.read_bytes(files.live)
    except FileNotFoundError:
        return []
    except OSError as error:
        what = _("it cannot be read: {reason}").format(reason=reason(error))
        return [Finding(at, "unreadable", what, _("give yourself the right to read it"))]
    if not data:
        return []  # the next start takes it away
    session, damaged = replay(data, known or nameless(files.live))
    if session is not None and file.is_newer(session):
        return [Finding(at, "newer", _("a newer chatcmd wrote it; it is left as it is, upgrade"))]
    return [Finding(at, "journal", _told(session, known, damaged), _advice(damaged))]


def _told(session: Session | None, known: Session | None, damaged: list[int]) -> str:
    """Say what a journal holds beyond its session's file."""
    before = known.sequence if known is not None else 0
    more = max(session.sequence - before, 0) if session is not None else 0
    sentence = ngettext(
        "an earlier chatcmd left it; the session's file lacks {n:,} message of it",
        "an earlier chatcmd left it; the session's file lacks {n:,} messages of it",
        more,
    )
    told = sentence.format(n=more) if more else _("an earlier chatcmd left it; the session's file has all of it")
    if not damaged:
        return told
    numbers = _(", ").join(map(str, damaged))
    return _("{sentence} (line {numbers} cannot be read)").format(sentence=told, numbers=numbers)


def _advice(damaged: list[int]) -> str:
    if damaged:
        return _("--repair saves what can be read, as the next start does, and keeps it as it is beside")
    return _("--repair saves it, as the next start does")


def _copies(files: Files, best: Mended) -> Finding:
    messages = sum(1 for each in best.session.messages)
    what = ngettext(
        "only damaged copies of it are left, of which {n:,} message can be read",
        "only damaged copies of it are left, of which {n:,} messages can be read",
        messages,
    )
    return Finding(str(files.saved), "copies", what.format(n=messages), _("--repair makes a session of it again"))


def _readable(path: Path) -> Mended | None:
    """Read what can be read of a file that was set aside: a session, or a journal."""
    try:
        if obstacle(path) is not None:
            return None
        data = file.read_bytes(path)
    except OSError:
        return None
    own = Path(*path.parts[:-1], path.name.partition(".json")[0] + ".json")
    if not path.name.removeprefix(own.stem).startswith(".jsonl"):
        return mended(data, place_of(own))
    session, _damaged = replay(data)
    return Mended(session, ()) if session is not None and session.worth_saving else None
