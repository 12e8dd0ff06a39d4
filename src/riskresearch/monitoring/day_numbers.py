"""Dates as numbers of days, for arithmetic on many rows, and rows known on a date."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import TableError

Days = NDArray[np.float64]


def day_numbers(dates: Series) -> Days:
    """Return days since 1970-01-01, NaN where there is no date."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype("int64"))


def day_number(date: Timestamp) -> float:
    """Return days since 1970-01-01 of one date.

    Examples
    --------
    >>> day_number(Timestamp("1970-01-31"))
    30.0
    """
    return float(np.datetime64(date, "D").astype("int64"))


def dates_of(numbers: Days) -> NDArray[np.datetime64]:
    """Return dates of days since 1970-01-01, NaT for NaN."""
    whole = np.where(np.isnan(numbers), 0, numbers).astype("int64").astype("datetime64[D]")
    return np.where(np.isnan(numbers), np.datetime64("NaT", "us"), whole.astype("datetime64[us]"))


def month_ends(numbers: Days) -> Days:
    """Return the last day of the month of each day."""
    months = np.where(np.isnan(numbers), 0, numbers).astype("int64").astype("datetime64[D]").astype("datetime64[M]")
    last = (months + 1).astype("datetime64[D]").astype("int64") - 1
    return np.where(np.isnan(numbers), np.nan, last)


def dates_for(keys: Series, dates: Series) -> Series:
    """Return the date of each key, empty where there is none.

    Parameters
    ----------
    keys : keys, any index
    dates : dates by key
    """
    return dates.astype("datetime64[us]").reindex(keys.to_numpy()).set_axis(keys.index)


def known_on(frame: DataFrame, date_column: str, *, as_of: Timestamp) -> DataFrame:
    """Return the rows whose date and whose day of recording are not after a date."""
    return frame[(frame[date_column] <= as_of) & (frame["recorded_date"] <= as_of)]


def reviewed_on(segments: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the rows of table `limit_segments` of one day, by customer.

    Raises
    ------
    TableError
        There are reviews, and none of that day.
    """
    today = segments[segments["review_date"] == as_of]
    if today.empty and len(segments):
        raise TableError(
            f"limit_segments: no review of {as_of.date()}, the last is of {segments['review_date'].max().date()}; "
            "run the stage limits for that day"
        )
    return today.set_index("customer_id")


def require(tables: Mapping[str, DataFrame], needed: Mapping[str, Sequence[str]]) -> None:
    """Refuse tables or columns that are absent.

    Raises
    ------
    TableError
        Names the table and the columns that are missing.
    """
    for name, columns in needed.items():
        if name not in tables:
            raise TableError(
                f"monitoring needs table {name}, which is absent; an empty table will do where none exists"
            )
        missing = [column for column in columns if column not in tables[name]]
        if missing:
            raise TableError(f"{name}: columns {missing} are missing; monitoring needs {list(columns)}")
