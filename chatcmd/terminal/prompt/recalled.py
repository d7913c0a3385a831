"""What one user entered before, as the line editor recalls it with Up and Ctrl-R."""

from collections.abc import AsyncGenerator, Iterable

from prompt_toolkit.history import History

from chatcmd.errors import OurFault
from chatcmd.terminal.prompt.held import Held
from chatcmd.terminal.recall import RecallFile


class Recalled(History):
    """Lines of this run and, with a file, of earlier ones; the file is read when the first prompt has been drawn."""

    def __init__(self, held: Held, file: RecallFile | None) -> None:
        super().__init__()
        self._held = held
        self._file = file
        self._lines: list[str] | None = None

    def add(self, line: str, *, sent: bool) -> None:
        """Recall a line from now on, once when it is entered again and again; only what was sent outlasts the run."""
        lines = self._read()
        if lines and lines[-1] == line:
            return
        lines.append(line)
        if sent and self._file is not None:
            self._file.append(self._held.parts(line))

    async def load(self) -> AsyncGenerator[str, None]:
        for line in reversed(self._read()):
            yield line

    def get_strings(self) -> list[str]:
        return self._read()

    def append_string(self, string: str) -> None:
        self.add(string, sent=False)

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._read())

    def store_string(self, string: str) -> None:
        """Leave it to `add`, which knows what was sent."""

    def _read(self) -> list[str]:
        if self._lines is None:
            self._lines = []
            try:
                entries = self._file.read() if self._file is not None else []
                self._lines = [self._held.line(parts) for parts in entries]
            except Exception as fault:  # the toolkit would only log it
                OurFault.unsaid.append(OurFault(fault, "recalling"))
        return self._lines
