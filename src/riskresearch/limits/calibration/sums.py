"""Sums by customer and cell that the factors are made of; any draw of customers is a weighting of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DIVISIONS = ["segment_code", "grade_code", "size_code", "sector_code"]
COUNTED = ("years", "hits", "use", "need", "hit_need", "loss_need", "hit_loss_need", "sales")


@dataclass(frozen=True)
class Sums:
    """Sums over customers, cell by cell (or entry by entry): arrays of rows in one order.

    Parameters
    ----------
    values : columns `COUNTED`, then sales kept at each factor of the grid, then LGD × need × min(factor, use at
        default) of the defaults at each factor
    grid : factors, ascending from 0
    """

    values: Floats
    grid: Floats

    def __getitem__(self, name: str) -> Floats:
        """Return one counted quantity."""
        return self.values[:, COUNTED.index(name)]

    @property
    def kept(self) -> Floats:
        """Sales kept at each factor, run currency × customer-years."""
        return self.values[:, len(COUNTED) : len(COUNTED) + len(self.grid)]

    @property
    def capped_use(self) -> Floats:
        """LGD × min(factor × need, exposure at default) of the defaults, run currency × customer-years."""
        return self.values[:, len(COUNTED) + len(self.grid) :]


@dataclass(frozen=True)
class Entries:
    """One row per customer and cell of the finest division."""

    keys: DataFrame
    customer: Ints
    sums: Sums


def factor_grid(step: float, top: float, extra: Sequence[float]) -> Floats:
    """Return the factors tried: multiples of a step up to the top, and those of the policy.

    Examples
    --------
    >>> factor_grid(0.5, 1.5, [1.2, 0.5]).tolist()
    [0.0, 0.5, 1.0, 1.2, 1.5]
    """
    regular = np.arange(round(top / step) + 1) * step
    return np.unique(np.round(np.concatenate([regular, np.asarray(extra, dtype=float)]), 6))


def entries(rows: DataFrame, path: DataFrame, *, grid: Floats) -> Entries:
    """Return the sums by customer and cell.

    Parameters
    ----------
    rows : result of `observations.matured`
    path : result of `observations.known_movements`
    grid : factors tried

    Notes
    -----
    An invoice is kept in the share min(1, factor × need / exposure of the day): with terms as they are, exposure is
    proportional to the sales let through. A credit note counts against it in the same way. Sales of a review day are
    those of its 12 months, up to the day before a default.
    """
    labels = rows[["customer_id", *DIVISIONS]].astype({"grade_code": "str"}).fillna({"grade_code": ""})
    grouped = labels.groupby(["customer_id", *DIVISIONS], sort=True)
    entry = grouped.ngroup().to_numpy(np.int64)
    keys = labels.assign(entry=entry).drop_duplicates("entry").sort_values("entry").reset_index(drop=True)
    weight, need, n = rows["weight"].to_numpy(float), rows["need_amount"].to_numpy(float), len(keys)
    hit, use = rows["is_hit"].to_numpy(bool), rows["use_ratio"].to_numpy(float)
    loss_need = weight * need * rows["lgd_ratio"].to_numpy(float)
    place, sold, ratio = _sales(rows, path)
    kept = _capped_sums(entry[place], ratio, weight[place] * sold / np.where(ratio > 0, ratio, 1.0), grid, n)
    kept += np.bincount(entry[place], np.where(ratio > 0, 0.0, weight[place] * sold), n)[:, None]
    counted = [
        np.bincount(entry, weight, n),
        np.bincount(entry, weight * hit, n),
        np.bincount(entry[hit], (loss_need * use)[hit], n),
        np.bincount(entry, weight * need, n),
        np.bincount(entry, weight * need * hit, n),
        np.bincount(entry, loss_need, n),
        np.bincount(entry, loss_need * hit, n),
        np.bincount(entry[place], weight[place] * sold, n),
    ]
    capped = _capped_sums(entry[hit], use[hit], loss_need[hit], grid, n)
    _, customer = np.unique(keys["customer_id"].to_numpy(object), return_inverse=True)
    return Entries(keys[DIVISIONS], customer.astype(np.int64), Sums(np.column_stack([*counted, kept, capped]), grid))


def _capped_sums(group: Ints, value: Floats, weight: Floats, grid: Floats, n_groups: int) -> Floats:
    """Sum over the members of each group of weight × min(factor, value), at each factor, exactly."""
    size = len(grid) + 1
    place = group * size + np.searchsorted(grid, value, side="left")
    below = np.bincount(place, weight * value, n_groups * size).reshape(n_groups, size)[:, :-1].cumsum(axis=1)
    counts = np.bincount(place, weight, n_groups * size).reshape(n_groups, size)
    above = counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return np.asarray(below + grid * above)


def _sales(rows: DataFrame, path: DataFrame) -> tuple[Ints, Floats, Floats]:
    """Sales of the twelve months of each row: place of the row, amount sold, exposure of the day over need."""
    sold = path[path["sold_amount"] != 0]
    codes = pd.Index(np.unique(rows["customer_id"].to_numpy(object)))
    owner = codes.get_indexer(sold["customer_id"].to_numpy(object))
    sold, owner = sold[owner >= 0], owner[owner >= 0]
    span = 1 << 20
    act = owner * span + _days(sold["day"])
    order = np.argsort(act, kind="stable")
    act, sold = act[order], sold.iloc[order]
    row = codes.get_indexer(rows["customer_id"].to_numpy(object)) * span
    first = np.searchsorted(act, row + _days(rows["review_date"]), side="right")
    last = np.searchsorted(act, row + _days(rows["end_date"]), side="right")
    n_acts = np.maximum(last - first, 0)
    place = np.repeat(np.arange(len(rows)), n_acts)
    offset = np.arange(n_acts.sum()) - np.repeat(n_acts.cumsum() - n_acts, n_acts)
    acts = first[place] + offset
    exposure = sold["highest_amount"].to_numpy(float)[acts].clip(min=0)
    return place, sold["sold_amount"].to_numpy(float)[acts], exposure / rows["need_amount"].to_numpy(float)[place]


def _days(dates: pd.Series) -> Ints:
    return dates.to_numpy("datetime64[D]").astype(np.int64)
