"""Older formats of saved sessions, made into ours as they are read: one step a file, each from one format to the next.

Saving writes our format. The file as it was then stays beside it as SESSION.json.format-N (see file.write).
"""

from collections.abc import Callable, Mapping
from typing import Any

from chatcmd.history.upgrade import from_0
from chatcmd.history.upgrade.place import Place

__all__ = ["FORMAT", "Place", "format_of", "upgraded"]

STEPS: tuple[Callable[[dict[str, Any], Place], dict[str, Any]], ...] = (from_0.step,)
"""What makes the next format of each one, beginning with format 0."""

FORMAT = len(STEPS)
"""Our own."""


def format_of(content: Any) -> int:
    """Say which format a file's content has: what it claims; 0 where messages stand without a claim.

    What is no session of ours, and what claims nothing sensible, is taken for our own format, whose reader refuses it.
    """
    if isinstance(content, Mapping):
        holds_messages = isinstance(content.get("messages"), list)
        claimed = content.get("format", 0 if holds_messages else FORMAT)
        return claimed if type(claimed) is int and (claimed or holds_messages) else FORMAT
    return 0 if from_0.is_list_of_messages(content) else FORMAT


def upgraded(content: Any, place: Callable[[], Place]) -> Any:
    """Take content through all steps up to our format; ours, a newer one and what is no session stay as they are.

    `place` is asked only where there is something to upgrade.
    """
    begin = format_of(content)
    if not 0 <= begin < FORMAT:
        return content
    found = place()
    made: dict[str, Any] = {"messages": content} if isinstance(content, list) else dict(content)
    for step in STEPS[begin:]:
        made = step(made, found)
    return made
