"""Invoices payable in parts: the parts must be the invoice."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError, first_keys


def refuse_wrong_instalments(instalments: DataFrame, invoices: DataFrame) -> None:
    """Refuse instalments that are not the whole of their invoice, in order.

    Raises
    ------
    LedgerError
        Parts do not add up to the gross amount of their invoice, are not numbered 1, 2, … in order of
        due date, or fall due before the invoice was issued; names the first invoices.
    """
    if instalments.empty:
        return
    rows = instalments.sort_values(["invoice_id", "sequence_number"], kind="stable", ignore_index=True)
    invoice = invoices.set_index("invoice_id").reindex(rows["invoice_id"])
    total = rows.groupby("invoice_id")["gross_minor"].sum().astype("int64")
    gross = invoices.set_index("invoice_id")["gross_minor"].reindex(total.index).astype("int64")
    _refuse(total.index[(total != gross).to_numpy()], _told_sums(total, gross))
    number = rows.groupby("invoice_id").cumcount() + 1
    same = rows["invoice_id"].eq(rows["invoice_id"].shift())
    back = same & (rows["due_date"] < rows["due_date"].shift())
    disordered = (rows["sequence_number"] != number).to_numpy(dtype=bool, na_value=True) | back.to_numpy()
    _refuse(rows.loc[disordered, "invoice_id"], "number the parts 1, 2, … in order of due date, without a gap")
    early = rows["due_date"].to_numpy() < invoice["invoice_date"].to_numpy()
    _refuse(rows.loc[early, "invoice_id"], "a part is due on or after the date of the invoice")


def first_due_dates(instalments: DataFrame, invoice_id: Series) -> Series:
    """Return the due date of the first part of each invoice, missing where it is not payable in parts."""
    return invoice_id.map(instalments.groupby("invoice_id")["due_date"].min()).astype("datetime64[us]")


def _told_sums(total: Series, gross: Series) -> str:
    wrong = np.flatnonzero((total != gross).to_numpy())[:1]
    shown = "".join(
        f"; the parts of {total.index[at]} are {total.iloc[at] / 100:.2f}, it is {gross.iloc[at] / 100:.2f}"
        for at in wrong
    )
    return f"the parts of an invoice add up to its gross_amount{shown}"


def _refuse(invoice_ids: object, allowed: str) -> None:
    ids = list(dict.fromkeys(invoice_ids))  # type: ignore[call-overload]
    if ids:
        raise LedgerError(
            f"instalments: {len(ids)} invoices ({first_keys(ids)}) have wrong parts; {allowed}; correct the delivery"
        )
