"""Closed lists of the ledger and the columns that many of its tables share."""

from riskresearch.base.schema import Column

DUE_SOURCES = ("source", "terms", "text", "default", "inferred")
DATE_SOURCES = ("source", "assumed")
SIZES = ("micro", "small", "medium", "large")
CUSTOMER_TYPES = ("b2b", "public", "private", "related", "unknown")
INVOICE_KINDS = ("invoice", "debit_note", "deposit", "opening_item", "finance_charge")
ALLOCATION_SOURCES = (
    "payment",
    "credit_note",
    "discount",
    "write_off",
    "bill",
    "doubtful",
    "factor",
    "rounding",
    "other",
)
MATCHINGS = ("source", "lettrage", "reference", "amount", "fifo")
EVENTS = (
    "insolvency",
    "insolvency_closed",
    "write_off",
    "recovery",
    "litigation",
    "moratorium",
    "insurer_claim",
    "returned_payment",
    "legal_notice",
    "management_change",
    "terms_request",
    "bank_change",
)
LIMIT_KINDS = ("internal", "temporary", "insurer", "bureau")
REMINDER_ACTIONS = (
    "statement",
    "reminder",
    "call",
    "warning",
    "formal_notice",
    "delivery_stop",
    "collection",
    "legal",
    "promise",
)
GUARANTEES = (
    "retention_of_title",
    "deposit",
    "bank_guarantee",
    "parent_guarantee",
    "documentary_credit",
    "standby_letter",
    "accepted_bill",
    "delegation_of_payment",
    "insured_limit",
)
LOSS_EVENTS = ("insolvency", "protracted_default", "political")
REJECTIONS = (
    "late_declaration",
    "late_file",
    "disputed",
    "over_credit_period",
    "after_stop_shipment",
    "threshold",
    "no_cover",
    "incomplete_file",
    "debt_settled",
    "other",
)

CUSTOMER = Column("customer_id", "text", "customer account, kept as text with its leading zeros")
RECORDED = Column("recorded_date", "date", "day the row entered the books (visible from this day on)")
CURRENCY = Column("currency_code", "text", "ISO 4217 currency of the document")
