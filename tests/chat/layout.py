"""A chat that is played step by step, and its screens as text: `python -m tests.chat.layout` renews those of the tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from chatcmd import __version__
from tests.chat.stage import KEY
from tests.terminal_driver import CHATCMD, Terminal

SCREENS = Path(__file__).parent / "screens"
WIDTHS = (40, 80, 200)
ROWS = 80

CTRL_C = "\x03"
ROOM = "/3,072"
"""What only the bar says, of a model whose window is 4,096."""


class Speaker(NamedTuple):
    """Who chats in a language, and what they say in no other."""

    user: str
    persona: str
    question: str
    long: str
    title: str
    asked: str


SPEAKERS = {
    "en": Speaker(
        "ada",
        "You are an algorithm engineer with ten years of Python.",
        "what is 1+1?",
        "which of the turns of a long conversation leave the window, and when do they leave it?",
        "sums",
        "Your name: ",
    ),
    "zh": Speaker(
        "老表",
        "一个有10年Python开发经验的资深算法工程师",
        "1+1=几",
        "一段很长的对话里，哪些轮次会移出窗口，又是在什么时候移出的？请说得具体一些",
        "算术",
        "你的名字：",
    ),
}

Step = tuple[str, str]
"""How a screen is called, and what is typed to come to it."""


def steps(speaker: Speaker) -> list[Step]:
    """List what is typed once the user is known, each but a key with Enter."""
    asked = [("a question", speaker.question), ("a long question", speaker.long)]
    commands = (
        "/help",
        "/help copy",
        "/help model",
        "/set",
        "/set temperature",
        "/set temperature 0.5",
        "/set temperature 9",
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
        "/hlep",
        "/set max_turns 1",
    )
    left = [("a turn leaves the window", speaker.question), ("/context", "/context"), ("/retry", "/retry gpt-9")]
    ends = [
        ("/fork", "/fork"),
        ("/undo", "/undo"),
        ("Ctrl-C", CTRL_C),
        ("/model", "/model gpt-9"),
        ("/user", "/user bob"),
    ]
    return [*asked, *((each, each) for each in commands), *left, *ends]


def play(language: str, columns: int, root: Path) -> str:
    """Play the chat below a root folder, and return its screens, with what is never the same masked."""
    speaker = SPEAKERS[language]
    (root / "envs" / "personas").mkdir(parents=True)
    (root / "envs" / "personas" / "default.md").write_text(speaker.persona, "utf-8")
    (root / "history" / "bob").mkdir(parents=True)
    screens = [*_offline(language, columns, root), *_without_a_service(language, columns, root)]
    return "\n".join(f"=== {name}\n{masked(text)}\n" for name, text in screens)


def _offline(language: str, columns: int, root: Path) -> Iterator[Step]:
    speaker = SPEAKERS[language]
    argv = [*CHATCMD, "--offline", "--lang", language]
    with Terminal(argv, cwd=root, rows=ROWS, columns=columns) as terminal:
        terminal.expect(speaker.asked.strip())
        yield "start", terminal.text
        yield "a name", entered(terminal, speaker.user, speaker.user)
        for name, text in steps(speaker):
            _clear(terminal, speaker.user)
            yield name, entered(terminal, text, "bob" if name == "/user" else speaker.user)
        _clear(terminal, "bob")
        for name, text in (("1", "1"), ("no name", "/x")):
            terminal.line(text)
            terminal.expect(speaker.asked.strip())
            yield name, terminal.text
        terminal.line("0")
        assert terminal.wait() == 0
        yield "0", terminal.text


def _without_a_service(language: str, columns: int, root: Path) -> Iterator[Step]:
    """Ask where nobody answers."""
    speaker = SPEAKERS[language]
    argv = [*CHATCMD, "-u", speaker.user, "--lang", language]
    env = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    with Terminal(argv, cwd=root, env=env, rows=ROWS, columns=columns) as terminal:
        terminal.expect(prompt(speaker.user))
        yield "start with a name", terminal.text
        _clear(terminal, speaker.user)
        yield "an error", entered(terminal, speaker.question, speaker.user)


def entered(terminal: Terminal, text: str, user: str) -> str:
    """Type a line, or the key that it is, and return the screen once a user is asked again."""
    terminal.send(text if text == CTRL_C else f"{text}\r")
    terminal.expect(prompt(user))
    return terminal.text


def _clear(terminal: Terminal, user: str) -> None:
    """Leave nothing on the screen but the prompt, and nothing in the line."""
    if not terminal.text.splitlines()[-2].endswith(f"【{user}】"):
        terminal.send(CTRL_C)
        terminal.expect_screen(lambda text: text.splitlines()[-2].endswith(f"【{user}】"))
    entered(terminal, "/clear", user)


def prompt(user: str) -> re.Pattern[str]:
    """Match a prompt that waits for a line: with the bar below."""
    return re.compile(rf"【{user}】[^\n]*\n{user} · [^\n]*{ROOM}")


_MASKS = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}"), "20260101T000000Z-0000"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "2026-01-01"),
    (re.compile(re.escape(__version__)), "0.0.0"),
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
        for columns in WIDTHS:
            with TemporaryDirectory() as folder:
                path = SCREENS / f"{language}-{columns}.txt"
                path.write_text(play(language, columns, Path(folder) / "root"), "utf-8")


if __name__ == "__main__":
    main()
