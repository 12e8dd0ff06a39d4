"""Payment indicators: worked cases, identities, invariances, as-of correctness."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from random_ledger import random_case, rich_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.concentration import concentration
from riskresearch.base.errors import LedgerError
from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, observation_dates, prepare
from riskresearch.behaviour.distributions import ageing
from riskresearch.behaviour.indicators import INDICATORS, NULL_RULES, REASONS, UNITS, WINDOWS
from riskresearch.behaviour.settings import IndicatorSettings
from riskresearch.behaviour.stage import BEHAVIOUR_TABLES, BehaviourSettings, behave
from riskresearch.ledger.codes import ALLOCATION_SOURCES
from riskresearch.ledger.movements import movements
from riskresearch.ledger.worked import worked_ledger

FOLDER = Path(__file__).parents[1] / "cases" / "behaviour"
FILES = ("balance", "days_of_sales", "receipts", "regularity", "collection", "flows", "costs")
CASES = [case for name in FILES for case in yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))]
MEMBERS = list(INDICATORS)
NO_QUOTIENT = {"dispute_age_days", "dso_count_back_days", "days_late_spread_days", "days_to_pay_variation_ratio"}
DATES = ("2023-06-30", "2024-02-29", "2024-06-30", "2024-10-31", "2025-03-31")


def _book(ledger, as_of, **settings):
    return book(prepare(tables_of(ledger, as_of)), as_of=day(as_of), settings=IndicatorSettings(**settings))


@cache
def _rich(seed, as_of, n_invoices=40):
    return _book(rich_ledger(seed, n_invoices=n_invoices), as_of)


def _values(now):
    return {member.name: member.function(now) for member in MEMBERS}


def _near(value, rel=1e-12):
    return None if value is None else pytest.approx(value, rel=rel, abs=1e-9)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    now = _book(worked_ledger(case), str(case["as_of"]), **case.get("settings", {}))
    for name, expected in case["expected"].items():
        found = INDICATORS[name].function(now).value
        assert found == _near(expected, 1e-7), name
    for name, reason in case.get("reasons", {}).items():
        assert INDICATORS[name].function(now).reason == reason, name
    by_due = ageing(now).query("basis_code == 'due_date'").set_index("bucket_code")["open_amount"]
    for bucket, expected in case.get("ageing", {}).items():
        assert by_due[bucket] == expected, bucket


@pytest.mark.parametrize("member", MEMBERS, ids=INDICATORS.names)
def test_every_indicator_is_declared_and_has_a_worked_value(member):
    spec = member.spec
    assert spec.unit in UNITS
    assert spec.window in WINDOWS
    assert spec.basis in ("incl_tax", "number")
    assert spec.label_en
    assert spec.label_fr
    assert spec.formula
    assert member.definition.endswith(".")
    assert set(spec.reasons) <= set(REASONS)
    assert all(reason in spec.null_rule for reason in spec.reasons)
    values = [case["expected"][member.name] for case in CASES if member.name in case["expected"]]
    assert any(value is not None for value in values), "no worked case"


def test_every_reason_has_a_worked_case():
    shown = {reason for case in CASES for reason in case.get("reasons", {}).values()}
    assert shown == set(NULL_RULES)


def test_names_and_variants_tell_indicators_apart():
    shown = [(m.spec.label_en, m.spec.variant) for m in MEMBERS]
    assert len(set(shown)) == len(shown)
    assert len({m.spec.label_fr for m in MEMBERS}) == len(MEMBERS)
    assert len({m.spec.formula for m in MEMBERS}) == len(MEMBERS)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("as_of", DATES)
def test_a_value_or_a_declared_reason_on_any_day(seed, as_of):
    now = _rich(seed, as_of)
    for member in MEMBERS:
        found = member.function(now)
        assert (found.value is None) == bool(found.reason), member.name
        assert found.reason in ("", *member.spec.reasons), member.name
        assert found.value is None or np.isfinite(found.value), member.name
        assert found.n_items >= 0
        assert isinstance(found.base_minor, int)


def test_an_empty_segment_has_a_value_or_a_declared_reason():
    now = _rich(1, "2024-10-31").of(["nobody"])
    for name, found in _values(now).items():
        assert (found.value is None) == bool(found.reason), name
        assert found.reason in ("", *INDICATORS[name].spec.reasons), name


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_later_acts_change_no_figure_of_a_date(seed):
    ledger, early = rich_ledger(seed), "2024-06-30"
    seen_later = book(prepare(tables_of(ledger, "2025-06-30")), as_of=day(early), settings=IndicatorSettings())
    seen_then = _values(_book(ledger, early))
    for name, found in _values(seen_later).items():
        assert found.value == _near(seen_then[name].value), name
        assert (found.n_items, found.base_minor, found.reason) == (
            seen_then[name].n_items,
            seen_then[name].base_minor,
            seen_then[name].reason,
        ), name


def test_the_order_of_the_rows_does_not_matter():
    ledger, rng = rich_ledger(4), np.random.default_rng(0)
    shuffled = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name, frame in tables_of(ledger, "2024-10-31").items()
        if name != "movements"
    }
    moves = movements(shuffled)
    moves = moves.iloc[rng.permutation(len(moves))].reset_index(drop=True)
    mixed = book(prepare(shuffled | {"movements": moves}), as_of=day("2024-10-31"), settings=IndicatorSettings())
    straight = _values(_book(ledger, "2024-10-31"))
    for name, found in _values(mixed).items():
        assert found.value == _near(straight[name].value), name
        assert found.reason == straight[name].reason


@pytest.mark.parametrize("seed", [2, 6])
def test_days_and_shares_do_not_depend_on_the_currency(seed):
    case = random_case(seed)
    case["fx_rates"] = []
    for row in case["invoices"]:
        row.pop("currency", None)
    in_euro = _values(_book(worked_ledger(case), "2024-10-31"))
    case["fx_rates"] = [{"currency": "USD", "date": "2022-12-01", "rate": 2}]
    for row in [*case["invoices"], *case["receipts"], *case["credit_notes"]]:
        row["currency"] = "USD"
    in_dollars = _values(_book(worked_ledger(case), "2024-10-31"))
    for member in MEMBERS:
        one, other = in_euro[member.name].value, in_dollars[member.name].value
        if member.spec.unit != "amount":
            assert other == _near(one), member.name
        elif not member.name.startswith("late_fee"):
            assert other == _near(2 * one), member.name


@pytest.mark.parametrize("seed", [1, 3])
@pytest.mark.parametrize("member", MEMBERS, ids=INDICATORS.names)
def test_parts_by_customer_give_the_value_of_all_and_of_each(member, seed):
    now = _rich(seed, "2024-10-31", 100)
    found = member.function(now)
    if member.spec.unit == "amount" or member.name in NO_QUOTIENT:
        assert found.parts is None
        return
    parts = found.parts().set_index("customer_id")
    assert list(parts.columns) == ["numerator", "denominator"]
    assert parts["numerator"].sum() / parts["denominator"].sum() == pytest.approx(found.value, rel=1e-12)
    for customer, (top, bottom) in parts.iterrows():
        own = member.function(now.of([customer]))
        if own.value is not None:
            assert top / bottom == pytest.approx(own.value, rel=1e-9), customer


@pytest.mark.parametrize("seed", [7, 9])
def test_indicators_that_must_agree(seed):
    now = {name: found.value for name, found in _values(_rich(seed, "2024-10-31")).items()}
    assert now["dso_simple_days"] == pytest.approx(now["dso_best_possible_days"] + now["days_delinquent"], rel=1e-12)
    assert now["open_net_amount"] == pytest.approx(now["open_amount"] - now["unapplied_amount"], abs=1e-6)
    assert now["unapplied_ratio"] == pytest.approx(now["unapplied_amount"] / now["open_amount"], rel=1e-12)
    assert now["days_delinquent"] / now["dso_simple_days"] == pytest.approx(now["overdue_ratio"], rel=1e-12)
    assert now["days_beyond_terms"] <= now["days_beyond_terms_floored"] <= now["days_beyond_terms_with_open"]
    assert now["overdue_90_ratio"] <= now["overdue_60_ratio"] <= now["overdue_30_ratio"] <= now["overdue_ratio"]
    assert now["dso_365_days"] * now["dso_day_amount"] == pytest.approx(now["open_amount"], rel=1e-12)


def test_count_back_equals_simple_dso_under_constant_sales():
    rows = [
        {
            "id": f"I{i}",
            "date": str(d.date()),
            "due": "2025-12-31",
            "amount": 100.0,
            "paid": [[str((d + pd.Timedelta(days=40)).date()), 100.0]],
        }
        for i, d in enumerate(pd.date_range("2023-12-01", "2024-12-31"))
    ]
    now = _values(_book(small_ledger(rows), "2024-12-31"))
    for name in ("dso_simple_days", "dso_365_days", "dso_rolling_12m_days", "dso_weighted_days", "dso_count_back_days"):
        assert now[name].value == pytest.approx(40, rel=1e-12), name


def test_the_window_of_the_settings_is_the_window_of_receipts():
    rows = [{"id": "I1", "date": "2024-05-01", "due": "2024-06-01", "amount": 9, "paid": [["2024-06-11", 9]]}]
    ledger = small_ledger(rows)
    assert INDICATORS["days_beyond_terms"].function(_book(ledger, "2024-11-30")).value == 10
    short = INDICATORS["days_beyond_terms"].function(_book(ledger, "2024-11-30", window_months=3))
    assert short.reason == "no_receipts_in_window"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"invoices": [{"id": "I1", "date": "2024-01-01", "amont": 5}]}, "invoices, row 1: unknown key amont; allowed"),
        ({"invoices": [{"id": "I1", "amount": 5}]}, "invoices, row 1: date is missing"),
        ({"invoices": [{"id": "I1", "date": "01/02/2024", "amount": 5}]}, "'01/02/2024' is no day"),
        ({"invoices": [{"id": "I1", "date": "2024-01-01", "amount": "five"}]}, "'five' is no amount"),
        ({"invoices": [{"id": "I1", "date": "2024-01-01", "amount": 5.005}]}, "more than two decimals"),
        (
            {"invoices": [{"id": "I1", "date": "2024-01-01", "amount": 5, "paid": [[5]]}]},
            r"paid 1: write \[day, amount\]",
        ),
        ({"invoices": [{"id": "I1", "date": "2024-01-01", "amount": 5, "currency": "USD"}]}, "no rate of USD up to"),
        (
            {
                "invoices": [
                    {
                        "id": "I1",
                        "date": "2024-01-01",
                        "amount": 5,
                        "paid": [{"day": "2024-01-02", "amount": 5, "from": "R1"}],
                    }
                ]
            },
            "R1 is in neither",
        ),
        ({"invoice": []}, "unknown key invoice; allowed are name"),
        ({"invoices": ["I1"]}, "row 1: is no row"),
    ],
)
def test_a_case_with_a_mistake_is_refused_in_one_sentence(case, message):
    with pytest.raises(LedgerError, match=message):
        worked_ledger(case | {"name": "mine"})


def test_random_ledgers_hold_every_kind_of_act():
    kinds = set().union(
        *(tables_of(rich_ledger(seed), "2025-06-30")["movements"]["movement_code"] for seed in (1, 2, 3))
    )
    assert kinds == {"invoice", *ALLOCATION_SOURCES}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ageing_adds_up_to_the_open_amount(seed):
    now = _rich(seed, "2024-10-31")
    for _, table in ageing(now).groupby("basis_code"):
        assert round(table["open_amount"].sum() * 100) == now.open_minor
        assert table["n_invoices"].sum() == len(now.items)


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
    now = kpis[kpis["observation_date"] == day("2024-12-31")]
    late = now.set_index("indicator_code").loc["days_beyond_terms"]
    assert (late["value"], late["value_low"], late["value_high"]) == (15, -15, 15)
    assert np.isnan(now.set_index("indicator_code").loc["dso_simple_days", "value_low"])
