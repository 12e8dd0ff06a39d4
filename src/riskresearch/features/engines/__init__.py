"""Where the panel is computed: the same narwhals expressions on DuckDB, Polars or Spark.

`open_engine` gives an engine; whatever is computed on it must be collected or written before it is closed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw
from pandas import DataFrame

from riskresearch.base.errors import RunError, SettingsError

__all__ = ["ENGINES", "Engine", "open_engine"]

ENGINES: Mapping[str, tuple[str, ...]] = {"duckdb": ("duckdb",), "polars": ("polars",), "spark": ("pyspark",)}
"""Names of the engines, each with the packages it needs."""


class Engine(Protocol):
    """A place to compute: data become lazy frames, and lazy frames become tables.

    Lazy frames of two engines do not mix.
    """

    @property
    def name(self) -> str:
        """Name of the engine: duckdb, polars or spark."""

    def frame(self, data: DataFrame | Path, name: str) -> nw.LazyFrame[Any]:
        """Return a pandas frame, or a Parquet file or folder of Parquet files, as a lazy frame.

        Files are read when and as far as something is computed from them: columns that are not used stay
        unread. Names of subfolders become no columns. The name is for messages and plans; it may come twice.

        Raises
        ------
        RunError
            There is no Parquet file.
        """

    def collect(self, lazy: nw.LazyFrame[Any]) -> DataFrame:
        """Compute a lazy frame as a pandas frame; its rows come in any order unless it is sorted.

        Whole numbers are int64, Int64 where some are null; text is str; a fraction that is null is NaN.
        """

    def kept(self, lazy: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
        """Return the lazy frame as one that is computed once, however often it is used until the engine is closed."""

    def write(self, lazy: nw.LazyFrame[Any], file: Path) -> None:
        """Compute a lazy frame into one Parquet file (zstd); the file is whole or absent, sorted if the frame is."""


@contextmanager
def open_engine(
    name: str = "duckdb",
    *,
    memory_limit_mb: int | None = None,
    spill_folder: Path | None = None,
    threads: int | None = None,
) -> Iterator[Engine]:
    """Open an engine and close it at the end.

    Parameters
    ----------
    name : duckdb, polars or spark
    memory_limit_mb : megabytes DuckDB may use before it writes to disk, or of the Spark session that is started here;
        empty = the engine's own default. Polars knows no such limit
    spill_folder : where DuckDB, or the Spark session started here, puts what does not fit; empty = a new folder
        where the system keeps temporary files, removed at the end
    threads : empty = all cores on DuckDB, 2 on Spark; Polars always takes all

    Spark takes the session that is active, with its own settings, and leaves it running; only where there is none it
    starts a local one and stops it at the end.

    Raises
    ------
    SettingsError
        There is no such engine, or it cannot keep the limit that is asked for.
    RunError
        A package or Java is missing; says what to install.

    Examples
    --------
    >>> with open_engine() as engine:
    ...     lazy = engine.frame(DataFrame({"customer_code": [1, 1], "open_minor": [300, -100]}), "legs")
    ...     engine.collect(lazy.group_by("customer_code").agg(nw.col("open_minor").sum()))
       customer_code  open_minor
    0              1         200
    """
    if name not in ENGINES:
        raise SettingsError(f"engine {name!r} is unknown; there are {', '.join(ENGINES)}")
    if any(number is not None and number < 1 for number in (memory_limit_mb, threads)):
        raise SettingsError(f"engine {name}: memory_limit_mb and threads are whole numbers from 1, or left out")
    with _opener(name)(memory_limit_mb, spill_folder, threads) as engine:
        yield engine


def _opener(name: str) -> Callable[[int | None, Path | None, int | None], AbstractContextManager[Engine]]:
    for package in ENGINES[name]:
        try:
            import_module(package)
        except ImportError as cause:
            raise RunError(
                f"engine {name}: the package {package} cannot be imported ({cause}); install it with "
                f"`python -m pip install 'riskresearch[{name}]'`, or choose the engine duckdb"
            ) from cause
    opener: Callable[..., AbstractContextManager[Engine]] = import_module(f"{__name__}.{name}").opened
    return opener
