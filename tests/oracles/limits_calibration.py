"""A book with known truth, and the factor of one cell by plain loops from the definition.

Every customer buys `use` × need on the first of each month and pays on the 28th, so that its exposure is `use` × need
on each day of sale. In each month it defaults on the 15th with probability h; on that day it has drawn up to
`use_at_default` × need. Then, for a factor between `use` and `use_at_default`, expected loss = p × LGD × factor × need
and sales kept = use × need × p / h, where p = 1 − (1 − h)¹², so the factor at which their ratio is the appetite a is

    a × use / (h × LGD).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

LGD, USE, USE_AT_DEFAULT = 0.6, 1.0, 3.0


@dataclass(frozen=True)
class Group:
    """Customers alike: segment, grade, size, sector, monthly hazard, number, need."""

    segment_code: str
    grade_code: str | None
    hazard: float
    n_customers: int
    need_amount: float = 1000.0
    size_code: str | None = "small"
    sector_code: str | None = "trade"


@dataclass(frozen=True)
class SimulatedBook:
    """Inputs of the calibration."""

    inputs: DataFrame
    segments: DataFrame
    tables: dict[str, DataFrame]
    as_of: Timestamp


def true_factor(hazard, appetite_ratio, *, use=USE, lgd_ratio=LGD):
    return appetite_ratio * use / (hazard * lgd_ratio)


def simulated(groups, *, n_months, rng=None):
    """A book of the groups; without `rng` the months of default are the quantiles of their law: nothing is chance."""
    months = pd.date_range("2020-01-01", periods=n_months, freq="MS")
    reviews, acts, defaults, number = [], [], [], 0
    for group in groups:
        shares = (
            (np.arange(group.n_customers) + 0.5) / group.n_customers if rng is None else rng.random(group.n_customers)
        )
        for share in shares:
            number += 1
            customer = f"C{number:05d}"
            last = int(min(np.log1p(-share) / np.log1p(-group.hazard), n_months)) if group.hazard else n_months
            need = group.need_amount
            for month in months[: last + 1]:
                acts.append((customer, "invoice", month, USE * need))
            acts.extend((customer, "payment", month + pd.Timedelta(days=27), -USE * need) for month in months[:last])
            if last < n_months:
                day = months[last] + pd.Timedelta(days=14)
                acts.append((customer, "invoice", day, (USE_AT_DEFAULT - USE) * need))
                defaults.append((customer, day))
            for place, month in enumerate(months):
                reviews.append((customer, month + pd.offsets.MonthEnd(0), place >= last, group))
    return _book(reviews, acts, defaults, months[-1] + pd.offsets.MonthEnd(0))


def movements_of(acts):
    frame = DataFrame(acts, columns=["customer_id", "movement_code", "effective_date", "amount"])
    frame["base_minor"] = (frame.pop("amount") * 100).round().astype("int64")
    return frame.assign(known_date=frame["effective_date"], invoice_kind_code="invoice")


def _book(reviews, acts, defaults, as_of):
    groups = [group for *_, group in reviews]
    inputs = DataFrame(
        {
            "customer_id": [row[0] for row in reviews],
            "review_date": pd.to_datetime([row[1] for row in reviews]),
            "is_in_default": [row[2] for row in reviews],
            "is_in_proceedings": False,
            "customer_type_code": "b2b",
            "grade_code": pd.Series([group.grade_code for group in groups], dtype="str"),
            "size_code": pd.Series([group.size_code for group in groups], dtype="str"),
            "sector_code": pd.Series([group.sector_code for group in groups], dtype="str"),
            "pd_12m": [1 - (1 - group.hazard) ** 12 for group in groups],
            "lgd_ratio": LGD,
            "need_amount": [group.need_amount for group in groups],
            "sales_amount_12m": [12 * USE * group.need_amount for group in groups],
        }
    )
    latest = inputs[inputs["review_date"] == as_of]
    inputs["seller_sales_amount_12m"] = latest["sales_amount_12m"].sum()
    segments = inputs[["customer_id", "review_date"]].assign(segment_code=[group.segment_code for group in groups])
    tables = {
        "defaults": DataFrame(defaults, columns=["customer_id", "default_date"]).astype(
            {"customer_id": "str", "default_date": "datetime64[us]"}
        ),
        "movements": movements_of(acts),
    }
    return SimulatedBook(inputs, segments, tables, as_of)


def plain_ratio(rows, defaults, movements, *, factor, as_of):
    """Expected loss over sales kept of one cell by the definition: loops over days, none of our functions.

    rows: customer, review day, need, LGD; not in default, twelve months over; each counts one twelfth. Each default
    loses its own LGD × min(factor × need, exposure); the sum is rescaled from the size ratio seen to the shrunk one.
    """
    acts, failed = {}, dict(zip(defaults["customer_id"], defaults["default_date"], strict=True))
    for act in movements.itertuples():
        if act.known_date <= as_of:
            acts.setdefault(act.customer_id, []).append(act)
    hits, lost, loss_need, kept = [], 0.0, 0.0, 0.0
    for row in rows.itertuples():
        own, end = acts[row.customer_id], row.review_date + pd.DateOffset(months=12)
        day = failed.get(row.customer_id)
        if day is not None and row.review_date < day <= end:
            hits.append(row)
            lost += row.lgd_ratio * min(factor * row.need_amount, max(_owed(own, day), 0))
            end = day - pd.Timedelta(days=1)
        loss_need += row.lgd_ratio * row.need_amount
        for sale in own:
            is_sale = sale.movement_code in ("invoice", "credit_note") and sale.invoice_kind_code != "opening_item"
            if is_sale and row.review_date < sale.effective_date <= end:
                exposure = _owed(own, sale.effective_date)
                share = min(1.0, factor * row.need_amount / exposure) if exposure > 0 else 1.0
                kept += sale.base_minor / 100 * share
    if not hits:
        return 0.0
    seen = sum(row.lgd_ratio * row.need_amount for row in hits) / len(hits) / (loss_need / len(rows))
    return lost / kept * shrunk_size_ratio(rows, seen, n_defaulters=len({row.customer_id for row in hits})) / seen


def shrunk_size_ratio(rows, seen, *, n_defaulters):
    """Size ratio of the only segment of a book: drawn to the book's, which is drawn to 1."""
    mean = (rows["lgd_ratio"] * rows["need_amount"]).mean()
    square = 0.0
    for _, own in rows.groupby("customer_id"):
        square += len(own) / len(rows) * ((own["lgd_ratio"] * own["need_amount"]).mean() / mean - 1) ** 2
    weight = n_defaulters / (n_defaulters + 4 * max(1.0, square))
    whole = weight * seen + (1 - weight)
    return weight * seen + (1 - weight) * (1 + min(1.0, square**0.5) * (whole - 1))


def _owed(acts, day):
    ends = (day, day - pd.Timedelta(days=1))
    return max(sum(act.base_minor for act in acts if act.effective_date <= end) for end in ends) / 100
