"""Electronic invoices and their life cycle, by hand: receipts, disputes, rejections, corrections."""

from pathlib import Path

import pytest
from pandas import Timestamp

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger

INVOICES = """BT-1,BT-2,BT-3,BT-5,BT-9,BT-25,BT-47,BT-44,BT-109,BT-112,BT-113,BT-72
F1,2026-09-02,380,EUR,2026-10-02,,732829320,Ets Durand,1000.00,1200.00,,2026-09-01
F2,2026-09-05,380,EUR,2026-10-05,,732829320,Ets Durand,500.00,600.00,,
A1,2026-09-20,381,EUR,,F2,732829320,Ets Durand,100.00,120.00,,
F3,2026-09-08,380,EUR,2026-10-08,,552100554,Ets Petit,100.00,120.00,,
F4,2026-09-09,380,EUR,2026-10-09,,552100554,Ets Petit,200.00,240.00,,
F5,2026-09-15,384,EUR,2026-10-15,F4,552100554,Ets Petit,150.00,180.00,,
F6,2026-09-16,393,EUR,2026-10-16,,552100554,Ets Petit,50.00,60.00,,
F7,2026-09-17,386,EUR,2026-09-17,,552100554,Ets Petit,50.00,60.00,60.00,
F8,2026-09-18,380,EUR,2026-10-18,,552100554,Ets Petit,10.00,12.00,,
"""
EVENTS = """BT-1,status,date,recorded,amount,reason
F1,deposee,2026-09-03,,,
F1,encaissee,2026-10-10,2026-10-12,700.00,
F1,encaissee,2026-11-03,2026-11-03,500.00,
F2,deposee,2026-09-05,,,
F2,en_litige,2026-09-12,,,quality
F2,litige_clos,2026-09-25,,,
F2,encaissee,2026-10-06,,480.00,
F3,deposee,2026-09-08,,,
F3,rejetee,2026-09-08,2026-09-09,,
F4,deposee,2026-09-09,,,
F4,refusee,2026-09-12,,,
F4,prise_en_charge,2026-09-10,,,
F6,encaissee,2026-09-20,,60.00,
F8,encaissee,2026-10-19,,20.00,
"""


def einvoice_ledger(folder: Path, invoices: str = INVOICES, events: str | None = EVENTS) -> Ledger:
    (folder / "invoices.csv").write_text(invoices, encoding="utf-8")
    if events is not None:
        (folder / "events.csv").write_text(events, encoding="utf-8")
    return read_ledger(folder)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return einvoice_ledger(tmp_path)


def settles(ledger: Ledger, invoice_id: str) -> list[tuple]:
    rows = ledger["allocations"][ledger["allocations"]["invoice_id"] == invoice_id].sort_values("effective_date")
    days = rows["effective_date"].dt.strftime("%m-%d")
    return list(zip(rows["source_code"], days, rows["amount_minor"] / 100, strict=True))


def test_it_is_recognised_and_everything_is_accounted_for(ledger: Ledger):
    assert ledger.mapping_name == "einvoice"
    checks = ledger.accounts["reconciliation"].set_index("check_code")
    assert (checks["difference_minor"].dropna() == 0).all()
    assert checks["expected_minor"]["einvoice_receipts"] == 700_00 + 500_00 + 480_00 + 60_00 + 60_00 + 20_00
    assert "status_dates_only" in set(ledger.accounts["gaps"]["gap_code"])


def test_due_and_delivery_dates_are_those_of_the_invoice(ledger: Ledger):
    invoice = ledger["invoices"].set_index("invoice_id").loc["F1"]
    assert (invoice["due_date"], invoice["due_date_source_code"]) == (Timestamp("2026-10-02"), "source")
    assert invoice["delivery_date"] == Timestamp("2026-09-01")
    assert (invoice["recorded_date"], invoice["net_minor"]) == (Timestamp("2026-09-03"), 100_000)


