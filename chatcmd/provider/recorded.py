"""Answers from a recording: a saved session as a model, without a network."""

from collections.abc import AsyncGenerator, Iterator, Sequence

from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.reply import Delta
from chatcmd.errors import NotRecorded
from chatcmd.language import _, ngettext
from chatcmd.provider.request import Request

QUOTED = 60
"""Characters of a question that an error quotes."""


class Recorded:
    """Answers each question as it was answered, the same question in the order in which it was asked.

    It begins with turn `begin` (from 0), and answers under a `name`, or the recorded ones. What else differs from the
    recording, its persona or the number of turns before a question, is said once.
    """

    def __init__(self, persona: Persona, turns: Sequence[Turn], name: str | None = None, begin: int = 0) -> None:
        self._persona = persona.message.content
        self._turns = turns
        self._name = name
        self._next = begin
        self._told: set[str] = set()

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """Yield the recorded answer; raises NotRecorded when there is none to this question."""
        place = self._place(request.window.messages[-1])
        self._next = place + 1
        answer = self._turns[place].answer
        model = self._name or answer.model
        for sentence in self._differences(request, place):
            if sentence not in self._told:
                self._told.add(sentence)
                yield Delta(notice=sentence)
        yield Delta(text=answer.content, reasoning=answer.reasoning or "", model=model)
        usage = answer.usage if self._name is None else None  # another model would have counted otherwise
        yield Delta(finish_reason=answer.finish_reason, usage=usage, model=model)

    async def close(self) -> None:
        pass

    def _place(self, question: Message) -> int:
        """Find a question: from where the last one stood on, then from the beginning."""
        asked = question.api["content"]
        turns = len(self._turns)
        places = (*range(self._next, turns), *range(min(self._next, turns)))
        place: int | None = next((each for each in places if self._turns[each].question.api["content"] == asked), None)
        if place is not None:
            return place
        quoted = question.content[:QUOTED] + ("…" if len(question.content) > QUOTED else "")
        sentence = _("the recording has no answer to {question!r}; ask what was asked in it, or a model")
        raise NotRecorded(sentence.format(question=quoted))

    def _differences(self, request: Request, place: int) -> Iterator[str]:
        """Say what was otherwise when this question was recorded."""
        window = request.window
        persona = "".join(each.content for each in window.messages[:1] if each.role == "system")
        if persona != self._persona:
            yield _("the persona is not the recorded one; the answers are those that the recorded one gave")
        before = window.dropped + (len(window.messages) - 1 - bool(persona)) // 2
        if before != place:
            sentence = ngettext(
                "the recording has this question after {n} turn, not after {before}; its answer is given all the same",
                "the recording has this question after {n} turns, not after {before}; its answer is given all the same",
                place,
            )
            yield sentence.format(n=place, before=before)
