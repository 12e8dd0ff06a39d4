"""What each receivable line is: invoice, receipt, credit note, loss, discount, bill or return.

A debit is what its credit side says, a credit what its debit side says.
"""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.ledger.fec.roles import against, sales_journals

ROUNDING_LIMIT_MINOR = 1_000
DOCUMENT_KINDS = ("invoice", "deposit", "finance_charge", "debit_note", "opening_item")
RECEIPT_KINDS = ("payment", "return")
NOTE_KINDS = ("credit_note", "opening_credit")
SETTLEMENT_KINDS = ("discount", "write_off", "factor", "bill", "doubtful", "rounding", "other")
ASIDE_KINDS = ("zero_amount", "transfer", "moved_to_doubtful", "carried_forward")


def classify(lines: DataFrame, *, sides: DataFrame) -> DataFrame:
    """Return the receivable lines with ``kind_code``, ``net_of_tax_minor`` and ``is_loss_taken_back``.

    Kinds of debits, by priority: opening_item; finance_charge (interest charged); deposit (invoice
    of an advance); invoice (against sales); return (against cash: a bounced or refunded payment);
    debit_note (anything else). Kinds of credits: opening_credit, payment, factor (paid by a
    factor, not by the buyer), write_off, credit_note, discount, doubtful, bill (accepted bill that
    went to an account without customers), rounding (differences up to 10.00), other.
    ``transfer`` only moves an amount between 411, 413 and 416 or offsets own items: the receivable
    goes on. ``moved_to_doubtful``: the same towards a 416 account that names no customer.

    Parameters
    ----------
    lines : all lines with the columns of `roles.add_roles`
    sides : totals of the entries (`roles.entry_sides`)
    """
    receivables = lines[lines["is_receivable"]]
    opposite = against(sides, receivables)
    net = receivables["net_minor"]
    conditions = {
        "zero_amount": net == 0,
        "opening_item": receivables["is_opening"] & (net > 0),
        "opening_credit": receivables["is_opening"] & (net < 0),
        "transfer": _transfers(lines, receivables),
        **_debits(net, opposite, sales_journals(receivables, opposite)),
        **_credits(net, opposite, _collective_doubtful(lines, receivables)),
    }
    kind = np.select([c.to_numpy(dtype=bool) for c in conditions.values()], list(conditions), default="other")
    kind = np.where((kind == "other") & (net > 0), "debit_note", kind)
    return receivables.assign(
        kind_code=Series(kind, index=receivables.index, dtype="str"),
        net_of_tax_minor=_net_of_tax(receivables, sides),
        is_loss_taken_back=(net > 0) & opposite["write_off"].gt(0),
    )


def add_issue_dates(receivables: DataFrame) -> DataFrame:
    """Return the lines with ``issue_date`` and ``is_age_lost``.

    The date of issue is PieceDate, else EcritureDate. An opening line whose PieceRef names no
    document, or whose PieceDate is blank or not before the opening, has lost its age: its date of
    issue is then the opening day, the youngest it can be.
    """
    has_document = receivables["piece_ref"].str.contains(r"\d", regex=True)
    is_older = receivables["piece_date"] < receivables["entry_date"]
    is_lost = receivables["is_opening"] & ~(has_document & is_older)
    issue = receivables["piece_date"].where(~is_lost).fillna(receivables["entry_date"])
    return receivables.assign(issue_date=issue, is_age_lost=is_lost)


def _debits(net: Series, opposite: DataFrame, is_sales_journal: Series) -> dict[str, Series]:
    is_debit = net > 0
    sale = opposite["sale"] + opposite["unbilled"]
    cash = opposite["cash"] + opposite["bank_fee"]
    is_sale = sale.gt(0) & (sale + opposite["vat"]).ge(cash)
    is_tax_only = is_sales_journal & opposite["vat"].gt(0) & cash.eq(0)
    is_advance = opposite["advance"].gt(0) & (is_sales_journal | opposite["vat"].gt(0)) & sale.eq(0)
    return {
        "finance_charge": is_debit & opposite["finance"].gt(sale) & cash.eq(0),
        "deposit": is_debit & is_advance,
        "invoice": is_debit & (is_sale | is_tax_only),
        "return": is_debit & opposite["cash"].gt(0),
    }


def _credits(net: Series, opposite: DataFrame, is_collective_doubtful: Series) -> dict[str, Series]:
    is_credit = net < 0
    return {
        "payment": is_credit & opposite["cash"].gt(0),
        "factor": is_credit & opposite["factor"].gt(0),
        "write_off": is_credit & opposite["write_off"].gt(0),
        "credit_note": is_credit & opposite["sale"].gt(0),
        "discount": is_credit & opposite["discount"].gt(0),
        "moved_to_doubtful": is_credit & is_collective_doubtful,
        "doubtful": is_credit & opposite["doubtful"].gt(0),
        "bill": is_credit & opposite["bill"].gt(0),
        "rounding": is_credit & opposite["rounding"].gt(0) & (-net).le(ROUNDING_LIMIT_MINOR),
    }


def _transfers(lines: DataFrame, receivables: DataFrame) -> Series:
    """Return lines of entries on receivable accounts only in which the customer's lines cancel."""
    is_inside = lines["is_receivable"] | lines["role_code"].eq("allowance")
    is_closed = is_inside.groupby(lines["entry_id"]).transform("all")
    own = receivables.groupby(["entry_id", "customer_id"])["net_minor"].transform("sum")
    return is_closed[receivables.index] & own.eq(0)


def _collective_doubtful(lines: DataFrame, receivables: DataFrame) -> Series:
    is_nameless = lines["role_code"].eq("doubtful") & ~lines["is_receivable"] & lines["net_minor"].gt(0)
    return receivables["entry_id"].isin(lines.loc[is_nameless, "entry_id"])


def _net_of_tax(receivables: DataFrame, sides: DataFrame) -> Series:
    """Return the sale before tax of entries with one receivable line; empty elsewhere."""
    is_single = receivables.groupby("entry_id")["net_minor"].transform("size").eq(1)
    same_side = against(sides, receivables.assign(net_minor=-receivables["net_minor"]))
    net = against(sides, receivables)["sale"] - same_side["sale"]
    return net.where(is_single & net.gt(0)).astype("Int64")
