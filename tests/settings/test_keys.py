import copy
import os
import pickle
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatcmd.errors import SettingsError
from chatcmd.settings.keys import Key, key
from chatcmd.settings.origin import Origin
from chatcmd.settings.secret import Secret
from tests.settings.envs_folder import KEY, faults, read, write

OTHER = "sk-CANARY-other"
BOM = b"\xef\xbb\xbf"

# What stands in the file, and the keys with their lines.
GOOD: dict[str, tuple[str | bytes, list[tuple[str, int | str]]]] = {
    "the tutorials' file": (f'{{"api": "{KEY}"}}', [(KEY, 1)]),
    "in many lines": (f'\n{{\n  "api":\n  "{KEY}"\n}}\n', [(KEY, 4)]),
    "a list inside": (f'{{\n"api": [\n"{KEY}",\n"{OTHER}"\n]}}', [(KEY, 3), (OTHER, 4)]),
    "a list": (f'["{KEY}", "{OTHER}"]', [(KEY, "1, key 1"), (OTHER, "1, key 2")]),
    "the bare key": (KEY, [(KEY, 1)]),
    "with a newline": (f"{KEY}\n", [(KEY, 1)]),
    "with a Windows newline": (f"{KEY}\r\n", [(KEY, 1)]),
    "after an empty line": (f"\n\n  {KEY}  \n", [(KEY, 3)]),
    "with a byte order mark": (BOM + KEY.encode(), [(KEY, 1)]),
    "JSON with a byte order mark": (BOM + f'{{"api": "{KEY}"}}'.encode(), [(KEY, 1)]),
    "in double quotes": (f'"{KEY}"\n', [(KEY, 1)]),
    "in single quotes": (f"'{KEY}'\n", [(KEY, 1)]),
    "with other words": (f'{{"jwt_secret_key": "x",\n"api": "{KEY}"}}', [(KEY, 2)]),
}


@pytest.mark.parametrize("name", ["openai_key", "configs"])
@pytest.mark.parametrize("case", GOOD)
def test_every_shape_of_a_key_file_is_read(tmp_path: Path, case: str, name: str) -> None:
    content, expected = GOOD[case]
    settings = read(tmp_path, **{name: content})
    found = [(each.secret.reveal(), str(each.origin)) for each in settings.keys]
    assert found == [(text, f"envs/{name} line {line}") for text, line in expected]
    assert settings.warnings == ()


# What stands in the file, and the one sentence about it; KEY must not be in it, which `faults` sees to.
BAD: dict[str, tuple[str | bytes, str]] = {
    "two lines": (f"{KEY}\n{KEY}", "line 1: the key has a line break in it; copy it again, without any"),
    "a line break in JSON": (f'\n{{"api": "{KEY}\\n"}}', "line 2: the key has a line break in it; copy it again"),
    "a carriage return": (f'{{"api": "{KEY}\\r"}}', "line 1: the key has a line break in it; copy it again"),
    "a space": (f"sk {KEY}", "line 1: the key has a space in it; copy it again, without any"),
    "a wide space": (f"{KEY}\u3000x", "line 1: the key has a space in it; copy it again, without any"),
    "the tutorials' placeholder": ('{"api": "你的 api keys"}', "line 1: the key has a space in it; copy it again"),
    "a placeholder": ('{"api": "你的key"}', "line 1: this is no key yet (a key is plain letters and digits); put your"),
    "typographic quotes": (f"“{KEY}”", "line 1: this is no key yet"),
    "an invisible character": (f"{KEY}\u200b", "line 1: this is no key yet"),
    "a control character": (f"{KEY}\x07", "line 1: this is no key yet"),
    "empty": ("", "line 1: is empty; put the key there, or remove the file"),
    "blank": (BOM + b" \n", "line 1: is empty; put the key there, or remove the file"),
    "quotes around nothing": ('""', "line 1: holds no key; put the key there as text"),
    "empty text": ('{"api": ""}', "line 1: holds no key; put the key there as text"),
    "a number": ('{\n"api": 5}', "line 2: holds no key; put the key there as text"),
    "an empty list": ("[]", "line 1: the list of keys is empty; put a key there"),
    "a list of lists": (f'[["{KEY}"]]', "line 1: holds no key; put the key there as text"),
    "a second key with a space": (f'[\n"{KEY}",\n"b {KEY}"]', "line 3: the key has a space in it"),
    "no JSON": (f'{{\n"api": "{KEY}",\n}}', 'line 3: is not JSON; write it like {"api": "sk-..."}'),
    "JSON cut off": ('{"api": "sk', "line 1: is not JSON; write it like"),
    "deep JSON": ("[" * 100_000, "line 1: is not JSON; write it like"),
    "not UTF-8": (b"sk-\xff\xfe", "line 1: is not UTF-8 text; save the file as UTF-8"),
    "UTF-16": (KEY.encode("utf-16"), "line 1: is not UTF-8 text; save the file as UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.faults(46)
def test_what_is_no_key_is_one_sentence_without_the_key(tmp_path: Path, case: str) -> None:
    content, expected = BAD[case]
    (sentence,) = faults(tmp_path, key=content)
    assert sentence.startswith(f"envs/openai_key {expected}")


def test_a_key_file_without_api_says_what_to_write(tmp_path: Path) -> None:
    (sentence,) = faults(tmp_path, key=f'{{"key": "{KEY}"}}')
    assert sentence == 'envs/openai_key line 1: has no "api"; write it like {"api": "sk-..."}'


def test_the_gateways_file_may_hold_no_key(tmp_path: Path) -> None:
    assert read(tmp_path, configs='{"jwt_secret_key": "x"}').keys == ()
    assert read(tmp_path, configs='{"api": null}').keys == ()


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "envs" / "openai_key").mkdir(parents=True)
    assert faults(tmp_path) == ("envs/openai_key: is no plain file; put a file in its place",)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be read by root")
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (write(tmp_path, key=KEY).envs / "openai_key").chmod(0)
    expected = "envs/openai_key: cannot be read (Permission denied); make it a file that you can read"
    assert faults(tmp_path) == (expected,)


def test_the_environment_wins_over_openai_key_over_configs(tmp_path: Path) -> None:
    files = {"key": OTHER, "configs": f'{{"api": "{OTHER}2"}}'}
    (found,) = read(tmp_path, **files, environ={"OPENAI_API_KEY": KEY}).keys
    assert (found.secret.reveal(), str(found.origin)) == (KEY, "OPENAI_API_KEY")
    (found,) = read(tmp_path, environ={"OPENAI_API_KEY": ""}).keys
    assert (found.secret.reveal(), str(found.origin)) == (OTHER, "envs/openai_key line 1")
    (tmp_path / "envs" / "openai_key").unlink()
    (found,) = read(tmp_path).keys
    assert (found.secret.reveal(), str(found.origin)) == (f"{OTHER}2", "envs/configs line 1")


@pytest.mark.parametrize("end", ["\n", "\r\n", " "])
def test_a_line_end_behind_the_key_in_the_environment_is_dropped(tmp_path: Path, end: str) -> None:
    (found,) = read(tmp_path, environ={"OPENAI_API_KEY": KEY + end}).keys
    assert found.secret.reveal() == KEY


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{KEY}\n{KEY}", "the key has a line break in it; copy it again, without any"),
        (f"a {KEY}", "the key has a space in it; copy it again, without any"),
        ("你的key", "this is no key yet (a key is plain letters and digits); put your own there"),
        (f"{KEY}\udcff", "this is no key yet (a key is plain letters and digits); put your own there"),
        (" ", "holds no key; put the key there as text"),
    ],
)
def test_a_wrong_key_in_the_environment_names_the_variable(tmp_path: Path, value: str, expected: str) -> None:
    assert faults(tmp_path, environ={"OPENAI_API_KEY": value}) == (f"OPENAI_API_KEY: {expected}",)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
