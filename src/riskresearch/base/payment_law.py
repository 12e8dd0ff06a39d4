"""French law on payment between companies: latest lawful due date, interest and fixed sum for late payment.

Sources: Code de commerce L441-10 and L441-11 (terms), L441-10 II and D441-5 (late payment). Road
transport, perishable food, alcohol, periodic invoices and sector agreements have terms of their
own: none of these is computed here. Public buyers in France (Code de la commande publique R2192-31) and
customers in other countries of the European Union (Directive 2011/7/EU art. 2(6), the least a member state
may lay down) pay the reference rate plus 8 points, see `DIRECTIVE_MARGIN_RATIO`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DatetimeIndex, Series, Timestamp

Reading = Literal["net", "days_then_month_end", "month_end_then_days"]
MonthEndReading = Literal["days_then_month_end", "month_end_then_days"]
Dates = TypeVar("Dates", Timestamp, Series)

READINGS: tuple[Reading, ...] = ("net", "days_then_month_end", "month_end_then_days")
NET_DAYS, MONTH_END_DAYS = 60, 45
MARGIN_RATIO = 0.10
DIRECTIVE_MARGIN_RATIO = 0.08
LEGAL_INTEREST_MULTIPLE = 3
DAYS_PER_YEAR = 365

ECB_MAIN_REFINANCING: Mapping[date, float] = {
    date(2013, 1, 1): 0.0075,
    date(2013, 7, 1): 0.0050,
    date(2014, 1, 1): 0.0025,
    date(2014, 7, 1): 0.0015,
    date(2015, 1, 1): 0.0005,
    date(2015, 7, 1): 0.0005,
    date(2016, 1, 1): 0.0005,
    **{date(year, month, 1): 0.0 for year in range(2017, 2023) for month in (1, 7)},
    date(2016, 7, 1): 0.0,
    date(2023, 1, 1): 0.0250,
    date(2023, 7, 1): 0.0400,
    date(2024, 1, 1): 0.0450,
    date(2024, 7, 1): 0.0425,
    date(2025, 1, 1): 0.0315,
    date(2025, 7, 1): 0.0215,
    date(2026, 1, 1): 0.0215,
}
"""Rate in force on 1 January and 1 July; source: ECB, key interest rates, main refinancing operations.

