"""Dunning: worked cases a credit manager can sign."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from monitoring.books import day, tables

from riskresearch.base.schema import check
from riskresearch.monitoring.dunning import NEXT_ACTIONS, next_actions
from riskresearch.monitoring.scenarios import dunning_scenarios
from riskresearch.monitoring.settings import MonitoringSettings

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "monitoring" / "dunning.yaml").read_text("utf-8"))
COLUMN_OF = {
    "action": "action_code",
    "level": "message_level",
    "day": "step_day",
    "date": "action_date",
    "reason": "reason_code",
    "queue": "queue_code",
    "is_due": "is_action_due",
    "scenario": "scenario_code",
    "declaration": "declaration_code",
    "deadline": "deadline_date",
    "declare_by": "declare_by_date",
    "promised": "promise_date",
    "days": "days_past_due",
    "n_acts": "n_acts",
}


def _actions(case):
    as_of, settings = day(case["as_of"]), MonitoringSettings(**case.get("settings", {}))
    given = tables(case, as_of=as_of)
    scenarios = dunning_scenarios(given, settings, as_of=as_of)
    return check(next_actions(given, scenarios, settings, as_of=as_of), NEXT_ACTIONS).set_index("item_id")


def _plain(value):
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    found = _actions(case)
    assert set(found.index) == {row["id"] for row in case["invoices"]}
    for item, expected in case["expected"].items():
        got = {key: _plain(found.loc[item, COLUMN_OF[key]]) for key in expected}
        assert got == expected, item


def test_every_case_names_all_its_invoices():
    assert all(set(case["expected"]) == {row["id"] for row in case["invoices"]} for case in CASES)
