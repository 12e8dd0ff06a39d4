"""Variance of the area under the ROC curve, and of the difference of two areas, from placements.

The placement of a defaulter is the share of the others that score below it, the placement of an other row the share of
the defaulters that score above it (ties one half): the area is the mean of either. DeLong, DeLong and Clarke-Pearson
1988 take the variance from the placements of independent rows; Obuchowski 1997 lets the rows of one customer depend on
each other. With one row per customer both are the same number. Placements come from midranks in n log n (Sun and Xu
2014), not from comparing all pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]
ROUNDING = 1e-28


@dataclass(frozen=True)
class PairedAuc:
    """Areas of two scores on the same rows and the variance of their difference a - b.

    The variance is NaN where one of the classes has fewer than two rows (clustered: stands with fewer than two
    customers), and 0 where the difference is the same for every row: equal orders, or classes that both scores part.
    """

    auc_a: float
    auc_b: float
    variance: float

    @property
    def difference(self) -> float:
        """Area of a minus area of b."""
        return self.auc_a - self.auc_b

    @property
    def p_greater(self) -> float:
        """One-sided p-value of "a is not better than b"; NaN where the variance is 0 or unknown."""
        return float(norm.sf(self.difference / np.sqrt(self.variance))) if self.variance > 0 else float("nan")

    @property
    def p_different(self) -> float:
        """Two-sided p-value of "both areas are equal"; NaN where the variance is 0 or unknown."""
        return 2 * min(self.p_greater, 1 - self.p_greater) if self.variance > 0 else float("nan")


def placements(score: ArrayLike, outcome: ArrayLike) -> tuple[Floats, Floats]:
    """Return the placement of each defaulter among the others and of each other row among the defaulters.

    Parameters
    ----------
    score : higher = riskier
    outcome : 1 = default; both outcomes must occur

    Examples
    --------
    >>> [part.tolist() for part in placements([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])]
    [[0.75, 1.0], [1.0, 0.75]]
    """
    values, hit = np.asarray(score, dtype=float), np.asarray(outcome, dtype=bool)
    rank = rankdata(values)
    n_defaults, n_others = int(hit.sum()), int((~hit).sum())
    of_defaults = (rank[hit] - rankdata(values[hit])) / n_others
    return of_defaults, 1 - (rank[~hit] - rankdata(values[~hit])) / n_defaults


def auc_and_variance(score: ArrayLike, outcome: ArrayLike) -> tuple[float, float]:
    """Return the area under the ROC curve and its variance for independent rows (DeLong 1988).

    The variance is var(V10) / m + var(V01) / n over m defaulters and n others; NaN where m or n is below two.

    Examples
    --------
    >>> auc_and_variance([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    (0.875, 0.03125)
    """
    return clustered_auc_and_variance(score, outcome, np.arange(np.size(outcome)))


def clustered_auc_and_variance(score: ArrayLike, outcome: ArrayLike, cluster: ArrayLike) -> tuple[float, float]:
    """Return the area under the ROC curve and its variance where rows of a customer depend (Obuchowski 1997).

    Parameters
    ----------
    score : higher = riskier
    outcome : 1 = default; both outcomes must occur
    cluster : customer of each row
    """
    of_defaults, of_others = placements(score, outcome)
    return float(of_defaults.mean()), _variance(of_defaults, of_others, outcome, cluster)


def paired(score_a: ArrayLike, score_b: ArrayLike, outcome: ArrayLike) -> PairedAuc:
    """Return the areas of two scores on the same independent rows and the variance of their difference (DeLong 1988).

    Examples
    --------
    >>> found = paired([0.1, 0.2, 0.3, 0.4, 0.6, 0.5], [0.1, 0.5, 0.2, 0.3, 0.4, 0.6], [0, 0, 1, 0, 1, 1])
    >>> round(found.difference, 4), round(found.variance, 4)
    (0.2222, 0.0617)
    """
    return clustered_paired(score_a, score_b, outcome, np.arange(np.size(outcome)))


def clustered_paired(score_a: ArrayLike, score_b: ArrayLike, outcome: ArrayLike, cluster: ArrayLike) -> PairedAuc:
    """Return the areas of two scores and the variance of their difference where rows of a customer depend.

    The variance of the difference is that of the differences of the placements; it equals var(a) + var(b) - 2 cov(a, b)
    of Obuchowski 1997 and is exactly 0 for equal orders.
    """
    first, second = placements(score_a, outcome), placements(score_b, outcome)
    of_defaults, of_others = (a - b for a, b in zip(first, second, strict=True))
    variance = _variance(of_defaults, of_others, outcome, cluster)
    return PairedAuc(float(first[0].mean()), float(second[0].mean()), variance)


def untested_reason(
    found: PairedAuc, score_a: ArrayLike, score_b: ArrayLike, outcome: ArrayLike, cluster: ArrayLike
) -> str | None:
    """Return why two areas cannot be tested against each other; none where they can.

    *too_few_defaults* and *too_few_customers*: fewer than two customers with or without default; *no_rival*: both
    scores put the rows in the same order; *separated*: both part the classes fully.
    """
    if np.isnan(found.variance):
        n_with_default = len(np.unique(np.asarray(cluster)[np.asarray(outcome, dtype=bool)]))
        return "too_few_defaults" if n_with_default < 2 else "too_few_customers"
    if found.variance > 0:
        return None
    return "no_rival" if np.array_equal(rankdata(score_a), rankdata(score_b)) else "separated"


def _variance(of_defaults: Floats, of_others: Floats, outcome: ArrayLike, cluster: ArrayLike) -> float:
    """Variance of the mean placement: S10 / m + S01 / n + 2 S11 / (m n), sums taken customer by customer."""
    hit = np.asarray(outcome, dtype=bool)
    _, owner = np.unique(np.asarray(cluster), return_inverse=True)
    size = int(owner.max()) + 1
    m, n = np.bincount(owner[hit], minlength=size), np.bincount(owner[~hit], minlength=size)
    n_with_default, n_with_other = np.count_nonzero(m), np.count_nonzero(n)
    if min(n_with_default, n_with_other) < 2:
        return float("nan")
    centre = of_defaults.mean()
    bad = np.bincount(owner[hit], of_defaults - centre, minlength=size)
    good = np.bincount(owner[~hit], of_others - centre, minlength=size)
    s10 = n_with_default / (n_with_default - 1) * (bad @ bad) / m.sum() ** 2
    s01 = n_with_other / (n_with_other - 1) * (good @ good) / n.sum() ** 2
    s11 = size / (size - 1) * (bad @ good) / (m.sum() * n.sum())
    variance = float(s10 + s01 + 2 * s11)
    return variance if variance > ROUNDING else 0.0
