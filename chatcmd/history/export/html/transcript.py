"""The page of a session, or of several: who said what, with what is known of it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from zlib import compress, decompress

from chatcmd.conversation.attachment import Attachment, File
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.part import picture_of, shown
from chatcmd.conversation.remark import MARKS
from chatcmd.conversation.session import Session, title_of
from chatcmd.history.export.html import address, markdown
from chatcmd.history.export.html.code import Code
from chatcmd.history.export.html.element import NOTHING, Markup, element, joined
from chatcmd.history.export.html.fact import about_answer, about_session, moment
from chatcmd.history.export.html.frame import framed, searching
from chatcmd.history.export.html.picture import picture
from chatcmd.language import _, ngettext

LONGEST_ENTRY = 60
"""Characters of a question in the table of contents."""


def pieces(sessions: Iterable[Session]) -> Iterator[str]:
    """Yield one page of sessions piece by piece, in the order given.

    What is written of each session waits, compressed, until the table of contents before it is known.
    """
    titles: list[tuple[str, Markup]] = []
    written: list[bytes] = []
    code = Code()
    for number, session in enumerate(sessions, 1):
        titles.append((_title(session), _entries(number, session)))
        written.append(compress(_Article(number, session, code).whole().encode(), level=1))
    count = len(titles)
    title = titles[0][0] if count == 1 else ngettext("{n} session", "{n} sessions", count).format(n=count)
    articles = (Markup(decompress(each).decode()) for each in written)
    yield from framed(title, articles, contents=_contents(titles), tools=searching())


def _title(session: Session) -> str:
    return session.title or _("a session without a question")


def _contents(titles: Sequence[tuple[str, Markup]]) -> Markup:
    """List the turns; those of several sessions below the title of each."""
    if len(titles) == 1:
        return titles[0][1]
    return element("ul", *(_entry(f"s{number}", *each) for number, each in enumerate(titles, 1)))


def _entries(number: int, session: Session) -> Markup:
    turns = enumerate(session.turns, 1)
    return element("ol", *(_entry(f"s{number}t{place}", turn.question.content) for place, turn in turns))


def _entry(anchor: str, text: str, below: Markup = NOTHING) -> Markup:
    line = title_of(text)
    short = line if len(line) <= LONGEST_ENTRY else line[:LONGEST_ENTRY] + "…"
    return element("li", element("a", short or "…", href=f"#{anchor}"), below)


class _Article:
    """One session on a page; its anchors begin with its number."""

    def __init__(self, number: int, session: Session, code: Code) -> None:
        self._anchor, self._session, self._code = f"s{number}", session, code

    def whole(self) -> Markup:
        """Show what is known of it, its persona, its turns, and what follows them."""
        session = self._session
        facts = (element("div", element("dt", name), element("dd", value)) for name, value in about_session(session))
        title = element("h2", element("a", _title(session), href=f"#{self._anchor}"))
        head = element("header", title, element("dl", *facts), _persona(session.persona))
        turns = (self._turn(number, turn) for number, turn in enumerate(session.turns, 1))
        rest = [element("section", *self._asides(session.aside), class_="turn")] if session.aside else []
        return element("article", head, *turns, *rest, class_="session", id=self._anchor)

    def _turn(self, number: int, turn: Turn) -> Markup:
        anchor = f"{self._anchor}t{number}"
        link = element("a", str(number), href=f"#{anchor}", class_="number", title=_("turn {n}").format(n=number))
        question = self._message(turn.question, self._session.user, "question", link)
        return element(
            "section", *self._asides(turn.aside), question, self._answer(turn.answer), class_="turn", id=anchor
        )

    def _asides(self, messages: Sequence[Message]) -> Iterator[Markup]:
        """Show what stands between the turns, and entered no window."""
        for message in messages:
            if message.role == "assistant":
                yield self._answer(message)
            elif message.role == "user":
                yield self._message(message, self._session.user, "question")
            else:
                yield self._message(message, message.role, "other")

    def _message(self, message: Message, who: str, kind: str, link: Markup = NOTHING) -> Markup:
        """Show what was asked as it was typed, and what was attached."""
        head = element("header", link, element("b", who, class_="who"), _mark(message), moment(message.at))
        if message.parts is not None:
            said = element("div", *_parts(message.parts), class_="said plain")
        else:
            said = element("div", address.with_links(message.content), class_="said plain")
        return element("div", head, said, *map(self._attachment, message.attachments), class_=f"message {kind}")

    def _answer(self, message: Message) -> Markup:
        """Show an answer as the Markdown that it is, its reasoning folded, and the facts."""
        who = element("b", message.model or self._session.model, class_="who")
        parts = [element("header", who, _mark(message), moment(message.at))]
        if message.reasoning:
            thought = element("div", markdown.rendered(message.reasoning, self._code), class_="said")
            parts.append(_folded("reasoning", _("reasoning"), thought))
        if message.parts is not None:
            parts.append(element("div", *_parts(message.parts), class_="said plain"))
        else:
            parts.append(element("div", markdown.rendered(message.content, self._code), class_="said"))
        parts += map(self._attachment, message.attachments)
        if facts := about_answer(message):
            spans = (element("span", fact) for fact in facts)
            parts.append(element("footer", joined(chain.from_iterable((each, " ") for each in spans)), class_="facts"))
        return element("div", *parts, class_="message answer")

    def _attachment(self, attachment: Attachment) -> Markup:
        if isinstance(attachment, File):
            text = element("div", self._code.block(attachment.text, name=attachment.name), class_="said")
            return _folded("attachment", attachment.label, text)
        image = picture(attachment.url, attachment.name)
        caption = element("figcaption", attachment.label)
        return element("figure", image or _("this image cannot be shown"), caption)


def _persona(persona: Persona) -> Markup:
    if not persona.content:
        return NOTHING
    summary = _("persona {name}").format(name=persona.name)
    return _folded("persona", summary, element("div", address.with_links(persona.content), class_="said plain"))


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


def _folded(kind: str, summary: str, content: Markup) -> Markup:
    return element("details", element("summary", summary), content, class_=kind)
