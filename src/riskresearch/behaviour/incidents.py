"""Incident register: what went wrong with a customer, when it was known, how much, and whether it is over."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas import DataFrame, Index, Series, Timestamp
from pydantic import Field

from riskresearch.base.schema import Column, Table, conform, empty
from riskresearch.behaviour.items import item_history
from riskresearch.behaviour.warnings.facts import View, gather
from riskresearch.behaviour.warnings.promises import promises
from riskresearch.behaviour.warnings.sequences import Array, to_dates, to_days
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.ledger.codes import CUSTOMER

INCIDENTS = ("returned_payment", "broken_promise", "dispute", "late_item", "write_off", "legal_event", "claim")
STATES = ("open", "closed")
LEGAL_EVENTS = ("insolvency", "litigation", "moratorium", "legal_notice")

INCIDENT_TABLE = Table(
    "incidents",
    "behaviour",
    "one row per incident",
    ("incident_code", "reference_id"),
    (
        CUSTOMER,
        Column("incident_code", "code", "kind of incident", False, INCIDENTS),
        Column("reference_id", "text", "payment, reminder, dispute, item, movement or event it is"),
        Column("invoice_id", "text", "invoice concerned", True),
        Column("incident_date", "date", "day it happened"),
        Column("known_date", "date", "day from which it was known"),
        Column("amount", "float", "amount concerned, run currency", True),
        Column("state_code", "code", "open or closed", False, STATES),
        Column("closed_date", "date", "day from which it was over", True),
        Column("detail_code", "text", "kind of event, reason of the dispute, or how the item ended", True),
    ),
)


class IncidentSettings(WarningSettings):
    """Incident register."""

    incident_late_days: int = Field(
        60, ge=1, le=365, description="an item open for more days past due than this is an incident"
    )


def incidents(tables: Mapping[str, DataFrame], settings: IncidentSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `incidents` of a date.

    - returned_payment: a receipt that was returned; over when what it had paid is settled again
    - broken_promise: a promise to pay not kept in time; over when what was promised has come
    - dispute: over on the day it is closed; amount: what was open when it became known
    - late_item: an item open more than `incident_late_days` past due, unless credit notes settle it in the end;
      amount: what was open then; over when it is settled
    - write_off: over at once; transfers to doubtful debts are not yet losses and do not count
    - legal_event: insolvency until it is closed; litigation, moratorium and legal notice stay open, as no
      end of theirs is recorded
    - claim: to the insurer; over with the first recovery after it

    Parameters
    ----------
    tables : canonical tables and ``movements``, as known on the date or later; later rows change nothing
    settings : thresholds
    as_of : last day that counts
    """
    view = View(gather(tables), as_of)
    moves = tables["movements"]
    parts = [
        _returned(tables["payments"], moves[moves["known_date"] <= as_of], view),
        _broken(view, settings),
        _disputed(tables["disputes"], view),
        _late(moves, view, settings, as_of),
        _lost(moves[moves["known_date"] <= as_of]),
        _legal(tables["events"], view),
        _claims(tables["events"], view),
    ]
    filled = [part for part in parts if len(part)]
    return conform(pd.concat(filled, ignore_index=True), INCIDENT_TABLE) if filled else empty(INCIDENT_TABLE)


def _rows(
    code: str,
    customer_id: Series | ArrayLike,
    *,
    reference_id: Series | ArrayLike,
    happened: Array,
    known: Array,
    amount: ArrayLike | None,
    closed: Array,
    invoice_id: object = None,
    detail_code: object = None,
) -> DataFrame:
    customers = np.asarray(customer_id, dtype=object)
    columns = {"invoice_id": invoice_id, "detail_code": detail_code}
    texts = {name: np.broadcast_to(np.asarray(text, dtype=object), customers.shape) for name, text in columns.items()}
    frame = DataFrame(
        {
            "customer_id": customers,
            "incident_code": code,
            "reference_id": np.asarray(reference_id, dtype=object),
            "incident_date": to_dates(happened),
            "known_date": to_dates(known),
            "amount": np.nan if amount is None else np.asarray(amount, dtype=float),
            "state_code": np.where(np.isnan(closed), "open", "closed"),
            "closed_date": to_dates(closed),
            **texts,
        }
    )
    return frame.astype({"customer_id": "str", "reference_id": "str", "invoice_id": "str", "detail_code": "str"})


