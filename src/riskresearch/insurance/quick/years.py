"""One more policy on claims made ready: what it pays in every year."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claims import Array
from riskresearch.insurance.policy import Order, Policy
from riskresearch.insurance.quick.kernels import Days, Places, settle_chunks, settle_each
from riskresearch.insurance.quick.ready import Ready
from riskresearch.insurance.terms import (
    AggregateFirstLoss,
    CountryCap,
    DeductedFirstLoss,
    IndemnityFirstLoss,
    MaximumLiability,
    MinimumRetention,
    Threshold,
)

KNOWN_KINDS = frozenset(
    {
        "aggregate_first_loss",
        "buyer_limit",
        "country_cap",
        "deducted_first_loss",
        "indemnity_first_loss",
        "insured_percentage",
        "maximum_liability",
        "minimum_retention",
        "threshold",
        "top_up_limit",
    }
)
_ORDERS = {Order.A: 0, Order.B: 1, Order.C: 2}
_N_TOTALS = 7


@dataclass(frozen=True)
class YearTotals:
    """What a policy pays in every year.

    Parameters
    ----------
    paid : paid by the insurer, without VAT
    insurer_recovery : the insurer's share of later net recoveries, without VAT
    financing_days : sum of paid x waiting days of the claim
    first_loss_used, maximum_used : drawn from the budgets of the year, in the basis of the policy
    contract_indemnity : paid less the insurer's share of later recoveries, in the basis of the policy
    used_up : for each budget of the policy, whether the year used it up
    """

    paid: Array
    insurer_recovery: Array
    financing_days: Array
    first_loss_used: Array
    maximum_used: Array
    contract_indemnity: Array
    used_up: dict[str, npt.NDArray[np.bool_]]

    @property
    def indemnity(self) -> Array:
        """Paid less the insurer's share of later recoveries."""
        return self.paid - self.insurer_recovery


def settle_years(
    claims: Ready, *, limit: Array, insured_ratio: Array, policy: Policy, premium_amount: float
) -> YearTotals:
    """Settle claims under the cover terms of a policy, as `riskresearch.insurance.waterfall.settle` does.

    Parameters
    ----------
    claims : claims made ready under the conditions and the eligibility terms of the policy
    limit : limit of each customer before any cut, in the basis of the policy; 0 = no cover
    insured_ratio : insured share of each customer
    policy : policy or quote
    premium_amount : premium of a year before tax, for a maximum that is a multiple of it

    Raises
    ------
    SettingsError
        The policy has a cover term the compiled settlement does not know.
    """
    unknown = sorted({term.kind for term in policy.cover_terms} - KNOWN_KINDS)
    if unknown:
        raise SettingsError(
            f"policy {policy.policy_id}: the compiled settlement does not know the terms {unknown}; use "
            "riskresearch.insurance.waterfall.settle, or add them to riskresearch.insurance.quick"
        )
    terms = _numbers(policy, premium_amount=premium_amount)
    limits = np.vstack([limit, limit * claims.cut_to])
    totals = np.zeros((claims.n_years, _N_TOTALS))
    if policy.order is Order.A and policy.find(CountryCap) is None and len(claims.left_ratio) == 0:
        _chunks(claims, limits, np.asarray(insured_ratio, dtype="float64"), terms, totals)
    else:
        _each(claims, limits, insured_ratio, policy, terms, totals)
    return _totals(totals, terms, policy)


def _numbers(policy: Policy, *, premium_amount: float) -> Array:
    """Threshold (a covered loss must be above it), amounts per claim, first loss and maximum of the year."""
    threshold = policy.find(Threshold)
    above = 0.0 if threshold is None else threshold.amount
    if threshold is None or threshold.is_reached_at_equality:
        above = float(np.nextafter(above, -np.inf))
    per_claim = [_amount(policy, kind) for kind in (DeductedFirstLoss, MinimumRetention, IndemnityFirstLoss)]
    maximum = policy.find(MaximumLiability)
    most = np.inf if maximum is None else maximum.budget(premium_amount=premium_amount)
    return np.array([above, *per_claim, _amount(policy, AggregateFirstLoss), most])


def _amount(
    policy: Policy,
    kind: type[DeductedFirstLoss] | type[MinimumRetention] | type[IndemnityFirstLoss] | type[AggregateFirstLoss],
) -> float:
    term = policy.find(kind)
    return 0.0 if term is None else term.amount


def _chunks(claims: Ready, limits: Array, ratio: Array, terms: Array, totals: Array) -> None:
    is_plain = len(claims.recovery_ratio) == 0 and not claims.days.any() and len(claims.to_net) == 1
    shares = _shares(claims, 0 if is_plain else len(claims.eligible))
    settle_chunks(claims.first, (claims.eligible, claims.before_cut), shares, limits, ratio, terms, totals)


def _each(claims: Ready, limits: Array, ratio: Array, policy: Policy, terms: Array, totals: Array) -> None:
    n = len(claims.eligible)
    debts = (
        claims.eligible,
        claims.before_cut if len(claims.before_cut) else claims.eligible,
        claims.left_ratio if len(claims.left_ratio) else np.ones(n),
    )
    cap = policy.find(CountryCap)
    caps = np.full(len(claims.country_codes) + 1, np.inf)
    if cap is not None:
        caps[:-1] = cap.country_budgets(claims.country_codes)
    budgets, covers = np.append(caps, terms[4:]), np.vstack([limits, ratio])
    shares = _shares(claims, n)
    settle_each(claims.first, debts, shares, covers, claims.country, budgets, terms, _ORDERS[policy.order], totals)


def _shares(claims: Ready, n: int) -> tuple[Places, Array, Days, Array]:
    """What is summed over what is paid for each of `n` claims."""
    net = claims.recovery_ratio if len(claims.recovery_ratio) else np.zeros(n)
    return claims.who, net, claims.days[:n], claims.to_net


def _totals(totals: Array, terms: Array, policy: Policy) -> YearTotals:
    used = {
        "aggregate_first_loss": totals[:, 3] >= terms[4],
        "maximum_liability": totals[:, 4] >= terms[5],
        "country_cap": totals[:, 6] == 0.0,
    }
    found = {term.kind: used[term.kind] for term in policy.cover_terms if term.kind in used}
    paid, recovery, days, first_loss, maximum, indemnity = totals[:, :6].T
    return YearTotals(paid, recovery, days, first_loss, maximum, indemnity, found)
