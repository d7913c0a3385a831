"""/help: all commands and keys on one screen, and more of each."""

import re

import pytest

from chatcmd.slash.registry import GROUPS, commands, helps
from tests.chat.stage import Stage
from tests.slash.test_slash import MUST

KEYS = ("0, quit, exit", "Ctrl-D", "\\0", "//text", "Ctrl-C", "Esc", "Alt-Enter", "Tab", "Ctrl-R")


async def test_help_names_every_command_and_the_keys(offline: Stage) -> None:
    talked = await offline.talk("/help", user="u")
    shown = re.findall(r"(?<!/)/([a-z]+)\b(?! COMMAND says)", talked.out)
    assert sorted(shown) == sorted(MUST.split())
    assert {f"/{name}" for name in shown} == set(helps())
    assert all(key in talked.out for key in KEYS)
    assert all(len(line) < 80 for line in talked.out.splitlines())


def test_every_command_stands_in_a_group_that_there_is() -> None:
    assert {each.group for each in commands().values()} <= set(GROUPS)


async def test_help_of_a_command_is_its_usage_its_line_and_more(offline: Stage) -> None:
    words = MUST.split()
    talked = await offline.talk(*(f"/help {name}" for name in words), "/help /copy", user="u")
    for name in words:
        each = commands()[name]
        told = "\n".join(filter(None, (f"/{name} {each.usage}".rstrip(), each.help, each.more)))
        assert f"{told}\n" in talked.out
    assert talked.out.count(commands()["copy"].help) == 2
    assert talked.notes == ""


def screen_of_help(offline: Stage, rows: int = 24, columns: int = 80) -> list[str]:
    """Ask for help at a terminal of that size; return its screen with the next prompt."""
    with offline.terminal("-u", "u", rows=rows, columns=columns) as terminal:
        terminal.expect("【u】")
        terminal.line("/help")
        terminal.expect("says more of one")
        terminal.expect("【u】")
        lines = terminal.screen
        terminal.line("0")
        assert terminal.wait() == 0
    return lines


def test_help_leaves_room_for_the_next_prompt_on_a_small_screen(offline: Stage) -> None:
    lines = screen_of_help(offline)
    text = "\n".join(lines)
    assert "【u】/help" in text
    assert text.count("【u】") == 2
    assert all(f"/{name}" in text for name in MUST.split())


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_help_breaks_no_command_up(offline: Stage, columns: int) -> None:
    lines = screen_of_help(offline, rows=80, columns=columns)
    for name in MUST.split():
        called = f"/{name} {commands()[name].usage}".rstrip()
        assert any(re.search(rf"(^|  ){re.escape(called)}($|  )", line) for line in lines) or len(called) > columns


async def test_help_of_a_key_is_its_line(offline: Stage) -> None:
    talked = await offline.talk("/help 1", "/help 0", user="u")
    assert "save this session, start over, and ask who is talking\nsave everything and leave; so does" in talked.out
