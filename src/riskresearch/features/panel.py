"""The customer × date panel by signed deltas, written once as narwhals expressions for every engine.

Every act is a leg: integers that count from a day on. Legs are summed by customer and by the first date of
a monthly grid that knows them; the level of a measure on a date is the running sum up to it, and what
happened in w months is that level minus the level w dates before. So there is no invoice × date join, sums are
exact, and a later act never changes an earlier date. What is overdue comes from the balance that each movement
leaves until the next one: only balances that are overdue on a date are spread over such dates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import narwhals as nw
import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import SettingsError
from riskresearch.features.engines import Engine
from riskresearch.features.registry import At, Level, PeerLevel
from riskresearch.features.streams import STREAMS
from riskresearch.features.streams.registry import Overdue

Lazy = nw.LazyFrame[Any]
Columns = Mapping[str, Callable[[At], nw.Expr]]
KEYS = ("customer_code", "k")
NO_DAY = -1_000_000
PEERS = {"sector": "sector_code", "country": "country_code", "group": "group_code", "book": "book_code"}


@dataclass(frozen=True)
class Grid:
    """Monthly dates as day numbers, oldest first, and which of them are wanted; the others are looked back on."""

    days: tuple[int, ...]
    wanted: tuple[bool, ...]

    @property
    def wanted_days(self) -> list[int]:
        """Day numbers of the dates that are wanted."""
        return [day for day, is_wanted in zip(self.days, self.wanted, strict=True) if is_wanted]


@dataclass(frozen=True)
class Sources:
    """Legs by stream and the customers, opened on an engine.

    ``customers``: ``customer_code first_day``, and as asked for ``relationship_start_day sector_code country_code
    group_code book_code`` (0); integers. Legs: ``customer_code day`` and the measures of the stream.
    """

    customers: Lazy
    legs: Mapping[str, Lazy]


def look_back(columns: Columns) -> int:
    """Return how many months before a date the columns look."""
    at = _asked(columns)[0]
    return max((level.ago for level in at.levels), default=0)


def streams_of(columns: Columns) -> list[str]:
    """Return the streams whose measures the columns ask for."""
    at = _asked(columns)[0]
    wanted = set(_measures(at))
    return [
        member.name
        for member in STREAMS
        if wanted & set(member.spec.measures) or (at.needs_oldest_due and member.name == "movements")
    ]


def panel(engine: Engine, sources: Sources, grid: Grid, columns: Columns) -> Lazy:
    """Return the columns for every customer on every wanted date from its first act on.

    Parameters
    ----------
    engine : where the legs lie
    sources : legs and customers
    grid : dates; it must reach back as far as `look_back` says, or to the first act of all
    columns : what to compute, by name

    Returns
    -------
    lazy frame ``customer_code day`` and the columns; not sorted.
    """
    at, made = _asked(columns)
    calendar = engine.frame(_calendar(grid), "calendar")
    dense = _dense(engine, sources.customers, grid, at)
    deltas = _deltas(engine, sources.legs, calendar, grid, at)
    kinds = _kinds(at)
    joined = reduce(lambda left, right: left.join(right, on=list(KEYS), how="left"), deltas, dense)
    joined = engine.kept(joined, "joined")
    levels = [_running(name, kind) for name, kind in kinds.items()]
    running = engine.kept(joined.with_columns(*levels), "running") if levels else joined
    keys = [PEERS[by] for by in PEERS if _needed(by, at)]
    lagged = running.select(
        *("customer_code", "k", "day", "is_wanted", *sorted({*at.attributes, *keys})),
        *(["oldest_due_day"] if at.needs_oldest_due else []),
        *(_lagged(level, kinds[level.measure], "customer_code") for level in at.levels),
    )
    rows = reduce(lambda left, by: _with_peers(left, running, by, at), PEERS, lagged.filter(nw.col("is_wanted")))
    return rows.select("customer_code", "day", *made)


def _asked(columns: Columns) -> tuple[At, list[nw.Expr]]:
    at = At()
    made = [make(at).alias(name) for name, make in columns.items()]
    return at, made


def _kinds(at: At) -> dict[str, str]:
    """Each measure asked for: summed over time, a level of each date by itself, or the latest day."""
    lasts = {measure for member in STREAMS for measure in member.spec.lasts}
    overdue = {measure for member in STREAMS for measure in member.spec.overdue}
    return {m: "last" if m in lasts else "level" if m in overdue else "sum" for m in _measures(at)}


def _measures(at: At) -> list[str]:
    measures = {level.measure for level in at.levels}
    unknown = measures - {measure for member in STREAMS for measure in member.spec.measures}
    if unknown:
        raise SettingsError(
            f"features ask for measures that no stream gives: {', '.join(sorted(unknown))}; name a measure of "
            "riskresearch.features.streams, or add one there"
        )
    return sorted(measures)


def _running(measure: str, kind: str) -> nw.Expr:
    if kind == "last":
        latest = nw.col(measure).fill_null(NO_DAY).cum_max().over("customer_code", order_by="k")
        return nw.when(latest > NO_DAY).then(latest).alias(measure)
    if kind == "level":
        return nw.col(measure).fill_null(0)
    return nw.col(measure).fill_null(0).cum_sum().over("customer_code", order_by="k").cast(nw.Int64)


def _lagged(level: Level, kind: str, of: str) -> nw.Expr:
    column = nw.col(level.measure)
    if level.ago:
        column = column.shift(level.ago).over(of, order_by="k")
    return (column if kind == "last" or not level.ago else column.fill_null(0)).alias(level.column)


def _needed(by: str, at: At) -> list[PeerLevel]:
    return [need for need in at.peer_levels if need.by == by]


def _with_peers(rows: Lazy, running: Lazy, by: str, at: At) -> Lazy:
    """The rows with the levels of all customers of the same sector, country or group, or of the whole book."""
    needs = _needed(by, at)
    if not needs:
        return rows
    key = PEERS[by]
    measures = sorted({need.level.measure for need in needs})
    sums = [nw.col(name).sum().cast(nw.Int64) for name in measures]
    totals = running.filter(~nw.col(key).is_null()).group_by(key, "k").agg(*sums)
    lagged = totals.select(key, "k", *(_lagged(need.level, "sum", key).alias(need.column) for need in needs))
    return rows.join(lagged, on=[key, "k"], how="left")


def _calendar(grid: Grid) -> DataFrame:
    """Index of the first date that knows each day; of the day after the last date, the number of dates."""
    days = np.arange(grid.days[0], grid.days[-1] + 2)
    return DataFrame({"leg_day": days, "k": np.searchsorted(np.array(grid.days), days)})


def _dense(engine: Engine, customers: Lazy, grid: Grid, at: At) -> Lazy:
    """Every customer on every date from its first act on."""
    dates = engine.frame(
        DataFrame({"k": np.arange(len(grid.days)), "day": grid.days, "is_wanted": grid.wanted}), "dates"
    )
    keys = [PEERS[need.by] for need in at.peer_levels]
    columns = ["customer_code", "first_day", *sorted({*at.attributes, *keys} - {"first_day"})]
    return customers.select(columns).join(dates, how="cross").filter(nw.col("day") >= nw.col("first_day"))


def _deltas(engine: Engine, legs: Mapping[str, Lazy], calendar: Lazy, grid: Grid, at: At) -> list[Lazy]:
    """What each date adds to the measures asked for, summed by customer and date.

    Movements are many, so each of their sums is one pass of its own; the legs of all other streams are summed
    together.
    """
    wanted = set(_measures(at))
    bulk: list[Lazy] = []
    others: list[Lazy] = []
    for member in STREAMS:
        names = [name for name in (*member.spec.sums, *member.spec.lasts) if name in wanted]
        if names:
            rows = _legs(legs[member.name], names, grid)
            (bulk if member.spec.is_bulk else others).append(rows)
    parts = [*bulk, nw.concat(others, how="diagonal")] if others else bulk
    deltas = [_summed(rows, calendar, wanted) for rows in parts]
    late = {name: rule for member in STREAMS for name, rule in member.spec.overdue.items() if name in wanted}
    if late or at.needs_oldest_due:
        deltas.append(_overdue(engine, legs["movements"], calendar, grid, late))
    return deltas


def _legs(legs: Lazy, names: list[str], grid: Grid) -> Lazy:
    """Legs with the day they count from, not before the first date, and the measures asked for."""
    day = nw.col("day").clip(lower_bound=grid.days[0]).alias("leg_day")
    return legs.select("customer_code", day, *names)


def _summed(rows: Lazy, calendar: Lazy, wanted: set[str]) -> Lazy:
    lasts = {name for member in STREAMS for name in member.spec.lasts}
    names = [name for name in rows.collect_schema().names() if name in wanted]
    sums = [nw.col(n).max() if n in lasts else nw.col(n).sum().cast(nw.Int64) for n in names]
    return rows.join(calendar, on="leg_day").group_by(*KEYS).agg(*sums)


def _overdue(engine: Engine, legs: Lazy, calendar: Lazy, grid: Grid, wanted: Mapping[str, Overdue]) -> Lazy:
    """What is overdue on each date by customer, and the due day of the oldest item.

    Each movement tells the balance of its item until the next one. Only balances that are overdue on some date are
    spread over these dates, so an item settled before the next date costs nothing.
    """
    spans = engine.frame(_spans(grid), "spans")
    late_day = nw.max_horizontal(nw.col("day"), nw.col("due_day") + 1)
    is_late = (nw.col("open_after_minor") > 0) & ~nw.col("due_day").is_null() & (nw.col("until_day") > late_day)
    late = legs.filter(is_late).select(
        *("customer_code", "due_day", "open_after_minor"),
        late_day.clip(lower_bound=grid.days[0]).alias("leg_day"),
        nw.col("until_day").clip(lower_bound=grid.days[0], upper_bound=grid.days[-1] + 1).alias("end_day"),
    )
    ends = calendar.rename({"leg_day": "end_day", "k": "end"})
    spread = late.join(calendar.rename({"k": "start"}), on="leg_day").join(ends, on="end_day")
    spread = spread.filter(nw.col("start") < nw.col("end")).join(spans, on=["start", "end"])
    rows = spread.select(*KEYS, "due_day", *(_past_due(name, rule) for name, rule in wanted.items()))
    sums = [nw.col(name).sum().cast(nw.Int64) for name in wanted]
    return rows.group_by(*KEYS).agg(nw.col("due_day").min().alias("oldest_due_day"), *sums)


def _past_due(name: str, rule: Overdue) -> nw.Expr:
    """The balance, or its product with the due day, where the item is far enough past due on the date."""
    amount = nw.col("open_after_minor")
    value = amount * nw.col("due_day") if rule.times_due_day else amount
    is_past = nw.col("span_day") > nw.col("due_day") + rule.days
    return nw.when(is_past).then(value).otherwise(nw.lit(0, dtype=nw.Int64)).alias(name)


def _spans(grid: Grid) -> DataFrame:
    """Dates of each span of dates, from its start to before its end."""
    n = len(grid.days)
    start, end, k = np.meshgrid(np.arange(n), np.arange(n + 1), np.arange(n), indexing="ij")
    inside = (start <= k) & (k < end)
    days = np.array(grid.days)[k[inside]]
    return DataFrame({"start": start[inside], "end": end[inside], "k": k[inside], "span_day": days})
