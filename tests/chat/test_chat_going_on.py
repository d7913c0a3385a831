"""Going on with a saved session in a running chat, in a copy, and where another process has it open."""

import json
import re
from io import StringIO
from typing import Any

import pytest

from chatcmd.app import App
from chatcmd.branch import fork, undo
from chatcmd.errors import Damaged, HistoryError, NotSaved, SessionInUse, UsageError
from chatcmd.history.library import Library
from chatcmd.resumption import go_on_in_copy, go_on_with, resume, show
from chatcmd.terminal import EndOfInput, Interrupted
from tests.chat.stage import Keys, Stage, said
from tests.history.made import ID, PERSONA, contents, full_disk, saved, session, tree, turn
from tests.history.pipe_chat import PipeChat
from tests.loopback import Loopback, say
from tests.terminal_driver import CHATCMD

OTHER, THIRD = "20261121T080000Z-0001", "20261122T080000Z-0002"


@pytest.fixture
def library(offline: Stage) -> Library:
    return Library(offline.root / "history")


@pytest.fixture
def app(offline: Stage) -> App:
    """A chat whose notes are `app.screen`'s second output, in the demo's company."""
    return offline.app(StringIO(), StringIO(), stream=False)


def held(app: App) -> dict[str, list[str]]:
    """Everyone's live session by its words."""
    return {user: contents(talk.session) for user, talk in app.talks.items()}


# In a running chat


async def test_a_users_own_session_is_saved_and_those_of_others_stay_alive(app: App, library: Library) -> None:
    path = saved(library, session(2, user="anna"))
    app.switch_to("bo")
    await app.ask("of bo")
    app.switch_to("anna")
    await app.ask("of anna")
    before = app.talk.session
    talk = go_on_with(app, path)
    assert (app.user, app.talk) == ("anna", talk)
    assert contents(talk.session) == contents(session(2))
    left = library.read(library.path_of("anna", before.id))
    assert (contents(left), left.ended_by) == (contents(before), "switch")
    assert held(app)["bo"][1] == "of bo"
    await app.ask("more")
    app.end_all("exit")
    assert contents(library.read(path))[:-1] == [*contents(session(2)), "more"]


async def test_another_users_session_is_gone_on_with_as_them(app: App, library: Library) -> None:
    path = saved(library, session(1, user="bo"))
    app.switch_to("anna")
    await app.ask("of anna")
    go_on_with(app, path)
    assert app.user == "bo"
    assert held(app).keys() == {"anna", "bo"}
    assert app.talks["anna"].path is not None
    assert not app.talks["anna"].path.exists()  # still alive: not saved yet
    app.end_all("exit")
    assert len(library.paths("anna")) == 1


async def test_a_session_that_is_live_here_is_gone_on_with_where_it_is(app: App, library: Library) -> None:
    path = saved(library, session(1, user="bo"))
    theirs = go_on_with(app, path)
    await app.ask("more")
    app.switch_to("anna")
    await app.ask("of anna")
    mine = app.talk
    assert go_on_with(app, path) is theirs
    assert (app.user, app.talk) == ("bo", theirs)
    assert go_on_with(app, path) is theirs
    assert mine.path is not None
    assert go_on_with(app, mine.path) is mine
    assert (app.user, contents(mine.session)[1]) == ("anna", "of anna")
    app.end_all("exit")
    assert len(library.paths()) == 2


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"{", Damaged), (b'{"format": 2, "id": "a"}', HistoryError), (None, SessionInUse), (b"", Damaged)],
)
async def test_a_session_that_cannot_be_opened_changes_nothing(
    app: App, library: Library, content: bytes | None, error: type[Exception]
) -> None:
    path = saved(library, session(1, user="anna"))
    if content is not None:
        path.write_bytes(content)
    other = library.open("anna", ID) if content is None else None
    app.switch_to("anna")
    await app.ask("q1")
    talk, before = app.talk, tree(library.folder)
    with pytest.raises(error):
        go_on_with(app, path)
    assert app.talk is talk
    assert {name for name in tree(library.folder) if not name.endswith(f"{ID}.jsonl")} == {
        name for name in before if not name.endswith(f"{ID}.jsonl")
    }
    await app.ask("q2")
    app.end_all("exit")
    if other is not None:
        other.close(remove=True)
    assert talk.path is not None
    assert [each.question.content for each in library.read(talk.path).turns] == ["q1", "q2"]


