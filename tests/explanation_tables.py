"""Example tables of the stage explanation, small enough to read, by hand; parts add up as those of a run."""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame, Timestamp

NOW, BEFORE = Timestamp("2025-12-31"), Timestamp("2025-11-30")
BASE = -3.2
SCORES = (-4.9, -3.5, -2.8, -1.1)
PARTS = {
    "days_late_mean_3m": (38.0, 0.8),
    "overdue_30_ratio": (0.4, 0.5),
    "open_to_sales_months": (2.5, 0.1),
    "tenure_months": (80.0, -0.3),
    "late_ratio_12m": (None, 0.05),
}
SHARES = {
    "days_late_mean_3m": (0.47, 0.9),
    "overdue_30_ratio": (0.3, 0.8),
    "tenure_months": (0.13, -0.9),
    "sales_trend_ratio_3m": (0.06, None),
    "late_ratio_12m": (0.04, 0.1),
}
ITEM = "I<0123>"


def explanation_tables(customers: Sequence[str]) -> dict[str, DataFrame]:
    """Return the tables of the stage, those on sensitivity aside; the last of the five customers is in default."""
    return {
        "contributions": contributions(customers[:4]),
        "reasons": reasons(customers),
        "drivers": drivers(),
        "driver_groups": driver_groups(),
        "driver_families": driver_families(),
        "driver_stability": driver_stability(),
        "driver_periods": driver_periods(),
        "dependence": dependence(),
        "interactions": interactions(),
        "score_changes": score_changes(customers),
        "customer_changes": customer_changes(customers),
        "disagreements": disagreements(customers),
        "improvements": improvements(customers),
    }


def contributions(customers: Sequence[str]) -> DataFrame:
    """Five features alike for all; the net worth makes the difference to the score."""
    rows = []
    for customer, score in zip(customers, SCORES, strict=True):
        rest = score - BASE - sum(part for _, part in PARTS.values())
        parts = {**PARTS, "net_worth_ratio": (0.2, rest)}
        rows += [(customer, code, value, part) for code, (value, part) in parts.items()]
    frame = DataFrame(rows, columns=["customer_id", "feature_code", "feature_value", "contribution"])
    return frame.assign(reason_scope_code="model", base=BASE)


def reasons(customers: Sequence[str]) -> DataFrame:
    """The first customer is told against its sector, the others against all; the fourth was not seen before."""
    told = contributions(customers[:4]).drop(columns="base").query("contribution > 0.06").reset_index(drop=True)
    is_first = told["customer_id"] == customers[0]
    is_new = told["customer_id"] == customers[3]
    told = told.assign(
        rank=told.groupby("customer_id")["contribution"].rank(ascending=False).astype(int),
        group_code=told["feature_code"],
        pd_points=told["contribution"] * 0.04,
        value_date=NOW,
        previous_value=(told["feature_value"] * 0.75).where(~is_new),
        previous_date=pd.Series(BEFORE, index=told.index).where(~is_new),
        comparison_code=pd.Series("portfolio", index=told.index).where(~is_first, "sector"),
        comparison_segment=pd.Series("construction", index=told.index).where(is_first),
        comparison_value=told["feature_value"] / 2,
        n_compared=12,
    )
    told = told.astype({"feature_value": float})
    lost = (told["customer_id"] == customers[1]) & (told["feature_code"] == "overdue_30_ratio")
    told.loc[lost, "feature_value"] = None
    untold = {"customer_id": [customers[4]], "rank": 0, "reason_scope_code": "none", "no_reason_code": "in_default"}
    return pd.concat([told, DataFrame(untold)], ignore_index=True)


def drivers() -> DataFrame:
    frame = DataFrame(
        [(code, share, effect) for code, (share, effect) in SHARES.items()],
        columns=["feature_code", "importance_ratio", "value_correlation"],
    )
    groups = {"late_ratio_12m": "days_late_mean_3m"}
    return frame.assign(
        group_code=frame["feature_code"].replace(groups),
        rank=range(1, 6),
        contribution_mean_abs=frame["importance_ratio"] * 1.7,
    )


