"""Everything dated in a ledger, prepared once for the books of many dates."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.ledger.balances import Stream, item_stream, unapplied_stream
from riskresearch.ledger.movements import NOT_A_SALE, known_date, ordered

ASSUMED = ("default", "inferred")


@dataclass(frozen=True)
class Acts:
    """The acts of a ledger, each frame in the order they became known.

    Parameters
    ----------
    items : open amounts by item
    receipts : receipts matched to items; ``pair`` numbers item and receipt
    taken_back : what was returned or unmatched of them: ``pair known_date base_minor``
    settled : write-offs, transfers to doubtful debts and discounts on items, and recoveries
    returned : payments that were returned
    sales : invoices positive, credit notes negative
    unapplied : receipts and credit notes not matched
    disputes, fx_rates : canonical tables
    starts : first day of the relation or of the first invoice known, by customer
    first_day : first day the ledger covers
    """

    items: Stream
    receipts: DataFrame
    taken_back: DataFrame
    settled: DataFrame
    returned: DataFrame
    sales: DataFrame
    unapplied: Stream
    disputes: DataFrame
    fx_rates: DataFrame
    starts: Series
    first_day: Timestamp


def prepare(tables: Mapping[str, DataFrame], *, terms_days: int | None = None) -> Acts:
    """Return the acts of a ledger for `riskresearch.behaviour.book.book`.

    Parameters
    ----------
    tables : canonical tables and ``movements``
    terms_days : where the due date is an assumption, take this number of days instead
    """
    moves = ordered(tables["movements"])
    if terms_days is not None:
        moves = _with_terms(moves, tables["invoices"], terms_days)
    receipts, taken_back = _receipts(moves)
    return Acts(
        items=item_stream(moves),
        receipts=_by_known(receipts),
        taken_back=_by_known(taken_back),
        settled=_by_known(_settled(moves, tables["events"])),
        returned=_by_known(_returned(tables["payments"])),
        sales=_by_known(_sales(tables)),
        unapplied=unapplied_stream(tables),
        disputes=tables["disputes"].assign(known_date=known_date(tables["disputes"], "opened_date")),
        fx_rates=tables["fx_rates"],
        starts=_starts(tables),
        first_day=moves["known_date"].min(),
    )


def without_related(tables: Mapping[str, DataFrame]) -> tuple[dict[str, DataFrame], DataFrame]:
    """Return the tables without companies related to the seller, and an account of what is left out.

    Sales within the own group say nothing about how customers pay and are not insured.

    Parameters
    ----------
    tables : canonical tables and ``movements``

    Returns
    -------
    tables : the same tables without the related customers' rows
    left_out : ``reason_code n_customers n_invoices open_amount``, one row per reason; empty where none
    """
    customers, moves = tables["customers"], tables["movements"]
    related = customers.loc[customers["customer_type_code"] == "related", "customer_id"]
    if related.empty:
        columns = {"reason_code": "str", "n_customers": "int64", "n_invoices": "int64", "open_amount": "float64"}
        return dict(tables), DataFrame({name: Series(dtype=kind) for name, kind in columns.items()})
    gone = moves[moves["customer_id"].isin(related)]
    open_minor = gone.groupby("item_id")["base_minor"].sum().clip(lower=0).sum()
    left_out = DataFrame(
        {
            "reason_code": ["related_company"],
            "n_customers": [len(related)],
            "n_invoices": [gone["invoice_id"].nunique()],
            "open_amount": [open_minor / 100],
        }
    )
    invoices = set(gone["invoice_id"])
    return {name: _kept(frame, set(related), invoices) for name, frame in tables.items()}, left_out


def _kept(frame: DataFrame, customers: set[str], invoices: set[str]) -> DataFrame:
    if "customer_id" in frame:
        return frame[~frame["customer_id"].isin(customers)].reset_index(drop=True)
    if "invoice_id" in frame:
        return frame[~frame["invoice_id"].isin(invoices)].reset_index(drop=True)
    return frame


def _by_known(frame: DataFrame) -> DataFrame:
    return frame.sort_values("known_date", kind="stable", ignore_index=True)


def _sales(tables: Mapping[str, DataFrame]) -> DataFrame:
    invoices, credits = tables["invoices"], tables["credit_notes"]
    credits = credits[~credits["reason_code"].isin(NOT_A_SALE)]
    sold = invoices[invoices["invoice_kind_code"] != "opening_item"]
    columns = {
        "customer_id": (sold["customer_id"], credits["customer_id"]),
        "invoice_id": (sold["invoice_id"], credits["related_invoice_id"]),
        "kind_code": ("invoice", "credit_note"),
        "reason_code": (None, credits["reason_code"]),
        "day": (sold["invoice_date"], credits["credit_note_date"]),
        "base_minor": (sold["base_minor"].astype("int64"), -credits["base_minor"].astype("int64")),
        "known_date": (known_date(sold, "invoice_date"), known_date(credits, "credit_note_date")),
    }
    parts = [DataFrame({name: pair[i] for name, pair in columns.items()}) for i in (0, 1)]
    typed = [part.astype({"reason_code": "str"}) for part in parts]
    return pd.concat([part for part in typed if len(part)] or typed[:1], ignore_index=True)


def _receipts(moves: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Receipts matched to items, and what was returned or unmatched of them.

    A receipt is a part payment where the item is still open when the day is over.
    """
    row = (moves["movement_code"] == "invoice").cumsum()
    left = moves["base_minor"].groupby(row).cumsum()
    left = left.groupby([row, moves["known_date"]]).transform("last")
    paid = moves.assign(row=row, is_part=left > 0)[moves["movement_code"] == "payment"]
    key = paid["receipt_id"].where(paid["receipt_id"].notna(), paid["movement_id"])
    paid = paid.assign(pair=paid.groupby([paid["row"], key], sort=False).ngroup())
    received = paid[paid["base_minor"] < 0]
    days = {
        "days_to_pay": (received["effective_date"] - received["invoice_date"]).dt.days,
        "days_late": (received["effective_date"] - received["due_date"]).dt.days,
    }
    kept = ["customer_id", "invoice_id", "item_id", "effective_date", "known_date", "invoice_date", "due_date"]
    receipts = received[[*kept, "base_minor", "is_part", "pair"]].assign(
        base_minor=-received["base_minor"], is_first=~received["row"].duplicated(), **days
    )
    return receipts, paid.loc[paid["base_minor"] > 0, ["pair", "known_date", "base_minor"]]


