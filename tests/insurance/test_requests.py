"""Lists for the broker: what a limit wins is what the policy then pays more, largest first."""

import numpy as np
import pytest
from insurance.policy_world import policy_of, use_of, world

from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.options import priced
from riskresearch.insurance.requests import dormant_limits, limit_requests, wanted_limits, with_limits
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate

TERMS = [
    {"kind": "buyer_limit", "discretionary_limit_amount": 2_000},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "premium", "rate_ratio": 0.002},
    {"kind": "fees", "per_limit_amount": 1, "per_request_amount": 2},
]
SETTINGS = InsuranceSettings(n_years=4_000, confidence_ratio=0.99, lgd_ratio=1.0, lgd_concentration=None)


@pytest.fixture(scope="module")
def exposures(make_exposures):
    named = [50_000, 8_000, 0, np.nan, 40_000, 5_000]
    book = make_exposures(
        6,
        pd_12m=[0.05, 0.1, 0.1, 0.05, 0.05, 0.1],
        exposure_amount=[60_000, 10_000, 10_000, 9_500, 30_000, 10_000],
        lgd_ratio=1.0,
        buyer_limit_amount=named,
        is_insurable=[True] * 5 + [False],
    )
    return check_exposures(book, lgd_ratio=1.0)


@pytest.fixture(scope="module")
def events(exposures):
    return simulate(exposures, SETTINGS)


def test_requests_are_those_that_pay_most_first(events, exposures):
    made = limit_requests(events, exposures, policy_of(TERMS), SETTINGS).set_index("customer_id")
    assert made["request_code"].to_dict() == {
        "C0000": "raise",
        "C0001": "raise",
        "C0002": "file_again",
        "C0003": "name",
    }
    assert made["wanted_limit_amount"].to_dict() == {"C0000": 60_000, "C0001": 10_000, "C0002": 10_000, "C0003": 10_000}
    expected = {
        "C0000": 0.05 * 0.9 * 10_000,
        "C0001": 0.1 * 0.9 * 2_000,
        "C0002": 0.1 * 0.9 * 10_000,
        "C0003": 0.05 * (0.9 * 9_500 - 0.6 * 2_000),
    }
    for customer, amount in expected.items():
        row = made.loc[customer]
        assert abs(row["extra_indemnity_amount"] - amount) <= 4 * row["extra_indemnity_amount_se"]
    ordered = made.sort_values("request_number")["extra_indemnity_amount"]
    assert ordered.is_monotonic_decreasing
    assert made.sort_values("request_number")["total_extra_indemnity_amount"].iloc[-1] == pytest.approx(ordered.sum())
    assert made["extra_fees_amount"].to_dict() == {"C0000": 2, "C0001": 2, "C0002": 3, "C0003": 3}


def test_what_the_list_wins_is_what_the_policy_pays_more(events, exposures):
    policy = policy_of([*TERMS, {"kind": "threshold", "amount": 9_000}])
    made = limit_requests(events, exposures, policy, SETTINGS)
    limits = (
        made.set_index("customer_id")["wanted_limit_amount"].reindex(exposures["customer_id"]).reset_index(drop=True)
    )
    raised, changed = with_limits(exposures, policy, limits)
    now, then = priced(events, exposures, policy, SETTINGS), priced(events, raised, changed, SETTINGS)
    won = then.mean(then.indemnity) - now.mean(now.indemnity)
    assert made["extra_indemnity_amount"].sum() == pytest.approx(won, rel=1e-9)


def test_limits_are_asked_in_the_basis_of_the_contract(events, exposures):
    taxed = exposures.assign(vat_ratio=0.2)
    with_vat = wanted_limits(events, taxed, policy_of(TERMS), step_amount=1_000)
    assert with_vat.to_list()[:2] == [72_000, 12_000]
    excluding = policy_of([*TERMS, {"kind": "vat_basis", "basis_code": "excluding"}])
    assert wanted_limits(events, taxed, excluding, step_amount=1_000).to_list()[:2] == [60_000, 10_000]


def test_limit_worth_less_than_its_fee_is_not_asked(events, exposures):
    dear = [term | {"per_request_amount": 1e6} if term["kind"] == "fees" else term for term in TERMS]
    assert limit_requests(events, exposures, policy_of(dear), SETTINGS).empty


def test_dormant_limits_with_their_fees():
    table = dormant_limits([use_of(world())])
    assert table[["customer_id", "limit_amount", "yearly_fee_amount"]].to_numpy().tolist() == [["H", 50_000.0, 45.0]]
    assert str(table["last_move_date"][0].date()) == "2025-03-31"
    assert dormant_limits([]).empty