def _returned(payments: DataFrame, moves: DataFrame, view: View) -> DataFrame:
    money = view.act("payments")
    back = money[money["is_back"]]
    original = payments.set_index("payment_id")["reversal_of_id"].reindex(back["payment_id"])
    paid = moves[(moves["movement_code"] == "payment") & (moves["base_minor"] < 0)]
    touched = DataFrame({"receipt_id": paid["receipt_id"], "item": _items(paid["item_id"], view)})
    settled = _settled_day(view)[touched["item"].to_numpy("int64")]
    last = Series(np.where(np.isnan(settled), np.inf, settled)).groupby(touched["receipt_id"].to_numpy()).max()
    known = back["known"].to_numpy(float)
    over = np.maximum(last.reindex(original.to_numpy()).to_numpy(float), known)
    over = np.where(np.isnan(over), known, over)
    return _rows(
        "returned_payment",
        view.facts.customers[back["customer"]],
        reference_id=back["payment_id"],
        happened=back["day"].to_numpy(float),
        known=known,
        amount=-back["minor"].to_numpy(float) / 100,
        closed=np.where(np.isinf(over), np.nan, over),
        detail_code=original.to_numpy(dtype=object),
    )


def _broken(view: View, settings: WarningSettings) -> DataFrame:
    every = promises(view, settings)
    broken = every[every["is_broken"].to_numpy()]
    day = _come_day(view, broken, settings.promise_kept_ratio)
    return _rows(
        "broken_promise",
        view.facts.customers[broken["customer"]],
        reference_id=broken["reminder_id"],
        invoice_id=broken["invoice_id"].to_numpy(dtype=object),
        happened=broken["promise_day"].to_numpy(float),
        known=broken["broken_day"].to_numpy(float),
        amount=(broken["promised_minor"] - broken["received_minor"]).to_numpy(float) / 100,
        closed=day,
    )


def _come_day(view: View, broken: DataFrame, kept_ratio: float) -> Array:
    """Day on which receipts since the promise was given reached what was promised; NaN where they have not."""
    items, receipts = view.facts.items, view.known(view.facts.receipts)
    on_item = DataFrame(
        {
            "owner": items["invoice_id"].to_numpy(dtype=object)[receipts["item"].to_numpy("int64")],
            **{name: receipts[name].to_numpy(float) for name in ("known", "effective_day", "minor")},
        }
    )
    money = view.act("payments").rename(columns={"customer": "owner", "day": "effective_day"})
    names = ["reminder_id", "given_day", "broken_day", "promised_minor"]
    is_whole = broken["invoice_id"].isna()
    sides = (broken[~is_whole], "invoice_id", on_item), (broken[is_whole], "customer", money)
    found = Series(np.nan, index=broken["reminder_id"].to_numpy(dtype=object))
    for part, key, came in sides:
        pairs = part[[*names, key]].merge(
            came[["owner", "known", "effective_day", "minor"]], left_on=key, right_on="owner"
        )
        pairs = pairs[pairs["effective_day"] >= pairs["given_day"]].sort_values(["reminder_id", "known"], kind="stable")
        total = pairs.groupby("reminder_id")["minor"].cumsum()
        enough = pairs[total >= kept_ratio * pairs["promised_minor"]].drop_duplicates("reminder_id")
        found[enough["reminder_id"].to_numpy(dtype=object)] = (
            enough[["known", "broken_day"]].max(axis=1).to_numpy(float)
        )
    return found.to_numpy(float)


def _disputed(disputes: DataFrame, view: View) -> DataFrame:
    rows = view.act("disputes")
    reason = disputes.set_index("dispute_id")["reason_code"].reindex(rows["dispute_id"])
    facts = view.facts
    invoice = facts.invoice_numbers(rows["invoice_id"])
    known = rows["known"].to_numpy(float)
    open_minor = np.where(invoice >= 0, facts.invoice_steps.at(np.maximum(invoice, 0), known), np.nan)
    return _rows(
        "dispute",
        facts.customers[rows["customer"]],
        reference_id=rows["dispute_id"],
        invoice_id=rows["invoice_id"].to_numpy(dtype=object),
        happened=rows["day"].to_numpy(float),
        known=known,
        amount=open_minor / 100,
        closed=rows["closed_day"].to_numpy(float),
        detail_code=reason.to_numpy(dtype=object),
    )


