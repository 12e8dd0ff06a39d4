"""Customers by days of review: sums, counts and latest rows of every day at once, from dated acts.

An act enters with the first day of review on or after the day it became known, and leaves with the first day of
review that no longer counts it. All of a table is one running sum over a matrix of customers and days.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, DatetimeIndex, Index, Series, Timestamp

from riskresearch.base.errors import TableError, first_keys

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Objects = NDArray[np.object_]
Cells = NDArray[Any]
NONE = -1
DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True)
class Grid:
    """Customers by days of review.

    Parameters
    ----------
    customers : customer ids, each once
    days : days of review, ascending, each once
    """

    customers: Index
    days: DatetimeIndex

    @property
    def shape(self) -> tuple[int, int]:
        """Number of customers and of days."""
        return len(self.customers), len(self.days)

    def row(self, frame: DataFrame, name: str) -> Ints:
        """Return the row of the customer of each row of table `name`.

        Raises
        ------
        TableError
            A customer is not in table customers.
        """
        found = self.customers.get_indexer(frame["customer_id"])
        if (found < 0).any():
            unknown = frame.loc[found < 0, "customer_id"]
            raise TableError(
                f"{name}: {len(unknown)} rows belong to customers ({first_keys(unknown.unique())}) that table "
                "customers lacks; add the customers to the delivery"
            )
        return found.astype("int64")

    def enter(self, known: Series) -> Ints:
        """Return the first day of review on or after each day; the number of days where there is none."""
        return np.searchsorted(self.numbers, day_numbers(known), side="left").astype("int64")

    def leave(self, day: Series, months: int) -> Ints:
        """Return the first day of review whose last `months` months do not hold each day any more."""
        starts = DatetimeIndex([months_before(review, months) for review in self.days])
        return np.searchsorted(day_numbers(starts.to_series()), day_numbers(day), side="left").astype("int64")

    def level(self, row: Ints, enter: Ints, amount: Floats | Ints, leave: Ints | None = None) -> Floats:
        """Return the sum of the amounts that count on each day, customers by days; exact below 2**53."""
        n, width = self.shape[0], self.shape[1] + 1
        end = np.full(len(row), width - 1) if leave is None else leave
        counts = end > enter
        weights = np.asarray(amount, dtype=float)[counts]
        into, out_of = row[counts] * width + enter[counts], row[counts] * width + end[counts]
        change = np.bincount(into, weights, n * width) - np.bincount(out_of, weights, n * width)
        return change.reshape(n, width)[:, :-1].cumsum(axis=1)

    def count(self, row: Ints, enter: Ints, leave: Ints | None = None) -> Ints:
        """Return the number of acts that count on each day, customers by days."""
        return self.level(row, enter, np.ones(len(row)), leave).round().astype("int64")

    def latest(self, row: Ints, enter: Ints, order: Ints) -> Ints:
        """Return the position of the act with the highest `order` among those entered by each day; −1 = none."""
        position = np.argsort(order, kind="stable")
        best = np.full((self.shape[0], self.shape[1] + 1), NONE)
        np.maximum.at(best, (row[position], enter[position]), np.arange(len(row)))
        best = np.maximum.accumulate(best[:, :-1], axis=1)
        return np.append(position, NONE)[best]

    def spans(self, enter: Ints, leave: Ints) -> tuple[Ints, Ints]:
        """Return each act once for every day on which it counts: positions of the acts, positions of the days."""
        length = (np.minimum(leave, self.shape[1]) - enter).clip(min=0)
        act = np.repeat(np.arange(len(enter)), length)
        step = np.arange(len(act)) - np.repeat(length.cumsum() - length, length)
        return act, enter[act] + step

    def months_since(self, day: Floats) -> Floats:
        """Return the months from days (as `day_numbers`, customers by days) to each day of review; NaN where none."""
        return (self.numbers - np.where(np.isinf(day), np.nan, day)) / DAYS_PER_MONTH

    @cached_property
    def numbers(self) -> Floats:
        """Days of review as numbers."""
        return day_numbers(self.days.to_series())


def day_numbers(days: Series) -> Floats:
    """Return days since 1970; infinite where missing."""
    values = days.to_numpy("datetime64[D]")
    return np.where(np.isnat(values), np.inf, values.astype("int64").astype(float))


def known_date(frame: DataFrame, act_date: str) -> Series:
    """Return the day from which each row counts: the later of the act's date and its recorded date."""
    return frame[[act_date, "recorded_date"]].max(axis=1)


def months_before(day: Timestamp, months: int) -> Timestamp:
    """Return the same day of an earlier month; a month end stays a month end.

    Examples
    --------
    >>> str(months_before(Timestamp("2025-02-28"), 12).date())
    '2024-02-29'
    """
    earlier = day - pd.DateOffset(months=months)
    return earlier + pd.offsets.MonthEnd(0) if day.is_month_end else earlier


def review_days(*, as_of: Timestamp, first_review_date: Timestamp) -> DatetimeIndex:
    """Return the month ends from the first day of review on, and the date of the run as the last.

    Examples
    --------
    >>> days = review_days(as_of=Timestamp("2025-03-10"), first_review_date=Timestamp("2025-01-15"))
    >>> [str(day.date()) for day in days]
    ['2025-01-31', '2025-02-28', '2025-03-10']
    """
    ends = pd.date_range(first_review_date, as_of, freq="ME").normalize()
    return ends.union(DatetimeIndex([as_of])).as_unit("us")
