"""Reading delivered ledgers: layouts, formats, settlement, currencies, reconciliation, real files."""

import gzip
import io
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal
from pyarrow import parquet

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv
from riskresearch.ledger.tables import LEDGER_TABLES

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "ledger" / "flat_rows.yaml").read_text(encoding="utf-8"))
FLAT_MAPPING = """
mapping: ours
currency_code: EUR
sources:
  - name: items
    file: items.csv
    rows: flat
    columns: {invoice_id: invoice, customer_id: customer, invoice_date: issued, gross_amount: gross,
              open_amount: open, paid_amount: paid, payment_date: paid_on, related_invoice_id: reduces}
"""
TYPED_MAPPING = """
mapping: ours
sources:
  - name: items
    file: "items*"
    rows: flat
    format: {decimal: ",", thousands: " ", dates: [JJ/MM/AAAA], round_amounts: false}
    columns: {invoice_id: Numéro, customer_id: Client, customer_name: Nom, invoice_date: Date, due_date: Échéance,
              gross_amount: Montant, currency_code: Devise, payment_date: Réglé}
"""
FRENCH_HEADER = ["Numéro", "Client", "Nom", "Date", "Échéance", "Montant", "Devise", "Réglé"]


def ledger_of(folder: Path, name: str, content: bytes, mapping: str, **options: object) -> Ledger:
    (folder / name).write_bytes(content)
    (folder / "ours.yaml").write_text(mapping, encoding="utf-8")
    return read_ledger(folder / name, mapping=folder / "ours.yaml", **options)  # type: ignore[arg-type]


def codes(ledger: Ledger) -> set[str]:
    return set(ledger.accounts["gaps"]["gap_code"])


def checks_agree(ledger: Ledger) -> bool:
    difference = ledger.accounts["reconciliation"]["difference_minor"].dropna()
    return len(difference) > 0 and bool((difference == 0).all())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_cases_of_flat_rows(case: dict, tmp_path: Path):
    names = ["invoice", "customer", "issued", "gross", "open", "paid", "paid_on", "reduces"]
    rows = DataFrame(case["rows"]).reindex(columns=names).assign(customer="C1")
    ledger = ledger_of(tmp_path, "items.csv", rows.to_csv(index=False).encode(), FLAT_MAPPING)
    receipts = ledger["payments"].set_index("payment_id")["amount_minor"] / 100
    assert receipts.to_dict() == case["receipts"]
    used = ledger["allocations"].sort_values(["invoice_id", "effective_date", "source_code"])
    settles: dict = {}
    for act in used.itertuples():
        day = settles.setdefault(act.invoice_id, {}).setdefault(act.effective_date.date(), [])
        day += [act.source_id, act.amount_minor / 100]
    assert settles == case["settles"]
    settled = ledger["allocations"].groupby("invoice_id")["amount_minor"].sum()
    invoices = ledger["invoices"].set_index("invoice_id")
    left = (invoices["gross_minor"] - settled.reindex(invoices.index).fillna(0)) / 100
    assert left.to_dict() == case["open"]
    assert checks_agree(ledger)


def test_a_missing_due_date_is_assumed_and_said_so(tmp_path: Path):
    rows = "invoice,customer,issued,gross,open,paid,paid_on,reduces\nF1,C1,2024-01-10,5,,,,\n"
    ledger = ledger_of(tmp_path, "items.csv", rows.encode(), FLAT_MAPPING, assumed_terms_days=45)
    invoice = ledger["invoices"].iloc[0]
    assert (invoice["due_date"], invoice["due_date_source_code"]) == (Timestamp("2024-02-24"), "default")
    assert {"no_due_date", "no_payments"} <= codes(ledger)
    assert any("1 invoices without due date are taken as due 45 days after issue" in note for note in ledger.notes)


def french_rows() -> list[list[object]]:
    issued, due, paid = (pd.Timestamp(day).to_pydatetime() for day in ("2024-01-05", "2024-02-04", "2024-02-10"))
    return [
        ["007", "0012", "Société Générale d'Électricité", issued, due, 1234.56, "EUR", paid],
        ["008", "0012", "Société Générale d'Électricité", issued, due, 2000, "EUR", None],
        ["009", "C-3", "L'Étoile œuvre", issued, due, 0.1 + 0.2, "EUR", None],
    ]


