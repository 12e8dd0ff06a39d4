"""The simulation on Spark: executors draw blocks of years, with the same bytes as on a laptop.

A block depends on the book, the settings and its number alone, so it does not matter which executor draws it. The
executors need this package; the book travels to them with the work.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from pandas import DataFrame

from riskresearch.insurance.events import Events
from riskresearch.insurance.settings import BLOCK_YEARS, InsuranceSettings
from riskresearch.insurance.simulation.blocks import Block, Drawer, Room
from riskresearch.insurance.simulation.book import make_book
from riskresearch.insurance.simulation.simulate import check_size, make_drawer
from riskresearch.insurance.simulation.store import gathered

if TYPE_CHECKING:
    from pyspark.sql import DataFrame as SparkFrame
    from pyspark.sql import SparkSession

_SCHEMA = "year long, customer int, day_ratio float, lgd_ratio float, event byte, after_cut_ratio float"


def simulate_on_spark(
    session: "SparkSession",
    exposures: DataFrame,
    settings: InsuranceSettings,
    *,
    months: DataFrame | None = None,
    policy_start_month: int = 1,
    n_parts: int | None = None,
) -> Events:
    """Simulate on the executors of a Spark session and gather the events; they are those of `simulate`, byte by byte.

    Parameters
    ----------
    session : running Spark session
    exposures, settings, months, policy_start_month : see `riskresearch.insurance.simulation.simulate.simulate`;
        ``settings.n_processes`` has no effect
    n_parts : number of parts the years are drawn in; None = as Spark would
    """
    book = make_book(exposures, settings, months=months, policy_start_month=policy_start_month)
    check_size(book, settings)
    drawer = make_drawer(book, settings, n_blocks=settings.n_years // BLOCK_YEARS)
    found = spark_events(session, drawer, n_parts=n_parts).toArrow().to_pandas()
    return gathered(book, _blocks(found, drawer), n_blocks=settings.n_years // BLOCK_YEARS)


def spark_events(session: "SparkSession", drawer: Drawer, *, n_parts: int | None = None) -> "SparkFrame":
    """Return the defaults of all years as a Spark frame, for books whose events do not fit on one machine.

    One row per default: ``year`` (from 0), ``customer`` (position in the book), ``day_ratio``, ``lgd_ratio``,
    ``event`` and ``after_cut_ratio``, as in `riskresearch.insurance.events.Events`. The order of rows is Spark's.

    Parameters
    ----------
    session : running Spark session
    drawer : book and settings
    n_parts : number of parts the years are drawn in; None = as Spark would
    """

    def draw(batches: Iterator[DataFrame]) -> Iterator[DataFrame]:
        room = Room()
        for batch in batches:
            for number in batch["id"]:
                yield _frame(drawer.block(int(number), room), int(number))

    numbers = session.range(0, drawer.settings.n_years // BLOCK_YEARS, 1, n_parts)
    return numbers.mapInPandas(draw, _SCHEMA)


def _frame(block: Block, number: int) -> DataFrame:
    """Defaults of a block as rows."""
    year = number * BLOCK_YEARS + np.repeat(np.arange(BLOCK_YEARS), block.n_per_year)
    columns = dict(zip(Block._fields[1:-1], block[1:-1], strict=True))
    return DataFrame({"year": year, **columns})


def _blocks(found: DataFrame, drawer: Drawer) -> Iterator[Block]:
    """Put rows back into blocks, in the order of years, days and customers."""
    ordered = found.sort_values(["year", "day_ratio", "customer"], ignore_index=True)
    n_per_year = np.bincount(ordered["year"], minlength=drawer.settings.n_years).reshape(-1, BLOCK_YEARS)
    ends = np.cumsum(n_per_year.sum(axis=1))
    columns = [ordered[name].to_numpy() for name in Block._fields[1:-1]]
    for number, end in enumerate(ends):
        rows = slice(end - n_per_year[number].sum(), end)
        yield Block._make([n_per_year[number], *(column[rows] for column in columns), drawer.weight(number)])
