"""The panel on disk: only new dates are computed, old ones stay, what was killed goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
from random_ledger import random_rows, rich_ledger
from small_ledger import day, small_ledger

from riskresearch.base.errors import RunError
from riskresearch.base.schema import check
from riskresearch.behaviour.book import observation_dates
from riskresearch.features import store
from riskresearch.features.registry import FEATURES, ratio
from riskresearch.features.settings import FeatureSettings
from riskresearch.features.snapshots import registered, snapshots
from riskresearch.features.stage import feature_panel, feature_tables, panel_columns
from riskresearch.features.store import definition, refresh, stored_dates, stored_panel
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.features.tables import FEATURE_TABLES
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables

pytestmark = pytest.mark.xdist_group("panel")  # its ledgers and panels are made once

AS_OF = day("2024-12-31")
RULES = {"default": {"past_due_days": 90}}
FEW = registered(["overdue_ratio", "days_late_mean_12m"]) | {"open_minor": lambda at: at.level("open_minor")}
TABLES = {table.name: table for table in FEATURE_TABLES}
TESTS = Path(__file__).parents[1]


def known(ledger, as_of=AS_OF):
    return with_rating_scales(known_tables(ledger, DefaultSettings(overdue_floor_amount=300), as_of=as_of), {})


def dates_of(tables, as_of=AS_OF):
    return observation_dates(as_of=as_of, first_day=tables["movements"]["known_date"].min())


def refreshed(tables, dates, folder, *, columns=FEW, source="books", rules=RULES, as_of=AS_OF, **more):
    return refresh(tables, dates, folder, as_of=as_of, source=source, rules=rules, columns=columns, **more)


def contents(folder):
    """Files of a store by name, without the lock."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def tables():
    invoices, disputes = random_rows(9, n_customers=4, n_invoices=60)
    return known(small_ledger(invoices, disputes=disputes))


@pytest.fixture(scope="module")
def dates(tables):
    return dates_of(tables)


def test_the_store_holds_the_panel(tables, dates, tmp_path):
    assert refreshed(tables, dates, tmp_path) == dates
    pd.testing.assert_frame_equal(stored_panel(tmp_path), snapshots(tables, dates, columns=FEW))
    assert stored_dates(tmp_path) == dates


def test_every_feature_of_new_dates_alone_equals_that_of_all_dates(tmp_path):
    tables = known(rich_ledger(4, n_customers=4, n_invoices=50))
    dates = dates_of(tables)
    columns = panel_columns()
    whole = snapshots(tables, dates, columns=columns)
    for some in (dates[:9], dates[-3:]):
        refreshed(tables, some, tmp_path, columns=columns)
    there = whole[whole["observation_date"].isin([*dates[:9], *dates[-3:]])].reset_index(drop=True)
    pd.testing.assert_frame_equal(stored_panel(tmp_path), there, check_exact=True, check_dtype=False)


def test_a_refresh_computes_only_the_dates_that_are_lacking(tables, dates, tmp_path, monkeypatch):
    asked = []

    def counting(tables, dates, **more):
        asked.append(list(dates))
        return snapshots(tables, dates, **more)

    monkeypatch.setattr(store, "snapshots", counting)
    assert refreshed(tables, dates[:5], tmp_path) == dates[:5]
    before = contents(tmp_path)
    assert refreshed(tables, dates[2:7], tmp_path) == dates[5:7]
    assert refreshed(tables, dates[:7], tmp_path) == []
    assert asked == [dates[:5], dates[5:7]]
    assert before.items() <= contents(tmp_path).items()


def test_dates_are_computed_some_at_a_time(tables, dates, tmp_path):
    refreshed(tables, dates[:5], tmp_path / "two", n_at_once=2)
    refreshed(tables, dates[:5], tmp_path / "all")
    assert contents(tmp_path / "two") == contents(tmp_path / "all")


