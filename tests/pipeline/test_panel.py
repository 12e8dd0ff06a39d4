"""The command panel: what decides the acts, months the ledger does not reach, leftovers."""

import pandas as pd
import pytest
from features.rich_tables import rich_tables
from small_ledger import day

from riskresearch.base.errors import LedgerError, RunError
from riskresearch.features.store import stored_dates, stored_panel
from riskresearch.pipeline.panel import write_panel


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("ledger")
    for name, frame in rich_tables(5, n_customers=4, n_invoices=40).tables.items():
        frame.to_parquet(target / f"{name}.parquet")
    return target


def _config(path, days):
    path.write_text(f"default:\n  past_due_days: {days}\n", encoding="utf-8")
    return path


def test_dates_begin_with_the_first_movement_and_acts_are_cleared_away(folder, tmp_path):
    added = write_panel(folder, tmp_path, as_of=day("2023-06-30"), config=None, customers_per_block=3)
    moves = pd.read_parquet(folder / "invoices.parquet")
    first = moves[["invoice_date", "recorded_date"]].max(axis=1).min()
    assert added == stored_dates(tmp_path)
    assert added[0] - pd.offsets.MonthBegin() <= first <= added[0]
    assert added[-1] == day("2023-06-30")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".acts")] == []
    assert pd.read_parquet(tmp_path).shape[0] == len(stored_panel(tmp_path))


def test_other_rules_are_refused_before_anything_is_made_and_never_mixed(folder, tmp_path):
    one, other = _config(tmp_path / "one.yaml", 30), _config(tmp_path / "other.yaml", 120)
    target = tmp_path / "panel"
    write_panel(folder, target, as_of=day("2023-05-31"), config=one)
    with pytest.raises(RunError, match="default"):
        write_panel(folder, target, as_of=day("2023-06-30"), config=other)
    assert [path.name for path in target.iterdir() if path.name.startswith(".acts")] == []
    assert write_panel(folder, target, as_of=day("2023-06-30"), config=one) == [day("2023-06-30")]
    whole = tmp_path / "whole"
    write_panel(folder, whole, as_of=day("2023-06-30"), config=one)
    pd.testing.assert_frame_equal(stored_panel(target), stored_panel(whole))


def test_a_month_that_the_ledger_does_not_reach_is_refused(folder, tmp_path):
    with pytest.raises(LedgerError, match=r"is not known yet; give --as-of \d{4}"):
        write_panel(folder, tmp_path / "panel", as_of=day("2031-01-31"), config=None)
    assert not (tmp_path / "panel").exists()