def as_text(cells: list[object]) -> list[str]:
    def shown(cell: object) -> str:
        if cell is None:
            return ""
        if isinstance(cell, float | int):
            return f"{cell:,.2f}".replace(",", "\u00a0").replace(".", ",")
        return cell if isinstance(cell, str) else f"{cell:%d/%m/%Y}"

    return [shown(cell) for cell in cells]


def as_csv(separator: str, encoding: str) -> bytes:
    lines = [FRENCH_HEADER, *(as_text(cells) for cells in french_rows())]
    return "\r\n".join(separator.join(line) for line in lines).encode(encoding)


def as_xlsx(rows: Iterable[list]) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for cells in [FRENCH_HEADER, *rows]:
        book.active.append(cells)
    book.save(stream)
    return stream.getvalue()


def as_parquet() -> bytes:
    columns = dict(zip(FRENCH_HEADER, map(list, zip(*french_rows(), strict=True)), strict=True))
    columns["Montant"] = [Decimal("1234.56"), Decimal("2000.00"), Decimal("0.30")]
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


DELIVERIES = {
    "items.csv": as_csv(";", "utf-8"),
    "items.txt": as_csv("\t", "utf-8-sig"),
    "items_cp1252.csv": as_csv(";", "cp1252"),
    "items_8859_15.dat": as_csv("|", "iso-8859-15"),
    "items_utf16.csv": as_csv("\t", "utf-16"),
    "items.csv.gz": gzip.compress(as_csv(";", "utf-8"), mtime=0),
    "items.xlsx": as_xlsx(french_rows()),
    "items.parquet": as_parquet(),
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_every_format_gives_the_same_ledger(name: str, tmp_path: Path):
    ledger = ledger_of(tmp_path, name, DELIVERIES[name], TYPED_MAPPING)
    assert ledger["invoices"]["invoice_id"].tolist() == ["007", "008", "009"]
    assert ledger["invoices"]["gross_minor"].tolist() == [123_456, 200_000, 30]
    assert ledger["invoices"]["due_date"].unique().tolist() == [Timestamp("2024-02-04")]
    assert ledger["customers"]["customer_name"].tolist() == ["Société Générale d'Électricité", "L'Étoile œuvre"]
    assert ledger["customers"]["customer_id"].tolist() == ["0012", "C-3"]
    assert ledger["payments"]["value_date"].tolist() == [Timestamp("2024-02-10")]
    assert (ledger.currency_code, ledger.source_name, ledger.mapping_name) == ("EUR", name, "ours")
    assert checks_agree(ledger)


def test_remarks_of_the_workbook_reader_become_notes(tmp_path: Path):
    made, stripped = as_xlsx(as_text(cells) for cells in french_rows()), io.BytesIO()
    styles = b"<styleSheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'/>"
    with ZipFile(io.BytesIO(made)) as source, ZipFile(stripped, "w") as target:
        for part in source.namelist():
            target.writestr(part, styles if part == "xl/styles.xml" else source.read(part))
    ledger = ledger_of(tmp_path, "items.xlsx", stripped.getvalue(), TYPED_MAPPING)
    assert any("items.xlsx: Workbook contains no" in note for note in ledger.notes)
    assert ledger["invoices"]["gross_minor"].tolist() == [123_456, 200_000, 30]


def test_several_files_of_one_source_are_one_table_and_lines_name_the_file(tmp_path: Path):
    folder = tmp_path / "delivered"
    folder.mkdir()
    rows = as_csv(";", "utf-8").decode().split("\r\n")
    (folder / "items_jan.csv").write_text("\n".join(rows[:3]), encoding="utf-8")
    (folder / "items_feb.csv").write_text("\n".join([rows[0], rows[2], rows[3]]), encoding="utf-8")
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "ours.yaml").write_text(TYPED_MAPPING, encoding="utf-8")
    ledger = read_ledger(folder, mapping=tmp_path / "ours.yaml")
    assert len(ledger["invoices"]) == 3
    duplicate = ledger.accounts["set_aside"].iloc[0]
    assert (duplicate["reason_code"], duplicate["first_keys"]) == ("exact_duplicate", "items_jan.csv line 3")
    assert "1 files are not read: notes.csv" in ledger.notes