def _settled(moves: DataFrame, events: DataFrame) -> DataFrame:
    """Write-offs, transfers to doubtful debts and discounts, positive, and what was recovered of losses, negative."""
    columns = ["customer_id", "invoice_id", "effective_date", "known_date", "movement_code", "base_minor"]
    settled = moves[moves["movement_code"].isin(["write_off", "doubtful", "discount"])]
    back = events[(events["event_code"] == "recovery") & events["base_minor"].notna()]
    recovered = DataFrame(
        {
            "customer_id": back["customer_id"],
            "invoice_id": Series(None, index=back.index, dtype="str"),
            "effective_date": back["event_date"],
            "known_date": known_date(back, "event_date"),
            "movement_code": "recovery",
            "base_minor": -back["base_minor"].astype("int64"),
        }
    )
    lost = settled[columns].assign(base_minor=-settled["base_minor"])
    return pd.concat([lost, recovered], ignore_index=True) if len(back) else lost


def _returned(payments: DataFrame) -> DataFrame:
    back = payments[payments["reversal_of_id"].notna()]
    return DataFrame(
        {
            "customer_id": back["customer_id"],
            "effective_date": back["value_date"],
            "known_date": known_date(back, "value_date"),
            "base_minor": -back["base_minor"].astype("int64"),
        }
    )


def _starts(tables: Mapping[str, DataFrame]) -> Series:
    """First day of each customer's relation: as delivered or its first invoice, whichever is earlier."""
    given = tables["customers"].set_index("customer_id")["relationship_start_date"]
    first = tables["invoices"].groupby("customer_id")["invoice_date"].min()
    return pd.concat([given, first], axis=1).min(axis=1)


def _with_terms(moves: DataFrame, invoices: DataFrame, terms_days: int) -> DataFrame:
    assumed = invoices.loc[invoices["due_date_source_code"].isin(ASSUMED), "invoice_id"]
    other = moves["invoice_date"] + pd.Timedelta(days=terms_days)
    return moves.assign(due_date=moves["due_date"].mask(moves["invoice_id"].isin(assumed), other))
