"""Reports of our own faults: what they hold, what they never hold, and that they cost nothing."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chatcmd.clean import clean
from chatcmd.cli.fault import Reporter
from chatcmd.errors import HistoryError, OurFault
from chatcmd.fault import MOST_REPORTS, Reports, described, sentence
from chatcmd.settings.secret import Secret

KEY = Secret("sk-CANARY-fault-0123456789abcdef")
SAID = "a word that was said"


def raised(fault: BaseException) -> BaseException:
    """Raise it where a local variable holds what must not be told."""
    local = f"{SAID} {KEY.reveal()}"
    try:
        assert local
        raise fault
    except BaseException as caught:
        return caught


def from_package(words: object) -> BaseException:
    """Give a fault that comes out of the package itself."""
    try:
        clean(words)  # type: ignore[arg-type]
    except AttributeError as fault:
        return fault
    raise AssertionError(words)


def test_report_tells_versions_what_was_done_and_our_own_lines(tmp_path: Path) -> None:
    path = Reports(tmp_path / "logs").write(from_package(7), "/model")
    assert path is not None
    text = path.read_text()
    for told in (
        "chatcmd 0",
        "while: /model\n",
        "\nPython 3.",
        "\nprompt_toolkit 3",
        "AttributeError: 'int' object has no attribute",
        "  chatcmd/clean.py:",
        " in clean\n    return _thin(text.translate(_BECOMES))\n",
        "  test_fault.py:",
    ):
        assert told in text
    assert str(Path.home()) not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    "fault",
    [
        ValueError(SAID),
        KeyError(SAID),
        RuntimeError(KEY.reveal()),
        UnicodeEncodeError("utf-8", SAID, 0, 1, SAID),
        HistoryError(SAID),
        OSError(5, "Input/output error", SAID),
        type("NameError", (NameError,), {})(SAID),
        ExceptionGroup(SAID, [ValueError(SAID), KeyError(SAID)]),
        TypeError(f"Bearer {KEY.reveal()}"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_report_holds_nothing_that_was_said_and_no_key(tmp_path: Path, fault: Exception) -> None:
    fault.add_note(SAID)
    fault.__cause__ = raised(LookupError(SAID))
    path = Reports(tmp_path).write(raised(fault), "a question")
    assert path is not None
    text = path.read_text()
    assert SAID not in text
    assert KEY.reveal() not in text
    assert type(fault).__name__ in text
    assert "while handling: LookupError\n" in text


def test_sentence_shows_the_fault_without_a_key() -> None:
    assert described(ValueError(f"odd key {KEY.reveal()}")) == "ValueError: odd key ••••"
    assert described(ValueError()) == "ValueError"
    assert len(described(ValueError("x" * 5_000))) < 250


def test_report_is_its_owners_alone_whatever_the_folder_was(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    path = Reports(folder).write(raised(ValueError()), "")
    assert path is not None
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, folder)] == [0o600, 0o700]


def test_same_fault_is_written_down_once_and_old_reports_make_room(tmp_path: Path) -> None:
    for number in range(MOST_REPORTS + 3):
        (tmp_path / f"fault-19990101T000000.{number:06}Z.txt").write_text("old")
    reports = Reports(tmp_path)
    written = {reports.write(raised(ValueError(str(number))), "") for number in range(5)}
    assert len(written) == 1
    assert len(list(tmp_path.iterdir())) == MOST_REPORTS
    assert written < set(tmp_path.iterdir())


def test_deep_recursion_makes_a_short_report(tmp_path: Path) -> None:
    def deeper() -> None:
        deeper()

    with pytest.raises(RecursionError) as caught:
        deeper()
    path = Reports(tmp_path).write(caught.value, "")
    assert path is not None
    assert " more\n" in path.read_text()
    assert path.read_text().count("\n") < 100


def in_the_way(folder: Path) -> None:
    folder.write_text("a file where the folder should be")


def full(folder: Path) -> None:
    folder.symlink_to("/dev/full")


@pytest.mark.parametrize("spoil", [in_the_way, full])
def test_report_that_cannot_be_written_costs_only_itself(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / "logs")
    reports = Reports(tmp_path / "logs")
    assert reports.write(raised(ValueError()), "") is None
    said = sentence(raised(ValueError(SAID)), "", reports, ends=False)
    assert said == f"something went wrong inside chatcmd (ValueError: {SAID}); the chat goes on"


@pytest.mark.parametrize(("ends", "what"), [(False, "the chat goes on, keep"), (True, "keep")])
def test_whoever_meets_a_fault_is_told_to_keep_the_report_that_is_there(
    tmp_path: Path, *, ends: bool, what: str
) -> None:
    said = sentence(raised(KeyError()), "", Reports(tmp_path), ends=ends)
    (report,) = tmp_path.iterdir()
    assert said == (
        f"something went wrong inside chatcmd (KeyError); {what} the report {report} for whoever mends it: it holds "
        "nothing that was said, and no key"
    )


@pytest.mark.faults(49)
@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (MemoryError(), "no memory is left"),
        (OSError(24, "Too many open files"), "too many open files"),
        (RuntimeError("can't start new thread"), "no thread can be started"),
    ],
)
def test_system_with_no_more_to_give_is_no_fault_of_ours(tmp_path: Path, fault: Exception, what: str) -> None:
    said = Reporter(["--root", str(tmp_path)])(fault, "a question", ends=False)
    assert said == f"the system has no more to give ({what}); close what is not needed, and try again"
    assert list(tmp_path.iterdir()) == []


def test_fault_that_nobody_reports_is_told_by_its_class() -> None:
    assert SAID not in str(OurFault(ValueError(SAID)))
    assert "(ValueError)" in str(OurFault(ValueError(SAID)))