TWO_CURRENCIES = """
mapping: ours
fx:
  - {currency_code: CAD, into: USD, rate_date: 2024-01-01, rate_ratio: "0.75", source: test}
  - {currency_code: CAD, into: USD, rate_date: 2024-02-01, rate_ratio: "0.8", source: test}
sources:
  - name: items
    rows: flat
    columns: {invoice_id: id, customer_id: who, invoice_date: issued, gross_amount: gross, currency_code: ccy,
              payment_date: paid_on, paid_amount: paid}
"""
TWO_CURRENCIES_ROWS = b"""id,who,issued,gross,ccy,paid_on,paid
U1,A,2024-01-10,100.00,USD,,
U2,A,2024-01-11,10.00,USD,,
U3,A,2024-01-11,1.00,USD,,
U4,A,2024-01-11,1.00,USD,,
C0,B,2023-12-31,100.00,CAD,,
C1,B,2024-01-31,0.02,CAD,2024-02-01,0.01
C2,B,2024-02-01,33.33,CAD,2024-02-10,11.11
"""


def test_documents_in_another_currency_take_the_last_rate_before_them(tmp_path: Path):
    ledger = ledger_of(tmp_path, "items.csv", TWO_CURRENCIES_ROWS, TWO_CURRENCIES)
    base = ledger["invoices"].set_index("invoice_id")["base_minor"]
    # C0 before the first rate: 100 × 0.75; C1: 2 cents × 0.75 = 1.5, half up; C2: 3333 × 0.8 = 2666.4
    assert base.to_dict() == {"U1": 10_000, "U2": 1_000, "U3": 100, "U4": 100, "C0": 7_500, "C1": 2, "C2": 2_666}
    assert ledger.currency_code == "USD"
    paid = ledger["payments"].set_index("payment_id")["base_minor"]
    assert paid.to_dict() == {"P-C1": 1, "P-C2": 889}  # at the rate of the receipt: 0.8 and 888.8
    used = ledger["allocations"].set_index("invoice_id")["base_minor"]
    assert used.to_dict() == {"C1": 1, "C2": 889}  # share of the invoice: 1/2 of 2, a third of 2666 (888.67)
    assert ledger["fx_rates"]["rate_ratio"].tolist() == [0.75, 0.8]
    assert "invoices: 1 amounts dated before the first rate of their currency use that first rate" in ledger.notes
    assert "fx_rates_assumed" in codes(ledger)


def test_a_run_in_the_other_currency_crosses_the_same_rates(tmp_path: Path):
    ledger = ledger_of(tmp_path, "items.csv", TWO_CURRENCIES_ROWS, TWO_CURRENCIES, currency_code="CAD")
    base = ledger["invoices"].set_index("invoice_id")["base_minor"]
    assert base.to_dict() == {"U1": 13_333, "U2": 1_333, "U3": 133, "U4": 133, "C0": 10_000, "C1": 2, "C2": 3_333}
    assert set(ledger["fx_rates"]["currency_code"]) == {"USD"}


def test_an_absent_rate_is_named(tmp_path: Path):
    with pytest.raises(LedgerError, match=r"mixed currencies without rates.*CAD, USD have no rate"):
        ledger_of(tmp_path, "items.csv", TWO_CURRENCIES_ROWS, TWO_CURRENCIES, currency_code="EUR")


def test_foreign_instalments_add_up_to_the_invoice_in_run_currency(tmp_path: Path):
    folder = canonical_folder(tmp_path, {
        "invoices": "invoice_id,customer_id,invoice_date,currency_code,gross_amount\nF1,A,2024-01-01,USD,100.00\n"
                    "F2,A,2024-01-01,EUR,5.00\nF3,A,2024-01-01,EUR,5.00\n",
        "payments": "payment_id,customer_id,value_date,currency_code,amount\nP1,A,2024-02-01,USD,100.00\n",
        "allocations": "allocation_id,invoice_id,customer_id,source_id,effective_date,amount\n" + "".join(
            f"A{part},F1,A,P1,2024-02-0{part},33.3{3 + part // 3}\n" for part in (1, 2, 3)),
        "fx_rates": "currency_code,rate_date,rate_ratio\nUSD,2024-01-01,0.9137\n",
    })  # fmt: skip
    ledger = read_ledger(folder)
    assert ledger["invoices"].set_index("invoice_id")["base_minor"]["F1"] == 9_137
    assert ledger["allocations"]["base_minor"].sum() == 9_137
    assert ledger["allocations"]["base_minor"].tolist() == [3_045, 3_046, 3_046]


