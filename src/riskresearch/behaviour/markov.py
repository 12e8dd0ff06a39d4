"""Absorbing chains: what becomes of each state in the end, and whether one monthly matrix tells the whole story.

Amounts that moved come as cubes: one layer per customer, one row per state left (transient states), one
column per state entered (the same transient states, then the absorbing ones).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import t as student

Array = NDArray[np.float64]

VERDICTS = ("holds", "fails", "too_few")
CAVEATS = ("thin_cells", "small_gap")
LEVEL = 0.05
CUSTOMERS_MIN = 30
EXPECTED_MIN, THIN_SHARE = 5.0, 0.2


@dataclass(frozen=True)
class Absorption:
    """Where each transient state ends.

    Parameters
    ----------
    fundamental : expected number of periods spent in each transient state, N = (I − Q)⁻¹; 0 for states without a
        way out
    ratio : share of each state that ends in each absorbing state, and last the share that ends in none
    n_periods : expected periods until the end; NaN for states without a way out
    """

    fundamental: Array
    ratio: Array
    n_periods: Array


@dataclass(frozen=True)
class ChainTest:
    """Result of a test on the rows of a matrix; NaN where a row cannot be tested.

    Parameters
    ----------
    statistic, n_df, p_value, deviation : by state, and last for all states together
    n_customers : customers each row rests on
    is_thin : expected counts too small for the law of the statistic
    """

    statistic: Array
    n_df: Array
    p_value: Array
    deviation: Array
    n_customers: NDArray[np.int64]
    is_thin: NDArray[np.bool_]

    def verdict(self, row: int, *, allowed: float) -> str:
        """Return `holds`, `fails` (p-value below 5 % and a gap that matters) or `too_few`.

        Parameters
        ----------
        row : state, or the last one for all states together
        allowed : gap between two shares that does not matter; in a large ledger even such a one is significant
        """
        if np.isnan(self.p_value[row]):
            return "too_few"
        return "fails" if self.p_value[row] < LEVEL and self.deviation[row] > allowed else "holds"

    def caveat(self, row: int, *, allowed: float) -> str | None:
        """Return `thin_cells`, `small_gap` (significant, but too small to matter) or None."""
        if self.is_thin[row]:
            return "thin_cells"
        return "small_gap" if self.p_value[row] < LEVEL and self.deviation[row] <= allowed else None


def absorbed(transient: Array, absorbing: Array) -> Absorption:
    """Return where each transient state of an absorbing chain ends.

    With Q the moves between transient states and R those into absorbing states, B = (I − Q)⁻¹ R (Kemeny and Snell,
    Finite Markov Chains, 1960, chapter 3; for receivables Cyert, Davidson and Thompson 1962). States from which no
    absorbing state can be reached have no inverse: they end in the last column, so every row adds up to 1.

    Parameters
    ----------
    transient : Q, square
    absorbing : R, one row per transient state

    Examples
    --------
    40,000 not due and 50,000 overdue; of these 17,272.73 are lost in the end:

    >>> found = absorbed(np.array([[0.25, 0.25], [0.05, 0.25]]), np.array([[0.5, 0.0], [0.5, 0.2]]))
    >>> float((np.array([40_000, 50_000]) @ found.ratio[:, 1]).round(2))
    17272.73
    """
    out = absorbing.sum(axis=1) > 0
    for _ in range(len(out)):
        out = out | (transient[:, out] > 0).any(axis=1)
    ways = np.flatnonzero(out)
    fundamental = np.zeros_like(transient)
    fundamental[np.ix_(ways, ways)] = np.linalg.inv(np.eye(len(ways)) - transient[np.ix_(ways, ways)])
    stuck = transient[:, ~out].sum(axis=1, keepdims=True)
    ratio = fundamental @ np.hstack([absorbing, stuck])
    ratio[~out, -1] = 1.0
    return Absorption(fundamental, ratio, np.where(out, fundamental.sum(axis=1), np.nan))


def matrix(amounts: Array) -> Array:
    """Return the transition matrix of amounts by state left and entered; rows without an amount are 0."""
    total = amounts.sum(axis=1, keepdims=True)
    return np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0)


def influence(cube: Array) -> Array:
    """Return the influence of each customer on each share of the matrix, same shape as the cube."""
    share, total = matrix(cube.sum(axis=0)), cube.sum(axis=(0, 2))[:, None]
    gap = cube - cube.sum(axis=2, keepdims=True) * share
    return np.asarray(np.divide(gap, total, out=np.zeros_like(gap), where=total > 0))


def absorption_influence(cube: Array, found: Absorption) -> Array:
    """Return the influence of each customer on the absorption shares: dB = N (dQ B + dR)."""
    n_transient, n_states = cube.shape[1:]
    ends = np.vstack([found.ratio, np.eye(n_states - n_transient, found.ratio.shape[1])])
    return np.asarray(found.fundamental @ (influence(cube) @ ends))


def chapman_kolmogorov(one: Array, two: Array) -> ChainTest:
    """Test whether the two-period matrix is the square of the one-period matrix.

    The gap of each cell is divided by its standard error between customers, linearised in both matrices, so that
    overlapping periods and several items of a customer are allowed for. The statistic of a row is its largest
    absolute ratio; its p-value is that of Student's law with one less than the number of customers, times the
    number of cells compared (Bonferroni). Rows of fewer than 30 customers are not tested.

    Parameters
    ----------
    one, two : amounts moved in one and in two periods, cubes over the same customers
    """
    n, square, gap_of = one.shape[1], _squared(matrix(one.sum(axis=0))), _squared_influence(one)
    deviation = np.abs(matrix(two.sum(axis=0)) - square)
    spread = influence(two) - gap_of
    n_customers = (one.sum(axis=2) > 0).sum(axis=0)
    factor = n_customers / np.maximum(n_customers - 1, 1)
    error = np.sqrt((spread**2).sum(axis=0) * factor[:, None])
    used = (error > 1e-12) & _testable(one, two, n_customers)[:, None]
    ratio = np.divide(deviation, error, out=np.zeros_like(error), where=used)
    n_cells = used.sum(axis=1)
    tail = 2 * student.sf(ratio.max(axis=1), np.maximum(n_customers - 1, 1))
    rows = n_cells > 0
    p_value = np.where(rows, np.minimum(tail * n_cells, 1.0), np.nan)
    whole = min(float((tail * n_cells.sum())[rows].min()), 1.0) if rows.any() else np.nan
    return ChainTest(
        statistic=_with_whole(np.where(rows, ratio.max(axis=1), np.nan), np.max),
        n_df=np.append(np.where(rows, n_cells, np.nan), n_cells.sum() if rows.any() else np.nan),
        p_value=np.append(p_value, whole),
        deviation=_with_whole(np.where(rows, deviation.max(axis=1), np.nan), np.max),
        n_customers=np.append(n_customers, len(one)),
        is_thin=np.zeros(n + 1, dtype=bool),
    )


def stationarity(counts: Array) -> ChainTest:
    """Test whether the matrix stays the same from quarter to quarter.

    Pearson's statistic of homogeneity of each row over the quarters (Anderson and Goodman 1957), divided by the
    design effect of counting several items of the same customer (Rao and Scott 1981, first order; never below 1).
    A row is thin where more than a fifth of the expected counts are below 5 (Cochran 1954).

    Parameters
    ----------
    counts : items by quarter, customer, state left and state entered
    """
    rows = [_homogeneity(counts[:, :, state]) for state in range(counts.shape[2])]
    statistic, n_df, deviation, is_thin = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    statistic, n_df = _with_whole(statistic, np.sum), _with_whole(n_df, np.sum)
    seen = (counts.sum(axis=(0, 3)) > 0).sum(axis=0)
    return ChainTest(
        statistic=statistic,
        n_df=n_df,
        p_value=np.asarray(chi2.sf(statistic, n_df)),
        deviation=_with_whole(deviation, np.max),
        n_customers=np.append(seen, (counts.sum(axis=(0, 2, 3)) > 0).sum()),
        is_thin=np.append(is_thin, is_thin.any()).astype(bool),
    )


def _squared(share: Array) -> Array:
    n = len(share)
    return share[:, :n] @ share + np.hstack([np.zeros((n, n)), share[:, n:]])


def _squared_influence(cube: Array) -> Array:
    """Influence on the square: dQ P + Q dP, and what was absorbed in the first period."""
    share, change = matrix(cube.sum(axis=0)), influence(cube)
    n = len(share)
    result = change[:, :, :n] @ share + share[:, :n] @ change
    result[:, :, n:] += change[:, :, n:]
    return np.asarray(result)


def _testable(one: Array, two: Array, n_customers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows with enough customers, seen over two periods, that enter only states whose own row is known."""
    n = one.shape[1]
    is_unknown = one.sum(axis=(0, 2)) <= 0
    enters_unknown = (one.sum(axis=0)[:, :n][:, is_unknown] > 0).any(axis=1)
    return (n_customers >= CUSTOMERS_MIN) & (two.sum(axis=(0, 2)) > 0) & ~enters_unknown