async def test_what_a_full_disk_kept_in_memory_alone_is_not_left_for_another_session(
    app: App, library: Library
) -> None:
    path = saved(library, session(1, user="anna"))
    app.switch_to("anna")
    await app.ask("q1")
    with full_disk(100):
        await app.ask("q2")
        for leave in (lambda: go_on_with(app, path), lambda: go_on_in_copy(app, path), lambda: undo(app, 1)):
            with pytest.raises(NotSaved, match="you are still in the session as it was"):
                leave()
        talk = app.talk
        assert [each.question.content for each in talk.session.turns] == ["q1", "q2"]
    go_on_with(app, path)
    app.end_all("exit")
    assert talk.path is not None
    assert [each.question.content for each in library.read(talk.path).turns] == ["q1", "q2"]
    assert contents(library.read(path)) == contents(session(1))


async def test_a_branch_and_the_session_it_came_from_can_be_gone_back_and_forth(app: App, library: Library) -> None:
    app.switch_to("anna")
    await app.ask("q1")
    await app.ask("q2")
    first = app.talk.path
    second = fork(app, 1).path
    await app.ask("q2, differently")
    assert first is not None
    assert second is not None
    for _ in range(2):
        go_on_with(app, first)
        assert [each.question.content for each in app.talk.session.turns] == ["q1", "q2"]
        go_on_with(app, second)
        assert [each.question.content for each in app.talk.session.turns] == ["q1", "q2, differently"]
    app.end_all("exit")
    assert {path.stem for path in library.paths()} == {first.stem, second.stem}
    assert list(library.folder.rglob("*.jsonl")) == []


# In a copy


async def test_a_copy_has_what_the_other_process_has_said_by_then(app: App, library: Library) -> None:
    path = saved(library, session(1, user="anna"))
    _, journal = library.resume(path)
    journal.asked(session(1, user="anna"), turn(2).question)
    journal.answered(session(1, user="anna"), turn(2))
    before = tree(library.folder)
    copy = go_on_in_copy(app, path).session
    assert contents(copy) == contents(session(2))
    assert (copy.parent.id, copy.parent.turn) == (ID, 2) if copy.parent else None
    assert tree(library.folder).items() >= before.items()
    await app.ask("mine")
    app.end_all("exit")
    journal.close(remove=False)
    assert contents(library.read(library.path_of("anna", copy.id)))[:-1] == [*contents(session(2)), "mine"]


def test_a_copy_of_an_imported_session_is_a_branch_and_not_an_import(app: App, library: Library) -> None:
    path = saved(library, session(1, user="anna", source={"format": "tutorial", "id": "x"}, tags=("a",)))
    copy = go_on_in_copy(app, path)
    app.end_all("exit")
    assert copy.path is not None
    found = json.loads(copy.path.read_bytes())
    assert "source" not in found
    assert (found["parent"], found["tags"]) == ({"id": ID, "turn": 1}, ["a"])


@pytest.mark.parametrize(
    ("turns", "change", "error", "sentence"),
    [
        (0, (b"", b""), UsageError, "nothing to copy yet"),
        (1, (b'"format": 1', b'"format": 2'), HistoryError, "can be shown, not copied; upgrade"),
        (1, (b'"user": "anna"', b'"user": "a\\u0007"'), Damaged, "can be shown, not continued"),
    ],
)
def test_what_cannot_be_copied_is_told_in_one_sentence(
    app: App, turns: int, change: tuple[bytes, bytes], error: type[Exception], sentence: str
) -> None:
    assert app.library is not None
    path = saved(app.library, session(turns, user="anna").with_unanswered(turn(9).question))
    path.write_bytes(path.read_bytes().replace(*change))
    before = tree(app.library.folder)
    with pytest.raises(error, match=sentence):
        go_on_in_copy(app, path)
    assert (tree(app.library.folder), app.user, app.talks) == (before, None, {})


# Open elsewhere


