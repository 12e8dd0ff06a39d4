"""Budgets that cannot be met together: which, and how much more each would need."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from scipy.sparse import csr_array, eye_array, hstack

from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.optimise.problem import Problem
from riskresearch.limits.optimise.rows import ALL, BOUND_CODES, BUDGET_CODES, Risk, Row
from riskresearch.limits.optimise.solve import Programme, programme, run

Array = NDArray[np.float64]

OPTIMISER_CONFLICTS = Table(
    "optimiser_conflicts",
    "limits",
    "one row per budget that floors and steps do not let be met; none where all can be met",
    ("budget_code", "member", "bound_code"),
    (
        Column("budget_code", "code", "budget", False, BUDGET_CODES),
        Column("member", "text", "group, sector or country; 'all' for the whole book"),
        Column("bound_code", "code", "allowed is an amount or a share of all limits", False, BOUND_CODES),
        Column("allowed_amount", "float", "allowed, beside the limits that use least of it, run currency"),
        Column("least_amount", "float", "least use that floors and steps leave, other budgets aside, run currency"),
        Column("excess_amount", "float", "by how much it must be raised so that all can be met, run currency"),
        Column("is_alone", "bool", "cannot be met even without the other budgets"),
        Column("n_held", "int", "customers whose floor or step keeps a limit that uses this budget above 0"),
        Column("floor_least_amount", "float", "least use if floors alone held, without steps, run currency"),
    ),
)
_ROOM = 1e-9
_SEEN = 1e-7


@dataclass(frozen=True)
class Relaxed:
    """Budgets raised by as little as lets them be met together, and the table that says so."""

    rows: list[Row]
    risk: Risk
    conflicts: DataFrame


def relaxed(problem: Problem, rows: Sequence[Row], risk: Risk) -> Relaxed:
    """Raise budgets by the least excess: the smallest sum of excess over allowed amount.

    A budget of 0 is measured by its use under the largest limits.

    Parameters
    ----------
    problem : customers
    rows : linear budgets
    risk : scenarios and the budget of the expected shortfall
    """
    asked = programme(problem, rows, risk)
    scale = np.array(_scales(problem, rows, risk))
    result = run(_elastic(asked, scale / asked.unit))
    excess = result.x[-asked.n_budgets :] * asked.unit
    excess = np.where(excess > _SEEN * scale, excess, 0.0)
    raised = [replace(row, amount=row.amount + more) for row, more in zip(rows, _roomy(excess, scale), strict=False)]
    amount = None if risk.amount is None else risk.amount + float(_roomy(excess, scale)[-1])
    return Relaxed(raised, replace(risk, amount=amount), _conflicts(problem, rows, risk, excess))


def _roomy(excess: Array, scale: Array) -> Array:
    return np.where(excess > 0, excess + _ROOM * scale, 0.0)


def _scales(problem: Problem, rows: Sequence[Row], risk: Risk) -> list[float]:
    sizes = [(row.allowed(problem.upper), float(row.used @ problem.upper)) for row in rows]
    if risk.amount is not None:
        sizes.append((risk.amount, risk.shortfall(problem.upper)))
    return [allowed or most or 1.0 for allowed, most in sizes]


def _elastic(asked: Programme, scale: Array) -> Programme:
    """Same rows with a column of excess for each budget, and the relative excess as the only cost."""
    n_rows, n_columns = asked.matrix.shape
    excess = -eye_array(n_rows, asked.n_budgets, format="csr")
    return replace(
        asked,
        cost=np.concatenate([np.zeros(n_columns), 1.0 / scale]),
        matrix=csr_array(hstack([asked.matrix, excess], format="csr")),
        lower=np.concatenate([asked.lower, np.zeros(asked.n_budgets)]),
        upper=np.concatenate([asked.upper, np.full(asked.n_budgets, np.inf)]),
    )


def _conflicts(problem: Problem, rows: Sequence[Row], risk: Risk, excess: Array) -> DataFrame:
    floors, held = problem.column("floor_amount"), problem.lower > 0
    lines: list[tuple[object, ...]] = []
    for row, more in zip(rows, excess, strict=False):
        allowed, least = _least(row, problem.lower, problem.upper)
        floor_least = _least(row, floors, problem.upper)[1]
        n_held = int((held & (row.used > 0)).sum())
        lines.append((row.budget_code, row.member, row.bound_code, allowed, least, more, n_held, floor_least))
    if risk.amount is not None:
        least, floor_least = risk.shortfall(problem.lower), risk.shortfall(floors)
        lines.append(("shortfall", ALL, "amount", risk.amount, least, excess[-1], int(held.sum()), floor_least))
    names = [name for name in OPTIMISER_CONFLICTS.names if name != "is_alone"]
    found = DataFrame(lines, columns=names)
    found["is_alone"] = found["least_amount"] > found["allowed_amount"] * (1.0 + _SEEN)
    return check(found[found["excess_amount"] > 0], OPTIMISER_CONFLICTS)


def _least(row: Row, lower: Array, upper: Array) -> tuple[float, float]:
    """Allowed amount and use at the limits that leave this budget the most room."""
    limits = np.where(row.coefficients > 0, lower, upper) if row.share_ratio else lower
    return row.allowed(limits), float(row.used @ limits)
