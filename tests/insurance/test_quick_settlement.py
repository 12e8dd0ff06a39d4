"""The compiled settlement pays, year by year, what the plain waterfall pays, whatever the policy and the claims."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.claims import Claims, plain_claims
from riskresearch.insurance.exposures import check_exposures, cover
from riskresearch.insurance.options import priced
from riskresearch.insurance.quick import ready, ready_claims, settle_years
from riskresearch.insurance.quick.years import KNOWN_KINDS
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.terms import COVER_TERMS
from riskresearch.insurance.waterfall import settle

COUNTRIES = ("FR", "IT")
SETTINGS = InsuranceSettings(n_years=2_000, confidence_ratio=0.99, quantile_ratios=(0.5,))


@st.composite
def policy_terms(draw):
    """Terms of a policy with any combination of cover terms, and the order they apply in."""

    def some(kind, **fields):
        return [{"kind": kind, **fields}] if draw(st.booleans()) else []

    amount = st.floats(0, 300, allow_nan=False, width=32).map(float)
    terms = [
        {"kind": "vat_basis", "basis_code": draw(st.sampled_from(["including", "excluding"]))},
        {
            "kind": "recoveries",
            "before_code": draw(st.sampled_from(["oldest_first", "pro_rata"])),
            "is_cost_shared": draw(st.booleans()),
        },
        {"kind": "limit_cuts", "is_possible": draw(st.booleans()), "is_run_off_covered": draw(st.booleans())},
    ]
    terms += some("threshold", amount=draw(amount), is_reached_at_equality=draw(st.booleans()))
    terms += some("deducted_first_loss", amount=draw(amount))
    terms += some("minimum_retention", amount=draw(amount))
    terms += some("indemnity_first_loss", amount=draw(amount))
    terms += some("country_cap", amounts={"IT": draw(amount)})
    terms += some("aggregate_first_loss", amount=draw(amount))
    terms += some("maximum_liability", premium_multiple=draw(amount) + 0.5)
    return terms, draw(st.sampled_from("ABC"))


@st.composite
def any_claims(draw):
    """Claims of some years with VAT, recoveries, cuts, countries and ineligible parts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_per_year = rng.integers(0, 7, draw(st.integers(1, 12)))
    n = int(n_per_year.sum())
    debt = np.round(rng.lognormal(5, 1, n), 2)
    limit = np.where(rng.random(n) < 0.2, 0.0, np.round(rng.lognormal(5, 1, n), 2))
    is_cut = rng.random(n) < draw(st.sampled_from([0.0, 0.5]))
    before = debt * rng.random(n) * (rng.random(n) < 0.5)
    after = (debt - before) * rng.random(n) * (rng.random(n) < draw(st.sampled_from([0.0, 0.7])))
    return Claims(
        debt=debt,
        n_per_year=n_per_year,
        limit=np.where(is_cut, limit * rng.random(n), limit),
        insured_ratio=rng.choice([0.5, 0.9, 1.0], n),
        vat_ratio=rng.choice(draw(st.sampled_from([[0.2], [0.0, 0.2]])), n),
        recovered_before=before,
        recovered_after=after,
        collection_cost=after * 0.1,
        delivered_after_cut=np.where(is_cut, debt * rng.random(n), 0.0),
        limit_before_cut=limit,
        country=rng.integers(-1, 2, n),
        country_codes=COUNTRIES,
        ineligible={
            "disputed": debt * rng.random(n) * (rng.random(n) < 0.3),
            "after_stop_shipment": debt * rng.random(n) * (rng.random(n) < 0.3),
        },
    )


def by_year(amounts, claims):
    year = np.repeat(np.arange(len(claims.n_per_year)), claims.n_per_year)
    return np.bincount(year, weights=amounts, minlength=len(claims.n_per_year))


@given(policy_terms(), any_claims())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_same_payments_as_the_plain_waterfall(make_policy, terms_and_order, claims):
    terms, order = terms_and_order
    policy = make_policy(terms, order=order)
    plain = settle(claims, policy=policy, premium_amount=2.5)
    prepared = ready_claims(claims, policy=policy)
    quick = settle_years(
        prepared, limit=claims.limit_before_cut, insured_ratio=claims.insured_ratio, policy=policy, premium_amount=2.5
    )
    assert quick.paid == pytest.approx(by_year(plain.paid, claims), rel=1e-9, abs=1e-9)
    assert quick.insurer_recovery == pytest.approx(by_year(plain.insurer_recovery, claims), rel=1e-9, abs=1e-9)
    assert quick.contract_indemnity == pytest.approx(by_year(plain.contract_indemnity, claims), rel=1e-9, abs=1e-9)
    kept = sum(by_year(amounts, claims) for amounts in plain.retained.values())
    assert prepared.gross - quick.indemnity == pytest.approx(kept, rel=1e-9, abs=1e-9)
    assert set(quick.used_up) == set(plain.used_up)


