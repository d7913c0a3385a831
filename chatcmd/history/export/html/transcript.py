"""The page of a session, or of several: who said what, with what is known of it."""

from collections.abc import Iterator, Sequence
from itertools import chain

from chatcmd.conversation.attachment import Attachment, File
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.part import picture_of, shown
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session, title_of
from chatcmd.history.export.html import address, code, markdown
from chatcmd.history.export.html.element import NOTHING, Markup, element, joined
from chatcmd.history.export.html.fact import about_answer, about_session, moment
from chatcmd.history.export.html.frame import framed, searching
from chatcmd.history.export.html.picture import picture
from chatcmd.language import _, ngettext

LONGEST_ENTRY = 60
"""Characters of a question in the table of contents."""


def page(sessions: Sequence[Session]) -> str:
    """Make one page of sessions, in the order given."""
    count = len(sessions)
    title = _title(sessions[0]) if count == 1 else ngettext("{n} session", "{n} sessions", count).format(n=count)
    numbered = list(enumerate(sessions, 1))
    articles = joined(_article(number, session) for number, session in numbered)
    return framed(title, articles, contents=_contents(numbered), tools=searching())


def _title(session: Session) -> str:
    return session.title or _("a session without a question")


def _contents(sessions: Sequence[tuple[int, Session]]) -> Markup:
    """List the turns; those of several sessions below the title of each."""
    if len(sessions) == 1:
        return _entries(*sessions[0])
    titles = (_entry(f"s{number}", _title(session), _entries(number, session)) for number, session in sessions)
    return element("ul", *titles)


def _entries(number: int, session: Session) -> Markup:
    turns = enumerate(session.turns, 1)
    return element("ol", *(_entry(f"s{number}t{place}", turn.question.content) for place, turn in turns))


def _entry(anchor: str, text: str, below: Markup = NOTHING) -> Markup:
    line = title_of(text)
    short = line if len(line) <= LONGEST_ENTRY else line[:LONGEST_ENTRY] + "…"
    return element("li", element("a", short or "…", href=f"#{anchor}"), below)


def _article(number: int, session: Session) -> Markup:
    """Show one session: what is known of it, its persona, its turns, and what follows them."""
    facts = (element("div", element("dt", name), element("dd", value)) for name, value in about_session(session))
    title = element("h2", element("a", _title(session), href=f"#s{number}"))
    head = element("header", title, element("dl", *facts), _persona(session))
    turns = (_turn(f"s{number}t{place}", place, turn, session) for place, turn in enumerate(session.turns, 1))
    rest = [element("section", *_asides(session.aside, session), class_="turn")] if session.aside else []
    return element("article", head, *turns, *rest, class_="session", id=f"s{number}")


def _persona(session: Session) -> Markup:
    persona = session.persona
    if not persona.content:
        return NOTHING
    summary = _("persona {name}").format(name=persona.name)
    return _folded("persona", summary, element("div", address.with_links(persona.content), class_="said plain"))


def _turn(anchor: str, number: int, turn: Turn, session: Session) -> Markup:
    link = element("a", str(number), href=f"#{anchor}", class_="number", title=_("turn {n}").format(n=number))
    parts = (
        *_asides(turn.aside, session),
        _message(turn.question, session.user, "question", link),
        _answer(turn.answer, session),
    )
    return element("section", *parts, class_="turn", id=anchor)


def _asides(messages: Sequence[Message], session: Session) -> Iterator[Markup]:
    """Show what stands between the turns, and entered no window."""
    for message in messages:
        if message.role == "assistant":
            yield _answer(message, session)
        elif message.role == "user":
            yield _message(message, session.user, "question")
        else:
            yield _message(message, message.role, "other")


def _message(message: Message, who: str, kind: str, link: Markup = NOTHING) -> Markup:
    """Show what was asked as it was typed, and what was attached."""
    head = element("header", link, element("b", who, class_="who"), _mark(message), moment(message.at))
    if message.parts is not None:
        said = element("div", *_parts(message.parts), class_="said plain")
    else:
        said = element("div", address.with_links(message.content), class_="said plain")
    return element("div", head, said, *map(_attachment, message.attachments), class_=f"message {kind}")


def _answer(message: Message, session: Session) -> Markup:
    """Show an answer as the Markdown that it is, its reasoning folded, and the facts."""
    who = element("b", message.model or session.model, class_="who")
    parts = [element("header", who, _mark(message), moment(message.at))]
    if message.reasoning:
        thought = element("div", markdown.rendered(message.reasoning), class_="said")
        parts.append(_folded("reasoning", _("reasoning"), thought))
    words = _parts(message.parts) if message.parts is not None else [markdown.rendered(message.content)]
    parts.append(element("div", *words, class_="said" if message.parts is None else "said plain"))
    parts += map(_attachment, message.attachments)
    if facts := about_answer(message):
        spans = (element("span", fact) for fact in facts)
        parts.append(element("footer", joined(chain.from_iterable((each, " ") for each in spans)), class_="facts"))
    return element("div", *parts, class_="message answer")


def _mark(message: Message) -> Markup:
    return element("em", _(MARKS[message.status]), class_="mark") if message.status in MARKS else NOTHING


def _parts(parts: Sequence[object]) -> Iterator[str]:
    """Show the parts of a content that another program made; of images elsewhere, their addresses."""
    for part in parts:
        if picture_of(part) is None:
            yield address.with_links(shown([part]))
            yield "\n"
            continue
        image = part.get("image_url") if isinstance(part, dict) else None
        url = image.get("url") if isinstance(image, dict) else image
        source = url if isinstance(url, str) else ""
        yield picture(source, "") or f"🖼 ({address.shortened(source)})\n"


def _attachment(attachment: Attachment) -> Markup:
    if isinstance(attachment, File):
        text = element("div", code.block(attachment.text, name=attachment.name), class_="said")
        return _folded("attachment", attachment.label, text)
    image = picture(attachment.url, attachment.name)
    caption = element("figcaption", attachment.label)
    return element("figure", image or _("this image cannot be shown"), caption)


def _folded(kind: str, summary: str, content: Markup) -> Markup:
    return element("details", element("summary", summary), content, class_=kind)