def _late(moves: DataFrame, view: View, settings: IncidentSettings, as_of: Timestamp) -> DataFrame:
    items = item_history(moves, as_of=as_of)
    crossing = to_days(items["due_date"]) + settings.incident_late_days + 1
    end = to_days(items["end_date"])
    is_late = (crossing <= view.day) & ~(end < crossing) & (items["end_code"].astype(object) != "credited").to_numpy()
    number = _items(items["item_id"], view)
    known = np.maximum(crossing, to_days(items["known_date"]))
    open_then = view.facts.item_steps.at(number, np.nan_to_num(known))
    is_late &= open_then > settings.small_rest_amount * 100
    late = items[is_late]
    return _rows(
        "late_item",
        late["customer_id"],
        reference_id=late["item_id"],
        invoice_id=late["invoice_id"].to_numpy(dtype=object),
        happened=crossing[is_late],
        known=known[is_late],
        amount=open_then[is_late] / 100,
        closed=to_days(late["end_known_date"]),
        detail_code=late["end_code"].to_numpy(dtype=object),
    )


def _lost(moves: DataFrame) -> DataFrame:
    lost = moves[(moves["movement_code"] == "write_off") & (moves["base_minor"] < 0)]
    known = to_days(lost["known_date"])
    return _rows(
        "write_off",
        lost["customer_id"],
        reference_id=lost["movement_id"],
        invoice_id=lost["invoice_id"].to_numpy(dtype=object),
        happened=to_days(lost["effective_date"]),
        known=known,
        amount=-lost["base_minor"].to_numpy(float) / 100,
        closed=known,
    )


def _legal(events: DataFrame, view: View) -> DataFrame:
    rows = view.act("events")
    legal = rows[rows["event_code"].isin(LEGAL_EVENTS)]
    closed = _first_after(legal, rows[rows["event_code"] == "insolvency_closed"])
    closed = np.where(legal["event_code"] == "insolvency", closed, np.nan)
    return _event_rows("legal_event", legal, events, view, closed)


def _claims(events: DataFrame, view: View) -> DataFrame:
    rows = view.act("events")
    claims = rows[rows["event_code"] == "insurer_claim"]
    return _event_rows("claim", claims, events, view, _first_after(claims, rows[rows["event_code"] == "recovery"]))


def _event_rows(code: str, rows: DataFrame, events: DataFrame, view: View, closed: Array) -> DataFrame:
    amount = events.set_index("event_id")["base_minor"].reindex(rows["event_id"]).astype("Float64")
    return _rows(
        code,
        view.facts.customers[rows["customer"]],
        reference_id=rows["event_id"],
        happened=rows["day"].to_numpy(float),
        known=rows["known"].to_numpy(float),
        amount=amount.to_numpy(float, na_value=np.nan) / 100,
        closed=closed,
        detail_code=rows["event_code"].to_numpy(dtype=object),
    )


def _first_after(rows: DataFrame, ends: DataFrame) -> Array:
    """Known day of the first end of the same customer on or after each row's own; NaN where none."""
    pairs = (
        rows[["customer", "known"]]
        .reset_index(names="row")
        .merge(ends[["customer", "known"]], on="customer", suffixes=("", "_end"))
    )
    first = pairs[pairs["known_end"] >= pairs["known"]].groupby("row")["known_end"].min()
    return first.reindex(rows.index).to_numpy(float)


def _items(item_id: Series, view: View) -> np.ndarray:
    return Index(view.facts.items["item_id"]).get_indexer(item_id).astype("int64")


def _settled_day(view: View) -> Array:
    """Day from which nothing has been open on each item; NaN while something is open."""
    steps = view.item_steps
    below = type(steps)(steps.owner, steps.known, -steps.change, -steps.balance)
    return below.risen_since(np.full(len(view.facts.items), -0.5))
