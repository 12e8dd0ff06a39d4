"""What the FEC adds up to: reconciliation, lines set aside, and what a FEC cannot tell."""

from collections.abc import Mapping, Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.base.errors import first_keys
from riskresearch.ledger.fec.carry import closing_balances, opening_differences
from riskresearch.ledger.fec.kinds import ASIDE_KINDS, SETTLEMENT_KINDS
from riskresearch.ledger.fec.lines import FecFile

Tables = Mapping[str, DataFrame]
Check = tuple[str, int, int, str]
OUTSIDE_ROLES = {
    "unbilled": "unbilled_on_418",
    "advance": "advance_on_419",
    "bill": "bill_without_customer_on_413",
    "doubtful": "doubtful_without_customer_on_416",
}


def set_aside(files: Sequence[FecFile], lines: DataFrame, receivables: DataFrame) -> DataFrame:
    """Return table ``set_aside``: lines that became no document, by file and reason.

    Amounts are debit − credit. The reasons: misshapen_line (amount unknown), zero_amount, transfer
    (between 411, 413 and 416, the receivable goes on), moved_to_doubtful (to a 416 account without
    customer, the receivable goes on), carried_forward (opening of a year whose previous year is
    delivered), and lines on 413, 416, 418, 419 and 491 that are no receivable of a named customer.
    """
    aside = receivables[receivables["kind_code"].isin(ASIDE_KINDS)]
    outside = lines[~lines["is_receivable"]].assign(reason_code=lambda f: f["role_code"].map(OUTSIDE_ROLES))
    outside.loc[outside["account"].str.startswith("491"), "reason_code"] = "allowance_on_491"
    columns = ["source_name", "reason_code", "line_number", "net_minor"]
    rows = pd.concat([aside.assign(reason_code=aside["kind_code"]), outside.dropna(subset="reason_code")])[columns]
    groups = rows.groupby(["source_name", "reason_code"])
    table = groups.agg(
        n_rows=("line_number", "size"), base_minor=("net_minor", "sum"), first_keys=("line_number", first_keys)
    ).reset_index()
    misshapen = [
        {
            "source_name": f.source_name,
            "reason_code": "misshapen_line",
            "n_rows": len(f.misshapen_lines),
            "base_minor": pd.NA,
            "first_keys": first_keys(f.misshapen_lines),
        }
        for f in files
        if f.misshapen_lines
    ]
    return pd.concat([table, DataFrame(misshapen, columns=table.columns)], ignore_index=True) if misshapen else table


def reconciliation(lines: DataFrame, receivables: DataFrame, items: DataFrame, tables: Tables) -> DataFrame:
    """Return table ``reconciliation``: the books' totals beside those of the canonical tables.

    Codes: debit_equals_credit; entries_balanced (count); receivable_lines (count, every line of 411,
    413 and 416 is a document or set aside); balance (cents, all customers) and customers_balanced
    (count, each to the cent); lettrage_groups (count, and how many net to zero);
    opening_equals_prior_closing; kind_<code> (cents, lines of a kind beside the rows made of them).
    """
    checks = [
        *_book_checks(lines),
        _line_check(receivables, items),
        *_balance_checks(receivables, tables),
        _lettrage_check(receivables),
        *_opening_checks(receivables),
        *_kind_checks(items, tables),
    ]
    frame = DataFrame(checks, columns=["check_code", "expected_minor", "rebuilt_minor", "detail"])
    return frame.assign(difference_minor=frame["rebuilt_minor"] - frame["expected_minor"])


def rebuilt_balances(tables: Tables) -> Series:
    """Return what each customer owes by the canonical tables (cents).

    Invoices − credit notes − payments − allocations that no receipt or credit note backs.
    """
    without = tables["allocations"]["source_code"].isin(SETTLEMENT_KINDS)
    amounts = [
        tables["invoices"].set_index("customer_id")["gross_minor"],
        -tables["credit_notes"].set_index("customer_id")["gross_minor"],
        -tables["payments"].set_index("customer_id")["amount_minor"],
        -tables["allocations"][without].set_index("customer_id")["amount_minor"],
    ]
    return pd.concat(amounts).astype("int64").groupby(level=0).sum()


