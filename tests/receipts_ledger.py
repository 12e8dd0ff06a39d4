"""A ledger of two years whose customers pay by known habits, for tests of the receipts forecast."""

from typing import Any

import numpy as np
import pandas as pd
from small_ledger import small_ledger

from riskresearch.ledger.ledger import Ledger

START = pd.Timestamp("2023-01-02")
N_WEEKS = 75


def habit_ledger(seed: int, *, n_customers: int = 12, spread_days: float = 3.0) -> Ledger:
    """Return a ledger with two invoices a week for each customer, 30 days of terms.

    Customer c pays about 2 c days after the due date, give or take `spread_days`, moved to the next Thursday
    where c is even. One invoice of 25 is paid in halves, one of 50 credited, one of 100 written off.
    """
    rng = np.random.default_rng(seed)
    rows = [
        _row(customer, week, half, rng, spread_days)
        for customer in range(n_customers)
        for week in range(N_WEEKS)
        for half in (0, 1)
    ]
    return small_ledger(rows)


def _row(customer: int, week: int, half: int, rng: np.random.Generator, spread_days: float) -> dict[str, Any]:
    issued = START + pd.Timedelta(days=7 * week + int(rng.integers(0, 5)))
    due = issued + pd.Timedelta(days=30)
    paid = due + pd.Timedelta(days=max(round(rng.normal(2 * customer, spread_days)), -25))
    if customer % 2 == 0:
        paid += pd.Timedelta(days=(3 - paid.weekday()) % 7)
    amount = float(rng.integers(10, 2000))
    row: dict[str, Any] = {
        "id": f"I{customer:02d}{week:03d}{half}",
        "customer": f"C{customer:02d}",
        "date": str(issued.date()),
        "due": str(due.date()),
        "amount": amount,
    }
    return row | _ending(paid, amount, float(rng.random()))


def _ending(paid: pd.Timestamp, amount: float, chance: float) -> dict[str, Any]:
    if chance < 0.02:
        return {"credited": [[str(paid.date()), amount]]}
    if chance < 0.03:
        return {"written_off": [[str((paid + pd.Timedelta(days=100)).date()), amount]]}
    if chance < 0.07:
        late = paid + pd.Timedelta(days=10)
        return {"paid": [[str(paid.date()), amount / 2], [str(late.date()), amount / 2]]}
    return {"paid": [[str(paid.date()), amount]]}
