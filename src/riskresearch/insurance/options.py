"""Options on common events: self-insurance, a policy, a policy on top of another."""

from dataclasses import replace

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.claiming import claims_of
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover, no_cover, policy_cost
from riskresearch.insurance.outcome import Label, Layer, Option, nothing_paid, option_of
from riskresearch.insurance.policy import NO_COST, SELF_INSURANCE, Cost, Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.waterfall import settle, settle_programme

__all__ = ["Layer", "Option", "priced", "self_insured", "wait_cost"]

FINANCING_YEAR_DAYS = 360  # money market convention: payouts x rate x days / 360


def self_insured(events: Events, exposures: DataFrame, settings: InsuranceSettings) -> Option:
    """Return the option without policy: every loss is kept, nothing is paid for.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked
    settings : confidence of the shortfall whose parts are shown, recoveries and their cost
    """
    label = Label(SELF_INSURANCE, SELF_INSURANCE, SELF_INSURANCE)
    kept = nothing_paid(events, settings=settings)
    return option_of(events, exposures, kept, settings, label=label, covers=no_cover(exposures), cost=NO_COST)


def priced(
    events: Events,
    exposures: DataFrame,
    policy: Policy,
    settings: InsuranceSettings,
    *,
    underlying: Policy | None = None,
    cost: Cost | None = None,
) -> Option:
    """Return the option of buying a policy, settled on the same events as every other option.

    Parameters
    ----------
    events : simulated defaults
    exposures : table `exposures`, checked, of the customers of the events
    policy : policy or quote; a top-up policy covers what its underlying policy leaves over the limit
    settings : recoveries, cuts, confidence, financing rate, own administration
    underlying : the policy below a top-up policy; the option is both together
    cost : another price of the same policy; None = its own premium, fees and tax
    """
    covers, price = cover(exposures, policy=policy), cost or policy_cost(exposures, policy=policy)
    if underlying is not None:
        return _programme(events, exposures, (underlying, policy), settings, own=(covers, price))
    claims = claims_of(events, exposures, covers, policy=policy, settings=settings)
    settled = settle(claims, policy=policy, premium_amount=price.premium_amount)
    label = Label(policy.policy_id, policy.name, policy.kind)
    option = option_of(
        events, exposures, settled, settings, label=label, covers=covers, cost=price, admin=settings.own_admin_amount
    )
    waited = wait_cost(events, settled.paid, policy=policy, rate_ratio=settings.financing_rate_ratio)
    return replace(
        option,
        policy=policy,
        adjustment=policy.year_adjustment(option.contract_indemnity, premium_amount=price.premium_amount),
        financing=events.by_year(waited),
    )


def wait_cost(events: Events, paid: Array, *, policy: Policy, rate_ratio: float) -> Array:
    """Cost of financing each indemnity over the waiting period: paid x rate x days / 360."""
    days = policy.waiting_days(events.event)
    return np.asarray(paid * rate_ratio * days / FINANCING_YEAR_DAYS)


def _programme(
    events: Events,
    exposures: DataFrame,
    policies: tuple[Policy, Policy],
    settings: InsuranceSettings,
    *,
    own: tuple[DataFrame, Cost],
) -> Option:
    """A top-up policy with the policy below it: one option, two prices."""
    below, top_up = policies
    first = priced(events, exposures, below, settings)
    under = claims_of(events, exposures, cover(exposures, policy=below), policy=below, settings=settings)
    over = claims_of(events, exposures, own[0], policy=top_up, settings=settings)
    premiums = (first.cost.premium_amount, own[1].premium_amount)
    settled = settle_programme(under, over, policies=policies, premium_amounts=premiums)
    paid_below = settle(under, policy=below, premium_amount=premiums[0]).paid
    option = option_of(
        events,
        exposures,
        settled,
        settings,
        label=Label(top_up.policy_id, top_up.name, top_up.kind),
        covers=_stacked(first.covers, own[0]),
        cost=_sum(first.cost, own[1]),
        admin=2 * settings.own_admin_amount,
    )
    rate = settings.financing_rate_ratio
    waited = events.by_year(wait_cost(events, settled.paid - paid_below, policy=top_up, rate_ratio=rate))
    layer = Layer(below, first.cost.premium_amount, first.contract_indemnity)
    whole = replace(option, policy=top_up, underlying=layer, financing=first.financing + waited)
    return replace(whole, adjustment=whole.adjustment_at(whole.cost.premium_amount))


def _sum(below: Cost, own: Cost) -> Cost:
    """Price of two policies; the turnover is that of the policy below."""
    premium, fees = below.premium_amount + own.premium_amount, below.fees_amount + own.fees_amount
    tax = below.tax_amount + own.tax_amount
    return replace(
        below,
        n_limits=below.n_limits + own.n_limits,
        premium_amount=premium,
        fees_amount=fees,
        tax_amount=tax,
        tax_ratio=tax / (premium + fees) if premium + fees else 0.0,
        deposit_amount=below.deposit_amount + own.deposit_amount,
        rated_amount=below.rated_amount + own.rated_amount,
    )


def _stacked(below: DataFrame, own: DataFrame) -> DataFrame:
    """Cover of each customer by both policies: limits add up, the share is that of the sum of the limits."""
    limit = below["limit_amount"] + own["limit_amount"]
    insured = below["limit_amount"] * below["insured_ratio"] + own["limit_amount"] * own["insured_ratio"]
    return own[["customer_id"]].assign(
        cover_code=below["cover_code"],
        limit_amount=limit,
        insured_ratio=(insured / limit).where(limit > 0, 0.0),
        covered_amount=below["covered_amount"] + own["covered_amount"],
    )
