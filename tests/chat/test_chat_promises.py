"""Promises of the chat that no other test would miss."""

import json
from pathlib import Path

from chatcmd.history.library import Library
from tests.chat.stage import Stage, said, spoken
from tests.loopback import FAULTS, Loopback, say


def test_model_that_was_changed_is_in_what_a_killed_process_leaves(stage: Stage) -> None:
    with stage.terminal("-u", "u") as terminal:
        for line in ("q1", "/model gpt-4", "q2"):
            terminal.expect("【u】")
            terminal.line(line)
        terminal.expect("【ChatGPT】")
        terminal.expect("【u】")
        terminal.kill()
        terminal.wait()
    (recovered,) = Library(stage.root / "history").recover()
    assert recovered.session.model == "gpt-4"


def test_session_of_a_service_without_a_key_is_gone_on_with(tmp_path: Path, server: Loopback) -> None:
    stage = Stage(tmp_path / "root", server)
    settings = f'[providers.near]\nbase_url = "{server.base_url}"\n'
    (stage.root / "envs").mkdir(parents=True)
    (stage.root / "envs" / "settings.toml").write_text(settings)
    without = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}
    assert stage.pipe("q1\n", "-u", "u", "-m", "near/m", env=without).code == 0
    done = stage.pipe("q2\n", "-c", env=without)
    assert (done.code, server.chats[-1].body["model"]) == (0, "m")


def test_persona_of_another_is_refused_for_a_session_that_goes_on(offline: Stage) -> None:
    offline.pipe("q\n", "-u", "u")
    for words in (("-c",), ("ask", "q", "-c")):
        done = offline.pipe("q\n", *words, "-p", "nobody")
        assert done.code == 2
        assert "a session keeps its persona" in done.err


def test_wrong_name_or_persona_is_told_with_its_place(offline: Stage) -> None:
    (offline.root / "envs").mkdir(parents=True, exist_ok=True)
    settings = offline.root / "envs" / "settings.toml"
    for line, sentence in (
        ('user = "a\\u0007b"', "a user's name cannot"),
        ('persona = "nobody"', "there is no persona"),
    ):
        settings.write_text(f"seed = 1\n{line}\n")
        done = offline.pipe("u\nq\n")
        assert done.code == 2
        assert f"envs/settings.toml line 2: {sentence}" in done.err


async def test_retry_after_a_failure_asks_the_question_that_failed(stage: Stage, server: Loopback) -> None:
    server.answer(say("one"), FAULTS["500for_good"], say("two"))
    await stage.talk("q1", "q2", "/retry", user="u")
    [session] = stage.sessions()
    assert spoken(session) == said("q1", "one", "q2", "two")


async def test_persona_of_one_user_is_not_the_next_ones(stage: Stage) -> None:
    stage.persona("novice", "a novice")
    await stage.talk("/persona novice", "q", "/user bo", "q", user="anna")
    personas = {session["user"]: session["persona"]["name"] for session in stage.sessions()}
    assert personas == {"anna": "novice", "bo": "default"}


def test_settings_that_differ_are_in_the_session(offline: Stage) -> None:
    offline.pipe("q\n", "-u", "u", "--temperature", "0.5", "--stop", "#")
    [session] = offline.sessions()
    assert session["settings"] == {"temperature": 0.5, "stop": ["#"]}
    assert "settings" not in session["messages"][-1]
    offline.pipe("q\n", "-c", "--temperature", "0.5", "--stop", "#")
    assert "settings" not in offline.sessions()[0]["messages"][-1]


async def test_question_that_was_given_back_is_not_recovered(stage: Stage, server: Loopback) -> None:
    server.answer(FAULTS["500for_good"])
    with stage.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect("try again")
        terminal.expect("【u】q")
        terminal.kill()
        terminal.wait()
    assert list(Library(stage.root / "history").recover()) == []
    assert stage.files() == []


async def test_branch_keeps_what_a_newer_program_wrote_of_the_turns_they_share(offline: Stage) -> None:
    await offline.talk("q1", "q2", user="u")
    [path] = offline.files()
    content = json.loads(path.read_text())
    content["mood"], content["messages"][1]["colour"] = "calm", "blue"
    content["messages"][3]["colour"] = "red"
    path.write_text(json.dumps(content))
    assert offline.pipe("/undo\nq3\n", "-c").code == 0
    branch = max(offline.sessions(), key=lambda session: session["id"])
    assert (branch["mood"], branch["messages"][1]["colour"]) == ("calm", "blue")
    assert "colour" not in branch["messages"][3]


def test_folders_that_were_too_wide_are_narrowed(offline: Stage) -> None:
    folder = offline.root / "history" / "u"
    folder.mkdir(parents=True)
    for each in (folder, folder.parent):
        each.chmod(0o755)
    offline.pipe("q\n", "-u", "u")
    assert [each.stat().st_mode & 0o777 for each in (folder, folder.parent)] == [0o700, 0o700]


def test_server_that_counts_too_little_is_told_though_no_vocabulary_was_needed(stage: Stage, server: Loopback) -> None:
    server.answer(say("one", count=lambda _: 20))
    done = stage.pipe("word " * 50 + "\n", "-u", "u")  # a process of its own: no other test has loaded a vocabulary
    assert "the server counted 20 prompt tokens, we counted at least 62" in done.err
    [session] = stage.sessions()
    assert session["messages"][-1]["window"]["at_most"] is True
