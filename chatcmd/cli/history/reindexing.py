"""`chatcmd history reindex`: the index made anew from the files."""

import argparse
from time import monotonic

from chatcmd.cli.document import write_document
from chatcmd.cli.parser import Parser
from chatcmd.cli.progress import Progress
from chatcmd.cli.screens import beside
from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.language import _, ngettext
from chatcmd.settings.root import Root

LEAST_SECONDS = 0.001
"""What is done in no time took so long."""


def add(parser: Parser) -> None:
    """Take nothing beside what all commands take."""


def run(arguments: argparse.Namespace, library: Library, root: Root) -> Exit:  # noqa: ARG001 - all are called alike
    """Make it; Ctrl-C ends it, and nothing but time is lost. Raises NotSaved."""
    progress, begun = Progress(), monotonic()
    try:
        sessions = library.reindex(progress)
    except KeyboardInterrupt:
        progress.clear()
        beside().note(_("stopped; nothing is lost, and what is missing in the index is made up for when it is needed"))
        return Exit.INTERRUPTED
    finally:
        progress.clear()
    seconds = max(monotonic() - begun, LEAST_SECONDS)
    if arguments.json:
        write_document({"sessions": sessions, "seconds": round(seconds, 3), "path": str(library.catalogue.path)})
        return Exit.DONE
    sentence = ngettext(
        "indexed {n:,} session in {seconds:.1f} s, {rate:,.0f} a second",
        "indexed {n:,} sessions in {seconds:.1f} s, {rate:,.0f} a second",
        sessions,
    )
    beside().note(sentence.format(n=sessions, seconds=seconds, rate=sessions / seconds))
    return Exit.DONE
