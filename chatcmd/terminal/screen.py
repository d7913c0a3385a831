"""What appears of a conversation: every text from outside passes the cleaner here."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from chatcmd.cells import cells, wrapped
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.language import _
from chatcmd.settings.option import OPTIONS
from chatcmd.terminal import ReaderGone, table
from chatcmd.terminal.clean import Cleaner, clean, clean_line
from chatcmd.terminal.tail import Row, reflows
from chatcmd.terminal.theme import THEMES, Theme
from chatcmd.terminal.writer import Writer

if TYPE_CHECKING:
    from chatcmd.terminal.markdown import Printer

ANSWERER = "ChatGPT"
"""How answers are headed, as the tutorials' users know it, whichever model it is."""

LONGEST_CELL = 2000
"""Characters of a table's cell that are looked at; no screen shows more."""

_SAMPLE = "# A\n\n- **b** `c` 中文\n"
_PLAIN = "\x1b[0m"
_LARGEST_TITLE = 80
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
_KEEP_TITLE, _TITLE, _OLD_TITLE = "\x1b[22;2t", "\x1b]2;{}\x1b\\", "\x1b[23;2t"
_UNTITLED = ("dumb", "linux", "vt")


class Screen:
    """The conversation goes to `out`, what is said about it to `notes`: on a terminal both are the same.

    `at_terminal` heads an answer while it is still awaited; `drawn` allows escape sequences, and `colour` colours among
    them; without `headed` the answer stands alone. `setting` looks up what can change on the way.
    """

    def __init__(
        self,
        out: TextIO,
        notes: TextIO,
        *,
        at_terminal: bool = False,
        drawn: bool = False,
        colour: bool = False,
        headed: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._writer = Writer(out, notes)
        self._write = self._writer.write
        self._at_terminal, self._drawn, self._colour = at_terminal, drawn, colour
        self._head = heading(ANSWERER) if headed else ""
        self._environ = environ or {}
        self._printers: dict[str, Printer] = {}
        self._title = ""
        self.setting: Callable[[str], Any] = lambda name: OPTIONS[name].default

    @property
    def gone(self) -> ReaderGone | None:
        """Why nothing is written any more, if so."""
        return self._writer.gone

    @property
    def theme(self) -> Theme:
        return THEMES[self.setting("theme")]

    @property
    def width(self) -> int:
        """Cells of a line; 80 where no terminal shows it."""
        return self._writer.size()[0]

    @property
    def encoding(self) -> str:
        return self._writer.out.encoding or "utf-8"

    def show(self, text: str) -> None:
        """Show what was asked for, line by line as it is."""
        self._write(clean(text) + "\n")

    def tell(self, *texts: str) -> None:
        """Say what was asked for, in sentences that are broken where the screen ends."""
        for text in texts:
            self._write(self._in_lines(text) + "\n")

    def note(self, *texts: str) -> None:
        """Say something beside the conversation."""
        for text in texts:
            self._line(text, self.theme.note)

    def fail(self, *texts: str) -> None:
        """Say what went wrong, and what to do."""
        for text in texts:
            self._line(text, self.theme.fail)

    def question(self, user: str, text: str) -> None:
        """Show a question where no terminal has echoed it."""
        self._write(f"{heading(user)}{clean(text)}\n")

    async def stream(self, pieces: AsyncIterator[Piece]) -> None:
        """Show an answer as it comes, and end its line however it ends."""
        if not self._drawn or not self.setting("markdown"):
            await self._stream_as_written(pieces)
            return
        from chatcmd.terminal import live

        drawing = live.Live(
            self._write,
            self._writer.size,
            self._printer(),
            head=self._head,
            reflows=reflows(self._environ),
            thoughts=self.setting("reasoning"),
        )
        await drawing.follow(pieces)

    async def _stream_as_written(self, pieces: AsyncIterator[Piece]) -> None:
        """Show an answer without drawing anything again; what is thought before it is only shown to a person."""
        said, thought = Cleaner(), Cleaner()
        due, shown = self._head, ""  # what still has to stand before the next text
        if self._at_terminal:
            due, shown = "", self._head
            self._write(shown)
        thinks = self._at_terminal and self.setting("reasoning")
        thinking = False
        try:
            async for piece in pieces:
                if piece.reasoning and thinks:
                    shown = ("" if thinking else "<think>\n") + thought.feed(piece.reasoning)
                    due, thinking = "\n</think>\n", True
                    self._write(shown)
                if piece.text and (text := due + said.feed(piece.text)):
                    shown, due, thinks = text, "", False
                    self._write(shown)
        finally:
            if shown and not shown.endswith("\n"):
                self._write("\n")

    def answer(self, text: str, mark: str = "") -> None:
        """Show an answer that is there already, as it would have come, and behind it what is said of it."""
        if not self._drawn or not self.setting("markdown"):
            self.show(f"{self._head}{text}{mark}")
            return
        self._write("".join(f"{row.text}\n" for row in self._laid_out(text)))
        if mark:
            self.show(mark.strip())

    def clear(self) -> None:
        """Clear the screen, and what can be scrolled back to."""
        if self._drawn:
            self._write(_CLEAR)

    def control(self, sequence: str) -> bool:
        """Send the terminal a control sequence of ours; tell whether there is one that could follow it."""
        if self._drawn:
            self._write(sequence)
        return self._drawn

    def title(self, text: str) -> None:
        """Name the terminal's window; the name that it had comes back at the end."""
        title = clean_line(text)[:_LARGEST_TITLE]
        if not self._drawn or title == self._title or not self.setting("title"):
            return
        if not self._environ.get("TERM", "").startswith(_UNTITLED):
            keep = "" if self._title else _KEEP_TITLE
            self._title = title
            self._write(keep + _TITLE.format(title))

    def warm(self) -> None:
        """Load what draws answers, and draw one for nobody: the first that comes then appears at once."""
        if self._drawn:
            self._laid_out(_SAMPLE)

    def transcript(self, session: Session) -> None:
        """Show what was said in a session."""
        for message in session.messages:
            mark = f"  ({_(MARKS[message.status])})" if message.status in MARKS else ""
            if message.role == "assistant":
                self.answer(message.content, mark)
            else:
                who = session.user if message.role == "user" else message.role
                self.show(f"{heading(who)}{message.shown}{mark}")

    def table(self, rows: Sequence[Sequence[str]], head: Sequence[str], *, wrap: bool = False) -> None:
        """Show rows under a heading; what the screen is not wide enough for is cut, or with `wrap` goes on below."""
        cleaned = [[clean_line(cell[:LONGEST_CELL]) for cell in row] for row in rows]
        width = self.width if self._writer.out.isatty() else None
        self._write(table.lay_out(cleaned, head, width, wrap=wrap))

    def painted(self, *pieces: tuple[str, str], indent: int) -> None:
        """Show texts beside each other, each with its SGR parameters, where there are colours.

        Those that have no room stand on the next line, `indent` cells behind its beginning.
        """
        line, taken = "", 0
        for text, style in pieces:
            shown = clean_line(text)
            gap = "  " if taken > indent else ""
            if gap and taken + len(gap) + cells(shown) > self.width:
                line, taken, gap = f"{line}\n{' ' * indent}", indent, ""
            taken += len(gap) + cells(shown)
            line += gap + (f"\x1b[{style}m{shown}{_PLAIN}" if style and self._colour else shown)
        self._write(line + "\n")

    def close(self) -> None:
        """Give the terminal its title back, and write out what is held back."""
        with suppress(ReaderGone):
            if self._title:
                self._write(_TITLE.format("") + _OLD_TITLE)
        self._writer.close()

    def _line(self, text: str, style: str) -> None:
        shown = self._in_lines(text)
        self._write(f"\x1b[{style}m{shown}{_PLAIN}\n" if self._colour and style else f"{shown}\n", beside=True)

    def _in_lines(self, text: str) -> str:
        """Return a text clean, and on a terminal in lines that it does not have to break."""
        shown = clean(text)
        if not self._at_terminal or len(shown) <= self.width // 2:  # by then it may be too wide
            return shown
        return "\n".join(line for each in shown.split("\n") for line in wrapped(each, self.width))

    def _laid_out(self, text: str) -> list[Row]:
        """Lay a whole answer out in rows."""
        from chatcmd.terminal.markdown import Layout

        layout = Layout(self._printer(), self._head)
        layout.feed(clean(text))
        return layout.rest(self.width)

    def _printer(self) -> "Printer":
        """Make what lays answers out, in the theme that is chosen now."""
        from chatcmd.terminal.markdown import Printer

        name = self.setting("theme")
        if name not in self._printers:
            self._printers[name] = Printer(self.theme, colour=self._colour)
        return self._printers[name]


def heading(who: str) -> str:
    """Write who is talking, as the tutorials do."""
    return f"【{clean_line(who)}】"
