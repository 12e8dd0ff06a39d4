"""The thirteen treatment rules of payment figures, one test each, named after the rule."""

import pandas as pd
import pytest
from ledger.fec_builder import Fec, Line
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.concentration import concentration
from riskresearch.behaviour.book import book, prepare, without_related
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.items import item_history
from riskresearch.behaviour.settings import IndicatorSettings
from riskresearch.ledger.fec import read_fec

INVOICE = {"id": "I1", "date": "2024-09-01", "due": "2024-10-01", "amount": 1000}


def _invoice(**acts):
    return INVOICE | acts


def _book(ledger, as_of):
    return book(prepare(tables_of(ledger, as_of)), as_of=day(as_of))


def _value(ledger, name, as_of="2024-11-30"):
    return INDICATORS[name].function(_book(ledger, as_of)).value


def _end(ledger, as_of="2024-11-30", **tolerance):
    return item_history(tables_of(ledger, as_of)["movements"], as_of=day(as_of), **tolerance).set_index("item_id")


def test_rule_01_a_credit_note_lowers_its_invoice_from_its_date_and_the_sales_of_its_own_month():
    ledger = small_ledger([_invoice(credited=[["2024-11-15", 400]], paid=[["2024-11-20", 600]])])
    assert _value(ledger, "open_amount", "2024-11-14") == 1000
    assert _value(ledger, "open_amount", "2024-11-15") == 600
    sales = _book(ledger, "2024-11-30").sales
    by_month = sales["base_minor"].groupby(sales["day"].dt.month).sum()
    assert by_month.to_dict() == {9: 100_000, 11: -40_000}
    assert _value(ledger, "days_to_pay") == 80
    assert _book(ledger, "2024-11-30").settlements["base_minor"].tolist() == [60_000]


def test_rule_01_a_credit_note_without_reference_stays_on_account_and_lowers_sales():
    note = {"id": "N1", "date": "2024-11-15", "amount": 400}
    now = _book(small_ledger([_invoice()], credit_notes=[note]), "2024-11-30")
    assert now.open_minor == 100_000
    assert now.unapplied.to_dict() == {"C1": 40_000}
    assert now.sales["base_minor"].sum() == 60_000


def test_rule_01_on_demand_a_credit_note_without_reference_is_taken_off_what_is_due_first():
    rows = [_invoice(id="I2", due="2024-10-02", amount=500), _invoice(amount=300)]
    ledger = small_ledger(rows, credit_notes=[{"id": "N1", "date": "2024-11-15", "amount": 400}])
    oldest_first = IndicatorSettings(on_account="oldest_first")
    now = book(prepare(tables_of(ledger, "2024-11-30")), as_of=day("2024-11-30"), settings=oldest_first)
    assert now.items.set_index("item_id")["open_minor"].to_dict() == {"I2": 40_000}
    assert now.unapplied.sum() == 0
    assert len(now.settlements) == 0


def test_rule_02_each_partial_payment_has_its_own_delay_and_weight_and_the_last_one_ends_the_invoice():
    ledger = small_ledger([_invoice(paid=[["2024-10-11", 600], ["2024-10-31", 399.99]])])
    settled = _book(ledger, "2024-11-30").settlements
    assert settled[["days_late", "base_minor"]].to_numpy().tolist() == [[10, 60_000], [30, 39_999]]
    assert _end(ledger).loc["I1", "open_minor"] == 1
    assert pd.isna(_end(ledger).loc["I1", "end_date"])
    for tolerance in ({"tolerance_minor": 1}, {"tolerance_ratio": 0.01}):
        assert _end(ledger, **tolerance).loc["I1", "end_date"] == day("2024-10-31")
    assert _end(ledger, tolerance_ratio=0.4).loc["I1", "end_date"] == day("2024-10-11")


def test_rule_03_unapplied_cash_changes_no_figure_of_items_and_stands_on_its_own_line():
    receipt = {"id": "R1", "date": "2024-11-20", "amount": 300}
    without, ledger = (small_ledger([_invoice()], receipts=rows) for rows in ([], [receipt]))
    for name in ("open_amount", "overdue_ratio", "days_to_pay", "days_beyond_terms_with_open", "dso_count_back_days"):
        assert _value(ledger, name) == _value(without, name)
    assert _value(ledger, "unapplied_amount") == 300
    assert _value(ledger, "open_net_amount") == 700


