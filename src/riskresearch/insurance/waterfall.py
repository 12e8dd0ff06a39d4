"""From debts to indemnities: every euro is paid by the insurer or kept for a named reason.

The terms of a policy are applied one after the other; what a term takes away is retained under its reason. Terms on
a claim look at each claim alone. Terms on a year are budgets that the claims of the insurance year draw down in the
order of their dates, so both the year's total and the share of each claim are those of the contract.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Claims
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.steps import Budgets, Eligible, draw_down, eligible_debt, term_step
from riskresearch.insurance.terms import COLLECTION_COST, LIMIT_CUT, NO_COVER, BuyerLimit, ClaimCover, LossTerm

__all__ = [
    "Settlement",
    "claim_cover",
    "draw_down",
    "indemnity_per_claim",
    "settle",
    "settle_programme",
    "top_up_claims",
]


@dataclass(frozen=True)
class Settlement:
    """What became of each claim. All amounts without VAT, policy currency.

    debt/(1+v) - recovered before/(1+v) = `paid` + all `reasons`; after all recoveries, net of their costs, the loss is
    `indemnity` + all of `retained`.

    Parameters
    ----------
    paid : paid by the insurer, one per claim
    reasons : kept by the insured, one per claim, for each reason, before later recoveries; ``collection_cost`` is
        the cost that the insured bears alone, on top
    recovery_ratio : net recoveries after the indemnity / eligible debt, which each party gets back on its share
    ineligible_recovery_ratio : the same on the part of the debt that was not eligible
    ineligible_reasons : reasons of that part
    used_up : for each term that is a budget of the year, whether the year used it up
    contract_paid : `paid` in the basis of the contract: with VAT where the policy includes it
    """

    paid: Array
    reasons: dict[str, Array]
    recovery_ratio: Array
    ineligible_recovery_ratio: Array
    ineligible_reasons: tuple[str, ...]
    used_up: dict[str, npt.NDArray[np.bool_]]
    contract_paid: Array

    @property
    def insurer_recovery(self) -> Array:
        """The insurer's part of the net recoveries after its payment."""
        return self.paid * self.recovery_ratio

    @property
    def indemnity(self) -> Array:
        """Paid less the insurer's part of the net recoveries."""
        return self.paid - self.insurer_recovery

    @property
    def contract_indemnity(self) -> Array:
        """The same in the basis of the contract, which bonus, malus and profit share look at."""
        return self.contract_paid * (1.0 - self.recovery_ratio)

    @property
    def retained(self) -> dict[str, Array]:
        """Kept by the insured for each reason after all recoveries."""
        left = 1.0 - self.recovery_ratio
        factors = dict.fromkeys(self.ineligible_reasons, 1.0 - self.ineligible_recovery_ratio)
        factors[COLLECTION_COST] = np.ones_like(left)
        return {reason: amounts * factors.get(reason, left) for reason, amounts in self.reasons.items()}


def settle(claims: Claims, *, policy: Policy, premium_amount: float) -> Settlement:
    """Apply a policy to the claims of one or many insurance years.

    Parameters
    ----------
    claims : claims, year after year, in the order of their dates within the year
    policy : policy or quote
    premium_amount : premium of a year before tax, for a maximum that is a multiple of it

    Examples
    --------
    >>> from datetime import date
    >>> from riskresearch.insurance.claims import plain_claims
    >>> from riskresearch.insurance.policy import policy_from_mapping
    >>> read = {"clause": "special conditions", "source": "example"}
    >>> quote = policy_from_mapping({
    ...     "policy_id": "quote", "name": "Quote", "kind": "whole_turnover", "status": "example", "insurer": "none",
    ...     "currency_code": "EUR", "start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31), "terms": [
    ...         {"kind": "buyer_limit", "discretionary_limit_amount": 10, **read},
    ...         {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6, **read},
    ...         {"kind": "aggregate_first_loss", "amount": 20, **read},
    ...         {"kind": "premium", "rate_ratio": 0.0018, **read}]}, where="example")
    >>> one = plain_claims(
    ...     np.array([150.0]), n_per_year=np.array([1]), limit=np.array([120.0]), insured_ratio=np.array([0.9])
    ... )
    >>> settled = settle(one, policy=quote, premium_amount=0.0)
    >>> settled.paid.tolist(), {reason: amounts.item() for reason, amounts in settled.reasons.items() if amounts.any()}
    ([88.0], {'over_limit': 30.0, 'insured_share': 12.0, 'aggregate_first_loss': 20.0})
    """
    debt = eligible_debt(claims, policy=policy)
    budgets = Budgets(claims.n_per_year, claims.country, claims.country_codes, premium_amount)
    amounts = np.where(debt.has_cover, debt.amount, 0.0)
    reasons = {**debt.ineligible, NO_COVER: debt.amount - amounts, LIMIT_CUT: np.zeros_like(amounts)}
    cover = claim_cover(claims, debt)
    used_up = {}
    for term in policy.cover_terms:
        after, used = term_step(term, amounts, cover=cover, budgets=budgets)
        uncut = after
        if isinstance(term, BuyerLimit):
            uncut = np.maximum(after, np.minimum(amounts, debt.uncut_limit_amount))
            reasons[LIMIT_CUT] = uncut - after
        reasons[term.reason] = amounts - uncut
        if used is not None:
            used_up[term.kind] = used
        if isinstance(term, LossTerm) and term.sets_covered:
            cover = replace(cover, covered_amount=after)
        amounts = after
    reasons[COLLECTION_COST] = debt.own_cost
    return Settlement(
        paid=amounts / debt.to_net,
        reasons={reason: kept / debt.to_net for reason, kept in reasons.items()},
        recovery_ratio=debt.recovery_ratio,
        ineligible_recovery_ratio=debt.ineligible_recovery_ratio,
        ineligible_reasons=tuple(debt.ineligible),
        used_up=used_up,
        contract_paid=amounts,
    )


