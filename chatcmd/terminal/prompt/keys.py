"""What the keys do in the field, beside what they do in every line editor."""

from collections.abc import Callable

from prompt_toolkit.application.run_in_terminal import run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_completions, has_focus, is_searching, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.search import stop_search

from chatcmd.language import _
from chatcmd.terminal import EndOfInput, Interrupted
from chatcmd.terminal.block import QUOTES, going_on, is_order
from chatcmd.terminal.prompt.completion import complete
from chatcmd.terminal.prompt.field import Field
from chatcmd.terminal.prompt.keystrokes import ALT_ENTER, MOST_PASTED, NEW_LINE


def bindings(field: Field, suspend: Callable[[], None]) -> KeyBindings:
    """Bind the keys of a field; `suspend` stops the program until it is gone on with."""
    keys = KeyBindings()
    _bind_lines(keys, field)
    _bind_ends(keys, field)
    at_line = has_focus(DEFAULT_BUFFER)

    @keys.add("tab", filter=at_line)
    def tab(_event: KeyPressEvent) -> None:
        complete(field)

    @keys.add("escape", filter=has_completions & at_line, eager=True)
    def close_menu(_event: KeyPressEvent) -> None:
        field.buffer.cancel_completion()

    @keys.add("c-o", filter=at_line)
    @keys.add("c-x", "c-e", filter=at_line)
    def edit_elsewhere(_event: KeyPressEvent) -> None:
        if field.look.many_lines:
            field.leave_for_editor()

    @keys.add("c-z")
    def stop(_event: KeyPressEvent) -> None:
        run_in_terminal(suspend)

    return keys


def _bind_lines(keys: KeyBindings, field: Field) -> None:
    """Bind what sends, and what begins another line."""
    at_line = has_focus(DEFAULT_BUFFER)

    @keys.add("enter", filter=at_line)
    def enter(_event: KeyPressEvent) -> None:
        """Take what is chosen in the menu, else end the line; a command needs no second one in any mode."""
        state = field.buffer.complete_state
        if state is not None and state.current_completion is not None:
            field.buffer.complete_state = None
        elif field.look.enter_sends or vi_navigation_mode() or is_order(field.buffer.text):
            _send_when_whole(field)
        else:
            field.new_line()

    @keys.add(NEW_LINE, filter=at_line)
    def line_feed(_event: KeyPressEvent) -> None:
        field.new_line()

    @keys.add(ALT_ENTER, filter=at_line)
    def alt_enter(_event: KeyPressEvent) -> None:
        if field.look.enter_sends:
            field.new_line()
        else:
            field.send()

    @keys.add(Keys.BracketedPaste)
    def paste(event: KeyPressEvent) -> None:
        if len(event.data) > MOST_PASTED:
            sentence = _("that paste has more than {most:,} characters; nothing of it was taken")
            field.say(sentence.format(most=MOST_PASTED))
        elif event.current_buffer is field.buffer:
            field.paste(event.data)
        else:
            event.current_buffer.insert_text(event.data.partition("\r")[0].partition("\n")[0])


def _send_when_whole(field: Field) -> None:
    """Send, unless the text waits for another line: behind a backslash, or in a block."""
    buffer = field.buffer
    longer = going_on(buffer.text) if field.look.many_lines else None
    if longer is None or not (buffer.document.is_cursor_at_the_end or buffer.text.startswith(QUOTES)):
        field.send()
    elif buffer.document.is_cursor_at_the_end:
        buffer.document = Document(longer)
    else:
        field.new_line()


def _bind_ends(keys: KeyBindings, field: Field) -> None:
    """Bind what ends the line without sending it."""
    buffer = field.buffer
    nothing = Condition(lambda: not buffer.text)

    @keys.add("c-c", eager=True)
    def interrupt(event: KeyPressEvent) -> None:
        """Leave what is open; else clear the line, which Up brings back; on an empty one, tell the chat."""
        if is_searching():
            stop_search()
        elif buffer.complete_state is not None:
            buffer.cancel_completion()
        elif buffer.text:
            buffer.history.append_string(buffer.text)
            buffer.reset()
        else:
            event.app.exit(exception=Interrupted())

    @keys.add("c-d", filter=has_focus(DEFAULT_BUFFER) & nothing)
    def end(event: KeyPressEvent) -> None:
        event.app.exit(exception=EndOfInput())
