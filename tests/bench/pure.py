"""What is computed: the window, the cleaner, the vocabularies, the pieces of an answer."""

import asyncio
import json
import random
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count as numbers
from pathlib import Path

import tiktoken

from chatcmd import vocabulary
from chatcmd.clean import Cleaner, clean
from chatcmd.conversation.message import Message, Persona, Turn
from chatcmd.conversation.session import Session
from chatcmd.meter import Meter
from chatcmd.provider.answer import Answer
from chatcmd.provider.request import Clocks
from chatcmd.settings.load import load
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.vocabulary import tables
from tests.bench.disk import timed
from tests.bench.measure import Bench, Bound, Pair, Row
from tests.loopback import chunk, event

MEGABYTE = 1_000_000
SENTENCE = "for i in range(10): print(i)  # 水仙花数有哪些？ 👨‍👩‍👧 naïve café\n"
PIECE = 4
"""Characters of one piece of an answer: about a token."""


@contextmanager
def window(folder: Path, *, model: str, longest: int) -> Iterator[Pair]:
    """Fit a session of 10,000 turns whose counts are known, against adding up the counts of what is kept."""
    settings = load({"model": model}, {}, Root(folder, Origin("flag", "--root")))
    session, question = _long_session(model, longest), Message(role="user", content="1+1=几")
    rules = settings.model_named(model).rules
    assert rules is not None
    count, meter = vocabulary.counter(rules.encoding), Meter(print)
    kept = meter.fit(settings, session, question).messages
    known = {message.content: count(message.content) for message in kept}
    yield Pair(
        timed(lambda: meter.fit(settings, session, question)),
        timed(lambda: sum(known[message.content] + 4 for message in kept)),
        lambda: f"{len(kept):,} messages kept",
    )


@contextmanager
def cleaner(_: Path, *, text: str) -> Iterator[Pair]:
    """Clean a megabyte at once, and 20,000 pieces of it one by one."""
    whole = (text * (MEGABYTE // len(text.encode()) + 1)).encode()[:MEGABYTE].decode(errors="ignore")
    pieces = [whole[start : start + PIECE] for start in range(0, 20_000 * PIECE, PIECE)]

    def fed() -> float:
        feed, began = Cleaner().feed, time.perf_counter()
        for piece in pieces:
            feed(piece)
        return (time.perf_counter() - began) / len(pieces)

    def translated() -> float:
        nothing: dict[int, str] = {}
        began = time.perf_counter()
        for piece in pieces:
            piece.translate(nothing)
        return (time.perf_counter() - began) / len(pieces)

    at_once, bare = timed(lambda: clean(whole)), timed(lambda: whole.translate({}))
    yield Pair(lambda: (*at_once(), fed()), lambda: (*bare(), translated()))


@contextmanager
def loading(folder: Path, *, encoding: str) -> Iterator[Pair]:
    """Load a vocabulary, against reading it as it is published: a line with token and rank for each."""
    published = folder / encoding
    ranks = enumerate(tables.tokens(encoding))
    published.write_bytes(b"".join(b"%s %d\n" % (b64encode(token), rank) for rank, token in ranks))

    def bare() -> None:
        lines = published.read_bytes().splitlines()
        ranks = {b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
        _encoding(encoding, ranks)

    yield Pair(timed(lambda: tables.load(encoding)), timed(bare))


@contextmanager
def counting(_: Path, *, encoding: str) -> Iterator[Pair]:
    """Count 100 kB that were never counted before, against the encoder alone."""
    ours = tables.load(encoding)
    bare = _encoding(encoding, {token: rank for rank, token in enumerate(tables.tokens(encoding))})
    body, number = SENTENCE * (100_000 // len(SENTENCE.encode())), numbers()
    yield Pair(
        timed(lambda: ours(f"{next(number)} {body}")),
        timed(lambda: len(bare.encode_ordinary(f"{next(number)} {body}"))),
    )


@contextmanager
def chunks(_: Path) -> Iterator[Pair]:
    """Read 20,000 chunks, each in a packet of its own, against parsing their JSON."""
    packets = [event(chunk({"content": f"word{number} "})) for number in range(20_000)]
    packets.append(event(chunk({}, "stop")) + b"data: [DONE]\n\n")
    documents = [packet[6:-2] for packet in packets[:-1]]

    async def arriving() -> AsyncIterator[bytes]:
        for packet in packets:
            yield packet

    async def read() -> float:
        began, pieces = time.perf_counter(), 0
        async for _ in Answer("loopback", "text/event-stream", Clocks()).read(arriving()):
            pieces += 1
        assert pieces == len(packets)
        return (time.perf_counter() - began) / pieces

    def parsed() -> tuple[float]:
        (seconds,) = timed(lambda: [json.loads(document) for document in documents])()
        return (seconds / len(documents),)

    yield Pair(lambda: (asyncio.run(read()),), parsed)


def _long_session(model: str, longest: int) -> Session:
    """Make a session of 10,000 turns, no two alike, with texts of all lengths up to `longest` characters."""
    chance = random.Random(20_261_120)
    text = SENTENCE * (longest // len(SENTENCE) + 1)
    messages = (
        Message(role=role, content=f"{number} {text[: chance.randint(0, longest)]}")
        for number in range(10_000)
        for role in ("user", "assistant")
    )
    turns = tuple(Turn(question, answer) for question, answer in zip(messages, messages, strict=True))
    persona = Persona("default", "一个有10年Python开发经验的资深算法工程师")
    return Session(id="long", user="bench", persona=persona, model=model, started="", turns=turns)


def _encoding(name: str, ranks: dict[bytes, int]) -> tiktoken.Encoding:
    return tiktoken.Encoding(name, pat_str=tables._SPLIT[name], mergeable_ranks=ranks, special_tokens={})


def _window(name: str, model: str, longest: int, bound: Bound | None) -> Bench:
    prepare = partial(window, model=model, longest=longest)
    return Bench((Row(f"window.{name}", "µs", "adding up the kept counts", bound),), 101, prepare)


def _cleaner(name: str, text: str) -> Bench:
    floor = "str.translate with an empty table"
    rows = (Row(f"clean.{name}.megabyte", "ms", floor), Row(f"clean.{name}.piece", "µs", floor))
    return Bench(rows, 11, partial(cleaner, text=text))


def _vocabulary(name: str) -> tuple[Bench, Bench]:
    load_one, count_one = partial(loading, encoding=name), partial(counting, encoding=name)
    return (
        Bench((Row(f"vocabulary.{name}.load", "ms", "the published lines, read and encoder made"),), 7, load_one),
        Bench((Row(f"vocabulary.{name}.count", "ms", "the encoder alone, 100 kB"),), 11, count_one),
    )


BENCHES = (
    _window("4096", "gpt-3.5-turbo", 400, Bound("in all", 1000)),
    _window("128000", "gpt-4o", 400, Bound("in all", 1000)),
    _window("128000.short", "gpt-4o", 0, None),
    _cleaner("ascii", "for i in range(10): print(i)\n"),
    _cleaner("mixed", SENTENCE),
    *_vocabulary("cl100k_base"),
    *_vocabulary("o200k_base"),
    Bench((Row("answer.chunk", "µs", "json.loads of each"),), 11, chunks),
)
