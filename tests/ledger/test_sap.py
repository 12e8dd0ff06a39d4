"""SAP customer lines, by hand: due dates, clearings, part payments, residual lines, discounts, returns."""

from pathlib import Path

import pandas as pd
import pytest
from numpy.random import default_rng
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.reading.computed import compute
from riskresearch.ledger.reading.mapping import FirstOf
from riskresearch.ledger.reading.matching import overlaps

HEADER = (
    "BUKRS;BELNR;GJAHR;BUZEI;KUNNR;BLART;BLDAT;BUDAT;CPUDT;ZFBDT;ZBD1T;ZBD2T;ZBD3T;SHKZG;WRBTR;WAERS;WSKTO;"
    "AUGBL;AUGDT;REBZG;REBZJ;UMSKZ"
)
# document, line, type, day, sign, amount, terms, discount taken, clearing, clearing day, reference, special
CLEARED = [
    ("0100", 1, "RV", "2024-01-10", "S", "1000.00", (14, 30, 0), "", "0900", "2024-02-20", "", ""),
    ("0900", 2, "DZ", "2024-02-15", "H", "1000.00", (0, 0, 0), "", "0900", "2024-02-20", "", ""),
    ("0102", 1, "RV", "2024-01-20", "S", "800.00", (0, 0, 0), "", "0902", "2024-03-01", "", ""),
    ("0902", 1, "DZ", "2024-03-01", "H", "800.00", (0, 0, 0), "", "0902", "2024-03-01", "", ""),
    ("0902", 2, "DZ", "2024-03-01", "S", "300.00", (0, 0, 0), "", "0903", "2024-04-01", "0102", ""),
    ("0903", 1, "DZ", "2024-04-01", "H", "300.00", (0, 0, 0), "", "0903", "2024-04-01", "", ""),
    ("0103", 1, "RV", "2024-01-22", "S", "600.00", (30, 0, 0), "", "0905", "2024-03-02", "", ""),
    ("0104", 1, "DG", "2024-02-01", "H", "100.00", (0, 0, 0), "", "0905", "2024-03-02", "0103", ""),
    ("0905", 1, "DZ", "2024-03-02", "H", "500.00", (0, 0, 0), "", "0905", "2024-03-02", "", ""),
    ("0105", 1, "RV", "2024-01-25", "S", "1000.00", (10, 30, 60), "20.00", "0906", "2024-02-03", "", ""),
    ("0906", 1, "DZ", "2024-02-03", "H", "1000.00", (0, 0, 0), "", "0906", "2024-02-03", "", ""),
    ("0107", 1, "RV", "2024-02-01", "S", "300.00", (30, 0, 0), "", "0907", "2024-03-04", "", ""),
    ("0907", 1, "DZ", "2024-03-04", "H", "300.00", (0, 0, 0), "", "0907", "2024-03-04", "", ""),
    ("0108", 1, "RV", "2024-02-05", "S", "400.00", (30, 0, 0), "", "0908", "2024-03-05", "", ""),
    ("0908", 1, "DZ", "2024-03-05", "H", "400.00", (0, 0, 0), "", "0908", "2024-03-05", "", ""),
]
OPEN = [
    ("0101", 1, "RV", "2024-01-15", "S", "500.00", (30, 0, 0), "", "", "", "", ""),
    ("0901", 1, "DZ", "2024-02-25", "H", "200.00", (0, 0, 0), "", "", "", "0101", ""),
    ("0107", 2, "RV", "2024-02-01", "S", "300.00", (60, 0, 0), "", "", "", "", ""),
    ("0909", 1, "DZ", "2024-03-12", "S", "400.00", (0, 0, 0), "", "", "", "0108", ""),
    ("0910", 1, "DZ", "2024-03-20", "H", "50.00", (0, 0, 0), "", "", "", "", ""),
    ("0106", 1, "DZ", "2024-03-21", "H", "5000.00", (0, 0, 0), "", "", "", "", "A"),
]


