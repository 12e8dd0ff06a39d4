"""The seller's book as exposures to insure: what would be owed at default, and the insurer's limits."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timestamp

NOT_INSURABLE = ("public", "private", "related")


def exposures_to_insure(tables: Mapping[str, DataFrame], *, as_of: Timestamp, deliveries_after_days: int) -> DataFrame:
    """Return table `exposures`: one row per active customer.

    The exposure at default of a revolving account is the larger of what is open today and sales per
    day times terms plus the days deliveries go on after the first unpaid due date. A customer in
    default is not insurable any more.

    Parameters
    ----------
    tables : ``scored customer_behaviour customers limits``
    as_of : last day that counts
    deliveries_after_days : days of deliveries after the first unpaid due date
    """
    scored = tables["scored"].set_index("customer_id")
    behaviour = tables["customer_behaviour"].set_index("customer_id").reindex(scored.index)
    kind = tables["customers"].set_index("customer_id")["customer_type_code"].reindex(scored.index)
    sales = behaviour["sales_amount_12m"].clip(lower=0)
    terms = behaviour["terms_days"].fillna(behaviour["terms_days"].median()).fillna(0.0)
    revolving = sales / 365 * (terms + deliveries_after_days)
    limit = _insurer_limits(tables["limits"], as_of).reindex(scored.index)
    performing = scored["segment_code"] != "defaulted"
    return pd.DataFrame(
        {
            "pd_12m": scored["pd_12m"].where(performing, 0.0),
            "exposure_amount": revolving.clip(lower=behaviour["open_amount"]).where(performing, 0.0),
            "lgd_ratio": scored["lgd_ratio"],
            "buyer_limit_amount": limit,
            "limit_source": Series("insurer", index=scored.index).where(limit.notna()),
            "turnover_amount": sales,
            "is_insurable": performing & ~kind.isin(NOT_INSURABLE),
        }
    ).reset_index()


def _insurer_limits(limits: DataFrame, as_of: Timestamp) -> Series:
    """Latest insurer decision in force by customer, run currency."""
    live = limits[(limits["limit_kind_code"] == "insurer") & (limits["start_date"] <= as_of)]
    live = live[live["end_date"].isna() | (live["end_date"] >= as_of)]
    latest = live.sort_values(["start_date", "limit_id"]).groupby("customer_id").tail(1)
    return latest.set_index("customer_id")["base_minor"].astype(float) / 100
