"""Where a policy goes beyond what history shows."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Timestamp

from riskresearch.limits.backtest.book import Book, Floats
from riskresearch.limits.backtest.paths import UNLIMITED, Limits
from riskresearch.limits.backtest.trial import Trial


def largest_seen(tables: Mapping[str, DataFrame], book: Book, *, as_of: Timestamp) -> Floats:
    """Return the largest exposure or own limit ever seen of each customer, minor units.

    Exposure is the open amount at the end of a day, all of history up to `as_of` counted.

    Parameters
    ----------
    tables : ``movements``; own limits of table ``limits`` where it is there
    book : the book
    as_of : last day that counts
    """
    moves = tables["movements"]
    moves = moves[moves["known_date"] <= as_of]
    day = moves[["effective_date", "invoice_date"]].max(axis=1)
    daily = moves["base_minor"].astype("int64").groupby([moves["customer_id"], day], sort=True).sum()
    owed = daily.groupby(level=0).cumsum().groupby(level=0).max().reindex(book.customers).fillna(0).to_numpy(float)
    if "limits" not in tables:
        return owed.clip(min=0)
    own = tables["limits"]
    known = own[["start_date", "recorded_date"]].max(axis=1) <= as_of
    own = own[known & own["limit_kind_code"].isin(["internal", "temporary"])]
    granted = own.groupby("customer_id")["base_minor"].max().reindex(book.customers).fillna(0).to_numpy(float)
    return np.maximum(owed, granted).clip(min=0)


def extrapolation_table(trial: Trial, seen: Floats) -> DataFrame:
    """Return table `limit_extrapolation`.

    A limit above the largest exposure and own limit ever seen of the customer lets through no more than history
    ordered: demand beyond history is never observed, so that nothing is known of what such a limit would bring. In
    the other direction the fate of a blocked order is assumed.

    Parameters
    ----------
    trial : what was replayed
    seen : from `largest_seen`
    """
    rows = [
        {"policy_code": code, **_beyond(limits, seen), **_orders(trial, code)} for code, limits in trial.limits.items()
    ]
    return DataFrame(rows)


def _beyond(limits: Limits, seen: Floats) -> dict[str, float]:
    minor, counted = limits.minor[:, 1:], limits.is_reviewed[:, 1:]
    above = counted & (minor > seen[:, None])
    n_days = int(counted.sum())
    is_bounded = not bool((counted & (minor == UNLIMITED)).any())
    total = float((minor * counted).sum(dtype=float)) if is_bounded else 0.0
    excess = float(((minor - seen[:, None]) * above).sum()) if is_bounded else 0.0
    return {
        "n_customer_days": n_days,
        "beyond_days_ratio": above.sum() / n_days if n_days else np.nan,
        "beyond_limit_ratio": excess / total if total > 0 else np.nan,
        "n_customers_beyond": int(above.any(axis=1).sum()),
    }


def _orders(trial: Trial, code: str) -> dict[str, float]:
    bills = trial.book.bills[trial.book.is_order]
    place = bills["customer"].to_numpy(), (bills["day"] - trial.book.start).to_numpy()
    return {
        "assumed_orders_ratio": float(trial.measures[code, "lost"]["blocked_ratio"][0]),
        "n_orders_not_judged": int((~trial.limits[code].is_reviewed[place]).sum()),
        "n_related": trial.book.n_related,
    }
