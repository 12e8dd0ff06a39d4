"""Limits in the light of the debts they covered: dormant, exceeded, cut while something was owed."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timedelta, Timestamp

from riskresearch.insurance.indicators.cover_then import named_limit_on
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.decisions import limits_in_force
from riskresearch.insurance.portfolio.lookup import column_of, date_of, number_of
from riskresearch.insurance.terms import BuyerLimit

_LONG_AGO = pd.Timestamp("1900-01-01")


def is_dormant(customers: DataFrame, decisions: DataFrame, moves: DataFrame, *, since: Timestamp) -> Series:
    """Tell which named limits were in force on a day and covered no debt from then on.

    Parameters
    ----------
    customers : ``customer_id cover_code limit_amount``
    decisions : see `insurer_decisions`, in its order
    moves : table `movements`, cut to the date
    since : first day of the time without debt
    """
    then = limits_in_force(decisions, as_of=since)["granted_amount"]
    owed = moves[moves["known_date"] <= since].groupby(["customer_id", "item_id"])["base_minor"].sum()
    debtors = owed[owed > 0].index.get_level_values("customer_id")
    sold = moves.loc[(moves["known_date"] > since) & (moves["base_minor"] > 0), "customer_id"]
    ids = customers["customer_id"]
    is_old = number_of(ids, then) > 0
    has_limit = customers["cover_code"].eq("named") & customers["limit_amount"].gt(0)
    return has_limit & is_old & ~ids.isin(debtors) & ~ids.isin(sold)


def over_days(
    customers: DataFrame, decisions: DataFrame, moves: DataFrame, *, policy: Policy, as_of: Timestamp
) -> Series:
    """Return for how many days each customer has owed more than its limit; NaN where it does not.

    The limit of a day is the named one in force on it; once all named ones have ended, the discretionary one where it
    is justified. Before the first named one, and where the policy lists its own limits, the limit of today counts.

    Parameters
    ----------
    customers : ``customer_id limit_amount owed_amount basis_factor is_discretionary_justified``
    decisions : see `insurer_decisions`
    moves : table `movements`, cut to the date
    policy : for the discretionary limit
    as_of : last day that counts
    """
    is_over = (customers["limit_amount"] > 0) & (customers["owed_amount"] > customers["limit_amount"])
    if not is_over.any():
        return Series(float("nan"), index=customers.index)
    over = customers[is_over].set_index("customer_id")
    own = moves[moves["customer_id"].isin(over.index)]
    factor = number_of(own["customer_id"], over["basis_factor"]) / 100
    steps = DataFrame(
        {"customer_id": own["customer_id"], "day": own["known_date"], "change": own["base_minor"] * factor}
    )
    term = policy.find(BuyerLimit)
    has_own = term is None or bool(term.limit_amounts)
    named = decisions[decisions["customer_id"].isin(over.index) & (not has_own)]
    line = pd.concat([steps, *_turns(named, as_of)]).groupby(["customer_id", "day"], sort=True)["change"].sum()
    line = line.reset_index()
    ids, days = line["customer_id"], line["day"]
    level = line["change"].groupby(ids).cumsum()
    general = over["is_discretionary_justified"].astype("float64") * (term.discretionary_limit_amount if term else 0.0)
    ended = days.where(level <= _limit_on(ids, days, named, over["limit_amount"], general)).groupby(ids).max()
    begun = days[days > date_of(ids, ended).fillna(_LONG_AGO)].groupby(ids).min()
    return (as_of - date_of(customers["customer_id"], begun)).dt.days.astype("float64")


def _turns(decisions: DataFrame, as_of: Timestamp) -> list[DataFrame]:
    """Days on which a limit may change: the first of each decision and the day after its last."""
    starts = decisions["start_date"], decisions["end_date"] + Timedelta(days=1)
    turns = [DataFrame({"customer_id": decisions["customer_id"], "day": day, "change": 0.0}) for day in starts]
    return [turn[turn["day"] <= as_of] for turn in turns]


def _limit_on(ids: Series, days: Series, decisions: DataFrame, today: Series, general: Series) -> Series:
    """Limit of each row's customer on its day."""
    first = decisions.groupby("customer_id")["start_date"].min()
    before = ~(date_of(ids, first) <= days)
    without = number_of(ids, general).mask(before, number_of(ids, today))
    return named_limit_on(ids, days, decisions).fillna(without)


def decisions_of(
    decisions: DataFrame, items: DataFrame, moves: DataFrame, customers: DataFrame, *, since: Timestamp
) -> DataFrame:
    """Return the decisions after a day with what was owed when a limit was cut, and what of it stays covered.

    The run-off of a cut is what was delivered before it, is still unpaid and lay within the old limit, above the new
    one. Only the decision in force has a run-off.

    Parameters
    ----------
    decisions : see `insurer_decisions`
    items : open items, ``customer_id delivered_date open_amount``
    moves : table `movements`, cut to the date
    customers : ``customer_id basis_factor``
    since : decisions start after this day
    """
    recent = decisions[decisions["start_date"] > since].reset_index(drop=True)
    cuts = recent.loc[recent["cut_amount"] > 0, ["limit_id", "customer_id", "start_date"]]
    before = cuts.merge(moves[["customer_id", "known_date", "base_minor"]], on="customer_id")
    before = before[before["known_date"] <= before["start_date"]]
    factor = column_of(before["customer_id"], customers, "basis_factor") / 100
    owed = (before["base_minor"] * factor).groupby(before["limit_id"]).sum().clip(lower=0)
    unpaid = cuts.merge(items, on="customer_id")
    unpaid = unpaid[unpaid["delivered_date"] <= unpaid["start_date"]].groupby("limit_id")["open_amount"].sum()
    is_last = ~decisions.duplicated("customer_id", keep="last")
    standing = recent["limit_id"].isin(decisions.loc[is_last, "limit_id"])
    still = recent["limit_id"].map(unpaid).astype("float64").fillna(0.0)
    run_off = (np.minimum(still, recent["previous_amount"]) - recent["granted_amount"]).clip(lower=0)
    return recent.assign(
        owed_at_cut_amount=recent["limit_id"].map(owed).astype("float64"),
        run_off_amount=run_off.where(standing & recent["cut_amount"].gt(0), 0.0),
    )
