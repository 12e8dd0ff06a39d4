"""Warnings: worked cases of every signal at its edge, as-of correctness, order of rows, families."""

import json

import numpy as np
import pandas as pd
import pytest
from random_ledger import rich_ledger
from shuffled_tables import shuffled
from small_ledger import day
from warning_cases import case_ledger, cases, known_tables

from riskresearch.base.schema import check
from riskresearch.behaviour.warnings.facts import View, gather
from riskresearch.behaviour.warnings.registry import FAMILIES, SIGNALS
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.behaviour.warnings.stage import standing_warnings, warnings_on
from riskresearch.behaviour.warnings.tables import SIGNAL_FAMILIES, WARNINGS
from riskresearch.ledger.movements import movements

CASES = [case for file in ("payments", "claims", "news") for case in cases(f"{file}.yaml")]
# Thresholds low enough for random ledgers of a few customers to raise many signals.
EAGER = WarningSettings(
    **{"chart_min_payments": 3, "cusum_limit_sigmas": 1.0, "ewma_limit_sigmas": 0.5, "history_min_days": 30},
    **{"alarm_days": 400, "news_days": 400, "stop_min_gaps": 2, "stop_gap_ratio": 1.1, "volatility_ratio": 1.05},
    **{"volatility_payments": 3, "change_penalty": 0.2, "change_min_values": 2, "change_min_days": 0.5},
    **{"dispute_min_count": 1, "dispute_days": 200, "surge_ratio": 1.01, "area_min_customers": 2},
    **{"part_payment_days": 60, "discount_taker_ratio": 0.01, "discount_stop_invoices": 1},
)


def _on(ledger, when, settings):
    return warnings_on(known_tables(ledger, day(str(when))), settings, as_of=day(str(when)))


@pytest.mark.parametrize("case", CASES, ids=[f"{case['signal']}: {case['name']}" for case in CASES])
def test_worked_case_with_what_is_known_then_and_with_all_that_is_known_later(case):
    ledger, settings = case_ledger(case), WarningSettings(**case.get("settings", {}))
    later = gather(known_tables(ledger, day("2030-12-31")))
    for when, expected in case["raised"].items():
        then = day(str(when))
        facts = gather(known_tables(ledger, then))
        rows = standing_warnings(View(facts, then), settings, [case["signal"]])
        pd.testing.assert_frame_equal(rows, standing_warnings(View(later, then), settings, [case["signal"]]))
        rows = check(rows, WARNINGS).set_index("customer_id")
        assert sorted(rows.index) == sorted(expected), when
        for customer, figures in expected.items():
            _compare(rows.loc[customer], figures, (when, customer))


def _compare(row, figures, where):
    found = json.loads(row["evidence"]) | {
        "value": row["value"],
        "threshold": row["threshold"],
        "severity": row["severity_code"],
        "since": row["signal_date"].date(),
    }
    for name, figure in figures.items():
        if figure is None:
            assert np.isnan(found[name]), (*where, name)
        elif isinstance(figure, int | float):
            assert found[name] == pytest.approx(figure, rel=1e-4), (*where, name)
        else:
            assert found[name] == figure, (*where, name)


def test_every_signal_has_a_case_in_which_it_is_raised_and_one_in_which_it_is_not():
    raised = {case["signal"] for case in CASES if any(case["raised"].values())}
    silent = {case["signal"] for case in CASES if not all(case["raised"].values())}
    assert raised == set(SIGNALS.names)
    assert set(SIGNALS.names) - silent <= {"country_alert"}  # its silence is that of sector_alert, by the same rule


def test_signals_are_declared_in_full():
    for member in SIGNALS:
        assert member.spec.family in FAMILIES
        assert member.spec.label_en
        assert member.spec.label_fr
        assert member.spec.label_en != member.spec.label_fr
        assert member.definition.endswith(".")


