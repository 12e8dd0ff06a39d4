"""Every leak of default models that is known to us is refused at the door or found by the look-ahead detector."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from model import leaky_features
from model.leaky_ledger import leaky_ledger
from small_ledger import day
from typer.testing import CliRunner

from riskresearch.base.errors import RiskResearchError
from riskresearch.cli import app
from riskresearch.features.families import FEATURES
from riskresearch.features.lookahead import look_ahead, registered
from riskresearch.features.samples import OUTCOMES
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic.export import delivered
from riskresearch.ledger.tables import LEDGER_TABLES

pytestmark = pytest.mark.xdist_group("leaks")  # its ledgers are made once

DATES = [day("2024-03-31"), day("2024-06-30"), day("2024-08-31")]
HERE = Path(__file__).parent
TOUCHED = {
    "accounts_age_months", "credit_note_ratio_12m", "dispute_ratio_12m", "insurer_granted_ratio", "limit_use_ratio",
    "n_formal_reminders_6m", "n_legal_events_24m", "net_worth_ratio", "overdue_ratio", "rating_ratio",
    "sector_default_ratio_12m", "terms_days_mean_12m",
}  # fmt: skip
PAGE = re.sub(r"\s+", " ", (HERE.parents[1] / "docs" / "leaks.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ledger():
    return leaky_ledger()


@pytest.fixture(scope="module")
def folder(ledger, tmp_path_factory):
    """The ledger as a folder of canonical CSV files."""
    where = tmp_path_factory.mktemp("leaky")
    for table in LEDGER_TABLES:
        if len(ledger[table.name]):
            delivered(ledger[table.name], table).to_csv(where / f"{table.name}.csv", index=False)
    return where


@pytest.fixture(scope="module")
def found(ledger):
    """What the detector says of all leaks at once."""
    return look_ahead(leaky_features.every_leak, ledger, dates=DATES)


@pytest.mark.parametrize("name", leaky_features.LEAKS)
def test_a_leak_is_found(found, name):
    own = found[found["feature_code"] == name]
    assert not own["is_clean"].all()
    assert own.loc[~own["is_clean"], "first_keys"].str.contains("C1").any()


def test_the_honest_twins_are_not_found(ledger):
    found = look_ahead(leaky_features.every_leak_as_known, ledger, dates=DATES)
    assert len(found) == len(leaky_features.LEAKS) * len(DATES)
    assert found["is_clean"].all()
    assert (found["n_values"] > 0).all()


@pytest.fixture(scope="module")
def said(folder):
    """What the command prints of all leaks."""
    own = f"{HERE / 'leaky_features.py'}:every_leak"
    result = CliRunner().invoke(app, ["lookahead", "--ledger", str(folder), "--dates", "4", "--python", own])
    assert result.exit_code == 1
    return result.stdout


@pytest.mark.parametrize("name", leaky_features.LEAKS)
def test_the_command_names_the_leak_as_the_page_quotes_it(said, name):
    (line,) = [line for line in said.splitlines() if line.startswith(name)]
    assert "LOOKS AHEAD" in line
    assert " ".join(line.split()) in PAGE


def test_the_command_counts_the_leaks_as_the_page_quotes_it(said):
    assert said.splitlines()[-1] in PAGE


def test_no_registered_feature_falls_for_any_of_it(ledger):
    found = look_ahead(registered(), ledger, dates=DATES)
    assert found.loc[~found["is_clean"], "feature_code"].tolist() == []
    tried = set(found.loc[found["n_values"] > 0, "feature_code"])
    assert tried >= TOUCHED


def test_an_end_date_written_later_changes_nothing_before_it(ledger):
    """The ledger keeps one state of the end of a limit, so no feature may use an end that lies ahead."""
    limits = ledger["limits"]
    ended = limits.assign(end_date=limits["end_date"].mask(limits["customer_id"] == "C2", day("2024-05-15")))
    cut = replace(ledger, tables=ledger.tables | {"limits": ended})
    make = registered([name for name in FEATURES.names if "limit" in name or "insurer" in name])
    before, after = DATES[:1], DATES[1:2]
    pd.testing.assert_frame_equal(*(make(known(one, before), before) for one in (ledger, cut)))
    assert not make(known(ledger, after), after).equals(make(known(cut, after), after))


def known(ledger, dates):
    return known_tables(ledger, DefaultSettings(), as_of=dates[-1])


def test_no_outcome_is_a_feature():
    assert not {*OUTCOMES, "months_to_default", "sample_code", "is_new_customer"} & set(FEATURES.names)


INVOICES = """
mapping: ours
sources:
  - name: invoices
    file: invoices.csv
    rows: flat
    format: &form {separator: ";", decimal: ".", dates: [DD/MM/YYYY]}
    columns:
      invoice_id: number
      customer_id: customer
      invoice_date: issued
      due_date: due
      gross_amount: amount
      currency_code: currency
      payment_date: paid
