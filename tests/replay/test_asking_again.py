"""`chatcmd replay --against`: the questions of saved sessions asked again, through the real program."""

import signal

import pytest
from msgspec.structs import replace

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.message import Turn
from chatcmd.history.library import Library
from tests.chat.stage import PERSONA, Stage, said, spoken
from tests.history.made import ID, abandoned, answer, question, saved, session, tree
from tests.hostile import HOSTILE, raw_controls
from tests.replay.asked import MODELS, Models, against, document, numbered, recorded, replay, replays
from tests.replies import FAULTS, FOR_GOOD, error, gated, say

OTHER = "20260101T000000Z-aaaa"


def test_each_question_is_asked_in_order_upon_the_new_answers(stage: Stage) -> None:
    source = numbered(stage.root, 3)
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 0, done.err
    a = [f"gpt-4o on question {number}" for number in (1, 2, 3)]
    assert stage.requests == [
        said("question 1"),
        said("question 1", a[0], "question 2"),
        said("question 1", a[0], "question 2", a[1], "question 3"),
    ]
    (made,) = replays(stage)
    assert spoken(made) == said("question 1", a[0], "question 2", a[1], "question 3", a[2])
    assert (made["model"], made["user"], made["ended_by"]) == ("gpt-4o", source.user, "exit")
    assert made["source"]["id"] == ID
    assert made["title"] == "question 1 (gpt-4o)"
    assert f"saved: {stage.root}/history/简说Python/{made['id']}.json" in done.err


def test_the_recorded_answers_can_be_the_context_instead(stage: Stage) -> None:
    numbered(stage.root, 2)
    assert replay(stage, ID, "--recorded-context", *against("gpt-4o")).code == 0
    assert stage.requests == [said("question 1"), said("question 1", "answer 1", "question 2")]
    assert [each["content"] for each in replays(stage)[0]["messages"]][2::2] == [
        "gpt-4o on question 1",
        "gpt-4o on question 2",
    ]


def test_another_persona_answers(stage: Stage) -> None:
    numbered(stage.root, 1)
    stage.persona("poet", "You speak in verse.")
    done = replay(stage, ID, "--persona", "poet")
    assert done.code == 0, done.err
    assert stage.requests == [
        [{"role": "system", "content": "You speak in verse."}, {"role": "user", "content": "question 1"}]
    ]
    (made,) = replays(stage)
    assert (made["persona"]["name"], made["model"]) == ("poet", "gpt-3.5-turbo")
    assert made["title"] == "question 1 (gpt-3.5-turbo, poet)"


def test_attachments_go_along_as_they_were_sent(stage: Stage) -> None:
    seen = Image("dot.png", 70, 1, 1, "data:image/png;base64,AA==")
    asked = replace(question("what is this"), attachments=(File("a.py", 5, "x = 1"), seen))
    saved(Library(stage.root / "history"), session().with_turn(Turn(asked, answer("code"))))
    assert replay(stage, ID, *against("gpt-4o")).code == 0
    assert stage.requests == [[PERSONA, asked.api]]
    assert replays(stage)[0]["messages"][1]["attachments"][0]["name"] == "a.py"


