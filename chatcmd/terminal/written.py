"""One answer as it is written: it comes piece by piece, and nothing is drawn again."""

from collections.abc import AsyncIterator, Callable

from chatcmd.clean import Cleaner
from chatcmd.conversation.thinking import Piece


async def follow(
    write: Callable[[str], object],
    pieces: AsyncIterator[Piece],
    *,
    head: str,
    waits: bool,
    thoughts: bool,
    note: Callable[[str], object],
) -> None:
    """Write an answer behind its heading, and end its line however it ends.

    `waits` shows the heading while the answer is still awaited, `thoughts` what is thought before it; a `note` says
    that it is asked for again.
    """
    said, thought = Cleaner(), Cleaner()
    due, shown = head, ""  # what still has to stand before the next text
    if waits:
        due, shown = "", head
        write(shown)
    thinking = False
    try:
        async for piece in pieces:
            if piece.notice:
                if shown:
                    write("\n")
                note(piece.notice)
                write(shown)
            if piece.reasoning and thoughts:
                shown = ("" if thinking else "<think>\n") + thought.feed(piece.reasoning)
                due, thinking = "\n</think>\n", True
                write(shown)
            if piece.text and (text := due + said.feed(piece.text)):
                shown, due, thoughts = text, "", False
                write(shown)
    finally:
        if shown and not shown.endswith("\n"):
            write("\n")
