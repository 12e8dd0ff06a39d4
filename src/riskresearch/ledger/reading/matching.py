"""Amounts of two sides laid end to end, so that overlaps match them in order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

Ints = NDArray[np.int64]


def overlaps(debits: DataFrame, credits: DataFrame) -> DataFrame:
    """Return how the credits of each group settle its debits, both in the order they are given.

    Parameters
    ----------
    debits, credits : ``group amount_minor``, amounts positive; rows of a group in the order of settlement

    Returns
    -------
    DataFrame ``debit credit amount_minor``: labels of the two rows and the amount they share. In each
    group the shares add up to the smaller of its two sides.

    Examples
    --------
    >>> debits = DataFrame({"group": ["g", "g"], "amount_minor": [100, 50]}, index=["F1", "F2"])
    >>> credits = DataFrame({"group": ["g", "g"], "amount_minor": [120, 10]}, index=["P1", "P2"])
    >>> overlaps(debits, credits).values.tolist()
    [['F1', 'P1', 100], ['F2', 'P1', 20], ['F2', 'P2', 10]]
    """
    groups = pd.Index(pd.unique(pd.concat([debits["group"], credits["group"]], ignore_index=True)))
    left, right = _side(debits, groups), _side(credits, groups)
    total = np.minimum(left.totals, right.totals)
    offset = np.concatenate([[0], np.cumsum(np.maximum(left.totals, right.totals) + 1)[:-1]]).astype(np.int64)
    ends = np.unique(
        np.concatenate([side.ends_until(total) + offset[side.group] for side in (left, right) if len(side.group)])
        if len(groups)
        else np.zeros(0, dtype=np.int64)
    )
    at = np.searchsorted(offset, ends, side="right") - 1
    ends, at = ends[ends > offset[at]], at[ends > offset[at]]
    before = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    start = np.maximum(before, offset[at])
    chosen = [np.searchsorted(side.ends + offset[side.group], ends, side="left") for side in (left, right)]
    return DataFrame(
        {
            "debit": debits.index.take(left.order[chosen[0]]),
            "credit": credits.index.take(right.order[chosen[1]]),
            "amount_minor": ends - start,
        }
    )


@dataclass(frozen=True)
class _Side:
    """One side in order of group: group number, end of each amount within its group, original row."""

    group: Ints
    ends: Ints
    order: Ints
    totals: Ints

    def ends_until(self, total: Ints) -> Ints:
        return np.minimum(self.ends, total[self.group])


def _side(rows: DataFrame, groups: pd.Index) -> _Side:
    number = groups.get_indexer(pd.Index(rows["group"])).astype(np.int64)
    order = np.argsort(number, kind="stable")
    group, amounts = number[order], rows["amount_minor"].to_numpy(dtype=np.int64)[order]
    ends = Series(amounts).groupby(group).cumsum().to_numpy(dtype=np.int64)
    totals = np.zeros(len(groups), dtype=np.int64)
    np.add.at(totals, group, amounts)
    return _Side(group, ends, order, totals)
