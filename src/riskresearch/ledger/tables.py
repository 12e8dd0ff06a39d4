"""The canonical tables of a seller's ledger: what every source is mapped to.

Money columns end in ``_minor``: integers in minor units (cents), so sums are exact and equal on
every engine; ``gross_minor`` is in the document's currency, ``base_minor`` in the run's currency.
Two dates make every figure computable as of any day: when an act takes effect, and ``recorded_date``.
"""

from collections.abc import Mapping

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import (
    ALLOCATION_SOURCES,
    CURRENCY,
    CUSTOMER,
    CUSTOMER_TYPES,
    DATE_SOURCES,
    DUE_SOURCES,
    INVOICE_KINDS,
    MATCHINGS,
    RECORDED,
    SIZES,
)
from riskresearch.ledger.knowledge import (
    BANK_CHECKS,
    EVENTS_TABLE,
    FINANCIALS,
    FX_RATES,
    GUARANTEES_TABLE,
    INSURER_CLAIMS,
    LIMITS,
    ORDERS,
    OVERRIDES,
    QUESTIONNAIRES,
    RATINGS,
    REMINDERS,
    SECTOR_STATISTICS,
)

CUSTOMERS = Table(
    "customers",
    "ledger",
    "one row per customer account",
    ("customer_id",),
    (
        CUSTOMER,
        Column("customer_name", "text", "name as delivered; hidden in outputs unless asked for", True),
        Column("group_id", "text", "group the legal entity belongs to", True),
        Column("country_code", "text", "ISO 3166 alpha-2 country", True),
        Column("region_code", "text", "region within the country", True),
        Column("sector_code", "text", "sector of activity", True),
        Column("size_code", "code", "size class of the customer", True, SIZES),
        Column("customer_type_code", "code", "kind of debtor", False, CUSTOMER_TYPES),
        Column("relationship_start_date", "date", "first day of the business relation", True),
    ),
)
INVOICES = Table(
    "invoices",
    "ledger",
    "one row per invoice or other debit document",
    ("invoice_id",),
    (
        Column("invoice_id", "text", "unique document key"),
        CUSTOMER,
        Column("invoice_number", "text", "number printed on the document", True),
        Column("invoice_date", "date", "date of issue"),
        Column("invoice_date_source_code", "code", "where the date of issue comes from", False, DATE_SOURCES),
        RECORDED,
        Column("due_date", "date", "net due date", True),
        Column("due_date_source_code", "code", "where the due date comes from", True, DUE_SOURCES),
        CURRENCY,
        Column("gross_minor", "minor", "amount including tax, document currency, positive"),
        Column("net_minor", "minor", "amount before tax, document currency", True),
        Column("base_minor", "minor", "gross amount in run currency at the rate of the issue date"),
        Column("invoice_kind_code", "code", "kind of debit document", False, INVOICE_KINDS),
        Column("contract_type_code", "text", "kind of contract or product line", True),
        Column("delivery_date", "date", "day the goods or services were delivered", True),
    ),
)
INSTALMENTS = Table(
    "instalments",
    "ledger",
    "one row per part of an invoice that is payable in parts; they add up to the invoice",
    ("invoice_id", "sequence_number"),
    (
        Column("invoice_id", "text", "invoice payable in parts"),
        Column("sequence_number", "int", "1 for the part due first"),
        Column("due_date", "date", "due date of the part"),
        Column("gross_minor", "minor", "part of the amount including tax, document currency, positive"),
    ),
)
CREDIT_NOTES = Table(
    "credit_notes",
    "ledger",
    "one row per credit note",
    ("credit_note_id",),
    (
        Column("credit_note_id", "text", "unique document key"),
        CUSTOMER,
        Column("credit_note_date", "date", "booking date"),
        RECORDED,
        CURRENCY,
        Column("gross_minor", "minor", "amount including tax, document currency, positive"),
        Column("base_minor", "minor", "amount in run currency, positive"),
        Column("related_invoice_id", "text", "invoice it reduces, where the source says so", True),
        Column("reason_code", "text", "commercial, error, return, …; opening, other, … lower no sales", True),
    ),
)
PAYMENTS = Table(
    "payments",
    "ledger",
    "one row per receipt; a returned payment is a row of its own, negative",
    ("payment_id",),
    (
        Column("payment_id", "text", "unique receipt key"),
        CUSTOMER,
        Column("value_date", "date", "day the money counts (bank line), never a matching date"),
        RECORDED,
        CURRENCY,
        Column("amount_minor", "minor", "amount received, document currency; negative = returned"),
        Column("base_minor", "minor", "amount in run currency"),
        Column("method_code", "text", "transfer, direct_debit, cheque, card, bill, …", True),
        Column("reversal_of_id", "text", "receipt that this row returns", True),
        Column("payer_account_code", "text", "hash of the account paid from, never its number", True),
    ),
)
ALLOCATIONS = Table(
    "allocations",
    "ledger",
    "one row per amount that settles a part of an invoice; a reversal is a row of its own, negative",
    ("allocation_id",),
    (
        Column("allocation_id", "text", "unique key"),
        Column("invoice_id", "text", "invoice that is settled"),
        CUSTOMER,
        Column("source_code", "code", "what settles the invoice", False, ALLOCATION_SOURCES),
        Column("source_id", "text", "receipt or credit note used", True),
        Column("effective_date", "date", "value date of the receipt, booking date of the credit note"),
        RECORDED,
        Column("amount_minor", "minor", "amount settled, document currency; negative = taken back"),
        Column("base_minor", "minor", "amount in run currency at the invoice's issue rate"),
        Column("matching_code", "code", "how receipt and invoice were matched", False, MATCHINGS),
        Column("confidence_ratio", "float", "trust in the matching, 0-1"),
    ),
)
DISPUTES = Table(
    "disputes",
    "ledger",
    "one row per disputed invoice and dispute",
    ("dispute_id",),
    (
        Column("dispute_id", "text", "unique key"),
        Column("invoice_id", "text", "disputed invoice"),
        CUSTOMER,
        Column("opened_date", "date", "first day of the dispute"),
        Column("closed_date", "date", "day the dispute ended", True),
        RECORDED,
        Column("reason_code", "text", "quality, price, delivery, quantity, …", True),
    ),
)
TRUTH = Table(
    "truth",
    "ledger",
    "synthetic ledgers only: one row per customer and month end; never read by a stage",
    ("customer_id", "observation_date"),
    (
        CUSTOMER,
        Column("observation_date", "date", "month end"),
        Column("pd_12m", "float", "true probability of default within 12 months, given the hidden state"),
        Column("lgd_ratio", "float", "true expected loss given default, share of exposure"),
        Column("is_defaulted", "bool", "already in default on that day"),
    ),
)
SET_ASIDE = Table(
    "set_aside",
    "ledger",
    "one row per reason for which rows were not used",
    ("source_name", "reason_code"),
    (
        Column("source_name", "text", "file or table of the delivery"),
        Column("reason_code", "text", "why the rows were set aside"),
        Column("n_rows", "int", "number of rows"),
        Column("base_minor", "minor", "their amount in minor units as read", True),
        Column("first_keys", "text", "keys or line numbers of the first three rows"),
    ),
)
RECONCILIATION = Table(
    "reconciliation",
    "ledger",
    "one row per check of totals",
    ("check_code",),
    (
        Column("check_code", "text", "what is compared"),
        Column("expected_minor", "minor", "total of the source, minor units (or count)", True),
        Column("rebuilt_minor", "minor", "total of the canonical tables", True),
        Column("difference_minor", "minor", "rebuilt minus expected", True),
        Column("detail", "text", "what the figures are, in words", True),
    ),
)
GAPS = Table(
    "gaps",
    "ledger",
    "one row per thing the source cannot tell",
    ("gap_code",),
    (
        Column("gap_code", "text", "what is missing (no_due_date, no_credit_notes, …)"),
        Column("effect", "text", "figures that are missing, bounded or assumed therefore"),
    ),
)

