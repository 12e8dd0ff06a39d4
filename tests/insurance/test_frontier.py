"""Designs around a quote: figures that can be checked on paper, and what must hold for every grid."""

from itertools import pairwise

import numpy as np
import pytest
from design_books import (
    changed_terms,
    hand_book,
    hand_events,
    policy_of,
    random_book,
    random_policy,
    row_of,
    rows_of,
    settings_of,
)
from hypothesis import given
from hypothesis import strategies as st

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.compare import compare_policies
from riskresearch.insurance.design_optima import design_optima
from riskresearch.insurance.design_settings import FrontierSettings
from riskresearch.insurance.designs import (
    NO_MAXIMUM,
    Design,
    TechnicalPrice,
    cut_limits,
    design_policy,
    designs_around,
    efficient,
    marginal_efficiency,
    quote_design,
)
from riskresearch.insurance.frontier import POLICY_DESIGNS, frontier, frontiers
from riskresearch.insurance.policy import SELF_INSURANCE
from riskresearch.insurance.simulation import simulate

EARLY = {"early_recovery_ratios": {"insolvency": 1.0, "protracted_default": 1.0, "political": 1.0}}
GRID = FrontierSettings(
    insured_ratios=(0.8, 0.9), first_loss_multiples=(0.0, 1.0), discretionary_multiples=(2.0,), limit_multiples=(0.5,)
)
AMOUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=12)
HAND = {"confidence_ratio": 0.75, "capital_charge_ratio": 0.6}
AXES = [
    "insured_ratio",
    "first_loss_amount",
    "discretionary_limit_amount",
    "limit_multiple",
    "maximum_liability_amount",
]
TWO = FrontierSettings(
    insured_ratios=(), first_loss_multiples=(0.0,), discretionary_multiples=(), limit_multiples=(), maximum_multiples=()
)


@pytest.fixture(scope="module")
def by_hand():
    return frontier(hand_events(), hand_book(), policy_of(), settings_of(**HAND), grid=TWO)


@pytest.fixture(scope="module")
def book():
    return random_book()


@pytest.fixture(scope="module")
def events(book):
    return simulate(book, settings_of())


@pytest.fixture(scope="module")
def designs(events, book):
    return frontier(events, book, random_policy(), settings_of(), grid=GRID)


@pytest.fixture(scope="module")
def recovered_before(events, book):
    """All recoveries come before the date of loss, so what is paid is what the insurer bears."""
    found = frontier(events, book, random_policy(), settings_of(**EARLY), grid=GRID)
    return found[found["design_id"].ne(SELF_INSURANCE)]


def rises(values):
    return bool((np.diff(values) >= -1e-9 * np.abs(values).max()).all())


def test_self_insurance_by_hand(by_hand):
    # gross 0, 50, 200, 250: mean 125, the worst quarter 250
    row = row_of(by_hand, design_id=SELF_INSURANCE)
    assert row["total_cost_of_risk_amount"] == 125.0
    assert row["es_retained_amount"] == 250.0
    assert row["economic_cost_amount"] == pytest.approx(125 + 0.6 * 125)


def test_quote_by_hand(by_hand):
    # kept 0, 50, 100, 150: mean 75, the worst quarter 150; price 77
    row = row_of(by_hand, is_quote=True)
    assert row["technical_premium_amount"] == 60.0
    assert row["expected_indemnity_amount"] == 50.0
    assert row["total_cost_of_risk_amount"] == pytest.approx(77 + 75)
    assert row["economic_cost_amount"] == pytest.approx(152 + 0.6 * 75)
    assert row["p_first_loss_reached_ratio"] == 0.5
    assert row["p_maximum_exhausted_ratio"] == 0.5


def test_design_without_first_loss_by_hand(by_hand):
    # paid 0, 12, 100, 100: mean 53; loading 0.75 x 60 / 50 - 1 = -0.1; price 15 + 0.9 x 53 = 62.7, tax 7.27
    row = row_of(by_hand, first_loss_amount=0.0, is_quote=False, insured_ratio=0.9)
    assert row["loading_ratio"] == pytest.approx(-0.1)
    assert row["technical_premium_amount"] == pytest.approx(62.7)
    assert row["tax_amount"] == pytest.approx(7.27)
    assert row["total_cost_of_risk_amount"] == pytest.approx(62.7 + 10 + 7.27 + 72)
    assert row["es_retained_amount"] == 150.0
    assert np.isnan(row["p_first_loss_reached_ratio"])