def test_random_ledgers_raise_most_signals_of_behaviour():
    seen = set()
    for seed in range(4):
        seen |= set(_on(rich_ledger(seed, n_invoices=80), "2024-09-30", EAGER)["warnings"]["signal_code"])
    wanted = {
        "drift_ewma", "drift_cusum", "delay_level_rise", "delay_volatility", "part_payments", "oldest_open_item",
        "order_stop", "new_disputes", "returned_payment", "discount_lost",
    }  # fmt: skip
    assert wanted <= seen, wanted - seen


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("when", ["2023-12-31", "2024-09-15"])
def test_later_acts_change_no_warning_of_a_date(seed, when):
    ledger, then = rich_ledger(seed, n_invoices=80), day(when)
    seen_then = warnings_on(known_tables(ledger, then), EAGER, as_of=then)
    seen_later = warnings_on(known_tables(ledger, day("2025-12-31")), EAGER, as_of=then)
    pd.testing.assert_frame_equal(seen_then["warnings"], seen_later["warnings"])
    pd.testing.assert_frame_equal(seen_then["signal_families"], seen_later["signal_families"])
    assert len(seen_then["warnings"]) > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_does_not_matter(seed):
    tables, then = known_tables(rich_ledger(seed, n_invoices=80), day("2024-09-30")), day("2024-09-30")
    mixed = shuffled({name: frame for name, frame in tables.items() if name != "movements"}, seed)
    for name, frame in warnings_on(tables, EAGER, as_of=then).items():
        pd.testing.assert_frame_equal(
            frame, warnings_on(mixed | {"movements": movements(mixed)}, EAGER, as_of=then)[name]
        )


def test_another_customer_changes_no_own_warning():
    case = {
        "series": [{"first": "2024-01-01", "every": 20, "amount": 100, "late": [0, 1, 2, 0, 1, 2, 0, 1, 25, 30, 35]}]
    }
    other = {
        "customer": "A0",
        "first": "2023-01-03",
        "every": 9,
        "amount": 70,
        "late": [3, -8, 40, 2, 0, 5, 11, 60, 1] * 4,
    }
    alone = _on(case_ledger(case), "2024-10-15", WarningSettings())["warnings"]
    both = _on(case_ledger({"series": [*case["series"], other]}), "2024-10-15", WarningSettings())["warnings"]
    is_own = (both["customer_id"] == "C1") & (both["family_code"] != "portfolio")
    alone = alone[alone["family_code"] != "portfolio"]
    assert len(alone) >= 3
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), both[is_own].reset_index(drop=True), rtol=1e-9)


def test_families_are_counted_and_ranked():
    case = {
        "invoices": [
            {"id": "I1", "customer": "C1", "date": "2025-01-01", "due": "2025-01-31", "amount": 100},
            {"id": "I2", "customer": "C2", "date": "2025-01-01", "due": "2025-01-31", "amount": 900},
            {"id": "I3", "customer": "C3", "date": "2025-01-01", "due": "2025-12-31", "amount": 50},
            {"id": "I4", "customer": "C4", "date": "2025-01-01", "due": "2025-12-31", "amount": 50},
        ],
        "events": [
            {"id": "E1", "customer": "C1", "code": "terms_request", "date": "2025-02-01"},
            {"id": "E2", "customer": "C1", "code": "legal_notice", "date": "2025-02-02"},
            {"id": "E3", "customer": "C3", "code": "insolvency", "date": "2025-02-03"},
        ],
    }
    settings = WarningSettings(top_share_ratio=1.0)
    families = check(_on(case_ledger(case), "2025-03-10", settings)["signal_families"], SIGNAL_FAMILIES)
    rows = families.set_index("customer_id")
    assert rows.loc["C1", ["n_behaviour", "n_field", "n_external"]].tolist() == [1, 1, 1]
    assert rows["families_code"].to_dict() == {
        "C1": "behaviour_field_external", "C2": "behaviour", "C3": "external", "C4": "none",
    }  # fmt: skip
    assert rows["points"].to_dict() == {"C1": 5.0, "C2": 1.0, "C3": 4.0, "C4": 0.0}  # low 1, medium 2, high 4
    assert rows["rank_number"].fillna(0).to_dict() == {"C1": 1, "C3": 2, "C2": 3, "C4": 0}
    assert rows.loc["C1", "severity_code"] == "medium"
    assert str(rows.loc["C1", "first_signal_date"].date()) == "2025-02-01"


def test_an_empty_ledger_has_no_warning():
    tables = known_tables(case_ledger({"invoices": []}), day("2025-01-01"))
    found = warnings_on(tables, WarningSettings(), as_of=day("2025-01-01"))
    assert len(check(found["warnings"], WARNINGS)) == 0
    assert len(check(found["signal_families"], SIGNAL_FAMILIES)) == 0


def test_evidence_is_json_with_dates_as_dates():
    case = next(c for c in CASES if c["signal"] == "delay_level_rise")
    rows = _on(case_ledger(case), "2025-01-31", WarningSettings())["warnings"].set_index("signal_code")
    evidence = json.loads(rows.loc["delay_level_rise", "evidence"])
    assert evidence["change_date"] == "2024-11-26"
    assert evidence["n_payments_after"] == 3
