"""Indicators of a policy: each one by hand on a small book, and their tables."""

import numpy as np
import pandas as pd
import pytest
from insurance.policy_world import policy_of, tables_of, use_of, world, year_of

from riskresearch.insurance.indicators import (
    USE_INDICATORS,
    YEAR_INDICATORS,
    cover_by_segment,
    insurer_decisions_by_month,
    policy_indicators,
    uncovered_causes,
)

WORLD = world()


@pytest.fixture(scope="module")
def use():
    return use_of(WORLD)


@pytest.mark.parametrize("name", USE_INDICATORS.names)
def test_indicator_of_use_by_hand(use, name):
    found = USE_INDICATORS[name].function(use)
    assert found.reason == ""
    assert found.value == pytest.approx(WORLD["use"][name]["is"], rel=1e-5, abs=1e-9), WORLD["use"][name]["by"]


@pytest.mark.parametrize("name", YEAR_INDICATORS.names)
def test_indicator_of_terms_and_cost_by_hand(use, name):
    found = YEAR_INDICATORS[name].function(year_of(WORLD, use))
    assert found.reason == ""
    case = WORLD["terms_cost"][name]
    assert found.value == pytest.approx(case["is"], rel=1e-5, abs=1e-9), case["by"]


def test_every_case_speaks_of_an_indicator():
    assert set(WORLD["use"]) == set(USE_INDICATORS.names)
    assert set(WORLD["terms_cost"]) == set(YEAR_INDICATORS.names)


def test_every_indicator_declares_what_readers_need():
    for member in [*USE_INDICATORS, *YEAR_INDICATORS]:
        spec = member.spec
        assert all([spec.label_en, spec.label_fr, spec.formula])
        assert len(member.definition) > 20
    labels = [m.spec.label_en for m in [*USE_INDICATORS, *YEAR_INDICATORS]]
    french = [m.spec.label_fr for m in [*USE_INDICATORS, *YEAR_INDICATORS]]
    assert len(set(labels)) == len(labels)
    assert len(set(french)) == len(french)
    assert not set(USE_INDICATORS.names) & set(YEAR_INDICATORS.names)


def test_causes_add_up_to_what_is_not_covered(use):
    table = uncovered_causes([use]).set_index("cause_code")
    assert table["uncovered_amount"].sum() == pytest.approx(91_000)
    assert table["owed_ratio"].sum() == pytest.approx(91 / 211)
    assert table["n_customers"].to_dict()["over_limit"] == 1


def test_segments_add_up_to_the_book(use):
    table = cover_by_segment([use])
    sums = table[table["indicator_code"].isin(["uncovered_amount", "over_limit_amount", "cut_count"])]
    by_axis = sums.groupby(["axis_code", "indicator_code"])["value"].sum().unstack()
    assert by_axis["uncovered_amount"].eq(91_000).all()
    assert by_axis["over_limit_amount"].eq(48_000).all()
    assert by_axis["cut_count"].eq(1).all()
    rate = table.set_index(["axis_code", "segment_code", "indicator_code"])["value"]
    assert rate["sector_code", "trade", "gross_cover_ratio"] == pytest.approx(127 / 176)
    assert rate["country_code", "DE", "gross_cover_ratio"] == pytest.approx(10 / 24)
    assert set(table["segment_code"][table["axis_code"].eq("country_code")]) == {"FR", "DE"}


def test_decisions_by_month(use):
    table = insurer_decisions_by_month([use])
    rate = table[table["indicator_code"].eq("accepted_amount_ratio")].set_index("month_date")["value"]
    assert rate.round(4).dropna().to_dict() == {
        pd.Timestamp("2025-02-28"): 0.6,
        pd.Timestamp("2025-03-31"): 1.0,
        pd.Timestamp("2025-05-31"): 0.0,
    }
    cuts = table[table["indicator_code"].eq("cut_count")].set_index("month_date")["value"]
    assert cuts[pd.Timestamp("2025-09-30")] == 1
    assert cuts.sum() == 1


def test_table_says_why_a_value_is_missing():
    bare = [term for term in WORLD["policy"] if term["kind"] in ("buyer_limit", "insured_percentage", "premium")]
    content = WORLD | {"policy": bare, "settings": {}}
    use = use_of(content, insurer_claims=None)
    limits = tables_of(content)["limits"].drop(columns="requested_date")
    undated = use_of(content, insurer_claims=None, limits=limits)
    year = year_of(content, use)
    table = policy_indicators([year]).set_index("indicator_code")
    reasons = table["reason_code"].dropna()
    assert (
        reasons["lapse_amount"]
        == reasons["first_loss_use_ratio"]
        == reasons["dormant_fees_amount"]
        == "policy_lacks_term"
    )
    assert reasons["rejected_claims_ratio"] == reasons["loss_ratio_paid_3y"] == "no_claims_register"
    assert reasons["declared_turnover_ratio"] == reasons["turnover_to_recover_amount"] == "not_given"
    assert USE_INDICATORS["response_days_median"].function(undated).reason == "no_request_date"
    assert policy_indicators([year_of(content, None)])["indicator_code"].isin(YEAR_INDICATORS.names).all()
    without = use_of(WORLD | {"settings": {}})
    assert USE_INDICATORS["loss_ratio_paid_1y"].function(without).reason == "no_premium_history"


