"""The desk: the bar tells what is so now and is computed once, and everyone has a recall of their own."""

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from chatcmd.app import App
from chatcmd.conversation.message import Latency, Message, Turn, Usage
from chatcmd.desk import Desk
from tests.chat.conftest import offline, server, stage
from tests.chat.stage import Stage
from tests.loopback import Loopback, say

if TYPE_CHECKING:
    from chatcmd import terminal

__all__ = ["offline", "server", "stage"]

WIDE = 200


def opened(stage: Stage, user: str = "老表", **flags: Any) -> tuple[App, Desk]:
    app = stage.app(StringIO(), StringIO(), **flags)
    app.switch_to(user)
    return app, Desk(app)


async def test_the_bar_tells_the_window_and_the_last_answer(stage: Stage, server: Loopback) -> None:
    stage.settings('[prices]\n"gpt-3.5-turbo" = [500, 1500]')
    server.answer(say("1+1=2。"))
    app, desk = opened(stage)
    ahead = app.meter.ahead(app.settings, app.talk.session)
    assert desk.bar(WIDE).endswith(f"{'<=' if ahead.kind == 'bound' else ''}{ahead.tokens}/3,072")
    turn = await app.ask("1+1=几")
    await app.close()
    assert turn is not None
    usage, latency = turn.answer.usage, turn.answer.latency
    assert usage is not None
    assert latency is not None
    ahead = app.meter.ahead(app.settings, app.talk.session)
    dollars = (usage.prompt_tokens * 500 + usage.completion_tokens * 1500) / 1_000_000
    user, persona, model, meter, *took = desk.bar(WIDE).split(" · ")
    assert (user, persona, model) == ("老表", "default", "gpt-3.5-turbo")
    assert meter.endswith(f"{ahead.tokens:,}/3,072")
    assert took[:2] == [f"{usage.completion_tokens} tokens", f"first {latency.first:.1f} s"]
    assert took[-1] == f"${dollars:.4f}"


@pytest.mark.parametrize(
    ("settings", "money"), [("", "$?"), ("[prices]\nm = [1, 1]", "$?"), ("prices.bare = [0, 0]", "$0.00")]
)
async def test_money_that_is_not_known_is_shown_as_unknown(
    stage: Stage, server: Loopback, settings: str, money: str
) -> None:
    stage.settings(settings)
    server.answer(say("a"), say("b", usage=False))
    app, desk = opened(stage, model="bare")
    assert "$" not in desk.bar(WIDE)
    await app.ask("q")
    assert desk.bar(WIDE).endswith(f" · {money}")
    await app.ask("r")
    assert "$" not in desk.bar(WIDE)
    await app.close()


async def test_the_demo_costs_nothing_and_says_nothing_of_money(offline: Stage) -> None:
    app, desk = opened(offline)
    await app.ask("q")
    await app.close()
    assert desk.bar(WIDE)
    assert "$" not in desk.bar(WIDE)


@pytest.mark.parametrize(
    ("latency", "reasoning", "rate"),
    [
        (Latency(first=1, total=3), None, " · first 1.0 s · 50 tokens/s"),
        (Latency(first=1, total=4), "thought before", " · first 1.0 s · 25 tokens/s"),
        (Latency(first=1, total=1), None, " · first 1.0 s"),
        (Latency(first=1, total=1.001), None, " · first 1.0 s"),  # all at once: 100,000 tokens/s would say nothing
        (Latency(first=1, total=1.1), None, " · first 1.0 s · 1,000 tokens/s"),
        (Latency(total=2), None, ""),
        (None, None, ""),
    ],
)
def test_the_rate_is_that_of_what_came(
    offline: Stage, latency: Latency | None, reasoning: str | None, rate: str
) -> None:
    app, desk = opened(offline)
    answer = Message(role="assistant", content="a", latency=latency, reasoning=reasoning, usage=Usage(10, 100))
    app.talk.answered(Turn(Message(role="user", content="q"), answer))
    assert desk.bar(WIDE).partition(" · 100 tokens")[2] == rate
    app.end_all("exit")


