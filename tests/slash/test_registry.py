"""What a line means, and what can stand behind its beginning."""

import pytest

from chatcmd.errors import UsageError
from chatcmd.resumption import go_on_with
from chatcmd.settings.option import OPTIONS
from chatcmd.slash.registry import Call, Question, commands, complete, parse
from chatcmd.slash.set import EXAMPLES
from chatcmd.terminal import Offer
from tests.chat.stage import Stage, Talked
from tests.loopback import Loopback, say
from tests.slash.test_slash import MUST

ANSWER = "First:\n\n```python\nprint('几')\n```\n\nthen\n\n~~~\n\n  ls -l\n~~~\n"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", None),
        (" \t ", None),
        ("\n \n", None),
        ("0", ("exit", "")),
        ("quit", ("exit", "")),
        ("exit", ("exit", "")),
        ("1", ("reset", "")),
        ("0 ", "0 "),
        (" 1", " 1"),
        ("Quit", "Quit"),
        ("\\0", "0"),
        ("\\1", "1"),
        ("\\quit", "quit"),
        ("\\exit", "exit"),
        ("\\0 ", "\\0 "),
        ("\\help", "\\help"),
        ("//etc/hosts is what?", "/etc/hosts is what?"),
        ("//", "/"),
        ("///", "//"),
        ("/help", ("help", "")),
        ("/help ", ("help", "")),
        ("/set  temperature   0.2 ", ("set", "temperature   0.2")),
        ("/user 老 表", ("user", "老 表")),
        ("/model\u3000gpt-4", ("model", "gpt-4")),
        ("/model\tgpt-4", ("model", "gpt-4")),
        ("/help\nmore", "/help\nmore"),
        ("/tokens a text\n\nof lines\n", ("tokens", "a text\n\nof lines")),
        ("/editor a\nb", ("editor", "a\nb")),
        ("//tokens a\nb", "//tokens a\nb"),
        ("/tokensa\nb", "/tokensa\nb"),
        ("0\n", "0\n"),
        ("/help\n", ("help", "")),
        ("/set top_p 1\n\n", ("set", "top_p 1")),
        ("//x\n", "/x\n"),
        ("q\n", "q\n"),
        (" /help", " /help"),
    ],
)
def test_a_line_is_a_question_a_command_or_nothing(line: str, meant: str | tuple[str, str] | None) -> None:
    found = parse(line)
    if isinstance(meant, str):
        assert found == Question(meant)
    elif meant is None:
        assert found is None
    else:
        assert found == Call(commands()[meant[0]], meant[1])


@pytest.mark.parametrize("line", ["/", "/ help", "/HELP", "/etc/hosts", "/0", "/reset-all"])
def test_a_word_that_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="there is no command /"):
        parse(line)


def test_the_word_of_the_line_1_is_never_suggested() -> None:
    with pytest.raises(UsageError) as refused:
        parse("/rest")
    assert "/reset" not in str(refused.value)


@pytest.fixture
async def talked(stage: Stage, server: Loopback) -> Talked:
    """A chat of two users and two turns, with personas, windows and services of its own."""
    stage.settings('[windows]\n"qwen2.5:7b" = 32768\n[providers.near]\nbase_url = "http://127.0.0.1:9/v1"\n')
    stage.persona("novice", "一个小白")
    stage.persona("nu\u200bll", "hidden")
    server.answer(say("a"), say("b"), say(ANSWER))
    await stage.talk("q", user="小明")
    (stage.root / "history" / "e\u202evil").mkdir()
    (stage.root / "history" / "e\u202evil" / "x.json").touch()
    return await stage.talk("问题 1", "q2", user="老表")


async def offered(stage: Stage, talked: Talked, before: str) -> list[Offer]:
    app = talked.app
    go_on_with(app, next(path for path in stage.files() if path.parent.name == "老表"))
    try:
        return list(complete(app, before))
    finally:
        app.end("exit")


@pytest.mark.parametrize(
    ("before", "texts"),
    [
        ("/", [f"/{name}" for name in sorted(MUST.split())]),
        ("/re", ["/rename", "/replay", "/resume", "/retry"]),
        ("/RET", ["/retry"]),
        ("/xt", ["/context"]),
        ("/zzz", []),
        ("", []),
        ("re", []),
        ("//re", []),
        ("/re\n", []),
        ("question /re", []),
        ("/nonsense x", []),
        ("/clear x", []),
        ("/user ", ["小明"]),
        ("/user 小", ["小明"]),
        ("/user 表", []),
        ("/persona ", ["default", "novice"]),
        ("/persona  no", ["novice"]),
        ("/model qwen", ["qwen2.5:7b"]),
        ("/model 5-turbo-1", ["gpt-3.5-turbo-16k", "gpt-3.5-turbo-1106", "gpt-35-turbo-16k"]),
        ("/model ne", ["near/"]),
        ("/retry o4", ["o4-mini"]),
        ("/undo ", ["1", "2"]),
        ("/fork ", ["2", "1"]),
        ("/edit 2", ["2"]),
        ("/edit 3", []),
        ("/copy ", ["1", "2"]),
        ("/raw 2", ["2"]),
        ("/rename ", ["问题 1"]),
        ("/help mul", ["multiline"]),
        ("/set te", ["temperature"]),
        ("/set the", ["theme"]),
        ("/set temperature", ["temperature"]),
        ("/set temperature ", ["0", "0.7", "1.5", "default"]),
        ("/set stream ", ["true", "false", "default"]),
        ("/set stream f", ["false"]),
        ("/set theme l", ["light"]),
        ("/set model gpt-4.", ["gpt-4.1"]),
        ("/set base_url ", []),
        ("/set nonsense ", []),
    ],
)
async def test_what_can_stand_there_is_offered(stage: Stage, talked: Talked, before: str, texts: list[str]) -> None:
    offers = await offered(stage, talked, before)
    assert [offer.text for offer in offers] == texts
    typed = before.rsplit(" ", maxsplit=1)[-1]
    assert {offer.back for offer in offers} <= {len(typed)}


async def test_an_offer_says_what_it_is(stage: Stage, talked: Talked) -> None:
    async def helps(before: str) -> dict[str, str]:
        return {offer.text: offer.help for offer in await offered(stage, talked, before)}

    assert (await helps("/ret"))["/retry"] == "ask the last question again; the answer before it is kept i…"
    assert (await helps("/model qwen"))["qwen2.5:7b"] == "a window of 32,768 tokens"
    assert (await helps("/model near"))["near/"] == "127.0.0.1:9"
    assert await helps("/copy ") == {"1": "python: print('几')", "2": "ls -l"}
    assert await helps("/undo ") == {"1": "q2", "2": "问题 1"}
    assert await helps("/fork ") == await helps("/edit ") == {"2": "q2", "1": "问题 1"}
    assert (await helps("/set temperature "))["default"] == "-, the default"
    assert (await helps("/set "))["theme"] == OPTIONS["theme"].help


async def test_nothing_is_offered_before_it_is_known_who_talks(offline: Stage) -> None:
    talked = await offline.talk("/help", user="u")
    talked.app.user = None
    assert list(complete(talked.app, "/")) == []


def test_every_setting_of_the_chat_has_values_to_offer_and_they_are_taken() -> None:
    for option in OPTIONS.values():
        if option.in_chat and option.name != "model":
            values = option.choices or EXAMPLES[option.name]
            assert len([option.check(value) for value in values]) > 0
    assert set(EXAMPLES) <= {option.name for option in OPTIONS.values() if option.in_chat}
