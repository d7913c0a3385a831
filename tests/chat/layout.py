"""A chat played step by step, and its screens as text: `python -m tests.chat.layout` renews those of the tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from chatcmd import __version__
from chatcmd.history.library import Library
from tests.chat.stage import KEY
from tests.history.made import saved, session
from tests.loopback import Loopback
from tests.replies import status
from tests.terminal_driver import CHATCMD, Terminal

SCREENS = Path(__file__).parent / "screens"
ROWS = {40: 80, 80: 52, 200: 42}
"""Rows of the terminals by their columns: each screen is seen whole."""

CTRL_C = "\x03"
ROOM = "/3,072"
"""What only the bar says, of a model whose window is 4,096."""


class Speaker(NamedTuple):
    """Who chats in a language, what they say in no other, and how their name is asked for, behind the known ones."""

    user: str
    persona: str
    question: str
    long: str
    title: str
    asked: re.Pattern[str]


SPEAKERS = {
    "en": Speaker(
        "ada",
        "You are an algorithm engineer with ten years of Python.",
        "what is 1+1?",
        "which of the turns of a long conversation leave the window, and when do they leave it?",
        "sums",
        re.compile(r"bob\nYour name:"),
    ),
    "zh": Speaker(
        "老表",
        "一个有10年Python开发经验的资深算法工程师",
        "1+1=几",
        "一段很长的对话里，哪些轮次会移出窗口，又是在什么时候移出的？请说得具体一些",
        "算术",
        re.compile(r"bob\n你的名字："),
    ),
}

Step = tuple[str, str]
"""How a screen is called, and what is typed to come to it."""


def steps(speaker: Speaker) -> list[Step]:
    """List what is typed once the user is known, each but a key with Enter."""
    before = (
        "/help",
        "/help copy",
        "/help model",
        *(f"/help {name}" for name in ("edit", "export", "history", "replay", "resume", "search")),
        "/set",
        "/set temperature",
        "/set temperature 0.5",
        "/set temperature 9",
        "/set stream false",
    )
    asked = [("a question", speaker.question), ("a long question", speaker.long)]
    behind = (
        "/status",
        "/context",
        "/tokens",
        f"/tokens {speaker.question}",
        "/users",
        "/persona",
        "/persona nobody",
        "/model",
        "/theme",
        "/theme light",
        "/stats",
        "/save",
        "/rename",
        f"/rename {speaker.title}",
        "/copy 3",
        "/fork 9",
        "/edit 9",
        "/history nowhere",
        "/hlep",
        "/set max_turns 1",
    )
    left = [("a turn leaves the window", speaker.question), ("/context without it", "/context")]
    branches = [("/retry", "/retry gpt-9"), ("/fork", "/fork"), ("/undo", "/undo"), ("Ctrl-C", CTRL_C)]
    others = [("/model gpt-9", "/model gpt-9"), ("/user", "/user bob")]
    return [*zip(before, before, strict=True), *asked, *zip(behind, behind, strict=True), *left, *branches, *others]


def play(language: str, columns: int, root: Path) -> str:
    """Play the chat below a root folder, and return its screens, with what is never the same masked."""
    (root / "envs" / "personas").mkdir(parents=True)
    (root / "envs" / "personas" / "default.md").write_text(SPEAKERS[language].persona, "utf-8")
    saved(Library(root / "history"), session(user="bob"))
    screens = [*_offline(language, columns, root), *_refused(language, columns, root)]
    return "\n".join(f"=== {name}\n{masked(text)}\n" for name, text in screens)


def _offline(language: str, columns: int, root: Path) -> Iterator[Step]:
    speaker = SPEAKERS[language]
    argv = [*CHATCMD, "--offline", "--lang", language]
    with Terminal(argv, cwd=root, rows=ROWS[columns], columns=columns) as terminal:
        terminal.expect(speaker.asked)
        yield "start", terminal.text
        enter(terminal, speaker.user, prompt(speaker.user))
        yield "a name", terminal.text
        for name, text in steps(speaker):
            enter(terminal, "/clear", prompt(speaker.user))
            enter(terminal, text, prompt("bob" if name == "/user" else speaker.user))
            yield name, terminal.text
            if name == "/undo":
                terminal.send(CTRL_C)
                yield "Ctrl-C in a question", terminal.expect_screen(lambda text: f"【{speaker.user}】\n" in text)
        enter(terminal, "/clear", prompt("bob"))
        for text in ("1", "/x"):
            enter(terminal, text, speaker.asked)
            yield text, terminal.text
        terminal.line("0")
        assert terminal.wait() == 0
        yield "0", terminal.text


def _refused(language: str, columns: int, root: Path) -> Iterator[Step]:
    """Ask a service that fails each time; it says how long to wait, for what is chosen at random is never the same."""
    speaker = SPEAKERS[language]
    argv = [*CHATCMD, "-u", speaker.user, "--lang", language]
    with Loopback(default=status(503, headers={"Retry-After": "0"})) as server:
        env = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}
        with Terminal(argv, cwd=root, env=env, rows=ROWS[columns], columns=columns) as terminal:
            terminal.expect(prompt(speaker.user))
            yield "start with a name", terminal.text
            enter(terminal, speaker.question, prompt(speaker.user))
            yield "an error", terminal.text


def enter(terminal: Terminal, text: str, then: re.Pattern[str]) -> None:
    """Type a line, or the key that it is, and wait until the program asks for the next one.

    Enter is typed alone: one that comes with a line could belong to a paste, for which the line editor waits.
    """
    terminal.send(text)
    if text != CTRL_C:
        terminal.expect(text[-1])
        terminal.send("\r")
    terminal.expect(then)


def prompt(user: str) -> re.Pattern[str]:
    """Match a prompt that waits for a line: with the bar below."""
    return re.compile(rf"【{user}】[^\n]*\n{user} · [^\n]*{ROOM}")


_MASKS = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}"), "20260101T000000Z-0000"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "2026-01-01"),
    (re.compile(re.escape(__version__)), "0.0.0"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}"), "00000"),
    (re.compile(r"\d\.\d(?= s\b| seconds| 秒| to \d\.\d| 到 \d\.\d)|(?<=within )\d\.\d"), "0.0"),
    (re.compile(r"(?<=^answer times\n)[▁▂▃▄▅▆▇█]+|(?<=^回答用时\n)[▁▂▃▄▅▆▇█]+", re.MULTILINE), "(times)"),
    (re.compile(r"(?<=^root     )[^【]+?(?=【)|(?<=^根目录  )[^【]+?(?=【)", re.MULTILINE), "(root)\n"),
)


def masked(screen: str) -> str:
    """Replace ids, days, times and the root's path, in as many cells where the layout depends on them."""
    for pattern, mask in _MASKS:
        screen = pattern.sub(mask, screen)
    return screen


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    for language in SPEAKERS:
        for columns in ROWS:
            with TemporaryDirectory() as folder:
                path = SCREENS / f"{language}-{columns}.txt"
                path.write_text(play(language, columns, Path(folder) / "root"), "utf-8")


if __name__ == "__main__":
    main()
