"""Term structure of default: how the PD of a year spreads over its months."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER

SHAPES = ("hazard", "constant", "in_default")
PD_TERM_STRUCTURE = Table(
    "pd_term_structure",
    "model",
    "one row per scored customer and number of months ahead, up to the horizon",
    ("customer_id", "horizon_months"),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("horizon_months", "int", "months ahead, from the observation date on"),
        Column("pd_cumulative", "float", "probability of default within that many months; in the last month pd_12m"),
        Column("pd_marginal", "float", "probability, seen from the observation date, of default in that very month"),
        Column("hazard", "float", "probability of default in that month of a customer not in default before"),
        Column(
            "shape_code",
            "code",
            "what spreads the PD over the months: the hazard model, the same hazard in every month, or a customer in "
            "default already (1 in every month)",
            False,
            SHAPES,
        ),
    ),
)
MAX_STEPS = 100
PRECISION = 1e-13

Array = NDArray[np.float64]


def term_structure(pds: DataFrame, *, monthly_log_odds: Array | None = None, horizon_months: int = 12) -> DataFrame:
    """Return table `pd_term_structure`: cumulative and marginal PD and hazard of each month ahead.

    The hazards of a customer keep the shape of the hazard model; one shift of all their log-odds, found for each
    customer, makes the last month's cumulative PD the customer's final PD, whatever gave it::

        1 − Π over months (1 − expit(monthly_log_odds + shift)) = pd_12m

    Parameters
    ----------
    pds : ``customer_id observation_date pd_12m``, one row per customer; pd_12m = 1 is a customer in default
    monthly_log_odds : log-odds of the hazard of each month, one line per row of `pds` in the same order, one column
        per month; lines with an empty value, and None, stand for the same hazard in every month
    horizon_months : months over which the PD is meant

    Raises
    ------
    TableError
        A PD is empty or not between 0 and 1.

    Examples
    --------
    >>> pds = DataFrame({"customer_id": ["a"], "observation_date": pd.to_datetime(["2025-12-31"]), "pd_12m": [0.75]})
    >>> found = term_structure(pds, horizon_months=2)
    >>> found[["horizon_months", "pd_cumulative", "pd_marginal", "hazard"]].round(6).values.tolist()
    [[1.0, 0.5, 0.5, 0.5], [2.0, 0.75, 0.25, 0.5]]
    """
    final = _final(pds)
    shape = np.full((len(pds), horizon_months), np.nan) if monthly_log_odds is None else monthly_log_odds
    if shape.shape != (len(pds), horizon_months):
        raise TableError(
            f"pd_term_structure: hazards of {shape.shape} rows and months given for {len(pds)} customers and "
            f"{horizon_months} months; give one line per row of pds and one column per month"
        )
    is_shaped = np.isfinite(shape.sum(axis=1))
    shape = np.where(is_shaped[:, np.newaxis], shape, 0.0)
    codes = np.select([final == 1, is_shaped], ["in_default", "hazard"], default="constant")
    return _frame(pds, _integrated_hazards(shape, final), codes)


def _final(pds: DataFrame) -> Array:
    final = pds["pd_12m"].to_numpy(float)
    wrong = ~((final >= 0) & (final <= 1))
    if wrong.any():
        raise TableError(
            f"pd_term_structure: {int(wrong.sum())} customers ({first_keys(pds.loc[wrong, 'customer_id'])}) have a "
            "pd_12m that is empty or outside 0 to 1; correct the step that makes table scored"
        )
    return final


def _integrated_hazards(shape: Array, final: Array) -> Array:
    """−log(1 − hazard) of each month, scaled so that they sum to −log(1 − final); infinite in default."""
    inside = (final > 0) & (final < 1)
    target = -np.log1p(-final[inside])
    result = np.where(final == 1, np.inf, 0.0)[:, None] * np.ones(shape.shape[1])
    result[inside] = np.logaddexp(0, shape[inside] + _shift(shape[inside], target)[:, None])
    return result


def _shift(shape: Array, target: Array) -> Array:
    """Shift of the log-odds at which the integrated hazards sum to the target.

    The sum is a rising convex function of the shift. It is at least the target where the smallest log-odds have
    the constant hazard's value; Newton steps from there fall towards the root and never pass it.
    """
    share = target / shape.shape[1]
    shift = np.log(np.expm1(share)) - shape.min(axis=1)
    for _ in range(MAX_STEPS):
        log_odds = shape + shift[:, None]
        excess = np.logaddexp(0, log_odds).sum(axis=1) - target
        step = excess / np.exp(-np.logaddexp(0, -log_odds)).sum(axis=1)
        shift = shift - step
        if np.all(np.abs(step) <= PRECISION * (1 + np.abs(shift))):
            break
    return shift


def _frame(pds: DataFrame, integrated: Array, codes: NDArray[np.str_]) -> DataFrame:
    n_months = integrated.shape[1]
    so_far = integrated.cumsum(axis=1)
    before = np.column_stack([np.zeros(len(pds)), so_far[:, :-1]])
    hazard = -np.expm1(-integrated)
    each = pds[["customer_id", "observation_date"]].iloc[np.repeat(np.arange(len(pds)), n_months)]
    return each.reset_index(drop=True).assign(
        horizon_months=np.tile(np.arange(1, n_months + 1), len(pds)),
        pd_cumulative=-np.expm1(-so_far).ravel() + 0.0,
        pd_marginal=(np.exp(-before) * hazard).ravel() + 0.0,
        hazard=hazard.ravel() + 0.0,
        shape_code=pd.array(np.repeat(codes, n_months), dtype="str"),
    )
