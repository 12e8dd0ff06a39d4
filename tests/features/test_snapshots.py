"""The customer × date panel: plain definition, no look-ahead, order, missing history."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.behaviour.book import observation_dates
from riskresearch.features.features import FEATURES
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import FeatureSettings, feature_panel
from riskresearch.ledger.default import DefaultSettings, defaults

ORACLE = Path(__file__).parents[1] / "oracles" / "plain_features.py"
AS_OF = "2024-12-31"


def _oracle():
    spec = importlib.util.spec_from_file_location("plain_features", ORACLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.plain_features


def _panel(ledger, as_of=AS_OF):
    tables = tables_of(ledger, as_of)
    dates = observation_dates(as_of=day(as_of), first_day=tables["movements"]["known_date"].min())
    return snapshots(tables, dates), tables, dates


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_panel_equals_the_plain_definition(seed):
    panel, tables, dates = _panel(random_ledger(seed))
    plain = _oracle()
    place = {date: k for k, date in enumerate(dates)}
    for row in panel.iloc[::3].to_dict("records"):
        expected = plain(tables, row["customer_id"], dates, place[row["observation_date"]])
        for name in FEATURES.names:
            assert row[name] == pytest.approx(expected[name], rel=1e-12, nan_ok=True), (name, row["observation_date"])


@pytest.mark.parametrize("feature", FEATURES.names)
def test_nothing_known_later_changes_an_earlier_value(feature):
    late, _, _ = _panel(random_ledger(7))
    early, _, _ = _panel(random_ledger(7), "2024-06-30")
    keys = ["customer_id", "observation_date"]
    both = early.merge(late, on=keys, suffixes=("_early", "_late"))
    assert len(both) == len(early)
    pd.testing.assert_series_equal(both[f"{feature}_early"], both[f"{feature}_late"], check_names=False)


def test_row_order_of_the_ledger_does_not_matter():
    _, tables, dates = _panel(random_ledger(4))
    shuffled = {name: frame.sample(frac=1, random_state=3).reset_index(drop=True) for name, frame in tables.items()}
    pd.testing.assert_frame_equal(snapshots(tables, dates), snapshots(shuffled, dates))


def test_amounts_times_a_factor_leave_every_feature_as_it_is():
    _, tables, dates = _panel(random_ledger(5))
    scaled = {
        name: frame.assign(base_minor=frame["base_minor"] * 7) if name in ("movements", "credit_notes") else frame
        for name, frame in tables.items()
    }
    first, second = snapshots(tables, dates), snapshots(scaled, dates)
    pd.testing.assert_frame_equal(first[FEATURES.names], second[FEATURES.names], rtol=1e-12)


def test_a_customer_without_history_keeps_missing_values():
    panel, _, _ = _panel(small_ledger([{"id": "I1", "date": "2024-12-20", "due": "2025-01-20", "amount": 100}]))
    row = panel.iloc[-1]
    missing = {"days_late_mean_3m", "days_late_mean_12m", "late_ratio_12m", "late_ratio_3m", "partial_ratio_6m"}
    assert all(np.isnan(row[name]) for name in missing)
    assert row["overdue_ratio"] == 0
    assert row["tenure_months"] == 0


@pytest.mark.parametrize("feature", list(FEATURES), ids=FEATURES.names)
def test_every_feature_is_declared_in_full(feature):
    assert feature.spec.direction in (-1, 0, 1)
    assert feature.definition.endswith(".")
    assert all((feature.spec.label_en, feature.spec.label_fr, feature.spec.missing))
    assert feature.spec.unit in ("days", "ratio", "months")


def test_samples_are_purged_and_outcomes_mature():
    tables = tables_of(random_ledger(11, n_customers=60, n_invoices=240), AS_OF)
    tables["defaults"] = defaults(
        tables["movements"],
        tables["disputes"],
        tables["events"],
        DefaultSettings(overdue_floor_amount=300),
        as_of=day(AS_OF),
    )
    settings = FeatureSettings(horizon_months=6)
    panel = feature_panel(tables, settings, as_of=day(AS_OF))["snapshots"]
    horizon = pd.DateOffset(months=6)
    by = panel.groupby("sample_code")["observation_date"]
    first, last = by.min(), by.max()
    assert last["development"] + horizon <= first["out_of_time"]
    assert last["out_of_time"] + horizon <= day(AS_OF)
    assert first["immature"] + horizon > day(AS_OF)
    known = panel["is_default"].notna()
    assert not known[panel["sample_code"].isin(["immature", "scoring", "excluded"])].any()
    assert panel["is_default"].sum() > 0


def test_the_outcome_is_the_first_default_within_the_horizon():
    ledger = small_ledger(
        [
            {"id": "I1", "date": "2024-01-05", "due": "2024-01-20", "amount": 900},
            {
                "id": "I2",
                "customer": "C2",
                "date": "2024-01-05",
                "due": "2024-02-20",
                "amount": 900,
                "paid": [["2024-02-20", 900]],
            },
            {"id": "I3", "customer": "C2", "date": "2024-11-05", "due": "2025-02-20", "amount": 900},
        ]
    )
    tables = tables_of(ledger, AS_OF)
    tables["defaults"] = defaults(
        tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=day(AS_OF)
    )
    panel = feature_panel(tables, FeatureSettings(horizon_months=3, burn_in_months=0), as_of=day(AS_OF))["snapshots"]
    first = panel[panel["customer_id"] == "C1"].set_index("observation_date")
    assert tables["defaults"]["default_date"].tolist() == [day("2024-04-20")]
    assert bool(first.loc[day("2024-01-31"), "is_default"]) is True
    assert bool(first.loc[day("2024-03-31"), "is_default"]) is True
    assert first.loc[day("2024-04-30"), "exclusion_code"] == "in_default"
    second = panel[panel["customer_id"] == "C2"]
    assert not second["is_default"].fillna(False).any()
