"""What services send in their JSON, as they send it: sloppy shapes are read, and what is no answer is told apart."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, dictionaries, floats, integers, lists, none, recursive, sampled_from, text

from chatcmd.conversation.message import Usage
from chatcmd.conversation.reply import Delta
from chatcmd.provider.chunk import LONGEST_ERROR, error_text, parse


def piece(content: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content}}]}


def counted(usage: Any) -> dict[str, Any]:
    return {"choices": [], "usage": usage}


THINKING = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm "}, {"text": None}, {}]}]
TEXTS = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "b"}]

SHAPES: dict[str, tuple[Any, Delta]] = {
    "usual": (piece("几"), Delta(text="几")),
    "role only": ({"choices": [{"delta": {"role": "assistant"}}]}, Delta()),
    "content null": (piece(None), Delta()),
    "delta null": ({"choices": [{"delta": None}]}, Delta()),
    "no delta": ({"choices": [{}]}, Delta()),
    "choices empty": ({"choices": []}, Delta()),
    "choices null": ({"choices": None}, Delta()),
    "nothing": ({}, Delta()),
    "keepalive": ({"object": "keepalive", "created": 1.5, "id": 7}, Delta()),
    "whole": (
        {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}, Delta(text="x", finish_reason="stop")
    ),
    "content list": (piece(TEXTS), Delta(text="ab")),
    "content list empty": (piece([]), Delta()),
    "thinking list": (piece([*THINKING, {"text": "so"}]), Delta(text="so", reasoning="hm ")),
    "thinking text": (piece([{"thinking": "hm"}]), Delta(reasoning="hm")),
    "refusal": ({"choices": [{"delta": {"content": None, "refusal": "no"}}]}, Delta(text="no")),
    "reasoning": ({"choices": [{"delta": {"reasoning": "hm"}}]}, Delta(reasoning="hm")),
    "reasoning content": (
        {"choices": [{"delta": {"reasoning_content": "hm", "reasoning": "hm"}}]}, Delta(reasoning="hm")
    ),
    "reasoning object": ({"choices": [{"delta": {"content": "x", "reasoning": {"a": 1}}}]}, Delta(text="x")),
    "finish empty": ({"choices": [{"delta": {"content": "x"}, "finish_reason": ""}]}, Delta(text="x")),
    "finish null": ({"choices": [{"delta": {"content": "x"}, "finish_reason": None}]}, Delta(text="x")),
    "finish odd": ({"choices": [{"delta": {"content": "x"}, "finish_reason": 0}]}, Delta(text="x")),
    "finish other": ({"choices": [{"finish_reason": "eos_token"}]}, Delta(finish_reason="eos_token")),
    "model": ({"model": "m-1", "choices": []}, Delta(model="m-1")),
    "model empty": ({"model": "", "choices": []}, Delta()),
    "model odd": ({"model": {"id": 1}, "choices": []}, Delta()),
    "extra choice": ({"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}, Delta(text="a")),
    "extra keys": (piece("x") | {"x_groq": {"id": 1}, "prompt_filter_results": []}, Delta(text="x")),
    "usage null": (counted(None), Delta()),
    "usage": (counted({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}), Delta(usage=Usage(3, 4))),
    "usage more": (
        counted({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}, "cost": 0.1}),
        Delta(usage=Usage(3, 0)),
    ),
    "usage floats": (counted({"prompt_tokens": 3.0, "completion_tokens": 4.0}), Delta(usage=Usage(3, 4))),
    "usage nulls": (counted({"prompt_tokens": None, "completion_tokens": None}), Delta()),
    "usage half": (counted({"prompt_tokens": 3, "completion_tokens": None}), Delta(usage=Usage(3, 0))),
    "usage texts": (counted({"prompt_tokens": "3"}), Delta()),
    "usage true": (counted({"prompt_tokens": True}), Delta()),
    "usage negative": (counted({"prompt_tokens": -1}), Delta()),
    "usage list": (counted([3, 4]), Delta()),
    "usage huge": (counted({"prompt_tokens": 10**300}), Delta()),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_sloppy_shapes_are_read(name: str) -> None:
    content, delta = SHAPES[name]
    assert parse(json.dumps(content).encode()).delta == delta


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1, 2]",
        b'"text"',
        b"null",
        b'{"choices": {}}',
        b'{"choices": [1]}',
        b'{"choices": [{"delta": {"content": 5}}]}',
        b'{"choices": [{"delta": {"content": ["a"]}}]}',
        b'{"choices": [{"delta": {"content": "\xff"}}]}',
        b'{"choices": [{"delta": {"content": "\xed\xa0\xbd"}}]}',
        b'{"choices": [], "usage": {"prompt_tokens": 1e999}}',
        b"[" * 100_000,
        b'{"error": ' + b"[" * 100_000,
        b'{"a": "\\ud800", "error": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"error": ' + b"9" * 5000 + b', "a": "\\ud800"}',
    ],
)
def test_what_is_no_chunk_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of every kind
        parse(data)


SURROGATES = [
    (r"\ud83d", "\ufffd"),
    (r"\ude00", "\ufffd"),
    (r"a\ud83db", "a\ufffdb"),
    (r"\ude00\ud83d", "\ufffd\ufffd"),
    (r"\ud83d\ud83d\ude00", "\ufffd😀"),
    (r"\ud83d\ude00", "😀"),
    (r"\ufeffx", "\ufeffx"),
    (r"\ufeff\ud83d", "\ufeff\ufffd"),
    (r"\u0000\u2028", "\0\u2028"),
]


@pytest.mark.parametrize(("escaped", "read"), SURROGATES)
def test_lone_surrogates_become_replacement_characters_and_nothing_else_changes(escaped: str, read: str) -> None:
    data = b'{"choices": [{"delta": {"content": "%s"}}], "\\ud800": ["\\udfff"]}' % escaped.encode()
    assert parse(data).delta.text == read


def test_numbers_that_json_does_not_have_are_passed_over() -> None:
    data = b'{"choices": [{"delta": {"content": "\\ud800"}}], "usage": {"prompt_tokens": NaN, "cost": Infinity}}'
    assert parse(data).delta == Delta(text="\ufffd")


ERRORS: list[tuple[Any, str]] = [
    (None, ""),
    ("", ""),
    ({}, ""),
    ([], ""),
    ("busy", "busy"),
    ({"message": "busy"}, "busy"),
    ({"message": "", "code": "overloaded"}, "overloaded"),
    ({"error": {"message": "busy"}}, "busy"),
    ({"error": {"error": {"message": "busy"}}}, "busy"),
    ({"detail": "Not Found"}, "Not Found"),
    ({"detail": [{"loc": ["body", "seed"], "msg": "not permitted"}]}, "body.seed: not permitted"),
    ({"message": {"detail": [{"loc": ["body", 0], "msg": "odd"}]}}, "body.0: odd"),
    ({"code": 1301, "msg": "服务繁忙"}, "服务繁忙"),
    ([{"message": "first"}, {"message": "second"}], "first"),
    ("  two\n\n lines\t", "two lines"),
    ("<!DOCTYPE html><p>x", ""),
    ("<HTML>", ""),
    ("<unk> is no token", "<unk> is no token"),
    (404, "404"),
    ("x" * 5000, "x" * LONGEST_ERROR + "…"),
    ({"error": {"error": {"error": {"error": {"error": {"error": {"error": {"error": {"error": "deep"}}}}}}}}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("error", "sentence"), ERRORS)
def test_the_sentence_of_an_error_is_found(error: Any, sentence: str) -> None:
    assert error_text(error) == sentence


KEYS = sampled_from(
    ["choices", "delta", "message", "content", "text", "usage", "error", "detail", "loc", "msg", "code"]
)
JSON = recursive(
    none() | booleans() | integers() | floats() | text(),
    lambda inner: lists(inner, max_size=3) | dictionaries(KEYS, inner, max_size=4),
)


@given(JSON)
def test_any_json_is_read_or_refused_as_a_value_error(content: Any) -> None:
    assert isinstance(error_text(content), str)
    try:
        chunk = parse(json.dumps(content).encode())
    except ValueError:
        return
    assert isinstance(chunk.delta, Delta)
    assert chunk.delta.text.isprintable() or chunk.delta.text.encode()