def test_rule_04_an_overpayment_is_credit_on_account_never_a_negative_invoice():
    paid = [{"day": "2024-10-01", "amount": 1000, "from": "R1"}]
    ledger = small_ledger([_invoice(paid=paid)], receipts=[{"id": "R1", "date": "2024-10-01", "amount": 1200}])
    now = _book(ledger, "2024-11-30")
    assert len(now.items) == 0
    assert now.unapplied.to_dict() == {"C1": 20_000}


def test_rule_05_a_returned_payment_counts_until_its_return_is_known():
    ledger = small_ledger([_invoice(paid=[["2024-10-01", 1000]], returned=[["2024-10-05", 1000, "2024-10-08"]])])
    assert _value(ledger, "open_amount", "2024-10-07") == 0
    assert _value(ledger, "days_to_pay", "2024-10-07") == 30
    assert _value(ledger, "open_amount", "2024-10-08") == 1000
    assert _value(ledger, "days_to_pay", "2024-10-08") is None
    assert _value(ledger, "returned_payment_ratio", "2024-10-08") == 1
    assert _value(ledger, "unapplied_amount", "2024-10-08") == 0


def test_rule_06_disputes_have_an_opening_and_a_closing_date_and_both_views_are_published():
    rows = [_invoice(), _invoice(id="I2", due="2024-12-31")]
    ledger = small_ledger(rows, disputes=[{"invoice": "I1", "opened": "2024-10-10", "closed": "2024-11-10"}])
    both = {
        as_of: (_value(ledger, "overdue_ratio", as_of), _value(ledger, "overdue_undisputed_ratio", as_of))
        for as_of in ("2024-10-09", "2024-10-10", "2024-11-09", "2024-11-10")
    }
    assert both == {"2024-10-09": (0.5, 0.5), "2024-10-10": (0.5, 0), "2024-11-09": (0.5, 0), "2024-11-10": (0.5, 0.5)}


def test_rule_07_a_write_off_ends_the_invoice_as_lost_not_as_paid():
    ledger = small_ledger([_invoice(paid=[["2024-10-01", 300]], written_off=[["2024-11-15", 700]])])
    end = _end(ledger).loc["I1"]
    assert (end["end_code"], end["end_date"], end["lost_minor"]) == ("lost", day("2024-11-15"), 70_000)
    assert _value(ledger, "open_amount") == 0
    assert _value(ledger, "days_to_pay") == 30
    assert _book(ledger, "2024-11-30").losses["base_minor"].sum() == 70_000


def test_rule_08_an_early_payment_discount_settles_the_invoice():
    ledger = small_ledger([_invoice(paid=[["2024-09-10", 980]], discount=[["2024-09-10", 20]])])
    end = _end(ledger).loc["I1"]
    assert (end["end_code"], end["open_minor"], end["days_to_end"]) == ("paid", 0, 9)
    assert _value(ledger, "days_to_pay") == 9
    assert _book(ledger, "2024-11-30").sales["base_minor"].sum() == 100_000


def test_rule_09_days_come_from_the_document_currency_amounts_from_the_issue_rate_exposure_from_the_current_rate():
    row = _invoice(currency="USD", paid=[["2024-10-11", 400]])
    rates = [("2024-08-30", 0.90), ("2024-10-10", 0.70), ("2024-11-25", 1.10), ("2024-12-02", 2.0)]
    ledger = small_ledger([row], fx_rates=[{"currency": "USD", "date": d, "rate": r} for d, r in rates])
    now = _book(ledger, "2024-11-30")
    assert now.settlements["base_minor"].tolist() == [36_000]
    assert _value(ledger, "days_beyond_terms") == 10
    assert _value(ledger, "open_amount") == 540
    assert _value(ledger, "open_current_rate_amount") == 660
    assert _value(ledger, "overdue_ratio") == 1
    paid = small_ledger(
        [row | {"paid": [["2024-10-11", 1000]]}], fx_rates=[{"currency": "USD", "date": "2024-08-30", "rate": 0.90}]
    )
    assert _value(paid, "open_amount") == 0


