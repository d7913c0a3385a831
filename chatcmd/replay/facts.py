"""What came of replays, as a program reads it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.spent import Spent
from chatcmd.replay.outcome import Expectation, Outcome, Pair, spent_on
from chatcmd.settings.settings import Settings


def facts(outcomes: Sequence[Outcome], settings: Settings, expectation: Expectation | None) -> dict[str, Any]:
    """Gather all that is known: each replay with its turns, and whether what was expected came."""
    document: dict[str, Any] = {"replays": [_replay(outcome, settings) for outcome in outcomes]}
    if expectation is not None:
        missed = [(outcome, expectation.missed(outcome)) for outcome in outcomes]
        document["expected"] = {
            "what": expectation.text,
            "met": not any(turns for _, turns in missed),
            "missed": [
                {"source": outcome.plan.source.id, "model": outcome.plan.model, "turns": turns}
                for outcome, turns in missed
                if turns
            ],
        }
    return document


def _replay(outcome: Outcome, settings: Settings) -> dict[str, Any]:
    plan, source = outcome.plan, outcome.plan.source
    return {
        "source": {"id": source.id, "user": source.user, "title": source.title, "model": source.model},
        "model": plan.model,
        "persona": plan.persona.name,
        "recorded_context": plan.recorded_context,
        "session": outcome.session.id if outcome.session is not None and outcome.path is not None else None,
        "file": str(outcome.path) if outcome.path is not None else None,
        "questions": len(plan.turns),
        "answered": outcome.answered,
        "answered_before": outcome.before,
        "error": outcome.error,
        "summary": {
            **{name: outcome.count(name) for name in ("same", "similar", "different")},
            "seconds": round(outcome.seconds, 3),
            **_spent(outcome.spent(settings)),
        },
        "turns": [_turn(pair, plan.source.model, plan.model, settings) for pair in outcome.pairs],
    }


def _turn(pair: Pair, old_model: str, new_model: str, settings: Settings) -> dict[str, Any]:
    compared = pair.comparison
    return {
        "turn": pair.number,
        "question": pair.recorded.question.content,
        "likeness": compared.likeness,
        "ratio": round(compared.ratio, 6),
        "compared_by": compared.by,
        "recorded": _answer(pair.recorded, old_model, settings),
        "new": _answer(pair.new, new_model, settings),
        "differences": [
            {"old": each.old, "new": each.new} if not each.same else {"same": each.new} for each in compared.stretches
        ],
    }


def _answer(turn: Turn, model: str, settings: Settings) -> dict[str, Any]:
    answer: Message = turn.answer
    known = msgspec.to_builtins(answer)
    content = known.pop("content")
    dropped = ("role", "attachments", "parts", "settings", "at")
    said = {name: value for name, value in known.items() if value is not None and name not in dropped}
    return {
        "answer": content,
        "length": len(content),
        **said,
        "cost": _spent(spent_on(settings, model, [turn]))["cost"],
    }


def _spent(spent: Spent) -> dict[str, Any]:
    """Tell tokens and money; None is what no service has told, or whose price is not known."""
    counted = spent.turns > spent.uncounted
    priced = spent.turns > spent.uncounted + spent.unpriced
    return {
        "prompt_tokens": spent.prompt if counted else None,
        "completion_tokens": spent.answer if counted else None,
        "cost": {"dollars": round(spent.money.dollars, 9), "at_most": spent.money.at_most} if priced else None,
    }
