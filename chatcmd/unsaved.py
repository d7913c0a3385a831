"""Sessions that the history could not take: tried once more, and written elsewhere on request."""

import os
from contextlib import suppress
from pathlib import Path

from chatcmd.app import App
from chatcmd.clean import clean_line
from chatcmd.errors import Damaged, HistoryError, NotSaved, UsageError
from chatcmd.history import file
from chatcmd.history.export.place import checked, is_folder, is_there
from chatcmd.history.library import SAVED
from chatcmd.language import _, ngettext
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.talk import Talk
from chatcmd.terminal import NO_DRAFT, EndOfInput, Interrupted, Keyboard


async def last_try(app: App, keyboard: Keyboard | None, signals: Signals) -> None:
    """Save what could not be saved before; where that fails again, offer a person to write it to another folder."""
    app.saving.again()
    if keyboard is None or not app.saving.unsaved:
        return
    number = len(app.saving.unsaved)
    sentence = ngettext(
        "{n} session could not be saved in the history; it can be written to another folder",
        "{n} sessions could not be saved in the history; they can be written to another folder",
        number,
    )
    app.screen.note(sentence.format(n=number))
    while app.saving.unsaved:
        try:
            line = await signals.guard(keyboard.line(_("Folder (nothing: leave without): "), offers=()))
        except (EndOfInput, Interrupted, Stopped, Leave):
            line = NO_DRAFT
        if not (typed := line.text.strip()):
            number = len(app.saving.unsaved)
            sentence = ngettext("left without saving {n} session", "left without saving {n} sessions", number)
            app.screen.fail(sentence.format(n=number))
            return
        for talk in list(app.saving.unsaved):
            try:
                write(app, talk, typed)
            except (NotSaved, UsageError) as error:
                app.screen.fail(str(error))
                break
            app.saving.unsaved.remove(talk)


def write(app: App, talk: Talk, typed: str) -> None:
    """Write a session to a folder, or a file that ends with .json, and say so; raises UsageError and NotSaved."""
    path = _meant(typed, talk)
    talk.keep(checked(path, app.settings.root.history))
    sentence = _("saved: {path}; it comes back into the history with: chatcmd history import FILE")
    app.screen.note(sentence.format(path=clean_line(str(path))))


def _meant(typed: str, talk: Talk) -> Path:
    """Find the file that is meant; what is there already is only replaced when it holds the same session."""
    if len(typed) > 1 and typed[0] == typed[-1] == '"':
        typed = typed[1:-1]
    path = Path(os.path.expanduser(typed))  # noqa: PTH111 - Path's raises for ~nobody
    if is_folder(path) or path.suffix != SAVED:
        path /= f"{talk.session.id}{SAVED}"
    if is_there(path) and not _is_of(path, talk):
        raise UsageError(_("{path} is there already; name another file").format(path=path))
    return path


def _is_of(path: Path, talk: Talk) -> bool:
    with suppress(Damaged, HistoryError, OSError):
        return file.read(path).id == talk.session.id
    return False
