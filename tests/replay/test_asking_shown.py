"""Replays asked again, as they look at a terminal: rows while it runs, and a report that stays."""

import re

import pytest

from tests.chat.stage import Stage
from tests.history.made import ID
from tests.hostile import HOSTILE, raw_controls
from tests.replay.asked import Models, against, numbered, recorded
from tests.replies import FOR_GOOD, error, gated, say

CHANGED = ("the old way", "the new way")


def test_rows_show_how_far_each_model_is_and_leave_no_trace(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    held = {model: gated(["well"]) for model in ("gpt-4o", "gpt-4")}
    for model, gate in held.items():
        models.scripted[model, "question 2"] = gate
    with stage.terminal("replay", ID, *against("gpt-4o", "gpt-4", "gpt-4.1"), "--jobs", "2", rows=80) as terminal:
        terminal.expect("1 more replay waits")
        terminal.expect(re.compile(r"gpt-4o +█+ +1/2  question 1"))
        terminal.expect(re.compile(r"gpt-4 +█+ +1/2  question 1"))
        for gate in held.values():
            gate.release()
        assert terminal.wait() == 0
        assert "█" not in terminal.text
        assert "waits" not in terminal.text
        assert terminal.text.count("asking gpt-4") == 3
        assert terminal.modes() == terminal.first_modes


def test_differences_are_coloured(stage: Stage, models: Models) -> None:
    recorded(stage.root, ("how", CHANGED[0]))
    models.scripted["gpt-4o", "how"] = say(CHANGED[1])
    with stage.terminal("replay", ID, *against("gpt-4o"), rows=40) as terminal:
        assert terminal.wait() == 0
        assert "the \x1b[31;9mold\x1b[0m \x1b[32;4mnew\x1b[0m way" in terminal.bytes.decode()
        assert "the old new way" in terminal.text


@pytest.mark.parametrize(("words", "env"), [([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), (["--plain"], {})])
def test_without_colours_differences_stand_in_brackets(
    stage: Stage, models: Models, words: list[str], env: dict[str, str]
) -> None:
    recorded(stage.root, ("how", CHANGED[0]))
    models.scripted["gpt-4o", "how"] = say(CHANGED[1])
    with stage.terminal("replay", ID, *against("gpt-4o"), *words, env=env, rows=40) as terminal:
        assert terminal.wait() == 0
        assert "the [-old-]{+new+} way" in terminal.text


def test_a_failure_is_told_above_the_rows(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    held = gated(["well"])
    models.scripted["gpt-4o", "question 2"] = held
    models.scripted["gpt-4", "question 1"] = error(500, "out of order", headers=FOR_GOOD)
    with stage.terminal("replay", ID, *against("gpt-4o", "gpt-4"), rows=40) as terminal:
        terminal.expect("out of order")
        terminal.expect(re.compile(r"gpt-4o +█+ +1/2"))
        held.release()
        assert terminal.wait() == 4
        assert terminal.text.count("out of order") == 1


def test_ctrl_c_leaves_cleanly(stage: Stage, models: Models) -> None:
    numbered(stage.root, 2)
    held = gated(["half ", "well"])
    models.scripted["gpt-4o", "question 2"] = held
    with stage.terminal("replay", ID, *against("gpt-4o"), rows=40) as terminal:
        held.release()
        held.wait_sent(1)
        terminal.expect("1/2")
        terminal.send("\x03")
        assert terminal.wait() == 130
        assert "stopped with 1 of 2 questions answered" in terminal.text
        assert "█" not in terminal.text
        assert terminal.modes() == terminal.first_modes


def test_hostile_answers_are_inert_at_a_terminal(stage: Stage, models: Models) -> None:
    recorded(stage.root, *((f"q{number}", text) for number, text in enumerate(HOSTILE)), title="\x1b[2Jtitle")
    for number, text in enumerate(HOSTILE):
        models.scripted["gpt-4o", f"q{number}"] = say(f"other {text[::-1]}")
    with stage.terminal("replay", ID, *against("gpt-4o"), env={"TERM": "dumb"}, rows=50) as terminal:
        assert terminal.wait() == 0
        assert raw_controls(terminal.bytes) == []


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_ids_stand_whole_in_the_summary(stage: Stage, columns: int) -> None:
    numbered(stage.root, 2)
    with stage.terminal("replay", ID, *against("gpt-4o"), rows=60, columns=columns) as terminal:
        assert terminal.wait() == 0
        lines = terminal.text.splitlines()
        assert any(line.endswith(f" {ID}") for line in lines)
        assert any(re.search(r" \d{8}T\d{6}Z-[0-9a-f]{4}$", line) for line in lines if ID not in line)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 10), (24, 40)])
def test_any_size_of_terminal_will_do(stage: Stage, rows: int, columns: int) -> None:
    numbered(stage.root, 2)
    with stage.terminal("replay", ID, *against("gpt-4o", "gpt-4"), rows=rows, columns=columns) as terminal:
        assert terminal.wait() == 0
        assert "Traceback" not in terminal.bytes.decode()
