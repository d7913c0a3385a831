"""The history: whether its disk takes and keeps what is written, whose it is, and what is there."""

import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chatcmd.cli.doctor.case import Case
from chatcmd.cli.doctor.finding import Finding
from chatcmd.errors import HistoryError, reason
from chatcmd.history import file
from chatcmd.history.catalogue import INDEX, LEAST
from chatcmd.history.folder import LIVE, files, folders, saved
from chatcmd.history.index import IndexTrouble
from chatcmd.history.locking import lock_trouble
from chatcmd.history.trash import Trash
from chatcmd.history.trial import Trial, tried
from chatcmd.language import _, ngettext

MEGABYTE = 1_000_000
SCARCE = 100 * MEGABYTE
"""Bytes of free space below which it is worth a word."""

SLOWEST, FASTEST = 0.5, 0.00002
"""Seconds for 4 KB that are a nuisance at each question, and in which no disk can have kept them."""


def disk(case: Case) -> Iterator[Finding]:
    """Try the disk below the history folder; nothing is made that is not there."""
    history = case.root.history
    there = _nearest(history)
    yield _folder(case, history, there)
    yield written(tried(there), there)
    with suppress(OSError):
        yield space(shutil.disk_usage(there).free)
    yield _locks(there)


def space(free: int) -> Finding:
    """Say how many bytes are free."""
    label, megabytes = _("space"), free // MEGABYTE
    value = ngettext("{n:,} MB is free", "{n:,} MB are free", megabytes).format(n=megabytes)
    if not megabytes:
        value = _("less than 1 MB is free")
    if free >= SCARCE:
        return Finding("history.space", label, "ok", value)
    return Finding("history.space", label, "warning", value, advice=_("delete what is not needed"))


def written(trial: Trial, folder: Path) -> Finding:
    """Say what came of writing."""
    label = _("writing")
    if not trial.writable:
        value = _("{folder} cannot be written: {reason}").format(folder=folder, reason=trial.reason)
        mended = _("make room or take back what forbids it; until then a chat is kept in memory alone")
        return Finding("history.writing", label, "failed", value, advice=mended)
    value = _("4 KB are on the disk in {ms:.2f} ms").format(ms=trial.seconds * 1000)
    advice: str | None = None
    if trial.seconds > SLOWEST:
        advice = _("each question waits that long before it is sent; a disk of this machine is quicker")
    elif trial.seconds < FASTEST:
        advice = _("no disk is that quick: this one keeps things in memory, and a power cut may lose the last of them")
    return Finding("history.writing", label, "warning" if advice else "ok", value, None, advice, trial.seconds)


def contents(case: Case) -> Iterator[Finding]:
    """Say what is kept, in short; `history verify` looks at all of it."""
    history = case.root.history
    try:
        yield _sessions(history)
        yield _journals(history)
        yield _index(history)
        thrown = len(Trash(history).paths())
        value = ngettext("{n:,} deleted session", "{n:,} deleted sessions", thrown).format(n=thrown)
        value = value if thrown else _("empty")
        yield Finding("history.trash", _("trash"), "ok", value)
    except HistoryError as error:
        yield Finding("history.sessions", _("sessions"), "failed", str(error))


def _nearest(path: Path) -> Path:
    """Give a folder, or of its parents the first that there is."""
    return next((each for each in (path, *path.parents) if each.is_dir()), path)


def _folder(case: Case, history: Path, there: Path) -> Finding:
    label, value = _("folder"), str(history)
    if case.settings is not None and not case.settings["save"]:
        origin = str(case.settings.origin("save"))
        return Finding("history.folder", label, "skipped", _("{path} is not written to").format(path=value), origin)
    if there != history and os.path.lexists(history):
        value = _("{path} is no folder").format(path=value)
        return Finding("history.folder", label, "failed", value, advice=_("move it elsewhere"))
    if there != history:
        return Finding("history.folder", label, "ok", _("{path} is made when it is needed").format(path=value))
    try:
        wide = [path for path in (history, *folders(history)) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    except (OSError, HistoryError) as error:
        told = str(error) if isinstance(error, HistoryError) else reason(error).lower()
        return Finding("history.folder", label, "failed", _("{path}: {fault}").format(path=value, fault=told))
    if wide:
        sentence = _("{path}: others on this machine can read what is in it")
        advice = _("run: {command}").format(command=f"chmod -R go= {shlex.quote(value)}")
        return Finding("history.folder", label, "warning", sentence.format(path=value), advice=advice)
    return Finding("history.folder", label, "ok", _("{path}, for you alone").format(path=value))


def _locks(there: Path) -> Finding:
    try:
        trouble = lock_trouble(there)
    except OSError as error:
        value = _("not tried: {reason}").format(reason=reason(error).lower())
        return Finding("history.locks", _("locks"), "skipped", value)
    if trouble is None:
        return Finding("history.locks", _("locks"), "ok", _("two chats cannot write into one session"))
    value = _("this disk keeps no locks ({reason})").format(reason=trouble)
    advice = _("open a session in one chat at a time, or choose a root on a disk of this machine")
    return Finding("history.locks", _("locks"), "warning", value, advice=advice)


def _sessions(history: Path) -> Finding:
    label, found = _("sessions"), saved(history)
    if not found:
        return Finding("history.sessions", label, "ok", _("none is saved yet"))
    value = ngettext("{n:,} is saved, the latest is {id}", "{n:,} are saved, the latest is {id}", len(found))
    value = value.format(n=len(found), id=found[0].stem)
    try:
        file.read(found[0])
    except (HistoryError, OSError) as error:
        told = reason(error).lower() if isinstance(error, OSError) else str(error)
        sentence = _("{what}; it cannot be read: {fault}").format(what=value, fault=told)
        advice = _("see what is damaged: {command}").format(command="chatcmd history verify")
        return Finding("history.sessions", label, "failed", sentence, advice=advice)
    return Finding("history.sessions", label, "ok", value)


def _journals(history: Path) -> Finding:
    there = sum(len(files(folder, LIVE)) for folder in folders(history))
    value = _("none: no chat is open, and none broke off")
    if there:
        value = ngettext(
            "{n:,} chat is open, or broke off and is saved at the next start",
            "{n:,} chats are open, or broke off and are saved at the next start",
            there,
        ).format(n=there)
    return Finding("history.journals", _("journals"), "ok", value)


def _index(history: Path) -> Finding:
    label, path = _("index"), history / INDEX
    if not path.exists():
        value = _("none yet: it is made from {n} sessions on").format(n=LEAST)
        return Finding("history.index", label, "ok", value)
    from chatcmd.history.index.indexed import Indexed  # noqa: PLC0415 - --help needs no SQLite

    anew = _("run: {command}").format(command="chatcmd history reindex")
    try:
        behind = Indexed.behind(path, history)
    except IndexTrouble as error:
        value = _("it cannot be used ({reason}); all is read from the files").format(reason=error)
        return Finding("history.index", label, "warning", value, advice=anew)
    if behind is None:
        value = _("it is damaged; all is read from the files")
        return Finding("history.index", label, "warning", value, advice=anew)
    value = _("it knows all sessions")
    if behind:
        sentence = ngettext(
            "{n:,} session is taken up at the next search", "{n:,} sessions are taken up at the next search", behind
        )
        value = sentence.format(n=behind)
    return Finding("history.index", label, "ok", value)