def canonical_folder(folder: Path, tables: dict[str, str], card: str | None = None) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    if card is not None:
        (folder / "ledger.yaml").write_text(card, encoding="utf-8")
    return folder


def test_canonical_tables_need_little_and_defaults_are_told(tmp_path: Path):
    folder = canonical_folder(tmp_path, {
        "invoices": "invoice_id,customer_id,invoice_date,currency_code,gross_amount\nF1,A,2024-01-01,EUR,100.00\n",
        "disputes": "dispute_id,invoice_id,customer_id,opened_date,recorded_date\nD1,F1,A,2024-02-01,2024-02-03\n",
    })  # fmt: skip
    ledger = read_ledger(folder)
    assert ledger.mapping_name == "canonical"
    invoice = ledger["invoices"].iloc[0]
    assert (invoice["recorded_date"], invoice["base_minor"]) == (Timestamp("2024-01-01"), 10_000)
    assert ledger["customers"]["customer_type_code"].tolist() == ["unknown"]
    assert ledger["disputes"]["recorded_date"].tolist() == [Timestamp("2024-02-03")]
    assert {"assumed_recorded_dates", "no_due_date", "no_payments"} <= codes(ledger)
    assert "no_disputes" not in codes(ledger)


def test_allocations_of_unknown_invoices_are_set_aside_within_the_bound(tmp_path: Path):
    head = "allocation_id,invoice_id,customer_id,source_id,effective_date,amount\n"
    invoices = "invoice_id,customer_id,invoice_date,currency_code,gross_amount\n"
    folder = canonical_folder(tmp_path, {
        "invoices": invoices + "".join(f"F{n},A,2024-01-01,EUR,1.00\n" for n in range(200)),
        "allocations": head + "".join(f"A{n},F{n},A,P{n},2024-02-01,1.00\n" for n in range(200)) +
                       "A900,F900,A,P900,2024-02-01,3.00\n",
    })  # fmt: skip
    aside = read_ledger(folder).accounts["set_aside"].iloc[0]
    assert (aside["source_name"], aside["reason_code"], aside["n_rows"], aside["base_minor"]) == (
        "allocations", "unknown_invoice_id", 1, 300)  # fmt: skip


def test_an_invoice_settled_twice_is_refused(tmp_path: Path):
    folder = canonical_folder(tmp_path, {
        "invoices": "invoice_id,customer_id,invoice_date,currency_code,gross_amount\nF1,A,2024-01-01,EUR,1.00\n",
        "allocations": "allocation_id,invoice_id,customer_id,source_id,effective_date,amount\n"
                       "A1,F1,A,P1,2024-02-01,1.00\nA2,F1,A,P2,2024-02-01,0.01\n",
    })  # fmt: skip
    with pytest.raises(LedgerError, match=r"1 invoices \(F1\) are settled by more than their amount"):
        read_ledger(folder)


def test_an_unknown_column_of_a_canonical_table_is_refused(tmp_path: Path):
    folder = canonical_folder(
        tmp_path,
        {"invoices": "invoice_id,customer_id,invoice_date,currency_code,gross_amount,colour\n"},
        "mapping: canonical",
    )
    with pytest.raises(LedgerError, match=r"invoices\.csv: unknown columns \['colour'\]"):
        read_ledger(folder)


KNOWN_INVOICES = """invoice_id,customer_id,invoice_date,currency_code,gross_amount,due_date,delivery_date
F1,A,2024-01-10,EUR,100.00,,2024-01-08
F2,A,2024-01-10,EUR,90.00,2024-02-09,
"""
PARTS = "invoice_id,sequence_number,due_date,gross_amount\nF1,1,2024-02-10,50.00\nF1,2,2024-03-10,50.00\n"