The half-yearly rule applies since 1 January 2013 (law 2012-387).
"""

LEGAL_INTEREST: Mapping[date, float] = {
    date(2013, 1, 1): 0.0004,
    date(2013, 7, 1): 0.0004,
    date(2014, 1, 1): 0.0004,
    date(2014, 7, 1): 0.0004,
    date(2015, 1, 1): 0.0093,
    date(2015, 7, 1): 0.0099,
    date(2016, 1, 1): 0.0101,
    date(2016, 7, 1): 0.0093,
    date(2017, 1, 1): 0.0090,
    date(2017, 7, 1): 0.0090,
    date(2018, 1, 1): 0.0089,
    date(2018, 7, 1): 0.0088,
    date(2019, 1, 1): 0.0086,
    date(2019, 7, 1): 0.0087,
    date(2020, 1, 1): 0.0087,
    date(2020, 7, 1): 0.0084,
    date(2021, 1, 1): 0.0079,
    date(2021, 7, 1): 0.0076,
    date(2022, 1, 1): 0.0076,
    date(2022, 7, 1): 0.0077,
    date(2023, 1, 1): 0.0206,
    date(2023, 7, 1): 0.0422,
    date(2024, 1, 1): 0.0507,
    date(2024, 7, 1): 0.0492,
    date(2025, 1, 1): 0.0371,
    date(2025, 7, 1): 0.0276,
}
"""Legal interest rate where the creditor is a company, by half-year; source: decrees, since 2015 half-yearly orders."""


def end_of_month_terms(issued: Dates, *, days: int, reading: MonthEndReading) -> Dates:
    """Return the due date of terms of some days end of month.

    Parameters
    ----------
    issued : date or dates of invoice
    days : days of the terms
    reading : ``days_then_month_end``, the end of the month in which the days run out;
        ``month_end_then_days``, the days counted from the end of the month of invoice

    Examples
    --------
    >>> end_of_month_terms(Timestamp("2026-01-15"), days=45, reading="days_then_month_end").date().isoformat()
    '2026-03-31'
    >>> end_of_month_terms(Timestamp("2026-01-15"), days=45, reading="month_end_then_days").date().isoformat()
    '2026-03-17'
    """
    term, month_end = pd.Timedelta(days=days), pd.offsets.MonthEnd(0)
    if reading == "days_then_month_end":
        return issued + term + month_end
    return issued + month_end + term


def legal_ceiling(issued: Dates, *, reading: Reading) -> Dates:
    """Return the latest due date the parties may agree under one form of terms.

    Parameters
    ----------
    issued : date or dates of invoice
    reading : ``net``, 60 days after the invoice; the two others, 45 days end of month, which the
        contract must name, see `end_of_month_terms`

    Examples
    --------
    >>> legal_ceiling(Timestamp("2026-01-15"), reading="net").date().isoformat()
    '2026-03-16'
    """
    if reading == "net":
        return issued + pd.Timedelta(days=NET_DAYS)
    return end_of_month_terms(issued, days=MONTH_END_DAYS, reading=reading)


def late_rates(
    *,
    reference: Mapping[date, float] = ECB_MAIN_REFINANCING,
    legal_interest: Mapping[date, float] = LEGAL_INTEREST,
    agreed_ratio: float | None = None,
    margin_ratio: float = MARGIN_RATIO,
) -> Series:
    """Return the yearly rate of late-payment interest by first day of the half-year.

    Where the parties agreed nothing the rate is the reference rate plus 10 points, the margin of French
    law. An agreed rate replaces it and may not be lower than 3 times the legal interest rate, where that is known.

    Parameters
    ----------
    reference : main refinancing rate of the ECB by first day of the half-year
    legal_interest : legal interest rate by first day of the half-year
    agreed_ratio : yearly rate of the terms of sale; None = nothing agreed
    margin_ratio : points above the reference rate where nothing is agreed

    Examples
    --------
    >>> late_rates()["2024-01-01"].item()
    0.145
    >>> late_rates(agreed_ratio=0.10)["2024-01-01"].item()
    0.1521
    """
    by_half_year = {
        start: rate + margin_ratio
        if agreed_ratio is None
        else max(agreed_ratio, LEGAL_INTEREST_MULTIPLE * legal_interest.get(start, 0.0))
        for start, rate in reference.items()
    }
    rates = Series(by_half_year, dtype="float64").round(10)
    return Series(rates.to_numpy(), DatetimeIndex(rates.index).as_unit("us")).sort_index()


def late_interest(minor: Series, *, due: Series, until: Series, rates: Series) -> Series:
    """Return the late-payment interest of amounts, each day of lateness at the rate of its half-year.

    Parameters
    ----------
    minor : amounts, minor units
    due : due dates
    until : last day of lateness: the day of payment, or the date of the figure; the first is the day after `due`
    rates : yearly rates by first day of the half-year, see `late_rates`

    Returns
    -------
    Series, minor units with fractions, 0 where `until` is not after `due`; empty where a day of
    lateness falls into a half-year without a rate. Interest is simple, a year has 365 days.
    """
    first, last = _day_number(due), np.maximum(_day_number(until), _day_number(due))
    known, accrued = _accrual(rates)
    covered = known(last) - known(first)
    interest = minor.to_numpy(float) * (accrued(last) - accrued(first)) / DAYS_PER_YEAR
    return Series(np.where(covered == last - first, interest, np.nan), index=minor.index)


class _Cumulated:
    """A daily amount that is constant within each half-year, summed up to the end of a day."""

    def __init__(self, edges: NDArray[np.float64], daily: NDArray[np.float64]) -> None:
        self.edges = edges
        self.sums = np.concatenate([[0.0], np.cumsum(daily * np.diff(edges))])

    def __call__(self, day: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.interp(day, self.edges, self.sums)
        return found


def _accrual(rates: Series) -> tuple[_Cumulated, _Cumulated]:
    """Days with a known rate and interest of one unit, both summed over days."""
    starts = DatetimeIndex(rates.index)
    every = pd.date_range(starts[0], starts[-1] + pd.DateOffset(months=6), freq=pd.DateOffset(months=6))
    by_half_year = rates.reindex(every[:-1])
    edges = _day_number(every.to_series()) - 1
    is_known = by_half_year.notna().to_numpy()
    return _Cumulated(edges, is_known.astype(float)), _Cumulated(edges, by_half_year.fillna(0.0).to_numpy(float))


def _day_number(days: Series) -> NDArray[np.float64]:
    return days.to_numpy().astype("datetime64[D]").astype("int64").astype(float)
