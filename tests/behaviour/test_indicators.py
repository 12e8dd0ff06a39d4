"""Payment indicators: worked cases, identities, as-of correctness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, observation_dates, prepare
from riskresearch.behaviour.distributions import ageing, concentration
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.stage import BEHAVIOUR_TABLES, BehaviourSettings, behave

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "behaviour" / "indicators.yaml").read_text(encoding="utf-8")
)


def _book(ledger, as_of):
    return book(prepare(tables_of(ledger, as_of)), as_of=day(as_of), window_months=12)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    now = _book(small_ledger(case["invoices"]), str(case["as_of"]))
    for name, expected in case["expected"].items():
        found = INDICATORS[name].function(now)
        assert found.value == (None if expected is None else pytest.approx(expected, rel=1e-6)), name
    for name, reason in case.get("reasons", {}).items():
        assert INDICATORS[name].function(now).reason == reason


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ageing_adds_up_to_the_open_amount(seed):
    now = _book(random_ledger(seed), "2024-10-31")
    table = ageing(now)
    assert round(table["open_amount"].sum() * 100) == now.open_minor
    assert table["n_invoices"].sum() == len(now.items)


def test_count_back_equals_simple_dso_under_constant_sales():
    rows = [
        {
            "id": f"I{i}",
            "date": str(d.date()),
            "due": "2025-12-31",
            "amount": 100.0,
            "paid": [[str((d + pd.Timedelta(days=40)).date()), 100.0]],
        }
        for i, d in enumerate(pd.date_range("2024-01-01", "2024-12-31"))
    ]
    now = _book(small_ledger(rows), "2024-12-31")
    simple, back = (INDICATORS[n].function(now).value for n in ("dso_simple_days", "dso_count_back_days"))
    assert simple == pytest.approx(40, rel=1e-12)
    assert back == pytest.approx(40, rel=1e-12)


@pytest.mark.parametrize("seed", [1, 5])
def test_later_acts_change_no_figure_of_a_date(seed):
    ledger, early = random_ledger(seed), "2024-06-30"
    seen_then = _book(ledger, early)
    tables = tables_of(ledger, "2024-12-31")
    seen_later = book(prepare(tables), as_of=day(early), window_months=12)
    for member in INDICATORS:
        assert member.function(seen_then) == member.function(seen_later), member.name


def test_days_delinquent_is_dso_minus_best_possible():
    now = _book(random_ledger(9), "2024-10-31")
    dso, best, late = (
        INDICATORS[n].function(now).value for n in ("dso_simple_days", "dso_best_possible_days", "days_delinquent")
    )
    assert dso == pytest.approx(best + late, rel=1e-12)


def test_concentration_of_three_customers():
    found = concentration(pd.Series([50.0, 30.0, 20.0]), [1, 3]).set_index("measure_code")["value"]
    assert found["top_1_ratio"] == 0.5
    assert found["hhi_ratio"] == pytest.approx(0.38)
    assert found["n_effective"] == pytest.approx(1 / 0.38)
    assert found["gini_ratio"] == pytest.approx(0.2)
    assert concentration(pd.Series([5.0, 5.0, 5.0, 5.0]), [1]).set_index("measure_code").loc["gini_ratio", "value"] == 0


def test_observation_dates_keep_the_day_of_the_month():
    dates = observation_dates(as_of=day("2024-03-20"), first_day=day("2023-12-25"))
    assert [str(d.date()) for d in dates] == ["2024-01-20", "2024-02-20", "2024-03-20"]


def test_stage_tables_agree_with_their_declaration_and_show_bounds_for_assumed_due_dates():
    rows = [
        {
            "id": f"I{i}",
            "date": str(d.date()),
            "due": str((d + pd.Timedelta(days=30)).date()),
            "due_source": "default",
            "amount": 100.0,
            "paid": [[str((d + pd.Timedelta(days=45)).date()), 100.0]],
        }
        for i, d in enumerate(pd.date_range("2024-01-01", "2024-12-31", freq="5D"))
    ]
    tables = tables_of(small_ledger(rows), "2024-12-31")
    made = behave(tables, BehaviourSettings(), as_of=day("2024-12-31"))
    for table in BEHAVIOUR_TABLES:
        check(made[table.name], table)
    kpis = made["kpis"]
    now = kpis[(kpis["axis_code"] == "portfolio") & (kpis["observation_date"] == day("2024-12-31"))]
    late = now.set_index("indicator_code").loc["days_beyond_terms"]
    assert (late["value"], late["value_low"], late["value_high"]) == (15, -15, 15)
    assert np.isnan(now.set_index("indicator_code").loc["dso_simple_days", "value_low"])


@pytest.mark.parametrize("member", list(INDICATORS), ids=INDICATORS.names)
def test_every_indicator_is_declared_and_total(member):
    assert member.spec.unit in ("days", "ratio", "amount")
    assert member.spec.label_en
    assert member.spec.label_fr
    found = member.function(_book(small_ledger([{"id": "I1", "date": "2024-11-30", "amount": 1}]), "2024-11-30"))
    assert (found.value is None) == bool(found.reason)
