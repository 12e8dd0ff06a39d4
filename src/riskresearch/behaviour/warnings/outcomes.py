"""What warnings should foresee: the spells in which a customer is far behind or in default."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from riskresearch.behaviour.warnings.facts import View
from riskresearch.behaviour.warnings.sequences import Array, Flags, Rows, last_rows, run_starts, to_days
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.ledger.default import DefaultSettings, defaults


@dataclass(frozen=True)
class Spells:
    """Spells of trouble, sorted by customer and start; the spells of a customer do not touch.

    Parameters
    ----------
    customer : number of the customer
    start : first day of the spell
    end : first day after it; infinite while it lasts
    """

    customer: Rows
    start: Array
    end: Array

    def inside(self, n_customers: int, day: float) -> Flags:
        """Tell of each customer whether it is in a spell on a day."""
        found = np.zeros(n_customers, dtype=bool)
        found[self.customer[(self.start <= day) & (day < self.end)]] = True
        return found

    def next_start(self, n_customers: int, day: float) -> Array:
        """Return for each customer the first start after a day; infinite where none."""
        found = np.full(n_customers, np.inf)
        later = self.start > day
        np.minimum.at(found, self.customer[later], self.start[later])
        return found


def trouble_spells(tables: Mapping[str, DataFrame], view: View, settings: WarningSettings) -> Spells:
    """Return the spells in which a customer is in default or owes an undisputed item far too late.

    A spell starts on the day of default or on the first day on which an item not disputed then is more than
    `outcome_late_days` past due with more than `outcome_floor_amount` open; it ends with the default's probation, or
    when the item is settled. Spells less than `outcome_quiet_days` apart are one.

    Parameters
    ----------
    tables : ``defaults`` where the stage of the ledger has made it, else ``movements disputes events``
    view : the ledger on the last day
    settings : thresholds
    """
    late, default = _late_items(view, settings), _defaults(tables, view)
    customer, start, end = (np.concatenate(pair) for pair in zip(late, default, strict=True))
    order = np.lexsort((start, customer))
    return _merged(customer[order], start[order], end[order], float(settings.outcome_quiet_days))


def _defaults(tables: Mapping[str, DataFrame], view: View) -> tuple[Rows, Array, Array]:
    spells = tables.get("defaults")
    if spells is None:
        spells = defaults(
            tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=view.as_of
        )
    spells = spells[to_days(spells["default_date"]) <= view.day]
    end = to_days(spells["performing_date"])
    who = view.facts.customers.get_indexer(spells["customer_id"]).astype("int64")
    return who, to_days(spells["default_date"]), np.where(np.isnan(end), np.inf, end)


def _late_items(view: View, settings: WarningSettings) -> tuple[Rows, Array, Array]:
    items, steps, floor = view.facts.items, view.item_steps, settings.outcome_floor_amount * 100
    number = np.arange(len(items))
    start = np.maximum(
        items["due_day"].to_numpy(float) + settings.outcome_late_days + 1, items["known"].to_numpy(float)
    )
    is_late = (start <= view.day) & (steps.at(number, np.nan_to_num(start)) > floor)
    is_late &= ~_disputed_on(view, start)
    end, last = np.full(len(items), np.inf), last_rows(steps.owner)
    paid = run_starts(steps.owner, steps.balance <= floor)
    end[steps.owner[last]] = np.where(paid >= 0, steps.known[np.maximum(paid, 0)], np.inf)
    return items["customer"].to_numpy("int64")[is_late], start[is_late], end[is_late]


def _disputed_on(view: View, day: Array) -> Flags:
    """Tell of each item whether its invoice was under dispute on the item's day."""
    rows, items = view.act("disputes"), view.facts.items
    held = DataFrame(
        {"invoice_id": items["invoice_id"].astype(object), "item": np.arange(len(items)), "on": day}
    ).merge(rows[["invoice_id", "known", "closed_day"]], on="invoice_id")
    inside = (held["known"] <= held["on"]) & ~(held["closed_day"] <= held["on"])
    found = np.zeros(len(items), dtype=bool)
    found[held.loc[inside, "item"].to_numpy("int64")] = True
    return found


def _merged(customer: Rows, start: Array, end: Array, quiet_days: float) -> Spells:
    """Spells of a customer that touch or lie less than the quiet days apart, as one."""
    if len(customer) == 0:
        return Spells(customer, start, end)
    reach = _running_max(customer, end)
    is_first = np.r_[True, (np.diff(customer) != 0) | (start[1:] >= reach[:-1] + quiet_days)]
    first = np.flatnonzero(is_first)
    return Spells(customer[first], start[first], np.maximum.reduceat(end, first))


def _running_max(customer: Rows, end: Array) -> Array:
    return DataFrame({"end": end}).groupby(customer)["end"].cummax().to_numpy()
