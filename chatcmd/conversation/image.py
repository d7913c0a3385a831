"""Images: what their first bytes say about them, and what a model counts for them."""

import struct
from collections.abc import Callable, Iterator
from math import ceil, floor, sqrt

from msgspec import Struct


class Header(Struct, frozen=True):
    """What the first bytes of an image say: its media type, and its size in pixels."""

    media: str
    width: int
    height: int


class Tiles(Struct, frozen=True):
    """`base` tokens, and `tile` for each square of 512 pixels.

    Before that an image is scaled down, never up, to fit into 2,048 by 2,048, then until its shorter side has 768.
    """

    base: int
    tile: int

    def tokens(self, width: int, height: int) -> int:
        scale = min(1.0, 2048 / max(width, height))
        scale *= min(1.0, 768 / (min(width, height) * scale))
        across, down = (max(1, ceil(round(side * scale) / 512)) for side in (width, height))
        return self.base + self.tile * across * down


class Patches(Struct, frozen=True):
    """`factor` tokens for each square of 32 pixels; an image that has more than 1,536 of them is scaled down."""

    factor: float

    def tokens(self, width: int, height: int) -> int:
        patches = ceil(width / 32) * ceil(height / 32)
        if patches > MOST_PATCHES:
            shrunk = sqrt(32 * 32 * MOST_PATCHES / (width * height))
            across, down = width * shrunk / 32, height * shrunk / 32
            exact = min(max(1, floor(across)) / across, max(1, floor(down)) / down)
            patches = min(MOST_PATCHES, ceil(across * exact) * ceil(down * exact))
        return ceil(patches * self.factor)


MOST_PATCHES = 1536

Counted = Tiles | Patches
"""A family's rule for images, as OpenAI publishes it (guide "Images and vision", "Calculating costs", 2025-09)."""

UNKNOWN_IMAGES = Tiles(85, 170)
"""Assumed for a model whose rule is not known: that of the gpt-4o class."""


class NotAnImage(Exception):
    """Begins as an image does, and does not go on as one."""


def header(data: bytes) -> Header | None:
    """Read the header of a PNG, JPEG, GIF or WebP; None for anything else. Raises NotAnImage when it is damaged."""
    try:
        for (magic, media), read in _KINDS.items():
            if data.startswith(magic) and (magic != _RIFF or data[8:12] == b"WEBP"):
                width, height = read(data)
                if not width or not height:
                    raise NotAnImage
                return Header(media, width, height)
    except (struct.error, IndexError, StopIteration):
        raise NotAnImage from None
    return None


def _png(data: bytes) -> tuple[int, int]:
    kind, width, height = struct.unpack_from(">4sII", data, 12)
    if kind != b"IHDR":
        raise NotAnImage
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    place = next(place for marker, place in _segments(data) if marker in _FRAMES)
    height, width = struct.unpack_from(">HH", data, place + 3)
    return width, height


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Walk over the segments of a JPEG: the marker of each, and where its length stands."""
    place = 2
    while True:
        if data[place] != 0xFF:  # noqa: PLR2004 - what every marker begins with
            raise NotAnImage
        while data[place] == 0xFF:  # noqa: PLR2004 - and may be repeated
            place += 1
        yield data[place], place + 1
        place += 1 + struct.unpack_from(">H", data, place + 1)[0]


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(data) >= 30:  # noqa: PLR2004 - where its header ends
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    raise NotAnImage


# The markers of a frame: all of C0 to CF but C4 (tables), C8 (reserved) and CC (arithmetic conditioning).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RIFF = b"RIFF"
_KINDS: dict[tuple[bytes, str], Callable[[bytes], tuple[int, int]]] = {
    (b"\x89PNG\r\n\x1a\n", "image/png"): _png,
    (b"\xff\xd8\xff", "image/jpeg"): _jpeg,
    (b"GIF87a", "image/gif"): _gif,
    (b"GIF89a", "image/gif"): _gif,
    (_RIFF, "image/webp"): _webp,
}
