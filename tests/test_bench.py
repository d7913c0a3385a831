"""The benchmarks' command: it has every row that was promised, and measures one when asked to."""

from tests.terminal_driver import PYTHON, Finished, run

BENCH = [PYTHON, "-m", "tests.bench"]

# What the program promises to keep, with the bounds; the other rows are there to be watched.
BOUNDS = {
    "version": "<= 2x",
    "prompt.name.offline": "<= 1.2x",
    "prompt.name.key": "<= 1.2x",
    "prompt.user.offline": "<= 1.2x",
    "prompt.user.key": "<= 1.2x",
    "prompt.name.history": "<= 1.25x",
    "turn.request": "<= floor + 5",
    "turn.first": "<= floor + 1.5",
    "turn.prompt": "<= floor + 6",
    "ask": "<= 1.2x",
    "markdown.2000": "<= 2x",
    "markdown.bytes": "<= 1.2x",
    "markdown.20000": "<= 12x",
    "markdown.128000": "<= 76.8x",
    "chat.500.turn": "<= 1.5x",
    "chat.500.memory": "<= 110",
    "window.4096": "<= 1000",
    "window.128000": "<= 1000",
    "history.list": "<= 2.5x + 50",
    "history.search": "<= 2.5x + 50",
    "history.search.chinese": "<= 2.5x + 50",
    "history.show": "<= 2.5x + 50",
    "history.memory": "<= 100",
    "library.list": "<= 15",
    "library.search": "<= 15",
    "library.search.chinese": "<= 15",
    "library.show": "<= 15",
    "history.index": "<= 200",
    "history.index.memory": "<= 100",
}
WATCHED = {
    *(
        "prompt.name.crowd",
        "chat.500.peak",
        "turn.peak",
        "turn.memory",
        "journal.turn",
        "history.recover",
        "history.users",
        "answer.chunk",
        "library.search.common",
        "library.search.common.chinese",
    ),
    *(f"turn.{how}.{what}" for how in ("counted", "long") for what in ("request", "first", "prompt", "peak", "memory")),
    *(f"clean.{text}.{size}" for text in ("ascii", "mixed") for size in ("megabyte", "piece")),
    *(f"vocabulary.{name}.{what}" for name in ("cl100k_base", "o200k_base") for what in ("load", "count")),
    "window.128000.short",
}


def bench(*words: str) -> Finished:
    return run([*BENCH, *words])


def test_every_promised_row_is_there_with_its_bound() -> None:
    listed = dict(line.split("  ") for line in bench("--list").out.splitlines())
    assert listed == BOUNDS | dict.fromkeys(WATCHED, "-")


def test_a_row_is_measured_beside_its_floor_as_often_as_asked() -> None:
    finished = bench("journal", "--samples", "3")
    assert finished.code == 0, finished.err
    head, row = finished.out.splitlines()
    assert " ".join(head.split()) == "row n unit median min floor min ratio more bound verdict floor is; note"
    name, samples, unit, *numbers = row.split()[:7]
    assert (name, samples, unit) == ("journal.turn", "3", "µs")
    ours, least, floor, least_floor = map(float, numbers)
    assert ours >= least > 0
    assert floor >= least_floor > 0


def test_a_row_that_there_is_not_is_refused() -> None:
    finished = bench("speed")
    assert finished.code == 2
    assert "no row begins with speed; see --list" in finished.err
