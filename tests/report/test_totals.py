"""Counts and sums on the page agree with their tables."""

import pytest
from pandas import DataFrame, Timestamp

from riskresearch.report import totals


def test_segments_come_best_first_and_lose_nothing(tables: dict[str, DataFrame]) -> None:
    limits = tables["credit_limits"]
    rows = totals.limits_by_segment(limits)
    assert rows["segment_code"].tolist() == ["reliable", "to_watch", "risky", "defaulted"]
    assert rows["n_customers"].tolist() == [1, 1, 2, 1]
    assert rows["open_amount"].sum() == pytest.approx(limits["open_amount"].sum())
    assert rows["n_over_limit"].sum() == 3


def test_a_segment_without_limits_in_force_has_none_not_zero(tables: dict[str, DataFrame]) -> None:
    rows = totals.limits_by_segment(tables["credit_limits"]).set_index("segment_code")
    assert rows["current_limit_amount"].isna().to_dict() == {
        "reliable": False,
        "to_watch": True,
        "risky": False,
        "defaulted": False,
    }


def test_grades_add_up(tables: dict[str, DataFrame]) -> None:
    rows = totals.by_grade(tables["credit_limits"])
    assert rows["grade_code"].tolist() == ["B", "D", "E", "G", "X"]
    assert rows["n_customers"].sum() == 5


def test_customers_at_stake_leave_defaults_out(tables: dict[str, DataFrame]) -> None:
    top = totals.riskiest(tables["credit_limits"], n_customers=3)
    assert top["grade_code"].tolist() == ["G", "E", "D"]


def test_a_saving_is_indemnity_minus_cost(tables: dict[str, DataFrame]) -> None:
    difference, error = totals.saving(tables["quotes"], "whole_turnover")
    assert (difference, error) == (pytest.approx(60_000 - 40_000 - 2_000 - 3_780), 1_000.0)


def test_dates_a_year_apart_are_found_within_three_days(tables: dict[str, DataFrame]) -> None:
    days, kpis = tables["kpis"]["observation_date"], tables["kpis"]
    assert totals.year_earlier(kpis)["value"].tolist() == kpis[days == Timestamp("2024-12-31")]["value"].tolist() != []
    assert totals.year_earlier(kpis[days > Timestamp("2025-01-01")]).empty
