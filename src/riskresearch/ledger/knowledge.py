"""What a seller knows about its customers beyond documents: events, ratings, limits, securities, decisions, claims."""

from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import (
    CURRENCY,
    CUSTOMER,
    EVENTS,
    GUARANTEES,
    LIMIT_KINDS,
    LOSS_EVENTS,
    RECORDED,
    REJECTIONS,
    REMINDER_ACTIONS,
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
        Column("requested_date", "date", "day the limit was asked for; empty = not asked, or not known", True),
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
REMINDERS = Table(
    "reminders",
    "ledger",
    "one row per step of dunning and per promise to pay",
    ("reminder_id",),
    (
        Column("reminder_id", "text", "unique key"),
        CUSTOMER,
        Column("invoice_id", "text", "invoice concerned; empty = the whole account", True),
        Column("reminder_date", "date", "day of the step"),
        RECORDED,
        Column("action_code", "code", "what was done, or promise: what the customer promised", False, REMINDER_ACTIONS),
        Column("promise_date", "date", "day the customer promised to pay by", True),
        Column("promise_minor", "minor", "amount promised, run currency; empty = all that is open", True),
    ),
)
BANK_CHECKS = Table(
    "bank_checks",
    "ledger",
    "one row per verification of a customer's bank details",
    ("check_id",),
    (
        Column("check_id", "text", "unique key"),
        CUSTOMER,
        Column("check_date", "date", "day of the verification"),
        RECORDED,
        Column("is_changed", "bool", "the details differ from those known before"),
        Column("is_verified", "bool", "the details were confirmed by a second, known way"),
    ),
)
SECTOR_STATISTICS = Table(
    "sector_statistics",
    "ledger",
    "one row per sector and period, as published; a revision is a row of its own, published later",
    ("sector_code", "period_end_date", "published_date"),
    (
        Column("sector_code", "text", "sector of activity, coded as in customers"),
        Column("period_end_date", "date", "last day of the year that is counted"),
        Column("published_date", "date", "day the figure became available"),
        Column("failure_ratio", "float", "firms of the sector that failed within the year, share of all (0-1)"),
        Column("source_code", "text", "who published it", True),
    ),
)
ORDERS = Table(
    "orders",
    "ledger",
    "one row per order line; it counts until it is invoiced: confirmed before delivery, unbilled after it",
    ("order_id",),
    (
        Column("order_id", "text", "unique key of the line"),
        CUSTOMER,
        Column("order_date", "date", "day the order was confirmed"),
        RECORDED,
        Column("delivery_date", "date", "day the goods or services were delivered; empty = not yet", True),
        Column("invoiced_date", "date", "day its invoice entered the books, or it was cancelled; empty = open", True),
        Column("base_minor", "minor", "amount of the line including tax, run currency, positive"),
    ),
)
GUARANTEES_TABLE = Table(
    "guarantees",
    "ledger",
    "one row per security that stands for a customer's debt; a change of amount is a row of its own",
    ("guarantee_id",),
    (
        Column("guarantee_id", "text", "unique key"),
        CUSTOMER,
        Column("guarantee_code", "code", "kind of security", False, GUARANTEES),
        Column("start_date", "date", "first day in force"),
        Column("end_date", "date", "last day in force, known beforehand; empty = until further notice", True),
        RECORDED,
        Column("base_minor", "minor", "amount secured, run currency"),
        Column("provider_code", "text", "bank, parent company or insurer that gives it", True),
        Column("document", "text", "reference of the document that proves it", True),
    ),
)
OVERRIDES = Table(
    "overrides",
    "ledger",
    "one row per decision on a limit against the proposal",
    ("override_id",),
    (
        Column("override_id", "text", "unique key"),
        CUSTOMER,
        Column("decided_date", "date", "day of the decision"),
        RECORDED,
        Column("requester_code", "text", "role that asked for it"),
        Column("approver_code", "text", "role that approved it"),
        Column("second_approver_code", "text", "second role that approved it", True),
        Column("reason_code", "text", "reason, one of the credit policy's"),
        Column("proposed_minor", "minor", "limit proposed, run currency"),
        Column("final_minor", "minor", "limit decided, run currency"),
        Column("end_date", "date", "last day the decision holds, known beforehand", True),
        Column("evidence", "text", "what supports the decision", True),
    ),
)
INSURER_CLAIMS = Table(
    "insurer_claims",
    "ledger",
    "one row per claim on the credit insurer: an unpaid account declared, with what became of it",
    ("claim_id",),
    (
        Column("claim_id", "text", "unique key"),
        CUSTOMER,
        Column("policy_id", "text", "policy claimed on", True),
        Column("declared_date", "date", "day the overdue was declared to the insurer"),
        RECORDED,
        Column("due_date", "date", "due date of the oldest unpaid invoice that was declared", True),
        Column("filed_date", "date", "day the complete claim file was sent", True),
        Column("claimed_minor", "minor", "debt claimed, including tax, run currency, positive"),
        Column("loss_date", "date", "date of loss, as the insurer settled it", True),
        Column("event_code", "code", "what brought about the loss; known with its date", True, LOSS_EVENTS),
        Column("decided_date", "date", "day the insurer accepted or refused; empty = not yet", True),
        Column("rejection_code", "code", "why all or a part was refused; empty = nothing was", True, REJECTIONS),
        Column("paid_minor", "minor", "indemnity paid, run currency", True),
        Column("paid_date", "date", "day the indemnity was received", True),
        Column("recovered_minor", "minor", "recovered after the date of loss, net of costs, by all parties", True),
        Column("insurer_recovered_minor", "minor", "part of it that belongs to the insurer", True),
        Column("recovered_date", "date", "day of the latest recovery", True),
    ),
)
