"""Totals that must agree: what was read is what was kept plus what was set aside, to the cent."""

from collections.abc import Mapping, Sequence

import pandas as pd
from pandas import DataFrame, Series

from riskresearch.ledger.reading.adapters import ADAPTED
from riskresearch.ledger.reading.built import Check
from riskresearch.ledger.reading.coded import is_among
from riskresearch.ledger.reading.flat import Documents
from riskresearch.ledger.reading.rows import SourceRows
from riskresearch.ledger.reading.sums import Ints, added_up, positions
from riskresearch.ledger.reading.targets import FLAT, MAIN_AMOUNT, ROW_SHAPES

_NOT_COMPARED = ("fx_rates",)


def reconciliation(
    sources: Sequence[SourceRows],
    tables: Mapping[str, DataFrame],
    docs: Documents,
    settled: Ints,
    adapted: Sequence[Check],
) -> DataFrame:
    """Return table `reconciliation`.

    Parameters
    ----------
    settled : what is settled of each invoice, minor units
    adapted : checks of the adapters, which compare balances in their own terms

    Per source: rows read against rows found in the canonical tables plus rows set aside, and the same
    for amounts, one check per currency, credit notes negative. For flat documents also the open
    balance per currency: what the files say is open against invoices less allocations.
    """
    checks: list[Check] = []
    for rows in sources:
        if rows.source.rows in ADAPTED:
            checks.append(_count_check(rows, rows.kept))
        elif rows.source.rows not in _NOT_COMPARED:
            found = _found(rows, tables)
            checks.append(_count_check(rows, found))
            checks += _amount_checks(rows, found) if rows.source.rows in MAIN_AMOUNT else []
    checks += [*adapted, *_open_balances(tables, docs, settled)]
    return DataFrame([_row(*check) for check in checks])


def _row(code: str, expected: int | None, rebuilt: int, detail: str) -> dict[str, object]:
    return {
        "check_code": code,
        "expected_minor": pd.NA if expected is None else expected,
        "rebuilt_minor": rebuilt,
        "difference_minor": pd.NA if expected is None else rebuilt - expected,
        "detail": detail,
    }


def _found(rows: SourceRows, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Rows of the canonical tables that come from this source: ``currency_code`` and signed ``amount``."""
    if rows.source.rows == FLAT.name:
        invoices, credits = tables["invoices"], tables["credit_notes"]
        parts = [(invoices, invoices["invoice_id"], 1), (credits, credits["credit_note_id"], -1)]
        kept = rows.kept["invoice_id"]
        return pd.concat(
            [_signed(frame[is_among(ids, kept)], "gross_minor", sign) for frame, ids, sign in parts], ignore_index=True
        )
    keys = list(ROW_SHAPES[rows.source.rows].keys)
    if len(keys) == 1:
        table = tables[rows.source.rows]
        found = is_among(table[keys[0]], rows.kept[keys[0]])
        return _signed(table if found.all() else table[found], MAIN_AMOUNT.get(rows.source.rows), 1)
    matched = tables[rows.source.rows].merge(rows.kept[keys], on=keys)
    return _signed(matched, MAIN_AMOUNT.get(rows.source.rows), 1)


def _signed(frame: DataFrame, amount: str | None, sign: int) -> DataFrame:
    amounts = frame[amount].astype("Int64") * sign if amount else Series(pd.NA, index=frame.index, dtype="Int64")
    return DataFrame({"currency_code": _currency(frame), "amount": amounts})


def _currency(frame: DataFrame) -> Series:
    known = frame["currency_code"] if "currency_code" in frame else Series("", index=frame.index, dtype="str")
    return known.astype("str").fillna("")


def _count_check(rows: SourceRows, found: DataFrame) -> Check:
    n_read, n_aside = len(rows.frame), int((~rows.findings.kept).sum())
    detail = f"{n_read} rows read = {len(found)} kept + {n_aside} set aside (counts, not money)"
    return f"{rows.source.name}.rows", n_read, len(found) + n_aside, detail


def _amount_checks(rows: SourceRows, found: DataFrame) -> list[Check]:
    currencies = _currency(rows.frame)
    kept = found.groupby("currency_code")["amount"].sum()
    read = rows.delivered_minor.fillna(0).groupby(currencies).sum()
    aside = rows.delivered_minor[~rows.findings.kept].fillna(0).groupby(currencies[~rows.findings.kept]).sum()
    checks: list[Check] = []
    for code in sorted({*kept.index, *read.index}):
        held, put_aside, total = (int(part.get(code, 0)) for part in (kept, aside, read))
        detail = (
            f"amount read {total} = kept {held} + set aside {put_aside} (minor units{f' of {code}' if code else ''})"
        )
        checks.append((".".join(filter(None, (rows.source.name, "amount", code))), total, held + put_aside, detail))
    return checks


def _open_balances(tables: Mapping[str, DataFrame], docs: Documents, settled: Ints) -> list[Check]:
    invoices, allocations = tables["invoices"], tables["allocations"]
    left = invoices["gross_minor"].astype("Int64") - settled
    rebuilt = left.groupby(invoices["currency_code"]).sum()
    expected = _stated_open(docs, allocations)
    is_flat_only = len(docs.invoices) == len(invoices)
    detail = (
        "open amounts of the files less credit notes applied = invoices less allocations"
        if is_flat_only
        else "invoices less allocations; the delivery states no open amount to compare with"
    )
    return [
        (f"open_balance.{code}", int(expected.get(code, 0)) if is_flat_only else None, int(amount), detail)
        for code, amount in rebuilt.items()
    ]


def _stated_open(docs: Documents, allocations: DataFrame) -> Series:
    invoices = docs.invoices
    unpaid = (invoices["gross_minor"] - invoices["settled_minor"].fillna(0)).clip(lower=0)
    credits = allocations[allocations["source_code"] == "credit_note"]
    place = positions(credits["invoice_id"], invoices["invoice_id"])
    credited = Series(added_up(credits["amount_minor"], place, len(invoices)), index=invoices.index, dtype="Int64")
    is_stated = invoices["open_minor"].notna() | (invoices["payment_date"].notna() & invoices["paid_minor"].isna())
    return (unpaid - credited.mask(is_stated, 0)).groupby(invoices["currency_code"]).sum()
