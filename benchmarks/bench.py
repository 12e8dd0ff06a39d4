"""Compare our ways with plain ones, side by side.

`python benchmarks/bench.py` runs all comparisons; words after it choose those whose name contains one of them. To add
one, write two functions as `harness` describes and add a line to `COMPARISONS`.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import Entry, compare, table, write_results

RESULTS = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True)
class Comparison:
    """Two ways of doing the same thing, as import paths; `tolerance` and `repeat` as in `harness.compare`."""

    name: str
    subject: str
    baseline: str
    tolerance: float = 1e-9
    repeat: int = 5


COMPARISONS: tuple[Comparison, ...] = (
    Comparison("read the demo ledger, against pandas.read_csv", "reading:checked_ledger", "reading:parsed_files"),
    Comparison("panel of all features, against pandas by date", "panel:all_features", "panel:open_and_overdue_by_date"),
    Comparison(
        "44 indicators on 36 dates, 1 million invoices, against 6 by pandas",
        "behaviour:every_indicator",
        "behaviour:plain_indicators",
        repeat=1,
    ),
)


def main(words: Sequence[str]) -> None:
    """Run the comparisons, print their table and write results.json."""
    chosen = [one for one in COMPARISONS if not words or any(word in one.name for word in words)]
    if not chosen:
        names = "\n".join(f"  {one.name}" for one in COMPARISONS)
        sys.exit(f"No comparison has {' or '.join(words)!r} in its name; there are:\n{names}")
    entries: list[Entry] = []
    for one in chosen:
        print(f"measuring: {one.name}", flush=True)
        try:
            entries.append(compare(one.name, one.subject, one.baseline, tolerance=one.tolerance, repeat=one.repeat))
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.cmd[-1]} failed, see above; nothing was written")
    write_results(entries, RESULTS)
    print(f"\n{table(entries)}\n\nA ratio below 1: ours is faster. Written to benchmarks/{RESULTS.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
