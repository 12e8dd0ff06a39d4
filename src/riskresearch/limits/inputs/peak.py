"""How far the open amount of each customer rises above its mean at its usual peak."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.limits.inputs.amounts import OpenSteps
from riskresearch.limits.inputs.grid import Floats, Grid, Ints

MONTHS = 12
MOST = 12.0
"""Largest ratio: that of a customer who owes for one month of the year alone, evenly."""


def peak_ratios(grid: Grid, steps: OpenSteps, customers: DataFrame) -> Floats:
    """Return the open amount at its usual peak over its mean, customers by days; from 1 to 12.

    Of the last 12 whole calendar months the high of each is taken, the largest open amount at the end of a day; the
    usual peak is the second highest of the twelve, the mean that of the open amount at the end of all their days. So
    season and large single orders count, and the one month that stands out does not.

    A customer has a ratio of its own where its first invoice was known before the 12 months began and something was
    open within them. Else it has the median ratio of its sector's customers, related companies left out. Else 1.

    Parameters
    ----------
    grid : customers and days of review
    steps : steps of the open amounts
    customers : canonical table
    """
    if not len(steps.acts):
        return np.ones(grid.shape)
    first, means, highs = open_by_month(grid, steps)
    begun = _month(steps.acts.groupby(steps.row)["known_date"].min().reindex(range(grid.shape[0]))).to_numpy()
    length = Series(pd.period_range(Timestamp(first // 12, first % 12 + 1, 1), periods=means.shape[1], freq="M"))
    days = length.dt.days_in_month.to_numpy()
    own = np.full(grid.shape, np.nan)
    for column, day in enumerate(grid.days):
        until = _whole_months(day) - first
        if until >= MONTHS:
            months = slice(until - MONTHS, until)
            ratio = _ratio(means[:, months], highs[:, months], days[months])
            own[:, column] = np.where(begun < first + until - MONTHS, ratio, np.nan)
    return np.where(np.isnan(own), _of_sector(own, customers.set_index("customer_id").reindex(grid.customers)), own)


def open_by_month(grid: Grid, steps: OpenSteps) -> tuple[int, Floats, Floats]:
    """Return mean and high of the open amount at the end of the days of each calendar month, minor units.

    Returns
    -------
    number of the first month (months since year 0); means and highs, customers by months, up to the last day of review.
    """
    known = steps.acts["known_date"]
    month = _month(known)
    first, width = int(month.min()), int(_month(Series(grid.days)).max() - month.min() + 1)
    moves = DataFrame({"row": steps.row, "day": known, "minor": steps.change_minor, "month": month - first})
    moves = moves[moves["month"] < width].groupby(["row", "day", "month"], as_index=False)["minor"].sum()
    row, when = moves["row"].to_numpy(), moves["month"].to_numpy()
    length = moves["day"].dt.days_in_month
    share = ((length - moves["day"].dt.day + 1) / length).to_numpy()
    shape = (grid.shape[0], width)
    inside, change, highs = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    np.add.at(inside, (row, when), moves["minor"].to_numpy() * share)
    np.add.at(change, (row, when), moves["minor"].to_numpy())
    opening = change.cumsum(axis=1) - change
    np.maximum.at(highs, (row, when), moves.groupby("row")["minor"].cumsum().to_numpy())
    return first, inside + opening, np.maximum(highs, _held_overnight(opening, moves))


def _held_overnight(opening: Floats, moves: DataFrame) -> Floats:
    """Amount open when a month begins, where it is still open at the end of the first day."""
    early = moves[moves["day"].dt.day == 1]
    held = opening.copy()
    held[early["row"].to_numpy(), early["month"].to_numpy()] = 0
    return held


def _ratio(means: Floats, highs: Floats, days: Ints) -> Floats:
    """Second highest of the highs over the mean of all days; NaN where nothing was open."""
    mean = means @ days / days.sum()
    usual = np.sort(highs, axis=1)[:, -2]
    return np.where(mean > 0.5, usual / np.where(mean > 0.5, mean, 1.0), np.nan).clip(1.0, MOST)


def _of_sector(own: Floats, facts: DataFrame) -> Floats:
    """Median ratio of each customer's sector on each day; 1 where none is known."""
    sector = facts["sector_code"].fillna("").to_numpy()
    counted = (facts["customer_type_code"] != "related").to_numpy()
    medians = DataFrame(own[counted]).groupby(sector[counted]).median()
    return medians.reindex(sector).fillna(1.0).to_numpy()


def _month(days: Series) -> Series:
    """Months since year 0; far in the future where the day is missing."""
    number = days.dt.year * MONTHS + days.dt.month - 1
    return number.fillna(np.iinfo(np.int64).max // 2).astype("int64")


def _whole_months(day: Timestamp) -> int:
    """Number of the month after the last whole calendar month on a day."""
    return int(day.year * MONTHS + day.month - 1 + day.is_month_end)
