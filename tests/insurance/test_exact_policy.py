"""Exact laws under a policy: the wording against the waterfall, laws against brute force, identities of the terms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from riskresearch.insurance.claims import Claims, plain_claims
from riskresearch.insurance.exact import exact_laws
from riskresearch.insurance.exact.wording import Claim, due, eligible_after_cut, wording_of
from riskresearch.insurance.settings import CutSettings, DependenceSettings, InsuranceSettings
from riskresearch.insurance.waterfall import settle

EARLY = {"insolvency": 1.0, "protracted_default": 1.0, "political": 1.0}
LATE = {"insolvency": 0.0, "protracted_default": 0.0, "political": 0.0}
DEPENDENCES = [
    DependenceSettings(model_code="independent"),
    DependenceSettings(model_code="one_factor", correlation_ratio=0.3),
    DependenceSettings(model_code="sector_factors", correlation_ratio=0.1, sector_correlation_ratio=0.3),
    DependenceSettings(model_code="student_t", correlation_ratio=0.2, degrees_of_freedom=3),
    DependenceSettings(model_code="gamma", gamma_variance=2.0),
]
amount = st.integers(0, 200).map(float)
ratio = st.integers(0, 20).map(lambda k: k / 20)


def terms_of(draw):
    """Terms on the claim, drawn."""
    terms = [{"kind": "buyer_limit", "discretionary_limit_amount": 0.0}]
    terms.append({"kind": "insured_percentage", "named_ratio": draw(ratio), "discretionary_ratio": 0.5})
    if draw(st.booleans()):
        is_equal = draw(st.booleans())
        terms.append({"kind": "threshold", "amount": draw(amount) / 4, "is_reached_at_equality": is_equal})
    for kind in ("deducted_first_loss", "minimum_retention", "indemnity_first_loss"):
        if draw(st.booleans()):
            terms.append({"kind": kind, "amount": draw(amount) / 8})
    if draw(st.booleans()):
        terms.append({"kind": "vat_basis", "basis_code": draw(st.sampled_from(["including", "excluding"]))})
    code, is_shared = draw(st.sampled_from(["oldest_first", "pro_rata"])), draw(st.booleans())
    terms.append({"kind": "recoveries", "before_code": code, "is_cost_shared": is_shared})
    possible, run_off = draw(st.booleans()), draw(st.booleans())
    return [*terms, {"kind": "limit_cuts", "is_possible": possible, "is_run_off_covered": run_off}]


@limits(max_examples=150, deadline=None)
@given(data=st.data())
def test_wording_is_that_of_the_waterfall(data, make_policy, make_exposures):
    """The two are written apart; every claim must get the same indemnity from both."""
    draw = data.draw
    policy = make_policy(terms_of(draw))
    debt, vat, lgd, early = draw(amount), draw(ratio), draw(ratio), draw(ratio)
    limit, cut_to, after_cut, ineligible = draw(amount), draw(ratio), draw(ratio), draw(ratio)
    reason = draw(st.sampled_from(["over_credit_period", "after_stop_shipment"]))
    back = debt * (1 - lgd)
    is_cut = policy.limit_cuts.is_possible and after_cut > 0
    given_claim = Claims(
        *(np.array([x]) for x in (debt * (1 + vat),)),
        n_per_year=np.array([1]),
        limit=np.array([limit * cut_to if is_cut else limit]),
        insured_ratio=np.array([policy.insured_percentage.named_ratio]),
        vat_ratio=np.array([vat]),
        recovered_before=np.array([back * early * (1 + vat)]),
        recovered_after=np.array([back * (1 - early) * (1 + vat)]),
        collection_cost=np.array([back * (1 - early) * (1 + vat) * 0.1]),
        delivered_after_cut=np.array([debt * (1 + vat) * after_cut if is_cut else 0.0]),
        limit_before_cut=np.array([limit]),
        country=np.array([-1]),
        ineligible={reason: np.array([debt * (1 + vat) * ineligible])},
    )
    settled = settle(given_claim, policy=policy, premium_amount=0.0)
    exposures = make_exposures(1, buyer_limit_amount=max(limit, 1e-9), vat_ratio=vat)
    wording = wording_of(exposures, policy, InsuranceSettings(), premium_amount=0.0)
    scale = wording.basis_factor[0]
    late = eligible_after_cut(np.array([debt]), after_cut_ratio=after_cut, eligible_ratio=1 - ineligible)[0]
    even = debt * (1 - ineligible) * after_cut
    delivered_after_cut = even if reason == "over_credit_period" else late
    fields = [
        debt * scale,
        limit * cut_to if is_cut else limit,
        limit,
        delivered_after_cut * scale if is_cut else 0.0,
        policy.insured_percentage.named_ratio,
        1 - ineligible,
        back * early * scale,
        back * (1 - early) * scale,
        back * (1 - early) * 0.1 * scale,
    ]
    found = due(Claim(*(np.array([x]) for x in fields)), wording)
    if is_near_threshold(settled, policy, found):
        return
    assert found.indemnity[0] / scale == pytest.approx(settled.paid[0], abs=1e-9)
    assert found.indemnity[0] * found.kept_ratio[0] / scale == pytest.approx(settled.indemnity[0], abs=1e-9)


def is_near_threshold(settled, policy, found):
    """Rounding may put a covered loss that equals the threshold on either side of it."""
    threshold = next((term.amount for term in policy.cover_terms if term.kind == "threshold"), None)
    if threshold is None:
        return False
    fallen = settled.reasons.get("threshold", np.zeros(1))[0]
    other = found.exceeding[0]
    return abs(fallen - threshold) < 1e-6 or abs(other - threshold) < 1e-6


def small_book(make_exposures, **columns):
    plain = {
        "pd_12m": [0.1, 0.2, 0.05, 0.3],
        "exposure_amount": [40.0, 20.0, 80.0, 60.0],
        "lgd_ratio": 0.5,
        "buyer_limit_amount": [30.0, 40.0, 20.0, 10.0],
        "sector_code": ["a", "a", "b", "b"],
        "country_code": ["FR", "IT", "IT", "FR"],
    }
    return make_exposures(4, **(plain | columns))


def plain_settings(**others):
    kept = {"lgd_concentration": None, "early_recovery_ratios": EARLY, "use_season": False}
    return InsuranceSettings(**(kept | others))


def outcomes(book):
    """All sets of defaults of independent customers, with their probability."""
    p = book["pd_12m"].to_numpy()
    for number in range(2 ** len(p)):
        hit = np.array([number >> k & 1 for k in range(len(p))], dtype=bool)
        yield hit, np.prod(np.where(hit, p, 1 - p))


@pytest.mark.parametrize("order", ["A", "B", "C"])
def test_laws_with_terms_of_the_year_are_those_of_all_outcomes_settled(make_exposures, make_policy, order):
    """Independent customers, certain severity: every set of defaults goes through the waterfall, in one date order."""
    book = small_book(make_exposures)
    terms = [
        {"kind": "insured_percentage", "named_ratio": 0.8, "discretionary_ratio": 0.8},
        {"kind": "aggregate_first_loss", "amount": 8.0},
        {"kind": "maximum_liability", "amount": 16.0},
        {"kind": "threshold", "amount": 10.0, "is_reached_at_equality": True},
        *([{"kind": "country_cap", "amounts": {"IT": 18.0}}] if order == "A" else []),
    ]
    policy = make_policy(terms, order=order)
    settings = plain_settings(dependence=DependenceSettings(model_code="independent"))
    laws = exact_laws(book, settings, policy=policy, step_amount=0.4)
    paid, kept, reached, used = [], [], [], []
    weights = []
    country = np.array([0, 1, 1, 0])
    for hit, chance in outcomes(book):
        loss = (book["exposure_amount"] * 0.5).to_numpy()[hit]
        claims = plain_claims(
            loss,
            n_per_year=np.array([hit.sum()]),
            limit=book["buyer_limit_amount"].to_numpy()[hit],
            insured_ratio=np.full(hit.sum(), 0.8),
        )
        claims = replace(claims, country=country[hit], country_codes=("FR", "IT"))
        settled = settle(claims, policy=policy, premium_amount=0.0)
        paid.append(settled.paid.sum())
        kept.append(loss.sum() - paid[-1])
        reached.append(settled.used_up["aggregate_first_loss"][0])
        used.append(settled.used_up["maximum_liability"][0])
        weights.append(chance)
    weights = np.array(weights)
    for law, values in ((laws.paid, paid), (laws.indemnity, paid), (laws.retained, kept)):
        assert law.mean == pytest.approx(weights @ values, rel=1e-9)
        for at in (5.0, 11.0, 25.0):
            assert law.stop_loss(at) == pytest.approx(weights @ np.maximum(np.array(values) - at, 0), abs=1e-9)
    assert laws.p_first_loss_reached == pytest.approx(weights @ reached, abs=1e-12)
    assert laws.p_maximum_exhausted == pytest.approx(weights @ used, abs=1e-12)


@pytest.mark.parametrize("dependence", DEPENDENCES, ids=lambda d: d.model_code)
def test_no_first_loss_and_no_maximum_pays_pd_times_the_covered_share_whatever_the_dependence(
    make_exposures, make_policy, dependence
):
    """Section 6: sum of PD E[q min(L, limit)], here with L = exposure x beta, integrated by hand on a fine grid."""
    book = small_book(make_exposures)
    policy = make_policy([{"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.5}])
    settings = plain_settings(lgd_concentration=4.0, dependence=dependence)
    laws = exact_laws(book, settings, policy=policy, n_points=1_024)
    u = np.random.default_rng(0).permutation((np.arange(200_000) + 0.5) / 200_000)
    from scipy.special import betaincinv

    severity = betaincinv(2.0, 2.0, u)
    covered = np.minimum(
        severity[:, None] * book["exposure_amount"].to_numpy(), book["buyer_limit_amount"].to_numpy()
    ).mean(axis=0)
    expected = 0.9 * (book["pd_12m"].to_numpy() * covered).sum()
    for law in (laws.paid, laws.indemnity):
        assert law.mean == pytest.approx(expected, rel=1e-6)
    assert laws.retained.mean == pytest.approx(laws.gross.mean - expected, rel=1e-6)


def test_payment_of_a_layer_is_the_difference_of_two_stop_losses(make_exposures, make_policy):
    terms = [{"kind": "aggregate_first_loss", "amount": 12.0}, {"kind": "maximum_liability", "amount": 20.0}]
    laws = exact_laws(small_book(make_exposures), plain_settings(), policy=make_policy(terms), step_amount=0.5)
    layer = laws.claims.stop_loss(12.0) - laws.claims.stop_loss(32.0)
    assert laws.paid.mean == pytest.approx(layer, rel=1e-12)
    assert laws.p_first_loss_reached == pytest.approx(laws.claims.at_least(12.0))
    assert laws.p_maximum_exhausted == pytest.approx(laws.claims.at_least(32.0))


def test_share_last_equals_share_first_with_shared_first_loss_and_maximum(make_exposures, make_policy):
    """B with (AFL, M, q) equals A with (q AFL, q M, q)."""
    share = {"kind": "insured_percentage", "named_ratio": 0.8, "discretionary_ratio": 0.8}

    def law(order, factor):
        terms = [
            share,
            {"kind": "aggregate_first_loss", "amount": 10.0 * factor},
            {"kind": "maximum_liability", "amount": 25.0 * factor},
        ]
        policy = make_policy(terms, order=order)
        return exact_laws(small_book(make_exposures), plain_settings(), policy=policy, step_amount=0.4)

    last, first = law("B", 1.0), law("A", 0.8)
    for confidence in (0.5, 0.9, 0.99):
        assert last.paid.value_at_risk(confidence) == pytest.approx(first.paid.value_at_risk(confidence))
        assert last.retained.expected_shortfall(confidence) == pytest.approx(
            first.retained.expected_shortfall(confidence)
        )
    assert last.p_maximum_exhausted == pytest.approx(first.p_maximum_exhausted)


def test_a_higher_first_loss_pays_less_and_leaves_a_larger_tail(make_exposures, make_policy):
    means, shortfalls = [], []
    for first_loss in (0.0, 5.0, 15.0, 40.0):
        policy = make_policy(
            [{"kind": "aggregate_first_loss", "amount": first_loss}, {"kind": "maximum_liability", "amount": 1e6}]
        )
        laws = exact_laws(small_book(make_exposures), plain_settings(lgd_concentration=5.0), policy=policy)
        means.append(laws.paid.mean)
        shortfalls.append(laws.retained.expected_shortfall(0.95))
    assert means == sorted(means, reverse=True)
    assert shortfalls == sorted(shortfalls)
    assert means[0] > 2 * means[-1]


def test_limit_cut_and_late_recoveries_by_hand(make_exposures, make_policy):
    """One customer, always in default: debt 100, limit 80 cut to 20 for half the defaults, 45 of 90 days after it.

    Not cut: 80 paid on 100 owed; 60 come back later, the insurer gets 80/100 of it: net 32. Cut: 50 delivered before
    stay covered, 50 paid, 50/100 of 60 come back: net 20.
    """
    book = make_exposures(1, pd_12m=1.0, lgd_ratio=0.4, exposure_amount=100.0, buyer_limit_amount=80.0, terms_days=60.0)
    cuts = CutSettings(probability_ratio=0.5, lead_days=45, remaining_ratio=0.25)
    settings = plain_settings(cuts=cuts, early_recovery_ratios=LATE, deliveries_after_days=30)
    laws = exact_laws(book, settings, policy=make_policy([]), step_amount=1.0)
    assert laws.paid.values.tolist() == [50.0, 80.0]
    assert laws.indemnity.values == pytest.approx([20.0, 32.0])
    assert laws.indemnity.probabilities == pytest.approx([0.5, 0.5])
    assert laws.retained.values == pytest.approx([8.0, 20.0])
    uncut = make_policy([{"kind": "limit_cuts", "is_possible": False}])
    assert exact_laws(book, settings, policy=uncut, step_amount=1.0).paid.mean == pytest.approx(80.0)


def test_what_has_no_exact_form_is_left_out_and_said(make_exposures, make_policy):
    book = small_book(make_exposures)
    first_loss = [{"kind": "aggregate_first_loss", "amount": 5.0}]
    late = exact_laws(book, plain_settings(early_recovery_ratios=LATE), policy=make_policy(first_loss))
    assert late.paid is not None
    assert late.indemnity is None
    assert late.retained is None
    assert "order of dates" in late.reason
    two_shares = book.assign(buyer_limit_amount=[30.0, 40.0, np.nan, np.nan])
    terms = [
        *first_loss,
        {"kind": "buyer_limit", "discretionary_limit_amount": 10.0},
        {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    ]
    shares = exact_laws(two_shares, plain_settings(), policy=make_policy(terms, order="C"))
    assert shares.paid is None
    assert "several insured shares" in shares.reason
    occurring = make_policy([{"kind": "event_basis", "basis_code": "occurring"}])
    assert "waiting period" in exact_laws(book, plain_settings(), policy=occurring).reason