def test_instalments_reminders_bank_checks_and_payers_are_canonical_tables(tmp_path: Path):
    folder = canonical_folder(tmp_path, {
        "invoices": KNOWN_INVOICES,
        "instalments": PARTS,
        "payments": "payment_id,customer_id,value_date,currency_code,amount,payer_account_code\n"
                    "P1,A,2024-02-10,EUR,50.00,FR76 3000 6000 0112\nP2,A,2024-02-12,EUR,1.00,FR7630006000-0112\n"
                    "P3,A,2024-02-13,EUR,1.00,house bank\n",
        "reminders": "reminder_id,customer_id,invoice_id,reminder_date,action_code,promise_date,promise_amount\n"
                     "R1,A,F1,2024-03-15,promise,2024-03-31,50.00\nR2,A,,2024-03-15,statement,,\n",
        "bank_checks": "check_id,customer_id,check_date,is_changed,is_verified\nB1,A,2024-01-02,yes,no\n",
    })  # fmt: skip
    ledger = read_ledger(folder)
    invoices = ledger["invoices"].set_index("invoice_id")
    assert invoices["due_date"].tolist() == [Timestamp("2024-02-10"), Timestamp("2024-02-09")]  # the first part's
    assert invoices["delivery_date"]["F1"] == Timestamp("2024-01-08")
    assert ledger["instalments"]["gross_minor"].tolist() == [5_000, 5_000]
    assert ledger["reminders"]["promise_minor"].tolist() == [5_000, pd.NA]
    assert ledger["reminders"]["recorded_date"].tolist() == [Timestamp("2024-03-15")] * 2
    assert ledger["bank_checks"][["is_changed", "is_verified"]].to_numpy().tolist() == [[True, False]]
    payers = ledger["payments"]["payer_account_code"]
    assert payers[0] == payers[1] != payers[2] == "house bank"
    assert "3000" not in "".join(payers)
    assert any("2 account numbers of payers are kept as hashes only" in note for note in ledger.notes)
    assert checks_agree(ledger)


def test_columns_of_the_new_tables_can_be_mapped(tmp_path: Path):
    (tmp_path / "ours.yaml").write_text(FLAT_MAPPING.replace("payment_date: paid_on,", (
        "payment_date: paid_on, delivery_date: delivered, payer_account_code: payer,")) + """
  - name: relances
    file: relances.csv
    rows: reminders
    format: {separator: ";", decimal: ",", dates: [JJ/MM/AAAA]}
    columns: {reminder_id: n, customer_id: client, invoice_id: facture, reminder_date: date,
              action_code: {column: action, values: {mise en demeure: formal_notice, promesse: promise}},
              promise_date: promis le, promise_amount: montant}
""", encoding="utf-8")  # fmt: skip
    (tmp_path / "items.csv").write_text(
        "invoice,customer,issued,gross,open,paid,paid_on,reduces,delivered,payer\n"
        "F1,C1,2024-01-10,5,,,2024-02-01,,2024-01-09,ACC-1\n"
    )
    (tmp_path / "relances.csv").write_text(
        "n;client;facture;date;action;promis le;montant\n1;C1;F1;02/02/2024;promesse;10/02/2024;5,00\n"
    )
    ledger = read_ledger(tmp_path, mapping=tmp_path / "ours.yaml")
    assert ledger["invoices"]["delivery_date"].tolist() == [Timestamp("2024-01-09")]
    assert ledger["payments"]["payer_account_code"].tolist() == ["ACC-1"]
    assert ledger["reminders"].loc[0, ["action_code", "promise_minor"]].tolist() == ["promise", 500]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (PARTS.replace("2024-03-10,50.00", "2024-03-10,49.99"),
         r"1 invoices \(F1\) have wrong parts; the parts of an invoice add up to its gross_amount; the parts of F1 are "
         r"99.99, it is 100.00"),
        (PARTS.replace("F1,2", "F1,3"), r"\(F1\) have wrong parts; number the parts 1, 2, … in order of due date"),
        (PARTS.replace("2024-03-10", "2024-02-01"), r"number the parts 1, 2, … in order of due date"),
        (PARTS.replace("2024-02-10", "2024-01-09"), r"a part is due on or after the date of the invoice"),
        (PARTS.replace("F1,2", "F9,2"), r"instalments.invoice_id: 1 of 2 rows .* name an invoice that was not kept"),
        (PARTS.replace("50.00\n", "-50.00\n"), r"instalments.gross_amount: 2 of 2 rows .* not positive"),
        (PARTS.replace("F1,2", "F1,1"), r"instalments.invoice_id/sequence_number: 1 ids \(F1/1\) stand on 2 rows"),
    ],
)  # fmt: skip
def test_parts_that_are_not_their_invoice_are_refused(parts: str, says: str, tmp_path: Path):
    folder = canonical_folder(tmp_path, {"invoices": KNOWN_INVOICES, "instalments": parts})
    with pytest.raises(LedgerError, match=says):
        read_ledger(folder)


