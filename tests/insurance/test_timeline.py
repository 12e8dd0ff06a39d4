"""Timeline of claims: worked cases, what is not known yet, claims of other policies."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import conform
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.timeline import STEPS, claim_timeline
from riskresearch.ledger.knowledge import EVENTS_TABLE, INSURER_CLAIMS, LIMITS
from riskresearch.ledger.movements import cut_ledger
from riskresearch.ledger.synthetic import synthetic_ledger

POLICIES = Path(__file__).parents[2] / "config" / "policies"
CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "insurance" / "timeline.yaml").read_text("utf-8"))
TERMS = [
    {"kind": "declaration", "overdue_days": 60, "claim_days": 180},
    {"kind": "stop_shipment", "extension_days": 30},
    {"kind": "waiting_period", "insolvency_days": 30, "protracted_default_days": 150, "political_days": 180},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "threshold", "amount": 50.0},
]
SHORT = {
    "due": "due_date", "declared": "declared_date", "filed": "filed_date", "lost": "loss_date", "event": "event_code",
    "claimed": "claimed_minor", "decided": "decided_date", "rejection": "rejection_code", "paid_on": "paid_date",
    "paid": "paid_minor", "recovered_on": "recovered_date", "recovered": "recovered_minor",
}  # fmt: skip


@pytest.fixture
def policy(make_policy: Callable[..., Policy]) -> Policy:
    return make_policy(TERMS)


def claim_row(claim: Mapping[str, Any], **others: object) -> dict[str, object]:
    row = {SHORT[name]: value for name, value in claim.items()}
    row |= {name: round(float(row[name]) * 100) for name in row if name.endswith("_minor")}
    row |= {name: Timestamp(row[name]) for name in row if name.endswith("_date")}
    return {"claim_id": "S1", "customer_id": "C", "recorded_date": row["declared_date"], **row, **others}


def book(case: Mapping[str, Any], **others: object) -> dict[str, DataFrame]:
    due = Timestamp(case["claim"]["due"] if "claim" in case else case["due"]).as_unit("us")
    issued = due - pd.Timedelta(days=30)
    claims = [claim_row(case["claim"], **others)] if "claim" in case else []
    limit = {
        "limit_id": "L", "customer_id": "C", "limit_kind_code": "insurer", "start_date": Timestamp("2020-01-01"),
        "recorded_date": Timestamp("2020-01-01"), "base_minor": 50_000,
    }  # fmt: skip
    return {
        "open_invoices": DataFrame(
            {"customer_id": ["C"], "invoice_id": ["I"], "item_id": ["I"], "invoice_date": [issued], "due_date": [due],
             "open_amount": [float(case["open"])], "is_disputed": [False]}
        ),
        "invoices": DataFrame({"invoice_id": ["I"], "delivery_date": [issued], "gross_minor": [1], "net_minor": [1]}),
        "customers": DataFrame({"customer_id": ["C"], "customer_type_code": ["b2b"], "country_code": ["FR"]}),
        "limits": conform(DataFrame([limit]), LIMITS),
        "events": conform(DataFrame(columns=EVENTS_TABLE.names), EVENTS_TABLE),
        "insurer_claims": conform(DataFrame(claims, columns=INSURER_CLAIMS.names), INSURER_CLAIMS),
    }  # fmt: skip


def shown(day: object) -> str:
    return "-" if pd.isna(day) else str(day)[:10]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_cases(case: Mapping[str, Any], policy: Policy) -> None:
    made = claim_timeline(book(case), policy, as_of=Timestamp(case["as_of"])).set_index("step_code")
    assert list(made.index) == (list(STEPS) if case["steps"] else [])
    for step, (planned, actual, status, late) in case["steps"].items():
        row = made.loc[step]
        found = [shown(row["planned_date"]), shown(row["actual_date"]), row["status_code"]]
        assert found == [str(planned), str(actual), status], step
        assert (None if pd.isna(row["late_days"]) else row["late_days"]) == late, step
    for step, amount in case.get("amounts", {}).items():
        found = made.loc[step, "amount"]
        assert pd.isna(found) if amount is None else found == pytest.approx(amount), step
    assert (made["is_declared"] == ("claim" in case)).all()


def test_a_claim_recorded_later_or_on_another_policy_is_left_out(policy: Policy) -> None:
    case, day = CASES[0], Timestamp("2026-12-31")
    later = book(case, recorded_date=Timestamp("2027-01-01"))
    other = book(case, policy_id="another")
    assert set(claim_timeline(later, policy, as_of=day)["claim_id"]) == {"C/next"}
    assert claim_timeline(other, policy, as_of=day).empty
    same = claim_timeline(book(case, policy_id="quote"), policy, as_of=day)
    assert set(same["claim_id"]) == {"S1"}


def test_an_account_whose_claim_was_decided_and_that_owes_anew_comes_next(policy: Policy) -> None:
    tables = book(CASES[0])
    again = tables["open_invoices"].assign(
        invoice_id="J", item_id="J", due_date=Timestamp("2026-10-01").as_unit("us"),
        invoice_date=Timestamp("2026-01-20").as_unit("us"),
    )  # fmt: skip
    tables["open_invoices"] = pd.concat([tables["open_invoices"], again], ignore_index=True)
    tables["invoices"] = pd.concat([tables["invoices"], tables["invoices"].assign(invoice_id="J")], ignore_index=True)
    made = claim_timeline(tables, policy, as_of=Timestamp("2026-12-31"))
    assert made.groupby("claim_id").size().to_dict() == {"C/next": len(STEPS), "S1": len(STEPS)}
    assert made.set_index(["claim_id", "step_code"]).loc[("C/next", "declaration"), "planned_date"] == Timestamp(
        "2026-11-30"
    )


def test_a_policy_without_deadlines_leaves_the_dates_open(make_policy: Callable[..., Policy]) -> None:
    bare = make_policy([{"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6}])
    made = claim_timeline(book(CASES[1]), bare, as_of=Timestamp("2026-05-31")).set_index("step_code")
    assert made.loc[["stop_of_deliveries", "decision", "indemnity"], "planned_date"].isna().all()
    assert made.loc["declaration", "status_code"] == "done"
    assert made.loc["indemnity", "status_code"] == "open"
    assert made.loc["indemnity", "amount"] == pytest.approx(360)


def test_no_claim_and_nothing_overdue_gives_an_empty_table(policy: Policy) -> None:
    assert claim_timeline(book(CASES[-1]), policy, as_of=Timestamp("2026-01-01")).empty


def open_items(tables: Mapping[str, DataFrame], day: Timestamp) -> DataFrame:
    """Open invoices of a cut ledger, run currency, as the table of the behaviour stage."""
    settled = tables["allocations"].groupby("invoice_id")["base_minor"].sum()
    invoices = tables["invoices"]
    left = invoices["base_minor"] - invoices["invoice_id"].map(settled).fillna(0)
    disputes = tables["disputes"]
    held = disputes.loc[~(disputes["closed_date"] <= day), "invoice_id"]
    items = invoices[["customer_id", "invoice_id", "invoice_date", "due_date"]].assign(
        item_id=invoices["invoice_id"], open_amount=left / 100, is_disputed=invoices["invoice_id"].isin(held)
    )
    return items[left > 0]


def test_past_claims_of_the_generated_ledger_are_settled_by_the_policy_as_by_its_insurer() -> None:
    """On the eve of a decision the indemnity awaited, by the policy's own terms, is the one that was paid."""
    ledger = synthetic_ledger(n_customers=400, n_months=48, seed=6, default_rate_ratio=0.2, invoices_per_month=1.0)[0]
    plain = yaml.safe_load((POLICIES / "whole_turnover.yaml").read_text("utf-8"))
    left_out = ("stop_shipment", "credit_period")  # the insurer of the generated ledger does not look at them
    plain["terms"] = [term for term in plain["terms"] if term["kind"] not in left_out]
    policy = policy_from_mapping(plain, where="whole_turnover")
    acts, paid = ledger["allocations"], ledger["insurer_claims"].dropna(subset=["paid_date"])
    compared = 0
    for claim in paid.iloc[::3].itertuples():
        eve = claim.decided_date - pd.Timedelta(days=1)
        own = acts[acts["customer_id"] == claim.customer_id]
        if own["recorded_date"].between(claim.filed_date, eve).any() or not pd.isna(claim.rejection_code):
            continue  # money that came meanwhile is the customer's to place, the insurer's oldest first
        tables = {
            name: frame[frame["customer_id"] == claim.customer_id] if "customer_id" in frame else frame
            for name, frame in ledger.tables.items()
        }
        tables = cut_ledger(replace(ledger, tables=tables), as_of=eve)
        made = claim_timeline(tables | {"open_invoices": open_items(tables, eve)}, policy, as_of=eve)
        rows = made[made["claim_id"] == claim.claim_id].set_index("step_code")
        assert rows.loc["indemnity", "status_code"] in ("expected", "overdue")
        assert rows.loc["indemnity", "amount"] == pytest.approx(claim.paid_minor / 100, abs=0.011), claim.claim_id
        compared += 1
    assert compared >= 6
