"""Which SAP customer line settles which, in what order and known since when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.ledger.reading.matching import overlaps

Ints = NDArray[np.int64]
FIFO_CONFIDENCE = 0.9


@dataclass(frozen=True)
class SettledLines:
    """What the lines settle.

    Parameters
    ----------
    allocations : canonical allocations without base amounts
    spent : by credit line, amount that settles invoices
    not_cash : by receipt line, residual lines and discounts booked with it: no money came for them
    uncredited : by debit line, amount that is cleared though no line of its clearing pays it
    notes : what was assumed, counted
    """

    allocations: DataFrame
    spent: Series
    not_cash: Series
    uncredited: Series
    notes: list[str]


def settle_lines(lines: DataFrame) -> SettledLines:
    """Return what the credit lines settle.

    Within a clearing, credits that name an invoice settle it; the others settle what is left, oldest due
    first. An open credit that names an invoice settles it in part. A cleared line whose clearing holds no
    credit for it counts as settled otherwise on the clearing date.
    """
    book = _Book(lines)
    book.take_out_residuals()
    debits, credits = lines[lines["debit"]], lines[~lines["debit"]]
    named = credits[credits["reference_id"].notna()]
    in_clearing = named["clearing"] + "|" + named["reference_id"]
    book.match(
        _keyed(debits, debits["clearing"] + "|" + debits["reference_id"]), _keyed(named, in_clearing), "reference"
    )
    book.match(_keyed(debits, debits["clearing"]), _keyed(credits, credits["clearing"]), "source")
    is_open = debits["clearing"].isna()
    book.match(_keyed(debits, debits["reference_id"].where(is_open)), _keyed(named, named["reference_id"]), "reference")
    return book.result()


class _Book:
    """Amounts of the lines still to be matched, and the matches so far."""

    def __init__(self, lines: DataFrame) -> None:
        self.lines = lines
        self.left = lines["amount_minor"].astype("int64").copy()
        self.not_cash = Series(0, index=lines.index, dtype="int64")
        self.acts: list[DataFrame] = []

    def take_out_residuals(self) -> None:
        """A residual line is what a payment left open: neither paid nor part of the receipt."""
        rest = self.lines[self.lines["role"] == "residual"]
        cleared = self.lines[self.lines["clearing"].notna()]
        made_by = cleared["company_code"].fillna("") + "|" + cleared["clearing_number"] + "|" + cleared["currency_code"]
        key = rest["company_code"].fillna("") + "|" + rest["document_number"] + "|" + rest["currency_code"]
        clearing = key.map(Series(cleared["clearing"].to_numpy(), index=made_by.to_numpy()).groupby(level=0).first())
        debits, receipts = cleared[cleared["debit"]], cleared[cleared["role"] == "receipt"]
        of_invoice = _pairs(
            self._due(debits, debits["clearing"] + "|" + debits["reference_id"]),
            _keyed(rest, clearing + "|" + rest["reference_id"]),
        )
        of_receipt = _pairs(
            _keyed(receipts, receipts["clearing"] + "|" + receipts["document_id"]),
            _keyed(rest, clearing + "|" + rest["document_id"]),
        )
        for pairs in (of_invoice, of_receipt):
            taken = pairs.groupby("debit")["amount_minor"].sum()
            self.left = self.left.sub(taken, fill_value=0).astype("int64")
        self.not_cash = self.not_cash.add(of_receipt.groupby("debit")["amount_minor"].sum(), fill_value=0).astype(
            "int64"
        )

    def match(self, debits: DataFrame, credits: DataFrame, matching_code: str) -> None:
        """Match what is left of both sides by their key."""
        left, right = (side.assign(amount_minor=self.left[side.index]) for side in (debits, credits))
        left, right = (side[side["amount_minor"] > 0] for side in (left, right))
        pairs = _pairs(self._due(left, left["group"]), right.sort_values(["value_date", "document_id"], kind="stable"))
        for side in ("debit", "credit"):
            self.left = self.left.sub(pairs.groupby(side)["amount_minor"].sum(), fill_value=0).astype("int64")
        group = left["group"].reindex(pairs["debit"]).to_numpy()
        several = _n_by(left["group"], group) * _n_by(right["group"], group) > 1
        several &= (_n_by(left["group"], group) > 1) & (_n_by(right["group"], group) > 1)
        is_fifo = several & (matching_code == "source")
        self.acts.append(pairs.assign(matching_code=np.where(is_fifo, "fifo", matching_code)))

    def result(self) -> SettledLines:
        """Return allocations in order of invoice and date."""
        acts = pd.concat(self.acts, ignore_index=True)
        acts = acts[self.lines["reference_id"].reindex(acts["debit"]).notna().to_numpy()].reset_index(drop=True)
        spent = acts.groupby("credit")["amount_minor"].sum()
        acts, discounts = _less_discounts(acts, self.lines)
        self.not_cash = self.not_cash.add(discounts.groupby("credit")["amount_minor"].sum(), fill_value=0).astype(
            "int64"
        )
        rows = [
            _settlements(acts, self.lines),
            _settlements(discounts, self.lines, source_code="discount"),
            _taken_back(self.lines),
            self._without_credit(),
        ]
        allocations = pd.concat([part for part in rows if len(part)] or rows[:1], ignore_index=True)
        uncredited = rows[3]["amount_minor"]
        told = f"sap_item: {len(uncredited)} cleared lines have no credit line in their clearing: settled otherwise"
        return SettledLines(
            _numbered(allocations, self.lines), spent, self.not_cash, uncredited, [told] if len(uncredited) else []
        )

    def _due(self, debits: DataFrame, key: Series) -> DataFrame:
        return _keyed(debits, key).sort_values(["due_date", "document_id", "line_number"], kind="stable")

    def _without_credit(self) -> DataFrame:
        lines = self.lines
        rest = lines[lines["debit"] & lines["clearing"].notna() & lines["reference_id"].notna() & (self.left > 0)]
        return DataFrame(
            {
                "invoice_id": rest["reference_id"],
                "source_code": "other",
                "source_id": None,
                "effective_date": rest["clearing_date"],
                "recorded_date": rest["clearing_date"],
                "amount_minor": self.left[rest.index],
                "matching_code": "source",
                "confidence_ratio": 1.0,
            }
        )


def _keyed(lines: DataFrame, key: Series) -> DataFrame:
    return lines.assign(group=key)[key.notna()]


def _pairs(debits: DataFrame, credits: DataFrame) -> DataFrame:
    return overlaps(debits[["group", "amount_minor"]], credits[["group", "amount_minor"]])


def _n_by(groups: Series, wanted: NDArray[np.object_]) -> Ints:
    return Series(wanted).map(groups.value_counts()).fillna(0).to_numpy(dtype=np.int64)


def _less_discounts(acts: DataFrame, lines: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Receipts without the discount taken with them, the last ones first, and the discounts."""
    granted = lines.loc[lines["debit"] & lines["clearing"].notna() & (lines["discount_minor"] > 0), ["discount_minor"]]
    if granted.empty:
        return acts, acts.iloc[:0]
    cash = acts[(lines["role"].reindex(acts["credit"]) == "receipt").to_numpy()]
    day = lines["value_date"].reindex(cash["credit"]).to_numpy()
    last_first = cash.assign(group=cash["debit"], day=day).sort_values("day", ascending=False, kind="stable")
    wanted = granted.rename(columns={"discount_minor": "amount_minor"}).assign(group=granted.index)
    taken = _pairs(wanted.astype({"amount_minor": "int64"}), last_first)
    discounts = acts.loc[taken["credit"]].assign(amount_minor=taken["amount_minor"].to_numpy())
    less = taken.groupby("credit")["amount_minor"].sum().reindex(acts.index).fillna(0).astype("int64")
    cash_only = acts.assign(amount_minor=acts["amount_minor"] - less)
    return cash_only[cash_only["amount_minor"] > 0], discounts


