"""The linear programme: its optimum by cutting planes, prices by finite differences, conflicts as small as can be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from optimiser_books import ECONOMICS, bounded, random_book, random_years
from scipy.optimize import linprog

from limits_optimiser import cutting_planes, interior_point, ours
from riskresearch.limits.optimise.budgets import Budgets, Concentration
from riskresearch.limits.optimise.optimum import best, optimise
from riskresearch.limits.optimise.response import Response
from riskresearch.limits.optimise.scenarios import shortfall_weights
from riskresearch.limits.optimise.tables import budgets_table, limits_table

BENT = Response((0.4, 0.7, 1.0), (0.55, 0.85, 1.0))


def _bound(n_customers=60, seed=1, *, response=BENT, **more):
    """A book whose budgets all matter, and its optimum."""
    customers = random_book(n_customers, seed)
    years = random_years(customers, seed + 100)
    totals = optimise(customers, Budgets(confidence_ratio=0.95), years, **ECONOMICS, response=response).outcome.totals()
    budgets = bounded(totals, **more)
    return customers, budgets, years, optimise(customers, budgets, years, **ECONOMICS, response=response)


def _by_cutting_planes(found):
    """Best net value without auxiliary variables: rows of tail means are added until the shortfall is kept."""
    problem, risk = found.problem, found.risk
    n_steps = problem.width.shape[1]
    rows = [np.repeat(row.coefficients, n_steps) for row in found.rows]
    allowed = [row.amount for row in found.rows]
    bounds = np.column_stack([problem.steps(problem.lower).ravel(), problem.width.ravel()])
    limits, best_value = problem.upper, np.inf
    for _ in range(500):
        losses = risk.losses @ limits
        weights = shortfall_weights(losses, risk.probabilities, confidence_ratio=risk.confidence_ratio)
        if weights @ losses <= risk.amount * (1 + 1e-9):
            return best_value
        rows.append(np.repeat(weights @ risk.losses, n_steps))
        allowed.append(risk.amount)
        result = linprog(-problem.value.ravel(), A_ub=np.array(rows), b_ub=allowed, bounds=bounds, method="highs-ds")
        limits, best_value = result.x.reshape(-1, n_steps).sum(axis=1), -result.fun
    raise AssertionError("cutting planes did not end")


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_optimum_is_that_of_cutting_planes(seed):
    *_, found = _bound(seed=seed)
    assert found.is_met
    assert found.outcome.net_value.sum() == pytest.approx(_by_cutting_planes(found), rel=1e-6)


@pytest.mark.parametrize("way", [interior_point, cutting_planes])
def test_the_ways_of_the_benchmark_find_the_same(way):
    assert way(40, 200)() == pytest.approx(ours(40, 200)(), rel=1e-6)


def test_limits_keep_every_bound_and_every_budget():
    *_, found = _bound(step_ratio=0.8)
    lines = budgets_table(found)
    assert (lines["used_amount"] <= lines["allowed_amount"] + 1e-6 * lines["allowed_amount"].clip(lower=1)).all()
    assert {"expected_loss", "shortfall"} & set(lines.loc[lines["is_binding"], "budget_code"])
    limits = limits_table(found)
    assert limits["optimised_amount"].between(limits["lower_amount"], limits["upper_amount"]).all()
    sums = limits[["margin_amount", "expected_loss_amount", "cost_amount", "net_value_amount"]].sum()
    totals = found.outcome.totals()
    assert sums.to_numpy() == pytest.approx(np.array([totals[name] for name in sums.index]))
    assert limits["shortfall_part_amount"].sum() == pytest.approx(totals["shortfall_amount"], rel=1e-12)


def test_net_value_of_the_programme_is_that_of_the_table():
    *_, found = _bound()
    limits = limits_table(found)
    known = found.problem.customers
    sales = limits["sales_served_amount"].to_numpy()
    served = np.interp(limits["optimised_amount"] / known["need_amount"], [0, 0.4, 0.7, 1.0], [0, 0.55, 0.85, 1.0])
    assert sales == pytest.approx((served * known["sales_amount_12m"]).to_numpy(), rel=1e-9)
    exposure = served * known["usage_ratio"] * known["need_amount"]
    assert limits["cost_amount"].to_numpy() == pytest.approx((0.003 * sales + 0.06 * exposure).to_numpy(), rel=1e-9)


def _raised(found, place, by):
    """Net value when one budget is raised."""
    rows, risk = list(found.rows), found.risk
    if place == len(rows):
        risk = replace(risk, amount=risk.amount + by)
    else:
        rows[place] = replace(rows[place], amount=rows[place].amount + by)
    return best(found.problem, rows, risk).outcome.net_value.sum()


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_are_finite_differences_of_the_net_value(seed):
    *_, found = _bound(40, seed)
    prices = found.solution.prices
    kinds = {(*(row.budget_code for row in found.rows), "shortfall")[place] for place in np.flatnonzero(prices > 1e-6)}
    assert len(kinds) >= 3
    for place in np.flatnonzero(prices > 1e-6):
        by = 1.0
        up = (_raised(found, place, by) - found.outcome.net_value.sum()) / by
        down = (found.outcome.net_value.sum() - _raised(found, place, -by)) / by
        assert up - 1e-3 <= prices[place] <= down + 1e-3  # at a corner the price lies between the two sides
        assert down <= up * 1.5 + 0.05


def test_a_budget_that_is_not_used_up_has_no_price():
    *_, found = _bound()
    lines = budgets_table(found)
    idle = ~lines["is_binding"]
    assert idle.any()
    assert lines.loc[idle, "price"].to_numpy() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("column", ["cap", "floor"])
def test_the_marginal_value_is_what_moving_the_bound_is_worth(column):
    customers, budgets, years, found = _bound(40, 3)
    if column == "floor":
        worst = limits_table(found)["optimised_amount"].nsmallest(4).index
        customers.loc[worst, "floor_amount"] = found.problem.upper[worst] * 0.2
        found = optimise(customers, budgets, years, **ECONOMICS, response=BENT)
        assert found.is_met
    lines = limits_table(found)
    chosen = lines.index[(lines["binding_code"] == column) & (lines["marginal_value"].abs() > 1e-3)][:3]
    assert len(chosen) >= 2
    for place in chosen:
        moved = customers.copy()
        moved.loc[place, f"{column}_amount"] += 1.0
        again = optimise(moved, budgets, years, **ECONOMICS, response=BENT)
        worth = again.outcome.net_value.sum() - found.outcome.net_value.sum()
        assert worth == pytest.approx(lines.at[place, "marginal_value"], rel=0.02, abs=1e-3)


def test_marginal_values_show_the_way_each_limit_would_go():
    *_, found = _bound()
    lines = limits_table(found)
    at_top = lines["optimised_amount"] >= lines["upper_amount"]
    at_bottom = (lines["optimised_amount"] <= lines["lower_amount"]) & ~at_top
    assert (lines.loc[at_top & (lines["upper_amount"] > lines["lower_amount"]), "marginal_value"] >= -1e-9).all()
    assert (lines.loc[at_bottom, "marginal_value"] <= 1e-9).all()
    assert (lines.loc[~at_top & ~at_bottom, "marginal_value"] == 0).all()


def test_the_order_of_customers_changes_nothing():
    customers, budgets, _, found = _bound(30)
    shuffled = customers.sample(frac=1.0, random_state=5)
    again = optimise(shuffled, budgets, random_years(shuffled, 101), **ECONOMICS, response=BENT)
    pd.testing.assert_frame_equal(limits_table(again), limits_table(found), check_exact=True)
    pd.testing.assert_frame_equal(budgets_table(again), budgets_table(found), check_exact=True)


def test_other_money_units_change_nothing_else():
    customers, budgets, years, found = _bound(30)
    money = [name for name in customers if name.endswith("_amount") or name == "sales_amount_12m"]
    cents = customers.assign(**{name: customers[name] * 1e5 for name in money})
    bounds = [replace(one, amount=None if one.amount is None else one.amount * 1e5) for one in budgets.concentrations]
    larger = Budgets(
        expected_loss_amount=budgets.expected_loss_amount * 1e5,
        shortfall_amount=budgets.shortfall_amount * 1e5,
        confidence_ratio=budgets.confidence_ratio,
        total_amount=budgets.total_amount * 1e5,
        concentrations=tuple(bounds),
    )
    again = optimise(cents, larger, years, **ECONOMICS, response=BENT)
    assert again.outcome.net_value.sum() == pytest.approx(found.outcome.net_value.sum() * 1e5, rel=1e-7)
    assert again.solution.prices == pytest.approx(found.solution.prices, rel=1e-5, abs=1e-6)


def test_zero_pd_gives_the_upper_bound_under_risk_budgets():
    customers = random_book(30, 4).assign(pd_12m=0.0, usage_ratio=0.5)
    years = random_years(customers, 4, n_scenarios=100)
    found = optimise(customers, Budgets(expected_loss_amount=1.0, shortfall_amount=1.0), years, **ECONOMICS)
    upper = np.maximum(np.minimum(customers["need_amount"], customers["cap_amount"]), customers["floor_amount"])
    assert found.limits.to_numpy() == pytest.approx(upper.to_numpy(), rel=1e-12)


def test_conflicts_are_as_small_as_they_can_be():
    customers = random_book(40, 6)
    years = random_years(customers, 6)
    tight = Budgets(
        expected_loss_amount=10.0,
        shortfall_amount=50.0,
        confidence_ratio=0.95,
        total_amount=1_000.0,
        concentrations=(Concentration("sector", share_ratio=0.25),),
        step_ratio=0.2,
    )
    found = optimise(customers, tight, years, **ECONOMICS)
    lines = found.conflicts.set_index(["budget_code", "member"])
    assert not found.is_met
    assert {"expected_loss", "shortfall", "total"} <= set(found.conflicts["budget_code"])
    excess = lines["excess_amount"]
    for share, met in ((1 + 1e-6, True), (1 - 1e-3, False)):
        rows = [
            replace(row, amount=row.amount + share * excess.get((row.budget_code, row.member), 0.0))
            for row in found.rows
        ]
        risk = replace(found.risk, amount=found.risk.amount + share * excess[("shortfall", "all")])
        assert best(found.problem, rows, risk).is_met is met
    alone = lines[lines["is_alone"]]
    assert (alone["least_amount"] > alone["allowed_amount"]).all()
    assert (lines["floor_least_amount"] <= lines["least_amount"] * (1 + 1e-12)).all()


def test_without_customers_and_without_risk_there_is_a_plain_answer():
    customers = random_book(5, 1)
    years = random_years(customers, 1, n_scenarios=50)
    none = optimise(customers.iloc[:0], Budgets(shortfall_amount=10.0), years, **ECONOMICS)
    assert len(none.limits) == 0
    assert none.outcome.totals()["net_value_amount"] == 0
    blocked = optimise(
        customers.assign(cap_amount=0.0, floor_amount=0.0), Budgets(shortfall_amount=10.0), years, **ECONOMICS
    )
    assert (blocked.limits == 0).all()
    assert set(limits_table(blocked)["binding_code"]) == {"cap"}
