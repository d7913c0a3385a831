"""Pages of help as a reader takes them: their lines, their cells, and the English that is left in them."""

import re
from collections.abc import Sequence
from contextlib import suppress

import pytest
from wcwidth import wcswidth

from chatcmd.cli import main

PAGES = (
    "--help",
    "chat --help",
    "ask --help",
    "history --help",
    "history list --help",
    "history show --help",
    "history search --help",
    "history rename --help",
    "history tag --help",
    "history delete --help",
    "history trash --help",
    "history reindex --help",
    "history verify --help",
    "history path --help",
    "history export --help",
    "history stats --help",
    "history import --help",
    "replay --help",
    "doctor --help",
)

_COMMANDS = re.compile(
    r"chatcmd(?: (?:chat|ask|replay|doctor|history|list|show|search|rename|tag|delete|trash|reindex|verify|path|export"
    r"|stats|import))*|--lang en|--role user\|assistant|--from|/\S+"
)
# Two words in a row, or one that no Chinese sentence and no name of ours has.
_ENGLISH = re.compile(
    r"\b(?!json\b)[A-Za-z]?[a-z]{2,} [a-z]{2,}\b|\b(?:the|of|and|is|are|an|by|not|from|with|usage|options?)\b"
)


def page(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that prints and is done; return what it said, on whichever stream."""
    with suppress(SystemExit):  # as argparse ends after its help
        main(words)
    said = capsys.readouterr()
    return said.out + said.err


def cells(line: str) -> int:
    """Count a line's cells by the tables of terminals."""
    return wcswidth(line)


def english(text: str) -> list[str]:
    """Find what is left of English sentences, but for commands and paths as they are typed."""
    return _ENGLISH.findall(untyped(text))


def untyped(text: str) -> str:
    """Leave out commands, their flags and paths as they are typed."""
    return _COMMANDS.sub("", text)


def chinese(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None
