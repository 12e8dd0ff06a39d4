"""Broken deliveries: each ends in one clear error or in a ledger whose set-aside rows are counted."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from riskresearch.base.errors import LedgerError, RiskResearchError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger

HEADER = "number;customer;name;issued;due;amount;currency;paid"
MAPPING = """
mapping: ours
sources:
  - name: invoices
    file: "*.csv*"
    rows: flat
    format: {separator: ";", decimal: ".", dates: [DD/MM/YYYY]}
    columns:
      invoice_id: number
      customer_id: customer
      customer_name: name
      invoice_date: issued
      due_date: due
      gross_amount: amount
      currency_code: currency
      payment_date: paid
"""
GOOD_AMOUNT_MINOR = 10_050


def good_rows(n_rows: int = 300) -> list[str]:
    """Rows of five customers, two in three paid ten days late, 100.50 each."""
    paid = "25/02/2024"
    return [
        f"F{row:04d};C{row % 5};Customer {row % 5};16/01/2024;15/02/2024;100.50;EUR;{paid if row % 3 else ''}"
        for row in range(n_rows)
    ]


def row(number: str, **cells: str) -> str:
    """One row that differs from a good one in the cells named."""
    values = {
        "number": number, "customer": "C1", "name": "Customer 1", "issued": "16/01/2024", "due": "15/02/2024",
        "amount": "100.50", "currency": "EUR", "paid": "",
    }  # fmt: skip
    return ";".join((values | cells).values())


def text(rows: Sequence[str], header: str = HEADER) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode("utf-8")


def read(folder: Path, files: dict[str, bytes], mapping: str = MAPPING) -> Ledger:
    """Write the files into a folder beside the mapping and read them."""
    delivered = folder / "delivered"
    delivered.mkdir()
    for name, content in files.items():
        (delivered / name).write_bytes(content)
    (folder / "ours.yaml").write_text(mapping, encoding="utf-8")
    return read_ledger(delivered, mapping=folder / "ours.yaml")


def workbook(rows: Sequence[Sequence[object]], path: Path) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(list(cells))
    book.save(path)
    return path.read_bytes()


@dataclass(frozen=True)
class Refused:
    """A delivery that must be refused, and what the message must say."""

    files: dict[str, bytes]
    says: tuple[str, ...]
    mapping: str = MAPPING


REFUSED = {
    "wrong_separator": Refused(
        {"a.csv": text(good_rows()).replace(b";", b"|")},
        ("a.csv", "one single column", "'|'", "format.separator of source invoices"),
    ),
    "missing_column": Refused(
        {"a.csv": text(good_rows(), HEADER.replace("due", "due day"))},
        ("a.csv", "'due' (near 'due day')", "1 missing columns", "correct columns in the mapping"),
    ),
    "column_named_twice": Refused(
        {"a.csv": text(good_rows(), HEADER.replace("paid", "amount"))},
        ("a.csv", "'amount' stands 2 times in the header (positions 6, 8)", "rename it"),
        MAPPING.replace("payment_date: paid", "payment_date: amount"),
    ),
    "text_in_amounts": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", amount="to be agreed") for n in range(9))])},
        (
            "invoices.gross_amount: 9 of 309 rows",
            "line 302 'to be agreed', line 303",
            "are not amounts",
            "at most 1.0% of a source's rows",
            "format.decimal",
        ),
    ),
    "amounts_with_both_marks": Refused(
        {
            "a.csv": text(
                [
                    *good_rows(),
                    *(row(f"X{n}", amount="1,234.56") for n in range(5)),
                    *(row(f"Y{n}", amount="1.234,56") for n in range(6)),
                ]
            )
        },
        ("invoices.gross_amount: 6 of 311 rows", "line 307 '1.234,56'", "mixed marks need one form"),
        MAPPING.replace('decimal: "."', 'decimal: ".", thousands: ","'),
    ),
    "due_before_issue": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", due="15/01/2024") for n in range(4))])},
        (
            "invoices.due_date: 4 of 304 rows (line 302, line 303, line 304, …) are due before they were issued",
            "must not lie before invoice_date",
        ),
    ),
    "mixed_date_formats": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", issued="2024-01-16") for n in range(8))])},
        ("invoices.invoice_date: 8 of 308 rows", "line 302 '2024-01-16'", "list every format under format.dates"),
    ),
    "two_digit_century_typed_wrong": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", due="15/02/2204") for n in range(4))])},
        ("invoices.due_date: 4 of 304 rows", "lie outside 1970-2100", "format.nulls"),
    ),
    "ids_repeat_with_other_content": Refused(
        {"a.csv": text([*good_rows(), row("F0001", amount="7.00"), row("F0002", amount="8.00")])},
        ("invoices.invoice_id: 2 ids (F0001, F0002) stand on 4 rows that differ", "one row per id", "join:"),
    ),
    "missing_customer_ids": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", customer="  ") for n in range(5))])},
        ("invoices.customer_id: 5 of 305 rows (line 302", "are empty", "filter subtotal rows"),
    ),
    "ids_damaged_by_a_spreadsheet": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", customer="1.93E+09") for n in range(5))])},
        ("invoices.customer_id: 5 of 305 rows", "1.93E+09", "export the column as text"),
    ),
    "paid_before_issue": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", paid="16/10/2023") for n in range(5))])},
        ("invoices.payment_date: 5 of 305 rows", "paid more than 60 days before they were issued"),
    ),
    "mixed_currencies_without_rates": Refused(
        {"a.csv": text([*good_rows(), row("X1", currency="USD"), row("X2", currency="GBP", paid="20/02/2024")])},
        (
            "mixed currencies without rates (EUR 300 rows",
            "3 documents and receipts in GBP, USD",
            "fx_rates",
            "filter the rows of one currency",
        ),
    ),
    "no_currency": Refused(
        {"a.csv": text([*good_rows(), row("X1", currency="")])},
        ("invoices.currency_code: 1 rows (line 302) name no currency", "set currency_code in the mapping"),
    ),
    "too_many_fields": Refused(
        {"a.csv": text([*good_rows(), *(row(f"X{n}", name="Smith; Sons") for n in range(5))])},
        ("invoices: 5 of 305 rows", "line 302", "header's number of fields", "quote cells"),
    ),
    "quote_never_closed": Refused(
        {"a.csv": text([*good_rows(), row("X1", name='"Smith'), *good_rows(3)])},
        ("a.csv: line 302: a quoted cell is not closed", "format.quotes"),
    ),
    "empty_file": Refused({"a.csv": b""}, ("a.csv", "is empty (0 bytes)", "header row")),
    "blank_file": Refused({"a.csv": b" \n\n  "}, ("a.csv", "is empty (5 bytes)")),
    "header_only": Refused({"a.csv": text([])}, ("invoices: no invoice is left", "a header and no row")),
    "only_zero_amounts": Refused(
        {"a.csv": text([row("X1", amount="0"), row("X2", amount="0.00")])},
        ("no invoice is left (2 rows zero_amount)", "deliver the invoices"),
    ),
    "binary_file": Refused(
        {"a.csv": bytes(range(256)) * 20}, ("a.csv", "binary (520 control characters", "CSV in UTF-8")
    ),
    "pdf_named_csv": Refused({"a.csv": b"%PDF-1.7 ..."}, ("a.csv: is a PDF", "export the ledger as CSV")),
    "parquet_named_csv": Refused({"a.csv": b"PAR1....PAR1"}, ("a.csv: is a Parquet file",)),
    "damaged_gzip": Refused(
        {"a.csv.gz": gzip.compress(text(good_rows()))[:200]},
        ("a.csv.gz: damaged gzip archive", "deliver the file again"),
    ),
    "wrong_encoding_stated": Refused(
        {"a.csv": text(good_rows()).replace(b"Customer 1", "Café".encode("cp1252"))},
        ("a.csv: not written in utf-8", "leave format.encoding out"),
        MAPPING.replace("format: {", "format: {encoding: utf-8, "),
    ),
    "utf_16_without_mark": Refused(
        {"a.csv": text(good_rows()).decode().encode("utf-16-le")}, ("a.csv", "UTF-16 without mark", "CSV in UTF-8")
    ),
    "no_file_for_the_mapping": Refused(
        {"a.xlsx": b"PK"},
        ("mapping ours needs files for invoices (*.csv*)", "the delivery has a.xlsx", "file patterns"),
        MAPPING + "  - {name: more, file: b.csv, rows: customers, columns: {customer_id: customer}}\n",
    ),
    "damaged_workbook": Refused(
        {"a.csv.xlsx": b"PK\x03\x04 no zip at all"}, ("a.csv.xlsx: damaged Excel workbook", "save it again as .xlsx")
    ),
    "workbook_with_password": Refused(
        {"a.csv.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600},
        ("a.csv.xlsx: is an old or password-protected Office file",),
    ),
    "damaged_parquet": Refused({"a.csv.parquet": b"PAR1 no table PAR1"}, ("a.csv.parquet: damaged Parquet file",)),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_one_clear_error(case: Refused, tmp_path: Path):
    with pytest.raises(RiskResearchError) as refusal:
        read(tmp_path, case.files, case.mapping)
    message = str(refusal.value)
    assert [part for part in case.says if part not in message] == [], message
    assert "Traceback" not in message


@dataclass(frozen=True)
class Counted:
    """A delivery that is read, with the rows that must be set aside and their amount as read."""

    rows: tuple[str, ...]
    reason_code: str
    n_rows: int
    amount_minor: int | None
    first_keys: str
    mapping: str = MAPPING


COUNTED = {
    "exact_duplicates": Counted(
        (good_rows()[4], good_rows()[7]), "exact_duplicate", 2, 2 * GOOD_AMOUNT_MINOR, "line 302, line 303"
    ),
    "amount_zero": Counted((row("X1", amount="0,00".replace(",", ".")),), "zero_amount", 1, 0, "line 302"),
    "thirtieth_of_february": Counted(
        (row("X1", due="30/02/2024"),), "not_a_date", 1, GOOD_AMOUNT_MINOR, "line 302 '30/02/2024'"
    ),
    "one_text_in_amounts": Counted(
        (row("X1", amount="see contract"),), "not_an_amount", 1, None, "line 302 'see contract'"
    ),
    "one_due_before_issue": Counted(
        (row("X1", due="01/01/2024"),), "due_before_issue", 1, GOOD_AMOUNT_MINOR, "line 302"
    ),
    "one_without_customer": Counted((row("X1", customer=""),), "missing_value", 1, GOOD_AMOUNT_MINOR, "line 302"),
    "one_row_too_short": Counted(("X1;C1;short",), "wrong_number_of_fields", 1, None, "line 302"),
    "unknown_currency_code": Counted(
        (row("X1", currency="euros"),), "unknown_currency", 1, GOOD_AMOUNT_MINOR, "line 302 'EUROS'"
    ),
    "void_rows_filtered": Counted(
        (row("X1", name="VOID", amount="-9.00"), row("X2", name="VOID", amount="9999.00"), row("X3", name="VOID")),
        "void",
        3,
        999_900 - 900 + GOOD_AMOUNT_MINOR,
        "line 302, line 303, line 304",
        MAPPING + "    filters: [{reason_code: void, column: name, values: [VOID, Annulée]}]\n",
    ),
    "negative_amounts_refused_by_the_mapping": Counted(
        (row("X1", amount="-5.00"),),
        "negative_amount",
        1,
        -500,
        "line 302",
        MAPPING + "    negative_amounts: set_aside\n",
    ),
}


@pytest.mark.parametrize("case", COUNTED.values(), ids=COUNTED)
def test_set_aside_rows_are_counted_and_totals_still_agree(case: Counted, tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text([*good_rows(), *case.rows])}, case.mapping)
    set_aside = ledger.accounts["set_aside"]
    assert set_aside["reason_code"].tolist() == [case.reason_code]
    one = set_aside.iloc[0]
    assert (one["source_name"], one["n_rows"], one["first_keys"]) == ("invoices", case.n_rows, case.first_keys)
    assert (None if one.isna()["base_minor"] else one["base_minor"]) == case.amount_minor
    assert len(ledger["invoices"]) == 300
    assert (ledger.accounts["reconciliation"]["difference_minor"] == 0).all()
    rows = ledger.accounts["reconciliation"].set_index("check_code").loc["invoices.rows"]
    assert rows["expected_minor"] == 300 + case.n_rows


def test_negative_totals_are_credit_notes(tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text([*good_rows(), row("A1", amount="-20.25")])})
    credit = ledger["credit_notes"].iloc[0]
    assert (credit["credit_note_id"], credit["gross_minor"]) == ("A1", 2_025)
    amounts = ledger.accounts["reconciliation"].set_index("check_code").loc["invoices.amount.EUR"]
    assert amounts["expected_minor"] == 300 * GOOD_AMOUNT_MINOR - 2_025
    assert amounts["difference_minor"] == 0


def test_names_are_cut_cleaned_and_never_interpreted(tmp_path: Path):
    long, formula, markup = "N" * 400, '=HYPERLINK("http://x","y")', "<script>alert(1)</script>"
    formula_cell = '"' + formula.replace('"', '""') + '"'
    rows = [
        row("X1", customer="L", name=long),
        row("X2", customer="F", name=formula_cell),
        row("X3", customer="M", name=markup),
        row("X4", customer="Q", name='"two\nlines\a"'),
    ]
    ledger = read(tmp_path, {"a.csv": text([*good_rows(), *rows])})
    names = ledger["customers"].set_index("customer_id")["customer_name"]
    assert names["L"] == "N" * 200
    assert (names["F"], names["M"], names["Q"]) == (formula, markup, "two lines")
    assert any("1 names longer than 200 characters are cut (first: line 302)" in note for note in ledger.notes)
    assert any("removed in 1 cells (first: line 305)" in note for note in ledger.notes)


def test_nul_bytes_are_removed_and_noted(tmp_path: Path):
    content = text(good_rows()).replace(b"Customer 1", b"Cust\x00omer 1", 3)
    ledger = read(tmp_path, {"a.csv": content})
    assert "a.csv: 3 NUL characters removed" in ledger.notes
    assert "Customer 1" in set(ledger["customers"]["customer_name"])


def test_utf_16_with_mark_is_read(tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text(good_rows()).decode().replace("Customer 1", "Šćepan").encode("utf-16")})
    assert "Šćepan" in set(ledger["customers"]["customer_name"])


def test_lines_after_a_quoted_newline_are_the_lines_of_the_file(tmp_path: Path):
    rows = [row("X1", name='"two\nlines"'), row("X2", due="31/02/2024"), *good_rows()]
    ledger = read(tmp_path, {"a.csv": text(rows)})
    assert ledger.accounts["set_aside"]["first_keys"].tolist() == ["line 4 '31/02/2024'"]


def test_rows_that_all_end_in_a_separator_are_read(tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text([f"{line};" for line in good_rows()])})
    assert len(ledger["invoices"]) == 300
    assert ledger.accounts["set_aside"].empty


def test_one_customer_is_a_ledger_with_a_gap(tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text([row(f"X{n}") for n in range(3)])})
    assert len(ledger["customers"]) == 1
    assert "one_customer" in set(ledger.accounts["gaps"]["gap_code"])


def test_no_open_item_is_a_ledger_with_a_gap(tmp_path: Path):
    ledger = read(tmp_path, {"a.csv": text([row(f"X{n}", customer=f"C{n}", paid="20/02/2024") for n in range(3)])})
    gaps = set(ledger.accounts["gaps"]["gap_code"])
    assert "no_open_items" in gaps
    assert {"one_customer", "no_payments"} & gaps == set()


def _folder_without_files(folder: Path) -> Path:
    return folder


def _folder_with_other_files(folder: Path) -> Path:
    (folder / "README.md").write_text("nothing here")
    return folder


def _unknown_extension(folder: Path) -> Path:
    (folder / "ledger.docx").write_bytes(b"PK\x03\x04")
    return folder / "ledger.docx"


def _absent(folder: Path) -> Path:
    return folder / "ledger.csv"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_folder_without_files, ("holds no file and no table", ".csv, .txt")),
        (_folder_with_other_files, ("holds 1 other files and no table", ".parquet")),
        (_unknown_extension, ("ledger.docx: files of kind .docx are not read", "allowed are .csv")),
        (_absent, ("ledger.csv: no such file or folder", "--ledger")),
    ],
)
def test_what_is_no_delivery_is_refused(make: Callable[[Path], Path], says: tuple[str, ...], tmp_path: Path):
    with pytest.raises(LedgerError) as refusal:
        read_ledger(make(tmp_path), mapping="highradius")
    assert [part for part in says if part not in str(refusal.value)] == []


def test_a_workbook_with_repeated_ids_names_them(tmp_path: Path):
    cells = [
        HEADER.split(";"),
        *[["F1", "C1", "N", "16/01/2024", "15/02/2024", amount, "EUR", None] for amount in (5, 6)],
    ]
    with pytest.raises(LedgerError, match=r"1 ids \(F1\) stand on 2 rows that differ"):
        read(tmp_path, {"a.csv.xlsx": workbook(cells, tmp_path / "book.xlsx")})
