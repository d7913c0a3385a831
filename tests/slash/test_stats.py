"""/stats: what the charts say is what was asked, counted and saved."""

import re
from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from chatcmd.app import App
from chatcmd.cells import cells
from chatcmd.conversation.message import Latency, Message, Sent, Turn, Usage
from chatcmd.conversation.price import Price
from chatcmd.conversation.session import Session
from chatcmd.history import file
from chatcmd.slash import stats
from chatcmd.terminal import tally
from chatcmd.terminal.chart import ASCII, BLOCKS, Ink
from tests.chat.stage import Stage
from tests.history.made import answer, question, session
from tests.loopback import Loopback, say

WIDTHS = (20, 21, 40, 80, 200)


async def shown(app: App, out: StringIO) -> list[str]:
    """Do the command, and return the lines that it shows."""
    before = len(out.getvalue())
    await stats.stats(app, "")
    return out.getvalue()[before:].splitlines()


def put(app: App, *sessions: Session) -> None:
    """Save sessions without their journals."""
    assert app.library is not None
    for each in sessions:
        path = app.library.path_of(each.user, each.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.write(path, each)


def asked(number: int, at: str, **fields: Any) -> Turn:
    return Turn(question(f"问题 {number}", at), answer("回答", **fields))


def told(texts: Iterable[str], title: str) -> list[str]:
    """Return the rows below a chart's title."""
    lines = list(texts)
    rows = lines[lines.index(title) + 1 :]
    return rows[: rows.index("")] if "" in rows else rows


async def test_nothing_asked_is_said(offline: Stage) -> None:
    out = StringIO()
    app = offline.app(out, StringIO())
    app.switch_to("u")
    assert await shown(app, out) == ["nothing was asked yet in this session"]


async def test_the_charts_show_what_the_server_counted(stage: Stage, server: Loopback) -> None:
    stage.settings('[prices]\n"gpt-3.5-turbo" = [1000, 2000]')
    server.answer(say("1+1=2。"), say("因为" * 20), say("gone", usage=False))
    out = StringIO()
    app = stage.app(out, StringIO())
    app.switch_to("老表")
    for text in ("1+1=几", "为什么是这样", "\x1b[31mred"):
        await app.ask(text)
    await app.close()
    usages = [turn.answer.usage for turn in app.talk.session.turns]
    counted = [(usage.prompt_tokens, usage.completion_tokens) for usage in usages if usage is not None]
    prompt, answers = (sum(each) for each in zip(*counted, strict=True))
    lines = await shown(app, out)
    cost = f"${prompt / 1000 + answers / 500:.4f}"
    sentence = f"3 turns: {prompt} + {answers} tokens, 1 of them not counted by the service, cost {cost} + $?"
    assert " ".join(lines[:2]) == f"this session, {sentence}"
    rows = told(lines, "tokens per turn: prompt ░, answer █")
    assert [re.fullmatch(r"(\d .*?) +[░█]+ (\S+)", row).groups() for row in rows] == [  # type: ignore[union-attr]
        ("1 1+1=几", str(sum(counted[0]))),
        ("2 为什么是这样", str(sum(counted[1]))),
        ("3 ␛[31mred", rows[2].split()[-1]),
    ]
    assert rows[2].endswith("+?")
    windows = [turn.answer.window for turn in app.talk.session.turns]
    most = max(window.tokens for window in windows if window is not None)
    assert told(lines, "window over time")[1] == f"from {counted[0][0]} to {most} of 3,072 tokens"
    assert len(told(lines, "answer times")[0]) == 3
    assert told(lines, "tokens by model")[0].startswith("gpt-3.5-turbo ░")


async def test_the_user_is_counted_over_all_saved_sessions_and_each_turn_once(offline: Stage) -> None:
    out = StringIO()
    app = offline.app(out, StringIO())
    app.switch_to("u")
    days = ["2026-11-18T12:00:00.000Z", "2026-11-20T12:00:00.000Z", "2026-11-20T12:00:01.000Z"]
    first = replace(session(user="u", session_id="a"), turns=tuple(asked(n, at) for n, at in enumerate(days)))
    branch = replace(first, id="b", turns=(*first.turns[:2], asked(7, "2026-11-20T12:30:00.000Z", model="gpt-4")))
    put(app, first, branch, session(5, user="someone else", session_id="c"), session(0, user="u", session_id="d"))
    lines = await shown(app, out)
    assert lines[0] == "nothing was asked yet in this session"
    assert "u in 2 sessions, 4 turns: 176 + 32 tokens, cost unknown" in lines
    assert [line.split()[::2] for line in told(lines, "questions per day")] == [
        ["2026-11-18", "1"],
        ["2026-11-20", "3"],
    ]
    assert [line.split()[::2] for line in told(lines, "tokens by model")] == [
        ["gpt-3.5-turbo", "156"],
        ["gpt-4", "52"],
    ]


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2026-11-20"), ("CST-8", "2026-11-21")])
def test_a_day_is_that_of_the_reader(offline: Stage, zone: str, day: str) -> None:
    app = offline.app(StringIO(), StringIO())
    put(app, replace(session(user="u"), turns=(asked(1, "2026-11-20T17:00:00.000Z"),)))
    done = offline.pipe("/stats\n0\n", "-u", "u", env={"TZ": zone})
    assert re.search(rf"^{day} █+ 1$", done.out, re.MULTILINE)


async def test_more_sessions_than_are_read_are_told(offline: Stage) -> None:
    out = StringIO()
    app = offline.app(out, StringIO())
    app.switch_to("u")
    put(app, replace(session(user="u", session_id="20260000"), turns=(asked(1, "2026-01-01T12:00:00.000Z"),)))
    assert app.library is not None
    whole = app.library.path_of("u", "20260000")
    for number in range(stats.MOST_SESSIONS):
        text = whole.read_text("utf-8").replace("2026-01-01T12", f"2027-01-{number % 28 + 1:02}T{number % 24:02}")
        whole.with_name(f"2027{number:04}.json").write_text(text, "utf-8")
    lines = await shown(app, out)
    most = stats.MOST_SESSIONS
    assert lines[-1] == f"only the newest {most} of {most + 1} saved sessions were read"
    assert any(line.startswith(f"u in {most} sessions, ") for line in lines)
    assert "2026-01-01" not in "\n".join(lines)
    assert f"the last {tally.DAYS} of 28 days" in lines


async def test_what_cannot_be_read_is_told_and_the_rest_is_shown(offline: Stage) -> None:
    out = StringIO()
    app = offline.app(out, StringIO())
    app.switch_to("u")
    put(app, session(2, user="u", session_id="a"))
    assert app.library is not None
    for name in ("b", "c"):
        app.library.path_of("u", name).write_text("not JSON")
    lines = await shown(app, out)
    assert "2 could not be read, such as: " in " ".join(lines)
    assert any("u in 1 session, " in line for line in lines)


async def test_nothing_kept_is_this_session_alone(offline: Stage) -> None:
    out = StringIO()
    app = offline.app(out, StringIO(), save=False)
    app.switch_to("u")
    await app.ask("q")
    await app.close()
    assert "u in 1 session, 1 turn, not counted by the service" in await shown(app, out)


@pytest.mark.parametrize("plain", [True, False])
async def test_plain_charts_are_of_ascii(offline: Stage, *, plain: bool) -> None:
    out = StringIO()
    app = offline.app(out, StringIO(), plain=plain)
    app.switch_to("u")
    await app.ask("q")
    await app.close()
    assert "\n".join(await shown(app, out)).isascii() == plain


TEXTS = st.text("ab 水仙花数\x1b\u202e🙂", max_size=40)
ANSWERS = st.builds(
    Message,
    role=st.just("assistant"),
    content=TEXTS,
    model=st.none() | TEXTS,
    usage=st.none() | st.builds(Usage, st.integers(0, 10**7), st.integers(0, 10**7)),
    latency=st.none() | st.builds(Latency, first=st.none(), total=st.floats(0, 10**4)),
    window=st.none() | st.builds(Sent, st.integers(0, 10**7), st.integers(0, 9), st.booleans(), st.booleans()),
)
QUESTIONS = st.builds(
    Message,
    role=st.just("user"),
    content=TEXTS,
    at=st.sampled_from([None, "never", "2026-11-20T21:30:11.902Z", "2026-11-22T00:00:00.000Z"]),
)
SESSIONS = st.builds(
    replace, st.just(session()), turns=st.lists(st.builds(Turn, QUESTIONS, ANSWERS), max_size=20).map(tuple)
)


@given(SESSIONS, st.sampled_from(WIDTHS), st.sampled_from([BLOCKS, ASCII]), st.sampled_from([None, Price(1, 2)]))
def test_everything_fits_whatever_was_said(made: Session, width: int, ink: Ink, price: Price | None) -> None:
    lines = stats.session_charts(made, 3072, lambda _: price, width, ink)
    lines += stats.user_charts("老表" * 20, [made, made], lambda *_: price, width, ink)
    laid = [part for line in lines for part in tally.laid(line, width)]
    assert laid
    assert max(map(cells, laid)) <= width
    assert not any(char in "".join(laid) for char in "\x1b\u202e\n")


def test_long_sessions_show_their_newest_turns() -> None:
    lines = stats.session_charts(session(40), 3072, lambda _: None, 80, BLOCKS)
    rows = [line for line in lines if "问题" in line]
    assert [row.split()[0] for row in rows] == [str(number) for number in range(29, 41)]
    assert "the last 12 of 40 turns" in lines


def test_many_models_end_in_the_others() -> None:
    made = session()
    for number in range(12):
        made = made.with_turn(Turn(question("q", f"2026-11-20T00:00:{number:02}Z"), answer("a", model=f"m{number:02}")))
    rows = told(stats.user_charts("u", [made], lambda *_: Price(1, 1), 80, BLOCKS), "tokens by model")
    assert [row.split()[0] for row in rows] == [*(f"m{number:02}" for number in range(8)), "others"]
    assert rows[-1].endswith(f"{4 * 52}  $0.000208")


def test_the_page_reads_well() -> None:
    turns = [
        Turn(question("1+1=几"), answer("2", usage=Usage(44, 8), window=Sent(44, 0), latency=Latency(total=0.5))),
        Turn(question("why?"), answer("so", usage=Usage(88, 80), window=Sent(88, 0), latency=Latency(total=2.0))),
    ]
    made = replace(session(), turns=tuple(turns))
    assert stats.session_charts(made, 3072, lambda _: Price(0.5, 1.5), 40, BLOCKS) == [
        "this session, 2 turns: 132 + 88 tokens, cost $0.000198",
        "",
        "tokens per turn: prompt ░, answer █",
        "1 1+1=几 ░░░░░░░█ 52",
        "2 why?   ░░░░░░░░░░░░░░█████████████ 168",
        "",
        "window over time",
        "▁▁",
        "from 44 to 88 of 3,072 tokens",
        "",
        "answer times",
        "▃█",
        "from 0.5 to 2.0 seconds, half of them within 0.5",
    ]
