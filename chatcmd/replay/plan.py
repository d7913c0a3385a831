"""What is to be asked again: one session's questions, of one model, by one persona, with one set of settings."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from chatcmd.conversation.message import Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.language import marked
from chatcmd.settings.option import GENERATION, OPTIONS
from chatcmd.settings.origin import DEFAULT, Origin
from chatcmd.settings.settings import Settings

FORMAT = "replay"
"""What the `source` of a session says that came of a replay."""

OFFLINE = "offline"

_RECORDING = Origin("file", marked("the recording"))
_SAID = ("flag", "environment")


class Plan(msgspec.Struct, frozen=True, dict=True):
    """The questions of `source` are asked of `model`.

    `address` is where the model is, or "offline"; `generation` are the generation settings for each question. The
    answers that a question follows upon are the new ones, or with `recorded_context` those of the source.
    """

    source: Session
    model: str
    persona: Persona
    address: str
    generation: tuple[dict[str, Any], ...]
    recorded_context: bool = False

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.source.turns

    @property
    def changes_persona(self) -> bool:
        return self.persona != self.source.persona

    @cached_property
    def digest(self) -> str:
        """Name all that the answers depend on: what is asked twice with one digest is the same replay."""
        asked: dict[str, Any] = {
            "questions": [turn.question.api for turn in self.turns],
            "model": self.model,
            "address": self.address,
            "persona": msgspec.to_builtins(self.persona),
            "generation": self.generation,
        }
        if self.recorded_context:
            asked["answers"] = [turn.answer.api for turn in self.turns]
        return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:32]

    @property
    def name(self) -> str:
        """Name who answers."""
        return f"{self.model}, {self.persona.name}" if self.changes_persona else self.model

    def begun(self, session_id: str, started: str) -> Session:
        """Make the session that the answers go into."""
        return Session(
            id=session_id,
            user=self.source.user,
            persona=self.persona,
            model=self.model,
            started=started,
            title=f"{self.source.title} ({self.name})",
            source={"format": FORMAT, "id": self.source.id, "of": self.digest},
            settings=(self.generation[0] if self.generation else None) or None,
        )

    def answered(self, session: Session) -> int | None:
        """Count the questions that a session has an answer to; None when it has gone another way.

        An answer that was stopped or broke off is none.
        """
        turns = session.turns[: len(self.turns)]
        for number, (turn, mine) in enumerate(zip(turns, self.turns, strict=False)):
            if turn.question.api != mine.question.api:
                return None
            if turn.answer.status not in (None, "complete"):
                return number if number == len(session.turns) - 1 else None
        return len(turns)

    def context(self, number: int) -> tuple[Turn, ...] | None:
        """Give the turns that question `number` (from 0) follows upon; None for those of the replay itself."""
        return self.turns[:number] if self.recorded_context else None


def generation_for(settings: Settings, source: Session) -> tuple[dict[str, Any], ...]:
    """Say with what settings each question is asked: those of the recording, under what was said for this run."""
    said = {name: value for name, value in settings.generation.items() if settings.origin(name).kind in _SAID}
    by_turn = (turn.answer.settings for turn in source.turns)
    session = source.settings or {}
    return tuple(_checked(session if own is None else own) | said for own in by_turn)


def with_generation(settings: Settings, generation: Mapping[str, Any]) -> Settings:
    """Return settings that generate so."""
    for option in GENERATION:
        value = generation.get(option.name)
        if settings[option.name] != value:
            settings = settings.changed(option.name, value, DEFAULT if value is None else _RECORDING)
    return settings


def _checked(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what is a setting of ours; another program may have recorded anything."""
    kept: dict[str, Any] = {}
    for option in GENERATION:
        if recorded.get(option.name) is not None:
            try:
                value = OPTIONS[option.name].check(recorded[option.name])
            except ValueError:
                continue
            kept[option.name] = list(value) if isinstance(value, tuple) else value
    return kept