def text(lines: list[tuple]) -> str:
    rows = [HEADER]
    for document, line, kind, day, sign, amount, terms, discount, clearing, cleared, reference, special in lines:
        cells = ["1000", document, "2024", f"{line:03d}", "0000100200", kind, day, day, day, day, *map(str, terms),
                 sign, amount, "EUR", discount, clearing, cleared, reference,
                 "2024" if reference else "0000", special]  # fmt: skip
        rows.append(";".join(cells))
    return "\n".join(rows) + "\n"


def sap_ledger(folder: Path, cleared: list[tuple] = CLEARED, opened: list[tuple] = OPEN) -> Ledger:
    (folder / "bsad.csv").write_text(text(cleared), encoding="utf-8")
    (folder / "bsid.csv").write_text(text(opened), encoding="utf-8")
    return read_ledger(folder)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return sap_ledger(tmp_path)


def settles(ledger: Ledger, document: str) -> list[tuple]:
    rows = ledger["allocations"][ledger["allocations"]["invoice_id"] == f"1000-{document}-2024"]
    rows = rows.sort_values(["effective_date", "source_code"])
    days = rows["effective_date"].dt.strftime("%m-%d"), rows["recorded_date"].dt.strftime("%m-%d")
    return list(zip(rows["source_code"], *days, rows["amount_minor"] / 100, strict=True))


def test_it_is_recognised_and_every_line_and_cent_is_accounted_for(ledger: Ledger):
    assert ledger.mapping_name == "sap"
    assert (ledger.accounts["reconciliation"]["difference_minor"].dropna() == 0).all()
    checks = ledger.accounts["reconciliation"].set_index("check_code")["expected_minor"]
    assert checks["sap_balance.EUR"] == (300 + 300 + 400 - 50) * 100  # open 0101, second part of 0107, 0108, unapplied
    aside = ledger.accounts["set_aside"].iloc[0]
    assert (aside["source_name"], aside["reason_code"], aside["base_minor"]) == (
        "open_lines",
        "special_ledger",
        -500_000,
    )
    assert "cleared_by_date" in set(ledger.accounts["gaps"]["gap_code"])


def test_the_net_due_date_is_the_baseline_plus_the_last_term_that_is_not_zero(ledger: Ledger):
    due = ledger["invoices"].set_index("invoice_id")["due_date"].dt.strftime("%Y-%m-%d")
    assert due["1000-0100-2024"] == "2024-02-09"  # 30 days, not 14
    assert due["1000-0105-2024"] == "2024-03-25"  # 60 days
    assert due["1000-0102-2024"] == "2024-01-20"  # no terms: at once
    assert set(ledger["invoices"]["due_date_source_code"]) == {"terms"}


def test_a_receipt_counts_from_its_own_day_and_its_matching_from_the_clearing(ledger: Ledger):
    assert settles(ledger, "0100") == [("payment", "02-15", "02-20", 1000)]
    before = movements(cut_ledger(ledger, as_of=Timestamp("2024-02-19")))
    assert before.loc[before["invoice_id"] == "1000-0100-2024", "document_minor"].sum() == 100_000


def test_a_part_payment_leaves_both_lines_open(ledger: Ledger):
    assert settles(ledger, "0101") == [("payment", "02-25", "02-25", 200)]


def test_a_residual_line_is_joined_to_its_invoice(ledger: Ledger):
    assert settles(ledger, "0102") == [("payment", "03-01", "03-01", 500), ("payment", "04-01", "04-01", 300)]
    received = ledger["payments"].set_index("payment_id")["amount_minor"] / 100
    assert received["1000-0902-2024"] == 500
    assert "1000-0902-2024" not in set(ledger["invoices"]["invoice_id"])


