"""Limit factors fitted on history to the risk appetite: the table that management signs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import check
from riskresearch.limits.calibration.credibility import design_effect
from riskresearch.limits.calibration.described import described, members
from riskresearch.limits.calibration.fit import Fit, Rule, fitted
from riskresearch.limits.calibration.interval import factor_bounds, factor_draws, sums_by_level
from riskresearch.limits.calibration.levels import Level, adding, levels
from riskresearch.limits.calibration.observations import USED, known_movements, matured, reviewed, row_counts
from riskresearch.limits.calibration.portfolio import book, checks
from riskresearch.limits.calibration.sizes import size_rules
from riskresearch.limits.calibration.sums import Entries, entries, factor_grid
from riskresearch.limits.calibration.tables import (
    ANY,
    CHECKS,
    LIMIT_FACTOR_CHECKS,
    LIMIT_FACTOR_ROWS,
    LIMIT_FACTORS,
    SETS,
)
from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping

TOP_FACTOR, STEP = 3.0, 0.05
LEAST_DEFAULTERS = 5
FULL_SALES_RATIO = 0.99
N_SCENARIOS = 20_000


def limit_factors(
    inputs: DataFrame,
    segments: DataFrame,
    tables: Mapping[str, DataFrame],
    policy: CreditPolicy,
    *,
    as_of: Timestamp,
    seed: int,
    n_bootstrap: int,
    n_scenarios: int = N_SCENARIOS,
    least_defaulters: int = LEAST_DEFAULTERS,
    full_sales_ratio: float = FULL_SALES_RATIO,
    rated_only: bool = True,
) -> dict[str, DataFrame]:
    """Return tables `limit_factors`, `limit_factor_checks` and `limit_factor_rows`.

    A limit is factor × need. Of each cell, the factor is the largest on the grid 0, 0.05 … 3 (and the policy's own)
    at which

    ``default rate × mean over the defaults of LGD × min(f × need, exposure) / sales kept(f) ≤ expected_loss_ratio``

    need, exposure and LGD being each default's own. *Default rate*: customer-years with a default within 12 months,
    drawn towards the parent's rate (`credibility.shrunk_rates`). *Loss of a default* = mean LGD × need of the cell ×
    size ratio (`sizes.size_ratios`: that of those that default over that of all, drawn to the parent's, because a few
    defaulters do not tell whether the small or the large ones fail) × mean of min(f, u) over the defaults, weighted by
    LGD × need. *u*: exposure on the day of default over need on the review day, so that what customers draw before
    they fail counts; of a cell with few defaulters, its parent's. *Sales kept*: invoices of the 12 months, each in the
    share min(1, f × need / exposure of the day). Factors then never rise with risk (`monotone.never_rising`), along
    segments, along grades, and along the grades of each size and sector.

    Parameters
    ----------
    inputs : table `limit_inputs` with ``need_amount``, the need before any factor (`methods.needs.plain_need`);
        review days are month ends
    segments : table `limit_segments`
    tables : ``defaults`` (``customer_id default_date``) and ``movements``
    policy : appetite, economics and the factors in force
    as_of : last day that counts; review days count once their 12 months are over
    seed : of the resamples and of the scenarios
    n_bootstrap : resamples of customers for the intervals of 95 %; 0 = no intervals
    n_scenarios : scenarios for the expected shortfall
    least_defaulters : defaulters below which a cell has its parent's exposure at default and size ratio, and a
        segment or grade no factor of its own: the policy's stays
    full_sales_ratio : share of sales that `full_sales_factor` keeps
    rated_only : leave out review days without a grade, unless all are: without a PD, a segment holds other customers

    Raises
    ------
    TableError
        A column is missing or a customer has two rows on one day.

    Notes
    -----
    History shows only the exposure that was granted. A factor above `full_sales_factor` gains no sales seen so far:
    what customers would draw beyond it was never observed.
    """
    rows = reviewed(inputs, segments, as_of=as_of, rated_only=rated_only)
    used = matured(rows, tables, as_of=as_of)
    names: list[str] = [segment.segment_code for segment in policy.segments[:-1]]
    counts = check(row_counts(rows), LIMIT_FACTOR_ROWS)
    if used.empty:
        return {**_not_computable(policy, names), "limit_factor_rows": counts}
    grid = factor_grid(STEP, TOP_FACTOR, [segment.need_factor for segment in policy.segments])
    found = entries(used, known_movements(tables["movements"], as_of), grid=grid)
    divisions = levels(found, used, segments=names)
    matrices = adding(divisions)
    customers = np.ones(int(found.customer.max()) + 1)
    sums = sums_by_level(matrices, found, divisions, customers)
    rule = _rule(found, divisions, policy, least_defaulters)
    fits = fitted(sums, divisions, rule)
    chance, scenarios = (np.random.default_rng([seed, place]) for place in range(2))
    draws = factor_draws(matrices, found, divisions, rule, n_bootstrap=n_bootstrap, rng=chance)
    frame = described(
        sums, fits, divisions, found, policy=policy, rule=rule, bounds=factor_bounds(draws, fits), full=full_sales_ratio
    )
    return {
        "limit_factors": check(frame, LIMIT_FACTORS),
        "limit_factor_checks": _book_checks(rows, frame, fits[1], policy, grid, n_scenarios=n_scenarios, rng=scenarios),
        "limit_factor_rows": counts,
    }


def with_factors(policy: CreditPolicy, factors: DataFrame, *, multiplier: float = 1.0) -> CreditPolicy:
    """Return the next version of a policy with the factors to sign of its segments; a draft until somebody signs.

    Parameters
    ----------
    policy : policy in force
    factors : table `limit_factors`, column ``factor_to_sign``; a segment without one keeps the one it has
    multiplier : common multiplier of these factors (table `limit_factor_checks`, *within_history*)

    Returns
    -------
    CreditPolicy, version + 1, not approved; factors rounded down to a hundredth, that of defaulted customers as it was.

    Raises
    ------
    SettingsError
        The factors together with the rest of the policy break one of its rules.
    """
    own = factors[factors["axis_code"] == "segment"].set_index("class_code")["factor_to_sign"]
    wanted = (np.floor(own.dropna() * multiplier * 100 + 1e-6) / 100).to_dict()
    parts = [
        segment.model_copy(update={"need_factor": wanted.get(segment.segment_code, segment.need_factor)})
        for segment in policy.segments
    ]
    new = policy.model_copy(update={"segments": tuple(parts), "version": policy.version + 1, "approved_by": None})
    return credit_policy_from_mapping(new.model_dump(), where="policy with fitted factors")


def _rule(found: Entries, divisions: tuple[Level, ...], policy: CreditPolicy, least: int) -> Rule:
    hits, segment = found.sums["hits"], divisions[1].cell
    pair, place = np.unique(np.column_stack([found.customer, segment]), axis=0, return_inverse=True)
    by_pair = [np.bincount(place.ravel(), values).astype(float) for values in (hits, found.sums["years"])]
    own = [members(found, level, hits > 0) >= least for level in divisions]
    design = design_effect(by_pair[0], by_pair[1], pair[:, 1])
    return Rule(policy.appetite.expected_loss_ratio, design, tuple(own), size_rules(found, divisions))


def _book_checks(
    rows: DataFrame,
    frame: DataFrame,
    fit: Fit,
    policy: CreditPolicy,
    grid: NDArray[np.float64],
    *,
    n_scenarios: int,
    rng: np.random.Generator,
) -> DataFrame:
    known = rows[rows["reason_code"].isin([*USED, "not_matured"]) & (rows["need_amount"] > 0)]
    latest = known[known["review_date"] == rows.loc[rows["reason_code"] != "after_as_of", "review_date"].max()]
    held = book(latest, fit, policy, n_scenarios=n_scenarios, rng=rng)
    if held is None:
        return _empty_checks()
    in_force = np.array([segment.need_factor for segment in policy.segments[:-1]])
    own = frame[frame["axis_code"] == "segment"]
    fitted_ones, signed = own["factor"].to_numpy(float), own["factor_to_sign"].to_numpy(float)
    fitted_ones = np.where(np.isnan(fitted_ones), in_force, fitted_ones)
    found = []
    for code, factors in zip(SETS, (fitted_ones, signed, in_force), strict=True):
        found += [{"factors_code": code, **row} for row in checks(held, fit, factors, policy, grid)]
    return check(DataFrame(found), LIMIT_FACTOR_CHECKS)


def _empty_checks() -> DataFrame:
    pairs = pd.MultiIndex.from_product([SETS, CHECKS], names=["factors_code", "check_code"])
    return check(pairs.to_frame(index=False), LIMIT_FACTOR_CHECKS)


def _not_computable(policy: CreditPolicy, names: list[str]) -> dict[str, DataFrame]:
    frame = DataFrame(
        {
            "axis_code": "segment",
            "class_code": names,
            "size_code": ANY,
            "sector_code": ANY,
            "class_rank": range(1, len(names) + 1),
            "n_customers": 0,
            "n_customer_years": 0.0,
            "n_defaulters": 0,
            "factor_policy": [policy.segment(name).need_factor for name in names],
            "reason_code": "not_computable",
            "factor_to_sign": [policy.segment(name).need_factor for name in names],
            "to_sign_reason_code": "not_computable",
        }
    )
    return {"limit_factors": check(frame, LIMIT_FACTORS), "limit_factor_checks": _empty_checks()}
