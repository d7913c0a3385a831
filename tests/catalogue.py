"""The Chinese catalogue: `python -m tests.catalogue` takes the source's messages into it, and compiles it."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "chatcmd"
PO = SOURCE / "locale" / "zh_CN" / "LC_MESSAGES" / "chatcmd.po"
MO = PO.with_suffix(".mo")

KEYWORDS = {"_": None, "marked": None, "ngettext": (1, 2)}
HEADER = (
    ("Project-Id-Version", "chatcmd"),
    ("Language", "zh_CN"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=1; plural=0;\n"),
)

Id = str | tuple[str, str]


class Chinese(Catalog):
    """A catalogue whose header says nothing of when and with what it was made: same messages, same bytes."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return list(HEADER)

    @mime_headers.setter
    def mime_headers(self, headers: object) -> None:
        pass


def sources() -> list[Path]:
    """List the files that hold messages."""
    return sorted(SOURCE.rglob("*.py"))


@cache
def extracted() -> dict[Id, set[str]]:
    """Find every message of the source, a counted one as its two forms, with the files that say it."""
    found: dict[Id, set[str]] = {}
    for path in sources():
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("python", file, keywords=KEYWORDS):
                key = message if isinstance(message, str) else (message[0], message[1])
                found.setdefault(key, set()).add(path.relative_to(ROOT).as_posix())
    return found


def translated(po: bytes) -> dict[Id, Message]:
    """Read a catalogue's entries, without its header."""
    return {
        message.id if isinstance(message.id, str) else (message.id[0], message.id[1]): message
        for message in read_po(BytesIO(po), locale="zh_CN", charset="utf-8", abort_invalid=True)
        if message.id
    }


def texts(message: Message) -> tuple[str, ...]:
    """Return the translations of an entry: one, for Chinese has no plural."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def merged(po: bytes) -> Chinese:
    """Make the catalogue of the source's messages with the translations of another; what is unused is dropped."""
    known = translated(po)
    catalogue = Chinese(locale="zh_CN", header_comment="# What chatcmd says, in Chinese.", fuzzy=False)
    for key, files in sorted(extracted().items(), key=lambda item: (sorted(item[1]), str(item[0]))):
        entry = known.get(key)
        string = "".join(texts(entry)[:1]) if entry is not None and not entry.fuzzy else ""
        locations = [(name, 0) for name in sorted(files)]
        catalogue.add(key, string if isinstance(key, str) else (string,), locations=locations)
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Write a catalogue as a translator reads it."""
    out = BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False)
    return out.getvalue()


def compiled(po: bytes) -> bytes:
    """Compile a catalogue to what gettext reads; what is not translated is left out."""
    catalogue = Chinese(locale="zh_CN")
    for key, entry in translated(po).items():
        catalogue.add(key, entry.string, flags=entry.flags)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> None:
    """Bring the catalogue up to date, and say what is left to translate."""
    PO.parent.mkdir(parents=True, exist_ok=True)
    po = written(merged(PO.read_bytes() if PO.exists() else b""))
    PO.write_bytes(po)
    MO.write_bytes(compiled(po))
    for key, entry in translated(po).items():
        if not all(texts(entry)):
            print(f"{', '.join(name for name, _line in entry.locations)}: {key}")  # noqa: T201 - the translator's list


if __name__ == "__main__":
    main()