"""
ROWS = """number;customer;issued;due;amount;currency;paid;disputed;rating;closed;provider;accounts;worth;step
F1;C1;16/01/2024;15/02/2024;100.50;EUR;;Yes;D;1;bank;31/12/2023;-3.00;warning
F2;C2;16/01/2024;15/02/2024;100.50;EUR;25/02/2024;No;A;0;bank;31/12/2023;8.00;reminder
"""
SECOND = """
  - {{name: {0}, file: invoices.csv, rows: {0}, format: {{separator: ";", dates: [DD/MM/YYYY]}}, columns: {1}}}
"""
REFUSED = {
    "disputed flag as a column of the invoice": INVOICES + "      is_disputed: disputed\n",
    "disputes without a date": INVOICES
    + SECOND.format("disputes", "{dispute_id: number, invoice_id: number, customer_id: customer}"),
    "rating of today as master data": INVOICES + "      rating_code: rating\n",
    "ratings without a date": INVOICES
    + SECOND.format("ratings", "{customer_id: customer, provider_code: provider, rating_code: rating}"),
    "closed flag as master data": INVOICES + "      is_closed: closed\n",
    "accounts without the day of publication": INVOICES
    + SECOND.format("financials", "{customer_id: customer, period_end_date: accounts, net_worth_amount: worth}"),
    "dunning stage of today": INVOICES
    + SECOND.format("reminders", "{reminder_id: number, customer_id: customer, action_code: step}"),
    "limit of today": INVOICES
    + SECOND.format("limits", "{limit_id: number, customer_id: customer, base_amount: amount}").replace(
        "columns:", "constants: {limit_kind_code: internal}, columns:"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_bears_no_date_is_refused_with_the_message_of_the_page(tmp_path, case):
    files = tmp_path / "files"
    files.mkdir()
    (files / "invoices.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(REFUSED[case], encoding="utf-8")
    with pytest.raises(RiskResearchError) as refused:
        read_ledger(files, mapping=tmp_path / "ours.yaml")
    said = str(refused.value).partition(";")[0]
    assert f"`{said}" in PAGE


def test_the_same_files_are_read_where_nothing_undated_is_asked_for(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "invoices.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(INVOICES, encoding="utf-8")
    read = read_ledger(tmp_path / "files", mapping=tmp_path / "ours.yaml")
    assert len(read["invoices"]) == 2
    assert read["disputes"].empty


def test_a_borrowed_date_is_believed_as_the_page_admits(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "invoices.csv").write_text(ROWS, encoding="utf-8")
    borrowed = "{dispute_id: number, invoice_id: number, customer_id: customer, opened_date: issued}"
    (tmp_path / "ours.yaml").write_text(INVOICES + SECOND.format("disputes", borrowed).lstrip("\n"), encoding="utf-8")
    assert len(read_ledger(tmp_path / "files", mapping=tmp_path / "ours.yaml")["disputes"]) == 2
    assert "**A date that is borrowed.**" in PAGE


@pytest.fixture(scope="module")
def late_payments(shared_data):
    return read_ledger(shared_data / "ibm_late_payment", mapping="ibm_late_payment")


def test_disputed_of_the_late_payment_file_is_refused_and_left_out_by_its_mapping(shared_data, late_payments, tmp_path):
    assert late_payments["disputes"].empty
    own = (HERE.parents[1] / "config" / "mappings" / "ibm_late_payment.yaml").read_text(encoding="utf-8")
    asked = own.replace("payment_date: SettledDate", "payment_date: SettledDate\n      is_disputed: Disputed")
    (tmp_path / "asked.yaml").write_text(asked, encoding="utf-8")
    with pytest.raises(RiskResearchError, match=r"unknown targets \['is_disputed'\]"):
        read_ledger(shared_data / "ibm_late_payment", mapping=tmp_path / "asked.yaml")


@pytest.mark.parametrize("name", ["customer_mean", "settlement_date", "final_status"])
def test_leaks_on_the_late_payment_file_are_found(late_payments, name):
    dates = [day("2012-12-31"), day("2013-06-30")]
    found = look_ahead(getattr(leaky_features, name), late_payments, dates=dates)
    assert (found["n_different"] >= 50).all()
    assert look_ahead(getattr(leaky_features, f"{name}_as_known"), late_payments, dates=dates)["is_clean"].all()
