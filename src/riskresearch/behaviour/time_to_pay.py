"""Time to pay with the items that are still open: survival curves and competing ends, by segment.

The mean delay of settled items is biased, because slow ones are not settled yet. Here an open item
counts as still open on the last day that counts (censored), and an item that was already open when
the ledger begins counts from its age on that day (late entry), because items of its kind that
were settled before are not in the ledger.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import Column, Table, empty
from riskresearch.behaviour.items import ENDS
from riskresearch.behaviour.survival_curve import Curves, Durations, Ints, curves, quantile_age

ORIGINS = {"issue": "invoice_date", "due": "due_date"}
WEIGHTS = ("count", "amount")
STILL_OPEN = "open"
KEY_DAYS = (0, 15, 30, 60, 90)
LEAST_ITEMS = 20
SEGMENT_STEP_DAYS = 5
FROM_START = np.int64(-(2**31))
_ALL_DAYS = {"issue": (*range(0, 121), *range(125, 366, 5)), "due": (*range(-30, 121), *range(125, 366, 5))}

_AXIS = Column("axis_code", "text", "segmentation; portfolio = all items")
_SEGMENT = Column("segment_code", "text", "segment on that axis; all for the portfolio")
_ORIGIN = Column("origin_code", "code", "days count from the date of issue or from the due date", False, tuple(ORIGINS))
_WEIGHT = Column("weight_code", "code", "every item counts once, or by its original amount", False, WEIGHTS)

SURVIVAL = Table(
    "survival",
    "behaviour",
    "one row per axis, segment, origin, weight, end and day; the ends of a day add up to 1",
    ("axis_code", "segment_code", "origin_code", "weight_code", "end_code", "days"),
    (
        _AXIS,
        _SEGMENT,
        _ORIGIN,
        _WEIGHT,
        Column("end_code", "code", "still open, or how it ended", False, (STILL_OPEN, *ENDS)),
        Column("days", "int", "days from the origin; before the due date negative"),
        Column("probability", "float", "share of items (or of amount) at the end of that day"),
        Column("low", "float", "lower end of the 95 % interval, customers independent; empty = cannot be told", True),
        Column("high", "float", "upper end of the 95 % interval", True),
        Column("n_at_risk", "int", "items at risk on that day"),
    ),
)
TIME_TO_PAY = Table(
    "time_to_pay",
    "behaviour",
    "one row per axis, segment, origin and weight",
    ("axis_code", "segment_code", "origin_code", "weight_code"),
    (
        _AXIS,
        _SEGMENT,
        _ORIGIN,
        _WEIGHT,
        Column("n_items", "int", "items"),
        Column("n_open", "int", "items still open on the last day that counts"),
        Column("median_days", "float", "day by which half is no longer open; empty = not reached", True),
        Column("median_low_days", "float", "lower end of its 95 % interval", True),
        Column("median_high_days", "float", "upper end of its 95 % interval; empty = not reached", True),
        Column("settled_median_days", "float", "median of the paid items alone, for comparison: too low", True),
        *(
            Column(f"open_ratio_{days}d", "float", f"share still open {days} days after the origin", True)
            for days in KEY_DAYS
        ),
        Column("reason_code", "code", "why there is no curve", True, ("too_few_items", "no_due_date")),
    ),
)
SURVIVAL_TABLES = (SURVIVAL, TIME_TO_PAY)


def survival_tables(history: DataFrame, axes: Mapping[str, Series], *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return tables `survival` and `time_to_pay`.

    Parameters
    ----------
    history : items known on `as_of`, see `riskresearch.behaviour.items.item_history`
    axes : for each axis, a Series customer_id → segment; the portfolio is added
    as_of : last day that counts

    Returns
    -------
    dict of the two tables. A segment with fewer than 20 items has no curve and a reason.
    """
    segments = _segments(history, axes)
    first_day = history["known_date"].min()
    shown, summaries = [empty(SURVIVAL)], []
    for origin, column in ORIGINS.items():
        usable = history[column].notna().to_numpy()
        for (axis, segment), members in segments.items():
            rows = np.flatnonzero(members & usable)
            for weight in WEIGHTS:
                place = {"axis_code": axis, "segment_code": segment, "origin_code": origin, "weight_code": weight}
                part = history.iloc[rows]
                if len(part) < LEAST_ITEMS:
                    reason = "too_few_items" if usable.any() or not len(history) else "no_due_date"
                    summaries.append({**place, **_counts(part), "reason_code": reason})
                    continue
                items = durations(part, origin=origin, weight=weight, first_day=first_day, as_of=as_of)
                days = np.array(_ALL_DAYS[origin], dtype="int64")
                found = curves(items, n_ends=len(ENDS), ages=days)
                shown.append(_rows(found, _shown(axis, found.age)).assign(**place))
                summaries.append({**place, **_counts(part), **_summary(found, part, origin)})
    return {"survival": pd.concat(shown, ignore_index=True), "time_to_pay": DataFrame(summaries)}


