"""The panel of customers and month ends as lazy Polars, by the same steps as the SQL written for speed."""

from pathlib import Path

import polars as pl

from panel_task import MONTH_ENDS, prepared

SUMMED = ("open_minor", "n_open", "sale_minor", "n_sale", "timed_minor", "late_days_minor")
LATE_DAYS = (0, 30, 60, 90)
N = len(MONTH_ENDS)


def by_deltas(source: Path, target: Path) -> None:
    """Compute the panel of a file of acts into a Parquet file."""
    acts = pl.scan_parquet(source).with_columns(pl.col("customer_code").cast(pl.Int32))
    own = acts.join(_calendar("day", "k"), on="day").group_by("customer_code", "k").agg(pl.col(*SUMMED).sum())
    cells = _grid(own).join(own, on=["customer_code", "k"], how="left")
    cells = cells.join(_overdue(acts), on=["customer_code", "k"], how="left")
    levels = _levels(cells.sort("customer_code", "k"))
    _figures(levels).sink_parquet(target, compression="zstd")


deltas = prepared(by_deltas)


def _calendar(day: str, k: str) -> pl.LazyFrame:
    """First month end not before each day."""
    days = pl.int_range(int(MONTH_ENDS[0]) - 31, int(MONTH_ENDS[-1]) + 1, eager=True)
    return pl.LazyFrame({day: days, k: pl.Series(MONTH_ENDS).search_sorted(days).cast(pl.Int64)})


def _grid(own: pl.LazyFrame) -> pl.LazyFrame:
    first = own.group_by("customer_code").agg(first_k=pl.col("k").min())
    ends = pl.LazyFrame({"k": range(N), "day": MONTH_ENDS})
    return first.join(ends, how="cross").filter(pl.col("k") >= pl.col("first_k")).drop("first_k")


def _overdue(acts: pl.LazyFrame) -> pl.LazyFrame:
    """What is overdue on each month end, from the balances that items keep until their next act."""
    late_day = pl.max_horizontal("day", pl.col("due_day") + 1)
    balances = (
        acts.filter(pl.col("open_after_minor") > 0, pl.col("until_day") > late_day)
        .select("customer_code", "due_day", "open_after_minor", "until_day", late_day=late_day)
        .join(_calendar("late_day", "first_k"), on="late_day")
        .join(_calendar("until_day", "end_k"), on="until_day", how="left")
        .with_columns(pl.col("end_k").fill_null(N))
        .filter(pl.col("first_k") < pl.col("end_k"))
    )
    spread = balances.select(
        "customer_code", "due_day", "open_after_minor", k=pl.int_ranges("first_k", "end_k")
    ).explode("k")
    late_days = pl.col("k").replace_strict(range(N), MONTH_ENDS, return_dtype=pl.Int64) - pl.col("due_day")
    sums = {
        f"over_{days}": pl.when(pl.col("late_days") > days).then("open_after_minor").otherwise(0).sum()
        for days in LATE_DAYS
    }
    return (
        spread.with_columns(late_days=late_days)
        .group_by("customer_code", "k")
        .agg(pl.col("late_days").max().alias("overdue_max_days"), **sums)
    )


def _levels(cells: pl.LazyFrame) -> pl.LazyFrame:
    over = [pl.col(f"over_{days}").fill_null(0) for days in LATE_DAYS]
    running = cells.with_columns(*over, pl.col(*SUMMED).fill_null(0).cum_sum().over("customer_code"))
    share = pl.when(pl.col("open_minor") > 0).then(pl.col("over_0") / pl.col("open_minor"))
    return running.with_columns(
        *(_ago("sale_minor", ago) for ago in range(1, 13)),
        _ago("n_sale", 12),
        *(_ago(name, ago) for name in ("timed_minor", "late_days_minor") for ago in (3, 6, 12)),
        share.alias("share_0"),
    ).with_columns(pl.col("share_0").shift(ago).over("customer_code").alias(f"share_{ago}") for ago in range(1, 6))


def _ago(name: str, ago: int) -> pl.Expr:
    return pl.col(name).shift(ago, fill_value=0).over("customer_code").alias(f"{name}_{ago}")


def _mean_late(months: int) -> pl.Expr:
    return _quotient(
        pl.col("late_days_minor") - pl.col(f"late_days_minor_{months}"),
        pl.col("timed_minor") - pl.col(f"timed_minor_{months}"),
    )


def _quotient(over: pl.Expr, under: pl.Expr) -> pl.Expr:
    return pl.when(under > 0).then(over / under)


def _countback() -> pl.Expr:
    """Days of sales that the open amount is worth; sales never fall, so a month begins above `level` or is not used."""
    sales = [pl.col("sale_minor"), *(pl.col(f"sale_minor_{ago}") for ago in range(1, 13))]
    level = pl.col("sale_minor") - pl.col("open_minor")
    n_begun = pl.sum_horizontal(sold > level for sold in sales[:12])
    above = pl.min_horizontal(pl.when(sold > level).then(sold) for sold in sales)
    below = pl.max_horizontal(pl.when(sold <= level).then(sold) for sold in sales)
    days = (n_begun - 1 + (above - level) / (above - below)) * (365 / 12)
    within = pl.when(sales[12] > level).then(365.0).otherwise(days)
    worth = pl.when(pl.col("open_minor") > 0).then(within).otherwise(0.0)
    return pl.when(sales[0] > sales[12]).then(worth)


def _slope() -> pl.Expr:
    share = [pl.col(f"share_{ago}") for ago in range(6)]
    return (5.0 * (share[0] - share[5]) + 3.0 * (share[1] - share[4]) + (share[2] - share[3])) * (1 / 35)


def _figures(levels: pl.LazyFrame) -> pl.LazyFrame:
    before = _quotient(
        pl.col("late_days_minor_3") - pl.col("late_days_minor_6"), pl.col("timed_minor_3") - pl.col("timed_minor_6")
    )
    return levels.select(
        pl.col("customer_code").cast(pl.Int64),
        "day",
        "open_minor",
        "n_open",
        not_due_minor=pl.col("open_minor") - pl.col("over_0"),
        overdue_1_30_minor=pl.col("over_0") - pl.col("over_30"),
        overdue_31_60_minor=pl.col("over_30") - pl.col("over_60"),
        overdue_61_90_minor=pl.col("over_60") - pl.col("over_90"),
        overdue_91_minor=pl.col("over_90"),
        overdue_max_days=pl.when(pl.col("n_open") > 0).then(pl.col("overdue_max_days").fill_null(0)),
        n_sales_12m=pl.col("n_sale") - pl.col("n_sale_12"),
        sale_12m_minor=pl.col("sale_minor") - pl.col("sale_minor_12"),
        days_late_mean_3m=_mean_late(3),
        days_late_mean_6m=_mean_late(6),
        days_late_mean_12m=_mean_late(12),
        days_late_trend_3m=_mean_late(3) - before,
        overdue_slope_6m=_slope(),
        dso_countback_days=_countback(),
    )
