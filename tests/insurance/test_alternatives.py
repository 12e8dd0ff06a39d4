"""Captive, factoring and guarantees on the same events as policies: by hand, and what must always hold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.alternatives import ALTERNATIVES, alternative_from_mapping
from riskresearch.insurance.compare import options_on, quotes
from riskresearch.insurance.events import N_MONTHS, Events
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate

FOLDER = Path(__file__).parents[2] / "config" / "alternatives"
SETTINGS = InsuranceSettings(
    n_years=2_000, confidence_ratio=0.9, quantile_ratios=(0.5,), financing_rate_ratio=0.06, deliveries_after_days=30
)
COMMON = {"alternative_id": "other", "name": "Other", "status": "example", "provider": "test", "source": "test"}


def made(kind, **fields):
    return alternative_from_mapping({**COMMON, "kind": kind, "currency_code": "EUR", **fields}, where="test")


@pytest.fixture(scope="module")
def book(make_exposures):
    """Four customers: two named, one without limit, one excluded; the first pays VAT of 20 %."""
    return check_exposures(
        make_exposures(
            4,
            exposure_amount=[200.0, 50.0, 80.0, 40.0],
            buyer_limit_amount=[120.0, 100.0, None, 90.0],
            turnover_amount=[600.0, 300.0, 400.0, 500.0],
            is_insurable=[True, True, True, False],
            vat_ratio=[0.2, None, None, None],
            terms_days=[60.0, 30.0, None, 60.0],
        ),
        lgd_ratio=0.4,
    )


@pytest.fixture(scope="module")
def events():
    """Years: customer 0; customers 1 and 2; customer 3; none. Everything is lost."""
    customer = np.array([0, 1, 2, 3], dtype=np.int32)
    zero = np.zeros(4, dtype=np.float32)
    return Events(
        customer_ids=np.array([f"C{number:04d}" for number in range(4)], dtype=object),
        exposure=np.repeat([[200.0], [50.0], [80.0], [40.0]], N_MONTHS, axis=1),
        first=np.array([0, 1, 3, 4, 4]),
        customer=customer,
        day_ratio=np.array([0.1, 0.3, 0.6, 0.5], dtype=np.float32),
        lgd_ratio=zero + 1,
        event=np.array([0, 1, 0, 1], dtype=np.int8),
        after_cut_ratio=zero,
        n_strata=1,
    )


def test_factoring_with_recourse_by_hand(events, book):
    factor = made(
        "factoring_with_recourse",
        service_fee_ratio=0.01,
        advance_ratio=0.8,
        advance_rate_ratio=0.04,
        collection_saving_amount=5.0,
    )
    option = factor.option(events, book, SETTINGS)
    assert option.retained.tolist() == option.gross.tolist() == [200.0, 130.0, 40.0, 0.0]
    assert option.reasons["no_policy"].tolist() == option.gross.tolist()
    assert [option.cost.premium_amount, option.cost.fees_amount, option.admin_amount] == [0.0, 13.0, -5.0]
    # receivables on a usual day: 200 x 60/90 + 50 x 30/60 + 80; the factor's cash is 2 % cheaper
    advance = 0.8 * (200 * 60 / 90 + 50 * 30 / 60 + 80)
    assert option.financing == pytest.approx(np.full(4, -0.02 * advance), rel=1e-12)
    assert option.full_cost == pytest.approx(np.full(4, 13 - 5 - 0.02 * advance), rel=1e-12)


def test_factoring_without_recourse_by_hand(events, book):
    factor = made(
        "factoring_without_recourse",
        service_fee_ratio=0.0,
        advance_ratio=0.75,
        advance_rate_ratio=0.06,
        commission_ratio=0.02,
        guaranteed_ratio=0.95,
        approval_ratio=0.5,
        payment_days=90,
    )
    option = factor.option(events, book, SETTINGS)
    # approvals 60 (VAT included, so 50 without) and 50; customer 2 has none, customer 3 is not sold
    assert option.indemnity == pytest.approx([0.95 * 50, 0.95 * 50, 0.0, 0.0], rel=1e-12)
    assert option.reasons["over_limit"] == pytest.approx([150.0, 0.0, 0.0, 0.0], rel=1e-12)
    assert option.reasons["no_cover"] == pytest.approx([0.0, 80.0, 40.0, 0.0], rel=1e-12)
    assert option.cost.premium_amount == pytest.approx(0.02 * 900, rel=1e-12)
    # only the quarter that was not advanced waits
    assert option.financing == pytest.approx([47.5 * 0.06 * 0.25 * 0.25] * 2 + [0.0, 0.0], rel=1e-12)
    assert option.covers["covered_amount"].tolist() == pytest.approx([50.0, 50.0, 0.0, 0.0], rel=1e-12)


def test_captive_by_hand(events, book):
    terms = [
        {"kind": "buyer_limit", "discretionary_limit_amount": 0},
        {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.0},
        {"kind": "vat_basis", "basis_code": "excluding"},
        {"kind": "aggregate_first_loss", "amount": 60.0},
        {"kind": "maximum_liability", "amount": 40.0},
        {"kind": "premium", "rate_ratio": 0.1, "base_code": "maximum_liability"},
    ]
    captive = made(
        "captive",
        reinsurance=terms,
        direct_premium_amount=50.0,
        fronting_ratio=0.1,
        tax_ratio=0.09,
        management_amount=3.0,
        capital_amount=100.0,
        funding_spread_ratio=0.02,
    )
    option = captive.option(events, book, SETTINGS)
    # claims 0.9 x 120 = 108 and 0.9 x 50 = 45: the captive keeps 60 and 45, the reinsurer pays 40 of 48
    assert option.indemnity == pytest.approx([40.0, 0.0, 0.0, 0.0], rel=1e-12)
    assert option.reasons["captive_retention"] == pytest.approx([60.0, 45.0, 0.0, 0.0], rel=1e-12)
    assert option.reasons["maximum_liability"] == pytest.approx([8.0, 0.0, 0.0, 0.0], rel=1e-12)
    assert "aggregate_first_loss" not in option.reasons
    assert option.cost.premium_amount == pytest.approx(4.0, rel=1e-12)
    assert option.cost.fees_amount == pytest.approx(50 * 0.1 + 3 + 100 * 0.02, rel=1e-12)
    assert option.cost.tax_amount == pytest.approx(4.5, rel=1e-12)
    assert sum(option.reasons.values()) == pytest.approx(option.retained, rel=1e-12)


def test_guarantees_by_hand(events, book):
    bank = made("guarantee", n_largest=2, exposure_share_ratio=0.5, commission_ratio=0.02, flat_amount=4.0)
    option = bank.option(events, book, SETTINGS)
    # the largest insurable debts with VAT are 240 (customer 0) and 80 (customer 2), half of each guaranteed
    assert option.covers["limit_amount"].tolist() == [120.0, 0.0, 40.0, 0.0]
    assert option.indemnity == pytest.approx([100.0, 40.0, 0.0, 0.0], rel=1e-12)
    assert option.cost.premium_amount == pytest.approx(160 * 0.02, rel=1e-12)
    assert option.cost.fees_amount == pytest.approx(8.0, rel=1e-12)
    assert option.financing == pytest.approx([100 * 0.06 * 15 / 360, 40 * 0.06 * 15 / 360, 0, 0], rel=1e-12)
    named = made("guarantee", amounts={"C0001": 30.0}, commission_ratio=0.02)
    assert named.option(events, book, SETTINGS).indemnity == pytest.approx([0.0, 30.0, 0.0, 0.0], rel=1e-12)


def test_refused_documents_are_kept_under_their_own_reason(book, make_exposures):
    many = check_exposures(make_exposures(40, pd_12m=0.2, exposure_amount=100.0), lgd_ratio=0.4)
    events = simulate(many, SETTINGS)
    whole, some = (
        made("guarantee", n_largest=20, commission_ratio=0.02, refusal_ratio=ratio).option(events, many, SETTINGS)
        for ratio in (0.0, 0.25)
    )
    assert some.reasons["guarantee_refused"].mean() / whole.indemnity.mean() == pytest.approx(0.25, abs=0.02)
    assert some.indemnity + some.reasons["guarantee_refused"] == pytest.approx(whole.indemnity, rel=1e-12, abs=1e-9)
    again = made("guarantee", n_largest=20, commission_ratio=0.02, refusal_ratio=0.25).option(events, many, SETTINGS)
    assert (again.indemnity == some.indemnity).all()


def test_captive_that_keeps_all_costs_what_self_insurance_costs(events, book):
    """A retention nobody reaches, free of charge: the same losses, the same economic cost."""
    terms = [
        {"kind": "buyer_limit", "discretionary_limit_amount": 0},
        {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.0},
        {"kind": "aggregate_first_loss", "amount": 1e9},
        {"kind": "maximum_liability", "amount": 1e9},
        {"kind": "premium", "rate_ratio": 0.0},
    ]
    captive = made("captive", reinsurance=terms, direct_premium_amount=0.0, fronting_ratio=0.0)
    table = quotes(options_on(events, book, [], SETTINGS, alternatives=[captive]), SETTINGS)
    for name in ("total_cost_of_risk_amount", "economic_cost_amount", "es_retained_amount"):
        assert table[name][1] == pytest.approx(table[name][0], rel=1e-12)


def test_break_even_commission_of_a_factor_costs_what_self_insurance_costs(book, make_exposures):
    many = check_exposures(
        make_exposures(60, pd_12m=0.1, exposure_amount=np.linspace(50, 5_000, 60), buyer_limit_amount=2_000.0),
        lgd_ratio=0.4,
    )
    events = simulate(many, SETTINGS)
    given = {"service_fee_ratio": 0.001, "advance_ratio": 0.8, "advance_rate_ratio": 0.05}
    first = made("factoring_without_recourse", commission_ratio=0.01, **given)
    row = quotes(options_on(events, many, [], SETTINGS, alternatives=[first]), SETTINGS).iloc[1]
    ratio = 0.01 * row.break_even_premium_amount / row.premium_amount
    fair = first.model_copy(update={"commission_ratio": ratio})
    costs = quotes(options_on(events, many, [], SETTINGS, alternatives=[fair]), SETTINGS)["economic_cost_amount"]
    assert costs[1] == pytest.approx(costs[0], rel=1e-10)


@pytest.fixture(scope="module")
def demonstration():
    files = sorted(FOLDER.glob("*.yaml"))
    return [
        alternative_from_mapping(yaml.safe_load(file.read_text(encoding="utf-8")), where=file.name) for file in files
    ]


def test_there_is_a_file_for_every_kind(demonstration):
    assert sorted(one.kind for one in demonstration) == sorted(ALTERNATIVES)


def test_nothing_is_lost_or_made_by_any_alternative(demonstration, make_exposures):
    rng = np.random.default_rng(3)
    many = make_exposures(
        60,
        pd_12m=rng.uniform(0.01, 0.2, 60),
        exposure_amount=rng.lognormal(10, 1, 60),
        buyer_limit_amount=np.where(rng.random(60) < 0.6, rng.lognormal(10, 1, 60), np.nan),
        vat_ratio=0.2,
        terms_days=45.0,
    )
    checked = check_exposures(many, lgd_ratio=0.4)
    chosen = SETTINGS.model_copy(update={"collection_cost_ratio": 0.1})
    events = simulate(checked, chosen)
    options = options_on(events, checked, [], chosen, alternatives=demonstration)
    for option in options:
        assert option.gross == pytest.approx(options[0].gross, rel=1e-12)
        assert sum(option.reasons.values()) == pytest.approx(option.retained, rel=1e-9, abs=1e-6)
        assert option.indemnity + option.retained == pytest.approx(option.gross, rel=1e-9)
        assert option.covers["expected_retained_amount"].sum() == pytest.approx(option.mean(option.retained), rel=1e-9)
    assert sum(option.indemnity.any() for option in options) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "barter"}, r"kind is 'barter'; must be one of \['captive'"),
        ({"kind": "guarantee", "commission_ratio": 0.02}, "either amounts by customer or n_largest"),
        ({"kind": "guarantee", "commission_ratio": 2.0, "n_largest": 1}, "commission_ratio"),
        ({"kind": "factoring_with_recourse", "service_fee_ratio": 0.1, "advance": 0.8}, "advance"),
    ],
)
def test_a_file_that_is_wrong_is_refused(change, message):
    with pytest.raises(SettingsError, match=message):
        alternative_from_mapping({**COMMON, "currency_code": "EUR", **change}, where="test")


def test_guarantee_of_a_stranger_is_refused(events, book):
    bank = made("guarantee", amounts={"X1": 30.0, "C0001": 10.0}, commission_ratio=0.02)
    with pytest.raises(SettingsError, match=r"amounts: 1 customers \(X1\) are not in the book"):
        bank.option(events, book, SETTINGS)


def test_cuts_of_approvals_reach_the_factor_only_where_it_may_cut(events, book):
    cut = replace(events, after_cut_ratio=np.full(4, 0.5, dtype=np.float32))
    chosen = SETTINGS.model_copy(update={"cuts": SETTINGS.cuts.model_copy(update={"probability_ratio": 1.0})})
    given = {"service_fee_ratio": 0.0, "advance_ratio": 0.0, "advance_rate_ratio": 0.0, "commission_ratio": 0.0}
    may, may_not = (
        made("factoring_without_recourse", is_approval_cuttable=flag, **given).option(cut, book, chosen)
        for flag in (True, False)
    )
    # customer 1: 25 delivered before the cut stay covered, 25 after it are not
    assert may.indemnity[1] == pytest.approx(25.0, rel=1e-12)
    assert may_not.indemnity[1] == pytest.approx(50.0, rel=1e-12)


def test_a_guarantee_holds_for_a_customer_no_insurer_takes(events, book):
    """Customer 3 is not insurable; its debt of 40 is guaranteed up to 30."""
    bank = made("guarantee", amounts={"C0003": 30.0}, commission_ratio=0.02, flat_amount=4.0)
    option = bank.option(events, book, SETTINGS)
    assert option.indemnity == pytest.approx([0.0, 0.0, 30.0, 0.0], rel=1e-12)
    cost = option.cost
    assert [cost.n_limits, cost.premium_amount, cost.fees_amount] == [1, pytest.approx(0.6, rel=1e-12), 4.0]
    assert cost.turnover_amount == 500.0


def test_refusals_do_not_hang_on_who_else_defaults(book, make_exposures):
    """The same customer in the same year gets the same answer when other defaults come or go."""
    many = check_exposures(make_exposures(20, pd_12m=0.3, exposure_amount=1_000.0), lgd_ratio=0.4)
    events = simulate(many, SETTINGS)
    keep = events.customer != 4
    first = np.concatenate([[0], np.cumsum(np.bincount(events.year[keep], minlength=events.n_years))])
    names = ("customer", "day_ratio", "lgd_ratio", "event", "after_cut_ratio")
    fewer = replace(events, first=first, **{name: getattr(events, name)[keep] for name in names})
    bank = made("guarantee", amounts={"C0007": 500.0}, commission_ratio=0.02, refusal_ratio=0.5)
    all_of_them, without = (bank.option(some, many, SETTINGS).reasons["guarantee_refused"] for some in (events, fewer))
    assert 0 < (all_of_them > 0).mean() < 1
    assert (all_of_them == without).all()


def test_an_alternative_in_another_currency_is_refused(events, book, make_policy):
    bank = made("guarantee", amounts={"C0001": 30.0}, commission_ratio=0.02)
    foreign = bank.model_copy(update={"alternative_id": "abroad", "currency_code": "USD"})
    said = "insurance alternatives: abroad in USD; they are compared in EUR; restate"
    with pytest.raises(SettingsError, match=said):
        options_on(events, book, [make_policy([])], SETTINGS, alternatives=[bank, foreign])
    with pytest.raises(SettingsError, match=said):
        options_on(events, book, [], SETTINGS, alternatives=[bank, foreign])
    with pytest.raises(SettingsError, match=said):
        options_on(events, book, [], SETTINGS, alternatives=[foreign], currency_code="EUR")
    assert len(options_on(events, book, [], SETTINGS, alternatives=[foreign])) == 2


def test_a_source_of_blanks_is_refused():
    with pytest.raises(SettingsError, match=r"source: .*at least 1 character"):
        made("guarantee", amounts={"C0001": 30.0}, commission_ratio=0.02, source="  ")
