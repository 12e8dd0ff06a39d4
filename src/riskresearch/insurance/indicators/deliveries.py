"""Deliveries against the terms on them: longer terms than covered, deliveries after the account had to be stopped."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.insurance.indicators.cover_then import was_covered
from riskresearch.insurance.indicators.overdue import declared_dates, is_late
from riskresearch.insurance.policy import Policy
from riskresearch.insurance.portfolio.book import NO_SALE
from riskresearch.insurance.portfolio.decisions import known_on
from riskresearch.insurance.portfolio.lookup import column_of, date_of
from riskresearch.insurance.terms import CreditPeriod, StopShipment

_DAYS = 1_000_000  # more days than any calendar of a ledger, to put customer and day into one number
_DAY = "datetime64[D]"


def open_items(tables: Mapping[str, DataFrame], policy: Policy, customers: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the open items of a day with the cause for which they are not eligible.

    An item counts under the first cause that fits: disputed, agreed terms over the credit period, delivered after the
    account had to be stopped, declared late or not at all.

    Parameters
    ----------
    tables : ``movements`` cut to the date, ``invoices disputes events`` and, where there is one, ``insurer_claims``
    policy : the policy
    customers : ``customer_id basis_factor``
    as_of : last day that counts

    Returns
    -------
    DataFrame ``customer_id item_id invoice_id due_date delivered_date open_amount cause_code``, amounts in the basis
    of the contract; the cause is empty where the item is eligible
    """
    keys = ["customer_id", "item_id", "invoice_id", "invoice_date", "due_date"]
    items = tables["movements"].groupby(keys, dropna=False, sort=True)["base_minor"].sum()
    items = items[items > 0].astype("float64").div(100).rename("open_amount").reset_index()
    items["open_amount"] *= column_of(items["customer_id"], customers, "basis_factor")
    items["delivered_date"] = _delivered(items, tables["invoices"])
    disputes = known_on(tables["disputes"], "opened_date", as_of=as_of)
    disputed = disputes.loc[disputes["closed_date"].isna() | (disputes["closed_date"] > as_of), "invoice_id"]
    stops = stop_intervals(tables["movements"], policy, as_of=as_of)
    flags = {
        "disputed": items["invoice_id"].isin(disputed),
        "over_credit_period": is_over_terms(items, policy),
        "after_stop_shipment": is_stopped(items["customer_id"], items["delivered_date"], stops),
        "late_declaration": is_late(items, declared_dates(items, tables, as_of=as_of), policy, as_of=as_of),
    }
    cause = Series(np.select(list(flags.values()), list(flags), ""), index=items.index, dtype="str")
    return items.assign(cause_code=cause.where(cause.ne(""), None)).drop(columns="invoice_date")


def deliveries(
    tables: Mapping[str, DataFrame],
    policy: Policy,
    customers: DataFrame,
    decisions: DataFrame,
    *,
    since: Timestamp,
    as_of: Timestamp,
) -> DataFrame:
    """Return the deliveries after a day to customers that had cover then, and whether they kept to the terms.

    Parameters
    ----------
    tables : ``invoices`` and ``movements`` cut to the date
    policy : the policy
    customers : ``customer_id limit_amount is_insurable is_discretionary_justified basis_factor``
    decisions : see `insurer_decisions`
    since, as_of : deliveries lie after the first and up to the second day

    Returns
    -------
    DataFrame ``customer_id delivered_date amount is_over_terms is_after_stop is_late_buyer``; a late buyer had an
    invoice unpaid beyond the extension period within the time
    """
    invoices = known_on(tables["invoices"], "invoice_date", as_of=as_of)
    invoices = invoices[~invoices["invoice_kind_code"].isin(NO_SALE)]
    invoices = invoices.assign(delivered_date=invoices["delivery_date"].fillna(invoices["invoice_date"]))
    in_time = (invoices["delivered_date"] > since) & (invoices["delivered_date"] <= as_of)
    own = invoices[in_time].reset_index(drop=True)
    ids, days = own["customer_id"], own["delivered_date"]
    had = was_covered(ids, days, policy=policy, customers=customers, decisions=decisions)
    own = own[had].reset_index(drop=True)
    stops = stop_intervals(tables["movements"], policy, as_of=as_of)
    late = stops.loc[stops["end_day"] > _days(Series([since]))[0], "customer_id"]
    return own[["customer_id", "delivered_date"]].assign(
        amount=own["base_minor"] * column_of(own["customer_id"], customers, "basis_factor") / 100,
        is_over_terms=is_over_terms(own, policy),
        is_after_stop=is_stopped(own["customer_id"], own["delivered_date"], stops),
        is_late_buyer=own["customer_id"].isin(late),
    )


def is_over_terms(items: DataFrame, policy: Policy) -> Series:
    """Tell which items have agreed terms beyond the longest ones covered; not known or not limited: no."""
    term = policy.find(CreditPeriod)
    if term is None:
        return Series(False, index=items.index)
    return (items["due_date"] - items["invoice_date"]).dt.days.gt(term.maximum_days)


def stop_intervals(moves: DataFrame, policy: Policy, *, as_of: Timestamp) -> DataFrame:
    """Return the days on which deliveries were not covered: an item was unpaid beyond the extension period.

    Parameters
    ----------
    moves : table `movements`, cut to the date
    policy : the policy; without stop of shipments there are no such days
    as_of : last day that counts

    Returns
    -------
    DataFrame ``customer_id first_day end_day``, one row per item, in days since 1970; the end day is not one of them
    """
    term = policy.find(StopShipment)
    if term is None:
        return DataFrame({"customer_id": Series(dtype="str"), "first_day": Series(dtype="int64"), "end_day": []})
    due = moves[moves["due_date"].notna()]
    items = due.groupby(["customer_id", "item_id", "due_date"]).agg(
        left=("base_minor", "sum"), last=("known_date", "max")
    )
    items = items.reset_index()
    end = items["last"].mask(items["left"] > 0, as_of + pd.Timedelta(days=1))
    first = _days(items["due_date"]) + int(term.extension_days) + 1
    rows = DataFrame({"customer_id": items["customer_id"], "first_day": first, "end_day": _days(end)})
    return rows[rows["first_day"] < rows["end_day"]].reset_index(drop=True)


def is_stopped(customers: Series, dates: Series, stops: DataFrame) -> Series:
    """Tell for each customer and date whether it lies in one of the customer's intervals."""
    codes = pd.factorize(pd.concat([customers, stops["customer_id"]], ignore_index=True))[0].astype("int64")
    own, theirs = codes[: len(customers)] * _DAYS, codes[len(customers) :] * _DAYS
    day = _days(dates)
    begun = _count(theirs + stops["first_day"].to_numpy("int64"), own, own + day)
    ended = _count(theirs + stops["end_day"].to_numpy("int64"), own, own + day)
    return Series(begun > ended, index=customers.index)


def _count(keys: npt.NDArray[np.int64], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Number of keys from low to high, both counted."""
    ordered = np.sort(keys)
    return np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low, side="left")


def _delivered(items: DataFrame, invoices: DataFrame) -> Series:
    delivery = invoices.drop_duplicates("invoice_id").set_index("invoice_id")["delivery_date"]
    return date_of(items["invoice_id"], delivery).fillna(items["invoice_date"])


def _days(dates: Series) -> npt.NDArray[np.int64]:
    return dates.to_numpy().astype(_DAY).astype("int64")
