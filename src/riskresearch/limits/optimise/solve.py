"""The linear programme of all limits and its solution by HiGHS.

Maximise value(x) over the parts x of the limits in the steps of the response, with lower <= x <= upper, each linear
budget, and the expected shortfall at confidence a in the form of Rockafellar and Uryasev:

    t + sum_s p_s z_s / (1 - a) <= budget,   z_s >= loss_s(x) - t,   z_s >= 0,   t >= 0

(t may be kept at 0 or above because losses are). Amounts are divided by the mean upper bound, so that the solver's
tolerances mean the same for every book.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

from riskresearch.base.errors import RunError
from riskresearch.limits.optimise.problem import Problem, money_unit
from riskresearch.limits.optimise.rows import Risk, Row

Array = NDArray[np.float64]

INFEASIBLE = 2
_NEAR = 1e-9


@dataclass(frozen=True)
class Programme:
    """minimise cost @ x, matrix @ x <= allowed, lower <= x <= upper; all amounts in ``unit``.

    The first ``n_budgets`` rows are the linear budgets and, last of them, the expected shortfall if it is bounded; the
    first ``n_customers`` x ``n_steps`` columns are the parts of the limits.
    """

    cost: Array
    matrix: csr_array
    allowed: Array
    lower: Array
    upper: Array
    n_budgets: int
    shape: tuple[int, int]
    unit: float


@dataclass(frozen=True)
class Solution:
    """Limits, the price of one more EUR of each budget, and what one more EUR of each limit would add.

    Parameters
    ----------
    limits : of each customer
    prices : of the linear budgets and, last, of the expected shortfall if it is bounded; 0 or more
    marginal : change of the net value per EUR by which the bound that binds is moved up; 0 where none binds
    """

    limits: Array
    prices: Array
    marginal: Array


def programme(problem: Problem, rows: Sequence[Row], risk: Risk) -> Programme:
    """Return the linear programme."""
    unit = money_unit(problem)
    n_steps = problem.width.shape[1]
    n_parts = problem.width.size
    linear = np.array([row.coefficients for row in rows]).reshape(len(rows), len(problem.upper))
    blocks, allowed = [_spread(csr_array(linear), n_steps)], [row.amount / unit for row in rows]
    n_budgets, n_more = len(rows), 0
    if risk.amount is not None:
        blocks, more = _with_shortfall(blocks[0], _spread(risk.losses, n_steps), risk)
        n_budgets, n_more = n_budgets + 1, blocks[0].shape[1] - n_parts
        allowed += [risk.amount / unit, *more]
    return Programme(
        cost=np.concatenate([-problem.value.ravel(), np.zeros(n_more)]),
        matrix=csr_array(vstack(blocks, format="csr")),
        allowed=np.asarray(allowed, dtype="float64"),
        lower=np.concatenate([problem.steps(problem.lower).ravel() / unit, np.zeros(n_more)]),
        upper=np.concatenate([problem.width.ravel() / unit, np.full(n_more, np.inf)]),
        n_budgets=n_budgets,
        shape=problem.width.shape,
        unit=unit,
    )


def solved(problem: Problem, rows: Sequence[Row], risk: Risk) -> Solution | None:
    """Return the best limits; None where the budgets cannot be met together."""
    asked = programme(problem, rows, risk)
    if not problem.width.size:
        return Solution(problem.upper, np.zeros(asked.n_budgets), problem.upper)
    result = run(asked)
    if result.status == INFEASIBLE:
        return None
    n_parts = problem.width.size
    parts = (result.x[:n_parts] * asked.unit).reshape(asked.shape)
    limits = _on_bounds(parts.sum(axis=1), problem, _NEAR * asked.unit)
    reduced = -(result.lower.marginals + result.upper.marginals)[:n_parts].reshape(asked.shape)
    prices = np.maximum(-result.ineqlin.marginals[: asked.n_budgets], 0.0)
    return Solution(limits, prices, _marginal(problem, limits, reduced))


def run(asked: Programme) -> OptimizeResult:
    """Solve a programme by the dual simplex method of HiGHS.

    Raises
    ------
    RunError
        The solver stopped without an optimum although the budgets can be met.
    """
    bounds = np.column_stack([asked.lower, asked.upper])
    result = linprog(asked.cost, A_ub=asked.matrix, b_ub=asked.allowed, bounds=bounds, method="highs-ds")
    if result.status not in (0, INFEASIBLE):
        raise RunError(
            f"optimiser: no optimum for {asked.shape[0]} customers and {asked.n_budgets} budgets; "
            "limits and budgets of very different size may be the cause; leave out what does not bind and run again"
        )
    return result


def _on_bounds(limits: Array, problem: Problem, near: float) -> Array:
    """Put limits that differ from a bound by rounding only on it."""
    limits = np.where(limits <= problem.lower + near, problem.lower, limits)
    return np.where(limits >= problem.upper - near, problem.upper, limits)


def _spread(matrix: csr_array, n_steps: int) -> csr_array:
    """Repeat the column of a customer for each step of its limit."""
    return csr_array(kron(matrix, np.ones((1, n_steps)), format="csr"))


def _with_shortfall(linear: csr_array, losses: csr_array, risk: Risk) -> tuple[list[csr_array], Array]:
    """Blocks of rows with the columns z and t behind; scenarios in which nobody defaults need no row."""
    hit = np.flatnonzero(np.diff(losses.indptr))
    n_hit, n_parts = len(hit), losses.shape[1]
    excess = risk.probabilities[hit] / (1.0 - risk.confidence_ratio)
    budget = csr_array(np.concatenate([np.zeros(n_parts), excess, [1.0]])[None, :])
    scenario = hstack([losses[hit], -eye_array(n_hit), csr_array(-np.ones((n_hit, 1)))], format="csr")
    none = csr_array((linear.shape[0], n_hit + 1))
    return [csr_array(hstack([linear, none], format="csr")), budget, csr_array(scenario)], np.zeros(n_hit)


def _marginal(problem: Problem, limits: Array, reduced: Array) -> Array:
    """Reduced cost of the step in which the binding bound lies."""
    at_upper, at_lower = limits >= problem.upper, (limits <= problem.lower) & (limits < problem.upper)
    places = np.arange(len(limits))
    last = np.where(problem.width > 0, np.arange(problem.width.shape[1]), 0).max(axis=1)
    open_above = problem.width - problem.steps(limits) > 0
    following = np.where(open_above.any(axis=1), open_above.argmax(axis=1), last)
    return np.where(at_upper, reduced[places, last], np.where(at_lower, reduced[places, following], 0.0)) + 0.0
