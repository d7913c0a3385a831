"""What is said of a session before it is opened: its title, its facts, and what was said last, or found."""

from chatcmd.clean import clean, clean_line
from chatcmd.conversation.message import Message
from chatcmd.conversation.query import Query
from chatcmd.conversation.session import Session
from chatcmd.finding.excerpt import near
from chatcmd.finding.page import said_by
from chatcmd.history.entry import Entry
from chatcmd.history.hit import Hit
from chatcmd.history.row import when
from chatcmd.language import ngettext
from chatcmd.terminal.pick import Passage

LOOKED = 2000
"""Characters of a text that are looked at; no preview shows more."""

BEFORE = 120
"""Characters before what was found that are shown with it."""


def of_session(entry: Entry, session: Session, query: Query | None) -> list[Passage]:
    """Say what was asked last, and how the answer began."""
    asked = session.turns[-1].question if session.turns else None
    said = [] if asked is None else [_line(entry.user, asked), _line("ChatGPT", session.turns[-1].answer)]
    return [
        *_head(entry, query),
        *said,
        *(_line(entry.user, each) for each in session.aside[-1:] if each.role == "user"),
    ]


def of_hit(hit: Hit, query: Query) -> list[Passage]:
    """Say where it was found, and what stands around it."""
    text, place, spans = near(hit, query)
    begin = max(place - BEFORE, 0)
    begin = text.rfind("\n", begin, place) + 1 or begin
    ellipsis = "…" if begin else ""
    shift = begin - len(ellipsis)
    passage = Passage(ellipsis + text[begin:], tuple((first - shift, end - shift) for first, end in spans))
    return [*_head(hit.entry, query), Passage(said_by(hit).strip(), style="soft"), passage]


def _head(entry: Entry, query: Query | None) -> list[Passage]:
    title = clean_line(entry.title[:LOOKED])
    turns = ngettext("{n} turn", "{n} turns", entry.turns).format(n=entry.turns)
    facts = (when(entry.started), entry.user, entry.persona, entry.model, turns, *entry.tags, entry.id)
    told = "  ".join(clean_line(each[:LOOKED]) for each in facts if each)
    return [Passage(title, query.spans(title) if query else (), "head"), Passage(told, style="soft"), Passage("")]


def _line(who: str, message: Message) -> Passage:
    return Passage(f"【{clean_line(who[:LOOKED])}】{clean(message.content[:LOOKED]).strip()}")
