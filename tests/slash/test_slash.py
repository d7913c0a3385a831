"""Every slash command: what it shows, what it changes, what it refuses."""

import re

import pytest

from chatcmd.errors import Exit
from chatcmd.terminal import EndOfInput
from tests.chat.stage import Keys, Stage, Talked, said, spoken
from tests.loopback import FAULTS, Loopback, gated, say

MUST = (
    "help exit quit new user users persona model set context tokens status stats theme undo retry edit copy raw fork "
    "export replay history resume search rename save clear multiline editor"
)


def rows(talked: Talked) -> list[list[str]]:
    """Split what was shown into lines of words."""
    return [line.split() for line in talked.out.splitlines()]


async def test_model_is_shown_changed_and_sent(stage: Stage, server: Loopback) -> None:
    stage.settings(f'[windows]\nmine = 9000\n[providers.near]\nbase_url = "{server.base_url}"\n')
    lines = [
        "/model",
        "q",
        "/model gpt-4",
        "q",
        "/model mine",
        "q",
        "/model near/gpt-4o",
        "q",
        "/set model default",
        "q",
    ]
    talked = await stage.talk(*lines, user="u")
    assert [request.body["model"] for request in server.chats] == [
        "gpt-3.5-turbo",
        "gpt-4",
        "mine",
        "gpt-4o",
        "gpt-3.5-turbo",
    ]
    assert [line for line in talked.out.splitlines() if "a window of" in line] == [
        "gpt-3.5-turbo: a window of 4,096 tokens, counted exactly",
        "gpt-4: a window of 8,192 tokens, counted exactly",
        "mine: a window of 9,000 tokens, its counting rules are not known: bounds and estimates",
        "near/gpt-4o: a window of 128,000 tokens, counted exactly",
        "gpt-3.5-turbo: a window of 4,096 tokens, counted exactly",
    ]
    assert stage.sessions()[0]["model"] == "gpt-3.5-turbo"


async def test_unknown_model_is_told_about_once_and_answers(stage: Stage, server: Loopback) -> None:
    lines = ["/model llama", "q", "q", "/context", "/tokens word", "/tokens"]
    talked = await stage.talk(*lines, user="u")
    assert talked.notes.count("the window of llama is not known, 4,096 tokens are assumed") == 1
    assert talked.out.count("about ") == 2
    assert server.chats[1].body["model"] == "llama"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/set temperature 3", "temperature must be a number from 0 to 2"),
        ("/set temperature warm", "temperature must be a number from 0 to 2"),
        ("/set temprature 1", "there is no setting temprature; did you mean temperature?"),
        ("/set temprature", "there is no setting temprature; did you mean temperature?"),
        ("/set base_url http://x", "base_url cannot change inside the chat"),
        ("/set stream maybe", "stream must be true or false"),
        ("/set stream flase", "stream must be true or false; did you mean false?"),
        ("/set theme drak", "theme must be one of dark, light, contrast; did you mean dark?"),
        ("/theme drak", "there is no theme drak; did you mean dark?"),
        (
            "/persona defualt",
            "there is no persona defualt: write its text to envs/personas/defualt.md; did you mean default?",
        ),
        ("/help retyr", "there is no command /retyr; did you mean /retry?"),
        ("/edit", "there is no question to ask again yet"),
        ("/copy", "there is no answer yet in this session"),
        ("/raw", "there is no answer yet in this session"),
        ("/edit 1", "there are only 0 turns in this session"),
        ("/edit 0 x", "/edit: the number of the turn must be a whole number from 1 up"),
        ("/edit why not", "/edit: the number of the turn must be a whole number from 1 up"),
        ("/fork", "there is nothing to copy yet"),
        ("/fork two", "/fork: the number of the turn must be a whole number from 1 up"),
        ("/rename \u200b", "a title needs at least one visible character"),
        ("/rename " + "x" * 201, "a title can have 200 characters, and this one has 201"),
        ("/set max_turns -1", "max_turns must be a whole number from 0 up"),
        ("/set reserve 4096", "keeps 4,096 tokens for the answer, and the window of gpt-3.5-turbo has only 4,096"),
        ("/set max_tokens 5000", "keeps 5,000 tokens for the answer"),
        ("/persona nobody", "there is no persona nobody: write its text to envs/personas/nobody.md"),
        ("/persona empty", "envs/personas/empty.md: is empty"),
        ("/persona a/\x07b", "control or invisible"),
        ("/user a\u202eb", "control or invisible"),
        ("/undo", "there are only 0 turns to take back"),
        ("/undo 0", "the number of turns must be a whole number from 1 up"),
        ("/undo two", "the number of turns must be a whole number from 1 up"),
        ("/retry", "there is no question to ask again yet"),
    ],
)
async def test_wrong_use_is_one_sentence_and_changes_nothing(stage: Stage, line: str, sentence: str) -> None:
    stage.persona("empty", " \n")
    keys = Keys([line, EndOfInput()])
    talked = await stage.talk(keyboard=keys, user="u")
    assert sentence in talked.notes
    assert talked.notes.count("\n") == 1
    assert keys.asked == [("【u】", ""), ("【u】", "")]  # a question is given back, a command comes back with Up
    assert talked.out == ""
    assert talked.app.settings.values.keys() == {"user", "base_url"}
    assert talked.code == Exit.DONE
    piped = await stage.talk(line, user="u")
    assert piped.code == Exit.USAGE


