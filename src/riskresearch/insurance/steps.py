"""Steps of the waterfall: from a debt to its eligible part, the cover in force, and what one term leaves of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Claims, Integers
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.terms import LAST_DELIVERED_REASONS, ClaimCover, CountryCap, CoverTerm, LossTerm, YearTerm

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Eligible:
    """Debts as a policy sees them, in its basis (with or without VAT).

    Parameters
    ----------
    to_net : what an amount is divided by to be without VAT
    amount : eligible debt less what was recovered before the date of loss (E1)
    ineligible : part of the debt out of cover for each reason, less what recoveries beyond the eligible debt repaid
    limit_amount : most that limits cover of `amount`, after the cut of a limit
    uncut_limit_amount : the same had the limit not been cut
    has_cover : a limit above zero is or was in force
    recovery_ratio : net recoveries after the indemnity / amount: what each party gets back on its share
    ineligible_recovery_ratio : net recoveries beyond the eligible debt / ineligible part
    own_cost : collection cost that the insured bears alone
    """

    to_net: Array
    amount: Array
    ineligible: dict[str, Array]
    limit_amount: Array
    uncut_limit_amount: Array
    has_cover: Flags
    recovery_ratio: Array
    ineligible_recovery_ratio: Array
    own_cost: Array


@dataclass(frozen=True)
class Budgets:
    """What the budgets of the insurance years hang on.

    Parameters
    ----------
    n_per_year : number of claims of each year
    country, country_codes : country of each claim, as in `Claims`
    premium_amount : premium of a year before tax
    """

    n_per_year: Integers
    country: Integers
    country_codes: tuple[str, ...]
    premium_amount: float


def eligible_debt(claims: Claims, *, policy: Policy) -> Eligible:
    """Return what of each debt is eligible, what limits cover of it, and how recoveries after it are shared.

    Eligible debt E = (O - X)/(1 + v), or O - X where the policy includes VAT; E1 = max(E - R0, 0). Recoveries beyond
    the eligible debt repay the ineligible part. What was delivered after the stop of shipments was delivered last: it
    is taken from the deliveries after a cut first; every other ineligible part is spread evenly over the deliveries.

    Parameters
    ----------
    claims : claims of one or many years
    policy : policy or quote
    """
    vat = 1.0 + claims.vat_ratio
    to_basis, to_net = (np.ones_like(vat), vat) if policy.is_vat_included else (vat, np.ones_like(vat))
    debt, before = claims.debt / to_basis, claims.recovered_before / to_basis
    eligible, after_cut, parts = _eligible_parts(claims, debt, to_basis=to_basis)
    amount = np.maximum(eligible - before, 0.0)
    outside = debt - eligible
    outside_left = np.maximum(outside - np.maximum(before - eligible, 0.0), 0.0)
    scale = _ratio(outside_left, outside)
    limit, uncut = _limits(claims, policy, eligible=eligible, amount=amount, after_cut=after_cut, before=before)
    cost = claims.collection_cost / to_basis
    back = claims.recovered_after / to_basis
    shared = cost if policy.recoveries.is_cost_shared else np.zeros_like(cost)
    on_eligible = np.minimum(back, amount)
    shared = np.where(amount > 0, shared * np.where(back > 0, _ratio(on_eligible, back), 1.0), 0.0)
    return Eligible(
        to_net=to_net,
        amount=amount,
        ineligible={reason: part * scale for reason, part in parts.items()},
        limit_amount=limit,
        uncut_limit_amount=uncut,
        has_cover=np.maximum(claims.limit, claims.limit_before_cut) > 0,
        recovery_ratio=_ratio(on_eligible - shared, amount),
        ineligible_recovery_ratio=_ratio(np.minimum(back - on_eligible, outside_left), outside_left),
        own_cost=cost - shared,
    )


def _eligible_parts(claims: Claims, debt: Array, *, to_basis: Array) -> tuple[Array, Array, dict[str, Array]]:
    """Eligible debt, the part of it delivered after a cut, and what each reason takes out."""
    eligible, parts = debt, {}
    after_cut = np.minimum(claims.delivered_after_cut / to_basis, debt)
    for reason, part in claims.ineligible.items():
        parts[reason] = np.minimum(part / to_basis, eligible)
        left = eligible - parts[reason]
        if reason in LAST_DELIVERED_REASONS:
            after_cut = np.maximum(after_cut - parts[reason], 0.0)
        else:
            after_cut = after_cut * _ratio(left, eligible)
        eligible = left
    return eligible, after_cut, parts


def _limits(
    claims: Claims, policy: Policy, *, eligible: Array, amount: Array, after_cut: Array, before: Array
) -> tuple[Array, Array]:
    """Limit on the eligible debt left, after a cut and without it: C = min(Eb + Ea, max(Lnew, min(Eb, Lold)))."""
    cuts = policy.limit_cuts
    is_pro_rata = policy.recoveries.before_code == "pro_rata"
    uncut = claims.limit_before_cut
    limit = uncut
    if cuts.is_possible:
        before_cut = eligible - after_cut
        run_off = before_cut if is_pro_rata else np.maximum(before_cut - before, 0.0)
        limit = np.maximum(claims.limit, np.minimum(run_off, uncut)) if cuts.is_run_off_covered else claims.limit
    if not is_pro_rata:
        return limit, uncut
    left = _ratio(amount, eligible)
    return limit * left, uncut * left


def term_step(term: CoverTerm, amounts: Array, *, cover: ClaimCover, budgets: Budgets) -> tuple[Array, Flags | None]:
    """Return what a term leaves of each claim and, for a budget of the year, whether each year used it up.

    Parameters
    ----------
    term : cover term
    amounts : what the terms before it left, year after year in the order of the dates
    cover : cover in force
    budgets : what the budgets of the years hang on
    """
    if isinstance(term, LossTerm):
        return term.payable(amounts, cover=cover), None
    if isinstance(term, CountryCap):
        taken, left = _draw_by_country(amounts, budgets, term)
    elif isinstance(term, YearTerm):
        budget = term.budget(premium_amount=budgets.premium_amount)
        taken, left = draw_down(amounts, n_per_year=budgets.n_per_year, budget=budget)
    else:
        raise TypeError(f"{type(term).__name__} is neither a term on a claim nor a term on a year")
    return amounts - taken if term.is_borne_by_insured else taken, left == 0.0


def draw_down(amounts: Array, *, n_per_year: Integers, budget: float | Array) -> tuple[Array, Array]:
    """Draw amounts from a budget that is renewed every year, first come first served.

    Parameters
    ----------
    amounts : one per claim, year after year, in the order of their dates
    n_per_year : number of claims of each year
    budget : amount available in each year

    Returns
    -------
    what each claim draws, and what is left of the budget at the end of each year

    Examples
    --------
    >>> taken, left = draw_down(np.array([30.0, 50.0, 10.0]), n_per_year=np.array([2, 1]), budget=60.0)
    >>> taken.tolist(), left.tolist()
    ([30.0, 30.0, 10.0], [0.0, 50.0])
    """
    first = np.cumsum(n_per_year) - n_per_year
    by_count = np.argsort(-n_per_year, kind="stable")
    falling = -n_per_year[by_count]
    left = np.broadcast_to(np.asarray(budget, dtype="float64"), n_per_year.shape).copy()
    taken = np.zeros_like(amounts)
    for position in range(int(n_per_year.max(initial=0))):
        years = by_count[: np.searchsorted(falling, -position, side="left")]
        rows = first[years] + position
        drawn = np.minimum(amounts[rows], left[years])
        taken[rows] = drawn
        left[years] -= drawn
    return taken, left


def _draw_by_country(amounts: Array, budgets: Budgets, term: CountryCap) -> tuple[Array, Array]:
    """Draw from one budget per year and country; what is left is the least over the countries of the year."""
    each = np.append(term.country_budgets(budgets.country_codes), np.inf)
    n_years, n = len(budgets.n_per_year), len(each)
    pot = np.repeat(np.arange(n_years), budgets.n_per_year) * n + np.where(budgets.country < 0, n - 1, budgets.country)
    order = np.argsort(pot, kind="stable")
    counts = np.bincount(pot, minlength=n_years * n)
    drawn, left = draw_down(amounts[order], n_per_year=counts, budget=np.tile(each, n_years))
    taken = np.empty_like(amounts)
    taken[order] = drawn
    return taken, left.reshape(n_years, n).min(axis=1)


def _ratio(part: Array, whole: Array) -> Array:
    """Part / whole, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
