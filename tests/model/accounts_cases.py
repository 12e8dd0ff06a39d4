"""Canonical tables of one or more customers from worked cases with accounts and events."""

import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import check
from riskresearch.ledger.knowledge import EVENTS_TABLE, FINANCIALS

AMOUNTS = ("revenue", "net_worth", "debt", "net_income")


def financials(rows, *, customer="C1"):
    """Table `financials` of one customer from rows in EUR."""
    made = [
        {
            "customer_id": customer,
            "period_end_date": pd.Timestamp(row["closed"]),
            "published_date": pd.Timestamp(row["published"]),
            **{f"{name}_minor": None if row.get(name) is None else round(100 * row[name]) for name in AMOUNTS},
        }
        for row in rows
    ]
    return check(DataFrame(made, columns=FINANCIALS.names), FINANCIALS)


def events(rows, *, customer="C1"):
    """Table `events` of one customer."""
    made = [
        {
            "event_id": f"{customer}/{k}",
            "customer_id": customer,
            "event_code": row["code"],
            "event_date": pd.Timestamp(row["date"]),
            "recorded_date": pd.Timestamp(row.get("recorded", row["date"])),
        }
        for k, row in enumerate(rows)
    ]
    return check(DataFrame(made, columns=EVENTS_TABLE.names), EVENTS_TABLE)


def tables_of(case):
    """Tables ``customers financials events`` of a case: customer C1, and C0 of whom a change of bank is known."""
    others = [] if case.get("no_events_at_all") else [{"code": "bank_change", "date": "2000-01-01"}]
    heard = [events(case.get("events", [])), events(others, customer="C0")]
    return {
        "customers": DataFrame({"customer_id": ["C1", "C0"]}),
        "financials": financials(case.get("accounts", [])),
        "events": pd.concat(heard, ignore_index=True),
    }
