"""Tables of the stage validation."""

from riskresearch.base.schema import Column, Table
from riskresearch.validation.registry import AREAS, AXES, REASONS, Verdict

SAMPLES = ("development", "out_of_time", "scoring")
"""Samples the battery is run on: what the model learnt from, what came after, the customers of the date."""

MEASURES = Table(
    "measures",
    "validation",
    "one row per model, sample, part of the sample and measure",
    ("model_code", "sample_code", "axis_code", "part_code", "measure_code"),
    (
        Column("model_code", "text", "model that is judged"),
        Column("sample_code", "code", "rows it is judged on", False, SAMPLES),
        Column("axis_code", "code", "what the sample is divided by; all: the whole", False, AXES),
        Column("part_code", "text", "part of the sample, or all"),
        Column("measure_code", "text", "measure, see docs/dictionary.md"),
        Column("value", "float", "value", True),
        Column("value_low", "float", "lower bound of the interval", True),
        Column("value_high", "float", "upper bound of the interval", True),
        Column("value_shrunk", "float", "value drawn towards the whole by empirical Bayes, segments only", True),
        Column("p_adjusted", "float", "p-value adjusted for the number of parts (Holm)", True),
        Column("n_rows", "int", "rows"),
        Column("n_defaults", "int", "defaults; empty where outcomes are not known", True),
        Column("verdict_code", "code", "verdict by the company's own thresholds", False, tuple(Verdict)),
        Column("reason_code", "code", "why it cannot be computed", True, REASONS),
    ),
)
MEASURE_DICTIONARY = Table(
    "measure_dictionary",
    "validation",
    "one row per measure of the battery",
    ("measure_code",),
    (
        Column("measure_code", "text", "measure"),
        Column("area_code", "code", "question that it helps to answer", False, AREAS),
        Column("label_en", "text", "label, English"),
        Column("label_fr", "text", "label, French"),
        Column("definition", "text", "definition, English"),
        Column("source", "text", "where the definition comes from"),
        Column("direction_code", "int", "+1 higher is better, -1 lower is better, 0 neither"),
        Column("value_least", "float", "smallest possible value; empty: none", True),
        Column("value_most", "float", "largest possible value; empty: none", True),
        Column("rows_code", "code", "all rows, or one date so that outcomes do not overlap", False, ("all", "cohort")),
        Column("threshold_green", "float", "limit between green and amber, the company's own", True),
        Column("threshold_amber", "float", "limit between amber and red, the company's own", True),
    ),
)
