"""Tables of the stage validation small enough to read: one model in use, its rule and one challenger."""

from pandas import DataFrame, Timestamp

from riskresearch.validation.dictionary import measure_dictionary
from riskresearch.validation.settings import ValidationSettings

MODEL, RULE, RIVAL = "lightgbm", "late_rate", "logistic"
HOSTILE = "<script>alert(1)</script>"
FIRST, LAST, TODAY = Timestamp("2024-04-30"), Timestamp("2024-12-31"), Timestamp("2025-12-31")
GRADES = {"B": (120, 1, 0.01), "C": (80, 6, 0.05), "E": (20, 4, 0.3)}

WHOLE = {
    "auc": (0.81, 0.7, 0.9, "green", None),
    "gini": (0.62, 0.4, 0.8, "information", None),
    "auc_gain_over_rule": (0.06, -0.01, 0.13, "amber", None),
    "auc_gain_over_rule_p": (0.00004, None, None, "information", None),
    "observed_to_expected": (1.4, 1.1, 1.9, "amber", None),
    "jeffreys": (0.004, None, None, "red", None),
    "binomial": (0.0451, None, None, "amber", None),
    "traffic_light": (0.9, None, None, "green", None),
    "calibration_slope": (1.2, 0.8, 1.6, "green", None),
    "normal_multi_year": (None, None, None, "not_computable", "too_few_years"),
    "brier": (0.04567, 0.03, 0.06, "information", None),
    "brier_skill": (None, None, None, "not_computable", "no_default"),
    "psi": (0.084, None, None, "green", None),
    "net_benefit": (0.0069, 0.0026, 0.0121, "information", None),
    "net_benefit_gain": (0.0069, 0.0026, 0.0121, "green", None),
    "expected_maximum_profit": (0.0042, 0.001, 0.0089, "information", None),
    "emp_rejected_ratio": (0.016, 0.004, 0.032, "information", None),
    "best_cut_off": (0.166, 0.147, 0.271, "information", None),
    "grade_heterogeneity": (0.3, None, None, "amber", None),
}
NOW = {
    "psi": (0.31, None, None, "red", None),
    "migration_upper": (0.24, 0.2, 0.3, "information", None),
    "migration_lower": (0.18, 0.1, 0.2, "information", None),
    "matrix_stability": (0.62, None, None, "green", None),
}
PARTS = {
    ("quarter", "2024Q2"): {"auc": (0.83, 0.7, 0.92, "green", None), "psi": (0.02, None, None, "green", None)},
    ("quarter", "2024Q3"): {
        "auc": (0.78, 0.65, 0.9, "green", None),
        "observed_to_expected": (0.8, 0.4, 1.3, "green", None),
        "psi": (0.12, None, None, "red", None),
    },
    ("quarter", "2024Q4"): {"auc": (None, None, None, "not_computable", "no_default")},
    ("sector", "trade"): {
        "auc": (0.85, 0.7, 0.95, "green", None),
        "observed_to_expected": (1.5, 0.5, 2.5, "green", None),
        "jeffreys": (0.2, None, None, "green", None),
    },
    ("sector", HOSTILE): {
        "auc": (0.6, None, None, "red", None),
        "observed_to_expected": (None, None, None, "not_computable", "no_default"),
        "jeffreys": (0.0004, None, None, "red", None),
    },
    ("grade", "B"): {"jeffreys": (0.4, None, None, "green", None)},
}
AREAS = {
    "discrimination": ("green", "all_green", None, 1, 0, 0),
    "comparison": ("amber", "whole_amber", "auc_gain_over_rule", 0, 1, 0),
    "accuracy": ("information", "information_only", None, 0, 0, 0),
    "calibration": ("red", "whole_red", "jeffreys", 3, 1, 1),
    "grades": ("amber", "whole_amber", "grade_heterogeneity", 1, 1, 0),
    "stability": ("not_computable", "no_test_sample", None, 0, 0, 0),
    "use": ("green", "all_green", None, 1, 0, 0),
    "all": ("red", "whole_red", "jeffreys", 6, 3, 1),
}


def validation_tables() -> dict[str, DataFrame]:
    return {
        "measures": measures(),
        "validation_summary": summary(),
        "validation_samples": samples(),
        "comparisons": comparisons(),
        "reliability": reliability(),
        "grade_pairs": grade_pairs(),
        "grade_migrations": migrations(),
        "stability_index": stability_index(),
        "curves": curves(),
        "measure_dictionary": measure_dictionary(ValidationSettings()),
        "sensitivities": sensitivities(),
        "window_dressing": window_dressing(),
    }


