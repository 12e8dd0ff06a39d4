"""Groups of features that say the same: trees share the credit among near-copies as chance will have it."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

Floats = NDArray[np.float64]

MIN_SHARED = 30
"""Rows on which both features must be known; with fewer the two count as unrelated."""
DECIMALS = 10


def rank_correlations(values: Floats) -> Floats:
    """Return the rank correlation of each two features, over the rows where both are known.

    Each feature is ranked once, over its known rows; the correlation is that of the ranks on the shared rows. It
    equals Spearman's where nothing is missing. 0 with fewer than 30 shared rows, and for a feature that is the same
    on all of them.

    Parameters
    ----------
    values : one row per row, one column per feature; NaN where missing

    Returns
    -------
    Symmetric matrix with ones on the diagonal.
    """
    known = ~np.isnan(values)
    centred, mask = np.zeros(values.shape), known.astype(float)
    for column in range(values.shape[1]):
        is_known = known[:, column]
        centred[is_known, column] = rankdata(values[is_known, column]) - (is_known.sum() + 1) / 2
    n = mask.T @ mask
    total, squares = centred.T @ mask, (centred * centred).T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = centred.T @ centred - total * total.T / n
        spread = squares - total**2 / n
        found = covariance / np.sqrt(spread * spread.T)
    varies = spread > 1e-9 * squares
    is_told = (n >= MIN_SHARED) & varies & varies.T
    found = np.where(is_told, np.clip(found, -1, 1), 0.0)
    np.fill_diagonal(found, 1.0)
    return np.asarray(np.round(found, DECIMALS), dtype=float)


def feature_groups(values: DataFrame, *, threshold: float, strength: Series | None = None) -> Series:
    """Return the group of each feature: features of a group are all correlated with each other.

    Hierarchical clustering with complete linkage on 1 − |rank correlation|: within a group no pair of features has
    an absolute rank correlation below `threshold`. A group is named by its strongest feature.

    Parameters
    ----------
    values : one row per customer and date, one column per feature
    threshold : smallest absolute rank correlation within a group (0-1)
    strength : strength of each feature, indexed by feature; without it the first name in the alphabet names a group

    Returns
    -------
    Series ``group_code`` indexed by ``feature_code``, in the order of the columns.

    Examples
    --------
    >>> rising = np.arange(40.0)
    >>> frame = DataFrame({"b": rising, "a": -(rising**3), "c": rising % 7})
    >>> feature_groups(frame, threshold=0.7).to_dict()
    {'b': 'a', 'a': 'a', 'c': 'c'}
    """
    return groups_of_correlated(correlation_frame(values), threshold=threshold, strength=strength)


def correlation_frame(values: DataFrame) -> DataFrame:
    """Return the rank correlation of each two columns, see `rank_correlations`."""
    names = list(values.columns)
    return DataFrame(rank_correlations(values.to_numpy(float)), index=names, columns=names)


def groups_of_correlated(correlation: DataFrame, *, threshold: float, strength: Series | None = None) -> Series:
    """Return the group of each feature from the correlations of all, see `feature_groups`."""
    names = sorted(correlation.columns)
    number = _clusters(correlation.loc[names, names].to_numpy(float), threshold)
    strong = np.zeros(len(names)) if strength is None else strength.reindex(names).fillna(0.0).to_numpy(float)
    ordered = DataFrame({"feature_code": names, "number": number, "strength": np.round(strong, DECIMALS)})
    ordered = ordered.sort_values(["strength", "feature_code"], ascending=[False, True], kind="stable")
    leader = ordered.drop_duplicates("number").set_index("number")["feature_code"]
    group = Series(leader.reindex(number).to_numpy(), index=names, dtype="str")
    return group.reindex(list(correlation.columns)).rename("group_code").rename_axis("feature_code")


def smallest_correlation(correlation: DataFrame) -> float:
    """Return the smallest absolute correlation of two different features; NaN for one feature."""
    found = np.abs(correlation.to_numpy(float))[np.triu_indices(len(correlation), k=1)]
    return float(found.min()) if len(found) else float("nan")


def _clusters(correlation: Floats, threshold: float) -> NDArray[np.int64]:
    if len(correlation) < 2:
        return np.arange(len(correlation), dtype=np.int64)
    distance = np.round(1 - np.abs(correlation), DECIMALS)
    tree = linkage(squareform(distance, checks=False), method="complete")
    return np.asarray(fcluster(tree, t=round(1 - threshold, DECIMALS), criterion="distance"), dtype=np.int64)
