"""Compare our ways with plain ones, side by side.

`python benchmarks/bench.py` runs all comparisons; words after it choose those whose name contains one of them. To add
one, write two or more functions as `harness` describes and add a line to `COMPARISONS`.

Ledgers of 1 and 10 million invoices are made once and kept in the folder RISKRESEARCH_BENCH_FOLDER (where nothing is
said, in the system's folder for temporary files); they, the panels and what DuckDB spills need about 6 GB there.
"""

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import insurance_losses
import insurance_policies
from harness import Race, Way, growth, race, table, write_results

RESULTS = Path(__file__).resolve().parent / "results.json"
LIMIT_MB = 1500
AUC_TOLERANCE = 0.02
SMALL, LARGE = 1_000_000, 10_000_000
PANEL, FEATURES = "panel of 16 columns on 36 month ends", "all features on 36 month ends"


@dataclass(frozen=True)
class Comparison:
    """Ways of doing the same thing, ours first.

    Parameters
    ----------
    name : what is done, for the reader
    ways : the ways
    repeat : rounds that count
    n_invoices : size of the ledger that `made_by` makes before, unmeasured; it stays for the next run
    made_by : import path of a function of `n_invoices`
    """

    name: str
    ways: tuple[Way, ...]
    repeat: int = 5
    n_invoices: int = 0
    made_by: str = ""

    def prepare(self) -> None:
        """Make the ledger that all ways read."""
        if self.made_by:
            module, function = self.made_by.split(":")
            getattr(import_module(module), function)(self.n_invoices)


def sized(name: str, n_invoices: int) -> str:
    """Return the name of a comparison on a ledger of this size."""
    return f"{name}, {n_invoices // 1_000_000} million invoices"


def of_panel(n_invoices: int, *, repeat: int, pandas_rounds: int | None = None, also: Sequence[Way] = ()) -> Comparison:
    """Return the comparison of the panel on a ledger of this size; all panels must be equal to the last bit."""
    size = {"n_invoices": n_invoices}
    ways = (
        Way("ours on DuckDB", "panel_ours:deltas", size, tolerance=0),
        Way("hand-written SQL on DuckDB", "panel_sql:deltas", size, tolerance=0),
        Way("ours on Polars", "panel_ours:deltas", {**size, "engine": "polars"}, tolerance=0),
        Way("Polars", "panel_polars:deltas", size, tolerance=0),
        Way("pandas group-by and NumPy", "panel_pandas:deltas", size, rounds=pandas_rounds, tolerance=0),
        Way("only reading the columns", "panel_read:columns", size, tolerance=math.inf),
        *also,
    )
    return Comparison(sized(PANEL, n_invoices), ways, repeat, n_invoices, "panel_ledger:ledger_file")


def of_features(n_invoices: int, *, repeat: int, also: Sequence[Way] = ()) -> Comparison:
    """Return the comparison of all features with reading what they are made of."""
    size = {"n_invoices": n_invoices}
    ways = (
        Way("ours on DuckDB", "panel_registry:features", size, tolerance=0),
        Way("only reading the acts", "panel_registry:reading", size, tolerance=math.inf),
        *also,
    )
    return Comparison(sized(FEATURES, n_invoices), ways, repeat, n_invoices, "panel_registry:ledger_folder")


def limited(name: str, path: str, n_invoices: int) -> Way:
    """Return a way that may use only `LIMIT_MB` for its data."""
    return Way(
        f"{name} within {LIMIT_MB:,} MB", path, {"n_invoices": n_invoices, "memory_limit_mb": LIMIT_MB}, tolerance=0
    )


def of_fit(n_rows: int) -> Comparison:
    """Return the comparison of one fit of the champion with scikit-learn, on one thread; the AUCs must be close."""
    size, every = {"n_rows": n_rows}, {"n_rows": n_rows, "feature_ratio": 1}
    ways = (
        Way("LightGBM as the champion", "model_fit:champion", size),
        Way("the same, all features in every tree", "model_fit:champion", every, tolerance=AUC_TOLERANCE),
        Way("scikit-learn, plain", "model_fit:plain_scikit_learn", size, tolerance=AUC_TOLERANCE),
        Way("scikit-learn, settings of the champion", "model_fit:alike_scikit_learn", size, tolerance=AUC_TOLERANCE),
        Way(
            "champion with its later blocks", "model_fit:champion_with_blocks", size, rounds=1, tolerance=AUC_TOLERANCE
        ),
    )
    return Comparison(f"fit of the champion, {n_rows:,} rows × 60 features, one thread", ways, repeat=3)


