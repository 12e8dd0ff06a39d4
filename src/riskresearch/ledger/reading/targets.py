"""What a column map can fill: the columns of a canonical table, or of one flat row per invoice.

A mapping names money columns by amount (``gross_amount``): the file holds units, the table holds
minor units (``gross_minor``).
"""

from collections.abc import Mapping

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER_TYPES, DATE_SOURCES, DUE_SOURCES, INVOICE_KINDS, SIZES
from riskresearch.ledger.reading.shapes import SHAPES
from riskresearch.ledger.tables import ACT_DATES as DATES
from riskresearch.ledger.tables import LEDGER_TABLES

FLAT = Table(
    "flat",
    "ledger",
    "one row per invoice or credit note of the delivered file, with its payment",
    ("invoice_id",),
    (
        Column("invoice_id", "text", "unique document key; join several columns where one is not unique"),
        Column("invoice_number", "text", "number printed on the document", True),
        Column("customer_id", "text", "customer account"),
        Column("customer_name", "text", "name of the customer", True),
        Column("group_id", "text", "group of the customer", True),
        Column("country_code", "text", "ISO 3166 alpha-2 country", True),
        Column("region_code", "text", "region within the country", True),
        Column("sector_code", "text", "sector of activity", True),
        Column("size_code", "code", "size class of the customer", True, SIZES),
        Column("customer_type_code", "code", "kind of debtor", True, CUSTOMER_TYPES),
        Column("relationship_start_date", "date", "first day of the business relation", True),
        Column("document_kind_code", "code", "kind of document", True, (*INVOICE_KINDS, "credit_note")),
        Column("invoice_date", "date", "date of issue"),
        Column("invoice_date_source_code", "code", "where the date of issue comes from", True, DATE_SOURCES),
        Column("recorded_date", "date", "day the document entered the books", True),
        Column("due_date", "date", "net due date", True),
        Column("due_date_source_code", "code", "where the due date comes from", True, DUE_SOURCES),
        Column("terms_days", "int", "payment terms in days; makes the due date where none is given", True),
        Column("currency_code", "text", "ISO 4217 currency of the document", True),
        Column("gross_minor", "minor", "amount including tax, as invoiced"),
        Column("net_minor", "minor", "amount before tax", True),
        Column("base_minor", "minor", "amount including tax in run currency", True),
        Column("open_minor", "minor", "part still open on the day of the extraction", True),
        Column("paid_minor", "minor", "part paid", True),
        Column("payment_date", "date", "day the money counted; for a credit note the day it was used", True),
        Column("payment_recorded_date", "date", "day the payment entered the books", True),
        Column("payment_method_code", "text", "transfer, direct_debit, cheque, card, bill, …", True),
        Column("clearing_id", "text", "clearing document shared by invoices and credit notes", True),
        Column("related_invoice_id", "text", "invoice a credit note reduces", True),
        Column("reason_code", "text", "reason of a credit note", True),
        Column("contract_type_code", "text", "kind of contract or product line", True),
        Column("delivery_date", "date", "day the goods or services were delivered", True),
        Column("payer_account_code", "text", "hash of the account paid from, never its number", True),
    ),
)

ROW_SHAPES: Mapping[str, Table] = {table.name: table for table in (FLAT, *LEDGER_TABLES, *SHAPES)}


def delivered_name(column: Column) -> str:
    """Return the name of a column in delivered files: money is an amount, not minor units.

    Examples
    --------
    >>> delivered_name(FLAT.column("gross_minor"))
    'gross_amount'
    """
    if column.kind != "minor":
        return column.name
    stem = column.name.removesuffix("_minor")
    return stem if stem == "amount" else f"{stem}_amount"


def targets(rows: str) -> dict[str, Column]:
    """Return the columns a source of this row shape can fill, by delivered name."""
    return {delivered_name(column): column for column in ROW_SHAPES[rows].columns}


ACT_DATES: Mapping[str, str] = {
    table.name: DATES[table.name] for table in LEDGER_TABLES if table.name in DATES and "recorded_date" in table.names
} | {
    FLAT.name: "invoice_date",
    "sap_item": "posting_date",
    "odoo_move": "posting_date",
    "odoo_partial": "matched_date",
    "einvoice_event": "event_date",
}
DEFAULTS: Mapping[str, Mapping[str, str | float]] = {
    "customers": {"customer_type_code": "unknown"},
    "invoices": {"invoice_date_source_code": "source", "invoice_kind_code": "invoice"},
    "allocations": {"source_code": "payment", "matching_code": "source", "confidence_ratio": 1.0},
    FLAT.name: {"customer_type_code": "unknown", "invoice_date_source_code": "source", "document_kind_code": "invoice"},
}
IN_DOCUMENT_CURRENCY = (
    "invoices",
    "credit_notes",
    "payments",
    "allocations",
    FLAT.name,
    "sap_item",
    "odoo_line",
    "einvoice",
)
MAIN_AMOUNT: Mapping[str, str] = {
    FLAT.name: "gross_minor",
    "invoices": "gross_minor",
    "credit_notes": "gross_minor",
    "payments": "amount_minor",
    "allocations": "amount_minor",
    "instalments": "gross_minor",
    "events": "base_minor",
    "limits": "base_minor",
    "orders": "base_minor",
    "guarantees": "base_minor",
    "overrides": "final_minor",
    "insurer_claims": "claimed_minor",
    "sap_item": "gross_minor",
    "odoo_line": "gross_minor",
    "odoo_partial": "debit_minor",
    "einvoice": "gross_minor",
    "einvoice_event": "amount_minor",
}


def required(rows: str) -> list[str]:
    """Return the delivered names a source of this row shape must fill: neither nullable nor made from others."""
    made = {*DEFAULTS.get(rows, {})}
    made |= {"recorded_date"} if rows in ACT_DATES else set()
    made |= {"base_amount", "currency_code"} if rows in IN_DOCUMENT_CURRENCY else set()
    return [name for name, column in targets(rows).items() if not column.nullable and name not in made]
