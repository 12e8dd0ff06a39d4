"""The fitted factors as a table: cell by cell, with what they are made of and what decided them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.limits.calibration.fit import Fit, Rule
from riskresearch.limits.calibration.levels import Level
from riskresearch.limits.calibration.portfolio import at_factor
from riskresearch.limits.calibration.sums import Entries, Sums
from riskresearch.limits.calibration.tables import AXES
from riskresearch.limits.calibration.to_sign import to_sign
from riskresearch.limits.policy.policy import CreditPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def described(
    sums: Sequence[Sums],
    fits: Sequence[Fit],
    divisions: Sequence[Level],
    found: Entries,
    *,
    policy: CreditPolicy,
    rule: Rule,
    bounds: tuple[Floats, Floats],
    full: float,
) -> DataFrame:
    """Return the rows of table `limit_factors`.

    Parameters
    ----------
    sums, fits, divisions : by division
    found : sums by customer and finest cell
    policy : factors in force
    rule : cells with defaulters enough
    bounds : ends of the intervals, cells of all divisions one below the other
    full : share of sales that `full_sales_factor` keeps
    """
    in_force = _in_force(divisions, policy)
    told = _told(divisions, fits, rule)
    frames = []
    for place, level in enumerate(divisions):
        frame = pd.concat([_cells(level, found), _rates(sums[place], fits[place])], axis=1)
        frame["reason_code"] = _reasons(fits[place], sums[place].grid, rule.own_severity[place])
        shown = Shown(fits[place], sums[place].grid, told[place], in_force[place], full, level.n_lines)
        frames.append(frame.assign(**_outcomes(shown)))
    ends = {"factor_low": bounds[0], "factor_high": bounds[1]}
    every = np.concatenate(told)
    return pd.concat(frames, ignore_index=True).assign(**{k: np.where(every, v, np.nan) for k, v in ends.items()})


def members(found: Entries, level: Level, among: NDArray[np.bool_]) -> Ints:
    """Return the number of customers by cell with at least one entry among those chosen."""
    chosen = among & (level.cell >= 0)
    pairs = np.unique(np.column_stack([level.cell, found.customer])[chosen], axis=0)
    return np.bincount(pairs[:, 0], minlength=len(level.cells))


@dataclass(frozen=True)
class Shown:
    """What the outcomes of one division are told from.

    Parameters
    ----------
    fit, grid : factors and curves
    told : cells whose fitted factor is told
    in_force : the policy's factors
    full : share of sales that `full_sales_factor` keeps
    n_lines : lines of the division
    """

    fit: Fit
    grid: Floats
    told: NDArray[np.bool_]
    in_force: Floats
    full: float
    n_lines: int


def _told(divisions: Sequence[Level], fits: Sequence[Fit], rule: Rule) -> list[NDArray[np.bool_]]:
    """Classes with defaulters enough, and grade × size × sector also where only its grade has."""
    own = [enough & fit.has_history for enough, fit in zip(rule.own_severity, fits, strict=True)]
    told = [np.ones_like(own[0]), *own[1:]]
    if len(told) == len(AXES):
        told[-1] = told[-1] | told[-2][divisions[-1].parent]
    return told


def _in_force(divisions: Sequence[Level], policy: CreditPolicy) -> list[Floats]:
    """The policy's factors: none of the book, of a grade that of its main segment."""
    factors = [np.array([np.nan]), np.array([part.need_factor for part in policy.segments[:-1]])]
    for level in divisions[2:]:
        factors.append(factors[-1][level.parent])
    return factors


def _cells(level: Level, found: Entries) -> DataFrame:
    ranks = np.tile(np.arange(1, level.n_classes + 1), level.n_lines)
    return level.cells.reset_index(drop=True).assign(
        axis_code=level.axis_code,
        class_rank=ranks,
        n_customers=members(found, level, found.sums["years"] > 0),
        n_defaulters=members(found, level, found.sums["hits"] > 0),
    )


def _rates(sums: Sums, fit: Fit) -> DataFrame:
    lost, need = sums["hit_loss_need"], sums["need"]
    by_need = sums["hit_need"] / np.where(need > 0, need, np.nan)
    lgd = fit.loss_need / np.where(fit.need > 0, fit.need, np.nan)
    return DataFrame(
        {
            "n_customer_years": sums["years"],
            "default_rate_ratio": fit.rates.raw,
            "shrunk_default_rate_ratio": fit.rates.rate,
            "ordered_default_rate_ratio": fit.rate,
            "shrinkage_weight_ratio": fit.rates.weight,
            "need_weighted_default_rate_ratio": by_need,
            "need_at_default_ratio": by_need / np.where(fit.rates.raw > 0, fit.rates.raw, np.nan),
            "shrunk_need_at_default_ratio": fit.sizes.ratio,
            "lgd_ratio": lgd,
            "use_at_default_ratio": sums["use"] / np.where(lost > 0, lost, np.nan),
        }
    )


def _outcomes(shown: Shown) -> dict[str, Floats | NDArray[np.str_]]:
    fit, grid = shown.fit, shown.grid
    enough = fit.kept >= shown.full * fit.sales[:, None] * (1 - 1e-12)
    full_sales = np.where(enough.any(axis=1), grid[enough.argmax(axis=1)], np.nan)
    fitted = np.where(shown.told, fit.factor, np.nan)
    signed, reasons = to_sign(fitted, full_sales, shown.in_force, n_lines=shown.n_lines)
    found: dict[str, Floats | NDArray[np.str_]] = {
        "factor_raw": np.where(shown.told, fit.factor_raw, np.nan),
        "factor": fitted,
        "factor_policy": shown.in_force,
        "full_sales_factor": full_sales,
        "factor_to_sign": signed,
        "to_sign_reason_code": reasons,
    }
    for suffix, factors in (("", fitted), ("_policy", shown.in_force), ("_to_sign", signed)):
        loss, kept = at_factor(fit.loss, factors, grid), at_factor(fit.kept, factors, grid)
        found[f"expected_loss{suffix}_ratio"] = np.where(kept > 0, loss / np.where(kept > 0, kept, 1.0), np.nan)
        found[f"sales_kept{suffix}_ratio"] = np.where(
            fit.sales > 0, kept / np.where(fit.sales > 0, fit.sales, 1.0), np.nan
        )
    return found


def _reasons(fit: Fit, grid: Floats, own_severity: NDArray[np.bool_]) -> NDArray[np.str_]:
    conditions = {
        "no_history": ~fit.has_history,
        "too_few_defaults": ~own_severity,
        "above_appetite": fit.factor == 0,
        "not_binding": fit.factor == grid[-1],
        "pooled": fit.factor != fit.factor_raw,
    }
    return np.select(list(conditions.values()), list(conditions), default="fitted")
