"""Ledgers in databases: the same figures as from files, exact, read only, and no password shown."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from ledger.postgres import PASSWORD, SUPERUSER, postgres_server
from pandas import Timestamp
from sqlalchemy import create_engine, text

from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.ledger.read import fetch_ledger, propose_mapping, read_ledger
from riskresearch.ledger.reading.address import is_address, shown_address
from riskresearch.ledger.reading.mapping_text import parse_mapping
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv

ITEMS = """
CREATE TABLE items (number TEXT PRIMARY KEY, client TEXT, issued {date}, due {date}, gross {money}, open {money},
                    paid_on {date}, currency TEXT, remark TEXT);
INSERT INTO items VALUES
    ('0007', '0012', '2024-01-05', '2024-02-04', '90071992547409.93', '0', '2024-02-10', 'EUR', NULL);
INSERT INTO items VALUES ('0008', '0012', '2024-01-05', '2024-02-04', '0.30', '0.10', '2024-02-11', 'EUR', 'part');
INSERT INTO items VALUES ('0009', 'C-3', '2024-01-06', NULL, '1500', '1500', NULL, 'EUR', 'open');
INSERT INTO items VALUES ('0010', 'C-3', '2024-01-07', '2024-01-07', '-20.25', '-20.25', NULL, 'EUR', NULL);
CREATE TABLE clients (code TEXT, name TEXT);
INSERT INTO clients VALUES ('0012', 'Ets L''Œuvre: & Fils'), ('C-3', NULL);
"""
MAPPING = """
mapping: ours
sources:
  - name: items
    rows: flat
    columns: {invoice_id: number, customer_id: client, invoice_date: issued, due_date: due, gross_amount: gross,
              open_amount: open, payment_date: paid_on, currency_code: currency}
  - {name: names, table: clients, rows: customers, optional: true, columns: {customer_id: code, customer_name: name}}
