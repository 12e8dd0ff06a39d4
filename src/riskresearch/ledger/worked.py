"""Worked cases: ledgers of a few rows that a credit manager writes by hand and can check with a pencil.

A case is a mapping, as read from YAML. Amounts are in units of the document's currency (1200.50),
days are ISO dates. Every list but ``invoices`` may be left out; without ``customer`` a row belongs to ``C1``.

``invoices``
    ``id date amount`` and, where needed, ``customer due delivery recorded currency rate net kind contract
    due_source``; ``instalments`` as ``[due, amount]``. What settles an invoice is written with it as
    ``[day, amount]`` or ``[day, amount, day recorded]`` under ``paid returned paid_again credited discount
    written_off recovered bill doubtful factor rounding other``: ``returned`` takes the last payment back,
    ``recovered`` is money received on what was written off. ``{day, amount, recorded, from}`` uses a
    receipt or credit note of the next two lists.
``receipts``, ``credit_notes``
    money and credit notes on account: ``id date amount``.
``customers disputes fx_rates events limits ratings reminders bank_checks sector_statistics``,
``orders guarantees overrides insurer_claims``
    see `riskresearch.ledger.worked_keys.SHORT_NAMES`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import LedgerError, first_keys
from riskresearch.ledger.ledger import Ledger, build_ledger
from riskresearch.ledger.tables import ACT_DATES, LEDGER_TABLES
from riskresearch.ledger.worked_keys import ACTS, SHORT_NAMES

Row = dict[str, Any]
ONE_CUSTOMER, RUN_CURRENCY = "C1", "EUR"
CASE_KEYS = ("name", "note", "as_of", "currency", "settings", "expected", "reasons", "ageing", *SHORT_NAMES)
_TABLES = {table.name: table for table in LEDGER_TABLES}
_TABLE_OF = {"receipts": "payments"}
_OWN_KEYS = {"invoices": ("rate", "instalments", *ACTS), "receipts": ("rate",), "credit_notes": ("rate",)}
_WITH_KEYS = ("invoices", "customers", "receipts", "credit_notes", "fx_rates", "ratings", "sector_statistics")
_AMOUNT = {"invoices": "gross_minor", "payments": "amount_minor", "credit_notes": "gross_minor"}


def worked_ledger(case: Mapping[str, Any]) -> Ledger:
    """Return the ledger of a worked case.

    Parameters
    ----------
    case : lists of rows under the keys of this module's description; ``currency`` is the run currency
        (default EUR); ``name note as_of settings expected reasons ageing`` belong to whoever works the case

    Raises
    ------
    LedgerError
        A key is unknown or missing, or a value is no amount, no day or no rate.
    TableError
        A row does not agree with the canonical tables, for instance an unknown code.

    Examples
    --------
    >>> case = {"invoices": [{"id": "I1", "date": "2024-05-02", "amount": 100, "paid": [["2024-06-01", 60.5]]}]}
    >>> worked_ledger(case)["allocations"]["amount_minor"].tolist()
    [6050]
    """
    name = str(case.get("name", "case"))
    _refuse_unknown(case, CASE_KEYS, name)
    rows: dict[str, list[Row]] = {table.name: [] for table in LEDGER_TABLES}
    for key in SHORT_NAMES:
        for number, given in enumerate(case.get(key) or ()):
            _add(rows, key, given, case, number, f"{name}: {key}, row {number + 1}")
    rows["customers"] += _customers_of(rows)
    _refuse_unknown_sources(rows, name)
    tables = {table: DataFrame(found) for table, found in rows.items() if found}
    currency = str(case.get("currency", RUN_CURRENCY))
    return build_ledger(
        tables, {}, source_name=name, mapping_name="worked_case", currency_code=currency, is_synthetic=True
    )


def _add(rows: dict[str, list[Row]], key: str, given: Any, case: Mapping[str, Any], number: int, where: str) -> None:
    if not isinstance(given, Mapping):
        raise LedgerError(f"{where}: is no row of 'key: value' pairs; write {{{', '.join(SHORT_NAMES[key])}}}")
    _refuse_unknown(given, (*SHORT_NAMES[key], *_OWN_KEYS.get(key, ())), where)
    table = _TABLE_OF.get(key, key)
    row = _defaults(key, given, case, number, where) | _columns(key, given, where)
    if table in ACT_DATES and "recorded_date" in _TABLES[table].names:
        row = {"recorded_date": row.get(ACT_DATES[table])} | row
    if table in _AMOUNT:
        row = {"base_minor": _in_run_currency(row, table, given, case, where)} | row
    _refuse_incomplete(key, table, row, where)
    rows[table].append(row)
    if key == "invoices":
        for name, made in _parts_and_acts(row, given, where):
            rows[name].append(made)


def _columns(key: str, given: Mapping[str, Any], where: str) -> Row:
    """Canonical columns of a row with their values read."""
    table = _TABLES[_TABLE_OF.get(key, key)]
    found = {}
    for short, column in SHORT_NAMES[key].items():
        if given.get(short) is not None:
            read = _READERS.get(table.column(column).kind, _as_given)
            found[column] = read(given[short], f"{where}: {short}")
    return found


def _defaults(key: str, given: Mapping[str, Any], case: Mapping[str, Any], number: int, where: str) -> Row:
    """Columns that a person need not write."""
    table = _TABLES[_TABLE_OF.get(key, key)]
    row: Row = {}
    if "customer_id" in table.names and key != "customers":
        row["customer_id"] = _customer_of(given.get("invoice"), case)
    if "currency_code" in table.names and key != "fx_rates":
        row["currency_code"] = str(case.get("currency", RUN_CURRENCY))
    if key not in _WITH_KEYS:
        row[table.keys[0]] = f"{key[0].upper()}{number}"
    if key == "customers":
        row["customer_type_code"] = "b2b"
    if key == "invoices":
        row |= {"invoice_kind_code": "invoice", "invoice_date_source_code": "source"}
        parts = [_day(part[0], where) for part in given.get("instalments") or ()]
        row |= {"due_date": max(parts)} if parts else {}
        row |= {"due_date_source_code": "source"} if parts or given.get("due") is not None else {}
    return row


def _customer_of(invoice_id: Any, case: Mapping[str, Any]) -> str:
    owners = {str(i.get("id")): str(i.get("customer", ONE_CUSTOMER)) for i in case.get("invoices") or ()}
    return owners.get(str(invoice_id), ONE_CUSTOMER)


def _customers_of(rows: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Customers that have rows but are not described."""
    described = {row["customer_id"] for row in rows["customers"]}
    named = {row["customer_id"] for table in rows for row in rows[table] if "customer_id" in row}
    return [{"customer_id": name, "customer_type_code": "b2b"} for name in sorted(named - described)]


