"""Limits as one portfolio: who is asked about, the budgets of the appetite, the optimum of past days."""

import numpy as np
import pandas as pd
import pytest
from limits.limit_applicants import policy_of
from limits.reviewed_rows import reviewed_rows
from pandas.testing import assert_frame_equal

from riskresearch.base.schema import check
from riskresearch.limits.optimise.budgets import Concentration
from riskresearch.limits.optimise.tables import OPTIMISER_TABLES
from riskresearch.limits.portfolio import (
    REVIEW_MONTHS,
    appetite_budgets,
    optimised_path,
    optimiser_customers,
    optimum_tables,
)
from riskresearch.limits.settings import LimitSettings

POLICY = policy_of({"economics": {"tax_ratio": 0.2}}, {"reliable": {"need_factor": 1.0}})
SETTINGS = LimitSettings(n_scenarios=500, n_bootstrap=50, step_ratio=0.5)
KEYS = ["customer_id", "review_date"]
BOUNDS = ["need_amount", "capacity_amount", "cap_amount"]
SOUND = {"currency_code": None, "sales_amount_12m": 365_000.0, "days_beyond_terms_12m": 10.0}


def book(n_customers=14, n_months=8, seed=0, **given):
    """Rows of a book, month by month: some without PD or sales, some in default."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(end="2025-12-31", periods=n_months, freq="ME").strftime("%Y-%m-%d")
    rows = []
    for place in range(n_customers):
        size, fallen = rng.lognormal(12, 1), n_months - 3 if place == 0 else n_months
        for month, day in enumerate(days):
            rows.append(
                {
                    "customer_id": f"C{place:02d}",
                    "review_date": day,
                    "currency_code": None,
                    "segment_code": "defaulted" if month >= fallen else "reliable",
                    "is_in_default": month >= fallen,
                    "pd_12m": 1.0 if month >= fallen else None if place == 1 else float(rng.beta(1, 30)),
                    "sales_amount_12m": 0.0 if place == 2 else float(size * rng.uniform(0.7, 1.3)),
                    "net_worth_amount": float(rng.lognormal(13, 1)),
                    "guarantee_amount": 10_000.0 if place == 3 else 0.0,
                    "internal_limit_amount": None if place == 4 else 20_000.0,
                    "seller_sales_amount_12m": 5_000_000.0,
                    "sector_code": ["retail", "building", None][place % 3],
                    "group_id": "G" if place in (5, 6) else f"C{place:02d}",
                }
                | given
            )
    return reviewed_rows(rows, POLICY)


def today(rows):
    return rows[rows["review_date"] == rows["review_date"].max()].reset_index(drop=True)


def test_who_is_asked_about_and_with_which_numbers():
    rows = reviewed_rows(
        [
            SOUND | {"customer_id": "sound", "peak_ratio": 2.0, "net_worth_amount": 200_000.0},
            SOUND | {"customer_id": "secured", "guarantee_amount": 15_000.0},
            SOUND | {"customer_id": "covered", "guarantee_amount": 900_000.0},
            SOUND | {"customer_id": "unrated", "pd_12m": None, "grade_code": None},
            SOUND | {"customer_id": "silent", "sales_amount_12m": 0.0},
            SOUND | {"customer_id": "fallen", "segment_code": "defaulted", "is_in_default": True, "pd_12m": 1.0},
            SOUND | {"customer_id": "insolvent", "segment_code": "defaulted", "is_in_proceedings": True},
        ],
        POLICY,
    )
    found = optimiser_customers(rows, POLICY).set_index("customer_id")
    assert list(found.index) == ["secured", "sound"]
    assert found.loc["sound", "need_amount"] == pytest.approx(80_000), "365,000 / 365 x 40 days x peak 2"
    assert found.loc["sound", "cap_amount"] == pytest.approx(30_000), "15 % of 200,000, below the own-risk cap"
    assert found.loc["sound", "usage_ratio"] == pytest.approx(0.5)
    assert found.loc["sound", "sales_amount_12m"] == pytest.approx(365_000 / 1.2), "net of tax"
    assert found.loc["secured", "need_amount"] == pytest.approx(25_000)
    assert found.loc["secured", "current_limit_amount"] == pytest.approx(30_000)


def test_budgets_are_the_appetite_of_the_policy_times_own_sales():
    appetite = {
        "expected_loss_ratio": 0.004,
        "shortfall_ratio": 0.03,
        "confidence_ratio": 0.99,
        "group_share_ratio": 0.08,
        "sector_share_ratio": 0.4,
        "country_share_ratio": 0.25,
    }
    policy = policy_of({"appetite": appetite, "new_customers": {"opening_limit_amount": 3_000}})
    rows = reviewed_rows([{"seller_sales_amount_12m": 2_000_000.0}], policy)
    found = appetite_budgets(rows, policy, step_ratio=0.25)
    assert found.expected_loss_amount == pytest.approx(8_000)
    assert found.shortfall_amount == pytest.approx(60_000)
    assert (found.confidence_ratio, found.step_ratio, found.step_min_amount) == (0.99, 0.25, 3_000)
    assert found.concentrations == (
        Concentration("group", amount=160_000.0),
        Concentration("sector", share_ratio=0.4),
        Concentration("country", share_ratio=0.25, exempt=("FR",)),
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_optimum_of_today_stays_within_the_bounds_of_each_customer_and_the_budgets(seed):
    rows = today(book(n_months=4, seed=seed))
    made = optimum_tables(rows, POLICY, SETTINGS)
    for table in OPTIMISER_TABLES:
        check(made[table.name], table)
    limits = made["optimised_limits"].set_index("customer_id")
    assert not set(limits.index) & {"C00", "C01", "C02"}, "in default, without PD, without sales"
    asked = optimiser_customers(rows, POLICY).set_index("customer_id").loc[limits.index]
    assert (limits["optimised_amount"] <= asked[["need_amount", "cap_amount"]].min(axis=1) + 1e-6).all()
    assert (limits["optimised_amount"] >= 0).all()
    assert limits["optimised_amount"].sum() > 0
    if made["optimiser_conflicts"].empty:
        budgets = made["optimiser_budgets"]
        assert (budgets["used_amount"] <= budgets["allowed_amount"] * (1 + 1e-6) + 1e-3).all()


@pytest.mark.parametrize("gone", ["pd_12m", "sales_amount_12m"])
def test_a_day_with_nobody_to_ask_about_has_no_optimum(gone):
    rows = today(book(n_months=1, **{gone: None if gone == "pd_12m" else 0.0}))
    made = optimum_tables(rows, POLICY, SETTINGS)
    for table in OPTIMISER_TABLES:
        check(made[table.name], table)
    assert made["optimised_limits"].empty
    assert made["optimiser_conflicts"].empty
    none = optimum_tables(rows.iloc[:0], POLICY, SETTINGS)
    assert none["optimised_limits"].empty


@pytest.fixture(scope="module")
def rows():
    return book()


@pytest.fixture(scope="module")
def path(rows):
    return optimised_path(rows, POLICY, SETTINGS)


def test_an_optimum_every_third_month_but_the_last_day(rows, path):
    days = sorted(rows["review_date"].unique())[:-1]
    assert sorted(path["review_date"].unique()) == days[::REVIEW_MONTHS]
    assert not path.duplicated(KEYS).any()


def test_nobody_in_default_or_without_pd_or_need(rows, path):
    found = path.merge(rows, on=KEYS, validate="one_to_one")
    assert len(found) == len(path)
    assert not found["is_in_default"].any()
    assert found["pd_12m"].between(0, 1, inclusive="left").all()
    assert set(found["customer_id"]).isdisjoint({"C01", "C02"})
    last = found["review_date"].max()
    assert "C00" in set(found.loc[found["review_date"] < last, "customer_id"]), "its default came later"
    assert "C00" not in set(found.loc[found["review_date"] == last, "customer_id"])


def test_limits_within_need_capacity_and_cap(rows, path):
    for day, part in path.groupby("review_date"):
        asked = optimiser_customers(rows[rows["review_date"] == day].reset_index(drop=True), POLICY)
        most = asked.set_index("customer_id")[["need_amount", "cap_amount"]].min(axis=1)
        limit = part.set_index("customer_id")["limit_amount"]
        assert (limit >= 0).all()
        assert (limit <= most.reindex(limit.index) + 1e-6).all()
        four = rows[rows["review_date"] == day].set_index("customer_id")[BOUNDS].min(axis=1)
        assert (limit <= four.reindex(limit.index) + 1e-6).all(), "at a need factor of 1 the proposal's own numbers"


def test_each_optimum_moves_from_the_one_before(rows, path):
    step, least = SETTINGS.step_ratio, POLICY.new_customers.opening_limit_amount
    days = sorted(path["review_date"].unique())
    before = rows[rows["review_date"] == days[0]].set_index("customer_id")["internal_limit_amount"]
    for day in days:
        limit = path[path["review_date"] == day].set_index("customer_id")["limit_amount"]
        start = before.reindex(limit.index)
        most = start + np.maximum(step * start, least)
        assert (limit <= most.fillna(np.inf) + 1e-6).all()
        before = limit.combine_first(rows[rows["review_date"] == day].set_index("customer_id")["internal_limit_amount"])


def test_rows_of_later_days_change_no_earlier_optimum(rows, path):
    days = sorted(rows["review_date"].unique())
    for until in (4, 6):
        past = rows[rows["review_date"] <= days[until]].reset_index(drop=True)
        found = optimised_path(past, POLICY, SETTINGS)
        expected = path[path["review_date"] < days[until]].reset_index(drop=True)
        assert_frame_equal(found, expected)
    changed = rows.assign(pd_12m=rows["pd_12m"].mask(rows["review_date"] == days[-1], 0.4))
    assert_frame_equal(optimised_path(changed, POLICY, SETTINGS), path)


def test_the_order_of_rows_does_not_matter(rows, path):
    mixed = rows.sample(frac=1, random_state=np.random.default_rng(3)).reset_index(drop=True)
    assert_frame_equal(optimised_path(mixed, POLICY, SETTINGS), path)


def test_without_a_pd_there_is_no_optimum():
    assert optimised_path(book(n_months=4, pd_12m=None), POLICY, SETTINGS) is None
    assert optimised_path(book(n_months=1), POLICY, SETTINGS) is None
