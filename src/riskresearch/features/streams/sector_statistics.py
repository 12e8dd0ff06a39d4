"""Stream of the published failure rates of the sectors of customers."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import micro, stacked, step_deltas

_NOW = ("sector_failure_micro", "n_sector_failures")
_BEFORE = ("sector_failure_before_micro", "n_sector_failures_before")
_SUMS = (*_NOW, *_BEFORE)


@STREAMS.register(Stream(reads=("customers", "first_acts", "sector_statistics"), sums=_SUMS))
def sector_statistics(tables: Tables) -> DataFrame:
    """Yearly failure rate of the customer's sector in millionths, that of the latest period published.

    A revision replaces the figure of its period from the day it was published; one of an older period replaces nothing.
    What was published before the customer's first act counts from that act. ``before``: what was known 12 months
    earlier, whether or not the customer was.
    """
    rows = tables["sector_statistics"]
    now = _steps(rows, rows["published_date"], _NOW)
    before = _steps(rows, rows["published_date"] + pd.DateOffset(months=12), _BEFORE)
    members = tables["customers"][["customer_id", "sector_code"]].dropna(subset=["sector_code"])
    known = members.merge(tables["first_acts"], on="customer_id")
    legs = [known.merge(steps, on="sector_code") for steps in (now, before)]
    return stacked([rows.assign(day=rows[["day", "first_day"]].max(axis=1)) for rows in legs], sums=_SUMS)


def _steps(rows: DataFrame, known: Series, names: tuple[str, str]) -> DataFrame:
    """What each publication changes in the figure of its sector that counts."""
    value, has = names
    dated = rows.assign(
        act_day=day_number(rows["period_end_date"]),
        known_day=day_number(known),
        **{value: micro(rows["failure_ratio"])},
    )
    return step_deltas(dated, by=["sector_code"], act_day="act_day", known_day="known_day", values={value: has})
