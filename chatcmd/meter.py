"""What the next request holds, proven before it is sent, and what servers teach about models that are not known."""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from chatcmd import vocabulary
from chatcmd.conversation.message import Message
from chatcmd.conversation.models import O200K, images_of, look_up
from chatcmd.conversation.session import Session
from chatcmd.conversation.tokens import UNMEASURED_RATIO, Cost, Count, Ledger, Rules, at_least, bound, estimate, exact
from chatcmd.conversation.window import Window, fit
from chatcmd.errors import ContextTooLong, UsageError
from chatcmd.language import _
from chatcmd.settings.settings import Settings

NO_LIMIT = 2**53

LEAST_WINDOW = 256
"""Tokens; a server that names a smaller window is not believed."""


class Ahead(NamedTuple):
    """What the next request holds before its question.

    `tokens` of the `room` that a prompt may take, as `kind` of count: exact, bound (at most so many) or estimate;
    `dropped` is the number of turns that stay out.
    """

    tokens: int
    room: int
    kind: str
    dropped: int


class Meter:
    """Counts tokens for any model: exactly where its rules are known, else by a bound or an estimate."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._ledgers: dict[tuple[str, str], Ledger] = {}
        self._told: set[str] = set()
        self._ahead: tuple[tuple[Any, ...], Ahead] | None = None

    def fit(self, settings: Settings, session: Session, question: Message) -> Window:
        """Decide what is sent with a question; raises QuestionTooLong, UsageError.

        The vocabulary is not loaded while the byte bound proves that everything fits.
        """
        budget = settings.budget(session.model)
        rules = settings.model_named(session.model).rules
        if rules is None:
            return self._fit_unknown(settings, session, question)
        images = images_of(session.model)
        if vocabulary.is_loaded(rules.encoding):
            costs = [exact(rules, vocabulary.counter(rules.encoding), images)]
        else:
            count: Count = lambda text: vocabulary.counter(rules.encoding)(text)  # noqa: E731, PLW0108 - loads when asked
            costs = [bound(rules, images), exact(rules, count, images)]
        window = fit(session.persona.message, session.turns, question, budget, costs)
        return replace(window, least=at_least(window.messages)) if window.kind == "bound" else window

    def cost(self, settings: Settings, name: str) -> Cost:
        """Return the best count that there is for a model, loading its vocabulary."""
        rules = settings.model_named(name).rules
        if rules is not None:
            return exact(rules, vocabulary.counter(rules.encoding), images_of(name))
        return estimate(vocabulary.counter(O200K.encoding), self._ledger(settings, name).ratio)

    def count(self, settings: Settings, name: str, text: str) -> int:
        """Count one text for a model."""
        rules = settings.model_named(name).rules
        counted = vocabulary.counter((rules or O200K).encoding)(text)
        ratio = 1.0 if rules is not None else self._ledger(settings, name).ratio or UNMEASURED_RATIO
        return int(counted * ratio)

    def ahead(self, settings: Settings, session: Session) -> Ahead:
        """Say what the next request holds; at once, by what is loaded by now, and remembered until anything changes.

        Raises UsageError where there is no room for a prompt.
        """
        rules = settings.model_named(session.model).rules
        loaded = vocabulary.is_loaded((rules or O200K).encoding)
        state = (settings, session, self._ledgers.get(_key(settings, session.model)), loaded)
        if self._ahead is None or any(now is not before for now, before in zip(state, self._ahead[0], strict=True)):
            self._ahead = state, self._look_ahead(settings, session, loaded=loaded)
        return self._ahead[1]

    def learn(self, settings: Settings, name: str, window: Window, answer: Message) -> None:
        """Keep what the server counted; load the vocabulary early when the next question may need it."""
        rules = settings.model_named(name).rules
        if rules is None:
            ledger = self._ledger(settings, name)
            self._ledgers[_key(settings, name)] = ledger.with_answer(window.messages, answer)
        elif window.kind == "bound" and 2 * window.tokens > window.budget.room:
            vocabulary.warm(rules.encoding)

    def recall(self, settings: Settings, session: Session) -> None:
        """Keep what a server had counted for the last answer of a session that is gone on with."""
        name, sent = session.model, _sent(session)
        answered = session.turns[-1].answer.model if session.turns else None
        same = answered is None or answered.startswith(settings.split(name)[1])  # a dated snapshot is the same
        if sent and same and settings.model_named(name).rules is None:
            self._ledgers.setdefault(_key(settings, name), Ledger().with_answer(sent, session.turns[-1].answer))

    def fit_smaller(
        self, settings: Settings, session: Session, question: Message, refused: Window, refusal: ContextTooLong
    ) -> tuple[Settings, Window | None]:
        """After a server found a request too long: learn the numbers that it names, and leave out at least a turn more.

        The window is None when there is no turn left to leave out, or the question alone is too long for it.
        """
        if refusal.limit is not None and LEAST_WINDOW <= refusal.limit < refused.budget.window:
            settings = replace(settings, windows={**settings.windows, session.model: refusal.limit})
        if refusal.tokens is not None and settings.model_named(session.model).rules is None:
            self._learn_count(settings, session.model, refused.messages, refusal.tokens)
        if refused.dropped >= len(session.turns):
            return settings, None
        newest = session.turns[refused.dropped + 1 :]
        try:
            window = self.fit(settings, replace(session, turns=newest), question)
        except UsageError:
            return settings, None
        return settings, replace(window, dropped=len(session.turns) - len(newest) + window.dropped)

    def _look_ahead(self, settings: Settings, session: Session, *, loaded: bool) -> Ahead:
        """Count exactly where that takes no loading, else bound by bytes, and by what the server told last."""
        budget, name, question = settings.budget(session.model), session.model, Message(role="user", content="")
        rules, turns = settings.model_named(name).rules, session.turns
        least, persona = bound(rules, images_of(name)), session.persona.message
        all_of_it = fit(persona, turns, question, replace(budget, window=NO_LIMIT), [least])
        tokens = all_of_it.tokens if rules else self._ledger(settings, name).at_most(all_of_it.messages)
        tokens -= least.of(question)
        if loaded and (rules or tokens > budget.room):
            cost = self.cost(settings, name)
            window = fit(persona, turns, question, budget, [cost])
            return Ahead(window.tokens - cost.of(question), budget.room, window.kind, window.dropped)
        told = _told(session, rules) if rules and not all_of_it.dropped else None
        if told is not None and told < min(tokens, budget.room):
            return Ahead(told, budget.room, "estimate", all_of_it.dropped)
        if tokens <= budget.room:
            return Ahead(tokens, budget.room, all_of_it.kind, all_of_it.dropped)
        before = turns[-1].answer.window if turns else None
        return Ahead(budget.room, budget.room, "bound", max(all_of_it.dropped, before.dropped if before else 0))

    def _fit_unknown(self, settings: Settings, session: Session, question: Message) -> Window:
        """Prove that everything fits by what the server has told so far, else fit by an estimate."""
        budget, name, persona = settings.budget(session.model), session.model, session.persona.message
        if name not in self._told and not settings.window_is_set(name):
            self._told.add(name)
            assumed = _(
                "the window of {name} is not known, {tokens:,} tokens are assumed; "
                'set "{name}" = TOKENS under [windows] in envs/settings.toml'
            )
            self._note(assumed.format(name=name, tokens=budget.window))
        all_of_it = fit(persona, session.turns, question, replace(budget, window=NO_LIMIT), [bound(None)])
        at_most = self._ledger(settings, name).at_most(all_of_it.messages)
        if at_most <= budget.room and all_of_it.kind == "bound":
            return replace(all_of_it, tokens=at_most, budget=budget)
        count = vocabulary.counter(O200K.encoding)
        ledger = self._ledgers[_key(settings, name)] = self._ledger(settings, name).measured(count)
        return fit(persona, session.turns, question, budget, [estimate(count, ledger.ratio)])

    def _learn_count(self, settings: Settings, name: str, messages: tuple[Message, ...], tokens: int) -> None:
        """Keep what a refusal says that a list costs, unless it is more than its bytes allow."""
        if tokens <= bound(None).total(messages):
            ledger = self._ledger(settings, name).with_count(messages, tokens, vocabulary.counter(O200K.encoding))
            self._ledgers[_key(settings, name)] = ledger

    def _ledger(self, settings: Settings, name: str) -> Ledger:
        return self._ledgers.get(_key(settings, name), Ledger())


def _sent(session: Session) -> tuple[Message, ...]:
    """Tell what the last answer of a session was an answer to; nothing where that is not known."""
    last = session.turns[-1] if session.turns else None
    if last is None or last.answer.window is None or last.answer.window.dropped >= len(session.turns):
        return ()
    head = (session.persona.message,) if session.persona.content else ()
    earlier = session.turns[last.answer.window.dropped : -1]
    return (*head, *(message for turn in earlier for message in (turn.question, turn.answer)), last.question)


def _told(session: Session, rules: Rules) -> int | None:
    """Add up what a server by the same rules counted for the last request, if all turns were in it, and its answer."""
    answer = session.turns[-1].answer if session.turns else None
    if answer is None or answer.window is None or answer.usage is None or not answer.usage.completion_tokens:
        return None
    sent = answer.window
    if sent.at_most or sent.estimate or sent.dropped or look_up(answer.model or "").rules != rules:
        return None
    return sent.tokens + rules.per_message + 1 + answer.usage.completion_tokens


def _key(settings: Settings, name: str) -> tuple[str, str]:
    """Name a model by its service too: what one server tells does not hold for another."""
    return settings["base_url"], name