def test_rule_10_behaviour_is_that_of_the_legal_entity_concentration_that_of_the_group():
    rows = [
        _invoice(customer="C1", paid=[["2024-10-01", 500]]),
        _invoice(id="I2", customer="C2", paid=[["2024-10-31", 500]]),
        _invoice(id="I3", customer="C3"),
    ]
    ledger = small_ledger(rows, customers=[{"id": "C1", "group": "G"}, {"id": "C2", "group": "G"}, {"id": "C3"}])
    tables = tables_of(ledger, "2024-11-30")
    now = book(prepare(tables), as_of=day("2024-11-30"))
    entity = tables["customers"].set_index("customer_id").index.to_series()
    late = {name: INDICATORS["days_beyond_terms"].function(part).value for name, part in now.split(entity).items()}
    assert late == {"C1": 0, "C2": 30, "C3": None}
    group = tables["customers"].set_index("customer_id")["group_id"].fillna(entity)
    exposure = now.items.groupby("customer_id")["open_minor"].sum()
    by_group = concentration(exposure.groupby(group).sum(), [1]).set_index("measure_code")["value"]
    assert by_group["top_1_ratio"] == pytest.approx(0.5)
    assert by_group["n_effective"] == pytest.approx(2)


def test_rule_11_a_bill_of_exchange_is_no_cash_until_it_is_paid_and_the_exposure_remains(tmp_path):
    fec = Fec().sale("C1", "F1", 120_000, "2023-01-10", letter="A")
    fec.entry("OD", "2023-02-10", [Line("413000", 120_000, "C1", "B"), Line("411000", -120_000, "C1", "A")], piece="F1")
    fec.entry("BQ", "2023-04-10", [Line("512000", 120_000), Line("413000", -120_000, "C1", "B")], piece="F1")
    ledger = read_fec([fec.write(tmp_path)])
    assert _value(ledger, "open_amount", "2023-03-31") == 1200
    assert _value(ledger, "days_to_pay", "2023-03-31") is None
    assert _value(ledger, "open_amount", "2023-04-10") == 0
    assert _value(ledger, "days_to_pay", "2023-04-10") == 90


def test_rule_11_a_bill_that_names_no_customer_settles_the_invoice_but_is_no_receipt():
    ledger = small_ledger([_invoice(bill=[["2024-09-20", 1000]])])
    assert _value(ledger, "days_to_pay") is None
    assert _value(ledger, "on_time_ratio") is None


def test_rule_12_money_from_the_factor_is_no_payment_by_the_buyer():
    ledger = small_ledger([_invoice(factor=[["2024-09-05", 1000]]), _invoice(id="I2", paid=[["2024-10-11", 1000]])])
    assert _value(ledger, "open_amount") == 0
    assert _value(ledger, "days_to_pay") == 40
    assert _value(ledger, "on_time_ratio") == 0


def test_rule_13_companies_related_to_the_seller_stay_out_of_behaviour_and_are_counted():
    rows = [_invoice(customer="C1"), _invoice(id="I2", customer="C9", amount=9000, paid=[["2024-10-31", 4000]])]
    customers = [{"id": "C1"}, {"id": "C9", "type": "related"}]
    disputes = [{"invoice": "I2", "opened": "2024-10-05"}]
    tables = tables_of(small_ledger(rows, customers=customers, disputes=disputes), "2024-11-30")
    kept, left_out = without_related(tables)
    assert left_out.to_dict("records") == [
        {"reason_code": "related_company", "n_customers": 1, "n_invoices": 1, "open_amount": 5000.0}
    ]
    for name, frame in kept.items():
        assert "customer_id" not in frame or "C9" not in set(frame["customer_id"]), name
        assert "invoice_id" not in frame or "I2" not in set(frame["invoice_id"]), name
    assert len(tables["invoices"]) == 2
    now = book(prepare(kept), as_of=day("2024-11-30"))
    assert now.open_minor == 100_000
    assert INDICATORS["days_to_pay"].function(now).value is None
    assert INDICATORS["dispute_ratio"].function(now).value == 0
    none_related, nothing = without_related(kept)
    assert nothing.empty
    assert all(none_related[name].equals(kept[name]) for name in kept)