async def test_settings_are_shown_set_sent_and_taken_back(stage: Stage, server: Loopback) -> None:
    lines = [
        "/set temperature 0.5",
        "/set stop  ## ",
        "/set stream off",
        "q",
        "/set temperature",
        "/set temperature default",
        "/set stop none",
        "/set stream default",
        "q",
        "/set",
        "/set seed",
    ]
    talked = await stage.talk(*lines, user="u")
    first, second = (request.body for request in server.chats)
    assert (first["temperature"], first["stop"], first["stream"]) == (0.5, ["##"], False)
    assert second.keys() == {"model", "messages", "stream", "stream_options"}
    shown = talked.out.splitlines()
    assert shown[:3] == ["temperature = 0.5", "stop = ##", "stream = false"]
    assert shown[5] == "temperature = 0.5 (/set): randomness of the answer, 0 to 2"
    assert shown[6:9] == ["temperature = -", "stop = -", "stream = true"]
    assert "".join(shown).count("0.5") == 2
    assert shown[-1].startswith("seed = - (the default): same seed")
    [session] = stage.sessions()
    assert session["messages"][2]["settings"] == {"temperature": 0.5, "stop": ["##"]}
    assert "settings" not in session["messages"][4]


async def test_context_counts_what_the_server_then_counts(stage: Stage, server: Loopback) -> None:
    server.default = say("因为加法就是这样定义的 🙂 " * 40)
    questions = ["水仙花数有哪些" * 60] * 7
    lines = [line for question in questions for line in ("/context", question)]
    talked = await stage.talk(*lines, user="u")
    told = [
        int(number.replace(",", ""))
        for number in re.findall(r"^([\d,]+) of 3,072 tokens before your question", talked.out, re.MULTILINE)
    ]
    left_out = [int(number) for number in re.findall(r"turns left out: (\d+)", talked.out)]
    dropped = [each["window"]["dropped"] for each in stage.sessions()[0]["messages"][2::2]]
    assert all(before <= after for before, after in zip(left_out, dropped, strict=True))
    named = re.findall(r"^-  +- +0  turns? 1(?: to (\d+))? stays? out: 水仙花数有哪些", talked.out, re.MULTILINE)
    assert [int(last or 1) for last in named] == [number for number in left_out if number]
    # Where the question itself pushed nothing more out, its request held just what was shown.
    same = [place for place in range(7) if left_out[place] == dropped[place]]
    assert any(dropped[place] for place in same)
    assert [told[place] for place in same] == [server.count(stage.requests[place][:-1]) for place in same]
    usages = [each["usage"]["prompt_tokens"] for each in stage.sessions()[0]["messages"][2::2]]
    assert usages == [server.count(request.messages) for request in server.chats]


async def test_context_lists_every_message_with_its_tokens(stage: Stage, server: Loopback) -> None:
    server.answer(say("2"))
    talked = await stage.talk("1+1=几", "/context", user="u")
    head, *listed, total = rows(talked)[2:]
    assert head == ["role", "tokens", "content"]
    assert [row[:2] for row in listed] == [["1", "system"], ["2", "user"], ["3", "assistant"]]
    request = server.chats[0].messages
    costs = [server.count([message]) - 3 for message in [*request, {"role": "assistant", "content": "2"}]]
    assert [int(row[2]) for row in listed] == costs
    assert int(total[0]) == sum(costs) + 3