def test_reading_in_columns_gives_what_reading_line_by_line_gives(tmp_path: Path):
    """The same rows with one quoted cell are read line by line: every table, message and line is the same."""
    rows = [row.split(",") for row in TWO_CURRENCIES_ROWS.decode().splitlines()]
    rows[3:3] = [[""] * 7, ["X1", "A", "2024-01-11"], ["X2", "A", "2024-02-31", "1.00", "USD", "", ""]]
    plain = "\r\n".join(",".join(row) for row in rows).encode()
    quoted = plain.replace(b"U4,A", b'"U4",A')
    mapping = TWO_CURRENCIES.replace("mapping: ours", "mapping: ours\nmax_set_aside_ratio: 0.5")
    one, other = (ledger_of(tmp_path, "items.csv", content, mapping) for content in (plain, quoted))
    for kind in ("tables", "accounts"):
        for name, frame in getattr(one, kind).items():
            assert_frame_equal(frame, getattr(other, kind)[name])
    assert one.accounts["set_aside"]["first_keys"].tolist() == ["line 6 '2024-02-31'", "line 5"]


def test_a_generated_ledger_is_read_back_exactly(tmp_path: Path):
    made, truth = synthetic_ledger(n_customers=40, n_months=12, seed=7)
    write_ledger_csv(made, truth, tmp_path)
    read = read_ledger(tmp_path)
    for table in LEDGER_TABLES:
        assert_frame_equal(read[table.name], made[table.name], check_exact=True)
    assert (read.currency_code, read.is_synthetic, read.mapping_name) == (made.currency_code, True, "canonical")
    assert set(made.notes) <= set(read.notes)
    assert read.accounts["set_aside"].empty
    assert checks_agree(read)


def test_reading_twice_gives_the_same_ledger(tmp_path: Path):
    first, second = (ledger_of(tmp_path, "items.csv", DELIVERIES["items.csv"], TYPED_MAPPING) for _ in range(2))
    for name in first.tables:
        assert_frame_equal(first[name], second[name])
    assert first.notes == second.notes


def test_without_mapping_the_message_holds_a_proposal(tmp_path: Path):
    (tmp_path / "items.csv").write_bytes(DELIVERIES["items.csv"])
    with pytest.raises(LedgerError) as refusal:
        read_ledger(tmp_path / "items.csv")
    message = str(refusal.value)
    assert (
        "no mapping was given and no shipped one (canonical, einvoice, highradius, ibm_late_payment, odoo, sap, "
        "sap_fbl5n) fits" in message
    )
    assert "riskresearch check --ledger items.csv" in message
    assert "gross_amount: Montant" in message


@pytest.fixture(scope="module")
def highradius() -> Ledger:
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "highradius_ar"
    if not folder.is_dir():
        pytest.skip("real data folder '../shared/data' is absent: this test compares with real ledgers")
    return read_ledger(folder)


