from pathlib import Path
from typing import Any

import pytest

from chatcmd.settings.option import OPTIONS
from tests.settings.envs_folder import faults, read

# Of every option: how it is written in settings.toml, in the environment and as a flag, and what each becomes.
# Each is different from the default, so that whichever wins is seen.
WRITTEN: dict[str, tuple[tuple[str, Any], tuple[str, Any], tuple[Any, Any]]] = {
    "model": (('"file"', "file"), ("variable", "variable"), ("flag", "flag")),
    "base_url": (
        ('"https://file/v1/"', "https://file/v1"),
        ("https://variable/v1", "https://variable/v1"),
        ("https://flag/v1", "https://flag/v1"),
    ),
    "provider": (('"file"', "file"), ("variable", "variable"), ("flag", "flag")),
    "proxy": (
        ('"127.0.0.1:1"', "http://127.0.0.1:1"),
        ("https://127.0.0.1:2", "https://127.0.0.1:2"),
        ("socks5://127.0.0.1:3", "socks5://127.0.0.1:3"),
    ),
    "key_command": (('"pass a"', "pass a"), ("op read 'b c'", "op read 'b c'"), ("pass c", "pass c")),
    "keyring": (("true", "chatcmd"), ("other", "other"), ("third", "third")),
    "user": (('"老表"', "老表"), (" 小明 ", "小明"), ("flag", "flag")),
    "persona": (('"file"', "file"), ("variable", "variable"), ("flag", "flag")),
    "stream": (("false", False), ("yes", True), (False, False)),
    "plain": (("true", True), ("off", False), (True, True)),
    "offline": (("true", True), ("NO", False), (True, True)),
    "save": (("false", False), ("1", True), (False, False)),
    "connect_timeout": (("2", 2.0), ("2.5", 2.5), ("3", 3.0)),
    "first_timeout": (("8", 8.0), ("9.5", 9.5), ("10", 10.0)),
    "timeout": (("5", 5.0), ("6.5", 6.5), ("7", 7.0)),
    "reserve": (("1_000", 1000), ("2000", 2000), ("3_000", 3000)),
    "max_turns": (("0", 0), ("1", 1), ("2", 2)),
    "language": (('"zh"', "zh"), ("en", "en"), ("zh", "zh")),
    "theme": (('"light"', "light"), ("contrast", "contrast"), ("light", "light")),
    "markdown": (("false", False), ("on", True), (False, False)),
    "reasoning": (("false", False), ("on", True), (False, False)),
    "bar": (("false", False), ("on", True), (False, False)),
    "title": (("false", False), ("on", True), (False, False)),
    "vi": (("true", True), ("off", False), (True, True)),
    "multiline": (("true", True), ("off", False), (True, True)),
    "osc52": (("true", True), ("off", False), (True, True)),
    "temperature": (("0", 0.0), ("1", 1.0), ("2", 2.0)),
    "top_p": (("0.1", 0.1), ("0.2", 0.2), ("1", 1.0)),
    "max_tokens": (("10", 10), ("20", 20), ("30", 30)),
    "presence_penalty": (("-2", -2.0), ("-1", -1.0), ("2", 2.0)),
    "frequency_penalty": (("0.5", 0.5), ("-1", -1.0), ("-2", -2.0)),
    "seed": (("-1", -1), ("2", 2), ("3", 3)),
    "stop": (("['a', 'b']", ("a", "b")), ("###", ("###",)), (["x", "y"], ("x", "y"))),
    "end_user": (('"file"', "file"), ("variable", "variable"), ("flag", "flag")),
}


def test_every_option_is_in_the_table_above() -> None:
    assert WRITTEN.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", OPTIONS)
def test_the_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path, name: str) -> None:
    (in_file, from_file), (in_variable, from_variable), (in_flag, from_flag) = WRITTEN[name]
    text = f"{name} = {in_file}"
    variable = OPTIONS[name].variables[-1]
    environ, flags = {variable: in_variable}, {name: in_flag}

    default = read(tmp_path)
    assert (default[name], default.origin(name).kind) == (OPTIONS[name].default, "default")

    told = read(tmp_path, settings=text)
    assert (told[name], str(told.origin(name))) == (from_file, "envs/settings.toml line 1")

    told = read(tmp_path, environ=environ)
    assert (told[name], told.origin(name).kind, str(told.origin(name))) == (from_variable, "environment", variable)

    told = read(tmp_path, environ=environ, flags=flags)
    word = {"language": "lang"}.get(name, name.replace("_", "-"))
    said = f"--no-{word}" if in_flag is False else f"--{word}"
    assert (told[name], told.origin(name).kind, str(told.origin(name))) == (from_flag, "flag", said)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_empty_variable_is_none(tmp_path: Path, name: str) -> None:
    settings = read(tmp_path, environ={OPTIONS[name].variables[-1]: ""})
    assert settings.origin(name).kind == "default"


def test_the_variables_have_the_names_that_users_know() -> None:
    assert OPTIONS["base_url"].variables == ("OPENAI_BASE_URL", "CHATCMD_BASE_URL")
    assert OPTIONS["max_tokens"].variables == ("CHATCMD_MAX_TOKENS",)


def test_an_unknown_variable_of_ours_is_a_warning_with_the_nearest(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        environ={
            "CHATCMD_MODLE": "x",
            "CHATCMD_QQQQQQQ": "x",
            "CHATCMD_ROOT": "/somewhere",
            "CHATCMD_MODEL": "y",
            "OTHER": "z",
        },
    )
    assert settings.warnings == (
        "CHATCMD_MODLE: there is no such setting; did you mean CHATCMD_MODEL?",
        "CHATCMD_QQQQQQQ: there is no such setting",
    )


@pytest.mark.parametrize("name", ["model", "user", "persona", "end_user", "stop", "provider"])
def test_bytes_that_are_no_text_are_told_and_not_carried_on(tmp_path: Path, name: str) -> None:
    (sentence,) = faults(tmp_path, flags={name: ["a\udcff"] if name == "stop" else "a\udcff"})
    assert sentence == f"--{name.replace('_', '-')}: {name} is not UTF-8 text; type it anew"


def test_only_generation_settings_that_were_given_are_sent(tmp_path: Path) -> None:
    settings = read(tmp_path, settings="temperature = 0\nstop = 'x'\nreserve = 5")
    assert settings.generation == {"temperature": 0.0, "stop": ["x"]}
