"""What was done for an open item: acts of dunning, promises, and the steps of a scenario they settle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.monitoring.day_numbers import Days, day_number, day_numbers, known_on
from riskresearch.monitoring.rules import Step
from riskresearch.monitoring.settings import DunningSettings

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
STRENGTH: Mapping[str, int] = {
    name: rank
    for rank, name in enumerate(
        ("statement", "reminder", "call", "warning", "delivery_stop", "formal_notice", "collection", "legal", "decide")
    )
}
FIRM = STRENGTH["warning"]


@dataclass(frozen=True)
class Promises:
    """State of the promises to pay of each item, on the date.

    Parameters
    ----------
    date : day number promised last, NaN without promise
    resumes : first day on which the flow goes on
    is_open : the last promise pauses the flow
    is_broken : the last promise ran out and was not kept
    """

    date: Days
    resumes: Days
    is_open: Flags
    is_broken: Flags


def acts_on_items(items: DataFrame, reminders: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return one row per open item and act that concerns it, promises included.

    An act on an invoice concerns its items; an act on the whole account concerns all items issued by then.

    Parameters
    ----------
    items : ``customer_id invoice_id item_id invoice_date due_date``, index 0, 1, …
    reminders : table `reminders`
    as_of : last day that counts

    Returns
    -------
    DataFrame ``item action_code act_day day_late is_own promise_day promise_minor recorded_date reminder_id …``:
    `act_day` is a day number, `day_late` counts from the due date, `is_own` = the act names this item's invoice
    and no other part of it.
    """
    known = known_on(reminders, "reminder_date", as_of=as_of)
    rows = items[["customer_id", "invoice_id", "item_id", "invoice_date"]].assign(item=items.index)
    rows["n_parts"] = rows.groupby("invoice_id")["item"].transform("size")
    named = known[known["invoice_id"].notna()].merge(rows, on=["customer_id", "invoice_id"])
    whole = known[known["invoice_id"].isna()].drop(columns="invoice_id").merge(rows, on="customer_id")
    whole = whole[whole["invoice_date"] <= whole["reminder_date"]]
    own = (named["n_parts"] == 1) & (named["item_id"] == named["invoice_id"])
    acts = pd.concat([named.assign(is_own=own), whole.assign(is_own=False)], ignore_index=True)
    due = day_numbers(items["due_date"])
    act_day = day_numbers(acts["reminder_date"])
    where = acts["item"].to_numpy("int64")
    return acts.assign(
        item=where,
        act_day=act_day,
        day_late=act_day - due[where],
        is_own=acts["is_own"].to_numpy(bool),
        promise_day=day_numbers(acts["promise_date"]),
    )


def settled_steps(
    acts: DataFrame, plan_of: NDArray[np.str_], plans: Mapping[str, Sequence[Step]]
) -> tuple[Flags, Counts]:
    """Return which steps of its scenario are settled for each item, and the last step reached.

    An act settles the latest step of its kind whose day has come and that is not settled yet; failing that, an act
    that names the invoice settles the next step of its kind if the step before it is past, or the first one at any
    time. A warning or anything firmer settles every milder step as well.

    Parameters
    ----------
    acts : see `acts_on_items`
    plan_of : scenario of each item
    plans : steps of each scenario, see `riskresearch.monitoring.scenarios.step_plans`

    Returns
    -------
    (settled, reached) : booleans item × step, and the index of the last step done in its time, -1 for none
    """
    settled = np.zeros((len(plan_of), max(map(len, plans.values()))), dtype=bool)
    reached = np.full(len(plan_of), -1, dtype="int64")
    strength = acts["action_code"].map(STRENGTH).to_numpy("float64")
    used = np.flatnonzero(~np.isnan(strength) & acts["day_late"].notna().to_numpy())
    found = acts[["item", "day_late", "is_own"]].iloc[used].assign(strength=strength[used].astype("int64"))
    found = _ordered(found, ["item", "day_late", "is_own"])
    names, plan = list(plans), Series(plan_of).map({name: n for n, name in enumerate(plans)}).to_numpy("int64")
    for (which, rank), rows in found.groupby([plan[found["item"].to_numpy()], found["strength"].to_numpy()]):
        steps = plans[names[which]]
        _settle_kind(rows, steps, rank, settled, reached)
        if rank >= FIRM:
            milder = [k for k, step in enumerate(steps) if STRENGTH[step.action_code] < rank]
            settled[np.ix_(rows["item"].unique(), milder)] = True
    return settled, reached


def _ordered(rows: DataFrame, by: Sequence[str]) -> DataFrame:
    """Rows sorted by columns of numbers or dates; rows that are alike in all of them may stand in any order."""
    return rows.iloc[np.lexsort([rows[name].to_numpy() for name in reversed(by)])]


