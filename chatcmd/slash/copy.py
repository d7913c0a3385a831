"""/copy: the last answer, or a code block of it, to the clipboard."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.clean import clean
from chatcmd.conversation.fence import Block, blocks
from chatcmd.errors import UsageError
from chatcmd.language import _, marked, ngettext
from chatcmd.settings.option import whole
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer, clipboard

NO_TOOL = marked(
    "there is no clipboard tool here: install wl-clipboard, xclip or xsel, "
    "or let the terminal copy with /set osc52 true"
)


def offer_blocks(app: App, typed: str) -> Iterable[Offer]:
    """Offer the numbers of the last answer's code blocks."""
    turns = app.talk.session.turns
    found = blocks(turns[-1].answer.content) if turns else []
    return matching(typed, {str(number): _about(block) for number, block in enumerate(found, 1)})


@command(
    "copy",
    marked("[N]"),
    marked("copy the last answer, or its code block N"),
    group="answer",
    complete=offer_blocks,
    more=marked(
        "The system's own tools do it: pbcopy, wl-copy, xclip, xsel, clip.exe, termux-clipboard-set. Where there is "
        "none, as over SSH, many terminals can copy themselves: /set osc52 true."
    ),
)
async def copy(app: App, argument: str) -> None:
    done = await to_clipboard(app, chosen(app, argument))
    if done is None:
        raise UsageError(_(NO_TOOL))
    app.screen.note(*done)


def chosen(app: App, number: str) -> str:
    """Take the last answer, or its code block of that number, as it was written; raises UsageError."""
    turns = app.talk.session.turns
    if not turns:
        raise UsageError(_("there is no answer yet in this session"))
    answer = turns[-1].answer.content.replace("\r\n", "\n")
    if not number:
        return answer
    try:
        wanted = whole(1)(number)
    except ValueError as error:
        raise UsageError(_("the number of the code block {fault}").format(fault=error)) from None
    found = blocks(answer)
    if not found:
        raise UsageError(_("the last answer has no code block"))
    if wanted > len(found):
        few = ngettext("the last answer has {n} code block", "the last answer has {n} code blocks", len(found))
        raise UsageError(few.format(n=len(found)))
    return found[wanted - 1].text


async def to_clipboard(app: App, text: str) -> list[str] | None:
    """Copy a text, clean, and say what was done; None where there is no clipboard. Raises UsageError."""
    safe = clean(text).removesuffix("\n")
    lines = safe.count("\n") + 1
    tool = await clipboard.copy(safe, app.environ)
    if tool is not None:
        said = ngettext("copied {n:,} line with {tool}", "copied {n:,} lines with {tool}", lines)
    elif not app.settings["osc52"]:
        return None
    else:
        said = _by_terminal(app, safe, lines)
    return [said.format(n=lines, tool=tool), *_what_cleaning_changed(text)]


def _by_terminal(app: App, text: str, lines: int) -> str:
    """Ask the terminal itself to copy; it does not tell whether it did."""
    sequence = clipboard.osc52(text)
    if sequence is None:
        raise UsageError(
            _(
                "the text is longer than the {most:,} bytes that terminals copy; copy a code block of it: /copy N"
            ).format(most=clipboard.MOST_OSC52)
        )
    if not app.screen.control(sequence):
        raise UsageError(_("there is no terminal here that could copy; install wl-clipboard, xclip or xsel"))
    return ngettext(
        "asked the terminal to copy {n:,} line (OSC 52); it does not say whether it did",
        "asked the terminal to copy {n:,} lines (OSC 52); it does not say whether it did",
        lines,
    )


def _what_cleaning_changed(text: str) -> list[str]:
    if clean(text) == text:
        return []
    changed = sum(text.count(char) for char in set(text) if clean(char) != char)
    changed = changed or len(text) - len(clean(text))
    said = ngettext(
        "{n:,} control or hidden character in it was made visible or left out",
        "{n:,} control or hidden characters in it were made visible or left out",
        changed,
    )
    return [said.format(n=changed)]


def _about(block: Block) -> str:
    first = next((line.strip() for line in block.text.split("\n") if line.strip()), "")
    return f"{block.info}: {first}" if block.info else first
