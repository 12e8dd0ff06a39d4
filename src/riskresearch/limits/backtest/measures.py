"""Measures of a replayed policy: sums over customers, and ratios of such sums."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.limits.backtest.book import Floats, Ints


@dataclass(frozen=True)
class Measure:
    """Signed sums of an account, over another sum for a ratio, and what they mean.

    Parameters
    ----------
    plus, minus : columns of an account's sums
    per : column the result is divided by; None = an amount or a count
    meaning : in the field's words
    """

    meaning: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    per: str | None = None


MEASURES: Mapping[str, Measure] = {
    "sales_amount": Measure("orders sold, on account or paid in advance, less credit notes and discounts", ("sales",)),
    "prepaid_amount": Measure("part of the sales that is paid in advance", ("prepaid",)),
    "sales_lost_amount": Measure("orders not sold, less credit notes and discounts", ("sales_lost",)),
    "margin_amount": Measure("margin ratio of the policy file × sales before tax", ("margin",)),
    "margin_lost_amount": Measure("margin ratio of the policy file × sales lost before tax", ("margin_lost",)),
    "loss_amount": Measure("open amount without security on the day of a default × LGD known then", ("loss",)),
    "loss_avoided_amount": Measure(
        "loss of history, where all was sold, less that of the policy", ("history",), ("loss",)
    ),
    "written_off_amount": Measure("write-offs booked in the window on what the policy sold", ("written_off",)),
    "expected_loss_amount": Measure(
        "exposure without security × daily hazard of the PD known × LGD, over all days", ("expected_loss",)
    ),
    "finance_cost_amount": Measure("cost of the money bound in the exposure, over all days", ("finance",)),
    "net_result_amount": Measure("margin less losses at default less cost of money", ("margin",), ("loss", "finance")),
    "net_result_expected_amount": Measure(
        "margin less expected losses less cost of money", ("margin",), ("expected_loss", "finance")
    ),
    "n_orders": Measure("orders of the window", ("n_orders",)),
    "n_blocked": Measure("orders above the free limit on their day", ("n_blocked",)),
    "n_delayed": Measure("orders sold later, when there was room", ("n_delayed",)),
    "blocked_amount": Measure("amount of the orders above the free limit on their day", ("blocked",)),
    "blocked_ratio": Measure("blocked orders over all orders, by number", ("n_blocked",), (), "n_orders"),
    "false_block_ratio": Measure(
        "blocked orders that history paid in full within 12 months, over blocked orders 12 months old",
        ("n_false_blocks",),
        (),
        "n_blocked_mature",
    ),
    "n_changes_per_year": Measure("changes of limits a customer and year", ("n_changes",), (), "limit_years"),
    "n_reversals_per_year": Measure(
        "changes back in time to count, a customer and year", ("n_reversals",), (), "limit_years"
    ),
    "use_mean_ratio": Measure(
        "exposure over limits and securities, all days with any", ("exposure_limited",), (), "limit_days"
    ),
    "n_breach_days": Measure("customer-days with an exposure above limit and securities", ("n_breach_days",)),
    "breach_ratio": Measure(
        "customer-days above the limit over those with a limit", ("n_breach_days",), (), "n_judged_days"
    ),
    "exposure_mean_amount": Measure("mean exposure of the days", ("exposure_days",), (), "n_days"),
    "shortfall_amount": Measure("loss of a year in the worst years, mean of the month ends", ("shortfall",)),
}
USE_QUANTILE = "use_p95_ratio"
PEAK_SHARE = "peak_share_ratio"
MEASURE_CODES = (*MEASURES, USE_QUANTILE, PEAK_SHARE)
_QUANTILE = 0.95


def samples_of_customers(n_customers: int, n_bootstrap: int, rng: Generator) -> Floats:
    """Return how often each customer is drawn, with replacement, one row per sample.

    Whole customers are drawn, because the orders and days of one belong together (Field and Welsh 2007). The same
    samples serve every policy, so that differences are paired.
    """
    drawn = rng.integers(0, max(n_customers, 1), (n_bootstrap, n_customers))
    rows = np.arange(n_bootstrap)[:, None] * n_customers + drawn
    counts = np.bincount(rows.ravel(), minlength=n_bootstrap * n_customers)
    return counts.reshape(n_bootstrap, n_customers).astype(float)


def measured(sums: DataFrame, use_days: Ints, weights: Floats) -> dict[str, NDArray[np.float64]]:
    """Return each measure under each weighting of the customers; NaN where its divisor is 0.

    Parameters
    ----------
    sums : one row per customer with the columns that `MEASURES` name
    use_days : customer × per cent of use: days
    weights : weighting × customer
    """
    totals = {name: weights @ sums[name].to_numpy(float) for name in sums}
    figures = {code: _measure(measure, totals) for code, measure in MEASURES.items()}
    figures[USE_QUANTILE] = _use_quantile(weights @ use_days)
    return figures


def _measure(measure: Measure, totals: Mapping[str, Floats]) -> Floats:
    value = np.sum([totals[name] for name in measure.plus], axis=0)
    if measure.minus:
        value = value - np.sum([totals[name] for name in measure.minus], axis=0)
    if measure.per is None:
        return value
    divisor = totals[measure.per]
    return np.divide(value, divisor, out=np.full(len(value), np.nan), where=divisor > 0)


def _use_quantile(days: Floats) -> Floats:
    """Smallest whole per cent of use that 95 % of the customer-days do not exceed, as a ratio."""
    reached = days.cumsum(axis=1)
    total = reached[:, -1]
    place = (reached < _QUANTILE * total[:, None]).sum(axis=1)
    return np.where(total > 0, place / 100, np.nan)


def peak_share(month_end_exposure: Floats) -> float:
    """Return the largest share that one customer had in the exposure of a month end; NaN without exposure."""
    owed = month_end_exposure.clip(min=0)
    total = owed.sum(axis=0)
    if not (total > 0).any():
        return float("nan")
    return float((owed[:, total > 0].max(axis=0) / total[total > 0]).max())
