"""Folds inside the development sample: blocks of later dates, purged of outcomes not known yet, or customers in turn.

A later block is what a model meets in use, so it is preferred. The rows before it serve only where their outcome
window, and the embargo after it, are over when the block begins (López de Prado 2018, chapter 7). Where the dates are
too few for that, or the sample is one cross-section, customers are left out in turn instead.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DatetimeIndex

from riskresearch.base.errors import RunError
from riskresearch.features.samples import months_after
from riskresearch.model.sample import Sample

FOLD_METHODS = ("time", "customer")
Mask = NDArray[np.bool_]
Fold = tuple[Mask, Mask]


def purged_folds(
    sample: Sample, *, n_folds: int, embargo_months: int = 0, min_defaulters: int = 5
) -> tuple[str, list[Fold]]:
    """Return time folds where the dates allow them, else customer folds, and which of the two they are.

    Parameters
    ----------
    sample : development sample
    n_folds : largest number of folds
    embargo_months : months kept free between the end of the last training outcome and the block
    min_defaulters : customers in default that each side of a time fold must hold

    Returns
    -------
    one of `FOLD_METHODS`, and ``(train, test)`` masks over the rows of the sample, oldest block first.

    Raises
    ------
    RunError
        The sample holds fewer than two customers.
    """
    folds = time_folds(sample, n_folds=n_folds, embargo_months=embargo_months, min_defaulters=min_defaulters)
    return ("time", folds) if folds else ("customer", customer_folds(sample, n_folds=max(n_folds, 2)))


def time_folds(
    sample: Sample, *, n_folds: int, purge_months: int | None = None, embargo_months: int = 0, min_defaulters: int = 5
) -> list[Fold]:
    """Return blocks of consecutive observation dates, each tested by a model of the rows known when it begins.

    A row trains for a block that begins on S where date + purge + embargo <= S. The dates that have at least one
    such date before them are cut into n + 1 equal runs; the first run only trains, each other one is a block. If a
    side of a block has too few defaulters, fewer and longer blocks are tried.

    Parameters
    ----------
    sample : development sample
    n_folds : largest number of blocks
    purge_months : months after a date until its outcome is known; None = the horizon of the sample
    embargo_months : months kept free after that
    min_defaulters : customers in default that training rows and block must each hold

    Returns
    -------
    ``(train, test)`` masks over the rows, oldest block first; empty where the dates or the defaulters are too few
    for at least two blocks (one, if one is asked for).

    Examples
    --------
    >>> from pandas import DataFrame
    >>> dates = pd.date_range("2023-01-31", periods=20, freq="ME")
    >>> rows = DataFrame({"customer_id": ["a"] * 20 + ["b"] * 20, "observation_date": [*dates, *dates],
    ...                   "is_default": [True] * 20 + [False] * 20})
    >>> sample = Sample.of(rows, DataFrame({"feature_code": [], "direction_code": []}))
    >>> [(train, test)] = time_folds(sample, n_folds=1, embargo_months=1, min_defaulters=1)
    >>> days = sample.rows["observation_date"]
    >>> str(days[train].max().date()), str(days[test].min().date()), str(days[test].max().date())
    ('2023-05-31', '2024-06-30', '2024-08-31')
    """
    months = (sample.horizon_months if purge_months is None else purge_months) + embargo_months
    dates = DatetimeIndex(np.sort(sample.rows["observation_date"].unique()))
    known = DatetimeIndex([months_after(day, months) for day in dates])
    tested = dates[dates >= known[0]] if len(dates) else dates
    for n in range(min(n_folds, len(tested) - 1), min(n_folds, 2) - 1, -1):
        blocks = np.array_split(np.arange(len(tested)), n + 1)[1:]
        folds = [_block(sample, dates, known, tested[block]) for block in blocks]
        if all(_is_usable(sample, fold, min_defaulters) for fold in folds):
            return folds
    return []


def customer_folds(sample: Sample, *, n_folds: int) -> list[Fold]:
    """Return folds that leave each customer out once, the defaulters spread evenly.

    Customers in default come first, then the others, each sorted by their name, and are dealt out in turn.

    Parameters
    ----------
    sample : development sample
    n_folds : number of folds; at most one per customer

    Raises
    ------
    RunError
        The sample holds fewer than two customers.
    """
    hit = sample.rows.groupby("customer_id")["is_default"].any()
    if len(hit) < 2:
        raise RunError(f"sample of {len(hit)} customer(s): folds by customer need at least 2; give a longer ledger")
    order = [*hit.index[hit].sort_values(), *hit.index[~hit].sort_values()]
    place = pd.Series(np.arange(len(order)), index=order)
    fold = sample.customers.map(place).to_numpy() % min(n_folds, len(order))
    return [(fold != i, fold == i) for i in range(min(n_folds, len(order)))]


def _block(sample: Sample, dates: DatetimeIndex, known: DatetimeIndex, block: DatetimeIndex) -> Fold:
    days = sample.rows["observation_date"]
    train = days.isin(dates[known <= block[0]])
    return train.to_numpy(), days.isin(block).to_numpy()


def _is_usable(sample: Sample, fold: Fold, min_defaulters: int) -> bool:
    """Both sides hold enough customers in default, and rows without default."""
    parts = [sample.rows[mask] for mask in fold]
    return all(
        part.loc[part["is_default"], "customer_id"].nunique() >= max(min_defaulters, 1) and not part["is_default"].all()
        for part in parts
    )