def _book_checks(lines: DataFrame) -> list[Check]:
    entries = lines.groupby("declared_id")["net_minor"].sum()
    debit, credit = int(lines["debit_minor"].sum()), int(lines["credit_minor"].sum())
    n_open = int((entries != 0).sum())
    return [
        ("debit_equals_credit", debit, credit, f"{len(lines)} lines: total debit beside total credit"),
        ("entries_balanced", len(entries), len(entries) - n_open, f"{n_open} of {len(entries)} entries do not balance"),
    ]


def _line_check(receivables: DataFrame, items: DataFrame) -> Check:
    read = receivables[receivables["line_number"] > 0]
    aside = read.loc[read["kind_code"].isin(ASIDE_KINDS), "line_id"]
    used = set(items["line_id"]) & set(read["line_id"]) | set(aside)
    return ("receivable_lines", len(read), len(used), f"{len(used) - len(aside)} documents, {len(aside)} set aside")


def _balance_checks(receivables: DataFrame, tables: Tables) -> list[Check]:
    last = int(receivables["year_no"].max())
    moved = receivables[receivables["kind_code"] == "moved_to_doubtful"]
    still_owed = moved.groupby("customer_id")["net_minor"].sum()
    expected = closing_balances(receivables, last).sub(still_owed, fill_value=0)
    customers = sorted(set(receivables["customer_id"]))
    expected = expected.reindex(customers, fill_value=0).astype("int64")
    rebuilt = rebuilt_balances(tables).reindex(customers, fill_value=0).astype("int64")
    n_off = int((expected != rebuilt).sum())
    off = f"{n_off} of {len(customers)} customers differ, in total {int((rebuilt - expected).abs().sum())} cents"
    return [
        ("balance", int(expected.sum()), int(rebuilt.sum()), "balance of 411, 413 and 416 at the last date"),
        ("customers_balanced", len(customers), len(customers) - n_off, off),
    ]


def _lettrage_check(receivables: DataFrame) -> Check:
    letters = receivables[receivables["letter_no"] >= 0].groupby("letter_no")["net_minor"].sum()
    n_zero = int((letters == 0).sum())
    left = int(letters.abs().sum())
    return (
        "lettrage_groups",
        len(letters),
        n_zero,
        f"{n_zero} of {len(letters)} letters net to 0.00; rest {left} cents",
    )


def _opening_checks(receivables: DataFrame) -> list[Check]:
    differences = opening_differences(receivables)
    if differences.empty:
        return []
    closing, opening = int(differences["closing_minor"].sum()), int(differences["opening_minor"].sum())
    n_off = int((differences["closing_minor"] != differences["opening_minor"]).sum())
    detail = f"{n_off} of {len(differences)} customers open with another balance than they closed"
    return [("opening_equals_prior_closing", closing, opening, detail)]


def _kind_checks(items: DataFrame, tables: Tables) -> list[Check]:
    notes, allocated, paid = tables["credit_notes"], tables["allocations"], tables["payments"]
    made = {
        **tables["invoices"].groupby("invoice_kind_code")["gross_minor"].sum(),
        "payment": paid.loc[paid["amount_minor"] > 0, "amount_minor"].sum(),
        "return": -paid.loc[paid["amount_minor"] < 0, "amount_minor"].sum(),
        "credit_note": notes.loc[notes["reason_code"] == "commercial", "gross_minor"].sum(),
        "opening_credit": notes.loc[notes["reason_code"] == "opening", "gross_minor"].sum(),
        **{
            kind: allocated.loc[allocated["source_code"] == kind, "amount_minor"].sum()
            + notes.loc[notes["reason_code"] == kind, "gross_minor"].sum()
            for kind in SETTLEMENT_KINDS
        },
    }
    by_kind = items.groupby("kind_code")["amount_minor"]
    total, n_lines = by_kind.sum().to_dict(), by_kind.size().to_dict()
    return [(f"kind_{kind}", total[kind], int(made.get(kind, 0)), f"{n_lines[kind]} lines") for kind in total]
