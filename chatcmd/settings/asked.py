"""Keys that are asked for once, when one is needed: of a command of the user's."""

import asyncio
import shlex
import threading
from contextlib import suppress
from pathlib import Path

from chatcmd.clean import clean_line
from chatcmd.errors import SettingsError, reason
from chatcmd.language import _
from chatcmd.settings.command import Command, Outcome
from chatcmd.settings.keys import Key, key
from chatcmd.settings.origin import Origin
from chatcmd.settings.redaction import redacted
from chatcmd.settings.secret import DOTS, Secret

LONGEST_WAIT = 60.0
"""Seconds that a command has: a person may have to type a password."""

MOST_SAID = 200
"""Characters of a command's own words that are told."""


def key_from(line: str, origin: Origin) -> Key:
    """Make the key that is the first line a command prints; nothing is run yet."""
    words = shlex.split(line)
    if words[0].startswith("~"):
        words[0] = str(Path(words[0]).expanduser())
    return Key(Asked(words, origin), origin, asked_of=("key_command", line))


class Asked(Secret):
    """A secret that is asked for at its first use, by whichever thread comes first, and then kept.

    `wait` are the seconds that whom it is asked of has. `reveal` raises SettingsError.
    """

    __slots__ = ("_command", "_lock", "_origin", "_words", "wait")

    def __init__(self, words: list[str], origin: Origin, wait: float = LONGEST_WAIT) -> None:
        self._words, self._origin, self.wait = words, origin, wait
        self._lock = threading.Lock()
        self._command: Command | None = None

    @property
    def at_hand(self) -> bool:
        return hasattr(self, "_text")

    @property
    def masked(self) -> str:
        return super().masked if self.at_hand else DOTS

    def reveal(self) -> str:
        self._ask(asking=False)  # in the chat the terminal is the line editor's
        return super().reveal()

    async def ask(self) -> None:
        """Ask now, while nothing else has the terminal, so that a password can be typed; raises SettingsError."""
        self._command = Command(self._words)
        work = asyncio.ensure_future(asyncio.to_thread(self._ask, asking=True))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self.stop()
            with suppress(SettingsError):
                await work
            raise

    def stop(self) -> None:
        """End the asking, if it is under way."""
        if (command := self._command) is not None:
            command.stop()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def _ask(self, *, asking: bool) -> None:
        with self._lock:
            if self.at_hand:
                return
            self._check()
            self._command = self._command or Command(self._words)
            try:
                outcome = self._command.run(self.wait, asking=asking)
            except OSError as error:
                sentence = _(
                    "{place}: {command} cannot be run ({reason}); correct it, or put the key into envs/openai_key"
                )
                raise self._error(sentence, reason=reason(error)) from None
            finally:
                self._command = None
            super().__init__(self._text_of(outcome))

    def _text_of(self, outcome: Outcome) -> str:
        """Take the key out of what was printed; raises SettingsError, which never holds any of it."""
        first = outcome.out.decode("utf-8", "replace").partition("\n")[0].strip()
        if outcome.ended == "time":
            raise self._error(_("{place}: {command} gave no key within {n:g} seconds; run it by itself"), n=self.wait)
        if outcome.ended == "size":
            raise self._error(_("{place}: {command} prints far more than a key; run it by itself"))
        if outcome.ended == "stopped" or outcome.interrupted:
            raise self._error(_("{place}: {command} was stopped before it gave a key"))
        if outcome.code != 0:
            said = outcome.err.decode("utf-8", "replace").replace(first or DOTS, DOTS).strip()
            raise self._failed(outcome.code, redacted(clean_line(said.rpartition("\n")[2]))[:MOST_SAID])
        if not first:
            raise self._error(_("{place}: {command} printed no key; its first line has to be one"))
        try:
            return key(first, self._origin).secret.reveal()
        except SettingsError:
            sentence = _("{place}: the first line that {command} prints is no key (a key is plain letters and digits)")
            raise self._error(sentence) from None

    def _check(self) -> None:
        """Raise SettingsError when whom to ask is not there."""

    def _failed(self, code: int, said: str) -> SettingsError:
        if code < 0:
            return self._error(_("{place}: {command} was ended by signal {n}; run it by itself"), n=-code)
        if not said:
            return self._error(
                _("{place}: {command} failed with exit code {n} and said nothing; run it by itself"), n=code
            )
        return self._error(
            _("{place}: {command} failed with exit code {n} ({said}); run it by itself"), n=code, said=said
        )

    def _error(self, sentence: str, **facts: object) -> SettingsError:
        """Make an error of a sentence; a command is named by its first word: the others may be secret."""
        return SettingsError(sentence.format(place=self._origin, command=Path(self._words[0]).name, **facts))
