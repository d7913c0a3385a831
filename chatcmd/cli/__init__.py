"""The shell commands: argv in, exit code out. Nothing heavy is imported before it is needed."""

import sys
from collections.abc import Sequence

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
    if words in (["--version"], ["-V"]):
        sys.stdout.write(f"chatcmd {__version__}\n")
        return 0
    if words in (["--help"], ["-h"], ["help"]):
        sys.stdout.write(USAGE)
        return 0
    name = words.pop(0) if words and words[0] in ("chat", "ask", "history") else "chat"
    try:
        return _run(name, words)
    except BrokenPipeError:
        return _reader_gone()


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


def _reader_gone() -> int:
    """End quietly when the reader of a pipe has gone; Python would complain at its last flush."""
    import os  # noqa: PLC0415 - not needed for --version

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