def test_empty_register_of_claims_is_none():
    use = use_of(WORLD, insurer_claims=tables_of(WORLD)["insurer_claims"].iloc[:0])
    assert USE_INDICATORS["indemnity_to_claimed_ratio"].function(use).reason == "no_claims_register"


def test_amounts_of_a_contract_without_vat_are_without_vat():
    tables = tables_of(WORLD)
    invoices = tables["invoices"].assign(net_minor=(tables["invoices"]["gross_minor"] / 1.25).astype(int))
    content = WORLD | {"policy": [*WORLD["policy"], {"kind": "vat_basis", "basis_code": "excluding"}]}
    use = use_of(content, invoices=invoices)
    assert use.owed.sum() == pytest.approx(211_000 / 1.25)
    assert use.customers.set_index("customer_id")["turnover_amount"]["A"] == pytest.approx(480_000)
    assert USE_INDICATORS["over_limit_amount"].function(use).value == pytest.approx(4_000 + 9_200 + 1_200)
    assert use_of(WORLD, invoices=invoices).owed.sum() == pytest.approx(211_000)


def test_ten_largest_of_twelve():
    names = [f"X{number:02d}" for number in range(12)]
    content = WORLD | {
        "customers": {name: ["trade", "FR", "b2b", 1000, 5, 0, 0.01, 0.5] for name in names},
        "decisions": [[name, None, "2025-01-01", 100, 100] for name in names],
        "invoices": {
            name: [name, "2025-12-01", "2026-01-01", 10 * (i + 1), None, False] for i, name in enumerate(names)
        },
        "claims": {},
        "defaults": [],
    }
    use = use_of(content)
    insured = [min(10 * (i + 1), 100) for i in range(12)]
    assert USE_INDICATORS["top10_insured_ratio"].function(use).value == pytest.approx(sum(insured[2:]) / sum(insured))
    assert USE_INDICATORS["cut_before_default_ratio"].function(use).reason == "no_default"


def test_deadline_and_stop_fall_on_the_day_after():
    content = WORLD | {
        "customers": {"X": ["trade", "FR", "b2b", 1000, 5, 0, 0.01, 0.5]},
        "decisions": [["X", None, "2025-01-01", 9000, 9000]],
        "claims": {},
        "defaults": [],
    }
    days = {"at_stop": "2025-09-30", "after_stop": "2025-10-01", "on_payment": "2025-11-10"}
    late = {"old": ["X", "2025-08-01", "2025-08-31", 100, "2025-11-10", False]}
    rows = {name: ["X", day, "2026-03-01", 100, None, False] for name, day in days.items()}
    made = use_of(content | {"invoices": late | rows}).deliveries
    stopped = made.set_index("delivered_date")["is_after_stop"]
    assert stopped[pd.Timestamp("2025-09-30")] == False  # noqa: E712
    assert stopped[pd.Timestamp("2025-10-01")] == True  # noqa: E712
    assert stopped[pd.Timestamp("2025-11-10")] == False  # noqa: E712
    due = {"x": ["X", "2025-10-02", "2025-11-01", 100, None, False]}
    on_deadline = use_of(content | {"as_of": "2025-12-31", "invoices": due})
    assert np.isnan(USE_INDICATORS["timely_declaration_ratio"].function(on_deadline).value)
    passed = use_of(content | {"as_of": "2026-01-01", "invoices": due})
    assert USE_INDICATORS["timely_declaration_ratio"].function(passed).value == 0.0


def test_policy_without_deadlines_excludes_nothing():
    bare = policy_of(
        [term for term in WORLD["policy"] if term["kind"] in ("buyer_limit", "insured_percentage", "premium")]
    )
    content = WORLD | {"policy": [term for term in WORLD["policy"] if term["kind"] in {t.kind for t in bare.terms}]}
    causes = use_of(content).causes.sum()
    assert causes[["over_credit_period", "after_stop_shipment", "late_declaration"]].sum() == 0
    assert causes["disputed"] == 5_000


def book_of(**changed):
    """One customer with a record that justifies the discretionary limit."""
    bare = {"decisions": [], "invoices": {}, "claims": {}, "defaults": []}
    return WORLD | bare | {"customers": {"X": ["trade", "FR", "b2b", 1000, 5, 0, 0.01, 0.5]}} | changed


def test_refused_raise_counts_as_a_refusal():
    granted = ["X", "2024-01-02", "2024-01-10", 1000, 1000]
    use = use_of(book_of(decisions=[granted, ["X", "2025-03-01", "2025-03-10", 3000, 0]]))
    assert USE_INDICATORS["refused_count_ratio"].function(use).value == 1
    assert USE_INDICATORS["accepted_amount_ratio"].function(use).value == 0
    assert USE_INDICATORS["response_days_median"].function(use).value == 9
    lowered = use_of(book_of(decisions=[granted, ["X", "2025-03-01", "2025-03-10", 3000, 600]]))
    assert USE_INDICATORS["accepted_amount_ratio"].function(lowered).value == pytest.approx(0.2)
    assert USE_INDICATORS["partial_grant_ratio"].function(lowered).value == 1


