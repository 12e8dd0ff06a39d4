"""Vintages: worked cases, an oracle invoice by invoice, as-of correctness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from random_ledger import random_ledger
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.behaviour.vintages import VINTAGES, VintageSettings, vintages

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "transitions" / "vintages.yaml").read_text(encoding="utf-8")
)


def _vintages(ledger, as_of, **settings):
    moves = tables_of(ledger, as_of)["movements"]
    return check(vintages(moves, VintageSettings(**settings), as_of=day(as_of)), VINTAGES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    found = _vintages(small_ledger(case["invoices"]), str(case["as_of"]))
    rows = found[found["issue_month_date"] == day(str(case["month"]))].set_index(["basis_code", "after_days"])
    for basis, cells in case["unpaid"].items():
        for days, expected in cells.items():
            row = rows.loc[(basis, days)]
            if isinstance(expected, str):
                assert row["reason_code"] == expected
                assert np.isnan(row["unpaid_ratio"])
            else:
                assert (row["net_amount"], row["unpaid_amount"]) == (case["net"], expected), (basis, days)
                assert row["unpaid_ratio"] == pytest.approx(expected / case["net"])
                assert pd.isna(row["reason_code"])


def test_an_item_without_a_due_date_is_left_out_of_its_month_and_counted():
    invoices = [
        {"id": "I1", "date": "2024-01-10", "amount": 100},
        {"id": "I2", "date": "2024-01-11", "due": "2024-02-11", "amount": 40},
    ]
    found = _vintages(small_ledger(invoices), "2024-12-31").set_index(["basis_code", "after_days"])
    by_due, by_issue = found.loc[("due_date", 0)], found.loc[("invoice_date", 0)]
    assert (by_due["n_items"], by_due["net_amount"], by_due["left_out_amount"]) == (1, 40, 100)
    assert (by_issue["n_items"], by_issue["net_amount"], by_issue["left_out_amount"]) == (2, 140, 0)


def test_items_carried_over_are_no_vintage():
    invoices = [
        {"id": "I1", "date": "2024-01-10", "due": "2024-01-31", "amount": 100, "kind": "opening_item"},
        {"id": "I2", "date": "2024-02-11", "due": "2024-02-29", "amount": 40},
    ]
    found = _vintages(small_ledger(invoices), "2024-12-31")
    assert found["issue_month_date"].unique().tolist() == [day("2024-02-01")]
    carried = _vintages(small_ledger(invoices[:1]), "2024-12-31")
    assert carried.empty


def _plain(tables, days, as_of):
    """Unpaid amounts added up invoice by invoice."""
    moves, rows = tables["movements"], []
    for _, item in moves[moves["movement_code"] == "invoice"].iterrows():
        acts = moves[moves["item_id"] == item["item_id"]]
        net = item["base_minor"] + acts.loc[acts["movement_code"] == "credit_note", "base_minor"].sum()
        for basis in ("due_date", "invoice_date"):
            for k in days:
                until = item[basis] + pd.Timedelta(days=k)
                paid = -acts.loc[(acts["movement_code"] == "payment") & (acts["effective_date"] <= until), "base_minor"]
                month = item["invoice_date"].replace(day=1)
                is_seen = until <= as_of and month + pd.offsets.MonthEnd(0) <= as_of
                rows.append((basis, month, k, max(net - paid.sum(), 0) / 100, net / 100, is_seen))
    columns = ["basis_code", "issue_month_date", "after_days", "unpaid", "net", "seen"]
    cells = pd.DataFrame(rows, columns=columns).groupby(columns[:3])
    return cells.agg({"unpaid": "sum", "net": "sum", "seen": "all"})


@pytest.mark.parametrize("seed", [1, 2])
def test_agrees_with_adding_up_invoice_by_invoice(seed):
    ledger, as_of, days = random_ledger(seed, n_invoices=120), "2024-09-30", (0, 15, 90)
    expected = _plain(tables_of(ledger, as_of), days, day(as_of))
    found = _vintages(ledger, as_of, vintage_days=days).set_index(["basis_code", "issue_month_date", "after_days"])
    assert set(found.index) == set(expected.index)
    both = found.join(expected)
    assert (both["unpaid_ratio"].notna() == (both["seen"] & (both["net"] > 0))).all()
    seen = both[both["unpaid_ratio"].notna()]
    assert len(seen) > 50
    assert seen["unpaid_amount"].to_numpy() == pytest.approx(seen["unpaid"].to_numpy())
    assert both["net_amount"].to_numpy() == pytest.approx(both["net"].to_numpy())


def test_without_returned_payments_the_unpaid_share_only_falls():
    found = _vintages(random_ledger(3, n_invoices=200), "2024-12-31", vintage_days=(0, 10, 20, 40, 80))
    shares = found.pivot_table(index=["basis_code", "issue_month_date"], columns="after_days", values="unpaid_ratio")
    steps = shares.diff(axis=1).to_numpy()[:, 1:]
    assert np.nanmax(steps) <= 1e-12
    assert np.nanmin(steps) < -0.01


def test_the_latest_months_are_shown():
    found = _vintages(random_ledger(3, n_invoices=200), "2024-10-15", vintage_months=4)
    assert sorted(found["issue_month_date"].unique()) == [day(f"2024-{m:02d}-01") for m in (7, 8, 9, 10)]


def test_later_acts_and_the_order_of_rows_change_nothing():
    ledger, as_of = random_ledger(5, n_invoices=150), "2024-06-30"
    expected = _vintages(ledger, as_of)
    moves = tables_of(ledger, "2024-12-31")["movements"]
    for later in (moves, shuffled({"movements": moves}, 2)["movements"]):
        found = check(vintages(later, VintageSettings(), as_of=day(as_of)), VINTAGES)
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("days", [[], [30, 0], [0, 0], [-1, 3]])
def test_wrong_numbers_of_days_are_refused(days):
    with pytest.raises(SettingsError, match="from 0 upwards, each once and in ascending order"):
        validated(VintageSettings, {"vintage_days": days}, where="behaviour")
