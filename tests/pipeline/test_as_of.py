"""Nothing dated or recorded after the date changes any table of that date."""

import pandas as pd
import pytest
from small_ledger import day

from riskresearch.base.schema import check
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.synthetic import synthetic_ledger
from riskresearch.pipeline.company_files import knowledge_of, read_credit_policy
from riskresearch.pipeline.plan import ledger_tables
from riskresearch.pipeline.policy_files import alternative_at
from riskresearch.pipeline.project import PROJECT
from riskresearch.pipeline.settings import resolve
from riskresearch.pipeline.stages import STAGES, TABLES, Inputs

ALTERNATIVES = PROJECT / "config" / "alternatives"
AS_OF = day("2024-12-31")
ACTS = {
    "invoices": "invoice_date",
    "credit_notes": "credit_note_date",
    "payments": "value_date",
    "allocations": "effective_date",
    "disputes": "opened_date",
    "events": "event_date",
    "ratings": "rating_date",
    "limits": "start_date",
    "financials": "published_date",
    "questionnaires": "answered_date",
    "fx_rates": "rate_date",
    "reminders": "reminder_date",
    "bank_checks": "check_date",
    "sector_statistics": "published_date",
    "orders": "order_date",
    "guarantees": "start_date",
    "overrides": "decided_date",
    "insurer_claims": "declared_date",
}
LATER = {"disputes": "closed_date", "orders": "invoiced_date"}
"""Days that end a row: unknown until they have come."""
SETTINGS = resolve(
    {
        "behaviour": {"backtest_origins": 6, "n_simulations": 200, "history_months": 12, "replay_months": 6},
        "model": {"n_bootstrap": 50, "n_trees": 20, "min_defaulters": 5, "min_test_defaulters": 2, "n_refits": 3},
        "validation": {"n_bootstrap": 50},
        "limits": {"backtest_months": 12, "calibration_months": 18, "n_bootstrap": 50, "n_scenarios": 500},
        "insurance": {"n_years": 2000},
    },
    where="test",
)


@pytest.fixture(scope="module")
def ledger():
    made, _ = synthetic_ledger(n_customers=120, n_months=36, seed=5, last_date="2025-06-30", default_rate_ratio=0.1)
    return made


def _without_later_acts(ledger):
    tables = {}
    for name, frame in ledger.tables.items():
        act = ACTS.get(name)
        kept = frame if act is None else frame[known_date(frame, act) <= AS_OF]
        tables[name] = kept.reset_index(drop=True)
    for name, column in LATER.items():
        dates = tables[name][column]
        tables[name] = tables[name].assign(**{column: dates.where(dates <= AS_OF)})
    return Ledger(tables, ledger.accounts, ledger.source_name, ledger.mapping_name, ledger.currency_code, True)


def _all_tables(ledger, policies):
    alternatives = tuple(alternative_at(file.stem) for file in sorted(ALTERNATIVES.glob("*.yaml")))
    tables = ledger_tables(ledger, SETTINGS, as_of=AS_OF)
    knowledge, credit_policy = knowledge_of(SETTINGS, as_of=AS_OF), read_credit_policy(SETTINGS)
    for stage in STAGES:
        given = {name: tables[name] for name in stage.reads}
        laid_down = {"knowledge": knowledge, "credit_policy": credit_policy, "alternatives": alternatives}
        made = stage.make(Inputs(given, SETTINGS, AS_OF, "EUR", policies, **laid_down))
        tables |= {t.name: check(made[t.name], TABLES[t.name]) for t in stage.writes}
    return tables


def test_appending_later_documents_changes_no_table(ledger, demo_policies):
    cut = _without_later_acts(ledger)
    dropped = sum(len(ledger[name]) - len(cut[name]) for name in ACTS)
    assert dropped > 500
    whole, early = _all_tables(ledger, demo_policies), _all_tables(cut, demo_policies)
    assert set(whole) == set(TABLES)
    for name in TABLES:
        pd.testing.assert_frame_equal(whole[name], early[name], obj=name)
