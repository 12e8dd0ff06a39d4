"""Options side by side: what each costs, pays and leaves, with standard errors, ranks and the break-even premium."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.alternatives.base import Alternative
from riskresearch.insurance.break_even import break_even
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.figures import NORMAL_95, budgets, capital_scores, costs, figure, returns, risk
from riskresearch.insurance.measures import quantile_interval, shortfall_scores, value_at_risk
from riskresearch.insurance.options import Option, priced, self_insured
from riskresearch.insurance.policy import SELF_INSURANCE, Policy, check_policies
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import MaximumLiability

RANKED = {"total_cost_rank": "total_cost_of_risk_amount", "economic_cost_rank": "economic_cost_amount"}


def options_on(
    events: Events,
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    alternatives: Sequence[Alternative] = (),
    currency_code: str | None = None,
) -> list[Option]:
    """Return self-insurance, each policy and each alternative, settled on the same events.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    policies : policies and quotes, in one currency; a top-up policy needs its underlying policy among them
    settings : settings of the stage
    alternatives : captive, factoring, guarantees, in the same currency
    currency_code : currency of the exposures; None = that of the first policy, or of the first alternative

    Raises
    ------
    SettingsError
        Two options have the same code or different currencies, or a top-up policy's underlying policy is not among the
        policies.
    """
    compared = {policy.policy_id: policy for policy in check_policies(policies, currency_code=currency_code)}
    _check_currency(alternatives, [currency_code, *(policy.currency_code for policy in policies)])
    _check_codes([*compared, *(other.alternative_id for other in alternatives)])
    insured = [
        priced(events, exposures, policy, settings, underlying=underlying_of(policy, compared))
        for policy in compared.values()
    ]
    others = [other.option(events, exposures, settings) for other in alternatives]
    return [self_insured(events, exposures, settings), *insured, *others]


def underlying_of(policy: Policy, policies: dict[str, Policy]) -> Policy | None:
    """Return the policy below a top-up policy; None for every other kind.

    Raises
    ------
    SettingsError
        The underlying policy is not among the policies.
    """
    if policy.kind != "top_up":
        return None
    found = policies.get(policy.underlying_policy_id or "")
    if found is None or found.kind == "top_up":
        raise SettingsError(
            f"policy {policy.policy_id}: its underlying policy {policy.underlying_policy_id} is not among the compared "
            f"policies {sorted(policies)}; name its file too, or correct underlying_policy_id"
        )
    return found


def compare_policies(
    events: Events,
    exposures: DataFrame,
    policies: Sequence[Policy],
    settings: InsuranceSettings,
    *,
    alternatives: Sequence[Alternative] = (),
) -> DataFrame:
    """Return table `quotes`: self-insurance, each policy and each alternative on the same events, ranked.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    policies : policies and quotes, in one currency
    settings : settings of the stage
    alternatives : captive, factoring, guarantees
    """
    return quotes(options_on(events, exposures, policies, settings, alternatives=alternatives), settings)


def quotes(options: Sequence[Option], settings: InsuranceSettings) -> DataFrame:
    """Return table `quotes`, one row per option; the first option is the one without policy.

    The cheapest option has rank 1; there is one rank by total cost of risk and one by economic cost, and they may
    differ: a policy with a lower premium leaves more of the bad years.

    Parameters
    ----------
    options : from `options_on`
    settings : capital charge, confidence
    """
    table = DataFrame([quote_row(option, options[0], settings) for option in options])
    ranks = {name: table[column].rank(method="min").astype("int64") for name, column in RANKED.items()}
    return table.assign(**ranks)


def quote_row(option: Option, without: Option, settings: InsuranceSettings) -> dict[str, object]:
    """Return all figures of one option; without the ranks, which take all options.

    With c the capital charge, capital the expected shortfall less the mean of the retained loss::

        full cost     = premium + fees + tax + malus - bonus - profit share + financing of the wait + own administration
        total cost    = full cost + E[retained]
        economic cost = total cost + c capital
        ROI           = (E[indemnity] - full cost) / full cost; risk-adjusted: E[indemnity] + c capital freed

    Parameters
    ----------
    option : from `options_on`, `riskresearch.insurance.options.priced` or an alternative
    without : the option without policy, on the same events
    settings : capital charge, confidence
    """
    charge = settings.capital_charge_ratio
    with_scores, without_scores = (capital_scores(one, settings=settings) for one in (option, without))
    freed = without_scores - with_scores
    return {
        **_terms(option),
        "capital_charge_ratio": charge,
        "confidence_ratio": settings.confidence_ratio,
        **risk(option, settings=settings),
        **costs(option, capital=with_scores, charge=charge),
        **figure("capital_freed_amount", freed, option),
        **break_even(option, benefit=option.indemnity + charge * freed),
        **returns(option, freed=charge * freed),
        **budgets(option),
    }


def losses(options: Sequence[Option], settings: InsuranceSettings, *, exact: dict[tuple[str, str], float]) -> DataFrame:
    """Return table `losses`: mean, quantiles and expected shortfall of gross loss, indemnity and retained loss.

    Parameters
    ----------
    options : from `options_on`
    settings : confidences of the quantiles and of the expected shortfall
    exact : exact means where known, by (option_id, quantity_code)
    """
    frames = []
    for option in options:
        for quantity in ("gross", "indemnity", "retained"):
            rows = _law(getattr(option, quantity), option, settings=settings)
            rows[0]["exact_amount"] = exact.get((option.option_id, quantity), np.nan)
            frames.append(DataFrame(rows).assign(option_id=option.option_id, quantity_code=quantity))
    return pd.concat(frames, ignore_index=True)


def retention_reasons(options: Sequence[Option]) -> DataFrame:
    """Return table `retention_reasons`: where the part of the losses that is not indemnified comes from."""
    rows = [
        {
            "option_id": option.option_id,
            "reason_code": reason,
            **figure("expected_amount", values, option),
            "gross_share_ratio": option.mean(values) / option.mean(option.gross) if option.gross.any() else np.nan,
        }
        for option in options
        for reason, values in option.reasons.items()
    ]
    return DataFrame(rows)


def maximum_amount(option: Option) -> float:
    """Most the insurer pays in a year, by all policies of the option; NaN where one of them has no maximum."""
    terms = [(layer.policy.find(MaximumLiability), layer.premium_amount) for layer in option.layers]
    found = [term.budget(premium_amount=premium) if term else np.nan for term, premium in terms]
    return float(sum(found)) if found else float("nan")


def _check_codes(codes: Sequence[str]) -> None:
    taken = [SELF_INSURANCE, *codes]
    doubled = sorted({code for code in taken if taken.count(code) > 1})
    if doubled:
        raise SettingsError(f"insurance options: {doubled} given more than once; give every option a code of its own")


def _check_currency(alternatives: Sequence[Alternative], currency_codes: Sequence[str | None]) -> None:
    """Refuse alternatives in another currency than the first one known."""
    known = (*currency_codes, *(other.currency_code for other in alternatives))
    expected = next((code for code in known if code is not None), None)
    foreign = [f"{a.alternative_id} in {a.currency_code}" for a in alternatives if a.currency_code != expected]
    if foreign:
        raise SettingsError(
            f"insurance alternatives: {', '.join(foreign)}; they are compared in {expected}; "
            f"restate the alternative's amounts in {expected}"
        )


def _terms(option: Option) -> dict[str, object]:
    cost = option.cost
    return {
        "option_id": option.option_id,
        "option_name": option.name,
        "option_kind_code": option.kind_code,
        "order_code": str(option.policy.order) if option.policy else None,
        "status_code": _status(option),
        "declared_turnover_amount": cost.turnover_amount,
        "n_named_limits": cost.n_limits,
        "premium_amount": cost.premium_amount,
        "fees_amount": cost.fees_amount,
        "tax_amount": cost.tax_amount,
        "admin_amount": option.admin_amount,
        "maximum_liability_amount": maximum_amount(option),
    }


def _status(option: Option) -> str:
    if option.covers.empty:
        return "no_customer"
    if not option.gross.any():
        return "no_loss_possible"
    return "no_customer_covered" if option.policy and not option.covers["limit_amount"].any() else "ok"


def _law(values: Array, option: Option, *, settings: InsuranceSettings) -> list[dict[str, object]]:
    confidence, weights = settings.confidence_ratio, option.weights
    scores = shortfall_scores(values, confidence_ratio=confidence, weights=weights)
    rows = [_mean_row("mean", 0.0, values, option), _mean_row("expected_shortfall", confidence, scores, option)]
    for ratio in settings.quantile_ratios:
        low, high = quantile_interval(values, confidence_ratio=ratio, weights=weights)
        rows.append(
            {
                "statistic_code": "quantile",
                "confidence_ratio": ratio,
                "value_amount": value_at_risk(values, confidence_ratio=ratio, weights=weights),
                "value_amount_se": np.nan,
                "low_amount": low,
                "high_amount": high,
                "exact_amount": np.nan,
            }
        )
    return rows


def _mean_row(code: str, confidence_ratio: float, values: Array, option: Option) -> dict[str, object]:
    found = figure("value_amount", values, option)
    margin = NORMAL_95 * found["value_amount_se"]
    return {
        "statistic_code": code,
        "confidence_ratio": confidence_ratio,
        **found,
        "low_amount": found["value_amount"] - margin,
        "high_amount": found["value_amount"] + margin,
        "exact_amount": np.nan,
    }
