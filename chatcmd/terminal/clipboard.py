"""The system's clipboard, through the tools that each system has for it."""

import asyncio
import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct, field

from chatcmd.clean import clean_line
from chatcmd.errors import UsageError
from chatcmd.language import _

PATIENCE = 5.0
"""Seconds that a tool has to take a text; one that waits for a display that does not answer is given up."""

MOST_OSC52 = 74_994
"""Bytes of a text that every terminal takes: base64 makes 100,000 of them at most, which is xterm's limit."""


class Tool(Struct, frozen=True):
    """A command that copies its standard input; it fits where one of the `variables` is set (none: everywhere)."""

    words: tuple[str, ...]
    variables: tuple[str, ...] = ()
    encoding: str = "utf-8"
    environ: Mapping[str, str] = field(default_factory=dict)


TOOLS = (
    Tool(("termux-clipboard-set",), ("TERMUX_VERSION",)),
    Tool(("pbcopy",), environ={"LC_ALL": "en_US.UTF-8"}),  # takes its input for MacRoman elsewhere
    Tool(("wl-copy",), ("WAYLAND_DISPLAY",)),
    Tool(("xclip", "-selection", "clipboard"), ("DISPLAY",)),
    Tool(("xsel", "--clipboard", "--input"), ("DISPLAY",)),
    Tool(("clip.exe",), ("WSL_DISTRO_NAME", "WSL_INTEROP"), "utf-16"),
)


async def copy(text: str, environ: Mapping[str, str], patience: float = PATIENCE) -> str | None:
    """Copy with the first tool that can, and name it; None where there is none, UsageError where none could."""
    failed = None
    for path, tool in tools(environ):
        failure = await _run(path, tool, text, environ, patience)
        if failure is None:
            return tool.words[0]
        failed = failed or _("{tool} could not copy: {reason}").format(tool=tool.words[0], reason=failure)
    if failed:
        raise UsageError(failed)
    return None


def tools(environ: Mapping[str, str]) -> Iterator[tuple[str, Tool]]:
    """Find the tools that are there and fit, in the order in which they are tried, each with its path."""
    for tool in TOOLS:
        found = shutil.which(tool.words[0], path=environ.get("PATH", os.defpath))
        if found and (not tool.variables or any(environ.get(name) for name in tool.variables)):
            yield found, tool


def osc52(text: str) -> str | None:
    """Make the sequence that asks a terminal to copy a text; None when it is longer than terminals take."""
    data = text.encode("utf-8", "replace")
    return f"\x1b]52;c;{b64encode(data).decode()}\x07" if len(data) <= MOST_OSC52 else None


async def _run(path: str, tool: Tool, text: str, environ: Mapping[str, str], patience: float) -> str | None:
    """Run a tool to its end, and tell why it failed, if it did.

    Some stay behind to hand the text out: nothing of ours is left open in them, and Ctrl-C here does not reach them.
    """
    with tempfile.TemporaryFile() as complaint:
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                *tool.words[1:],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=complaint,
                env={**environ, **tool.environ},
                start_new_session=True,
            )
        except OSError as error:
            return str(error.strerror)
        try:
            async with asyncio.timeout(patience):
                await process.communicate(text.encode(tool.encoding, "replace"))
        except TimeoutError:
            return _("it did not take the text in {seconds:g} seconds").format(seconds=patience)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode == 0:
            return None
        complaint.seek(0)
        said = clean_line(complaint.read(500).decode("utf-8", "replace").strip())
        return said or _("exit code {code}").format(code=process.returncode)