def test_dominated_quote_is_not_efficient_by_hand(by_hand):
    # 151.97 for 150 beats the quote's 152 for 150; self-insurance is cheaper and leaves more
    flags = by_hand.set_index("design_id")["is_efficient"]
    assert flags[SELF_INSURANCE]
    assert not flags[row_of(by_hand, is_quote=True)["design_id"]]
    cheaper = row_of(by_hand, first_loss_amount=0.0, is_quote=False, insured_ratio=0.9)
    assert cheaper["is_efficient"]
    assert cheaper["marginal_efficiency_ratio"] == pytest.approx(100 / 26.97)
    assert cheaper["es_reduction_per_cost_ratio"] == pytest.approx(100 / 26.97)


def test_best_design_depends_on_the_charge_by_hand(by_hand):
    # quote 152 + 75 c, self-insurance 125 + 125 c, equal at 0.54; without first loss 151.97 + 78 c: off the frontier
    # of cost and shortfall the quote may still be best, as it keeps more of the losses that are sure
    optima = design_optima(by_hand, charge_ratios=(0.5, 0.6)).set_index("capital_charge_ratio")
    assert optima.loc[0.5, "design_id"] == SELF_INSURANCE
    assert optima.loc[0.5, "economic_cost_amount"] == pytest.approx(187.5)
    assert optima.loc[0.6, "design_id"] == row_of(by_hand, is_optimal=True)["design_id"]
    assert optima.loc[0.6, "economic_cost_amount"] == pytest.approx(197.0)
    assert optima.loc[0.6, "self_insurance_economic_cost_amount"] == pytest.approx(200.0)
    assert optima.loc[0.6, "quote_economic_cost_amount"] == pytest.approx(197.0)


def test_year_weights_by_hand():
    # years with chances 0.7, 0.1, 0.1, 0.1: kept 50 + 100 + 150 = 300 in ten, the worst quarter 0.1 x 150 + 0.1 x 100
    # + 0.05 x 50 over 0.25
    found = frontier(hand_events(weights=[0.7, 0.1, 0.1, 0.1]), hand_book(), policy_of(), settings_of(**HAND), grid=TWO)
    row = row_of(found, is_quote=True)
    assert row["expected_retained_amount"] == pytest.approx(30.0)
    assert row["es_retained_amount"] == pytest.approx((15 + 10 + 2.5) / 0.25)


OWN = FrontierSettings(
    insured_ratios=(), first_loss_multiples=(), discretionary_multiples=(), limit_multiples=(), maximum_multiples=()
)


@pytest.mark.parametrize("order", ["A", "B", "C"])
@pytest.mark.parametrize("shift", [0.0, -1.0])
def test_quote_on_the_frontier_is_the_quote_of_the_comparison(book, order, shift):
    policy = random_policy(
        bonus={"loss_ratio_bar": 0.1, "share_ratio": 0.2},
        malus={"steps": [{"loss_ratio": 1.0, "surcharge_ratio": 0.3}]},
        maximum_liability={"amount": None, "premium_multiple": 4.0},
        premium_tax={"rate_ratio": 0.09, "taxable_ratio": 0.5},
    ).model_copy(update={"order": order})
    settings = settings_of(
        factor_shift=shift, cuts={"probability_ratio": 0.3}, collection_cost_ratio=0.1, own_admin_amount=900.0
    )
    events = simulate(book, settings)
    quote = row_of(compare_policies(events, book, [policy], settings), option_id="quote")
    own = row_of(frontier(events, book, policy, settings, grid=OWN), is_quote=True)
    assert own["technical_premium_amount"] == quote["premium_amount"]
    assert quote["p_maximum_exhausted_ratio"] > 0
    assert quote["adjustment_amount"] != 0
    assert quote["financing_amount"] > 0
    for name in (
        "fees_amount",
        "tax_amount",
        "maximum_liability_amount",
        "expected_indemnity_amount",
        "es_retained_amount",
        "economic_capital_amount",
        "total_cost_of_risk_amount",
        "total_cost_of_risk_amount_se",
        "economic_cost_amount",
        "economic_cost_amount_se",
        "p_first_loss_reached_ratio",
        "p_maximum_exhausted_ratio",
    ):
        assert own[name] == pytest.approx(quote[name], rel=1e-9), name


