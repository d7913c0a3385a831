"""The benchmarks: `python -m tests.bench` measures all rows, `python -m tests.bench version prompt` those so begun.

Every row is measured beside its floor, sample by sample in turn, and judged by the medians. Exit code: 0, or 1 when a
bound is missed, or 2 when no row is called so.

`python -m tests.bench kills` and `python -m tests.bench soak` are trials, long forms of tests; see their --help.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import disk, kills, library, pure, screen, soak, start, turn
from tests.bench.measure import Bench, Result, run, table

BENCHES: tuple[Bench, ...] = (
    *start.BENCHES,
    *turn.BENCHES,
    *disk.BENCHES,
    *pure.BENCHES,
    *screen.BENCHES,
    *library.BENCHES,
)


TRIALS = {"kills": kills.main, "soak": soak.main}


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in TRIALS:
        return TRIALS[sys.argv[1]](sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure chatcmd beside its floors.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows by name or by the beginning of it (default: all)")
    parser.add_argument("--list", action="store_true", help="name the rows and their bounds, and measure nothing")
    parser.add_argument("-n", "--samples", type=int, help="samples of each row (default: each row's own number)")
    parser.add_argument("--folder", help="where the measured files go: a folder on the disk that is meant")
    arguments = parser.parse_args()
    wanted = tuple(arguments.rows) or ("",)
    benches = [bench for bench in BENCHES if any(row.name.startswith(wanted) for row in bench.rows)]
    if not benches:
        parser.error(f"no row begins with {' or '.join(wanted)}; see --list")
    if arguments.list:
        rows = [row for bench in benches for row in bench.rows if row.name.startswith(wanted)]
        print("\n".join(f"{row.name}  {row.bound or '-'}" for row in rows))
        return 0
    results = [result for result in measured(benches, arguments) if result.row.name.startswith(wanted)]
    print(table(results))
    return int(any(result.verdict == "MISSED" for result in results))


def measured(benches: list[Bench], arguments: argparse.Namespace) -> list[Result]:
    """Run the benches one after another, each in a folder of its own that goes with it."""
    results: list[Result] = []
    for bench in benches:
        print(f"measuring {', '.join(row.name for row in bench.rows)} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            results += run(bench, Path(folder), arguments.samples)
    return results


if __name__ == "__main__":
    sys.exit(main())
