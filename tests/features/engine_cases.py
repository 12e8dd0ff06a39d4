"""What every engine must do alike: small pipelines of the kinds the panel is made of, and rows to run them on."""

from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.features.engines import Engine

Lazy = nw.LazyFrame[Any]
KEYS = ("customer_code", "k")


def acts(n: int, *, seed: int, n_customers: int = 40) -> DataFrame:
    """Signed amounts by customer and day; a measure with nulls, one that is always null, and text."""
    rng = np.random.default_rng(seed)
    maybe = pd.array(rng.integers(-50, 100, n), dtype="Int64")
    maybe[rng.random(n) < 0.3] = pd.NA
    return DataFrame(
        {
            "customer_code": rng.integers(0, n_customers, n),
            "day": rng.integers(19000, 19360, n),
            "open_minor__0": rng.integers(-(10**10), 10**10, n),
            "maybe": maybe,
            "never": pd.array([None] * n, dtype="Int64"),
            "is_late": rng.random(n) < 0.5,
            "sector": rng.choice(["bâtiment", 'a "quoted" one', "Z"], n),
        }
    )


def calendar() -> DataFrame:
    """Day and the number of its month."""
    days = np.arange(19000, 19360)
    return DataFrame({"leg_day": days, "k": (days - 19000) // 30})


def by_month(acts: Lazy, calendar: Lazy) -> Lazy:
    """Sums, latest days and counts by customer and month."""
    rows = acts.join(calendar, left_on="day", right_on="leg_day")
    return rows.group_by(*KEYS).agg(
        nw.col("open_minor__0").sum().cast(nw.Int64),
        nw.col("maybe").sum().cast(nw.Int64),
        nw.col("maybe").max().alias("maybe_last"),
        nw.col("never").min().alias("never_last"),
        nw.len().cast(nw.Int64).alias("n"),
        nw.col("is_late").cast(nw.Int64).sum().cast(nw.Int64).alias("n_late"),
        nw.when(nw.col("day") > 19100).then(nw.col("open_minor__0")).otherwise(0).sum().cast(nw.Int64).alias("recent"),
    )


def dense(acts: Lazy, calendar: Lazy) -> Lazy:
    """Every customer in every month, with what happened where something did."""
    grid = acts.select("customer_code").unique().join(calendar.select("k").unique(), how="cross")
    return grid.join(by_month(acts, calendar), on=list(KEYS), how="left")


def levels(acts: Lazy, calendar: Lazy) -> Lazy:
    """Running sums and running latest values, then what they were earlier."""

    def over(expression: nw.Expr) -> nw.Expr:
        return expression.over("customer_code", order_by="k")

    running = dense(acts, calendar).with_columns(
        over(nw.col("open_minor__0").fill_null(0).cum_sum()).cast(nw.Int64).alias("level"),
        over(nw.col("maybe_last").cum_max()).alias("latest"),
        over(nw.col("n").fill_null(0).rolling_sum(3, min_samples=1)).cast(nw.Int64).alias("n_3m"),
    )
    return running.select(
        *KEYS,
        "level",
        "latest",
        "n_3m",
        over(nw.col("level").shift(3)).fill_null(0).alias("level__3"),
        over(nw.col("latest").shift(1)).alias("latest__1"),
        nw.col("level").sum().over("k").cast(nw.Int64).alias("level__book"),
        nw.col("latest").max().over("k").alias("latest__book"),
    )


def expressions(acts: Lazy, calendar: Lazy) -> Lazy:
    """What a feature may do with a row."""
    amount, maybe, day = nw.col("open_minor__0"), nw.col("maybe"), nw.col("day")
    return acts.select(
        "customer_code",
        "day",
        "open_minor__0",
        nw.when(maybe > 0).then(amount.cast(nw.Float64) / maybe.cast(nw.Float64)).alias("ratio"),
        nw.when(maybe > 50).then(1).when(maybe > 0).then(nw.lit(2)).otherwise(nw.lit(3)).cast(nw.Int64).alias("band"),
        nw.max_horizontal(maybe, day - 19300, nw.lit(0)).alias("largest"),
        nw.min_horizontal(maybe, nw.col("never")).alias("smallest"),
        nw.sum_horizontal(maybe, day, nw.col("never")).alias("total"),
        maybe.clip(lower_bound=0).alias("clipped"),
        amount.abs().cast(nw.Float64).sqrt().alias("root"),
        (amount // 30).alias("floor"),
        (maybe % 7).alias("rest"),
        (maybe * day - nw.col("never")).alias("unknown"),
        (nw.coalesce(maybe, day) + nw.col("is_late").cast(nw.Int64)).alias("filled"),
        (~maybe.is_null() & nw.col("is_late")).alias("is_known_late"),
        "sector",
    )


def stacked(acts: Lazy, calendar: Lazy) -> Lazy:
    """Rows one under the other, with the same columns and with columns of their own; and rows taken out."""
    some = acts.filter(nw.col("customer_code") < 5).select("customer_code", "day", "maybe")
    same = nw.concat([some, some.filter(nw.col("maybe") > 0)], how="vertical")
    rows = nw.concat([same, acts.select("customer_code", "open_minor__0", "sector")], how="diagonal")
    return rows.join(acts.filter(nw.col("maybe") > 90).select("customer_code"), on="customer_code", how="anti")


PIPELINES: dict[str, Callable[[Lazy, Lazy], Lazy]] = {
    function.__name__: function for function in (by_month, dense, levels, expressions, stacked)
}


def computed(engine: Engine, pipeline: Callable[[Lazy, Lazy], Lazy], rows: DataFrame) -> DataFrame:
    """Compute a pipeline, its rows in one order."""
    found = engine.collect(pipeline(engine.frame(rows, "acts"), engine.frame(calendar(), "calendar")))
    return found.sort_values(list(found.columns), ignore_index=True)