def test_an_act_recorded_later_with_an_earlier_date_changes_new_dates_only(tmp_path):
    """The receipt of 20 March is booked on 2 May: April is as it was known in April, May knows it."""
    invoice = {"id": "I1", "date": "2024-01-05", "due": "2024-02-05", "amount": 900}
    later = {"id": "I2", "date": "2024-03-15", "due": "2024-04-15", "amount": 50, "recorded": "2024-05-03"}
    before = known(small_ledger([invoice]), day("2024-04-30"))
    paid = {**invoice, "paid": [["2024-03-20", 900, "2024-05-02"]]}
    after = known(small_ledger([paid, later]), day("2024-05-31"))
    old, new = [day("2024-03-31"), day("2024-04-30")], day("2024-05-31")
    refreshed(before, old, tmp_path, as_of=old[-1])
    stored = contents(tmp_path)
    assert refreshed(after, [*old, new], tmp_path, as_of=new) == [new]
    assert stored.items() <= contents(tmp_path).items()
    panel = stored_panel(tmp_path).set_index("observation_date")
    assert panel["open_minor"].to_dict() == {old[0]: 900_00, old[1]: 900_00, new: 50_00}
    assert panel.loc[new, "days_late_mean_12m"] == 44
    pd.testing.assert_frame_equal(stored_panel(tmp_path), snapshots(after, [*old, new], columns=FEW))


def test_outcomes_are_made_from_the_whole_store_when_they_are_known(tmp_path):
    """A default of July is no outcome of January when the store is filled in March, and is one in December."""
    ledger = small_ledger([{"id": "I1", "date": "2024-01-05", "due": "2024-04-05", "amount": 900}])
    settings = FeatureSettings(horizon_months=6, burn_in_months=0)
    columns = panel_columns()
    for last in (day("2024-03-31"), day("2024-12-31")):
        tables = known(ledger, last)
        refreshed(tables, dates_of(tables, last), tmp_path, as_of=last, columns=columns)
        panel = feature_tables(stored_panel(tmp_path), tables, settings, as_of=last)["snapshots"]
        january = panel[panel["observation_date"] == day("2024-01-31")].iloc[0]
        assert pd.isna(january["is_default"]) if last.month == 3 else january["is_default"]
    whole = feature_panel(tables, settings, as_of=last)
    pd.testing.assert_frame_equal(panel, whole["snapshots"])
    assert {name: len(check(frame, TABLES[name])) for name, frame in whole.items()} == {
        "snapshots": 12,
        "feature_dictionary": len(FEATURES.names),
        "sample_counts": 3,
        "default_cohorts": 1,
        "feature_profile": len(FEATURES.names),
        "look_ahead": len(FEATURES.names),
        "what_if_snapshots": 0,
    }


def test_a_date_without_customers_is_held_too(tables, dates, tmp_path):
    early = [day("2019-12-31"), *dates[:1]]
    assert refreshed(tables, early, tmp_path) == early
    assert refreshed(tables, early, tmp_path) == []
    assert stored_panel(tmp_path, early[:1]).empty
    pd.testing.assert_frame_equal(stored_panel(tmp_path), snapshots(tables, dates[:1], columns=FEW))


def test_a_killed_refresh_leaves_whole_dates_and_goes_on(tables, dates, tmp_path):
    """The process dies in the middle of the third file it writes: the definition, one date, half of a date."""
    code = f"""
import os, sys
sys.path.insert(0, {str(TESTS)!r}); sys.path.insert(0, {str(TESTS / "features")!r})
import test_store
from small_ledger import small_ledger
from random_ledger import random_rows
from riskresearch.base import files
calls = []
real = os.replace
def dying(source, target):
    calls.append(target)
    if len(calls) == 3:
        os._exit(9)
    real(source, target)
files.os.replace = dying
invoices, disputes = random_rows(9, n_customers=4, n_invoices=60)
tables = test_store.known(small_ledger(invoices, disputes=disputes))
test_store.refreshed(tables, test_store.dates_of(tables)[:4], test_store.Path({str(tmp_path / "killed")!r}))
"""
    died = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert died.returncode == 9, died.stderr
    killed = tmp_path / "killed"
    assert stored_dates(killed) == dates[:1]
    assert any(".tmp" in name for name in contents(killed))
    pd.testing.assert_frame_equal(stored_panel(killed), snapshots(tables, dates[:1], columns=FEW))
    assert refreshed(tables, dates[:4], killed) == dates[1:4]
    refreshed(tables, dates[:4], tmp_path / "whole")
    assert contents(killed) == contents(tmp_path / "whole")


