"""Damaged histories bring what is intact in them, name the rest, and raise nothing."""

import json
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from chatcmd.errors import Damaged
from chatcmd.history.foreign.elements import Damage, decoded, elements, scanned
from chatcmd.history.foreign.formats import found_in
from chatcmd.history.foreign.found import Conversation, LeftOut
from chatcmd.history.foreign.tree import LONGEST, ways
from chatcmd.history.library import Library
from tests.history.imports import FILES, conversations, counts, sessions, take_in
from tests.history.made import tree

SHELL = {"role": "user", "content": "a question"}


def three() -> list[dict[str, Any]]:
    """Make three small conversations of ChatGPT's."""
    return [
        {
            "title": f"t{number}",
            "mapping": {
                "1": {"parent": None, "message": said("user", f'问 {number} "{{[')},
                "2": {"parent": "1", "message": said("assistant", f"答 {number} \\")},
            },
            "current_node": "2",
            "id": f"c{number}",
        }
        for number in range(3)
    ]


def said(role: str, text: str) -> dict[str, Any]:
    return {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}


WHOLE = json.dumps(three(), ensure_ascii=False).encode()
STARTS = [WHOLE.index(b'{"title": "t%d"' % number) for number in range(3)] + [len(WHOLE)]


def found(data: bytes, form: str, name: str = "file") -> list[Conversation | LeftOut]:
    """Read bytes in a format; a file that holds nothing at all is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            return [each for each in found_in(path, form) if isinstance(each, Conversation | LeftOut)]
        except Damaged:
            return []


EXPECTED = {each.key: each.paths for each in found(WHOLE, "chatgpt") if isinstance(each, Conversation)}


def texts(paths: tuple[Any, ...]) -> list[list[str]]:
    return [[message.content for message in path.messages] for path in paths]


def check_intact(damaged: bytes, intact: set[str]) -> None:
    """See that the intact conversations came in as they are, and that something was said of the rest."""
    came = found(damaged, "chatgpt")
    kept = [(each.key, texts(each.paths)) for each in came if isinstance(each, Conversation)]
    for key in intact:
        assert (key, texts(EXPECTED[key])) in kept, damaged
    if len(kept) < len(EXPECTED):
        assert any(isinstance(each, LeftOut) for each in came) or not came


def test_export_cut_at_any_byte_brings_every_conversation_before_the_cut() -> None:
    assert list(EXPECTED) == ["c0", "c1", "c2"]
    for cut in range(len(WHOLE)):
        ends = [end - 2 for end in STARTS[1:3]] + [len(WHOLE) - 1]
        check_intact(WHOLE[:cut], {f"c{number}" for number, end in enumerate(ends) if end <= cut})


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_bit_that_flipped_costs_no_more_than_its_own_conversation(place: int, bit: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] ^= 1 << bit
    hit = {f"c{number}" for number in range(3) if STARTS[number] - 2 <= place < STARTS[number + 1]}
    check_intact(bytes(damaged), set(EXPECTED) - hit)


SAMPLES = {
    "chatgpt": FILES / "chatgpt.json",
    "aichat": FILES / "aichat" / "math.yaml",
    "shell_gpt": FILES / "shell_gpt" / "maths",
    "llm": FILES / "llm-0.36.db",
}


def damages(size: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, 255)), min_size=1, max_size=20)


@pytest.mark.parametrize("form", SAMPLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_raises_anything(form: str, data: st.DataObject) -> None:
    whole = bytearray(SAMPLES[form].read_bytes())
    for place, byte in data.draw(damages(len(whole))):
        whole[place] = byte
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(whole))))
    for each in found(bytes(whole[:cut]), form):
        assert str(each.why if isinstance(each, LeftOut) else each.key) is not None


@pytest.mark.parametrize("form", ["aichat", "shell_gpt"])
def test_chat_cut_at_any_byte_brings_every_message_before_the_cut(form: str) -> None:
    whole = SAMPLES[form].read_bytes()
    ((_key, (all_of_it,)),) = conversations(SAMPLES[form], form).items()
    best = 0
    for cut in range(0, len(whole), 3):
        came = [each for each in found(whole[:cut], form, SAMPLES[form].name) if isinstance(each, Conversation)]
        messages = [
            (message.role, message.content) for each in came for path in each.paths for message in path.messages
        ]
        same = sum(one == other for one, other in zip(messages, all_of_it, strict=False))
        assert same >= best - 1, whole[:cut]  # what the cut goes through may still be read in part
        best = max(best, same)
    assert best >= len(all_of_it) - 1


def test_yaml_with_tabs_is_told_and_its_other_messages_come_in(tmp_path: Path) -> None:
    text = (FILES / "aichat" / "math.yaml").read_text("utf-8").replace("  content: 2024", "\tcontent: 2024")
    (tmp_path / "math.yaml").write_text(text, "utf-8")
    done = take_in(tmp_path / "math.yaml", Library(tmp_path / "history"))
    assert counts(done) == (1, 0, 0, 0, 1)
    assert str(done.left_out[0]).startswith("math.yaml: 1 pieces of it are not readable YAML (while scanning")
    contents = [message.content for message in sessions(done)[0].messages]
    assert "1+1=几" in contents
    assert "It is sunny." in contents[-1]


HOSTILE_YAML = {
    "laughs": "a: &a [x, x]\n"
    + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "depth": "messages: " + "[" * 100_000,
    "object": "messages: !!python/object/apply:os.system ['true']",
    "self": "messages: &a [*a]",
}


@pytest.mark.parametrize("text", HOSTILE_YAML.values(), ids=HOSTILE_YAML.keys())
def test_hostile_yaml_neither_grows_nor_runs_anything(text: str) -> None:
    came = found(text.encode(), "aichat")
    assert not any(path.worth_saving for each in came if isinstance(each, Conversation) for path in each.paths)


def rows_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])


@pytest.mark.parametrize("sample", ["llm-0.19.db", "llm-0.27.db", "llm-0.36.db"])
def test_database_cut_anywhere_raises_nothing_and_is_told(sample: str) -> None:
    whole = (FILES / sample).read_bytes()
    for cut in range(0, len(whole), 1024):
        came = found(whole[:cut], "llm")
        assert any(isinstance(each, LeftOut) for each in came) or not came or not cut


def test_row_that_is_damaged_costs_only_its_own_conversation(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    shutil.copy(FILES / "llm-0.27.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update responses set model = x'ff00', prompt = x'80', datetime_utc = 5, input_tokens = 'x'")
        connection.execute(
            "update responses set duration_ms = -1, options_json = '[', conversation_id = 7.5 where rowid = 1"
        )
    done = take_in(path, Library(tmp_path / "history"))
    assert counts(done) == (5, 0, 0, 0, 0)
    assert {message.content for each in sessions(done) for message in each.messages} >= {"�"}


def test_column_that_is_missing_or_called_otherwise_costs_only_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    shutil.copy(FILES / "llm-0.36.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("drop view message_tree")
        connection.execute("alter table turns rename column parent_message_hash to other")
        connection.execute("alter table turns rename column model to MODEL2")
        connection.execute("alter table conversations rename column name to nAme")
    done = take_in(path, Library(tmp_path / "history"))
    assert counts(done) == (4, 0, 0, 0, 0)
    assert sessions(done)[0].turns[0].question.content == "Say hello"
    assert {each.model for each in sessions(done)} == {"unknown"}


def test_database_is_not_written_to_nor_anything_beside_it(tmp_path: Path) -> None:
    shutil.copy(FILES / "llm-0.36.db", tmp_path / "logs.db")
    with closing(sqlite3.connect(tmp_path / "logs.db")) as connection:
        connection.execute("pragma journal_mode = wal")
    before = tree(tmp_path)
    assert len(conversations(tmp_path / "logs.db")) == 4
    assert tree(tmp_path) == before


def test_what_another_program_is_just_writing_into_a_database_is_read_too(tmp_path: Path) -> None:
    shutil.copy(FILES / "llm-0.36.db", tmp_path / "logs.db")
    before = conversations(tmp_path / "logs.db")
    with closing(sqlite3.connect(tmp_path / "logs.db")) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("update parts set text = upper(text)")
        connection.commit()
        assert (tmp_path / "logs.db-wal").stat().st_size
        assert conversations(tmp_path / "logs.db") != before


def test_other_databases_are_no_history(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("create table bookmarks (id integer)")
    with pytest.raises(Damaged, match="holds no history that chatcmd knows"):
        list(conversations(tmp_path / "x.db"))


def zipped(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", "{}")
        archive.writestr("conversations.json", data)
        archive.writestr("chat.html", "<html>")
    return path


def test_zip_cut_anywhere_brings_what_can_be_unpacked(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "e.zip", WHOLE).read_bytes()
    best = 0
    for cut in range(0, len(whole), 7):
        came = found(whole[:cut], "chatgpt")
        kept = sum(isinstance(each, Conversation) for each in came)
        assert kept == 3 or any(isinstance(each, LeftOut) for each in came) or not came
        best = max(best, kept)
    assert best == 3


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_zip_with_damage_raises_nothing(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = bytearray(zipped(Path(folder, "e.zip"), WHOLE).read_bytes())
    for place, byte in data.draw(damages(len(whole))):
        whole[place] = byte
    for each in found(bytes(whole), "chatgpt"):
        assert isinstance(each, Conversation | LeftOut)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "content_type": JSON | st.sampled_from(["text", "code", "thoughts", "multimodal_text", "tether_quote"]),
        "parts": JSON | st.lists(JSON),
        "text": JSON,
        "thoughts": JSON | st.lists(st.fixed_dictionaries({"summary": JSON})),
        "language": JSON,
    },
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "author": JSON | st.fixed_dictionaries({"role": JSON | st.sampled_from(["user", "assistant", "tool"])}),
        "content": JSON | CONTENT,
        "create_time": JSON,
        "recipient": JSON | st.sampled_from(["all", "python", "canmore.create_textdoc"]),
        "metadata": JSON | st.fixed_dictionaries({"attachments": JSON | st.lists(JSON), "finish_details": JSON}),
        "weight": JSON,
        "status": JSON,
    },
)
NODES = st.dictionaries(
    st.sampled_from("abcdef"),
    JSON
    | st.fixed_dictionaries(
        {"message": JSON | MESSAGE, "parent": JSON | st.sampled_from("abcdefg")},
        optional={"children": JSON | st.lists(st.sampled_from("abcdefg"))},
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(mapping=NODES, current=st.sampled_from("abcdefg") | JSON, time=JSON, title=JSON)
def test_whatever_an_export_holds_raises_nothing(mapping: Any, current: Any, time: Any, title: Any) -> None:
    told = {"mapping": mapping, "current_node": current, "create_time": time, "title": title}
    data = json.dumps([told, three()[1]]).encode()
    came = {each.key: each for each in found(data, "chatgpt") if isinstance(each, Conversation)}
    assert texts(came["c1"].paths) == texts(EXPECTED["c1"])


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghz")), st.sampled_from("abz"))
def test_every_message_is_on_some_way_and_no_way_meets_itself(parents: dict[str, str | None], current: str) -> None:
    all_ways, left = ways(parents, current)
    assert left == 0
    assert {node for way in all_ways for node in way} == set(parents)
    assert all(len(set(way)) == len(way) for way in all_ways)
    if current in parents:
        assert all_ways[0][-1] == current


def test_tree_that_would_grow_without_end_is_cut_and_told() -> None:
    spine: dict[str, str | None] = {f"s{n}": f"s{n - 1}" if n else None for n in range(3000)}
    leaves: dict[str, str | None] = {f"l{n}": f"s{n}" for n in range(3000)}
    all_ways, left = ways(spine | leaves, "l2999")
    assert sum(map(len, all_ways)) < LONGEST + 3001
    assert len(all_ways) + left == 3000


def pieces(text: str) -> Iterator[object]:
    return scanned(text, lambda value: isinstance(value, dict) and "role" in value)


def test_nested_beginnings_do_not_take_long() -> None:
    assert list(pieces('[{"a":' * 20_000)) == [Damage(0)]
    assert list(pieces("[" + "{" * 100_000)) == [Damage(0)]


@pytest.mark.parametrize("form", ["chatcmd", "shell_gpt"])
def test_history_is_taken_in_or_told_however_deeply_it_is_nested(form: str, tmp_path: Path) -> None:
    path, done = tmp_path / "file", list[tuple[int, ...]]()
    for depth in range(800, 1000, 2):  # about as deep as an interpreter reads, and a little deeper than it then writes
        nested: Any = []
        for _level in range(depth):
            nested = [nested]
        parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": nested}]
        said = [{"role": "user", "content": parts}, {"role": "assistant", "content": "a"}]
        ours = {
            "format": 1,
            "id": "x",
            "user": "u",
            "persona": {"name": "p", "content": ""},
            "model": "m",
            "started": "",
        }
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(10 * limit)
        try:
            path.write_text(json.dumps(said if form == "shell_gpt" else [ours | {"messages": said}]), "utf-8")
        finally:
            sys.setrecursionlimit(limit)
        done.append(counts(take_in(path, Library(tmp_path / str(depth)), form)))
    assert set(done) <= {(1, 0, 0, 0, 0), (0, 0, 0, 0, 1), (1, 0, 0, 0, 1), (0, 0, 0, 1, 1)}


def test_lone_surrogates_and_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert decoded(b'["\\ud83d", "\\ud83d\\ude00", {"\\udc00": 1}]') == ["\ufffd", "😀", {"\ufffd": 1}]
    assert decoded(b'["\xff"]') == ["\ufffd"]
    assert list(elements(b'[{"role": "\xff"}]', lambda value: "role" in value)) == [{"role": "\ufffd"}]
