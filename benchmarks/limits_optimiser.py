"""Best limits of 2,000 customers over 5,000 simulated years: time, memory, and what they earn beside simple rules.

`python benchmarks/limits_optimiser.py` prints three tables: our linear programme against the interior point method and
against cutting planes; by seed, the net value and margin of the optimum and of the best simple rule at the same
expected shortfall, and the expected shortfall of both in years that the limits were not chosen on; the same with as
many bad years as there would be without drawing more of them. Two numbers after it replace 2,000 and 5,000.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.optimize import linprog

from harness import Way, race, table
from riskresearch.limits.optimise.budgets import Budgets, Concentration
from riskresearch.limits.optimise.compare import comparison
from riskresearch.limits.optimise.optimum import Optimum, best, optimise
from riskresearch.limits.optimise.problem import Economics, Problem, problem
from riskresearch.limits.optimise.response import Response
from riskresearch.limits.optimise.rows import Risk, Row, budget_rows, risk
from riskresearch.limits.optimise.rules import SIMPLE_RULES
from riskresearch.limits.optimise.scenarios import Scenarios, default_scenarios, shortfall_weights
from riskresearch.limits.optimise.solve import programme

N_CUSTOMERS, N_SCENARIOS, SEEDS = 2_000, 5_000, 10
PLAIN_STRATA = 0.5
ECONOMICS = Economics(0.1, 0.06, 0.003, 0.2, Response((0.4, 0.7, 1.0), (0.55, 0.85, 1.0)))
Array = NDArray[np.float64]
Task = tuple[Problem, list[Row], Risk]


def book(n_customers: int, *, seed: int) -> DataFrame:
    """Return customers with needs, caps, limits in force, accounts and PDs of very different size."""
    rng = np.random.default_rng(seed)
    p_default = np.clip(np.exp(rng.normal(np.log(0.012), 1.1, n_customers)), 3e-4, 0.4)
    need = np.exp(rng.normal(10.0, 1.0, n_customers))
    sector = pd.Series(rng.choice(["building", "retail", "transport", ""], n_customers)).replace("", None)
    has_limit, has_accounts = rng.random((2, n_customers)) < np.array([[0.9], [0.7]])
    current = need * rng.uniform(0.3, 1.2, n_customers)
    return DataFrame(
        {
            "customer_id": [f"C{number:05d}" for number in range(n_customers)],
            "need_amount": need,
            "cap_amount": need * rng.uniform(0.5, 1.5, n_customers),
            "floor_amount": np.where(rng.random(n_customers) < 0.03, 0.3 * need, 0.0),
            "current_limit_amount": np.where(has_limit, current, np.nan),
            "pd_12m": p_default,
            "lgd_ratio": rng.uniform(0.35, 0.7, n_customers),
            "sales_amount_12m": need * rng.uniform(2.0, 8.0, n_customers),
            "usage_ratio": rng.uniform(0.5, 1.0, n_customers),
            "group_id": [f"G{number}" for number in rng.integers(0, max(4 * n_customers // 5, 1), n_customers)],
            "sector_code": sector,
            "country_code": rng.choice(["FR", "DE", "IT"], n_customers, p=[0.6, 0.25, 0.15]),
            "net_worth_amount": np.where(has_accounts, need * rng.lognormal(1.0, 1.0, n_customers), np.nan),
            "score_factor": np.select([p_default < 0.005, p_default < 0.02, p_default < 0.06], [1.0, 0.7, 0.4], 0.1),
        }
    )


def years(customers: DataFrame, *, n_scenarios: int, seed: int, tail_ratio: float = 0.05) -> Scenarios:
    """Return simulated defaults of a book: correlation of 12 % by the economy and 4 % by the sector."""
    known = customers.set_index("customer_id")
    return default_scenarios(
        known["pd_12m"],
        sectors=known["sector_code"],
        correlation_ratio=0.12,
        sector_correlation_ratio=0.04,
        n_scenarios=n_scenarios,
        tail_ratio=tail_ratio,
        rng=np.random.default_rng(seed),
    )


def tight_budgets(totals: dict[str, float], *, confidence_ratio: float = 0.99) -> Budgets:
    """Return budgets that bind, given the totals of the limits without any."""
    return Budgets(
        expected_loss_amount=0.6 * totals["expected_loss_amount"],
        shortfall_amount=0.5 * totals["shortfall_amount"],
        confidence_ratio=confidence_ratio,
        total_amount=0.9 * totals["limit_amount"],
        concentrations=(
            Concentration("group", amount=0.06 * totals["limit_amount"]),
            Concentration("sector", share_ratio=0.3),
            Concentration("country", share_ratio=0.2, exempt=("FR",)),
        ),
    )


def task(n_customers: int, n_scenarios: int) -> Task:
    """Return a problem in which every kind of budget binds or nearly so."""
    customers = book(n_customers, seed=1)
    simulated = years(customers, n_scenarios=n_scenarios, seed=101)
    asked = problem(customers, Budgets(), economics=ECONOMICS)
    free = best(asked, [], risk(asked, Budgets(), simulated))
    budgets = tight_budgets(free.outcome.totals())
    return asked, budget_rows(asked, budgets), risk(asked, budgets, simulated)


def ours(n_customers: int, n_scenarios: int) -> Callable[[], float]:
    """Return a call that builds and solves our programme."""
    asked = task(n_customers, n_scenarios)
    return lambda: float(best(*asked).outcome.net_value.sum())


def interior_point(n_customers: int, n_scenarios: int) -> Callable[[], float]:
    """Return a call that solves the same programme by the interior point method of HiGHS."""
    asked = task(n_customers, n_scenarios)

    def call() -> float:
        made = programme(*asked)
        bounds = np.column_stack([made.lower, made.upper])
        found = linprog(made.cost, A_ub=made.matrix, b_ub=made.allowed, bounds=bounds, method="highs-ipm")
        return float(-found.fun * made.unit)

    return call


def cutting_planes(n_customers: int, n_scenarios: int) -> Callable[[], float]:
    """Return a call that adds the mean of the worst years as a row until the shortfall is within 1e-6 of its budget."""
    asked, rows, loss = task(n_customers, n_scenarios)
    budget = loss.amount or 0.0
    n_steps = asked.width.shape[1]

    def call() -> float:
        made = programme(asked, rows, replace(loss, amount=None))
        matrix, allowed, parts, value = made.matrix.toarray(), list(made.allowed), asked.width, 0.0
        while True:
            losses = loss.losses @ parts.sum(axis=1)
            weights = shortfall_weights(losses, loss.probabilities, confidence_ratio=loss.confidence_ratio)
            if weights @ losses <= budget * (1 + 1e-6):
                return value
            matrix = np.vstack([matrix, np.repeat(weights @ loss.losses, n_steps)])
            allowed.append(budget / made.unit)
            bounds = np.column_stack([made.lower, made.upper])
            found = linprog(made.cost, A_ub=matrix, b_ub=allowed, bounds=bounds, method="highs-ds")
            parts, value = found.x.reshape(made.shape) * made.unit, -found.fun * made.unit

    return call


def at_equal_shortfall(n_customers: int, n_scenarios: int, *, seed: int, tail_ratio: float) -> dict[str, float | str]:
    """Return one line: the optimum and the best simple rule under half of the largest shortfall, no other budget."""
    customers = book(n_customers, seed=seed)
    simulated = years(customers, n_scenarios=n_scenarios, seed=seed + 100, tail_ratio=tail_ratio)
    fresh = years(customers, n_scenarios=4 * n_scenarios, seed=seed + 200)
    free = _optimum(customers, Budgets(), simulated)
    budgets = Budgets(shortfall_amount=0.5 * free.outcome.shortfall)
    found = _optimum(customers, budgets, simulated)
    lines = comparison(found, customers, fresh=risk(found.problem, budgets, fresh)).set_index("rule_code")
    rules = lines.loc[[name for name in SIMPLE_RULES.names if name in lines.index]]
    rival, optimum = rules["net_value_amount"].idxmax(), lines.loc["optimum"]
    left_out = lines["fresh_shortfall_amount"] / lines["shortfall_amount"] - 1
    fresh_best = rules["fresh_net_value_amount"].max()
    return {
        "best_rule": str(rival),
        "net_value_gain": optimum["net_value_amount"] / rules.at[rival, "net_value_amount"] - 1,
        "margin_gain": optimum["margin_amount"] / rules.at[rival, "margin_amount"] - 1,
        "largest_margin_gain": optimum["margin_amount"] / rules["margin_amount"].max() - 1,
        "left_out": left_out["optimum"],
        "left_out_rule": left_out[rival],
        "fresh_gain": lines.at["optimum_shortfall", "fresh_net_value_amount"] / fresh_best - 1,
    }


def _optimum(customers: DataFrame, budgets: Budgets, simulated: Scenarios) -> Optimum:
    return optimise(
        customers,
        budgets,
        simulated,
        margin_ratio=ECONOMICS.margin_ratio,
        finance_ratio=ECONOMICS.finance_ratio,
        operating_ratio=ECONOMICS.operating_ratio,
        draw_down_ratio=ECONOMICS.draw_down_ratio,
        response=ECONOMICS.response,
    )


def by_seed(n_customers: int, n_scenarios: int, *, tail_ratio: float, n_seeds: int = SEEDS) -> DataFrame:
    """Return `at_equal_shortfall` for each seed."""
    seeds = range(1, n_seeds + 1)
    lines = [at_equal_shortfall(n_customers, n_scenarios, seed=seed, tail_ratio=tail_ratio) for seed in seeds]
    return pd.concat([DataFrame({"seed": seeds}), DataFrame(lines)], axis=1)


def ways(n_customers: int, n_scenarios: int) -> tuple[Way, ...]:
    """Return our way and two others."""
    size = {"n_customers": n_customers, "n_scenarios": n_scenarios}
    return (
        Way("dual simplex on the whole programme (ours)", "limits_optimiser:ours", size),
        Way("interior point on the whole programme", "limits_optimiser:interior_point", size, tolerance=1e-6),
        Way("cutting planes", "limits_optimiser:cutting_planes", size, rounds=1, tolerance=1e-5),
    )


def main(n_customers: int = N_CUSTOMERS, n_scenarios: int = N_SCENARIOS) -> None:
    """Print the three tables."""
    print(table(race(f"{n_customers} customers, {n_scenarios} years", ways(n_customers, n_scenarios), repeat=1)))
    for name, tail_ratio in (("half of the years from the worst 5 %", 0.05), ("plain strata", PLAIN_STRATA)):
        lines = by_seed(n_customers, n_scenarios, tail_ratio=tail_ratio)
        print(f"\n{name}\n{lines.round(4).to_string(index=False)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
