"""Onboarding gate: worked cases, as-of correctness, settings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from model.accounts_cases import tables_of
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.knowledge import EVENTS_TABLE, FINANCIALS
from riskresearch.model.expert.gate import GATE_REASONS, GATES, GateSettings, gate

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "gate.yaml").read_text(encoding="utf-8"))


def found_of(tables, as_of, *, default_rated=(), **changes):
    made = gate(tables, GateSettings(**changes), as_of=Timestamp(as_of), default_rated=default_rated)
    return check(made, GATES).set_index("customer_id")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    found = found_of(tables_of(case), case["as_of"])
    assert found.index.tolist() == ["C0", "C1"]
    names = {"gate": "gate_code", "reason": "gate_reason_code"} | {
        name: f"{name}_check_code" for name in ("accounts", "debt", "proceedings")
    }
    for name, expected in case["expected"].items():
        assert found.loc["C1", names[name]] == expected, name


def random_tables(seed, n=150):
    """Accounts and events of many customers, some recorded or published long after."""
    rng = np.random.default_rng(seed)

    def days(size):
        return pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 1500, size), unit="D")

    who = np.array([f"C{k:03}" for k in range(n)])
    codes = ["insolvency", "insolvency_closed", "litigation", "bank_change", "write_off"]
    heard = DataFrame({"customer_id": rng.choice(who, n), "event_code": rng.choice(codes, n), "event_date": days(n)})
    recorded = heard["event_date"] + pd.to_timedelta(rng.integers(0, 60, n), unit="D")
    closed = DataFrame({"customer_id": rng.choice(who, 2 * n), "period_end_date": days(2 * n)}).drop_duplicates()
    m = len(closed)
    filed = closed.assign(
        published_date=closed["period_end_date"] + pd.to_timedelta(rng.integers(60, 400, m), unit="D"),
        net_worth_minor=Series(rng.integers(-30, 50, m), closed.index, dtype="Int64").mask(rng.random(m) < 0.1),
        debt_minor=rng.integers(0, 90, m),
    )
    return {
        "customers": DataFrame({"customer_id": who}),
        "events": check(heard.assign(event_id=np.arange(n).astype(str), recorded_date=recorded), EVENTS_TABLE),
        "financials": check(filed, FINANCIALS),
    }


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("as_of", ["2022-01-01", "2023-06-30", "2024-12-31", "2026-12-31"])
def test_what_becomes_known_later_changes_nothing(seed, as_of):
    whole, day = random_tables(seed), Timestamp(as_of)
    heard, filed = whole["events"], whole["financials"]
    cut = whole | {
        "events": heard[heard[["event_date", "recorded_date"]].max(axis=1) <= day],
        "financials": filed[filed["published_date"] <= day],
    }
    found = found_of(whole, as_of)
    assert found.equals(found_of(cut, as_of))
    assert len(found) == len(whole["customers"])


def test_the_gate_is_as_bad_as_its_worst_check():
    days, rated = ("2022-02-28", "2023-12-31", "2025-06-30"), ["C007", "C011"]
    found = pd.concat([found_of(random_tables(seed=3), day, default_rated=rated) for day in days])
    assert (found.loc[rated, ["gate_code", "proceedings_check_code"]] == "fail").all(axis=None)
    checks = found[["accounts_check_code", "debt_check_code", "proceedings_check_code"]]
    order = {"pass": 0, "unknown": 1, "fail": 2}
    assert checks.map(order.get).max(axis=1).equals(found["gate_code"].map(order))
    assert (found["gate_code"] == "pass").equals(found["gate_reason_code"] == "all_checks_passed")
    assert set(found["gate_reason_code"]) == set(GATE_REASONS) - {"no_events"}


def test_a_stricter_gate_never_lets_more_customers_pass():
    filed = [{"closed": "2024-12-31", "published": "2025-06-30", "revenue": 1000, "net_worth": 500, "debt": 500}]
    tables = tables_of({"accounts": filed})
    assert found_of(tables, "2025-12-31").loc["C1", "gate_code"] == "pass"
    assert found_of(tables, "2025-12-31", gate_max_debt_ratio=0.49).loc["C1", "gate_reason_code"] == "debt_too_high"
    younger = found_of(tables, "2025-12-31", gate_accounts_max_age_months=11)
    assert younger.loc["C1", "gate_reason_code"] == "accounts_too_old"


def test_an_event_the_ledger_does_not_know_is_refused():
    with pytest.raises(SettingsError, match="bankruptcy: no kind of event; allowed are insolvency"):
        validated(GateSettings, {"gate_event_codes": ["bankruptcy"]}, where="model")
