"""What becomes of sessions: each is saved at its end, and stays here for as long as the disk does not take it."""

from chatcmd.clock import Clock
from chatcmd.conversation.session import Ending
from chatcmd.errors import NotSaved, OurFault
from chatcmd.language import _
from chatcmd.settings.root import Root
from chatcmd.talk import Talk
from chatcmd.terminal.screen import Screen


class Saving:
    """Saves sessions below a root, and says so; `unsaved` are those that ended, and are in no file yet.

    `once` says that no line is read after the answer, so that what does not reach the disk then is kept by nobody.
    """

    def __init__(self, root: Root, screen: Screen, clock: Clock, *, once: bool = False) -> None:
        self._root, self._screen, self._clock, self.once = root, screen, clock, once
        self.unsaved: list[Talk] = []

    def end(self, talk: Talk, by: Ending) -> None:
        """Save a session and say where it is; one that cannot be saved is told of, and tried again later."""
        try:
            path = talk.end(self._clock.now(), by)
        except Exception as fault:  # be it the disk's or ours: it is tried again, and the others are saved
            error = fault if isinstance(fault, NotSaved) else NotSaved(str(OurFault(fault, "saving", ends=True)))
            if talk.kept is None:
                self.unsaved.append(talk)
            self._screen.fail(talk.what_is_left(error, once=self.once))
        else:
            if path is not None:
                self._screen.note(_("saved: {path}").format(path=self._root.name(path)))

    def tell(self, talk: Talk) -> None:
        """Say that the disk fails, or is well again, once each; in the second case save what it did not take before."""
        (self._screen.fail if talk.trouble else self._screen.note)(*talk.news(once=self.once))
        if talk.trouble is None and self.unsaved:
            self.again()

    def again(self) -> None:
        """Save what could not be saved when it ended, as far as that can be by now."""
        for talk in list(self.unsaved):
            try:
                path = talk.end(self._clock.now(), "exit")
            except Exception:  # noqa: S112 - it was told of, and stays here
                continue
            self.unsaved.remove(talk)
            if path is not None:
                self._screen.note(_("saved: {path}").format(path=self._root.name(path)))
