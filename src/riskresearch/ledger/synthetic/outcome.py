"""What trouble does to the books: invoices not shipped, items not paid, paid late, in part or lost."""

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.items import CASH, WRITE_OFF, Settlement
from riskresearch.ledger.synthetic.spells import CURE, RESCUE, Troubles
from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Calendar, Floats, Ints, to_workday

TOKEN_SHARE, TOKEN_MINOR = 0.4, 120_000


def shipped(invoices: DataFrame, troubles: Troubles, calendar: Calendar) -> Bools:
    """Tell which invoices are issued: not after the customer left, nor while shipping is stopped."""
    customer, issue = invoices["customer"].to_numpy(), invoices["issue_day"].to_numpy()
    last = np.r_[calendar.starts, calendar.starts[-1] + 31][np.minimum(troubles.left_month, calendar.n_months + 1)]
    issued = issue < last[customer]
    for spells in _rounds(troubles.spells):
        row = _row_of(spells, customer)
        stop, end = spells["ship_stop_day"].to_numpy()[row], spells["end_day"].to_numpy()[row]
        issued &= ~((row >= 0) & (issue > stop) & (issue <= end))
    return issued


def settle_troubles(settlement: Settlement, issued: Bools, troubles: Troubles, *, rng: Generator) -> Settlement:
    """Return items and disputes as they are settled once trouble is taken into account.

    An item that would be settled on or after the stop is paid on the day of the rescue or cure if it is
    due by then; else a part may be recovered and the rest is written off, or stays open (`NEVER`).
    """
    items = settlement.items[issued[settlement.items["invoice"]]].reset_index(drop=True)
    blocked_invoices = np.zeros(len(issued), dtype=bool)
    for spells in _rounds(troubles.spells):
        row = _row_of(spells, items["customer"].to_numpy())
        stop, end = (spells[name].to_numpy()[row] for name in ("stop_day", "end_day"))
        blocked = (row >= 0) & (items["paid_day"] >= stop).to_numpy() & (items["issue_day"] <= end).to_numpy()
        blocked_invoices[items.loc[blocked, "invoice"]] = True
        items = _settle_round(items, blocked, row, spells, rng)
    kept = settlement.disputes[issued[settlement.disputes["invoice"]]]
    return Settlement(items, _close_disputes(kept, items))


def _settle_round(items: DataFrame, blocked: Bools, row: Ints, spells: DataFrame, rng: Generator) -> DataFrame:
    held = items[blocked].assign(kind=CASH).reset_index(drop=True)
    spell = spells.iloc[row[blocked]].reset_index(drop=True)
    returns = np.isin(spell["end"], (RESCUE, CURE))
    end = spell["end_day"].to_numpy()
    planned = np.where(held["due_day"] <= end, end, np.maximum(held["paid_day"], end))
    attempted = held["bounced_day"].to_numpy() < spell["stop_day"].to_numpy()
    held = held.assign(
        paid_day=np.where(returns, planned, spell["write_off_day"]),
        bounced_day=np.where(attempted, held["bounced_day"], NEVER),
    )
    ratio = np.where(returns, 0.0, spell["paid_ratio"])
    lost = _part(held.assign(kind=np.where(returns, CASH, WRITE_OFF)), 1 - ratio)
    recovered = _less(held, lost).assign(paid_day=spell["paid_day"].to_numpy())
    tokens, lost = _tokens(lost, spell, rng)
    parts = [items[~blocked], lost, recovered[recovered["amount"] > 0], tokens]
    return pd.concat(parts, ignore_index=True)


def _part(items: DataFrame, ratio: Floats | float) -> DataFrame:
    amount = np.round(items["amount"] * ratio).astype(np.int64)
    return items.assign(amount=amount, base=np.round(items["base"] * amount / items["amount"]).astype(np.int64))


def _less(items: DataFrame, part: DataFrame) -> DataFrame:
    return items.assign(amount=items["amount"] - part["amount"], base=items["base"] - part["base"], bounced_day=NEVER)


def _tokens(items: DataFrame, spell: DataFrame, rng: Generator) -> tuple[DataFrame, DataFrame]:
    """Small payments on account of a large overdue item while the customer is in arrears."""
    arrears, stop = spell["arrears_day"].to_numpy(), spell["stop_day"].to_numpy()
    days = to_workday(np.maximum(stop, items["due_day"].to_numpy()) + rng.integers(8, 60, len(items)))
    chooses = rng.random(len(items)) < TOKEN_SHARE
    before = np.minimum(np.minimum(items["paid_day"], spell["default_day"]), arrears + 90)
    chosen = chooses & (items["base"] > TOKEN_MINOR).to_numpy() & (days < before).to_numpy()
    token = _part(items[chosen], rng.uniform(0.08, 0.35, int(chosen.sum())))
    rest = items.copy()
    rest.loc[chosen, ["amount", "base"]] -= token[["amount", "base"]]
    token = token.assign(kind=CASH, paid_day=days[chosen], bounced_day=NEVER)
    return token[token["amount"] > 0], rest


def _close_disputes(disputes: DataFrame, items: DataFrame) -> DataFrame:
    """Disputes end at the latest when the invoice is settled."""
    settled = items.groupby("invoice")["paid_day"].max().reindex(disputes["invoice"]).to_numpy()
    closed = np.minimum(disputes["closed_day"].to_numpy(), settled)
    kept = disputes.assign(closed_day=closed)
    return kept[closed > disputes["opened_day"].to_numpy()].reset_index(drop=True)


def _rounds(spells: DataFrame) -> list[DataFrame]:
    """First, second, … spells of the customers, each at most one a customer."""
    ordered = spells.sort_values(["customer", "stop_day"], kind="stable")
    turn = ordered.groupby("customer").cumcount()
    return [ordered[turn == number].reset_index(drop=True) for number in sorted(turn.unique())]


def _row_of(spells: DataFrame, customer: Ints) -> Ints:
    """Row of each customer's spell, -1 where there is none."""
    lookup = np.full(max(int(customer.max(initial=0)), int(spells["customer"].max())) + 1, -1, dtype=np.int64)
    lookup[spells["customer"]] = np.arange(len(spells))
    return lookup[customer]
