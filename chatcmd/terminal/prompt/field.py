"""The field that a line is typed into, with what stands below it: the menu, the search, a message, the bar."""

from asyncio import CancelledError
from collections.abc import Callable, Iterable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.cursor_shapes import ModalCursorShapeConfig, SimpleCursorShapeConfig
from prompt_toolkit.data_structures import Point
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, Filter, has_completions, is_done
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.history import History
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import (
    ConditionalProcessor,
    HighlightIncrementalSearchProcessor,
    HighlightSelectionProcessor,
    PasswordProcessor,
)
from prompt_toolkit.layout.screen import Screen
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from chatcmd.cells import broken, fitted
from chatcmd.clean import clean_line
from chatcmd.language import _
from chatcmd.terminal import EndOfInput, Interrupted, Offer
from chatcmd.terminal.prompt.faults import ending
from chatcmd.terminal.prompt.held import Held
from chatcmd.terminal.prompt.keystrokes import Keystrokes
from chatcmd.terminal.prompt.menu import lay_out
from chatcmd.terminal.prompt.shown import AsShown

LEAST_ROWS = 4
"""On fewer rows there is nothing but the line."""

_STYLE = Style([("incsearch", "noinherit reverse"), ("incsearch.current", "noinherit reverse")])


class Look:
    """How one reading of the field looks and behaves; the bar is made once for each width."""

    def __init__(
        self,
        prompt: str,
        *,
        offers: Callable[[str], Iterable[Offer]] = lambda _before: (),
        bar: Callable[[int], str] | None = None,
        bar_colour: str = "",
        message_colour: str = "",
        many_lines: bool = False,
        enter_sends: bool = True,
        secret: bool = False,
        vi: bool = False,
    ) -> None:
        self.prompt = prompt
        self.offers = offers
        self.many_lines, self.enter_sends, self.secret, self.vi = many_lines, enter_sends, secret, vi
        self._bar, self._bar_colour, self._message_colour = bar, bar_colour, message_colour
        self._bars: dict[int, AnyFormattedText] = {}

    def bar(self, width: int) -> AnyFormattedText:
        """Give the bar in at most so many cells; nothing when there is none."""
        if width not in self._bars:
            text = clean_line(self._bar(width)) if self._bar is not None else ""
            self._bars[width] = _coloured(text, self._bar_colour) if text else ""
        return self._bars[width]

    def message(self, text: str, width: int) -> AnyFormattedText:
        return _coloured("\n".join(fitted(clean_line(text), max(width, 2))), self._message_colour)


def _coloured(text: str, colour: str) -> AnyFormattedText:
    return ANSI(f"\x1b[{colour}m{text}") if colour else [("", text)]


class _Application(Application[str]):
    """An application that finds its first row again after a terminal that `reflows` has got narrower."""

    def __init__(self, *, reflows: bool, **options: Any) -> None:
        self._reflows = reflows
        super().__init__(**options)

    def _on_resize(self) -> None:
        screen, columns = self.renderer.last_rendered_screen, self.output.get_size().columns
        if self._reflows and screen is not None and columns:
            self.output.cursor_up(_gained(screen, screen.get_cursor_position(self.layout.current_window), columns))
        super()._on_resize()


def _gained(screen: Screen, cursor: Point, columns: int) -> int:
    """Count the rows by which the cursor has moved down since rows before it were broken at so many cells."""
    ends = [*(max(screen.data_buffer[y], default=-1) + 1 for y in range(cursor.y)), cursor.x]
    rows = ("".join(screen.data_buffer[y][x].char for x in range(end)) for y, end in enumerate(ends))
    return sum(len(broken(row.rstrip(" "), columns)) - 1 for row in rows)


