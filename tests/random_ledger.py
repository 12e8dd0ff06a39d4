"""Small random ledgers: plain ones with part payments, credit notes and disputes, and rich ones with everything."""

from typing import Any

import numpy as np
import pandas as pd
from small_ledger import small_ledger

from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.worked import worked_ledger

START = pd.Timestamp("2023-01-01")
RATES = (0.5, 0.25, 1.5)


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
            "due": _after(issued, int(rng.choice([0, 30, 60]))),
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
                    "closed": _after(opened, 20),
                }
            )
    return invoices, disputes


def random_ledger(seed: int, **size: int) -> Ledger:
    """Return a random ledger."""
    invoices, disputes = random_rows(seed, **size)
    return small_ledger(invoices, disputes=disputes)


def random_case(seed: int, **size: int) -> dict[str, Any]:
    """Return a random worked case in which every kind of act occurs.

    On top of `random_rows`: instalments, discounts, write-offs with recoveries, returned payments, bills, money from
    a factor, receipts and credit notes on account, a second currency with dated rates, related customers, groups,
    sectors with published failure rates and revisions of them.
    """
    invoices, disputes = random_rows(seed, **size)
    rng = np.random.default_rng([seed, 1])
    for row in invoices:
        _enrich(row, rng)
    first_date = str(START.date())
    return {
        "name": f"random {seed}",
        "invoices": invoices,
        "disputes": disputes,
        "customers": _customers(invoices),
        "receipts": _on_account(rng, "R"),
        "credit_notes": _on_account(rng, "N"),
        "fx_rates": [
            {"currency": "USD", "date": _after(START, 200 * number), "rate": rate} for number, rate in enumerate(RATES)
        ],
        "sector_statistics": _sector_statistics(rng),
        "as_of": first_date,
    }


def rich_ledger(seed: int, **size: int) -> Ledger:
    """Return a random ledger in which every kind of act occurs."""
    return worked_ledger(random_case(seed, **size))


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


def _enrich(row: dict[str, Any], rng: np.random.Generator) -> None:
    issued, gross = pd.Timestamp(row["date"]), round(row["amount"] * 100)
    left = gross - sum(round(entry[1] * 100) for entry in [*row["paid"], *row["credited"]])
    when = _after(issued, int(rng.integers(20, 250)))
    if rng.random() < 0.2:
        row["currency"] = "USD"
    if rng.random() < 0.2 and gross > 1:
        half = gross // 2
        row["instalments"] = [[_after(issued, 30), half / 100], [_after(issued, 75), (gross - half) / 100]]
        del row["due"]
    if row["paid"] and rng.random() < 0.15:
        row["returned"] = [[_after(pd.Timestamp(row["paid"][-1][0]), 6), row["paid"][-1][1]]]
    if left == 0 or rng.random() < 0.5:
        return
    kind = str(rng.choice(["discount", "written_off", "bill", "factor", "rounding", "doubtful", "other"]))
    row[kind] = [[when, left / 100]]
    if kind == "written_off" and left > 1:
        row["recovered"] = [[_after(pd.Timestamp(when), 15), left // 2 / 100]]


def _customers(invoices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = sorted({row["customer"] for row in invoices})
    return [
        {
            "id": name,
            "group": f"G{number // 2}",
            "sector": f"S{number % 3}",
            "type": "related" if number == 3 else "b2b",
        }
        for number, name in enumerate(names)
    ]


def _sector_statistics(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Half-yearly figures of two sectors; some are revised with the next publication."""
    rows = []
    for sector in ("S0", "S1"):
        for number in range(-2, 4):
            end = START + pd.Timedelta(days=182 * number - 1)
            row = {"sector": sector, "end": str(end.date()), "failed": float(rng.integers(500, 50_000)) / 1e6}
            rows.append(row | {"published": _after(end, 75)})
            if rng.random() < 0.4:
                rows.append(row | {"published": _after(end, 75 + 182), "failed": round(row["failed"] * 1.05, 6)})
    return rows


def _on_account(rng: np.random.Generator, letter: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{letter}{number}",
            "customer": f"C{rng.integers(3)}",
            "date": _after(START, int(rng.integers(100, 700))),
            "amount": float(rng.integers(100, 50_000)) / 100,
        }
        for number in range(4)
    ]


def _after(day: pd.Timestamp, days: int) -> str:
    return str((day + pd.Timedelta(days=days)).date())
