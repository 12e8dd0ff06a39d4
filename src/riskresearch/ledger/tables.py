"""The canonical tables of a seller's ledger: what every source is mapped to.

Money columns end in ``_minor``: integers in minor units (cents), so sums are exact and equal on
every engine; ``gross_minor`` is in the document's currency, ``base_minor`` in the run's currency.
Two dates make every figure computable as of any day: when an act takes effect, and ``recorded_date``.
"""

from riskresearch.base.schema import Column, Table

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

CUSTOMER = Column("customer_id", "text", "customer account, kept as text with its leading zeros")
RECORDED = Column("recorded_date", "date", "day the row entered the books (visible from this day on)")
CURRENCY = Column("currency_code", "text", "ISO 4217 currency of the document")

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
EVENTS_TABLE = Table(
    "events",
    "ledger",
    "one row per event that concerns a customer",
    ("event_id",),
    (
        Column("event_id", "text", "unique key"),
        CUSTOMER,
        Column("event_code", "code", "kind of event", False, EVENTS),
        Column("event_date", "date", "day it happened"),
        RECORDED,
        Column("base_minor", "minor", "amount concerned, run currency", True),
        Column("source_code", "text", "who reported it", True),
    ),
)
RATINGS = Table(
    "ratings",
    "ledger",
    "one row per customer, provider and rating date",
    ("customer_id", "provider_code", "rating_date"),
    (
        CUSTOMER,
        Column("provider_code", "text", "agency, bureau or insurer"),
        Column("rating_date", "date", "date of the rating"),
        RECORDED,
        Column("rating_code", "text", "grade on the provider's own scale"),
    ),
)
LIMITS = Table(
    "limits",
    "ledger",
    "one row per limit decision",
    ("limit_id",),
    (
        Column("limit_id", "text", "unique key"),
        CUSTOMER,
        Column("limit_kind_code", "code", "who granted it", False, LIMIT_KINDS),
        Column("start_date", "date", "first day in force"),
        Column("end_date", "date", "last day in force", True),
        RECORDED,
        Column("base_minor", "minor", "limit granted, run currency (0 = refused)"),
        Column("requested_minor", "minor", "limit asked for, run currency", True),
    ),
)
FINANCIALS = Table(
    "financials",
    "ledger",
    "one row per customer and closing date of its annual accounts",
    ("customer_id", "period_end_date"),
    (
        CUSTOMER,
        Column("period_end_date", "date", "closing date of the accounts"),
        Column("published_date", "date", "day the accounts became available"),
        Column("revenue_minor", "minor", "yearly revenue, run currency", True),
        Column("net_worth_minor", "minor", "tangible net worth, run currency", True),
        Column("debt_minor", "minor", "financial debt, run currency", True),
        Column("net_income_minor", "minor", "net income, run currency", True),
    ),
)
QUESTIONNAIRES = Table(
    "questionnaires",
    "ledger",
    "one row per customer, item and date of answer",
    ("customer_id", "item_code", "answered_date"),
    (
        CUSTOMER,
        Column("item_code", "text", "item of the questionnaire"),
        Column("answered_date", "date", "day of the answer"),
        Column("answer_ratio", "float", "answer from 0 (worst) to 1 (best)"),
    ),
)
FX_RATES = Table(
    "fx_rates",
    "ledger",
    "one row per currency and day",
    ("currency_code", "rate_date"),
    (
        CURRENCY,
        Column("rate_date", "date", "day of the rate"),
        Column("rate_ratio", "float", "run-currency units for one unit of the currency"),
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

LEDGER_TABLES = (
    CUSTOMERS,
    INVOICES,
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
)
ACCOUNT_TABLES = (SET_ASIDE, RECONCILIATION, GAPS)
