"""Today's limits: worked cases, and what holds whatever is known of the customers."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limits.limit_applicants import policy_of
from limits.reviewed_rows import reviewed_rows
from pandas.testing import assert_frame_equal
from small_ledger import day

from riskresearch.base.schema import check, empty
from riskresearch.ledger.knowledge import OVERRIDES
from riskresearch.limits.credit import CREDIT_LIMITS, credit_limits, limit_changes, limits_by_binding

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/limits/credit.yaml").read_text(encoding="utf-8"))
AS_OF = day("2025-12-31")
POLICY = policy_of(segments={"reliable": {"need_factor": 1.0}, "to_watch": {"need_factor": 0.8}})
SOUND = {
    "currency_code": None,
    "days_beyond_terms_12m": 10.0,
    "open_amount": 0.0,
    "net_worth_amount": 40_000_000.0,
    "revenue_amount": 200_000_000.0,
    "internal_limit_amount": None,
}
SHORT = {
    "id": "customer_id",
    "sales": "sales_amount_12m",
    "open": "open_amount",
    "ordered": "ordered_amount",
    "unbilled": "unbilled_amount",
    "unapplied": "unapplied_amount",
    "guarantee": "guarantee_amount",
    "temporary": "temporary_limit_amount",
    "insurer": "insurer_limit_amount",
    "net_worth": "net_worth_amount",
    "pd": "pd_12m",
    "segment": "segment_code",
    "good_reviews": "n_good_reviews",
    "in_default": "is_in_default",
    "in_proceedings": "is_in_proceedings",
}


def review_rows(customers):
    """Rows of today, after a row of June where the case says what was sold then."""
    rows = []
    for customer in customers:
        known = SOUND | {SHORT[name]: value for name, value in customer.items() if name in SHORT}
        if customer.get("limits"):
            known["internal_limit_amount"] = float(customer["limits"][-1][1])
        if "sales_in_june" in customer:
            rows.append(known | {"review_date": "2025-06-30", "sales_amount_12m": float(customer["sales_in_june"])})
        rows.append(known)
    reviewed = reviewed_rows(rows, POLICY)
    return reviewed[reviewed["review_date"] == AS_OF].reset_index(drop=True)


def own_limits(customers):
    rows = [
        {
            "limit_id": f"{customer['id']}/{place}",
            "customer_id": customer["id"],
            "limit_kind_code": "internal",
            "start_date": pd.Timestamp(first),
            "end_date": pd.NaT,
            "recorded_date": pd.Timestamp(first),
            "base_minor": int(amount * 100),
        }
        for customer in customers
        for place, (first, amount) in enumerate(customer.get("limits", ()))
    ]
    names = ["limit_id", "customer_id", "limit_kind_code", "start_date", "end_date", "recorded_date", "base_minor"]
    return pd.DataFrame(rows, columns=names).astype(
        dict.fromkeys(("start_date", "end_date", "recorded_date"), "datetime64[us]")
    )


def decisions(rows):
    if not rows:
        return empty(OVERRIDES)
    frame = pd.DataFrame(
        {
            "override_id": f"V{place}",
            "customer_id": row["customer"],
            "decided_date": row["date"],
            "recorded_date": row.get("recorded", row["date"]),
            "requester_code": "sales",
            "approver_code": "credit_manager",
            "reason_code": "other",
            "proposed_minor": 4_000_000,
            "final_minor": row["final"] * 100,
            "end_date": row["end"],
            "evidence": "visit report",
        }
        for place, row in enumerate(rows)
    )
    dates = {name: pd.to_datetime(frame[name]) for name in ("decided_date", "recorded_date", "end_date")}
    return check(frame.assign(**dates), OVERRIDES)


def tables_of(customers, overrides=()):
    scored = [customer["id"] for customer in customers if customer.get("scored", True)]
    return {
        "scored": pd.DataFrame({"customer_id": scored, "customer_status_code": "active", "grade_code": "B"}),
        "limits": own_limits(customers),
        "overrides": decisions(overrides),
        "terms_advice": pd.DataFrame({"customer_id": scored, "advised_terms_days": 30.0}),
    }


def limits_of(customers, overrides=()):
    made = credit_limits(review_rows(customers), tables_of(customers, overrides), POLICY, as_of=AS_OF)
    return check(made, CREDIT_LIMITS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    found = limits_of(case["customers"], case.get("overrides", ())).set_index("customer_id")
    assert sorted(found.index) == sorted(case["expected"])
    for customer_id, expected in case["expected"].items():
        for column, value in expected.items():
            got = found.loc[customer_id, column]
            if value is None:
                assert pd.isna(got), column
            elif isinstance(value, date):
                assert got == pd.Timestamp(value), column
            else:
                assert got == (pytest.approx(value) if isinstance(value, int | float) else value), column


def random_customers(seed, n=40):
    rng = np.random.default_rng(seed)
    found = []
    for place in range(n):
        segment = str(rng.choice(["reliable", "to_watch", "risky", "defaulted"], p=[0.4, 0.3, 0.2, 0.1]))
        open_amount = float(rng.lognormal(10, 1))
        customer = {
            "id": f"C{place:02d}",
            "sales": float(rng.lognormal(12, 1.5)),
            "open": open_amount,
            "ordered": float(rng.choice([0.0, 10_000.0])),
            "unapplied": float(rng.choice([0.0, open_amount / 2])),
            "guarantee": float(rng.choice([0.0, 15_000.0])),
            "temporary": float(rng.choice([0.0, 5_000.0])),
            "insurer": [None, 0.0, 60_000.0][rng.integers(3)],
            "net_worth": float(rng.lognormal(13, 1)),
            "segment": segment,
            "in_default": segment == "defaulted",
            "pd": 1.0 if segment == "defaulted" else float(rng.beta(1, 20)),
            "good_reviews": int(rng.integers(0, 5)),
        }
        if rng.random() < 0.7:
            customer["limits"] = [["2025-02-01", int(rng.integers(0, 900)) * 100]]
        found.append(customer)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_limit_lies_between_nothing_and_the_higher_of_the_proposal_and_the_limit_in_force(seed):
    found = limits_of(random_customers(seed))
    highest = np.fmax(found["current_limit_amount"].fillna(0.0), found["proposed_amount"])
    assert found["limit_amount"].between(0, highest + 1e-6).all()
    fallen = found["segment_code"] == "defaulted"
    assert fallen.any()
    assert (found.loc[fallen, "limit_amount"] == 0).all()
    assert (found.loc[fallen, "action_code"] == "block").all()
    four = found[["need_amount", "capacity_amount", "risk_amount", "cap_amount"]].min(axis=1)
    np.testing.assert_allclose(found.loc[~fallen, "proposed_amount"], four[~fallen])


@pytest.mark.parametrize("seed", range(2))
def test_use_above_the_limit_is_what_securities_limit_and_increase_do_not_cover(seed):
    found = limits_of(random_customers(seed))
    covered = found["guarantee_amount"] + found["limit_amount"] + found["temporary_limit_amount"]
    expected = np.where(
        found["used_amount"] <= found["guarantee_amount"], 0, np.maximum(found["used_amount"] - covered, 0)
    )
    np.testing.assert_allclose(found["over_limit_amount"], expected)
    assert (expected > 0).any()


def test_what_is_decided_or_set_after_the_day_changes_nothing():
    customers = random_customers(5)
    rows, tables = review_rows(customers), tables_of(customers)
    before = credit_limits(rows, tables, POLICY, as_of=AS_OF)
    later = [c | {"limits": [*c.get("limits", []), ["2026-01-02", 100]]} for c in customers]
    decided = [{"customer": c["id"], "date": "2026-01-02", "end": "2026-03-01", "final": 77} for c in customers]
    after = credit_limits(rows, tables_of(later, decided), POLICY, as_of=AS_OF)
    assert_frame_equal(after, before)


def test_the_order_of_rows_does_not_matter():
    customers = random_customers(6)
    rows, tables = review_rows(customers), tables_of(customers)
    mixed = rows.sample(frac=1, random_state=np.random.default_rng(2)).reset_index(drop=True)
    shuffled = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables.items()}
    expected = credit_limits(rows, tables, POLICY, as_of=AS_OF)
    assert_frame_equal(credit_limits(mixed, shuffled, POLICY, as_of=AS_OF), expected)


def test_what_changes_against_the_limits_in_force_adds_up():
    found = limits_of(random_customers(7))
    changes, bound = limit_changes(found), limits_by_binding(found)
    assert changes["n_customers"].sum() == bound["n_customers"].sum() == len(found)
    assert changes["limit_amount"].sum() == pytest.approx(found["limit_amount"].sum())
    assert changes["change_amount"].sum() == pytest.approx(
        found["limit_amount"].sum() - found["current_limit_amount"].sum()
    )
    assert (changes.loc[changes["action_code"] == "lower", "change_amount"] < 0).all()
    assert bound["over_limit_amount"].sum() == pytest.approx(found["over_limit_amount"].sum())
    assert set(bound.loc[bound["segment_code"] == "defaulted", "binding_code"]) == {"default"}
