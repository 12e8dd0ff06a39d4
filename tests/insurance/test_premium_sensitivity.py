"""A loaded premium and cut limits: nothing added is the quote, the rest follows by hand."""

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
    settings_of,
)

from riskresearch.insurance.compare import compare_policies
from riskresearch.insurance.design_settings import PremiumSensitivitySettings
from riskresearch.insurance.policy import SELF_INSURANCE
from riskresearch.insurance.premium_sensitivity import PREMIUM_SENSITIVITY, dso_loading_ratio, premium_sensitivity
from riskresearch.insurance.simulation import simulate

HAND = {"confidence_ratio": 0.75, "capital_charge_ratio": 0.6}
SCALE = PremiumSensitivitySettings(loading_ratios=(0.0, 0.05, 0.15), cover_cut_ratios=(0.0, 0.5))


@pytest.fixture(scope="module")
def by_hand():
    return premium_sensitivity(hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=SCALE)


def test_every_loading_and_cut_has_a_row(by_hand):
    assert list(by_hand.columns) == PREMIUM_SENSITIVITY.names
    assert len(by_hand) == 3 * 2
    assert not by_hand["is_own_dso"].any()


def test_loading_by_hand(by_hand):
    # premium 60 x 1.15 = 69, fees 10, tax 7.9: 86.9 and 75 kept; 197 + 9.9 of economic cost
    row = row_of(by_hand, loading_ratio=0.15, cover_cut_ratio=0.0)
    assert row["premium_amount"] == pytest.approx(69.0)
    assert row["total_cost_of_risk_amount"] == pytest.approx(161.9)
    assert row["total_cost_change_amount"] == pytest.approx(9.9)
    assert row["economic_cost_amount"] == pytest.approx(206.9)
    assert not row["is_worth_it"]
    assert row["dso_days"] == 70.0


def test_break_even_by_hand(by_hand):
    # indemnity 50 + 0.6 x (125 - 75) = 80 pays for 1.1 x (premium + 10): premium 62.7272..., 4.545 % above 60
    row = row_of(by_hand, loading_ratio=0.0, cover_cut_ratio=0.0)
    assert row["break_even_premium_amount"] == pytest.approx(80 / 1.1 - 10)
    assert row["break_even_loading_ratio"] == pytest.approx((80 / 1.1 - 10) / 60 - 1)
    assert row["is_worth_it"]
    assert not row_of(by_hand, loading_ratio=0.05, cover_cut_ratio=0.0)["is_worth_it"]


def test_cut_limits_by_hand(by_hand):
    # limits 75 and 10: shares 0, 6, 67.5, 73.5; above 30: 0, 0, 37.5, 43.5, mean 20.25
    row = row_of(by_hand, loading_ratio=0.0, cover_cut_ratio=0.5)
    assert row["expected_indemnity_amount"] == pytest.approx(20.25)
    assert row["total_cost_change_amount"] == pytest.approx(50 - 20.25)
    assert row["premium_amount"] == 60.0


def test_no_loading_is_the_quote_bit_for_bit():
    book, policy = random_book(), random_policy(maximum_liability={"premium_multiple": 5.0, "amount": None})
    events = simulate(book, settings_of())
    quote = row_of(compare_policies(events, book, [policy], settings_of()), option_id="quote")
    found = premium_sensitivity(events, book, [policy], settings_of(), scale=PremiumSensitivitySettings())
    row = row_of(found, loading_ratio=0.0, cover_cut_ratio=0.0)
    same = [name for name in found.columns if name in quote.index and name != "option_id"]
    assert len(same) >= 8
    for name in same:
        assert row[name] == quote[name], name
    assert row["total_cost_change_amount"] == 0.0


