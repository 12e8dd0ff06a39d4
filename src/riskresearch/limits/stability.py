"""How calm a path of limits is: changes and reversals a customer and year."""

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame

COUNTS = ("n_changes", "n_raises", "n_lowers", "n_reversals")
_YEAR_DAYS = 365.25


def limit_changes(path: DataFrame, *, reversal_days: int) -> DataFrame:
    """Return the changes of limits, one row per change.

    A first limit is no change. A reversal is a change against the direction of the customer's change before, at most
    `reversal_days` later; it counts once, on its own day.

    Parameters
    ----------
    path : one path: ``customer_id review_date limit_amount``; a row without an amount is left out, inf = no limit set
    reversal_days : days within which a change back counts as a reversal

    Returns
    -------
    DataFrame ``customer_id review_date before_amount limit_amount is_raise is_reversal``.
    """
    rows = path.dropna(subset=["limit_amount"]).sort_values(["customer_id", "review_date"], kind="stable")
    before = rows.groupby("customer_id")["limit_amount"].shift()
    rows = rows[["customer_id", "review_date", "limit_amount"]].assign(before_amount=before)
    rows = rows[before.notna() & (rows["limit_amount"] != before)]
    rows = rows.assign(is_raise=rows["limit_amount"] > rows["before_amount"])
    last = rows.groupby("customer_id")[["review_date", "is_raise"]].shift()
    is_turned = last["is_raise"].notna() & (last["is_raise"] != rows["is_raise"])
    is_soon = (rows["review_date"] - last["review_date"]).dt.days <= reversal_days
    columns = ["customer_id", "review_date", "before_amount", "limit_amount", "is_raise", "is_reversal"]
    return rows.assign(is_reversal=(is_turned & is_soon).astype(bool))[columns].reset_index(drop=True)


def stability_by_customer(path: DataFrame, *, reversal_days: int) -> DataFrame:
    """Return counts of changes by customer: what a bootstrap by customer draws from.

    Parameters
    ----------
    path, reversal_days : see `limit_changes`

    Returns
    -------
    DataFrame ``customer_id customer_years n_changes n_raises n_lowers n_reversals``; years from the first to the last
    day with a limit.
    """
    limited = path.dropna(subset=["limit_amount"])
    days = limited.groupby("customer_id")["review_date"].agg(["min", "max"])
    made = limit_changes(path, reversal_days=reversal_days)
    flags = DataFrame(
        {
            "customer_id": made["customer_id"],
            "n_changes": 1,
            "n_raises": made["is_raise"].astype("int64"),
            "n_lowers": (~made["is_raise"].astype(bool)).astype("int64"),
            "n_reversals": made["is_reversal"].astype("int64"),
        }
    )
    sums = flags.groupby("customer_id")[list(COUNTS)].sum().reindex(days.index).fillna(0).astype("int64")
    years = (days["max"] - days["min"]).dt.days / _YEAR_DAYS
    return sums.assign(customer_years=years)[["customer_years", *COUNTS]].reset_index()


def stability(path: DataFrame, *, reversal_days: int, by: Sequence[str] = ()) -> DataFrame:
    """Return how calm each path of limits is.

    Parameters
    ----------
    path : ``customer_id review_date limit_amount`` and the columns of `by`
    reversal_days : days within which a change back counts as a reversal
    by : columns that tell paths apart, such as the rule that made them

    Returns
    -------
    DataFrame, one row per path: the columns of `by`, ``n_customers customer_years n_changes n_raises n_lowers
    n_reversals changes_per_year raises_per_year lowers_per_year reversals_per_year``, a year = a customer-year; no
    rate without time.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-31", "2024-04-30", "2024-06-30", "2025-01-30"])
    >>> path = DataFrame({"customer_id": "a", "review_date": days, "limit_amount": [10.0, 12.0, 9.0, 9.0]})
    >>> calm = stability(path, reversal_days=90)
    >>> calm[["n_raises", "n_lowers", "n_reversals"]].values.tolist()
    [[1, 1, 1]]
    """
    groups = path.groupby(list(by), sort=True) if by else [((), path)]
    rows = [dict(zip(by, key, strict=True)) | _calm(part, reversal_days) for key, part in groups]
    rates = [f"{name.removeprefix('n_')}_per_year" for name in COUNTS]
    frame = DataFrame(rows, columns=[*by, "n_customers", "customer_years", *COUNTS])
    years = frame["customer_years"].astype(float).replace(0.0, np.nan)
    return frame.assign(**{rate: frame[name] / years for rate, name in zip(rates, COUNTS, strict=True)})


def _calm(path: DataFrame, reversal_days: int) -> dict[str, float]:
    each = stability_by_customer(path, reversal_days=reversal_days)
    sums = {name: int(each[name].sum()) for name in COUNTS}
    return {"n_customers": len(each), "customer_years": float(each["customer_years"].sum()), **sums}
