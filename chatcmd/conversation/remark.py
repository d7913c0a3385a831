"""What is worth saying about an answer once it is there."""

from chatcmd.conversation.message import Message
from chatcmd.conversation.reply import Reply
from chatcmd.conversation.window import Window
from chatcmd.language import _, marked

MARKS = {
    "interrupted": marked("interrupted"),
    "incomplete": marked("incomplete"),
    "unanswered": marked("unanswered"),
}
"""What is said of a message that is not complete, by its status."""

_FINISHES = {
    "length": marked("the answer was cut at its longest length (max_tokens, or the model's own)"),
    "content_filter": marked("the service's content filter cut the answer"),
}


def empty(model: str, finish_reason: str | None) -> str:
    """Say that an answer came without a word, and what to do."""
    if finish_reason == "length":
        return _(
            "{model} used up its answer before the first word, perhaps thinking; set a larger max_tokens, or none"
        ).format(model=model)
    return _("{model} gave an empty answer ({reason}); try again").format(
        model=model, reason=finish_reason or _("no reason given")
    )


def broken_off(*, kept: bool, once: bool) -> str:
    """Choose the sentence that tells of an answer cut in the middle; `once` where no command can be typed after it."""
    if once:
        return _("{error}; what came is kept and marked incomplete") if kept else "{error}"
    if not kept:
        return _("{error} (/retry asks the question again)")
    return _("{error}; what came is kept and marked incomplete (/retry asks the question again)")


def remarks(reply: Reply, answer: Message) -> list[str]:
    """Make the sentences: how it ended, what the request had to do without, and counts that differ."""
    said = list(reply.notices)
    if answer.status == "interrupted":
        said.append(_("stopped; what came is kept and marked interrupted"))
    if reply.finish_reason in _FINISHES:
        said.append(_(_FINISHES[reply.finish_reason]))
    if reply.difference and reply.usage is not None and reply.window.kind != "estimate":
        said.append(_compared(reply.usage.prompt_tokens, reply.window, reply.difference))
    return said


def _compared(told: int, window: Window, difference: int) -> str:
    if window.kind != "bound":
        sentence = _("the server counted {told:,} prompt tokens, we counted {ours:,}")
        return sentence.format(told=told, ours=window.tokens)
    if difference > 0:
        sentence = _("the server counted {told:,} prompt tokens, we counted at most {ours:,}")
        return sentence.format(told=told, ours=window.tokens)
    sentence = _("the server counted {told:,} prompt tokens, we counted at least {ours:,}")
    return sentence.format(told=told, ours=window.least)
