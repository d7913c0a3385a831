"""The shell commands: argv in, exit code out. Nothing heavy is imported before it is needed."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from chatcmd import __version__

USAGE = """\
chatcmd: a console chat for OpenAI-compatible models that counts every token and never loses a word

  chatcmd [chat] [options]      talk (the default)               chatcmd chat --help
  chatcmd ask QUESTION ...      one question, one answer         chatcmd ask --help
  chatcmd history COMMAND       list, show, path, import         chatcmd history --help

  chatcmd --offline             try it at once: a demo model, no key and no network
  chatcmd --version

Inside the chat: 0 saves and leaves, 1 starts over, /help lists the commands.
A key is read from OPENAI_API_KEY, envs/openai_key or envs/configs.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names (default: the process's arguments) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words in (["--version"], ["-V"]):
            _tell(f"chatcmd {__version__}\n")
            return 0
        if words in (["--help"], ["-h"], ["help"]):
            _tell(USAGE)
            return 0
        name = words.pop(0) if words and words[0] in ("chat", "ask", "history") else "chat"
        _mend_streams()
        return _run(name, words)
    except BrokenPipeError:
        _to_nowhere()
        return 141
    except OSError as error:  # nearly all are put into words where they happen
        sys.stderr.write(f"chatcmd: {ascii(error.filename) if error.filename else 'the system'}: {error.strerror}\n")
        return 3 if error.filename else 1
    except KeyboardInterrupt:  # before the chat has begun to listen
        return 130


def _mend_streams() -> None:
    """Take the standard streams as they ought to be: closed ones hold and keep nothing, and all of them wait."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            os.set_blocking(descriptor, True)  # some programs that start others leave them otherwise


def _tell(text: str) -> None:
    """Write to standard output, now, if there is one; raises BrokenPipeError."""
    try:
        if sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(f"chatcmd: standard output cannot be written: {error.strerror}\n")
        _to_nowhere()
        raise SystemExit(1) from None


def _run(name: str, words: list[str]) -> int:
    from chatcmd.errors import ChatcmdError  # noqa: PLC0415 - not needed for --version

    try:
        if name == "ask":
            from chatcmd.cli import ask

            return ask.run(words)
        if name == "history":
            from chatcmd.cli import history

            return history.run(words)
        from chatcmd.cli import chat

        return chat.run(words)
    except ChatcmdError as error:
        from chatcmd.terminal.clean import clean  # noqa: PLC0415 - not needed for --version

        for sentence in str(error).splitlines():
            sys.stderr.write(f"chatcmd: {clean(sentence)}\n")
        return int(error.exit_code)


def _to_nowhere() -> None:
    from chatcmd.terminal.screen import to_nowhere  # noqa: PLC0415 - not needed for --version

    to_nowhere(sys.stdout)