def test_maximum_in_multiples_grows_with_the_premium():
    terms = changed_terms(maximum_liability={"amount": None, "premium_multiple": 2.0})
    found = premium_sensitivity(hand_events(), hand_book(), [policy_of(terms)], settings_of(**HAND), scale=SCALE)
    quote, loaded = (row_of(found, loading_ratio=loading, cover_cut_ratio=0.0) for loading in (0.0, 0.15))
    assert quote["maximum_liability_amount"] == pytest.approx(120.0)
    assert loaded["maximum_liability_amount"] == pytest.approx(138.0)
    assert quote["expected_indemnity_amount"] == pytest.approx((105 + 117) / 4)
    assert loaded["expected_indemnity_amount"] == pytest.approx((105 + 117) / 4)


@pytest.mark.parametrize("multiple", [1.0, 5.0, 500.0])
def test_every_loading_is_that_premium_settled_anew(multiple):
    fields = {"maximum_liability": {"amount": None, "premium_multiple": multiple}}
    fields["bonus"] = {"loss_ratio_bar": 0.5, "share_ratio": 0.2}
    book, policy = random_book(), random_policy(**fields)
    events = simulate(book, settings_of())
    scale = PremiumSensitivitySettings(loading_ratios=(0.25,), cover_cut_ratios=(0.0,))
    row = row_of(premium_sensitivity(events, book, [policy], settings_of(), scale=scale), loading_ratio=0.25)
    dearer = random_policy(**fields, premium={"rate_ratio": 0.004 * 1.25})
    quote = row_of(compare_policies(events, book, [dearer], settings_of()), option_id="quote")
    for name in ("premium_amount", "maximum_liability_amount", "expected_indemnity_amount", "economic_cost_amount"):
        assert row[name] == pytest.approx(quote[name], rel=1e-12), name
    assert row["total_cost_of_risk_amount"] == pytest.approx(quote["total_cost_of_risk_amount"], rel=1e-12)


def test_break_even_loading_makes_the_policy_cost_what_self_insurance_costs():
    first = premium_sensitivity(hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=SCALE)
    loading = float(row_of(first, loading_ratio=0.0, cover_cut_ratio=0.0)["break_even_loading_ratio"])
    scale = PremiumSensitivitySettings(loading_ratios=(loading,), cover_cut_ratios=(0.0,))
    found = premium_sensitivity(hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=scale)
    alone = compare_policies(hand_events(), hand_book(), [], settings_of(**HAND))
    expected = row_of(alone, option_id=SELF_INSURANCE)["economic_cost_amount"]
    assert found.loc[found["loading_ratio"].eq(loading), "economic_cost_amount"].item() == pytest.approx(expected)


def test_own_dso_has_its_row():
    found = premium_sensitivity(
        hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=SCALE, dso_days=55.0
    )
    row = row_of(found, is_own_dso=True, cover_cut_ratio=0.0)
    assert row["loading_ratio"] == pytest.approx(0.06)
    assert row["dso_days"] == 55.0
    assert row["premium_amount"] == pytest.approx(63.6)


@pytest.mark.parametrize(
    ("dso_days", "loading"), [(0.0, 0.0), (45.0, 0.0), (50.0, 0.03), (57.5, 0.075), (70.0, 0.15), (200.0, 0.15)]
)
def test_loading_a_dso_calls_for(dso_days, loading):
    assert dso_loading_ratio(dso_days, settings=PremiumSensitivitySettings()) == pytest.approx(loading)


def test_dso_shown_calls_for_its_loading():
    found = premium_sensitivity(hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=SCALE)
    for row in found.itertuples():
        assert dso_loading_ratio(row.dso_days, settings=SCALE) == pytest.approx(row.loading_ratio)


def test_loading_beyond_the_full_one_has_no_dso():
    scale = PremiumSensitivitySettings(loading_ratios=(0.2,), cover_cut_ratios=(0.0,))
    found = premium_sensitivity(hand_events(), hand_book(), [policy_of()], settings_of(**HAND), scale=scale)
    assert np.isnan(row_of(found, loading_ratio=0.2)["dso_days"])


def test_scale_must_rise():
    with pytest.raises(ValueError, match="full_dso_days 40 must be above"):
        PremiumSensitivitySettings(sector_dso_days=45, full_dso_days=40)
