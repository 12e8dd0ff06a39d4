"""Limit factors fitted on history to the risk appetite: the table that management signs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import check
from riskresearch.limits.calibration.credibility import design_effect
from riskresearch.limits.calibration.described import described, members
from riskresearch.limits.calibration.fit import Fit, Rule, fitted
from riskresearch.limits.calibration.interval import factor_bounds, factor_draws, sums_by_level
from riskresearch.limits.calibration.levels import Level, adding, levels
from riskresearch.limits.calibration.observations import USED, known_movements, matured, reviewed, row_counts
from riskresearch.limits.calibration.portfolio import book, checks
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

    ``default rate × LGD × need × E[min(f, u)] / sales kept(f) ≤ appetite.expected_loss_ratio``

    *default rate*: customer-years with a default within 12 months, drawn towards the parent's rate
    (`credibility.shrunk_rates`). *u*: exposure on the day of default over need on the review day, mean over defaults,
    so that what customers draw before they fail counts; of a cell with few defaulters, its parent's. *Sales kept*:
    invoices of the 12 months, each in the share min(1, f × need / exposure of the day). Default is taken as independent
    of the size of the need within a cell. Factors then never rise with risk (`monotone.never_rising`), along segments,
    along grades, and along the grades of each size and sector.

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
    least_defaulters : defaulters below which a cell has its parent's exposure at default
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


def with_factors(
    policy: CreditPolicy, factors: DataFrame, *, multiplier: float = 1.0, within_history: bool = True
) -> CreditPolicy:
    """Return the next version of a policy with the fitted factors of its segments; a draft until somebody signs.

    Parameters
    ----------
    policy : policy in force
    factors : table `limit_factors`; a segment without a computed factor keeps the one it has
    multiplier : common multiplier of these factors (table `limit_factor_checks`, *within_history* or *fitted*)
    within_history : no factor above what history saw, see `seen_factors`

    Returns
    -------
    CreditPolicy, version + 1, not approved; factors rounded down to a hundredth, that of defaulted customers as it was.

    Raises
    ------
    SettingsError
        The factors together with the rest of the policy break one of its rules.
    """
    own = factors[factors["axis_code"] == "segment"].sort_values("class_rank").set_index("class_code")
    wanted = seen_factors(own) if within_history else own["factor"]
    wanted = (np.floor(wanted.dropna() * multiplier * 100 + 1e-6) / 100).to_dict()
    parts = [
        segment.model_copy(update={"need_factor": wanted.get(segment.segment_code, segment.need_factor)})
        for segment in policy.segments
    ]
    new = policy.model_copy(update={"segments": tuple(parts), "version": policy.version + 1, "approved_by": None})
    return credit_policy_from_mapping(new.model_dump(), where="policy with fitted factors")


def seen_factors(own: DataFrame) -> Series:
    """Return fitted factors, none above `full_sales_factor` nor above that of a less risky segment.

    What lies beyond gains no sales and risks an exposure that was never seen.

    Parameters
    ----------
    own : rows of the segments in table `limit_factors`, from the least to the most risky
    """
    return own["factor"].clip(upper=own["full_sales_factor"].fillna(np.inf)).cummin()


def _rule(found: Entries, divisions: tuple[Level, ...], policy: CreditPolicy, least: int) -> Rule:
    hits, segment = found.sums["hits"], divisions[1].cell
    pair, place = np.unique(np.column_stack([found.customer, segment]), axis=0, return_inverse=True)
    by_pair = [np.bincount(place.ravel(), values).astype(float) for values in (hits, found.sums["years"])]
    own = [members(found, level, hits > 0) >= least for level in divisions]
    design = design_effect(by_pair[0], by_pair[1], pair[:, 1])
    return Rule(policy.appetite.expected_loss_ratio, design, tuple(own))


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
    seen = seen_factors(frame[frame["axis_code"] == "segment"]).to_numpy(float)
    found = []
    for code, factors in zip(SETS, (fit.factor, seen, in_force), strict=True):
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
        }
    )
    return {"limit_factors": check(frame, LIMIT_FACTORS), "limit_factor_checks": _empty_checks()}
