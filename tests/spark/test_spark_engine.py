"""The engine Spark does what DuckDB does, takes a session that runs, and ends only one that it started."""

import os
import subprocess
import sys

import narwhals as nw
import pandas as pd
import pyarrow.parquet as pq
import pytest
from features.engine_cases import PIPELINES, acts, computed

from riskresearch.base.errors import SettingsError
from riskresearch.features.engines import open_engine

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas >= 3.0.0:FutureWarning"),
    pytest.mark.xdist_group("spark"),
]


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("n", [1, 500])
def test_pipelines_give_the_table_of_duckdb_bit_for_bit(spark, pipeline, n):
    with open_engine("duckdb") as duckdb:
        expected = computed(duckdb, PIPELINES[pipeline], acts(n, seed=n))
    pd.testing.assert_frame_equal(computed(spark, PIPELINES[pipeline], acts(n, seed=n)), expected, check_exact=True)


def test_large_whole_numbers_nulls_and_text_come_back_as_they_went(spark):
    rows = pd.DataFrame(
        {
            "a": ["é", None, 'a "b"'],
            "b": [0.5, None, -1],
            "c": [True, False, True],
            "d": pd.array([2**62, None, 2**53 + 1], dtype="Int64"),
            "e": [3, 1, 2],
        }
    )
    pd.testing.assert_frame_equal(
        spark.collect(spark.frame(rows, "rows").sort("e")), rows.sort_values("e", ignore_index=True)
    )
    none = spark.collect(spark.frame(rows.iloc[:0], "rows"))
    assert (len(none), none.dtypes.astype(str).tolist()) == (0, ["str", "float64", "bool", "int64", "int64"])


def test_too_large_sums_are_an_error_and_no_wrong_number(spark):
    lazy = spark.frame(pd.DataFrame({"a": [2**62, 2**62]}), "rows").select(nw.col("a").sum())
    with pytest.raises(Exception, match="ARITHMETIC_OVERFLOW"):
        spark.collect(lazy)


def test_folders_are_read_and_one_sorted_file_is_written(spark, tmp_path):
    folder = tmp_path / "odd [1] {x} *?é"
    rows = acts(3000, seed=1)
    for name, part in {"b": rows.iloc[:1000], "year=2024/a": rows.iloc[1000:]}.items():
        spark.write(spark.frame(part, "rows"), folder / f"{name}.parquet")
    (folder / "_temporary").mkdir()
    rows.to_parquet(folder / "_temporary" / "c.parquet")
    spark.write(spark.frame(folder, "rows").sort("open_minor__0"), tmp_path / "all.parquet")
    found = pd.read_parquet(tmp_path / "all.parquet")
    assert found.columns.tolist() == rows.columns.tolist()
    assert found["open_minor__0"].tolist() == sorted(rows["open_minor__0"])
    assert pq.ParquetFile(tmp_path / "all.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.parquet", folder.name]


def test_what_is_kept_is_computed_once_and_given_back(spark, tmp_path):
    with open_engine("spark") as engine:
        engine.write(engine.frame(pd.DataFrame({"a": [1, 2]}), "rows"), tmp_path / "rows.parquet")
        kept = engine.kept(engine.frame(tmp_path / "rows.parquet", "rows"), "rows")
        assert sorted(engine.collect(kept)["a"]) == [1, 2]
        (tmp_path / "rows.parquet").unlink()
        assert sorted(engine.collect(kept.filter(nw.col("a") > 0))["a"]) == [1, 2]
        assert kept.to_native().storageLevel.useDisk
    assert not kept.to_native().storageLevel.useDisk


def test_a_running_session_is_taken_and_left_running(spark):
    from pyspark.sql import SparkSession

    before = SparkSession.active()
    with open_engine("spark") as engine:
        assert engine._session is before
    assert before.range(3).count() == 3
    with pytest.raises(SettingsError, match="a session is running"), open_engine("spark", memory_limit_mb=900):
        pass


OWN_SESSION = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession
from riskresearch.features.engines import open_engine

with open_engine("spark", memory_limit_mb=700, spill_folder=Path(sys.argv[1]), threads=1) as engine:
    session = SparkSession.active()
    conf = session.sparkContext.getConf()
    print([conf.get(f"spark.{key}") for key in ("master", "driver.memory", "local.dir", "driver.host")] == [
        "local[1]", "700m", sys.argv[1], "127.0.0.1"])
    worker = session.range(1).mapInArrow(lambda rows: (print_executable(batch) for batch in rows), "name string")
    print(worker.collect()[0].name == sys.executable)
print(session.sparkContext._jsc is None)
"""
EXECUTABLE = """
def print_executable(batch):
    import pyarrow, sys
    return pyarrow.RecordBatch.from_pydict({"name": [sys.executable]})
"""


def test_a_session_of_its_own_has_the_settings_this_python_and_an_end(spark_is_possible, tmp_path):
    code = EXECUTABLE + OWN_SESSION
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["True"] * 3, done.stderr


def test_without_java_the_error_says_what_to_install(spark_is_possible, tmp_path):
    bash = tmp_path / "bin"
    bash.mkdir()
    for name in ("bash", "env", "dirname", "nice", "ps"):
        (bash / name).symlink_to(f"/bin/{name}")
    code = "from riskresearch.features.engines import open_engine\nwith open_engine('spark'): pass"
    kept = {name: value for name, value in os.environ.items() if name not in ("PATH", "JAVA_HOME")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=kept | {"PATH": str(bash)}, capture_output=True, text=True, check=False)
    assert "RunError: engine spark: Java did not start; install a Java runtime" in done.stderr
