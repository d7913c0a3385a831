"""What a line means, and the slash commands by name: help and completion are read from here."""

from collections.abc import Callable, Coroutine
from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct

from chatcmd.app import App
from chatcmd.errors import UsageError
from chatcmd.settings.option import nearest

Run = Callable[[App, str], Coroutine[Any, Any, str | None]]
"""Does the command; a text that it returns is given to the line editor to be edited."""


class Command(Struct, frozen=True):
    """A slash command: its name, what may follow it, and one line of help."""

    name: str
    usage: str
    help: str
    run: Run


class Question(Struct, frozen=True):
    """A line that is sent, as typed."""

    text: str


class Call(Struct, frozen=True):
    """A slash command with what follows it."""

    command: Command
    argument: str


_commands: dict[str, Command] = {}
_ESCAPED = {"\\0": "0", "\\1": "1", "\\quit": "quit", "\\exit": "exit"}
_WORDS = {"0": "exit", "quit": "exit", "exit": "exit", "1": "reset"}


def command(name: str, usage: str, help_text: str) -> Callable[[Run], Run]:
    """Register the decorated function as the command of that name."""

    def register(run: Run) -> Run:
        _commands[name] = Command(name, usage, help_text, run)
        return run

    return register


@cache
def commands() -> dict[str, Command]:
    """Load all commands, by name."""
    from pkgutil import iter_modules  # noqa: PLC0415 - the first prompt need not wait for it

    package = import_module("chatcmd.slash")
    for module in iter_modules(package.__path__):
        import_module(f"chatcmd.slash.{module.name}")
    return dict(sorted(_commands.items()))


def helps() -> dict[str, str]:
    """Give every command's word with its line of help, for completion."""
    return {f"/{each.name}": each.help for each in commands().values() if each.name != "reset"}


def parse(line: str) -> Question | Call | None:
    """Say what a line means; None for a blank one. Raises UsageError for a command that there is not."""
    if "\n" in line:
        return Question(line) if line.strip() else None  # what was pasted is no command, whatever it begins with
    if line in _WORDS:
        return Call(commands()[_WORDS[line]], "")
    if line in _ESCAPED:
        return Question(_ESCAPED[line])
    if line.startswith("//"):
        return Question(line[1:])
    if not line.startswith("/"):
        return Question(line) if line.strip() else None
    word, _, argument = line[1:].partition(" ")
    found = commands().get(word)
    if found is None:
        hint = nearest(word, list(commands())).replace("mean ", "mean /")
        raise UsageError(f"there is no command /{word}{hint} (see /help; a question that begins with a slash: //...)")
    return Call(found, argument.strip())
