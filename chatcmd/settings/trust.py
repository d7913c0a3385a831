"""What a folder that nobody named wants to decide: where words and keys go, and what is run; and what was agreed to."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from chatcmd.settings.keys import Key
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.settings.url import host_of

MOST_KEPT = 8
"""Sets of values that are remembered of one folder."""


class Want(msgspec.Struct, frozen=True):
    """A value that a folder sets: its name as the files have it, the value, and where it stands.

    `files` is a digest of the folder's own files that a command names: who changes them changes what is run.
    """

    name: str
    value: str
    place: str
    files: str = ""

    @property
    def shown(self) -> str:
        """The value as a person is asked about it: a proxy without its password."""
        if not self.name.endswith("proxy"):
            return self.value
        return f"{urlsplit(self.value).scheme}://{host_of(self.value)}"

    @property
    def runs(self) -> bool:
        """Whether a program is run for it."""
        return self.name.endswith("key_command")

    @property
    def digest(self) -> str:
        import hashlib  # noqa: PLC0415 - a folder that wants nothing need not load it

        said = "\0".join((self.name, self.value, *([self.files] if self.files else [])))
        return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was agreed to: by folder the sets of digests, the newest last."""

    folders: dict[str, tuple[frozenset[str], ...]] = {}

    def covers(self, root: Root, wanted: Iterable[Want]) -> bool:
        """Tell whether all of this was agreed to for a folder, and at one time."""
        digests = {want.digest for want in wanted}
        return any(digests <= agreed for agreed in self.folders.get(_named(root), ()))

    def agreed(self, root: Root, wanted: Iterable[Want]) -> "Record":
        """Return the record with one more set of values for a folder."""
        new = frozenset(want.digest for want in wanted)
        kept = [each for each in self.folders.get(_named(root), ()) if not each <= new]
        return Record({**self.folders, _named(root): (*kept, new)[-MOST_KEPT:]})

    def encoded(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self, order="deterministic")) + b"\n"


def decoded(data: bytes) -> Record:
    """Read a record; of one that is damaged nothing was agreed to."""
    try:
        return msgspec.json.decode(data, type=Record)
    except (msgspec.DecodeError, RecursionError):
        return Record()


def wants(settings: Settings) -> tuple[Want, ...]:
    """List what the current folder sets, if it was found by itself, of where words and keys go and what is run.

    A root that was named, by flag or by variable, and the user's own data folder are trusted: they set nothing here.
    """
    if settings.root.origin.kind != "file" or settings["offline"]:
        return ()
    return tuple(_wants(settings))


def _wants(settings: Settings) -> Iterator[Want]:
    for name in ("base_url", "proxy"):
        if settings.origin(name).kind == "file":
            yield Want(name, settings[name], str(settings.origin(name)))
    yield from _of_keys("", settings.keys, settings.root)
    for name, named in settings.providers.items():
        yield Want(f"{name}.base_url", named.base_url, str(named.base_url_origin))
        if named.proxy is not None:
            yield Want(f"{name}.proxy", named.proxy.url, named.proxy.origin)
        yield from _of_keys(f"{name}.", named.keys, settings.root)


def _of_keys(prefix: str, keys: Iterable[Key], root: Root) -> Iterator[Want]:
    for key in keys:
        if key.asked_of is not None and key.origin.kind == "file":
            setting, line = key.asked_of
            files = _files_in(line, root) if setting == "key_command" else ""
            yield Want(prefix + setting, line, str(key.origin), files)
        if key.address is not None:
            yield Want(f"{prefix}api.base_url", key.address.url, str(key.address.origin))
        if key.proxy is not None:
            yield Want(f"{prefix}api.proxy", key.proxy.url, key.proxy.origin)


def _files_in(line: str, root: Root) -> str:
    """Make a digest of the files of a folder that a command line names; nothing where it names none."""
    import hashlib  # noqa: PLC0415 - see above
    import shlex  # noqa: PLC0415 - see above

    digests, folder = [], os.path.realpath(root.path)
    for word in shlex.split(line):
        path = Path(os.path.realpath(os.path.join(folder, word)))  # noqa: PTH118 - an absolute word stays one
        with suppress(OSError, ValueError):
            if path.is_relative_to(folder) and path.is_file():
                with path.open("rb") as file:
                    digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(digests)


def _named(root: Root) -> str:
    """Name a folder by what it really is, whatever links led to it."""
    return os.fsencode(os.path.realpath(root.path)).decode("utf-8", "backslashreplace")
