"""Orders, counts and sums behind the chapter on reasons."""

import numpy as np
import pandas as pd
import pytest
from explanation_tables import BASE, SCORES, explanation_tables
from pandas import DataFrame

from riskresearch.report.explained import (
    best_improvements,
    customer_parts,
    distinct_improvements,
    driver_records,
    grades_bettered,
    group_records,
    last_comparison,
    moved_most,
)

CUSTOMERS = ["C1", "C2", "C3", "C4", "C5"]


@pytest.fixture
def tables() -> dict[str, DataFrame]:
    return explanation_tables(CUSTOMERS)


def parts(tables: dict[str, DataFrame], customer: str, **changes: int) -> DataFrame:
    frames = (tables[name] for name in ("contributions", "drivers", "score_changes"))
    return customer_parts(*frames, customer_id=customer, **{"n_parts": 8, **changes}).set_index("group_code")


@pytest.mark.parametrize("n_parts", [1, 2, 3, 4, 8])
def test_the_parts_of_a_customer_always_add_up(tables: dict[str, DataFrame], n_parts: int) -> None:
    for customer, score in zip(CUSTOMERS[:4], SCORES, strict=True):
        told = parts(tables, customer, n_parts=n_parts)
        assert BASE + told["contribution"].sum() == pytest.approx(score, abs=1e-12)
    assert parts(tables, "C1", n_parts=n_parts)["change"].sum() == pytest.approx(0.2, abs=1e-12)
    assert (parts(tables, "C2", n_parts=n_parts)["change"] == 0).all()


def test_features_of_a_group_are_one_part_named_by_what_adds_most(tables: dict[str, DataFrame]) -> None:
    told = parts(tables, "C1")
    assert list(told.index) == [
        *("net_worth_ratio", "days_late_mean_3m", "overdue_30_ratio", "tenure_months", "open_to_sales_months")
    ]
    assert told.loc["days_late_mean_3m", "contribution"] == pytest.approx(0.85)
    assert told.loc["days_late_mean_3m", "n_features"] == 2
    assert told.loc["days_late_mean_3m", "change"] == pytest.approx(0.3)
    swapped = tables["contributions"].copy()
    swapped["contribution"] = swapped["contribution"].where(swapped["feature_code"] != "late_ratio_12m", 3.0)
    assert (
        parts({**tables, "contributions": swapped}, "C1").loc["days_late_mean_3m", "feature_code"] == "late_ratio_12m"
    )


def test_a_group_that_lowers_is_named_by_what_lowers_most(tables: dict[str, DataFrame]) -> None:
    lower = tables["contributions"].copy()
    lower["contribution"] = lower["contribution"].where(lower["feature_code"] != "late_ratio_12m", -3.0)
    assert parts({**tables, "contributions": lower}, "C1").loc["days_late_mean_3m", "feature_code"] == "late_ratio_12m"


def test_what_is_not_told_is_one_part_and_what_changed_is_told(tables: dict[str, DataFrame]) -> None:
    changed = tables["score_changes"].assign(feature_code=["open_to_sales_months", "gone"], log_odds_change=[0.5, -0.9])
    told = parts({**tables, "score_changes": changed}, "C1", n_parts=3)
    assert set(told.index) == {"net_worth_ratio", "open_to_sales_months", "gone", "other"}
    assert told.loc["gone", ["contribution", "change"]].tolist() == [0.0, -0.9]
    assert told.loc["other", "n_features"] == 3
    assert told.index[-1] == "other"


def test_a_customer_that_is_not_taken_apart_has_no_parts(tables: dict[str, DataFrame]) -> None:
    assert parts(tables, "C5").empty
    none = {name: frame.head(0) for name, frame in tables.items()}
    assert parts(none, "C1").empty
    only = {**none, "contributions": tables["contributions"]}
    assert len(parts(only, "C1")) == 6


def test_drivers_are_counted_period_by_period(tables: dict[str, DataFrame]) -> None:
    records = driver_records(tables["drivers"], tables["driver_stability"], n_drivers=4).set_index("feature_code")
    assert list(records.index) == ["days_late_mean_3m", "overdue_30_ratio", "tenure_months", "sales_trend_ratio_3m"]
    assert list(records["effect_code"]) == ["raises", "raises", "lowers", "mixed"]
    assert records.loc["tenure_months", ["n_same_effect", "n_periods"]].tolist() == [1, 2]
    assert records.loc["overdue_30_ratio", ["rank_best", "rank_worst"]].tolist() == [1, 2]
    assert records.loc["sales_trend_ratio_3m", ["n_same_effect", "n_periods"]].tolist() == [0, 0]
    assert np.isnan(records.loc["sales_trend_ratio_3m", "rank_best"])


def test_groups_name_their_other_members(tables: dict[str, DataFrame]) -> None:
    records = group_records(tables["drivers"], tables["driver_groups"], n_groups=2)
    assert records["members"].tolist() == [["late_ratio_12m"], []]


def test_the_cheapest_payment_that_betters_the_grade_is_kept(tables: dict[str, DataFrame]) -> None:
    best = best_improvements(tables["improvements"]).set_index("customer_id")
    assert best["paid_amount"].to_dict() == {"C2": 12_000.0, "C4": 500.0}
    assert list(grades_bettered(tables["improvements"])["customer_id"]) == ["C2"]
    assert grades_bettered(tables["improvements"].head(0)).empty


def test_one_payment_under_several_names_is_told_once(tables: dict[str, DataFrame]) -> None:
    told = distinct_improvements(tables["improvements"])
    assert told.groupby("customer_id").size().to_dict() == {"C2": 2, "C3": 1, "C4": 1}


def test_changes_since_a_run_come_before_those_since_a_date(tables: dict[str, DataFrame]) -> None:
    changes = tables["customer_changes"]
    assert len(last_comparison(changes)) == 5
    run = changes.head(2).assign(comparison_code="previous_run")
    assert set(last_comparison(pd.concat([changes, run]))["comparison_code"]) == {"previous_run"}


def test_moved_grades_stand_widest_first(tables: dict[str, DataFrame]) -> None:
    changes = tables["customer_changes"].assign(n_notches=[0, 1, 0, -2, None])
    assert list(moved_most(changes)["customer_id"]) == ["C4", "C2"]
