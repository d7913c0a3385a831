"""Images made by hand, byte by byte as their formats say, and no larger than their headers need."""

import struct
import zlib
from collections.abc import Callable


def png(width: int, height: int, more: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(more)) + _chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    """A JPEG as cameras write it: notes and tables stand before its frame, and a marker may be padded."""
    notes = _segment(0xE1, b"Exif\0\0" + b"\xff\xc0" * 50)  # what looks like a frame in the notes is none
    tables = _segment(0xC4, bytes(20)) + b"\xff\xff\xff" + _segment(0xDB, bytes(65))
    size = _segment(frame, struct.pack(">BHHB", 8, height, width, 3) + bytes(9))
    return b"\xff\xd8" + notes + tables + size + _segment(0xDA, bytes(10)) + b"\x12\x34\xff\xd9"


def webp_lossy(width: int, height: int) -> bytes:
    return _webp(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(10))


def webp_lossless(width: int, height: int) -> bytes:
    return _webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(10))


def webp_extended(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _webp(b"VP8X", b"\x10\0\0\0" + size)


KINDS: dict[str, tuple[str, Callable[[int, int], bytes]]] = {
    "png": ("image/png", png),
    "gif": ("image/gif", gif),
    "jpeg": ("image/jpeg", jpeg),
    "progressive jpeg": ("image/jpeg", lambda width, height: jpeg(width, height, 0xC2)),
    "lossy webp": ("image/webp", webp_lossy),
    "lossless webp": ("image/webp", webp_lossless),
    "extended webp": ("image/webp", webp_extended),
}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def _webp(kind: bytes, data: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 12 + len(data)) + b"WEBP" + kind + struct.pack("<I", len(data)) + data
