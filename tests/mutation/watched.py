"""The modules that must not be wrong, and the tests that watch each of them."""

from msgspec import Struct


class Watch(Struct, frozen=True):
    """Tests that tell most, the quickest first, and those that are only asked of mutants which survive them."""

    quick: tuple[str, ...]
    thorough: tuple[str, ...] = ()

    @property
    def tests(self) -> tuple[str, ...]:
        return self.quick + self.thorough


WATCHED = {
    "clean": Watch(("tests/terminal/test_clean.py",)),
    "conversation/window": Watch(
        ("tests/conversation/test_window.py",), ("tests/test_meter.py", "tests/provider/test_window_promise.py")
    ),
    "history/file": Watch(
        (
            "tests/history/test_file.py",
            "tests/history/test_saved_file.py",
            "tests/history/test_upgrade.py",
            "tests/history/test_message_file.py",
            "tests/history/test_edges.py",
        ),
        ("tests/history/test_verify.py", "tests/history/test_damaged_file.py", "tests/history/test_power_cut.py"),
    ),
    "history/disk": Watch(
        (
            "tests/history/test_disk.py",
            "tests/history/test_saved_file.py",
            "tests/history/test_journal.py",
            "tests/history/test_trial.py",
        ),
        (
            "tests/history/test_power_cut.py",
            "tests/history/test_disk_trouble.py",
            "tests/history/test_broken_disk.py",
        ),
    ),
    "history/journal": Watch(
        (
            "tests/history/test_journal_measures.py",
            "tests/history/test_journal.py",
            "tests/history/test_recovery.py",
            "tests/history/test_journal_machine.py",
            "tests/history/test_two_processes.py",
        ),
        (
            "tests/history/test_power_cut.py",
            "tests/history/test_disk_trouble.py",
            "tests/history/test_broken_disk.py",
        ),
    ),
}
