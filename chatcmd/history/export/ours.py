"""Sessions as JSON, as they are saved: one is an object, several are a list."""

from collections.abc import Iterable, Iterator

from chatcmd.conversation.session import Session
from chatcmd.history import file
from chatcmd.history.export.encoded import encoded


def documents(sessions: Iterable[Session], *, listed: bool) -> Iterator[str]:
    """Yield one document piece by piece; without `listed` there is one session."""
    texts = (encoded(_content(each), indent=2) for each in sessions)
    if not listed:
        yield from (f"{text}\n" for text in texts)
        return
    before = "[\n"
    for text in texts:
        yield before + text
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _content(session: Session) -> object:
    """Give what is saved; of a newer program's file as it was read, for we do not know what it means."""
    return session.raw if file.is_newer(session) else file.to_content(session)
