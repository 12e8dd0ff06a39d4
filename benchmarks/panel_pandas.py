"""The panel of customers and month ends with pandas group-bys that fill NumPy arrays of customers × month ends."""

from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from panel_task import MONTH_ENDS, prepared

SUMMED = ["open_minor", "n_open", "sale_minor", "n_sale", "timed_minor", "late_days_minor"]
BALANCE = ("customer_code", "day", "due_day", "until_day", "open_after_minor")
ENDS = np.array(MONTH_ENDS)
N = len(ENDS)
Grid = np.ndarray


def by_deltas(source: Path, target: Path) -> None:
    """Compute the panel of a file of acts into a Parquet file."""
    acts = pd.read_parquet(source)
    n_customers = int(acts["customer_code"].max()) + 1
    acts["k"] = np.searchsorted(ENDS, acts["day"])
    sums = acts.groupby(["customer_code", "k"])[SUMMED].sum()
    levels = {name: _grid(sums[name], n_customers).cumsum(axis=1) for name in SUMMED}
    columns = _figures(levels, _overdue(acts, n_customers))
    first_k = acts.groupby("customer_code")["k"].min().reindex(range(n_customers), fill_value=N)
    is_row = np.arange(N) >= first_k.to_numpy()[:, None]
    customer, k = np.nonzero(is_row)
    rows = {"customer_code": customer, "day": ENDS[k]} | {name: grid[is_row] for name, grid in columns.items()}
    panel = DataFrame(rows).astype({"overdue_max_days": "Int64"})
    panel.to_parquet(target, compression="zstd", index=False)


deltas = prepared(by_deltas)


def _grid(cells: Series, n_customers: int) -> Grid:
    grid = np.zeros((n_customers, N), dtype=np.int64)
    grid[cells.index.get_level_values(0), cells.index.get_level_values(1)] = cells.to_numpy()
    return grid


def _overdue(acts: DataFrame, n_customers: int) -> dict[str, Grid]:
    """What is overdue on each month end, from the balances that items keep until their next act."""
    open_acts = acts.loc[
        acts["open_after_minor"] > 0, ["customer_code", "day", "due_day", "until_day", "open_after_minor"]
    ]
    first = np.searchsorted(ENDS, np.maximum(open_acts["day"], open_acts["due_day"] + 1))
    length = np.maximum(np.searchsorted(ENDS, open_acts["until_day"]) - first, 0)
    rows = np.repeat(np.arange(len(open_acts)), length)
    k = first[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length)
    late_days = ENDS[k] - open_acts["due_day"].to_numpy()[rows]
    left = open_acts["open_after_minor"].to_numpy()[rows]
    spread = DataFrame({"customer_code": open_acts["customer_code"].to_numpy()[rows], "k": k, "late_days": late_days})
    for days in (0, 30, 60, 90):
        spread[f"over_{days}"] = np.where(late_days > days, left, 0)
    sums = spread.groupby(["customer_code", "k"]).agg(
        {"late_days": "max"} | {f"over_{days}": "sum" for days in (0, 30, 60, 90)}
    )
    return {name: _grid(sums[name], n_customers) for name in sums}


def _figures(levels: dict[str, Grid], overdue: dict[str, Grid]) -> dict[str, Grid]:
    due = [levels["open_minor"], *(overdue[f"over_{days}"] for days in (0, 30, 60, 90))]
    share = _quotient(due[1], due[0])
    ago = [share if i == 0 else _shifted(share, i, fill=np.nan) for i in range(6)]
    late, timed = levels["late_days_minor"], levels["timed_minor"]
    mean = {months: _quotient(_flow(late, months), _flow(timed, months)) for months in (3, 6, 12)}
    before = _quotient(_flow(_shifted(late, 3), 3), _flow(_shifted(timed, 3), 3))
    is_open = levels["n_open"] > 0
    return {
        "open_minor": due[0],
        "n_open": levels["n_open"],
        "not_due_minor": due[0] - due[1],
        "overdue_1_30_minor": due[1] - due[2],
        "overdue_31_60_minor": due[2] - due[3],
        "overdue_61_90_minor": due[3] - due[4],
        "overdue_91_minor": due[4],
        "overdue_max_days": np.where(is_open, overdue["late_days"], np.nan),
        "n_sales_12m": _flow(levels["n_sale"], 12),
        "sale_12m_minor": _flow(levels["sale_minor"], 12),
        **{f"days_late_mean_{months}m": values for months, values in mean.items()},
        "days_late_trend_3m": mean[3] - before,
        "overdue_slope_6m": (5.0 * (ago[0] - ago[5]) + 3.0 * (ago[1] - ago[4]) + (ago[2] - ago[3])) * (1 / 35),
        "dso_countback_days": _countback(levels["sale_minor"], due[0]),
    }


def _countback(sales: Grid, open_minor: Grid) -> Grid:
    """Days of sales that the open amount is worth, one month back after the other."""
    months = np.zeros(sales.shape)
    for ago in range(12):
        sold = _flow(_shifted(sales, ago), 1)
        left = open_minor - _flow(sales, ago)
        is_part = (left > 0) & (left < sold)
        months += np.where(is_part, left / np.where(is_part, sold, 1), left > 0)
    return np.where(_flow(sales, 12) > 0, months * (365 / 12), np.nan)


def _shifted(values: Grid, months: int, fill: float = 0) -> Grid:
    moved = np.full_like(values, fill)
    moved[:, months:] = values[:, : N - months]
    return moved


def _flow(level: Grid, months: int) -> Grid:
    return level - _shifted(level, months)


def _quotient(over: Grid, under: Grid) -> Grid:
    return np.where(under > 0, over / np.where(under > 0, under, 1), np.nan)
