"""What the factors of the segments mean for the whole book: expected loss, shortfall, largest customer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.sparse import csr_matrix, vstack
from scipy.special import ndtr, ndtri

from riskresearch.limits.calibration.fit import Fit
from riskresearch.limits.policy.policy import CreditPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BLOCK = 2_000
STEPS = 30


@dataclass(frozen=True)
class Book:
    """Customers of the last review day that may have a limit.

    Parameters
    ----------
    segment : place of each customer's segment
    need, loss_need, sales : need, LGD × need and sales of 12 months, run currency
    own_sales_amount : the seller's sales of 12 months
    defaults : scenarios × customers, 1 = default; one common factor
    """

    segment: Ints
    need: Floats
    loss_need: Floats
    sales: Floats
    own_sales_amount: float
    defaults: csr_matrix


def book(rows: DataFrame, fit: Fit, policy: CreditPolicy, *, n_scenarios: int, rng: np.random.Generator) -> Book | None:
    """Return the book of the last review day with its default scenarios; None where nobody may have a limit.

    Parameters
    ----------
    rows : ``segment_code need_amount lgd_ratio sales_amount_12m seller_sales_amount_12m``, customers with a need and
        not in default
    fit : factors of the segments; their shrunk default rates are the probabilities
    policy : correlation of the one-factor model, and the order of the segments
    n_scenarios : scenarios of a year; the common factor is stratified, one value from each of so many equal shares
    """
    if rows.empty or not rows["seller_sales_amount_12m"].max() > 0:
        return None
    places = {segment.segment_code: place for place, segment in enumerate(policy.segments)}
    segment = rows["segment_code"].map(places).to_numpy(np.int64)
    need = rows["need_amount"].to_numpy(float)
    return Book(
        segment=segment,
        need=need,
        loss_need=need * rows["lgd_ratio"].to_numpy(float),
        sales=rows["sales_amount_12m"].to_numpy(float).clip(min=0),
        own_sales_amount=float(rows["seller_sales_amount_12m"].max()),
        defaults=default_scenarios(
            fit.rate[segment],
            correlation_ratio=policy.economics.asset_correlation_ratio,
            n_scenarios=n_scenarios,
            rng=rng,
        ),
    )


def default_scenarios(
    p_default: Floats, *, correlation_ratio: float, n_scenarios: int, rng: np.random.Generator
) -> csr_matrix:
    """Return defaults of a year by scenario: a customer defaults if √ρ Z + √(1 − ρ) ε ≤ Φ⁻¹(p).

    One-factor Gaussian model (Vasicek 2002); Z is stratified, which removes most of the chance in the common factor.
    """
    strata = (np.arange(n_scenarios) + rng.random(n_scenarios)) / n_scenarios
    common = ndtri(strata.clip(1e-15, 1 - 1e-15))
    threshold = ndtri(np.clip(p_default, 0.0, 1.0))
    blocks = []
    for start in range(0, n_scenarios, BLOCK):
        z = common[start : start + BLOCK, None]
        p_given = ndtr((threshold - np.sqrt(correlation_ratio) * z) / np.sqrt(1 - correlation_ratio))
        blocks.append(csr_matrix((rng.random(p_given.shape) < p_given).astype(float)))
    return vstack(blocks, format="csr")


def expected_shortfall(losses: Floats, *, confidence_ratio: float) -> float:
    """Return the mean of the worst share 1 − confidence of equally likely losses, the last one in part.

    Examples
    --------
    >>> expected_shortfall(np.array([0.0, 10.0, 20.0, 40.0]), confidence_ratio=0.5)
    30.0
    >>> expected_shortfall(np.array([0.0, 10.0, 20.0, 40.0]), confidence_ratio=0.625)
    33.333333333333336
    """
    worst = np.sort(losses)[::-1]
    tail = (1 - confidence_ratio) * len(worst)
    whole = min(int(np.floor(tail + 1e-9)), len(worst))
    part = (tail - whole) * worst[whole] if whole < len(worst) and tail > whole + 1e-9 else 0.0
    return float((worst[:whole].sum() + part) / tail)


def checks(held: Book, fit: Fit, factors: Floats, policy: CreditPolicy, grid: Floats) -> list[dict[str, object]]:
    """Return the constraints on the book for factors by segment, and the common multiplier that meets them.

    The loss given default of a customer is its LGD × need × severity of its segment: size ratio × mean of min(factor,
    exposure at default over need). The probability of default stays that by count, so that the expected loss is the
    one the factors were fitted to; where the small ones fail, the loss of a large one is therefore told lower than its
    limit (and where the large ones fail, that of a small one higher): the shortfall has the right mean, and large
    customers weigh in it in the share of their need. Limits are factor × need. Members of a group default each on
    their own. The expected loss has no multiplier: lower limits cost sales as well as losses, and need not lower
    their ratio.

    Parameters
    ----------
    held : customers of the last review day
    fit : severities, sales kept and default rates by segment
    factors : factor by segment, in the order of the policy
    policy : appetite
    grid : factors at which severities and sales kept are known
    """
    appetite, own = policy.appetite, held.own_sales_amount

    def shortfall(multiplier: float) -> float:
        losses = held.defaults @ (held.loss_need * at_factor(fit.severity, factors * multiplier, grid)[held.segment])
        return expected_shortfall(losses, confidence_ratio=appetite.confidence_ratio)

    def largest(multiplier: float) -> float:
        return float((held.need * (factors * multiplier)[held.segment]).max())

    loss, kept = expected(held, fit, factors, grid)
    found = [
        _check("expected_shortfall", shortfall, appetite.shortfall_ratio, own),
        _check("customer_share", largest, appetite.customer_share_ratio, own),
    ]
    common = min(1.0, *(float(str(row["multiplier_ratio"])) for row in found))
    for row in found:
        row["is_binding"] = common < 1 and row["multiplier_ratio"] == common
    ratio = loss / kept if kept > 0 else None
    first: dict[str, object] = {
        "check_code": "expected_loss",
        "value_ratio": ratio,
        "appetite_ratio": appetite.expected_loss_ratio,
        "value_amount": loss,
        "is_met": loss <= appetite.expected_loss_ratio * kept * (1 + 1e-9),
        "is_binding": False,
    }
    return [first, *found, {"check_code": "common_multiplier", "value_ratio": common, "is_met": common >= 1}]


def expected(held: Book, fit: Fit, factors: Floats, grid: Floats) -> tuple[float, float]:
    """Return expected loss and sales kept of a year, run currency."""
    severity = at_factor(fit.severity, factors, grid)
    share = at_factor(fit.kept, factors, grid) / np.where(fit.sales > 0, fit.sales, 1.0)
    loss = float((held.loss_need * (fit.rate * severity)[held.segment]).sum())
    return loss, float((held.sales * share[held.segment]).sum())


def at_factor(curves: Floats, factors: Floats, grid: Floats) -> Floats:
    """Return the value of each curve at its own factor, between grid points on the straight line."""
    return np.array([np.interp(factor, grid, curve) for factor, curve in zip(factors, curves, strict=True)])


def _check(code: str, amount: Callable[[float], float], appetite_ratio: float, own: float) -> dict[str, object]:
    value = amount(1.0)
    return {
        "check_code": code,
        "value_ratio": value / own,
        "appetite_ratio": appetite_ratio,
        "value_amount": value,
        "multiplier_ratio": largest_multiplier(amount, appetite_ratio * own),
        "is_met": value <= appetite_ratio * own,
    }


def largest_multiplier(amount: Callable[[float], float], budget: float) -> float:
    """Return the largest multiplier up to 1 at which an amount that grows with it stays within a budget (bisection).

    Examples
    --------
    >>> round(largest_multiplier(lambda m: 200 * m, 50.0), 6)
    0.25
    >>> largest_multiplier(lambda m: 20 * m, 50.0)
    1.0
    """
    if amount(1.0) <= budget:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if amount(middle) <= budget else (low, middle)
    return low