def _settle_kind(found: DataFrame, steps: Sequence[Step], rank: int, settled: Flags, reached: Counts) -> None:
    kind = np.array([k for k, step in enumerate(steps) if STRENGTH[step.action_code] == rank], dtype="int64")
    if not len(kind):
        return
    days = np.array([steps[k].day for k in kind])
    before = np.array([steps[k - 1].day if k else -np.inf for k in kind])
    last = np.full(len(reached), -1, dtype="int64")
    turn = found.groupby("item").cumcount()
    for _, acts in found.groupby(turn):
        item, late = acts["item"].to_numpy(), acts["day_late"].to_numpy()
        come = np.searchsorted(days, late, side="right") - 1
        following = np.minimum(last[item] + 1, len(kind) - 1)
        in_time = (come > last[item]) | (late > before[following])
        takes = (come > last[item]) | (
            acts["is_own"].to_numpy() & (last[item] + 1 < len(kind)) & (in_time | (following == 0))
        )
        step = np.where(come > last[item], come, following)[takes]
        last[item[takes]] = step
        settled[item[takes], kind[step]] = True
        timely = item[takes & in_time]
        reached[timely] = np.maximum(reached[timely], kind[last[timely]])


def promises(
    acts: DataFrame, tables: Mapping[str, DataFrame], settings: DunningSettings, *, as_of: Timestamp, n_items: int
) -> Promises:
    """Return the promises to pay of each item.

    The last promise given counts. It pauses the flow up to and including `promise_pause_days` after the promised
    day, unless `promises_allowed` earlier ones were broken. A promise that ran out is broken, unless it named an
    amount and the customer paid as much from the day it was given.

    Parameters
    ----------
    acts : see `acts_on_items`
    tables : ``reminders payments``
    settings : pause, number of promises
    as_of : last day that counts
    n_items : number of items
    """
    made = acts[(acts["action_code"] == "promise") & acts["promise_day"].notna()]
    made = _ordered(
        made.astype({"promise_minor": "float64"}), ["item", "act_day", "recorded_date", "promise_day", "promise_minor"]
    )
    until = made["promise_day"].to_numpy() + settings.promise_pause_days
    over = until < day_number(as_of)
    broken = over & ~_is_kept(made, until, tables, as_of=as_of)
    n_broken = np.bincount(made["item"].to_numpy("int64"), weights=broken, minlength=n_items)
    is_last = ~made["item"].duplicated(keep="last").to_numpy()
    where = made["item"].to_numpy("int64")[is_last]
    date, is_broken = np.full(n_items, np.nan), np.zeros(n_items, dtype=bool)
    date[where] = made["promise_day"].to_numpy()[is_last]
    is_broken[where] = broken[is_last]
    resumes = date + settings.promise_pause_days + 1
    is_open = (resumes > day_number(as_of)) & (n_broken < settings.promises_allowed)
    return Promises(date=date, resumes=resumes, is_open=is_open, is_broken=is_broken)


def _is_kept(made: DataFrame, until: Days, tables: Mapping[str, DataFrame], *, as_of: Timestamp) -> Flags:
    """Tell which promises were kept: the customer's receipts until the end of the pause cover the amounts named.

    Promises of one customer made on one day for one day are kept or broken together.
    """
    if made.empty:
        return np.zeros(0, dtype=bool)
    together = ["customer_id", "reminder_date", "promise_date"]
    given = known_on(tables["reminders"], "reminder_date", as_of=as_of)
    given = given[given["action_code"] == "promise"]
    asked = given.groupby(together)["promise_minor"].sum().astype("float64").rename("asked_minor").reset_index()
    asked_minor = made[together].merge(asked, on=together, how="left")["asked_minor"].to_numpy()
    payments = known_on(tables["payments"], "value_date", as_of=as_of)
    daily = payments.assign(day=day_numbers(payments["value_date"])).groupby(["customer_id", "day"])["base_minor"].sum()
    received = daily.groupby(level=0).cumsum().rename("total").reset_index().sort_values("day", kind="stable")
    customer = made["customer_id"].reset_index(drop=True)
    paid = _total(received, customer, until) - _total(received, customer, made["act_day"].to_numpy() - 1)
    kept: Flags = made["promise_minor"].notna().to_numpy() & (paid >= asked_minor)
    return kept


def _total(received: DataFrame, customer: Series, day: Days) -> Days:
    asked = DataFrame({"customer_id": customer, "day": day, "row": np.arange(len(day))}).sort_values(
        "day", kind="stable"
    )
    found = pd.merge_asof(asked, received.astype({"total": "float64"}), on="day", by="customer_id")
    return found.set_index("row")["total"].reindex(range(len(day))).fillna(0.0).to_numpy()
