"""Every way to fail, and the exit code of each.

    ChatcmdError
    ├── OurFault              1  a fault of this program itself, or a system with no more to give
    ├── UsageError            2  the words of the command line, a name, a setting, a key
    │   ├── SettingsError        a value in envs/, the environment or a flag
    │   ├── NameRefused          a user's or persona's name that cannot be a folder's
    │   ├── KeyMissing           no key for the service that was asked for
    │   ├── NotAttached          a file that a question names, and cannot bring along
    │   ├── KeyInQuestion        a question, or what it brings along, that would give a key away
    │   └── QuestionTooLong      persona and question alone exceed the window
    ├── HistoryError          3  the disk
    │   ├── SessionNotFound      nothing, or more than one, is called that
    │   ├── SessionInUse         another process has it open
    │   ├── Damaged              a file that is not what it should be
    │   └── NotSaved             a write that did not reach the disk
    └── ProviderError         4  the model's side
        ├── Unreachable          no connection: refused, no such host, TLS, proxy
        ├── TimedOut             nothing came in time
        ├── KeyRefused           401
        ├── Forbidden            403
        ├── ModelNotFound        404
        ├── ContextTooLong       400 that names the context length; knows the numbers it was told
        ├── RequestRefused       any other 4xx, and a redirect
        ├── RateLimited          429
        ├── QuotaUsedUp          429 that no waiting mends
        ├── ServerFailed         5xx, and an error object inside a stream
        ├── NotAnAnswer          status 200 with something that is no chat answer
        ├── EmptyAnswer          a finished answer without a word
        ├── NotRecorded          a question that the recording does not answer
        └── BrokenOff            an answer that ended before the server said that it was complete

The text of an error is one sentence that a person can act on: what failed, where, what to do next. It may hold words
of a server; whoever prints it cleans it.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import ClassVar

from chatcmd.language import _, marked

UNREPORTED = marked("something went wrong inside chatcmd ({fault}); the chat goes on")


class Exit(IntEnum):
    """The exit codes of every command (design: part 1.2)."""

    DONE = 0
    NO = 1
    USAGE = 2
    HISTORY = 3
    PROVIDER = 4
    HANGUP = 129
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


class ChatcmdError(Exception):
    """Anything that this program raises on purpose."""

    exit_code = Exit.NO

    @property
    def what(self) -> str:
        """What failed, without what to do next, which stands behind the last semicolon."""
        said = str(self)
        return said[: max(said.rfind("; "), said.rfind("；"))] if "; " in said or "；" in said else said


class OurFault(ChatcmdError):
    """A fault of this program, or a system with no more to give: told in one sentence, and the chat goes on.

    `during` says in a word or two of ours what was being done; `ends` that there was nothing else to do. Whoever
    begins the program sets `reported`, which reports a fault and gives the sentence.
    """

    reported: ClassVar[Callable[[BaseException, str, bool], str]] = staticmethod(
        lambda fault, _during, _ends: _(UNREPORTED).format(fault=type(fault).__name__)
    )
    unsaid: ClassVar[list["OurFault"]] = []
    """What happened where nothing could be said, such as in a thread; it is said as soon as something can."""

    def __init__(self, fault: BaseException, during: str = "", *, ends: bool = False) -> None:
        super().__init__(type(self).reported(fault, during, ends))


class UsageError(ChatcmdError):
    exit_code = Exit.USAGE


class SettingsError(UsageError):
    """One or more wrong settings; `sentences` holds one for each."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class NameRefused(UsageError):
    pass


class KeyMissing(UsageError):
    pass


class NotAttached(UsageError):
    pass


class KeyInQuestion(UsageError):
    pass


class QuestionTooLong(UsageError):
    """Persona and question need `tokens`, and only `room` of the window are free for them."""

    def __init__(
        self, tokens: int, room: int, window: int, *, at_least: bool = False, attached: Sequence[str] = ()
    ) -> None:
        self.tokens, self.room, self.window = tokens, room, window
        exactly = _(
            "the question does not fit: persona and question alone need {tokens:,} tokens, and {room:,} are free (a "
            "window of {window:,} less {reserve:,} kept for the answer); shorten it, or choose a larger model"
        )
        more = _(
            "the question does not fit: persona and question alone need at least {tokens:,} tokens, and {room:,} are "
            "free (a window of {window:,} less {reserve:,} kept for the answer); shorten it, or choose a larger model"
        )
        if attached:
            exactly = _(
                "the question does not fit: persona, question and {files} need {tokens:,} tokens, and {room:,} are "
                "free (a window of {window:,} less {reserve:,} kept for the answer); attach less, or choose a larger "
                "model"
            )
            more = _(
                "the question does not fit: persona, question and {files} need at least {tokens:,} tokens, and "
                "{room:,} are free (a window of {window:,} less {reserve:,} kept for the answer); attach less, or "
                "choose a larger model"
            )
        sentence = more if at_least else exactly
        files = _(", ").join(attached)
        super().__init__(sentence.format(tokens=tokens, room=room, window=window, reserve=window - room, files=files))


class HistoryError(ChatcmdError):
    exit_code = Exit.HISTORY


class SessionNotFound(HistoryError):
    pass


class SessionInUse(HistoryError):
    pass


class Damaged(HistoryError):
    pass


class NotSaved(HistoryError):
    pass


class ProviderError(ChatcmdError):
    """The model's side failed; `passing` when it may be well soon, `retry_after` in how many seconds as it says."""

    exit_code = Exit.PROVIDER
    passing = False
    retry_after: float | None = None


class Unreachable(ProviderError):
    pass


class TimedOut(ProviderError):
    pass


class KeyRefused(ProviderError):
    pass


class Forbidden(ProviderError):
    pass


class ModelNotFound(ProviderError):
    pass


class ContextTooLong(ProviderError):
    """The server's window is smaller than we thought: `limit` and `tokens` as it told them, None where it did not."""

    def __init__(self, sentence: str, limit: int | None = None, tokens: int | None = None) -> None:
        super().__init__(sentence)
        self.limit, self.tokens = limit, tokens


class RequestRefused(ProviderError):
    pass


class RateLimited(ProviderError):
    pass


class QuotaUsedUp(ProviderError):
    pass


class ServerFailed(ProviderError):
    pass


class NotAnAnswer(ProviderError):
    pass


class EmptyAnswer(ProviderError):
    pass


class NotRecorded(ProviderError):
    pass


class BrokenOff(ProviderError):
    pass


_SYSTEM = (
    marked("No such file or directory"), marked("No space left on device"), marked("Disk quota exceeded"),
    marked("File too large"), marked("Permission denied"), marked("Operation not permitted"),
    marked("Read-only file system"), marked("Input/output error"), marked("Not a directory"),
    marked("Is a directory"), marked("File exists"), marked("File name too long"), marked("Too many open files"),
    marked("Too many levels of symbolic links"), marked("Connection refused"), marked("Connection reset by peer"),
    marked("Connection timed out"), marked("Network is unreachable"), marked("No route to host"),
    marked("Name or service not known"), marked("Temporary failure in name resolution"),
)  # fmt: skip
"""What the system says most, in its own English; anything else stays as it says it."""


def reason(error: OSError) -> str:
    """Tell why the system refused, in the reader's language where that is known."""
    return _(error.strerror) if error.strerror else str(error)
