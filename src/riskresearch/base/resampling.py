"""Area under the ROC curve with intervals that respect repeated rows of a customer."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame


def auc(score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the probability that a defaulter scores above a non-defaulter, ties counting one half.

    NaN where there is no default or no non-default.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    values = np.asarray(score, dtype=float)
    _, place = np.unique(values, return_inverse=True)
    hit = np.asarray(outcome, dtype=bool)
    weights = np.ones(len(values)) if weight is None else np.asarray(weight, dtype=float)
    return _auc_of_places(place, hit, weights)


def bootstrap_auc(
    scores: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    customer: ArrayLike,
    *,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> DataFrame:
    """Return the AUC of several scores on the same resamples of customers.

    Whole customers are drawn with replacement, because rows of one customer are near copies
    (Field and Welsh 2007).

    Parameters
    ----------
    scores : score arrays by name, all on the same rows
    outcome : 1 = default
    customer : customer of each row
    n_bootstrap : number of resamples

    Returns
    -------
    DataFrame, one row per resample, one column per score.
    """
    hit = np.asarray(outcome, dtype=bool)
    _, owner = np.unique(np.asarray(customer), return_inverse=True)
    places = {name: np.unique(np.asarray(score, dtype=float), return_inverse=True)[1] for name, score in scores.items()}
    n_customers = int(owner.max()) + 1 if len(owner) else 0
    rows = []
    for _ in range(n_bootstrap):
        drawn = np.bincount(rng.integers(0, n_customers, n_customers), minlength=n_customers).astype(float)
        rows.append({name: _auc_of_places(place, hit, drawn[owner]) for name, place in places.items()})
    return DataFrame(rows, columns=list(scores))


def _auc_of_places(place: NDArray[np.int64], hit: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    size = int(place.max()) + 1 if len(place) else 0
    bad = np.bincount(place[hit], weights=weight[hit], minlength=size)
    good = np.bincount(place[~hit], weights=weight[~hit], minlength=size)
    pairs = bad.sum() * good.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(good) - good
    return float((bad * (below + good / 2)).sum() / pairs)
