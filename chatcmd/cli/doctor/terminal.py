"""The terminal: what can be drawn on it, and what the chat finds beside it."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping

from chatcmd.cli.doctor.finding import Finding
from chatcmd.errors import UsageError
from chatcmd.language import _
from chatcmd.terminal.clipboard import tools
from chatcmd.terminal.editor import editor_of

LEAST_COLUMNS, LEAST_ROWS = 40, 10
"""Below them the chat works, and little of it is seen at once."""


def terminal(environ: Mapping[str, str], *, plain: bool) -> Iterator[Finding]:
    """Say what the chat would have to do with, started here."""
    yield _streams()
    yield _kind(environ, plain=plain)
    yield from _size()
    yield _encoding(environ)
    yield _clipboard(environ)
    yield _editor(environ)


def _streams() -> Finding:
    label = _("input")
    if sys.stdin.isatty() and sys.stdout.isatty():
        return Finding("terminal.input", label, "ok", _("a terminal: the chat has its line editor"))
    value = _("input and output are not both a terminal: the chat reads lines, and draws nothing")
    return Finding("terminal.input", label, "skipped", value)


def _kind(environ: Mapping[str, str], *, plain: bool) -> Finding:
    label, term = _("colours"), environ.get("TERM", "")
    if not sys.stdout.isatty():
        return Finding("terminal.colours", label, "ok", _("none: what is shown goes to no terminal"))
    if plain:
        return Finding("terminal.colours", label, "ok", _("none: nothing is drawn"), "--plain")
    if term in ("", "dumb"):
        value = _("none: nothing is drawn on a terminal of this kind")
        return Finding("terminal.colours", label, "ok", value, f"TERM={term}")
    if environ.get("NO_COLOR"):
        return Finding("terminal.colours", label, "ok", _("none"), "NO_COLOR")
    return Finding("terminal.colours", label, "ok", _("the sixteen of your own palette"), f"TERM={term}")


def _size() -> Iterator[Finding]:
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return
    value = _("{columns} columns, {rows} rows").format(columns=columns, rows=rows)
    label = _("size")
    if not (columns and rows):
        yield Finding("terminal.size", label, "ok", _("unknown; it is taken for 80 by 24"))
    elif columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        yield Finding("terminal.size", label, "warning", value, advice=_("make it larger, if you can"))
    else:
        yield Finding("terminal.size", label, "ok", value)


def _encoding(environ: Mapping[str, str]) -> Finding:
    label, encoding = _("encoding"), sys.stdout.encoding
    origin = next((f"{name}={environ[name]}" for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), None)
    if encoding.lower().replace("-", "") == "utf8" and sys.getfilesystemencoding().replace("-", "") == "utf8":
        return Finding("terminal.encoding", label, "ok", "UTF-8", origin)
    value = _("{encoding}: characters that it lacks are shown as escapes").format(encoding=encoding)
    advice = _("set LC_ALL to a locale with UTF-8, such as C.UTF-8")
    return Finding("terminal.encoding", label, "warning", value, origin, advice)


def _clipboard(environ: Mapping[str, str]) -> Finding:
    found = [tool.words[0] for _path, tool in tools(environ)]
    if found:
        return Finding("terminal.clipboard", _("clipboard"), "ok", _(", ").join(found))
    value = _("no tool for it; /copy can use the terminal itself: /set osc52 true")
    return Finding("terminal.clipboard", _("clipboard"), "skipped", value)


def _editor(environ: Mapping[str, str]) -> Finding:
    label = _("editor")
    origin = next((name for name in ("VISUAL", "EDITOR") if environ.get(name, "").strip()), None)
    try:
        word, *_rest = editor_of(environ)
    except UsageError as error:
        return Finding("terminal.editor", label, "warning", str(error))
    if shutil.which(word, path=environ.get("PATH")) is None:
        value = _("{editor} is not there").format(editor=word)
        return Finding("terminal.editor", label, "warning", value, origin, _("name another in $VISUAL or $EDITOR"))
    return Finding("terminal.editor", label, "ok", word, origin)
