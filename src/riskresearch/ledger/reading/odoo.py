"""Entries, receivable lines and their matchings of Odoo become documents, receipts and settlements.

The residual of a line is today's; what was open on an earlier day follows from the matchings and their
``max_date``. Lines and matchings of exchange differences move no amount in the document's currency and
are left aside, counted.
"""

from collections.abc import Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.reading.built import Built, Check, balance_checks, kept_rows
from riskresearch.ledger.reading.coded import is_among
from riskresearch.ledger.reading.rows import SourceRows

RECEIVABLE = "asset_receivable"
_SALES, _CASH = ("out_invoice", "out_receipt"), ("bank", "cash", "credit")


def build_odoo(sources: Sequence[SourceRows]) -> Built:
    """Return the canonical tables of Odoo's entries, receivable lines and matchings.

    Raises
    ------
    LedgerError
        Entries or their lines are not delivered.
    """
    shapes = {rows.source.rows for rows in sources}
    if not {"odoo_move", "odoo_line"} <= shapes:
        raise LedgerError(
            f"odoo: only {', '.join(sorted(shapes))} is delivered; entries (odoo_move) and receivable lines "
            f"(odoo_line) are needed, and matchings (odoo_partial) to know what is settled"
        )
    _judge_moves(sources)
    moves = kept_rows(sources, "odoo_move")
    for rows in sources:
        if rows.source.rows == "odoo_line":
            _judge_lines(rows, moves, sources)
    lines = _with_roles(kept_rows(sources, "odoo_line"), moves)
    for rows in sources:
        if rows.source.rows == "odoo_partial":
            _judge_partials(rows, lines)
    matched = _matched(kept_rows(sources, "odoo_partial"), lines)
    tables = {
        "invoices": _invoices(lines),
        "instalments": _instalments(lines),
        "credit_notes": _credit_notes(lines, matched),
        "payments": _payments(lines),
        "allocations": _allocations(matched),
    }
    detail = "balance of the receivable lines kept = invoices less credit notes, receipts and other settlements"
    checks = balance_checks(lines["gross_minor"], lines["currency_code"], tables, code="odoo_balance", detail=detail)
    checks += _residual_checks(lines, tables)
    return Built(tables, lines[["customer_id", "customer_name"]], checks, [], ("matching_undone",))


def _judge_moves(sources: Sequence[SourceRows]) -> None:
    for rows in sources:
        if rows.source.rows == "odoo_move":
            rows.findings.filter(rows.frame["state_code"] != "posted", "not_posted")
            rows.findings.filter(rows.frame["move_kind_code"].str.startswith("in_").fillna(False), "purchase")


def _judge_partials(rows: SourceRows, lines: DataFrame) -> None:
    rows.findings.filter(rows.frame["debit_minor"] == 0, "exchange_difference")
    known = [is_among(rows.frame[side], lines["line_id"]) for side in ("debit_line_id", "credit_line_id")]
    rows.findings.filter(~(known[0] & known[1]), "not_receivable")


def _judge_lines(rows: SourceRows, moves: DataFrame, sources: Sequence[SourceRows]) -> None:
    frame = rows.frame
    other = frame["account_kind_code"].notna() & (frame["account_kind_code"] != RECEIVABLE)
    rows.findings.filter(other, "not_receivable")
    rows.findings.filter(frame["gross_minor"] == 0, "exchange_difference")
    delivered = [one.frame["move_id"] for one in sources if one.source.rows == "odoo_move"]
    known = is_among(frame["move_id"], pd.concat(delivered, ignore_index=True))
    rows.flag(~known, "unknown_move_id", "move_id")
    rows.findings.filter(known & ~is_among(frame["move_id"], moves["move_id"]), "not_posted")
    sales = moves[moves["move_kind_code"].isin(_SALES)].set_index("move_id")
    issued = sales["invoice_date"].fillna(sales["posting_date"]).reindex(frame["move_id"]).to_numpy()
    rows.flag(Series(frame["due_date"].to_numpy() < issued), "due_before_issue", "due_date")


def _with_roles(lines: DataFrame, moves: DataFrame) -> DataFrame:
    """Lines with their entry and ``role``: invoice, refund (money paid back); receipt, credit_note, other."""
    joined = lines.merge(moves, on="move_id", how="inner", suffixes=("", "_move"))
    debit = joined["gross_minor"] > 0
    is_cash = (joined["move_kind_code"] == "entry") & joined["journal_code"].fillna("bank").isin(_CASH)
    is_note = joined["move_kind_code"].isin((*_SALES, "out_refund"))
    role = Series("other", index=joined.index, dtype="str").mask(is_note, "credit_note").mask(is_cash, "receipt")
    role = role.mask(debit, "invoice").mask(debit & is_cash, "refund")
    day = joined["invoice_date"].fillna(joined["posting_date"])
    return joined.assign(role=role, day=day, amount_minor=joined["gross_minor"].abs().astype("int64"))


def _matched(partials: DataFrame, lines: DataFrame) -> DataFrame:
    """Matchings of an invoice line with a credit, with the entry, customer and role of both."""
    names = ["move_id", "customer_id", "role"]
    debit = lines.set_index("line_id")[names].add_prefix("debit_")
    credit = lines.set_index("line_id")[["move_id", "role"]].add_prefix("credit_")
    both = partials.join(debit, on="debit_line_id").join(credit, on="credit_line_id")
    both = both.assign(credit_minor=both["credit_minor"].fillna(both["debit_minor"]))
    return both[both["debit_role"] == "invoice"]


