"""Small random ledgers with part payments, credit notes, disputes and late postings."""

from typing import Any

import numpy as np
import pandas as pd
from small_ledger import small_ledger

from riskresearch.ledger.ledger import Ledger

START = pd.Timestamp("2023-01-01")


def random_rows(
    seed: int, *, n_customers: int = 4, n_invoices: int = 40
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return invoices and disputes of a random ledger over two years."""
    rng = np.random.default_rng(seed)
    invoices, disputes = [], []
    for number in range(n_invoices):
        issued = START + pd.Timedelta(days=int(rng.integers(0, 700)))
        row: dict[str, Any] = {
            "id": f"I{number:03d}",
            "customer": f"C{rng.integers(n_customers)}",
            "date": str(issued.date()),
            "due": str((issued + pd.Timedelta(days=int(rng.choice([0, 30, 60])))).date()),
            "amount": float(rng.integers(100, 100_000)) / 100,
            "paid": [],
            "credited": [],
        }
        _settle(row, issued, rng)
        invoices.append(row)
        if rng.random() < 0.15:
            opened = issued + pd.Timedelta(days=int(rng.integers(1, 40)))
            disputes.append(
                {
                    "invoice": row["id"],
                    "customer": row["customer"],
                    "opened": str(opened.date()),
                    "closed": str((opened + pd.Timedelta(days=20)).date()),
                }
            )
    return invoices, disputes


def random_ledger(seed: int, **size: int) -> Ledger:
    """Return a random ledger."""
    invoices, disputes = random_rows(seed, **size)
    return small_ledger(invoices, disputes=disputes)


def _settle(row: dict[str, Any], issued: pd.Timestamp, rng: np.random.Generator) -> None:
    left = round(row["amount"] * 100)
    for _ in range(int(rng.integers(0, 4))):
        part = left if rng.random() < 0.5 else int(rng.integers(0, left + 1))
        if part == 0:
            return
        when = issued + pd.Timedelta(days=int(rng.integers(-5, 200)))
        recorded = when + pd.Timedelta(days=int(rng.choice([0, 0, 0, 4])))
        kind = "credited" if rng.random() < 0.15 else "paid"
        row[kind].append([str(when.date()), part / 100, str(recorded.date())])
        left -= part
