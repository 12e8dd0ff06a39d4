"""Amounts of a policy year as the contract counts them: in its basis, before any later recovery."""

from dataclasses import dataclass

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.claiming import claims_of, vat_of
from riskresearch.insurance.claims import Array
from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import cover, policy_cost
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import AggregateFirstLoss
from riskresearch.insurance.waterfall import Settlement, settle, top_up_claims


@dataclass(frozen=True)
class YearAmounts:
    """What first loss, maximum and minimum premium are held against, in the basis of the contract.

    Indemnities of an option are without VAT and net of the insurer's later recoveries; budgets of the year are not:
    they are drawn with VAT where the policy includes it, and recoveries do not restore them.

    Parameters
    ----------
    first_loss_used : drawn from the policy's own aggregate first loss, each year
    before_maximum : amount of each year that the maximum is applied to, of all policies of the option
    insured_amount : exposure within limits x insured share of each customer, of all policies of the option
    rated_amount : premium of the policy itself by its rates, before the minimum; of a top-up without the policy below
    """

    first_loss_used: Array
    before_maximum: Array
    insured_amount: Array
    rated_amount: float


def year_amounts(option: Option, events: Events, exposures: DataFrame, settings: InsuranceSettings) -> YearAmounts:
    """Return the amounts of an option that its budgets and its minimum are held against.

    Parameters
    ----------
    option : a policy, or a top-up with the policy below it
    events : simulated defaults the option was settled on
    exposures : table `exposures`, checked, of the customers of the events
    settings : recoveries, cuts, as for the option

    Raises
    ------
    ValueError
        The option is none of a policy.
    """
    if option.policy is None:
        raise ValueError(f"option {option.option_id} has no policy, so no first loss and no maximum")
    used = before = np.zeros(events.n_years)
    settled = None
    for layer in option.layers:
        policy, covers = layer.policy, cover(exposures, policy=layer.policy)
        claims = claims_of(events, exposures, covers, policy=policy, settings=settings)
        claims = claims if settled is None else top_up_claims(claims, underlying=settled)
        settled = settle(claims, policy=policy, premium_amount=layer.premium_amount)
        factor = 1.0 + claims.vat_ratio if policy.is_vat_included else np.ones(claims.n)
        before = before + events.by_year(_before_maximum(settled, policy) * factor)
        used = events.by_year(settled.reasons.get(AggregateFirstLoss.reason, np.zeros(claims.n)) * factor)
    rated = policy_cost(exposures, policy=option.policy).rated_amount
    return YearAmounts(used, before, _insured(option, exposures), rated)


def _insured(option: Option, exposures: DataFrame) -> Array:
    """Exposure within limits x insured share of each customer, layer upon layer, each in the basis of its policy."""
    owed = exposures["exposure_amount"].to_numpy(dtype="float64")
    found = np.zeros(len(owed))
    for layer in option.layers:
        covers = cover(exposures, policy=layer.policy)
        factor = 1.0 + vat_of(exposures) if layer.policy.is_vat_included else np.ones(len(owed))
        within = np.minimum(owed, covers["limit_amount"].to_numpy(dtype="float64") / factor)
        found = found + within * factor * covers["insured_ratio"].to_numpy(dtype="float64")
        owed = owed - within
    return found


def _before_maximum(settled: Settlement, policy: Policy) -> Array:
    """Amount of each claim that the maximum is applied to, whatever the order of the terms; all paid without one."""
    kinds = [term.kind for term in policy.cover_terms]
    place = kinds.index("maximum_liability") if "maximum_liability" in kinds else len(kinds)
    later = {term.reason for term in policy.cover_terms[place:]}
    return np.asarray(settled.paid + sum((settled.reasons[reason] for reason in later), np.zeros_like(settled.paid)))
