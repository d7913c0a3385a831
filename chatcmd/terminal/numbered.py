"""Picking from a list where none can be drawn: what is found has numbers, and a line says which."""

import os
from collections.abc import Awaitable, Callable

from chatcmd.cells import cut
from chatcmd.language import _
from chatcmd.terminal.pick import Choice, Found, Pulse, Shelf
from chatcmd.terminal.worker import beside

MOST = 20
"""Choices that are numbered at once."""

NARROWEST = 20


async def numbered(
    shelf: Shelf, typed: str, write: Callable[[str], None], read: Callable[[str], Awaitable[str]]
) -> Choice | None:
    """Show what is found by a text, and ask which it shall be until one is named; None when nothing is entered.

    Raises EndOfInput as `read` does.
    """
    try:
        while True:
            found = await beside(_all_of(shelf, typed), lambda sentence: write(sentence + "\n"))
            choices = found.choices[:MOST]
            write("".join(f"{line}\n" for line in _lines(shelf, found, typed)))
            answer = (await read(_("number, or words to look for, or nothing to leave: "))).strip()
            if not answer:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1]
            typed = answer
    finally:
        await beside(lambda _pulse: shelf.close(), write)


def _all_of(shelf: Shelf, typed: str) -> Callable[[Pulse], Found]:
    def work(pulse: Pulse) -> Found:
        last = Found()
        for last in shelf.find(typed, pulse):  # noqa: B007 - each has all that was found before
            pass
        return last

    return work


def _lines(shelf: Shelf, found: Found, typed: str) -> list[str]:
    width = max(_width() - 1, NARROWEST)
    lines = [found.trouble] if found.trouble else []
    if not found.choices:
        return [*lines, _("nothing was found") if typed.strip() else shelf.empty]
    for number, each in enumerate(found.choices[:MOST], 1):
        lines.append(cut("  ".join((f"{number:>2}", *filter(None, each.facts), each.label.text)), width))
    if found.more or len(found.choices) > MOST:
        lines.append(_("there are more; type words that they hold"))
    return lines


def _width() -> int:
    try:
        return os.get_terminal_size().columns or 80
    except OSError:
        return 80
