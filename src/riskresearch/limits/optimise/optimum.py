"""The best limits under budgets."""

from dataclasses import dataclass

from pandas import DataFrame, Index, Series

from riskresearch.base.errors import RunError
from riskresearch.base.schema import empty
from riskresearch.limits.optimise.budgets import Budgets
from riskresearch.limits.optimise.infeasible import OPTIMISER_CONFLICTS, relaxed
from riskresearch.limits.optimise.outcome import Outcome, outcome
from riskresearch.limits.optimise.problem import Economics, Problem, problem
from riskresearch.limits.optimise.response import Response
from riskresearch.limits.optimise.rows import Risk, Row, budget_rows, risk
from riskresearch.limits.optimise.scenarios import Scenarios
from riskresearch.limits.optimise.solve import Solution, solved

STRAIGHT = Response()


@dataclass(frozen=True)
class Optimum:
    """The best limits and what they are worth.

    Parameters
    ----------
    problem : customers, sorted by id
    rows, risk : budgets as asked
    solution : limits, prices of the budgets, worth of one more EUR of each limit
    outcome : what the limits earn, cost and may lose
    met_rows : linear budgets that are met: as asked, or raised by their excess
    conflicts : table `optimiser_conflicts`; with rows in it the limits are the best after raising those budgets by
        their excess
    """

    problem: Problem
    rows: list[Row]
    risk: Risk
    solution: Solution
    outcome: Outcome
    met_rows: list[Row]
    conflicts: DataFrame

    @property
    def is_met(self) -> bool:
        """All budgets can be met together."""
        return self.conflicts.empty

    @property
    def limits(self) -> Series:
        """The best limit of each customer, run currency."""
        ids = Index(self.problem.customers["customer_id"], name="customer_id")
        return Series(self.solution.limits, index=ids, name="optimised_amount")


def optimise(
    customers: DataFrame,
    budgets: Budgets,
    scenarios: Scenarios,
    *,
    margin_ratio: float,
    finance_ratio: float = 0.0,
    operating_ratio: float = 0.0,
    draw_down_ratio: float = 0.0,
    response: Response = STRAIGHT,
) -> Optimum:
    """Return the limits with the highest margin less cost less expected loss of a year under all budgets.

    Parameters
    ----------
    customers : table `optimiser_customers`, one row per customer; the order of rows has no effect
            customer_id need_amount cap_amount floor_amount current_limit_amount pd_12m lgd_ratio sales_amount_12m
            group_id sector_code country_code, and where known premium_ratio usage_ratio
    budgets : what may be risked and how far limits may move
    scenarios : simulated defaults of all these customers
    margin_ratio : contribution margin, share of sales net of tax
    finance_ratio : yearly cost of money, share of the mean exposure
    operating_ratio : cost of credit management, share of sales
    draw_down_ratio : exposure at default above the mean exposure, 0.2 = 20 %
    response : share of sales served at a share of need

    Returns
    -------
    Optimum; where the budgets cannot be met together, `conflicts` says which and by how much.

    Raises
    ------
    TableError, SettingsError
        Customers, scenarios or economics outside what is allowed.

    References
    ----------
    R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2 (2000).
    """
    economics = Economics(margin_ratio, finance_ratio, operating_ratio, draw_down_ratio, response)
    asked = problem(customers, budgets, economics=economics)
    return best(asked, budget_rows(asked, budgets), risk(asked, budgets, scenarios))


def best(asked: Problem, rows: list[Row], loss: Risk) -> Optimum:
    """Return the best limits of a problem; budgets that cannot be met together are raised by the least excess."""
    found, met_rows, conflicts = solved(asked, rows, loss), rows, empty(OPTIMISER_CONFLICTS)
    if found is None:
        eased = relaxed(asked, rows, loss)
        met_rows, conflicts = eased.rows, eased.conflicts
        found = solved(asked, eased.rows, eased.risk)
    if found is None:
        raise RunError("optimiser: raised budgets are not met either; leave out budgets that are far from the others")
    return Optimum(asked, rows, loss, found, outcome(asked, found.limits, risk=loss), met_rows, conflicts)
