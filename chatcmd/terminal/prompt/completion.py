"""Completion at Tab: what is common to all offers is written at once, the rest is a menu."""

from prompt_toolkit.buffer import CompletionState
from prompt_toolkit.completion import Completion, get_common_complete_suffix

from chatcmd.clean import clean_line
from chatcmd.terminal import Offer, paths
from chatcmd.terminal.prompt.field import Field


def complete(field: Field) -> None:
    """Complete before the cursor, or go to the next of what the menu shows."""
    buffer = field.buffer
    if buffer.complete_state is not None:
        buffer.complete_next()
        return
    document = buffer.document
    before = document.text_before_cursor
    offered = list(paths.offers(before)) if field.look.many_lines else []  # only an @ that was typed is one there
    completions = [_completion(offer) for offer in offered or field.look.offers(field.held.told(before)[0])]
    if len(completions) == 1:
        written = buffer.delete_before_cursor(-completions[0].start_position)
        whole = written == completions[0].text and field.look.many_lines and not document.text_after_cursor
        buffer.insert_text(completions[0].text + (" " if whole else ""))  # once more Tab goes on to what can follow
        return
    if common := get_common_complete_suffix(document, completions):
        buffer.insert_text(common)
        completions = [each.new_completion_from_position(len(common)) for each in completions]
    if completions:
        buffer.complete_state = CompletionState(buffer.document, completions)
        field.app.invalidate()


def _completion(offer: Offer) -> Completion:
    text, about = clean_line(offer.text), clean_line(offer.help)
    return Completion(offer.text, start_position=-offer.back, display=text, display_meta=about)
