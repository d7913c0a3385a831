"""What a line means, and the slash commands by name: help and completion are read from here."""

import os
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct

from chatcmd.app import App
from chatcmd.cells import cut
from chatcmd.clean import clean_line
from chatcmd.errors import UsageError
from chatcmd.language import _, marked
from chatcmd.settings.option import nearest
from chatcmd.terminal import Line, Offer

Run = Callable[[App, str], Coroutine[Any, Any, Line | str | None]]
"""Does the command; a text that it returns is given to the line editor to be edited."""

Complete = Callable[[App, str], Iterable[Offer]]
"""Offers what can stand where an argument has been begun; it answers at once."""

GROUPS = {
    "answer": marked("the last answer"),
    "session": marked("this session"),
    "who": marked("who talks"),
    "history": marked("what was saved"),
    "chat": marked("this chat"),
}
"""The groups of /help, in its order."""

LONGEST_HELP = 60
"""Cells of an offer's help, which stands beside it on one line."""


class Command(Struct, frozen=True):
    """A slash command: its name, what may follow it, one line of help, and more of it for `/help NAME`.

    `lines` says that a text of several lines may follow it.
    """

    name: str
    usage: str
    help: str
    run: Run
    group: str
    complete: Complete | None
    more: str
    lines: bool


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


def command(
    name: str,
    usage: str,
    help_text: str,
    *,
    group: str = "chat",
    complete: Complete | None = None,
    more: str = "",
    lines: bool = False,
) -> Callable[[Run], Run]:
    """Register the decorated function as the command of that name; the texts are `marked`."""

    def register(run: Run) -> Run:
        _commands[name] = Command(name, usage, help_text, run, group, complete, more, lines)
        return run

    return register


@cache
def commands() -> dict[str, Command]:
    """Load all commands, by name; raises OSError."""
    from pkgutil import iter_modules  # noqa: PLC0415 - the first prompt need not wait for it

    package = import_module("chatcmd.slash")
    for path in package.__path__:
        os.listdir(path)  # noqa: PTH208 - only to raise what iter_modules takes for a folder without modules
    for module in iter_modules(package.__path__):
        import_module(f"chatcmd.slash.{module.name}")
    return dict(sorted(_commands.items()))


def helps() -> dict[str, str]:
    """Give every command's word with its line of help, for completion."""
    return {f"/{each.name}": _(each.help) for each in commands().values() if each.name != "reset"}


def parse(line: str) -> Question | Call | None:
    """Say what a line means; None for a blank one. Raises UsageError for a command that there is not."""
    if "\n" in line.rstrip("\n") and not _takes_lines(line):
        return Question(line) if line.strip() else None  # what was pasted is no command, whatever it begins with
    if line in _WORDS:
        return Call(commands()[_WORDS[line]], "")
    if line in _ESCAPED:
        return Question(_ESCAPED[line])
    if line.startswith("//"):
        return Question(line[1:])
    if not line.startswith("/"):
        return Question(line) if line.strip() else None
    word, argument = _split(line)
    return Call(named(word), argument.strip())


def named(word: str) -> Command:
    """Find a command by its word; raises UsageError with the nearest one when there is none."""
    found = commands().get(word)
    if found is None:
        known = [name.removeprefix("/") for name in helps()]
        hint = nearest(word, known, lambda name: f"/{name}")
        refusal = _("there is no command /{word}{hint} (see /help; a question that begins with a slash: //...)")
        raise UsageError(refusal.format(word=word, hint=hint))
    return found


def complete(app: App, before: str) -> Iterable[Offer]:
    """Offer what can stand behind a line's beginning: the commands, then what each can be followed by."""
    if app.user is None or not before.startswith("/") or before.startswith("//") or "\n" in before:
        return []
    word, argument = _split(before)
    if len(before) == 1 + len(word):
        words = {name.removeprefix("/"): text for name, text in helps().items()}
        return [Offer(f"/{each.text}", each.back + 1, each.help) for each in matching(word, words)]
    found = commands().get(word)
    return found.complete(app, argument) if found is not None and found.complete is not None else []


def matching(typed: str, choices: Mapping[str, str]) -> list[Offer]:
    """Offer the choices (with their helps) that begin with what was typed, or at least hold it, in any case."""
    begun = typed.casefold()
    names = {name: name.casefold() for name in choices if clean_line(name) == name}
    found = [name for name, folded in names.items() if folded.startswith(begun)]
    found = found or [name for name, folded in names.items() if begun in folded]
    return [Offer(name, len(typed), cut(clean_line(choices[name]), LONGEST_HELP)) for name in found]


def _takes_lines(line: str) -> bool:
    found = commands().get(_split(line)[0]) if line.startswith("/") else None
    return found is not None and found.lines


def _split(line: str) -> tuple[str, str]:
    """Split a line into its command's word and what follows the blanks behind it, full-width ones too."""
    word = line[1:].split(maxsplit=1)[0] if line[1:2].strip() else ""
    return word, line[1 + len(word) :].lstrip()
