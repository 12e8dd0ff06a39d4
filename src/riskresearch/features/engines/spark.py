"""Spark: the same expressions where the data already lie on a cluster."""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
from pandas import DataFrame

from riskresearch.base.errors import RunError, SettingsError
from riskresearch.base.files import whole_file
from riskresearch.features.engines.arrow import arrow_table, pandas_frame, parquet_files

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
THREADS = 2


class Spark:
    """An open Spark session; see `riskresearch.features.engines.Engine`."""

    name = "spark"

    def __init__(self, session: "SparkSession") -> None:
        self._session = session
        self._kept: list[Any] = []

    def frame(self, data: DataFrame | Path, name: str) -> nw.LazyFrame[Any]:
        """Return data as a lazy frame; files must lie where the executors find them too."""
        if isinstance(data, Path):
            files = [_literal(_address(file)) for file in parquet_files(data)]
            return nw.from_native(self._session.read.option("recursiveFileLookup", "true").parquet(*files))
        return nw.from_native(self._session.createDataFrame(arrow_table(data)))

    def collect(self, lazy: nw.LazyFrame[Any]) -> DataFrame:
        """Compute a lazy frame as a pandas frame."""
        return pandas_frame(lazy.to_native().toArrow())

    def kept(self, lazy: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """Keep a lazy frame from its first use on, in the executors' memory or on their disks."""
        self._kept.append(lazy.to_native().persist())
        return nw.from_native(self._kept[-1])

    def write(self, lazy: nw.LazyFrame[Any], file: Path) -> None:
        """Compute a lazy frame into one Parquet file, in a folder that the executors reach too."""
        parent = file.resolve().parent
        with whole_file(file) as temporary, tempfile.TemporaryDirectory(dir=parent, prefix=f".{file.name}.") as folder:
            lazy.to_native().coalesce(1).write.parquet(_address(Path(folder) / "parts"), compression="zstd")
            (part,) = Path(folder, "parts").glob("part-*.parquet")
            part.replace(temporary)

    def release(self) -> None:
        """Give back what was kept."""
        while self._kept:
            self._kept.pop().unpersist()


@contextmanager
def opened(memory_limit_mb: int | None, spill_folder: Path | None, threads: int | None) -> Iterator[Spark]:
    """Take the active session, or start a local one and stop it at the end."""
    session = _running()
    if session is not None and not (memory_limit_mb is None and spill_folder is None and threads is None):
        raise SettingsError(
            "engine spark: a session is running, with its own memory, folders and threads; leave memory_limit_mb, "
            "spill_folder and threads out, or set them where the session is made"
        )
    engine = Spark(session or _started(memory_limit_mb, spill_folder, threads or THREADS))
    try:
        yield engine
    finally:
        engine.release()
        if session is None:
            engine._session.stop()


def _running() -> "SparkSession | None":
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.active()
    except PySparkRuntimeError:
        return None


def _started(memory_limit_mb: int | None, spill_folder: Path | None, threads: int) -> "SparkSession":
    """Start a local session whose workers are this Python."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    settings = SETTINGS | {"spark.sql.shuffle.partitions": str(2 * threads)}
    if memory_limit_mb is not None:
        settings["spark.driver.memory"] = f"{memory_limit_mb}m"
    if spill_folder is not None:
        settings["spark.local.dir"] = str(spill_folder.resolve())
    builder = SparkSession.builder.master(f"local[{threads}]").appName("riskresearch").config(map=settings)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as cause:
        raise RunError(
            "engine spark: Java did not start; install a Java runtime, version 17 or 21, so that the command `java` "
            "is found or JAVA_HOME names its folder, or choose the engine duckdb"
        ) from cause
    session.sparkContext.pythonExec = sys.executable
    return session


def _address(path: Path) -> str:
    return "file:///" + path.resolve().as_posix().lstrip("/")


def _literal(address: str) -> str:
    """Return the address with the letters escaped that Spark would take for a pattern."""
    return re.sub(r"([\\{}\[\]*?])", r"\\\1", address)
