from pathlib import Path
from typing import Any

import pytest

from chatcmd.cli.flags import add_flags
from chatcmd.cli.parser import Parser
from chatcmd.errors import UsageError
from chatcmd.settings.option import OPTIONS
from tests.settings.envs_folder import read

# What can be typed behind /set NAME, and what it becomes.
GOOD: list[tuple[str, str, Any]] = [
    ("model", " gpt-4o ", "gpt-4o"),
    ("stream", "off", False),
    ("stream", "TRUE", True),
    ("timeout", "30", 30.0),
    ("connect_timeout", "2.5", 2.5),
    ("first_timeout", "300", 300.0),
    ("reserve", "2_000", 2000),
    ("max_turns", "0", 0),
    ("theme", "light", "light"),
    ("markdown", "off", False),
    ("reasoning", "no", False),
    ("bar", "0", False),
    ("title", "FALSE", False),
    ("vi", "on", True),
    ("multiline", "1", True),
    ("osc52", "yes", True),
    ("temperature", "0.7", 0.7),
    ("top_p", "1", 1.0),
    ("max_tokens", "500", 500),
    ("presence_penalty", "-2", -2.0),
    ("frequency_penalty", "1.5", 1.5),
    ("seed", "-42", -42),
    ("stop", "###", ("###",)),
    ("end_user", "老表", "老表"),
]
SWITCHES = ("markdown", "reasoning", "bar", "title", "vi", "multiline", "osc52")
BAD = [
    ("model", "  ", "model is empty; give it a value, or leave it out"),
    ("stream", "perhaps", "stream must be true or false"),
    ("timeout", "0", "timeout must be a number from 1 to 3600"),
    ("connect_timeout", "0.5", "connect_timeout must be a number from 1 to 3600"),
    ("first_timeout", "nan", "first_timeout must be a number from 1 to 3600"),
    ("timeout", "inf", "timeout must be a number from 1 to 3600"),
    ("reserve", "1k", "reserve must be a whole number from 1 up"),
    ("reserve", "9" * 5000, "reserve must be a whole number from 1 up"),
    ("max_turns", "-1", "max_turns must be a whole number from 0 up"),
    ("theme", "Dark", "theme must be one of dark, light, contrast"),
    *((name, "maybe", f"{name} must be true or false") for name in SWITCHES),
    ("temperature", "2.01", "temperature must be a number from 0 to 2"),
    ("top_p", "nan", "top_p must be a number from 0 to 1"),
    ("max_tokens", "1e3", "max_tokens must be a whole number from 1 up"),
    ("presence_penalty", "3", "presence_penalty must be a number from -2 to 2"),
    ("frequency_penalty", "-3", "frequency_penalty must be a number from -2 to 2"),
    ("seed", "x", "seed must be a whole number from -9007199254740992 up"),
    ("stop", "", "stop must be a text or a list of up to four texts"),
    ("end_user", "", "end_user is empty; give it a value, or leave it out"),
]
SETTABLE = {name for name, option in OPTIONS.items() if option.in_chat}


def test_every_setting_of_the_chat_is_in_both_tables() -> None:
    assert {name for name, _, _ in GOOD} == {name for name, _, _ in BAD} == SETTABLE


@pytest.mark.parametrize(("name", "text", "expected"), GOOD)
def test_a_good_value_is_taken_and_remembers_the_chat(tmp_path: Path, name: str, text: str, expected: Any) -> None:
    before = read(tmp_path)
    after = before.set(name, text)
    assert (after[name], after.origin(name).kind, str(after.origin(name))) == (expected, "chat", "/set")
    assert before[name] == OPTIONS[name].default


@pytest.mark.parametrize(("name", "text", "expected"), BAD)
def test_a_bad_value_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path).set(name, text)
    assert str(caught.value) == expected


@pytest.mark.parametrize("name", sorted(SETTABLE))
@pytest.mark.parametrize("word", ["default", "Default", "none"])
def test_default_takes_a_setting_back(tmp_path: Path, name: str, word: str) -> None:
    value = next(text for known, text, _ in GOOD if known == name)
    settings = read(tmp_path).set(name, value).set(name, word)
    assert (settings[name], settings.origin(name).kind) == (OPTIONS[name].default, "default")
    assert settings.set(name, word) == settings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tempature", "there is no setting tempature; did you mean temperature?"),
        ("zzz", "there is no setting zzz"),
        ("", "there is no setting "),
    ],
)
def test_an_unknown_setting_is_told_with_the_nearest(tmp_path: Path, name: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path).set(name, "1")
    assert str(caught.value) == expected


@pytest.mark.parametrize("name", sorted(OPTIONS.keys() - SETTABLE))
@pytest.mark.parametrize("text", ["x", "default"])
def test_what_cannot_change_in_the_chat_names_a_way_that_there_is(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path).set(name, text)
    what, _, flag = str(caught.value).rpartition(" ")
    parser = Parser()
    add_flags(parser)
    if name in ("user", "persona"):
        assert str(caught.value) == f"{name} is not a setting of the chat; use /{name} NAME"
    elif name in ("key_command", "keyring"):
        assert str(caught.value) == f"{name} cannot change inside the chat; leave, and set it in envs/settings.toml"
    else:
        assert what == f"{name} cannot change inside the chat; leave, and start with"
        assert flag in parser.format_help().split()
