"""The line as it is shown: folded pastes as their label, tabs as blanks, and nothing that a terminal would obey."""

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from chatcmd.terminal.prompt.held import Held

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples


class AsShown(Processor):
    """Shows each character of a line as the table says."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Replace what is shown otherwise, so that the cursor stays where it belongs."""
        fragments = transformation_input.fragments
        if all(fragment[1].isprintable() for fragment in fragments):
            return Transformation(fragments)
        texts = [(each[0], self._held.shown(character)) for each in fragments for character in each[1]]
        starts = list(accumulate((len(text) for _, text in texts), initial=0))
        shown: StyleAndTextTuples = [*texts]

        def to_display(place: int) -> int:
            return starts[place] if place < len(starts) else starts[-1] + place - len(starts) + 1

        def to_source(place: int) -> int:
            return bisect_right(starts, place) - 1 if place < starts[-1] else len(shown) + place - starts[-1]

        return Transformation(shown, to_display, to_source)
