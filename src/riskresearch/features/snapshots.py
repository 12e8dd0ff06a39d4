"""The features of every customer on any dates."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import narwhals as nw
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.behaviour.book import months_before
from riskresearch.features.engines import Engine, open_engine
from riskresearch.features.families import FEATURES
from riskresearch.features.ingest import Acts, ingest
from riskresearch.features.panel import Columns, Grid, Lazy, Sources, look_back, panel, streams_of
from riskresearch.features.registry import At
from riskresearch.features.streams.registry import Tables, day_number

KEYS = ["customer_id", "observation_date"]


def registered(names: Sequence[str] | None = None) -> dict[str, Callable[[At], nw.Expr]]:
    """Return registered features as columns of a panel, all of them or those named."""
    return {name: FEATURES[name].function for name in (FEATURES.names if names is None else names)}


def snapshots(
    tables: Tables, dates: Sequence[Timestamp], *, columns: Columns | None = None, engine: Engine | None = None
) -> DataFrame:
    """Return the features of every customer on every date, from its first act on.

    Parameters
    ----------
    tables : canonical tables as known on the last date or later, with ``movements defaults rating_scales``
    dates : any observation dates; those of one month lie where the last ones do (a month end stays a month end)
    columns : what to compute, by name; empty = all registered features
    engine : an open engine; empty = DuckDB in memory

    Returns
    -------
    DataFrame ``customer_id observation_date`` and the columns, sorted by its keys; the same on every engine.
    """
    columns = registered() if columns is None else columns
    acts = ingest(tables, streams=streams_of(columns))
    with _opened(engine) as opened:
        sources = registered_sources(opened, acts)
        frames = [opened.collect(rows) for rows in panels(opened, sources, dates, columns)]
    rows = pd.concat(frames, ignore_index=True) if frames else DataFrame(columns=["customer_code", "day", *columns])
    return _named(rows, acts, list(columns))


def panels(engine: Engine, sources: Sources, dates: Sequence[Timestamp], columns: Columns) -> Iterator[Lazy]:
    """Yield the panel of each monthly grid that the dates need; one where all lie alike in their months."""
    back = look_back(columns)
    for grid in grids(dates, back=back):
        yield panel(engine, sources, grid, columns)


def grids(dates: Sequence[Timestamp], *, back: int) -> list[Grid]:
    """Return monthly grids that hold the dates and `back` months before the first: month ends, or one day of the month.

    Examples
    --------
    >>> [grid.wanted for grid in grids([Timestamp("2025-01-31"), Timestamp("2025-03-31")], back=1)]
    [(False, True, False, True)]
    """
    phases: dict[int, list[Timestamp]] = {}
    for day in sorted(set(dates)):
        phases.setdefault(32 if day.is_month_end else day.day, []).append(day)
    return [_grid(days, back) for days in phases.values()]


def _grid(wanted: Sequence[Timestamp], back: int) -> Grid:
    last, first = wanted[-1], wanted[0]
    months = (last.year - first.year) * 12 + last.month - first.month + back
    days = [months_before(last, months - i) for i in range(months + 1)]
    numbers = day_number(Series(pd.DatetimeIndex(days)))
    return Grid(tuple(numbers.tolist()), tuple(day in set(wanted) for day in days))


def registered_sources(engine: Engine, acts: Acts) -> Sources:
    """Return the acts as lazy frames of an engine."""
    customers = engine.frame(acts.customers.drop(columns="customer_id"), "customers")
    return Sources(customers, {name: engine.frame(rows, f"legs_{name}") for name, rows in acts.legs.items()})


@contextmanager
def _opened(engine: Engine | None) -> Iterator[Engine]:
    if engine is not None:
        yield engine
        return
    with open_engine() as opened:
        yield opened


def _named(rows: DataFrame, acts: Acts, names: list[str]) -> DataFrame:
    """The panel with customer ids and dates, in its order."""
    rows = rows.sort_values(["customer_code", "day"], ignore_index=True)
    ids = acts.customers.set_index("customer_code")["customer_id"]
    dates = pd.DatetimeIndex(rows["day"].to_numpy().astype("datetime64[D]")).as_unit("us")
    keys = {"customer_id": ids.loc[rows["customer_code"]].to_numpy(), "observation_date": dates}
    return DataFrame(keys | {name: rows[name].to_numpy() for name in names}).astype({"customer_id": "str"})
