"""Deadlines that come before any reminder: the insurer's overdue declaration, the claim in insolvency proceedings."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, DateOffset, Series, Timestamp

from riskresearch.monitoring.acts import Flags
from riskresearch.monitoring.day_numbers import Days, dates_for, day_number, day_numbers, known_on
from riskresearch.monitoring.settings import DunningSettings

DECLARATIONS = ("none", "planned", "due", "missed", "declared")


@dataclass(frozen=True)
class Declaration:
    """Declaration of each item to the insurer.

    Parameters
    ----------
    by : day number of the deadline, NaN where nothing is to be declared
    first : day from which the declaration comes first
    status : one of `DECLARATIONS`
    """

    by: Days
    first: Days
    status: NDArray[np.str_]


@dataclass(frozen=True)
class Claim:
    """Claim of each item in the insolvency proceedings of its customer.

    Parameters
    ----------
    by : day number of the deadline, NaN where there are no proceedings or the item was issued after their opening
    is_filed : an act `legal` since the opening counts as the claim
    """

    by: Days
    is_filed: Flags


def declaration(
    items: DataFrame, tables: Mapping[str, DataFrame], settings: DunningSettings, *, as_of: Timestamp
) -> Declaration:
    """Return by when each item must be declared to the insurer.

    Parameters
    ----------
    items : ``customer_id due_date``, index 0, 1, …
    tables : ``events`` (an `insurer_claim` on or after the due date = declared) and, where there is,
        ``cover``: ``customer_id policy_id declare_overdue_days`` (empty = the setting), one row per customer and
        policy; only its customers are insured, and the shortest deadline counts. Without it all are insured.
    settings : days to declare
    as_of : last day that counts
    """
    due, today = day_numbers(items["due_date"]), day_number(as_of)
    by = due + _declare_days(items["customer_id"], tables.get("cover"), settings)
    first = np.maximum(by - settings.declare_ahead_days, due + 1)
    events = known_on(tables["events"], "event_date", as_of=as_of)
    declared = events[events["event_code"] == "insurer_claim"].groupby("customer_id")["event_date"].max()
    is_declared = day_numbers(dates_for(items["customer_id"], declared)) >= due
    status = np.select(
        [np.isnan(by), is_declared, by < today, first <= today], ["none", "declared", "missed", "due"], "planned"
    )
    return Declaration(by=by, first=first, status=status)


def claim(
    items: DataFrame, acts: DataFrame, events: DataFrame, settings: DunningSettings, *, as_of: Timestamp
) -> Claim:
    """Return by when the claim for each item must be filed in the insolvency proceedings of its customer.

    Parameters
    ----------
    items : ``customer_id invoice_date``, index 0, 1, …
    acts : see `riskresearch.monitoring.acts.acts_on_items`
    events : table `events`
    settings : months to file
    as_of : last day that counts
    """
    known = known_on(events, "event_date", as_of=as_of)
    proceedings = known[known["event_code"].isin(["insolvency", "insolvency_closed"])]
    ordered = proceedings.sort_values(["customer_id", "event_date", "event_code"], kind="stable")
    latest = ordered.groupby("customer_id").tail(1).set_index("customer_id")
    opened = latest.loc[latest["event_code"] == "insolvency", "event_date"]
    start = dates_for(items["customer_id"], opened)
    start = start.where(items["invoice_date"] <= start)
    by = day_numbers(start + DateOffset(months=settings.claim_months))
    legal = acts[acts["action_code"] == "legal"].groupby("item")["act_day"].max().reindex(items.index)
    return Claim(by=by, is_filed=legal.to_numpy("float64") >= day_numbers(start))


def _declare_days(customers: Series, cover: DataFrame | None, settings: DunningSettings) -> Days:
    general = np.nan if settings.declare_overdue_days is None else float(settings.declare_overdue_days)
    if cover is None:
        return np.full(len(customers), general)
    own = cover["declare_overdue_days"].astype("float64").fillna(general)
    shortest = own.groupby(cover["customer_id"]).min()
    return customers.map(shortest).to_numpy("float64")
