"""A .zip, as ChatGPT sends its export: the histories in it, out of a damaged one too."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from chatcmd.history.foreign.found import LeftOut
from chatcmd.history.foreign.source import Source
from chatcmd.language import _

LARGEST = 2**30
"""Bytes of one file that are unpacked; nobody has said more to a model."""

_SUFFIXES = {".json", ".yaml", ".yml", ""}
_LOCAL = struct.Struct("<4s5H3L2H")
_BEGINS = b"PK\x03\x04"
_DEFLATED = 8


def is_archive(head: bytes) -> bool:
    """Tell whether a file's beginning is that of a .zip."""
    return head.startswith(_BEGINS)


def members(source: Source) -> Iterator[Source | LeftOut]:
    """Unpack the files that may hold a history; what cannot be unpacked is told. Raises Damaged."""
    try:
        archive = ZipFile(source.path if source.content is None else BytesIO(source.content))
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        yield LeftOut(source.name, _("it is damaged; what could be unpacked of it is taken in"))
        yield from _salvaged(source)
        return
    with archive:
        for info in archive.infolist():
            if _may_hold_history(info.filename) and not info.is_dir():
                yield from _unpacked(source, archive, info)


def _unpacked(source: Source, archive: ZipFile, info: ZipInfo) -> Iterator[Source | LeftOut]:
    place = f"{source.name}/{info.filename}"
    if info.file_size > LARGEST:
        yield LeftOut(place, _("it is larger than {n} MB; unpack it first").format(n=LARGEST >> 20))
        return
    content, whole = b"", False
    try:
        with archive.open(info) as file:
            content, whole = _all_of(file)
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError, zlib.error):
        pass
    if not whole:
        yield LeftOut(place, _("it is damaged; what could be unpacked of it is taken in"))
    if content:
        yield Source(_name(info.filename), source.path / info.filename, source.changed, content)


def _all_of(file: IO[bytes]) -> tuple[bytes, bool]:
    """Read to the end, or up to what cannot be unpacked; say whether that was all."""
    pieces = []
    try:
        while piece := file.read(65536):
            pieces.append(piece)
    except (BadZipFile, OSError, EOFError, zlib.error):
        return b"".join(pieces), False
    return b"".join(pieces), True


def _salvaged(source: Source) -> Iterator[Source]:
    """Unpack what follows the head of each file, for want of the list at the archive's end."""
    data = source.data
    place = data.find(_BEGINS)
    while place >= 0 and place + _LOCAL.size <= len(data):
        head = _LOCAL.unpack_from(data, place)
        method, name_length, extra_length = head[3], head[9], head[10]
        begin = place + _LOCAL.size + name_length + extra_length
        name = data[place + _LOCAL.size :][:name_length].decode("utf-8", "replace")
        place = data.find(_BEGINS, begin)
        end = place if place >= 0 else len(data)
        if _may_hold_history(name) and (content := _inflated(data[begin:end], method)):
            yield Source(_name(name), source.path / name, source.changed, content)


def _inflated(data: bytes, method: int) -> bytes:
    if method != _DEFLATED:
        return data
    unpack, content = zlib.decompressobj(-zlib.MAX_WBITS), []
    size = 0
    try:
        for begin in range(0, len(data), 4096):
            content.append(unpack.decompress(data[begin : begin + 4096], LARGEST - size))
            size += len(content[-1])
            if unpack.eof or size >= LARGEST:
                break
    except zlib.error:
        pass
    return b"".join(content)


def _may_hold_history(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _name(name: str) -> str:
    return Path(name).name.encode("utf-8", "replace").decode()
