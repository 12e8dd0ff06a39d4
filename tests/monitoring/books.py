"""Tables of the monitoring stage, written by hand in few words."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

DATE, TEXT, WHOLE, NUMBER, FLAG = "datetime64[us]", "str", "Int64", "float64", "bool"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "open_invoices": {
        "customer_id": TEXT,
        "invoice_id": TEXT,
        "item_id": TEXT,
        "invoice_date": DATE,
        "due_date": DATE,
        "days_past_due": WHOLE,
        "open_amount": NUMBER,
        "is_disputed": FLAG,
    },
    "scored": {"customer_id": TEXT, "pd_12m": NUMBER, "grade_code": TEXT},
    "limit_segments": {
        "customer_id": TEXT,
        "review_date": DATE,
        "segment_code": TEXT,
        "dunning_scenario_code": TEXT,
        "is_new": FLAG,
    },
    "customer_behaviour": {
        "customer_id": TEXT,
        "open_amount": NUMBER,
        "overdue_amount": NUMBER,
        "past_due_max_days": WHOLE,
        "sales_amount_12m": NUMBER,
        "terms_days": NUMBER,
        "days_beyond_terms_12m": NUMBER,
        "n_receipts_12m": WHOLE,
        "tenure_months": NUMBER,
    },
    "customers": {"customer_id": TEXT, "country_code": TEXT, "sector_code": TEXT, "customer_type_code": TEXT},
    "reminders": {
        "reminder_id": TEXT,
        "customer_id": TEXT,
        "invoice_id": TEXT,
        "reminder_date": DATE,
        "recorded_date": DATE,
        "action_code": TEXT,
        "promise_date": DATE,
        "promise_minor": WHOLE,
    },
    "bank_checks": {
        "check_id": TEXT,
        "customer_id": TEXT,
        "check_date": DATE,
        "recorded_date": DATE,
        "is_changed": FLAG,
        "is_verified": FLAG,
    },
    "payments": {
        "payment_id": TEXT,
        "customer_id": TEXT,
        "value_date": DATE,
        "recorded_date": DATE,
        "base_minor": WHOLE,
        "payer_account_code": TEXT,
    },
    "events": {"event_id": TEXT, "customer_id": TEXT, "event_code": TEXT, "event_date": DATE, "recorded_date": DATE},
    "warnings": {"customer_id": TEXT, "signal_code": TEXT, "severity_code": TEXT, "signal_date": DATE},
    "cover": {"customer_id": TEXT, "policy_id": TEXT, "declare_overdue_days": WHOLE},
    "dunning_scenarios_before": {"customer_id": TEXT, "scenario_code": TEXT, "since_date": DATE},
}
OPTIONAL = ("warnings", "cover", "dunning_scenarios_before")
CUSTOMER: Mapping[str, Any] = {
    "segment": "reliable",
    "pd": 0.005,
    "sales": 120_000.0,
    "terms": 30.0,
    "delay": 0.0,
    "receipts": 20,
    "tenure": 48.0,
    "country": "FR",
    "type": "b2b",
}


def day(value: Any) -> Timestamp:
    """Return a date."""
    return pd.Timestamp(str(value)).as_unit("us")


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    """Return rows as a typed table, absent values empty."""
    columns = COLUMNS[name]
    frame = DataFrame(list(rows), columns=list(columns))
    for column, kind in columns.items():
        values = frame[column]
        if kind == DATE:
            frame[column] = pd.to_datetime(values.astype("str"), format="mixed").astype(DATE)
        elif kind == TEXT:
            frame[column] = values.where(values.notna(), None).astype("str")
        else:
            frame[column] = values.fillna(False).astype(bool) if kind == FLAG else values.astype(kind)
    return frame


def tables(case: Mapping[str, Any], *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the tables of a case: ``customers invoices reminders payments events bank_checks …``."""
    invoices = [_invoice(row, as_of) for row in case.get("invoices", [])]
    customers = {row["id"]: {**CUSTOMER, **row} for row in case.get("customers", [{"id": "C1"}])}
    made = {
        "open_invoices": table("open_invoices", invoices),
        "scored": table("scored", [_scored(row) for row in customers.values() if row["segment"]]),
        "limit_segments": table(
            "limit_segments", [_segment(row, as_of) for row in customers.values() if row["segment"]]
        ),
        "customer_behaviour": table("customer_behaviour", [_behaviour(c, invoices) for c in customers.values()]),
        "customers": table(
            "customers",
            [
                {"customer_id": c["id"], "country_code": c["country"], "customer_type_code": c["type"]}
                for c in customers.values()
            ],
        ),
        "reminders": table("reminders", [_reminder(n, row) for n, row in enumerate(case.get("reminders", []))]),
        "payments": table("payments", [_payment(n, row) for n, row in enumerate(case.get("payments", []))]),
        "bank_checks": table("bank_checks", [_check(n, row) for n, row in enumerate(case.get("bank_checks", []))]),
        "events": table("events", [_event(n, row) for n, row in enumerate(case.get("events", []))]),
    }
    return made | {name: table(name, case[name]) for name in OPTIONAL if name in case}