@pytest.mark.parametrize(
    ("script", "chosen"),
    [
        (["1"], "read"),
        (["2"], "copied"),
        (["0"], "left"),
        (["3", "", "read", " 2 "], "copied"),
        (["quit"], "left"),
        ([EndOfInput()], "left"),
        ([Interrupted()], "left"),
    ],
)
async def test_a_person_chooses_to_read_or_to_copy_what_is_open_elsewhere(
    offline: Stage, library: Library, script: list[Any], chosen: str
) -> None:
    path = saved(library, session(1, user="anna"))
    other = library.open("anna", ID)
    out = StringIO()
    app = offline.app(out, StringIO(), stream=False)
    app.switch_to("bo")
    talk = await resume(app, path, Keys(script))
    assert f"Session {ID} is open in another chatcmd. What would you like to do?\n" in out.getvalue()
    assert ("【anna】问题 1\n【ChatGPT】回答 1。\n" in out.getvalue()) is (chosen == "read")
    assert (talk is not None, app.user) == ((True, "anna") if chosen == "copied" else (False, "bo"))
    app.end_all("exit")
    other.close(remove=True)
    assert len(library.paths()) == (2 if chosen == "copied" else 1)


async def test_nobody_is_asked_where_nobody_sits(app: App, library: Library) -> None:
    path = saved(library, session(1, user="anna"))
    other = library.open("anna", ID)
    with pytest.raises(SessionInUse, match=f"chatcmd -r {ID} --fork, or read it: chatcmd history show {ID}"):
        await resume(app, path)
    other.close(remove=True)
    assert await resume(app, path) is app.talk
    app.end_all("exit")


def open_elsewhere(stage: Stage) -> PipeChat:
    """Start a chat that has asked q1 and has its session open."""
    stage.pipe("q0\n", "-u", "anna")
    chat = PipeChat([*CHATCMD, "-c"], env=stage.environ)
    chat.lines("q1")
    chat.expect("Your question was: q1")
    return chat


@pytest.mark.parametrize("words", [("-c", "--fork"), ("--fork", "-r", "-1"), ("-c", "--fork", "-u", "anna")])
def test_a_fork_through_a_pipe_goes_on_in_a_copy_and_the_other_goes_on_too(
    offline: Stage, words: tuple[str, ...]
) -> None:
    with open_elsewhere(offline) as first:
        done = offline.pipe("q2\n", *words)
        assert done.code == 0
        assert "【anna】q1\n" in done.out
        assert "going on in a branch of 'q0' of anna, after turn 2; the session itself stays: " in done.err
        first.lines("q3")
        assert first.finish() == 0
    old, new = offline.sessions()
    assert [each["content"] for each in old["messages"][1::2]] == ["q0", "q1", "q3"]
    assert [each["content"] for each in new["messages"][1::2]] == ["q0", "q1", "q2"]
    assert new["parent"] == {"id": old["id"], "turn": 2}


@pytest.mark.parametrize(("choice", "told"), [("1", "【anna】q1"), ("0", ""), ("2", "going on in a branch of 'q0'")])
def test_at_a_terminal_one_chooses_and_leaves_with_0(offline: Stage, choice: str, told: str) -> None:
    with open_elsewhere(offline) as first, offline.terminal("-c") as second:
        second.expect("1, 2 or 0:")
        second.line(choice)
        if choice == "2":
            second.expect("going on in a branch of 'q0'")
            second.expect("【anna】")
            second.line("0")
        assert second.wait() == 0
        assert told in second.output
        assert first.finish() == 0
    assert len(offline.sessions()) == 1 + (choice == "2")


def test_one_question_is_asked_in_a_copy_too(offline: Stage) -> None:
    with open_elsewhere(offline) as first:
        refused = offline.pipe("", "ask", "-c", "q2")
        assert (refused.code, refused.out) == (3, "")
        assert re.search(r"go on in a copy: chatcmd -r \S+ --fork, or read it: chatcmd history show", refused.err)
        done = offline.pipe("", "ask", "-c", "--fork", "q2")
        assert (done.code, "2 earlier turns" in done.out) == (0, True)
        assert first.finish() == 0
    assert [len(each["messages"]) for each in offline.sessions()] == [5, 7]


def test_a_fork_of_nothing_is_wrong_usage(offline: Stage) -> None:
    for command in ((), ("ask",)):
        done = offline.pipe("q\n", *command, "--fork")
        assert (done.code, done.out) == (2, "")
        assert done.err == "chatcmd: --fork copies a saved session: say which one with -c or -r SESSION\n"
    assert offline.files() == []


