"""How long trouble takes to become default or to be rescued, by pace of buying.

A customer that buys often has material arrears at once, one that buys twice a year months later. The
lag is taken over all months of customers of like pace, each weighted with its hazard of trouble (never
over the spells that happen): what would follow if payments stopped then.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.arrears import Arrears, arrears_start
from riskresearch.ledger.synthetic.population import Population
from riskresearch.ledger.synthetic.spells import JUDGEMENT_RATE, PAST_DUE_DAYS, RESCUE_RATE, SUDDEN_SHARE, stop_days
from riskresearch.ledger.synthetic.timeline import NEVER, RUN_IN_MONTHS, Calendar, Floats, Ints

HORIZON_MONTHS = 12
RESCUE_MONTHS = 6
YEAR_DAYS = 365
N_PACES = 5
MAX_CASES = 40_000


@dataclass(frozen=True)
class Lags:
    """Course of trouble by pace class.

    Parameters
    ----------
    pace : class of each customer
    default_by : pace x n, probability that default has come by the end of the n-th month after the
        month of trouble (n = 0 is that month itself)
    rescued_in : pace x n, probability that the rescue falls into that month
    judgement_ratio : by pace, share of defaults that begin with a judgement
    default_ratio : by pace, share of troubles that end in default
    """

    pace: Ints
    default_by: Floats
    rescued_in: Floats
    judgement_ratio: Floats
    default_ratio: Floats


@dataclass(frozen=True)
class Tried:
    """Stops tried: one case per customer and month.

    Parameters
    ----------
    customer, month : the cases
    pace : class of each customer of the population
    course : by case, default by the end of each month, rescue in each month, judgement first, 91st day first
    """

    customer: Ints
    month: Ints
    pace: Ints
    course: Floats


def try_stops(
    items: DataFrame, arrears: Arrears, population: Population, calendar: Calendar, *, rng: Generator
) -> Tried:
    """Return what would follow if payments stopped, for many customers and months."""
    customer, month = _tried(population, calendar, rng)
    stop = stop_days(calendar, month, rng)
    start = arrears_start(items, arrears, customer=customer, stop_day=stop)
    wait = np.where(start < NEVER, start + PAST_DUE_DAYS - stop, NEVER)
    edges = calendar.starts[np.minimum(month[:, None] + np.arange(1, HORIZON_MONTHS + 1), calendar.n_months)]
    passed = (edges - stop[:, None]).clip(min=0)
    rate = RESCUE_RATE + JUDGEMENT_RATE
    ended = -np.expm1(-rate * np.minimum(passed, wait[:, None]))
    at_last = -np.expm1(-rate * wait)
    arrived = np.where(passed > wait[:, None], 1 - at_last[:, None], 0.0)
    rescued = np.diff(RESCUE_RATE / rate * ended, axis=1, prepend=0.0)
    course = np.column_stack(
        [JUDGEMENT_RATE / rate * ended + arrived, rescued, JUDGEMENT_RATE / rate * at_last, 1 - at_last]
    )
    return Tried(customer, month, _paces(customer, wait, population.n_customers), course)


def mean_lags(tried: Tried, *, weight: Floats) -> Lags:
    """Return the course of trouble of customers of like pace.

    Parameters
    ----------
    weight : by case, hazard of trouble: troubled customers are more often behind already
    """
    means = _means_by(tried.pace[tried.customer], tried.course, weight)
    slow = 1 - SUDDEN_SHARE
    defaulted = SUDDEN_SHARE + slow * (means[:, -2] + means[:, -1])
    return Lags(
        pace=tried.pace,
        default_by=SUDDEN_SHARE + slow * means[:, :HORIZON_MONTHS],
        rescued_in=slow * means[:, HORIZON_MONTHS : HORIZON_MONTHS + RESCUE_MONTHS],
        judgement_ratio=(SUDDEN_SHARE + slow * means[:, -2]) / defaulted,
        default_ratio=defaulted,
    )


def default_from_arrears(wait_days: Ints) -> Floats:
    """Return the probability that a customer that has stopped paying defaults within a year, before any rescue.

    Parameters
    ----------
    wait_days : days until the 91st day of arrears, if nothing happens before

    Examples
    --------
    >>> default_from_arrears(np.array([0, 90, 1_000])).round(3).tolist()
    [1.0, 0.77, 0.176]
    """
    rate = RESCUE_RATE + JUDGEMENT_RATE
    lasts = np.exp(-rate * np.clip(wait_days, 0, YEAR_DAYS))
    return np.where(wait_days <= YEAR_DAYS, lasts, 0.0) + JUDGEMENT_RATE / rate * (1 - lasts)


def rescue_between(wait_days: Ints, begin_days: float, end_days: float) -> Floats:
    """Return the probability that a customer that has stopped paying is rescued within a span of days.

    Parameters
    ----------
    wait_days : days until the 91st day of arrears, after which there is no rescue
    begin_days, end_days : span, counted from today
    """
    rate = RESCUE_RATE + JUDGEMENT_RATE
    begin, end = (np.exp(-rate * np.minimum(days, np.maximum(wait_days, 0))) for days in (begin_days, end_days))
    return RESCUE_RATE / rate * (begin - end)


def _tried(population: Population, calendar: Calendar, rng: Generator) -> tuple[Ints, Ints]:
    """Customer-months of the ledger in which a stop is tried, at most `MAX_CASES`."""
    months = np.arange(RUN_IN_MONTHS, RUN_IN_MONTHS + calendar.n_ledger_months)
    customer = np.repeat(np.arange(population.n_customers), len(months))
    month = np.tile(months, population.n_customers)
    usual = month > population.start_month[customer]
    customer, month = customer[usual], month[usual]
    if len(customer) > MAX_CASES:
        kept = np.sort(rng.choice(len(customer), MAX_CASES, replace=False))
        customer, month = customer[kept], month[kept]
    return customer, month


def _paces(customer: Ints, wait: Ints, n_customers: int) -> Ints:
    """Class of each customer by its mean wait, in classes of about equal number."""
    counts = np.bincount(customer, minlength=n_customers)
    totals = np.bincount(customer, weights=np.minimum(wait, 400), minlength=n_customers)
    mean = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    mean = np.where(np.isnan(mean), np.nanmedian(mean) if counts.any() else 0.0, mean)
    cuts = np.quantile(mean, np.arange(1, N_PACES) / N_PACES)
    return np.searchsorted(cuts, mean, side="right")


def _means_by(group: Ints, values: Floats, weight: Floats) -> Floats:
    """Weighted mean of each column by pace class; the overall mean where a class has no case."""
    counts = np.bincount(group, weights=weight, minlength=N_PACES)
    sums = np.column_stack([np.bincount(group, weights=weight * column, minlength=N_PACES) for column in values.T])
    overall = sums.sum(axis=0) / max(float(counts.sum()), 1e-12)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1e-12)[:, None], overall)