def _in_run_currency(row: Row, table: str, given: Mapping[str, Any], case: Mapping[str, Any], where: str) -> int | None:
    """Amount of a document at its own rate, else at the last rate of `fx_rates` up to its day."""
    amount, day = row.get(_AMOUNT[table]), row.get(ACT_DATES[table])
    if amount is None or day is None or row["currency_code"] == case.get("currency", RUN_CURRENCY):
        return amount
    rates = {_day(r.get("date"), where): r.get("rate") for r in case.get("fx_rates") or () if _is_of(r, row)}
    known = [quoted for quoted in rates if quoted <= day]
    rate = given.get("rate", rates[max(known)] if known else None)
    if rate is None:
        raise LedgerError(f"{where}: no rate of {row['currency_code']} up to {day.date()}; write rate or fx_rates")
    return round(amount * Decimal(str(rate)))


def _is_of(quoted: Mapping[str, Any], row: Row) -> bool:
    return bool(quoted.get("currency") == row["currency_code"])


def _parts_and_acts(invoice: Row, given: Mapping[str, Any], where: str) -> Iterator[tuple[str, Row]]:
    """Instalments of an invoice, and the receipts, credit notes and allocations that settle it."""
    for number, (due, amount) in enumerate(given.get("instalments") or (), start=1):
        part = {"invoice_id": invoice["invoice_id"], "sequence_number": number}
        yield "instalments", part | {"due_date": _day(due, where), "gross_minor": _minor(amount, where)}
    last = None
    for key in ACTS:
        for number, entry in enumerate(given.get(key) or (), start=1):
            act = _act(entry, f"{where}: {key} {number}")
            act["allocation_id"] = f"{invoice['invoice_id']}:{key}{number}"
            source = act["from"] or act["allocation_id"]
            yield from _act_rows(invoice, key, act, source, last)
            last = source if key in ("paid", "paid_again") else last


