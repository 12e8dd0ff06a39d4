"""What the ledger says of the entries of a FEC: worked cases and identities that hold for any books."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from ledger.fec_builder import Fec, Line
from pandas import DataFrame, Series

from riskresearch.ledger.fec import read_fec
from riskresearch.ledger.ledger import Ledger

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/ledger/fec_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case: Mapping[str, Any], tmp_path: Path) -> None:
    ledger = read_fec(_write(case.get("years") or [case["entries"]], tmp_path))
    assert _open_amounts(ledger) == case["open"]
    assert _rows(
        ledger["allocations"], "invoice_id", "effective_date", "source_code", "amount_minor", "matching_code"
    ) == sorted(map(list, case.get("allocations", [])), key=repr)
    assert _rows(ledger["events"], "customer_id", "event_code", "event_date", "base_minor") == sorted(
        map(list, case.get("events", [])), key=repr
    )
    if "payments" in case:
        assert _rows(ledger["payments"], "value_date", "amount_minor") == sorted(map(list, case["payments"]), key=repr)
    if "credit_notes" in case:
        assert _rows(ledger["credit_notes"], "credit_note_date", "gross_minor", "reason_code") == sorted(
            map(list, case["credit_notes"]), key=repr
        )
    _check_details(case, ledger)
    _check_totals(case, ledger)


@pytest.mark.parametrize("n_years", [1, 2])
def test_every_identity_holds_for_random_books(n_years: int, tmp_path: Path) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        first = _random_year(Fec(), rng, 2022)
        paths = [first.write(tmp_path, closing="20221231")]
        if n_years == 2:
            second = _random_year(_opening_of(first, rng), rng, 2023)
            paths.append(second.write(tmp_path, closing="20231231"))
        ledger = read_fec(paths)
        totals = ledger.accounts["reconciliation"].set_index("check_code")["difference_minor"]
        assert totals.drop("lettrage_groups").eq(0).all(), (seed, totals[totals != 0])
        assert ("opening_equals_prior_closing" in totals) == (n_years == 2)
        _check_bounds(ledger, seed)


def test_a_second_year_gives_the_same_ledger_as_one_file_of_both(tmp_path: Path) -> None:
    first, second, both = Fec(), Fec(), Fec()
    for year in (first, both):
        year.sale("C1", "F1", 120_00, "2022-11-10", letter="" if year is first else "Z")
        year.sale("C2", "F2", 60_00, "2022-12-05", letter="B").receipt("C2", 60_00, "2022-12-28", letter="B")
        year.receipt("C2", 15_00, "2022-12-29", letter="" if year is first else "Y")
    opening = [Line("411000", 120_00, "C1", "Z"), Line("411000", -15_00, "C2", "Y"), Line("120000", -105_00)]
    second.entry("AN", "2023-01-01", opening, piece="AN")
    for year in (second, both):
        year.receipt("C1", 120_00, "2023-02-01", letter="Z").sale("C2", "F3", 15_00, "2023-02-02", letter="Y")
    split = read_fec([second.write(tmp_path, closing="20231231"), first.write(tmp_path, closing="20221231")])
    whole = read_fec([both.write(tmp_path, closing="20231230")])
    assert _open_amounts(split) == _open_amounts(whole) == {"C1/F1": 0, "C2/F2": 0, "C2/F3": 0}
    columns = ["invoice_id", "effective_date", "recorded_date", "source_code", "amount_minor"]
    pd.testing.assert_frame_equal(split["allocations"][columns], whole["allocations"][columns])
    pd.testing.assert_frame_equal(split["invoices"], whole["invoices"])
    assert "single_fiscal_year" in set(whole.accounts["gaps"]["gap_code"])
    assert "single_fiscal_year" not in set(split.accounts["gaps"]["gap_code"])


def test_an_opening_on_one_collective_line_is_not_a_customer_that_owes(tmp_path: Path) -> None:
    first = Fec().sale("C1", "F1", 120_00, "2022-11-10").sale("C2", "F2", 60_00, "2022-12-05")
    second = Fec().entry("AN", "2023-01-01", [Line("411000", 180_00), Line("120000", -180_00)], piece="AN")
    second.receipt("C1", 120_00, "2023-02-01")
    ledger = read_fec([first.write(tmp_path, closing="20221231"), second.write(tmp_path)])
    assert _open_amounts(ledger) == {"C1/F1": 120, "C2/F2": 60}
    totals = ledger.accounts["reconciliation"].set_index("check_code")["difference_minor"]
    assert totals["balance"] == 0
    assert ledger["credit_notes"].empty


def test_the_due_date_is_an_assumption_and_says_so(tmp_path: Path) -> None:
    path = Fec().sale("C1", "F1", 120_00, "2023-01-10").write(tmp_path)
    invoice = read_fec([path], assumed_terms_days=45)["invoices"].iloc[0]
    assert invoice["due_date"] == pd.Timestamp("2023-02-24")
    assert invoice["due_date_source_code"] == "default"
    gap = read_fec([path], assumed_terms_days=45).accounts["gaps"].set_index("gap_code").at["no_due_date", "effect"]
    assert "45 days" in gap


def test_amount_before_tax_means_of_payment_and_reversal(tmp_path: Path) -> None:
    fec = Fec().sale("C1", "F1", 120_00, "2023-01-10", letter="A", name="Dupont & Fils")
    fec.receipt("C1", 120_00, "2023-02-01", letter="A", piece="CH1", bank="511200")
    fec.receipt("C1", -120_00, "2023-02-05", letter="A", piece="CH1", bank="511200")
    fec.receipt("C1", 120_00, "2023-02-20", letter="A", piece="ESP", bank="531000")
    ledger = read_fec([fec.write(tmp_path)])
    assert ledger["invoices"]["net_minor"].tolist() == [100_00]
    paid = ledger["payments"].sort_values("value_date")
    assert paid["method_code"].tolist() == ["cheque", "cheque", "cash"]
    assert paid["reversal_of_id"].fillna("").tolist() == ["", paid["payment_id"].iloc[0], ""]
    assert ledger["customers"]["customer_name"].tolist() == ["Dupont & Fils"]


def test_keys_are_unique_and_stay_the_same(tmp_path: Path) -> None:
    fec = (
        Fec()
        .sale("C1", "F1", 120_00, "2023-01-10")
        .sale("C1", "F1", 60_00, "2023-01-11")
        .sale("C2", "F1", 12_00, "2023-01-12")
    )
    fec.sale("C2", "", 24_00, "2023-01-13")
    path = fec.write(tmp_path)
    ids = read_fec([path])["invoices"]["invoice_id"].tolist()
    assert ids == ["C1/F1", "C1/F1#2", "C2/4", "C2/F1"]
    assert read_fec([path])["invoices"]["invoice_id"].tolist() == ids


def _write(years: Sequence[Sequence[Mapping[str, Any]]], folder: Path) -> list[Path]:
    paths = []
    for number, entries in enumerate(years):
        fec = Fec()
        for entry in entries:
            lines = [
                Line(
                    str(line["account"]),
                    round(100 * (line.get("debit", 0) - line.get("credit", 0))),
                    str(line.get("customer", "")),
                    str(line.get("letter", "")),
                )
                for line in entry["lines"]
            ]
            assert sum(line.cents for line in lines) == 0, f"entry does not balance: {entry}"
            fec.entry(
                entry["journal"],
                str(entry["date"]),
                lines,
                piece=str(entry.get("piece", "")),
                issued=str(entry.get("issued", "")),
                label=entry.get("label", ""),
            )
        paths.append(fec.write(folder, closing=f"{2024 - len(years) + number}1231"))
    return paths


def _open_amounts(ledger: Ledger) -> dict[str, float]:
    gross = ledger["invoices"].set_index("invoice_id")["gross_minor"]
    settled = ledger["allocations"].groupby("invoice_id")["amount_minor"].sum().reindex(gross.index, fill_value=0)
    return ((gross - settled) / 100).to_dict()


def _rows(frame: DataFrame, *columns: str) -> list[list[Any]]:
    shown = frame[list(columns)].copy()
    for column in columns:
        if column.endswith("_date"):
            shown[column] = shown[column].dt.date
        if column.endswith("_minor"):
            shown[column] = shown[column] / 100
    return sorted(shown.to_numpy(dtype=object).tolist(), key=repr)


def _check_details(case: Mapping[str, Any], ledger: Ledger) -> None:
    found = ledger["invoices"].set_index("invoice_id")
    for invoice_id, kind in case.get("kinds", {}).items():
        assert found.at[invoice_id, "invoice_kind_code"] == kind
    for invoice_id, (day, source) in case.get("issued", {}).items():
        assert found.at[invoice_id, "invoice_date"].date() == day
        assert found.at[invoice_id, "invoice_date_source_code"] == source
    aside = ledger.accounts["set_aside"].groupby("reason_code")["n_rows"].sum()
    assert aside.to_dict() == case.get("set_aside", {})


def _check_totals(case: Mapping[str, Any], ledger: Ledger) -> None:
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    differences = {code: round(100 * amount) for code, amount in case.get("differences", {}).items()}
    differences["lettrage_groups"] = -case.get("not_zero_letters", 0)
    expected = {code: differences.get(code, 0) for code in checks.index}
    assert checks["difference_minor"].to_dict() == expected


def _random_year(fec: Fec, rng: np.random.Generator, year: int) -> Fec:
    for step in range(240):
        _random_entry(fec, rng, f"{year}-{1 + step // 24:02d}-{1 + int(rng.integers(28)):02d}")
    return fec.sale("C1", "LAST", 12_00, f"{year}-12-31")


def _opening_of(fec: Fec, rng: np.random.Generator) -> Fec:
    """A next year opened with one line per customer and account, some of them lettered."""
    balances: dict[tuple[str, str], int] = {}
    for row in fec.rows:
        if row["CompAuxNum"]:
            key = row["CompteNum"], row["CompAuxNum"]
            balances[key] = balances.get(key, 0) + row["cents"]
    letters = ["", "A", "B"]
    lines = [Line(account, cents, aux, str(rng.choice(letters))) for (account, aux), cents in balances.items() if cents]
    return Fec().entry("AN", "2023-01-01", [*lines, Line("120000", -sum(line.cents for line in lines))], piece="AN")


def _random_entry(fec: Fec, rng: np.random.Generator, day: str) -> None:
    customer, letter = f"C{rng.integers(12)}", str(rng.choice(["", "A", "B", "C"]))
    cents = 100 * int(rng.integers(1, 6))
    kind = str(rng.choice([*3 * ["sale"], *2 * ["receipt"], "note", "return", *_OTHER_ENTRIES]))
    if kind in ("sale", "note"):
        fec.sale(customer, f"F{fec.n_entries}", cents if kind == "sale" else -cents, day, letter=letter)
    elif kind in ("receipt", "return"):
        fec.receipt(customer, cents if kind == "receipt" else -cents, day, letter=letter)
    else:
        lines = [
            Line(account, sign * cents + extra, *((customer, letter) if account[:2] == "41" else ()))
            for account, sign, extra in _OTHER_ENTRIES[kind]
        ]
        fec.entry("OD", day, lines, piece=f"P{fec.n_entries}")


_OTHER_ENTRIES = {
    "discount": [("512000", 1, -7), ("665000", 0, 7), ("411000", -1, 0)],
    "loss": [("654000", 1, 0), ("411000", -1, 0)],
    "bill": [("413000", 1, 0), ("411000", -1, 0)],
    "doubtful": [("416000", 1, 0), ("411000", -1, 0)],
    "paid bill": [("512000", 1, 0), ("413000", -1, 0)],
    "other": [("455000", 1, 0), ("411000", -1, 0)],
    "debit": [("411000", 1, 0), ("471000", -1, 0)],
}


def _check_bounds(ledger: Ledger, seed: int) -> None:
    """On no day is more settled than invoiced, less than nothing settled, or more used than received."""
    moves = ledger["allocations"]
    moves = moves.assign(known_date=moves[["effective_date", "recorded_date"]].max(axis=1))
    gross = ledger["invoices"].set_index("invoice_id")["gross_minor"]
    upto = moves.groupby(["invoice_id", "known_date"])["amount_minor"].sum().groupby(level=0).cumsum()
    assert upto.ge(0).all(), seed
    assert upto.le(upto.index.get_level_values(0).map(gross)).all(), seed
    for table, key, code in (("payments", "payment_id", "payment"), ("credit_notes", "credit_note_id", "credit_note")):
        amount = ledger[table].set_index(key).iloc[:, :].pipe(_amounts)
        used = moves[moves["source_code"] == code].groupby("source_id")["amount_minor"].sum()
        whole = amount.reindex(used.index)
        assert (used.abs().le(whole.abs()) & (used * whole).ge(0)).all(), seed


def _amounts(frame: DataFrame) -> Series:
    return frame["amount_minor"] if "amount_minor" in frame else frame["gross_minor"]