def driver_groups() -> DataFrame:
    return DataFrame(
        {
            "group_code": ["days_late_mean_3m", "overdue_30_ratio", "tenure_months", "sales_trend_ratio_3m"],
            "family_code": ["delay", "ageing", "tenure", "sales"],
            "rank": [1, 2, 3, 4],
            "n_features": [2, 1, 1, 1],
            "contribution_mean_abs": [0.9, 0.51, 0.22, 0.1],
            "importance_ratio": [0.52, 0.29, 0.13, 0.06],
            "correlation_min_abs": [0.82, None, None, None],
        }
    )


def driver_families() -> DataFrame:
    return DataFrame(
        {
            "family_code": ["delay", "ageing", "tenure", "sales"],
            "rank": [1, 2, 3, 4],
            "n_features": [2, 1, 1, 1],
            "contribution_mean_abs": [0.9, 0.51, 0.22, 0.1],
            "importance_ratio": [0.52, 0.29, 0.13, 0.06],
        }
    )


def driver_stability() -> DataFrame:
    """Two quarters; the strongest two change places, the tenure changes its sign."""
    first = {"days_late_mean_3m": (0.35, 2, 0.8), "overdue_30_ratio": (0.4, 1, 0.7), "tenure_months": (0.25, 3, 0.4)}
    second = {"days_late_mean_3m": (0.5, 1, 0.9), "overdue_30_ratio": (0.3, 2, 0.8), "tenure_months": (0.2, 3, -0.9)}
    rows = [
        ("feature", code, period, share, share, rank, effect)
        for period, told in (("2025Q1", first), ("2025Q2", second))
        for code, (share, rank, effect) in told.items()
    ]
    columns = ["level_code", "driver_code", "period_code", "contribution_mean_abs", "importance_ratio", "rank"]
    return DataFrame(rows, columns=[*columns, "value_correlation"])


def driver_periods() -> DataFrame:
    return DataFrame(
        {
            "level_code": "feature",
            "period_code": ["2025Q1", "2025Q2"],
            "n_rows": [900, 930],
            "n_customers": [310, 320],
            "rank_correlation": [0.5, 1.0],
            "top_shared_ratio": [0.9, 1.0],
        }
    )


def dependence() -> DataFrame:
    return DataFrame(
        {
            "feature_code": ["days_late_mean_3m"] * 4 + ["overdue_30_ratio"] * 2,
            "bin_number": [0, 1, 2, 3, 1, 2],
            "bin_code": ["missing", *["values"] * 5],
            "value_low": [None, -5.0, 4.0, 20.0, 0.0, 1.0],
            "value_high": [None, 3.9, 19.9, 90.0, 0.0, 1.0],
            "n_rows": 100,
            "contribution_mean": [0.05, -0.4, 0.1, 0.6, -0.1, 0.3],
            "contribution_p10": [0.0, -0.5, 0.0, 0.4, -0.2, 0.1],
            "contribution_p90": [0.1, -0.2, 0.3, 0.8, 0.0, 0.5],
            "n_known": 80,
            "n_defaults": 4,
            "default_ratio": 0.05,
        }
    )


def interactions() -> DataFrame:
    return DataFrame(
        {
            "rank": [1],
            "feature_code": ["days_late_mean_3m"],
            "other_feature_code": ["tenure_months"],
            "interaction_mean_abs": [0.02],
            "interaction_max_abs": [0.2],
            "importance_ratio": [0.008],
            "n_rows": [200],
            "reason_code": ["computed"],
        }
    )


def score_changes(customers: Sequence[str]) -> DataFrame:
    """The first customer: later receipts raise its log-odds by 0.3, less overdue lowers it by 0.1."""
    return DataFrame(
        {
            "customer_id": customers[0],
            "comparison_code": "previous_date",
            "component_code": "feature",
            "feature_code": ["days_late_mean_3m", "overdue_30_ratio"],
            "value_before": [30.0, 0.5],
            "value_after": [38.0, 0.4],
            "contribution_before": [0.5, 0.6],
            "contribution_after": [0.8, 0.5],
            "log_odds_change": [0.3, -0.1],
        }
    )


