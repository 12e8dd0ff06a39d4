"""Worked cases from files: the shipped ones agree, a wrong figure is shown, mistakes are named."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.cli import app
from riskresearch.pipeline.cases import agreement_text, check_cases, read_cases

PROJECT = Path(__file__).parents[2]
SHIPPED = PROJECT / "tests" / "cases" / "behaviour"
CASE = """
- name: one invoice paid in part
  invoices: [{id: I1, date: 2024-09-01, due: 2024-10-01, amount: 1000, paid: [[2024-10-11, 600]]}]
  as_of: 2024-11-30
  expected: {open_amount: %s, days_beyond_terms: 10}
  reasons: {dso_simple_days: no_sales_in_window}
  ageing: {"31_60": 400, not_due: 0}
"""


def _write(folder, text):
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_cases_agree():
    lines = check_cases(SHIPPED / "collection.yaml")
    assert len(lines) > 5
    assert [line for line in lines if not line.agrees] == []


def test_every_indicator_has_a_worked_case():
    cases = [case for file in SHIPPED.glob("*.yaml") for case in read_cases(file)]
    worked = {name for case in cases for name, value in case.get("expected", {}).items() if value is not None}
    assert worked == set(INDICATORS.names)


def test_agreement_of_a_file_of_ones_own(tmp_path):
    lines = check_cases(_write(tmp_path, CASE % "400"))
    assert [line.figure for line in lines][-2:] == ["ageing 31_60", "ageing not_due"]
    assert all(line.agrees for line in lines)
    assert agreement_text(lines).endswith("5 figures, 0 differ")


def test_a_figure_that_differs_is_shown_and_fails_the_command(tmp_path):
    done = CliRunner().invoke(app, ["cases", str(_write(tmp_path, CASE % "401"))])
    assert done.exit_code == 1
    assert "DIFFERS" in done.stdout
    assert "5 figures, 1 differ" in done.stdout


def test_a_case_may_name_a_delivered_ledger(tmp_path):
    ledger = (PROJECT / "data" / "demo").as_posix()
    text = f"- name: demo\n  ledger: {ledger}\n  as_of: 2025-12-31\n  expected: {{open_amount: 1}}\n"
    (line,) = check_cases(_write(tmp_path, text))
    assert not line.agrees
    assert line.found > 1_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: no list", "write a list of cases"),
        ("- {name: a, as_of: 2024-01-31}", "lacks expected, reasons or ageing"),
        ("- {expected: {}}", "lacks name, as_of"),
        ("- {name: a, as_of: 2024-01-31, invoices: [], settings: {grace: 1}, expected: {open_amount: 0}}", "grace"),
        ("- {name: a, as_of: 2024-01-31, invoices: [], ageing: {31_60: 4}}", "no bucket 3160"),
        ("- {name: a, as_of: 2024-01-31, invoices: [], expected: {turnover_days: 3}}", "no indicator turnover_days"),
    ],
)
def test_mistakes_in_a_case_are_named(tmp_path, text, words):
    with pytest.raises(SettingsError, match=words):
        check_cases(_write(tmp_path, text))


def test_a_wrong_key_and_a_missing_file_are_named(tmp_path):
    rows = "invoices: [{id: I, date: 2024-01-01, amont: 3}], expected: {open_amount: 3}"
    with pytest.raises(LedgerError, match="amont"):
        check_cases(_write(tmp_path, f"- {{name: a, as_of: 2024-01-31, {rows}}}"))
    with pytest.raises(SettingsError, match="no such file"):
        check_cases(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_cases(tmp_path / "none.yaml")
