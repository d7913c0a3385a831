"""What a killed process left behind, saved and said at the next start of any command that shows or keeps history."""

from chatcmd.history.library import Library
from chatcmd.language import ngettext
from chatcmd.terminal.screen import Screen


def recover(library: Library, screen: Screen) -> None:
    """Save what is in abandoned journals, and say how to go on with it."""
    for recovered in library.recover(screen.fail):
        session = recovered.session
        turns = len(session.turns)
        sentence = ngettext(
            "recovered what a killed chatcmd left of {user}'s session '{title}' ({n} turn); go on with it: {command}",
            "recovered what a killed chatcmd left of {user}'s session '{title}' ({n} turns); go on with it: {command}",
            turns,
        )
        command = f"chatcmd --resume {session.id}"
        screen.note(sentence.format(user=session.user, title=session.title, n=turns, command=command))
        if recovered.warning:
            screen.fail(recovered.warning)