"""
QUERY = MAPPING.replace(
    "    rows: flat\n",
    "    query: \"SELECT number, client, issued, due, gross, open, paid_on, currency, 'a:b' AS x FROM items "
    'WHERE gross > 0"\n    rows: flat\n',
    1,
)


@pytest.fixture
def sqlite_address(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.executescript(ITEMS.format(date="TEXT", money="TEXT"))
    return f"sqlite:///{tmp_path / 'books.db'}"


@pytest.fixture(scope="module")
def postgres_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as port:
        address = f"postgresql+psycopg://{SUPERUSER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
        engine = create_engine(address)
        with engine.begin() as connection:
            for statement in ITEMS.format(date="DATE", money="NUMERIC(18,2)").split(";\n"):
                if statement.strip():
                    connection.execute(text(statement.replace(":", "\\:")))
            connection.execute(text("CREATE SEQUENCE counter"))
            connection.execute(text("CREATE SCHEMA sales"))
            connection.execute(text("CREATE VIEW sales.late AS SELECT * FROM items WHERE due IS NOT NULL"))
        engine.dispose()
        yield address


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    (tmp_path / "ours.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path / "ours.yaml"


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_address"))


def test_amounts_dates_and_missing_values_are_exact(address: str, mapping: Path):
    ledger = read_ledger(address, mapping=mapping)
    invoices = ledger["invoices"].set_index("invoice_id")
    assert invoices["gross_minor"].to_dict() == {"0007": 9_007_199_254_740_993, "0008": 30, "0009": 150_000}
    assert invoices["due_date"]["0007"] == Timestamp("2024-02-04")
    assert invoices["due_date_source_code"].to_dict() == {"0007": "source", "0008": "source", "0009": "default"}
    assert ledger["payments"].set_index("payment_id")["amount_minor"].to_dict() == {
        "P-0007": 9_007_199_254_740_993, "P-0008": 20}  # fmt: skip
    assert ledger["credit_notes"]["gross_minor"].tolist() == [2_025]
    names = ledger["customers"].set_index("customer_id")["customer_name"]
    assert names["0012"] == "Ets L'Œuvre: & Fils"
    assert names.isna()["C-3"]
    assert (ledger.accounts["reconciliation"]["difference_minor"].dropna() == 0).all()


def test_a_query_is_read_as_a_table_is(address: str, tmp_path: Path):
    (tmp_path / "query.yaml").write_text(QUERY, encoding="utf-8")
    ledger = read_ledger(address, mapping=tmp_path / "query.yaml")
    assert ledger["invoices"]["invoice_id"].tolist() == ["0007", "0008", "0009"]
    assert ledger["credit_notes"].empty


def test_postgres_and_sqlite_give_the_same_tables(sqlite_address: str, postgres_address: str, mapping: Path):
    one, other = (read_ledger(address, mapping=mapping) for address in (sqlite_address, postgres_address))
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, other[name])


def test_a_view_of_another_schema_is_a_table(postgres_address: str, tmp_path: Path):
    wanted = MAPPING.replace("    rows: flat\n", "    table: sales.late\n    rows: flat\n", 1)
    (tmp_path / "ours.yaml").write_text(wanted, encoding="utf-8")
    assert len(read_ledger(postgres_address, mapping=tmp_path / "ours.yaml")["invoices"]) == 2


def test_the_digest_follows_the_cells_and_the_mapping(tmp_path: Path, sqlite_address: str, mapping: Path):
    first = fetch_ledger(sqlite_address, mapping=mapping)
    assert fetch_ledger(sqlite_address, mapping=mapping).digest == first.digest
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.execute("UPDATE items SET open = '0.11' WHERE number = '0008'")
    changed = fetch_ledger(sqlite_address, mapping=mapping)
    (tmp_path / "other.yaml").write_text(MAPPING + "max_set_aside_ratio: 0.02\n", encoding="utf-8")
    again = fetch_ledger(sqlite_address, mapping=tmp_path / "other.yaml")
    assert len({first.digest, changed.digest, again.digest}) == 3
    left = read_ledger(changed)
    assert left["allocations"].set_index("invoice_id")["amount_minor"]["0008"] == 19


def test_rows_are_named_by_their_key_whatever_their_order(tmp_path: Path, mapping: Path):
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.executescript(ITEMS.format(date="TEXT", money="TEXT"))
        connection.executemany(
            "INSERT INTO items VALUES (?, 'C-4', '2024-03-01', '2024-03-31', ?, '0', '2024-04-01', 'EUR', NULL)",
            [(f"1{n:03d}", "1.00" if n else "to be agreed") for n in reversed(range(300))],
        )
    aside = read_ledger(f"sqlite:///{tmp_path / 'books.db'}", mapping=mapping).accounts["set_aside"]
    assert aside["first_keys"].tolist() == ["row 1000 'to be agreed'"]


def test_nothing_can_be_written(address: str, tmp_path: Path):
    (tmp_path / "bad.yaml").write_text(QUERY.replace('"SELECT', '"DELETE FROM items --'), encoding="utf-8")
    with pytest.raises(SettingsError, match="query must be one SELECT"):
        read_ledger(address, mapping=tmp_path / "bad.yaml")


def test_a_select_that_writes_is_refused_by_the_server(postgres_address: str, tmp_path: Path):
    wanted = "SELECT * FROM items WHERE nextval('counter') > 0"
    (tmp_path / "bad.yaml").write_text(
        MAPPING.replace("    rows: flat\n", f'    query: "{wanted}"\n    rows: flat\n', 1), encoding="utf-8"
    )
    with pytest.raises(LedgerError, match="read-only transaction"):
        read_ledger(postgres_address, mapping=tmp_path / "bad.yaml")


def test_one_clear_error_for_an_absent_table_or_column(address: str, mapping: Path):
    mapping.write_text(MAPPING.replace("name: items", "name: item"), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"source item reads table 'item' \(near 'items'\).*it has clients, items"):
        read_ledger(address, mapping=mapping)
    mapping.write_text(MAPPING.replace("due_date: due", "due_date: dued"), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"table items: source items reads 'dued' \(near 'due'\): 1 missing columns"):
        read_ledger(address, mapping=mapping)
    mapping.write_text(QUERY.replace("currency, 'a:b'", "curency, 'a:b'"), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"query of items cannot be read .*curency"):
        read_ledger(address, mapping=mapping)


def test_a_database_that_cannot_be_reached_is_said_without_its_password(
    postgres_address: str, mapping: Path, tmp_path: Path
):
    wrong = postgres_address.replace(quote(PASSWORD, safe=""), "s3cret")
    for address in (wrong, "postgresql+psycopg://reader:s3cret@127.0.0.1:1/books?connect_timeout=2"):
        with pytest.raises(LedgerError, match="the database cannot be reached") as refusal:
            read_ledger(address, mapping=mapping)
        assert "s3cret" not in str(refusal.value)
        assert ":***@127.0.0.1" in str(refusal.value)
        assert refusal.value.__cause__ is None
    with pytest.raises(LedgerError, match="no such file"):
        read_ledger(f"sqlite:///{tmp_path / 'none.db'}", mapping=mapping)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(LedgerError, match="install the driver"):
        read_ledger("nosuch://user:s3cret@host/db", mapping=mapping)
    with pytest.raises(LedgerError, match="cannot be understood"):
        read_ledger("postgresql://user:s3cret@host:port:port/db", mapping=mapping)


def test_addresses_are_shown_without_secrets():
    assert shown_address("mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret") == "mssql+pyodbc:///?odbc_connect=***"
    assert shown_address("mysql://u:p%40ss@h/d") == "mysql://u:***@h/d"
    assert not is_address(Path("sqlite:///x.db"))
    assert not is_address("C:\\books\\ledger.csv")


def test_canonical_tables_are_recognised_and_equal_the_files(tmp_path: Path):
    made, truth = synthetic_ledger(n_customers=12, n_months=8, seed=3)
    write_ledger_csv(made, truth, tmp_path / "files")
    with sqlite3.connect(tmp_path / "books.db") as connection:
        for file in sorted((tmp_path / "files").glob("*.csv")):
            if file.name != "truth.csv":
                frame = pd.read_csv(file, dtype=str, keep_default_na=False).replace("", None)
                frame.to_sql(file.stem, connection, index=False)
    read = read_ledger(f"sqlite:///{tmp_path / 'books.db'}")
    assert (read.mapping_name, read.source_name) == ("canonical", "books.db")
    for name, table in made.tables.items():
        pd.testing.assert_frame_equal(read[name], table)


def test_a_mapping_is_proposed_for_tables_no_shipped_one_fits(sqlite_address: str, tmp_path: Path):
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.executescript(
            'CREATE TABLE ventes ("N° facture" TEXT, "Code client" TEXT, "Date facture" DATE, "Montant TTC" TEXT);'
            "INSERT INTO ventes VALUES ('F1', '001', '2024-01-05', '12.50');"
        )
    proposal = propose_mapping(sqlite_address)
    source = parse_mapping(proposal.mapping_yaml, name="proposed").sources[0]
    assert (source.table, source.specs["gross_amount"].column) == ("ventes", "Montant TTC")
    with pytest.raises(LedgerError, match=r"(?s)no shipped one fits its tables .clients, items, ventes.*table: ventes"):
        read_ledger(sqlite_address)
    (tmp_path / "ours.yaml").write_text(proposal.mapping_yaml, encoding="utf-8")
    assert read_ledger(sqlite_address, mapping=tmp_path / "ours.yaml")["invoices"]["gross_minor"].tolist() == [1_250]
