"""What appears of a conversation: every text from outside passes the cleaner here."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from chatcmd.cells import wrapped
from chatcmd.clean import clean, clean_line
from chatcmd.conversation.message import Message
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session
from chatcmd.conversation.thinking import Piece
from chatcmd.language import _
from chatcmd.settings.option import OPTIONS
from chatcmd.terminal import ReaderGone, painted, written
from chatcmd.terminal.tail import Row, reflows
from chatcmd.terminal.theme import THEMES, Theme
from chatcmd.terminal.title import Title
from chatcmd.terminal.writer import Writer

if TYPE_CHECKING:
    from chatcmd.terminal.foot import Foot
    from chatcmd.terminal.markdown import Printer

ANSWERER = "ChatGPT"
"""How answers are headed, as the tutorials' users know it, whichever model it is."""

LONGEST_CELL = 2000
"""Characters of a table's cell that are looked at; no screen shows more."""

_SAMPLE = "# A\n\n- **b** `c` 中文\n"
_CLEAR, _CLEAR_SCROLLBACK = "\x1b[H\x1b[2J", "\x1b[3J"


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
        self.at_terminal, self._drawn, self.colour = at_terminal, drawn, colour
        self._head = heading(ANSWERER) if headed else ""
        self._environ = environ or {}
        self._printers: dict[str, Printer] = {}
        self._title = Title(self._write, self._environ)
        self.setting: Callable[[str], Any] = lambda name: OPTIONS[name].default

    @property
    def watched(self) -> bool:
        """Whether a person sees what is said beside the conversation, and can leave."""
        return self._writer.notes.isatty()

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
    def columns(self) -> int | None:
        """Cells of a line; None where no terminal shows it, so that it may be as long as it is."""
        return self.width if self._writer.out.isatty() else None

    @property
    def encoding(self) -> str:
        return self._writer.out.encoding or "utf-8"

    def show(self, text: str) -> None:
        """Show what was asked for, line by line as it is."""
        self._write(clean(text) + "\n")

    def tell(self, *texts: str) -> None:
        """Say what was asked for, in sentences that are broken where the screen ends."""
        for text in texts:
            self._write(self._in_lines(text, self.width if self.at_terminal else None) + "\n")

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

    async def stream(
        self, pieces: AsyncIterator[Piece], *, foot: "Foot | None" = None, clock: Callable[[], float] | None = None
    ) -> None:
        """Show an answer as it comes, and end its line however it ends; a foot stands below it as long as it comes.

        `clock` tells the seconds for which it is awaited, when they are not those that pass.
        """
        thoughts = self.setting("reasoning")
        if not self._drawn or not self.setting("markdown"):
            thoughts = thoughts and self.at_terminal
            await written.follow(
                self._write, pieces, head=self._head, waits=self.at_terminal, thoughts=thoughts, note=self.note
            )
            return
        from chatcmd.terminal import live

        drawing = live.Live(
            self._write,
            self._writer.size,
            self._printer(),
            head=self._head,
            reflows=reflows(self._environ),
            thoughts=thoughts,
            below=foot.rows if foot else None,
            clock=clock,
        )
        await drawing.follow(pieces)

    def foot(self, status: Callable[[int], str]) -> "Foot | None":
        """Make a foot with a status in at most so many cells, where something can be drawn."""
        if not self._drawn:
            return None
        from chatcmd.terminal.foot import Foot  # noqa: PLC0415 - few runs have one

        style = self.theme.note if self.colour else ""
        return Foot(self._write, self._writer.size, status, style=style, reflows=reflows(self._environ))

    def answer(self, text: str, mark: str = "") -> None:
        """Show an answer that is there already, as it would have come, and behind it what is said of it."""
        if not self._drawn or not self.setting("markdown"):
            self.show(f"{self._head}{text}{mark}")
            return
        self._write("".join(f"{row.text}\n" for row in self._laid_out(text)))
        if mark:
            self.show(mark.strip())

    def clear(self, *, scrollback: bool = True) -> None:
        """Clear the screen, and what can be scrolled back to."""
        if self._drawn:
            self._write(_CLEAR + _CLEAR_SCROLLBACK if scrollback else _CLEAR)

    def control(self, sequence: str) -> bool:
        """Send the terminal a control sequence of ours; tell whether there is one that could follow it."""
        if self._drawn:
            self._write(sequence)
        return self._drawn

    def title(self, text: str) -> None:
        """Name the terminal's window; the name that it had comes back at the end."""
        if self._drawn and self.setting("title"):
            self._title.change(text)

    def warm(self) -> None:
        """Load what draws answers, and draw one for nobody: the first that comes then appears at once."""
        if self._drawn:
            self._laid_out(_SAMPLE)

    def transcript(self, session: Session) -> None:
        """Show what was said in a session."""
        for message in session.messages:
            self.message(message, session.user)

    def message(self, message: Message, user: str) -> None:
        """Show one message of a session of this user."""
        mark = f"  ({_(MARKS[message.status])})" if message.status in MARKS else ""
        if message.role == "assistant":
            self.answer(message.content, mark)
        else:
            who = user if message.role == "user" else message.role
            self.show(f"{heading(who)}{message.shown}{mark}")

    def table(self, rows: Sequence[Sequence[str]], head: Sequence[str], *, wrap: bool = False) -> None:
        """Show rows under a heading; what the screen is not wide enough for is cut, or with `wrap` goes on below."""
        cleaned = [[clean_line(cell[:LONGEST_CELL]) for cell in row] for row in rows]
        from chatcmd.terminal import table  # noqa: PLC0415 - few lines are rows

        self._write(table.lay_out(cleaned, head, self.columns, wrap=wrap))

    def painted(self, *pieces: tuple[str, str], indent: int) -> None:
        """Show texts beside each other, each with its SGR parameters, where there are colours.

        Those that have no room stand on the next line, `indent` cells behind its beginning.
        """
        self._write(painted.beside(pieces, self.width, indent, colour=self.colour) + "\n")

    def found(self, before: str, text: str, places: Sequence[tuple[int, int]]) -> None:
        """Show a line of clean text behind what stands before it; what was looked for in it has a colour."""
        self._write(clean_line(before) + painted.found_in(text, places, colour=self.colour) + "\n")

    def close(self) -> None:
        """Give the terminal its title back, and write out what is held back."""
        with suppress(ReaderGone):
            self._title.give_back()
        self._writer.close()

    def _line(self, text: str, style: str) -> None:
        shown = self._in_lines(text, self.width if self.at_terminal else self._writer.room())
        self._write((painted.painted(shown, style) if self.colour else shown) + "\n", beside=True)

    def _in_lines(self, text: str, room: int | None) -> str:
        """Return a text clean, and on a terminal in lines that it does not have to break."""
        shown = clean(text)
        if room is None or len(shown) <= room // 2:  # by then it may be too wide
            return shown
        return "\n".join(line for each in shown.split("\n") for line in wrapped(each, room))

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
            self._printers[name] = Printer(self.theme, colour=self.colour)
        return self._printers[name]


def heading(who: str) -> str:
    """Write who is talking, as the tutorials do."""
    return f"【{clean_line(who)}】"