def _invoices(lines: DataFrame) -> DataFrame:
    own = lines[lines["role"] == "invoice"].sort_values(["move_id", "due_date", "line_id"], kind="stable")
    grouped = own.groupby("move_id", sort=True)
    first = grouped.first()
    is_sale = first["move_kind_code"].isin(_SALES)
    return DataFrame(
        {
            "invoice_id": first.index,
            "customer_id": first["customer_id"],
            "invoice_number": first["invoice_number"],
            "invoice_date": first["day"],
            "invoice_date_source_code": "source",
            "recorded_date": first["recorded_date"],
            "due_date": first["due_date"],
            "due_date_source_code": Series("source", index=first.index, dtype="str").where(first["due_date"].notna()),
            "currency_code": first["currency_code"],
            "gross_minor": grouped["amount_minor"].sum(),
            "net_minor": first["net_minor"],
            "base_minor": grouped["base_minor"].sum(min_count=1),
            "invoice_kind_code": Series("debit_note", index=first.index, dtype="str").mask(is_sale, "invoice"),
            "delivery_date": first["delivery_date"],
        }
    ).reset_index(drop=True)


def _instalments(lines: DataFrame) -> DataFrame:
    own = lines[lines["role"] == "invoice"].sort_values(["move_id", "due_date", "line_id"], kind="stable")
    grouped = own.groupby("move_id")
    in_parts = (grouped["line_id"].transform("size") > 1) & (grouped["due_date"].transform("count") > 1)
    in_parts &= grouped["due_date"].transform("count") == grouped["line_id"].transform("size")
    rows = own[in_parts]
    return DataFrame(
        {
            "invoice_id": rows["move_id"],
            "sequence_number": rows.groupby("move_id").cumcount() + 1,
            "due_date": rows["due_date"],
            "gross_minor": rows["amount_minor"],
        }
    ).reset_index(drop=True)


def _credit_notes(lines: DataFrame, matched: DataFrame) -> DataFrame:
    """Credit notes, and other credits as far as they settle nothing: they lower no sales."""
    used = lines["line_id"].map(matched.groupby("credit_line_id")["credit_minor"].sum()).fillna(0).astype("int64")
    is_note = lines["role"] == "credit_note"
    left = lines["amount_minor"] - used
    rows = lines[is_note | ((lines["role"] == "other") & (left > 0))]
    rows = rows.assign(amount=rows["amount_minor"].where(is_note, left))
    grouped = rows.sort_values(["move_id", "line_id"]).groupby("move_id", sort=True)
    first = grouped.first()
    other = first["role"] == "other"
    return DataFrame(
        {
            "credit_note_id": first.index,
            "customer_id": first["customer_id"],
            "credit_note_date": first["day"],
            "recorded_date": first["recorded_date"],
            "currency_code": first["currency_code"],
            "gross_minor": grouped["amount"].sum(),
            "related_invoice_id": first["reversed_move_id"].where(first["reversed_move_id"].isin(lines["move_id"])),
            "reason_code": Series("other", index=first.index, dtype="str").where(other),
        }
    ).reset_index(drop=True)


def _payments(lines: DataFrame) -> DataFrame:
    rows = lines[lines["role"].isin(("receipt", "refund"))].sort_values(["move_id", "line_id"])
    rows = rows.assign(amount=-rows["gross_minor"].astype("int64"))
    grouped = rows.groupby("move_id", sort=True)
    first = grouped.first()
    return DataFrame(
        {
            "payment_id": first.index,
            "customer_id": first["customer_id"],
            "value_date": first["posting_date"],
            "recorded_date": first["recorded_date"],
            "currency_code": first["currency_code"],
            "amount_minor": grouped["amount"].sum(),
            "base_minor": -grouped["base_minor"].sum(min_count=1),
        }
    ).reset_index(drop=True)


def _allocations(matched: DataFrame) -> DataFrame:
    code = matched["credit_role"].replace({"receipt": "payment"})
    return DataFrame(
        {
            "allocation_id": matched["partial_id"],
            "invoice_id": matched["debit_move_id"],
            "customer_id": matched["debit_customer_id"],
            "source_code": code,
            "source_id": matched["credit_move_id"].where(code != "other"),
            "effective_date": matched["matched_date"],
            "recorded_date": matched["recorded_date"],
            "amount_minor": matched["debit_minor"],
            "matching_code": "source",
            "confidence_ratio": 1.0,
        }
    ).reset_index(drop=True)


def _residual_checks(lines: DataFrame, tables: dict[str, DataFrame]) -> list[Check]:
    """What Odoo calls open today against invoices less settlements, where the residual is delivered."""
    own = lines[lines["role"] == "invoice"]
    if own["open_minor"].isna().any() or own.empty:
        return []
    currency = tables["invoices"].set_index("invoice_id")["currency_code"]
    settled = tables["allocations"]["amount_minor"].groupby(tables["allocations"]["invoice_id"].map(currency)).sum()
    gross = tables["invoices"].groupby("currency_code")["gross_minor"].sum()
    left = gross.sub(settled, fill_value=0)
    detail = "residuals of today = invoices less matchings"
    return [
        (f"odoo_residual.{code}", int(stated), int(left[code]), detail)
        for code, stated in own.groupby("currency_code")["open_minor"].sum().items()
    ]