def test_residual_of_a_residual_is_followed_to_the_invoice(tmp_path: Path):
    chain = [
        ("0102", 1, "RV", "2024-01-20", "S", "800.00", (0, 0, 0), "", "0902", "2024-03-01", "", ""),
        ("0902", 1, "DZ", "2024-03-01", "H", "800.00", (0, 0, 0), "", "0902", "2024-03-01", "", ""),
        ("0902", 2, "DZ", "2024-03-01", "S", "300.00", (0, 0, 0), "", "0903", "2024-04-01", "0102", ""),
        ("0903", 1, "DZ", "2024-04-01", "H", "300.00", (0, 0, 0), "", "0903", "2024-04-01", "", ""),
    ]
    last = [("0903", 2, "DZ", "2024-04-01", "S", "120.00", (0, 0, 0), "", "", "", "0902", "")]
    ledger = sap_ledger(tmp_path, chain, last)
    assert settles(ledger, "0102") == [("payment", "03-01", "03-01", 500), ("payment", "04-01", "04-01", 180)]
    assert ledger["payments"]["amount_minor"].sum() == 68_000


def test_a_credit_note_settles_the_invoice_it_names(ledger: Ledger):
    assert settles(ledger, "0103") == [("credit_note", "02-01", "02-01", 100), ("payment", "03-02", "03-02", 500)]
    note = ledger["credit_notes"].iloc[0]
    assert (note["credit_note_id"], note["related_invoice_id"]) == ("1000-0104-2024", "1000-0103-2024")


def test_cash_discount_is_no_receipt(ledger: Ledger):
    assert settles(ledger, "0105") == [("discount", "02-03", "02-03", 20), ("payment", "02-03", "02-03", 980)]
    assert ledger["payments"].set_index("payment_id")["amount_minor"]["1000-0906-2024"] == 98_000


def test_several_lines_of_a_document_are_its_instalments(ledger: Ledger):
    parts = ledger["instalments"]
    assert parts["invoice_id"].tolist() == ["1000-0107-2024"] * 2
    assert parts["due_date"].tolist() == [Timestamp("2024-03-02"), Timestamp("2024-04-01")]
    assert ledger["invoices"].set_index("invoice_id")["gross_minor"]["1000-0107-2024"] == 60_000
    assert settles(ledger, "0107") == [("payment", "03-04", "03-04", 300)]


def test_a_returned_receipt_reopens_the_invoice(ledger: Ledger):
    assert settles(ledger, "0108") == [("payment", "03-05", "03-05", 400), ("payment", "03-12", "03-12", -400)]
    assert ledger["payments"].set_index("payment_id")["amount_minor"]["1000-0909-2024-R"] == -40_000


def test_a_receipt_for_several_invoices_pays_the_oldest_first(tmp_path: Path):
    lines = [
        ("0201", 1, "RV", "2024-01-20", "S", "80.00", (30, 0, 0), "", "0950", "2024-03-05", "", ""),
        ("0202", 1, "RV", "2024-01-10", "S", "70.00", (30, 0, 0), "", "0950", "2024-03-05", "", ""),
        ("0951", 1, "DZ", "2024-03-01", "H", "100.00", (0, 0, 0), "", "0950", "2024-03-05", "", ""),
        ("0950", 1, "DZ", "2024-03-05", "H", "50.00", (0, 0, 0), "", "0950", "2024-03-05", "", ""),
    ]
    ledger = sap_ledger(tmp_path, lines, OPEN)
    assert settles(ledger, "0202") == [("payment", "03-01", "03-05", 70)]
    assert settles(ledger, "0201") == [("payment", "03-01", "03-05", 30), ("payment", "03-05", "03-05", 50)]
    fifo = ledger["allocations"][ledger["allocations"]["matching_code"] == "fifo"]
    assert set(fifo["confidence_ratio"]) == {0.9}


def test_an_item_cleared_without_a_credit_line_is_settled_otherwise_and_said_so(tmp_path: Path):
    lines = [("0301", 1, "RV", "2024-01-20", "S", "80.00", (30, 0, 0), "", "0960", "2024-03-05", "", "")]
    ledger = sap_ledger(tmp_path, [*CLEARED, *lines])
    assert settles(ledger, "0301") == [("other", "03-05", "03-05", 80)]
    assert any("1 cleared lines have no credit line in their clearing" in note for note in ledger.notes)
    assert (ledger.accounts["reconciliation"]["difference_minor"].dropna() == 0).all()


