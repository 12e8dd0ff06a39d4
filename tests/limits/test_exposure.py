"""Use of limits: worked cases, parts that add up, securities in force and known on the day."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_rows import input_rows
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.codes import GUARANTEES as LEDGER_GUARANTEES
from riskresearch.ledger.worked import worked_ledger
from riskresearch.limits.exposure import LIMIT_EXPOSURES, exposure, free_amount, limit_exposures
from riskresearch.limits.guarantees import guarantees_in_force, recognised_guarantees
from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping
from riskresearch.limits.policy.rule import GUARANTEES

ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "limits" / "exposure.yaml").read_text(encoding="utf-8"))
DAY = "2025-06-30"
POLICY_FILE = ROOT / "config" / "credit_policies" / "default.yaml"
SHORT = ("open", "unbilled", "ordered", "unapplied")


@pytest.fixture(scope="module")
def policy() -> CreditPolicy:
    return credit_policy_from_mapping(yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8")), where="default.yaml")


def securities(rows: list[dict[str, Any]]) -> DataFrame:
    return worked_ledger({"guarantees": rows})["guarantees"]


def inputs_of(row: dict[str, Any], guarantee_amount: float = 0.0) -> DataFrame:
    amounts = {f"{name}_amount": float(row.get(name, 0)) for name in SHORT}
    more = {"guarantee_amount": guarantee_amount, "insurer_limit_amount": row.get("insurer"), "review_date": DAY}
    return input_rows({**amounts, **more})


def recognised_on(rows: DataFrame, policy: CreditPolicy, day: str) -> float:
    return float(recognised_guarantees(rows, policy, days=[Timestamp(day)])["guarantee_amount"].sum())


@pytest.mark.parametrize("case", CASES["exposures"], ids=lambda case: case["name"])
def test_worked_exposures(case: dict[str, Any], policy: CreditPolicy) -> None:
    held = policy.model_copy(update={"count_orders": case.get("count_orders", True)})
    rows = securities(case["row"].get("guarantees", []))
    inputs = inputs_of(case["row"], recognised_on(rows, held, DAY))
    today = limit_exposures(inputs, rows, held, as_of=Timestamp(DAY))
    free = free_amount(pd.Series([float(case["limit"])]), exposure(inputs, held))
    found = {name: today.loc[0, f"{name}_amount"] for name in case["expected"] if name != "free"} | {"free": free[0]}
    assert found == case["expected"]


@pytest.mark.parametrize("case", CASES["recognised"], ids=lambda case: case["name"])
def test_securities_count_from_when_they_are_known_to_their_last_day(
    case: dict[str, Any], policy: CreditPolicy
) -> None:
    row = {key: case[key] for key in ("start", "end", "recorded") if key in case}
    rows = securities([{"code": case.get("code", "bank_guarantee"), "amount": 1000} | row])
    assert recognised_on(rows, policy, str(case["day"])) == case["expected"]


def test_ledger_and_policy_know_the_same_securities() -> None:
    assert LEDGER_GUARANTEES == GUARANTEES


def test_an_insured_limit_is_never_counted_twice_whatever_the_policy_says(policy: CreditPolicy) -> None:
    rules = tuple(rule.model_copy(update={"recognised_ratio": 1.0}) for rule in policy.guarantees)
    rows = securities([{"code": code, "amount": 100, "start": "2025-01-01"} for code in GUARANTEES])
    full = policy.model_copy(update={"guarantees": rules})
    assert recognised_on(rows, full, DAY) == 100 * (len(GUARANTEES) - 1)


def test_recognised_amounts_are_one_row_per_customer_and_day_and_do_not_depend_on_order(policy: CreditPolicy) -> None:
    rows = securities(
        [
            {
                "id": "G1",
                "customer": "B",
                "code": "bank_guarantee",
                "amount": 100,
                "start": "2025-01-01",
                "end": "2025-03-31",
            },
            {"id": "G2", "customer": "A", "code": "deposit", "amount": 10.5, "start": "2025-02-01"},
            {"id": "G3", "customer": "A", "code": "standby_letter", "amount": 7, "start": "2025-03-15"},
            {"id": "G4", "customer": "C", "code": "accepted_bill", "amount": 7, "start": "2025-01-01"},
        ]
    )
    days = [Timestamp(day) for day in ("2025-03-31", "2025-01-31", "2025-04-30", "2025-01-31")]
    found = recognised_guarantees(rows, policy, days=days)
    told = [(name, day.strftime("%m-%d"), amount) for name, day, amount in found.itertuples(index=False)]
    assert told == [
        ("A", "03-31", 17.5), ("A", "04-30", 17.5), ("B", "01-31", 100.0), ("B", "03-31", 100.0),
    ]  # fmt: skip
    pd.testing.assert_frame_equal(recognised_guarantees(rows[::-1], policy, days=days), found)
    live = guarantees_in_force(rows, days=[Timestamp("2025-03-31")])
    assert live["guarantee_id"].tolist() == ["G2", "G3", "G1", "G4"]
    assert live["amount"].tolist() == [10.5, 7.0, 100.0, 7.0]


def test_in_force_is_what_a_plain_look_at_each_day_finds() -> None:
    rng, base = np.random.default_rng(3), Timestamp("2025-01-01")
    start, recorded, length = (base + pd.to_timedelta(rng.integers(0, 40, 60), unit="D") for _ in range(3))
    end = Series(start + (length - base)).where(rng.random(60) < 0.7)
    rows = securities([{"id": f"G{n:02d}", "code": "deposit", "amount": 1, "start": "2025-01-01"} for n in range(60)])
    rows = rows.assign(start_date=start, recorded_date=recorded, end_date=end)
    days = [base + pd.Timedelta(days=int(shift)) for shift in (55, -1, 0, 12, 13, 39, 12, 90)]
    expected = {
        (day, row.guarantee_id)
        for row in rows.itertuples()
        for day in days
        if row.start_date <= day and row.recorded_date <= day and not row.end_date < day
    }
    live = guarantees_in_force(rows.sample(frac=1, random_state=1), days=days)
    assert list(zip(live["review_date"], live["guarantee_id"], strict=True)) == sorted(expected)
    assert len(expected) > 60


def test_none_delivered_gives_none(policy: CreditPolicy) -> None:
    none = securities([])
    assert recognised_guarantees(none, policy, days=[Timestamp(DAY)]).empty
    assert list(recognised_guarantees(none, policy, days=[Timestamp(DAY)])) == [
        "customer_id", "review_date", "guarantee_amount",
    ]  # fmt: skip
    today = limit_exposures(inputs_of({"open": 10}), none, policy, as_of=Timestamp(DAY))
    assert today["n_guarantees"].tolist() == [0]
    assert today["guarantee_codes"].isna().all()


def test_a_kind_the_policy_does_not_know_is_refused(policy: CreditPolicy) -> None:
    rows = securities([{"code": "deposit", "amount": 10, "start": "2025-01-01"}]).assign(guarantee_code="gold")
    with pytest.raises(
        LedgerError, match=r"guarantee_code: 1 rows \(gold\) are no kind of security .* allowed are ret"
    ):
        recognised_guarantees(rows, policy, days=[Timestamp(DAY)])


def test_table_of_today_tells_the_securities_of_each_customer(policy: CreditPolicy) -> None:
    rows = securities(
        [
            {"customer": "C1", "code": "documentary_credit", "amount": 30000, "start": "2025-01-01"},
            {"customer": "C1", "code": "retention_of_title", "amount": 9000, "start": "2025-01-01"},
            {
                "customer": "C1",
                "code": "documentary_credit",
                "amount": 5000,
                "start": "2025-01-01",
                "end": "2025-06-29",
            },
        ]
    )
    earlier = {"review_date": "2025-05-31", "open_amount": 1.0}
    inputs = input_rows(
        {"customer_id": "C1", "review_date": DAY, "open_amount": 50000.0, "guarantee_amount": 30000.0},
        {"customer_id": "C1", **earlier},
        {"customer_id": "C2", "review_date": DAY, "open_amount": 7000.0},
    )
    today = limit_exposures(inputs, rows, policy, as_of=Timestamp(DAY))
    assert list(today) == LIMIT_EXPOSURES.names
    assert today["customer_id"].tolist() == ["C1", "C2"]
    assert today["n_guarantees"].tolist() == [2, 0]
    assert today.loc[0, "guarantee_codes"] == "documentary_credit+retention_of_title"
    assert today["documentary_credit_amount"].tolist() == [30000.0, 0.0]
    assert today["unsecured_amount"].tolist() == [20000.0, 7000.0]


AMOUNT = st.integers(0, 10_000_000).map(lambda cents: cents / 100)
ROW = st.fixed_dictionaries(
    {f"{name}_amount": AMOUNT for name in (*SHORT, "guarantee")}
    | {"insurer_limit_amount": st.one_of(st.none(), AMOUNT)}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5), st.booleans())
def test_parts_add_up_and_none_is_negative(rows: list[dict[str, Any]], counts: bool) -> None:
    frame = DataFrame(rows).astype("float64")
    parts = exposure(frame, CreditPolicy.model_construct(count_orders=counts))
    covered = parts["secured_amount"] + parts["insured_amount"] + parts["uninsured_amount"]
    np.testing.assert_allclose(covered, parts["used_amount"], atol=1e-6)
    np.testing.assert_allclose(
        parts["insured_amount"] + parts["uninsured_amount"], parts["unsecured_amount"], atol=1e-6
    )
    assert (parts >= 0).all().all()
    assert (parts["secured_amount"] <= frame["guarantee_amount"]).all()
    assert (parts["insured_amount"] <= frame["insurer_limit_amount"].fillna(0)).all()
    assert (
        (parts["uninsured_amount"] == 0) | (parts["insured_amount"] == frame["insurer_limit_amount"].fillna(0))
    ).all()


@settings(max_examples=60, deadline=None)
@given(ROW, AMOUNT)
def test_more_security_leaves_less_unsecured_the_same_use_and_more_room(row: dict[str, Any], more: float) -> None:
    policy = CreditPolicy.model_construct(count_orders=True)
    frame = DataFrame([row]).astype("float64")
    before = exposure(frame, policy)
    after = exposure(frame.assign(guarantee_amount=frame["guarantee_amount"] + more), policy)
    assert after["used_amount"].equals(before["used_amount"])
    limit = pd.Series([10_000.0])
    assert (free_amount(limit, after) - free_amount(limit, before)).iloc[0] == pytest.approx(more, abs=1e-6)
    less = (before["unsecured_amount"] - after["unsecured_amount"]).iloc[0]
    assert less == pytest.approx(min(more, before["unsecured_amount"].iloc[0]), abs=1e-6)
    assert (after["uninsured_amount"] <= before["uninsured_amount"] + 1e-6).all()


def test_a_new_invoice_takes_its_amount_from_the_room_left(policy: CreditPolicy) -> None:
    limit = pd.Series([30_000.0, np.nan])
    frame = pd.concat([inputs_of({"open": 10_000}), inputs_of({"open": 10_000})], ignore_index=True)
    more = frame.assign(open_amount=frame["open_amount"] + 24_000)
    before, after = (free_amount(limit, exposure(rows, policy)) for rows in (frame, more))
    assert before.iloc[0] == 20_000
    assert after.iloc[0] == -4_000
    assert before.isna().tolist() == after.isna().tolist() == [False, True]


def test_rows_keep_their_index_and_each_row_is_judged_alone(policy: CreditPolicy) -> None:
    frame = pd.concat([inputs_of({"open": 10}), inputs_of({"open": 20, "insurer": 5})])
    frame.index = pd.Index([7, 3])
    parts = exposure(frame, policy)
    assert parts.index.tolist() == [7, 3]
    pd.testing.assert_frame_equal(parts.loc[[3]], exposure(frame.loc[[3]], policy))