def customer_changes(customers: Sequence[str]) -> DataFrame:
    return DataFrame(
        {
            "customer_id": customers,
            "comparison_code": "previous_date",
            "change_status_code": ["compared", "compared", "other_source", "compared", "into_default"],
            "date_before": BEFORE,
            "date_after": NOW,
            "source_before_code": ["lightgbm", "lightgbm", "cold_start", "lightgbm", "lightgbm"],
            "source_after_code": ["lightgbm"] * 4 + ["default"],
            "pd_before": [0.0060, 0.015, 0.05, 0.4, 0.2],
            "pd_after": [0.0072, 0.03, 0.06, 0.25, 1.0],
            "score_before": [-5.1, -4.2, -2.9, -0.4, -1.4],
            "score_after": [-4.9, -3.5, -2.8, -1.1, None],
            "grade_before": ["B", "C", "E", "H", "G"],
            "grade_after": ["B", "D", "E", "G", "X"],
            "n_notches": [0, 1, 0, -1, None],
            "log_odds_change": [0.2, 0.7, 0.1, -0.7, None],
            "data_part": [0.2, 0.7, 0.0, -0.7, None],
            "model_part": [0.0, 0.0, 0.0, 0.0, None],
            "floor_part": [0.0, 0.0, 0.0, 0.0, None],
            "whole_part": [0.0, 0.0, 0.1, 0.0, None],
            "up_feature_code": ["days_late_mean_3m", "overdue_30_ratio", None, None, None],
            "up_change": [0.3, 0.7, None, None, None],
            "down_feature_code": ["overdue_30_ratio", None, None, "days_late_mean_3m", None],
            "down_change": [-0.1, None, None, -0.7, None],
        }
    )


def disagreements(customers: Sequence[str]) -> DataFrame:
    return DataFrame(
        {
            "rank": [1, 2],
            "customer_id": [customers[3], customers[1]],
            "pd_source_code": "lightgbm",
            "pd_12m": [0.25, 0.03],
            "grade_code": ["G", "D"],
            "analyst_source_code": ["questionnaire", "expert_rating"],
            "n_answers": [5, 0],
            "pd_analyst": [0.03, 0.03],
            "grade_analyst": ["D", "D"],
            "n_notches": [3, 0],
            "notches_less_median": [1.5, -1.5],
            "prudence_code": ["model_riskier", "same"],
            "is_disagreement": [True, False],
            "exposure_amount": [150_000.0, None],
        }
    )


def improvements(customers: Sequence[str]) -> DataFrame:
    """The second customer betters its grade by one item or by all; the fourth does not; a prospect is not scored."""
    frame = DataFrame(
        {
            "customer_id": [customers[1]] * 3 + [customers[3]] * 2 + [customers[2]],
            "variant_code": [
                *("pay_all_overdue", "pay_largest_overdue", "pay_oldest_overdue"),
                *("pay_all_overdue", "pay_oldest_overdue", "pay_oldest_overdue"),
            ],
            "item_id": [None, ITEM, ITEM, "I7", "I7", "I9"],
            "n_items": [2, 1, 1, 1, 1, 1],
            "paid_amount": [20_000.0, 12_000.0, 12_000.0, 500.0, 500.0, 80.0],
            "paid_date": Timestamp("2025-12-30"),
            "open_amount": [3e5, 3e5, 3e5, 1.5e5, 1.5e5, 2e5],
            "pd_before": [0.03, 0.03, 0.03, 0.25, 0.25, None],
            "pd_after": [0.012, 0.018, 0.018, 0.2, 0.2, None],
            "grade_before": ["D", "D", "D", "G", "G", None],
            "grade_after": ["C", "C", "C", "G", "G", None],
            "n_notches": [-1, -1, -1, 0, 0, None],
            "is_grade_better": [True, True, True, False, False, None],
            "reason_code": [None] * 5 + ["not_by_model"],
        }
    )
    return frame.astype({"is_grade_better": "boolean"})
