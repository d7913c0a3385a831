import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from pathlib import Path

import pytest

from chatcmd import vocabulary
from chatcmd.conversation.tokens import LONGEST_TOKEN, byte_length
from chatcmd.vocabulary import intact, tables

PUBLISHED = {
    "cl100k_base": (100_256, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    "o200k_base": (199_998, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
}
both = pytest.mark.parametrize("encoding", PUBLISHED)

# An audit hook sees every socket and every file that any library opens, and cannot be taken off again.
ALONE = """
import sys

def refuse(event, args):
    if event.startswith("socket."):
        raise SystemExit(f"asked the network: {event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"wrote a file: {args}")

sys.dont_write_bytecode = True
sys.addaudithook(refuse)
"""


def told_by(program: str, home: Path) -> str:
    """Run a program in a fresh interpreter with a home of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(home), "PATH": "", "TMPDIR": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@both
def test_the_shipped_table_is_the_published_one(encoding: str) -> None:
    size, digest = PUBLISHED[encoding]
    tokens = tables.tokens(encoding)
    assert len(tokens) == len(set(tokens)) == size
    rebuilt = b"".join(b"%b %d\n" % (b64encode(token), rank) for rank, token in enumerate(tokens))
    assert sha256(rebuilt).hexdigest() == digest


def test_the_shipped_files_are_those_that_doctor_knows() -> None:
    assert set(intact.DIGESTS) == set(PUBLISHED)
    assert intact.damaged() == []


@both
def test_every_byte_is_a_token_and_the_longest_is_as_the_rules_say(encoding: str) -> None:
    tokens = tables.tokens(encoding)
    assert {bytes([byte]) for byte in range(256)} <= set(tokens)
    assert max(map(len, tokens)) == LONGEST_TOKEN


def test_the_licence_notice_stands_beside_the_tables() -> None:
    folder = files("chatcmd.vocabulary")
    notice = folder.joinpath("LICENSE").read_text("utf-8")
    assert "MIT License" in notice
    assert "OpenAI" in notice
    assert all(folder.joinpath(f"{encoding}.bin").is_file() for encoding in PUBLISHED)


def test_counting_asks_no_network_and_writes_no_file(tmp_path: Path) -> None:
    counts = told_by(
        ALONE
        + """
from chatcmd import vocabulary
print(*(vocabulary.counter(encoding)("お誕生日おめでとう") for encoding in ("cl100k_base", "o200k_base")))
""",
        tmp_path,
    )
    assert counts == "9 8"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("act", ["import socket; socket.getaddrinfo('localhost', 80)", "open('x', 'w')"])
def test_the_guard_of_that_test_guards(act: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE + act], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "asked the network" in done.stderr or "wrote a file" in done.stderr


@pytest.mark.parametrize(
    ("text", "cl100k", "o200k"),
    [
        ("", 0, 0),
        ("hello world", 2, 2),
        ("tiktoken is great!", 6, 6),
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("お誕生日おめでとう", 9, 8),
    ],
)
def test_texts_count_as_they_are_known_to(text: str, cl100k: int, o200k: int) -> None:
    assert vocabulary.counter("cl100k_base")(text) == cl100k
    assert vocabulary.counter("o200k_base")(text) == o200k


@both
@pytest.mark.parametrize("blank", [" ", "\t", "\u3000", "\n", " \n", "\u00a0\t"], ids=ascii)
def test_a_very_long_run_of_blanks_counts_as_its_bytes(
    encoding: str, blank: str, capfd: pytest.CaptureFixture[str]
) -> None:
    count = vocabulary.counter(encoding)
    text = f"a{blank * 1_000_000}b"
    assert count(text) == byte_length(text)
    assert capfd.readouterr().err == ""


@both
def test_many_long_runs_of_blanks_are_counted_in_one_pass(encoding: str) -> None:
    runs = (" " * 99_999 + "x") * 15
    assert 15 * 99_999 // LONGEST_TOKEN <= vocabulary.counter(encoding)(runs) < 15_000


@both
def test_other_long_runs_are_counted(encoding: str) -> None:
    count = vocabulary.counter(encoding)
    for char in ("a", "Z", "汉", "한", "\u0301", "!", "/", "1", "😀", "aZ", "'s"):
        text = char * 300_000
        assert byte_length(text) // LONGEST_TOKEN < count(text) <= byte_length(text)


def test_two_threads_at_once_load_a_vocabulary_once(tmp_path: Path) -> None:
    counts = told_by(
        """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from chatcmd import vocabulary

gate = Barrier(4)

def count(encoding):
    gate.wait()
    return vocabulary.counter(encoding)

with ThreadPoolExecutor(4) as pool:
    first, second, third, fourth = pool.map(count, ["cl100k_base", "o200k_base"] * 2)
print(first is third, second is fourth, first("お誕生日おめでとう"), second("お誕生日おめでとう"))
""",
        tmp_path,
    )
    assert counts == "True True 9 8"


def test_threads_count_the_same() -> None:
    texts = [
        text for text, _ in groupby(str(number) * (number % 7) + "几汉😀" * (number % 5) for number in range(2000))
    ]
    count = vocabulary.counter("o200k_base")
    with ThreadPoolExecutor(4) as pool:
        counted = list(pool.map(lambda _: [count(text) for text in texts], range(4)))
    assert counted == [[count(text) for text in texts]] * 4


def test_warming_loads_in_the_background(tmp_path: Path) -> None:
    loaded = told_by(
        """
import sys, threading
from chatcmd import vocabulary

print(vocabulary.is_loaded("o200k_base"), "tiktoken" in sys.modules)
vocabulary.warm("o200k_base")
vocabulary.warm("o200k_base")
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
print(vocabulary.is_loaded("o200k_base"), vocabulary.is_loaded("cl100k_base"))
vocabulary.warm("o200k_base")
print(threading.active_count())
""",
        tmp_path,
    )
    assert loaded.split("\n") == ["False False", "True False", "1"]


def test_leaving_while_a_vocabulary_loads_is_quiet(tmp_path: Path) -> None:
    assert told_by("from chatcmd import vocabulary; vocabulary.warm('o200k_base'); print('left')", tmp_path) == "left"