class Field:
    """One editable text at the bottom of the screen, used again and again, on a screen that may reflow its rows."""

    def __init__(self, keystrokes: Keystrokes, output: Output, held: Held, *, reflows: bool) -> None:
        self.held = held
        self.look = Look("")
        self.message = ""
        self.for_editor = self.unread = False
        self.buffer = Buffer(name=DEFAULT_BUFFER)
        self._fits = Condition(lambda: self._size()[0] >= LEAST_ROWS)
        self._search = SearchToolbar(
            Buffer(),
            ignore_case=True,
            forward_search_prompt=_("search forward: "),
            backward_search_prompt=_("search: "),
        )
        self.app = _Application(
            reflows=reflows,
            layout=self._layout(),
            style=_STYLE,
            include_default_pygments_style=False,  # nothing is highlighted, and each redraw would merge it
            reverse_vi_search_direction=True,
            terminal_size_polling_interval=None,  # a resize comes as a signal
            input=keystrokes,
            output=output,
        )
        self.app.ttimeoutlen = 0.1  # seconds after which Esc is known to be alone
        self.app.key_processor.before_key_press += self._forget_message

    async def read(self, look: Look, line: str, history: History, message: str = "") -> str:
        """Let a line be edited, and return what stands in it at Enter; pastes in it are held.

        With `for_editor` it is to be changed elsewhere, and read again. A question is `unread` until whoever reads says
        otherwise: what a fault of ours took back stands there again at the next reading.
        """
        self.look, self.message = look, message
        self.for_editor = self.app.erase_when_done = False
        self.app.editing_mode = EditingMode.VI if look.vi else EditingMode.EMACS
        self.app.cursor = ModalCursorShapeConfig() if look.vi else SimpleCursorShapeConfig()
        self.buffer.history = history
        self.buffer.reset(Document(self.buffer.text if self.unread and look.many_lines else line))
        self.unread = look.many_lines
        try:
            with ending(self.app):
                entered = await self.app.run_async(handle_sigint=False, set_exception_handler=False)
        except (EndOfInput, EOFError, Interrupted, OSError, CancelledError):
            self.unread = False
            raise
        self.unread = self.unread and not self.for_editor
        return entered

    def send(self) -> None:
        """Take the line as it stands."""
        self.app.exit(result=self.buffer.text)

    def leave_for_editor(self) -> None:
        """Leave the line to an editor, and no trace of it on the screen."""
        self.for_editor = self.app.erase_when_done = True
        self.send()

    def new_line(self) -> None:
        """Begin another line, where there can be several; else take the one there is."""
        if self.look.many_lines:
            self.buffer.insert_text("\n")
        else:
            self.send()

    def paste(self, text: str) -> None:
        """Put a text that was not typed into the line."""
        self.buffer.insert_text(self.held.pasted(text.replace("\r\n", "\n").replace("\r", "\n")))

    def say(self, text: str) -> None:
        """Say something below the line until the next key."""
        self.message = text
        self.app.invalidate()

    def _forget_message(self, _sender: object) -> None:
        self.message = ""

    def _layout(self) -> Layout:
        control = BufferControl(
            self.buffer,
            input_processors=[
                HighlightIncrementalSearchProcessor(),
                HighlightSelectionProcessor(),
                ConditionalProcessor(PasswordProcessor(), Condition(lambda: self.look.secret)),
                AsShown(self.held),
            ],
            include_default_input_processors=False,
            search_buffer_control=self._search.control,
            preview_search=True,
        )
        line = Window(control, wrap_lines=True, dont_extend_height=True, get_line_prefix=self._prefix)
        return Layout(
            HSplit(
                [
                    line,
                    # A menu of its own rows: one that floats would need rows kept free below every prompt.
                    self._below(self._menu, has_completions),
                    ConditionalContainer(self._search, ~is_done),
                    self._below(
                        lambda: self.look.message(self.message, self._size()[1]), Condition(lambda: bool(self.message))
                    ),
                    self._below(lambda: self.look.bar(self._size()[1]), Condition(self._has_bar)),
                ]
            ),
            line,
        )

    def _below(self, text: Callable[[], AnyFormattedText], wanted: Filter) -> ConditionalContainer:
        rows = Window(FormattedTextControl(text), wrap_lines=True, dont_extend_height=True)
        return ConditionalContainer(rows, self._fits & wanted & ~is_done)

    def _menu(self) -> AnyFormattedText:
        state = self.buffer.complete_state
        return lay_out(state, self._size()[1]) if state is not None and state.completions else ""

    def _has_bar(self) -> bool:
        return not self.message and bool(self.look.bar(self._size()[1]))

    def _prefix(self, line_number: int, wrap_count: int) -> AnyFormattedText:
        return [("", self.look.prompt)] if line_number == wrap_count == 0 else ""

    def _size(self) -> tuple[int, int]:
        size = self.app.output.get_size()
        return size.rows, size.columns
