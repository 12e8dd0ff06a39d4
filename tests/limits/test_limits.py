"""Credit limits: worked cases and properties."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from small_ledger import day

from riskresearch.base.schema import check
from riskresearch.limits.loss_concentration import LOSS_CONCENTRATION
from riskresearch.limits.methods import METHODS
from riskresearch.limits.stage import LIMIT_TABLES, LimitSettings, credit_limits, limits_by_binding

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "limits" / "limits.yaml").read_text(encoding="utf-8"))
AS_OF = day("2025-12-31")


def _tables(customers):
    scored = pd.DataFrame(
        [
            {
                "customer_id": c["id"],
                "pd_12m": c["pd"],
                "lgd_ratio": c.get("lgd", 0.6),
                "grade_code": "C",
                "segment_code": c.get("segment", "reliable"),
                "customer_status_code": c.get("status", "active"),
            }
            for c in customers
        ]
    )
    behaviour = pd.DataFrame(
        [
            {
                "customer_id": c["id"],
                "open_amount": c.get("open", 0.0),
                "sales_amount_12m": c["sales"],
                "terms_days": c.get("terms", 30),
                "days_beyond_terms_12m": c.get("delay", 0.0),
                "tenure_months": c.get("tenure", 24.0),
            }
            for c in customers
        ]
    )
    accounts = pd.DataFrame(
        [
            {
                "customer_id": c["id"],
                "period_end_date": day("2024-12-31"),
                "published_date": day(c.get("published", "2025-07-31")),
                "revenue_minor": c["revenue"] * 100,
                "net_worth_minor": c["net_worth"] * 100,
            }
            for c in customers
            if "net_worth" in c
        ],
        columns=["customer_id", "period_end_date", "published_date", "revenue_minor", "net_worth_minor"],
    )
    limits = pd.DataFrame(
        [
            {
                "limit_id": c["id"],
                "customer_id": c["id"],
                "limit_kind_code": "internal",
                "start_date": day("2024-01-01"),
                "end_date": pd.NaT,
                "base_minor": c["current"] * 100,
            }
            for c in customers
            if "current" in c
        ],
        columns=["limit_id", "customer_id", "limit_kind_code", "start_date", "end_date", "base_minor"],
    )
    known = pd.DataFrame(
        [
            {
                "customer_id": c["id"],
                "group_id": c.get("group"),
                "sector_code": c.get("sector"),
                "country_code": c.get("country", "FR"),
                "customer_type_code": c.get("kind", "b2b"),
            }
            for c in customers
        ]
    )
    return {
        "scored": scored,
        "customer_behaviour": behaviour,
        "customers": known,
        "financials": accounts,
        "limits": limits,
    }


def _limits(customers, **settings):
    return credit_limits(_tables(customers), LimitSettings(**settings), as_of=AS_OF)["credit_limits"].set_index(
        "customer_id"
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    found = _limits(case["customers"], **case.get("settings", {}))
    for customer, expected in case["expected"].items():
        for column, value in expected.items():
            got = found.loc[customer, column]
            assert got == (pytest.approx(value, rel=1e-9) if isinstance(value, int | float) else value), (
                customer,
                column,
            )


def test_a_higher_pd_never_raises_the_limit_and_pd_zero_gives_the_cap():
    pds = [0.0, 0.001, 0.01, 0.05, 0.2, 0.6, 0.99]
    crowd = [{"id": f"C{i}", "pd": p, "sales": 5e6, "terms": 60} for i, p in enumerate(pds)]
    found = _limits(crowd)["limit_amount"]
    assert (np.diff(found.to_numpy()) <= 0).all()
    best = _limits(crowd).loc["C0"]
    assert np.isnan(best["risk_cap_amount"])
    assert best["limit_amount"] == min(best["need_amount"], best["own_cap_amount"]) // 100 * 100


def test_the_limit_is_the_smallest_method_and_binding_names_it():
    rng = np.random.default_rng(3)
    crowd = [
        {
            "id": f"C{i:02d}",
            "pd": float(rng.beta(1, 20)),
            "sales": float(rng.lognormal(11, 1)),
            "terms": 45,
            "net_worth": int(rng.lognormal(12, 1)),
            "revenue": int(rng.lognormal(14, 1)),
            "open": 500.0,
        }
        for i in range(50)
    ]
    found = _limits(crowd)
    amounts = found[[f"{name}_amount" for name in METHODS.names]]
    assert (found["limit_amount"] <= amounts.min(axis=1)).all()
    named = [amounts.loc[c, f"{found.loc[c, 'binding_code']}_amount"] for c in found.index]
    np.testing.assert_allclose(named, amounts.min(axis=1))
    check(found.reset_index(), LIMIT_TABLES[0])
    assert limits_by_binding(found.reset_index())["n_customers"].sum() == 50


def test_accounts_published_after_the_date_do_not_count():
    one = {"id": "C1", "pd": 0.01, "sales": 1e6, "net_worth": 1000, "revenue": 1000}
    assert (
        _limits([one | {"published": "2026-01-01"}]).loc["C1", "capacity_amount"]
        != _limits([one]).loc["C1", "capacity_amount"]
    )
    assert np.isnan(_limits([one | {"published": "2026-01-01"}]).loc["C1", "capacity_amount"])


def test_the_expected_loss_rests_on_groups():
    customers = [
        {"id": "A", "pd": 0.10, "lgd": 0.5, "open": 1000.0, "sales": 1.0, "group": "G"},
        {"id": "B", "pd": 0.02, "lgd": 0.5, "open": 5000.0, "sales": 1.0, "group": "G"},
        {"id": "R", "pd": 1.00, "lgd": 0.5, "open": 9000.0, "sales": 1.0, "kind": "related"},
        {"id": "C", "pd": 1.00, "lgd": 0.5, "open": 200.0, "sales": 1.0, "segment": "defaulted"},
    ]
    made = credit_limits(_tables(customers), LimitSettings(), as_of=AS_OF)["loss_concentration"]
    check(made, LOSS_CONCENTRATION)
    found = made.set_index(["base_code", "axis_code", "measure_code"])
    assert found.loc[("expected_loss", "customer", "top_1_ratio"), "value"] == pytest.approx(0.5)  # 100 of 200
    assert found.loc[("expected_loss", "group", "top_1_ratio"), "value"] == pytest.approx(0.5)  # 50 + 50 of 200
    assert found.loc[("loss_given_default", "group", "top_1_ratio"), "largest_amount"] == pytest.approx(3000)
    assert found.loc[("expected_loss", "customer", "hhi_ratio"), "total_amount"] == pytest.approx(200)


def test_a_prospect_gets_no_limit_because_nothing_says_what_it_will_order():
    known = {"id": "a", "pd": 0.02, "sales": 100_000.0}
    prospect = {"id": "b", "pd": 0.02, "sales": 0.0, "status": "prospect"}
    assert list(_limits([known, prospect]).index) == ["a"]