CLAIMS = {  # claimed 1,000 within a named limit of 1,000 at 90 %
    "pending": ["X", "2025-03-01", "2025-03-10", "2025-04-01", None, None, 1000, None, None, None, None, None],
    "accepted": ["X", "2025-03-01", "2025-03-10", "2025-04-01", "2025-06-01", None, 1000, *[None] * 5],
    "refused": ["X", "2025-03-01", "2025-03-10", "2025-04-01", "2025-06-01", "no_cover", 1000, *[None] * 5],
    "paid": ["X", "2025-03-01", "2025-03-10", "2025-04-01", "2025-06-01", None, 1000, "2025-07-01", 850, *[None] * 3],
    "paid_later": ["X", "2025-03-01", "2025-03-10", "2025-04-01", "2025-06-01", None, 1000, "2026-02-01", 850]
    + [None] * 3,
}


@pytest.mark.parametrize(
    ("claims", "paid", "incurred"),
    [
        (["pending", "accepted"], 0, 1.8),
        (["accepted"], 0, 0.9),
        (["refused"], 0, 0),
        (["paid"], 0.85, 0.85),
        (["paid_later"], 0, 0.9),
        (["pending", "accepted", "refused", "paid"], 0.85, 2.65),
    ],
)
def test_incurred_holds_what_is_neither_paid_nor_refused(claims, paid, incurred):
    content = book_of(
        claims={name: CLAIMS[name] for name in claims},
        decisions=[["X", None, "2024-01-10", 1000, 1000]],
        settings={"past_premiums": {2025: 1000}},
    )
    use = use_of(content)
    assert USE_INDICATORS["loss_ratio_paid_1y"].function(use).value == pytest.approx(paid)
    assert USE_INDICATORS["loss_ratio_incurred_1y"].function(use).value == pytest.approx(incurred)


def test_claims_on_another_policy_are_left_out():
    content = book_of(
        claims={name: CLAIMS[name] for name in ("accepted", "paid", "refused")},
        decisions=[["X", None, "2024-01-10", 1000, 1000]],
        settings={"past_premiums": {2025: 1000}},
    )
    register = tables_of(content)["insurer_claims"]
    own = register.assign(policy_id=["other", "quote", None])
    use = use_of(content, insurer_claims=own)
    assert use.all_claims["claim_id"].to_list() == ["paid", "refused"]
    assert USE_INDICATORS["loss_ratio_incurred_1y"].function(use).value == pytest.approx(0.85)
    none = use_of(content, insurer_claims=register.assign(policy_id="other"))
    assert USE_INDICATORS["loss_ratio_incurred_1y"].function(none).reason == "no_claims_register"


def ended_limits(content, end_dates):
    limits = tables_of(content)["limits"]
    return limits.assign(end_date=pd.to_datetime(end_dates).astype("datetime64[us]"))


def test_claim_stands_under_the_limit_that_had_not_ended():
    content = book_of(
        claims={"K": [*CLAIMS["pending"][:6], 60_000, *[None] * 5]},
        decisions=[["X", None, "2024-01-10", 40_000, 40_000], ["X", None, "2024-06-01", 50_000, 50_000]],
    )

    def seen(*ends):
        claims = use_of(content, limits=ended_limits(content, ends)).all_claims
        return claims[["limit_amount", "insured_ratio"]].iloc[0].to_list()

    assert seen(None, None) == [50_000, 0.9]
    assert seen(None, "2025-03-01") == [50_000, 0.9], "declared on the last day of the limit"
    assert seen(None, "2025-02-28") == [40_000, 0.9]
    assert seen("2024-12-31", "2025-02-28") == [10_000, 0.6], "none named: the discretionary one"


def test_days_over_a_limit_count_from_the_day_after_its_end():
    owed = {"I": ["X", "2025-06-01", "2025-07-01", 20_000, None, False]}
    content = book_of(
        invoices=owed, decisions=[["X", None, "2025-01-01", 15_000, 15_000], ["X", None, "2025-02-01", 50_000, 50_000]]
    )

    def days(*ends):
        return use_of(content, limits=ended_limits(content, ends)).customers["over_days"].iloc[0]

    assert np.isnan(days(None, None))
    assert days(None, "2025-11-30") == 30, "the 15,000 of January count again from 1 December"
    assert days("2025-03-31", "2025-12-11") == 19, "the discretionary 10,000 count from 12 December"
    assert days("2025-03-31", "2025-05-31") == 213, "over from the invoice of 1 June on"


def test_limit_that_was_not_in_force_at_the_start_is_not_dormant():
    content = book_of(decisions=[["X", None, "2024-01-01", 900, 900], ["X", None, "2025-12-01", 900, 900]])

    def is_dormant(*ends):
        return bool(use_of(content, limits=ended_limits(content, ends)).customers["is_dormant"].iloc[0])

    assert is_dormant(None, None)
    assert not is_dormant("2024-12-31", None), "no limit stood between the end of 2024 and December 2025"