def test_budgets_are_used_up_in_the_same_years(make_policy):
    rng = np.random.default_rng(2)
    n_per_year = rng.integers(0, 8, 400)
    n = int(n_per_year.sum())
    claims = plain_claims(
        rng.lognormal(5, 1, n), n_per_year=n_per_year, limit=np.full(n, 400.0), insured_ratio=np.full(n, 0.9)
    )
    claims = replace(claims, country=rng.integers(-1, 2, n), country_codes=COUNTRIES)
    terms = [{"kind": "aggregate_first_loss", "amount": 300.0}, {"kind": "maximum_liability", "amount": 500.0}]
    for order in "ABC":
        for more in ([], [{"kind": "country_cap", "amounts": {"IT": 350.0}}]):
            policy = make_policy(terms + more, order=order)
            plain = settle(claims, policy=policy, premium_amount=0.0)
            quick = settle_years(
                ready_claims(claims, policy=policy),
                limit=claims.limit,
                insured_ratio=claims.insured_ratio,
                policy=policy,
                premium_amount=0.0,
            )
            for kind, used in plain.used_up.items():
                assert 0 < used.mean() < 1
                assert (quick.used_up[kind] == used).all()
            if order == "A":
                assert quick.maximum_used == pytest.approx(quick.paid, rel=1e-12)
                taken = by_year(plain.reasons["aggregate_first_loss"], claims)
                assert quick.first_loss_used == pytest.approx(taken, rel=1e-12)


@pytest.fixture(scope="module")
def book(make_exposures):
    rng = np.random.default_rng(8)
    made = make_exposures(
        150,
        pd_12m=rng.uniform(0.005, 0.1, 150),
        exposure_amount=rng.lognormal(9.5, 1, 150),
        lgd_ratio=rng.uniform(0.3, 0.8, 150),
        buyer_limit_amount=np.where(rng.random(150) < 0.6, rng.lognormal(9.5, 1, 150), np.nan),
        is_insurable=rng.random(150) < 0.95,
    )
    return check_exposures(
        made.assign(
            vat_ratio=rng.choice([0.0, 0.2], 150),
            country_code=rng.choice(["FR", "IT"], 150),
            terms_days=rng.choice([30.0, 60.0, 120.0], 150),
        ),
        lgd_ratio=0.4,
    )


@pytest.mark.parametrize("order", ["A", "B"])
def test_simulated_defaults_of_a_book(book, make_policy, order):
    """Cuts, early and late recoveries, collection costs, VAT, waiting and eligibility, from the events themselves."""
    chosen = SETTINGS.model_copy(
        update={
            "cuts": SETTINGS.cuts.model_copy(update={"probability_ratio": 0.5, "remaining_ratio": 0.3}),
            "collection_cost_ratio": 0.15,
            "deliveries_after_days": 45,
        }
    )
    events = simulate(book, chosen)
    policy = make_policy(
        [
            {"kind": "buyer_limit", "discretionary_limit_amount": 8_000.0},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
            {"kind": "stop_shipment", "extension_days": 30},
            {"kind": "credit_period", "maximum_days": 90},
            {"kind": "waiting_period", "insolvency_days": 30, "protracted_default_days": 150, "political_days": 180},
            {"kind": "deducted_first_loss", "amount": 300.0},
            {"kind": "aggregate_first_loss", "amount": 20_000.0},
            {"kind": "maximum_liability", "amount": 200_000.0},
        ],
        order=order,
    )
    option = priced(events, book, policy, chosen)
    covers = cover(book, policy=policy)
    prepared = ready(events, book, policy=policy, settings=chosen)
    totals = settle_years(
        prepared,
        limit=covers["limit_amount"].to_numpy(),
        insured_ratio=covers["insured_ratio"].to_numpy(),
        policy=policy,
        premium_amount=option.cost.premium_amount,
    )
    assert option.reasons["limit_cut"].any()
    assert option.reasons["after_stop_shipment"].any()
    assert option.insurer_recovery.any()
    assert totals.indemnity == pytest.approx(option.indemnity, rel=1e-9, abs=1e-6)
    assert prepared.gross - totals.indemnity == pytest.approx(option.retained, rel=1e-9, abs=1e-6)
    assert totals.contract_indemnity == pytest.approx(option.contract_indemnity, rel=1e-9, abs=1e-6)
    waited = totals.financing_days * chosen.financing_rate_ratio / 360
    assert waited == pytest.approx(option.financing, rel=1e-9, abs=1e-9)
    for kind, used in option.used_up.items():
        assert (totals.used_up[kind] == used).all()


def test_years_longer_than_a_chunk(make_policy):
    """A year with more claims than fit in one chunk is settled whole."""
    n_per_year = np.array([3, 9_000, 0, 2])
    n = int(n_per_year.sum())
    debt = np.random.default_rng(1).lognormal(5, 1, n)
    claims = plain_claims(debt, n_per_year=n_per_year, limit=np.full(n, 500.0), insured_ratio=np.full(n, 0.9))
    policy = make_policy([{"kind": "aggregate_first_loss", "amount": 1_000.0}])
    plain = settle(claims, policy=policy, premium_amount=0.0)
    quick = settle_years(
        ready_claims(claims, policy=policy),
        limit=claims.limit,
        insured_ratio=claims.insured_ratio,
        policy=policy,
        premium_amount=0.0,
    )
    assert quick.paid == pytest.approx(by_year(plain.paid, claims), rel=1e-9)


def test_every_cover_term_is_known():
    assert set(COVER_TERMS) <= KNOWN_KINDS, "add the new term to riskresearch.insurance.quick, or its policies are slow"


def test_top_up_is_refused(book, make_policy):
    events = simulate(book, SETTINGS)
    policy = make_policy([], kind="top_up", underlying_policy_id="below", policy_id="above")
    with pytest.raises(SettingsError, match="a top-up is settled with the policy below it"):
        ready(events, book, policy=policy, settings=SETTINGS)
