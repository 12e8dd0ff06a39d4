"""Engines: the same table from each, more than fits into memory, files whole or absent, errors that say what to do."""

import importlib
import sys
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from features.engine_cases import KEYS, PIPELINES, acts, calendar, computed
from features.rich_tables import known_tables, month_ends, rich_tables
from small_ledger import day

from riskresearch.base.errors import RunError, SettingsError
from riskresearch.features import lookahead
from riskresearch.features.engines import open_engine
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import panel_columns, with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.read import read_ledger

pytestmark = pytest.mark.xdist_group("features")  # its ledgers and panels are made once

EMBEDDED = ("duckdb", "polars")


@pytest.fixture(params=EMBEDDED)
def engine(request):
    with open_engine(request.param) as opened:
        yield opened


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize(("n", "seed"), [(1, 0), (40, 1), (500, 2)])
def test_both_embedded_engines_give_the_same_table(pipeline, n, seed):
    tables = []
    for name in EMBEDDED:
        with open_engine(name) as engine:
            tables.append(computed(engine, PIPELINES[pipeline], acts(n, seed=seed)))
    pd.testing.assert_frame_equal(*tables, rtol=1e-12, atol=0)


def test_levels_are_those_of_pandas(engine):
    rows = acts(400, seed=5)
    found = computed(engine, PIPELINES["levels"], rows).set_index(list(KEYS))
    months = rows.assign(k=(rows["day"] - 19000) // 30).groupby(list(KEYS))["open_minor__0"].sum()
    grid = months.unstack(fill_value=0).reindex(columns=range(12), fill_value=0)
    level = grid.cumsum(axis=1)
    pd.testing.assert_series_equal(found["level"], level.stack(), check_names=False)
    pd.testing.assert_series_equal(found["level__3"], level.shift(3, axis=1, fill_value=0).stack(), check_names=False)
    book = pd.concat([level.sum()] * len(level), keys=level.index)
    pd.testing.assert_series_equal(found["level__book"], book, check_names=False)


def test_large_whole_numbers_come_back_exactly(engine):
    large = [2**62, 2**53 + 1, None, -(2**62)]
    lazy = engine.frame(pd.DataFrame({"k": [1, 1, 2, 2], "minor": pd.array(large, dtype="Int64")}), "rows")
    found = engine.collect(lazy.sort("minor"))
    assert str(found["minor"].dtype) == "Int64"
    assert sorted(found["minor"].dropna().tolist()) == sorted(value for value in large if value is not None)
    sums = engine.collect(lazy.group_by("k").agg(nw.col("minor").sum()).sort("k"))
    assert sums["minor"].tolist() == [2**62 + 2**53 + 1, -(2**62)]
    assert str(sums["minor"].dtype) == "int64"


def test_types_are_plain_and_nulls_stay_nulls(engine):
    rows = pd.DataFrame({"a": ["é", None], "b": [0.5, np.nan], "c": [True, False], "d": [1, 2]})
    found = engine.collect(engine.frame(rows, "rows").sort("d"))
    pd.testing.assert_frame_equal(found, rows)
    none = engine.collect(engine.frame(rows, "rows").filter(nw.col("d") > 2))
    assert (len(none), none.dtypes.tolist()) == (0, rows.dtypes.tolist())


def test_frames_of_one_name_do_not_mix(engine):
    first, second = (engine.frame(pd.DataFrame({"a": [value]}), "dates") for value in (1, 2))
    kept = engine.kept(first, "dates")
    again = engine.kept(second, "dates")
    assert [int(engine.collect(lazy)["a"].iloc[0]) for lazy in (first, second, kept, again)] == [1, 2, 1, 2]


@pytest.mark.parametrize("name", ["a.b", 'a"b', "a b", "select", "a;--", "é"])
def test_any_name_will_do(engine, name):
    lazy = engine.kept(engine.frame(pd.DataFrame({"a": [1]}), name), name)
    assert engine.collect(lazy)["a"].tolist() == [1]


def test_what_is_kept_is_computed_once(engine, tmp_path):
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "rows.parquet")
    lazy = engine.frame(tmp_path / "rows.parquet", "rows")
    kept = engine.kept(lazy.with_columns(b=nw.col("a") + 1), "rows")
    (tmp_path / "rows.parquet").unlink()
    assert sorted(engine.collect(kept)["b"]) == [2, 3]


