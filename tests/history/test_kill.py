"""Acceptance: `kill -9` at a hundred random moments of a running chat loses nothing that was promised.

Every question that was sent and every answer that was shown as finished is in the JSON files after the next start,
every file is readable, and a partial answer is at most two seconds or 4 KB short.

30 of the kills hit chats with a loopback server, which knows what it was sent; 60 hit chats with the offline model,
which starts faster; 10 hit chats in terminals. Several chats of one history folder run at once, so that each start also
passes over the live sessions of others, and users who were killed go on with the session that was recovered.
"""

import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from chatcmd.history import file
from chatcmd.terminal.recall import RecallFile
from tests.history.pipe_chat import PipeChat
from tests.loopback import Exchange, Loopback
from tests.replies import Say
from tests.terminal_driver import CHATCMD, Terminal, run

AT_ONCE = 5
TURNS = 4
SLOW_PIECE = 100
"""Bytes of a slow answer that come at once, five times a second."""
EARLY = 0.1
"""The share of kills that come before the first question is shown."""

KILLED = -9


class Timed(Say):
    """An answer that notes when each of its pieces was about to be sent."""

    def __init__(self, text: str, piece: int, delay: float) -> None:
        super().__init__([text[start : start + piece] for start in range(0, len(text), piece)], delay=delay)
        self.sent: list[float] = []

    def _paced(self, exchange: Exchange) -> Iterator[str]:
        for piece in super()._paced(exchange):
            self.sent.append(time.monotonic())
            yield piece


class Model:
    """Answers every question with a text of its own, at one of two speeds, and knows what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Timed] = {}
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        asked = exchange.request.messages[-1]["content"]
        slow = "slow" in asked
        text = f"answer to {asked}: " + " ".join(f"{number:05}" for number in range(300 if slow else 1500))
        with self._lock:
            timed = self.answers[asked] = Timed(text, SLOW_PIECE if slow else 300, 0.2 if slow else 0.005)
        timed(exchange)


class Victim:
    """One user's chat, to be killed: what they typed, and what they saw."""

    def __init__(self, root: Path, user: str, *, slow: bool = False) -> None:
        self.root, self.user = root, user
        self.typed: list[str] = []
        self.kills = 0
        self._chance = random.Random(user)
        self._slow = slow
        self.chat: PipeChat | None = None

    def saved(self) -> list[Path]:
        return list((self.root / "history" / self.user).glob("*.json"))

    def live_and_die(self, *words: str) -> None:
        """Run a chat, going on with what was recovered, and kill it after so much of its output."""
        go_on = ["-c"] if self.saved() else []
        speed = "slow" if self._slow else "quick"
        questions = [f"{speed} question {len(self.typed) + number} of {self.user}" for number in range(TURNS)]
        moment = self._chance.random()
        with PipeChat([*CHATCMD, "--root", str(self.root), "-u", self.user, *go_on, *words], env=ENVIRONMENT) as chat:
            self.typed += questions
            chat.lines(*questions)
            if self._slow:
                chat.expect_size(
                    chat.expect(f"【ChatGPT】answer to {questions[0]}") + 12 * SLOW_PIECE + int(500 * moment)
                )
            elif moment < EARLY:  # before it has said anything
                threading.Event().wait(moment * 5)
            else:
                length = (360 if "--offline" in words else 9000) * TURNS
                began = chat.expect(f"【{self.user}】{questions[0]}\n")
                chat.expect_size(began + int(length * (moment - EARLY)))
                threading.Event().wait(self._chance.random() * 0.01)
            self.kills += chat.kill() == KILLED
            self.chat = chat


ENVIRONMENT = {"OPENAI_API_KEY": "sk-test", "CHATCMD_MODEL": "gpt-4o"}


def start_again(root: Path) -> None:
    """Start the program as its user would: it recovers what it finds."""
    done = run([*CHATCMD, "--offline", "--root", str(root)])
    assert done.code == 0, done.err
    assert "could not" not in done.err
    assert "cannot" not in done.err


def every_file_is_readable(root: Path) -> None:
    left = [path for path in (root / "history").rglob("*") if path.is_file()]
    for path in left:
        if path.suffix == ".json":
            file.read(path)
        elif path.name == "recall":
            assert len(RecallFile(path).read()) == path.read_bytes().count(b"\n"), path
        else:
            # A process killed before its first question leaves an empty journal, which goes a minute later.
            assert (path.suffix, path.stat().st_size) == (".jsonl", 0), path


def said_by(victim: Victim) -> dict[str, tuple[str, str]]:
    """Read what is saved: the content and status of the answer to each question, in the order they were asked."""
    answers: dict[str, tuple[str, str]] = {}
    for path in victim.saved():
        asked = ""
        for message in msgspec.json.decode(path.read_bytes())["messages"]:
            if message["role"] == "user":
                asked = message["content"]
                assert asked not in answers
                answers[asked] = ("", message.get("status", "unanswered"))
            elif message["role"] == "assistant":
                answers[asked] = (message["content"], message["status"])
    typed = [question for question in victim.typed if question in answers]
    assert typed == list(answers), "questions are in the order in which they were asked"
    return answers


