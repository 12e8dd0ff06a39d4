"""Indicators of a policy: its use, its terms and its cost. Registered functions; the docstring is the definition.

To add an indicator, write one function with the decorator; it takes an `Option` and returns a number, or NaN where
its denominator is zero, or None where the policy lacks the term it speaks of.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.registry import Registry
from riskresearch.insurance.compare import maximum_amount
from riskresearch.insurance.measures import value_at_risk
from riskresearch.insurance.options import Option
from riskresearch.insurance.terms import AggregateFirstLoss, Array, Premium

Unit = Literal["ratio", "amount", "count"]
POLICY_INDICATORS: Registry[Unit] = Registry("policy indicator")

_TAIL_RATIO = 0.995  # confidence at which the maximum liability is held against the amounts it caps


def policy_indicators(options: Sequence[Option]) -> DataFrame:
    """Return table `policy_indicators`, one row per policy and indicator; self-insurance has none."""
    rows = []
    for option in options:
        for member in POLICY_INDICATORS if option.policy else ():
            value = member.function(option)
            reason = "policy_lacks_term" if value is None else "denominator_is_zero" if np.isnan(value) else None
            rows.append(
                {
                    "option_id": option.option_id,
                    "indicator_code": member.name,
                    "value": np.nan if reason else value,
                    "unit_code": member.spec,
                    "reason_code": reason,
                }
            )
    return DataFrame(rows, columns=["option_id", "indicator_code", "value", "unit_code", "reason_code"])


@POLICY_INDICATORS.register("ratio")
def gross_cover_ratio(option: Option) -> float:
    """Exposure within limits / exposure, all customers."""
    return _ratio(option.covers["covered_amount"].sum(), option.covers["exposure_amount"].sum())


@POLICY_INDICATORS.register("ratio")
def net_cover_ratio(option: Option) -> float:
    """Exposure within limits x insured share / exposure, all customers."""
    return _ratio(_insured_amount(option).sum(), option.covers["exposure_amount"].sum())


@POLICY_INDICATORS.register("amount")
def uncovered_not_insurable_amount(option: Option) -> float:
    """Exposure to customers the policy excludes."""
    return _exposure_of(option, "not_insurable")


@POLICY_INDICATORS.register("amount")
def uncovered_refused_amount(option: Option) -> float:
    """Exposure to customers the insurer refused."""
    return _exposure_of(option, "refused")


@POLICY_INDICATORS.register("amount")
def uncovered_no_limit_amount(option: Option) -> float:
    """Exposure to customers without named limit under a policy without discretionary limit."""
    return _exposure_of(option, "no_limit")


@POLICY_INDICATORS.register("amount")
def uncovered_over_limit_amount(option: Option) -> float:
    """Exposure above the limit of customers that have one."""
    return float(_over_limit(option).sum())


@POLICY_INDICATORS.register("count")
def over_limit_count(option: Option) -> float:
    """Customers with a limit whose exposure is above it."""
    return float((_over_limit(option) > 0).sum())


@POLICY_INDICATORS.register("ratio")
def named_limit_use_ratio(option: Option) -> float:
    """Exposure to customers with a named limit / sum of these limits."""
    named = option.covers[option.covers["cover_code"].eq("named")]
    return _ratio(named["exposure_amount"].sum(), named["limit_amount"].sum())


@POLICY_INDICATORS.register("ratio")
def discretionary_exposure_ratio(option: Option) -> float:
    """Share of the exposure that stands under the discretionary limit."""
    return _ratio(_exposure_of(option, "discretionary"), option.covers["exposure_amount"].sum())


@POLICY_INDICATORS.register("ratio")
def top10_insured_ratio(option: Option) -> float:
    """Share of the ten largest insured amounts (exposure within limit x insured share)."""
    amounts = _insured_amount(option)
    return _ratio(amounts.nlargest(10).sum(), amounts.sum())


@POLICY_INDICATORS.register("ratio")
def largest_insured_to_maximum_ratio(option: Option) -> float | None:
    """Largest insured amount / maximum liability: above 1, one customer exhausts the policy."""
    maximum = maximum_amount(option)
    return None if np.isnan(maximum) else _ratio(_insured_amount(option).max(), maximum)


@POLICY_INDICATORS.register("ratio")
def premium_rate_ratio(option: Option) -> float:
    """Premium before tax / declared turnover."""
    return _ratio(option.cost.premium_amount, option.cost.turnover_amount)


@POLICY_INDICATORS.register("ratio")
def full_cost_rate_ratio(option: Option) -> float:
    """Premium, fees and tax / declared turnover."""
    return _ratio(option.cost.total_amount, option.cost.turnover_amount)


@POLICY_INDICATORS.register("amount")
def minimum_excess_amount(option: Option) -> float | None:
    """Premium due only because of the minimum: minimum - rate x turnover, not below 0."""
    premium = option.policy.find(Premium) if option.policy else None
    return None if premium is None else option.cost.premium_amount - premium.rate_ratio * option.cost.turnover_amount


@POLICY_INDICATORS.register("ratio")
def first_loss_use_ratio(option: Option) -> float | None:
    """Mean part of the aggregate first loss that a year uses up."""
    first_loss = option.policy.find(AggregateFirstLoss) if option.policy else None
    if first_loss is None:
        return None
    return _ratio(option.reasons["aggregate_first_loss"].mean(), first_loss.amount)


@POLICY_INDICATORS.register("ratio")
def maximum_to_tail_ratio(option: Option) -> float | None:
    """Maximum liability / value at risk (99.5 %) of the yearly amount it caps: below 1, the maximum is short."""
    maximum = maximum_amount(option)
    if np.isnan(maximum):
        return None
    return _ratio(maximum, value_at_risk(_before_maximum(option), confidence_ratio=_TAIL_RATIO))


@POLICY_INDICATORS.register("ratio")
def return_on_cost_ratio(option: Option) -> float:
    """(Mean indemnity - full cost) / full cost, before any value for the lower risk: negative for a loaded price."""
    return _ratio(option.indemnity.mean() - option.cost.total_amount, option.cost.total_amount)


@POLICY_INDICATORS.register("ratio")
def indemnity_to_gross_ratio(option: Option) -> float:
    """Mean indemnity / mean loss before indemnity."""
    return _ratio(option.indemnity.mean(), option.gross.mean())


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0 else float("nan")


def _insured_amount(option: Option) -> Series:
    return option.covers["covered_amount"] * option.covers["insured_ratio"]


def _before_maximum(option: Option) -> Array:
    """Amount of each year that the maximum liability is applied to, whatever the order of the terms."""
    terms = option.policy.cover_terms if option.policy else []
    kinds = [term.kind for term in terms]
    return option.indemnity + sum(option.reasons[term.reason] for term in terms[kinds.index("maximum_liability") :])


def _exposure_of(option: Option, code: str) -> float:
    return float(option.covers.loc[option.covers["cover_code"].eq(code), "exposure_amount"].sum())


def _over_limit(option: Option) -> Series:
    covered = option.covers[option.covers["limit_amount"] > 0]
    return covered["exposure_amount"] - covered["covered_amount"]
