"""Limits as one portfolio: what the optimiser is given of a day of review, under the appetite of the policy."""

from typing import TypedDict

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.needs import plain_need, yearly_sales
from riskresearch.limits.methods.risk import before_tax_ratio
from riskresearch.limits.optimise.budgets import Budgets, Concentration
from riskresearch.limits.optimise.optimum import optimise
from riskresearch.limits.optimise.scenarios import Scenarios, default_scenarios
from riskresearch.limits.optimise.tables import optimised_tables
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.proposals import floor_amounts
from riskresearch.limits.settings import LimitSettings

REVIEW_MONTHS = 3
"""Months between two optima of the replay."""
REPLAY_SCENARIOS = 1_000
FRESH, CHOSEN = 1, 0


class Shares(TypedDict):
    """What sales on account earn and cost, as the optimiser takes it."""

    margin_ratio: float
    finance_ratio: float
    operating_ratio: float
    draw_down_ratio: float


def optimiser_customers(rows: DataFrame, policy: CreditPolicy) -> DataFrame:
    """Return the customers whose limits are sought together: not in default, with a PD and a need.

    The upper bound is the smaller of capacity and cap; what risk allows is left to the budgets. Sales are those of a
    year net of tax, use the mean exposure over the need at its peak.

    Parameters
    ----------
    rows : one row per customer of one day of review, with its proposal
    policy : credit policy
    """
    known = Applicants(rows, policy)
    need = (plain_need(known) - rows["guarantee_amount"]).clip(lower=0)
    bound = rows[["capacity_amount", "cap_amount"]].min(axis=1)
    frame = rows.assign(
        need_amount=need,
        cap_amount=bound.fillna(need),
        floor_amount=floor_amounts(known),
        current_limit_amount=rows["internal_limit_amount"],
        sales_amount_12m=yearly_sales(known) * before_tax_ratio(known),
        usage_ratio=1.0 / rows["peak_ratio"],
        score_factor=known.by_segment("need_factor"),
    )
    return frame[~known.in_default & frame["pd_12m"].notna() & (need > 0)].reset_index(drop=True)


def appetite_budgets(rows: DataFrame, policy: CreditPolicy, *, step_ratio: float | None) -> Budgets:
    """Return the budgets of a day of review that follow from the appetite of the policy.

    Parameters
    ----------
    rows : rows of the day
    policy : credit policy
    step_ratio : largest change of a limit in force, share of it
    """
    sales, appetite = float(rows["seller_sales_amount_12m"].max()) if len(rows) else 0.0, policy.appetite
    return Budgets(
        expected_loss_amount=appetite.expected_loss_ratio * sales,
        shortfall_amount=appetite.shortfall_ratio * sales,
        confidence_ratio=appetite.confidence_ratio,
        concentrations=(
            Concentration("group", amount=appetite.group_share_ratio * sales),
            Concentration("sector", share_ratio=appetite.sector_share_ratio),
            Concentration("country", share_ratio=appetite.country_share_ratio, exempt=(policy.home_country_code,)),
        ),
        step_ratio=step_ratio,
        step_min_amount=policy.new_customers.opening_limit_amount,
    )


def _economics(policy: CreditPolicy) -> Shares:
    rule = policy.economics
    return {
        "margin_ratio": rule.margin_ratio,
        "finance_ratio": rule.finance_ratio,
        "operating_ratio": rule.operating_ratio,
        "draw_down_ratio": rule.draw_down_ratio,
    }


def _years(customers: DataFrame, policy: CreditPolicy, *, n_scenarios: int, seed: tuple[int, ...]) -> Scenarios:
    return default_scenarios(
        customers.set_index("customer_id")["pd_12m"],
        correlation_ratio=policy.economics.asset_correlation_ratio,
        n_scenarios=n_scenarios,
        rng=np.random.default_rng(seed),
    )


def optimum_tables(rows: DataFrame, policy: CreditPolicy, settings: LimitSettings) -> dict[str, DataFrame]:
    """Return the tables of the optimiser on the day of the run, beside simple rules at the same expected shortfall.

    Parameters
    ----------
    rows : rows of the day, with proposals
    policy : appetite and economics
    settings : number of scenarios, seed, step
    """
    customers = optimiser_customers(rows, policy)
    return optimised_tables(
        customers,
        appetite_budgets(rows, policy, step_ratio=settings.step_ratio),
        _years(customers, policy, n_scenarios=settings.n_scenarios, seed=(settings.seed, CHOSEN)),
        fresh=_years(customers, policy, n_scenarios=settings.n_scenarios, seed=(settings.seed, FRESH)),
        **_economics(policy),
    )


def optimised_path(rows: DataFrame, policy: CreditPolicy, settings: LimitSettings) -> DataFrame | None:
    """Return the limits the optimiser would have set in the past, every third month; None where no PD was known.

    Each optimum moves from the one before, the first from the limits in force; a customer that has none on a day
    (no PD, no need, in default) is left to the policy.

    Parameters
    ----------
    rows : rows of all days of review, with proposals
    policy : appetite and economics
    settings : seed and step

    Returns
    -------
    DataFrame ``customer_id review_date limit_amount``
    """
    days = sorted(rows.loc[rows["pd_12m"].notna() & (rows["pd_12m"] < 1), "review_date"].unique())[:-1]
    held, parts = Series(dtype="float64"), []
    for place, day in enumerate(days[::REVIEW_MONTHS]):
        now = rows[rows["review_date"] == day]
        held = _next_optimum(now, held, policy, settings, place=place)
        parts.append(held.rename("limit_amount").rename_axis("customer_id").reset_index().assign(review_date=day))
    return pd.concat(parts, ignore_index=True) if parts else None


def _next_optimum(now: DataFrame, held: Series, policy: CreditPolicy, settings: LimitSettings, *, place: int) -> Series:
    before = now["customer_id"].map(held).astype("float64").fillna(now["internal_limit_amount"])
    customers = optimiser_customers(now.assign(internal_limit_amount=before), policy)
    found = optimise(
        customers,
        appetite_budgets(now, policy, step_ratio=settings.step_ratio),
        _years(customers, policy, n_scenarios=REPLAY_SCENARIOS, seed=(settings.seed, CHOSEN, place)),
        **_economics(policy),
    )
    return found.limits
