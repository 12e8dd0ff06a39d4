"""Which clause costs what: the payout each clause of a policy takes away, alone and by Shapley's average."""

from dataclasses import dataclass, replace
from math import factorial

import numpy as np
from pandas import DataFrame

from riskresearch.base.schema import Column, Table
from riskresearch.insurance.claims import Array, Claims
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.steps import Budgets, eligible_debt, term_step
from riskresearch.insurance.terms import LIMIT_CUT, ClaimCover, CoverTerm, LossTerm
from riskresearch.insurance.waterfall import claim_cover, settle

CLAUSE_COSTS = Table(
    "clause_costs",
    "insurance",
    "one row per option and clause",
    ("option_id", "clause_code"),
    (
        Column("option_id", "text", "policy_id"),
        Column("clause_code", "code", "term that takes payout away, or reason why a part is not eligible"),
        Column("switched_off_amount", "float", "mean yearly indemnity gained if this clause alone were switched off"),
        Column(
            "shapley_amount",
            "float",
            "mean gain over all orders of switching cover terms off; they add up to what all take; empty = no cover "
            "term",
            True,
        ),
    ),
)


def clause_costs(
    claims: Claims, *, policy: Policy, premium_amount: float, year_weights: Array | None = None
) -> DataFrame:
    """Return table `clause_costs`: the mean yearly indemnity that each clause takes away.

    Switched off alone, clauses overlap: behind a maximum that is used up, a lower first loss gains nothing. Shapley's
    average shares the overlap: over the cover terms it adds up to the indemnity without any of them (eligible debts of
    covered customers) less the indemnity of the policy. Customers without cover stay without. Indemnities are net of
    the insurer's part of later recoveries and without VAT.

    Parameters
    ----------
    claims : claims of one or many years, see `riskresearch.insurance.waterfall.settle`
    policy : policy or quote
    premium_amount : premium of a year before tax, for a maximum that is a multiple of it
    year_weights : probability of each year, summing to 1; None = all equal

    References
    ----------
    L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II (1953).
    """
    n_years = len(claims.n_per_year)
    weights = np.full(n_years, 1.0 / n_years) if year_weights is None else year_weights
    by_claim = np.repeat(weights, claims.n_per_year)
    debt = eligible_debt(claims, policy=policy)
    tree = _Tree(
        terms=tuple(policy.cover_terms),
        budgets=Budgets(claims.n_per_year, claims.country, claims.country_codes, premium_amount),
        worth=by_claim * (1.0 - debt.recovery_ratio) / debt.to_net,
    )
    values = np.zeros(2 ** len(tree.terms))
    tree.walk(values, np.where(debt.has_cover, debt.amount, 0.0), claim_cover(claims, debt), depth=0, mask=0)
    every = len(values) - 1
    found = [(term.kind, values[every ^ (1 << n)] - values[every]) for n, term in enumerate(tree.terms)]
    outside = _outside_cover(claims, policy, premium_amount=premium_amount, by_claim=by_claim)
    rows = [(code, gain, shapley) for (code, gain), shapley in zip(found, _shapley(values), strict=True)]
    rows += [(code, gain, np.nan) for code, gain in outside.items()]
    frame = DataFrame(rows, columns=["clause_code", "switched_off_amount", "shapley_amount"])
    frame.insert(0, "option_id", policy.policy_id)
    return frame.astype({"option_id": "str", "clause_code": "str"})


@dataclass(frozen=True)
class _Tree:
    """Every set of cover terms, as leaves of a tree that shares the steps sets have in common.

    Parameters
    ----------
    terms : cover terms in the order in which they apply; bit n of a set is term n
    budgets : what the budgets of the years hang on
    worth : what a euro paid on each claim adds to the mean yearly indemnity
    """

    terms: tuple[CoverTerm, ...]
    budgets: Budgets
    worth: Array

    def walk(self, values: Array, amounts: Array, cover: ClaimCover, *, depth: int, mask: int) -> None:
        """Fill in the mean yearly indemnity of every set of terms that agrees with `mask` up to `depth`."""
        if depth == len(self.terms):
            values[mask] = self.worth @ amounts
            return
        self.walk(values, amounts, cover, depth=depth + 1, mask=mask)
        term = self.terms[depth]
        after, _ = term_step(term, amounts, cover=cover, budgets=self.budgets)
        sets_covered = isinstance(term, LossTerm) and term.sets_covered
        now = replace(cover, covered_amount=after) if sets_covered else cover
        self.walk(values, after, now, depth=depth + 1, mask=mask | (1 << depth))


def _shapley(values: Array) -> list[float]:
    """Mean of what each term takes away, over all orders in which terms are added; `values` by set of terms."""
    n = len(values).bit_length() - 1
    sets = np.arange(len(values))
    size = np.array([int(each).bit_count() for each in sets])
    chance = np.array([factorial(k) * factorial(n - k - 1) / factorial(n) for k in range(n)] + [0.0])
    found = []
    for term in range(n):
        without = sets[(sets >> term) & 1 == 0]
        found.append(float(chance[size[without]] @ (values[without] - values[without | (1 << term)])))
    return found


def _outside_cover(claims: Claims, policy: Policy, *, premium_amount: float, by_claim: Array) -> dict[str, float]:
    """Gain if one part of the debts became eligible, or if no limit had been cut, all cover terms in force."""

    def mean(changed: Claims) -> float:
        return float(by_claim @ settle(changed, policy=policy, premium_amount=premium_amount).indemnity)

    now = mean(claims)
    gains = {
        reason: mean(replace(claims, ineligible={k: v for k, v in claims.ineligible.items() if k != reason})) - now
        for reason in claims.ineligible
    }
    if (claims.limit_before_cut > claims.limit).any():
        uncut = replace(claims, limit=claims.limit_before_cut, delivered_after_cut=np.zeros_like(claims.debt))
        gains[LIMIT_CUT] = mean(uncut) - now
    return gains