def test_encaissee_is_a_receipt_with_its_day_and_amount(ledger: Ledger):
    assert settles(ledger, "F1") == [("payment", "10-10", 700), ("payment", "11-03", 500)]
    first = ledger["payments"].set_index("payment_id").loc["P-F1-1"]
    assert (first["value_date"], first["recorded_date"]) == (Timestamp("2026-10-10"), Timestamp("2026-10-12"))


def test_a_receipt_above_the_invoice_leaves_the_rest_unapplied(ledger: Ledger):
    assert settles(ledger, "F8") == [("payment", "10-19", 12)]
    assert ledger["payments"].set_index("payment_id")["amount_minor"]["P-F8-1"] == 2_000


def test_a_credit_note_settles_the_invoice_it_names(ledger: Ledger):
    assert settles(ledger, "F2") == [("credit_note", "09-20", 120), ("payment", "10-06", 480)]


def test_a_dispute_lasts_until_a_status_ends_it(ledger: Ledger):
    disputes = ledger["disputes"].set_index("invoice_id")
    assert disputes.loc["F2", ["opened_date", "closed_date", "reason_code"]].tolist() == [
        Timestamp("2026-09-12"), Timestamp("2026-09-25"), "quality"]  # fmt: skip
    assert (disputes["reason_code"]["F4"], disputes["closed_date"].isna()["F4"]) == ("refused", True)


def test_a_rejected_invoice_was_never_issued(ledger: Ledger):
    assert "F3" not in set(ledger["invoices"]["invoice_id"])
    aside = ledger.accounts["set_aside"].iloc[0]
    assert (aside["reason_code"], aside["n_rows"], aside["base_minor"]) == ("rejected_by_platform", 1, 12_000)


def test_an_invoice_deposited_again_counts(tmp_path: Path):
    ledger = einvoice_ledger(tmp_path, events=EVENTS + "F3,deposee,2026-09-11,,,\n")
    assert ledger["invoices"].set_index("invoice_id")["recorded_date"]["F3"] == Timestamp("2026-09-11")


def test_a_corrected_invoice_takes_the_place_of_the_first(ledger: Ledger):
    assert settles(ledger, "F4") == [("credit_note", "09-15", 240)]
    note = ledger["credit_notes"].set_index("credit_note_id").loc["F4-replaced"]
    assert (note["gross_minor"], note["reason_code"]) == (24_000, "error")
    sales = ledger["invoices"].set_index("invoice_id")["gross_minor"]
    assert (sales["F5"], sales["F4"] - note["gross_minor"]) == (18_000, 0)


def test_cash_of_the_factor_is_no_payment_of_the_customer(ledger: Ledger):
    assert settles(ledger, "F6") == [("factor", "09-20", 60)]


def test_a_deposit_paid_before_is_settled_on_its_day(ledger: Ledger):
    assert settles(ledger, "F7") == [("payment", "09-17", 60)]
    assert ledger["invoices"].set_index("invoice_id")["invoice_kind_code"]["F7"] == "deposit"


def test_invoices_alone_are_a_ledger_where_nothing_is_known_to_be_paid(tmp_path: Path):
    ledger = einvoice_ledger(tmp_path, events=None)
    assert ledger["disputes"].empty
    assert set(ledger["payments"]["payment_id"]) == {"P-F7-1"}


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (EVENTS.replace("480.00", ""), r"life_cycle.amount: 1 of 14 rows .* tell a receipt without its amount"),
        (EVENTS.replace("F8,", "F88,"), r"life_cycle.invoice_number: 1 of 14 rows .* name an electronic invoice that"),
        (EVENTS.replace("refusee", "perdue"), r"life_cycle.status_code: 1 of 14 rows .*'perdue'. are not known codes"),
    ],
)
def test_one_clear_error(events: str, says: str, tmp_path: Path):
    with pytest.raises(LedgerError, match=says):
        einvoice_ledger(tmp_path, events=events)
