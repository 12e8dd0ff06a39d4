"""Logistic regression by maximum likelihood, with standard errors that respect repeated rows of a customer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
MAX_STEPS = 100
SETTLED = 1e-13
"""Relative likelihood still to be gained below which a step is the last (it squares the error once more)."""
LOSS = 1e-9
"""Relative loss of likelihood that rounding may make."""


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients, their covariance clustered by owner, the log-likelihood, and whether the fit has settled."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    has_settled: bool


def log_likelihood(log_odds: Floats, outcome: Floats, weight: Floats | None = None) -> float:
    """Return the Bernoulli log-likelihood of outcomes given log-odds, weighted."""
    terms = outcome * log_odds - np.maximum(log_odds, 0) - np.log1p(np.exp(-np.abs(log_odds)))
    return float(terms.sum() if weight is None else weight @ terms)


def is_separated(score: Floats, outcome: NDArray[np.bool_]) -> bool:
    """Tell whether a score parts defaulters from the others, ties at the border allowed: no finite slope exists.

    Source: Albert and Anderson 1984.
    """
    bad, good = score[outcome], score[~outcome]
    return bool(bad.min() >= good.max() or good.min() >= bad.max())


def logistic_fit(
    design: Floats,
    outcome: Floats,
    *,
    owner: NDArray[np.int64],
    start: ArrayLike | None = None,
    offset: Floats | None = None,
    weight: Floats | None = None,
) -> LogisticFit:
    """Fit log-odds = offset + design x coefficients by Newton's method, halving steps that would lose likelihood.

    Covariance: H^-1 (sum over owners of s s') H^-1 x G / (G - 1) with H the information, s the score of all rows of
    an owner and G the number of owners (Liang and Zeger 1986). The caller sees to it that both outcomes occur, that the
    columns are not collinear, that no column separates the outcomes and that there are two owners at least.

    Parameters
    ----------
    design : one row per observation, one column per coefficient
    outcome : 0 or 1
    owner : number of the customer of each row, from 0
    start : coefficients to start from; without them 0
    offset : log-odds taken as they are
    weight : weight of each row
    """
    base = np.zeros(len(outcome)) if offset is None else offset
    weights = np.ones(len(outcome)) if weight is None else weight
    beta = np.zeros(design.shape[1]) if start is None else np.asarray(start, dtype=float)
    log_odds, has_settled, n_steps = base + design @ beta, False, 0
    found = log_likelihood(log_odds, outcome, weights)
    while not has_settled and n_steps < MAX_STEPS:
        gradient, information = _derivatives(design, outcome, log_odds, weights)
        step = np.linalg.solve(information, gradient)
        has_settled, before = float(gradient @ step) <= SETTLED * (1 + abs(found)), found
        log_odds = base + design @ (beta + step)
        while (found := log_likelihood(log_odds, outcome, weights)) < before - LOSS * (1 + abs(before)):
            step /= 2
            log_odds = base + design @ (beta + step)
        beta, n_steps = beta + step, n_steps + 1
    scores = (weights * (outcome - expit(log_odds)))[:, None] * design
    by_owner = np.column_stack([np.bincount(owner, weights=column) for column in scores.T])
    n_owners = len(np.unique(owner))
    inverse = np.linalg.inv(_derivatives(design, outcome, log_odds, weights)[1])
    covariance = inverse @ (by_owner.T @ by_owner) @ inverse * n_owners / (n_owners - 1)
    return LogisticFit(beta, covariance, found, has_settled)


def _derivatives(design: Floats, outcome: Floats, log_odds: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Gradient and information of the log-likelihood."""
    p = expit(log_odds)
    return design.T @ (weights * (outcome - p)), design.T @ (design * (weights * p * (1 - p))[:, None])
