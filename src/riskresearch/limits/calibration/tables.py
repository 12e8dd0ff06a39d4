"""Tables of the calibration: factors by cell, what they mean for the book, which review days count."""

from riskresearch.base.schema import Column, Table

ANY = "*"
AXES = ("book", "segment", "grade", "grade_size_sector")
CHECKS = ("expected_loss", "expected_shortfall", "customer_share", "common_multiplier")
SETS = ("fitted", "within_history", "policy")
FACTOR_REASONS = (
    "fitted",
    "pooled",
    "not_binding",
    "above_appetite",
    "too_few_defaults",
    "no_history",
    "not_computable",
)
TO_SIGN_REASONS = (
    "fitted",
    "all_sales_kept",
    "less_risky_class",
    "above_appetite",
    "too_few_defaults",
    "not_computable",
)
ROW_REASONS = (
    "used",
    "used_without_grade",
    "after_as_of",
    "related",
    "no_segment",
    "in_default",
    "not_matured",
    "no_need",
    "not_rated",
)

LIMIT_FACTORS = Table(
    "limit_factors",
    "limits",
    "one row per axis and cell: the book, each segment, each grade, each grade × size × sector",
    ("axis_code", "class_code", "size_code", "sector_code"),
    (
        Column("axis_code", "code", "how customers are divided", False, AXES),
        Column("class_code", "text", "segment or grade; * = all"),
        Column("size_code", "text", "size class; * = all"),
        Column("sector_code", "text", "sector; * = all"),
        Column("class_rank", "int", "1 = the least risky class of the axis"),
        Column("n_customers", "int", "customers with a matured review day in the cell"),
        Column("n_customer_years", "float", "matured review months / 12"),
        Column("n_defaulters", "int", "customers with a default within 12 months of such a day"),
        Column("default_rate_ratio", "float", "share of customer-years with a default within 12 months", True),
        Column("shrunk_default_rate_ratio", "float", "the same, drawn towards the parent by the weight", True),
        Column("ordered_default_rate_ratio", "float", "the same, never falling with risk: the rate that counts", True),
        Column("shrinkage_weight_ratio", "float", "weight of the cell's own rate; the rest is its parent's", True),
        Column("need_weighted_default_rate_ratio", "float", "share of the need with a default within 12 months", True),
        Column("need_at_default_ratio", "float", "mean need of those that default over the mean need", True),
        Column(
            "shrunk_need_at_default_ratio",
            "float",
            "the same weighted by LGD, drawn towards the parent's within its cells: the ratio that counts",
            True,
        ),
        Column("lgd_ratio", "float", "loss given default, weighted by need", True),
        Column(
            "use_at_default_ratio",
            "float",
            "exposure at default over need, mean of the cell's defaults weighted by LGD × need",
            True,
        ),
        Column("factor_raw", "float", "largest factor within the appetite, the cell alone", True),
        Column(
            "factor",
            "float",
            "the same, never rising with risk; empty with too few defaulters in a segment or grade",
            True,
        ),
        Column("factor_low", "float", "lower end of its interval, customers drawn again", True),
        Column("factor_high", "float", "upper end", True),
        Column("factor_policy", "float", "factor of the policy in force, of a grade that of its main segment", True),
        Column(
            "full_sales_factor",
            "float",
            "smallest factor that keeps the share of sales asked for; empty = above all tried",
            True,
        ),
        Column("expected_loss_ratio", "float", "expected loss over sales kept, at the factor", True),
        Column("expected_loss_policy_ratio", "float", "the same, at the policy's factor", True),
        Column("sales_kept_ratio", "float", "share of sales that fits within the limit, at the factor", True),
        Column("sales_kept_policy_ratio", "float", "the same, at the policy's factor", True),
        Column("reason_code", "code", "what decided the factor", False, FACTOR_REASONS),
        Column(
            "factor_to_sign",
            "float",
            "factor within what history saw, that of the policy with too few defaulters, never rising with risk",
            True,
        ),
        Column("expected_loss_to_sign_ratio", "float", "expected loss over sales kept, at the factor to sign", True),
        Column("sales_kept_to_sign_ratio", "float", "share of sales that fits within the limit, at it", True),
        Column("to_sign_reason_code", "code", "what decided the factor to sign", False, TO_SIGN_REASONS),
    ),
)
LIMIT_FACTOR_CHECKS = Table(
    "limit_factor_checks",
    "limits",
    "one row per set of segment factors and constraint on the whole book",
    ("factors_code", "check_code"),
    (
        Column(
            "factors_code",
            "code",
            "factors fitted (the policy's with too few defaulters), those to sign, those of the policy in force",
            False,
            SETS,
        ),
        Column("check_code", "code", "what is held against the appetite", False, CHECKS),
        Column("value_ratio", "float", "value; of common_multiplier the multiplier itself", True),
        Column("appetite_ratio", "float", "largest value accepted", True),
        Column("value_amount", "float", "the value's numerator, run currency", True),
        Column("multiplier_ratio", "float", "largest common multiplier of all factors that meets this one", True),
        Column("is_met", "bool", "value within the appetite with the factors as they are", True),
        Column("is_binding", "bool", "this constraint sets the common multiplier", True),
    ),
)
LIMIT_FACTOR_ROWS = Table(
    "limit_factor_rows",
    "limits",
    "one row per reason why review days count or do not",
    ("reason_code",),
    (
        Column("reason_code", "code", "first reason that applies", False, ROW_REASONS),
        Column("n_rows", "int", "customer × review day"),
        Column("n_customers", "int", "customers"),
        Column("n_review_dates", "int", "review days"),
        Column("first_review_date", "date", "first of them"),
        Column("last_review_date", "date", "last of them"),
    ),
)
CALIBRATION_TABLES = (LIMIT_FACTORS, LIMIT_FACTOR_CHECKS, LIMIT_FACTOR_ROWS)