def test_invoices_alone_are_refused(tmp_path: Path):
    with pytest.raises(LedgerError, match="no line is a receipt; customer lines of all document types are needed"):
        sap_ledger(tmp_path, [line for line in CLEARED if line[2] == "RV"], [])


def test_a_document_type_of_ones_own_must_be_mapped(tmp_path: Path):
    own = [("0401", 1, "Z9", "2024-01-20", "S", "80.00", (30, 0, 0), "", "", "", "", "")]
    with pytest.raises(LedgerError, match=r"open_lines.item_kind_code: 1 of 7 rows .* 'Z9'. are not known codes"):
        sap_ledger(tmp_path, CLEARED, [*OPEN, *own])


def test_the_list_of_line_items_gives_the_same(tmp_path: Path):
    head = (
        "Company Code\tDocument Number\tFiscal Year\tLine item\tCustomer\tDocument Type\tDocument Date\tPosting Date\t"
        "Net due date\tDocument currency\tAmount in doc. curr.\tClearing Document\tClearing date\tInvoice reference"
    )
    day = "{2}.{1}.{0}"
    rows = [head]
    for document, line, kind, made, sign, amount, terms, _, clearing, cleared, reference, special in [*CLEARED, *OPEN]:
        if special:
            continue
        due = Timestamp(made) + pd.Timedelta(days=next((days for days in reversed(terms) if days), 0))
        cents = f"{float(amount):,.2f}".translate(str.maketrans(",.", ".,")) + ("-" if sign == "H" else "")
        days = [day.format(*text.split("-")) if text else "" for text in (made, made, f"{due:%Y-%m-%d}", cleared)]
        rows.append(
            "\t".join(
                [
                    "1000",
                    document,
                    "2024",
                    str(line),
                    "0000100200",
                    kind,
                    *days[:3],
                    "EUR",
                    cents,
                    clearing,
                    days[3],
                    reference,
                ]
            )
        )
    (tmp_path / "fbl5n.txt").write_text("\n".join(rows), encoding="utf-8")
    listed = read_ledger(tmp_path / "fbl5n.txt")
    (tmp_path / "tables").mkdir()
    tables = sap_ledger(tmp_path / "tables")
    assert listed.mapping_name == "sap_fbl5n"
    keys = ["invoice_id", "effective_date", "recorded_date"]
    amounts = [one["allocations"].groupby(keys)["amount_minor"].sum().to_dict() for one in (listed, tables)]
    assert amounts[0] == amounts[1]
    pd.testing.assert_series_equal(listed["invoices"]["due_date"], tables["invoices"]["due_date"])


def test_the_first_term_that_is_not_zero():
    terms = {name: Series(values, dtype="Int64") for name, values in {"a": [0, 0, None], "b": [14, 0, None]}.items()}
    found = compute(FirstOf(first_of=("a", "b"), skip_zero=True), terms)
    assert DataFrame({"days": found})["days"].tolist() == [14, 0, pd.NA]


def plainly(debits: DataFrame, credits: DataFrame) -> list[tuple]:
    """Credits pay debits of their group one after the other, as one would on paper."""
    found = []
    for group in sorted({*debits["group"], *credits["group"]}):
        due = [[key, amount] for key, amount in debits.loc[debits["group"] == group, "amount_minor"].items()]
        for key, amount in credits.loc[credits["group"] == group, "amount_minor"].items():
            while amount and due:
                part = min(amount, due[0][1])
                found.append((due[0][0], key, part))
                amount, due[0][1] = amount - part, due[0][1] - part
                due = due if due[0][1] else due[1:]
    return sorted(found)


@pytest.mark.parametrize("seed", range(40))
def test_amounts_laid_end_to_end_match_as_on_paper(seed: int):
    rng = default_rng(seed)
    sides = []
    for letter, n in zip("dc", rng.integers(0, 12, 2), strict=True):
        rows = {"group": rng.choice(list("abc"), n), "amount_minor": rng.integers(1, 20, n)}
        sides.append(DataFrame(rows, index=[f"{letter}{number}" for number in range(n)]))
    assert sorted(map(tuple, overlaps(*sides).to_numpy().tolist())) == plainly(*sides)
