"""/theme: each theme in its own colours, one set for this chat, and none where there are no colours."""

import pytest

from chatcmd.settings.option import OPTIONS
from chatcmd.slash.theme import HELPS
from chatcmd.terminal.theme import THEMES
from tests.chat.stage import Stage


def styled(text: bytes, style: str) -> bool:
    return f"\x1b[{style}m".encode() in text


def test_the_table_the_setting_and_the_helps_name_the_same_themes() -> None:
    assert tuple(THEMES) == OPTIONS["theme"].choices == tuple(HELPS)


def test_each_theme_is_shown_in_its_own_colours(offline: Stage) -> None:
    with offline.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        start = len(terminal.bytes)
        terminal.line("/theme")
        terminal.expect("contrast")
        terminal.expect("【u】")
        lines = terminal.bytes[start:].split(b"\n")
        for name, theme in THEMES.items():
            named = f"{'*' if name == 'dark' else ' '} {name:<10}".encode()
            (line,) = [each for each in lines if named in each]
            assert all(styled(line, style) for style in (theme.head, theme.reasoning, theme.fail, theme.bar))
            assert not theme.note or styled(line, theme.note)
        terminal.line("0")
        assert terminal.wait() == 0


def test_a_chosen_theme_holds_from_then_on_and_says_how_to_keep_it(offline: Stage) -> None:
    with offline.terminal("-u", "u") as terminal:
        terminal.expect("【u】")
        terminal.line("/theme contrast")
        terminal.expect(
            'contrast is the theme of this chat; to keep it, put theme = "contrast" into envs/settings.toml'
        )
        terminal.expect("【u】")
        start = len(terminal.bytes)
        terminal.line("/set seed x")
        terminal.expect("seed must be a whole number")
        assert styled(terminal.bytes[start:], THEMES["contrast"].fail)
        terminal.line("0")
        assert terminal.wait() == 0


@pytest.mark.parametrize(("words", "env"), [([], {"NO_COLOR": "1"}), (["--plain"], {}), ([], {"TERM": "dumb"})])
def test_there_are_no_colours_where_none_are_wanted(offline: Stage, words: list[str], env: dict[str, str]) -> None:
    with offline.terminal("-u", "u", *words, env=env) as terminal:
        terminal.expect("【u】")
        start = len(terminal.bytes)
        terminal.line("/theme")
        terminal.expect("contrast")
        terminal.expect("bar")
        terminal.expect("【u】")
        written = terminal.bytes[start:]
        styles = {style for theme in THEMES.values() for style in (theme.head, theme.reasoning, theme.fail, theme.bar)}
        assert not any(styled(written, style) for style in styles)
        terminal.line("0")
        assert terminal.wait() == 0


async def test_a_theme_that_there_is_not_is_refused_with_the_nearest(offline: Stage) -> None:
    talked = await offline.talk("/theme drak", "/theme", user="u")
    assert "there is no theme drak; did you mean dark?" in talked.notes
    assert [line.split()[0] for line in talked.out.splitlines()] == ["*", "light", "contrast"]
