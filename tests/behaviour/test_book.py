"""The book of a date: what is on account, segments, related companies, months back."""

import pandas as pd
import pytest
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.behaviour.book import book, months_before, oldest_first, prepare
from riskresearch.behaviour.settings import IndicatorSettings
from riskresearch.ledger.movements import movements
from riskresearch.ledger.worked import worked_ledger


def _items(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "due_date", "open_minor"])
    due = pd.to_datetime(frame["due_date"]).astype("datetime64[us]")
    return frame.assign(due_date=due, invoice_date=day("2024-01-01"), document_minor=frame["open_minor"])


def test_what_is_on_account_goes_to_the_items_due_first():
    items = _items(
        [
            ["A", "I1", "2024-05-01", 100],
            ["A", "I2", "2024-03-01", 80],
            ["A", "I3", None, 50],
            ["B", "I4", "2024-01-01", 70],
        ]
    )
    left, rest = oldest_first(items, pd.Series({"A": 100, "C": 5}, name="base_minor"))
    assert left.set_index("item_id")["open_minor"].to_dict() == {"I1": 80, "I3": 50, "I4": 70}
    assert left["document_minor"].tolist() == left["open_minor"].tolist()
    assert rest.to_dict() == {"C": 5}


def test_more_on_account_than_owed_stays_on_account_and_no_item_is_negative():
    left, rest = oldest_first(_items([["A", "I1", "2024-05-01", 100]]), pd.Series({"A": 130}))
    assert left.empty
    assert rest.to_dict() == {"A": 30}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_netting_moves_amounts_and_loses_none(seed):
    acts = prepare(tables_of(random_ledger(seed), "2024-10-31"))
    shown = book(acts, as_of=day("2024-10-31"))
    netted = book(acts, as_of=day("2024-10-31"), settings=IndicatorSettings(on_account="oldest_first"))
    assert shown.open_minor - shown.unapplied.sum() == netted.open_minor - netted.unapplied.sum()
    assert (netted.items["open_minor"] > 0).all()


@pytest.mark.parametrize("seed", [4, 5])
def test_a_split_keeps_every_row(seed):
    now = book(prepare(tables_of(random_ledger(seed), "2024-10-31")), as_of=day("2024-10-31"))
    customers = sorted(set(now.sales["customer_id"]))
    labels = pd.Series({name: "even" if i % 2 else "odd" for i, name in enumerate(customers[:-1])})
    parts = now.split(labels)
    assert set(parts) == {"even", "odd", "unknown"}
    for name in ("items", "sales", "settlements", "unapplied"):
        assert sum(len(getattr(part, name)) for part in parts.values()) == len(getattr(now, name))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2024-03-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-03-15", 3, "2023-12-15"),
        ("2024-04-30", 1, "2024-03-31"),
    ],
)
def test_months_before(start, months, expected):
    assert months_before(day(start), months) == day(expected)


def _moves(rows):
    """Movements of one invoice of 100: code, receipt, known day, amount."""
    return pd.DataFrame(
        [
            {
                "movement_id": f"A:{n}",
                "customer_id": "C1",
                "invoice_id": "I1",
                "item_id": "I1",
                "movement_code": code,
                "effective_date": day(known),
                "known_date": day(known),
                "invoice_date": day("2024-01-01"),
                "due_date": day("2024-02-01"),
                "invoice_kind_code": "invoice",
                "receipt_id": receipt,
                "currency_code": "EUR",
                "document_minor": amount,
                "base_minor": amount,
            }
            for n, (code, receipt, known, amount) in enumerate(rows)
        ]
    )


def _paid(rows, as_of):
    tables = tables_of(random_ledger(1), "2024-12-31") | {
        "movements": _moves([("invoice", None, "2024-01-01", 100), *rows])
    }
    found = book(prepare(tables), as_of=day(as_of)).settlements
    return found["base_minor"].tolist(), found["is_part"].tolist()


def test_what_is_taken_back_of_a_receipt_is_taken_back_once():
    rows = [
        ("payment", "P1", "2024-02-01", -60),
        ("payment", "P1", "2024-02-01", -40),
        ("payment", "P1", "2024-02-10", 40),
    ]
    assert _paid(rows, "2024-03-31")[0] == [60]


def test_a_receipt_matched_again_counts_once():
    rows = [
        ("payment", "P1", "2024-02-01", -100),
        ("payment", "P1", "2024-02-10", 100),
        ("payment", "P1", "2024-02-12", -100),
    ]
    assert _paid(rows, "2024-03-31")[0] == [100]


def test_a_return_counts_from_the_day_it_is_known():
    rows = [
        ("payment", "P1", "2024-02-01", -100),
        ("payment", "P1", "2024-07-01", 10),
        ("payment", "P1", "2024-11-01", 90),
    ]
    assert [_paid(rows, on)[0] for on in ("2024-06-30", "2024-08-31", "2024-11-30")] == [[100], [90], []]


@pytest.mark.parametrize("first", ["payment", "discount"])
def test_a_rest_settled_on_the_same_day_is_no_part_payment(first):
    rows = [("payment", "P1", "2024-02-01", -98), ("discount", None, "2024-02-01", -2)]
    assert _paid(rows if first == "payment" else rows[::-1], "2024-03-31")[1] == [False]


def test_the_customer_of_the_invoice_owes_it_whoever_pays():
    case = {
        "invoices": [{"id": "I1", "customer": "A", "date": "2024-01-01", "amount": 100, "paid": [["2024-02-01", 100]]}],
        "customers": [{"id": "A"}, {"id": "B"}],
    }
    ledger = worked_ledger(case)
    tables = dict(ledger.tables)
    tables["allocations"] = tables["allocations"].assign(customer_id="B")
    assert set(movements(tables)["customer_id"]) == {"A"}


def test_a_prepayment_is_on_account_until_its_invoice_is_known():
    rows = [{"id": "I1", "date": "2024-06-20", "amount": 500, "paid": [["2024-06-01", 500]]}]
    later = prepare(tables_of(small_ledger(rows), "2024-12-31"))
    assert book(later, as_of=day("2024-06-10")).unapplied.sum() == 50000
    assert book(later, as_of=day("2024-06-20")).unapplied.sum() == 0
