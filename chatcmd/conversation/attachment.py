"""What a question brings along: text files and images, how they are sent and how they are called."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from chatcmd.language import _, ngettext

_WORDS = {
    "bash": "bash",
    "bat": "batch",
    "cc": "cpp",
    "cs": "csharp",
    "h": "c",
    "hpp": "cpp",
    "htm": "html",
    "js": "javascript",
    "kt": "kotlin",
    "log": "text",
    "md": "markdown",
    "pl": "perl",
    "ps1": "powershell",
    "py": "python",
    "pyi": "python",
    "rb": "ruby",
    "rs": "rust",
    "rst": "rst",
    "sh": "bash",
    "tex": "latex",
    "ts": "typescript",
    "txt": "text",
    "yml": "yaml",
    "zsh": "zsh",
}
"""The words that follow a fence, where they are not the suffix itself."""

KILO, MEGA = 1000, 1000 * 1000


class File(Struct, frozen=True):
    """A text file: the name it was called by, its bytes on the disk, and its text."""

    name: str
    size: int
    text: str

    @property
    def lines(self) -> int:
        return self.text.count("\n") + bool(self.text and not self.text.endswith("\n"))

    @property
    def label(self) -> str:
        """The file in a few words, such as `notes.md, 120 lines`."""
        lines = self.lines
        return ngettext("{name}, {lines:,} line", "{name}, {lines:,} lines", lines).format(name=self.name, lines=lines)


class Image(Struct, frozen=True):
    """An image: the name it was called by, its bytes on the disk, its pixels, and its content as a data URL."""

    name: str
    size: int
    width: int
    height: int
    url: str

    @property
    def label(self) -> str:
        """The image in a few words, such as `cat.png, 640x480, 81 kB`."""
        return f"{self.name}, {self.width}x{self.height}, {size_of(self.size)}"


Attachment = File | Image


def files(attachments: Iterable[Attachment]) -> list[File]:
    return [each for each in attachments if isinstance(each, File)]


def images(attachments: Iterable[Attachment]) -> list[Image]:
    return [each for each in attachments if isinstance(each, Image)]


def laid_out(typed: str, attached: Sequence[File]) -> tuple[str, list[int]]:
    """Lay files out behind what was typed; also say at which character of the whole the text of each one starts."""
    pieces, starts, length = [typed], [], len(typed)
    for each in attached:
        head, tail = _around(each)
        starts.append(length + len(head))
        pieces += [head, each.text, tail]
        length += len(head) + len(each.text) + len(tail)
    return "".join(pieces), starts


def block(file: File) -> str:
    """Give a file as it stands behind the question: its name, and its text in a fence longer than any in it."""
    head, tail = _around(file)
    return f"{head}{file.text}{tail}"


def announced(attachment: Attachment, tokens: int, *, exact: bool = True) -> str:
    """Say what is attached, and how large it is; a text costs so many `tokens`."""
    if isinstance(attachment, Image):
        size, (width, height) = size_of(attachment.size), (attachment.width, attachment.height)
        return _("attached {name}: {width}x{height}, {size}").format(
            name=attachment.name, width=width, height=height, size=size
        )
    lines = attachment.lines
    sentence = ngettext(
        "attached {name}: {lines:,} line, {tokens:,} tokens",
        "attached {name}: {lines:,} lines, {tokens:,} tokens",
        lines,
    )
    if not exact:
        sentence = ngettext(
            "attached {name}: {lines:,} line, about {tokens:,} tokens",
            "attached {name}: {lines:,} lines, about {tokens:,} tokens",
            lines,
        )
    return sentence.format(name=attachment.name, lines=lines, tokens=tokens)


def size_of(size: int) -> str:
    """Give a number of bytes as a person reads it."""
    if size < KILO:
        return ngettext("{size} byte", "{size} bytes", size).format(size=size)
    if size < MEGA:
        return _("{size:.0f} kB").format(size=size / KILO)
    return _("{size:,.1f} MB").format(size=size / MEGA)


def _around(file: File) -> tuple[str, str]:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`{3,}", file.text)), default=0))
    suffix = re.search(r"[^/]\.([A-Za-z0-9]{1,10})$", file.name)
    word = suffix[1].lower() if suffix else ""
    line_end = "" if file.text.endswith("\n") or not file.text else "\n"
    return f"\n\n{file.name}:\n{fence}{_WORDS.get(word, word)}\n", f"{line_end}{fence}"
