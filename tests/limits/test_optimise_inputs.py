"""What the optimiser refuses, in words, and the response of sales to a limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optimiser_books import ECONOMICS, random_book, random_years

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.limits.optimise.budgets import Budgets, Concentration
from riskresearch.limits.optimise.optimum import optimise
from riskresearch.limits.optimise.response import Response, response_of_exposures


def _solve(customers, budgets=None, **more):
    years = random_years(random_book(5, 1), 1, n_scenarios=20)
    return optimise(customers, budgets or Budgets(), years, **{**ECONOMICS, **more})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pd_12m": np.nan}, r"optimiser_customers.pd_12m: 5 rows \(C00000, C00001, C00002, …\) must not be empty"),
        ({"pd_12m": 1.5}, r"optimiser_customers.pd_12m: 5 rows .* must be between 0 and 1"),
        ({"need_amount": -1.0}, r"optimiser_customers.need_amount: 5 rows .* must be 0 or more"),
        ({"cap_amount": np.inf}, r"optimiser_customers.cap_amount: 5 rows .* must be 0 or more"),
        ({"customer_id": "same"}, "4 rows repeat the key customer_id"),
    ],
)
def test_customers_that_are_refused(change, message):
    with pytest.raises(TableError, match=message):
        _solve(random_book(5, 1).assign(**change))


def test_a_column_that_is_absent_is_named():
    with pytest.raises(TableError, match=r"missing columns \['lgd_ratio'\]"):
        _solve(random_book(5, 1).drop(columns="lgd_ratio"))


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (lambda: Budgets(total_amount=-1.0, step_ratio=-0.5), "total_amount, step_ratio must be 0 or more"),
        (lambda: Budgets(confidence_ratio=1.0), "confidence_ratio 1.0 must lie between 0 and 1"),
        (lambda: Concentration("group"), "give one of them"),
        (lambda: Concentration("group", amount=1.0, share_ratio=0.1), "give one of them"),
        (lambda: Concentration("planet", amount=1.0), "for one of group, sector, country"),
        (lambda: Budgets(expected_loss_amount=float("nan")), "expected_loss_amount must be 0 or more"),
    ],
)
def test_budgets_that_are_refused(budget, message):
    with pytest.raises(SettingsError, match=message):
        budget()


def test_economics_that_are_refused():
    with pytest.raises(SettingsError, match="finance_ratio must be 0 or more"):
        _solve(random_book(5, 1), finance_ratio=-0.1)


def test_of_two_bounds_for_a_member_the_tighter_counts():
    customers = random_book(5, 1).assign(sector_code="trade")
    bounds = (Concentration("sector", amount=900.0), Concentration("sector", amount=300.0, member="trade"))
    found = _solve(customers.assign(floor_amount=0.0), Budgets(concentrations=bounds))
    assert [row.amount for row in found.rows] == [300.0]
    assert found.limits.sum() == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("need", "sales"),
    [
        ((0.5, 1.0), (0.4, 1.0)),
        ((0.5, 0.9), (0.8, 1.0)),
        ((0.5, 1.0), (1.0,)),
        ((0.6, 0.5, 1.0), (0.7, 0.8, 1.0)),
        ((), ()),
    ],
)
def test_responses_that_are_refused(need, sales):
    with pytest.raises(SettingsError, match="response"):
        Response(need, sales)


@given(st.lists(st.floats(0.0, 1.5), min_size=1, max_size=30).filter(lambda values: sum(values) > 1e-3))
def test_a_response_from_exposures_lies_above_the_straight_line(exposures):
    response = response_of_exposures(exposures)
    assert (np.array(response.sales_ratios) >= np.array(response.need_ratios) - 1e-12).all()
    assert (np.diff(response.slopes) <= 1e-9).all()


def test_a_response_from_exposures_by_hand():
    # 60 days at 0.5 and 40 days at 1: mean 0.7; at a limit of 0.75 of need the 40 days serve 0.75: 0.6 / 0.7
    response = response_of_exposures([0.5] * 60 + [1.0] * 40)
    assert response.sales_ratios == pytest.approx((0.25 / 0.7, 0.5 / 0.7, 0.6 / 0.7, 1.0))
    with pytest.raises(SettingsError, match="no exposure above 0"):
        response_of_exposures([0.0, 0.0])


def test_a_customer_that_earns_nothing_has_the_straight_response():
    customers = random_book(5, 1).assign(
        sales_amount_12m=0.0,
        pd_12m=0.0,
        floor_amount=0.0,
        current_limit_amount=np.nan,
        need_amount=100.0,
        cap_amount=100.0,
    )
    floors = customers.assign(floor_amount=50.0)
    found = _solve(floors, response=Response((0.5, 1.0), (0.9, 1.0)))
    assert found.limits.tolist() == [50.0] * 5
    assert found.outcome.cost == pytest.approx(0.06 * 50.0 * customers["usage_ratio"].to_numpy())


def test_a_limit_above_the_need_serves_no_more_and_risks_more():
    customers = random_book(5, 1).assign(
        need_amount=[0.0, 100.0, 100.0, 100.0, 100.0], cap_amount=0.0, floor_amount=150.0
    )
    found = _solve(customers, margin_ratio=0.2)
    assert found.limits.tolist() == [150.0] * 5
    assert found.outcome.sales == pytest.approx([0.0, *customers["sales_amount_12m"][1:]])
    used = np.minimum(1.0, 1.2 * customers["usage_ratio"])
    expected = 150.0 * customers["pd_12m"] * customers["lgd_ratio"] * used
    assert found.outcome.expected_loss == pytest.approx(expected.to_numpy())
