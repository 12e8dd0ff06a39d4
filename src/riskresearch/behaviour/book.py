"""The book of a date: what was open, sold and settled, as known on that day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.behaviour.acts import Acts, prepare, without_related
from riskresearch.behaviour.settings import IndicatorSettings
from riskresearch.ledger.balances import open_items, unapplied_minor

__all__ = ["Acts", "Book", "book", "observation_dates", "prepare", "without_related"]

OPENING_MONTHS = 3
FRAMES = ("items", "opening", "sales", "settlements", "losses", "discounts", "disputes", "returned")


@dataclass(frozen=True)
class Book:
    """Everything the payment indicators of a date are made from.

    Parameters
    ----------
    as_of : last day that counts
    first_day : first day the ledger covers
    settings : windows and rates
    items : open items, see `riskresearch.ledger.balances.open_items`, and ``is_disputed``
    opening : open items three months earlier, ``is_overdue``; empty where the ledger does not reach back so far
    sales : ``customer_id invoice_id kind_code reason_code day base_minor known_date``, invoices positive and
        credit notes negative, including tax
    settlements : ``customer_id invoice_id item_id effective_date days_to_pay days_late is_first is_part
        base_minor``, receipts matched to items within the window, net of what was returned
    losses, discounts : ``customer_id invoice_id effective_date movement_code base_minor`` of the window; what was
        taken back or recovered is negative
    disputes : ``customer_id invoice_id opened_date closed_date``, known on the date
    returned : ``customer_id effective_date base_minor``, payments returned within the window, positive
    unapplied : receipts and credits not matched yet, minor units by customer_id
    rates : last rate known of each currency, run-currency units for one unit
    starts : first day of the relation by customer_id
    """

    as_of: Timestamp
    first_day: Timestamp
    settings: IndicatorSettings
    items: DataFrame
    opening: DataFrame
    sales: DataFrame
    settlements: DataFrame
    losses: DataFrame
    discounts: DataFrame
    disputes: DataFrame
    returned: DataFrame
    unapplied: Series
    rates: Series
    starts: Series

    @property
    def open_minor(self) -> int:
        """Open amount of all items."""
        return int(self.items["open_minor"].sum())

    @property
    def overdue(self) -> DataFrame:
        """Open items past their due date."""
        return self.items[self.items["days_past_due"].fillna(0) > 0]

    @property
    def has_due_dates(self) -> bool:
        """Tell whether any open or settled item has a due date."""
        return bool(self.items["due_date"].notna().any() or self.settlements["days_late"].notna().any())

    @property
    def has_opening(self) -> bool:
        """Tell whether the ledger covers the day three months earlier."""
        return self.opening_date >= self.first_day

    @property
    def opening_date(self) -> Timestamp:
        """Day of the opening balance."""
        return months_before(self.as_of, OPENING_MONTHS)

    def sales_minor(self, days: int) -> int | None:
        """Net sales including tax of the last `days` days; None where the ledger does not reach back so far."""
        start = self.as_of - pd.Timedelta(days=days)
        if start + pd.Timedelta(days=1) < self.first_day:
            return None
        return int(self.sales.loc[self.sales["day"] > start, "base_minor"].sum())

    def of(self, customers: Collection[str]) -> "Book":
        """Return the book of some customers."""
        frames = {
            name: frame[frame["customer_id"].isin(customers)] for name, frame in ((n, getattr(self, n)) for n in FRAMES)
        }
        return replace(self, **frames, unapplied=self.unapplied[self.unapplied.index.isin(customers)])

    def split(self, labels: Series, by: Literal["customer_id", "invoice_id"] = "customer_id") -> dict[str, "Book"]:
        """Return one book per label, in order of label; what has no label goes to ``unknown``.

        Parameters
        ----------
        labels : label by customer or by invoice
        by : what the index of `labels` names; by invoice, unapplied receipts and returned payments
            belong to no label and are left out
        """
        frames = {name: self._labelled(getattr(self, name), labels, by) for name in FRAMES}
        rests = Series(self.unapplied.index, self.unapplied.index).map(labels).fillna("unknown")
        named = {str(label) for groups in frames.values() for label in groups}
        names = sorted(named | set(rests.astype("str")) if by == "customer_id" else named)
        empty = {name: getattr(self, name).iloc[:0] for name in FRAMES}
        return {
            label: replace(
                self,
                **{name: groups.get(label, empty[name]) for name, groups in frames.items()},
                unapplied=self.unapplied[rests == label] if by == "customer_id" else self.unapplied.iloc[:0],
            )
            for label in names
        }

    def _labelled(self, frame: DataFrame, labels: Series, by: str) -> dict[str, DataFrame]:
        if by not in frame or frame.empty:
            return {}
        found = frame[by].map(labels).fillna("unknown")
        return {str(label): frame.iloc[rows] for label, rows in found.groupby(found).indices.items()}


def book(acts: Acts, *, as_of: Timestamp, window_months: int = 12, settings: IndicatorSettings | None = None) -> Book:
    """Return the book of a date.

    Parameters
    ----------
    acts : from `prepare`
    as_of : last day that counts
    window_months : months of receipts, losses and discounts, where no settings are given
    settings : windows and rates
    """
    chosen = settings or IndicatorSettings(window_months=window_months)
    start = months_before(as_of, chosen.window_months)
    settled = _between(acts.settled, start, as_of)
    is_discount = settled["movement_code"] == "discount"
    disputes = acts.disputes[acts.disputes["known_date"] <= as_of]
    disputes = disputes.assign(closed_date=disputes["closed_date"].where(disputes["closed_date"] <= as_of))
    items, unapplied = _balances(acts, as_of, chosen)
    contested = set(disputes.loc[disputes["closed_date"].isna(), "invoice_id"])
    return Book(
        as_of=as_of,
        first_day=acts.first_day,
        settings=chosen,
        items=items.assign(is_disputed=items["invoice_id"].isin(contested)),
        opening=_opening(acts, as_of, chosen),
        sales=_between(acts.sales, None, as_of),
        settlements=_settlements(acts, start, as_of),
        losses=settled[~is_discount],
        discounts=settled[is_discount],
        disputes=disputes[["customer_id", "invoice_id", "opened_date", "closed_date"]],
        returned=_between(acts.returned, start, as_of),
        unapplied=unapplied,
        rates=_rates(acts.fx_rates, as_of),
        starts=acts.starts,
    )


def _between(frame: DataFrame, start: Timestamp | None, end: Timestamp) -> DataFrame:
    """Rows that became known after `start` and not after `end`."""
    known = frame["known_date"].to_numpy()
    first = 0 if start is None else int(np.searchsorted(known, np.datetime64(start), side="right"))
    return frame.iloc[first : int(np.searchsorted(known, np.datetime64(end), side="right"))]


def _balances(acts: Acts, day: Timestamp, settings: IndicatorSettings) -> tuple[DataFrame, Series]:
    """Open items and what is on account on a day, one set against the other where the settings say so."""
    items, unapplied = open_items(acts.items, as_of=day), unapplied_minor(acts.unapplied, as_of=day)
    if settings.on_account == "unapplied":
        return items, unapplied
    return oldest_first(items, unapplied)


def oldest_first(items: DataFrame, unapplied: Series) -> tuple[DataFrame, Series]:
    """Return open items less what their customer has on account, items due first, and the rest on account.

    Parameters
    ----------
    items : from `riskresearch.ledger.balances.open_items`
    unapplied : minor units by customer_id
    """
    ordered = items.sort_values(["customer_id", "due_date", "invoice_date", "item_id"], na_position="last")
    held = ordered["customer_id"].map(unapplied).fillna(0).astype("int64")
    owed = ordered["open_minor"].groupby(ordered["customer_id"]).cumsum()
    taken = (held - owed + ordered["open_minor"]).clip(lower=0)
    taken = taken.where(taken < ordered["open_minor"], ordered["open_minor"])
    left = ordered["open_minor"] - taken
    document = (ordered["document_minor"] * (left / ordered["open_minor"])).round().astype("int64")
    used = taken.groupby(ordered["customer_id"]).sum().reindex(unapplied.index).fillna(0).astype("int64")
    rest = unapplied - used
    kept = ordered.assign(open_minor=left, document_minor=document)[left > 0].sort_index().reset_index(drop=True)
    return kept, rest[rest > 0]


def _opening(acts: Acts, as_of: Timestamp, settings: IndicatorSettings) -> DataFrame:
    day = months_before(as_of, OPENING_MONTHS)
    items, _ = _balances(acts, day, settings)
    found = items.assign(is_overdue=items["days_past_due"].fillna(0) > 0)
    return found if day >= acts.first_day else found.iloc[:0]


def _settlements(acts: Acts, start: Timestamp, as_of: Timestamp) -> DataFrame:
    """Receipts of the window, one row per item and receipt, less what was returned or unmatched until the date."""
    rows = _between(acts.receipts, start, as_of)
    rows = rows.assign(base_minor=_kept_minor(acts, rows, as_of))
    rows = rows[rows["base_minor"] > 0]
    doubled = rows["pair"].duplicated(keep=False)
    if doubled.any():
        both = rows[doubled].groupby("pair", sort=False)
        first = (
            rows[doubled]
            .drop_duplicates("pair")
            .assign(
                base_minor=both["base_minor"].sum().to_numpy(),
                is_first=both["is_first"].max().to_numpy(),
                is_part=both["is_part"].last().to_numpy(),
            )
        )
        rows = pd.concat([rows[~doubled], first]).sort_index()
    return rows.drop(columns=["pair", "known_date"])


def _kept_minor(acts: Acts, rows: DataFrame, as_of: Timestamp) -> Series:
    """Amount of receipts that was not taken back until the date; the latest match is taken back first."""
    back = _between(acts.taken_back, None, as_of)
    if back.empty:
        return rows["base_minor"]
    taken = back.groupby("pair")["base_minor"].sum()
    known = _between(acts.receipts, None, as_of)
    known = known[known["pair"].isin(taken.index)].iloc[::-1]
    later = known.groupby("pair")["base_minor"].cumsum() - known["base_minor"]
    rest = (known["pair"].map(taken) - later).clip(lower=0)
    gone = rest.where(rest < known["base_minor"], known["base_minor"]).reindex(rows.index).fillna(0).astype("int64")
    return rows["base_minor"] - gone


def _rates(fx_rates: DataFrame, as_of: Timestamp) -> Series:
    known = fx_rates[fx_rates["rate_date"] <= as_of].sort_values(["currency_code", "rate_date"])
    return known.groupby("currency_code")["rate_ratio"].last()


def months_before(day: Timestamp, months: int) -> Timestamp:
    """Return the same day of an earlier month; a month end stays a month end.

    Examples
    --------
    >>> str(months_before(Timestamp("2025-06-30"), 3).date())
    '2025-03-31'
    """
    earlier = day - pd.DateOffset(months=months)
    return earlier + pd.offsets.MonthEnd(0) if day.is_month_end else earlier


def observation_dates(*, as_of: Timestamp, first_day: Timestamp) -> list[Timestamp]:
    """Return `as_of` and the same day of every earlier month within the ledger, oldest first.

    A month end stays a month end.

    Examples
    --------
    >>> [str(d.date()) for d in observation_dates(as_of=Timestamp("2025-04-30"), first_day=Timestamp("2025-02-10"))]
    ['2025-02-28', '2025-03-31', '2025-04-30']
    """
    dates: Sequence[Timestamp] = []
    day, back = as_of, 0
    while day >= first_day:
        dates = [day, *dates]
        back += 1
        day = months_before(as_of, back)
    return list(dates)
