"""Contacts, instalment plans and bank details: worked cases a credit manager can sign."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from monitoring.books import day, tables

from riskresearch.base.schema import check
from riskresearch.monitoring.bank import BANK_CONTROLS, bank_controls
from riskresearch.monitoring.contacts import CONTACT_LIST
from riskresearch.monitoring.instalments import INSTALMENT_PLANS
from riskresearch.monitoring.settings import MonitoringSettings
from riskresearch.monitoring.stage import monitor

FOLDER = Path(__file__).parents[1] / "cases" / "monitoring"


def _cases(name):
    return [
        pytest.param(case, id=case["name"]) for case in yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    ]


def _given(case, default="2026-03-31"):
    as_of = day(case.get("as_of", default))
    return tables(case, as_of=as_of), MonitoringSettings(**case.get("settings", {})), as_of


def _matches(row, expected, columns):
    for key, value in expected.items():
        got = row[columns[key]]
        if value is None:
            assert pd.isna(got), key
        elif isinstance(value, float | int) and not isinstance(value, bool):
            assert got == pytest.approx(value, rel=1e-12), key
        else:
            assert (got.date() if isinstance(got, pd.Timestamp) else got) == value, key


@pytest.mark.parametrize("case", _cases("contacts"))
def test_contact_list(case):
    given, settings, as_of = _given(case)
    found = check(monitor(given, settings, as_of=as_of)["contact_list"], CONTACT_LIST).sort_values("priority_rank")
    columns = {
        "customer": "customer_id",
        "rank": "priority_rank",
        "action": "action_code",
        "actions": "action_codes",
        "level": "message_level",
        "invoices": "n_invoices",
        "contact": "contact_amount",
        "overdue": "overdue_amount",
        "oldest": "past_due_max_days",
        "urgency": "urgency_ratio",
        "priority": "priority_amount",
        "reasons": "reason_codes",
        "deadline": "deadline_date",
    }
    assert found["customer_id"].tolist() == [row["customer"] for row in case["expected"]]
    assert (found["action_date"] == as_of).all()
    for (_, row), expected in zip(found.iterrows(), case["expected"], strict=True):
        _matches(row, expected, columns)


@pytest.mark.parametrize("case", _cases("instalments"))
def test_instalment_plans(case):
    given, settings, as_of = _given(case)
    found = check(monitor(given, settings, as_of=as_of)["instalment_plans"], INSTALMENT_PLANS)
    assert set(found["customer_id"]) == set(case["expected"])
    columns = {
        "date": "part_date",
        "amount": "part_amount",
        "remaining": "remaining_amount",
        "planned": "planned_amount",
    }
    for customer, expected in case["expected"].items():
        plan = found[found["customer_id"] == customer]
        if isinstance(expected, int):
            assert len(plan) == expected
            continue
        for (_, row), part in zip(plan.iterrows(), expected, strict=True):
            _matches(row, part, columns)


@pytest.mark.parametrize("case", _cases("bank"))
def test_bank_controls(case):
    given, settings, as_of = _given(case)
    found = check(bank_controls(given, settings, as_of=as_of), BANK_CONTROLS)
    columns = {
        "customer": "customer_id",
        "control": "control_code",
        "date": "control_date",
        "verified": "last_verified_date",
        "action": "control_action_code",
        "settled": "is_settled",
        "reference": "reference_id",
        "payments": "n_payments",
        "paid": "paid_amount",
    }
    listed = list(zip(found["customer_id"], found["control_code"], strict=True))
    assert listed == [(row["customer"], row["control"]) for row in case["expected"]]
    for (_, row), expected in zip(found.iterrows(), case["expected"], strict=True):
        _matches(row, expected, columns)
