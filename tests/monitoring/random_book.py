"""Random tables of the monitoring stage, with everything that can happen to an open item."""

import numpy as np
import pandas as pd
from monitoring.books import table, tables
from pandas import DataFrame, Timestamp

AS_OF = pd.Timestamp("2026-03-31").as_unit("us")
SEGMENTS = ("reliable", "to_watch", "risky", "defaulted", None)
ACTS = ("statement", "reminder", "call", "warning", "delivery_stop", "formal_notice", "collection", "legal", "promise")


def random_book(seed: int, *, n_customers: int = 12, n_items: int = 50) -> dict[str, DataFrame]:
    """Return the tables of a seed as of `AS_OF`; some rows are known only later."""
    rng = np.random.default_rng(seed)
    customers = [_customer(rng, f"C{i:02d}") for i in range(n_customers)]
    invoices = [_invoice(rng, f"I{i:03d}", n_customers) for i in range(n_items)]
    case = {
        "customers": customers,
        "invoices": invoices,
        "reminders": [_act(rng, invoices) for _ in range(2 * n_items)],
        "payments": [_payment(rng, n_customers) for _ in range(n_items)],
        "events": [_event(rng, n_customers) for _ in range(n_customers // 2)],
        "bank_checks": [_check(rng, n_customers) for _ in range(n_customers)],
        "warnings": [
            {
                "customer_id": f"C{rng.integers(n_customers):02d}",
                "signal_code": "s",
                "severity_code": str(rng.choice(["low", "medium", "high"])),
                "signal_date": _day(rng, -150, 10),
            }
            for _ in range(4)
        ],
    }
    made = tables(case, as_of=AS_OF)
    if rng.random() < 0.5:
        made["cover"] = table(
            "cover",
            [
                {"customer_id": f"C{i:02d}", "policy_id": p, "declare_overdue_days": d}
                for i in range(0, n_customers, 2)
                for p, d in (("P1", None), ("P2", int(rng.integers(20, 90))))
            ],
        )
    return made


def shuffled(made: dict[str, DataFrame], seed: int) -> dict[str, DataFrame]:
    """Return the same tables with their rows in another order."""
    rng = np.random.default_rng(seed)
    return {name: frame.iloc[rng.permutation(len(frame))] for name, frame in made.items()}


def _day(rng: np.random.Generator, first: int, last: int) -> Timestamp:
    return AS_OF + pd.Timedelta(days=int(rng.integers(first, last)))


def _customer(rng, name):
    return {
        "id": name,
        "segment": SEGMENTS[rng.integers(len(SEGMENTS))],
        "pd": float(rng.beta(1, 10)),
        "sales": float(rng.choice([0, 5e4, 5e5])),
        "terms": None if rng.random() < 0.1 else float(rng.integers(0, 181)) / 2,
        "delay": None if rng.random() < 0.2 else float(rng.integers(0, 45)),
        "receipts": int(rng.integers(0, 12)),
        "tenure": None if rng.random() < 0.1 else float(rng.integers(0, 60)),
        "country": (None, "FR", "DE", "US", "ES")[rng.integers(5)],
        "type": ("b2b", "public")[rng.integers(2)],
    }


def _invoice(rng, name, n_customers):
    due = None if rng.random() < 0.05 else _day(rng, -100, 40)
    part = "#2" if rng.random() < 0.1 else ""
    return {
        "id": name + part,
        "customer": f"C{rng.integers(n_customers):02d}",
        "due": due,
        "amount": round(float(rng.choice([50, 99.99, 100, 3333.33, 12000])), 2),
        "disputed": bool(rng.random() < 0.15),
    }


def _act(rng, invoices):
    invoice, made = invoices[rng.integers(len(invoices))], _day(rng, -90, 3)
    act = {
        "customer": invoice["customer"],
        "date": made,
        "recorded": made + pd.Timedelta(days=int(rng.integers(0, 4))),
        "action": ACTS[rng.integers(len(ACTS))],
    }
    if rng.random() < 0.8:
        act["invoice"] = invoice["id"].split("#")[0]
    if act["action"] == "promise":
        act["promised"] = made + pd.Timedelta(days=int(rng.integers(1, 15)))
        if rng.random() < 0.5:
            act["amount"] = float(rng.integers(1, 3000))
    return act


def _payment(rng, n_customers):
    paid = _day(rng, -400, 3)
    return {
        "customer": f"C{rng.integers(n_customers):02d}",
        "date": paid,
        "recorded": paid + pd.Timedelta(days=int(rng.integers(0, 5))),
        "amount": float(rng.integers(-500, 3000)),
        "account": (None, "a", "b", "c")[rng.integers(4)],
    }


def _event(rng, n_customers):
    code = ("insolvency", "insolvency_closed", "insurer_claim", "terms_request", "bank_change")[rng.integers(5)]
    return {"customer": f"C{rng.integers(n_customers):02d}", "code": code, "date": _day(rng, -120, 5)}


def _check(rng, n_customers):
    return {
        "customer": f"C{rng.integers(n_customers):02d}",
        "date": _day(rng, -500, 3),
        "changed": bool(rng.random() < 0.3),
        "verified": bool(rng.random() < 0.7),
    }
