"""Calendar of declarations: worked cases, agreement with the dunning deadlines, sums that hold on any book."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.declarations import declaration_calendar, monitoring_cover
from riskresearch.insurance.open_cover import covered_items
from riskresearch.insurance.policy import Policy
from riskresearch.monitoring.deadlines import declaration
from riskresearch.monitoring.settings import DunningSettings

TODAY = Timestamp("2026-03-31")
CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "insurance" / "declarations.yaml").read_text(encoding="utf-8")
)
TERMS = {
    "declaration": {"overdue_days": 60, "claim_days": 180},
    "stop_shipment": {"extension_days": 30},
    "credit_period": {"maximum_days": 90},
    "insured_percentage": {"named_ratio": 0.9, "discretionary_ratio": 0.6},
    "buyer_limit": {"discretionary_limit_amount": 1000.0},
}
EXPECTED = {
    "extension_end": "extension_end_date",
    "stop": "stop_shipment_date",
    "declare_by": "declare_by_date",
    "claim_by": "claim_by_date",
    "declared": "declared_date",
    "filed": "filed_date",
    "declaration": "declaration_status_code",
    "claim": "claim_status_code",
    "uncovered": "uncovered_code",
    "insured": "insured_amount",
    "at_risk": "lapse_risk_amount",
}


def case_policy(make_policy: Callable[..., Policy], changed: list[dict[str, Any]]) -> Policy:
    terms = [{"kind": kind, **fields} for kind, fields in TERMS.items()]
    given = {term["kind"] for term in changed}
    return make_policy([term for term in terms if term["kind"] not in given] + changed)


def dated(frame: DataFrame, *names: str) -> DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in names})


def book(case: Mapping[str, Any]) -> dict[str, DataFrame]:
    """Tables of one customer C of a worked case."""
    items = DataFrame(
        [(f"I{n}", day, due, amount, bool(rest)) for n, (day, due, amount, *rest) in enumerate(case["items"])],
        columns=["item_id", "delivery_date", "due_date", "open_amount", "is_disputed"],
    ).astype({"open_amount": "float64", "is_disputed": "boolean"})
    items = dated(items, "delivery_date", "due_date").assign(customer_id="C", invoice_id=items["item_id"])
    for n, expected in enumerate(case["expected"] if len(case["expected"]) == len(items) else ()):
        if "delivered" in expected:
            items.loc[n, "delivery_date"] = Timestamp(expected["delivered"])
    items["invoice_date"] = items["delivery_date"]
    gross = (items["open_amount"] * 100).astype("int64")
    invoices = items[["invoice_id", "delivery_date"]].assign(
        gross_minor=gross, net_minor=(gross / (1 + case.get("vat", 0))).round().astype("int64")
    )
    limits = DataFrame(
        [(f"L{n}", "C", "insurer", start, rest[0] if rest else start, round(amount * 100))
         for n, (start, amount, *rest) in enumerate(case.get("limits", ()))],
        columns=["limit_id", "customer_id", "limit_kind_code", "start_date", "recorded_date", "base_minor"],
    )  # fmt: skip
    limits = dated(limits, "start_date", "recorded_date").assign(end_date=pd.NaT, requested_minor=limits["base_minor"])
    names = ["declared", "recorded", "filed", "decided"]
    told = [{"recorded": claim["declared"], **claim} for claim in case.get("claims", ())]
    claims = DataFrame(told, columns=names)
    claims = dated(claims.rename(columns=lambda name: f"{name}_date"), *(f"{name}_date" for name in names))
    events = DataFrame({"event_date": case.get("events", [])}).assign(customer_id="C", event_code="insurer_claim")
    events = dated(events.assign(recorded_date=events["event_date"]), "event_date", "recorded_date")
    return {
        "open_invoices": items.drop(columns="delivery_date"),
        "invoices": invoices,
        "limits": dated(limits, "end_date"),
        "customers": DataFrame(
            {
                "customer_id": ["C"],
                "customer_type_code": [case.get("customer_type", "b2b")],
                "country_code": [case.get("country", "FR")],
            }
        ),
        "events": events,
        "insurer_claims": claims.assign(customer_id="C"),
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_cases(case: Mapping[str, Any], make_policy: Callable[..., Policy]) -> None:
    policy = case_policy(make_policy, case.get("terms", []))
    made = declaration_calendar(book(case), policy, as_of=TODAY)
    assert len(made) == len(case["expected"])
    for row, expected in zip(made.to_dict("records"), case["expected"], strict=True):
        for key, value in expected.items():
            if key == "delivered":
                continue
            found = row[EXPECTED[key]]
            if isinstance(value, int | float):
                assert found == pytest.approx(value), key
            else:
                assert str(found)[:10] == str(value) if "date" in EXPECTED[key] else found == value, key
        if "uncovered" not in expected and "insured" in expected:
            assert pd.isna(row["uncovered_code"])


def random_book(rng: np.random.Generator, n: int = 150) -> dict[str, DataFrame]:
    customers = [f"C{k}" for k in range(8)]
    day = lambda low, high, size: TODAY + pd.to_timedelta(rng.integers(low, high, size), unit="D")  # noqa: E731
    items = DataFrame({"customer_id": rng.choice(customers, n), "invoice_date": day(-260, 0, n)})
    items["due_date"] = items["invoice_date"] + pd.to_timedelta(rng.choice([0, 30, 60, 100], n), unit="D")
    items["open_amount"] = rng.integers(1, 2000, n).astype(float)
    items["is_disputed"] = pd.Series(rng.random(n) < 0.1, dtype="boolean")
    items["invoice_id"] = items["item_id"] = [f"I{k:03d}" for k in range(n)]
    limits = DataFrame({"customer_id": rng.choice(customers[:6], 20), "start_date": day(-400, 10, 20)})
    limits = limits.assign(
        limit_id=[f"L{k}" for k in range(20)], limit_kind_code="insurer", end_date=pd.NaT,
        recorded_date=limits["start_date"], base_minor=rng.integers(0, 4, 20) * 100_000, requested_minor=300_000,
    )  # fmt: skip
    events = DataFrame({"customer_id": rng.choice(customers, 6), "event_date": day(-200, 5, 6)})
    events = events.assign(event_code="insurer_claim", recorded_date=events["event_date"])
    return {
        "open_invoices": dated(items, "invoice_date", "due_date"),
        "invoices": items[["invoice_id"]].assign(
            delivery_date=pd.Series(pd.NaT, index=items.index, dtype="datetime64[us]"), gross_minor=120, net_minor=100
        ),
        "limits": dated(limits, "start_date", "end_date", "recorded_date"),
        "customers": DataFrame({"customer_id": customers, "customer_type_code": "b2b", "country_code": "FR"}),
        "events": dated(events, "event_date", "recorded_date"),
    }


@pytest.mark.parametrize("seed", range(6))
def test_dates_and_statuses_agree_with_the_dunning_deadlines(seed: int, make_policy: Callable[..., Policy]) -> None:
    tables, policy = random_book(np.random.default_rng(seed)), case_policy(make_policy, [])
    calendar = declaration_calendar(tables, policy, as_of=TODAY).sort_values("item_id", ignore_index=True)
    tables["cover"] = monitoring_cover(calendar, policy)
    dunning = DunningSettings(declare_overdue_days=45)
    items = tables["open_invoices"][tables["open_invoices"]["item_id"].isin(calendar["item_id"])]
    items = items.sort_values("item_id", ignore_index=True)
    theirs = declaration(items, tables, dunning, as_of=TODAY)
    ours = calendar["declare_by_date"].to_numpy().astype("datetime64[D]").astype("int64")
    assert ours.tolist() == theirs.by.tolist()
    assert calendar["declaration_status_code"].str.removesuffix("_late").tolist() == theirs.status.tolist()
    assert {"planned", "due", "missed", "declared"} <= set(theirs.status)
    others = tables["open_invoices"][~tables["open_invoices"]["item_id"].isin(calendar["item_id"])]
    untouched = declaration(others.reset_index(drop=True), tables, dunning, as_of=TODAY)
    assert set(untouched.status) <= {"none"}


@pytest.mark.parametrize("seed", range(6))
def test_the_insured_amount_of_a_customer_is_the_share_of_its_limit_at_most(
    seed: int, make_policy: Callable[..., Policy]
) -> None:
    tables = random_book(np.random.default_rng(seed))
    tables["limits"]["base_minor"] = 150_000  # the same limit always: the sum is share x min(eligible debt, limit)
    made = declaration_calendar(tables, case_policy(make_policy, []), as_of=TODAY)
    assert (made["insured_amount"] <= 0.9 * made["open_amount"] + 1e-9).all()
    assert (made["insured_amount"] >= 0).all()
    assert (made["lapse_risk_amount"] <= made["insured_amount"]).all()
    excluded = made["uncovered_code"].isin(["disputed", "over_credit_period", "after_stop_shipment"])
    debt = made["open_amount"].mask(excluded, 0.0).groupby(made["customer_id"]).sum()
    first = tables["limits"].groupby("customer_id")["start_date"].min()
    items = tables["open_invoices"].groupby("customer_id")["invoice_date"].min()
    always = [customer for customer in debt.index if customer in first.index and first[customer] <= items[customer]]
    insured = made.groupby("customer_id")["insured_amount"].sum()
    assert insured[always].tolist() == pytest.approx((0.9 * debt[always].clip(upper=1500)).tolist())
    assert always


def test_order_of_rows_and_later_knowledge_change_nothing(make_policy: Callable[..., Policy]) -> None:
    tables, policy = random_book(np.random.default_rng(3)), case_policy(make_policy, [])
    made = declaration_calendar(tables, policy, as_of=TODAY)
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in tables.items()}
    later = tables["events"].assign(recorded_date=TODAY + pd.Timedelta(days=1), event_date=TODAY)
    shuffled["events"] = pd.concat([shuffled["events"], later])
    pd.testing.assert_frame_equal(declaration_calendar(shuffled, policy, as_of=TODAY), made)


def test_a_policy_without_these_terms_has_no_deadline(make_policy: Callable[..., Policy]) -> None:
    tables = random_book(np.random.default_rng(1))
    made = declaration_calendar(tables, make_policy([{"kind": "buyer_limit", "discretionary_limit_amount": 100.0}]),
                                as_of=TODAY)  # fmt: skip
    assert set(made["declaration_status_code"]) == set(made["claim_status_code"]) == {"none"}
    assert made[["declare_by_date", "claim_by_date", "stop_shipment_date", "extension_end_date"]].isna().all(axis=None)
    assert made["lapse_risk_amount"].sum() == 0
    cover = monitoring_cover(made, make_policy([]))
    assert cover["declare_overdue_days"].isna().all()
    assert len(cover) == made["customer_id"].nunique()


def test_an_unjustified_discretionary_limit_covers_nothing(make_policy: Callable[..., Policy]) -> None:
    tables = book({"items": [["2026-02-01", "2026-03-03", 150]], "expected": []})
    policy = case_policy(make_policy, [])
    assert declaration_calendar(tables, policy, as_of=TODAY)["insured_amount"].tolist() == pytest.approx([90])
    tables["exposures"] = DataFrame({"customer_id": ["C"], "is_discretionary_justified": [False]})
    assert declaration_calendar(tables, policy, as_of=TODAY).empty


def test_limits_a_quote_offers_take_the_place_of_those_in_force(make_policy: Callable[..., Policy]) -> None:
    tables = book({"items": [["2026-02-01", "2026-03-03", 150]], "limits": [["2025-01-01", 20]], "expected": []})
    offered = {"kind": "buyer_limit", "discretionary_limit_amount": 0.0, "limit_amounts": {"C": 100.0}}
    made = declaration_calendar(tables, case_policy(make_policy, [offered]), as_of=TODAY)
    assert made["insured_amount"].tolist() == pytest.approx([90])


def test_no_open_item_gives_an_empty_calendar(make_policy: Callable[..., Policy]) -> None:
    tables = book({"items": [["2026-02-01", "2026-03-03", 150]], "expected": []})
    tables["open_invoices"] = tables["open_invoices"].iloc[:0]
    assert declaration_calendar(tables, case_policy(make_policy, []), as_of=TODAY).empty


def test_a_top_up_has_no_calendar_of_its_own(make_policy: Callable[..., Policy]) -> None:
    top_up = make_policy([], policy_id="second").model_copy(
        update={"kind": "top_up", "underlying_policy_id": "first", "terms": ()}
    )
    with pytest.raises(SettingsError, match="second: a top_up covers what exceeds the limits of first"):
        declaration_calendar(book(CASES[0]), top_up, as_of=TODAY)


amounts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(amounts, st.integers(0, 500))
def test_covered_debt_lies_between_the_limits(rows: list[tuple[int, int]], current: int) -> None:
    debts, limits = (np.array([float(row[k]) for row in rows]) for k in (0, 1))
    covered = covered_items(debts, limits, current_limit_amount=float(current))
    assert (covered >= 0).all()
    assert (covered <= debts + 1e-9).all()
    highest, total = max([current, *limits]), debts.sum()
    assert min(total, current) - 1e-9 <= covered.sum() <= min(total, highest) + 1e-9
    if len({current, *limits}) == 1:
        assert covered.sum() == pytest.approx(min(total, current))
    without = covered_items(debts, limits, current_limit_amount=float(current), is_run_off_covered=False)
    assert without.sum() <= covered.sum() + 1e-9
