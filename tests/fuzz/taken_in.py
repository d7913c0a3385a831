"""What other programs' histories bring in, in every format."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from chatcmd.errors import Damaged
from chatcmd.history import file
from chatcmd.history.library import Library
from tests.fuzz.stored import journals, sessions
from tests.history.imports import FILES, take_in
from tests.history.made import tree

NAMES = {"aichat": "math.yaml", "llm": "logs.db", "shell_gpt": "maths", "zip": "export.zip"}


def samples(form: str) -> list[bytes]:
    """Give files of a format as its program writes them."""
    if form == "zip":
        return [_zipped(zipfile.ZIP_DEFLATED), _zipped(zipfile.ZIP_STORED)]
    if form == "chatcmd":
        return [*sessions()[:4], b"[" + b",".join(sessions()[:3]) + b"]", *journals()]
    if form == "tutorial":
        return [
            sessions()[-1],
            '{"我": [{"role": "system", "content": "p"}, {"role": "user", "content": "q"}], "b": []}'.encode(),
        ]
    pattern = {"llm": "llm-*.db", "chatgpt": "chatgpt.json"}.get(form, f"{form}/*")
    return [path.read_bytes() for path in sorted(FILES.glob(pattern))]


def _zipped(method: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("conversations.json", samples("chatgpt")[0])
        archive.writestr("chats/math.yaml", samples("aichat")[0])
        archive.writestr("../../outside.json", sessions()[0])
        archive.writestr("user.json", b"{}")
    return held.getvalue()


def importer(form: str) -> Callable[[bytes, Path], None]:
    """Make the check of a format."""

    def check(data: bytes, folder: Path) -> None:
        source = folder / "from" / NAMES.get(form, "file.json")
        source.parent.mkdir()
        source.write_bytes(data)
        library = Library(folder / "a" / "b" / "c" / "history")
        named = None if form == "zip" or crc32(data) % 2 else form
        try:
            done = take_in(source, library, named)
        except Damaged:
            return
        finally:
            assert {place for place in tree(folder) if not place.startswith("a/b/c/history/")} == {
                f"from/{source.name}"
            }
            assert source.read_bytes() == data
        for path in done.written:
            assert path.resolve().is_relative_to(library.folder.resolve())
            assert path.parent.parent == library.folder
            told = file.read(path)
            assert told.id == path.stem
            assert told.worth_saving
        assert all(each.is_dir() or each.suffix == ".json" for each in library.folder.rglob("*"))
        again = take_in(source, library, named)
        assert (again.written, again.grown) == ([], [])
        assert list(map(str, again.left_out)) == list(map(str, done.left_out))

    check.__name__ = form
    check.__doc__ = "What is intact is taken in once, as sessions that load; nothing is written but below the history."
    return check
