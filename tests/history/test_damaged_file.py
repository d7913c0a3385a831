"""What can be read of a damaged session is: every message whose bytes are whole, and no fault ends the reading."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from chatcmd.history import file
from chatcmd.history.upgrade import Place
from chatcmd.history.verify.mended import Mended, mended
from chatcmd.history.verify.pieces import DEEPEST
from tests.history.damage import SMALL, changed, said, spans, with_message, written
from tests.history.made import ID

PLACE = Place(ID, "简说Python", "2026-11-20T21:30:05.000Z")
INDENTED = written()
COMPACT = msgspec.json.encode(msgspec.json.decode(INDENTED))
LAYOUTS = pytest.mark.parametrize("whole", [INDENTED, COMPACT], ids=["indented", "compact"])


def read(data: bytes) -> Mended:
    found = mended(data, PLACE)
    assert found is not None
    again = file.parse(written(found.session), "it")
    assert said(again) == said(found.session), "what is mended loads"
    return found


def lacks(data: bytes, whole: bytes, begin: int, end: int) -> list[int]:
    """Number the messages that were not touched between two places, and are lost nevertheless."""
    untouched = [number for number, (first, last) in enumerate(spans(whole)) if not (first < end and begin < last)]
    kept = said(read(data).session)
    return [number for number in untouched if said(SMALL)[number] not in kept]


@LAYOUTS
def test_every_whole_message_is_read_wherever_the_file_is_cut(whole: bytes) -> None:
    asked = list(spans(whole))[1][1]
    for cut in range(len(whole)):
        if cut < asked:
            mended(whole[:cut], PLACE)  # there need not be any session yet
        else:
            assert lacks(whole[:cut], whole, cut, len(whole)) == [], cut


@LAYOUTS
@settings(deadline=None, max_examples=300)
@given(bit=st.integers(0, 8 * len(INDENTED) - 1))
def test_every_message_without_the_flipped_bit_is_read(whole: bytes, bit: int) -> None:
    bit %= 8 * len(whole)
    data = bytearray(whole)
    data[bit // 8] ^= 1 << bit % 8
    assert lacks(bytes(data), whole, bit // 8, bit // 8 + 1) == []


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(INDENTED)), st.integers(0, 600), st.sampled_from([b"\0", b"\xff", b'"', b"[", b"{", b"x"]))
def test_every_message_outside_of_a_stretch_that_is_overwritten_is_read(begin: int, size: int, filler: bytes) -> None:
    size = min(size, len(INDENTED) - begin)
    data = INDENTED[:begin] + filler * size + INDENTED[begin + size :]
    found = mended(data, PLACE)
    kept = said(found.session) if found is not None else []
    left = [
        number for number, (first, last) in enumerate(spans(INDENTED)) if not (first < begin + size and begin < last)
    ]
    # Where the edge of a hole lies in a line, the rest of it may be taken for a part of the hole.
    near = [number for number, (first, last) in enumerate(spans(INDENTED)) if abs(first - begin - size) < 16]
    assert [number for number in left if said(SMALL)[number] not in kept and number not in near] == []


@settings(deadline=None)
@given(st.binary() | st.text(alphabet='{}[]",:\\ \nrole0tfn-').map(str.encode))
def test_bytes_that_are_no_session_are_none_and_no_fault(data: bytes) -> None:
    mended(data, PLACE)


JUNK = {
    "nothing": b"",
    "zeros": bytes(5000),
    "all bytes": bytes(range(256)),
    "a hundred thousand brackets": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "messages in messages": b'{"role":' * 100_000,
    "quotes": b'"' * 100_000,
    "null": b"null",
    "an empty list": b"[]",
    "numbers": b"[1, 2]",
    "another object": b'{"role": "user", "content": "alone"',
    "deep values": b'{"messages": [' + b'{"role": ' * (DEEPEST * 3),
    "messages without end": b'{"messages":[' + b'{"role": "user", "content": "a" ' * 5_000,
}


@pytest.mark.parametrize("what", JUNK)
def test_what_holds_no_whole_message_is_given_up_soon(what: str) -> None:
    assert mended(JUNK[what], PLACE) is None or what == "another object"


WRONG: dict[str, tuple[Any, ...]] = {
    "format": ("one", None, [], 1.5),
    "id": (1, None, ["x"]),
    "user": (1, {"name": "x"}),
    "persona": ("default", None, {"name": "x"}, {"name": 1, "content": "x"}),
    "model": (3.5, [None]),
    "started": (1_700_000_000, {}),
    "ended": (1_700_000_000,),
    "ended_by": ("boredom", 1),
    "title": (1, ["x"]),
    "renamed": ("yes", 1.5),
    "parent": ("20261119T080000Z-0001", {"id": "x"}, {"id": "x", "turn": "1"}),
    "source": ("tutorial", 1),
    "tags": ("a", [1], {"a": 1}),
    "settings": ([], "x"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_field_of_a_wrong_type_is_left_out_and_named_and_all_was_said_stays(name: str, value: Any) -> None:
    data = changed(**{name: value}) if value is not None else changed(**{name: [None]})
    found = read(data)
    assert found.lost == (f"$.{name}",)
    assert said(found.session)[-5:] == said(SMALL)[-5:]
    assert (found.session.id, found.session.user) == (ID, "简说Python")
    assert found.session.persona.content == SMALL.persona.content


WRONG_IN_MESSAGE: dict[str, tuple[Any, ...]] = {
    "at": (1, []),
    "model": (1,),
    "status": ("fine", 1),
    "finish_reason": (1,),
    "latency": ("0.5", {"first": 0.5}, {"total": "1"}),
    "usage": ({"prompt_tokens": 1.5}, 3),
    "window": ({"tokens": "x", "dropped": 0}, []),
    "reasoning": (1, ["x"]),
    "settings": ("x",),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in WRONG_IN_MESSAGE for value in WRONG_IN_MESSAGE[name]]
)
def test_message_with_a_field_of_a_wrong_type_loses_that_field_alone(name: str, value: Any) -> None:
    found = read(with_message(2, **{name: value}))
    assert found.lost == (f"$.messages[2].{name}",)
    assert said(found.session) == said(SMALL)
    kept, whole = found.session.turns[0].answer, SMALL.turns[0].answer
    assert getattr(kept, name) is None
    assert msgspec.structs.replace(kept, **{name: None}) == msgspec.structs.replace(whole, **{name: None})


@pytest.mark.parametrize(("name", "value"), [("role", 1), ("role", None), ("content", None), ("content", {"a": 1})])
def test_message_without_a_role_or_content_is_left_out_and_named(name: str, value: Any) -> None:
    found = read(with_message(3, **{name: value}))
    assert found.lost == (f"$.messages[3].{name}", "$.messages[3]")
    assert said(found.session) == [*said(SMALL)[:3], *said(SMALL)[4:]]


def test_unknown_keys_stay_in_what_is_mended() -> None:
    data = changed(mine={"深": [1, None]}, title=1).replace(b'"role": "user",', b'"role": "user", "mine": 2,')
    content = file.to_content(read(data).session)
    assert content["mine"] == {"深": [1, None]}
    assert [each["mine"] for each in content["messages"] if each["role"] == "user"] == [2, 2, 2]


MARRED = {
    "half a character": (rb"\ud83d", "\ufffd"),
    "the other half": (rb"a\ude00b", "a\ufffdb"),
    "both halves": (rb"\ud83d\ude00", "😀"),
    "no UTF-8": (b"a\xff\xfeb", "a\ufffd\ufffdb"),
    "a zero as it is": (b"a\0b", "a\0b"),
    "a control character as it is": (b"a\x1b[2Jb", "a\x1b[2Jb"),
}


@pytest.mark.parametrize("what", MARRED)
@pytest.mark.parametrize("tail", [b"", b"x"], ids=["", "damaged elsewhere"])
def test_text_with_marred_characters_is_kept_and_they_are_replaced(what: str, tail: bytes) -> None:
    there, becomes = MARRED[what]
    data = written().replace("问题 1".encode(), there) + tail
    assert said(read(data).session)[1] == ("user", becomes)


def test_numbers_that_no_json_of_ours_holds_cost_nothing_but_themselves() -> None:
    for number in (b"NaN", b"-Infinity", b"1e999", b"1" * 5000, b"1" * 400):
        data = changed(mine=0, title=1).replace(b'"mine": 0', b'"mine": ' + number)
        assert said(read(data).session) == said(SMALL), number


@pytest.mark.parametrize("name", ["messages", "persona", "title", "id"])
def test_damaged_name_of_a_field_loses_no_message(name: str) -> None:
    data = re.sub(rf'"{name}"'.encode(), f'"{name[:-1]}\x7f"'.encode(), written(), count=1)
    assert said(read(data).session) == said(SMALL)


def test_places_that_are_named_are_those_in_the_file() -> None:
    lines = written().split(b"\n")
    opens = [place for place, line in enumerate(lines) if line == b"    {"]
    lines[opens[2]] = b"    z"
    lines[opens[3] + 2] = lines[opens[3] + 2].replace(b'": "', b'": "\\q')
    found = read(b"\n".join(lines))
    assert sorted(found.lost) == ["$.messages[2]", "$.messages[3]", "$.messages[3].content"]
    assert said(found.session) == [*said(SMALL)[:2], *said(SMALL)[4:]]
