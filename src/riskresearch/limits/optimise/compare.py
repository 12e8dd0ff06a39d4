"""The optimum beside simple rules at the same expected shortfall, and its frontier."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.optimise.optimum import Optimum, best
from riskresearch.limits.optimise.outcome import Outcome, n_exceeded, outcome
from riskresearch.limits.optimise.problem import Problem
from riskresearch.limits.optimise.rows import Risk
from riskresearch.limits.optimise.rules import RULE_COLUMNS, SIMPLE_RULES

Array = NDArray[np.float64]
Grants = Callable[[float], Array]

OPTIMUM, OPTIMUM_SHORTFALL = "optimum", "optimum_shortfall"
_EQUAL = 1e-9
_MOST = 1e12
_HALVINGS = 100
_SUMS = (
    Column("limit_amount", "float", "sum of the limits, run currency"),
    Column("margin_amount", "float", "contribution margin of a year, run currency"),
    Column("expected_loss_amount", "float", "expected loss of a year, run currency"),
    Column("cost_amount", "float", "finance, operating cost and premium of a year, run currency"),
    Column("net_value_amount", "float", "margin less cost less expected loss, run currency"),
    Column("shortfall_amount", "float", "expected shortfall of a year's losses, run currency"),
    Column("fresh_shortfall_amount", "float", "the same in years the limits were not chosen on", True),
)

OPTIMISER_COMPARISON = Table(
    "optimiser_comparison",
    "limits",
    "one row for the optimum, for the best limits under the expected shortfall alone, and for each simple rule",
    ("rule_code",),
    (
        Column("rule_code", "code", "rule", False, (OPTIMUM, OPTIMUM_SHORTFALL, *SIMPLE_RULES.names)),
        Column("scale", "float", "the rule's number that gives the expected shortfall of the optimum", True),
        Column("n_customers", "int", "customers with a limit above 0"),
        *_SUMS,
        Column("gap_amount", "float", "net value of the optimum less that of the rule, run currency"),
        Column("is_equal_shortfall", "bool", "has the expected shortfall of the optimum; no = it cannot risk as much"),
        Column("n_budgets_exceeded", "int", "budgets these limits exceed"),
        Column(
            "fresh_net_value_amount",
            "float",
            "net value when scaled to the fresh expected shortfall of optimum_shortfall",
            True,
        ),
    ),
)
OPTIMISER_FRONTIER = Table(
    "optimiser_frontier",
    "limits",
    "one row per budget of the expected shortfall, the other budgets as they are",
    ("point",),
    (
        Column("point", "int", "number, from the smallest budget"),
        Column("budget_amount", "float", "budget of the expected shortfall, run currency"),
        *_SUMS,
        Column("price", "float", "net value of one more unit of this budget; 0 = it does not bind"),
        Column("is_asked", "bool", "the budget asked for"),
    ),
)


def comparison(found: Optimum, customers: DataFrame, *, fresh: Risk | None = None) -> DataFrame:
    """Return table `optimiser_comparison`.

    Every rule keeps the bounds of each limit; its number is the largest at which its expected shortfall does not exceed
    that of the optimum. The rule need not keep the other budgets (see ``n_budgets_exceeded``), so the fair rival is the
    optimum under the expected shortfall alone: no limits within the bounds can be worth more at the same shortfall.

    Parameters
    ----------
    found : the optimum
    customers : customer_id and columns of rules: ``net_worth_amount`` for `net_worth_share`, ``score_factor`` (share of
        need by grade or segment) for `score_matrix`; rules without their column are left out
    fresh : losses of years the limits were not chosen on
    """
    asked, loss, target = found.problem, found.risk, found.outcome.shortfall
    alone = best(asked, [], replace(loss, amount=target)).outcome
    lines = [_line(found, found.outcome, OPTIMUM, None, fresh), _line(found, alone, OPTIMUM_SHORTFALL, None, fresh)]
    if fresh is not None:
        lines[-1]["fresh_net_value_amount"] = float(alone.net_value.sum())
    for code, grants in _rules(asked, customers).items():
        scale = equal_scale(grants, asked, loss, target)
        lines.append(_line(found, outcome(asked, grants(scale), risk=loss), code, scale, fresh))
        if fresh is not None:
            again = equal_scale(grants, asked, fresh, fresh.shortfall(alone.limits))
            lines[-1]["fresh_net_value_amount"] = float(outcome(asked, grants(again), risk=fresh).net_value.sum())
    return check(DataFrame(lines), OPTIMISER_COMPARISON)


def _rules(asked: Problem, customers: DataFrame) -> dict[str, Grants]:
    """Limits of each rule within the bounds of every limit, as functions of its number."""
    own = [name for name in RULE_COLUMNS if name in customers]
    known = asked.customers.merge(customers[["customer_id", *own]].astype({"customer_id": "str"}), on="customer_id")

    def within_bounds(rule: Callable[[DataFrame, float], Array]) -> Grants:
        return lambda scale: np.clip(rule(known, scale), asked.lower, asked.upper)

    able = [member for member in SIMPLE_RULES if member.function(known, 1.0) is not None]
    return {member.name: within_bounds(member.function) for member in able}


def equal_scale(grants: Grants, asked: Problem, loss: Risk, target: float) -> float:
    """Return the largest number at which the rule's expected shortfall does not exceed the target, by bisection.

    A rule that grants all it can and stays below the target gets the number from which on it grants no more.
    """
    high = 1.0
    while high < _MOST and (grants(high) < asked.upper).any() and loss.shortfall(grants(high)) <= target:
        high *= 4.0
    if loss.shortfall(grants(high)) > target:
        return _last(lambda scale: loss.shortfall(grants(scale)) <= target, high)
    everything = float(grants(high).sum())
    return _last(lambda scale: float(grants(scale).sum()) < everything, high)


def _last(holds: Callable[[float], bool], high: float) -> float:
    """Largest number up to `high` for which it holds, given that it holds for none above that one."""
    low = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high if not holds(low) else low


def frontier(found: Optimum, *, n_points: int = 8, fresh: Risk | None = None) -> DataFrame:
    """Return table `optimiser_frontier`: the best net value for budgets of the expected shortfall.

    Budgets lie at equal steps between the least that floors and steps leave and the most that is worth having; the
    budget asked for is one more point where it can be met. The other budgets stay, raised where they cannot be met.

    Parameters
    ----------
    found : the optimum
    n_points : number of equal steps
    fresh : losses of years the limits were not chosen on
    """
    free = best(found.problem, found.met_rows, replace(found.risk, amount=None))
    least, most = found.risk.shortfall(found.problem.lower), free.outcome.shortfall
    amounts = {least + (most - least) * step / n_points: False for step in range(1, n_points + 1)}
    if found.risk.amount is not None and found.is_met:
        amounts[found.risk.amount] = True
    lines = []
    for amount, is_asked in sorted(amounts.items()):
        point = found if is_asked else best(found.problem, found.met_rows, replace(found.risk, amount=amount))
        price = float(point.solution.prices[-1])
        lines.append({"budget_amount": amount, **_sums(point.outcome, fresh), "price": price, "is_asked": is_asked})
    return check(DataFrame(lines).assign(point=range(1, len(lines) + 1)), OPTIMISER_FRONTIER)


def _sums(one: Outcome, fresh: Risk | None) -> dict[str, float | None]:
    return {**one.totals(), "fresh_shortfall_amount": None if fresh is None else fresh.shortfall(one.limits)}


def _line(found: Optimum, one: Outcome, code: str, scale: float | None, fresh: Risk | None) -> dict[str, object]:
    target = found.outcome.shortfall
    return {
        "rule_code": code,
        "scale": scale,
        "n_customers": int((one.limits > 0).sum()),
        **_sums(one, fresh),
        "gap_amount": float(found.outcome.net_value.sum() - one.net_value.sum()),
        "is_equal_shortfall": abs(one.shortfall - target) <= _EQUAL * max(target, 1.0),
        "n_budgets_exceeded": n_exceeded(one, rows=found.rows, risk=found.risk),
        "fresh_net_value_amount": None,
    }