# The same session, longer


def test_a_resumed_session_is_the_same_bytes_but_for_its_end(offline: Stage) -> None:
    offline.pipe("q1\nq2\n", "-u", "anna")
    (path,) = offline.files()
    before = path.read_bytes()
    offline.pipe("q3\n1\nanna\n", "-c")
    after = json.loads(path.read_bytes())
    assert [each["content"] for each in after["messages"][5::2]] == ["q3"]
    assert (len(after["messages"]), after["ended_by"]) == (7, "reset")
    as_it_was = after | {"messages": after["messages"][:5], "ended": json.loads(before)["ended"], "ended_by": "exit"}
    assert json.dumps(as_it_was, ensure_ascii=False, indent=2).encode() + b"\n" == before


def test_a_long_session_is_shown_by_its_last_turns(offline: Stage, library: Library) -> None:
    saved(library, session(500, user="anna"))
    done = offline.pipe("", "-c")
    assert done.err.startswith(f"480 earlier turns are not shown here; see all of it with: chatcmd history show {ID}\n")
    assert done.out.splitlines()[:2] == [f"【system】{PERSONA.content}", "【anna】问题 481"]
    assert "after turn 500\n" in done.err
    assert done.out.count("【anna】") == 20
    forked = offline.pipe("", "-c", "--fork")
    assert forked.err.startswith("480 earlier turns are not shown here\n")


def test_twenty_turns_are_shown_whole(offline: Stage, library: Library) -> None:
    saved(library, session(20, user="anna"))
    done = offline.pipe("", "-c")
    assert done.out.count("【anna】") == 20
    assert "not shown" not in done.err


def test_one_question_goes_on_with_the_session_that_is_named(stage: Stage, server: Loopback) -> None:
    library = Library(stage.root / "history")
    for session_id, title in ((ID, "first"), (OTHER, "second"), (THIRD, "third")):
        saved(library, session(1, session_id=session_id, user="anna", title=title))
    for words in (("-r", OTHER), ("-r", "second"), ("--resume", OTHER[:10])):
        server.answer(say("a"))
        done = stage.pipe("", "ask", *words, "q")
        assert (done.code, done.out) == (0, "a\n")
    assert stage.requests[-1][1:] == [*said("问题 1", "回答 1。")[1:], *said("q", "a", "q", "a", "q")[1:]]
    assert {each["id"]: len(each["messages"]) for each in stage.sessions()} == {ID: 3, OTHER: 9, THIRD: 3}


def test_a_session_that_is_shown_again_names_what_is_hostile_in_one_line(offline: Stage, library: Library) -> None:
    path = saved(library, session(1, user="anna", title="a\x1b[2J\nb"))
    notes = StringIO()
    app = offline.app(StringIO(), notes)
    show(app, go_on_with(app, path))
    app.end_all("exit")
    assert "going on with 'a␛[2J b' of anna, after turn 1\n" in notes.getvalue()


async def test_a_server_that_is_not_known_is_remembered_over_a_resume(stage: Stage, server: Loopback) -> None:
    stage.settings('model = "llama3"\n[windows]\nllama3 = 400\n')
    server.default = say("a" * 20)
    for question in ("q" * 200, "q" * 300):
        await stage.talk(question, user="anna")
    app = stage.app(StringIO(), StringIO())
    library = Library(stage.root / "history")
    path = library.latest("anna")
    fresh = app.meter.ahead(app.settings, library.read(path))
    go_on_with(app, path)
    known = app.meter.ahead(app.settings, app.talk.session)
    usage = library.read(path).turns[-1].answer.usage
    assert usage is not None
    assert usage.prompt_tokens + usage.completion_tokens < known.tokens <= usage.prompt_tokens + 60
    assert known.tokens != fresh.tokens
    app.end_all("exit")
    await app.close()


def test_what_was_said_a_moment_ago_is_found(offline: Stage) -> None:
    done = offline.pipe("me\nwhat is a zebra\n/user you\n/search zebra\n0\n")
    assert done.code == 0
    assert "zebra" in done.out.split("【me】what is a zebra")[1].split("\n", 2)[2]
    assert [each["ended_by"] for each in offline.sessions()] == ["exit"]
