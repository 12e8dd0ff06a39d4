"""What limits earn, cost and may lose, whoever proposed them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskresearch.limits.optimise.problem import Problem
from riskresearch.limits.optimise.rows import Risk, Row

Array = NDArray[np.float64]
_NEAR = 1e-6


@dataclass(frozen=True)
class Outcome:
    """Amounts of a year by customer, and the expected shortfall of all together, run currency."""

    limits: Array
    sales: Array
    margin: Array
    cost: Array
    expected_loss: Array
    shortfall: float

    @property
    def net_value(self) -> Array:
        """Margin less cost less expected loss."""
        return self.margin - self.cost - self.expected_loss

    def totals(self) -> dict[str, float]:
        """Sums over the customers."""
        return {
            "limit_amount": float(self.limits.sum()),
            "margin_amount": float(self.margin.sum()),
            "expected_loss_amount": float(self.expected_loss.sum()),
            "cost_amount": float(self.cost.sum()),
            "net_value_amount": float(self.net_value.sum()),
            "shortfall_amount": self.shortfall,
        }


def outcome(problem: Problem, limits: Array, *, risk: Risk) -> Outcome:
    """Return what these limits earn, cost and may lose."""
    parts = problem.steps(limits)
    sales = (parts * problem.sales).sum(axis=1)
    exposure = (parts * problem.exposure).sum(axis=1)
    return Outcome(
        limits=limits,
        sales=sales,
        margin=problem.economics.margin_ratio * sales,
        cost=problem.cost_ratio * sales + problem.economics.finance_ratio * exposure,
        expected_loss=problem.expected_loss * limits,
        shortfall=risk.shortfall(limits),
    )


def n_exceeded(found: Outcome, *, rows: Sequence[Row], risk: Risk) -> int:
    """Number of budgets that these limits exceed by more than rounding."""
    linear = sum(
        float(row.used @ found.limits) > row.allowed(found.limits) + _NEAR * max(row.allowed(found.limits), 1.0)
        for row in rows
    )
    return linear + int(risk.amount is not None and found.shortfall > risk.amount * (1.0 + _NEAR))
