"""Items: instalments, ends, tolerance, returned payments, as-of correctness."""

import pandas as pd
import pytest
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.behaviour.items import item_history


def _history(invoices, as_of, **options):
    tables = tables_of(small_ledger(invoices), as_of)
    return item_history(tables["movements"], as_of=day(as_of), **options).set_index("item_id")


def test_the_end_is_the_act_that_brought_the_open_amount_to_nothing():
    found = _history(
        [
            {
                "id": "I1",
                "date": "2024-09-01",
                "due": "2024-10-01",
                "amount": 100,
                "paid": [["2024-10-11", 60], ["2024-10-31", 40]],
            }
        ],
        "2024-11-30",
    ).loc["I1"]
    assert found["end_code"] == "paid"
    assert (found["days_to_end"], found["days_late_end"], found["open_minor"]) == (60, 30, 0)


def test_the_end_names_what_settled_most():
    found = _history(
        [
            {
                "id": "I1",
                "date": "2024-09-01",
                "amount": 100,
                "paid": [["2024-10-11", 40]],
                "credited": [["2024-10-20", 60]],
            },
            {
                "id": "I2",
                "date": "2024-09-01",
                "amount": 100,
                "paid": [["2024-10-11", 40]],
                "written_off": [["2024-10-20", 60]],
            },
            {"id": "I3", "date": "2024-09-01", "amount": 100},
        ],
        "2024-11-30",
    )
    assert found.loc[["I1", "I2"], "end_code"].tolist() == ["credited", "lost"]
    assert found.loc["I3", ["end_date", "days_to_end"]].isna().all()


def test_a_returned_payment_opens_the_item_again():
    rows = [
        {
            "id": "I1",
            "date": "2024-09-01",
            "due": "2024-10-01",
            "amount": 100,
            "paid": [["2024-10-01", 100]],
            "returned": [["2024-10-05", 100]],
            "paid_again": [["2024-10-21", 100]],
        }
    ]
    assert _history(rows, "2024-10-04").loc["I1", "days_late_end"] == 0
    assert _history(rows, "2024-10-05").loc["I1", "open_minor"] == 10000
    assert pd.isna(_history(rows, "2024-10-05").loc["I1", "end_date"])
    assert _history(rows, "2024-11-30").loc["I1", "days_late_end"] == 20


@pytest.mark.parametrize(("ratio", "minor", "ended"), [(0.0, 0, False), (0.01, 0, True), (0.0, 100, True)])
def test_tolerance(ratio, minor, ended):
    rows = [{"id": "I1", "date": "2024-09-01", "due": "2024-10-01", "amount": 100, "paid": [["2024-10-11", 99.2]]}]
    found = _history(rows, "2024-11-30", tolerance_ratio=ratio, tolerance_minor=minor).loc["I1"]
    assert pd.notna(found["end_date"]) == ended


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_later_acts_change_nothing_and_amounts_add_up(seed):
    ledger = random_ledger(seed)
    then = item_history(tables_of(ledger, "2024-03-31")["movements"], as_of=day("2024-03-31"))
    later = item_history(tables_of(ledger, "2024-12-31")["movements"], as_of=day("2024-03-31"))
    pd.testing.assert_frame_equal(then, later)
    settled = then[["paid_minor", "credited_minor", "lost_minor", "open_minor"]].sum(axis=1)
    assert (settled == then["base_minor"]).all()
