"""What a killed process left behind, saved and said at the next start of any command that shows or keeps history."""

from chatcmd.history.library import Library
from chatcmd.terminal.screen import Screen


def recover(library: Library, screen: Screen) -> None:
    """Save what is in abandoned journals, and say how to go on with it."""
    for recovered in library.recover(screen.fail):
        session = recovered.session
        screen.note(
            f"recovered what a killed chatcmd left of {session.user}'s session '{session.title}' "
            f"({len(session.turns)} turns); go on with it: chatcmd --resume {session.id}"
        )
        if recovered.warning:
            screen.fail(recovered.warning)
