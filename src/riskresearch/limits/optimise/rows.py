"""Budgets as rows of a linear programme: coefficients x limits must not exceed what is allowed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from riskresearch.limits.optimise.budgets import AXES, Budgets, Concentration
from riskresearch.limits.optimise.problem import Problem
from riskresearch.limits.optimise.scenarios import Scenarios, shortfall, shortfall_weights

Array = NDArray[np.float64]

BOUND_CODES = ("amount", "share")
BUDGET_CODES = ("expected_loss", "shortfall", "total", *AXES)
ALL = "all"


@dataclass(frozen=True)
class Row:
    """One linear budget: ``used @ limits <= amount + share_ratio x sum of limits``.

    Parameters
    ----------
    budget_code : one of `BUDGET_CODES`
    member : group, sector or country; `ALL` for the whole book
    used : use per EUR of limit of each customer
    amount, share_ratio : what is allowed, an amount or a share of all limits
    """

    budget_code: str
    member: str
    used: Array
    amount: float
    share_ratio: float = 0.0

    @property
    def bound_code(self) -> str:
        """What is allowed is an amount or a share of all limits."""
        return "share" if self.share_ratio else "amount"

    @property
    def coefficients(self) -> Array:
        """Use less what the limits themselves allow."""
        return self.used - self.share_ratio

    def allowed(self, limits: Array) -> float:
        """Amount allowed beside these limits."""
        return self.amount + self.share_ratio * float(limits.sum())


@dataclass(frozen=True)
class Risk:
    """Losses of simulated years and the budget of their expected shortfall.

    Parameters
    ----------
    losses : loss per EUR of limit, one row per scenario, one column per customer
    probabilities : of each scenario
    confidence_ratio : confidence of the expected shortfall
    amount : budget; None = no bound
    """

    losses: csr_array
    probabilities: Array
    confidence_ratio: float
    amount: float | None

    def shortfall(self, limits: Array) -> float:
        """Expected shortfall of the losses under these limits."""
        return shortfall(self.losses @ limits, self.probabilities, confidence_ratio=self.confidence_ratio)

    def parts(self, limits: Array) -> Array:
        """Euler parts of the customers in the expected shortfall: their mean loss in its scenarios; they add up."""
        weights = shortfall_weights(self.losses @ limits, self.probabilities, confidence_ratio=self.confidence_ratio)
        return np.asarray((weights @ self.losses) * limits)


def risk(problem: Problem, budgets: Budgets, scenarios: Scenarios) -> Risk:
    """Return the losses of the customers in simulated years."""
    losses = csr_array(scenarios.of(problem.customer_ids) @ diags_array(problem.loss))
    return Risk(losses, scenarios.probabilities, budgets.confidence_ratio, budgets.shortfall_amount)


def budget_rows(problem: Problem, budgets: Budgets) -> list[Row]:
    """Return the linear budgets, in the order of `BUDGET_CODES` and of their members.

    Where two bounds of one kind hold for a member, the tighter one counts.
    """
    rows = []
    if budgets.expected_loss_amount is not None:
        rows.append(Row("expected_loss", ALL, problem.expected_loss, budgets.expected_loss_amount))
    if budgets.total_amount is not None:
        rows.append(Row("total", ALL, np.ones(len(problem.upper)), budgets.total_amount))
    members: dict[tuple[str, str, str], Row] = {}
    for row in (row for bound in budgets.concentrations for row in _of_members(problem, bound)):
        key = row.budget_code, row.member, row.bound_code
        other = members.get(key, row)
        members[key] = min(row, other, key=lambda one: (one.share_ratio, one.amount))
    order = {axis: place for place, axis in enumerate(AXES)}
    return rows + [members[key] for key in sorted(members, key=lambda key: (order[key[0]], *key[1:]))]


def _of_members(problem: Problem, bound: Concentration) -> list[Row]:
    """One row for each member the bound holds for."""
    member = problem.customers[AXES[bound.axis_code]].to_numpy(dtype=object)
    asked = sorted(set(member)) if bound.member is None else [bound.member]
    amount, share = bound.amount or 0.0, bound.share_ratio or 0.0
    return [
        Row(bound.axis_code, name, (member == name).astype("float64"), amount, share)
        for name in asked
        if name not in bound.exempt
    ]
