"""Late payment of an invoice: no look-ahead, figures on the public ledgers."""

import pandas as pd
import pytest
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger
from riskresearch.model.late_payment import _HISTORY, _INVOICE, invoice_panel, late_payment
from riskresearch.model.settings import ModelSettings


@pytest.mark.parametrize("seed", [1, 2])
def test_history_of_an_invoice_is_the_same_seen_on_its_day_and_later(seed):
    ledger = random_ledger(seed, n_invoices=60)
    late = invoice_panel(tables_of(ledger, "2025-06-30")["movements"], as_of=day("2025-06-30"))
    for cut in ("2023-09-30", "2024-04-30"):
        early = invoice_panel(tables_of(ledger, cut)["movements"], as_of=day(cut))
        both = early.merge(late, on="item_id", suffixes=("", "_late"))
        assert len(both) == len(early) > 0
        for name in (*_HISTORY, *_INVOICE):
            pd.testing.assert_series_equal(both[name], both[f"{name}_late"], check_names=False)


def test_history_by_hand():
    ledger = small_ledger(
        [
            {"id": "I1", "date": "2024-01-01", "due": "2024-01-31", "amount": 100, "paid": [["2024-02-10", 100]]},
            {"id": "I2", "date": "2024-01-15", "due": "2024-02-15", "amount": 300, "paid": [["2024-02-12", 300]]},
            {"id": "I3", "date": "2024-02-11", "due": "2024-03-11", "amount": 500},
            {"id": "I4", "date": "2024-02-13", "due": "2024-03-13", "amount": 700},
        ]
    )
    rows = invoice_panel(tables_of(ledger, "2024-04-30")["movements"], as_of=day("2024-04-30")).set_index("item_id")
    third, fourth = rows.loc["I3"], rows.loc["I4"]
    assert (third["n_paid"], third["days_mean"], third["late_mean"], third["n_open"]) == (1, 10, 1, 1)
    assert (fourth["n_paid"], fourth["days_mean"], fourth["late_mean"], fourth["n_open"]) == (2, 3.5, 0.5, 1)
    assert fourth["open_minor"] == 50_000
    assert rows["is_late"].tolist() == [True, False, True, True]
    assert rows.loc["I3", "decided_date"] == day("2024-03-12")


def test_too_few_invoices_are_said():
    found = late_payment(
        {"movements": tables_of(random_ledger(1), "2024-12-31")["movements"]}, ModelSettings(), as_of=day("2024-12-31")
    )["late_payment"]
    assert found["reason_code"].tolist() == ["too_few_invoices"]


def _figures(folder, mapping, as_of, start, wanted=None):
    ledger = read_ledger(folder, mapping=mapping)
    tables = cut_ledger(ledger, as_of=day(as_of))
    moves = movements(tables)
    if wanted is not None:
        moves = moves[moves["invoice_id"].isin(wanted(tables))]
    found = late_payment({"movements": moves}, ModelSettings(), as_of=day(as_of), test_start=day(start))["late_payment"]
    return found.set_index(["model_code", "measure_code"])["value"], found["n_invoices"].max()


def test_highradius_out_of_time(shared_data):
    found, n = _figures(
        shared_data / "highradius_ar",
        "highradius",
        "2020-03-20",
        "2019-10-01",
        lambda tables: tables["allocations"]["invoice_id"],
    )
    assert n == 9335
    assert found["lightgbm", "late_auc"] >= 0.83
    assert found["lightgbm", "delay_mae"] <= 2.85
    assert found["customer_history", "late_auc"] == pytest.approx(0.78, abs=0.01)  # published to two digits
    assert found["customer_history", "delay_mae"] == pytest.approx(3.26, abs=0.06)  # published with another cut


def test_ibm_out_of_time_is_no_better_than_an_honest_model_can_be(shared_data):
    found, _ = _figures(shared_data / "ibm_late_payment", "ibm_late_payment", "2014-01-09", "2013-08-01")
    best = max(found["lightgbm", "late_auc"], found["logistic", "late_auc"])
    assert 0.85 <= best <= 0.88