def claim_cover(claims: Claims, debt: Eligible) -> ClaimCover:
    """Return the cover in force before any term has been applied."""
    return ClaimCover(debt.limit_amount, claims.insured_ratio, np.where(debt.has_cover, debt.amount, 0.0))


def indemnity_per_claim(claims: Claims, *, policy: Policy) -> Array:
    """Indemnity of each claim by the terms on a claim alone, before the budgets of the year (without VAT).

    Parameters
    ----------
    claims : claims of one or many years
    policy : policy or quote
    """
    debt = eligible_debt(claims, policy=policy)
    cover, amounts = claim_cover(claims, debt), np.where(debt.has_cover, debt.amount, 0.0)
    for term in policy.cover_terms:
        if isinstance(term, LossTerm):
            amounts = term.payable(amounts, cover=cover)
            cover = replace(cover, covered_amount=amounts) if term.sets_covered else cover
    return amounts / debt.to_net


def top_up_claims(own: Claims, *, underlying: Settlement) -> Claims:
    """Return the claims a top-up sees: what exceeded the limits of the policy it tops up.

    Parameters
    ----------
    own : the same claims with limit and insured share of the top-up; parts that are ineligible for a reason the
        underlying policy does not know stay ineligible in proportion
    underlying : settlement of the underlying policy
    """
    layer = underlying.reasons[BuyerLimit.reason] * (1.0 + own.vat_ratio)
    share = np.divide(layer, own.debt, out=np.zeros_like(layer), where=own.debt > 0)
    zero = np.zeros_like(layer)
    return replace(
        own,
        debt=layer,
        recovered_before=zero,
        recovered_after=layer * underlying.recovery_ratio,
        collection_cost=zero,
        delivered_after_cut=zero,
        limit_before_cut=own.limit,
        ineligible={k: part * share for k, part in own.ineligible.items() if k not in underlying.ineligible_reasons},
    )


def settle_programme(
    claims: Claims, own_claims: Claims, *, policies: tuple[Policy, Policy], premium_amounts: tuple[float, float]
) -> Settlement:
    """Apply a policy and the top-up above its limits; what neither pays is kept for its reason.

    Parameters
    ----------
    claims : claims with the limits of the underlying policy
    own_claims : the same claims with the limits of the top-up
    policies, premium_amounts : the underlying policy and the top-up, and the premium of each

    Returns
    -------
    settlement of both; the budgets of the top-up are ``top_up.<term>`` in `used_up`; what exceeds the limits of
    customers the top-up does not cover stays ``over_limit``
    """
    first = settle(claims, policy=policies[0], premium_amount=premium_amounts[0])
    layer = top_up_claims(own_claims, underlying=first)
    second = settle(layer, policy=policies[1], premium_amount=premium_amounts[1])
    reasons = dict(first.reasons)
    reasons[BuyerLimit.reason] = second.reasons[NO_COVER]
    for reason, kept in second.reasons.items():
        if reason != NO_COVER:
            reasons[reason] = reasons.get(reason, np.zeros_like(kept)) + kept
    return replace(
        first,
        paid=first.paid + second.paid,
        contract_paid=first.contract_paid + second.contract_paid,
        reasons=reasons,
        used_up=first.used_up | {f"top_up.{kind}": used for kind, used in second.used_up.items()},
    )
