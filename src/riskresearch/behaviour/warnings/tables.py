"""Tables of the warnings."""

from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.warnings.settings import SEVERITIES
from riskresearch.ledger.codes import CUSTOMER

MEASURES = (
    "precision_ratio",
    "recall_ratio",
    "lead_median_days",
    "alerts_per_customer_year",
    "false_alarms_per_customer_year",
    "run_length_payments",
)
LISTS = ("every_customer", "ranked_list", "past_due_list")
QUALITY_REASONS = (
    "too_few_alerts",
    "too_few_outcomes",
    "too_few_customers",
    "history_too_short",
    "no_data",
    "no_false_alarm",
)
FAMILY_SETS = (
    "behaviour",
    "field",
    "external",
    "behaviour_field",
    "behaviour_external",
    "field_external",
    "behaviour_field_external",
    "none",
)

WARNINGS = Table(
    "warnings",
    "behaviour",
    "one row per customer and signal that stands on the date",
    ("customer_id", "signal_code"),
    (
        CUSTOMER,
        Column("signal_code", "text", "signal, see docs/dictionary.md"),
        Column("family_code", "text", "behaviour, field, external or portfolio"),
        Column("severity_code", "code", "severity", False, SEVERITIES),
        Column("signal_date", "date", "day since which it has stood without interruption, as known"),
        Column("value", "float", "what is measured, unit of the signal; empty = no such number", True),
        Column("threshold", "float", "what it is held against; 0 where any is a warning"),
        Column("unit_code", "text", "days, ratio, amount, count or sigmas (standard deviations)"),
        Column("evidence", "text", "identifiers, codes, dates and figures it rests on, as JSON"),
    ),
)
SIGNAL_FAMILIES = Table(
    "signal_families",
    "behaviour",
    "one row per customer with a warning, and one per customer that owes something",
    ("customer_id",),
    (
        CUSTOMER,
        Column("n_behaviour", "int", "warnings from what the customer does"),
        Column("n_field", "int", "warnings from what the own people see or decide"),
        Column("n_external", "int", "warnings from what others say"),
        Column("families_code", "code", "families with a warning", False, FAMILY_SETS),
        Column("severity_code", "code", "gravest warning", True, SEVERITIES),
        Column("points", "float", "sum of the points of the warnings: order of the ranked list"),
        Column("rank_number", "int", "place in the ranked list; empty = no warning", True),
        Column("first_signal_date", "date", "day of the oldest warning that stands", True),
        Column("open_amount", "float", "open amount, run currency"),
    ),
)
ALERT_QUALITY = Table(
    "alert_quality",
    "behaviour",
    "one row per signal (or list of customers) and measure, over past dates",
    ("signal_code", "measure_code"),
    (
        Column("signal_code", "text", "signal; every_customer, ranked_list or past_due_list"),
        Column("measure_code", "code", "measure", False, MEASURES),
        Column("value", "float", "value; empty = not computable", True),
        Column("value_low", "float", "lower bound, 95 %", True),
        Column("value_high", "float", "upper bound, 95 %", True),
        Column("n_cases", "int", "alerts, outcomes or simulated payments it rests on"),
        Column("reason_code", "code", "why there is no value", True, QUALITY_REASONS),
    ),
)
WARNING_TABLES = (WARNINGS, SIGNAL_FAMILIES, ALERT_QUALITY)