def shown_answers(victim: Victim, shown: str) -> dict[str, tuple[str, bool]]:
    """Read off a pipe what was shown of each answer, and whether it was finished: the next question was shown."""
    found: dict[str, tuple[str, bool]] = {}
    for question in victim.typed[-TURNS:]:
        _, heading, rest = shown.rpartition(f"【{victim.user}】{question}\n")
        if heading and "【ChatGPT】" in rest:
            rest = rest.partition("【ChatGPT】")[2]
            text, following, _ = rest.partition(f"\n【{victim.user}】")
            found[question] = (text, bool(following))
    return found


def nothing_is_lost(victim: Victim) -> None:
    """Compare what was saved with what one user saw of their last chat."""
    assert victim.chat is not None
    answers = said_by(victim)
    for question, (text, finished) in shown_answers(victim, victim.chat.text).items():
        kept, status = answers[question]
        if finished:
            assert (kept, status) == (text, "complete")
        else:
            assert len(text) - len(kept) < 4096
            assert kept.startswith(text) or text.startswith(kept)
            assert status in ("complete", "incomplete", "unanswered")


def nothing_older_than_two_seconds_is_lost(victim: Victim, question: str, timed: Timed) -> int:
    """Compare by the clock, without a guess at how fast anything is; return how many pieces could be judged.

    Whatever was shown two seconds before a piece was sent that was shown too, had to be written before that one.
    """
    assert victim.chat is not None
    judged = 0
    shown = victim.chat.shown
    start = shown.rfind(f"【ChatGPT】answer to {question}:".encode())
    if start < 0:
        return 0
    start += len("【ChatGPT】".encode())
    pieces = (len(shown) - start) // SLOW_PIECE
    kept, _ = said_by(victim)[question]
    for piece in range(pieces):
        end = start + (piece + 1) * SLOW_PIECE
        seen = next(when for size, when in victim.chat.times if size >= end)
        if timed.sent[pieces - 1] - seen > 2:
            judged += 1
            assert len(kept) >= end - start, (piece, pieces)
    return judged


def rounds(victims: list[Victim], number: int, *words: str) -> Iterator[None]:
    """Let all victims live and die, several at once, then start again; so many times."""
    for _ in range(number):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(victim.live_and_die, *words) for victim in victims]:
                done.result()
        start_again(victims[0].root)
        every_file_is_readable(victims[0].root)
        yield


def test_kills_while_a_server_answers(tmp_path: Path) -> None:
    model = Model()
    quick = [Victim(tmp_path, f"user{number}") for number in range(8)]
    slow = [Victim(tmp_path, f"slow{number}", slow=True) for number in range(2)]
    judged = 0
    with Loopback(default=model) as server:
        for _ in rounds([*slow, *quick], 3, "--base-url", server.base_url):
            for victim in [*quick, *slow]:
                nothing_is_lost(victim)
                answers = said_by(victim)
                sent = [question for question in list(model.answers) if question in victim.typed]
                for question in sent:
                    kept, status = answers[question]
                    whole = model.answers[question].text
                    assert (kept == whole) if status == "complete" else whole.startswith(kept)
            for victim in slow:
                for question in [question for question in list(model.answers) if question in victim.typed[-TURNS:]]:
                    judged += nothing_older_than_two_seconds_is_lost(victim, question, model.answers[question])
    assert sum(victim.kills for victim in [*quick, *slow]) == 30
    assert judged > 0


def test_kills_while_the_offline_model_answers(tmp_path: Path) -> None:
    victims = [Victim(tmp_path, f"offline{number}") for number in range(10)]
    for _ in rounds(victims, 6, "--offline"):
        for victim in victims:
            nothing_is_lost(victim)
    assert sum(victim.kills for victim in victims) == 60


def killed_in_a_terminal(root: Path, user: str, turns: int) -> dict[str, bool]:
    """Talk at a terminal, and be killed; return the questions, and whether the prompt was seen after the answer."""
    chance = random.Random(user)
    with Terminal([*CHATCMD, "--offline", "--root", str(root), "-u", user]) as terminal:
        terminal.expect(f"【{user}】")
        questions = [f"question {number} of {user}" for number in range(turns)]
        for question in questions:
            terminal.line(question)
            if question != questions[-1]:
                terminal.expect(f"Your question was: {question}")
        terminal.expect("【ChatGPT】")
        terminal.expect(re.compile(f"(?s).{{{chance.randrange(280)}}}"))
        threading.Event().wait(chance.random() * 0.05)
        terminal.kill()
        assert terminal.wait() == KILLED
    seen = {question: terminal.output.partition(f"Your question was: {question}")[2] for question in questions}
    return {question: f"【{user}】" in after for question, after in seen.items()}


def test_kills_in_a_terminal(tmp_path: Path) -> None:
    users = {f"terminal{number}": 1 + number % 3 for number in range(10)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(lambda user: killed_in_a_terminal(tmp_path, user, users[user]), users))
    start_again(tmp_path)
    every_file_is_readable(tmp_path)
    assert sum(sum(finished.values()) for finished in seen) >= sum(users.values()) - len(users)
    for user, finished in zip(users, seen, strict=True):
        victim = Victim(tmp_path, user)
        victim.typed = list(finished)
        answers = said_by(victim)
        assert list(answers) == list(finished)
        for question in filter(finished.__getitem__, finished):
            kept, status = answers[question]
            assert status == "complete"
            assert kept.endswith(f"Your question was: {question}")
