"""The real FEC samples: totals counted apart, compared with the ledger."""

from pathlib import Path

import pandas as pd
import pytest

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.fec import is_fec, read_fec


def test_the_real_year_adds_up(shared_data: Path) -> None:
    ledger = read_fec([shared_data / "fec_samples/123456789FEC20190731.txt"])
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    assert checks["difference_minor"].eq(0).all()
    expected = {
        "debit_equals_credit": 13_738_285_95,
        "entries_balanced": 4716,
        "receivable_lines": 3310,
        "customers_balanced": 732,
        "lettrage_groups": 1310,
        "kind_invoice": 1_439_255_48,
    }
    assert {code: checks.at[code, "expected_minor"] for code in expected} == expected
    assert checks.at["debit_equals_credit", "detail"].startswith("12605 lines")
    sales = ledger["invoices"].query("invoice_kind_code == 'invoice'")
    assert (len(sales), sales["customer_id"].nunique(), len(ledger["customers"])) == (1369, 636, 732)
    assert ledger["credit_notes"]["reason_code"].value_counts()["commercial"] == 17
    settled = (
        ledger["allocations"].groupby("invoice_id")["amount_minor"].sum().reindex(sales["invoice_id"], fill_value=0)
    )
    open_minor = sales.set_index("invoice_id")["gross_minor"] - settled
    assert open_minor[open_minor != 0].count() == 1369 - 1139
    gaps = set(ledger.accounts["gaps"]["gap_code"])
    assert {"no_due_date", "single_fiscal_year", "opening_age_lost", "no_default_label"} <= gaps


def test_days_to_pay_of_the_real_year(shared_data: Path) -> None:
    """The last credit of each letter, taken from the file itself; three payments came back and were made again."""
    path = shared_data / "fec_samples/123456789FEC20190731.txt"
    ledger = read_fec([path])
    sales = ledger["invoices"].query("invoice_kind_code == 'invoice'").set_index("invoice_id")
    letter, last_credit = _letters(path)
    of_file = (letter.reindex(sales.index).map(last_credit) - sales["invoice_date"]).dropna().dt.days
    assert (len(of_file), of_file.median(), of_file.quantile(0.75), of_file.max()) == (1139, 49, 69, 313)
    assert (round(of_file.mean(), 1), round((of_file > 60).mean(), 1), (of_file < 0).sum()) == (46.7, 0.4, 22)

    settled = ledger["allocations"].query("amount_minor > 0")
    last = settled["effective_date"].groupby(settled["invoice_id"].map(letter)).max()
    of_ledger = (letter.reindex(of_file.index).map(last) - sales["invoice_date"].reindex(of_file.index)).dt.days
    later = of_ledger[of_ledger != of_file]
    assert (len(of_ledger), len(later)) == (1139, 3)
    assert (later > of_file.reindex(later.index)).all()
    own = (
        settled.groupby("invoice_id")["effective_date"].max().reindex(of_file.index) - sales["invoice_date"]
    ).dropna()
    assert (own.dt.days <= of_ledger).all()
    assert len(own) == 1139


def _letters(path: Path) -> tuple[pd.Series, pd.Series]:
    """Return the letter of each debit by invoice_id, and the last credit of each letter."""
    lines = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    lines = lines[lines["CompteNum"].str.startswith("411")]
    lines = lines.assign(
        letter=lines["CompAuxNum"] + "/" + lines["EcritureLet"], day=pd.to_datetime(lines["EcritureDate"])
    )
    debits = lines[lines["JournalCode"].isin(["VE", "AN", "OD"]) & lines["Debit"].ne("0")]
    name = debits["CompAuxNum"] + "/" + debits["PieceRef"]
    number = debits.groupby(name).cumcount() + 1
    key = name.where(number.eq(1), name + "#" + number.astype("str"))
    lettered = debits["EcritureLet"].ne("")
    credits = lines[lines["Credit"].ne("0")]
    return debits["letter"].set_axis(key)[lettered.to_numpy()], credits.groupby("letter")["day"].max()


def test_the_real_books_without_receivables(shared_data: Path) -> None:
    with pytest.raises(LedgerError, match="no customer ledger here: 2 lines"):
        read_fec([shared_data / "fec_samples/123456789FEC20201231.txt"])


def test_the_real_file_with_a_template_for_a_date(shared_data: Path) -> None:
    path = shared_data / "fec_samples/tryton_FEC.csv"
    assert is_fec(path)
    with pytest.raises(LedgerError, match=r"2 dates cannot be read \(line 7 DateLet '\{current_date\}'"):
        read_fec([path])