def measures() -> DataFrame:
    """Every measure of the battery on the whole, those not listed for information; a few on parts, some of others."""
    codes = measure_dictionary(ValidationSettings())["measure_code"]
    known = dict.fromkeys(codes, (0.5, 0.4, 0.6, "information", None)) | WHOLE
    rows = [(MODEL, "out_of_time", "all", "all", code, *found) for code, found in known.items()]
    rows += [(MODEL, "scoring", "all", "all", code, *found) for code, found in NOW.items()]
    rows += [(MODEL, "scoring", "quarter", "2025Q4", "psi", *NOW["psi"])]
    rows += [(MODEL, "development", "all", "all", "auc", 0.9, 0.88, 0.92, "green", None)]
    for (axis, part), of_part in PARTS.items():
        rows += [(MODEL, "out_of_time", axis, part, code, *found) for code, found in of_part.items()]
    for model, auc in ((RULE, 0.75), (RIVAL, 0.8)):
        rows += [(model, "out_of_time", "all", "all", "auc", auc, auc - 0.1, auc + 0.1, "green", None)]
    keys = ["model_code", "sample_code", "axis_code", "part_code", "measure_code"]
    frame = DataFrame(rows, columns=[*keys, "value", "value_low", "value_high", "verdict_code", "reason_code"])
    is_segment = frame["axis_code"].eq("sector") & frame["value"].notna()
    return frame.assign(
        value_shrunk=frame["value"].where(is_segment),
        p_adjusted=frame["value"].where(frame["measure_code"].eq("jeffreys")),
    ).assign(n_rows=220, n_defaults=11)


def summary() -> DataFrame:
    rows = [
        (MODEL, area, verdict, reason, worst, n_green, n_amber, n_red)
        for area, (verdict, reason, worst, n_green, n_amber, n_red) in AREAS.items()
    ]
    names = ["model_code", "area_code", "verdict_code", "reason_code", "worst_measure_code"]
    frame = DataFrame(rows, columns=[*names, "n_green", "n_amber", "n_red"])
    is_worst = frame["worst_measure_code"].notna()
    told = {"sample": "out_of_time", "axis": "all", "part": "all"}
    placed = {f"worst_{name}_code": [code if found else None for found in is_worst] for name, code in told.items()}
    return frame.assign(**placed, n_information=4, n_not_computable=1, n_parts=20, n_parts_red=2, n_parts_confirmed=0)


def samples() -> DataFrame:
    frame = DataFrame(
        {
            "model_code": [MODEL, MODEL, MODEL, RULE],
            "sample_code": ["development", "out_of_time", "scoring", "out_of_time"],
            "n_rows": [3317, 1955, 223, 1955],
            "n_customers": [266, 241, 223, 241],
            "n_dates": [15, 9, 1, 9],
            "first_date": [FIRST, FIRST, TODAY, FIRST],
            "last_date": [LAST, LAST, TODAY, LAST],
            "n_known_outcomes": [3317, 1955, 0, 1955],
            "n_defaults": [294, 127, None, 127],
            "n_defaulters": [42, 26, None, 26],
        }
    )
    return frame.assign(n_measures=45, n_computed=44, n_part_measures=100, n_part_computed=97)


def comparisons() -> DataFrame:
    return DataFrame(
        {
            "other_code": [RULE, RIVAL],
            "n_rows": 1955,
            "n_defaults": 127,
            "auc": 0.81,
            "other_auc": [0.75, 0.8],
            "auc_difference": [0.06, 0.01],
            "difference_low": [0.02, -0.04],
            "difference_high": [0.1, 0.06],
            "p_value": [0.00003, 0.4],
            "p_adjusted": [0.00006, 0.4],
            "brier_difference": [-0.007, 0.004],
        }
    )


def reliability() -> DataFrame:
    rows = [
        (grade, n, d, pd, d / n, max(d / n - 0.02, 0.0), d / n + 0.05, 0.3, 0.9) for grade, (n, d, pd) in GRADES.items()
    ]
    names = ["grade_code", "n_rows", "n_defaults", "pd_mean", "default_ratio", "default_low", "default_high"]
    frame = DataFrame(rows, columns=[*names, "p_jeffreys", "p_adjusted"])
    bounds = {
        f"{method}_{side}": frame[f"default_{side}"]
        for method in ("wilson", "clopper_pearson")
        for side in ("low", "high")
    }
    return frame.assign(**bounds)


def grade_pairs() -> DataFrame:
    return DataFrame(
        {
            "better_grade_code": ["B", "C"],
            "worse_grade_code": ["C", "E"],
            "n_rows_better": [120, 80],
            "n_rows_worse": [80, 20],
            "n_defaults_better": [1, 6],
            "n_defaults_worse": [6, 4],
            "default_ratio_better": [0.008, 0.075],
            "default_ratio_worse": [0.075, 0.2],
            "z": [2.5, 1.6],
            "p_two_proportion": [0.006, 0.05],
            "p_fisher": [0.01, 0.1],
            "p_adjusted": [0.02, 0.1],
            "p_inverse": [0.99, 0.97],
            "p_inverse_adjusted": [1.0, 1.0],
        }
    )


