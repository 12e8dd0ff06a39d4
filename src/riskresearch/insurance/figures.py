"""Figures of one option: risk, costs, returns and budgets, each simulated one with its standard error."""

import numpy as np

from riskresearch.insurance.claims import Array
from riskresearch.insurance.measures import (
    expected_shortfall,
    quantile_interval,
    shortfall_scores,
    standard_error,
    value_at_risk,
)
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.settings import InsuranceSettings

NORMAL_95 = 1.959963984540054  # 97.5 % point of the standard normal law
_BUDGETS = {"p_first_loss_reached_ratio": "aggregate_first_loss", "p_maximum_exhausted_ratio": "maximum_liability"}


def figure(name: str, values: Array, option: Option) -> dict[str, float]:
    """Return the mean of a yearly amount and its standard error, under `name` and `name`_se."""
    error = standard_error(values, n_strata=option.n_strata, weights=option.weights)
    return {name: option.mean(values), f"{name}_se": error}


def capital_scores(option: Option, *, settings: InsuranceSettings) -> Array:
    """One number per year whose mean is the economic capital: expected shortfall less mean of the retained loss."""
    scores = shortfall_scores(option.retained, confidence_ratio=settings.confidence_ratio, weights=option.weights)
    return scores - option.retained


def risk(option: Option, *, settings: InsuranceSettings) -> dict[str, float]:
    """Return means, value at risk and expected shortfall."""
    confidence, weights, kept = settings.confidence_ratio, option.weights, option.retained
    low, high = quantile_interval(kept, confidence_ratio=confidence, weights=weights)
    scores = shortfall_scores(kept, confidence_ratio=confidence, weights=weights)
    return {
        **figure("expected_gross_amount", option.gross, option),
        **figure("expected_indemnity_amount", option.indemnity, option),
        **figure("expected_insurer_recovery_amount", option.insurer_recovery, option),
        **figure("expected_retained_amount", kept, option),
        "var_retained_amount": value_at_risk(kept, confidence_ratio=confidence, weights=weights),
        "var_retained_low_amount": low,
        "var_retained_high_amount": high,
        **figure("es_retained_amount", scores, option),
        "es_retained_amount": expected_shortfall(kept, confidence_ratio=confidence, weights=weights),
    }


def costs(option: Option, *, capital: Array, charge: float) -> dict[str, float]:
    """Return what the option costs: in full, with the losses kept, and with the charge on economic capital.

    Parameters
    ----------
    option : the option
    capital : see `capital_scores`
    charge : yearly cost of a unit of economic capital
    """
    total = option.full_cost + option.retained
    return {
        **figure("adjustment_amount", option.adjustment, option),
        **figure("financing_amount", option.financing, option),
        **figure("full_cost_amount", option.full_cost, option),
        **figure("economic_capital_amount", capital, option),
        **figure("total_cost_of_risk_amount", total, option),
        **figure("economic_cost_amount", total + charge * capital, option),
    }


def returns(option: Option, *, freed: Array) -> dict[str, float]:
    """Return loss ratio and returns on the full cost; empty where there is no premium or no cost.

    The loss ratio is the insurer's: what it pays, with VAT where the policy includes it. The returns are without VAT.

    The standard error of a return is that of its linearised value: both numerator and cost vary with the years.

    Parameters
    ----------
    option : the option
    freed : capital charge x capital freed, one score per year
    """
    premium, paid = option.cost.premium_amount, option.indemnity
    found = figure("loss_ratio", option.contract_indemnity / premium, option) if premium > 0 else _empty("loss_ratio")
    for name, gain in (("roi_ratio", paid), ("risk_adjusted_roi_ratio", paid + freed)):
        found |= _return(name, gain, option)
    return found


def budgets(option: Option) -> dict[str, float]:
    """Return the share of years that use up the budgets of the policy; NaN for a budget the policy lacks."""
    found: dict[str, float] = {}
    for name, kind in _BUDGETS.items():
        used = option.used_up.get(kind)
        found |= _empty(name) if used is None else figure(name, used.astype("float64"), option)
    return found


def _return(name: str, gain: Array, option: Option) -> dict[str, float]:
    cost = option.mean(option.full_cost)
    if cost <= 0 or (option.policy is None and not option.indemnity.any()):
        return _empty(name)
    ratio = option.mean(gain) / cost
    linear = (gain - ratio * option.full_cost) / cost
    return {**figure(name, linear, option), name: ratio - 1.0}


def _empty(name: str) -> dict[str, float]:
    return {name: np.nan, f"{name}_se": np.nan}
