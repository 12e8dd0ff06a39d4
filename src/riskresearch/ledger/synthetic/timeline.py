"""Days and months of the simulated world: whole days since 1970-01-01 and months counted from its start.

The world begins `RUN_IN_MONTHS` before the ledger, so the ledger opens with open items, and goes on
`RUN_OUT_MONTHS` after it, so what was begun before the last day has its true end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import Timestamp

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.object_]
Dates = NDArray[np.datetime64]

RUN_IN_MONTHS = 3
RUN_OUT_MONTHS = 8
NEVER = 60_000
DAY_BITS = 17


@dataclass(frozen=True)
class Calendar:
    """Months of the world: `starts[k]` is the first day of month k, `starts[k + 1] - 1` its last."""

    starts: Ints
    last_day: int
    n_ledger_months: int

    @property
    def n_months(self) -> int:
        """Months of the world, with run-in and run-out."""
        return len(self.starts) - 1

    @property
    def first_day(self) -> int:
        """First day of the ledger."""
        return int(self.starts[RUN_IN_MONTHS])

    @property
    def ledger_months(self) -> range:
        """Months of the ledger."""
        return range(RUN_IN_MONTHS, RUN_IN_MONTHS + self.n_ledger_months)

    def month_of(self, day: Ints) -> Ints:
        """Return the month in which each day lies."""
        return np.searchsorted(self.starts, day, side="right") - 1

    def month_ends(self) -> Ints:
        """Return the months of the ledger whose last day is known."""
        return np.array([k for k in self.ledger_months if self.starts[k + 1] - 1 <= self.last_day], dtype=np.int64)

    def month_numbers(self) -> Ints:
        """Return the calendar month (0 = January) of each month of the world."""
        return self.starts[:-1].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def make_calendar(last_date: Timestamp, *, n_months: int) -> Calendar:
    """Return the world of a ledger of `n_months` calendar months, the last one holding `last_date`."""
    last_month = 12 * (last_date.year - 1970) + last_date.month - 1
    months = np.arange(last_month - n_months + 1 - RUN_IN_MONTHS, last_month + RUN_OUT_MONTHS + 2)
    starts = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return Calendar(starts, int(np.datetime64(last_date.date(), "D").astype(np.int64)), n_months)


def to_dates(days: Ints) -> Dates:
    """Return days as dates; `NEVER` becomes empty.

    Examples
    --------
    >>> to_dates(np.array([0, NEVER])).astype("datetime64[D]").astype(str).tolist()
    ['1970-01-01', 'NaT']
    """
    dates = days.astype("datetime64[D]").astype("datetime64[us]")
    return np.where(days < NEVER, dates, np.datetime64("NaT", "us"))


def to_workday(days: Ints, *, backward: bool = False) -> Ints:
    """Return the days moved off Saturdays and Sundays, forward or backward."""
    weekday = (days + 3) % 7
    shift = np.where(weekday == 5, -1, -2) if backward else np.where(weekday == 5, 2, 1)
    return days + np.where(weekday >= 5, shift, 0)


def month_end(days: Ints) -> Ints:
    """Return the last day of the month of each day."""
    months = days.astype("datetime64[D]").astype("datetime64[M]") + 1
    return months.astype("datetime64[D]").astype(np.int64) - 1