def migrations() -> DataFrame:
    counts = {"B": (100, 15, 5), "C": (20, 50, 10), "E": (0, 0, 0)}
    rows = [
        (before, after, n, n / sum(line) if sum(line) else None)
        for before, line in counts.items()
        for after, n in zip(counts, line, strict=True)
    ]
    frame = DataFrame(rows, columns=["grade_from", "grade_to", "n_moves", "move_ratio"])
    is_tested = (frame["grade_from"] != frame["grade_to"]) & frame["move_ratio"].notna()
    reason = [
        "diagonal" if a == b else "too_few_customers"
        for a, b in zip(frame["grade_from"], frame["grade_to"], strict=True)
    ]
    return frame.assign(
        z_value=frame["move_ratio"].where(is_tested),
        p_value=frame["move_ratio"].where(is_tested),
        p_adjusted=frame["move_ratio"].where(is_tested),
        reason_code=DataFrame({"reason": reason})["reason"].where(~is_tested),
    )


def stability_index() -> DataFrame:
    frame = DataFrame(
        {
            "feature_code": ["late_ratio_12m", "late_ratio_12m", "relationship_months", "rating_ratio"],
            "comparison_code": ["out_of_time", "scoring", "scoring", "scoring"],
            "value": [0.05, 0.07, 1.9, None],
            "critical_value_95": [0.14, 0.15, 0.15, None],
            "p_value": [0.6, 0.5, 0.0, None],
            "p_adjusted": [1.0, 1.0, 0.0, None],
            "n_bins": [11, 11, 11, 1],
            "verdict_code": ["green", "green", "red", "not_computable"],
            "reason_code": [None, None, None, "one_bin"],
        }
    )
    return frame.assign(n_initial=266, n_current=223, missing_initial_ratio=0.01, missing_current_ratio=0.02)


def curves() -> DataFrame:
    points = {
        "roc": [(0.0, 0.0), (0.1, 0.5), (1.0, 1.0)],
        "cap": [(0.0, 0.0), (0.2, 0.5), (1.0, 1.0)],
        "net_benefit": [(0.0, 0.06), (0.2, 0.02), (0.5, 0.0)],
        "net_benefit_none": [(0.0, 0.06), (0.2, -0.17), (0.5, -0.9)],
    }
    rows = [
        (curve, model, point, x, y if model == MODEL else y * 0.9)
        for curve, line in points.items()
        for model in (MODEL, RULE)
        for point, (x, y) in enumerate(line)
    ]
    return DataFrame(rows, columns=["curve_code", "model_code", "point", "x", "y"])


def sensitivities() -> DataFrame:
    subjects = {
        "notch_up": ["late_ratio_12m", "rating_ratio"],
        "notch_down": ["late_ratio_12m"],
        "family_missing": ["accounts", "delay"],
        "stale": ["1", "2"],
    }
    rows = [
        (s, subject, sample)
        for s, many in subjects.items()
        for subject in many
        for sample in ("out_of_time", "scoring")
    ]
    frame = DataFrame(rows, columns=["scenario_code", "subject_code", "sample_code"])
    is_test = frame["sample_code"] == "out_of_time"
    return frame.assign(
        direction_code=frame["scenario_code"].map({"notch_up": 1, "notch_down": 1}),
        n_rows=220,
        n_left_out=0,
        n_moved=120,
        grade_change_ratio=0.12,
        notches_mean=-0.13,
        log_odds_change_mean=-0.09,
        log_odds_change_mean_abs=0.1,
        log_odds_change_max_abs=1.04,
        pd_mean_before=0.07,
        pd_mean_after=0.065,
        auc_before=is_test.map({True: 0.78, False: None}),
        auc_after=is_test.map({True: 0.76, False: None}),
        auc_reason_code=is_test.map({True: "computed", False: "outcome_unknown"}),
        reason_code="computed",
    )


def window_dressing() -> DataFrame:
    return DataFrame(
        {
            "variant_code": ["one_item", "pay_all_overdue"],
            "n_customers": 38,
            "n_improved": [15, 20],
            "improved_ratio": [15 / 38, 20 / 38],
            "n_worse": 0,
            "notches_mean": [-0.39, -0.55],
            "n_notches_best": [-1, -2],
            "pd_change_mean": [-0.035, -0.04],
            "paid_amount": [138_919.62, 257_152.5],
            "paid_open_ratio": [0.2, 0.38],
            "improved_paid_amount": [29_534.1, 139_811.76],
            "improved_paid_open_ratio": [0.47, 0.51],
            "smallest_paid_amount": 559.36,
            "smallest_customer_id": HOSTILE,
        }
    )
