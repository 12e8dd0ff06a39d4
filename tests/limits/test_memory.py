"""The need remembered: worked cases, and what holds whatever was needed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limits.limit_applicants import policy_of
from limits.reviewed_rows import reviewed, reviewed_rows
from pandas.testing import assert_series_equal

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.memory import held_amounts

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/limits/memory.yaml").read_text(encoding="utf-8"))
FACTORS = {"reliable": {"need_factor": 1.0}, "to_watch": {"need_factor": 0.8}}
SOUND = {
    "currency_code": None,
    "days_beyond_terms_12m": 10.0,
    "net_worth_amount": 4_000_000.0,
    "revenue_amount": 40_000_000.0,
}
KEYS = ["customer_id", "review_date"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    policy = policy_of({"movement": case.get("movement", {})}, FACTORS)
    days = [SOUND | {"customer_id": "C1"} | day | {"review_date": str(day["review_date"])} for day in case["days"]]
    last = reviewed_rows(days, policy).iloc[-1]
    for column, value in case["expected"].items():
        assert last[column] == pytest.approx(np.nan if value is None else value, nan_ok=True), column


def random_days(seed, *, n_customers=8, n_months=16):
    """Rows of all kinds of customers, month by month."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(end="2025-12-31", periods=n_months, freq="ME").strftime("%Y-%m-%d")
    segments = ["reliable", "to_watch", "risky", "defaulted"]
    return [
        {
            "customer_id": f"C{customer}",
            "review_date": day,
            "segment_code": str(rng.choice(segments, p=[0.5, 0.3, 0.15, 0.05])),
            "sales_amount_12m": float(rng.choice([0.0, 1.0]) * rng.lognormal(12, 1)),
            "terms_days": float(rng.choice([0.0, 30.0, 60.0])),
            "days_beyond_terms_12m": float(rng.choice([0.0, 5.0, 20.0])),
            "peak_ratio": float(rng.uniform(1, 4)),
            "pd_12m": float(rng.choice([0.002, 0.03, 0.2])),
            "net_worth_amount": float(rng.lognormal(13, 1)),
            "guarantee_amount": float(rng.choice([0.0, 0.0, 20_000.0])),
            "ordered_amount": float(rng.choice([0.0, 0.0, 30_000.0])),
            "insurer_limit_amount": [None, 0.0, 40_000.0][rng.integers(3)],
        }
        for customer in range(n_customers)
        for day in days
    ]


@pytest.fixture(scope="module", params=range(2))
def rows(request):
    return reviewed_rows(random_days(request.param), policy_of())


def test_the_need_remembered_never_lies_below_the_proposal_nor_above_the_other_numbers(rows):
    assert (rows["held_amount"] >= rows["proposed_amount"]).all()
    others = rows[["capacity_amount", "risk_amount", "cap_amount"]].min(axis=1)
    assert (rows["held_amount"] <= np.maximum(others, rows["proposed_amount"])).all()
    assert (rows["held_amount"] > rows["proposed_amount"] + 1).any(), "the rows remember nothing"


def test_where_another_number_than_the_need_binds_the_limit_falls_to_the_proposal(rows):
    bound = rows[rows["binding_question_code"].isin(["capacity", "risk", "cap"])]
    assert len(bound) > 10
    np.testing.assert_allclose(bound["held_amount"], bound["proposed_amount"])


def test_nothing_in_default(rows):
    fallen = rows[rows["segment_code"] == "defaulted"]
    assert len(fallen)
    assert (fallen["held_amount"] == 0).all()


def test_only_what_was_known_on_earlier_days_counts(rows):
    policy, known = policy_of(), rows.drop(columns="held_amount")
    for day in sorted(rows["review_date"].unique())[::5]:
        past = rows[rows["review_date"] <= day].reset_index(drop=True)
        found = reviewed(known[known["review_date"] <= day].reset_index(drop=True), policy)
        assert_series_equal(found["held_amount"], past["held_amount"])


def test_the_order_of_rows_and_other_customers_do_not_matter(rows):
    policy = policy_of()
    mixed = rows.sample(frac=1, random_state=np.random.default_rng(1)).reset_index(drop=True)
    found = mixed.assign(held_amount=held_amounts(mixed, Applicants(mixed, policy)))
    ordered = found.sort_values(KEYS, ignore_index=True)["held_amount"]
    assert_series_equal(ordered, rows.sort_values(KEYS, ignore_index=True)["held_amount"])
    alone = rows[rows["customer_id"] == "C3"].reset_index(drop=True)
    assert_series_equal(held_amounts(alone, Applicants(alone, policy)), alone["held_amount"], check_names=False)
