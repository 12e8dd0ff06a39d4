"""Odoo's entries, lines and matchings, by hand: as of any day, instalments, credit notes, exchange differences."""

from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from ledger.postgres import PASSWORD, SUPERUSER, postgres_server
from pandas import DataFrame, Timestamp
from sqlalchemy import create_engine, text

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger

MOVES = DataFrame(
    [
        (1, "INV/0001", "out_invoice", "posted", "sale", "2024-01-10", "2024-01-10", "2024-01-10 09:15:00", 1000, None),
        (2, "INV/0002", "out_invoice", "posted", "sale", "2024-01-20", "2024-01-20", "2024-01-20 10:00:00", 900, None),
        (3, "RINV/0001", "out_refund", "posted", "sale", "2024-02-01", "2024-02-01", "2024-02-01 10:00:00", 100, 1),
        (4, "PBNK/0001", "entry", "posted", "bank", None, "2024-02-15", "2024-02-16 08:00:00", 0, None),
        (5, "/", "out_invoice", "draft", "sale", "2024-03-01", "2024-03-01", "2024-03-01 08:00:00", 70, None),
        (6, "EXCH/0001", "entry", "posted", "general", None, "2024-03-10", "2024-03-10 08:00:00", 0, None),
        (7, "INV/0003", "out_invoice", "posted", "sale", "2024-02-10", "2024-02-10", "2024-02-10 08:00:00", 200, None),
        (8, "PBNK/0002", "entry", "posted", "bank", None, "2024-03-10", "2024-03-10 08:00:00", 0, None),
        (9, "MISC/0001", "entry", "posted", "general", None, "2024-03-20", "2024-03-20 08:00:00", 0, None),
        (10, "BILL/0001", "in_invoice", "posted", "purchase", "2024-01-05", "2024-01-05", "2024-01-05 08:00", 5, None),
        (11, "PBNK/0003", "entry", "posted", "bank", None, "2024-03-25", "2024-03-25 08:00:00", 0, None),
    ],
    columns=["id", "name", "move_type", "state", "journal_type", "invoice_date", "date", "create_date",
             "amount_untaxed", "reversed_entry_id"],
).astype({"reversed_entry_id": "Int64"})  # fmt: skip
# id, move, partner, due, currency, amount in it, balance in EUR, residual of today
LINES = DataFrame(
    [
        (101, 1, 7, "2024-02-09", "EUR", "1200.00", "1200.00", "0.00"),
        (201, 2, 7, "2024-02-20", "EUR", "540.00", "540.00", "0.00"),
        (202, 2, 7, "2024-03-20", "EUR", "540.00", "540.00", "500.00"),
        (301, 3, 7, "2024-02-01", "EUR", "-120.00", "-120.00", "0.00"),
        (401, 4, 7, "2024-02-15", "EUR", "-1620.00", "-1620.00", "0.00"),
        (501, 5, 7, "2024-03-31", "EUR", "84.00", "84.00", "84.00"),
        (601, 6, 8, "2024-03-10", "USD", "0.00", "-3.00", "0.00"),
        (701, 7, 8, "2024-03-11", "USD", "240.00", "220.00", "0.00"),
        (801, 8, 8, "2024-03-10", "USD", "-240.00", "-217.00", "0.00"),
        (901, 9, 7, "2024-03-20", "EUR", "-40.00", "-40.00", "0.00"),
        (1101, 11, 7, "2024-03-25", "EUR", "-33.00", "-33.00", "-33.00"),
    ],
    columns=["id", "move_id", "partner_id", "date_maturity", "currency", "amount_currency", "balance",
             "amount_residual_currency"],
)  # fmt: skip
# id, debit line, credit line, amounts in the currencies of both, day, day of entry
PARTIALS = DataFrame(
    [
        (1, 101, 301, "120.00", "120.00", "2024-02-01", "2024-02-01 10:00:00"),
        (2, 101, 401, "1080.00", "1080.00", "2024-02-15", "2024-02-16 08:00:00"),
        (3, 201, 401, "540.00", "540.00", "2024-02-15", "2024-02-18 09:00:00"),
        (4, 701, 801, "240.00", "240.00", "2024-03-10", "2024-03-10 08:00:00"),
        (5, 701, 601, "0.00", "0.00", "2024-03-10", "2024-03-10 08:00:00"),
        (6, 202, 901, "40.00", "40.00", "2024-03-20", "2024-03-20 08:00:00"),
        (7, 9_001, 9_002, "5.00", "5.00", "2024-03-20", "2024-03-20 08:00:00"),
    ],
    columns=["id", "debit_move_id", "credit_move_id", "debit_amount_currency", "credit_amount_currency", "max_date",
             "create_date"],
)  # fmt: skip
RATES = 'fx:\n  - {currency_code: USD, into: EUR, rate_date: 2024-01-01, rate_ratio: "0.9", source: test}\n'


