"""Example tables of the stage model beside `scored` and `model_choice`, small enough to read, by hand."""

from collections.abc import Sequence

from pandas import DataFrame, Timestamp

NOW = Timestamp("2025-12-31")
LETTERS = ("A", "B", "C", "D", "E", "F", "G", "H")
UPPER = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1.0)
ENGLISH = ("excellent", "good", "fair", "moderate", "fragile", "weak", "very weak", "critical")
FRENCH = ("excellente", "bonne", "correcte", "moyenne", "fragile", "faible", "très faible", "critique")
SOURCES = ("behaviour", "accounts", "external", "questionnaire", "prior")


def default_model_tables(customers: Sequence[str]) -> dict[str, DataFrame]:
    """Return levels, grades, months ahead, points, calibration and expert ratings; the last customer is in default."""
    return {
        "grade_scale": grade_scale(),
        "grade_quality": grade_quality(),
        "grade_estimates": grade_estimates(),
        "pd_levels": pd_levels(),
        "pd_term_structure": pd_term_structure(customers),
        "scorecard_points": scorecard_points(),
        "calibration_methods": calibration_methods(),
        "expert_ratings": expert_ratings(customers[:4]),
        "weight_sensitivity": weight_sensitivity(),
    }


def grade_scale() -> DataFrame:
    segments = ["reliable", "reliable", "to_watch", "to_watch", "risky", "risky", "risky", "risky"]
    return DataFrame(
        {
            "grade_code": [*LETTERS, "X"],
            "pd_low": [0.0, *UPPER],
            "pd_high": [*UPPER, 1.0],
            "segment_code": [*segments, "defaulted"],
            "label_en": [*ENGLISH, "in default"],
            "label_fr": [*FRENCH, "en défaut"],
        }
    )


def grade_quality() -> DataFrame:
    """Four customers; grade D holds half of them and defaulted less often than C."""
    frame = DataFrame({"grade_code": LETTERS, "n_customers": [0, 1, 0, 2, 0, 0, 1, 0]})
    return frame.assign(
        share_ratio=frame["n_customers"] / 4,
        expected_defaults=[0.0, 0.007, 0.0, 0.06, 0.0, 0.0, 0.25, 0.0],
        n_rows=[0, 40, 50, 60, 30, 20, 10, 0],
        n_defaulters=[0, 0, 2, 1, 2, 3, 4, 0],
        pd_mean=[None, 0.007, 0.015, 0.03, 0.06, 0.11, 0.25, None],
        default_ratio=[None, 0.0, 0.04, 1 / 60, 1 / 15, 0.15, 0.4, None],
        is_inverted=frame["grade_code"] == "D",
        is_concentrated=frame["grade_code"] == "D",
        has_few_expected_defaults=True,
        flag_code=[
            "empty",
            "few_expected_defaults",
            "empty",
            "inverted",
            "empty",
            "empty",
            *["few_expected_defaults"] * 2,
        ],
    )


def grade_estimates() -> DataFrame:
    frame = DataFrame({"grade_code": LETTERS, "n_rows": [0, 20, 25, 30, 15, 10, 5, 0]})
    defaults = [0, 0, 1, 0, 1, 1, 2, 0]
    bounds = {f"pd_upper_{level}": [0.08, 0.08, 0.09, 0.1, 0.2, 0.4, 0.7, None] for level in (50, 75, 90, 95)}
    return frame.assign(
        n_defaults=defaults,
        default_ratio=[None, 0.0, 0.04, 0.0, 1 / 15, 0.1, 0.4, None],
        pd_mean=[None, 0.007, 0.015, 0.03, 0.06, 0.11, 0.25, None],
        n_rows_or_worse=[105, 105, 85, 60, 30, 15, 5, 0],
        n_defaults_or_worse=[5, 5, 5, 4, 4, 3, 2, 0],
        pd_bayes=0.1,
        pd_bayes_own=0.05,
        **bounds,
    )


