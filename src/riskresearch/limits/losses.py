"""What a customer's default costs: expected loss, unexpected loss of a one-factor model, and the part kept insured."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
NODES = 64
"""Nodes of the Gauss-Legendre rule; 64 give twelve digits for correlations up to 0.9."""
FARTHEST = 9.0
"""Standard deviations at which the tail is cut: 1e-19 of the probability lies beyond."""

SMALLEST = 1e-12
"""Difference of two probabilities below which they are equal: what rounding leaves where there is no correlation."""


def exposure_at_default(limit_amount: ArrayLike, *, exposure_amount: ArrayLike, draw_down_ratio: float) -> Floats:
    """Return the amount owed at default: min(limit, exposure × (1 + draw-down)).

    Customers draw on their limit before they fail. What is owed already above a lowered limit stays owed: the bound
    is the larger of limit and exposure. Source: domain note C2.

    Parameters
    ----------
    limit_amount : credit limit, run currency
    exposure_amount : mean exposure, same currency
    draw_down_ratio : share by which exposure at default exceeds the mean exposure

    Examples
    --------
    >>> exposure_at_default([100.0, 110.0, 60.0], exposure_amount=[80.0, 100.0, 80.0], draw_down_ratio=0.2).tolist()
    [96.0, 110.0, 80.0]
    """
    exposure = np.asarray(exposure_amount, float)
    return np.minimum(np.maximum(np.asarray(limit_amount, float), exposure), exposure * (1 + draw_down_ratio))


def expected_loss(exposure_amount: ArrayLike, *, pd: ArrayLike, lgd_ratio: ArrayLike) -> Floats:
    """Return exposure at default × probability of default × loss given default.

    Examples
    --------
    >>> round(float(expected_loss(10e6, pd=0.0165, lgd_ratio=1.0)), 2)
    165000.0
    """
    return np.asarray(exposure_amount, float) * np.asarray(pd, float) * np.asarray(lgd_ratio, float)


def tail_pd(pd: ArrayLike, *, confidence_ratio: float, correlation_ratio: float) -> Floats:
    """Return the mean probability of default over the worst years, one factor driving all customers.

    E[p(Z) | Z among the worst 1 − confidence], p(z) = Φ((Φ⁻¹(PD) + √ρ z) / √(1 − ρ)), Z standard normal: the customer's
    contribution to the expected shortfall of a large portfolio, per unit of loss given default (Vasicek; Euler
    allocation as in domain note C2). Integrated by a fixed rule, so the same input gives the same bytes.

    Parameters
    ----------
    pd : probability of default of twelve months
    confidence_ratio : confidence of the expected shortfall
    correlation_ratio : correlation of two customers' assets
    """
    worst = -ndtri(1 - confidence_ratio)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    z = worst + (nodes + 1) * (FARTHEST - worst) / 2
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * weights * (FARTHEST - worst) / 2
    threshold = ndtri(np.asarray(pd, float))[..., None]
    conditional = ndtr((threshold + np.sqrt(correlation_ratio) * z) / np.sqrt(1 - correlation_ratio))
    return np.asarray((conditional * density).sum(axis=-1) / density.sum())


def unexpected_loss_ratio(
    pd: ArrayLike, *, lgd_ratio: ArrayLike, confidence_ratio: float, correlation_ratio: float
) -> Floats:
    """Return the economic capital of one unit of exposure: loss in the worst years less the expected loss.

    LGD × (`tail_pd` − PD). Nothing at PD 0 and at PD 1, where the loss is certain and already expected.
    """
    worse = tail_pd(pd, confidence_ratio=confidence_ratio, correlation_ratio=correlation_ratio) - np.asarray(pd, float)
    return np.asarray(lgd_ratio, float) * np.where(worse < SMALLEST, 0.0, worse)


def retained_loss(
    loss_amount: ArrayLike,
    *,
    exposure_amount: ArrayLike,
    insured_limit_amount: ArrayLike,
    quota_ratio: float,
    deductible_amount: float = 0.0,
    yearly_maximum_amount: float = np.inf,
) -> Floats:
    """Return the part of losses that stays with the insured seller, in the order given.

    A loss is insured in the proportion in which its exposure lies within the insured limit; the insurer pays the
    quota of that part, less the deductible of each loss, until the yearly maximum is used up. Source: domain note C2.

    Parameters
    ----------
    loss_amount : losses of a year after recoveries, run currency, in the order in which they fall
    exposure_amount : amounts owed at default
    insured_limit_amount : insurer's limits in force
    quota_ratio : insured share, such as 0.9
    deductible_amount : kept of each loss
    yearly_maximum_amount : largest sum the insurer pays in the year

    Examples
    --------
    Owed 120,000, insured limit 100,000, total loss, 90 %: 20,000 above the limit and a tenth of 100,000.

    >>> retained_loss([120e3], exposure_amount=[120e3], insured_limit_amount=[100e3], quota_ratio=0.9).tolist()
    [30000.0]
    """
    loss, owed = np.asarray(loss_amount, float), np.asarray(exposure_amount, float)
    insured = np.divide(
        np.minimum(owed, np.asarray(insured_limit_amount, float)), owed, out=np.zeros_like(owed), where=owed > 0
    )
    claim = np.maximum(quota_ratio * loss * insured - deductible_amount, 0.0)
    paid = np.diff(np.minimum(np.cumsum(claim), yearly_maximum_amount), prepend=0.0)
    return loss - paid