def durations(items: DataFrame, *, origin: str, weight: str, first_day: Timestamp, as_of: Timestamp) -> Durations:
    """Return how long items were open, in days from their date of issue or due date.

    Items issued before the ledger begins are at risk from its first day on; the others from the
    start, whatever their terms, so that a curve from the due date tells the share of all items.

    Parameters
    ----------
    items : from `item_history`, all with a date of origin
    origin : ``issue`` or ``due``
    weight : ``count`` or ``amount``
    first_day : first day the ledger covers
    as_of : last day that counts
    """
    start = items[ORIGINS[origin]]
    end_day = items["end_date"].fillna(as_of)
    entered = (first_day - start).dt.days.to_numpy("int64") - 1
    end = pd.Categorical(items["end_code"], categories=list(ENDS)).codes
    amount = items["base_minor"].to_numpy("float64")
    return Durations(
        entry=np.where(items["invoice_date"] < first_day, entered, FROM_START),
        exit=(end_day - start).dt.days.to_numpy("int64"),
        end=np.asarray(end, dtype="int64"),
        weight=np.ones(len(items)) if weight == "count" else amount,
        owner=pd.factorize(items["customer_id"])[0].astype("int64"),
    )


def _segments(history: DataFrame, axes: Mapping[str, Series]) -> dict[tuple[str, str], NDArray[np.bool_]]:
    found = {("portfolio", "all"): np.ones(len(history), dtype=bool)}
    for axis, segment_of in axes.items():
        labels = history["customer_id"].map(segment_of).fillna("unknown").astype("str")
        for segment in sorted(labels.unique()):
            found[axis, segment] = (labels == segment).to_numpy()
    return found


def _shown(axis: str, days: Ints) -> NDArray[np.bool_]:
    """Days that table `survival` keeps: all for the portfolio, every fifth for a segment."""
    return np.ones(len(days), dtype=bool) if axis == "portfolio" else days % SEGMENT_STEP_DAYS == 0


def _rows(found: Curves, shown: NDArray[np.bool_]) -> DataFrame:
    parts = [
        DataFrame(
            {
                "end_code": code,
                "days": found.age[shown],
                "probability": found.share[shown, column],
                "low": found.low[shown, column],
                "high": found.high[shown, column],
                "n_at_risk": found.n_at_risk[shown],
            }
        )
        for column, code in enumerate((STILL_OPEN, *ENDS))
    ]
    return pd.concat(parts, ignore_index=True)


def _counts(part: DataFrame) -> dict[str, int]:
    return {"n_items": len(part), "n_open": int(part["end_date"].isna().sum())}


def _summary(found: Curves, part: DataFrame, origin: str) -> dict[str, float]:
    column = {"issue": "days_to_end", "due": "days_late_end"}[origin]
    paid = part.loc[part["end_code"] == "paid", column]
    still, ages = found.share[:, 0], found.age
    at = {days: still[ages == days] for days in KEY_DAYS}
    return {
        "median_days": quantile_age(still, ages),
        "median_low_days": quantile_age(found.low[:, 0], ages),
        "median_high_days": quantile_age(found.high[:, 0], ages),
        "settled_median_days": float(paid.median()) if len(paid) else np.nan,
        **{f"open_ratio_{days}d": float(value[0]) if len(value) else np.nan for days, value in at.items()},
    }
