"""First loss, maximum and minimum premium against what the contract counts: in its basis, before later recoveries."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from insurance.policy_world import policy_of

from riskresearch.insurance.events import Events
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.indicators import YEAR_INDICATORS, PolicyYear, year_amounts
from riskresearch.insurance.options import priced, self_insured
from riskresearch.insurance.settings import InsuranceSettings

NEVER_EARLY = {"insolvency": 0.0, "protracted_default": 0.0, "political": 0.0}
SETTINGS = InsuranceSettings(confidence_ratio=0.75, early_recovery_ratios=NEVER_EARLY)
WHOLE = [
    {"kind": "buyer_limit", "discretionary_limit_amount": 0},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "aggregate_first_loss", "amount": 100},
    {"kind": "maximum_liability", "amount": 200},
    {"kind": "premium", "rate_ratio": 0.1},
]
BELOW = [
    *(term for term in WHOLE if term["kind"] != "aggregate_first_loss"),
    {"kind": "bonus", "loss_ratio_bar": 0, "share_ratio": 0.15},
]
ABOVE = [
    {"kind": "top_up_limit", "limit_ratio": 0.5, "maximum_amount": 1000},
    {"kind": "insured_percentage", "named_ratio": 0.8, "discretionary_ratio": 0.0},
    {"kind": "aggregate_first_loss", "amount": 30},
    {"kind": "maximum_liability", "amount": 50},
    {"kind": "premium", "rate_ratio": 0.01, "minimum_amount": 40},
]


def book(limit):
    """Two customers that owe 100 without VAT, 120 with it."""
    rows = pd.DataFrame({"customer_id": ["A", "B"], "pd_12m": 0.5, "exposure_amount": 100.0, "lgd_ratio": 0.5})
    rows = rows.assign(buyer_limit_amount=limit, limit_source="insurer", turnover_amount=1000.0, vat_ratio=0.2)
    rows = rows.assign(is_insurable=True, is_discretionary_justified=False, terms_days=30.0)
    rows = rows.assign(requested_limit_amount=np.nan, sector_code="trade", country_code="FR", group_id=None)
    return check_exposures(rows.astype({"group_id": "str"}), lgd_ratio=0.5)


def events(exposures):
    """Four years: A; A and B; nobody; nobody. Half of each debt comes back after the indemnity."""
    n = 3
    return Events(
        customer_ids=exposures["customer_id"].to_numpy(dtype=object),
        exposure=np.full((2, 12), 100.0),
        first=np.array([0, 1, 3, 3, 3]),
        customer=np.array([0, 0, 1], dtype="int32"),
        day_ratio=np.array([0.5, 0.2, 0.7], dtype="float32"),
        lgd_ratio=np.full(n, 0.5, dtype="float32"),
        event=np.zeros(n, dtype="int8"),
        after_cut_ratio=np.zeros(n, dtype="float32"),
        n_strata=2,
    )


def year(policy, *, limit=150.0, underlying=None):
    exposures = book(limit)
    made = events(exposures)
    option = priced(made, exposures, policy, SETTINGS, underlying=underlying)
    without = self_insured(made, exposures, SETTINGS)
    return PolicyYear(option, without, SETTINGS, None, year_amounts(option, made, exposures, SETTINGS))


def value(name, of):
    return YEAR_INDICATORS[name].function(of).value


BASES = {  # drawn in the first two years, most that the maximum caps in a year, largest insured
    ("including", "A"): ((100, 100), 2 * 108 - 100, 108),
    ("excluding", "A"): ((90, 100), 2 * 90 - 100, 90),
    ("including", "B"): ((100, 100), 2 * 120 - 100, 108),
    ("including", "C"): ((100, 100), 0.9 * (2 * 120 - 100), 108),
}


@pytest.mark.parametrize(("basis", "order"), BASES)
def test_budgets_are_held_against_amounts_of_the_contract(basis, order):
    drawn, capped, insured = BASES[basis, order]
    made = year(policy_of([*WHOLE, {"kind": "vat_basis", "basis_code": basis}], order=order))
    assert value("first_loss_use_ratio", made) == pytest.approx(sum(drawn) / 4 / 100)
    assert made.amounts.first_loss_used.tolist() == pytest.approx([*drawn, 0, 0])
    assert made.amounts.before_maximum.max() == pytest.approx(capped)
    assert value("largest_insured_to_maximum_ratio", made) == pytest.approx(insured / 200)


def test_maximum_against_the_tail_before_recoveries():
    made = year(policy_of(WHOLE))
    in_tail = replace(made, settings=SETTINGS.model_copy(update={"confidence_ratio": 0.99}))
    assert value("maximum_to_tail_ratio", in_tail) == pytest.approx(200 / 116)
    assert value("maximum_to_tail_ratio", made) == pytest.approx(200 / 8), "108 - 100 in the year of A alone"


def test_first_loss_that_every_claim_exhausts_is_used_up():
    terms = [term | {"amount": 50} if term["kind"] == "aggregate_first_loss" else term for term in WHOLE]
    made = year(policy_of(terms))
    assert value("first_loss_reached_ratio", made) == 0.5
    assert value("first_loss_use_ratio", made) == pytest.approx(0.5)


def test_expected_loss_ratio_is_that_of_the_insurer():
    made = year(policy_of(WHOLE))
    by_hand = (8 + 116) / 2 / 4  # half comes back; VAT is in, as the policy includes it
    assert value("expected_loss_ratio", made) == pytest.approx(by_hand / 200)
    without_vat = year(policy_of([*WHOLE, {"kind": "vat_basis", "basis_code": "excluding"}]))
    assert value("expected_loss_ratio", without_vat) == pytest.approx(80 / 2 / 4 / 200)


@pytest.fixture(scope="module")
def programme():
    below = policy_of(BELOW, policy_id="below")
    above = policy_of(ABOVE, policy_id="above", kind="top_up", underlying_policy_id="below")
    return year(above, limit=60.0, underlying=below)


def test_top_up_is_held_against_its_own_first_loss_and_both_maxima(programme):
    assert programme.amounts.first_loss_used.tolist() == pytest.approx([24, 30, 0, 0]), "0.8 x half of the limit of 60"
    assert value("first_loss_use_ratio", programme) == pytest.approx((24 + 30) / 4 / 30)
    assert value("first_loss_reached_ratio", programme) == 0.25
    assert programme.amounts.before_maximum.tolist() == pytest.approx([54, 2 * 54 + 2 * 24 - 30, 0, 0])
    assert value("largest_insured_to_maximum_ratio", programme) == pytest.approx((54 + 24) / 250)


def test_price_of_a_top_up_counts_the_bonus_below_and_its_own_rates(programme):
    assert programme.option.cost.premium_amount == pytest.approx(200 + 40)
    assert value("premium_rate_ratio", programme) == pytest.approx((240 - 0.15 * 200 * 2 / 4) / 2000)
    assert value("minimum_to_rated_ratio", programme) == pytest.approx(40 / 20)


def test_without_amounts_of_the_contract_there_is_no_figure(programme):
    bare = replace(programme, amounts=None)
    for name in ("first_loss_use_ratio", "maximum_to_tail_ratio", "largest_insured_to_maximum_ratio"):
        assert YEAR_INDICATORS[name].function(bare).reason == "not_given"
    assert YEAR_INDICATORS["minimum_to_rated_ratio"].function(bare).reason == "not_given"
    exposures = book(60.0)
    with pytest.raises(ValueError, match="self_insurance has no policy"):
        year_amounts(programme.without, events(exposures), exposures, SETTINGS)