def test_a_folder_with_other_features_is_refused(tables, dates, tmp_path):
    refreshed(tables, dates[:1], tmp_path)
    stored = contents(tmp_path)
    others = {name: FEW[name] for name in ("overdue_ratio", "open_minor")} | registered(["overdue_30_ratio"])
    others["overdue_ratio"] = lambda at: ratio(at.level("overdue_30_minor"), at.level("open_minor"))
    with pytest.raises(RunError) as refused:
        refreshed(tables, dates[:2], tmp_path, columns=others)
    text = str(refused.value)
    assert "features it lacks: overdue_30_ratio" in text
    assert "features not there any more: days_late_mean_12m" in text
    assert "features that changed: overdue_ratio" in text
    assert "Refresh into a new folder" in text
    assert contents(tmp_path) == stored


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "other books"}, "source was 'books', is 'other books'"),
        ({"rules": {"default": {"past_due_days": 60}}}, "rules that changed: default"),
        ({"rules": RULES | {"rating_scales": {}}}, "rules it lacks: rating_scales"),
        ({"as_of": day("2023-06-30")}, r"1 dates \(2024-01-31\) are after 2023-06-30"),
    ],
)
def test_another_ledger_other_rules_and_unknown_dates_are_refused(tables, tmp_path, change, message):
    first = day("2023-05-31")
    refreshed(tables, [first], tmp_path)
    with pytest.raises(RunError, match=message):
        refreshed(tables, [first, day("2024-01-31")], tmp_path, **change)
    assert stored_dates(tmp_path) == [first]


def test_other_code_of_a_stream_is_refused_and_another_layout_is_not(tables, dates, tmp_path, monkeypatch):
    refreshed(tables, dates[:1], tmp_path)
    real = store.inspect.getsource

    def edited(module, change):
        name = "riskresearch.features.streams.movements"
        return change(real(module)) if module.__name__ == name else real(module)

    monkeypatch.setattr(store.inspect, "getsource", lambda m: edited(m, lambda text: "# a remark\n\n" + text))
    assert refreshed(tables, dates[:2], tmp_path) == dates[1:2]
    monkeypatch.setattr(
        store.inspect, "getsource", lambda m: edited(m, lambda text: text.replace("NEVER = 2", "NEVER = 3"))
    )
    with pytest.raises(RunError, match=r"modules that changed: riskresearch\.features\.streams\.movements"):
        refreshed(tables, dates[:3], tmp_path)


def test_the_definition_does_not_depend_on_the_engine_or_the_order(tables, dates, tmp_path):
    turned = dict(reversed(FEW.items()))
    assert definition(source="a", rules={}, columns=FEW) == definition(source="a", rules={}, columns=turned)
    refreshed(tables, dates[:1], tmp_path)
    assert "duckdb" not in (tmp_path / "_definition.json").read_text()
    assert json.loads((tmp_path / "_definition.json").read_text())["source"] == "books"


def test_dates_without_a_definition_are_refused(tables, dates, tmp_path):
    refreshed(tables, dates[:1], tmp_path)
    (tmp_path / "_definition.json").unlink()
    with pytest.raises(RunError, match=r"holds dates but no _definition\.json"):
        refreshed(tables, dates[:2], tmp_path)


def test_two_refreshes_at_once_are_refused(tables, dates, tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(RunError, match="another process refreshes it"):
        refreshed(tables, dates[:1], tmp_path)


def test_reading_a_date_that_is_not_there_is_refused(tables, dates, tmp_path):
    with pytest.raises(RunError, match="lacks any date"):
        stored_panel(tmp_path)
    refreshed(tables, dates[:2], tmp_path)
    assert stored_panel(tmp_path, dates[1:2])["observation_date"].unique().tolist() == dates[1:2]
    with pytest.raises(RunError, match=f"lacks {dates[2].date()}; it holds 2 dates"):
        stored_panel(tmp_path, dates[:3])


def test_other_tools_can_read_the_partitions(tables, dates, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    refreshed(tables, dates[:6], tmp_path)
    files = f"read_parquet('{tmp_path}/*/*.parquet', hive_partitioning=true)"
    query = f"select count(*), min(observation_date) from {files}"
    n_rows, first = duckdb.sql(query).fetchall()[0]
    assert n_rows == len(stored_panel(tmp_path))
    assert pd.Timestamp(first) == dates[0]
