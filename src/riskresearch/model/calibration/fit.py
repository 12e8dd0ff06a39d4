"""Two numbers on the log-odds fitted by maximum likelihood, with standard errors clustered by customer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, log_expit, logit

from riskresearch.base.errors import TableError, first_keys

Floats = NDArray[np.float64]

MOST_STEPS = 100


@dataclass(frozen=True)
class Rows:
    """Rows that the model has not seen, in an order that does not depend on how they came.

    Parameters
    ----------
    raw : raw log-odds
    hit : 1.0 = default within the horizon
    owner : number of the customer, 0 to n_customers − 1
    """

    raw: Floats
    hit: Floats
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, raw: ArrayLike, outcome: ArrayLike, customers: ArrayLike) -> "Rows":
        """Return the rows sorted by customer, log-odds and outcome.

        Raises
        ------
        TableError
            Log-odds are missing or infinite, outcomes are neither 0 nor 1, or the lengths differ.
        """
        score, hit, names = np.asarray(raw, dtype=float), np.asarray(outcome, dtype=float), np.asarray(customers)
        if not len(score) == len(hit) == len(names):
            raise TableError(
                f"calibration: {len(score)} log-odds, {len(hit)} outcomes and {len(names)} customers; "
                "give one of each per row"
            )
        _refuse(~np.isfinite(score), names, "have no finite log-odds; leave no missing score among the rows")
        _refuse(~np.isin(hit, (0.0, 1.0)), names, "have an outcome other than 0 and 1; leave unknown outcomes out")
        owner = np.unique(names.astype(str), return_inverse=True)[1]
        order = np.lexsort((hit, score, owner))
        return cls(score[order], hit[order], owner[order])

    def where(self, kept: NDArray[np.bool_]) -> "Rows":
        """Return some of the rows."""
        return Rows(self.raw[kept], self.hit[kept], self.owner[kept])

    @property
    def n_defaulters(self) -> int:
        """Customers with a default in at least one row."""
        return len(np.unique(self.owner[self.hit > 0]))

    @property
    def is_one_class(self) -> bool:
        """Only defaults, only survivors, or no row."""
        return not 0 < self.hit.sum() < len(self.hit)

    @property
    def is_constant(self) -> bool:
        """All log-odds are equal."""
        return len(self.raw) == 0 or bool(self.raw.min() == self.raw.max())

    @property
    def is_separated(self) -> bool:
        """No defaulting row lies below a surviving one, or none above: no finite slope is the most likely."""
        good, bad = self.raw[self.hit == 0], self.raw[self.hit == 1]
        return bool(good.max() <= bad.min() or bad.max() <= good.min())


@dataclass(frozen=True)
class Line:
    """Calibrated log-odds = slope × raw log-odds + intercept, with standard errors clustered by customer.

    A standard error is missing where the number was not fitted.
    """

    slope: float = 1.0
    intercept: float = 0.0
    slope_se: float = np.nan
    intercept_se: float = np.nan

    def log_odds(self, raw: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.slope * raw + self.intercept


def level_shift(log_odds: ArrayLike, *, mean_pd: float, weight: ArrayLike | None = None) -> float:
    """Return the number to add to log-odds so that the mean PD is the one given, to the last digits.

    Parameters
    ----------
    log_odds : one per row
    mean_pd : mean probability of default wanted, above 0 and below 1
    weight : weight of each row in the mean; equal where not given. The years count alike, as in a mean of yearly
        rates, where the rows of each year weigh 1 together.

    Raises
    ------
    TableError
        No row, log-odds not finite, weights without a positive sum, or a mean PD of 0 or 1, which no shift reaches.

    Notes
    -----
    Σ w expit(log_odds + shift) / Σ w = mean_pd has one root, because the left side rises from 0 to 1. With the mean
    outcome of the rows as `mean_pd` it is the maximum-likelihood shift of a logistic regression with slope 1.

    Examples
    --------
    >>> round(level_shift([-3.0, -3.0], mean_pd=0.5), 12)
    3.0
    """
    score = np.asarray(log_odds, dtype=float)
    share = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=float)
    if not (len(score) and np.isfinite(score).all() and share.sum() > 0 and (share >= 0).all()):
        raise TableError(f"level shift: {len(score)} rows; log-odds must be finite and weights positive in sum")
    if not 0 < mean_pd < 1:
        raise TableError(f"level shift: a mean PD of {mean_pd} cannot be reached; it must lie above 0 and below 1")
    share = share / share.sum()
    low, high = logit(mean_pd) - score.max() - 1e-6, logit(mean_pd) - score.min() + 1e-6

    def gap(shift: float) -> float:
        return float(share @ expit(score + shift)) - mean_pd

    return float(brentq(gap, low, high, xtol=1e-15, rtol=8.9e-16, maxiter=500))


def fit_shift(rows: Rows) -> Line:
    """Return the most likely intercept with the slope fixed at 1; needs both outcomes."""
    intercept = level_shift(rows.raw, mean_pd=float(rows.hit.mean()))
    p = expit(rows.raw + intercept)
    errors = _clustered(np.ones((len(p), 1)), p, rows)
    return Line(1.0, intercept, np.nan, float(errors[0]))


def fit_platt(rows: Rows) -> Line:
    """Return the most likely slope and intercept; needs both outcomes, log-odds that differ and no separation.

    Notes
    -----
    Newton steps on standardised log-odds, halved while they lower the likelihood. Source: Platt 1999, on log-odds and
    without his smoothing of the outcomes, so that a well-calibrated score keeps slope 1 and intercept 0.
    """
    centre, spread = rows.raw.mean(), rows.raw.std()
    design = np.column_stack([(rows.raw - centre) / spread, np.ones(len(rows.raw))])
    beta = np.array([0.0, logit(rows.hit.mean())])
    loss = log_loss(design @ beta, rows.hit)
    for _ in range(MOST_STEPS):
        p = expit(design @ beta)
        step = np.linalg.solve(_information(design, p), design.T @ (rows.hit - p))
        while (next_loss := log_loss(design @ (beta + step), rows.hit)) > loss + 1e-15:
            step = step / 2
        beta, loss = beta + step, next_loss
        if np.abs(step).max() < 1e-12:
            break
    slope = beta[0] / spread
    errors = _clustered(np.column_stack([rows.raw, np.ones(len(rows.raw))]), expit(design @ beta), rows)
    return Line(float(slope), float(beta[1] - slope * centre), float(errors[0]), float(errors[1]))


def log_loss(log_odds: Floats, hit: Floats) -> float:
    """Return the mean of −log of the probability given to what happened."""
    return float(-(hit * log_expit(log_odds) + (1 - hit) * log_expit(-log_odds)).mean())


def _information(design: Floats, p: Floats) -> Floats:
    return (design * (p * (1 - p))[:, None]).T @ design


def _clustered(design: Floats, p: Floats, rows: Rows) -> Floats:
    """Sandwich standard errors, the scores of a customer's rows summed first; factor G / (G − 1), G customers."""
    n_customers = len(np.unique(rows.owner))
    if n_customers < 2:
        return np.full(design.shape[1], np.nan)
    scores = design * (rows.hit - p)[:, None]
    sums = np.column_stack([np.bincount(rows.owner, column) for column in scores.T])
    bread = np.linalg.inv(_information(design, p))
    spread = bread @ (sums.T @ sums) @ bread * n_customers / (n_customers - 1)
    return np.sqrt(np.diag(spread))


def _refuse(wrong: NDArray[np.bool_], names: NDArray[np.generic], rule: str) -> None:
    if wrong.any():
        raise TableError(f"calibration: {int(wrong.sum())} rows (customers {first_keys(names[wrong])}) {rule}")
