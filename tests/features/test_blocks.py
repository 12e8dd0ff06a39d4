"""The panel of a ledger that does not fit into memory: the same as the whole, block by block, and it goes on."""

import pandas as pd
import pytest
from features.rich_tables import GRADES, month_ends, rich_tables

from riskresearch.base.errors import LedgerError
from riskresearch.features.blocks import first_day, write_acts
from riskresearch.features.engines import open_engine
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import panel_columns
from riskresearch.features.store import refresh_from_acts, stored_panel
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables

AS_OF = pd.Timestamp("2024-12-31").as_unit("us")


@pytest.fixture(scope="module")
def ledger():
    return rich_tables(4, n_customers=9, n_invoices=70)


@pytest.fixture(scope="module")
def folder(ledger, tmp_path_factory):
    target = tmp_path_factory.mktemp("ledger")
    for name, frame in ledger.tables.items():
        frame.to_parquet(target / f"{name}.parquet")
    return target


def _written(folder, target, told=lambda done, of: None, block=2):
    write_acts(
        folder, target, as_of=AS_OF, settings=DefaultSettings(), scales=GRADES, customers_per_block=block, told=told
    )


def _panel(acts, target, dates):
    with open_engine(memory_limit_mb=256) as engine:
        added = refresh_from_acts(acts, dates, target, as_of=AS_OF, source="rich", rules={}, engine=engine)
    return added, stored_panel(target)


@pytest.fixture(scope="module")
def acts(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("acts")
    _written(folder, target)
    return target


def test_blocks_give_the_panel_of_the_whole_ledger(ledger, acts, tmp_path):
    dates = month_ends("2023-10-31", "2024-12-31")
    tables = with_rating_scales(known_tables(ledger, DefaultSettings(), as_of=AS_OF), GRADES)
    whole = snapshots(tables, dates, columns=panel_columns())
    added, panel = _panel(acts, tmp_path, dates)
    assert added == dates
    names = list(panel_columns())
    assert whole["unapplied_ratio"].gt(0).any()
    pd.testing.assert_frame_equal(
        panel[names].astype("float64"), whole[names].astype("float64"), check_exact=True, check_column_type=False
    )
    assert panel["customer_id"].tolist() == whole["customer_id"].tolist()
    assert panel["observation_date"].tolist() == whole["observation_date"].tolist()


def test_a_later_refresh_adds_only_the_new_dates(acts, tmp_path):
    dates = month_ends("2024-07-31", "2024-12-31")
    _panel(acts, tmp_path, dates[:4])
    before = {file: file.read_bytes() for file in tmp_path.rglob("part.parquet")}
    added, panel = _panel(acts, tmp_path, dates)
    assert added == dates[4:]
    assert panel["observation_date"].nunique() == 6
    assert all(file.read_bytes() == content for file, content in before.items())


def test_a_stopped_run_goes_on_with_the_block_that_is_missing(folder, acts, tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, of):
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        _written(folder, tmp_path, told=stop)
    first = (tmp_path / "movements" / "block_00000.parquet").stat().st_mtime_ns
    _written(folder, tmp_path)
    assert (tmp_path / "movements" / "block_00000.parquet").stat().st_mtime_ns == first
    names = sorted(file.relative_to(acts) for file in acts.rglob("*.parquet"))
    assert names == sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*.parquet"))
    assert all((acts / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_the_first_day_is_that_of_the_first_act(ledger, acts):
    known = known_tables(ledger, DefaultSettings(), as_of=AS_OF)
    assert first_day(acts) <= known["movements"]["known_date"].min()


def test_a_folder_without_invoices_is_refused(tmp_path):
    (tmp_path / "ledger").mkdir()
    with pytest.raises(LedgerError, match=r"there is no customers\.parquet; give a folder"):
        _written(tmp_path / "ledger", tmp_path / "acts")
