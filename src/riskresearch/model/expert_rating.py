"""Expert rating: a prior probability of default where the ledger holds too few defaults for a model."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.model.settings import ModelSettings

LATE_DAYS = 30


def expert_pd(behaviour: DataFrame, settings: ModelSettings) -> Series:
    """Return the prior yearly PD of each customer from its payment delay.

    The prior rate is spread so that a payer 30 or more days late is `prior_late_factor` times as
    risky as one no later than the published mean, log-linearly in between, and a portfolio with the
    published share of late payers keeps the prior rate. The delay is the customer's own, shrunk to
    the portfolio's mean with weight n / (n + k) for n receipts, and never below the age of its oldest
    overdue invoice. Where due dates are an assumption only the delay against the other customers is
    known: the portfolio's mean is then set to the published mean.

    Parameters
    ----------
    behaviour : table `customer_behaviour`
    settings : prior rate, factor, share, weight k

    Returns
    -------
    Series of probabilities indexed by customer_id.
    """
    own, n = behaviour["days_beyond_terms_12m"], behaviour["n_receipts_12m"].astype(float)
    weight = (n / (n + settings.prior_weight_receipts)).where(own.notna(), 0.0)
    weight = weight.fillna(0.0)
    common = float(np.average(own[own.notna()], weights=n[own.notna()])) if own.notna().any() else 0.0
    delay = weight * own.fillna(0.0) + (1 - weight) * common
    delay = np.maximum(delay, behaviour["past_due_max_days"].astype(float))
    is_assumed = behaviour["is_terms_assumed"].fillna(False).astype(bool)
    delay = delay.where(~is_assumed, delay - common + settings.prior_mean_delay_days)
    share, factor = settings.prior_late_ratio, settings.prior_late_factor
    on_time = settings.prior_default_ratio / (1 - share + factor * share)
    start = settings.prior_mean_delay_days
    prior = on_time * factor ** ((delay.clip(start, LATE_DAYS) - start) / (LATE_DAYS - start))
    return Series(prior.to_numpy(), index=behaviour["customer_id"], name="pd_12m")