@pytest.mark.parametrize("name", ["openai_key", "configs"])
def test_a_key_file_open_to_others_is_warned_of_with_the_command_that_mends_it(
    tmp_path: Path, mode: int, name: str
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    write(folder, **{name: f'{{"api": "{KEY}"}}'})
    path = folder / "envs" / name
    path.chmod(mode)
    (warning,) = read(folder).warnings
    what, _, command = warning.partition("; run: ")
    assert what == f"envs/{name}: others on this machine can read it (mode {mode:04o})"
    assert shlex.split(command) == ["chmod", "600", str(path)]


def _everything(settings: Any) -> list[Any]:
    (found,) = settings.keys
    (service,), _ = settings.services("gpt-4o")
    return [found.secret, found, service, settings]


def test_no_printed_form_of_anything_holds_the_key(tmp_path: Path) -> None:
    for thing in _everything(read(tmp_path, key=KEY)):
        forms = (repr(thing), str(thing), f"{thing}", f"{thing!r:>200}", ascii(thing), "%s" % (thing,), format(thing))  # noqa: UP031
        assert not any(KEY in form for form in forms)
    assert f"{Secret(KEY):>6}" == "  ••••"


@pytest.mark.parametrize("write_down", [pickle.dumps, copy.copy, copy.deepcopy, msgspec.json.encode])
def test_a_secret_is_not_written_down(write_down: Any) -> None:
    for thing in (Secret(KEY), [Secret(KEY)]):
        if write_down is copy.copy and isinstance(thing, list):
            continue  # a copy of a list holds the same secret
        with pytest.raises(TypeError) as caught:
            write_down(thing)
        assert KEY not in str(caught.value)


def test_what_holds_a_secret_is_not_pickled(tmp_path: Path) -> None:
    for thing in _everything(read(tmp_path, key=KEY)):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(OTHER)
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY), Secret(OTHER)}) == 2
    assert not hasattr(Secret(KEY), "__dict__")


def test_the_traceback_of_a_refused_key_does_not_hold_it() -> None:
    with pytest.raises(SettingsError) as caught:
        key(f"{KEY}\n", Origin("file", "envs/openai_key line 1"))
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in f"{error!r} {error.args}"
        error = error.__cause__ or error.__context__


def test_a_good_key_remembers_its_place() -> None:
    origin = Origin("environment", "OPENAI_API_KEY")
    assert key(KEY, origin) == Key(Secret(KEY), origin)
