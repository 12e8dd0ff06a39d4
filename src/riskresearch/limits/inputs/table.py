"""Declaration of table `limit_inputs`: what the policy sees of a customer on a day of review."""

from riskresearch.base.schema import Column, Table

LIMIT_INPUTS = Table(
    "limit_inputs",
    "limits",
    "one row per customer and day of review, as known on that day; the last day is the date of the run",
    ("customer_id", "review_date"),
    (
        Column("customer_id", "text", "customer account"),
        Column("review_date", "date", "last day that counts"),
        Column("customer_type_code", "text", "kind of debtor"),
        Column("country_code", "text", "country", True),
        Column("sector_code", "text", "sector", True),
        Column("size_code", "text", "size class", True),
        Column("group_id", "text", "group; the customer itself where it has none"),
        Column(
            "currency_code", "text", "currency of most of its invoices of 12 months; empty where it is the run's", True
        ),
        Column("pd_12m", "float", "probability of default, by a model known on that day; 1 in default", True),
        Column("grade_code", "text", "grade of that PD; X in default", True),
        Column("lgd_ratio", "float", "loss given default, share of the exposure"),
        Column("is_in_default", "bool", "in default by the definition of default"),
        Column("is_in_proceedings", "bool", "collective proceedings known and not closed"),
        Column("gate_code", "text", "three checks on accounts, debt, proceedings: pass, fail, unknown", True),
        Column(
            "n_incidents_12m", "int", "defaults, returned payments, broken promises, legal events, write-offs, claims"
        ),
        Column("n_signals", "int", "early warnings that stand, medium or high; empty on past days: not kept", True),
        Column("open_amount", "float", "open items, run currency"),
        Column("overdue_amount", "float", "open items past their due date, run currency"),
        Column("past_due_max_days", "int", "days past due of the oldest open item"),
        Column("unapplied_amount", "float", "receipts and credits not matched, run currency"),
        Column(
            "ordered_amount", "float", "confirmed orders not yet delivered, run currency; 0 where none are delivered"
        ),
        Column("unbilled_amount", "float", "delivered and not yet invoiced, run currency"),
        Column("guarantee_amount", "float", "securities in force at their recognised share, insured limit left out"),
        Column("sales_amount_12m", "float", "net sales including tax of 12 months, run currency"),
        Column("n_invoices_12m", "int", "invoices of 12 months"),
        Column("n_paid_invoices", "int", "invoices paid in full so far"),
        Column(
            "first_order_amount", "float", "median first invoice of the sector's customers so far, run currency", True
        ),
        Column(
            "tenure_months",
            "float",
            "months since the first invoice, or since the relation began where that was before the ledger",
            True,
        ),
        Column("silence_months", "float", "months since the last invoice", True),
        Column("terms_days", "float", "median days from issue to due date, invoices of 12 months", True),
        Column("days_beyond_terms_12m", "float", "days late of the receipts of 12 months, weighted, early as 0", True),
        Column(
            "peak_ratio",
            "float",
            "open amount at its usual peak (second highest month of 12) over its mean, from 1 to 12",
        ),
        Column("net_worth_amount", "float", "tangible net worth of the latest accounts published, run currency", True),
        Column("revenue_amount", "float", "yearly revenue of the latest accounts published, run currency", True),
        Column("accounts_age_months", "float", "months since the closing date of those accounts", True),
        Column("internal_limit_amount", "float", "own limit in force, run currency", True),
        Column("temporary_limit_amount", "float", "temporary increase in force, run currency; 0 = none"),
        Column(
            "insurer_limit_amount", "float", "insurer's limit in force; 0 = refused or ended, empty = never asked", True
        ),
        Column("bureau_limit_amount", "float", "limit recommended by a bureau", True),
        Column(
            "seller_sales_amount_12m", "float", "sales of 12 months to all customers but related ones, run currency"
        ),
    ),
)
