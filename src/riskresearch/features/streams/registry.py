"""Streams: acts of one source as integer legs, each counted from the day it became known.

A stream turns canonical tables into rows ``customer_id day`` and measures. A measure in ``sums`` adds up over
time; of a measure in ``lasts`` (a day number) the latest counts. A level that changes, as a limit in force, is a
sum of signed deltas: each new value adds what it changes. Integers only, so that sums agree on every engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.registry import Registry


@dataclass(frozen=True)
class Overdue:
    """Level of the open balances of items more than `days` past due, or of balance × due day."""

    days: int
    times_due_day: bool = False


@dataclass(frozen=True)
class Stream:
    """Declaration of a stream: tables it reads and measures it gives.

    A stream with levels of ``overdue`` also has the columns ``due_day`` (nullable), ``open_after_minor`` (balance of
    the item after the act) and ``until_day`` (day of the next act on the item).
    """

    reads: tuple[str, ...]
    sums: tuple[str, ...] = ()
    lasts: tuple[str, ...] = ()
    overdue: Mapping[str, Overdue] = field(default_factory=dict)

    @property
    def is_bulk(self) -> bool:
        """Tell whether the legs are as many as the movements of the ledger."""
        return "movements" in self.reads

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures of the stream."""
        return (*self.sums, *self.lasts, *self.overdue)


STREAMS = Registry[Stream]("stream")
Tables = Mapping[str, DataFrame]


def day_number(days: Series) -> Series:
    """Return days since 1970-01-01 as integers; missing where the date is.

    Examples
    --------
    >>> import pandas as pd
    >>> day_number(pd.Series(pd.to_datetime(["1970-01-02", None]))).tolist()
    [1, <NA>]
    """
    number = Series(days.to_numpy().astype("datetime64[D]").astype(np.int64), index=days.index)
    if not days.isna().any():
        return number
    return number.astype("Int64").mask(days.isna())
