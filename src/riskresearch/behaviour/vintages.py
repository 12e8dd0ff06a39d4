"""Vintages: what is still unpaid of the invoices of a month so many days after they fell due or were issued."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp
from pydantic import Field, field_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import months_before

BASES = ("due_date", "invoice_date")
VINTAGE_REASONS = ("not_yet_observed", "no_due_date", "no_net_amount")
_NOT_PAID = ("invoice", "credit_note", "write_off", "doubtful")

VINTAGES = Table(
    "vintages",
    "behaviour",
    "one row per basis, month of issue and number of days",
    ("basis_code", "issue_month_date", "after_days"),
    (
        Column("basis_code", "code", "days counted from the due date or from the date of issue", False, BASES),
        Column("issue_month_date", "date", "first day of the month of issue"),
        Column("after_days", "int", "days after the due date or the date of issue"),
        Column("n_items", "int", "items counted"),
        Column("net_amount", "float", "invoices less credit notes, run currency"),
        Column("left_out_amount", "float", "invoices less credit notes that have no due date, not counted"),
        Column("unpaid_amount", "float", "of the net amount, not paid after these days", True),
        Column("unpaid_ratio", "float", "share of the net amount not paid after these days", True),
        Column("reason_code", "code", "why there is no figure", True, VINTAGE_REASONS),
    ),
)


class VintageSettings(StageSettings):
    """Vintages."""

    vintage_days: tuple[int, ...] = Field(
        (0, 30, 60, 90, 180),
        description="days after the due date, and after the issue, that the unpaid share is read on",
    )
    vintage_months: int = Field(36, ge=1, le=240, description="months of issue shown, latest ones")

    @field_validator("vintage_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not days or list(days) != sorted(set(days)) or days[0] < 0:
            raise ValueError("must be numbers of days from 0 upwards, each once and in ascending order")
        return days


def vintages(moves: DataFrame, settings: VintageSettings, *, as_of: Timestamp) -> DataFrame:
    """Return the share of the net amount of each month's invoices that is unpaid after so many days.

    The net amount is the invoices less all their credit notes known by `as_of`. Written-off amounts were not paid
    and stay in the unpaid share; a returned payment brings its amount back from the day of its return. Items
    carried over from an earlier ledger are left out, because only the unpaid ones were carried over.

    Parameters
    ----------
    moves : table `movements`; rows known after `as_of` do not count
    settings : numbers of days, months
    as_of : last day that counts

    Returns
    -------
    DataFrame, table `vintages`, see `VINTAGES`. A figure is given where it is fully observed: the month is over and
    its last item has reached its number of days; else it is empty with reason ``not_yet_observed``. ``no_due_date``:
    no item of the month has one; ``no_net_amount``: everything was credited.
    """
    known = moves[moves["known_date"] <= as_of]
    items = _items(known, settings.vintage_months, as_of)
    paid = known[~known["movement_code"].isin(_NOT_PAID)]
    row = pd.Index(items["item_id"]).get_indexer(paid["item_id"])
    paid, row = paid[row >= 0], row[row >= 0]
    parts = [_cells(items, paid, row, basis=basis, days=settings.vintage_days, as_of=as_of) for basis in BASES]
    return pd.concat(parts, ignore_index=True)[VINTAGES.names]


def _items(known: DataFrame, months: int, as_of: Timestamp) -> DataFrame:
    """Items of the months shown, with the first day of their month and their net amount."""
    raised = known[(known["movement_code"] == "invoice") & (known["invoice_kind_code"] != "opening_item")]
    month = raised["invoice_date"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    first = months_before(as_of.replace(day=1), months - 1)
    items = raised.assign(month=month)[month >= first].sort_values("item_id", ignore_index=True)
    notes = known[known["movement_code"] == "credit_note"].groupby("item_id")["base_minor"].sum()
    credited = items["item_id"].map(notes).astype("float64").fillna(0)
    return items.assign(net_minor=(items["base_minor"] + credited).clip(lower=0).astype("float64"))


def _cells(
    items: DataFrame, paid: DataFrame, row: NDArray[np.intp], *, basis: str, days: Sequence[int], as_of: Timestamp
) -> DataFrame:
    """One row per month and number of days, counted from `basis`."""
    start = items[basis]
    age = (paid["effective_date"].to_numpy() - start.to_numpy()[row]) / np.timedelta64(1, "D")
    minor = -paid["base_minor"].to_numpy("float64")
    month, net = items["month"], items["net_minor"].where(start.notna(), 0.0)
    months = DataFrame(
        {
            "n_items": start.notna().groupby(month).sum(),
            "net_amount": net.groupby(month).sum() / 100,
            "left_out_amount": items["net_minor"].where(start.isna(), 0.0).groupby(month).sum() / 100,
            "last_date": start.groupby(month).max(),
        }
    )
    parts = []
    for k in days:
        early = age <= k
        got = np.bincount(row[early], weights=minor[early], minlength=len(items))
        unpaid = (net - got).clip(lower=0).where(start.notna(), 0.0).groupby(month).sum() / 100
        parts.append(_read(months.assign(unpaid_amount=unpaid), days=k, as_of=as_of))
    found = pd.concat(parts).rename_axis("issue_month_date").reset_index()
    return found.assign(basis_code=basis)


def _read(months: DataFrame, *, days: int, as_of: Timestamp) -> DataFrame:
    """Keep the figures that are fully observed and say why the others are missing."""
    reason = Series(None, index=months.index, dtype="str")
    reason = reason.mask(months["net_amount"] <= 0, "no_net_amount").mask(months["n_items"] == 0, "no_due_date")
    is_over = months.index.to_series() + pd.offsets.MonthEnd(0) <= as_of
    is_seen = is_over & (months["last_date"] + pd.Timedelta(days=days) <= as_of)
    reason = reason.mask(reason.isna() & ~is_seen, "not_yet_observed")
    unpaid = months["unpaid_amount"].where(reason.isna())
    net = months["net_amount"].where(months["net_amount"] > 0)
    return months.assign(after_days=days, unpaid_amount=unpaid, unpaid_ratio=unpaid / net, reason_code=reason)