def _settlements(acts: DataFrame, lines: DataFrame, *, source_code: str | None = None) -> DataFrame:
    debit, credit = (lines.loc[acts[side]].reset_index(drop=True) for side in ("debit", "credit"))
    by_reference = (acts["matching_code"] == "reference").to_numpy()
    known = credit["recorded_date"].where(by_reference, credit[["recorded_date", "clearing_date"]].max(axis=1))
    role = credit["role"].replace({"receipt": "payment"})
    note = (credit["role"] == "credit_note").to_numpy()
    issued = lines[lines["role"] == "invoice"].groupby("document_id")["document_date"].min()
    day = credit["posting_date"].where(note, credit["value_date"])
    on_note = DataFrame({"note": day, "invoice": issued.reindex(debit["reference_id"]).to_numpy()}).max(axis=1)
    has_source = note | (credit["role"] == "receipt").to_numpy()
    return DataFrame(
        {
            "invoice_id": debit["reference_id"],
            "source_code": role if source_code is None else source_code,
            "source_id": credit["document_id"].where(has_source),
            "effective_date": day.where(~note, on_note),
            "recorded_date": known,
            "amount_minor": acts["amount_minor"].to_numpy(),
            "matching_code": acts["matching_code"].to_numpy(),
            "confidence_ratio": np.where(acts["matching_code"] == "fifo", FIFO_CONFIDENCE, 1.0),
        }
    )


def _taken_back(lines: DataFrame) -> DataFrame:
    """Receipts taken back that name their invoice reopen it."""
    back = lines[lines["role"] == "returned"]
    return DataFrame(
        {
            "invoice_id": back["reference_id"],
            "source_code": "payment",
            "source_id": back["document_id"] + "-R",
            "effective_date": back["value_date"],
            "recorded_date": back["recorded_date"],
            "amount_minor": -back["amount_minor"],
            "matching_code": "reference",
            "confidence_ratio": 1.0,
        }
    )


def _numbered(allocations: DataFrame, lines: DataFrame) -> DataFrame:
    keys = ["invoice_id", "source_code", "source_id", "effective_date", "recorded_date", "matching_code"]
    grouped = allocations.groupby([*keys, "confidence_ratio"], dropna=False, sort=True)["amount_minor"].sum()
    rows = grouped.reset_index().sort_values(["invoice_id", "effective_date", "source_code"], kind="stable")
    owner = lines[lines["role"] == "invoice"].groupby("document_id")["customer_id"].first()
    number = (rows.groupby("invoice_id").cumcount() + 1).astype("str")
    return rows.assign(
        allocation_id="A-" + rows["invoice_id"] + "-" + number, customer_id=rows["invoice_id"].map(owner)
    ).reset_index(drop=True)
