"""Tables of the optimiser: limits, budgets with their prices, conflicts, comparison and frontier."""

import numpy as np
from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.optimise.budgets import Budgets
from riskresearch.limits.optimise.compare import OPTIMISER_COMPARISON, OPTIMISER_FRONTIER, comparison, frontier
from riskresearch.limits.optimise.infeasible import OPTIMISER_CONFLICTS
from riskresearch.limits.optimise.optimum import STRAIGHT, Optimum, optimise
from riskresearch.limits.optimise.response import Response
from riskresearch.limits.optimise.rows import ALL, BOUND_CODES, BUDGET_CODES, risk
from riskresearch.limits.optimise.scenarios import Scenarios

BINDING_CODES = ("need", "cap", "floor", "step", "budget", "value")

OPTIMISED_LIMITS = Table(
    "optimised_limits",
    "limits",
    "one row per customer",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("current_limit_amount", "float", "limit in force, run currency", True),
        Column("lower_amount", "float", "smallest limit by floor and step, run currency"),
        Column("upper_amount", "float", "largest limit by need, cap and step, run currency"),
        Column("optimised_amount", "float", "best limit, run currency"),
        Column(
            "binding_code",
            "code",
            "what keeps the limit from rising; floor or step where it would fall",
            False,
            BINDING_CODES,
        ),
        Column(
            "marginal_value", "float", "yearly net value of moving the bound that binds up by one unit, after budgets"
        ),
        Column("sales_served_amount", "float", "sales of a year that the limit serves, run currency"),
        Column("margin_amount", "float", "contribution margin of a year, run currency"),
        Column("expected_loss_amount", "float", "expected loss of a year, run currency"),
        Column("cost_amount", "float", "finance, operating cost and premium of a year, run currency"),
        Column("net_value_amount", "float", "margin less cost less expected loss, run currency"),
        Column("shortfall_part_amount", "float", "part of the expected shortfall (Euler); parts add up, run currency"),
    ),
)
OPTIMISER_BUDGETS = Table(
    "optimiser_budgets",
    "limits",
    "one row per budget, and per group, sector or country it holds for",
    ("budget_code", "member", "bound_code"),
    (
        Column("budget_code", "code", "budget", False, BUDGET_CODES),
        Column("member", "text", "group, sector or country; 'all' for the whole book"),
        Column("bound_code", "code", "allowed is an amount or a share of all limits", False, BOUND_CODES),
        Column("allowed_amount", "float", "allowed beside these limits, run currency"),
        Column("used_amount", "float", "used by these limits, run currency"),
        Column("is_binding", "bool", "used in full"),
        Column("price", "float", "yearly net value of one more unit of this budget, 0 or more"),
    ),
)
OPTIMISER_TABLES = (OPTIMISED_LIMITS, OPTIMISER_BUDGETS, OPTIMISER_CONFLICTS, OPTIMISER_COMPARISON, OPTIMISER_FRONTIER)
_NEAR = 1e-6


def optimised_tables(
    customers: DataFrame,
    budgets: Budgets,
    scenarios: Scenarios,
    *,
    fresh: Scenarios | None = None,
    margin_ratio: float,
    finance_ratio: float = 0.0,
    operating_ratio: float = 0.0,
    draw_down_ratio: float = 0.0,
    response: Response = STRAIGHT,
    n_points: int = 8,
) -> dict[str, DataFrame]:
    """Return tables `OPTIMISER_TABLES`.

    Parameters
    ----------
    customers, budgets, scenarios : see `optimise`; ``net_worth_amount`` and ``score_factor`` of the customers serve the
        simple rules, see `comparison`
    margin_ratio, finance_ratio, operating_ratio, draw_down_ratio, response : see `optimise`
    fresh : other simulated years: how much of the expected shortfall was left out by choosing limits on the first ones
    n_points : points of the frontier beside the budget asked for

    Raises
    ------
    TableError, SettingsError
        As `optimise`.
    """
    found = optimise(
        customers,
        budgets,
        scenarios,
        margin_ratio=margin_ratio,
        finance_ratio=finance_ratio,
        operating_ratio=operating_ratio,
        draw_down_ratio=draw_down_ratio,
        response=response,
    )
    other = None if fresh is None else risk(found.problem, budgets, fresh)
    return {
        "optimised_limits": limits_table(found),
        "optimiser_budgets": budgets_table(found),
        "optimiser_conflicts": found.conflicts,
        "optimiser_comparison": comparison(found, customers, fresh=other),
        "optimiser_frontier": frontier(found, n_points=n_points, fresh=other),
    }


def limits_table(found: Optimum) -> DataFrame:
    """Return table `optimised_limits`.

    ``binding_code``: need, cap, floor or step where the limit is at a bound; between the bounds ``budget`` where one
    more EUR would be worth having but for the budgets, ``value`` where it would not pay its own expected loss and cost.
    """
    asked, one = found.problem, found.outcome
    frame = DataFrame(
        {
            "customer_id": asked.customer_ids,
            "current_limit_amount": asked.column("current_limit_amount"),
            "lower_amount": asked.lower,
            "upper_amount": asked.upper,
            "optimised_amount": one.limits,
            "binding_code": _binding(found),
            "marginal_value": found.solution.marginal,
            "sales_served_amount": one.sales,
            "margin_amount": one.margin,
            "expected_loss_amount": one.expected_loss,
            "cost_amount": one.cost,
            "net_value_amount": one.net_value,
            "shortfall_part_amount": found.risk.parts(one.limits),
        }
    )
    return check(frame, OPTIMISED_LIMITS)


def budgets_table(found: Optimum) -> DataFrame:
    """Return table `optimiser_budgets`."""
    limits, prices = found.outcome.limits, found.solution.prices
    lines: list[tuple[object, ...]] = [
        (row.budget_code, row.member, row.bound_code, row.allowed(limits), float(row.used @ limits), price)
        for row, price in zip(found.rows, prices, strict=False)
    ]
    if found.risk.amount is not None:
        lines.append(("shortfall", ALL, "amount", found.risk.amount, found.outcome.shortfall, prices[-1]))
    frame = DataFrame(lines, columns=[name for name in OPTIMISER_BUDGETS.names if name != "is_binding"])
    room = frame["allowed_amount"] - frame["used_amount"]
    frame["is_binding"] = room <= _NEAR * frame["allowed_amount"].clip(lower=1.0)
    return check(frame, OPTIMISER_BUDGETS)


def _binding(found: Optimum) -> np.ndarray:
    asked, limits = found.problem, found.outcome.limits
    at_upper, at_lower = limits >= asked.upper, (limits <= asked.lower) & (asked.lower > 0)
    is_open = asked.width - asked.steps(limits) > 0
    step = np.where(is_open.any(axis=1), is_open.argmax(axis=1), 0)
    pays = asked.value[np.arange(len(limits)), step] > 0
    between = np.where(pays, "budget", "value")
    return np.where(at_upper, asked.upper_code, np.where(at_lower, asked.lower_code, between))
