"""The life of a user whose server has every fault: what each question comes to, and how often it is asked."""

import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.bench.life import Answer, Life, Phase, Step
from tests.bench.told import Chat, Told
from tests.hostile import HOSTILE
from tests.loopback import FAULTS, Exchange, Loopback, Reply, error, say, too_long

PARTIAL, WHOLE = "partial ", "partial answer"
COMPLETE = {
    **dict.fromkeys(("empty_choices", "null_delta", "no_choices"), WHOLE),
    **dict.fromkeys(("no_done", "last_no_blank", "len", "filter"), PARTIAL),
    "lone_surrogate": "partial \ufffd",
}
"""Faults after which an answer is whole, with its text."""

INCOMPLETE = (
    *("rst_mid", "cut_chunked", "short_len", "cut_clean", "eof_nolen", "bad_json", "bad_utf8"),
    *("data_list", "data_empty", "err_obj", "err_str", "err_event"),
)
"""Faults after which what came is kept."""

GIVEN_BACK = ("401", "403", "404", "429quota", "429ra600", "200html", "200errjson", "307out")
"""Faults that give the question back at once."""

AT_ONCE = {"retry-after-ms": "1"}
TRIES = 3

WEIGHTS = {
    "whole": 12,
    "broken": 16,
    "given": 14,
    "ask": 12,
    "long": 2,
    "paste": 3,
    "stop": 4,
    "silence": 4,
    "hostile": 4,
    "huge": 0.2,
    "slow": 1,
    "picky": 3,
    "flaky": 2,
    "down": 2,
    "busy": 2,
    "too_long": 2,
    "again": 3,
    "retry": 5,
    "save": 2,
    "rename": 2,
    "undo": 4,
    "fork": 3,
    "new": 2,
    "user": 5,
    "reset": 2,
    "persona": 2,
    "model": 2,
    "edit": 3,
    "picker": 0.5,
}
"""How often a kind of step is chosen."""


class FaultyLife(Life):
    """A life with faults; `wanted` is by question how often the server may have been asked it."""

    def __init__(self, chance: random.Random, server: Loopback, chat: Chat, name: str) -> None:
        super().__init__(chance, server, chat, name)
        self.server = server
        self.wanted: dict[str, range] = {}

    @property
    def asked(self) -> Counter[str]:
        return self.model.asked

    def any_kind(self) -> str:
        return self._chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]

    def take(self, step: Step) -> None:
        super().take(step)
        if step.question is not None:
            before = self.wanted.get(step.question, range(1))
            self.wanted[step.question] = range(before.start + step.requests.start, before[-1] + step.requests[-1] + 1)

    # What a server does

    def _whole(self) -> Step:
        name = self._chance.choice([*COMPLETE])
        return self._answered(name, FAULTS[name], COMPLETE[name], "partial")

    def _broken(self) -> Step:
        name = self._chance.choice(INCOMPLETE)
        return self._answered(name, FAULTS[name], PARTIAL, "incomplete", "incomplete")

    def _hostile(self) -> Step:
        """Ask for what would take over a terminal."""
        marked = f"{self._name_next()}-end"
        text = "\n\n".join([*self._chance.sample(_ENCODABLE, 5), marked])
        return self._answered("hostile", say(text, pieces=self._chance.randrange(1, 40)), text, marked)

    def _huge(self) -> Step:
        answer = Answer(self._name_next(), 1200)
        return self._answered("huge", answer, answer.text, answer.pieces[-1])

    def _slow(self) -> Step:
        answer = Answer(self._name_next(), 8, delay=0.01)
        return self._answered("slow", answer, answer.text, answer.pieces[-1])

    def _picky(self) -> Step:
        """Ask a server that knows no seeds, which is found out once for each model."""
        refusal = error(400, "Unsupported parameter: 'seed' is not supported with this model.", param="seed")
        return self._second("picky", lambda body, _time: "seed" in body, refusal, range(1, 3))

    def _flaky(self) -> Step:
        reply = error(500, "The server had an error.", "server_error", headers=AT_ONCE)
        return self._second("flaky", lambda _body, time: time == 1, reply, range(2, 3))

    def _busy(self) -> Step:
        headers = {"Retry-After": "0"}
        reply = error(429, "Rate limit reached.", "requests", "rate_limit_exceeded", headers=headers)
        return self._second("busy", lambda _body, time: time < TRIES, reply, range(TRIES, TRIES + 1))

    def _down(self) -> Step:
        return self._returned(
            "down", error(503, "overloaded", "server_error", headers=AT_ONCE), range(TRIES, TRIES + 1)
        )

    def _given(self) -> Step:
        name = self._chance.choice(GIVEN_BACK)
        return self._returned(name, FAULTS[name], range(1, 2))

    def _too_long(self) -> Step:
        return self._returned("too_long", too_long(100_000, 100_001), range(1, 3))

    def _again(self) -> Step:
        """Ask what was asked last once more, word for word."""
        question = self.chat.now.newest
        if "\n" in question:
            return self._ask()
        return self._asking("again", question, Answer(self._name_next(), 4))

    # What a user does beside

    def _persona(self) -> Step:
        name = self._chance.choice(["strict", "kind", "default"])
        after = self.chat.gone_on(Told(self.chat.now.user))
        return Step("persona", (Phase(f"/persona {name}\r", f"{name} answers now"),), after)

    def _model(self) -> Step:
        name = self._chance.choice(["gpt-4o", "gpt-4o-mini"])
        return Step("model", (Phase(f"/model {name}\r", "a window of"),), self.chat)

    def _second(
        self, kind: str, refuses: Callable[[dict[str, Any], int], bool], refusal: Reply, requests: range
    ) -> Step:
        """Ask what is answered in the end: `refuses` is given the request's body, and how many times it has come."""
        answer = Answer(self._name_next(), 2)

        def reply(exchange: Exchange) -> None:
            request = exchange.request
            again = refuses(request.body, self.asked[request.messages[-1]["content"]])
            (refusal if again else answer)(exchange)

        return self._answered(kind, reply, answer.text, answer.pieces[-1], requests=requests)

    def _answered(
        self,
        kind: str,
        reply: Reply,
        text: str,
        shown: str,
        status: str = "complete",
        *,
        requests: range = range(1, 2),
    ) -> Step:
        question, chat = self._question(), self.chat
        self.model.agreed[question] = reply
        phase = Phase(question + "\r", re.compile(rf"{shown}[\s\S]*【{chat.user}】"))
        after = chat.changed(chat.now.answered(question, text, status))
        return Step(kind, (phase,), after, question=question, came=status, requests=requests)

    def _returned(self, kind: str, reply: Reply, requests: range) -> Step:
        question, chat = self._question(), self.chat
        self.model.agreed[question] = reply
        # The line with it is drawn twice: as it was typed, and as it is given back.
        back = Phase(question + "\r", re.compile(rf"{question}[\s\S]*\n[\s\S]*【{chat.user}】{question}\s*\Z"))
        phases = (back, Phase("\x03"))
        return Step(kind, phases, chat, question=question, may_go=True, came="given back", requests=requests)


_ENCODABLE = [text for text in HOSTILE.values() if text == text.encode("utf-8", "replace").decode()]
