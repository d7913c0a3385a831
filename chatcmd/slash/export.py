"""/export: this session as a file, as it is now."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from chatcmd.app import App
from chatcmd.clean import clean_line
from chatcmd.errors import UsageError
from chatcmd.history.disk import write_whole
from chatcmd.history.export.format import DEFAULT, FORMATS, Wish, ending_of, guessed, told
from chatcmd.history.export.place import checked, free, is_folder, is_there
from chatcmd.language import _, marked
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer


def _offers(app: App, typed: str) -> Iterable[Offer]:  # noqa: ARG001 - all are called alike
    return matching(typed, {name: _(each.help) for name, each in FORMATS.items()})


@command(
    "export",
    marked("[FORMAT] [FILE]"),
    marked("write this session to a file: Markdown, HTML, JSON or another format"),
    group="session",
    complete=_offers,
    more=marked(
        "FORMAT is markdown, html, json, jsonl, tutorial or asciicast; else the ending of FILE says it. Without FILE "
        "the current folder gets a file with a name of its own. The session goes on. From the shell, also for many "
        "sessions: chatcmd history export"
    ),
)
async def export(app: App, argument: str) -> None:
    session = app.talk.session
    if not session.worth_saving:
        raise UsageError(_("there is nothing to export yet: nothing was asked in this session"))
    name, path = _meant(argument)
    if is_folder(path):
        path = free(path, session, ending_of(name))
    real = checked(path, app.settings.root.history)
    if is_there(real):
        raise UsageError(_("{path} is there already; name another file").format(path=path))
    from chatcmd.replay.frames import frames  # noqa: PLC0415 - the first prompt need not wait for it

    losses: Counter[str] = Counter()
    text = "".join(FORMATS[name].pieces([session], Wish(frames=frames), losses))
    if text:
        write_whole(real, text.encode("utf-8", "replace"))
        app.screen.note(_("exported: {path}").format(path=clean_line(str(path))))
    app.screen.note(*told(losses))


def _meant(argument: str) -> tuple[str, Path]:
    """Read the format and the file off what was typed; raises UsageError."""
    first, *rest = argument.split(maxsplit=1) or [""]
    name = first if first in FORMATS else None
    typed = (rest[0] if rest else "") if name else argument
    if len(typed) > 1 and typed[0] == typed[-1] == '"':
        typed = typed[1:-1]
    path = Path(os.path.expanduser(typed))  # noqa: PTH111 - Path's raises for ~nobody
    if name is None and typed and not is_folder(path):
        name = guessed(path)
    return name or DEFAULT, path
