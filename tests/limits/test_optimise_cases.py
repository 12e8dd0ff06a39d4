"""Best limits against cases worked by hand."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from optimiser_books import customers_of, scenarios_of

from riskresearch.limits.optimise.budgets import Budgets, Concentration
from riskresearch.limits.optimise.optimum import optimise
from riskresearch.limits.optimise.response import Response
from riskresearch.limits.optimise.tables import budgets_table, limits_table

FILE = Path(__file__).parents[1] / "cases" / "limits" / "optimiser.yaml"
CASES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
COLUMNS = {
    "limits": "optimised_amount",
    "binding": "binding_code",
    "marginal": "marginal_value",
    "parts": "shortfall_part_amount",
    "sales": "sales_served_amount",
    "expected_loss": "expected_loss_amount",
    "cost": "cost_amount",
}


def _solved(case):
    customers = customers_of(case["customers"])
    budgets = dict(case.get("budgets", {}))
    bounds = tuple(
        Concentration(**{**bound, "exempt": tuple(bound.get("exempt", ()))})
        for bound in budgets.pop("concentrations", ())
    )
    economics = dict(case["economics"])
    if "response" in economics:
        economics["response"] = Response(*map(tuple, economics["response"]))
    scenarios = scenarios_of(case.get("scenarios", [[1.0]]), customers)
    return optimise(customers, Budgets(**budgets, concentrations=bounds), scenarios, **economics)


def _name(line):
    return line["budget_code"] if line["member"] == "all" else f"{line['budget_code']}/{line['member']}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    found = _solved(case)
    expected = case["expected"]
    limits = limits_table(found).set_index("customer_id")
    for part, column in COLUMNS.items():
        for customer, value in expected.get(part, {}).items():
            given = limits.at[customer, column]
            assert given == value if part == "binding" else given == pytest.approx(value, rel=1e-6, abs=1e-7), part
    totals = found.outcome.totals()
    for part in ("net_value", "shortfall"):
        if part in expected:
            assert totals[f"{part}_amount"] == pytest.approx(expected[part], rel=1e-6, abs=1e-7)
    prices = {_name(line): line["price"] for line in budgets_table(found).to_dict("records")}
    for name, price in expected.get("prices", {}).items():
        assert prices[name] == pytest.approx(price, rel=1e-6, abs=1e-7)
    conflicts = {_name(line): line for line in found.conflicts.to_dict("records")}
    assert set(conflicts) == set(expected.get("conflicts", {}))
    for name, line in expected.get("conflicts", {}).items():
        assert {key: conflicts[name][key] for key in line} == pytest.approx(line, rel=1e-6)


def test_every_case_says_how_its_numbers_come_about():
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all(case["note"] and case["expected"]["limits"] for case in CASES)


def test_raising_budgets_by_the_excess_reported_lets_them_be_met_and_by_less_does_not():
    case = next(case for case in CASES if case["name"].startswith("floors that exceed"))
    for total, met in ((119.9, False), (120.0, True)):
        again = _solved({**case, "budgets": {**case["budgets"], "total_amount": total}})
        assert again.is_met is met
        assert again.limits.to_numpy() == pytest.approx(np.array([60.0, 60.0]))