async def test_tokens_counts_a_text_and_shows_what_answers_took(stage: Stage, server: Loopback) -> None:
    server.answer(say("因为"), say("b", usage=False))
    talked = await stage.talk("/tokens", "/tokens Hello, how are you?", "q", "r", "/tokens", user="u")
    usage = stage.sessions()[0]["messages"][2]["usage"]
    shown = talked.out.splitlines()
    assert shown[:2] == ["nothing was asked yet in this session", "6 tokens in gpt-3.5-turbo"]
    table = rows(talked)[-3:]
    prompt, answer = str(usage["prompt_tokens"]), str(usage["completion_tokens"])
    assert table[0] == ["1", prompt, prompt, answer, "q"]
    assert table[1][-3:] == ["-", "-", "r"]
    assert shown[-1] == f"in all {prompt} prompt tokens and {answer} answer tokens, as the server counted"


async def test_status_says_who_where_and_from_what(stage: Stage, offline: Stage, server: Loopback) -> None:
    talked = await stage.talk("q", "/status", user="anna")
    [session] = stage.sessions()
    shown = dict(line.split(None, 1) for line in talked.out.splitlines()[2:])
    assert shown["user"] == "anna"
    assert shown["persona"].startswith("default: 一个有10年")
    assert shown["model"] == "gpt-3.5-turbo (from the default)"
    assert shown["service"] == f"127.0.0.1:{server.port} (from OPENAI_BASE_URL; key •••• from OPENAI_API_KEY)"
    assert shown["turns"] == "1"
    assert shown["session"] == f"{stage.root}/history/anna/{session['id']}.json"
    assert shown["root"] == f"{stage.root} (from CHATCMD_ROOT)"
    alone = await Stage(offline.root).talk("/status", user="anna", save=False)
    assert "none: the offline demo answers" in alone.out
    assert "not kept (--no-save)" in alone.out


async def test_users_lists_who_talks_and_who_has_talked(stage: Stage) -> None:
    await stage.talk("q", "/new", "q", user="老表")
    talked = await stage.talk("q", "/user bo", "/users", "/user", user="anna")
    assert rows(talked)[2:6] == [
        ["user", "talking", "now", "saved", "sessions"],
        ["anna", "1", "turn,", "default", "0"],
        ["*", "bo", "0", "turns,", "default", "0"],
        ["老表", "2"],
    ]
    assert rows(talked)[6:] == rows(talked)[2:6]


async def test_persona_is_shown_and_a_switch_ends_a_session_with_turns(stage: Stage) -> None:
    stage.persona("novice", "\ufeff一个小白\n")
    talked = await stage.talk("/persona", "q", "/persona novice", "q", "/persona", user="u")
    shown = talked.out.splitlines()
    assert shown[:2] == ["default: 一个有10年Python开发经验的资深算法工程师", "others: novice"]
    assert shown[-2:] == ["novice: 一个小白", "others: default"]
    assert "novice answers now, in a new session\n" in talked.notes
    novice = [{"role": "system", "content": "一个小白"}, {"role": "user", "content": "q"}]
    assert stage.requests == [said("q"), novice]
    first, second = stage.sessions()
    assert (first["ended_by"], second["ended_by"]) == ("switch", "exit")
    assert second["persona"] == {"name": "novice", "content": "一个小白"}


async def test_undo_branches_and_gives_the_question_back(stage: Stage, server: Loopback) -> None:
    server.answer(*(say(text) for text in ("a1", "a2", "a3", "b2")))
    keys = Keys(["q1", "q2", "q3", "/undo 4", "/undo 2", "q2, better", "0"])
    talked = await stage.talk(keyboard=keys, user="u")
    assert [text for _, text in keys.asked[3:]] == ["", "", "q2", ""]
    assert "there are only 3 turns to take back" in talked.notes
    old, new = stage.sessions()
    assert f"took back 2 of 3 turns; the session as it was is kept: /resume {old['id']}\n" in talked.notes
    assert stage.requests[-1] == said("q1", "a1", "q2, better")
    assert spoken(old) == said("q1", "a1", "q2", "a2", "q3", "a3")
    assert spoken(new) == said("q1", "a1", "q2, better", "b2")
    assert (old["ended_by"], new["ended_by"]) == ("switch", "exit")
    assert new["parent"] == {"id": old["id"], "turn": 1}
    assert new["messages"][:3] == old["messages"][:3]