def test_self_insurance_on_the_frontier_is_that_of_the_comparison(designs, events, book):
    alone = row_of(compare_policies(events, book, [], settings_of()), option_id=SELF_INSURANCE)
    own = row_of(designs, design_id=SELF_INSURANCE)
    for name in ("expected_retained_amount", "es_retained_amount", "economic_cost_amount", "economic_cost_amount_se"):
        assert own[name] == pytest.approx(alone[name], rel=1e-12), name


def test_optimum_is_the_least_economic_cost(designs):
    best = row_of(designs, is_optimal=True)
    assert best["economic_cost_amount"] == designs["economic_cost_amount"].min()
    assert best["economic_cost_rank"] == 1
    assert sorted(designs["economic_cost_rank"]) == list(range(1, len(designs) + 1))
    assert best["economic_cost_gap_amount"] == 0.0
    assert best["is_within_error"]


def test_no_design_dominates_an_efficient_one(designs):
    axes = ["total_cost_of_risk_amount", "es_retained_amount"]
    points = designs[axes].to_numpy()
    n_equal = designs.groupby(axes)["is_efficient"].transform("sum")
    for flag, point, n in zip(designs["is_efficient"], points, n_equal, strict=True):
        dominated = ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
        assert not (flag and dominated)
        assert n == (0 if dominated else 1)


@pytest.mark.parametrize(
    ("axis", "sign"),
    [
        ("first_loss_amount", -1),
        ("insured_ratio", 1),
        ("discretionary_limit_amount", 1),
        ("limit_multiple", 1),
        ("maximum_liability_amount", 1),
    ],
)
def test_more_cover_pays_more_and_leaves_less(recovered_before, axis, sign):
    others = [name for name in AXES if name != axis]
    n_compared = 0
    for _, group in recovered_before.sort_values(axis).groupby(others, dropna=False):
        assert rises(sign * group["expected_indemnity_amount"].to_numpy())
        assert rises(sign * group["technical_premium_amount"].to_numpy())
        assert rises(-sign * group["es_retained_amount"].to_numpy())
        assert rises(-sign * group["expected_retained_amount"].to_numpy())
        n_compared += len(group) - 1
    assert n_compared >= len(recovered_before) / 2


def test_layers_add_up(events, book):
    # paid between first loss and first loss + maximum = paid above the first less paid above the second
    def paid(first_loss, maximum):
        own = Design(0.9, first_loss, 5_000.0, 1.0, maximum)
        found = frontier(events, book, design_policy(random_policy(), own), settings_of(**EARLY), grid=OWN)
        return row_of(found, is_quote=True)["expected_indemnity_amount"]

    above_first, above_both = paid(8_000.0, NO_MAXIMUM), paid(28_000.0, NO_MAXIMUM)
    assert 0 < above_both < above_first
    assert paid(8_000.0, 20_000.0) == pytest.approx(above_first - above_both, rel=1e-9)


def test_equal_designs_have_one_on_the_frontier_and_it_is_the_quote():
    # maximums of 1,200 and 2,400 are never reached, so these designs equal the quote without maximum
    policy = policy_of(without=("maximum_liability", "aggregate_first_loss"))
    grid = TWO.model_copy(update={"first_loss_multiples": (), "maximum_multiples": (20.0, 40.0)})
    found = frontier(hand_events(), hand_book(), policy, settings_of(**HAND), grid=grid)
    policies = found[found["design_id"].ne(SELF_INSURANCE)]
    assert policies["es_retained_amount"].nunique() == 1
    assert len(policies) == 3
    assert policies["is_efficient"].tolist() == policies["is_quote"].tolist()
    assert np.isnan(row_of(found, is_quote=True)["maximum_liability_amount"])