async def test_the_bar_is_computed_once_until_something_changes(offline: Stage) -> None:
    app, desk = opened(offline)
    first = desk.bar(80)
    assert desk.bar(80) is first
    assert desk.bar(30) != first
    assert desk.bar(80) == first
    seen = [desk.bar(80)]
    await app.ask("q")
    seen.append(desk.bar(80))
    app.change_model("gpt-4")
    seen.append(desk.bar(80))
    app.settings = app.settings.set("reserve", "100")
    seen.append(desk.bar(80))
    app.switch_to("anna")
    seen.append(desk.bar(80))
    assert len(set(seen)) == len(seen)
    assert desk.bar(80) is seen[-1]
    app.end_all("exit")
    await app.close()


def test_there_is_no_bar_without_a_user_without_the_setting_or_without_room(offline: Stage) -> None:
    app = offline.app(StringIO(), StringIO())
    desk: terminal.Desk = Desk(app)
    assert desk.bar(80) == ""
    app.switch_to("u")
    assert desk.bar(80)
    assert [desk.bar(width) for width in (-1, 0, 1, 19)] == [""] * 4
    app.settings = app.settings.set("bar", "false")
    assert desk.bar(80) == ""
    app.settings = app.settings.set("bar", "true").set("max_tokens", "5000")
    assert desk.bar(80) == ""
    app.end("exit")
    assert desk.bar(80) == ""


@pytest.mark.parametrize("flags", [{"plain": True}, {}])
def test_a_plain_terminal_gets_ascii(offline: Stage, flags: dict[str, bool]) -> None:
    _app, desk = opened(offline, "u", **flags)
    assert desk.bar(WIDE).isascii() == bool(flags)


def test_everyone_has_a_recall_beside_their_sessions(offline: Stage) -> None:
    app, desk = opened(offline, "a/b")
    assert app.library is not None
    mine = desk.recall()
    assert mine is not None
    assert mine == app.library.path_of("a/b", "x").parent / "recall"
    assert offline.root / "history" in mine.parents
    app.switch_to("c")
    assert desk.recall() == offline.root / "history" / "c" / "recall"
    assert not (offline.root / "history").exists()


def test_nothing_is_recalled_where_nothing_is_kept_or_nobody_talks(offline: Stage) -> None:
    assert opened(offline, save=False)[1].recall() is None
    assert Desk(offline.app(StringIO(), StringIO())).recall() is None


def test_settings_are_as_they_are_now_and_commands_complete(offline: Stage) -> None:
    app, desk = opened(offline)
    assert desk.setting("theme") == "dark"
    app.settings = app.settings.set("theme", "light")
    assert desk.setting("theme") == "light"
    assert [offer.text for offer in desk.complete("/the")] == ["/theme"]
    assert [offer.text for offer in desk.complete("/theme c")] == ["contrast"]
    assert list(desk.complete("hello")) == []


def test_the_title_names_user_and_session(stage: Stage, server: Loopback) -> None:
    server.answer(say("a1"), say("a2"))
    with stage.terminal() as terminal:
        terminal.expect("Your name:")
        terminal.line("老表")
        terminal.expect("【老表】")
        terminal.line("1+1=几")
        terminal.expect("a1")
        terminal.expect("【老表】")
        terminal.line("为什么")
        terminal.expect("a2")
        terminal.expect("【老表】")
        terminal.line("/user anna")
        terminal.expect("【anna】")
        terminal.line("0")
        assert terminal.wait() == 0
    titles = [each.partition(b"\x1b\\")[0].decode() for each in terminal.bytes.split(b"\x1b]2;")[1:]]
    assert titles == ["chatcmd", "老表", "老表: 1+1=几", "anna", ""]


@pytest.mark.parametrize(
    ("words", "env"), [(["--plain"], {}), ([], {"TERM": "dumb"}), ([], {"CHATCMD_TITLE": "false"})]
)
def test_no_title_where_it_is_not_wanted(offline: Stage, words: list[str], env: dict[str, str]) -> None:
    with offline.terminal("-u", "u", *words, env=env) as terminal:
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert b"\x1b]" not in terminal.bytes
