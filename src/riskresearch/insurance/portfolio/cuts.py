"""Does the insurer cut before a customer defaults? Counted in the ledger's own history."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Timedelta, Timestamp

from riskresearch.base.schema import Column, Table, check
from riskresearch.insurance.portfolio.decisions import insurer_decisions

CUT_HISTORY = Table(
    "cut_history",
    "insurance",
    "one row: defaults of customers with a named limit, and cuts of limits",
    ("n_defaults",),
    (
        Column("n_cuts", "int", "limits the insurer lowered"),
        Column("n_defaults", "int", "default spells of customers with a named limit above zero before them"),
        Column("n_defaults_after_cut", "int", "of these, with a cut in the days before"),
        Column("cut_before_default_ratio", "float", "their share; setting cuts.probability_ratio", True),
        Column("cut_before_default_low", "float", "lower end of its 95 % interval (Wilson)", True),
        Column("cut_before_default_high", "float", "upper end of its 95 % interval (Wilson)", True),
        Column("lead_days_median", "float", "median days from the cut to the default; setting cuts.lead_days", True),
        Column("remaining_ratio", "float", "limit after these cuts / limit before; setting cuts.remaining_ratio", True),
        Column("n_cuts_observed", "int", "cuts old enough for the days after them to be known"),
        Column("default_after_cut_ratio", "float", "of these, share followed by a default within the days", True),
    ),
)
_NORMAL_95 = 1.959963984540054


def cut_history(tables: Mapping[str, DataFrame], *, as_of: Timestamp, within_days: int = 180) -> DataFrame:
    """Return table `cut_history`: how often, how early and how far limits were cut before defaults.

    Parameters
    ----------
    tables : ``limits defaults``
    as_of : last day that counts
    within_days : a cut foresees a default that begins at most so many days after it
    """
    decisions = insurer_decisions(tables["limits"], as_of=as_of)
    spells = tables["defaults"]
    spells = spells.loc[spells["default_date"] <= as_of, ["customer_id", "default_date"]]
    cuts = decisions.loc[decisions["cut_amount"] > 0]
    insured = _with_limit(spells, decisions, within_days)
    near = insured.merge(cuts, on="customer_id")
    lead = (near["default_date"] - near["start_date"]).dt.days
    near = near.assign(lead_days=lead)[lead.between(0, within_days)]
    first = near.sort_values("start_date", kind="stable").drop_duplicates(["customer_id", "default_date"])
    old = cuts[cuts["start_date"] <= as_of - Timedelta(days=within_days)]
    followed = old["limit_id"].isin(near["limit_id"]).sum()
    low, high = wilson(len(first), len(insured))
    row = {
        "n_cuts": len(cuts),
        "n_defaults": len(insured),
        "n_defaults_after_cut": len(first),
        "cut_before_default_ratio": len(first) / len(insured) if len(insured) else np.nan,
        "cut_before_default_low": low,
        "cut_before_default_high": high,
        "lead_days_median": float(first["lead_days"].median()),
        "remaining_ratio": _remaining(near, first),
        "n_cuts_observed": len(old),
        "default_after_cut_ratio": followed / len(old) if len(old) else np.nan,
    }
    return check(DataFrame([row]), CUT_HISTORY)


def wilson(n_hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's formula; NaN where nothing is counted.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(3, 10)]
    [0.1078, 0.6032]
    """
    if n == 0:
        return float("nan"), float("nan")
    z2 = _NORMAL_95**2
    share, scale = n_hits / n, 1 + z2 / n
    centre = (share + z2 / (2 * n)) / scale
    half = _NORMAL_95 * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))) / scale
    return max(centre - half, 0.0), min(centre + half, 1.0)


def _with_limit(spells: DataFrame, decisions: DataFrame, within_days: int) -> DataFrame:
    """Spells of customers that had a named limit above zero when the days before the default began, or later."""
    joined = spells.merge(decisions, on="customer_id")
    before = joined[joined["start_date"] <= joined["default_date"]]
    is_near = before["start_date"] > before["default_date"] - Timedelta(days=within_days)
    in_days = before[is_near & ((before["granted_amount"] > 0) | (before["previous_amount"] > 0))]
    older = before[~is_near].drop_duplicates(["customer_id", "default_date"], keep="last")
    both = pd.concat([in_days, older[older["granted_amount"] > 0]])
    return both[["customer_id", "default_date"]].drop_duplicates(ignore_index=True)


def _remaining(near: DataFrame, first: DataFrame) -> float:
    """Limit at the default over the limit before the first cut, summed over the defaults."""
    if first.empty:
        return float("nan")
    last = near.sort_values("start_date", kind="stable").drop_duplicates(["customer_id", "default_date"], keep="last")
    return float(last["granted_amount"].sum() / first["previous_amount"].sum())