def test_quote_that_pays_nothing_gives_no_loading(book, events):
    policy = random_policy(buyer_limit={"discretionary_limit_amount": 0.0})
    refused = book.assign(buyer_limit_amount=0.0)
    found = frontier(events, refused, policy, settings_of(), grid=FrontierSettings())
    assert len(found) == 2
    assert found["loading_ratio"].isna().all()
    assert row_of(found, is_quote=True)["technical_premium_amount"] > 0


def test_tables_of_several_quotes_and_of_none(events, book):
    two = [random_policy(), random_policy().model_copy(update={"policy_id": "second"})]
    found = frontiers(events, book, two, settings_of(), grid=TWO)
    assert sorted(found["option_id"].unique()) == ["quote", "second"]
    assert rows_of(found, is_optimal=True)["option_id"].nunique() == 2
    assert frontiers(events, book, [], settings_of(), grid=TWO).empty
    assert design_optima(found.iloc[:0], charge_ratios=(0.1,)).empty
    assert list(found.columns) == POLICY_DESIGNS.names


@pytest.mark.parametrize("kind", ["named_buyers", "excess_of_loss"])
def test_other_kinds_have_designs(events, book, kind):
    discretionary = 0.0 if kind == "named_buyers" else 5_000.0
    policy = random_policy(buyer_limit={"discretionary_limit_amount": discretionary})
    policy = policy_of([term.model_dump(exclude={"clause", "source"}) for term in policy.terms], kind=kind)
    found = frontier(events, book, policy, settings_of(), grid=FrontierSettings())
    assert len(found) > 30
    expected = {discretionary} if kind == "named_buyers" else {5_000.0, 10_000.0}
    policies = found[found["design_id"].ne(SELF_INSURANCE)]
    assert set(policies["discretionary_limit_amount"]) == expected


def test_top_up_has_no_design_of_its_own(events, book):
    top_up = policy_of(
        [
            {"kind": "top_up_limit", "limit_ratio": 0.5},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.0},
            {"kind": "premium", "rate_ratio": 0.01},
        ],
        kind="top_up",
        underlying_policy_id="below",
    )
    with pytest.raises(SettingsError, match="give the underlying policy"):
        frontier(events, book, top_up, settings_of(), grid=TWO)
    assert frontiers(events, book, [top_up], settings_of(), grid=TWO).empty


def test_tail_charge_above_the_premium_is_refused(events, book):
    grid = FrontierSettings(tail_charge_ratio=1.0, fixed_share_ratio=1.0)
    with pytest.raises(SettingsError, match="tail_charge_ratio"):
        frontier(events, book, random_policy(premium={"rate_ratio": 0.0001}), settings_of(), grid=grid)


def test_too_many_designs_are_refused():
    with pytest.raises(ValueError, match="shorten a list"):
        FrontierSettings(insured_ratios=tuple(0.5 + n / 1000 for n in range(400)))


@given(st.floats(0, 1), st.floats(0, 0.2), st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 1e6))
def test_quote_keeps_its_premium_bit_for_bit(fixed, charge, premium, mean, tail):
    price = TechnicalPrice(premium, mean, tail, fixed, charge)
    assert price.amount(mean_amount=mean, tail_amount=tail) == premium


@given(st.floats(0.1, 1), st.floats(0.1, 10))
def test_price_is_fixed_part_and_loaded_mean(fixed, ratio):
    price = TechnicalPrice(100.0, 50.0, 0.0, fixed, 0.0)
    expected = fixed * 100 + (1 - fixed) * 100 * ratio
    assert price.amount(mean_amount=50 * ratio, tail_amount=9.0) == pytest.approx(expected)