def exported(folder: Path, lines: DataFrame = LINES, partials: DataFrame | None = PARTIALS) -> Ledger:
    folder.mkdir(exist_ok=True)
    MOVES.to_csv(folder / "account_move.csv", index=False)
    lines.assign(account_type="asset_receivable").to_csv(folder / "account_move_line.csv", index=False)
    if partials is not None:
        partials.to_csv(folder / "account_partial_reconcile.csv", index=False)
    mapping = Path(__file__).parents[2] / "config" / "mappings" / "odoo.yaml"
    days = "\n    format: {dates: [YYYY-MM-DD]}\n    rows:"
    (folder.parent / "ours.yaml").write_text(mapping.read_text(encoding="utf-8").replace("\n    rows:", days) + RATES)
    return read_ledger(folder, mapping=folder.parent / "ours.yaml")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return exported(tmp_path / "odoo")


def open_on(ledger: Ledger, day: str) -> dict[str, float]:
    moves = movements(cut_ledger(ledger, as_of=Timestamp(day)))
    left = moves.groupby("item_id")["document_minor"].sum() / 100
    return {item: amount for item, amount in left.items() if amount}


def test_an_export_is_recognised(tmp_path: Path):
    exported(tmp_path / "odoo")
    for file in (tmp_path / "odoo").iterdir():
        file.write_text(file.read_text().replace(",USD,", ",EUR,"))
    assert read_ledger(tmp_path / "odoo").mapping_name == "odoo"


def test_the_open_amount_of_any_day_follows_from_the_matchings(ledger: Ledger):
    assert open_on(ledger, "2024-01-31") == {"1": 1200, "2": 540, "2#2": 540}
    assert open_on(ledger, "2024-02-15") == {"1": 1080, "2": 540, "2#2": 540, "7": 240}
    assert open_on(ledger, "2024-02-17") == {"2": 540, "2#2": 540, "7": 240}
    assert open_on(ledger, "2024-03-31") == {"2#2": 500}


def test_residuals_and_balances_agree(ledger: Ledger):
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    assert (checks["difference_minor"].dropna() == 0).all()
    assert checks["expected_minor"]["odoo_residual.EUR"] == 50_000
    assert checks["expected_minor"]["odoo_balance.EUR"] == 50_000 - 3_300
    assert checks["expected_minor"]["odoo_balance.USD"] == 0


def test_credit_notes_receipts_and_write_offs(ledger: Ledger):
    note = ledger["credit_notes"].iloc[0]
    assert (note["related_invoice_id"], note["gross_minor"], len(ledger["credit_notes"])) == ("1", 12_000, 1)
    used = ledger["allocations"].groupby("source_code")["amount_minor"].sum()
    assert used.to_dict() == {"credit_note": 12_000, "other": 4_000, "payment": 108_000 + 54_000 + 24_000}
    received = ledger["payments"].set_index("payment_id")
    assert received["value_date"]["4"] == Timestamp("2024-02-15")
    assert received["recorded_date"]["4"] == Timestamp("2024-02-16")
    assert received["amount_minor"]["11"] == 3_300  # unapplied


def test_instalments_are_the_lines_of_an_invoice(ledger: Ledger):
    parts = ledger["instalments"]
    assert parts["due_date"].dt.strftime("%m-%d").tolist() == ["02-20", "03-20"]
    assert ledger["invoices"].set_index("invoice_id")["due_date"]["2"] == Timestamp("2024-02-20")
    assert ledger["invoices"].set_index("invoice_id")["net_minor"]["2"] == 90_000


def test_what_is_no_sale_is_left_aside_and_counted(ledger: Ledger):
    aside = ledger.accounts["set_aside"].set_index(["source_name", "reason_code"])["n_rows"].to_dict()
    assert aside == {
        ("entries", "not_posted"): 1,
        ("entries", "purchase"): 1,
        ("lines", "not_posted"): 1,
        ("lines", "exchange_difference"): 1,
        ("matchings", "exchange_difference"): 1,
        ("matchings", "not_receivable"): 1,
    }
    assert "matching_undone" in set(ledger.accounts["gaps"]["gap_code"])


