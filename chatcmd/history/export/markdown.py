"""A session as Markdown: a title with its facts, then each turn under who said it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from chatcmd.clean import clean, clean_line
from chatcmd.conversation.attachment import Attachment, File, block, images
from chatcmd.conversation.message import Message
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session
from chatcmd.history.export.contained import contained
from chatcmd.language import _

ANSWERER = "ChatGPT"
"""How answers are headed, as everywhere."""

_WHEN = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_MARKUP = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|&(?=#?\w+;)|#(?=#*$)")


def pages(session: Session, *, exact: bool = False) -> Iterator[str]:
    """Yield a session's Markdown piece by piece; with `exact` what was said is not cleaned for terminals."""
    cleaned: Callable[[str], str] = str if exact else clean
    title = inline(session.title) or inline(session.id)
    yield f"# {title}\n\n" + "".join(f"- {fact}\n" for fact in _facts(session))
    if session.persona.content:
        yield _headed("##", "system", _quoted(contained(cleaned(session.persona.content))))
    for number, turn in enumerate(session.turns, 1):
        for message in turn.aside:
            yield _aside(message, session, cleaned)
        yield _headed("##", _marked(f"{number}. {session.user}", turn.question), *_asked(turn.question, cleaned))
        yield _headed("###", _marked(ANSWERER, turn.answer), *_answered(turn.answer, session, cleaned))
    for message in session.aside:
        yield _aside(message, session, cleaned)


def left_out(session: Session) -> Counter[str]:
    """Count what is only named."""
    return Counter(image=sum(len(images(message.attachments)) for message in session.messages))


def inline(text: str) -> str:
    """Return a text on one line, clean, with nothing in it that Markdown would read."""
    return _MARKUP.sub(r"\\\g<0>", clean_line(text).strip())


def _facts(session: Session) -> Iterator[str]:
    source, parent = session.source or {}, session.parent
    yield _("User: {user}").format(user=inline(session.user))
    yield _("Model: {model}").format(model=inline(session.model))
    yield _("Persona: {persona}").format(persona=inline(session.persona.name))
    yield _("Started: {time}").format(time=_when(session.started))
    if session.ended:
        yield _("Ended: {time}").format(time=_when(session.ended))
    yield _("Session: {id}").format(id=inline(session.id))
    if parent is not None:
        yield _("Branch of: {id}, behind its turn {turn}").format(id=inline(parent.id), turn=parent.turn)
    if source:
        yield _("Source: {source}").format(source=_listed(source))
    if session.tags:
        yield _("Tags: {tags}").format(tags=inline(_(", ").join(session.tags)))
    if session.settings:
        yield _("Settings: {settings}").format(settings=_listed(session.settings))


def _listed(values: dict[str, object]) -> str:
    return inline(", ".join(f"{name} {value}" for name, value in values.items()))


def _headed(marks: str, heading: str, *blocks: str) -> str:
    return "\n" + "\n\n".join((f"{marks} {inline(heading)}", *filter(None, blocks))) + "\n"


def _marked(who: str, message: Message) -> str:
    return f"{who} ({_(MARKS[message.status])})" if message.status in MARKS else who


def _aside(message: Message, session: Session, cleaned: Callable[[str], str]) -> str:
    """Give a message that belongs to no turn, under whoever it is of."""
    who = {"user": session.user, "assistant": ANSWERER}.get(message.role, message.role)
    return _headed("##", _marked(who, message), *_asked(message, cleaned))


def _asked(message: Message, cleaned: Callable[[str], str]) -> Iterator[str]:
    if message.at:
        yield f"*{_when(message.at)}*"
    yield from _said(message, cleaned)


def _answered(answer: Message, session: Session, cleaned: Callable[[str], str]) -> Iterator[str]:
    facts = [inline(answer.model or session.model)]
    if answer.usage is not None:
        told = answer.usage
        facts.append(
            _("{prompt:,} + {answer:,} tokens").format(prompt=told.prompt_tokens, answer=told.completion_tokens)
        )
    if answer.latency is not None:
        facts.append(_("{seconds:.1f} s").format(seconds=answer.latency.total))
    line = _(", ").join(facts)
    yield f"*{line}*"
    yield from _said(answer, cleaned)


def _said(message: Message, cleaned: Callable[[str], str]) -> Iterator[str]:
    """Give what was thought, what was said, and what was attached to it."""
    if message.reasoning:
        yield _thought(message.reasoning, cleaned)
    yield contained(cleaned(message.content))
    for each in message.attachments:
        yield _attached(each, cleaned)


def _thought(reasoning: str, cleaned: Callable[[str], str]) -> str:
    """Fold what was thought before an answer; where a reader knows no folding it still stands between its marks."""
    summary = _("Reasoning")
    return f"<details>\n<summary>{summary}</summary>\n\n{contained(cleaned(reasoning))}\n\n</details>"


def _attached(attachment: Attachment, cleaned: Callable[[str], str]) -> str:
    label = f"**{inline(attachment.label)}**"
    if not isinstance(attachment, File):
        return _("Image: {label}").format(label=label)
    name = clean_line(attachment.name)
    fenced = block(File(name, attachment.size, cleaned(attachment.text))).lstrip("\n").removeprefix(f"{name}:\n")
    return f"{label}\n\n{fenced}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _when(at: str) -> str:
    """Write a time as a person reads it; what is none stays as it is."""
    found = _WHEN.fullmatch(at)
    return f"{found[1]} {found[2]} UTC" if found else inline(at)
