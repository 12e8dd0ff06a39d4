"""Decisions against the proposal: rules, what is in force, key figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_rows import input_rows
from scipy.stats import binomtest
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check, empty
from riskresearch.ledger.knowledge import OVERRIDES
from riskresearch.limits.override_kpis import OVERRIDE_KPIS, override_kpis, wilson
from riskresearch.limits.override_results import raised_results, same_grade_defaults
from riskresearch.limits.overrides import (
    BREACHES,
    LIMIT_OVERRIDES,
    approver_needed,
    limit_overrides,
    override_breaches,
    second_approver_needed,
    with_overrides,
)
from riskresearch.limits.policy.policy import credit_policy_from_mapping

ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "limits" / "reviews.yaml").read_text(encoding="utf-8"))
CONTENT = yaml.safe_load((ROOT / "config" / "credit_policies" / "default.yaml").read_text(encoding="utf-8"))
ECONOMICS = CONTENT["economics"] | {"margin_ratio": 0.25, "finance_ratio": 0.073, "operating_ratio": 0.01}
POLICY = credit_policy_from_mapping(CONTENT | {"economics": ECONOMICS | {"tax_ratio": 0.25}}, where="tests")
AS_OF = day("2025-12-31")
ORDINARY = {
    "date": "2025-11-10",
    "requester": "sales",
    "approver": "credit_analyst",
    "reason": "other",
    "evidence": "visit report",
    "proposed": 8_000,
    "final": 9_000,
}


def decisions(*rows):
    """Canonical table of decisions; what a row does not say is ordinary."""
    short = {"date": "decided_date", "end": "end_date", "second": "second_approver_code", "evidence": "evidence"}
    filled = [{"override_id": f"V{place}", "customer_id": "C1", **ORDINARY, **row} for place, row in enumerate(rows)]
    frame = pd.DataFrame(filled)
    frame = frame.rename(columns=short | {name: f"{name}_code" for name in ("requester", "approver", "reason")})
    frame = frame.assign(proposed_minor=frame.pop("proposed") * 100, final_minor=frame.pop("final") * 100)
    booked = frame["recorded"].fillna(frame["decided_date"]) if "recorded" in frame else frame["decided_date"]
    frame = frame.assign(recorded_date=booked).drop(columns="recorded", errors="ignore")
    dates = {
        name: pd.to_datetime(frame[name]) for name in ("decided_date", "recorded_date", "end_date") if name in frame
    }
    return check(frame.assign(**dates), OVERRIDES)


def log_of(*rows, **rest):
    return limit_overrides(decisions(*rows), POLICY, as_of=AS_OF, **rest)


@pytest.mark.parametrize("case", CASES["overrides"], ids=lambda case: case["name"])
def test_decisions_by_hand(case):
    table, expected = decisions(case["override"]), case["expected"]
    in_default = pd.Series({"C1": case.get("in_default", False)})
    row = check(limit_overrides(table, POLICY, as_of=AS_OF, in_default=in_default), LIMIT_OVERRIDES).iloc[0]
    assert row["state_code"] == expected["state"]
    assert row["needed_approver_code"] == expected["needed"]
    assert row["breach_codes"] == expected["breaches"] if expected["breaches"] else row.isna()["breach_codes"]
    assert row["valid_to_date"] == pd.Timestamp(expected.get("last", row["valid_to_date"]))
    limit = pd.Series({"C1": row["proposed_amount"], "C2": 7_000.0})
    found = with_overrides(limit, table, POLICY, as_of=AS_OF, in_default=in_default.reindex(limit.index).fillna(False))
    assert found["limit_amount"].to_dict() == {"C1": expected["limit"], "C2": 7_000}
    assert found["decision_code"].tolist() == ["override" if expected["state"] == "in_force" else "policy", "policy"]


@pytest.mark.parametrize(
    ("model", "proposed", "final", "expected"),
    [
        (5_000, 8_000, 9_000, (9_000, "override")),
        (12_000, 8_000, 9_000, (12_000, "policy")),
        (0, 9_000, 5_000, (0, "policy")),
        (7_000, 9_000, 5_000, (5_000, "override")),
        (6_000, 8_000, 8_000, (6_000, "policy")),
    ],
    ids=["raise above", "raise the policy has passed", "cut of what is lower now", "cut below", "confirmed"],
)
def test_a_decision_never_moves_a_limit_against_its_direction(model, proposed, final, expected):
    table = decisions({"proposed": proposed, "final": final, "end": "2026-03-31"})
    found = with_overrides(pd.Series({"C1": float(model)}), table, POLICY, as_of=AS_OF).iloc[0]
    assert (found["limit_amount"], found["decision_code"]) == expected
    assert found[["override_id", "override_end_date"]].notna().all() == (expected[1] == "override")


def test_every_rule_is_broken_in_a_worked_case():
    worked = {code for case in CASES["overrides"] for code in (case["expected"]["breaches"] or "").split("+")}
    assert worked - {""} == set(BREACHES) - {"ends_before_decision"}
    early = override_breaches(decisions({"end": "2025-11-01"}), POLICY)
    assert early["breach_code"].tolist() == ["ends_before_decision"]


def test_approvers_by_amount():
    amounts = pd.Series([0, 10_000, 10_001, 100_000, 500_000, 500_001, None], index=list("abcdefg"), dtype=float)
    assert approver_needed(amounts, POLICY).tolist()[:6] == [
        "credit_analyst",
        "credit_analyst",
        "credit_manager",
        "credit_manager",
        "finance_director",
        "managing_director",
    ]
    assert approver_needed(amounts, POLICY).isna().tolist() == [False] * 6 + [True]
    assert second_approver_needed(pd.Series([49_999.99, 50_000.0]), POLICY).tolist() == [False, True]


def test_the_latest_of_several_decisions_counts_and_later_ones_are_not_known_yet():
    rows = [
        {"date": "2025-10-10", "final": 9_000, "end": "2026-02-28"},
        {"date": "2025-11-10", "final": 9_500, "end": "2026-02-28"},
        {"date": "2025-12-10", "final": 9_900, "end": "2026-02-28", "recorded": "2026-01-02"},
    ]
    assert log_of(*rows)["state_code"].tolist() == ["replaced", "in_force", "not_yet"]
    limit = pd.Series({"C1": 1.0})
    found = with_overrides(limit, decisions(*rows), POLICY, as_of=AS_OF)
    assert found["limit_amount"].tolist() == [9_500.0]
    assert found["override_id"].tolist() == ["V1"]
    void = [rows[0], rows[1] | {"approver": "sales"}]
    assert log_of(*void)["state_code"].tolist() == ["in_force", "void"], "a void raise replaces nothing"


def test_no_decision_leaves_limits_alone():
    limit = pd.Series({"C1": 1.0, "C2": 0.0})
    found = with_overrides(limit, empty(OVERRIDES), POLICY, as_of=AS_OF)
    assert found["limit_amount"].to_dict() == limit.to_dict()
    assert (found["decision_code"] == "policy").all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["C1", "C2"]), st.integers(0, 300), st.integers(1, 400), st.integers(1, 90)),
        min_size=1,
        max_size=6,
    )
)
def test_at_most_one_decision_a_customer_is_in_force_within_its_days(rows):
    start = day("2025-03-01")
    given_rows = [
        {
            "customer_id": customer,
            "date": start + pd.Timedelta(days=after),
            "end": start + pd.Timedelta(days=after + length),
            "final": thousands * 1_000,
        }
        for customer, after, length, thousands in rows
    ]
    log = log_of(*given_rows)
    live = log[log["state_code"] == "in_force"]
    assert not live.duplicated("customer_id").any()
    assert ((live["valid_from_date"] <= AS_OF) & (live["valid_to_date"] >= AS_OF)).all()
    longest = log["decided_date"] + pd.DateOffset(months=6)
    assert (log["valid_to_date"] <= longest).all()
    void = log[log["state_code"] == "void"]
    assert (void["final_amount"] > void["proposed_amount"]).all(), "only raises are void"


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_interval_agrees_with_scipy(cases, more):
    base = cases + more
    known = binomtest(cases, base).proportion_ci(0.95, method="wilson")
    assert wilson(cases, base, z=1.959963984540054) == pytest.approx((known.low, known.high), abs=1e-12)


LEDGER = small_ledger(
    [
        {"id": "I1", "date": "2025-11-20", "due": "2025-12-20", "amount": 8_500, "paid": [["2025-11-30", 8_500]]},
        {"id": "I2", "customer": "C2", "date": "2025-11-20", "due": "2025-12-20", "amount": 20_000},
    ],
    limits=[
        {"id": "L1", "kind": "internal", "start": "2025-11-10", "amount": 9_000},
        {"id": "L2", "kind": "internal", "start": "2025-02-10", "amount": 9_000},
        {"id": "L3", "kind": "internal", "start": "2024-02-10", "amount": 9_000},
        {"id": "L4", "kind": "insurer", "start": "2025-02-10", "amount": 9_000},
    ],
)


def tables(defaults=()):
    columns = ["customer_id", "default_date"]
    frame = pd.DataFrame(list(defaults), columns=columns).astype({"customer_id": "str"})
    return tables_of(LEDGER, "2025-12-31") | {
        "defaults": frame.assign(default_date=pd.to_datetime(frame["default_date"]))
    }


def kpis(log, *, defaults=(), inputs=None, **rest):
    rows = input_rows({}) if inputs is None else inputs
    found = check(override_kpis(log, tables(defaults), rows, POLICY, as_of=AS_OF, **rest), OVERRIDE_KPIS)
    return found.set_index(["kpi_code", "axis_code", "axis_value"])


def test_key_figures_by_hand():
    log = log_of(
        {"end": "2026-01-31"},
        {"date": "2025-06-10", "end": "2025-08-31", "customer_id": "C2", "approver": "sales"},
        {"date": "2025-03-10", "end": "2025-05-31", "customer_id": "C2", "final": 7_000, "approver": "credit_manager"},
        {"date": "2024-03-10", "end": "2024-05-31", "customer_id": "C2"},
    )
    found = kpis(log)
    rate = found.loc[("override_rate", "all", "all")]
    assert (rate["n_cases"], rate["n_base"]) == (3, 4), (
        "the own limit of 10 November is the override's, L2 stands alone"
    )
    assert rate["value"] == 0.75
    assert rate["target"] == 0.12
    up = found.loc[("up_share", "all", "all")]
    assert (up["n_cases"], up["n_base"], up["value"]) == (3, 4, 0.75)
    assert found.loc[("up_down_ratio", "all", "all"), "value"] == 3.0
    low, high = up["low"], up["high"]
    assert found.loc[("up_down_ratio", "all", "all"), "low"] == pytest.approx(low / (1 - low))
    assert found.loc[("up_down_ratio", "all", "all"), "high"] == pytest.approx(high / (1 - high))
    breach = found.loc["breach_rate"]
    assert breach.loc[("all", "all"), "value"] == 0.25
    assert breach.loc[("approver", "sales"), "value"] == 1.0
    repeat = found.loc[("repeat_rate", "all", "all")]
    assert (repeat["n_cases"], repeat["n_base"]) == (1, 2), "C2 three times"
    reduced = found.loc[("result_of_reductions", "all", "all")]
    assert (reduced["n_cases"], reduced["missing_code"]) == (1, "not_observable")


def test_without_decisions_every_figure_says_why():
    found = kpis(limit_overrides(empty(OVERRIDES), POLICY, as_of=AS_OF))
    rate = found.loc[("override_rate", "all", "all")]
    assert (rate["n_cases"], rate["value"]) == (0, 0.0)
    rest = found.drop(index=("override_rate", "all", "all"))
    assert rest["value"].isna().all()
    assert rest["missing_code"].notna().all()


def test_decisions_all_raised_have_no_ratio_to_those_lowered():
    row = kpis(log_of({"end": "2026-01-31"})).loc[("up_down_ratio", "all", "all")]
    assert row["missing_code"] == "too_few"


def test_what_a_raise_earned_by_hand():
    """500 above the proposal for 10 days at a period of 40 days carry 125 of sales, 100 before tax."""
    inputs = input_rows({"review_date": "2025-10-31", "terms_days": 30, "days_beyond_terms_12m": 10})
    row = raised_results(log_of({"end": "2026-01-31"}), tables(), inputs, POLICY, as_of=AS_OF).iloc[0]
    assert row["extra_sales_amount"] == pytest.approx(125)
    assert row["loss_amount"] == 0
    assert row["profit_amount"] == pytest.approx(100 * 0.25 - 125 * 0.01 - 5_000 * 0.073 / 365)


def test_a_default_ends_a_raise_and_loses_its_room():
    """C2 owes 20,000; 1,000 above the proposal from 20 to 29 November, lost at 45 % on the 30th."""
    inputs = input_rows(
        {"customer_id": "C2", "review_date": "2025-10-31", "terms_days": 30, "days_beyond_terms_12m": 10}
    )
    log = log_of({"customer_id": "C2", "end": "2026-01-31"})
    row = raised_results(log, tables([("C2", "2025-11-30")]), inputs, POLICY, as_of=AS_OF).iloc[0]
    assert row["loss_amount"] == pytest.approx(450)
    assert row["extra_sales_amount"] == pytest.approx(10 * 1_000 / 40)
    assert row["profit_amount"] == pytest.approx(200 * 0.25 - 250 * 0.01 - 10_000 * 0.073 / 365 - 450)


def test_what_is_invoiced_on_the_day_of_default_is_not_yet_in_the_room_lost():
    inputs = input_rows({"review_date": "2025-10-31", "terms_days": 30, "days_beyond_terms_12m": 10})
    log = log_of({"end": "2026-01-31"})
    row = raised_results(log, tables([("C1", "2025-11-20")]), inputs, POLICY, as_of=AS_OF).iloc[0]
    assert (row["extra_sales_amount"], row["loss_amount"]) == (0, 0)


def test_a_customer_whose_terms_are_not_known_gives_no_result():
    inputs = input_rows({"review_date": "2025-11-30"})
    log = log_of({"end": "2026-01-31"})
    assert np.isnan(raised_results(log, tables(), inputs, POLICY, as_of=AS_OF)["profit_amount"].iloc[0]), "later review"
    found = kpis(log, inputs=inputs)
    assert found.loc[("profit_of_raises", "all", "all"), "missing_code"] == "no_inputs"


def cohort():
    """Decisions of a year ago on five of ten customers of grade C; the others are what they are held against."""
    names = [f"K{place}" for place in range(10)]
    inputs = input_rows(*[{"customer_id": name, "review_date": "2024-06-30", "grade_code": "C"} for name in names])
    rows = [{"customer_id": name, "date": "2024-07-10", "end": "2024-12-31"} for name in names[:5]]
    return log_of(*rows), inputs


def test_defaults_of_overrides_are_held_against_the_same_grade():
    log, inputs = cohort()
    defaults = [
        ("K0", "2025-07-10"),
        ("K1", "2025-07-11"),
        ("K2", "2024-07-10"),
        ("K7", "2025-06-30"),
        ("K8", "2025-07-01"),
    ]
    frame = pd.DataFrame(defaults, columns=["customer_id", "default_date"])
    frame = frame.assign(default_date=pd.to_datetime(frame["default_date"]))
    row = same_grade_defaults(log, frame, inputs, as_of=AS_OF).iloc[0]
    assert (row["n_overridden"], row["n_overridden_defaults"]) == (5, 1), "within 12 months after the decision"
    assert (row["n_kept"], row["n_kept_defaults"], row["n_kept_customers"]) == (5, 1, 5)
    found = kpis(log, defaults=defaults, inputs=inputs, min_cases=5)
    own = found.loc[("default_rate_overridden", "all", "all")]
    assert (own["value"], own["low"], own["high"]) == pytest.approx((0.2, *wilson(1, 5, z=1.959963984540054)))
    assert found.loc[("default_rate_same_grade", "all", "all"), "value"] == pytest.approx(0.2)
    few = kpis(log, defaults=defaults, inputs=inputs)
    assert few.loc[("default_rate_overridden", "all", "all"), "missing_code"] == "too_few"


def test_customers_in_default_and_young_decisions_are_left_out():
    log, inputs = cohort()
    no_defaults = tables()["defaults"]
    fallen = inputs.assign(is_in_default=inputs["customer_id"].isin(["K0", "K9"]))
    row = same_grade_defaults(log, no_defaults, fallen, as_of=AS_OF).iloc[0]
    assert (row["n_overridden"], row["n_kept"]) == (4, 4)
    assert same_grade_defaults(log, no_defaults, inputs, as_of=day("2025-07-09")).empty
    ungraded = inputs.assign(grade_code=inputs["grade_code"].mask(inputs["customer_id"] == "K0"))
    by_grade = same_grade_defaults(log, no_defaults, ungraded, as_of=AS_OF).set_index("grade_code")
    assert by_grade["n_overridden"].to_dict() == {"C": 4, "unknown": 1}


def test_the_rate_of_the_same_grade_is_weighted_as_the_overrides():
    log, inputs = cohort()
    grades = inputs.assign(grade_code=np.where(inputs["customer_id"].isin(["K0", "K5", "K6", "K7", "K8"]), "E", "C"))
    defaults = [("K5", "2025-01-01"), ("K6", "2025-01-01")]
    found = kpis(log, defaults=defaults, inputs=grades, min_cases=1)
    kept = found.loc["default_rate_same_grade"]
    assert kept.loc[("grade", "E"), "value"] == 0.5
    assert kept.loc[("grade", "C"), "value"] == 0.0
    assert kept.loc[("all", "all"), "value"] == pytest.approx(0.2 * 0.5 + 0.8 * 0.0)
