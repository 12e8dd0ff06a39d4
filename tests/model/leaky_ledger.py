"""A ledger of three customers in which one defaults in 2024, with everything that was written down because of it."""

from typing import Any

import pandas as pd
from pandas import DataFrame
from small_ledger import small_ledger

from riskresearch.ledger.ledger import Ledger, build_ledger

MONTHS = pd.date_range("2023-01-10", "2024-12-10", freq="MS") + pd.Timedelta(days=9)
LAST_PAID = pd.Timestamp("2024-04-30")


def leaky_ledger() -> Ledger:
    """Return the ledger: C1 stops paying in May 2024; C2 of its sector and C3 of another one pay on.

    In the autumn: a credit note dated back to May, three steps of dunning, the limits of the house and of the insurer
    cut to nothing, prepayment, rating D, a dispute, insolvency. The accounts of 2023 are published on 20 July 2024.
    """
    ledger = small_ledger(
        [row for name in ("C1", "C2", "C3") for row in _invoices(name)],
        customers=[{"id": "C1", "sector": "S1"}, {"id": "C2", "sector": "S1"}, {"id": "C3", "sector": "S2"}],
        **_written_down(),
    )
    tables = ledger.tables | {"financials": _accounts()}
    return build_ledger(
        tables, {}, source_name="leaky", mapping_name="worked_case", currency_code="EUR", is_synthetic=True
    )


def _invoices(name: str) -> list[dict[str, Any]]:
    rows = []
    for number, issued in enumerate(MONTHS):
        prepaid = name == "C1" and issued > pd.Timestamp("2024-09-01")
        due = issued + pd.Timedelta(days=0 if prepaid else 30)
        paid = due + pd.Timedelta(days={"C1": 12, "C2": 5, "C3": 1}[name] + number % 4)
        row: dict[str, Any] = {
            "id": f"{name}-{number:02d}", "customer": name, "date": _text(issued), "due": _text(due), "amount": 1000.0,
        }  # fmt: skip
        if name != "C1" or paid <= LAST_PAID or prepaid:
            row["paid"] = [[_text(paid), 1000.0]]
        rows.append(row)
    return rows


def _written_down() -> dict[str, list[dict[str, Any]]]:
    note = {"customer": "C1", "amount": 400.0}
    return {
        "credit_notes": [
            {"id": "N1", "date": "2023-06-05", **note},
            {"id": "N2", "date": "2024-05-20", "recorded": "2024-10-15", **note},
        ],
        "reminders": [
            {"customer": name, "date": date, "action": action}
            for name, date, action in (
                ("C2", "2023-03-01", "reminder"), ("C1", "2023-09-01", "reminder"), ("C1", "2024-07-01", "warning"),
                ("C1", "2024-08-01", "formal_notice"), ("C1", "2024-09-10", "delivery_stop"),
            )
        ],
        "limits": [
            {"customer": name, "kind": kind, "start": start, "amount": amount, "requested": amount or 5000.0}
            for name in ("C1", "C2")
            for kind in ("internal", "insurer")
            for start, amount in (("2023-01-02", 5000.0), *((("2024-09-12", 0.0),) if name == "C1" else ()))
        ],
        "ratings": [
            {"customer": "C1", "provider": "agency", "date": "2023-02-01", "rating": "BBB"},
            {"customer": "C2", "provider": "agency", "date": "2023-02-01", "rating": "A"},
            {"customer": "C1", "provider": "agency", "date": "2024-10-01", "rating": "D"},
        ],
        "disputes": [
            {"invoice": "C1-02", "opened": "2023-04-20", "closed": "2023-05-20"},
            {"invoice": "C1-16", "opened": "2024-09-20"},
        ],
        "events": [
            {"customer": "C2", "code": "management_change", "date": "2023-03-03"},
            {"customer": "C1", "code": "insolvency", "date": "2024-10-20", "recorded": "2024-10-25"},
        ],
    }  # fmt: skip


def _accounts() -> DataFrame:
    rows = [("C1", 2022, 900), ("C1", 2023, -300), ("C2", 2022, 800), ("C2", 2023, 820)]
    return DataFrame(
        {
            "customer_id": [name for name, *_ in rows],
            "period_end_date": [pd.Timestamp(f"{year}-12-31") for _, year, _ in rows],
            "published_date": [pd.Timestamp(f"{year + 1}-07-20") for _, year, _ in rows],
            "revenue_minor": [1_000_000_00 for _ in rows],
            "net_worth_minor": [worth * 1000_00 for *_, worth in rows],
            "debt_minor": [200_000_00 for _ in rows],
            "net_income_minor": [worth * 100_00 for *_, worth in rows],
        }
    )


def _text(day: pd.Timestamp) -> str:
    return str(day.date())
