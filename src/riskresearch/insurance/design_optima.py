"""Which design is best for each price of capital."""

from collections.abc import Sequence

from pandas import DataFrame

from riskresearch.base.schema import Column, Table, check, empty
from riskresearch.insurance.policy import SELF_INSURANCE
from riskresearch.insurance.tables import OPTION

DESIGN_OPTIMA = Table(
    "design_optima",
    "insurance",
    "one row per quote and capital charge",
    ("option_id", "capital_charge_ratio"),
    (
        OPTION,
        Column("capital_charge_ratio", "float", "yearly cost of a unit of economic capital"),
        Column("design_id", "text", "design with the lowest economic cost at that charge"),
        Column("economic_cost_amount", "float", "its economic cost"),
        Column("self_insurance_economic_cost_amount", "float", "economic cost without policy"),
        Column("quote_economic_cost_amount", "float", "economic cost of the quote"),
    ),
)


def design_optima(designs: DataFrame, *, charge_ratios: Sequence[float]) -> DataFrame:
    """Return table `design_optima`: the best design of each quote for each capital charge.

    Parameters
    ----------
    designs : table `policy_designs`
    charge_ratios : capital charges
    """
    rows = []
    for option_id, group in designs.groupby("option_id", sort=True):
        by_design = group.set_index("design_id")
        quote = by_design.index[by_design["is_quote"].astype(bool)][0]
        for charge in sorted(set(charge_ratios)):
            cost = by_design["total_cost_of_risk_amount"] + charge * by_design["economic_capital_amount"]
            best = cost.idxmin()
            rows.append((option_id, charge, best, cost[best], cost[SELF_INSURANCE], cost[quote]))
    return check(DataFrame(rows, columns=DESIGN_OPTIMA.names), DESIGN_OPTIMA) if rows else empty(DESIGN_OPTIMA)
