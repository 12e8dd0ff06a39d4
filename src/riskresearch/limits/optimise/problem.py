"""What a EUR of limit earns, costs and may lose for each customer, and how far each limit may go."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.concentration import UNKNOWN
from riskresearch.base.errors import SettingsError, TableError, first_keys
from riskresearch.base.schema import Column, Table, check
from riskresearch.limits.optimise.budgets import AXES, Budgets
from riskresearch.limits.optimise.response import Response

Array = NDArray[np.float64]

OPTIMISER_CUSTOMERS = Table(
    "optimiser_customers",
    "limits",
    "one row per customer whose limit is sought",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("need_amount", "float", "limit that serves all sales, run currency"),
        Column("cap_amount", "float", "largest limit by capacity and caps, run currency"),
        Column("floor_amount", "float", "smallest limit of a strategic customer, run currency; 0 = none"),
        Column("current_limit_amount", "float", "limit in force, run currency", True),
        Column("pd_12m", "float", "probability of default of 12 months"),
        Column("lgd_ratio", "float", "loss given default, share of the exposure"),
        Column("sales_amount_12m", "float", "sales of a year net of tax at a limit of the need, run currency"),
        Column("premium_ratio", "float", "credit insurance premium, share of sales; 0 = not insured"),
        Column("usage_ratio", "float", "mean exposure over need; 1 = always used in full"),
        Column("group_id", "text", "group; the customer itself where it has none"),
        Column("sector_code", "text", "sector", True),
        Column("country_code", "text", "country", True),
    ),
)
_OPTIONAL = {"floor_amount": 0.0, "premium_ratio": 0.0, "usage_ratio": 1.0}
_SHARES = ("pd_12m", "lgd_ratio", "usage_ratio")


@dataclass(frozen=True)
class Economics:
    """What sales on account earn and cost, shares of sales; ``finance_ratio`` is a yearly share of the exposure."""

    margin_ratio: float
    finance_ratio: float = 0.0
    operating_ratio: float = 0.0
    draw_down_ratio: float = 0.0
    response: Response = field(default_factory=Response)

    def __post_init__(self) -> None:
        """Refuse negative shares."""
        named = ("margin_ratio", "finance_ratio", "operating_ratio", "draw_down_ratio")
        wrong = [name for name in named if not getattr(self, name) >= 0]
        if wrong:
            raise SettingsError(f"optimiser: {', '.join(wrong)} must be 0 or more")


@dataclass(frozen=True)
class Problem:
    """Customers sorted by id (n), steps of the response (k; the last one is what exceeds the need).

    Parameters
    ----------
    customers : table `optimiser_customers`, sorted
    lower, upper : bounds of each limit (n)
    lower_code, upper_code : what sets them: ``floor``, ``step``, ``need``, ``cap`` (n)
    start, width : where each step begins and how much of it the upper bound leaves, amounts (n, k)
    sales, exposure : sales served and mean exposure per EUR of limit in each step (n, k)
    loss : loss at default per EUR of limit (n)
    economics : shares of sales and exposure
    """

    customers: DataFrame
    lower: Array
    upper: Array
    lower_code: NDArray[np.object_]
    upper_code: NDArray[np.object_]
    start: Array
    width: Array
    sales: Array
    exposure: Array
    loss: Array
    economics: Economics

    @property
    def customer_ids(self) -> list[str]:
        """Customers in the order of all arrays."""
        return list(self.customers["customer_id"])

    @property
    def expected_loss(self) -> Array:
        """Expected loss of a year per EUR of limit."""
        return self.column("pd_12m") * self.loss

    @property
    def value(self) -> Array:
        """Margin less cost less expected loss per EUR of limit in each step."""
        cost = self.cost_ratio[:, None] * self.sales + self.economics.finance_ratio * self.exposure
        return np.asarray(self.economics.margin_ratio * self.sales - cost - self.expected_loss[:, None])

    @property
    def cost_ratio(self) -> Array:
        """Operating cost and premium, share of sales."""
        return self.economics.operating_ratio + self.column("premium_ratio")

    def column(self, name: str) -> Array:
        """Return a column of the customers."""
        return np.asarray(self.customers[name].to_numpy(dtype="float64"))

    def steps(self, limits: Array) -> Array:
        """Return the part of each limit that falls in each step."""
        return np.clip(limits[:, None] - self.start, 0.0, self.width)


def problem(customers: DataFrame, budgets: Budgets, *, economics: Economics) -> Problem:
    """Return what each EUR of limit earns and may lose.

    Exposure at default is min(L, E (1 + u)), with E the mean exposure under limit L and u the draw-down before default
    (domain note C2). Under a straight response E is a fixed share of L, hence the loss too: linear and exact. Under a
    bent response E / L is highest in the first step; that share is taken everywhere, so the loss stays linear, is
    never understated, and never exceeds L.

    A customer that earns nothing on a EUR of sales has the straight response: bent, it would serve the end first.

    Parameters
    ----------
    customers : table `optimiser_customers`; other columns are left aside; ``floor_amount premium_ratio`` are 0 and
        ``usage_ratio`` is 1 where the column is absent
    budgets : for the steps limits may move by
    economics : shares

    Raises
    ------
    TableError
        A column is absent or empty, an amount is negative, a share outside 0-1 or a customer named twice.
    """
    ordered = _checked(customers)
    need, usage = (ordered[name].to_numpy(dtype="float64") for name in ("need_amount", "usage_ratio"))
    lower, lower_code, upper, upper_code = _bounds(ordered, budgets)
    start = need[:, None] * np.append(economics.response.starts, 1.0)
    end = np.column_stack([start[:, 1:], np.full(len(need), np.inf)])
    share, per_need = _served(ordered, need, usage, economics)
    used = np.minimum(1.0, usage * (1.0 + economics.draw_down_ratio) * share[:, 0])
    return Problem(
        customers=ordered,
        lower=lower,
        upper=upper,
        lower_code=lower_code,
        upper_code=upper_code,
        start=start,
        width=np.clip(upper[:, None], start, end) - start,
        sales=per_need[:, None] * share,
        exposure=usage[:, None] * share,
        loss=ordered["lgd_ratio"].to_numpy(dtype="float64") * used,
        economics=economics,
    )


def _served(ordered: DataFrame, need: Array, usage: Array, economics: Economics) -> tuple[Array, Array]:
    """Share of sales per share of need in each step (n, k), and sales per EUR of need (n)."""
    slopes = np.append(economics.response.slopes, 0.0)
    straight = np.append(np.ones(len(slopes) - 1), 0.0)
    sales, premium = (ordered[name].to_numpy(dtype="float64") for name in ("sales_amount_12m", "premium_ratio"))
    per_need = np.divide(sales, need, out=np.zeros_like(need), where=need > 0)
    earned = (economics.margin_ratio - economics.operating_ratio - premium) * per_need
    is_idle = earned <= economics.finance_ratio * usage
    return np.where(is_idle[:, None], straight, slopes), per_need


def _bounds(ordered: DataFrame, budgets: Budgets) -> tuple[Array, NDArray[np.object_], Array, NDArray[np.object_]]:
    """Bounds and what sets them: a floor goes before need and cap, and these before the step.

    Without a limit in force there is no step. A limit above need or cap comes down to them at once.
    """
    need, cap, floor, current = (
        ordered[name].to_numpy(dtype="float64")
        for name in ("need_amount", "cap_amount", "floor_amount", "current_limit_amount")
    )
    upper = np.minimum(need, cap)
    upper_code = np.where(need <= cap, "need", "cap").astype(object)
    lower, lower_code = np.zeros_like(need), np.full(len(need), "none", dtype=object)
    if budgets.step_ratio is not None:
        step = np.maximum(budgets.step_ratio * current, budgets.step_min_amount)
        up, down = np.fmin(upper, current + step), np.fmax(0.0, np.minimum(current - step, upper))
        upper_code[up < upper], lower_code[down > 0] = "step", "step"
        upper, lower = up, down
    upper_code[floor > upper], lower_code[floor > lower] = "floor", "floor"
    return np.maximum(lower, floor), lower_code, np.maximum(upper, floor), upper_code


def _checked(customers: DataFrame) -> DataFrame:
    known = [name for name in OPTIMISER_CUSTOMERS.names if name in customers]
    absent = {name: value for name, value in _OPTIONAL.items() if name not in customers}
    ordered = check(customers[known].assign(**absent), OPTIMISER_CUSTOMERS)
    for column in OPTIMISER_CUSTOMERS.columns:
        if column.kind == "float":
            _refuse(ordered, column.name, 1.0 if column.name in _SHARES else np.inf)
    members = {name: ordered[name].fillna(UNKNOWN) for name in AXES.values()}
    return ordered.assign(**members)


def _refuse(ordered: DataFrame, name: str, most: float) -> None:
    values = ordered[name]
    wrong = values.notna() & ~(values.between(0.0, most) & np.isfinite(values))
    if wrong.any():
        keys = first_keys(ordered.loc[wrong, "customer_id"])
        allowed = "between 0 and 1" if most == 1.0 else "0 or more"
        raise TableError(f"optimiser_customers.{name}: {int(wrong.sum())} rows ({keys}) must be {allowed}")


def money_unit(problem: Problem) -> float:
    """Unit of money in which the programme is solved: the mean of the upper bounds that are above 0, or 1."""
    positive = problem.upper[problem.upper > 0]
    return float(positive.mean()) if len(positive) else 1.0