def test_tail_charge_prices_far_layers_dearer():
    # premium 100 = 25 fixed + 0.1 x 200 tail + 55 on the mean 50; a far layer of mean 5 and tail 150
    price = TechnicalPrice(100.0, 50.0, 200.0, 0.25, 0.1)
    assert price.loading_ratio == pytest.approx(0.1)
    assert price.amount(mean_amount=5.0, tail_amount=150.0) == pytest.approx(25 + 5.5 + 15)


@given(AMOUNTS, AMOUNTS)
def test_efficient_designs_are_those_nobody_dominates(cost, risk):
    n = min(len(cost), len(risk))
    points = np.array([cost[:n], risk[:n]], dtype=float).T
    flags = efficient(points[:, 0], points[:, 1])
    for flag, point in zip(flags, points, strict=True):
        dominated = ((points <= point).all(axis=1) & (points < point).any(axis=1)).any()
        assert flag == (not dominated)


@given(AMOUNTS, AMOUNTS)
def test_marginal_efficiency_leads_from_the_cheapest_to_the_safest(cost, risk):
    n = min(len(cost), len(risk))
    spent, left = np.array(cost[:n], dtype=float), np.array(risk[:n], dtype=float)
    steps = marginal_efficiency(spent, left)
    points = sorted({(c, r) for c, r, flag in zip(spent, left, efficient(spent, left), strict=True) if flag})
    expected = [(a[1] - b[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    assert np.sort(steps[~np.isnan(steps)]) == pytest.approx(sorted(expected))


def test_grid_holds_the_quote_and_rounds_amounts():
    own = Design(0.85, 25_000.0, 10_000.0, 1.0, 500_000.0)
    grid = FrontierSettings(
        insured_ratios=(0.9,),
        first_loss_multiples=(0.0, 1.0),
        discretionary_multiples=(2.0,),
        maximum_multiples=(30.0,),
    )
    found = designs_around(own, grid=grid, loss_amount=43_817.0, premium_amount=21_600.0)
    assert own in found
    assert len(found) == len(set(found)) == 2 * 3 * 2 * 1 * 2
    assert {design.first_loss_amount for design in found} == {0.0, 25_000.0, 44_000.0}
    assert {design.maximum_amount for design in found} == {500_000.0, 650_000.0}


def test_design_changes_its_terms_and_no_other():
    policy = policy_of(changed_terms(insured_percentage={"country_ratios": {"IT": 0.8}}, threshold={"amount": 5.0}))
    made = design_policy(policy, Design(0.99, 0.0, 40.0, 2.0, NO_MAXIMUM))
    kinds = {term.kind for term in made.terms}
    assert kinds == {"buyer_limit", "threshold", "insured_percentage", "premium", "fees", "premium_tax"}
    assert made.insured_percentage.named_ratio == 0.99
    assert made.insured_percentage.discretionary_ratio == pytest.approx(0.66)
    assert made.insured_percentage.country_ratios["IT"] == pytest.approx(0.88)
    assert made.buyer_limit.discretionary_limit_amount == 40.0
    assert quote_design(made, premium_amount=60.0) == Design(0.99, 0.0, 40.0, 1.0, NO_MAXIMUM)


def test_limits_offered_by_name_are_multiplied_and_cut():
    policy = policy_of(changed_terms(buyer_limit={"limit_amounts": {"C000": 100.0, "C002": 0.0}}))
    made = design_policy(policy, Design(0.9, 0.0, 20.0, 2.0, NO_MAXIMUM))
    assert dict(made.buyer_limit.limit_amounts) == {"C000": 200.0, "C002": 0.0}
    exposures, cut = cut_limits(hand_book(), policy, remaining_ratio=0.5)
    assert dict(cut.buyer_limit.limit_amounts) == {"C000": 50.0, "C002": 0.0}
    assert cut.buyer_limit.discretionary_limit_amount == 10.0
    assert exposures["buyer_limit_amount"].iloc[0] == 75.0
    assert exposures["buyer_limit_amount"].iloc[1:].isna().all()


def test_maximum_as_multiple_of_the_premium_becomes_an_amount():
    terms = changed_terms(maximum_liability={"amount": None, "premium_multiple": 20.0})
    assert quote_design(policy_of(terms), premium_amount=60.0).maximum_amount == 1_200.0
