"""The customer × date panel by signed deltas: the only engine code.

Every act becomes a leg with the index of the first observation date that knows it. The open amount
of a date is the running sum of legs up to its index; the amount more than d days overdue is the
running sum of the same legs from the later of their own index and that of due date + d + 1. So no
invoice × date join is needed, sums are integers, and a later act never changes an earlier date.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.features.features import FEATURES
from riskresearch.ledger.movements import NOT_A_SALE, known_date

OVERDUE_DAYS = (0, 30, 60, 90)
FLOWS = (
    "sales_minor",
    "n_invoices",
    "paid_minor",
    "paid_days",
    "n_paid",
    "n_partial",
    "n_due",
    "n_late",
    "n_disputes",
    "credit_minor",
)
WINDOWS = (3, 6, 12)
LEVELS = ("open_minor", "overdue_minor", "overdue_30_minor", "overdue_60_minor", "overdue_90_minor")
AGGREGATES = (*LEVELS, *(f"{flow}_{w}m" for flow in FLOWS for w in WINDOWS), "n_months")
_KEYS = ["customer_id", "k"]


def snapshots(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> DataFrame:
    """Return the features of every customer on every date, from its first act on.

    Parameters
    ----------
    tables : ``movements disputes credit_notes``
    dates : observation dates, one month apart, oldest first

    Returns
    -------
    DataFrame ``customer_id observation_date``, one column per registered feature, and
    ``open_minor sales_minor_12m`` (needed to tell who is active); sorted by its keys.
    """
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        legs = [_lazy(connection, name, frame) for name, frame in _legs(tables, dates).items()]
        panel = _aggregates(connection, legs, len(dates))
        named = panel.select(
            "customer_id",
            "k",
            "open_minor",
            "sales_minor_12m",
            *(member.function().alias(member.name) for member in FEATURES),
        )
        frame = named.sort(*_KEYS).collect("pandas").to_native()
    days = pd.DatetimeIndex(dates).as_unit("us")
    observed = Series(days[frame["k"].to_numpy()], index=frame.index)
    return frame.assign(customer_id=frame["customer_id"].astype("str"), observation_date=observed).drop(columns="k")


def _lazy(connection: duckdb.DuckDBPyConnection, name: str, frame: DataFrame) -> nw.LazyFrame[Any]:
    connection.register(name, frame)
    return nw.from_native(connection.table(name))


def _legs(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> dict[str, DataFrame]:
    """Acts as integer columns: the index ``k`` of the first date that knows them, and what they add."""
    moves = _ordered(tables["movements"])
    known = _index(moves["known_date"], dates)
    is_invoice = moves["movement_code"] == "invoice"
    is_sale = is_invoice & (moves["invoice_kind_code"] != "opening_item")
    is_first_item = moves["item_id"] == moves["invoice_id"]
    is_paid = moves["movement_code"] == "payment"
    is_receipt = is_paid & (moves["base_minor"] < 0)
    late = _days_late(moves)
    timed = is_paid & late.notna()
    amount = moves["base_minor"]
    left = amount.groupby(moves["item_id"]).cumsum()
    flows = DataFrame(
        {
            "customer_id": moves["customer_id"],
            "k": known,
            "open_minor": amount,
            "sales_minor": amount.where(is_sale, 0),
            "n_invoices": (is_sale & is_first_item).astype("int64"),
            "paid_minor": (-amount).where(timed, 0),
            "paid_days": (-amount * late.fillna(0).astype("int64")).where(timed, 0),
            "n_paid": is_receipt.astype("int64"),
            "n_partial": (is_receipt & _is_open_at_night(moves, left)).astype("int64"),
        }
    )
    legs = {"flows": flows, "due": _due_legs(moves, left, dates)}
    legs |= {f"overdue_{d}": _overdue_legs(moves, known, d, dates) for d in OVERDUE_DAYS}
    return legs | {
        "disputes": _counted(tables["disputes"], "opened_date", "n_disputes", dates),
        "credits": _counted(tables["credit_notes"], "credit_note_date", "credit_minor", dates),
    }


def _is_open_at_night(moves: DataFrame, left: Series) -> Series:
    """Whether the item of a movement is still open when the day on which it became known is over."""
    return left.groupby([moves["item_id"], moves["known_date"]]).transform("last") > 0


def _days_late(moves: DataFrame) -> Series:
    """Days late of a receipt, early as 0; a returned payment takes back the days of the receipt it returns."""
    days = (moves["effective_date"] - moves["due_date"]).dt.days.clip(lower=0)
    received = days.where((moves["movement_code"] == "payment") & (moves["base_minor"] < 0))
    original = received.groupby([moves["item_id"], moves["receipt_id"].fillna("")]).transform("first")
    return days.where(moves["base_minor"] < 0, original)


def _ordered(moves: DataFrame) -> DataFrame:
    """Movements of an item in the order they became known, the item first."""
    first = (moves["movement_code"] != "invoice").astype("int64")
    return moves.assign(first=first).sort_values(["item_id", "first", "known_date", "movement_id"], ignore_index=True)


def _index(days: Series, dates: Sequence[Timestamp]) -> Series:
    """Index of the first date on or after each day; the number of dates where there is none."""
    grid = np.array([np.datetime64(d, "D") for d in dates])
    return Series(np.searchsorted(grid, days.to_numpy().astype("datetime64[D]")), index=days.index, dtype="int64")


def _overdue_legs(moves: DataFrame, known: Series, days: int, dates: Sequence[Timestamp]) -> DataFrame:
    dated = moves["due_date"].notna()
    crossing = _index(moves.loc[dated, "due_date"] + pd.Timedelta(days=days + 1), dates)
    name = "overdue_minor" if days == 0 else f"overdue_{days}_minor"
    return DataFrame(
        {
            "customer_id": moves.loc[dated, "customer_id"],
            "k": np.maximum(crossing, known[dated]),
            name: moves.loc[dated, "base_minor"],
        }
    )


def _due_legs(moves: DataFrame, left: Series, dates: Sequence[Timestamp]) -> DataFrame:
    """One leg per item on the day after its due date, telling whether it was still open then."""
    in_time = (moves["movement_code"] == "invoice") | (moves["known_date"] <= moves["due_date"])
    dated = moves["due_date"].notna()
    status = moves.assign(left=left)[in_time & dated].groupby("item_id").tail(1)
    invoices = moves[(moves["movement_code"] == "invoice") & dated].set_index("item_id")
    at_due = status.set_index("item_id")["left"].reindex(invoices.index)
    decided = (invoices["due_date"] + pd.Timedelta(days=1)).where(
        invoices["due_date"] >= invoices["known_date"], invoices["known_date"]
    )
    return DataFrame(
        {
            "customer_id": invoices["customer_id"].to_numpy(),
            "k": _index(decided, dates).to_numpy(),
            "n_due": np.int64(1),
            "n_late": (at_due > 0).astype("int64").to_numpy(),
        }
    )


def _counted(frame: DataFrame, act_date: str, name: str, dates: Sequence[Timestamp]) -> DataFrame:
    if name == "credit_minor":
        frame = frame[~frame["reason_code"].isin(NOT_A_SALE)]
    value = frame["base_minor"].astype("int64") if name == "credit_minor" else Series(1, frame.index, dtype="int64")
    return DataFrame(
        {"customer_id": frame["customer_id"], "k": _index(known_date(frame, act_date), dates), name: value}
    )


def _aggregates(
    connection: duckdb.DuckDBPyConnection, legs: Sequence[nw.LazyFrame[Any]], n_dates: int
) -> nw.LazyFrame[Any]:
    """Levels and trailing sums of each customer on the dense grid of its dates."""
    measures = [*LEVELS, *FLOWS]
    deltas = [_summed(leg, measures) for leg in legs]
    grid = _grid(connection, legs[0], n_dates)
    joined = reduce(lambda left, right: left.join(right, on=_KEYS, how="left"), deltas, grid)
    filled = joined.with_columns(nw.col(*measures).fill_null(0))
    running = filled.with_columns(nw.col(*measures).cum_sum().over("customer_id", order_by="k").cast(nw.Int64))
    return running.with_columns(
        (nw.col("k") - nw.col("k").min().over("customer_id")).alias("n_months"),
        *(
            (nw.col(flow) - nw.col(flow).shift(w).over("customer_id", order_by="k").fill_null(0)).alias(f"{flow}_{w}m")
            for flow in FLOWS
            for w in WINDOWS
        ),
    )


def _summed(leg: nw.LazyFrame[Any], measures: Sequence[str]) -> nw.LazyFrame[Any]:
    names = [name for name in leg.collect_schema().names() if name in measures]
    return leg.group_by(_KEYS).agg(nw.col(*names).sum().cast(nw.Int64))


def _grid(connection: duckdb.DuckDBPyConnection, flows: nw.LazyFrame[Any], n_dates: int) -> nw.LazyFrame[Any]:
    """Every customer on every date from its first act on."""
    first = flows.group_by("customer_id").agg(nw.col("k").min().alias("first_k"))
    every = _lazy(connection, "dates", DataFrame({"k": np.arange(n_dates, dtype="int64")}))
    return first.join(every, how="cross").filter(nw.col("k") >= nw.col("first_k")).select(_KEYS)
