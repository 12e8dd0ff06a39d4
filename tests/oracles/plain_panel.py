"""The panel of customers and dates by the plain definition of every feature: the oracle of the feature engines.

The definitions are in ``plain_panel.sql``: for each date the rows known by then, joined and summed; slow and plain.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pandas import DataFrame, Timestamp

from riskresearch.behaviour.book import months_before

SQL = Path(__file__).with_suffix(".sql")
LONGEST_MONTHS = 36
FIRST_ACTS = {
    "invoices": "invoice_date",
    "payments": "value_date",
    "credit_notes": "credit_note_date",
    "limits": "start_date",
    "ratings": "rating_date",
    "financials": "published_date",
    "questionnaires": "answered_date",
    "reminders": "reminder_date",
    "events": "event_date",
    "disputes": "opened_date",
    "bank_checks": "check_date",
}
OTHERS = ("customers", "movements", "allocations", "defaults", "rating_scales", "sector_statistics")
TYPES = {"str": pa.string(), "datetime64[us]": pa.timestamp("us"), "Int64": pa.int64(), "float64": pa.float64()}


def plain_panel(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> DataFrame:
    """Return every feature of every customer on every date from its first act on.

    Parameters
    ----------
    tables : canonical tables, ``movements``, ``defaults``, ``rating_scales`` and ``sector_statistics``
    dates : observation dates, each with its own months before it
    """
    panel, _ = plain_panels(tables, dates)
    return panel


def plain_panels(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> tuple[DataFrame, DataFrame]:
    """Return the panel of `plain_panel`, and the sums in minor units and counts behind it, which are whole numbers."""
    with duckdb.connect(config={"threads": 1}) as base:
        for name in (*FIRST_ACTS, *OTHERS):
            base.register(name, _arrow(tables[name]))
        base.register("ago_given", pa.Table.from_pandas(_ago(dates), preserve_index=False))
        base.execute("CREATE TABLE ago AS SELECT t::DATE AS t, k, day::DATE AS day FROM ago_given")
        base.execute("CREATE TABLE days AS SELECT DISTINCT day FROM ago")
        base.execute(_first_acts())
        base.execute(_grid())
        base.execute(SQL.read_text(encoding="utf-8"))
        return _fetched(base, "panel", "float64"), _fetched(base, "sums", "int64")


def _fetched(base: duckdb.DuckDBPyConnection, name: str, kind: str) -> DataFrame:
    found = base.execute(f"SELECT * FROM {name}").fetch_df().rename(columns={"t": "observation_date"})
    kinds = {"customer_id": "str", "observation_date": "datetime64[us]", **dict.fromkeys(found.columns[2:], kind)}
    return found.astype(kinds)


def _ago(dates: Sequence[Timestamp]) -> DataFrame:
    """The date k months before each date."""
    rows = [(t, k, months_before(t, k)) for t in dates for k in range(LONGEST_MONTHS + 1)]
    return DataFrame(rows, columns=["t", "k", "day"]).astype({"t": "datetime64[us]", "day": "datetime64[us]"})


def _first_acts() -> str:
    """SQL of the first day anything of a customer became known."""
    parts = [
        f"SELECT customer_id, {day} AS day FROM {name}"
        if name in ("financials", "questionnaires")
        else f"SELECT customer_id, greatest({day}, recorded_date) AS day FROM {name}"
        for name, day in FIRST_ACTS.items()
    ]
    acts = " UNION ALL ".join(parts)
    return f"CREATE TABLE first_acts AS SELECT customer_id, min(day)::DATE AS day FROM ({acts}) GROUP BY customer_id"


def _grid() -> str:
    """SQL of the rows of the panel: each customer on each date from its first act on, with the dates before."""
    earlier = ", ".join(f"max(day) FILTER (k = {k}) AS a{k}" for k in range(1, LONGEST_MONTHS + 1))
    wide = f"SELECT t, {earlier} FROM ago GROUP BY t"
    return (
        f"CREATE TABLE grid AS SELECT f.customer_id, w.* FROM customers JOIN first_acts f USING (customer_id) "
        f"JOIN ({wide}) w ON f.day <= w.t"
    )


def _arrow(frame: DataFrame) -> pa.Table:
    """A table for the engine; a column without any value keeps its type."""
    made = pa.Table.from_pandas(frame, preserve_index=False)
    typed = [pa.field(field.name, TYPES.get(str(frame[field.name].dtype), field.type)) for field in made.schema]
    return made.cast(pa.schema(typed))
