"""Securities that stand for customers' debts: which are in force on a day, and what the policy recognises of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.limits.policy.policy import CreditPolicy

COUNTED_ELSEWHERE = "insured_limit"
"""Cover of an insurer is counted as a limit of the insurer, never a second time as a security."""
_KEYS = ["customer_id", "review_date", "guarantee_id"]
_COLUMNS = [*_KEYS, "guarantee_code", "amount"]


def guarantees_in_force(guarantees: DataFrame, *, days: Sequence[Timestamp]) -> DataFrame:
    """Return the securities known and in force on each day.

    A security is in force from its first to its last day, both included, and known from the day it was recorded.

    Parameters
    ----------
    guarantees : canonical table, ``guarantee_id customer_id guarantee_code start_date end_date recorded_date
        base_minor``
    days : days of review, any order

    Returns
    -------
    DataFrame ``customer_id review_date guarantee_id guarantee_code amount`` (face amount, run currency), one row per
    security and day, in order of customer, day and security.
    """
    wanted = pd.DatetimeIndex(sorted(set(days))).as_unit("us")
    since = guarantees[["start_date", "recorded_date"]].max(axis=1)
    first = wanted.searchsorted(since, side="left")
    after = np.where(
        guarantees["end_date"].isna(), len(wanted), wanted.searchsorted(guarantees["end_date"], side="right")
    )
    n_days = np.maximum(after - first, 0)
    place = np.repeat(first, n_days) + _counted(n_days)
    rows = guarantees.take(np.repeat(np.arange(len(guarantees)), n_days))
    live = rows.assign(review_date=wanted[place], amount=rows["base_minor"].astype("float64") / 100)
    return live[_COLUMNS].sort_values(_KEYS, ignore_index=True)


def _counted(n_days: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, … anew for each security."""
    ends = np.cumsum(n_days)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - n_days, n_days)


def recognised_guarantees(guarantees: DataFrame, policy: CreditPolicy, *, days: Sequence[Timestamp]) -> DataFrame:
    """Return what the policy recognises of each customer's securities on each day.

    The sum over the securities in force of their amount times the share recognised for their kind. The cover of an
    insurer (`insured_limit`) is left out: it is counted as the insurer's limit.

    Parameters
    ----------
    guarantees : canonical table, as for `guarantees_in_force`
    policy : credit policy with the share of each kind
    days : days of review

    Returns
    -------
    DataFrame ``customer_id review_date guarantee_amount`` (run currency), one row per customer and day with
    something recognised; the others have none.

    Raises
    ------
    LedgerError
        A kind of security is none of the policy's.
    """
    live = recognised(guarantees_in_force(guarantees, days=days), policy)
    summed = live.groupby(["customer_id", "review_date"], as_index=False)["recognised_amount"].sum()
    return summed[summed["recognised_amount"] > 0].rename(columns={"recognised_amount": "guarantee_amount"})


def recognised(live: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return securities with column ``recognised_amount``: the part of `amount` that lowers the exposure.

    Raises
    ------
    LedgerError
        A kind of security is none of the policy's.
    """
    ratios = {rule.guarantee_code: rule.recognised_ratio for rule in policy.guarantees} | {COUNTED_ELSEWHERE: 0.0}
    share = live["guarantee_code"].map(ratios).astype("float64")
    if share.isna().any():
        unknown = live.loc[share.isna(), "guarantee_code"].drop_duplicates()
        raise LedgerError(
            f"guarantees.guarantee_code: {int(share.isna().sum())} rows ({first_keys(unknown)}) are no kind of "
            f"security of the credit policy; allowed are {', '.join(ratios)}; correct the delivery"
        )
    return live.assign(recognised_amount=live["amount"] * share)
