"""Proposed limits: worked cases, and what holds for every customer and policy."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limits.limit_applicants import applicants_of, policy_of

from riskresearch.base.schema import check
from riskresearch.limits.applicants import Applicants
from riskresearch.limits.policy.rule import SEGMENTS
from riskresearch.limits.proposals import BINDING_QUESTIONS, LIMIT_METHODS, QUESTIONS, method_amounts, proposals
from riskresearch.limits.reasons import LIMIT_FIGURES, binding_figures

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "limits" / "proposals.yaml").read_text(encoding="utf-8"))
POLICY = {
    "appetite": {"customer_loss_ratio": 0.0005, "customer_share_ratio": 0.05},
    "new_customers": {"first_order_multiple": 2, "opening_limit_amount": 2000, "check_required": True},
    "triggers": {"accounts_max_months": 18},
}
SHARES = {
    "reliable": {"need_factor": 1.0, "net_worth_ratio": 0.15, "revenue_ratio": 0.05, "insurer_cap_code": "none"},
    "to_watch": {
        "need_factor": 0.8,
        "net_worth_ratio": 0.08,
        "revenue_ratio": 0.05,
        "insurer_cap_code": "uninsured_share",
        "uninsured_max_amount": 50_000,
    },
    "risky": {"need_factor": 0.5, "net_worth_ratio": 0.03, "revenue_ratio": 0.02, "insurer_cap_code": "insured_only"},
}
USUAL = {
    "seller_sales_amount_12m": 2_000_000.0,
    "sales_amount_12m": 365_000.0,
    "terms_days": 30.0,
    "days_beyond_terms_12m": 10.0,
    "currency_code": None,
}


def _asking(rows, policy=None):
    return applicants_of([{**USUAL, **row} for row in rows], policy_of({**POLICY, **(policy or {})}, SHARES))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_worked_case(case):
    found = proposals(_asking(case["rows"], case.get("policy")))
    for number, expected in enumerate(case["expected"]):
        for name, value in expected.items():
            got = found.loc[number, name]
            if value is None:
                assert pd.isna(got), (number, name, got)
            else:
                assert got == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-9)), name


_ROW = st.fixed_dictionaries(
    {
        "segment_code": st.sampled_from(SEGMENTS),
        "is_new": st.booleans(),
        "gate_code": st.sampled_from(["pass", "fail", "unknown"]),
        "pd_12m": st.one_of(st.none(), st.sampled_from([0.0, 1.0]), st.floats(0.0001, 0.9)),
        "lgd_ratio": st.floats(0.0, 1.0),
        "sales_amount_12m": st.floats(-1e3, 5e6),
        "peak_ratio": st.floats(1.0, 3.0),
        "terms_days": st.one_of(st.none(), st.floats(0.0, 120.0)),
        "days_beyond_terms_12m": st.one_of(st.none(), st.floats(0.0, 90.0)),
        "ordered_amount": st.sampled_from([0.0, 40_000.0]),
        "guarantee_amount": st.sampled_from([0.0, 20_000.0]),
        "net_worth_amount": st.one_of(st.none(), st.floats(-1e5, 5e6)),
        "accounts_age_months": st.floats(1.0, 30.0),
        "insurer_limit_amount": st.one_of(st.none(), st.floats(0.0, 1e5)),
        "bureau_limit_amount": st.one_of(st.none(), st.floats(0.0, 1e5)),
        "first_order_amount": st.one_of(st.none(), st.floats(100.0, 1e4)),
        "group_id": st.sampled_from(["G", "H"]),
        "country_code": st.sampled_from(["FR", "DE", "US", None]),
        "currency_code": st.sampled_from([None, "USD"]),
        "review_date": st.sampled_from(["2025-11-30", "2025-12-31"]),
    }
)
_ROWS = st.lists(_ROW, min_size=3, max_size=10)
_MANY = settings(max_examples=10, deadline=None)


_TOTAL = {"countries": [{"country_code": "US", "limit_factor": 0.8, "total_limit_amount": 90_000}]}
_CROWD_POLICY = policy_of({**POLICY, **_TOTAL}, SHARES)


def _crowd(rows):
    return applicants_of([{**USUAL, **row} for row in rows], _CROWD_POLICY)


def _with(asking, **columns):
    return Applicants(asking.rows.assign(**columns), asking.policy)


def _proposed(asking):
    return proposals(asking)["proposed_amount"].to_numpy()


@_MANY
@given(_ROWS)
def test_the_smallest_number_is_proposed_and_its_method_named(rows):
    asking = _crowd(rows)
    found = proposals(asking)
    numbers = found[[f"{name}_amount" for name in QUESTIONS]]
    allowed = ~asking.in_default
    np.testing.assert_allclose(found.loc[allowed, "proposed_amount"], numbers[allowed].min(axis=1))
    assert (found.loc[asking.in_default, "proposed_amount"] == 0).all()
    assert found["binding_question_code"].isin(BINDING_QUESTIONS).all()
    assert np.isfinite(found["proposed_amount"]).all()
    assert not np.isinf(numbers.to_numpy()).any()
    methods = check(method_amounts(asking, found), LIMIT_METHODS)
    per_row = methods.groupby(["customer_id", "review_date"])["is_binding"].sum()
    assert (per_row.to_numpy() == allowed.to_numpy()).all()
    binding = methods[methods["is_binding"]]
    assert binding["amount"].notna().all()
    assert (binding["is_decisive"]).all()
    check(binding_figures(asking, found), LIMIT_FIGURES)


@_MANY
@given(_ROWS, st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_a_proposal_never_rises_with_pd_or_lgd(rows, more_pd, more_lgd):
    asking = _crowd(rows)
    pd_12m, lgd = asking.known("pd_12m"), asking.known("lgd_ratio")
    usual = _proposed(asking) * (1 + 1e-12)
    assert (_proposed(_with(asking, pd_12m=(pd_12m + more_pd).clip(upper=1.0))) <= usual).all()
    assert (_proposed(_with(asking, lgd_ratio=(lgd + more_lgd).clip(upper=1.0))) <= usual).all()


@_MANY
@given(_ROWS, st.data())
def test_a_proposal_never_rises_when_the_segment_worsens_or_net_worth_falls(rows, data):
    asking = _crowd(rows)
    usual = _proposed(asking)
    n = data.draw(st.integers(0, len(rows) - 1))
    worse = asking.rows["segment_code"].copy()
    worse.loc[n] = data.draw(st.sampled_from(SEGMENTS[SEGMENTS.index(worse.loc[n]) :]))
    assert _proposed(_with(asking, segment_code=worse))[n] <= usual[n] * (1 + 1e-12)
    poorer = asking.known("net_worth_amount") - data.draw(st.floats(0.0, 1e6))
    assert (_proposed(_with(asking, net_worth_amount=poorer)) <= usual * (1 + 1e-12)).all()


@_MANY
@given(_ROWS)
def test_at_pd_zero_the_risk_number_is_the_cap(rows):
    asking = _crowd(rows)
    found = proposals(_with(asking, pd_12m=0.0))
    worth_it = asking.rows["terms_days"].notna() & (asking.known("terms_days") < 100)
    np.testing.assert_array_equal(found.loc[worth_it, "risk_amount"], found.loc[worth_it, "cap_amount"])
    assert not (found.loc[worth_it, "binding_question_code"] == "risk").any()


@_MANY
@given(_ROWS, st.sampled_from([0.01, 7.0, 1000.0]))
def test_all_money_larger_makes_all_limits_larger_alike(rows, factor):
    asking = _crowd(rows)
    money = [name for name in asking.rows if name.endswith("_amount") or name.endswith("_amount_12m")]
    grown = asking.rows.assign(**{name: asking.known(name) * factor for name in money})
    policy = asking.policy
    watch = policy.segments[1]
    larger = policy.model_copy(
        update={
            "segments": (
                policy.segments[0],
                watch.model_copy(update={"uninsured_max_amount": watch.uninsured_max_amount * factor}),
                *policy.segments[2:],
            ),
            "new_customers": policy.new_customers.model_copy(update={"opening_limit_amount": 2000 * factor}),
            "countries": tuple(
                rule.model_copy(update={"total_limit_amount": (rule.total_limit_amount or np.nan) * factor})
                for rule in policy.countries
            ),
        }
    )
    np.testing.assert_allclose(_proposed(Applicants(grown, larger)), _proposed(asking) * factor, rtol=1e-9)


@_MANY
@given(_ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, chance):
    asking = _crowd(rows)
    order = list(range(len(rows)))
    chance.shuffle(order)
    shuffled = Applicants(asking.rows.iloc[order].reset_index(drop=True), asking.policy)
    found, usual = proposals(shuffled), proposals(asking).iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, usual, rtol=1e-12)


def test_inputs_are_left_as_they_are():
    asking = _asking([{}, {"pd_12m": 0.0}])
    before = asking.rows.copy()
    method_amounts(asking, proposals(asking))
    pd.testing.assert_frame_equal(asking.rows, before)


def test_no_customer_no_proposal():
    asking = _asking([{}])
    nobody = Applicants(asking.rows.iloc[:0], asking.policy)
    found = proposals(nobody)
    assert found.empty
    check(method_amounts(nobody, found), LIMIT_METHODS)
    check(binding_figures(nobody, found), LIMIT_FIGURES)


def test_where_no_method_has_an_amount_nothing_is_proposed():
    methods = {"cap": {"methods": ["bureau_cap"], "join": "smallest"}}
    unknown = {"pd_12m": None, "sales_amount_12m": 0.0, "net_worth_amount": None, "revenue_amount": None}
    found = proposals(_asking([unknown], {"methods": {**policy_of().methods.model_dump(), **methods}}))
    assert found.loc[0, ["proposed_amount", "binding_code"]].tolist() == [0.0, "no_amount"]
    assert found.loc[0, [f"{name}_amount" for name in QUESTIONS]].isna().all()


def test_figures_tell_why():
    rows = [
        {"pd_12m": 0.01, "lgd_ratio": 0.5, "guarantee_amount": 5_000.0},
        {"pd_12m": 0.2, "lgd_ratio": 0.5, "country_code": "US", "currency_code": "USD"},
        {"is_in_default": True},
        {"is_new": True, "gate_code": "unknown", "first_order_amount": 3_000.0, "sales_amount_12m": 0.0},
        {"is_new": True, "gate_code": "pass", "first_order_amount": 3_000.0},
    ]
    asking = _asking(rows, {"countries": [{"country_code": "US", "limit_factor": 0.8}]})
    found = binding_figures(asking, proposals(asking)).set_index(["customer_id", "figure_code"])["value"]
    assert found["C001"].to_dict() == pytest.approx(
        {
            "yearly_sales_amount": 365_000,
            "terms_days": 30,
            "delay_days": 10,
            "peak_ratio": 1,
            "need_factor": 1,
            "guarantee_amount": 5_000,
        }
    )
    assert found["C002"].to_dict() == pytest.approx(
        {"loss_budget_amount": 1000, "pd_12m": 0.2, "lgd_ratio": 0.5, "kept_ratio": 0.72}
    )
    assert "C003" not in found.index.get_level_values(0)
    assert found["C004"].to_dict() == {"is_check_open": 1}
    assert found["C005"].to_dict() == {"first_order_amount": 3_000, "first_order_multiple": 2}
