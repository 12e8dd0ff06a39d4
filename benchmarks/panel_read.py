"""The bound of every way of computing the panel: DuckDB reads the columns it needs, and nothing more."""

from collections.abc import Callable

import duckdb

from panel_task import acts_file

COLUMNS = (
    *("customer_code", "day", "due_day", "open_minor", "n_open", "open_after_minor", "until_day"),
    *("sale_minor", "n_sale", "timed_minor", "late_days_minor"),
)


def columns(n_invoices: int) -> Callable[[], float]:
    """Return a call that reads all acts of the ledger of this size and gives the number of them."""
    source = acts_file(n_invoices)
    sums = ", ".join(f"sum({name})" for name in COLUMNS)

    def call() -> float:
        with duckdb.connect() as connection:
            rows = connection.read_parquet(str(source)).aggregate(f"count(*), {sums}").fetchall()
        return float(rows[0][0])

    return call
