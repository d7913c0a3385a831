"""The list that something is picked from: type to find it, with the screen for itself until then."""

from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.application.run_in_terminal import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from chatcmd.cells import cells
from chatcmd.clean import clean_line
from chatcmd.language import _, ngettext
from chatcmd.terminal.pick import Choice, Found, Passage, Pulse, Shelf
from chatcmd.terminal.prompt.faults import ending
from chatcmd.terminal.prompt.held import Held
from chatcmd.terminal.prompt.keystrokes import Keystrokes
from chatcmd.terminal.prompt.picker_layout import View, lay_out
from chatcmd.terminal.prompt.shown import AsShown
from chatcmd.terminal.worker import Worker

LONGEST = 200
"""Characters that are looked for."""

FOUND, FOUND_WITHOUT_COLOUR = "bold ansired", "bold underline"

_STEPS: dict[str, Callable[[int, int, int], int]] = {
    "up": lambda at, _last, _page: at - 1,
    "down": lambda at, _last, _page: at + 1,
    "c-p": lambda at, _last, _page: at - 1,
    "c-n": lambda at, _last, _page: at + 1,
    "s-tab": lambda at, _last, _page: at - 1,
    "tab": lambda at, _last, _page: at + 1,
    "pageup": lambda at, _last, page: at - page,
    "pagedown": lambda at, _last, page: at + page,
    "home": lambda _at, _last, _page: 0,
    "end": lambda _at, last, _page: last,
}


class Picker:
    """One picking. The newest input wins: what was found for an older one is not shown any more."""

    def __init__(
        self, shelf: Shelf, keystrokes: Keystrokes, output: Output, suspend: Callable[[], None], *, colour: bool
    ) -> None:
        self._shelf, self._suspend = shelf, suspend
        self._found, self._chosen = Found(), 0
        self._preview: Sequence[Passage] = ()
        self._status, self._trouble = "", ""
        self._looks, self._takes, self._is_new = True, False, True
        self._style = FOUND if colour else FOUND_WITHOUT_COLOUR
        self._buffer = Buffer(multiline=False)
        self._buffer.on_text_changed += lambda _buffer: self._seek()
        self.app: Application[Choice | None] = Application(
            layout=self._layout(),
            style=Style([]),
            include_default_pygments_style=False,
            key_bindings=self._keys(),
            full_screen=True,
            erase_when_done=True,
            terminal_size_polling_interval=None,  # a resize comes as a signal
            input=keystrokes,
            output=output,
        )
        self.app.ttimeoutlen = 0.1  # seconds after which Esc is known to be alone

    async def run(self, typed: str) -> Choice | None:
        """Let one be picked; None when it is left without. Nothing of it stays on the screen."""
        self._finder = Worker(self._tell, self._fail)
        self._reader = Worker(self._tell, self._fail)
        try:
            self._buffer.reset(Document(clean_line(typed[:LONGEST])))
            self._seek()
            with ending(self.app):
                return await self.app.run_async(handle_sigint=False, set_exception_handler=False)
        except EOFError:  # the terminal has been closed, which the next line says
            return None
        finally:
            self._reader.close()
            self._finder.close(self._shelf.close)

    # What is found

    def _seek(self) -> None:
        typed = self._buffer.text
        self._looks, self._is_new, self._takes = True, True, False
        self._status = self._trouble = ""

        def work(pulse: Pulse) -> Iterator[Found | None]:
            yield from self._shelf.find(typed, pulse)
            yield None  # that is all

        self._finder.ask(work, self._take)

    def _take(self, found: Found | None) -> None:
        if found is None:
            self._looks, self._status = False, ""
        else:
            before = self._choice
            self._found, self._trouble = found, found.trouble
            places = [place for place, each in enumerate(found.choices) if before is not None and each == before]
            self._choose(0 if self._is_new or not places else places[0])
            self._is_new = False
        if self._takes and (not self._looks or self._choice is not None):
            self._enter()
        self.app.invalidate()

    def _tell(self, sentence: str) -> None:
        self._status = clean_line(sentence)
        self.app.invalidate()

    def _fail(self, sentence: str) -> None:
        self._looks, self._takes = False, False
        self._trouble = clean_line(sentence)
        self.app.invalidate()

    # What is chosen

    @property
    def _choice(self) -> Choice | None:
        return self._found.choices[self._chosen] if self._found.choices else None

    def _choose(self, place: int) -> None:
        self._chosen = max(0, min(place, len(self._found.choices) - 1))
        choice = self._choice
        if choice is None:
            self._preview = ()
            self._reader.ask(lambda _pulse: iter(()), self._show)
        else:
            self._reader.ask(lambda _pulse: iter([self._shelf.preview(choice)]), self._show)

    def _show(self, preview: Sequence[Passage]) -> None:
        self._preview = preview
        self.app.invalidate()

    def _enter(self) -> None:
        """Take what is chosen, as soon as it was found by all that is typed."""
        self._takes = False
        if self._is_new and self._looks:
            self._takes = True
        elif self._choice is not None and not self.app.is_done:
            self.app.exit(result=self._choice)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        nothing = Condition(lambda: not self._buffer.text)

        @keys.add("enter")
        def enter(_event: KeyPressEvent) -> None:
            self._enter()

        @keys.add("escape", eager=True)
        @keys.add("c-c", eager=True)
        @keys.add("c-g", eager=True)
        @keys.add("c-d", filter=nothing)
        def leave(_event: KeyPressEvent) -> None:
            self.app.exit(result=None)

        @keys.add(Keys.BracketedPaste)
        def paste(event: KeyPressEvent) -> None:
            self._buffer.insert_text(clean_line(event.data[:LONGEST]).strip())

        @keys.add("c-z")
        def stop(_event: KeyPressEvent) -> None:
            run_in_terminal(self._suspend)

        for name, step in _STEPS.items():
            self._bind(keys, name, step)
        return keys

    def _bind(self, keys: KeyBindings, name: str, step: Callable[[int, int, int], int]) -> None:
        @keys.add(name)
        def move(_event: KeyPressEvent) -> None:
            rows = max(self.app.output.get_size().rows // 2, 1)
            self._choose(step(self._chosen, len(self._found.choices) - 1, rows))

    # How it looks

    def _layout(self) -> Layout:
        control = BufferControl(self._buffer, [AsShown(Held())], include_default_input_processors=False)
        line = Window(control, height=1, get_line_prefix=lambda _number, _wrap: [("bold", self._asks())])
        page = Window(FormattedTextControl(self._page), wrap_lines=False)
        return Layout(HSplit([line, page]), line)

    def _asks(self) -> str:
        return self._shelf.asks if cells(self._shelf.asks) * 2 <= self.app.output.get_size().columns else ""

    def _page(self) -> AnyFormattedText:
        size = self.app.output.get_size()
        keys = self._shelf.keys if self._found.choices else _("Esc leaves")
        view = View(self._found.choices, self._chosen, self._preview, self._said(), keys, self._style)
        return lay_out(view, size.columns, size.rows - 1)

    def _said(self) -> str:
        """Say how far it is, what went wrong, or how much was found."""
        number = len(self._found.choices)
        if self._status or self._trouble:
            return self._status or self._trouble
        if self._looks and (self._is_new or not number):
            return _("looking ...")
        if not number:
            return _("nothing was found") if self._buffer.text.strip() else self._shelf.empty
        if self._found.more:
            return _("{n} found, and there are more").format(n=number)
        return ngettext("{n} found", "{n} found", number).format(n=number)
