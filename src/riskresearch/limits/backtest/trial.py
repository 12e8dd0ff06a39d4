"""All policies under all assumptions on the same book and the same samples of customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.limits.backtest.account import Account, account, by_month, month_ends, prepaid
from riskresearch.limits.backtest.book import Book, Floats, day_numbers
from riskresearch.limits.backtest.measures import PEAK_SHARE, measured, peak_share, samples_of_customers
from riskresearch.limits.backtest.paths import UNLIMITED, Limits, daily_limits, stopped_days
from riskresearch.limits.backtest.replay import ASSUMPTIONS, Course, Decisions, courses_of, replayed
from riskresearch.limits.backtest.risk import Risk
from riskresearch.limits.policy.rules import Economics
from riskresearch.limits.stability import stability_by_customer

Lane = tuple[str, str]


@dataclass(frozen=True)
class Trial:
    """What was replayed.

    Parameters
    ----------
    book : the book
    limits : limits of every day by policy
    measures : by policy and assumption: measure → value, then one value per sample of customers
    months : rows of table `limit_backtest_months`
    n_defaulters : customers that default in the window with something open in history
    """

    book: Book
    limits: Mapping[str, Limits]
    measures: Mapping[Lane, Mapping[str, Floats]]
    months: DataFrame
    n_defaulters: int


@dataclass(frozen=True)
class Assumptions:
    """What the replay assumes.

    Parameters
    ----------
    delay_max_days : longest wait of an order
    prepaid_ratio : share of blocked orders paid in advance, by amount
    reversal_days : days within which a change of a limit back counts as a reversal
    """

    delay_max_days: int = 30
    prepaid_ratio: float = 0.5
    reversal_days: int = 90


def tried(
    book: Book,
    paths: Mapping[str, DataFrame],
    risk: Risk,
    economics: Economics,
    assumptions: Assumptions,
    *,
    never_stopped: tuple[str, ...],
    n_bootstrap: int,
    rng: Generator,
) -> Trial:
    """Return all policies replayed under all assumptions.

    Parameters
    ----------
    book, risk : of the window
    paths : limit path by policy: ``customer_id review_date limit_amount``
    economics : margin and cost of money
    assumptions : on sales
    never_stopped : policies that go on selling in default
    n_bootstrap, rng : samples of customers
    """
    stopped = stopped_days(book)
    limits = {
        code: daily_limits(
            book, path, stops_in_default=code not in never_stopped, stopped=stopped, securities=risk.securities
        )
        for code, path in paths.items()
    }
    weights = np.vstack([np.ones(len(book.customers)), samples_of_customers(len(book.customers), n_bootstrap, rng)])
    past, courses = _history(book, risk, economics), courses_of(book)
    measures, months = {}, []
    for code, path in paths.items():
        calm = _calm(book, path, assumptions.reversal_days)
        for assumption, decisions, one in _lanes(book, limits[code], courses, risk, economics, assumptions):
            sums = one.sums.assign(history=past.sums["loss"], n_days=(book.n_days - 1) / len(book.customers), **calm)
            figures = measured(sums, one.use_days, weights)
            measures[code, assumption] = figures | {PEAK_SHARE: _peak(book, one, n_bootstrap)}
            keys = {"policy_code": code, "sales_assumption_code": assumption}
            months.append(by_month(book, one, decisions).assign(**keys))
    n_defaulters = int((past.sums["loss"] > 0).sum())
    return Trial(book, limits, measures, pd.concat(months, ignore_index=True), n_defaulters)


def _lanes(
    book: Book, limits: Limits, courses: Sequence[Course], risk: Risk, economics: Economics, assumptions: Assumptions
) -> list[tuple[str, Decisions, Account]]:
    """Decisions and account of a policy under each assumption."""
    at_once = replayed(book, limits, courses, delay_max_days=None)
    lost = account(book, limits, at_once, risk, economics)
    waiting, delayed = at_once, lost
    if at_once.is_blocked.any():
        waiting = replayed(book, limits, courses, delay_max_days=assumptions.delay_max_days)
        delayed = account(book, limits, waiting, risk, economics)
    paid = prepaid(book, lost, at_once, economics, prepaid_ratio=assumptions.prepaid_ratio)
    return list(zip(ASSUMPTIONS, (at_once, waiting, at_once), (lost, delayed, paid), strict=True))


def _history(book: Book, risk: Risk, economics: Economics) -> Account:
    """What happened: every order sold on its day."""
    shape = (len(book.customers), book.n_days)
    none = np.zeros(shape, dtype=bool)
    bounds = np.full(shape, UNLIMITED)
    limits = Limits(bounds, bounds, none, none)
    n = len(book.bills)
    sold = Decisions(np.ones(n, dtype=bool), np.zeros(n, dtype="int64"), np.zeros(n, dtype=bool))
    return account(book, limits, sold, risk, economics)


def _calm(book: Book, path: DataFrame, reversal_days: int) -> dict[str, Floats]:
    """Changes and reversals of the limits of the window by customer, and customer-years."""
    in_window = (day_numbers(path["review_date"]) >= book.start) & path["customer_id"].isin(book.customers)
    found = stability_by_customer(path[in_window], reversal_days=reversal_days)
    found = found.set_index("customer_id").reindex(book.customers).fillna(0.0)
    return {
        "n_changes": found["n_changes"].to_numpy(float),
        "n_reversals": found["n_reversals"].to_numpy(float),
        "limit_years": found["customer_years"].to_numpy(float),
    }


def _peak(book: Book, one: Account, n_bootstrap: int) -> Floats:
    """Peak share; without samples, because the largest customer is in them or not."""
    value = peak_share(one.exposure[:, month_ends(book)])
    return np.concatenate([[value], np.full(n_bootstrap, np.nan)])