def pd_levels() -> DataFrame:
    levels = {
        "mean_pd_model": (0.042, "ratio"),
        "long_run": (0.05, "ratio"),
        "latest_year": (0.03, "ratio"),
        "level_shift": (0.18, "log_odds"),
        "mean_pd": (0.05, "ratio"),
        "cycle_factor": (0.6, "sigmas"),
        "mean_pd_point_in_time": (0.033, "ratio"),
        "mean_pd_with_margin": (0.07, "ratio"),
    }
    rows = [(code, value, unit, 4) for code, (value, unit) in levels.items()]
    return DataFrame(rows, columns=["level_code", "value", "unit_code", "n_years"])


def pd_term_structure(customers: Sequence[str]) -> DataFrame:
    """Three months, twice the PD of the first month in the second and three times in the third."""
    first = (0.0024, 0.01, 0.02, 0.08)
    rows = [(customer, k, pd * k, pd, pd) for customer, pd in zip(customers[:4], first, strict=True) for k in (1, 2, 3)]
    frame = DataFrame(rows, columns=["customer_id", "horizon_months", "pd_cumulative", "pd_marginal", "hazard"])
    return frame.assign(observation_date=NOW, shape_code="hazard")


def scorecard_points() -> DataFrame:
    """Two features; the second tells more."""
    rows = [
        ("tenure_months", 1, "values", 200, 20, 30.0, 0.05),
        ("tenure_months", 2, "values", 300, 10, 45.0, 0.05),
        ("late_ratio_12m", 1, "values", 250, 5, 60.0, 0.2),
        ("late_ratio_12m", 2, "values", 200, 22, 31.0, 0.2),
        ("late_ratio_12m", 3, "missing", 50, 3, 40.0, 0.01),
    ]
    columns = ["feature_code", "bin_number", "bin_code", "n_rows", "n_defaults", "points", "iv"]
    frame = DataFrame(rows, columns=columns)
    return frame.assign(bin_interval="[0, 1)", default_ratio=frame["n_defaults"] / frame["n_rows"], woe=0.1)


def calibration_methods() -> DataFrame:
    return DataFrame(
        {
            "calibration_code": ["none", "shift", "platt", "isotonic"],
            "slope": [1.0, 1.0, 1.1, None],
            "intercept": [0.0, 0.1, 0.2, None],
            "n_rows": 400,
            "n_customers": 200,
            "n_defaulters": 40,
            "log_loss": [0.25, 0.251, 0.252, 0.29],
            "is_chosen": [True, False, False, False],
            "reason_code": ["level_holds", "level_holds", "slope_not_certain", "diagnosis_only"],
        }
    )


def expert_ratings(customers: Sequence[str]) -> DataFrame:
    """Four customers with 40, 30, 6 and no month of history; the less of it, the more weighs the prior."""
    shares = {
        "behaviour": [0.5, 0.4, 0.2, 0.0],
        "accounts": [0.2, 0.2, 0.2, 0.1],
        "external": [0.1, 0.1, 0.1, 0.0],
        "questionnaire": [0.1, 0.1, 0.1, 0.1],
        "prior": [0.1, 0.2, 0.4, 0.8],
    }
    return DataFrame({"customer_id": list(customers)}).assign(
        observation_date=NOW,
        customer_status_code=["active", "active", "active", "prospect"],
        n_months_history=[40, 30, 6, 0],
        pd_behaviour=[0.01, 0.03, 0.05, None],
        is_default_rated=False,
        answered_ratio=0.5,
        n_answers=3,
        pd_blend=0.02,
        pd_12m=[0.01, 0.02, 0.03, 0.02],
        conflict_code="none",
        gate_code="pass",
        gate_reason_code="all_checks_passed",
        **{f"{name}_share_ratio": values for name, values in shares.items()},
    )


def weight_sensitivity() -> DataFrame:
    rows = [
        (level, code, way, 0.2, 0.25 if way == "up" else 0.15, 4, 1 if code == "behaviour" else 0)
        for level, codes in (("source", SOURCES), ("item", ("market",)))
        for code in codes
        for way in ("up", "down")
    ]
    columns = ["weight_level_code", "rating_weight_code", "move_direction_code", "weight_ratio", "moved_weight_ratio"]
    frame = DataFrame(rows, columns=[*columns, "n_customers", "n_grades_changed"])
    return frame.assign(grades_changed_ratio=frame["n_grades_changed"] / frame["n_customers"])