def of_contributions(n_rows: int, *, repeat: int, slow_rounds: int | None = None) -> Comparison:
    """Return the comparison of exact contributions, which must be equal, with LightGBM, shap and only scoring."""
    size = {"n_rows": n_rows}
    ways = (
        Way("ours, tables made and looked up", "treeshap:tables", size),
        Way("LightGBM pred_contrib", "treeshap:light_gbm", size, rounds=slow_rounds),
        Way("shap.TreeExplainer", "treeshap:tree_explainer", size, rounds=slow_rounds),
        Way("only scoring", "treeshap:scores", size, tolerance=math.inf),
    )
    return Comparison(
        f"contributions of {n_rows:,} rows × 40 features, 300 trees × 31 leaves, one thread", ways, repeat
    )


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "read the demo ledger", (Way("ours", "reading:checked_ledger"), Way("pandas.read_csv", "reading:parsed_files"))
    ),
    Comparison(
        "panel of the demo",
        (
            Way("ours, all features", "panel:all_features"),
            Way("pandas, five amounts by date", "panel:open_and_overdue_by_date"),
        ),
    ),
    Comparison(
        "payment indicators on 36 dates, 1 million invoices",
        (
            Way("ours, all indicators", "behaviour:every_indicator"),
            Way("pandas, 6 indicators", "behaviour:plain_indicators"),
        ),
        repeat=1,
    ),
    of_fit(100_000),
    of_contributions(5_000, repeat=3, slow_rounds=1),
    of_contributions(100_000, repeat=3, slow_rounds=1),
    of_panel(
        SMALL,
        repeat=5,
        also=[Way("plain definition in SQL", "panel_sql:definition", {"n_invoices": SMALL}, rounds=1, tolerance=0)],
    ),
    of_panel(
        LARGE,
        repeat=3,
        pandas_rounds=1,
        also=[
            limited("ours on DuckDB", "panel_ours:deltas", LARGE),
            limited("hand-written SQL on DuckDB", "panel_sql:deltas", LARGE),
        ],
    ),
    of_features(SMALL, repeat=5),
    of_features(LARGE, repeat=3, also=[limited("ours on DuckDB", "panel_registry:features", LARGE)]),
    *(Comparison(name, ways) for name, ways in (*insurance_losses.RACES, *insurance_policies.RACES)),
)


def main(words: Sequence[str]) -> None:
    """Run the comparisons, print their tables and write results.json."""
    chosen = [one for one in COMPARISONS if not words or any(word in one.name for word in words)]
    if not chosen:
        names = "\n".join(f"  {one.name}" for one in COMPARISONS)
        sys.exit(f"No comparison has {' or '.join(words)!r} in its name; there are:\n{names}")
    races: list[Race] = []
    for one in chosen:
        print(f"measuring: {one.name}", flush=True)
        one.prepare()
        try:
            races.append(race(one.name, one.ways, repeat=one.repeat))
        except subprocess.CalledProcessError as error:
            sys.exit(f"{' '.join(error.cmd[-2:])} failed, see above; nothing was written")
        print(f"{table(races[-1])}\n", flush=True)
    grown = grown_times(races)
    write_results(races, grown, RESULTS)
    for name, times in grown.items():
        print(f"{name}, seconds from 1 to 10 million invoices: {', '.join(f'{w} ×{t:.1f}' for w, t in times.items())}")
    print(f"Ratio: seconds of the first way over those of this one. Written to benchmarks/{RESULTS.name}")


def grown_times(races: Sequence[Race]) -> dict[str, dict[str, float]]:
    """Return by how much seconds grow from the small to the large ledger, where both were measured."""
    named = {one.name: one for one in races}
    pairs = {name: (named.get(sized(name, SMALL)), named.get(sized(name, LARGE))) for name in (PANEL, FEATURES)}
    return {name: growth(small, large) for name, (small, large) in pairs.items() if small and large}


if __name__ == "__main__":
    main(sys.argv[1:])
