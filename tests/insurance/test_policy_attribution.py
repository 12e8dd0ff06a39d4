"""Which clause costs what: worked by hand, and what holds for every policy."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskresearch.base.schema import check
from riskresearch.insurance.attribution import CLAUSE_COSTS, clause_costs
from riskresearch.insurance.claims import plain_claims
from riskresearch.insurance.waterfall import settle

TERMS = {
    "threshold": {"amount": 60.0},
    "deducted_first_loss": {"amount": 20.0},
    "minimum_retention": {"amount": 40.0},
    "indemnity_first_loss": {"amount": 10.0},
    "country_cap": {"amounts": {"IT": 300.0}},
    "aggregate_first_loss": {"amount": 150.0},
    "maximum_liability": {"amount": 400.0},
}


def book_of(seed, n_years=3, n=12):
    """Claims with every feature, drawn once."""
    rng = np.random.default_rng(seed)
    claims = plain_claims(
        rng.integers(1, 400, n).astype(float),
        n_per_year=np.bincount(np.sort(rng.integers(0, n_years, n)), minlength=n_years),
        limit=rng.integers(0, 3, n) * 100.0,
        insured_ratio=rng.choice([0.6, 0.9], n),
    )
    return replace(
        claims,
        vat_ratio=rng.choice([0.0, 0.2], n),
        recovered_after=claims.debt * rng.choice([0.0, 0.3], n),
        country=rng.integers(-1, 2, n),
        country_codes=("FR", "IT"),
        limit_before_cut=claims.limit + rng.choice([0.0, 100.0], n),
        delivered_after_cut=claims.debt * rng.choice([0.0, 0.5], n),
        ineligible={"disputed": claims.debt * rng.choice([0.0, 0.1], n)},
    )


def mean_indemnity(claims, policy):
    return settle(claims, policy=policy, premium_amount=0.0).indemnity.sum() / len(claims.n_per_year)


def without(policy, kinds):
    return policy.model_copy(update={"terms": tuple(term for term in policy.terms if term.kind not in kinds)})


def test_clauses_by_hand(make_policy):
    """One claim of 150, limit 120, share 90 %, first loss 20 of the indemnities: paid 88, 62 lost.

    Alone: no limit 0.9 x 150 - 20 = 115 (+27); no share 100 (+12); no first loss 108 (+20). Shapley over the six
    orders: the limit takes 30 before the share and 27 after it, the share 15 before the limit and 12 after it.
    """
    claim = plain_claims(
        np.array([150.0]), n_per_year=np.array([1]), limit=np.array([120.0]), insured_ratio=np.array([0.9])
    )
    policy = make_policy([{"kind": "aggregate_first_loss", "amount": 20}])
    table = clause_costs(claim, policy=policy, premium_amount=0.0).set_index("clause_code")
    assert table["switched_off_amount"].to_dict() == pytest.approx(
        {"buyer_limit": 27, "insured_percentage": 12, "aggregate_first_loss": 20}, rel=1e-12
    )
    assert table["shapley_amount"].to_dict() == pytest.approx(
        {"buyer_limit": 28.5, "insured_percentage": 13.5, "aggregate_first_loss": 20}, rel=1e-12
    )


def test_behind_a_used_up_maximum_a_clause_alone_gains_nothing_but_has_its_share(make_policy):
    claim = plain_claims(
        np.array([200.0]), n_per_year=np.array([1]), limit=np.array([500.0]), insured_ratio=np.array([1.0])
    )
    terms = [{"kind": "deducted_first_loss", "amount": 50}, {"kind": "maximum_liability", "amount": 100}]
    table = clause_costs(claim, policy=make_policy(terms), premium_amount=0.0).set_index("clause_code")
    assert table.loc["deducted_first_loss"].tolist()[1:] == pytest.approx([0, 25], abs=1e-12)  # 50 first, 0 second
    assert table.loc["maximum_liability"].tolist()[1:] == pytest.approx([50, 75], rel=1e-12)  # 100 first, 50 second


@given(kinds=st.sets(st.sampled_from(sorted(TERMS)), max_size=4), order=st.sampled_from("ABC"), seed=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_shares_add_up_to_all_that_the_terms_take(make_policy, kinds, order, seed):
    claims = book_of(seed)
    policy = make_policy([{"kind": kind, **TERMS[kind]} for kind in sorted(kinds)], order=order)
    table = clause_costs(claims, policy=policy, premium_amount=0.0)
    shares = table.dropna().set_index("clause_code")
    cover_kinds = {term.kind for term in policy.cover_terms}
    assert set(shares.index) == cover_kinds
    taken = mean_indemnity(claims, without(policy, cover_kinds)) - mean_indemnity(claims, policy)
    assert shares["shapley_amount"].sum() == pytest.approx(taken, rel=1e-9, abs=1e-9)
    for kind in cover_kinds:
        alone = mean_indemnity(claims, without(policy, {kind})) - mean_indemnity(claims, policy)
        assert shares.loc[kind, "switched_off_amount"] == pytest.approx(alone, rel=1e-9, abs=1e-9)


def test_shares_are_the_mean_over_all_orders_of_switching_off(make_policy):
    """Shapley's definition, by walking through every order."""
    claims = book_of(3)
    policy = make_policy([{"kind": kind, **TERMS[kind]} for kind in ("threshold", "maximum_liability")])
    kinds = [term.kind for term in policy.cover_terms]
    gains = dict.fromkeys(kinds, 0.0)
    for order in permutations(kinds):
        for position, kind in enumerate(order):
            before = mean_indemnity(claims, without(policy, set(order[:position])))
            gains[kind] += (mean_indemnity(claims, without(policy, set(order[: position + 1]))) - before) / 24
    table = clause_costs(claims, policy=policy, premium_amount=0.0).set_index("clause_code")
    assert table["shapley_amount"].dropna().to_dict() == pytest.approx(gains, rel=1e-9, abs=1e-9)


def test_ineligible_parts_and_cut_limits_have_their_lines(make_policy):
    claims = book_of(7)
    policy = make_policy([{"kind": "aggregate_first_loss", "amount": 50}])
    table = clause_costs(claims, policy=policy, premium_amount=0.0).set_index("clause_code")
    now = mean_indemnity(claims, policy)
    undisputed = mean_indemnity(replace(claims, ineligible={}), policy)
    assert table.loc["disputed", "switched_off_amount"] == pytest.approx(undisputed - now, rel=1e-9)
    uncut = replace(claims, limit=claims.limit_before_cut, delivered_after_cut=np.zeros(claims.n))
    assert table.loc["limit_cut", "switched_off_amount"] == pytest.approx(mean_indemnity(uncut, policy) - now, rel=1e-9)
    assert table.loc[["disputed", "limit_cut"], "switched_off_amount"].gt(0).all()
    assert table.loc[["disputed", "limit_cut"], "shapley_amount"].isna().all()
    check(table.reset_index(), CLAUSE_COSTS)


def test_weighted_years_count_with_their_weight(make_policy):
    claims = plain_claims(
        np.array([100.0, 300.0]), n_per_year=np.array([1, 1]), limit=np.full(2, 500.0), insured_ratio=np.full(2, 0.9)
    )
    table = clause_costs(
        claims, policy=make_policy([]), premium_amount=0.0, year_weights=np.array([0.75, 0.25])
    ).set_index("clause_code")
    assert table.loc["insured_percentage", "shapley_amount"] == pytest.approx(0.75 * 10 + 0.25 * 30, rel=1e-12)