def test_several_sessions_are_asked_of_several_models(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    recorded(stage.root, ("other", "well"), session_id=OTHER, user="bob", title="of bob")
    done = replay(stage, ID, "of bob", OTHER, *against(*MODELS, "gpt-4o"))
    assert done.code == 0, done.err
    expected = [(model, text) for model in MODELS for text in ("question 1", "question 2", "other")]
    assert models.asked == dict.fromkeys(expected, 1)
    assert [each["user"] for each in replays(stage)].count("bob") == 3
    assert done.err.startswith("asking gpt-4o: 3 questions\nasking gpt-4: 3 questions\nasking gpt-4.1: 3 questions\n")
    assert "All sessions together:" in done.out
    assert done.err.count("saved: ") == 6


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_are_asked_at_once_than_were_allowed(stage: Stage, models: Models, jobs: int) -> None:
    numbered(stage.root, 1)
    held = {model: gated(["well"]) for model in MODELS}
    for model in MODELS:
        models.scripted[model, "question 1"] = held[model]
    assert stage.server is not None
    with stage.open_pipe("replay", ID, *against(*MODELS), "--jobs", str(jobs)) as program:
        for begun, model in enumerate(MODELS):
            stage.server.wait_for_request(min(begun + jobs, len(MODELS)))
            assert len(stage.server.chats) == min(begun + jobs, len(MODELS))
            held[model].release()
        assert program.program.wait(30) == 0


def test_the_window_is_fitted_anew_for_each_model(stage: Stage) -> None:
    long = "word " * 700
    recorded(stage.root, (long + "1", "one"), (long + "2", "two"), (long + "3", "three"))
    done = replay(stage, ID, *against("gpt-4", "gpt-4o"))
    assert done.code == 0, done.err
    sizes: dict[str, list[int]] = {model: [] for model in ("gpt-4", "gpt-4o")}
    assert stage.server is not None
    for request in stage.server.chats:
        sizes[request.body["model"]].append(len(request.messages))
    assert sizes == {"gpt-4": [2, 4, 6], "gpt-4o": [2, 4, 6]}
    stage.settings('[windows]\n"gpt-4" = 4096\n')
    done = replay(stage, ID, *against("gpt-4"), "--again")
    assert done.code == 0, done.err
    assert [len(request.messages) for request in stage.server.chats[6:]] == [2, 4, 4]
    assert "gpt-4: turn 1 left the window" in done.err


def test_the_settings_of_the_recording_hold_unless_others_are_said(stage: Stage) -> None:
    made = session(settings={"temperature": 0.5, "seed": 7, "of another program": 1})
    turns = [Turn(question("a"), answer("b")), Turn(question("c"), answer("d", settings={"temperature": 1.5}))]
    for each in turns:
        made = made.with_turn(each)
    saved(Library(stage.root / "history"), made)
    stage.settings("top_p = 0.1\n")
    assert replay(stage, ID, *against("gpt-4o")).code == 0
    assert replay(stage, ID, *against("gpt-4o"), "--temperature", "0", "--stop", "X").code == 0
    assert stage.server is not None
    names = ("temperature", "seed", "top_p", "stop")
    sent = [{name: request.body[name] for name in names if name in request.body} for request in stage.server.chats]
    assert sent == [
        {"temperature": 0.5, "seed": 7},
        {"temperature": 1.5},
        {"temperature": 0, "seed": 7, "stop": ["X"]},
        {"temperature": 0, "stop": ["X"]},
    ]
    first, second = replays(stage)
    assert first["settings"] == {"temperature": 0.5, "seed": 7}
    assert first["messages"][-1]["settings"] == {"temperature": 1.5}
    assert second["settings"] == {"temperature": 0, "seed": 7, "stop": ["X"]}


# Going on


def test_a_model_that_fails_stops_no_other_and_is_gone_on_with(stage: Stage, models: Models) -> None:
    numbered(stage.root, 3)
    models.scripted["gpt-4", "question 2"] = error(500, "out of order", headers=FOR_GOOD)
    done = replay(stage, ID, *against(*MODELS))
    assert done.code == 4
    assert "gpt-4: 127.0.0.1" in done.err
    assert "out of order" in done.err
    assert "the same command goes on from there" in done.err
    assert [len(each["messages"]) for each in replays(stage)] == [7, 3, 7]
    del models.scripted["gpt-4", "question 2"]
    before = tree(stage.root / "history")
    again = replay(stage, ID, *against(*MODELS))
    assert again.code == 0, again.err
    assert "asking gpt-4: 2 questions; 1 were answered before\n" in again.err
    assert again.err.count("was asked before, in session") == 2
    expected = {(model, f"question {number}"): 1 for model in MODELS for number in (1, 2, 3)}
    assert models.asked == expected | {("gpt-4", "question 2"): 2}
    after = tree(stage.root / "history")
    assert before.keys() == after.keys()
    assert sum(before[name] != after[name] for name in before if name.endswith(".json")) == 1
    assert [len(each["messages"]) for each in replays(stage)] == [7, 7, 7]


def test_an_answer_that_broke_off_is_asked_for_again_and_kept_beside(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    models.scripted["gpt-4o", "question 2"] = FAULTS["cut_clean"]
    assert replay(stage, ID, *against("gpt-4o")).code == 4
    (broken,) = replays(stage)
    assert broken["messages"][-1]["status"] == "incomplete"
    del models.scripted["gpt-4o", "question 2"]
    done = replay(stage, ID, *against("gpt-4o"), "--json")
    assert done.code == 0, done.err
    assert [turn["new"]["answer"] for turn in document(done)["replays"][0]["turns"]] == [
        "gpt-4o on question 1",
        "gpt-4o on question 2",
    ]
    (whole,) = replays(stage)
    assert whole["id"] == broken["id"]
    roles = [(each["role"], each["content"], each.get("status")) for each in whole["messages"][3:]]
    assert roles == [
        ("user", "question 2", "unanswered"),
        ("assistant", broken["messages"][-1]["content"], "incomplete"),
        ("user", "question 2", None),
        ("assistant", "gpt-4o on question 2", "complete"),
    ]
    assert stage.requests[-1] == said("question 1", "gpt-4o on question 1", "question 2")


def test_what_is_finished_is_asked_once_more_only_when_that_is_said(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    first = replay(stage, ID, *against("gpt-4o"), "--json")
    second = replay(stage, ID, *against("gpt-4o"), "--json")
    assert sum(models.asked.values()) == 2
    assert document(second)["replays"][0] == document(first)["replays"][0] | {"answered_before": 2}
    assert "--again asks once more" in second.err
    third = replay(stage, ID, *against("gpt-4o"), "--again", "--json")
    assert sum(models.asked.values()) == 4
    assert document(third)["replays"][0]["session"] != document(first)["replays"][0]["session"]
    assert len(replays(stage)) == 2


def test_what_changes_the_answers_makes_another_replay(stage: Stage, models: Models) -> None:
    numbered(stage.root, 1)
    stage.persona("poet", "verse")
    ways = [[], ["--temperature", "1"], ["--persona", "poet"], ["--recorded-context"]]
    for number, words in enumerate(ways, 1):
        assert replay(stage, ID, *against("gpt-4o"), *words).code == 0
        assert sum(models.asked.values()) == number
    stage.persona("poet", "other verse")
    assert replay(stage, ID, *against("gpt-4o"), "--persona", "poet").code == 0
    assert sum(models.asked.values()) == 5


def test_ctrl_c_keeps_what_was_answered_and_goes_on_from_there(stage: Stage, models: Models) -> None:
    numbered(stage.root, 3)
    held = gated(["half of ", "an answer"])
    models.scripted["gpt-4o", "question 2"] = held
    with stage.open_pipe("replay", ID, *against("gpt-4o")) as program:
        held.release()
        held.wait_sent(1)
        program.program.send_signal(signal.SIGINT)
        assert program.program.wait(30) == 130
        told = program.stderr.read().decode().splitlines()
        assert told[-2:] == [
            "stopped with 1 of 3 questions answered",
            "what was answered is kept; the same command goes on from there",
        ]
        assert program.stdout.read() == b""
    del models.scripted["gpt-4o", "question 2"]
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 0, done.err
    assert models.asked == {("gpt-4o", f"question {number}"): 1 + (number == 2) for number in (1, 2, 3)}


def test_what_is_told_at_ctrl_c_counts_what_earlier_runs_have_answered(stage: Stage, models: Models) -> None:
    numbered(stage.root, 3)
    models.scripted["gpt-4", "question 2"] = error(500, "down", headers=FOR_GOOD)
    assert replay(stage, ID, *against("gpt-4")).code == 4
    models.scripted["gpt-4o", "question 1"] = held = gated(["half of ", "an answer"])
    with stage.open_pipe("replay", ID, *against("gpt-4o", "gpt-4"), "--jobs", "1") as program:
        held.release()
        held.wait_sent(1)
        program.program.send_signal(signal.SIGINT)
        assert program.program.wait(30) == 130
        assert "stopped with 1 of 6 questions answered" in program.stderr.read().decode()


def test_ctrl_c_ends_the_comparing_of_long_answers_too(stage: Stage, models: Models) -> None:
    recorded(stage.root, *((f"q{turn}", " ".join(f"a{word % 977}" for word in range(20_000))) for turn in range(12)))
    other = " ".join(f"a{word * 7 % 991}" for word in range(20_000))
    models.scripted = {("gpt-4o", f"q{turn}"): say(other) for turn in range(12)}
    with stage.open_pipe("replay", ID, *against("gpt-4o")) as program:
        while b"12 of 12 questions are answered" not in program.stderr.readline():
            pass
        program.program.send_signal(signal.SIGINT)
        assert program.program.wait(30) == 130
        told = program.stderr.read().decode().splitlines()
        assert told[0] == "stopped with 12 of 12 questions answered"
        assert program.stdout.read() == b""


def test_the_same_replay_is_not_run_twice_at_once(stage: Stage, models: Models) -> None:
    numbered(stage.root, 1)
    held = gated(["well"])
    models.scripted["gpt-4o", "question 1"] = held
    assert stage.server is not None
    with stage.open_pipe("replay", ID, *against("gpt-4o")) as program:
        stage.server.wait_for_request(1)
        done = replay(stage, ID, *against("gpt-4o", "gpt-4"))
        assert done.code == 3
        assert "gpt-4o: the same replay is running in another chatcmd" in done.err
        held.release()
        assert program.program.wait(30) == 0
    assert models.asked == {("gpt-4o", "question 1"): 1, ("gpt-4", "question 1"): 1}


def test_what_a_killed_replay_left_is_told_as_such(stage: Stage) -> None:
    numbered(stage.root, 2)
    assert replay(stage, ID, *against("gpt-4o")).code == 0
    library = Library(stage.root / "history")
    (path,) = [path for path in library.paths() if path.stem != ID]
    half = library.read(path)
    path.unlink()
    abandoned(library, replace(half, turns=half.turns[:1], ended=None, ended_by=None), "question 2")
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 0, done.err
    assert "recovered what was left unsaved of replay 'question 1 (gpt-4o)' (1 turn); the same" in done.err
    assert [request[-1]["content"] for request in stage.requests[2:]] == ["question 2"]


# What comes of it


def test_the_table_names_each_turn_and_the_differences_follow(stage: Stage, models: Models) -> None:
    recorded(stage.root, ("how", "the old way is good"), ("what", "yes"))
    models.scripted["gpt-4o", "how"] = say("the new way is good")
    models.scripted["gpt-4o", "what"] = say("yes")
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "'how' of 简说Python, recorded with gpt-3.5-turbo: 2 turns"
    assert lines[2] == "turn model answer length tokens time question"
    assert lines[3] == "1 gpt-3.5-turbo recorded 19 8 1.5 s how"
    assert lines[4].startswith("gpt-4o similar 0.80 19 5 0.")
    assert lines[6].startswith("gpt-4o same 3 1 0.")
    assert "turn 1: how\n【gpt-4o】similar 0.80\nthe [-old-]{+new+} way is good\n" in done.out
    assert "turn 2" not in done.out
    assert lines[-1].startswith("gpt-4o 2/2 1 1 0 ")


def test_the_table_names_the_model_that_gave_each_recorded_answer(stage: Stage) -> None:
    made = replace(session(), model="gpt-4o")
    for number, model in enumerate(("gpt-3.5-turbo", "gpt-4o", None), 1):
        made = made.with_turn(Turn(question(f"question {number}"), answer(f"answer {number}", model=model)))
    saved(Library(stage.root / "history"), made)
    done = replay(stage, ID, "--offline")
    assert done.code == 0, done.err
    rows = [line.split()[:3] for line in done.out.splitlines() if line.split()[2:3] == ["recorded"]]
    assert rows == [["1", "gpt-3.5-turbo", "recorded"], ["2", "gpt-4o", "recorded"], ["3", "gpt-4o", "recorded"]]


def test_json_tells_everything_and_nothing_else_is_on_standard_output(stage: Stage) -> None:
    numbered(stage.root, 1)
    done = replay(stage, ID, *against("gpt-4o"), "--json", "--expect", "similar=0.9")
    assert done.code == 1
    told = document(done)
    (made,) = replays(stage)
    (each,) = told["replays"]
    assert told["expected"] == {
        "what": "similar=0.9",
        "met": False,
        "missed": [{"source": ID, "model": "gpt-4o", "turns": [1]}],
    }
    assert each["source"] == {"id": ID, "user": "简说Python", "title": "question 1", "model": "gpt-3.5-turbo"}
    assert (each["model"], each["persona"], each["session"]) == ("gpt-4o", "default", made["id"])
    assert each["file"] == f"{stage.root}/history/简说Python/{made['id']}.json"
    assert (each["questions"], each["answered"], each["answered_before"], each["error"]) == (1, 1, 0, None)
    (turn,) = each["turns"]
    assert (turn["turn"], turn["question"], turn["likeness"]) == (1, "question 1", "different")
    assert turn["recorded"]["answer"] == "answer 1"
    assert turn["new"]["answer"] == "gpt-4o on question 1"
    assert turn["new"]["usage"] == made["messages"][-1]["usage"]
    assert "".join(part.get("new", part.get("same")) for part in turn["differences"]) == "gpt-4o on question 1"
    assert each["summary"] | {"seconds": 0} == {
        "same": 0,
        "similar": 0,
        "different": 1,
        "seconds": 0,
        "prompt_tokens": turn["new"]["usage"]["prompt_tokens"],
        "completion_tokens": turn["new"]["usage"]["completion_tokens"],
        "cost": None,
    }


def test_money_is_added_up_where_the_price_is_known(stage: Stage) -> None:
    numbered(stage.root, 2)
    stage.settings("[prices]\ngpt-4o = [1000000, 0]\n")
    done = replay(stage, ID, *against("gpt-4o"), "--json")
    assert done.code == 0, done.err
    (each,) = document(done)["replays"]
    dollars = [turn["new"]["cost"]["dollars"] for turn in each["turns"]]
    assert dollars == [turn["new"]["usage"]["prompt_tokens"] for turn in each["turns"]]
    assert each["summary"]["cost"]["dollars"] == sum(dollars)
    assert all(turn["recorded"]["cost"] is None for turn in each["turns"])


@pytest.mark.parametrize(
    ("expected", "code", "missed"),
    [
        ("same", 1, "gpt-4o: not same as expected: turns 1, 2 of 'a'\n"),
        ("similar=0.7", 1, "gpt-4o: not similar=0.7 as expected: turn 2 of 'a'\n"),
        ("similar=0.5", 0, ""),
    ],
)
def test_an_expectation_sets_the_exit_code(stage: Stage, models: Models, expected: str, code: int, missed: str) -> None:
    recorded(stage.root, ("a", "one two three four"), ("b", "one two three four"), ("c", "five"))
    models.scripted["gpt-4o", "a"] = say("one two three for")
    models.scripted["gpt-4o", "b"] = say("one two or more")
    models.scripted["gpt-4o", "c"] = say("five")
    done = replay(stage, ID, *against("gpt-4o"), "--expect", expected)
    assert done.code == code
    assert done.err.endswith(missed)


def test_no_save_leaves_no_trace_and_asks_again(stage: Stage, models: Models) -> None:
    numbered(stage.root, 1)
    before = tree(stage.root)
    for _ in range(2):
        done = replay(stage, ID, *against("gpt-4o"), "--no-save")
        assert done.code == 0, done.err
        assert "not saved" in done.out
    assert {name: data for name, data in tree(stage.root).items() if "index" not in name} == before
    assert models.asked == {("gpt-4o", "question 1"): 2}


def test_the_latest_session_is_never_a_replay(stage: Stage, models: Models) -> None:
    numbered(stage.root, 1)
    recorded(stage.root, ("older", "well"), session_id=OTHER)
    for _ in range(2):
        assert replay(stage, "-1", *against("gpt-4o")).code == 0
    assert models.asked == {("gpt-4o", "question 1"): 1}
    assert replay(stage, "-2", *against("gpt-4o")).code == 0
    assert models.asked["gpt-4o", "older"] == 1
    assert "there are not so many sessions" in replay(stage, "-3", *against("gpt-4o")).err


def test_hostile_answers_are_inert_on_every_stream(stage: Stage, models: Models) -> None:
    recorded(stage.root, *((f"q{number}", text) for number, text in enumerate(HOSTILE)))
    for number, text in enumerate(HOSTILE):
        models.scripted["gpt-4o", f"q{number}"] = say(f"other {text[::-1]}")
    for words in ([], ["--json"], ["--expect", "same"]):
        done = replay(stage, ID, *against("gpt-4o"), *words)
        assert done.code in (0, 1), done.err
        assert raw_controls(done.out_bytes) == []
        assert raw_controls(done.err.encode()) == []


def test_hostile_errors_and_titles_are_inert(stage: Stage, models: Models) -> None:
    hostile = "\x1b]0;owned\x07\u202e"
    recorded(stage.root, ("q", "a"), title=hostile)
    models.scripted["gpt-4o", "q"] = error(500, hostile, headers=FOR_GOOD)
    done = replay(stage, ID, *against("gpt-4o"))
    assert done.code == 4
    assert raw_controls(done.out_bytes + done.err.encode()) == []


# What cannot be


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["nothing", "--against", "gpt-4o"], 3, "no session is called 'nothing'"),
        ([ID, "--persona", "nobody"], 2, "there is no persona nobody: write its text to envs/personas/nobody.md"),
        ([ID, "--against", "gpt-4o", "--against", " "], 2, "--against: model is empty; give it a value"),
        ([ID, "--against", "gpt-4o", "--jobs", "0"], 2, "--jobs takes a whole number from 1 to 64, not '0'"),
        ([ID, "--against", "gpt-4o", "--expect", "similar"], 2, "--expect takes same, or similar=RATIO"),
        ([ID, "--against", "gpt-4o", "--expect", "similar=2"], 2, "--expect takes same, or similar=RATIO"),
        ([ID, "--against", "gpt-4o", "--speed", "2"], 2, "--speed and --instant are for watching"),
        ([ID, ID], 2, "only one session can be watched at a time"),
        ([ID, "--expect", "same"], 2, "--expect is for asking again; add --against MODEL, --persona NAME or --offline"),
        ([ID, "--temperature", "1"], 2, "--temperature is for asking again"),
        ([ID, "-u", "bob", "--against", "gpt-4o"], 3, "no session of bob is called"),
        ([ID, "--against", "nowhere/model"], 2, "there is no [providers.nowhere]"),
        ([OTHER, "--against", "gpt-4o"], 2, f"session {OTHER} has no answered question to ask again"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(stage: Stage, words: list[str], code: int, sentence: str) -> None:
    numbered(stage.root, 1)
    saved(Library(stage.root / "history"), session(session_id=OTHER).with_unanswered(question("lost")))
    if any("/" in word for word in words):
        stage.environ.pop("OPENAI_BASE_URL")
    done = replay(stage, *words)
    assert done.code == code
    assert sentence in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert stage.requests == []
