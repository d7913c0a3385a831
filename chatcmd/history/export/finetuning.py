"""Sessions as JSON Lines of the shape that models are fine-tuned with: {"messages": [{"role", "content"}, ...]}."""

from collections import Counter
from collections.abc import Iterator

from chatcmd.conversation.message import Turn
from chatcmd.conversation.session import Session
from chatcmd.history.export.encoded import encoded


def line(session: Session) -> Iterator[str]:
    """Yield a session's line, of its complete turns alone; nothing for a session without one."""
    turns = [turn for turn in session.turns if _is_complete(turn)]
    if turns:
        persona = [session.persona.message] if session.persona.content else []
        messages = [*persona, *(message for turn in turns for message in (turn.question, turn.answer))]
        yield encoded({"messages": [message.api for message in messages]}) + "\n"


def left_out(session: Session) -> Counter[str]:
    """Count what the line does not hold."""
    complete = sum(map(_is_complete, session.turns))
    aside = sum(len(turn.aside) for turn in session.turns) + len(session.aside)
    return Counter(unfinished=len(session.turns) - complete, aside=aside, empty=int(not complete))


def _is_complete(turn: Turn) -> bool:
    return turn.answer.status in (None, "complete")  # an imported answer has no status