ACT_DATES: Mapping[str, str] = {
    "invoices": "invoice_date",
    "credit_notes": "credit_note_date",
    "payments": "value_date",
    "allocations": "effective_date",
    "disputes": "opened_date",
    "events": "event_date",
    "ratings": "rating_date",
    "limits": "start_date",
    "financials": "published_date",
    "questionnaires": "answered_date",
    "fx_rates": "rate_date",
    "reminders": "reminder_date",
    "bank_checks": "check_date",
    "sector_statistics": "published_date",
    "orders": "order_date",
    "guarantees": "start_date",
    "overrides": "decided_date",
    "insurer_claims": "declared_date",
}
LEDGER_TABLES = (
    CUSTOMERS,
    INVOICES,
    INSTALMENTS,
    CREDIT_NOTES,
    PAYMENTS,
    ALLOCATIONS,
    DISPUTES,
    EVENTS_TABLE,
    RATINGS,
    LIMITS,
    FINANCIALS,
    QUESTIONNAIRES,
    FX_RATES,
    REMINDERS,
    BANK_CHECKS,
    SECTOR_STATISTICS,
    ORDERS,
    GUARANTEES_TABLE,
    OVERRIDES,
    INSURER_CLAIMS,
)
ACCOUNT_TABLES = (SET_ASIDE, RECONCILIATION, GAPS)
