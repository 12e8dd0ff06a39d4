"""The need a limit was made for is remembered: a lull or a season takes nothing away."""

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.joined import amounts, join
from riskresearch.limits.methods.needs import plain_need

MONTH_DAYS = 30.4375
SALES_NEED = "sales_need"


def held_amounts(rows: DataFrame, applicants: Applicants) -> Series:
    """Return the amount down to which a limit is lowered: the proposal at the highest need of late.

    The highest need from sales of the last `movement.need_memory_months` counts, at today's need factor of the segment
    and less today's securities. What capacity, risk and caps say holds at once, so a limit that falls because of them
    falls as far as the proposal.

    Parameters
    ----------
    rows : one row per customer and day of review with the four numbers, ``proposed_amount`` and ``guarantee_amount``
    applicants : the same rows

    Returns
    -------
    Series of run currency, index of `rows`, never below ``proposed_amount``.
    """
    remembered = (_need_remembered(rows, applicants) - rows["guarantee_amount"]).clip(lower=rows["need_amount"])
    bounds = rows[["capacity_amount", "risk_amount", "cap_amount"]].assign(need=remembered)
    return bounds.min(axis=1).fillna(0.0).clip(lower=rows["proposed_amount"]).mask(applicants.in_default, 0.0)


def _need_remembered(rows: DataFrame, applicants: Applicants) -> Series:
    """Need by the methods of the policy, where that from sales is the highest of the months remembered."""
    found = amounts(applicants, "need")
    if SALES_NEED in found:
        highest = _highest_need(rows, applicants) * applicants.by_segment("need_factor")
        found = found.assign(**{SALES_NEED: highest.where(found[SALES_NEED].notna())})
    return join(found, applicants.policy.methods.need.join)


def _highest_need(rows: DataFrame, applicants: Applicants) -> Series:
    """Highest need of each customer, before factors, over the months remembered up to the day of each row."""
    need = DataFrame({"customer_id": rows["customer_id"], "day": rows["review_date"], "need": plain_need(applicants)})
    ordered = need.sort_values(["customer_id", "day"], kind="stable")
    window = pd.Timedelta(days=round(applicants.policy.movement.need_memory_months * MONTH_DAYS))
    highest = ordered.groupby("customer_id").rolling(window, on="day", min_periods=1)["need"].max()
    return Series(highest.to_numpy(), index=ordered.index).reindex(rows.index)
