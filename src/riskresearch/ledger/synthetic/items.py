"""Items: the amounts that settle an invoice, each with its own day.

An invoice is settled by one or two cash items, and where it applies by a discount, a credit note that
names it, a credit note on account, or after a dispute. All items of an invoice add up to its gross amount.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from pandas import DataFrame

from riskresearch.ledger.synthetic.timeline import NEVER, Bools, Floats, Ints, to_workday

CASH, DISCOUNT, CREDIT, ON_ACCOUNT, WRITE_OFF = range(5)
DISCOUNT_RATIO = 0.02
CREDIT_SHARE, ON_ACCOUNT_SHARE, DISPUTE_SHARE, PARTIAL_SHARE, BOUNCE_SHARE = 0.025, 0.006, 0.016, 0.018, 0.0025
DISPUTE_CREDIT_SHARE = 0.4


@dataclass(frozen=True)
class Settlement:
    """Items of performing customers and the disputes behind some of them.

    Parameters
    ----------
    items : ``invoice customer issue_day due_day rate kind amount base paid_day bounced_day``
    disputes : ``invoice opened_day closed_day``
    """

    items: DataFrame
    disputes: DataFrame


def draw_settlement(
    invoices: DataFrame, *, day: Ints, is_discounted: Bools, stress: Floats, rng: Generator
) -> Settlement:
    """Return how each invoice is settled, given its day, the discount and the customer's stress."""
    n, gross = len(invoices), invoices["gross"].to_numpy()
    pressure = np.exp(0.45 * np.clip(stress, -2.5, 2.5))
    plain = ~is_discounted
    disputed = plain & (rng.random(n) < DISPUTE_SHARE * pressure)
    disputes = _disputes(invoices, disputed, rng)
    closed = np.where(disputed, disputes["closed_day"].to_numpy(), 0)
    day = np.where(disputed, to_workday(np.maximum(day, closed)), day)
    credited = plain & np.where(disputed, rng.random(n) < DISPUTE_CREDIT_SHARE, rng.random(n) < CREDIT_SHARE)
    credit = _share(gross, credited, 0.03 + 0.9 * rng.beta(1.0, 3.5, n))
    credit_day = to_workday(np.where(disputed, closed, invoices["issue_day"].to_numpy() + rng.integers(3, 35, n)))
    account = _share(gross - credit, plain & ~credited & (rng.random(n) < ON_ACCOUNT_SHARE), rng.uniform(0.03, 0.2, n))
    discount = _share(gross, is_discounted, np.full(n, DISCOUNT_RATIO))
    cash = gross - credit - account - discount
    partial = plain & ~disputed & (rng.random(n) < PARTIAL_SHARE * pressure**2)
    second = _share(cash, partial, rng.uniform(0.25, 0.7, n))
    later = to_workday(np.maximum(day, invoices["due_day"].to_numpy()) + rng.integers(10, 46, n))
    parts = [
        (CASH, cash - second, day),
        (CASH, second, later),
        (DISCOUNT, discount, day),
        (CREDIT, credit, credit_day),
        (ON_ACCOUNT, account, day),
    ]
    items = pd.concat([_item(invoices, *part) for part in parts], ignore_index=True)
    bounced = (items["kind"] == CASH) & (rng.random(len(items)) < BOUNCE_SHARE * pressure[items["invoice"]] ** 2)
    again = to_workday(items["paid_day"].to_numpy() + rng.integers(8, 26, len(items)))
    items = items.assign(
        bounced_day=np.where(bounced, items["paid_day"], NEVER), paid_day=items["paid_day"].where(~bounced, again)
    )
    return Settlement(items, disputes[disputed].reset_index(drop=True))


def _share(amount: Ints, chosen: Bools, ratio: Floats) -> Ints:
    """Cents of a share of an amount where chosen, else 0."""
    return np.where(chosen, np.round(amount * ratio), 0).astype(np.int64)


def _item(invoices: DataFrame, kind: int, amount: Ints, day: Ints) -> DataFrame:
    held = amount > 0
    kept = invoices.loc[held, ["customer", "issue_day", "due_day", "rate"]]
    base = np.round(amount[held] * invoices["rate"].to_numpy()[held]).astype(np.int64)
    return kept.assign(invoice=np.flatnonzero(held), kind=kind, amount=amount[held], base=base, paid_day=day[held])


def _disputes(invoices: DataFrame, disputed: Bools, rng: Generator) -> DataFrame:
    """Disputes open from some days after issue to a fortnight after the due date and last up to ten weeks."""
    n = len(invoices)
    issue, due = invoices["issue_day"].to_numpy(), invoices["due_day"].to_numpy()
    opened = issue + 2 + np.floor(rng.random(n) * (due - issue + 12)).astype(np.int64)
    closed = opened + rng.integers(8, 61, n)
    return DataFrame({"invoice": np.arange(n), "opened_day": opened, "closed_day": closed})
