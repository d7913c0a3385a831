"""A saved session in short, as it is listed, and which of them are wanted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.session import Facts, Parent, Session
from chatcmd.conversation.words import folded


class Entry(msgspec.Struct, frozen=True):
    """A saved session in short; `turns` counts its answers, `source` names the program or replay it came from.

    `id` is the name of its file, which finds it, whatever a file that was copied or renamed by hand says itself.
    """

    id: str
    user: str
    started: str
    model: str
    title: str
    turns: int
    path: str
    persona: str = ""
    ended: str | None = None
    tags: tuple[str, ...] = ()
    parent: Parent | None = None
    source: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions are wanted: those that are all of what is given.

    `since` (inclusive) and `until` (exclusive) are UTC in ISO 8601, and are compared with when a session started;
    `model`, `persona` and `title` have to be in the session's own, in any case. `tag` is one of its tags.
    """

    user: str | None = None
    persona: str | None = None
    model: str | None = None
    title: str | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None

    def holds(self, entry: Entry) -> bool:
        """Tell whether a session is one of them."""
        parts = ((self.persona, entry.persona), (self.model, entry.model), (self.title, entry.title))
        return (
            self.user in (None, entry.user)
            and all(part is None or folded(part) in folded(whole) for part, whole in parts)
            and (self.tag is None or self.tag in entry.tags)
            and (self.since is None or entry.started >= self.since)
            and (self.until is None or entry.started < self.until)
        )


ALL = Wanted()


def entry_of(path: Path, session: Session) -> Entry:
    """Say in short what a session is."""
    return listed(path, session, session.title, len(session.turns))


def listed(path: Path, facts: Facts, title: str, turns: int) -> Entry:
    """Say in short what a session is of which these facts are known; its file's name is what finds it."""
    return Entry(
        id=path.stem,
        user=facts.user,
        started=facts.started,
        model=facts.model,
        title=title,
        turns=turns,
        path=str(path),
        persona=facts.persona.name,
        ended=facts.ended,
        tags=facts.tags,
        parent=facts.parent,
        source=_origin_of(facts.source),
    )


def _origin_of(source: Mapping[str, Any] | None) -> str | None:
    """Name the program or replay that a session came from."""
    named = (source or {}).get("format")
    return named if isinstance(named, str) else None
