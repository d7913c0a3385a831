"""The matrix of faults: what can go wrong, what is promised for it, and how it is played."""

from collections.abc import Mapping
from dataclasses import dataclass, field

INVARIANTS = {
    "I1": "nothing acknowledged is lost",
    "I2": "no traceback is shown",
    "I3": "the key is in no byte written anywhere, nor among the arguments of the process",
    "I4": "only text and sequences of our own reach the terminal; only text goes into a pipe",
    "I5": "the terminal's modes at the end are those of before",
    "I6": "once the fault is over the next question is answered",
    "I7": "no process, connection, descriptor or temporary file is left",
    "I8": "the exit code is a documented one, and the one that this end has",
}

_KILLED = {
    "I5": "what is killed so restores nothing",
    "I8": "the kernel gives the code",
    "I6": "the next start answers",
}


@dataclass(frozen=True)
class Row:
    """One fault. `replies` are the server's, by name; `without` are invariants that it cannot have, and why."""

    number: int
    fault: str
    promise: str
    method: str
    replies: tuple[str, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)


_ALL = (
    Row(
        1,
        "no server there, or no such host",
        "one sentence with host and cause; the question is given back, and works when it is sent again",
        "a service on a port where nobody listens, and one whose name is no name; both in one chat",
    ),
    Row(
        2,
        "no headers come",
        "the wait can be seen; Ctrl-C ends it at once; after the time-out a sentence says so",
        "a server that takes the question and is silent; Ctrl-C, then a time-out of a second",
        ("hang_headers",),
    ),
    Row(
        3,
        "silence in mid-answer",
        "what came is kept and marked incomplete",
        "a server that stops speaking after some words, and a time-out of a second",
        ("hang_mid",),
    ),
    Row(
        4,
        "the connection is cut in mid-answer",
        "what came is kept and marked incomplete",
        "a reset, an end within a chunk, a body shorter than announced; one after another in one chat",
        ("rst_mid", "cut_chunked", "short_len"),
    ),
    Row(
        5,
        "the stream ends well, and says nowhere that the answer is whole",
        "what came is kept and marked incomplete, never complete",
        "proper ends without a finish; a finish whose last event lacks its blank line is a finish",
        ("cut_clean", "eof_nolen", "last_no_blank"),
    ),
    Row(6, "finished, but no [DONE]", "complete, without a warning", "such a stream", ("no_done",)),
    Row(
        7,
        "the stream holds what is no chunk",
        "what came is kept, one line says what is wrong, and the next turn works",
        "broken JSON, bytes that are no UTF-8, a list, nothing; one after another in one chat",
        ("bad_json", "bad_utf8", "data_list", "data_empty"),
    ),
    Row(
        8,
        "an error inside the stream",
        "the server's words are shown, cleaned",
        "an error as an object, as text and as an event, and one full of escape sequences",
        ("err_obj", "err_str", "err_event"),
    ),
    Row(
        9,
        "status 200 with a web page, or with an error as JSON",
        "it is said that this is no chat answer, and what it is; there is never an empty answer",
        "both, one after the other",
        ("200html", "200errjson"),
    ),
    Row(
        10,
        "the key is refused, or may not do this",
        "where the key stands is said, the key never; asked once only",
        "401 and 403, and a 401 that repeats the whole key",
        ("401", "403"),
    ),
    Row(
        11,
        "no such model",
        "the model is named, and where models are chosen",
        "404 for a model that the server does not have; the next model is asked in the same chat",
        ("404",),
    ),
    Row(
        12,
        "the request is too long for the server's window",
        "the limit is learned from the refusal, less is sent once more, and what left is said; else it is given back",
        "a refusal with numbers, once and for ever",
        ("400ctx",),
    ),
    Row(13, "the quota is used up", "asked once only, and said plainly", "429 for a quota", ("429quota",)),
    Row(
        14,
        "too many requests",
        "a countdown that can be ended, as many tries as promised, and a longer wait is only reported",
        "429 with 1 second to wait, with 90 (Ctrl-C), with 600 (not waited for), and for ever (three tries)",
        ("429ra1", "429ra90", "429ra600"),
    ),
    Row(
        15,
        "the server fails",
        "tried again, three times at most, and only before the first word",
        "500 and a 502 as a web page for ever, 500 once, one behind the first word, one that will not pass",
        ("500", "502html", "flaky1", "err_obj", "500for_good"),
    ),
    Row(
        16,
        "a redirect to another host",
        "refused: nothing is sent there",
        "every kind of redirect to a second server, which hears nothing",
        ("307out",),
    ),
    Row(
        17,
        "proxy variables that are wrong",
        "one readable sentence, and the exit code of wrong settings",
        "a table of values: no address, no port, unknown schemes, a proxy that is not there",
    ),
    Row(
        18,
        "foreign OPENAI_* variables",
        "they send neither key nor question elsewhere, nor add a header",
        "headers, organisation, project and another key and address in the environment; both servers' logs are read",
    ),
    Row(
        19,
        "chunks without a choice or a delta",
        "passed over; the answer is whole",
        "empty choices, a null delta, no choices at all",
        ("empty_choices", "null_delta", "no_choices"),
    ),
    Row(
        20,
        "cut at the longest length, or by a content filter",
        "it is said, and stored with the answer",
        "both ends, one after the other",
        ("len", "filter"),
    ),
    Row(
        21,
        "an endless or a huge answer",
        "cut at its largest, which is said; the memory stays bounded, and Ctrl-C works meanwhile",
        "a drip without end (Ctrl-C), 64 MB of text, and one line of 5 MB",
        ("slow1", "flood", "huge_line"),
    ),
    Row(
        22,
        "Ctrl-C before the headers, in mid-answer, in the wait before another try",
        "the prompt is back, the connection closed, and what came is kept",
        "all three in one chat, while the server goes on holding the connection",
        ("hang_headers", "hang_mid", "429ra90"),
    ),
    Row(
        23,
        "Ctrl-C twice, or while something is saved",
        "it leaves, and what is saved is whole",
        "Ctrl-C behind commands that save, at steps of time that were drawn; then twice at the prompt",
    ),
    Row(
        24,
        "escape sequences in an answer, split over pieces",
        "nothing but harmless text reaches the terminal",
        "the whole hostile corpus as answers, cut at random places, shown as Markdown and as written",
    ),
    Row(
        25,
        "hostile text in an error, a model's name, a title, a file name, the history",
        "nothing but harmless text reaches the terminal",
        "the whole hostile corpus in each of these places, in one chat and in a pipe",
    ),
    Row(
        26,
        "markup and Markdown that take long",
        "shown soon, without an exception",
        "lines of 100 kB, deep lists, quotes and brackets, wide tables, rich's markup",
    ),
    Row(
        27,
        "half characters, NUL, line separators, in and out",
        "a half becomes a replacement character; everything else is stored and loaded as it was",
        "in an answer and in a question through a pipe, read back from the file and sent again",
        ("lone_surrogate",),
    ),
    Row(
        28,
        "kill -9 at any moment",
        "nothing acknowledged is lost; the next start recovers it and offers to go on",
        "killed at the prompt, in mid-answer and while it saves",
        ("hang_mid",),
        without=_KILLED,
    ),
    Row(
        29,
        "power is cut",
        "what was synced is there",
        "killed at the prompt; every file is then cut to the length that it had when it was synced last",
        without=_KILLED,
    ),
    Row(
        30,
        "the journal's last line is torn",
        "all earlier records are read, and it is said",
        "a killed chat's journal cut at places of its last line; the next start recovers it",
        without=_KILLED,
    ),
    Row(
        31,
        "damaged files in the history",
        "what can be read is read; the original is kept as it was",
        "a bad byte, an empty file, binary, a BOM, 100,000 brackets, double keys, a newer format; all in one history",
    ),
    Row(
        32,
        "the disk is full",
        "the chat goes on, it is said once, no file is torn, and earlier files stay",
        "a limit on the size of files, reached before and in the middle of a session",
        without={"I1": "what the program said it could not save is not acknowledged"},
    ),
    Row(
        33,
        "the disk reports an error of input or output",
        "the record counts as not written, and is written anew",
        "fsync of the journal fails once (and the file below it loses what was not synced); fsync fails for good",
    ),
    Row(
        34,
        "the history's folder cannot be written, or goes away",
        "a warning, the chat goes on in memory, and the folder is made anew when that works",
        "a folder without rights to write at the start; a folder removed while the chat runs",
    ),
    Row(
        35,
        "wrong rights, or links in place of files",
        "refused or mended; whatever the umask, only the owner can read",
        "umask 000 and 077, a session and a key file that are links",
    ),
    Row(36, "two programs, one session", "the second is refused; nothing is mixed", "a second start while one is open"),
    Row(
        37,
        "what a killed program had locked",
        "there is no stale lock",
        "a chat is killed with its session open, which is then resumed",
        without=_KILLED,
    ),
    Row(
        38,
        "the clock jumps",
        "order and ids stay sound",
        "a chat in 1970, then in 2100, then in 2026, each with a jump back in mid-session; time zones with summer time",
    ),
    Row(
        39,
        "a huge history",
        "it starts and lists at once, and its memory is bounded",
        "1,000 sessions and one of 20 MB; the figures of 10,000 sessions are the benchmark's",
    ),
    Row(
        40,
        "SIGTERM, SIGHUP: idle, in mid-answer, while saving",
        "all is saved, the terminal is as it was, exit code 143 or 129",
        "each signal at a moment of each kind",
        ("hang_mid",),
        without={"I6": "the program has ended; the next start answers"},
    ),
    Row(
        41,
        "the terminal vanishes, or the reader of a pipe goes away",
        "saved, and a quiet end",
        "the terminal is closed while idle and in mid-answer; `| head -n 1`",
        ("hang_mid",),
        without={"I5": "there is no terminal any more", "I6": "the program has ended; the next start answers"},
    ),
    Row(
        42,
        "the window changes all the time, and is of one cell or of none",
        "no exception, and the chat goes on",
        "60 sizes, 1x1 and 0x0 among them, while a question is typed and while an answer comes",
    ),
    Row(
        43,
        "a megabyte is pasted, with and without paste marks",
        "the exact text, and nothing is sent by itself",
        "both ways, taken away unsent; then lines with marks, sent as one question",
    ),
    Row(
        44,
        "a pipe without a last line end, and output into a file",
        "every line is used, no escape sequences, the documented exit code",
        "lines through a pipe and into a file, the last one without its end; a failed question among them",
        ("401",),
    ),
    Row(
        45,
        "poor terminals and locales",
        "it works, and does not stop",
        "TERM dumb and unknown, LC_ALL=C, bytes that are no UTF-8, NO_COLOR",
    ),
    Row(
        46,
        "a key file that is wrong",
        "it is said exactly what to mend; the key is not shown",
        "a table: a line break, a blank, other letters, nothing, open to others, not there, no JSON",
    ),
    Row(
        47,
        "an exception in our own code",
        "the session is saved, a report without secrets is written, and the prompt is there again",
        "a step of a turn and a command that raise; the report is read",
    ),
    Row(
        48,
        "secrets",
        "the key is in nothing that is written",
        "every output that there is: status, help, JSON, exports, lists, a refusal that repeats the key; all searched",
    ),
    Row(
        49,
        "no memory, no descriptors, no threads",
        "a sentence, and what was said is saved",
        "each limit taken in the middle of a chat or at its start",
    ),
)

ROWS: Mapping[int, Row] = {row.number: row for row in _ALL}
