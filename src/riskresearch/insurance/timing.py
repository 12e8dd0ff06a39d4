"""When indemnities arrive: after the year's end, discounted, and what the wait for them costs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import N_MONTHS, Events
from riskresearch.insurance.exposures import cover, policy_cost
from riskresearch.insurance.measures import standard_error
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.waterfall import settle, settle_programme

YEAR_DAYS, FINANCING_YEAR_DAYS = 365.0, 360.0

_FIGURES = {
    "paid_amount": "mean indemnity of a year, before the insurer's recoveries",
    "wait_days": "mean wait from default to indemnity, weighted by indemnity; empty = nothing is paid",
    "paid_after_year_ratio": "share of the indemnities that arrives after the end of the policy year",
    "price_factor_ratio": "value on the first day of the year of an indemnity of 1, at the financing rate",
    "financing_amount": "mean cost of the wait: indemnity x rate x days / 360",
}
INDEMNITY_TIMING = Table(
    "indemnity_timing",
    "insurance",
    "one row per policy",
    ("policy_id",),
    (
        Column("policy_id", "text", "policy or quote; of a top-up its own layer"),
        *(
            column
            for name, meaning in _FIGURES.items()
            for column in (
                Column(name, "float", meaning, True),
                Column(f"{name}_se", "float", f"standard error of {name}", True),
            )
        ),
        Column("financing_rate_ratio", "float", "yearly rate, continuous in the price factor"),
    ),
)
INDEMNITY_MONTHS = Table(
    "indemnity_months",
    "insurance",
    "one row per policy and month in which indemnities arrive, counted from the start of the policy year",
    ("policy_id", "month_number"),
    (
        Column("policy_id", "text", "policy or quote"),
        Column("month_number", "int", "1 = first twelfth of the policy year, 13 = first after its end"),
        Column("paid_amount", "float", "mean indemnity that arrives in the month"),
        Column("paid_to_date_ratio", "float", "share of a year's indemnities that has arrived by its end", True),
    ),
)


def indemnity_timing(
    events: Events, exposures: DataFrame, policies: Sequence[Policy], settings: InsuranceSettings
) -> dict[str, DataFrame]:
    """Return tables `indemnity_timing` and `indemnity_months` of policies settled on simulated defaults.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    policies : policies and quotes; a top-up needs its underlying policy among them
    settings : recoveries, cuts, financing rate
    """
    rate = settings.financing_rate_ratio
    rows, months = [], []
    for policy in policies:
        paid = _paid(events, exposures, policy, {other.policy_id: other for other in policies}, settings)
        waits = policy.waiting_days(events.event)
        figures = timing(events, paid=paid, wait_days=waits, rate_ratio=rate)
        rows.append({"policy_id": policy.policy_id, **figures, "financing_rate_ratio": rate})
        months.append(_by_month(events, paid=paid, wait_days=waits).assign(policy_id=policy.policy_id))
    return {
        "indemnity_timing": check(DataFrame(rows, columns=INDEMNITY_TIMING.names), INDEMNITY_TIMING),
        "indemnity_months": check(
            pd.concat(months) if months else DataFrame(columns=INDEMNITY_MONTHS.names), INDEMNITY_MONTHS
        ),
    }


def timing(events: Events, *, paid: Array, wait_days: Array, rate_ratio: float) -> dict[str, float]:
    """Return the figures of timing of indemnities and their standard errors, under `name` and `name`_se.

    An indemnity arrives t = d + wait / 365 years after the start of the policy year, with d the part of the year that
    has passed at the default. Shares are ratios of means: E[paid 1(t >= 1)] / E[paid], E[paid exp(-rate t)] / E[paid];
    the errors are those of ratios (delta method). With dates uniform in the year and one wait of w < 365 days they are
    w / 365 and exp(-rate w / 365) (1 - exp(-rate)) / rate: at five months and 4 %, 41.7 % and 0.9641.

    Parameters
    ----------
    events : simulated defaults
    paid : indemnity of each default, before the insurer's share of later recoveries
    wait_days : days from default to indemnity of each
    rate_ratio : yearly rate
    """
    arrives = _arrival(events, wait_days)
    by_year = events.by_year(paid)
    parts = {
        "wait_days": paid * wait_days,
        "paid_after_year_ratio": paid * (arrives >= 1.0),
        "price_factor_ratio": paid * np.exp(-rate_ratio * arrives),
    }
    cost = events.by_year(wait_cost(paid, wait_days=wait_days, rate_ratio=rate_ratio))
    found = _mean("paid_amount", by_year, events)
    for name, amounts in parts.items():
        found |= _ratio(name, events.by_year(amounts), by_year, events)
    return found | _mean("financing_amount", cost, events)


def wait_cost(paid: Array, *, wait_days: Array, rate_ratio: float) -> Array:
    """Return the cost of waiting for each indemnity: paid x rate x days / 360.

    Examples
    --------
    >>> wait_cost(np.array([1000.0]), wait_days=np.array([150.0]), rate_ratio=0.06).tolist()
    [25.0]
    """
    return np.asarray(paid * rate_ratio * wait_days / FINANCING_YEAR_DAYS)


def uniform_after_year_ratio(wait_days: float) -> float:
    """Share of indemnities that arrives after the year's end if defaults are even over the year.

    Examples
    --------
    >>> round(uniform_after_year_ratio(365 * 5 / 12), 3)
    0.417
    """
    return min(wait_days / YEAR_DAYS, 1.0)


def uniform_price_factor(wait_days: float, *, rate_ratio: float) -> float:
    """Value on the first day of the year of an indemnity of 1 if defaults are even over the year.

    Examples
    --------
    >>> round(uniform_price_factor(365 * 5 / 12, rate_ratio=0.04), 4)
    0.9641
    """
    over_year = -np.expm1(-rate_ratio) / rate_ratio if rate_ratio else 1.0
    return float(np.exp(-rate_ratio * wait_days / YEAR_DAYS) * over_year)


def _paid(
    events: Events, exposures: DataFrame, policy: Policy, others: Mapping[str, Policy], settings: InsuranceSettings
) -> Array:
    """Indemnity of each default under a policy; under a top-up the indemnity of its own layer."""
    claims = claims_of(events, exposures, cover(exposures, policy=policy), policy=policy, settings=settings)
    premium = policy_cost(exposures, policy=policy).premium_amount
    if policy.underlying_policy_id is None:
        return settle(claims, policy=policy, premium_amount=premium).paid
    below = others[policy.underlying_policy_id]
    under = claims_of(events, exposures, cover(exposures, policy=below), policy=below, settings=settings)
    first = policy_cost(exposures, policy=below).premium_amount
    both = settle_programme(under, claims, policies=(below, policy), premium_amounts=(first, premium))
    return np.asarray(both.paid - settle(under, policy=below, premium_amount=first).paid)


def _arrival(events: Events, wait_days: Array) -> Array:
    """Years from the start of the policy year to each indemnity."""
    return np.asarray(events.day_ratio.astype("float64") + wait_days / YEAR_DAYS)


def _by_month(events: Events, *, paid: Array, wait_days: Array) -> DataFrame:
    """Mean indemnity by the month it arrives in, at least the twelve of the policy year."""
    month = np.floor(_arrival(events, wait_days) * N_MONTHS).astype(np.int64)
    chance = np.full(events.n_years, 1.0 / events.n_years) if events.weights is None else events.weights
    sums = np.bincount(month, weights=paid * chance[events.year], minlength=N_MONTHS).astype("float64")
    total = sums.sum()
    to_date = np.cumsum(sums) / total if total > 0 else np.full(len(sums), np.nan)
    return DataFrame({"month_number": np.arange(1, len(sums) + 1), "paid_amount": sums, "paid_to_date_ratio": to_date})


def _mean(name: str, by_year: Array, events: Events) -> dict[str, float]:
    mean = float(by_year.mean() if events.weights is None else events.weights @ by_year)
    error = standard_error(by_year, n_strata=events.n_strata, weights=events.weights)
    return {name: mean, f"{name}_se": error}


def _ratio(name: str, part: Array, whole: Array, events: Events) -> dict[str, float]:
    """Ratio of two yearly means and its standard error; empty where the whole is nothing."""
    total = float(whole.mean() if events.weights is None else events.weights @ whole)
    if total <= 0:
        return {name: np.nan, f"{name}_se": np.nan}
    share = float(part.mean() if events.weights is None else events.weights @ part) / total
    error = standard_error((part - share * whole) / total, n_strata=events.n_strata, weights=events.weights)
    return {name: share, f"{name}_se": error}
