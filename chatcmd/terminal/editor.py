"""Text changed in the user's own editor."""

import asyncio
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from chatcmd.errors import UsageError, reason
from chatcmd.language import _

USUAL = ("vi", "nano")
"""Editors that are looked for where none is named."""

PATIENCE = 2.0
"""Seconds that an editor has to end in when the chat has to."""


async def edited(text: str, environ: Mapping[str, str]) -> str:
    """Let the user change a text in $VISUAL, else $EDITOR, else vi or nano; less the last line's ending.

    The terminal must be as it was before the chat. Raises UsageError when there is no editor, or it fails.
    """
    words = editor_of(environ)
    with tempfile.TemporaryDirectory(prefix="chatcmd-") as folder:  # the editor's own copies stay private in it, too
        path = Path(folder) / "question.md"
        path.touch(0o600)
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            code = await _run([*words, str(path)])
        except OSError as error:
            sentence = _("the editor {editor} cannot be started ({reason}); name another in $VISUAL or $EDITOR")
            raise UsageError(sentence.format(editor=words[0], reason=reason(error))) from None
        if code != 0:
            sentence = _("the editor {editor} ended with {code}; the text is as it was")
            raise UsageError(sentence.format(editor=words[0], code=code))
        return _read(path, words[0])


def editor_of(environ: Mapping[str, str]) -> list[str]:
    """Name the command of the editor that is used; raises UsageError when there is none."""
    for name in ("VISUAL", "EDITOR"):
        if value := environ.get(name, "").strip():
            try:
                return shlex.split(value)
            except ValueError as error:
                sentence = _("${name} is no command ({reason}): {value}")
                raise UsageError(sentence.format(name=name, reason=error, value=value)) from None
    for usual in USUAL:
        if found := shutil.which(usual, path=environ.get("PATH")):
            return [found]
    raise UsageError(_("there is no editor; name yours in $VISUAL or $EDITOR"))


async def _run(argv: list[str]) -> int:
    """Run an editor to its end; when we have to end before, so does it."""
    with _deaf():  # before it is there: it may draw itself, and be told to stop, before we hear of it
        process = await asyncio.create_subprocess_exec(*argv, preexec_fn=_hearing)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGHUP)  # editors keep what was not written then
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), PATIENCE)
            if process.returncode is None:
                process.kill()
                await process.wait()


@contextmanager
def _deaf() -> Iterator[None]:
    """Leave Ctrl-C and Ctrl-Z to the editor, which has the terminal; a stopped editor stops us too, as one job."""
    heard = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTSTP)}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
            signal.siginterrupt(number, False)  # as the event loop has it


def _hearing() -> None:
    """Let a new process hear Ctrl-C, which it would not, having it from us."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read(path: Path, editor: str) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        sentence = _("what the editor {editor} wrote cannot be read ({reason}); the text is as it was")
        raise UsageError(sentence.format(editor=editor, reason=reason(error))) from None
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
