"""Options side by side: what each costs, pays and leaves, with standard errors and the break-even premium."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.insurance.losses import Events
from riskresearch.insurance.measures import (
    expected_shortfall,
    quantile_interval,
    shortfall_scores,
    standard_error,
    value_at_risk,
)
from riskresearch.insurance.options import Option, insured, self_insured
from riskresearch.insurance.policy import Policy, check_policies
from riskresearch.insurance.terms import Array, MaximumLiability

_BUDGETS = {"p_first_loss_reached_ratio": "aggregate_first_loss", "p_maximum_exhausted_ratio": "maximum_liability"}
_NORMAL_95 = 1.959963984540054  # 97.5 % point of the standard normal law


def options_on(
    events: Events, *, exposures: DataFrame, policies: Sequence[Policy], confidence_ratio: float
) -> list[Option]:
    """Return self-insurance and each policy, settled on the same events."""
    kept = self_insured(events, exposures=exposures, confidence_ratio=confidence_ratio)
    return [kept] + [
        insured(events, exposures=exposures, policy=policy, confidence_ratio=confidence_ratio)
        for policy in check_policies(policies)
    ]


def compare_policies(
    events: Events,
    exposures: DataFrame,
    policies: Sequence[Policy],
    *,
    capital_charge_ratio: float,
    confidence_ratio: float,
) -> DataFrame:
    """Return table `quotes`: self-insurance and each policy on the same events.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    policies : policies and quotes, in one currency
    capital_charge_ratio : yearly cost of a unit of economic capital
    confidence_ratio : confidence of value at risk and expected shortfall
    """
    options = options_on(events, exposures=exposures, policies=policies, confidence_ratio=confidence_ratio)
    return quotes(options, capital_charge_ratio=capital_charge_ratio, confidence_ratio=confidence_ratio)


def quotes(options: Sequence[Option], *, capital_charge_ratio: float, confidence_ratio: float) -> DataFrame:
    """Return table `quotes`, one row per option; the first option is the one without policy.

    total cost of risk = premium + fees + tax + E[retained]; economic cost = total cost of risk + c (ES - mean) of the
    retained loss; the break-even premium makes the economic cost that of self-insurance, the maximum unchanged::

        P* = (E[indemnity] + c (capital without - capital with)) / (1 + tax ratio) - fees

    Parameters
    ----------
    options : from `options_on`
    capital_charge_ratio : c, yearly cost of a unit of economic capital
    confidence_ratio : confidence of value at risk and expected shortfall
    """
    without = options[0]
    rows = [
        {
            **_terms(option),
            **_risk(option, confidence_ratio=confidence_ratio),
            **_costs(option, without, charge=capital_charge_ratio, confidence_ratio=confidence_ratio),
            **_budgets(option),
            "capital_charge_ratio": capital_charge_ratio,
            "confidence_ratio": confidence_ratio,
        }
        for option in options
    ]
    return DataFrame(rows)


def losses(
    options: Sequence[Option],
    *,
    quantile_ratios: Sequence[float],
    confidence_ratio: float,
    exact: dict[tuple[str, str], float],
) -> DataFrame:
    """Return table `losses`: mean, quantiles and expected shortfall of gross loss, indemnity and retained loss.

    Parameters
    ----------
    options : from `options_on`
    quantile_ratios : confidences of the quantiles
    confidence_ratio : confidence of the expected shortfall
    exact : exact means where known, by (option_id, quantity_code)
    """
    frames = []
    for option in options:
        for quantity in ("gross", "indemnity", "retained"):
            values: Array = getattr(option, quantity)
            rows = _law(values, option.n_strata, quantile_ratios=quantile_ratios, confidence_ratio=confidence_ratio)
            rows[0]["exact_amount"] = exact.get((option.option_id, quantity), np.nan)
            frames.append(DataFrame(rows).assign(option_id=option.option_id, quantity_code=quantity))
    return pd.concat(frames, ignore_index=True)


def retention_reasons(options: Sequence[Option]) -> DataFrame:
    """Return table `retention_reasons`: where the part of the losses that is not indemnified comes from."""
    rows = [
        {
            "option_id": option.option_id,
            "reason_code": reason,
            **_figure("expected_amount", values, option.n_strata),
            "gross_share_ratio": values.mean() / option.gross.mean() if option.gross.any() else np.nan,
        }
        for option in options
        for reason, values in option.reasons.items()
    ]
    return DataFrame(rows)


def maximum_amount(option: Option) -> float:
    """Most the insurer pays in a year; NaN where the policy has no maximum."""
    maximum = option.policy.find(MaximumLiability) if option.policy else None
    return maximum.budget(premium_amount=option.cost.premium_amount) if maximum else float("nan")


def _figure(name: str, values: Array, n_strata: int) -> dict[str, float]:
    return {name: float(values.mean()), f"{name}_se": standard_error(values, n_strata=n_strata)}


def _terms(option: Option) -> dict[str, object]:
    policy, cost = option.policy, option.cost
    return {
        "option_id": option.option_id,
        "option_name": policy.name if policy else option.option_id,
        "option_kind_code": policy.kind if policy else option.option_id,
        "order_code": str(policy.order) if policy else None,
        "status_code": _status(option),
        "declared_turnover_amount": cost.turnover_amount,
        "n_named_limits": cost.n_limits,
        "premium_amount": cost.premium_amount,
        "fees_amount": cost.fees_amount,
        "tax_amount": cost.tax_amount,
        "maximum_liability_amount": maximum_amount(option),
    }


def _status(option: Option) -> str:
    if option.covers.empty:
        return "no_customer"
    if not option.gross.any():
        return "no_loss_possible"
    return "no_customer_covered" if option.policy and not option.covers["limit_amount"].any() else "ok"


def _risk(option: Option, *, confidence_ratio: float) -> dict[str, float]:
    retained, n_strata = option.retained, option.n_strata
    low, high = quantile_interval(retained, confidence_ratio=confidence_ratio)
    scores = shortfall_scores(retained, confidence_ratio=confidence_ratio)
    return {
        **_figure("expected_gross_amount", option.gross, n_strata),
        **_figure("expected_indemnity_amount", option.indemnity, n_strata),
        **_figure("expected_retained_amount", retained, n_strata),
        "var_retained_amount": value_at_risk(retained, confidence_ratio=confidence_ratio),
        "var_retained_low_amount": low,
        "var_retained_high_amount": high,
        "es_retained_amount": expected_shortfall(retained, confidence_ratio=confidence_ratio),
        "es_retained_amount_se": standard_error(scores, n_strata=n_strata),
    }


def _costs(option: Option, without: Option, *, charge: float, confidence_ratio: float) -> dict[str, float]:
    """Cost figures; each is the mean over the years of one number per year, which also gives its standard error."""
    n_strata, cost = option.n_strata, option.cost
    capital, capital_without = (
        shortfall_scores(each.retained, confidence_ratio=confidence_ratio) - each.retained for each in (option, without)
    )
    total = cost.total_amount + option.retained
    relief = (option.indemnity + charge * (capital_without - capital)) / (1.0 + cost.tax_ratio) - cost.fees_amount
    return {
        **_figure("economic_capital_amount", capital, n_strata),
        **_figure("total_cost_of_risk_amount", total, n_strata),
        **_figure("economic_cost_amount", total + charge * capital, n_strata),
        **_figure("break_even_premium_amount", relief if option.policy else np.full_like(relief, np.nan), n_strata),
        **_ratio_to(option.indemnity, cost.premium_amount, n_strata),
    }


def _ratio_to(indemnity: Array, premium_amount: float, n_strata: int) -> dict[str, float]:
    if premium_amount == 0.0:
        return {"loss_ratio": np.nan, "loss_ratio_se": np.nan}
    return _figure("loss_ratio", indemnity / premium_amount, n_strata)


def _budgets(option: Option) -> dict[str, float]:
    """Share of years that use up the budgets of the policy; NaN for a budget the policy lacks."""
    found: dict[str, float] = {}
    for name, kind in _BUDGETS.items():
        used = option.used_up.get(kind)
        years = np.full(len(option.gross), np.nan) if used is None else used.astype("float64")
        found |= _figure(name, years, option.n_strata)
    return found


def _law(
    values: Array, n_strata: int, *, quantile_ratios: Sequence[float], confidence_ratio: float
) -> list[dict[str, object]]:
    scores = shortfall_scores(values, confidence_ratio=confidence_ratio)
    rows = [
        _mean_row("mean", 0.0, values, n_strata),
        _mean_row("expected_shortfall", confidence_ratio, scores, n_strata),
    ]
    for ratio in quantile_ratios:
        low, high = quantile_interval(values, confidence_ratio=ratio)
        rows.append(
            {
                "statistic_code": "quantile",
                "confidence_ratio": ratio,
                "value_amount": value_at_risk(values, confidence_ratio=ratio),
                "value_amount_se": np.nan,
                "low_amount": low,
                "high_amount": high,
                "exact_amount": np.nan,
            }
        )
    return rows


def _mean_row(code: str, confidence_ratio: float, values: Array, n_strata: int) -> dict[str, object]:
    found = _figure("value_amount", values, n_strata)
    margin = _NORMAL_95 * found["value_amount_se"]
    return {
        "statistic_code": code,
        "confidence_ratio": confidence_ratio,
        **found,
        "low_amount": found["value_amount"] - margin,
        "high_amount": found["value_amount"] + margin,
        "exact_amount": np.nan,
    }
