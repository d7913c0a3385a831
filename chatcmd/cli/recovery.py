"""What a killed process left behind, saved and said at the next start of any command that shows or keeps history."""

from chatcmd.history.library import Library
from chatcmd.language import ngettext
from chatcmd.terminal.screen import Screen


def recover(library: Library, screen: Screen, *, quickly: bool = False, in_chat: bool = False) -> None:
    """Save what is in abandoned journals, and say how to go on with it; `quickly` where there are many sessions."""
    for recovered in library.recover(screen.fail, quickly=quickly):
        from chatcmd.replay.plan import FORMAT  # noqa: PLC0415 - few starts find anything

        session = recovered.session
        turns = len(session.turns)
        sentence = ngettext(
            "recovered what was left unsaved of {user}'s session '{title}' ({n} turn); go on with it: {command}",
            "recovered what was left unsaved of {user}'s session '{title}' ({n} turns); go on with it: {command}",
            turns,
        )
        if (session.source or {}).get("format") == FORMAT:
            sentence = ngettext(
                "recovered what was left unsaved of replay '{title}' ({n} turn); the same command goes on",
                "recovered what was left unsaved of replay '{title}' ({n} turns); the same command goes on",
                turns,
            )
        command = f"/resume {session.id}" if in_chat else f"chatcmd --resume {session.id}"
        screen.note(sentence.format(user=session.user, title=session.title, n=turns, command=command))
        if recovered.warning:
            screen.fail(recovered.warning)