async def test_undo_without_another_question_saves_the_branch(stage: Stage) -> None:
    await stage.talk("q1", "q2", "/undo", user="u")
    old, new = stage.sessions()
    assert spoken(new) == said("q1", "Hello.")
    assert new["parent"] == {"id": old["id"], "turn": 1}


async def test_retry_branches_with_another_answer(stage: Stage, server: Loopback) -> None:
    server.answer(say("a1"), say("a2"), say("b2"), say("b3"))
    talked = await stage.talk("q1", "q2", "/retry", "q3", user="u")
    assert talked.out.endswith("【u】q2\n【ChatGPT】a2\n【ChatGPT】b2\n【u】q3\n【ChatGPT】b3\n")
    assert stage.requests[1] == stage.requests[2] == said("q1", "a1", "q2")
    old, new = stage.sessions()
    assert spoken(old) == said("q1", "a1", "q2", "a2")
    assert spoken(new) == said("q1", "a1", "q2", "b2", "q3", "b3")
    assert (old["ended_by"], new["parent"]) == ("switch", {"id": old["id"], "turn": 1})


@pytest.mark.parametrize("fault", ["500for_good", "200html"])
async def test_retry_that_fails_leaves_the_session_as_it_was(stage: Stage, server: Loopback, fault: str) -> None:
    server.answer(say("a1"), FAULTS[fault], say("a2"))
    keys = Keys(["q1", "/retry", "q2", "0"])
    await stage.talk(keyboard=keys, user="u")
    assert [text for _, text in keys.asked] == ["", "", "", ""]
    [session] = stage.sessions()
    assert spoken(session) == said("q1", "a1", "q2", "a2")
    assert session.get("parent") is None
    assert len(stage.files()) == 1


async def test_new_says_where_the_old_session_is(stage: Stage) -> None:
    talked = await stage.talk("q", "/new", "/new", "q", user="u")
    first, second = stage.sessions()
    assert talked.notes.splitlines() == [f"saved: {stage.root}/history/u/{each['id']}.json" for each in (first, second)]
    assert (first["ended_by"], second["ended_by"]) == ("reset", "exit")
    assert stage.requests == [said("q"), said("q")]


@pytest.mark.parametrize("save", [True, False])
async def test_every_command_works_offline(offline: Stage, *, save: bool) -> None:
    words = [f"/{word}" for word in MUST.split() if word not in ("exit", "quit", "edit", "editor")]
    given = [
        "/model gpt-4",
        "/set temperature 1",
        "/tokens 几",
        "/user bo",
        "q",
        "/retry",
        "/rename t",
        "/fork",
        "/raw",
    ]
    offline.environ["PATH"] = ""  # no clipboard tool
    talked = await offline.talk("q", *words, "q", *given, "/quit", "never asked", user="u", save=save)
    refused = [line for line in talked.notes.splitlines() if line.startswith(("there", "nothing"))]
    unkept = "nothing is kept with --no-save; start without it"
    sought = [
        "there is nothing to look for; give a word, or several",
        "there is nothing to save yet: no question was answered in this session",
    ]
    assert refused == [
        "there are only 0 turns to take back",
        "there is no question to ask again yet",
        "there is no answer yet in this session",
        "there is no answer yet in this session",
        "there is nothing to copy yet: no question was answered in this session",
        "there is nothing to export yet: nothing was asked in this session",
        "nothing was said in this session yet; name a saved one: /replay -1",
        *(sought if save else [*[unkept] * 3, f"{unkept}, or name a folder: /save FOLDER"]),
    ]
    assert "inside chatcmd" not in talked.notes
    assert "never asked" not in talked.out
    assert (offline.files() == []) != save


def test_stopped_retry_keeps_the_first_answer(stage: Stage, server: Loopback) -> None:
    gate = gated(["half ", "never"])
    server.answer(say("a1"), gate)
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("q1")
        terminal.expect("a1")
        terminal.expect("【u】")
        terminal.line("/retry")
        server.wait_for_request(2)
        terminal.send("\x03")
        server.wait_for(lambda: len(server.aborts) == 1)
        terminal.expect("【u】")
        terminal.line("0")
        assert terminal.wait() == 0
    assert [spoken(each) for each in stage.sessions()] == [said("q1", "a1")]
    assert [path.suffix for path in stage.files() if path.name != "recall"] == [".json"]
