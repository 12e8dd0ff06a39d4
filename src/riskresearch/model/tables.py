"""Tables of the stage model that hold PDs, the choice between candidates and the parts of the accepted model."""

from riskresearch.base.schema import Column, Table
from riskresearch.features.samples import SAMPLES
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.model.calibration.choice import CALIBRATION_METHODS
from riskresearch.model.calibration.level import PD_LEVELS
from riskresearch.model.candidates.scorecard import SCORECARD_POINTS
from riskresearch.model.downgrades import DOWNGRADES
from riskresearch.model.expert.rating import CUSTOMER_STATUSES, EXPERT_TABLES
from riskresearch.model.external_scales import EXTERNAL_SCALES
from riskresearch.model.grades import DEFAULTED, GRADE_QUALITY, GRADE_SCALE, GRADES, SEGMENTS
from riskresearch.model.lead_time import LEAD_TIMES
from riskresearch.model.low_default import GRADE_ESTIMATES
from riskresearch.model.term_structure import PD_TERM_STRUCTURE
from riskresearch.model.tuning import TUNING_TRIALS

CHAMPION, RULE, NO_RULE, COLD_START, EXPERT = "lightgbm", "late_rate", "single_feature", "cold_start", "expert"
ROLES = {
    CHAMPION: "champion",
    "scorecard": "challenger",
    "logistic": "challenger",
    "hazard": "challenger",
    RULE: "simple_rule",
    NO_RULE: "simple_rule",
    "external_rating": "simple_rule",
    COLD_START: "cold_start",
    EXPERT: "expert",
}
"""Part of each candidate, in the order of the tables."""
MODELS = tuple(ROLES)
REASONS = (
    "too_few_defaulters",
    "too_few_test_defaulters",
    "not_better_than_rule",
    "accepted",
    "compared",
    "not_needed",
    "feature_missing",
)

SCORES = Table(
    "scores",
    "model",
    "one row per customer, observation date and model, dates with a known outcome",
    ("model_code", "customer_id", "observation_date"),
    (
        Column("model_code", "code", "model", False, MODELS),
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("sample_code", "code", "use of the row", False, ("development", "out_of_time")),
        Column("pd_12m", "float", "probability of default within the horizon, calibrated as known out of time"),
        Column("grade_code", "code", "grade", False, GRADES),
        Column("is_default", "bool", "default within the horizon"),
    ),
)
RATING_HISTORY = Table(
    "rating_history",
    "model",
    "one row per customer and observation date that is not excluded; today's model applied to past dates",
    ("customer_id", "observation_date"),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("sample_code", "code", "use of the row", False, SAMPLES),
        Column("pd_12m", "float", "probability of default within the horizon by the model in use on the run's date"),
        Column(
            "pd_known_12m",
            "float",
            "the same with the level of PDs known on the first out-of-time date; empty before that date",
            True,
        ),
        Column("grade_code", "code", "grade", False, GRADES),
        Column("is_default", "bool", "default within the horizon; empty while not known", True),
        Column("exposure_amount", "float", "open amount on the date, run currency", True),
    ),
)
SCORED = Table(
    "scored",
    "model",
    "one row per active customer, prospect and customer in default on the date of the run",
    ("customer_id",),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column(
            "customer_status_code",
            "code",
            "active, prospect (never sold to) or in default",
            False,
            (*CUSTOMER_STATUSES, "in_default"),
        ),
        Column("n_months_history", "int", "whole months since the first invoice known; 0 = none"),
        Column("pd_12m", "float", "best estimate of the probability of default within the horizon; 1 = in default"),
        Column("pd_low", "float", "lower bound of the interval of the PD; empty where there is none", True),
        Column("pd_high", "float", "upper bound of the interval of the PD", True),
        Column("pd_point_in_time", "float", "PD in a year such as the latest complete one", True),
        Column("pd_with_margin", "float", "PD with margin of conservatism", True),
        Column("is_pd_floored", "bool", "the PD is raised to the floor, or to that of a provider's default grade"),
        Column("lgd_ratio", "float", "loss given default, share of the exposure"),
        Column("score", "float", "calibrated log-odds, before the floor; empty for customers in default", True),
        Column("grade_code", "code", "grade; X in default", False, (*GRADES, DEFAULTED)),
        Column("segment_code", "code", "business segment", False, SEGMENTS),
        Column("pd_source_code", "code", "what gave the PD", False, (*MODELS, "default")),
    ),
)
MODEL_CHOICE = Table(
    "model_choice",
    "model",
    "one row per candidate",
    ("model_code",),
    (
        Column("model_code", "code", "candidate", False, MODELS),
        Column("role_code", "code", "part it plays", False, tuple(dict.fromkeys(ROLES.values()))),
        Column("feature_code", "text", "the one feature of a simple rule", True),
        Column("n_defaulters", "int", "customers in default, development sample"),
        Column("n_test_defaulters", "int", "customers in default, out of time"),
        Column("auc", "float", "area under the ROC curve, out of time", True),
        Column("auc_low", "float", "lower 95 % bound, customers resampled", True),
        Column("auc_high", "float", "upper 95 % bound, customers resampled", True),
        Column("auc_gain", "float", "AUC minus AUC of the simple rule, out of time", True),
        Column("auc_gain_low", "float", "lower 95 % bound, customers resampled", True),
        Column("auc_gain_high", "float", "upper 95 % bound, customers resampled", True),
        Column("champion_gain", "float", "AUC of the champion minus AUC of the candidate, out of time", True),
        Column("champion_gain_low", "float", "lower 95 % bound, customers resampled", True),
        Column("champion_gain_high", "float", "upper 95 % bound, customers resampled", True),
        Column("brier", "float", "Brier score, out of time", True),
        Column("log_loss", "float", "log loss, out of time", True),
        Column("is_rule", "bool", "the simple rule that the champion must beat"),
        Column("is_chosen", "bool", "gives the PDs of the run"),
        Column("reason_code", "code", "why it is chosen or not", False, REASONS),
    ),
)
MODEL_PARTS = Table(
    "model_parts",
    "model",
    "one row per part of the accepted model; empty where none is accepted",
    ("part_code",),
    (
        Column("part_code", "code", "part", False, ("lightgbm_text", "calibration", "features")),
        Column("content", "text", "text of the part"),
    ),
)
MODEL_TABLES = (
    SCORES,
    SCORED,
    RATING_HISTORY,
    MODEL_CHOICE,
    MODEL_PARTS,
    GRADE_SCALE,
    GRADE_QUALITY,
    GRADE_ESTIMATES,
    CALIBRATION_METHODS,
    PD_LEVELS,
    PD_TERM_STRUCTURE,
    SCORECARD_POINTS,
    TUNING_TRIALS,
    LEAD_TIMES,
    EXTERNAL_SCALES,
    DOWNGRADES,
    *EXPERT_TABLES,
)
