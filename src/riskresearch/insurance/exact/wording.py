"""What a policy says, as plain numbers: the terms of the reference wording, step by step.

Steps on a claim (all amounts in the basis of the contract): eligible debt, recoveries before the date of loss, limit,
threshold, first loss on the loss, insured share, minimum retention, first loss on the indemnity. Steps on a year: cap
of a country, aggregate first loss, maximum liability. Written from the wording, not from `waterfall`, which it checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pandas import DataFrame

from riskresearch.insurance.claims import Array
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.policy import Order, Policy
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.terms import (
    AggregateFirstLoss,
    CountryCap,
    CreditPeriod,
    DeductedFirstLoss,
    EventBasis,
    IndemnityFirstLoss,
    MaximumLiability,
    MinimumRetention,
    StopShipment,
    Threshold,
)


@dataclass(frozen=True)
class Wording:
    """Terms of a policy for the customers of a book.

    Parameters
    ----------
    limit, share, is_named : limit in force, insured share, whether the limit is named, by customer
    basis_factor : amount in the basis of the contract / amount without VAT, by customer
    eligible_ratio : share of a debt that is eligible, by customer
    threshold, is_reached_at_equality : non-qualifying loss
    deducted, retention, indemnity_deducted : first loss on the loss, minimum retention, first loss on the indemnity
    order : order of share, aggregate first loss and maximum
    first_loss : aggregate first loss of the year; 0 = none
    maximum : maximum liability of the year; infinite = none
    caps : maximum of the year by country
    is_pro_rata, is_cost_shared : how recoveries before the loss, and the costs of those after it, are shared
    is_cut_possible, is_run_off_covered : cuts of limits
    """

    limit: Array
    share: Array
    is_named: npt.NDArray[np.bool_]
    basis_factor: Array
    eligible_ratio: Array
    threshold: float = 0.0
    is_reached_at_equality: bool = True
    deducted: float = 0.0
    retention: float = 0.0
    indemnity_deducted: float = 0.0
    order: Order = Order.A
    first_loss: float = 0.0
    maximum: float = np.inf
    caps: Mapping[str, float] = field(default_factory=dict)
    is_pro_rata: bool = False
    is_cost_shared: bool = True
    is_cut_possible: bool = True
    is_run_off_covered: bool = True

    @property
    def has_year_terms(self) -> bool:
        """Say whether a term looks at more than one claim."""
        return self.first_loss > 0 or np.isfinite(self.maximum) or bool(self.caps)


class Claim(NamedTuple):
    """Claims with their recoveries, in the basis of the contract; one value each, or arrays that broadcast.

    Parameters
    ----------
    debt : owed before any recovery
    limit, limit_before_cut : in force at the default, and before a cut
    after_cut : part of the eligible debt delivered after the cut
    share, eligible_ratio : insured share, share of the debt that is eligible
    before, after, cost : recovered before the date of loss and after the indemnity, cost of the latter
    """

    debt: Array
    limit: Array
    limit_before_cut: Array
    after_cut: Array
    share: Array
    eligible_ratio: Array
    before: Array
    after: Array
    cost: Array


class Due(NamedTuple):
    """What a claim gives before the terms of the year.

    Parameters
    ----------
    exceeding : covered loss beyond the first loss on the loss, before the insured share
    indemnity : after all terms on the claim
    kept_ratio : part of an indemnity the insurer has not got back from the recoveries after it
    """

    exceeding: Array
    indemnity: Array
    kept_ratio: Array


def due(claim: Claim, wording: Wording) -> Due:
    """Apply the terms on a claim."""
    eligible = claim.debt * claim.eligible_ratio
    open_debt = np.maximum(eligible - claim.before, 0.0)
    if wording.is_pro_rata:
        covered = within_limit(eligible, claim, wording)
        covered = covered * _ratio(open_debt, eligible)
    else:
        covered = within_limit(open_debt, claim, wording)
    is_equal = wording.is_reached_at_equality
    covered = np.where(covered >= wording.threshold if is_equal else covered > wording.threshold, covered, 0.0)
    exceeding = np.maximum(covered - wording.deducted, 0.0)
    indemnity = np.minimum(claim.share * exceeding, np.maximum(covered - wording.retention, 0.0))
    indemnity = np.maximum(indemnity - wording.indemnity_deducted, 0.0)
    returned = np.minimum(claim.after, open_debt)
    if wording.is_cost_shared:
        returned = returned - claim.cost * _ratio(returned, claim.after)
    return Due(np.where(claim.share > 0, exceeding, 0.0), indemnity, 1.0 - _ratio(returned, open_debt))


def kinks(wording: Wording, *, limit: Array, after_cut: Array, limit_before_cut: Array, share: Array) -> list[Array]:
    """Open debts at which the slope or the value of the indemnity changes, other than 0; each an array like `limit`."""
    zero = np.zeros_like(limit)
    beyond = _ratio(wording.retention - share * wording.deducted, 1.0 - share)
    to_indemnity = _ratio(zero + wording.indemnity_deducted, share)
    return [
        limit,
        limit_before_cut,
        limit + after_cut,
        limit_before_cut + after_cut,
        after_cut,
        zero + wording.threshold,
        zero + wording.deducted,
        zero + wording.retention,
        beyond,
        wording.deducted + to_indemnity,
        zero + wording.retention + wording.indemnity_deducted,
    ]


def wording_of(exposures: DataFrame, policy: Policy, settings: InsuranceSettings, *, premium_amount: float) -> Wording:
    """Read a policy for a book; `premium_amount` of the year for a maximum that is a multiple of it."""
    covers = cover(exposures, policy=policy)
    vat = exposures["vat_ratio"].fillna(0.0).to_numpy(dtype="float64")
    maximum, recoveries, cuts = policy.find(MaximumLiability), policy.recoveries, policy.limit_cuts
    threshold, caps, first_loss = policy.find(Threshold), policy.find(CountryCap), policy.find(AggregateFirstLoss)
    plain = Wording(
        covers["limit_amount"].to_numpy(dtype="float64"),
        covers["insured_ratio"].to_numpy(dtype="float64"),
        covers["cover_code"].eq("named").to_numpy(dtype=bool),
        1.0 + vat * policy.is_vat_included,
        _eligible_ratio(exposures, policy, settings),
        threshold=threshold.amount if threshold else 0.0,
        is_reached_at_equality=threshold.is_reached_at_equality if threshold else True,
        order=policy.order,
        first_loss=first_loss.amount if first_loss else 0.0,
        maximum=maximum.budget(premium_amount=premium_amount) if maximum else np.inf,
        caps=dict(caps.amounts) if caps else {},
        is_pro_rata=recoveries.before_code == "pro_rata",
        is_cost_shared=recoveries.is_cost_shared,
        is_cut_possible=cuts.is_possible,
        is_run_off_covered=cuts.is_run_off_covered,
    )
    return replace(plain, **_deductions(policy))


def unwritten(policy: Policy) -> str | None:
    """Return what of a policy this engine cannot express; None = nothing."""
    basis = policy.find(EventBasis)
    if policy.kind == "top_up":
        return "a top-up policy depends on the policy below it"
    if basis is not None and basis.basis_code == "occurring":
        return "losses occurring: the year of a claim depends on its waiting period"
    return None


def within_limit(amount: Array, claim: Claim, wording: Wording) -> Array:
    """Covered debt: limit, with a cut the limit left or what was delivered before within the limit of then."""
    if not wording.is_run_off_covered:
        return np.minimum(amount, claim.limit)
    delivered_before = np.maximum(amount - claim.after_cut, 0.0)
    run_off = np.minimum(delivered_before, claim.limit_before_cut)
    return np.minimum(amount, np.maximum(claim.limit, run_off))


def eligible_after_cut(debt: Array, *, after_cut_ratio: Array, eligible_ratio: Array) -> Array:
    """Eligible debt delivered after a cut: deliveries end with those after the stop, which are not eligible."""
    return debt * np.maximum(after_cut_ratio - (1.0 - eligible_ratio), 0.0)


def _ratio(part: Array, whole: Array) -> Array:
    """Part / whole, 0 where the whole is 0."""
    shape = np.broadcast_shapes(part.shape, whole.shape)
    return np.divide(part, whole, out=np.zeros(shape), where=whole > 0)


def _deductions(policy: Policy) -> dict[str, Any]:
    on_loss, kept = policy.find(DeductedFirstLoss), policy.find(MinimumRetention)
    on_indemnity = policy.find(IndemnityFirstLoss)
    return {
        "deducted": on_loss.amount if on_loss else 0.0,
        "retention": kept.amount if kept else 0.0,
        "indemnity_deducted": on_indemnity.amount if on_indemnity else 0.0,
    }


def _eligible_ratio(exposures: DataFrame, policy: Policy, settings: InsuranceSettings) -> Array:
    """1 - share delivered after the stop; 0 where the terms are too long."""
    days = exposures["terms_days"].to_numpy(dtype="float64")
    period, stop = policy.find(CreditPeriod), policy.find(StopShipment)
    is_short = ~(days > period.maximum_days) if period else np.ones(len(days), dtype=bool)
    late = max(settings.deliveries_after_days - stop.extension_days, 0.0) if stop else 0.0
    if late == 0.0:
        return is_short.astype("float64")
    usual = np.nanmean(days) if np.isfinite(days).any() else 0.0
    return is_short * (1.0 - late / (np.where(np.isnan(days), usual, days) + settings.deliveries_after_days))
