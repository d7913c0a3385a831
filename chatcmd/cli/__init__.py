"""The shell commands: argv in, exit code out. Nothing heavy is imported before it is needed."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import EIO

from chatcmd import __version__

COMMANDS = ("chat", "ask", "history", "replay", "doctor")
HELPS = (["--help"], ["-h"], ["help"])
LANG = "--lang"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names (default: the process's arguments) and return its exit code."""
    lang, words = split(sys.argv[1:] if argv is None else argv)
    try:
        if words in (["--version"], ["-V"]):
            _tell(f"chatcmd {__version__}\n")
            return 0
        speaks = _speak(lang)
        if words[:1] in HELPS and words[1:] in ([name] for name in COMMANDS):
            words = [words[1], "--help"]
        if speaks and words in HELPS:
            from chatcmd.cli import overview, page  # noqa: PLC0415 - needed for this alone

            _tell(overview.overview(page.width() - 1))
            return 0
        _mend_streams()
        name = words.pop(0) if words and words[0] in COMMANDS else "chat"
        return _run(name, [*lang, *words], alone=argv is None)
    except BrokenPipeError:
        _to_nowhere("stdout")
        return 141
    except KeyboardInterrupt:  # before the chat has begun to listen
        return 130
    except Exception as error:  # of the system, mostly put into words where it happens; or of ours
        words = split(sys.argv[1:] if argv is None else argv)[1]
        return _told(error) if isinstance(error, OSError) else _failed(error, words)


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take every --lang with its value out of a command line, wherever it stands: those words, and the rest."""
    lang: list[str] = []
    rest: list[str] = []
    coming = iter(argv)
    for word in coming:
        value = next(coming, None) if word == LANG else None
        if value is not None:
            lang += [word, value]
        elif word.startswith(f"{LANG}="):
            lang.append(word)
        elif word == "--":  # from here on all are words of a question
            rest += [word, *coming]
        else:
            rest.append(word)
    return lang, rest


def _speak(lang: Sequence[str]) -> bool:
    """Speak the language of flag and environment, so that what is wrong is said in it; False for one there is not."""
    from chatcmd.settings.language import LANGUAGES, VARIABLE, chosen, use  # noqa: PLC0415 - not needed for --version

    named = [word.removeprefix(f"{LANG}=") for word in lang if word != LANG]
    use(chosen(named[-1] if named else None, os.environ.get(VARIABLE), os.environ))
    return all(name in LANGUAGES for name in named)


def _mend_streams() -> None:
    """Take the standard streams as they ought to be: closed ones hold and keep nothing, and all of them wait."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            os.set_blocking(descriptor, True)  # some programs that start others leave them otherwise


def _tell(text: str) -> None:
    """Write to standard output, now, if there is one; raises BrokenPipeError."""
    try:
        if sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from chatcmd.errors import reason  # noqa: PLC0415 - not needed for --version
        from chatcmd.language import _  # noqa: PLC0415 - not needed for --version

        _note(_("chatcmd: standard output cannot be written: {reason}").format(reason=reason(error)) + "\n")
        _to_nowhere("stdout")
        raise SystemExit(1) from None


def _run(name: str, words: list[str], *, alone: bool) -> int:
    """Do what a command's words say; `alone` where this process is the program's."""
    from chatcmd.cli import fault  # noqa: PLC0415 - not needed for --version
    from chatcmd.errors import ChatcmdError, OurFault  # noqa: PLC0415 - not needed for --version

    with fault.reported(words, alone=alone):
        try:
            return _called(name, words)
        except ChatcmdError as error:
            _say(error)
            return int(error.exit_code)
        finally:
            while OurFault.unsaid:
                _say(OurFault.unsaid.pop(0))


def _called(name: str, words: list[str]) -> int:
    if name == "ask":
        from chatcmd.cli import ask

        return ask.run(words)
    if name == "history":
        from chatcmd.cli import history

        return history.run(words)
    if name == "replay":
        from chatcmd.cli import replay

        return replay.run(words)
    if name == "doctor":
        from chatcmd.cli import doctor

        return doctor.run(words)
    from chatcmd.cli import chat

    return chat.run(words)


def _failed(error: Exception, words: Sequence[str]) -> int:
    """Say that something is wrong with this program itself, and return the exit code."""
    from chatcmd.cli import fault  # noqa: PLC0415 - few runs need it
    from chatcmd.errors import OurFault  # noqa: PLC0415 - few runs need it

    with fault.reported(words):
        name = words[0] if words and words[0] in COMMANDS else "chat"
        _say(OurFault(error, f"chatcmd {name}", ends=True))
    return int(OurFault.exit_code)


def _say(error: Exception) -> None:
    from chatcmd.cells import wrapped  # noqa: PLC0415 - not needed for --version
    from chatcmd.clean import clean  # noqa: PLC0415 - not needed for --version
    from chatcmd.cli.page import width  # noqa: PLC0415 - not needed for --version

    for sentence in str(error).splitlines():
        line = f"chatcmd: {clean(sentence)}"
        lines = wrapped(line, width(sys.stderr) - 1) if sys.stderr.isatty() else [line]
        _note("".join(f"{each}\n" for each in lines))


def _told(error: OSError) -> int:
    """Say what the system refused, and return the exit code."""
    from chatcmd.errors import reason  # noqa: PLC0415 - not needed for --version
    from chatcmd.language import _  # noqa: PLC0415 - not needed for --version

    what = ascii(error.filename) if error.filename else _("the system")
    if not _note(f"chatcmd: {what}: {reason(error)}\n") and error.errno == EIO:  # the terminal has vanished
        _to_nowhere("stdout")
        return 129
    return 3 if error.filename else 1


def _note(text: str) -> bool:
    """Write to standard error; False when nobody is there to be told."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _to_nowhere("stderr")
        return False
    return True


def _to_nowhere(name: str) -> None:
    from chatcmd.terminal.writer import to_nowhere  # noqa: PLC0415 - not needed for --version

    to_nowhere(getattr(sys, name))
