"""Exact expected losses and indemnities: what the simulation is held against.

Expectations do not depend on the correlation of defaults, so they follow from each customer alone: PD x E[loss] and,
for terms on a loss, PD x E[q min(L, limit) where it qualifies], with L = exposure x beta.
"""

import numpy as np
from pandas import DataFrame
from scipy.special import betainc

from riskresearch.insurance.exposures import cover
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import Array, BuyerLimit, ClaimCover, InsuredPercentage, LossTerm, Threshold, YearTerm

_EXACT = (BuyerLimit, InsuredPercentage, Threshold)


def expected_gross(exposures: DataFrame) -> Array:
    """Expected loss of a year of each customer: PD x exposure x mean loss given default (run currency)."""
    columns = exposures[["pd_12m", "exposure_amount", "lgd_ratio"]].to_numpy(dtype="float64")
    return np.asarray(columns.prod(axis=1))


def expected_indemnity(exposures: DataFrame, *, policy: Policy, lgd_concentration: float | None) -> Array | None:
    """Expected indemnity of a year of each customer; None where no exact formula holds (terms on the year).

    Parameters
    ----------
    exposures : table `exposures`, checked
    policy : policy or quote
    lgd_concentration : a + b of the beta law of loss given default; None = always its mean
    """
    terms = policy.cover_terms
    if any(isinstance(term, YearTerm) or not isinstance(term, _EXACT) for term in terms):
        return None
    covers = cover(exposures, policy=policy)
    by_customer = ClaimCover(covers["limit_amount"].to_numpy(), covers["insured_ratio"].to_numpy())
    mean = exposures["lgd_ratio"].to_numpy(dtype="float64")
    amount = exposures["exposure_amount"].to_numpy(dtype="float64")
    certain = _certain_indemnity(amount * mean, cover=by_customer, policy=policy)
    given_default = certain.copy()
    is_open = (mean > 0) & (mean < 1) & (amount > 0) & (lgd_concentration is not None)
    if lgd_concentration is not None:
        qualifying = _beta_qualifying(
            amount[is_open], mean[is_open], by_customer.limit_amount[is_open], policy.find(Threshold), lgd_concentration
        )
        given_default[is_open] = by_customer.insured_ratio[is_open] * qualifying
    return np.asarray(exposures["pd_12m"].to_numpy(dtype="float64") * given_default)


def _certain_indemnity(loss: Array, *, cover: ClaimCover, policy: Policy) -> Array:
    amounts = np.where(cover.limit_amount > 0, loss, 0.0)
    for term in policy.cover_terms:
        if isinstance(term, LossTerm):
            amounts = term.payable(amounts, cover=cover)
    return amounts


def _beta_qualifying(
    amount: Array, mean: Array, limit: Array, threshold: Threshold | None, concentration: float
) -> Array:
    """E[C where C qualifies], C = min(exposure x X, limit): E[min(X, k)] - E[X; X <= t], zero if the limit fails t."""
    a, b = mean * concentration, (1.0 - mean) * concentration
    k = np.minimum(limit / amount, 1.0)
    covered = mean * betainc(a + 1.0, b, k) + k * (1.0 - betainc(a, b, k))
    if threshold is None:
        return np.asarray(amount * covered)
    t = np.minimum(threshold.amount / amount, 1.0)
    below = mean * betainc(a + 1.0, b, t)
    return np.where(threshold.qualifies(limit), amount * (covered - below), 0.0)
