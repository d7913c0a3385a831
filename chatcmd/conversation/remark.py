"""What is worth saying about an answer once it is there."""

from chatcmd.conversation.message import Message
from chatcmd.conversation.reply import Reply

_FINISHES = {
    "length": "the answer was cut at its longest length (max_tokens, or the model's own)",
    "content_filter": "the service's content filter cut the answer",
}


def empty(model: str, finish_reason: str | None) -> str:
    """Say that an answer came without a word, and what to do."""
    if finish_reason == "length":
        return f"{model} used up its answer before the first word, perhaps thinking; set a larger max_tokens, or none"
    return f"{model} gave an empty answer ({finish_reason or 'no reason given'}); try again"


def remarks(reply: Reply, answer: Message) -> list[str]:
    """Make the sentences: how it ended, what the request had to do without, and counts that differ."""
    said = list(reply.notices)
    if answer.status == "interrupted":
        said.append("stopped; what came is kept and marked interrupted")
    if reply.finish_reason in _FINISHES:
        said.append(_FINISHES[reply.finish_reason])
    if reply.difference and reply.usage is not None and reply.window.kind != "estimate":
        ours = f"{reply.window.tokens:,}"
        if reply.window.kind == "bound":
            ours = f"at most {ours}" if reply.difference > 0 else f"at least {reply.window.least:,}"
        said.append(f"the server counted {reply.usage.prompt_tokens:,} prompt tokens, we counted {ours}")
    return said