class TestHighRadius:
    """The real ledger, where it is at hand."""

    def test_it_is_recognised(self, highradius: Ledger):
        assert (highradius.mapping_name, highradius.currency_code, highradius.is_synthetic) == (
            "highradius",
            "USD",
            False,
        )

    def test_rows_are_those_of_its_description(self, highradius: Ledger):
        aside = highradius.accounts["set_aside"].iloc[0]
        assert len(highradius.accounts["set_aside"]) == 1
        assert (aside["source_name"], aside["reason_code"], aside["n_rows"]) == (
            "closed_invoices",
            "exact_duplicate",
            765,
        )
        assert len(highradius["payments"]) == len(highradius["allocations"]) == 34_224
        assert len(highradius["invoices"]) == 34_224 + 9_700
        checks = highradius.accounts["reconciliation"].set_index("check_code")["expected_minor"]
        assert (checks["closed_invoices.rows"], checks["open_invoices.rows"]) == (34_989, 9_700)
        assert checks_agree(highradius)

    def test_amounts_are_exact(self, highradius: Ledger):
        invoices = highradius["invoices"]
        paid = invoices["invoice_id"].isin(highradius["allocations"]["invoice_id"])
        assert invoices.loc[paid, "gross_minor"].sum() == 110_897_233_467
        assert invoices.loc[paid, "gross_minor"].min() == 395
        assert round(invoices.loc[paid, "gross_minor"].max() / 100) == 729_646
        assert round(invoices.loc[~paid, "gross_minor"].max() / 100) == 408_095
        assert invoices.loc[~paid, "gross_minor"].min() == 117

    def test_currencies_follow_the_invoice_number(self, highradius: Ledger):
        invoices = highradius["invoices"]
        is_open = ~invoices["invoice_id"].isin(highradius["allocations"]["invoice_id"])
        assert invoices.loc[is_open, "currency_code"].value_counts().to_dict() == {"USD": 8_953, "CAD": 747}
        assert (invoices["invoice_id"].str.startswith("296") == (invoices["currency_code"] == "CAD")).all()
        foreign = invoices[invoices["currency_code"] == "CAD"]
        assert np.abs(foreign["base_minor"] - foreign["gross_minor"] * 0.7536).max() <= 0.5 + 1e-6

    def test_days_late_are_rebuilt(self, highradius: Ledger):
        paid = highradius["allocations"].merge(highradius["invoices"], on="invoice_id")
        days_late = (paid["effective_date"] - paid["due_date"]).dt.days
        assert (days_late.min(), days_late.median(), days_late.max()) == (-88, 0, 238)
        assert paid["effective_date"].agg(["min", "max"]).tolist() == [Timestamp("2019-01-03"), Timestamp("2020-03-20")]
        assert ((paid["due_date"] - paid["invoice_date"]).dt.days == 15).all()
        assert (paid["invoice_date_source_code"] == "assumed").all()

    def test_accounts_are_text_as_delivered(self, highradius: Ledger):
        accounts = highradius["customers"]["customer_id"]
        assert accounts.str.startswith("0").any()
        assert accounts.str.match("CC").any()
        paid = highradius["invoices"].loc[
            highradius["invoices"]["invoice_date_source_code"] == "assumed", "customer_id"
        ]
        assert paid.nunique() == 1276

    def test_what_it_cannot_tell_is_said(self, highradius: Ledger):
        said = {"assumed_invoice_date", "no_credit_notes", "no_partial_payments", "no_disputes", "no_limits",
                "no_events", "fx_rates_assumed", "closed_rows_only_when_paid"}  # fmt: skip
        assert said <= codes(highradius)
        effects = highradius.accounts["gaps"].set_index("gap_code")["effect"]
        assert "run with --as-of 2020-03-20" in effects["payments_end_before_invoices"]
        assert highradius.default_as_of == Timestamp("2020-03-20")


def test_the_ibm_sample_is_recognised_and_read(shared_data: Path):
    ledger = read_ledger(shared_data / "ibm_late_payment")
    assert ledger.mapping_name == "ibm_late_payment"
    assert (len(ledger["invoices"]), len(ledger["customers"]), len(ledger["payments"])) == (2_466, 100, 2_466)
    assert ledger["invoices"]["gross_minor"].sum() == 14_770_318
    assert ledger["invoices"]["invoice_date"].agg(["min", "max"]).tolist() == [
        Timestamp("2012-01-03"), Timestamp("2013-12-02")]  # fmt: skip
    assert ledger["payments"]["value_date"].max() == Timestamp("2014-01-09")
    assert set(ledger["customers"]["region_code"]) == {"391", "406", "770", "818", "897"}
    late = (ledger["allocations"].merge(ledger["invoices"], on="invoice_id").eval("effective_date - due_date")).dt.days
    assert (round(float((late > 0).mean()), 3), late.max()) == (0.356, 45)
    assert ledger["disputes"].empty
    assert {"undated_dispute_flag", "assumed_currency", "no_open_items", "fabricated_data"} <= codes(ledger)
    assert checks_agree(ledger)


def test_a_fec_goes_to_its_own_reader(shared_data: Path):
    ledger = read_ledger(shared_data / "fec_samples" / "123456789FEC20190731.txt", assumed_terms_days=30)
    assert ledger.currency_code == "EUR"
    assert "highradius" not in ledger.mapping_name
    assert len(ledger["invoices"]) > 1_000
