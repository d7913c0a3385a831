"""Every key that a test gives the program is a canary: nothing that comes out of the program may hold it.

What a test hands over in an environment or below an `envs/` folder is noted; what the program wrote to a terminal, a
pipe or a file outside `envs/` is searched for it when the test has ended, and the test fails that let it out. A test in
which a person gives a key away themselves is marked `gives_key_away`, with the names of the files where only those
that the test itself wrote hold it.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

MOST = 64 * 1024 * 1024
"""Bytes of a file that are searched."""

LEAST = 7
"""Characters of a text that can be a key; shorter ones stand in other words."""

_VARIABLE = re.compile(r".*_(API_)?KEY")
_LOOKS_LIKE_A_KEY = re.compile(rb"sk-[\w-]{4,}")


class Canary:
    """The keys of one test, and what was heard since they were given."""

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        self._heard: list[bytes] = []

    def begin(self) -> None:
        self._keys.clear()
        self._heard.clear()

    def given(self, environ: Mapping[str, str]) -> None:
        """Note the keys of an environment."""
        self._keys |= {
            value.strip().encode("utf-8", "surrogateescape")
            for name, value in environ.items()
            if _VARIABLE.fullmatch(name) and len(value.strip()) >= LEAST
        }

    def heard(self, *outputs: bytes | str) -> None:
        """Note what came out of a program."""
        self._heard += [each if isinstance(each, bytes) else each.encode("utf-8", "replace") for each in outputs]

    def leaks(self, folder: Path | None, written: Collection[str] = ()) -> list[str]:
        """Say where a key came out, in what was heard or in a file but for those `written` by the test."""
        files = [path for path in _files(folder) if path.name not in written] if folder is not None else []
        for path in files:
            if "envs" in path.parts:
                self._keys |= set(_LOOKS_LIKE_A_KEY.findall(_content(path)))
        if not self._keys:
            return []
        leaks = [f"output: ...{_around(text, key)!r}" for text in self._heard for key in self._keys if key in text]
        for path in files:
            if "envs" not in path.parts:
                text = _content(path)
                leaks += [f"{path}: ...{_around(text, key)!r}" for key in self._keys if key in text]
        return leaks


canary = Canary()


@pytest.fixture(autouse=True)
def no_key_comes_out(request: pytest.FixtureRequest) -> Iterator[None]:
    canary.begin()
    yield
    mark = request.node.get_closest_marker("gives_key_away")
    if mark is None or mark.args:
        folder = request.node.funcargs.get("tmp_path")
        leaks = canary.leaks(folder if isinstance(folder, Path) else None, mark.args if mark else ())
        assert not leaks, "\n".join(leaks[:5])


def _files(folder: Path) -> Iterator[Path]:
    """Walk the plain files that can be read, links aside."""
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
                yield path


def _content(path: Path) -> bytes:
    """Read a file, of a huge one the beginning: tests make some that are mostly holes."""
    with path.open("rb") as file:
        return file.read(MOST)


def _around(text: bytes, key: bytes) -> bytes:
    place = text.find(key)
    return text[max(0, place - 80) : place + len(key)]
