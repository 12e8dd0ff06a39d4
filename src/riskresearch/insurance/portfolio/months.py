"""The season of each customer: what it owed at its own last twelve month ends, against their mean."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp
from pandas.tseries.offsets import MonthEnd

from riskresearch.base.schema import conform
from riskresearch.insurance.tables import EXPOSURE_MONTHS

N_MONTHS = 12


def exposure_months(tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> DataFrame:
    """Return table `exposure_months`: twelve rows per customer whose own last twelve month ends are known.

    A customer that bought for less than twelve month ends, or owed nothing at all of them, has no rows: its exposure
    is the same in every month. Months are those of the calendar.

    Parameters
    ----------
    tables : ``movements``
    as_of : last day that counts; the last month end is on it or before
    """
    moves = tables["movements"]
    moves = moves[moves["known_date"] <= as_of]
    last = (as_of + pd.Timedelta(days=1)) - MonthEnd(1)
    ends = pd.date_range(end=last.normalize(), periods=N_MONTHS, freq="ME").astype("datetime64[us]")
    owed = _owed_at(moves, ends)
    first = moves.groupby("customer_id")["known_date"].min()
    owed = owed[(first.reindex(owed.index) <= ends[0]) & (owed.sum(axis=1) > 0)]
    ratio = owed.div(owed.mean(axis=1), axis=0)
    long = ratio.set_axis(ends.month, axis=1).rename_axis(columns="month_number").stack().rename("exposure_ratio")
    return conform(long.reset_index(), EXPOSURE_MONTHS)


def owed_on(moves: DataFrame, day: Timestamp) -> DataFrame:
    """Return what is open on a day by customer and item, run currency with VAT: ``customer_id item_id open_amount``."""
    before = moves[moves["known_date"] <= day]
    by_item = before.groupby(["customer_id", "item_id"], sort=True)["base_minor"].sum().clip(lower=0)
    return by_item[by_item > 0].astype("float64").div(100).rename("open_amount").reset_index()


def _owed_at(moves: DataFrame, ends: pd.DatetimeIndex) -> DataFrame:
    """Open amount at each month end by customer: each item's movements summed up to the day, never below 0."""
    place = np.searchsorted(ends.to_numpy(), moves["known_date"].to_numpy(), side="left")
    frame = moves.assign(place=place)[place < len(ends)]
    deltas = frame.groupby(["customer_id", "item_id", "place"])["base_minor"].sum().unstack(fill_value=0)
    levels = deltas.reindex(columns=range(len(ends)), fill_value=0).cumsum(axis=1).clip(lower=0)
    return levels.groupby(level="customer_id").sum().astype("float64").div(100)
