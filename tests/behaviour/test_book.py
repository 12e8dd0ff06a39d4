"""The book of a date: what is on account, segments, related companies, months back."""

import pandas as pd
import pytest
from random_ledger import random_ledger
from small_ledger import day, tables_of

from riskresearch.behaviour.book import book, months_before, oldest_first, prepare
from riskresearch.behaviour.settings import IndicatorSettings


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