def _homogeneity(counts: Array) -> tuple[float, float, float, bool]:
    """Corrected statistic, degrees of freedom, largest deviation and thinness of one state over the quarters."""
    counts = counts[(counts.sum(axis=2) > 0).sum(axis=1) >= 2]
    observed = counts.sum(axis=1)
    observed = observed[:, observed.sum(axis=0) > 0]
    n_quarters, n_cells = observed.shape
    if n_quarters < 2 or n_cells < 2:
        return np.nan, np.nan, np.nan, False
    n_items = observed.sum(axis=1, keepdims=True)
    pooled = observed.sum(axis=0) / n_items.sum()
    expected = n_items * pooled
    pearson = ((observed - expected) ** 2 / expected).sum()
    effects = np.array([_design_effect(quarter, pooled) for quarter in _cells(counts)])
    weight = 1 - n_items[:, 0] / n_items.sum()
    effect = max(float((weight * effects).sum()) / (n_quarters - 1), 1.0)
    deviation = np.abs(observed / n_items - pooled).max()
    is_thin = bool((expected < EXPECTED_MIN).mean() > THIN_SHARE)
    return float(pearson) / effect, (n_quarters - 1) * (n_cells - 1), float(deviation), is_thin


def _cells(counts: Array) -> Array:
    return counts[:, :, counts.sum(axis=(0, 1)) > 0]


def _design_effect(quarter: Array, pooled: Array) -> float:
    """Mean of the variances between customers over those of independent items, by cell."""
    each = quarter.sum(axis=1)
    each, quarter = each[each > 0], quarter[each > 0]
    total = each.sum()
    gap = (quarter - each[:, None] * (quarter.sum(axis=0) / total)) / total
    variance = (gap**2).sum(axis=0) * len(each) / (len(each) - 1)
    return float((variance * total / pooled).sum() / (len(pooled) - 1))


def _with_whole(values: Array, join: Callable[[Array], float]) -> Array:
    told = values[~np.isnan(values)]
    return np.append(values, join(told) if len(told) else np.nan)
