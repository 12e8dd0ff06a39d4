"""Limits of every day: from days of review to a matrix of customers and days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Index

from riskresearch.base.errors import TableError, first_keys
from riskresearch.limits.backtest.book import Book, Bools, Floats, Ints, day_numbers

UNLIMITED = np.int64(2**62)
"""No bound; also the days before a customer's first review."""


@dataclass(frozen=True)
class Limits:
    """Limits of one policy, customer × day; column 0 is the day before the window.

    Parameters
    ----------
    minor : limit in force, minor units; `UNLIMITED` where there is none
    room : what may be owed: the limit bounds what is owed without security, so that securities in force add to it
    is_reviewed : a day after the customer's first review
    is_judged : such a day that has a finite limit and no stop
    """

    minor: Ints
    room: Ints
    is_reviewed: Bools
    is_judged: Bools


def stopped_days(book: Book) -> Bools:
    """Tell for each customer and day whether the customer is known to be in default or in proceedings."""
    changes = np.zeros((len(book.customers), book.n_days + 1), dtype="int64")
    stops = book.stops
    for column, sign in (("day", 1), ("end", -1)):
        at = (stops[column].to_numpy() - book.start).clip(0, book.n_days)
        np.add.at(changes, (stops["customer"].to_numpy(), at), sign)
    return changes.cumsum(axis=1)[:, :-1] > 0


def in_force(book: Book, reviews: DataFrame, column: str) -> Floats:
    """Return a figure of the days of review on every day: from the day after a review to the next one.

    Parameters
    ----------
    book : the book
    reviews : ``customer_id review_date`` and the column; rows of customers outside the book do not count

    Returns
    -------
    customer × day; NaN before the customer's first review.
    """
    rows = DataFrame(
        {
            "customer": book.customers.get_indexer(Index(reviews["customer_id"])),
            "day": day_numbers(reviews["review_date"]) + 1 - book.start,
            "value": reviews[column].to_numpy("float64"),
        }
    )
    rows = rows[(rows["customer"] >= 0) & (rows["day"] < book.n_days)].sort_values(["customer", "day"], kind="stable")
    rows["day"] = rows["day"].clip(lower=0)
    rows = rows.drop_duplicates(["customer", "day"], keep="last")
    place = np.zeros((len(book.customers), book.n_days), dtype="int64")
    place[rows["customer"], rows["day"]] = np.arange(1, len(rows) + 1)
    latest = np.maximum.accumulate(place, axis=1)
    return np.concatenate([[np.nan], rows["value"].to_numpy()])[latest]


def daily_securities(book: Book, reviews: DataFrame) -> Floats:
    """Return the securities in force on every day as known on the latest review before it, minor units.

    Parameters
    ----------
    book : the book
    reviews : ``customer_id review_date guarantee_amount``; without the last column there are none
    """
    if "guarantee_amount" not in reviews:
        return np.zeros((len(book.customers), book.n_days))
    return np.floor(np.nan_to_num(in_force(book, reviews, "guarantee_amount")) * 100 + 1e-6)


def daily_limits(book: Book, path: DataFrame, *, stops_in_default: bool, stopped: Bools, securities: Floats) -> Limits:
    """Return the limits of a policy on every day.

    A limit holds from the day after its review, so that no decision uses what its own day brought; in default or in
    proceedings nothing is sold on account from the day this is known. Before a customer's first review its orders are
    not judged: they are sold as in history, under every policy.

    Parameters
    ----------
    book : the book
    path : ``customer_id review_date limit_amount``; infinite = no limit
    stops_in_default : False for a policy that goes on selling
    stopped : from `stopped_days`
    securities : from `daily_securities`

    Raises
    ------
    TableError
        A limit is negative or empty, or a customer has two on a day.
    """
    _refuse_wrong(path)
    amount = in_force(book, path, "limit_amount")
    is_reviewed = ~np.isnan(amount)
    is_finite = np.isfinite(amount)
    minor = np.full(amount.shape, UNLIMITED)
    minor[is_finite] = np.floor(amount[is_finite] * 100 + 1e-6).astype("int64")
    if stops_in_default:
        minor[stopped & is_reviewed] = 0
    room = np.where(minor < UNLIMITED, minor + securities.astype("int64"), UNLIMITED)
    if stops_in_default:
        room[stopped & is_reviewed] = 0
    return Limits(minor, room, is_reviewed, is_reviewed & is_finite & ~stopped)


def _refuse_wrong(path: DataFrame) -> None:
    keys = path["customer_id"].astype("str") + "/" + path["review_date"].astype("str")
    wrong = path["limit_amount"].isna() | (path["limit_amount"] < 0)
    if wrong.any():
        raise TableError(
            f"limit path: {int(wrong.sum())} rows ({first_keys(keys[wrong])}) have an empty or negative limit; give 0 "
            "or more, or infinite for no limit"
        )
    doubled = path.duplicated(["customer_id", "review_date"])
    if doubled.any():
        raise TableError(
            f"limit path: {int(doubled.sum())} rows ({first_keys(keys[doubled])}) repeat a customer and day of review; "
            "give one limit per customer and day"
        )


def first_known_review(reviews: DataFrame, *, known_ratio: float) -> pd.Timestamp | None:
    """Return the first day of review on which a PD is known for enough customers; None where there is none.

    Customers in default (PD 1) need no model and do not count.

    Parameters
    ----------
    reviews : ``review_date pd_12m``; where ``sales_amount_12m`` is there, customers that bought nothing do not count
    known_ratio : share of the customers of the day that must have a PD
    """
    if "sales_amount_12m" in reviews:
        reviews = reviews[reviews["sales_amount_12m"] > 0]
    reviews = reviews[~(reviews["pd_12m"] >= 1)]
    share = reviews["pd_12m"].notna().groupby(reviews["review_date"]).mean().sort_index()
    enough = share.index[share >= known_ratio]
    return enough[0] if len(enough) else None
