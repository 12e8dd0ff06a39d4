"""Reading FEC files: every form the file can take."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.fec_builder import HEADER, Fec, Form, Line, books

from riskresearch.ledger.fec import is_fec, read_fec
from riskresearch.ledger.fec.settle import Item, Share, settle
from riskresearch.ledger.fec.values import parse_amount, parse_date
from riskresearch.ledger.ledger import Ledger

PADDED = {name: f" {name.upper()} " for name in HEADER}
OTHER_NAMES = {
    "EcritureLet": "EcritureLettrage",
    "JournalLib": "JournalLibelle",
    "Montantdevise": "MontantDevise",
    "Debit": "Débit",
    "Credit": "Crédit",
}
CASH_BASIS = {"DateRglt": "20230220", "ModeRglt": "VIR", "NatOp": ""}
FORMS = {
    "pipe": Form(separator="|"),
    "semicolon": Form(separator=";"),
    "utf-8 with byte order mark": Form(encoding="utf-8-sig"),
    "ISO 8859-15": Form(encoding="iso8859-15"),
    "utf-16": Form(encoding="utf-16"),
    "carriage returns": Form(end="\r\n"),
    "padded fields and header": Form(padding=" ", renamed=PADDED),
    "other header names": Form(renamed=OTHER_NAMES),
    "extra columns": Form(extra=CASH_BASIS),
    "quoted": Form(separator=";", quote='"'),
    "decimal point": Form(decimal="."),
    "zero left empty": Form(zero=""),
    "zero without decimals": Form(zero="0"),
    "day first with slashes": Form(date_format="%d/%m/%Y"),
    "day first with points": Form(date_format="%d.%m.%Y"),
    "dashes": Form(date_format="%Y-%m-%d"),
    "Montant and Sens D C": Form(directions=("D", "C")),
    "Montant and Sens +1 -1": Form(directions=("+1", "-1")),
}


def _same(left: Ledger, right: Ledger) -> None:
    for name in left.tables:
        pd.testing.assert_frame_equal(left[name], right[name])
    for name in left.accounts:
        pd.testing.assert_frame_equal(left.accounts[name], right.accounts[name])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_form_of_the_file_does_not_change_the_ledger(form: Form, tmp_path: Path) -> None:
    plain = read_fec([books().write(tmp_path)])
    path = books().write(tmp_path, form=form)
    assert is_fec(path)
    _same(read_fec([path]), plain)
    assert plain["customers"]["customer_id"].tolist() == ["000123", "C2"]
    assert plain["customers"]["customer_name"].tolist()[0] == "Société Générale d'Équipement"


def test_windows_1252_is_told_from_iso_8859_15_by_its_letters(tmp_path: Path) -> None:
    fec = Fec().sale("C1", "F1", 120_00, "2023-01-10", name="L’Œuvre à 10 €")
    assert read_fec([fec.write(tmp_path, form=Form(encoding="cp1252"))])["customers"]["customer_name"].tolist() == [
        "L’Œuvre à 10 €"
    ]
    fec = Fec().sale("C1", "F1", 120_00, "2023-01-10", name="Œuvre à 10 €")
    assert read_fec([fec.write(tmp_path, form=Form(encoding="iso8859-15"))])["customers"]["customer_name"].tolist() == [
        "Œuvre à 10 €"
    ]


def test_liberties_of_the_file_are_noted(tmp_path: Path) -> None:
    assert read_fec([books().write(tmp_path)]).notes == ()
    notes = read_fec([books().write(tmp_path, form=Form(decimal=".", zero="", encoding="iso8859-15"))]).notes
    assert [note.split(": ")[1] for note in notes] == [
        "read as iso8859-15",
        "14 amounts with a decimal point instead of a comma",
    ]
    short = [name for name in HEADER if name not in ("ValidDate", "DateLet")]
    notes = read_fec([books().write(tmp_path, form=Form(header=short))]).notes
    assert notes == ("123456789FEC20231231.txt: columns absent, read as blank: DateLet, ValidDate",)


def test_entry_numbers_that_are_all_zero_fall_back_to_journal_date_and_piece(tmp_path: Path) -> None:
    numbered, zero = books(), books()
    for row in zero.rows:
        row["EcritureNum"] = "0"
    left, right = read_fec([numbered.write(tmp_path)]), read_fec([zero.write(tmp_path)])
    for name in ("invoices", "allocations", "credit_notes"):
        pd.testing.assert_frame_equal(
            left[name].drop(columns="source_id", errors="ignore"),
            right[name].drop(columns="source_id", errors="ignore"),
        )
    checks = right.accounts["reconciliation"].set_index("check_code")
    assert checks.loc["entries_balanced", ["expected_minor", "rebuilt_minor"]].tolist() == [5, 5]


def test_entry_numbers_that_number_the_lines_are_not_believed(tmp_path: Path) -> None:
    plain, by_line = books(), books()
    for n, row in enumerate(by_line.rows):
        row["EcritureNum"] = str(n + 1)
    left, right = read_fec([plain.write(tmp_path)]), read_fec([by_line.write(tmp_path)])
    for name in ("invoices", "credit_notes", "events"):
        pd.testing.assert_frame_equal(left[name], right[name])
    assert "no_entry_numbers" in set(right.accounts["gaps"]["gap_code"]) - set(left.accounts["gaps"]["gap_code"])


def test_a_dos_end_of_file_mark_is_no_line(tmp_path: Path) -> None:
    path = books().write(tmp_path)
    plain = read_fec([path])
    path.write_bytes(path.read_bytes() + b"\x1a")
    _same(read_fec([path]), plain)


def test_entry_numbers_that_start_again_every_month_stay_apart(tmp_path: Path) -> None:
    fec = Fec()
    fec.entry("OD", "2023-01-31", [Line("411000", 120_00, "C1"), Line("707000", -120_00)], piece="F1", number="1")
    fec.entry("OD", "2023-02-28", [Line("512000", 80_00), Line("411000", -80_00, "C1")], piece="R1", number="1")
    fec.entry("OD", "2023-03-31", [Line("654000", 40_00), Line("411000", -40_00, "C1")], piece="P1", number="1")
    ledger = read_fec([fec.write(tmp_path)])
    assert ledger["invoices"]["invoice_kind_code"].tolist() == ["invoice"]
    assert ledger["payments"]["amount_minor"].tolist() == [80_00]
    assert ledger["events"]["event_code"].tolist() == ["write_off"]
    assert ledger["credit_notes"].empty


def test_an_entry_over_several_days_stays_whole_if_only_the_whole_balances(tmp_path: Path) -> None:
    fec = Fec().sale("C1", "F1", 120_00, "2023-01-10").receipt("C1", 120_00, "2023-02-27")
    bank_line = next(row for row in fec.rows if row["CompteNum"] == "512000")
    bank_line["EcritureDate"] = "2023-02-28"
    ledger = read_fec([fec.write(tmp_path)])
    assert ledger["payments"]["amount_minor"].tolist() == [120_00]
    assert ledger.accounts["reconciliation"].set_index("check_code").at["entries_balanced", "difference_minor"] == 0


def test_more_than_two_decimals_are_rounded_half_up_and_noted(tmp_path: Path) -> None:
    path = Fec().sale("C1", "F1", 120_00, "2023-01-10").sale("C1", "F2", 60_00, "2023-01-11").write(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("120,00", "120,005").replace("60,00", "60,000"), encoding="utf-8")
    ledger = read_fec([path])
    assert ledger["invoices"]["gross_minor"].tolist() == [120_01, 60_00]
    assert ledger.notes == (f"{path.name}: 1 amounts with more than two decimals, rounded to the cent",)


def test_foreign_currency_stays_in_the_currency_of_the_books(tmp_path: Path) -> None:
    fec = Fec().sale("C1", "F1", 120_00, "2023-01-10")
    fec.rows[0].update(Montantdevise="132,50", Idevise="USD")
    ledger = read_fec([fec.write(tmp_path)])
    assert ledger["invoices"][["gross_minor", "currency_code"]].to_numpy().tolist() == [[120_00, "EUR"]]
    gaps = ledger.accounts["gaps"].set_index("gap_code")["effect"]
    assert gaps["foreign_currency_as_booked"].startswith("1 lines in foreign currency")


def test_negative_amounts_change_the_side(tmp_path: Path) -> None:
    path = books().write(tmp_path)
    swapped = path.read_text(encoding="utf-8").splitlines()
    swapped = [swapped[0], *("\t".join(_swap(line.split("\t"))) for line in swapped[1:])]
    plain = read_fec([path])
    path.write_text("\n".join(swapped), encoding="utf-8")
    ledger = read_fec([path])
    for name in plain.tables:
        pd.testing.assert_frame_equal(ledger[name], plain[name])


def _swap(fields: list[str]) -> list[str]:
    """A debit of 12,00 written as a credit of -12,00 and the reverse."""
    debit, credit = fields[11], fields[12]
    return [
        *fields[:11],
        "" if credit == "0,00" else f"-{credit}",
        "" if debit == "0,00" else f"{debit}-",
        *fields[13:],
    ]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1234,56", 123456),
        ("1234.5", 123450),
        ("12", 1200),
        (",5", 50),
        ("", 0),
        ("-3,00", -300),
        ("3,00-", -300),
        ("+3,00", 300),
        ("1,5E2", 15000),
        ("1 234,56", None),
        ("1.234,56", None),
        ("-3,00-", None),
        ("abc", None),
        ("1E99", None),
        ("NaN", None),
    ],
)
def test_amounts(text: str, cents: int | None) -> None:
    value = parse_amount(text)
    assert (value if value is None else 100 * value) == cents


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20230228", "2023-02-28"),
        ("2023/02/28", "2023-02-28"),
        ("28-02-2023", "2023-02-28"),
        ("20230229", None),
        ("28022023", None),
        ("28/02-2023", None),
        ("{current_date}", None),
        ("00010101", None),
    ],
)
def test_dates(text: str, day: str | None) -> None:
    found = parse_date(text)
    assert (found and found.isoformat()) == day


@given(st.lists(st.integers(1, 500), max_size=6), st.lists(st.integers(1, 500), max_size=6), st.booleans())
def test_settling_conserves_money(owed: list[int], paid: list[int], is_lettered: bool) -> None:
    debits = [Share(Item(n, "C1", "invoice", a, n, n, f"F{n % 3}", ""), a) for n, a in enumerate(owed)]
    credits = [Share(Item(100 + n, "C1", "payment", a, n, n, "", f"F{n % 4}"), a) for n, a in enumerate(paid)]
    matches = settle(debits, credits, is_lettered=is_lettered)
    assert sum(match.amount_minor for match in matches) == min(sum(owed), sum(paid))
    assert all(match.amount_minor > 0 for match in matches)
    for share in (*debits, *credits):
        used = sum(m.amount_minor for m in matches if share.item.key in (m.debit, m.credit))
        assert used <= share.amount_minor
