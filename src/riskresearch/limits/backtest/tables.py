"""Declarations of the tables of the replay."""

from riskresearch.base.schema import Column, Table
from riskresearch.limits.backtest.measures import MEASURE_CODES
from riskresearch.limits.backtest.replay import ASSUMPTIONS

POLICY = Column("policy_code", "text", "policy that is replayed")
ASSUMPTION = Column(
    "sales_assumption_code",
    "code",
    "what becomes of an order above the free limit: lost, sold when there is room, or paid in advance in part",
    False,
    ASSUMPTIONS,
)
REASONS = ("ok", "few_defaults", "not_mature", "no_interval", "no_value")
VERDICTS = ("not_worse", "not_certain", "worse", "too_few_defaults", "not_computable")
ADOPTION_REASONS = ("ok", "few_defaults", "no_pds_known", "no_orders")
REFERENCES = ("limits_in_force", "best_simple_rule")
BASES = ("realised", "expected")

LIMIT_BACKTEST = Table(
    "limit_backtest",
    "limits",
    "one row per policy, assumption on sales and measure",
    ("policy_code", "sales_assumption_code", "measure_code"),
    (
        POLICY,
        ASSUMPTION,
        Column("measure_code", "code", "measure", False, MEASURE_CODES),
        Column("value", "float", "value; amounts in run currency", True),
        Column("value_low", "float", "lower end of the interval, samples of customers", True),
        Column("value_high", "float", "upper end of the interval", True),
        Column("difference", "float", "value less that of the limits in force, same assumption", True),
        Column("difference_low", "float", "lower end of the interval of the difference, same samples", True),
        Column("difference_high", "float", "upper end", True),
        Column("n_customers", "int", "customers of the replay"),
        Column("reason_code", "code", "what to know about the figure", False, REASONS),
    ),
)
LIMIT_BACKTEST_MONTHS = Table(
    "limit_backtest_months",
    "limits",
    "one row per policy, assumption on sales and month of the replay",
    ("policy_code", "sales_assumption_code", "month_date"),
    (
        POLICY,
        ASSUMPTION,
        Column("month_date", "date", "month end; the last day of the replay"),
        Column("exposure_amount", "float", "exposure on that day, run currency"),
        Column("blocked_amount", "float", "orders of the month above the free limit on their day, run currency"),
        Column("loss_amount", "float", "losses of the defaults of the month, run currency"),
    ),
)
LIMIT_EXTRAPOLATION = Table(
    "limit_extrapolation",
    "limits",
    "one row per policy",
    ("policy_code",),
    (
        POLICY,
        Column("n_customer_days", "int", "days × customers with a review"),
        Column("beyond_days_ratio", "float", "share of them with a limit above all that history shows", True),
        Column("beyond_limit_ratio", "float", "part of the limits above that; empty = no bound", True),
        Column("n_customers_beyond", "int", "customers with such a limit on any day"),
        Column("assumed_orders_ratio", "float", "share of the orders blocked if lost: their fate is assumed", True),
        Column("n_orders_not_judged", "int", "orders before the customer's first review, sold under every policy"),
        Column("n_related", "int", "customers related to the seller, left out"),
    ),
)
LIMIT_ADOPTION = Table(
    "limit_adoption",
    "limits",
    "one row per candidate, assumption on sales, reference and way to count losses",
    ("policy_code", "sales_assumption_code", "reference_code", "loss_basis_code"),
    (
        POLICY,
        ASSUMPTION,
        Column("reference_code", "code", "what it is held against", False, REFERENCES),
        Column("loss_basis_code", "code", "losses at default, or expected by the PDs known", False, BASES),
        Column("reference_policy_code", "text", "policy that is the reference", True),
        Column("difference_amount", "float", "net result less that of the reference, run currency", True),
        Column("difference_low_amount", "float", "lower end of its interval, samples of customers", True),
        Column("difference_high_amount", "float", "upper end", True),
        Column("tolerance_amount", "float", "loss of net result that is still accepted", True),
        Column("n_defaulters", "int", "customers that default in the window with something open in history", True),
        Column("verdict_code", "code", "result of the comparison", False, VERDICTS),
        Column("reason_code", "code", "why a verdict is not what the figures alone would say", False, ADOPTION_REASONS),
        Column("is_adoptable", "bool", "all comparisons of the candidate are not worse"),
    ),
)
BACKTEST_TABLES = (LIMIT_BACKTEST, LIMIT_BACKTEST_MONTHS, LIMIT_EXTRAPOLATION, LIMIT_ADOPTION)
