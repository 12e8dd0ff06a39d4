"""Economics of a limit: worked cases, other ways to the same numbers, and what holds for all customers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limits.limit_applicants import applicants_of, policy_of

from riskresearch.base.schema import check
from riskresearch.limits.break_even import break_even_pd, break_even_pd_relation, order_pd
from riskresearch.limits.economics import LIMIT_ECONOMICS, limit_economics
from riskresearch.limits.losses import exposure_at_default, retained_loss, tail_pd, unexpected_loss_ratio
from riskresearch.limits.unit_value import UnitValue

TESTS = Path(__file__).parents[1]
CASES = yaml.safe_load((TESTS / "cases" / "limits" / "economics.yaml").read_text(encoding="utf-8"))
ORACLE = json.loads((TESTS / "oracles" / "limits_economics.json").read_text(encoding="utf-8"))


def _cases(part):
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES[part]])


@_cases("break_even")
def test_break_even_of_an_order(case):
    assert float(break_even_pd(**case["order"])) == pytest.approx(case["expected"], rel=1e-12)


@_cases("relation")
def test_break_even_of_a_relation(case):
    assert float(break_even_pd_relation(**case["order"], **case["months"])) == pytest.approx(
        case["expected"], rel=1e-12
    )


@_cases("unit_value")
def test_value_of_an_exposure(case):
    value, asked, expected = UnitValue(**case["terms"]), case["asked"], case["expected"]
    found = {
        "expected_loss": asked * value.expected_loss_ratio,
        "margin": asked * value.margin_ratio,
        "charge": asked * value.capital_ratio * value.capital_charge_ratio,
        "value": float(value.value_amount(asked)),
        "largest": float(value.largest_amount(asked)),
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@_cases("retained")
def test_loss_kept_by_the_insured(case):
    losses = pd.DataFrame(case["losses"], dtype=float)
    kept = retained_loss(
        losses["loss"],
        exposure_amount=losses["exposure"],
        insured_limit_amount=losses["insured_limit"],
        **case["policy"],
    )
    np.testing.assert_allclose(kept, case["expected"], rtol=1e-12)


@_cases("customer")
def test_year_of_a_customer(case):
    asking = applicants_of([case["row"]], policy_of({"economics": case["policy"]}))
    limit = pd.Series([float(case["limit"])])
    found = check(limit_economics(asking, limit, **case.get("insurance", {})), LIMIT_ECONOMICS).iloc[0]
    for name, value in case["expected"].items():
        assert pd.isna(found[name]) if value is None else found[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name


def test_worst_years_equal_those_of_the_bivariate_normal():
    for pd_12m, confidence, correlation, expected in ORACLE["tail_pd"]:
        found = tail_pd(pd_12m, confidence_ratio=confidence, correlation_ratio=correlation)
        assert float(found) == pytest.approx(expected, rel=1e-11), (pd_12m, confidence, correlation)


def test_relation_equals_the_sum_of_its_months_and_the_root_found_by_search():
    for margin, loss, months, churn, later, expected in ORACLE["relation"]:
        found = break_even_pd_relation(
            1.0,
            variable_cost=1 - margin,
            finance_cost=0.0,
            recovered_ratio=1 - loss,
            relation_months=months,
            monthly_churn_ratio=churn,
            later_pd_ratio=later,
        )
        assert float(found) == pytest.approx(expected, rel=1e-9)


def test_no_capital_where_nothing_or_all_is_expected_to_be_lost():
    found = unexpected_loss_ratio([0.0, 1.0, 0.02], lgd_ratio=0.5, confidence_ratio=0.99, correlation_ratio=0.12)
    np.testing.assert_allclose(found[:2], 0, atol=1e-12)
    assert found[2] > 0.02  # worst years lose several times the expected 1 %


def test_customers_draw_on_their_limit_before_they_fail_and_keep_what_they_owe():
    found = exposure_at_default([100, 110, 60, 0], exposure_amount=[80, 100, 80, 50], draw_down_ratio=0.2)
    assert found.tolist() == [96.0, 110.0, 80.0, 50.0]


_ORDER = st.fixed_dictionaries(
    {
        "variable_cost": st.floats(0.0, 1.2),
        "finance_cost": st.floats(0.0, 0.1),
        "recovered_ratio": st.floats(0.0, 1.0),
        "monthly_churn_ratio": st.floats(0.0, 0.5),
        "later_pd_ratio": st.floats(0.0, 0.5),
    }
)


@settings(max_examples=200, deadline=None)
@given(_ORDER, st.integers(1, 120), st.floats(0.0, 0.3))
def test_break_even_rises_with_the_relation_and_falls_with_cost_churn_and_later_defaults(order, months, more):
    terms = {name: order[name] for name in ("variable_cost", "finance_cost", "recovered_ratio")}
    once = float(break_even_pd(1.0, **terms))

    def relation(**changed):
        return float(break_even_pd_relation(1.0, **{**order, "relation_months": months, **changed}))

    assert relation(relation_months=1) == pytest.approx(once, abs=1e-12)
    assert 0 <= once <= relation() + 1e-12 <= 1 + 2e-12
    assert relation() <= relation(relation_months=months + 1) + 1e-12
    assert relation(variable_cost=order["variable_cost"] + more) <= relation() + 1e-12
    assert relation(monthly_churn_ratio=order["monthly_churn_ratio"] + more) <= relation() + 1e-12
    assert relation(later_pd_ratio=order["later_pd_ratio"] + more) <= relation() + 1e-12
    assert relation() <= relation(recovered_ratio=min(order["recovered_ratio"] + more, 1.0)) + 1e-12


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 0.3), st.floats(0.0, 0.9), st.floats(0.6, 0.999))
def test_expected_loss_and_charge_rise_with_pd(pd_12m, more, correlation, confidence):
    def cost(p):
        capital = unexpected_loss_ratio(p, lgd_ratio=1.0, confidence_ratio=confidence, correlation_ratio=correlation)
        return p + 0.15 * float(capital)

    assert cost(pd_12m) <= cost(min(pd_12m + more, 1.0)) + 1e-9


def test_an_order_is_open_for_a_part_of_the_year():
    one_year = order_pd(0.2, open_days=[365.0, 73.0])
    assert one_year[0] == pytest.approx(0.2)
    assert 1 - (1 - one_year[1]) ** 5 == pytest.approx(0.2)


def test_unknown_pd_leaves_value_empty_and_default_loses_what_is_owed():
    rows = [
        {"pd_12m": None, "grade_code": None},
        {"pd_12m": 1.0, "lgd_ratio": 0.4, "is_in_default": True, "segment_code": "defaulted", "open_amount": 20_000.0},
        {"sales_amount_12m": 0.0, "open_amount": 0.0, "terms_days": None},
    ]
    found = check(
        limit_economics(applicants_of(rows, policy_of()), pd.Series([10_000.0, 0.0, 5_000.0])), LIMIT_ECONOMICS
    )
    assert found["value_amount"].isna().tolist() == [True, False, True]
    assert found["is_above_break_even"].isna().tolist() == [True, False, False]
    assert found.loc[1, "expected_loss_amount"] == pytest.approx(8000)
    assert found.loc[1, "margin_amount"] == 0
    assert found.loc[1, "is_above_break_even"]
    assert found.loc[2, "mean_exposure_amount"] == 0


def test_break_even_of_the_relation_is_never_below_that_of_the_order():
    rows = [{"pd_12m": p, "terms_days": t} for p in (0.001, 0.05, 0.6) for t in (0.0, 30.0, 90.0)]
    found = limit_economics(applicants_of(rows, policy_of()), pd.Series(20_000.0, index=range(9)))
    assert (found["break_even_pd_relation_ratio"] > found["break_even_pd_ratio"]).all()
    by_pd = found["raroc_ratio"].to_numpy().reshape(3, 3)
    assert (np.diff(by_pd, axis=0) < 0).all()
