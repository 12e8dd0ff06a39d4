"""What a customer's own payments say: a prior PD from its delay, and figures that answer the questionnaire."""

import numpy as np
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings

LATE_DAYS = 30
FIGURES = {"tenure_months": 1, "sales_amount_12m": 1, "sales_rank_ratio": 1, "delay_days": -1}
"""Figures that answer an item by themselves: +1 higher is better, -1 higher is worse."""


class PriorSettings(StageSettings):
    """Prior default rate and what payment delay adds to it."""

    prior_default_ratio: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="yearly default rate assumed where the ledger shows too few defaults; the company's own judgement",
    )
    prior_late_factor: float = Field(
        6.0,
        ge=1,
        description="how many times as often payers more than 30 days late fail; "
        "source: Altares, quoted by affiches-parisiennes.com",
    )
    prior_late_ratio: float = Field(
        0.076,
        gt=0,
        lt=1,
        description="share of firms more than 30 days late, France H1 2023; source: Altares via AFP, 2023-09",
    )
    prior_mean_delay_days: float = Field(
        12.9,
        ge=0,
        lt=30,
        description="mean payment delay of French firms, H1 2024; source: Altares 2024-09-18 (agipi.com)",
    )
    prior_weight_receipts: float = Field(
        6.0, ge=0, description="receipts at which a customer's own delay weighs as much as the portfolio's"
    )


def expected_delay_days(behaviour: DataFrame, settings: PriorSettings) -> Series:
    """Return the payment delay to reckon with (days), one per customer.

    The customer's own days beyond terms, shrunk to the portfolio's mean with weight n / (n + k) for n receipts, and
    never below the age of its oldest overdue invoice. Where due dates are an assumption only the delay against the
    other customers is known: the portfolio's mean is then set to the published mean.

    Parameters
    ----------
    behaviour : table `customer_behaviour`
    settings : weight k, published mean

    Returns
    -------
    Series indexed by customer_id.
    """
    own, n = behaviour["days_beyond_terms_12m"], behaviour["n_receipts_12m"].astype(float)
    weight = (n / (n + settings.prior_weight_receipts)).where(own.notna(), 0.0)
    weight = weight.fillna(0.0)
    common = float(np.average(own[own.notna()], weights=n[own.notna()])) if own.notna().any() else 0.0
    delay = weight * own.fillna(0.0) + (1 - weight) * common
    delay = np.maximum(delay, behaviour["past_due_max_days"].astype(float))
    is_assumed = behaviour["is_terms_assumed"].fillna(False).astype(bool)
    delay = delay.where(~is_assumed, delay - common + settings.prior_mean_delay_days)
    return Series(delay.to_numpy(), index=behaviour["customer_id"], name="delay_days")


def expert_pd(behaviour: DataFrame, settings: PriorSettings) -> Series:
    """Return the prior yearly PD of each customer from its payment delay.

    The prior rate is spread so that a payer 30 or more days late is `prior_late_factor` times as
    risky as one no later than the published mean, log-linearly in between, and a portfolio with the
    published share of late payers keeps the prior rate. The delay is that of `expected_delay_days`.

    Parameters
    ----------
    behaviour : table `customer_behaviour`
    settings : prior rate, factor, share, weight k

    Returns
    -------
    Series of probabilities indexed by customer_id.
    """
    delay = expected_delay_days(behaviour, settings)
    share, factor = settings.prior_late_ratio, settings.prior_late_factor
    on_time = settings.prior_default_ratio / (1 - share + factor * share)
    start = settings.prior_mean_delay_days
    prior = on_time * factor ** ((delay.clip(start, LATE_DAYS) - start) / (LATE_DAYS - start))
    return prior.rename("pd_12m")


def own_figures(behaviour: DataFrame, is_sold: Series, settings: PriorSettings) -> DataFrame:
    """Return the figures of `FIGURES` that answer items of the questionnaire by themselves, one row per customer.

    A prospect has no order volume and no delay; its relation is 0 months old unless it is known to be older.
    The rank of sales is the place among the customers with net sales in 12 months, as a share of their number; ties
    share the mean place, and a customer sold to before without sales in 12 months has rank 0.

    Parameters
    ----------
    behaviour : table `customer_behaviour`
    is_sold : whether an invoice is known, indexed by customer_id
    settings : see `expected_delay_days`

    Returns
    -------
    DataFrame indexed by customer_id, missing where there is no figure.
    """
    rows = behaviour.set_index("customer_id")
    sold = is_sold.reindex(rows.index, fill_value=False)
    tenure = rows["tenure_months"].astype(float)
    sales = rows["sales_amount_12m"].astype(float).where(sold)
    return DataFrame(
        {
            "tenure_months": tenure.mask(tenure.isna() & ~sold, 0.0),
            "sales_amount_12m": sales,
            "sales_rank_ratio": sales.where(sales > 0).rank(pct=True).mask(sales <= 0, 0.0),
            "delay_days": expected_delay_days(behaviour, settings).where(sold),
        }
    )