def test_a_folder_is_read_with_its_subfolders_and_without_hidden_files(engine, tmp_path):
    folder = tmp_path / "odd [1] {x} *?é"
    for name in ("b.parquet", "year=2024/a.parquet", ".hidden.parquet", "_temporary/c.parquet", "note.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"customer_code": [len(name)], "unused": ["x"]}).to_parquet(folder / name)
    found = engine.collect(engine.frame(folder, "rows").sort("customer_code"))
    assert found.columns.tolist() == ["customer_code", "unused"]
    assert found["customer_code"].tolist() == sorted([len("b.parquet"), len("year=2024/a.parquet")])
    one = engine.collect(engine.frame(folder / "b.parquet", "rows").select("customer_code"))
    assert one["customer_code"].tolist() == [len("b.parquet")]


@pytest.mark.parametrize("name", ["absent.parquet", "empty"])
def test_no_parquet_file_is_an_error_that_names_the_place(engine, tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=rf"{name}: there is no Parquet file"):
        engine.frame(tmp_path / name, "rows")


def test_a_written_file_is_sorted_compressed_and_replaces_the_old_one(engine, tmp_path):
    file = tmp_path / "new" / "panel.parquet"
    rows = acts(5000, seed=1)
    for part in (rows.iloc[:10], rows):
        engine.write(engine.frame(part, "acts").sort("open_minor__0"), file)
    found = pd.read_parquet(file)
    assert found["open_minor__0"].tolist() == sorted(rows["open_minor__0"])
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    assert [path.name for path in file.parent.iterdir()] == ["panel.parquet"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(engine, tmp_path):
    file = tmp_path / "panel.parquet"
    file.write_text("old")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "rows.parquet")
    lazy = engine.frame(tmp_path / "rows.parquet", "rows")
    (tmp_path / "rows.parquet").unlink()
    with pytest.raises(Exception, match=r"rows\.parquet"):
        engine.write(lazy, file)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["panel.parquet"]


def many_rows(engine):
    """Six million rows, 96 MB in memory."""
    return nw.from_native(
        engine._connection.sql("SELECT (i * 7919) % 1500000 AS code, i % 1000 AS minor FROM range(6000000) r(i)")
    )


def sums(lazy):
    return lazy.group_by("code").agg(nw.col("minor").sum().cast(nw.Int64))


def test_what_does_not_fit_into_memory_is_written_to_disk_and_the_result_is_right(tmp_path):
    spill = tmp_path / "spill"
    with open_engine(memory_limit_mb=64, spill_folder=spill, threads=2) as engine:
        (folder,) = spill.iterdir()
        assert list(folder.iterdir()) == []
        kept = engine.kept(many_rows(engine), "rows")
        assert sum(file.stat().st_size for file in folder.iterdir()) > 5e6
        engine.write(sums(kept), tmp_path / "sums.parquet")
    found = pd.read_parquet(tmp_path / "sums.parquet").sort_values("code")
    i = np.arange(6_000_000)
    assert (found["minor"].to_numpy() == np.bincount((i * 7919) % 1_500_000, weights=i % 1000)).all()
    assert list(spill.iterdir()) == []


def test_too_little_memory_is_an_error_that_names_the_settings(tmp_path):
    message = (
        r"^engine duckdb: Out of Memory.*; raise memory_limit_mb, or give a spill_folder on a disk with more room$"
    )
    with open_engine(memory_limit_mb=2, spill_folder=tmp_path) as engine, pytest.raises(RunError, match=message):
        engine.collect(sums(many_rows(engine)))


def test_the_number_of_threads_does_not_change_the_panel():
    tables = []
    for threads in (1, 3):
        with open_engine(threads=threads) as engine:
            assert engine._connection.sql("SELECT current_setting('threads')").fetchall() == [(threads,)]
            tables.append(computed(engine, PIPELINES["levels"], acts(300, seed=9)))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.parametrize("name", ["polars", "spark"])
def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch, name):
    monkeypatch.setitem(sys.modules, {"spark": "pyspark"}.get(name, name), None)
    with pytest.raises(RunError, match=rf"pip install 'riskresearch\[{name}\]'"), open_engine(name):
        pass


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("sqlite", {}, "engine 'sqlite' is unknown; there are duckdb, polars, spark"),
        ("polars", {"memory_limit_mb": 500}, "cannot be limited"),
        ("polars", {"threads": 1}, "cannot be limited"),
        ("duckdb", {"memory_limit_mb": 0}, "whole numbers from 1"),
        ("duckdb", {"threads": -1}, "whole numbers from 1"),
    ],
)
def test_an_unfit_setting_is_refused(name, settings, message):
    with pytest.raises(SettingsError, match=message), open_engine(name, **settings):
        pass


def test_importing_the_engines_imports_no_engine_but_narwhals():
    module = importlib.import_module("riskresearch.features.engines")
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert not any(f"import {name}" in text for name in ("duckdb", "polars", "pyspark"))


def test_calendar_and_acts_overlap():
    assert set(acts(50, seed=0)["day"]) <= set(calendar()["leg_day"])


def on_both(tables, dates):
    found = []
    for name in EMBEDDED:
        with open_engine(name) as engine:
            found.append(snapshots(tables, dates, columns=panel_columns(), engine=engine))
    return found


def test_the_panel_of_a_full_ledger_is_the_same_on_both():
    tables = known_tables(rich_tables(2), day("2025-03-31"))
    found, expected = on_both(tables, month_ends("2023-01-31", "2025-03-31"))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=0)
    assert found.notna().any().all(), "a feature without any value is not compared"


def test_the_panel_of_the_demo_is_the_same_on_both():
    demo = read_ledger(Path(__file__).parents[2] / "data" / "demo")
    tables = lookahead.known_tables(demo, DefaultSettings(), as_of=day("2025-12-31"))
    tables = with_rating_scales(tables, {"bureau": tuple(str(grade) for grade in range(10, 0, -1))})
    found, expected = on_both(tables, [day("2023-06-30"), day("2024-12-31"), day("2025-12-17"), day("2025-12-31")])
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=0)
    assert found["customer_id"].nunique() > 300
