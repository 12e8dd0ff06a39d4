"""What all ways of computing the panel share: where the ledger lies, its month ends, and how a way is measured."""

import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

MONTHS, FIRST_YEAR, EPOCH = 36, 2023, date(1970, 1, 1)
FIRST_DAYS = tuple((date(FIRST_YEAR + month // 12, month % 12 + 1, 1) - EPOCH).days for month in range(MONTHS + 1))
FIRST_DAY = FIRST_DAYS[0]
MONTH_ENDS = tuple(day - 1 for day in FIRST_DAYS[1:])
LARGEST_PRIME = 2**53 - 111  # below what a float tells apart
WHOLE = (
    *("customer_code", "day", "open_minor", "n_open", "not_due_minor", "overdue_1_30_minor", "overdue_31_60_minor"),
    *("overdue_61_90_minor", "overdue_91_minor", "overdue_max_days", "n_sales_12m", "sale_12m_minor"),
)
FRACTIONS = (
    *("days_late_mean_3m", "days_late_mean_6m", "days_late_mean_12m", "days_late_trend_3m"),
    *("overdue_slope_6m", "dso_countback_days"),
)
HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("RISKRESEARCH_BENCH_FOLDER", Path(tempfile.gettempdir()) / "riskresearch-bench"))
Write = Callable[..., None]
Prepare = Callable[..., Callable[[], Callable[[], float]]]


def acts_file(n_invoices: int, seed: int = 1) -> Path:
    """Path of the acts of a ledger of this size; `panel_ledger.ledger_file` writes it."""
    return FOLDER / f"acts_{n_invoices}_{seed}_{version([HERE / 'panel_ledger.py'])}.parquet"


def version(sources: Sequence[Path]) -> str:
    """Return a short digest of source files, so that what an older version of them made is not taken for new."""
    return sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:8]


def prepared(write: Write) -> Prepare:
    """Return what `harness` asks of a way: told a number of invoices and options, it gives the call to be measured.

    The call computes the panel of the ledger of that size; its answer is the digest of the file it wrote.
    """

    def prepare(n_invoices: int, **options: int | str) -> Callable[[], Callable[[], float]]:
        source = acts_file(n_invoices)
        words = [write.__module__, write.__name__, *map(str, options.values()), f"of_{n_invoices}.parquet"]
        target = FOLDER / "_".join(words)

        def call() -> Callable[[], float]:
            write(source, target, **options)
            return lambda: digest(target)

        return call

    return prepare


def digest(panel: Path, whole: Sequence[str] = WHOLE, fractions: Sequence[str] = FRACTIONS) -> float:
    """Return a number that changes with any bit of any value of the panel, whatever the order of its rows."""
    import duckdb  # only some of the ways need it

    values = [f'"{name}"::bigint' for name in whole] + [f'"{name}"::double' for name in fractions]
    query = f"select sum(hash({', '.join(values)})) % {LARGEST_PRIME} from read_parquet($1)"
    with duckdb.connect() as connection:
        return float(connection.execute(query, [str(panel)]).fetchall()[0][0])
