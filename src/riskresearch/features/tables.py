"""Tables of the stage features."""

from riskresearch.base.schema import Column, Table
from riskresearch.features.families import FEATURES
from riskresearch.features.profile import FEATURE_PROFILE
from riskresearch.features.samples import EXCLUSIONS, HORIZONS_MONTHS, SAMPLES
from riskresearch.ledger.codes import CUSTOMER

WHAT_IF_VARIANTS = ("pay_oldest_overdue", "pay_largest_overdue", "pay_all_overdue")

SNAPSHOTS = Table(
    "snapshots",
    "features",
    "one row per customer and observation date",
    ("customer_id", "observation_date"),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("sample_code", "code", "use of the row", False, SAMPLES),
        Column("exclusion_code", "code", "why the row is excluded", True, EXCLUSIONS),
        Column("is_new_customer", "bool", "row of test or scoring of a customer without any row in development"),
        Column("is_default", "bool", "default within the horizon; empty while not known", True),
        *(
            Column(f"is_default_{months}m", "bool", f"default within {months} months; empty while not known", True)
            for months in HORIZONS_MONTHS
        ),
        Column("months_to_default", "int", "months within which the next default known comes; empty: none in 36", True),
        Column(
            "open_amount", "float", "open amount on the date, run currency; empty where no invoices are known", True
        ),
        *(Column(m.name, "float", f"{m.definition} Unit: {m.spec.unit}.", True) for m in FEATURES),
    ),
)
FEATURE_DICTIONARY = Table(
    "feature_dictionary",
    "features",
    "one row per feature",
    ("feature_code",),
    (
        Column("feature_code", "text", "column of table snapshots"),
        Column("family_code", "text", "family"),
        Column("unit_code", "text", "unit"),
        Column("window_months", "int", "months before the date that it looks back; 0: the state on the date"),
        Column("direction_code", "int", "+1 higher is riskier, -1 safer, 0 free"),
        Column("label_en", "text", "label, English"),
        Column("label_fr", "text", "label, French"),
        Column("decimals", "int", "decimals shown"),
        Column("missing", "text", "when there is no value"),
    ),
)
SAMPLE_COUNTS = Table(
    "sample_counts",
    "features",
    "one row per sample and exclusion reason",
    ("sample_code", "reason_code"),
    (
        Column("sample_code", "code", "use of the rows", False, SAMPLES),
        Column("reason_code", "text", "reason of exclusion, or none"),
        Column("n_rows", "int", "customer-dates"),
        Column("n_customers", "int", "customers"),
        Column("n_defaults", "int", "rows followed by a default"),
        Column("n_defaulters", "int", "customers with such a row"),
        Column("n_new_customers", "int", "customers without any row in development"),
        Column("first_date", "date", "first observation date"),
        Column("last_date", "date", "last observation date"),
    ),
)
DEFAULT_COHORTS = Table(
    "default_cohorts",
    "features",
    "one row per calendar year",
    ("year",),
    (
        Column("year", "text", "calendar year"),
        Column("start_date", "date", "date of the cohort: last observation date of the year before, or the first"),
        Column("end_date", "date", "last observation date of the year"),
        Column("n_at_start", "int", "customers active and not in default on the start date"),
        Column("n_defaulters", "int", "of these, customers with at least one default until the end date"),
        Column("default_ratio", "float", "default rate of the cohort; empty without customers", True),
        Column("is_complete", "bool", "twelve months lie between start and end date"),
    ),
)
LOOK_AHEAD = Table(
    "look_ahead",
    "features",
    "one row per feature and date on which it was made anew from the ledger as known then",
    ("feature_code", "observation_date"),
    (
        Column("feature_code", "text", "column of table snapshots"),
        Column("observation_date", "date", "date of the comparison"),
        Column("n_compared", "int", "customers with a row both times"),
        Column("n_values", "int", "of these, customers with a value"),
        Column("n_different", "int", "of these, customers whose values differ"),
        Column("n_missing", "int", "customers with a row and a value one time only"),
        Column("largest_difference", "float", "largest absolute difference of two numbers", True),
        Column("first_keys", "text", "three of the customers concerned", True),
        Column("is_clean", "bool", "nothing differs"),
    ),
)
WHAT_IF_SNAPSHOTS = Table(
    "what_if_snapshots",
    "features",
    "one row per customer to score with something overdue and variant of what it pays the day before the date",
    ("customer_id", "variant_code"),
    (
        CUSTOMER,
        Column("observation_date", "date", "date to score"),
        Column("variant_code", "code", "what the customer pays", False, WHAT_IF_VARIANTS),
        Column("item_id", "text", "item paid; empty where several are", True),
        Column("n_items", "int", "items paid"),
        Column("paid_amount", "float", "amount paid, run currency"),
        Column("paid_date", "date", "day of the receipt: the day before the date"),
        *(Column(m.name, "float", f"{m.definition} Unit: {m.spec.unit}.", True) for m in FEATURES),
    ),
)
FEATURE_TABLES = (
    *(SNAPSHOTS, FEATURE_DICTIONARY, SAMPLE_COUNTS, DEFAULT_COHORTS, FEATURE_PROFILE, LOOK_AHEAD),
    WHAT_IF_SNAPSHOTS,
)
