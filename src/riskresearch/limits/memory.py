"""The need a limit was made for is remembered: a lull or a season takes nothing away."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.needs import plain_need

MONTH_DAYS = 30.4375


def held_amounts(rows: DataFrame, applicants: Applicants) -> Series:
    """Return the amount down to which a limit is lowered: the proposal at the highest need of late.

    The highest need of the last `movement.need_memory_months` counts, at today's need factor of the segment. What
    capacity, risk and caps say holds at once, so a limit that falls because of them falls as far as the proposal.

    Parameters
    ----------
    rows : one row per customer and day of review with the four numbers, ``proposed_amount`` and ``guarantee_amount``
    applicants : the same rows

    Returns
    -------
    Series of run currency, index of `rows`, never below ``proposed_amount``.
    """
    need = DataFrame({"customer_id": rows["customer_id"], "day": rows["review_date"], "need": plain_need(applicants)})
    ordered = need.sort_values(["customer_id", "day"], kind="stable")
    window = pd.Timedelta(days=round(applicants.policy.movement.need_memory_months * MONTH_DAYS))
    highest = ordered.groupby("customer_id").rolling(window, on="day", min_periods=1)["need"].max()
    ratio = (Series(highest.to_numpy(), index=ordered.index).reindex(rows.index) / need["need"]).fillna(1.0)
    secured = rows["guarantee_amount"]
    remembered = ((rows["need_amount"] + secured) * ratio - secured).clip(lower=rows["need_amount"])
    bounds = rows[["capacity_amount", "risk_amount", "cap_amount"]].assign(need=remembered)
    return bounds.min(axis=1).fillna(0.0).clip(lower=rows["proposed_amount"]).mask(applicants.in_default, 0.0)