def _invoice(row: Mapping[str, Any], as_of: Timestamp) -> dict[str, Any]:
    due = row.get("due")
    issued = row.get("date") or (day(due) - pd.Timedelta(days=30) if due else as_of - pd.Timedelta(days=40))
    return {
        "customer_id": row.get("customer", "C1"),
        "invoice_id": row["id"].split("#")[0],
        "item_id": row["id"],
        "invoice_date": issued,
        "due_date": due,
        "days_past_due": (as_of - day(due)).days if due else None,
        "open_amount": float(row.get("amount", 1000)),
        "is_disputed": row.get("disputed", False),
    }


def _scored(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"customer_id": row["id"], "pd_12m": row["pd"], "grade_code": "C"}


def _segment(row: Mapping[str, Any], as_of: Timestamp) -> dict[str, Any]:
    """A customer is new unless said otherwise in its first year with fewer than 6 receipts."""
    return {
        "customer_id": row["id"],
        "review_date": as_of,
        "segment_code": row["segment"],
        "dunning_scenario_code": row["segment"],
        "is_new": row.get("new", (row["tenure"] or 0) <= 12 and row["receipts"] < 6),
    }


def _behaviour(row: Mapping[str, Any], invoices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    own = [i for i in invoices if i["customer_id"] == row["id"]]
    late = [i for i in own if (i["days_past_due"] or 0) > 0]
    return {
        "customer_id": row["id"],
        "open_amount": row.get("open", sum(i["open_amount"] for i in own)),
        "overdue_amount": sum(i["open_amount"] for i in late),
        "past_due_max_days": row.get("past_due", max((i["days_past_due"] for i in late), default=0)),
        "sales_amount_12m": row["sales"],
        "terms_days": row["terms"],
        "days_beyond_terms_12m": row["delay"],
        "n_receipts_12m": row["receipts"],
        "tenure_months": row["tenure"],
    }


def _reminder(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "reminder_id": f"R{number:03d}",
        "customer_id": row.get("customer", "C1"),
        "invoice_id": row.get("invoice"),
        "reminder_date": row["date"],
        "recorded_date": row.get("recorded", row["date"]),
        "action_code": row["action"],
        "promise_date": row.get("promised"),
        "promise_minor": round(row["amount"] * 100) if "amount" in row else None,
    }


def _payment(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "payment_id": f"P{number:03d}",
        "customer_id": row.get("customer", "C1"),
        "value_date": row["date"],
        "recorded_date": row.get("recorded", row["date"]),
        "base_minor": round(row["amount"] * 100),
        "payer_account_code": row.get("account"),
    }


def _check(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "check_id": f"K{number:03d}",
        "customer_id": row.get("customer", "C1"),
        "check_date": row["date"],
        "recorded_date": row.get("recorded", row["date"]),
        "is_changed": row.get("changed", False),
        "is_verified": row.get("verified", True),
    }


def _event(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_id": f"E{number:03d}",
        "customer_id": row.get("customer", "C1"),
        "event_code": row["code"],
        "event_date": row["date"],
        "recorded_date": row.get("recorded", row["date"]),
    }
