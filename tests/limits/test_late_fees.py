"""Late fees: worked cases, and what holds for every book."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limits.credit_policies import policy_with
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal, assert_series_equal

from riskresearch.base.schema import check
from riskresearch.limits.late_fees import FEE_RULES, LATE_FEES, late_fees, late_fees_by_customer

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "limits" / "late_fees.yaml").read_text(encoding="utf-8"))
COLUMNS = {"rule": "fee_rule_code", "days": "days_past_due", "interest": "interest_amount", "fee": "fixed_fee_amount"}


def _tables(items, as_of):
    """Open items, each of a customer of its own unless named."""
    rows = [{"customer": f"C{n}", "country": "FR", "type": "b2b", **item} for n, item in enumerate(items)]
    due = pd.to_datetime(pd.Series([row.get("due") for row in rows], dtype="object")).astype("datetime64[us]")
    open_invoices = DataFrame(
        {
            "customer_id": [row["customer"] for row in rows],
            "invoice_id": [row["id"].split("#")[0] for row in rows],
            "item_id": [row["id"] for row in rows],
            "due_date": due,
            "days_past_due": (as_of - due).dt.days.astype("Int64"),
            "open_amount": [float(row["amount"]) for row in rows],
            "is_disputed": [row.get("disputed", False) for row in rows],
        }
    )
    customers = DataFrame(
        [
            {"customer_id": row["customer"], "country_code": row["country"], "customer_type_code": row["type"]}
            for row in rows
        ]
    ).astype("str")
    return open_invoices, customers.drop_duplicates("customer_id")


def _random(seed, n_items=60):
    rng = np.random.default_rng(seed)
    pick = lambda values: values[rng.integers(len(values))]  # noqa: E731
    items = [
        {
            "id": f"I{n // 2:02d}#{n % 2}",
            "customer": f"C{n // 2 % 9}",
            "country": ("FR", "DE", "US", None)[n // 2 % 9 % 4],
            "type": ("b2b", "public", "private")[n // 2 % 9 % 3],
            "due": pick((None, "2025-03-01", "2025-11-16", "2025-12-31", "2026-02-01")),
            "amount": round(float(rng.uniform(-500, 20_000)), 2),
            "disputed": bool(rng.random() < 0.2),
        }
        for n in range(n_items)
    ]
    return _tables(items, Timestamp("2025-12-31"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_worked_cases(case):
    as_of = Timestamp(str(case.get("as_of", "2025-12-31")))
    given = {"reference": case["reference"]} if "reference" in case else {}
    made = late_fees(
        *_tables(case["items"], as_of), policy_with(countries=case.get("countries", [])), as_of=as_of, **given
    )
    found = check(made, LATE_FEES).set_index("item_id")
    assert set(found.index) == set(case["expected"])
    for item, expected in case["expected"].items():
        for name, value in expected.items():
            got = found.loc[item, COLUMNS[name]]
            if value is None:
                assert pd.isna(got), name
            elif isinstance(value, str):
                assert got == value, name
            else:
                assert got == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("seed", range(5))
def test_each_overdue_item_once_in_any_order_and_one_fixed_sum_per_invoice(seed):
    as_of, policy = Timestamp("2025-12-31"), policy_with()
    items, customers = _random(seed)
    fees = check(late_fees(items, customers, policy, as_of=as_of), LATE_FEES)
    assert set(fees["item_id"]) == set(items.loc[items["due_date"] < as_of, "item_id"])
    mixed = late_fees(items.sample(frac=1, random_state=seed), customers[::-1], policy, as_of=as_of)
    assert_frame_equal(check(mixed, LATE_FEES), fees, check_exact=True)
    owed = fees[fees["fee_rule_code"].isin(["french_law", "french_public_buyer", "eu_directive"])]
    assert (owed.groupby("invoice_id")["fixed_fee_amount"].sum() == 40).all()
    assert set(fees["fee_rule_code"]) <= set(FEE_RULES)
    by_customer = late_fees_by_customer(fees).set_index("customer_id")
    assert by_customer["n_items"].sum() == len(fees)
    total = by_customer["interest_amount"].sum() + by_customer["fixed_fee_amount"].sum()
    assert by_customer["late_fee_amount"].sum() == pytest.approx(total)
    assert total == pytest.approx(fees["interest_amount"].sum() + fees["fixed_fee_amount"].sum())


def test_interest_grows_with_days_and_in_proportion_to_the_amount():
    as_of = Timestamp("2025-12-31")
    items = [{"id": f"I{n:03d}", "due": as_of - pd.Timedelta(days=n), "amount": 1000} for n in range(1, 400, 7)]
    fees = check(late_fees(*_tables(items, as_of), policy_with(), as_of=as_of), LATE_FEES)
    assert fees.sort_values("days_past_due")["interest_amount"].is_monotonic_increasing
    tenfold = [{**item, "amount": 10_000} for item in items]
    more = check(late_fees(*_tables(tenfold, as_of), policy_with(), as_of=as_of), LATE_FEES)
    assert_series_equal(more["interest_amount"], fees["interest_amount"] * 10, rtol=1e-12)


def test_an_interest_that_is_not_known_is_not_known_for_the_customer():
    as_of = Timestamp("2026-07-10")
    items = [
        {"id": "I1", "customer": "C1", "due": "2026-06-20", "amount": 1000},
        {"id": "I2", "customer": "C1", "due": "2026-06-25", "amount": 1000},
        {"id": "I3", "customer": "C2", "due": "2026-06-20", "amount": 1000, "country": "US"},
    ]
    made = late_fees_by_customer(late_fees(*_tables(items, as_of), policy_with(), as_of=as_of))
    assert made["customer_id"].tolist() == ["C2", "C1"]
    assert made["late_fee_amount"].isna().tolist() == [False, True]
    assert made["fixed_fee_amount"].tolist() == [0, 80]


def test_nothing_overdue_gives_an_empty_table():
    as_of = Timestamp("2025-12-31")
    items, customers = _tables([{"id": "I1", "due": "2026-01-31", "amount": 1000}], as_of)
    assert check(late_fees(items, customers, policy_with(), as_of=as_of), LATE_FEES).empty
