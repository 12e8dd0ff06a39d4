"""FEC files that are wrong, incomplete or no customer ledger: one clear message each."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from ledger.fec_builder import HEADER, Fec, Form, Line, books

from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.ledger.fec import is_fec, read_fec


def _break(field: str, value: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        for n in (2, 5):
            fields = lines[n].split("\t")
            fields[HEADER.index(field)] = value
            lines[n] = "\t".join(fields)
        path.write_text("\n".join(lines), encoding="utf-8")

    return apply


def _without(field: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(path.read_text(encoding="utf-8").replace(field, "Autre", 1), encoding="utf-8")


def _write(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            _break("DateLet", "{current_date}"),
            "2 dates cannot be read (line 3 DateLet '{current_date}', line 6 DateLet",
        ),
        (_break("EcritureDate", ""), "2 dates cannot be read (line 3 EcritureDate '', line 6 EcritureDate '')"),
        (_break("Debit", "1 000,00"), "2 amounts cannot be read (line 3 Debit '1 000,00', line 6 Debit '1 000,00')"),
        (_break("EcritureLib", "a\tb"), "2 of 14 lines (lines 3, 6) do not have the 18 fields of the header"),
        (_without("CompteNum"), "columns missing: CompteNum"),
        (_without("Credit"), "columns missing: Debit and Credit (or Montant and Sens)"),
        (_without("CompteLib"), "columns absent"),
        (_write(b""), "the first line is not the header of a FEC"),
        (_write(b"<?xml version='1.0'?>\n<comptabilite/>"), "the XML form is not read"),
        (_write(b"\x00\x01\x02"), "not a text file in UTF-8, ISO 8859-15 or Windows-1252"),
        (_write("\t".join(HEADER).encode()), "no line below the header"),
        (_write("\t".join([*HEADER, "Debit"]).encode()), "columns named twice: ['Debit']"),
    ],
)
def test_a_damaged_file_gets_one_clear_message(damage: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    path = books().write(tmp_path)
    damage(path)
    if words == "columns absent":
        assert words in read_fec([path]).notes[0]
        return
    with pytest.raises(LedgerError, match=re.escape(words)) as raised:
        read_fec([path])
    assert str(raised.value).startswith(path.name)


def test_a_sens_that_is_none_is_refused(tmp_path: Path) -> None:
    path = books().write(tmp_path, form=Form(directions=("D", "X")))
    with pytest.raises(LedgerError, match=r"Sens cannot be read \(line 3 Sens 'X'.*allowed: D or C"):
        read_fec([path])


def test_a_separator_inside_a_text_is_set_aside_and_counted(tmp_path: Path) -> None:
    fec = Fec()
    for n in range(60):
        fec.sale("C1", f"F{n}", 120_00, "2023-01-10")
    path = fec.write(tmp_path, form=Form(separator="|"))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].replace("VE F1|", "VE | F1|")
    path.write_text("\n".join(lines), encoding="utf-8")
    ledger = read_fec([path])
    aside = ledger.accounts["set_aside"].set_index("reason_code").loc["misshapen_line"]
    assert (aside["n_rows"], aside["first_keys"]) == (1, "5")
    assert pd.isna(aside["base_minor"])
    checks = ledger.accounts["reconciliation"].set_index("check_code")["difference_minor"]
    assert checks["debit_equals_credit"] == 120_00
    assert checks["entries_balanced"] == -1
    assert len(ledger["invoices"]) == 59


@pytest.mark.parametrize(
    ("years", "words"),
    [
        ((("2022-05-01", "20221231", "123456789"), ("2022-07-01", "20230630", "123456789")), "cover the same days"),
        ((("2021-05-01", "20211231", "123456789"), ("2023-07-01", "20231231", "123456789")), "leave days between them"),
        (
            (("2022-05-01", "20221231", "123456789"), ("2023-01-02", "20231231", "987654321")),
            "FEC of 2 companies together",
        ),
    ],
)
def test_files_that_do_not_follow_one_another_are_refused(
    years: tuple[tuple[str, str, str], ...], words: str, tmp_path: Path
) -> None:
    paths = []
    for day, closing, siren in years:
        fec = Fec().sale("C1", "F1", 120_00, day).sale("C1", "F2", 60_00, f"{closing[:4]}-{closing[4:6]}-{closing[6:]}")
        paths.append(fec.write(tmp_path, closing=closing, siren=siren))
    with pytest.raises(LedgerError, match=words):
        read_fec(paths)


def test_books_without_customers_are_no_ledger(tmp_path: Path) -> None:
    bounced = Fec().entry("BQ", "2023-01-10", [Line("41199999", 47_36), Line("512000", -47_36)])
    with pytest.raises(LedgerError, match=r"no customer ledger here: 1 lines .* of 1 customers, none of them a sale"):
        read_fec([bounced.write(tmp_path)])
    nameless = Fec().sale("41100000", "F1", 120_00, "2023-01-10")
    with pytest.raises(LedgerError, match=r"no customer ledger here: .*none of them names a customer"):
        read_fec([nameless.write(tmp_path)])


def test_settings_out_of_bounds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="terms of -1 days"):
        read_fec([books().write(tmp_path)], assumed_terms_days=-1)
    with pytest.raises(SettingsError, match="0 files"):
        read_fec([])


def test_other_files_are_no_fec(tmp_path: Path) -> None:
    for name, data in {
        "a.csv": "invoice;date;amount\n1;2;3\n",
        "b.txt": "",
        "c.txt": "JournalCode\tDebit\tCredit\n",
    }.items():
        (tmp_path / name).write_text(data, encoding="utf-8")
        assert not is_fec(tmp_path / name)
    assert is_fec(tmp_path / "123456789FEC20231231.txt")
