"""Tables of the receipts forecast and its backtest."""

from riskresearch.base.schema import Column, Table

SCOPES = ("week", "first_weeks")
OUTCOMES = ("received_in_weeks", "received_later", "no_cash", "lost", "open_after_a_year")
ITEM_MEASURES = (
    "pay_date_mae_days",
    "pay_date_median_error_days",
    "concordance_30d_ratio",
    "brier_30d",
    "integrated_brier",
    "paid_30d_expected_ratio",
    "paid_30d_observed_ratio",
)
REASONS = ("model_beats_rule", "not_certain", "rule_not_beaten", "too_few_origins", "too_few_receipts")

_METHOD = Column("method_code", "text", "method of the forecast")
_LEVELS = tuple(
    Column(
        f"{end}_{level}", "float", f"{word} end of the {level} % interval, run currency; empty = cannot be told", True
    )
    for level in (80, 95)
    for end, word in (("low", "lower"), ("high", "upper"))
)

RECEIPTS_FORECAST = Table(
    "receipts_forecast",
    "behaviour",
    "one row per method and week ahead, items open on the last day that counts",
    ("method_code", "horizon_weeks"),
    (
        _METHOD,
        Column("week_start_date", "date", "first day of the week"),
        Column("horizon_weeks", "int", "weeks ahead, 1 = the next seven days"),
        Column("expected_amount", "float", "receipts expected in the week, run currency"),
        *_LEVELS,
    ),
)
RECEIPTS_OUTCOMES = Table(
    "receipts_outcomes",
    "behaviour",
    "one row per method and outcome; the amounts of a method add up to the open amount",
    ("method_code", "outcome_code"),
    (
        _METHOD,
        Column("outcome_code", "code", "what becomes of the open amount within a year", False, OUTCOMES),
        Column("expected_amount", "float", "amount expected, run currency"),
        Column("overdue_amount", "float", "part of it on items overdue on the last day that counts, run currency"),
    ),
)
FORECAST_ORIGINS = Table(
    "forecast_origins",
    "behaviour",
    "one row per method, origin and week: foreseen then, received since",
    ("method_code", "origin_date", "horizon_weeks"),
    (
        _METHOD,
        Column("origin_date", "date", "day on whose evening the forecast was made, with what was known then"),
        Column("horizon_weeks", "int", "weeks ahead"),
        Column("open_amount", "float", "open amount on the origin, run currency"),
        Column("expected_amount", "float", "receipts expected in the week on these items, run currency"),
        Column("actual_amount", "float", "receipts of the week on these items, run currency"),
        *_LEVELS,
    ),
)
FORECAST_BACKTEST = Table(
    "forecast_backtest",
    "behaviour",
    "one row per method, scope and horizon, all origins together",
    ("method_code", "scope_code", "horizon_weeks"),
    (
        _METHOD,
        Column("scope_code", "code", "that week alone, or all weeks up to it, each counted alone", False, SCOPES),
        Column("horizon_weeks", "int", "weeks ahead"),
        Column("n_origins", "int", "origins"),
        Column("actual_amount", "float", "receipts, run currency"),
        Column("wape_ratio", "float", "sum of absolute errors over receipts", True),
        Column("bias_ratio", "float", "forecast less receipts, over receipts", True),
        Column("n_intervals", "int", "weeks with an interval"),
        Column("coverage_80_ratio", "float", "share of these weeks within the 80 % interval", True),
        Column("coverage_95_ratio", "float", "share of these weeks within the 95 % interval", True),
        Column("pinball_ratio", "float", "mean pinball loss of the five levels, over receipts, same weeks", True),
    ),
)
FORECAST_ITEMS = Table(
    "forecast_items",
    "behaviour",
    "one row per method and measure, open items of all origins",
    ("method_code", "measure_code"),
    (
        _METHOD,
        Column("measure_code", "code", "measure of the forecast of single items", False, ITEM_MEASURES),
        Column("value", "float", "value", True),
        Column("n_items", "int", "items of all origins it rests on"),
    ),
)
FORECAST_CALIBRATION = Table(
    "forecast_calibration",
    "behaviour",
    "one row per model and tenth of the items by foreseen chance of payment within 30 days",
    ("method_code", "tenth_number"),
    (
        _METHOD,
        Column("tenth_number", "int", "1 = lowest chances"),
        Column("n_items", "int", "items"),
        Column("expected_ratio", "float", "mean foreseen chance of payment within 30 days"),
        Column("observed_ratio", "float", "share paid within 30 days"),
    ),
)
FORECAST_CHOICE = Table(
    "forecast_choice",
    "behaviour",
    "one row: the method to use",
    ("chosen_method_code",),
    (
        Column("chosen_method_code", "text", "method to use; none = no forecast"),
        Column("reason_code", "code", "why", False, REASONS),
        Column("rule_code", "text", "best rule: least error over the first four weeks", True),
        Column("model_code", "text", "best model, same measure", True),
        Column("rule_wape_ratio", "float", "its sum of absolute weekly errors over receipts, weeks 1 to 4", True),
        Column("model_wape_ratio", "float", "that of the model", True),
        Column("difference_ratio", "float", "model less rule", True),
        Column("difference_low_ratio", "float", "lower end of its 95 % interval, origins drawn anew", True),
        Column("difference_high_ratio", "float", "upper end of its 95 % interval", True),
        Column("n_origins", "int", "origins of the backtest"),
    ),
)
FORECAST_TABLES = (
    RECEIPTS_FORECAST,
    RECEIPTS_OUTCOMES,
    FORECAST_ORIGINS,
    FORECAST_BACKTEST,
    FORECAST_ITEMS,
    FORECAST_CALIBRATION,
    FORECAST_CHOICE,
)
