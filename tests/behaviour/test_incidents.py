"""Incident register: worked cases, as-of correctness, order of rows."""

import numpy as np
import pandas as pd
import pytest
from random_ledger import rich_ledger
from shuffled_tables import shuffled
from small_ledger import day
from warning_cases import case_ledger, cases, known_tables

from riskresearch.base.schema import check
from riskresearch.behaviour.incidents import INCIDENT_TABLE, IncidentSettings, incidents
from riskresearch.ledger.movements import movements

CASES = cases("incidents.yaml")
COLUMNS = {
    "code": "incident_code", "reference": "reference_id", "invoice": "invoice_id", "date": "incident_date",
    "known": "known_date", "amount": "amount", "state": "state_code", "closed": "closed_date", "detail": "detail_code",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    ledger = case_ledger(case)
    for when, expected in case["register"].items():
        then = day(str(when))
        found = check(incidents(known_tables(ledger, then), IncidentSettings(), as_of=then), INCIDENT_TABLE)
        assert found["incident_code"].tolist() == [row["code"] for row in expected], when
        for row, wanted in zip(found.to_dict("records"), expected, strict=True):
            for key, figure in wanted.items():
                _compare(row[COLUMNS[key]], figure, (when, key))


def _compare(found, figure, where):
    if figure is None:
        assert pd.isna(found), where
    elif isinstance(found, pd.Timestamp):
        assert found.date() == figure, where
    else:
        assert found == figure, where


@pytest.mark.parametrize("seed", range(4))
def test_later_acts_change_no_incident_of_a_date(seed):
    ledger, then, settings = (
        rich_ledger(seed, n_invoices=80),
        day("2024-06-30"),
        IncidentSettings(incident_late_days=20),
    )
    seen_then = incidents(known_tables(ledger, then), settings, as_of=then)
    seen_later = incidents(known_tables(ledger, day("2025-12-31")), settings, as_of=then)
    pd.testing.assert_frame_equal(seen_then, seen_later)
    assert {"late_item", "dispute"} <= set(seen_then["incident_code"])
    assert (seen_then["known_date"] <= then).all()
    assert (seen_then["closed_date"].isna() == (seen_then["state_code"] == "open")).all()


def test_the_order_of_rows_does_not_matter():
    tables, then = known_tables(rich_ledger(5, n_invoices=80), day("2024-09-30")), day("2024-09-30")
    mixed = shuffled({name: frame for name, frame in tables.items() if name != "movements"}, 5)
    other = incidents(mixed | {"movements": movements(mixed)}, IncidentSettings(), as_of=then)
    pd.testing.assert_frame_equal(incidents(tables, IncidentSettings(), as_of=then), other)


def test_an_empty_ledger_has_no_incident():
    found = incidents(known_tables(case_ledger({}), day("2025-01-01")), IncidentSettings(), as_of=day("2025-01-01"))
    assert len(check(found, INCIDENT_TABLE)) == 0


def test_write_offs_of_the_register_are_those_of_the_ledger():
    ledger, then = rich_ledger(3, n_invoices=120), day("2025-12-31")
    tables = known_tables(ledger, then)
    found = incidents(tables, IncidentSettings(), as_of=then).query("incident_code == 'write_off'")
    moves = tables["movements"]
    booked = moves[(moves["movement_code"] == "write_off") & (moves["base_minor"] < 0)]
    assert len(found) > 0
    assert np.round(found["amount"].sum() * 100) == -booked["base_minor"].sum()
