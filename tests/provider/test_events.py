"""Server-sent events: the same however they are cut, by the standard's rules, at a cost that is linear."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists, sampled_from, text, tuples

from chatcmd.provider.events import LONGEST, Event, Events, TooLong


def events(*pieces: bytes) -> list[tuple[str, bytes]]:
    parser = Events()
    found: list[Event] = []
    for piece in pieces:
        found += parser.feed(piece)
    found += parser.end()
    return [(event.type, event.data) for event in found]


ODD_LINE_ENDS = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg"

STREAMS = {
    "usual": (b"data: one\n\ndata: two\n\n", [("", b"one"), ("", b"two")]),
    "crlf": (b"data: one\r\n\r\ndata: two\r\n\r\n", [("", b"one"), ("", b"two")]),
    "cr": (b"data: one\r\rdata: two\r\r", [("", b"one"), ("", b"two")]),
    "mixed": (b"data: one\r\n\ndata: two\r\n\rdata: three\n\r", [("", b"one"), ("", b"two"), ("", b"three")]),
    "no_blank": (b"data:one\n\ndata:  two\n\n", [("", b"one"), ("", b" two")]),
    "lines": (b"data: a\ndata: b\ndata:\ndata\n\n", [("", b"a\nb\n\n")]),
    "typed": (b"event: error\ndata: x\n\ndata: y\n\n", [("error", b"x"), ("", b"y")]),
    "type_alone": (b"event: error\n\ndata: y\n\n", [("", b"y")]),
    "comments": (b": ping\n\n:\n\n: ping\ndata: x\n: ping\n\n", [("", b"x")]),
    "other_fields": (b"id: 7\nretry: 10\nodd: z\ndata: x\ndatum: y\n data: z\n\n", [("", b"x")]),
    "colons": (b'data: {"a": "b:c"}\n\n', [("", b'{"a": "b:c"}')]),
    "unicode": (f"data: {ODD_LINE_ENDS}\n\n".encode(), [("", ODD_LINE_ENDS.encode())]),
    "bom": (b"\xef\xbb\xbfdata: x\n\n", [("", b"x")]),
    "bom_then_blank": (b"\xef\xbb\xbf\ndata: x\n\n", [("", b"x")]),
    "later_bom": (b"data: x\n\n\xef\xbb\xbfdata: y\n\n", [("", b"x")]),
    "empty_data": (b"data:\n\ndata\n\n", [("", b""), ("", b"")]),
    "no_end": (b"data: one\n\ndata: two", [("", b"one"), ("", b"two")]),
    "no_end_cr": (b"data: two\r", [("", b"two")]),
    "one_end": (b"event: e\ndata: two\n", [("e", b"two")]),
    "nul": (b"data: \0\xff\n\n", [("", b"\0\xff")]),
    "nothing": (b"", []),
    "blank_lines": (b"\n\r\n\r\r\n\n", []),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_events_are_read_by_the_standard_wherever_the_bytes_are_cut(name: str) -> None:
    stream, expected = STREAMS[name]
    assert events(stream) == expected
    assert events(*(bytes([byte]) for byte in stream)) == expected
    for cut in range(len(stream)):
        assert events(stream[:cut], b"", stream[cut:]) == expected


ENDS = sampled_from([b"\n", b"\r", b"\r\n"])
FIELDS = sampled_from([b"data: ", b"data:", b"data", b"event: ", b": ", b"id: ", b"", b"x: "])
LINES = lists(tuples(FIELDS, binary(max_size=6), ENDS).map(b"".join), max_size=12)


@given(LINES.map(b"".join), lists(integers(0, 120), max_size=8))
def test_any_bytes_cut_anywhere_give_the_same_events(stream: bytes, cuts: list[int]) -> None:
    pieces = [stream[start:end] for start, end in pairwise([0, *sorted(cuts), len(stream)])]
    assert b"".join(pieces) == stream
    assert events(*pieces) == events(stream)


@given(lists(text().filter(lambda data: not {"\r", "\n"} & set(data)), min_size=1, max_size=5), ENDS)
def test_what_is_written_as_events_is_read_again(sent: list[str], end: bytes) -> None:
    stream = b"".join(b"data: " + data.encode() + end + end for data in sent)
    assert events(stream) == [("", data.encode()) for data in sent]


def test_an_event_of_any_length_up_to_the_limit_is_taken() -> None:
    data = b"x" * (LONGEST - 1024)
    assert events(b"data: " + data + b"\n\n", b"data: y\n\n") == [("", data), ("", b"y")]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * LONGEST],
        [b"data: ", *[b"x" * 65_536] * 129],
        [b"data: " + b"x" * 65_536 + b"\n"] * 129,
        [b"data:\n" * 1024] * 129,
        [b": " + b"x" * LONGEST],
    ],
    ids=["one_piece", "one_line", "many_lines", "empty_lines", "comment"],
)
def test_an_event_without_end_is_refused_before_it_fills_the_memory(pieces: list[bytes]) -> None:
    parser = Events()

    def feed() -> None:
        for piece in pieces:
            assert list(parser.feed(piece)) == []

    with pytest.raises(TooLong):
        feed()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["lf", "cr", "crlf"])
def test_a_long_line_in_small_pieces_is_searched_only_once(end: bytes) -> None:
    parser = Events()
    for piece in [b"data: ", *[b"x"] * 1000]:
        assert list(parser.feed(piece)) == []
        assert parser._searched == len(parser._rest)  # where the next search begins
    assert [*parser.feed(end + end), *parser.end()] == [Event("", b"x" * 1000)]
