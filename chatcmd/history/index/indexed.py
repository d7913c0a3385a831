"""The index opened, kept in step with the disk, and asked."""

from pathlib import Path

from chatcmd.errors import NotSaved, reason
from chatcmd.history.index import IndexTrouble, damage_as_trouble
from chatcmd.history.index.lookup import Lookup
from chatcmd.history.index.refresh import Progress, behind, notice, refresh
from chatcmd.history.index.store import Store, discard, is_sound
from chatcmd.language import _


class Indexed:
    """The index of a history folder; every call raises IndexTrouble when it cannot be relied upon."""

    def __init__(self, path: Path, history: Path) -> None:
        self._store = Store(path)
        self._history = history
        self.lookup = Lookup(self._store, history)

    @property
    def has_moved(self) -> bool:
        """Tell whether another index, or none, has taken its place."""
        return self._store.has_moved

    def refresh(self, *, thoroughly: bool = False, most: int | None = None, progress: Progress | None = None) -> None:
        """Take up what has changed on the disk; raises Backlog where that are more than `most` files."""
        with damage_as_trouble():
            refresh(self._store, self._history, thoroughly=thoroughly, most=most, progress=progress)

    @staticmethod
    def behind(path: Path, history: Path) -> int | None:
        """Count the sessions in which an index is behind the disk, None when it is damaged; raises IndexTrouble."""
        if not is_sound(path):
            return None
        store = Store(path)
        try:
            with damage_as_trouble():
                return behind(store, history)
        finally:
            store.close()

    def notice(self, path: Path) -> None:
        """Take up a file that was edited in its place."""
        with damage_as_trouble():
            notice(self._store, self._history, path)

    def close(self) -> None:
        """Let it go."""
        self._store.close()

    @staticmethod
    def make(path: Path, history: Path, progress: Progress | None) -> int:
        """Make an index anew, and tell how many sessions it has; none where nothing is saved yet. Raises NotSaved."""
        try:
            if not history.exists():
                return 0
            discard(path)
            store = Store(path)
            try:
                refresh(store, history, progress=progress)
                return store.count()
            finally:
                store.close()
        except (OSError, IndexTrouble) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            sentence = _("the index {path} could not be made: {reason}; everything is read from the files")
            raise NotSaved(sentence.format(path=path, reason=why)) from None
