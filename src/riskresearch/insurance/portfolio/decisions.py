"""The insurer's decisions on limits, as known on a day: what was asked, what was granted, what was cut."""

import pandas as pd
from pandas import DataFrame, Series, Timestamp


def known_on(frame: DataFrame, date_column: str, *, as_of: Timestamp) -> DataFrame:
    """Return the rows that took effect and had been recorded by the end of a day."""
    return frame[(frame[date_column] <= as_of) & (frame["recorded_date"] <= as_of)]


def insurer_decisions(limits: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the insurer's decisions known on a day, by customer and date.

    Parameters
    ----------
    limits : table `limits`; a column ``requested_date``, where there is one, is the day the limit was asked for
    as_of : last day that counts

    Returns
    -------
    DataFrame ``limit_id customer_id start_date end_date requested_date requested_amount granted_amount
    previous_amount cut_amount is_answer``: ``previous_amount`` is the limit in force until then (empty = none);
    ``cut_amount`` is what a lower limit takes away. A decision answers a request (``is_answer``) where an amount was
    requested and the day of the request is recorded, even if it grants less than the limit before: a refused raise is
    a refusal. Where that day is not recorded, a decision with a requested amount is an answer unless it is a cut.
    """
    own = known_on(limits[limits["limit_kind_code"] == "insurer"], "start_date", as_of=as_of)
    own = own.sort_values(["customer_id", "start_date", "recorded_date", "limit_id"], kind="stable", ignore_index=True)
    granted = own["base_minor"].astype("float64") / 100
    before = own.assign(granted=granted).groupby("customer_id")[["granted", "end_date"]].shift()
    still = before["end_date"].isna() | (before["end_date"] >= own["start_date"] - pd.Timedelta(days=1))
    previous = before["granted"].where(still)
    requested = own["requested_minor"].astype("float64") / 100
    cut = (previous - granted).clip(lower=0).fillna(0.0)
    asked = own["requested_date"] if "requested_date" in own else Series(pd.NaT, own.index, dtype="datetime64[us]")
    return own[["limit_id", "customer_id", "start_date", "end_date"]].assign(
        requested_date=asked,
        requested_amount=requested,
        granted_amount=granted,
        previous_amount=previous,
        cut_amount=cut,
        is_answer=requested.gt(0) & (asked.notna() | cut.eq(0)),
    )


def limits_in_force(decisions: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the decision in force of each customer: the latest that has not ended, indexed by customer_id.

    Parameters
    ----------
    decisions : see `insurer_decisions`, in its order
    as_of : the day
    """
    live = decisions[decisions["end_date"].isna() | (decisions["end_date"] >= as_of)]
    live = live[live["start_date"] <= as_of]
    return live.drop_duplicates("customer_id", keep="last").set_index("customer_id")
