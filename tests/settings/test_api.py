"""What may stand under `api`: a key, an entry of key, base_url, proxy and weight, or a list of them, mixed."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import KeyMissing
from chatcmd.settings.settings import Service, Settings
from tests.settings.envs_folder import KEY, faults, read

OTHER = "sk-CANARY-other-0011"
TOML = "envs/settings.toml"

Fact = tuple[str, str, str | None, int, str, str]


def _facts(services: tuple[Service, ...]) -> list[Fact]:
    """Give of each service: address, key, proxy, weight, and the places of key and address."""
    found = []
    for each in services:
        assert each.key is not None
        proxy = each.proxy.url if each.proxy else None
        origin, address = str(each.key.origin), str(each.address_origin)
        found.append((each.base_url, each.key.secret.reveal(), proxy, each.weight, origin, address))
    return found


OPENAI, DEFAULT = "https://api.openai.com/v1", "the default"

# What stands in envs/openai_key in lines of its own, and the services that come of it (lines count from 1).
SHAPES: dict[str, tuple[str, list[Fact]]] = {
    "one entry": (
        f'{{"api":\n{{"key": "{KEY}",\n"base_url": "https://a/v1/",\n"proxy": "p:1",\n"weight": 3}}}}',
        [("https://a/v1", KEY, "http://p:1", 3, "line 2", "line 3")],
    ),
    "an entry of a key alone": (f'{{"api": {{"key": "{KEY}"}}}}', [(OPENAI, KEY, None, 1, "line 1", DEFAULT)]),
    "a list, mixed": (
        f'[\n"{OTHER}",\n{{"weight": 100, "key":\n"{KEY}"}},\n{{"key": "{KEY}", "base_url": "https://b/v1"}}]',
        [
            (OPENAI, OTHER, None, 1, "line 2", DEFAULT),
            (OPENAI, KEY, None, 100, "line 4", DEFAULT),
            ("https://b/v1", KEY, None, 1, "line 5", "line 5"),
        ],
    ),
    "the same key through two proxies": (
        f'[{{"key": "{KEY}", "proxy": "p:1"}},\n{{"key": "{KEY}", "proxy": "p:2"}}]',
        [(OPENAI, KEY, "http://p:1", 1, "line 1", DEFAULT), (OPENAI, KEY, "http://p:2", 1, "line 2", DEFAULT)],
    ),
    "nulls where nothing is meant": (
        f'{{"api": {{"key": "{KEY}", "base_url": null, "proxy": null, "weight": null}}}}',
        [(OPENAI, KEY, None, 1, "line 1", DEFAULT)],
    ),
    "a word that is given twice, of which the last counts": (
        f'{{"api": "x",\n"api":\n"{KEY}"}}',
        [(OPENAI, KEY, None, 1, "line 3", DEFAULT)],
    ),
}


def _placed(facts: list[Fact], file: str) -> list[Fact]:
    return [(*fact[:4], *(f"{file} {at}" if at.startswith("line") else at for at in fact[4:])) for fact in facts]  # type: ignore[misc]


@pytest.mark.parametrize("name", ["openai_key", "configs"])
@pytest.mark.parametrize("case", SHAPES)
def test_each_key_of_a_file_is_a_way_with_what_is_its_own(tmp_path: Path, case: str, name: str) -> None:
    content, expected = SHAPES[case]
    services, bare = read(tmp_path, **{name: content}).services("gpt-4o")
    assert (_facts(services), bare) == (_placed(expected, f"envs/{name}"), "gpt-4o")


# The same in [providers.far] of settings.toml.
IN_TOML: dict[str, tuple[str, list[Fact]]] = {
    "one key": (f'api = "{KEY}"', [("https://far/v1", KEY, None, 1, "line 3", "line 2")]),
    "a list, mixed, in many lines": (
        f'api = [\n  "{OTHER}",  # "x", [y]\n\n  {{ key = "{KEY}", base_url = "https://a/v1", weight = 2 }},\n]',
        [
            ("https://far/v1", OTHER, None, 1, "line 4", "line 2"),
            ("https://a/v1", KEY, None, 2, "line 6", "line 6"),
        ],
    ),
    "tables": (
        f'[[providers.far.api]]\nkey = "{KEY}"\n[[providers.far.api]]\nproxy = "socks5://p:1"\nkey = "{OTHER}"',
        [
            ("https://far/v1", KEY, None, 1, "line 4", "line 2"),
            ("https://far/v1", OTHER, "socks5://p:1", 1, "line 7", "line 2"),
        ],
    ),
}


@pytest.mark.parametrize("case", IN_TOML)
def test_a_named_service_may_have_many_keys_too(tmp_path: Path, case: str) -> None:
    content, expected = IN_TOML[case]
    settings = read(tmp_path, settings=f'[providers.far]\nbase_url = "https://far/v1"\n{content}', key=KEY)
    services, bare = settings.services("far/qwen")
    assert (_facts(services), bare) == (_placed(expected, TOML), "qwen")
    assert {each.name for each in services} == {"far"}


# An entry of the list, and what is said of it, behind its file and line.
WRONG: dict[str, tuple[Any, str]] = {
    "an unknown word": ({"key": KEY, "wieght": 2}, "an entry of api has no wieght; did you mean weight?"),
    "no key": ({"base_url": "https://a/v1"}, 'has no "key"; write it like {"key": "sk-...", "base_url": '),
    "an empty entry": ({}, 'has no "key"; write it like'),
    "a key that is none": ({"key": "你的key"}, "this is no key yet (a key is plain letters and digits); put your own"),
    "a key with a break": ({"key": f"{KEY}\n"}, "the key has a line break in it; copy it again, without any"),
    "a key that is a list": ({"key": [KEY]}, "holds no key; put the key there as text"),
    "no address": ({"key": KEY, "base_url": "a"}, "base_url is no address of a service; write it like https://host/v1"),
    "an address that is a number": ({"key": KEY, "base_url": 5}, "base_url must be text in quotes"),
    "a proxy of no kind": ({"key": KEY, "proxy": "ftp://p"}, "proxy has the scheme 'ftp'; a proxy is http, https"),
    "no weight": ({"key": KEY, "weight": 0}, "weight must be a whole number from 1 to 100"),
    "too much weight": ({"key": KEY, "weight": 101}, "weight must be a whole number from 1 to 100"),
    "a weight in quotes": ({"key": KEY, "weight": "2"}, "weight must be a whole number from 1 to 100"),
    "half a weight": ({"key": KEY, "weight": 1.5}, "weight must be a whole number from 1 to 100"),
    "a weight that is true": ({"key": KEY, "weight": True}, "weight must be a whole number from 1 to 100"),
    "a number": (5, "holds no key; put the key there as text"),
    "nothing": (None, "holds no key; put the key there as text"),
    "a list in a list": ([KEY], "holds no key; put the key there as text"),
    "the same key": (OTHER, "the same key stands there twice; keep one, and give it a weight if it is to serve more"),
    "the same key in an entry": ({"key": OTHER, "weight": 2}, "the same key stands there twice; keep one, and give it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_an_entry_is_told_with_its_line_and_without_a_key(tmp_path: Path, case: str) -> None:
    entry, expected = WRONG[case]
    (sentence,) = faults(tmp_path, key=f'{{"api": [\n"{OTHER}",\n{json.dumps(entry)}\n]}}')
    assert sentence.startswith(f"envs/openai_key line 3: {expected}")
    assert OTHER not in sentence


@pytest.mark.parametrize("case", [case for case in WRONG if case != "nothing"])
def test_the_same_is_told_of_a_named_services_entry(tmp_path: Path, case: str) -> None:
    entry, expected = WRONG[case]
    written = json.dumps(entry, ensure_ascii=False).replace('": ', '" = ')
    head = '[providers.far]\nbase_url = "https://far/v1"\n'
    (sentence,) = faults(tmp_path, settings=f'{head}api = [\n"{OTHER}",\n{written}\n]')
    assert sentence.startswith(f"{TOML} line 5: {expected.partition(' {')[0]}")
    assert OTHER not in sentence


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = faults(tmp_path, key=f'[\n{{"key": "{KEY}", "weight": 0, "x": 1}},\n"a b",\n{{"key":\n"{KEY} "}}]')
    assert [sentence.partition(": ")[0] for sentence in told] == [f"envs/openai_key line {n}" for n in (2, 2, 3, 5)]


def test_key_and_api_in_one_table_are_one_too_many(tmp_path: Path) -> None:
    text = f'[providers.far]\nbase_url = "https://far/v1"\nkey = "{KEY}"\napi = ["{OTHER}"]'
    expected = f"{TOML} line 4: [providers.far] has both key and api; put the key into the list"
    assert faults(tmp_path, settings=text) == (expected,)


@pytest.mark.parametrize("text", ["[]", '{"key":"%s"}', '["%s", "%s"]', "%s,%s", "%s, %s"])
def test_the_variable_holds_one_key_and_no_list(tmp_path: Path, text: str) -> None:
    told = faults(tmp_path, environ={"OPENAI_API_KEY": text.replace("%s", KEY)})
    assert told == ("OPENAI_API_KEY: holds one key only; put several into envs/openai_key",)


def test_a_file_open_to_others_is_warned_of_once_for_all_its_keys(tmp_path: Path) -> None:
    read(tmp_path, settings=f'[providers.far]\nbase_url = "https://far/v1"\napi = ["{KEY}", "{OTHER}"]')
    (tmp_path / "envs" / "settings.toml").chmod(0o644)
    (warning,) = read(tmp_path).warnings
    assert warning.startswith(f"{TOML}: others on this machine can read it (mode 0644)")


def test_an_entrys_address_without_encryption_is_warned_of(tmp_path: Path) -> None:
    settings = read(tmp_path, key=f'[\n{{"key": "{KEY}", "base_url": "http://a/v1"}}]')
    assert settings.warnings == (
        "envs/openai_key line 2: http://a/v1 is not encrypted; key and questions can be read underway",
    )


# An address that is said for this run


MINE = "https://mine/v1"
MIXED = f'[{{"key": "{OTHER}", "base_url": "https://theirs/v1"}},\n"{KEY}",\n{{"key": "x", "base_url": "{MINE}"}}]'


def _said(folder: Path, how: str, address: str, **files: str) -> Settings:
    if how == "flag":
        return read(folder, flags={"base_url": address}, **files)
    return read(folder, environ={"OPENAI_BASE_URL": address}, **files)


HOW = {"flag": "--base-url", "environment": "OPENAI_BASE_URL"}


@pytest.mark.parametrize("how", HOW)
def test_a_key_for_another_address_is_left_out_and_that_is_said(tmp_path: Path, how: str) -> None:
    settings = _said(tmp_path, how, MINE, key=MIXED)
    services, _ = settings.services("gpt-4o")
    assert [(each.base_url, each.key and each.key.secret.reveal()) for each in services] == [(MINE, KEY), (MINE, "x")]
    assert settings.warnings == (
        f"envs/openai_key line 1: this key is for theirs and is left out: {HOW[how]} names another address",
    )


@pytest.mark.parametrize("how", HOW)
def test_an_address_that_no_key_is_for_is_refused(tmp_path: Path, how: str) -> None:
    settings = _said(tmp_path, how, MINE, key=f'{{"api": {{"key": "{KEY}", "base_url": "https://theirs/v1"}}}}')
    with pytest.raises(KeyMissing) as caught:
        settings.services("gpt-4o")
    expected = (
        f"no key for mine, which {HOW[how]} names: the one of envs/openai_key line 1 is for another address; "
        f"leave out {HOW[how]}, or add a key without a base_url"
    )
    assert str(caught.value) == expected


def test_a_server_on_this_machine_needs_none_of_them(tmp_path: Path) -> None:
    near = "http://127.0.0.1:1/v1"
    settings = _said(tmp_path, "flag", near, key=f'[{{"key": "{KEY}", "base_url": "https://theirs/v1"}}]')
    (service,), _ = settings.services("qwen")
    assert (service.base_url, service.key) == (near, None)


def test_an_entrys_own_address_comes_before_the_files_for_all(tmp_path: Path) -> None:
    settings = read(tmp_path, settings='base_url = "https://all/v1"', key=MIXED)
    assert [each.base_url for each in settings.services("x")[0]] == ["https://theirs/v1", "https://all/v1", MINE]
    assert settings.warnings == ()


def test_an_entrys_own_proxy_comes_before_the_files_and_behind_the_flags(tmp_path: Path) -> None:
    content = f'["{OTHER}", {{"key": "{KEY}", "proxy": "own:1"}}]'
    files = {"settings": 'proxy = "all:1"', "key": content}
    for flags, expected in (({}, ["http://all:1", "http://own:1"]), ({"proxy": "said:1"}, ["http://said:1"] * 2)):
        services, _ = read(tmp_path, flags=flags, **files).services("x")
        assert [each.proxy and each.proxy.url for each in services] == expected


def test_models_with_a_slash_go_to_a_service_that_every_key_has_of_its_own(tmp_path: Path) -> None:
    settings = read(tmp_path, key=f'[{{"key": "{KEY}", "base_url": "https://router/v1"}}]')
    (service,), bare = settings.services("meta/llama-3")
    assert (service.base_url, bare) == ("https://router/v1", "meta/llama-3")


def test_the_ways_to_a_model_are_the_same_each_time(tmp_path: Path) -> None:
    """They are what its connections and its keys' states are found by."""
    settings = read(
        tmp_path, key=MIXED, settings='key_command = "x"\n[providers.n]\nbase_url="https://n/v1"\nkeyring=true'
    )
    assert settings.services("gpt-4o") == settings.services("gpt-4o")
    assert settings.services("n/x") == settings.services("n/x")
    assert len({settings.services(name)[0] for name in ("a", "b", "n/x", "n/y")}) == 2
