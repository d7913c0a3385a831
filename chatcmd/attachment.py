"""Files that a question brings along: found by their names, looked over, and read."""

import codecs
import os
import re
import stat
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatcmd.conversation.attachment import Attachment, File, Image, size_of
from chatcmd.conversation.image import NotAnImage, header
from chatcmd.conversation.mention import mentions
from chatcmd.errors import NotAttached, reason
from chatcmd.language import _
from chatcmd.settings.settings import Settings

MOST_TEXT, MOST_IMAGE = 4_000_000, 10_000_000
"""Bytes of a file that is attached: a text of this size fills the largest window, and services refuse larger images."""

LEAST_KEY = 16
"""Characters of a key that is looked for in files; local services are content with words such as `none`."""

# A private key: the line that begins one, with what it announces. What only speaks of keys has nothing behind it.
_PRIVATE_KEY = re.compile(
    rb"^[ \t]*-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----\s+(?:[\w-]+: .*\s+)*[A-Za-z0-9+/=\s]{40}"
    rb"|^PuTTY-User-Key-File-\d",
    re.MULTILINE,
)
_KEY_NAME = re.compile(r"\.(pem|key|ppk)$|^id_[a-z0-9_]+$", re.IGNORECASE)
_KEY_MARKS = (b"PRIVATE KEY", b"PuTTY-User-Key-File")

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def attached(text: str, ats: Sequence[int], settings: Settings) -> tuple[Attachment, ...]:
    """Read the files that the `@` at the places `ats` of a question name, each once.

    An `@` that names nothing there is stays what it is. Raises NotAttached for what is there and cannot be sent.
    """
    found: dict[str, Attachment] = {}
    for names in mentions(text, ats):
        name, path = next(_existing(names), ("", ""))
        if path and path not in found:
            found[path] = _read(name, path, settings)
    return tuple(found.values())


def _existing(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that lead to something, each with its path free of links."""
    for name in names:
        try:
            path = os.path.realpath(Path(name).expanduser(), strict=True)
        except (OSError, RuntimeError, ValueError):  # nothing there, nobody's home, no name at all
            continue
        yield name, path


def _read(name: str, path: str, settings: Settings) -> Attachment:
    if Path(path).is_relative_to(os.path.realpath(settings.root.envs)):
        raise NotAttached(_("{name} is not sent: it lies in envs/, where keys are; leave it out").format(name=name))
    data, size = _content(name, path)
    if _holds_key(data, settings):
        raise NotAttached(_("{name} is not sent: it holds a key that chatcmd uses; leave it out").format(name=name))
    if _holds_private_key(path, data):
        raise NotAttached(_("{name} is not sent: it holds a private key; leave it out").format(name=name))
    return _image(name, data, size) or _text(name, data, size)


def _content(name: str, path: str) -> tuple[bytes, int]:
    """Read a plain file, as far as anything may be attached; also tell its size in bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise NotAttached(_no_file(name, found.st_mode))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(MOST_IMAGE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        sentence = _("{name} cannot be attached: it cannot be read ({reason}); make it readable, or leave it out")
        raise NotAttached(sentence.format(name=name, reason=reason(error))) from None
    return data, max(found.st_size, len(data))


def _no_file(name: str, mode: int) -> str:
    if stat.S_ISDIR(mode):
        return _("{name} cannot be attached: it is a folder; name the files in it, one by one").format(name=name)
    return _("{name} cannot be attached: it is no plain file; make one of it, or leave it out").format(name=name)


def _holds_key(data: bytes, settings: Settings) -> bool:
    keys = [*settings.keys, *(key for named in settings.providers.values() for key in named.keys)]
    secrets = [key.secret.reveal() for key in keys if key.secret.at_hand]  # no command is run to look for its key
    encodings = ("utf-8", *_UTF16.values())
    long = (secret for secret in secrets if len(secret) >= LEAST_KEY)
    return any(secret.encode(encoding) in data for secret in long for encoding in encodings)


def _holds_private_key(path: str, data: bytes) -> bool:
    if not any(mark in data for mark in _KEY_MARKS):
        return False
    return bool(_KEY_NAME.search(Path(path).name) or _PRIVATE_KEY.search(data))


def _image(name: str, data: bytes, size: int) -> Image | None:
    try:
        found = header(data)
    except NotAnImage:
        sentence = _("{name} cannot be attached: it begins as an image and is damaged; save it anew, or leave it out")
        raise NotAttached(sentence.format(name=name)) from None
    if found is None:
        return None
    if size > MOST_IMAGE:
        raise NotAttached(_too_large(name, size, MOST_IMAGE))
    url = f"data:{found.media};base64,{b64encode(data).decode()}"
    return Image(name, size, found.width, found.height, url)


def _text(name: str, data: bytes, size: int) -> File:
    if size > MOST_TEXT:
        raise NotAttached(_too_large(name, size, MOST_TEXT))
    encoding = _UTF16.get(data[:2], "utf-8")
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        if b"\0" not in data:
            sentence = _("{name} cannot be attached: it is not UTF-8 text; save it as UTF-8, or leave it out")
            raise NotAttached(sentence.format(name=name)) from None
        text = "\0"
    if "\0" in text:
        sentence = _(
            "{name} cannot be attached: it is neither text nor a PNG, JPEG, GIF or WebP image; convert it, or leave it "
            "out"
        )
        raise NotAttached(sentence.format(name=name))
    return File(name, size, text)


def _too_large(name: str, size: int, most: int) -> str:
    sentence = _("{name} cannot be attached: it has {size}, and {most} are the most; attach the part that matters")
    return sentence.format(name=name, size=size_of(size), most=size_of(most))
