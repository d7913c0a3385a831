"""What a page tells of a session and of an answer beside what was said."""

import re
from collections.abc import Iterator

from chatcmd.conversation.message import Message
from chatcmd.conversation.session import Session
from chatcmd.history.export.html.element import NOTHING, Markup, element
from chatcmd.language import _, ngettext

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|\+00:00)", re.ASCII)


def moment(at: str | None) -> Markup:
    """Show a time; the page's script tells it as the clock of the reader does."""
    if not at:
        return NOTHING
    found = _TIME.fullmatch(at)
    return element("time", f"{found[1]} {found[2]} UTC", datetime=at) if found else element("time", at)


def about_session(session: Session) -> Iterator[tuple[str, str]]:
    """Name the facts of a session, and tell them."""
    yield _("user"), session.user
    yield _("model"), session.model
    yield _("started"), moment(session.started)
    if session.ended:
        yield _("ended"), moment(session.ended)
    yield _("turns"), f"{len(session.turns):,}"
    usages = [turn.answer.usage for turn in session.turns if turn.answer.usage is not None]
    if usages:
        prompt, answer = sum(each.prompt_tokens for each in usages), sum(each.completion_tokens for each in usages)
        yield _("tokens"), f"{prompt:,} + {answer:,}"
    if session.settings:
        yield _("settings"), _listed(session.settings)
    if session.tags:
        yield _("tags"), _(", ").join(session.tags)
    if session.parent is not None:
        parent = session.parent
        sentence = ngettext("{id}, after {n} turn", "{id}, after {n} turns", parent.turn)
        yield _("branch of"), sentence.format(id=parent.id, n=parent.turn)
    if session.source and isinstance(session.source.get("format"), str):
        yield _("from"), str(session.source["format"])
    yield _("session"), session.id


def about_answer(answer: Message) -> list[str]:
    """Tell what an answer took, and how it ended."""
    facts: list[str] = []
    if answer.usage is not None:
        tokens = _("{prompt:,} + {answer:,} tokens")
        facts.append(tokens.format(prompt=answer.usage.prompt_tokens, answer=answer.usage.completion_tokens))
    if answer.window is not None and answer.window.dropped:
        out = answer.window.dropped
        facts.append(ngettext("without the oldest turn", "without the {n:,} oldest turns", out).format(n=out))
    if answer.latency is not None:
        facts.append(_("{seconds:,.1f} s").format(seconds=answer.latency.total))
        if answer.latency.first is not None:
            facts.append(_("first word after {seconds:,.1f} s").format(seconds=answer.latency.first))
    if answer.finish_reason == "length":
        facts.append(_("cut at its longest length"))
    elif answer.finish_reason == "content_filter":
        facts.append(_("cut by the content filter"))
    if answer.settings:
        facts.append(_listed(answer.settings))
    return facts


def _listed(settings: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
