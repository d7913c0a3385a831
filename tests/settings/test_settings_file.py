from pathlib import Path

import pytest

from chatcmd.settings.url import Proxy
from tests.settings.envs_folder import KEY, faults, read

SETTINGS = "envs/settings.toml"


def test_no_file_and_an_empty_one_give_the_defaults(tmp_path: Path) -> None:
    for settings in (read(tmp_path), read(tmp_path, settings=""), read(tmp_path, settings=b"\xef\xbb\xbf")):
        assert settings.values == {}
        assert settings["model"] == "gpt-3.5-turbo"
        assert settings.warnings == ()


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle(tmp_path: Path) -> None:
    settings = read(tmp_path, settings=b'\xef\xbb\xbf# mine\r\nmodel = "gpt-4o"\r\n')
    assert settings["model"] == "gpt-4o"
    assert str(settings.origin("model")) == f"{SETTINGS} line 2"


# The settings, line ends and all, and the one sentence about them.
WRONG = {
    "unknown": ('\nmodle = "x"', "line 2: there is no setting modle; did you mean model?"),
    "unknown, nothing near": ("zzz = 1", "line 1: there is no setting zzz"),
    "unknown table": ("[window]\na = 1", "line 1: there is no setting window; did you mean windows?"),
    "number for text": ("model = 5", "line 1: model must be text in quotes"),
    "empty text": ('user = " "', "line 1: user is empty; give it a value, or leave it out"),
    "date for text": ("model = 2026-01-01", "line 1: model must be text in quotes"),
    "text for a number": ('temperature = "warm"', "line 1: temperature must be a number from 0 to 2"),
    "above the range": ("temperature = 2.1", "line 1: temperature must be a number from 0 to 2"),
    "not a number": ("top_p = nan", "line 1: top_p must be a number from 0 to 1"),
    "truth for a number": ("top_p = true", "line 1: top_p must be a number from 0 to 1"),
    "list for a number": ("top_p = [1]", "line 1: top_p must be a number from 0 to 1"),
    "a number beyond floats": (f"temperature = 1{'0' * 400}", "line 1: temperature must be a number from 0 to 2"),
    "whole and infinite": ("max_tokens = inf", "line 1: max_tokens must be a whole number from 1 up"),
    "whole and broken": ("max_tokens = 1.5", "line 1: max_tokens must be a whole number from 1 up"),
    "whole and zero": ("reserve = 0", "line 1: reserve must be a whole number from 1 up"),
    "whole and negative": ("max_turns = -1", "line 1: max_turns must be a whole number from 0 up"),
    "whole and true": ("max_turns = true", "line 1: max_turns must be a whole number from 0 up"),
    "switch": ('stream = "maybe"', "line 1: stream must be true or false"),
    "switch, number": ("stream = 1", "line 1: stream must be true or false"),
    "too many stops": ("stop = ['a','b','c','d','e']", "line 1: stop must be a text or a list of up to four texts"),
    "empty stop": ("stop = ['']", "line 1: stop must be a text or a list of up to four texts"),
    "no stops": ("stop = []", "line 1: stop must be a text or a list of up to four texts"),
    "stop is a table": ("[stop]\na = 1", "line 1: stop must be a text or a list of up to four texts"),
    "stop, in many lines": (
        "seed = 1\nstop = [\n  'a',\n  1,\n]",
        "line 2: stop must be a text or a list of up to four",
    ),
    "windows is no table": ("windows = 5", "line 1: windows must be a table; write it as [windows]"),
    "providers is a list": ("[[providers]]\na = 1", "line 1: providers must be a table; write it as [providers]"),
    "a provider is text": ("[providers]\n\nx = 'y'", "line 3: x must be a table; write it as [providers.x]"),
    "window too small": ('[windows]\n"gpt-4" = 255', "line 2: the window of gpt-4 must be a whole number from 256 up"),
    "window is text": ("[windows]\nx = 'big'", "line 2: the window of x must be a whole number from 256 up"),
    "provider without an address": ("\n[providers.x]", 'line 2: [providers.x] needs base_url = "https://host/v1"'),
    "provider's word": (
        '[providers.x]\nbase_url = "https://h/v1"\nbase_ulr = "y"',
        "line 3: [providers.x] has no setting base_ulr; did you mean base_url?",
    ),
    "provider's address": (
        '[providers.x]\nbase_url = "ftp://h"',
        "line 2: base_url is no address of a service; write it like https://host/v1",
    ),
    "provider's address, no text": ("[providers.x]\nbase_url = 5", "line 2: base_url must be text in quotes"),
    "provider's proxy, no text": (
        '[providers.x]\nbase_url = "https://h/v1"\nproxy = false',
        "line 3: proxy must be text in quotes",
    ),
    "provider's key, no text": (
        '[providers.x]\nbase_url = "https://h/v1"\nkey = 5',
        "line 3: holds no key; put the key there as text",
    ),
    "provider's key, two lines": (
        f'[providers.x]\nbase_url = "https://h/v1"\nkey = "{KEY}\\n"',
        "line 3: the key has a line break in it; copy it again, without any",
    ),
    "not TOML": ("a = 1\nmodel = gpt-4o", "line 2: is not TOML (Invalid value); correct that line"),
    "cut off": ('seed = 1\nmodel = """x\n', "line 3: is not TOML ("),
    "twice": ("seed = 1\nseed = 2", "line 2: is not TOML (Cannot overwrite a value); correct that line"),
    "nested too deeply": ("a = " + "[" * 5000, "is not TOML (nested too deeply)"),
    "a number of 5,000 digits": (f"seed = {'9' * 5000}", "is not TOML ("),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_one_sentence_with_file_line_and_remedy(tmp_path: Path, case: str) -> None:
    text, expected = WRONG[case]
    (sentence,) = faults(tmp_path, settings=text)
    assert sentence.startswith(SETTINGS)
    assert expected in sentence


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    expected = f"{SETTINGS} line 2: is not UTF-8 text; save the file as UTF-8"
    assert faults(tmp_path, settings='seed = 1\nuser = "简说"'.encode("gbk")) == (expected,)


def test_several_faults_are_all_told_in_the_order_of_their_sources(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        settings="temperature = 3\nmodle = 'x'\n[windows]\nx = 1\n[providers.y]\nkey = ''",
        environ={"CHATCMD_SEED": "odd", "OPENAI_API_KEY": "你的 api keys"},
        flags={"top_p": "2", "stream": False},
    )
    assert found == (
        f"{SETTINGS} line 1: temperature must be a number from 0 to 2",
        f"{SETTINGS} line 2: there is no setting modle; did you mean model?",
        f"{SETTINGS} line 4: the window of x must be a whole number from 256 up",
        f'{SETTINGS} line 5: [providers.y] needs base_url = "https://host/v1"',
        f"{SETTINGS} line 6: holds no key; put the key there as text",
        "CHATCMD_SEED: seed must be a whole number from -9007199254740992 up",
        "--top-p: top_p must be a number from 0 to 1",
        "OPENAI_API_KEY: the key has a space in it; copy it again, without any",
    )


# Where the wrong temperature or window stands, in every way to write it.
PLACES = {
    "plain": ("seed = 1\n\ntemperature = 3", 3),
    "quoted": ("'seed' = 1\n\"temperature\" = 3", 2),
    "escaped": ('"temp\\u0065rature" = 3', 1),
    "not in a comment": ("# temperature = 1\ntemperature = 3", 2),
    "not in a text of many lines": ("user = '''\ntemperature = 1\n[windows]\n'''\ntemperature = 3", 5),
    "behind quotes in a text": ('user = """a "" b\\""""\ntemperature = 3', 2),
    "behind a list of lists": ("stop = [\n[\n'a'\n],\n]\ntemperature = 3", None),
    "as a list": ("seed = 1\ntemperature = [\n3,\n4]", 2),
    "in a table": ("[windows]\nx = 1", 2),
    "in a table with a comment": ("[windows] # [mine]\n\nx = 1", 3),
    "in a table with blanks": ("[ windows ]\nx = 1", 2),
    "dotted": ("seed = 1\nwindows.x = 1", 2),
    "dotted and quoted": ('seed = 1\nwindows . "x.y" = 1', 2),
    "quoted in a table": ('[windows]\n"a=b]" = 300\n"gpt-3.5 [x]" = 1', 3),
    "inline": ("seed = 1\nwindows = { x = 300, y = 1 }", 2),
    "a name like another table's": ("[windows]\nx = 300\n[providers.windows]\nx = 1\nbase_url = 'https://h'", 4),
    "in a provider": ("[providers.a]\nbase_url = 'https://h'\n[providers.'b.c']\nbase_url = 'x'", 4),
    "a provider, dotted": ("seed = 1\nproviders.a.base_url = 'x'", 2),
    "a provider, half dotted": ("[providers]\nb.base_url = 'https://h'\na.base_url = 'x'", 3),
    "a provider, inline": ("[providers]\nb.base_url = 'https://h'\na = { base_url = 'x' }", 3),
    "windows line ends": ("seed = 1\r\ntemperature = 3\r\n", 2),
}


@pytest.mark.parametrize("case", PLACES)
def test_the_line_is_right_however_a_key_is_written(tmp_path: Path, case: str) -> None:
    text, line = PLACES[case]
    assert [sentence.split(":")[0] for sentence in faults(tmp_path, settings=text.encode())] == (
        [f"{SETTINGS} line {line}"] if line else [f"{SETTINGS} line 1", f"{SETTINGS} line 6"]
    )


def test_windows_are_known_by_the_models_own_name_and_with_its_service(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        settings="""
            [windows]
            "gpt-3.5-turbo" = 16_385
            "near/qwen" = 8000
            bare = 700
            "near/bare" = 900
            [providers.near]
            base_url = "http://127.0.0.1:11434/v1"
        """,
    )
    windows = {name: settings.model_named(name).window for name in ("gpt-3.5-turbo", "near/qwen", "bare", "near/bare")}
    assert windows == {"gpt-3.5-turbo": 16_385, "near/qwen": 8000, "bare": 700, "near/bare": 900}
    assert settings.model_named("gpt-4").window == 8192
    assert settings.model_named("unheard-of").window == 4096


def test_a_window_of_a_service_holds_however_the_service_is_chosen(tmp_path: Path) -> None:
    text = 'provider = "near"\n[windows]\n"near/qwen" = 8000\n[providers.near]\nbase_url = "http://127.0.0.1:1/v1"'
    assert read(tmp_path, settings=text).model_named("qwen").window == 8000


def test_providers_are_read_with_where_each_value_stands(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        settings=f"""
[providers.far]
base_url = "https://far.example/api/v1/"
key = "{KEY}"
proxy = "127.0.0.1:7890"

[providers.near]
base_url = "http://localhost:11434/v1"
""",
    )
    far, near = settings.providers["far"], settings.providers["near"]
    assert far.base_url == "https://far.example/api/v1"
    assert far.proxy == Proxy("http://127.0.0.1:7890", f"{SETTINGS} line 5")
    assert str(far.base_url_origin) == f"{SETTINGS} line 3"
    assert [(key.secret.reveal(), str(key.origin)) for key in far.keys] == [(KEY, f"{SETTINGS} line 4")]
    assert (near.keys, near.proxy) == ((), None)
    assert KEY not in repr(settings)


def test_a_settings_file_with_a_key_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    text = f'[providers.far]\nbase_url = "https://far.example/v1"\nkey = "{KEY}"\n'
    assert read(tmp_path, settings=text).warnings == ()
    path = tmp_path / "envs" / "settings.toml"
    path.chmod(0o640)
    (warning,) = read(tmp_path).warnings
    assert warning == f"{SETTINGS}: others on this machine can read it (mode 0640); run: chmod 600 {path}"


@pytest.mark.parametrize(
    "text",
    ['base_url = "http://far.example/v1"', '[providers.x]\nbase_url = "http://far.example/v1"'],
)
def test_an_address_without_encryption_is_warned_of(tmp_path: Path, text: str) -> None:
    (warning,) = read(tmp_path, settings=text).warnings
    assert warning.startswith(f"{SETTINGS} line {text.count(chr(10)) + 1}: http://far.example/v1 is not encrypted; ")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://localhost/v1", "https://far.example/v1"])
def test_an_address_on_this_machine_or_encrypted_is_not_warned_of(tmp_path: Path, address: str) -> None:
    assert read(tmp_path, settings=f'base_url = "{address}"').warnings == ()