def test_without_matchings_all_is_open(tmp_path: Path):
    ledger = exported(tmp_path / "odoo", partials=None)
    assert open_on(ledger, "2024-03-31") == {"1": 1200, "2": 540, "2#2": 540, "7": 240}
    checks = ledger.accounts["reconciliation"].set_index("check_code")["difference_minor"]
    assert checks["odoo_residual.EUR"] == 1200_00 + 540_00 + 40_00  # the residuals of today show what is lacking


def test_lines_of_entries_that_are_not_delivered_are_refused(tmp_path: Path):
    strange = pd.concat([LINES, LINES.tail(1).assign(id=1201, move_id=99)])
    with pytest.raises(LedgerError, match=r"lines.move_id: 1 of 12 rows .* name an entry that is not delivered"):
        exported(tmp_path / "odoo", lines=strange)


def test_the_database_gives_what_the_export_gives(
    ledger: Ledger, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
):
    with postgres_server(tmp_path_factory.mktemp("odoo")) as port:
        address = f"postgresql+psycopg://{SUPERUSER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
        fill(address)
        found = read_ledger(address, mapping=tmp_path / "ours.yaml")
    for name in ("invoices", "instalments", "payments", "allocations", "credit_notes"):
        pd.testing.assert_frame_equal(found[name], ledger[name])
    names = found["customers"].set_index("customer_id")["customer_name"].to_dict()
    assert names == {"7": "Ets Durand", "8": "Smith & Sons"}


SCHEMA = """
CREATE TABLE account_journal (id INT, type TEXT);
CREATE TABLE account_move (id INT, name TEXT, move_type TEXT, state TEXT, journal_id INT, invoice_date DATE, date DATE,
    create_date TIMESTAMP, amount_untaxed NUMERIC, reversed_entry_id INT);
CREATE TABLE account_account (id INT, account_type TEXT);
CREATE TABLE res_currency (id INT, name TEXT);
CREATE TABLE res_partner (id INT, name TEXT);
CREATE TABLE account_move_line (id INT, move_id INT, partner_id INT, account_id INT, date_maturity DATE,
    currency_id INT, amount_currency NUMERIC, balance NUMERIC, amount_residual_currency NUMERIC);
CREATE TABLE account_partial_reconcile (id INT, debit_move_id INT, credit_move_id INT, debit_amount_currency NUMERIC,
    credit_amount_currency NUMERIC, max_date DATE, create_date TIMESTAMP);
INSERT INTO account_account VALUES (1, 'asset_receivable'), (2, 'income');
INSERT INTO res_currency VALUES (1, 'EUR'), (2, 'USD');
INSERT INTO res_partner VALUES (7, 'Ets Durand'), (8, 'Smith & Sons');
INSERT INTO account_move_line VALUES (102, 1, 7, 2, NULL, 1, -1000, -1000, 0)
"""


def fill(address: str) -> None:
    """Write the entries into tables as Odoo keeps them."""
    journals = {kind: number for number, kind in enumerate(sorted(set(MOVES["journal_type"])), start=1)}
    moves = MOVES.drop(columns="journal_type").assign(journal_id=MOVES["journal_type"].map(journals))
    currencies = LINES["currency"].map({"EUR": 1, "USD": 2})
    lines = LINES.drop(columns="currency").assign(currency_id=currencies, account_id=1)
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in SCHEMA.split(";\n"):
            connection.execute(text(statement))
        journal = DataFrame({"id": journals.values(), "type": journals.keys()})
        for name, rows in {"account_journal": journal, "account_move": moves, "account_move_line": lines,
                           "account_partial_reconcile": PARTIALS}.items():  # fmt: skip
            cells = ", ".join(f"CAST(:{column} AS {kind(column)})" for column in rows)
            statement = text(f"INSERT INTO {name} ({', '.join(rows)}) VALUES ({cells})")
            records = rows.astype(object).where(rows.notna(), None).to_dict("records")
            connection.execute(statement, [{str(name): value for name, value in one.items()} for one in records])
    engine.dispose()


def kind(column: str) -> str:
    if column in ("invoice_date", "date", "date_maturity", "max_date"):
        return "DATE"
    if column == "create_date":
        return "TIMESTAMP"
    if column in ("name", "move_type", "state", "type"):
        return "TEXT"
    return "NUMERIC" if column.startswith("amount") or column == "balance" or column.endswith("currency") else "INT"
