"""A line out of what was said, around what was found in it."""

from chatcmd.clean import clean
from chatcmd.conversation.query import Query, Span, excerpt
from chatcmd.history.hit import Hit

LOOKED = 2000
"""Characters before and behind what was found first, which an excerpt is cut out of."""


def near(hit: Hit, query: Query) -> tuple[str, int, tuple[Span, ...]]:
    """Make what stands around what was found first safe to show, and only then look for it again.

    The text, the place in it where it was found, and the places of all that is found from there on: none, where what
    was found is not there when it is safe.
    """
    first = hit.spans[0][0] if hit.spans else 0
    begin = max(first - LOOKED, 0)
    before = clean(hit.text[begin:first])
    text = clean(hit.text[begin : first + LOOKED])
    return text, len(before), tuple(span for span in query.spans(text) if span[1] > len(before))


def around(hit: Hit, query: Query, width: int) -> tuple[str, tuple[Span, ...]]:
    """Cut a clean line of at most `width` cells, with the places in it of what was found."""
    text, place, spans = near(hit, query)
    if spans:
        return excerpt(text, spans, width)
    return excerpt(text, [(place, place)], width)[0], ()