def _act(entry: Any, where: str) -> Row:
    if isinstance(entry, Mapping):
        _refuse_unknown(entry, ("day", "amount", "recorded", "from"), where)
        entry, source = [entry.get("day"), entry.get("amount"), entry.get("recorded")], entry.get("from")
    else:
        source = None
    if not isinstance(entry, Sequence) or isinstance(entry, str) or not 2 <= len(entry) <= 3:
        raise LedgerError(f"{where}: write [day, amount] or [day, amount, day recorded], not {entry!r}")
    day, recorded = _day(entry[0], where), entry[2] if len(entry) == 3 else None
    known = day if recorded is None else _day(recorded, where)
    return {"day": day, "recorded": known, "minor": _minor(entry[1], where), "from": source}


def _act_rows(invoice: Row, key: str, act: Row, source: str, last: str | None) -> Iterator[tuple[str, Row]]:
    minor = -act["minor"] if key == "returned" else act["minor"]
    base = round(Decimal(minor) * invoice["base_minor"] / invoice["gross_minor"])
    common = {"customer_id": invoice["customer_id"], "recorded_date": act["recorded"], "base_minor": base}
    document = common | {"currency_code": invoice["currency_code"]}
    is_money = key in ("paid", "returned", "paid_again", "recovered")
    if is_money and act["from"] is None:
        paid = {"payment_id": source, "value_date": act["day"], "amount_minor": minor}
        yield "payments", document | paid | {"reversal_of_id": last if key == "returned" else None}
    if key == "credited" and act["from"] is None:
        note = {"credit_note_id": source, "credit_note_date": act["day"], "gross_minor": minor}
        yield "credit_notes", document | note | {"related_invoice_id": invoice["invoice_id"]}
    used = common | {"invoice_id": invoice["invoice_id"], "effective_date": act["day"], "amount_minor": minor}
    used |= {"matching_code": "source", "confidence_ratio": 1.0, "allocation_id": act["allocation_id"]}
    if key == "recovered":
        back = {"allocation_id": f"{act['allocation_id']}:back", "source_code": "write_off", "source_id": None}
        yield "allocations", used | back | {"amount_minor": -minor, "base_minor": -base}
        yield "allocations", used | {"source_code": "payment", "source_id": source}
        return
    yield (
        "allocations",
        used | {"source_code": ACTS[key], "source_id": source if is_money or key == "credited" else None},
    )


def _refuse_unknown(given: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    unknown = [str(key) for key in given if key not in allowed]
    if unknown:
        raise LedgerError(f"{where}: unknown key {', '.join(unknown)}; allowed are {', '.join(allowed)}")


def _refuse_unknown_sources(rows: Mapping[str, Sequence[Row]], where: str) -> None:
    made = {row["payment_id"] for row in rows["payments"]} | {row["credit_note_id"] for row in rows["credit_notes"]}
    unknown = {row["source_id"] for row in rows["allocations"] if row["source_id"] is not None} - made
    if unknown:
        raise LedgerError(f"{where}: from: {first_keys(sorted(unknown))} is in neither receipts nor credit_notes")


def _refuse_incomplete(key: str, table: str, row: Row, where: str) -> None:
    missing = [
        short
        for short, column in SHORT_NAMES[key].items()
        if row.get(column) is None and not _TABLES[table].column(column).nullable and short != "recorded"
    ]
    if missing:
        raise LedgerError(f"{where}: {', '.join(missing)} is missing; every row of {key} needs it")


def _day(value: Any, where: str) -> Timestamp:
    try:
        found = pd.Timestamp(date.fromisoformat(str(value)[:10]))
    except ValueError:
        raise LedgerError(f"{where}: {value!r} is no day; write it as 2024-12-31") from None
    return found.as_unit("us")


def _minor(value: Any, where: str) -> int:
    try:
        cents = Decimal(str(value)) * 100
        found = int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        raise LedgerError(f"{where}: {value!r} is no amount; write it as 1200.50") from None
    if cents != found:
        raise LedgerError(f"{where}: {value!r} has more than two decimals")
    return found


def _text(value: Any, where: str) -> str:
    return str(value)


def _as_given(value: Any, where: str) -> Any:
    return value


_READERS: Mapping[str, Callable[[Any, str], Any]] = {"date": _day, "minor": _minor, "text": _text, "code": _text}
