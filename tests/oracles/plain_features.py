"""Features of one customer on one date by their plain definition, invoice by invoice: the oracle of the panel."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp


def plain_features(tables: dict[str, DataFrame], customer: str, dates: list[Timestamp], k: int) -> dict[str, float]:
    """Return the features of a customer on ``dates[k]`` from acts known on that day only."""
    day = dates[k]
    moves = tables["movements"]
    own = moves[(moves["customer_id"] == customer) & (moves["known_date"] <= day)]
    window = {w: dates[k - w] if k >= w else pd.Timestamp("1900-01-01") for w in (3, 6, 12)}
    raised = own[own["movement_code"] == "invoice"]
    paid = own[own["movement_code"] == "payment"]
    open_by = own.groupby("item_id")["base_minor"].sum()
    due = raised.set_index("item_id")["due_date"]
    late_days = (day - due.reindex(open_by.index)).dt.days
    open_total = open_by.sum()
    sales = {w: raised.loc[raised["known_date"] > window[w], "base_minor"].sum() for w in (3, 12)}
    n_invoices = raised.loc[raised["known_date"] > window[12], "invoice_id"].nunique()
    fallen = _fallen_due(own, raised, day)
    first = moves.loc[moves["customer_id"] == customer, "known_date"].min()
    started = next(i for i, d in enumerate(dates) if d >= first)
    return {
        "days_late_mean_3m": _mean_late(paid, window[3]),
        "days_late_mean_12m": _mean_late(paid, window[12]),
        "days_late_change_3m": _mean_late(paid, window[3]) - _mean_late(paid, window[12]),
        "late_ratio_12m": _late_share(fallen, window[12]),
        "late_ratio_3m": _late_share(fallen, window[3]),
        "overdue_ratio": _over(open_by[late_days > 0].sum(), open_total),
        "overdue_30_ratio": _over(open_by[late_days > 30].sum(), open_total),
        "overdue_60_ratio": _over(open_by[late_days > 60].sum(), open_total),
        "overdue_to_sales_months": _over(open_by[late_days > 0].sum(), sales[12]) * 12,
        "open_to_sales_months": _over(open_total, sales[12]) * 12,
        "sales_trend_ratio_3m": _over(sales[3], sales[12]) * 4,
        "dispute_ratio_12m": _over(_acts(tables["disputes"], "opened_date", customer, window[12], day), n_invoices),
        "credit_note_ratio_12m": _over(
            _acts(tables["credit_notes"], "credit_note_date", customer, window[12], day, "base_minor"), sales[12]
        ),
        "partial_ratio_6m": _partial(own, window[6]),
        "tenure_months": float(k - started),
    }


def _over(top: float, bottom: float) -> float:
    return float(top) / float(bottom) if bottom > 0 else np.nan


def _mean_late(paid: DataFrame, after: Timestamp) -> float:
    part = paid[paid["known_date"] > after]
    days = (part["effective_date"] - part["due_date"]).dt.days.clip(lower=0)
    return _over((-part["base_minor"] * days).sum(), -part["base_minor"].sum())


def _fallen_due(own: DataFrame, raised: DataFrame, day: Timestamp) -> list[tuple[Timestamp, bool]]:
    found = []
    for row in raised.itertuples():
        decided = max(row.due_date + pd.Timedelta(days=1), row.known_date)
        if row.due_date < row.known_date:
            decided = row.known_date
        settled = own[
            (own["item_id"] == row.item_id) & (own["movement_code"] != "invoice") & (own["known_date"] <= row.due_date)
        ]
        if decided <= day:
            found.append((decided, row.base_minor + settled["base_minor"].sum() > 0))
    return found


def _late_share(fallen: list[tuple[Timestamp, bool]], after: Timestamp) -> float:
    inside = [late for decided, late in fallen if decided > after]
    return float(np.mean(inside)) if inside else np.nan


def _acts(
    frame: DataFrame, act: str, customer: str, after: Timestamp, day: Timestamp, amount: str | None = None
) -> float:
    known = frame[[act, "recorded_date"]].max(axis=1)
    part = frame[(frame["customer_id"] == customer) & (known > after) & (known <= day)]
    return float(part[amount].sum()) if amount else float(len(part))


def _partial(own: DataFrame, after: Timestamp) -> float:
    flags = []
    for _, part in own.groupby("item_id"):
        part = part.assign(first=part["movement_code"] != "invoice").sort_values(["first", "known_date", "movement_id"])
        left = part["base_minor"].cumsum().groupby(part["known_date"]).transform("last")
        receipts = (part["movement_code"] == "payment") & (part["known_date"] > after)
        flags += (left[receipts] > 0).tolist()
    return float(np.mean(flags)) if flags else np.nan
