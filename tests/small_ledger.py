"""Hand-sized ledgers for tests: written as lists, read as canonical tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.movements import cut_ledger, movements


def small_ledger(
    invoices: Sequence[Mapping[str, Any]],
    *,
    disputes: Sequence[Mapping[str, Any]] = (),
    events: Sequence[Mapping[str, Any]] = (),
    limits: Sequence[Mapping[str, Any]] = (),
    **columns: Any,
) -> Ledger:
    """Return a ledger of invoices written as mappings.

    Keys: ``id customer date due amount``, ``paid`` (lists of day, amount, recorded day), ``credited``, ``written_off``.
    """
    parts: dict[str, list[dict[str, Any]]] = {"payments": [], "credit_notes": [], "allocations": []}
    for invoice in invoices:
        for source, key in (
            ("payment", "paid"),
            ("returned", "returned"),
            ("payment", "paid_again"),
            ("credit_note", "credited"),
            ("write_off", "written_off"),
        ):
            for entry in invoice.get(key, []):
                _settle(parts, invoice, source, entry)
    rows = [_invoice(i) for i in invoices]
    tables = {name: DataFrame(found) for name, found in parts.items() if found}
    tables |= {"invoices": DataFrame(rows), "customers": _customers(rows, columns)}
    tables |= {"disputes": _disputes(disputes)} if disputes else {}
    tables |= {"events": _events(events)} if events else {}
    tables |= {"limits": _limits(limits)} if limits else {}
    return build_ledger(tables, {}, source_name="small", mapping_name="hand", currency_code="EUR", is_synthetic=True)


def tables_of(ledger: Ledger, as_of: str) -> dict[str, DataFrame]:
    """Return the tables known on a day, with the movements."""
    tables = cut_ledger(ledger, as_of=day(as_of))
    return tables | {"movements": movements(tables)}


def day(text: str) -> Timestamp:
    """Return a date."""
    return pd.Timestamp(text).as_unit("us")


def _invoice(row: Mapping[str, Any]) -> dict[str, Any]:
    minor = round(row["amount"] * 100)
    return {
        "invoice_id": row["id"],
        "customer_id": row.get("customer", "C1"),
        "invoice_date": day(row["date"]),
        "invoice_date_source_code": "source",
        "recorded_date": day(row.get("recorded", row["date"])),
        "due_date": day(row["due"]) if row.get("due") else pd.NaT,
        "due_date_source_code": row.get("due_source", "source") if row.get("due") else None,
        "currency_code": "EUR",
        "gross_minor": minor,
        "base_minor": minor,
        "invoice_kind_code": row.get("kind", "invoice"),
    }


def _settle(
    parts: dict[str, list[dict[str, Any]]], invoice: Mapping[str, Any], source: str, entry: Sequence[Any]
) -> None:
    when, amount = day(entry[0]), round(entry[1] * 100)
    recorded = day(entry[2]) if len(entry) > 2 else when
    customer, number = invoice.get("customer", "C1"), len(parts["allocations"]) + 1
    key = f"{source[0].upper()}{number:03d}"
    reversal_of = parts["payments"][-1]["payment_id"] if source == "returned" else None
    if source == "returned":
        source, amount = "payment", -amount
    common = {"customer_id": customer, "recorded_date": recorded, "base_minor": amount}
    if source == "payment":
        parts["payments"].append(
            {
                **common,
                "payment_id": key,
                "value_date": when,
                "currency_code": "EUR",
                "amount_minor": amount,
                "reversal_of_id": reversal_of,
            }
        )
    if source == "credit_note":
        parts["credit_notes"].append(
            {
                **common,
                "credit_note_id": key,
                "credit_note_date": when,
                "currency_code": "EUR",
                "gross_minor": amount,
                "related_invoice_id": invoice["id"],
            }
        )
    parts["allocations"].append(
        {
            **common,
            "allocation_id": f"L{number:03d}",
            "invoice_id": invoice["id"],
            "source_code": source,
            "source_id": None if source == "write_off" else key,
            "effective_date": when,
            "amount_minor": amount,
            "matching_code": "source",
            "confidence_ratio": 1.0,
        }
    )


def _customers(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> DataFrame:
    names = sorted({row["customer_id"] for row in rows})
    frame = DataFrame({"customer_id": names, "customer_type_code": "b2b"})
    return frame.assign(**{name: [values.get(c) for c in names] for name, values in columns.items()})


def _disputes(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    return DataFrame(
        [
            {
                "dispute_id": f"D{i}",
                "invoice_id": r["invoice"],
                "customer_id": r.get("customer", "C1"),
                "opened_date": day(r["opened"]),
                "closed_date": day(r["closed"]) if r.get("closed") else pd.NaT,
                "recorded_date": day(r["opened"]),
            }
            for i, r in enumerate(rows)
        ]
    )


def _events(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    return DataFrame(
        [
            {
                "event_id": f"E{i}",
                "customer_id": r.get("customer", "C1"),
                "event_code": r["code"],
                "event_date": day(r["date"]),
                "recorded_date": day(r.get("recorded", r["date"])),
            }
            for i, r in enumerate(rows)
        ]
    )


def _limits(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    return DataFrame(
        [
            {
                "limit_id": f"M{i}",
                "customer_id": r.get("customer", "C1"),
                "limit_kind_code": r["kind"],
                "start_date": day(r["start"]),
                "recorded_date": day(r["start"]),
                "base_minor": round(r["amount"] * 100),
            }
            for i, r in enumerate(rows)
        ]
    )
