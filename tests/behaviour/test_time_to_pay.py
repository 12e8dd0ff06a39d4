"""Curves of time to pay: worked by hand, against plain definitions and lifelines, as-of correctness."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_ledger import random_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.items import ENDS, item_history
from riskresearch.behaviour.survival_curve import Durations, curves
from riskresearch.behaviour.time_to_pay import SURVIVAL, SURVIVAL_TABLES, TIME_TO_PAY, survival_tables

ORACLES = Path(__file__).parents[1] / "oracles"
START = -(2**31)


def _plain():
    spec = importlib.util.spec_from_file_location("survival_plain", ORACLES / "survival_plain.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.plain_curves


def _durations(exits, ends, *, entries=None, weights=None, owners=None):
    n = len(exits)
    return Durations(
        np.array(entries if entries is not None else [START] * n, dtype="int64"),
        np.array(exits, dtype="int64"),
        np.array(ends, dtype="int64"),
        np.array(weights if weights is not None else [1.0] * n, dtype="float64"),
        np.array(owners if owners is not None else range(n), dtype="int64"),
    )


def test_curve_by_hand():
    # five items: paid after 10, 20 and 20 days, credited after 20, still open after 15
    found = curves(_durations([10, 20, 20, 20, 15], [0, 0, 0, 1, -1]), n_ends=3, ages=np.array([5, 10, 15, 20, 30]))
    assert found.age.tolist() == [5, 10, 15, 20]  # nothing was seen after day 20
    assert found.n_at_risk.tolist() == [5, 5, 4, 3]
    assert found.share[:, 0] == pytest.approx([1, 0.8, 0.8, 0])
    assert found.share[:, 1] == pytest.approx([0, 0.2, 0.2, 0.2 + 0.8 * 2 / 3])
    assert found.share[:, 2] == pytest.approx([0, 0, 0, 0.8 / 3])


def test_an_item_open_when_the_ledger_begins_counts_from_its_age_then():
    # the second item enters at age 12: at day 10 only the first is at risk, at day 20 only the second
    found = curves(_durations([10, 20, 30], [0, 0, 0], entries=[START, 12, 12]), n_ends=1, ages=np.array([10, 20]))
    assert found.n_at_risk.tolist() == [1, 2]
    assert found.share[:, 0] == pytest.approx([0, 0])
    later = curves(_durations([10, 20, 30], [-1, 0, 0], entries=[START, 12, 12]), n_ends=1, ages=np.array([10, 20]))
    assert later.share[:, 0] == pytest.approx([1, 0.5])


ITEM = st.tuples(st.integers(-5, 12), st.integers(-1, 2), st.sampled_from([START, -3, 0, 4]), st.integers(1, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEM, min_size=1, max_size=25))
def test_curves_are_those_of_the_plain_definition(items):
    exits, ends, entries, weights = map(list, zip(*items, strict=True))
    ages = np.arange(-6, 13)
    found = curves(_durations(exits, ends, entries=entries, weights=weights), n_ends=3, ages=ages)
    expected = _plain()(exits, ends, entries, weights, n_ends=3, ages=found.age.tolist())
    assert found.share == pytest.approx(np.array(expected, dtype=float).reshape(-1, 4), abs=1e-12)
    assert found.share.sum(axis=1) == pytest.approx(np.ones(len(found.age)))
    told = ~np.isnan(found.low)
    assert (found.low[told] <= found.share[told] + 1e-12).all()
    assert (found.share[told] <= found.high[told] + 1e-12).all()


@pytest.mark.parametrize("name", ["plain", "late_entry", "weighted", "weighted_late_entry"])
def test_curves_are_those_of_lifelines(name):
    oracle = json.loads((ORACLES / "survival_lifelines.json").read_text(encoding="utf-8"))
    data, expected = oracle["data"], oracle["curves"][name]
    items = _durations(
        data["exit"],
        data["end"],
        entries=data["entry"] if "late_entry" in name else None,
        weights=data["weight"] if "weighted" in name else None,
    )
    found = curves(items, n_ends=3, ages=np.array(oracle["ages"]))
    assert found.share[:, 0] == pytest.approx(np.array(expected["open"]), abs=1e-9)
    if "weighted" in name:
        return  # lifelines takes weights for repeated items
    n = len(data["exit"])
    for side in ("low", "high"):  # Greenwood, but for the factor n / (n - 1) of customers
        ours = np.log(-np.log(getattr(found, side)[:, 0])) - np.log(-np.log(found.share[:, 0]))
        theirs = np.log(-np.log(np.array(expected[side]))) - np.log(-np.log(found.share[:, 0]))
        # exact without late entry; with it the jackknife also sees who was there at both ages
        assert ours == pytest.approx(theirs * np.sqrt(n / (n - 1)), rel=0.1 if name == "late_entry" else 1e-6)


def test_interval_of_a_competing_end_is_the_jackknife_over_customers():
    rng = np.random.default_rng(4)
    n, n_owners = 400, 60
    owner = rng.integers(0, n_owners, n)
    exits, ends = rng.integers(0, 60, n) + owner % 7, rng.choice([-1, 0, 0, 1, 2], n)
    entries = np.where(rng.random(n) < 0.2, 3, START)
    weights = rng.integers(1, 20, n).astype(float)
    keep = exits > entries
    items = _durations(exits[keep], ends[keep], entries=entries[keep], weights=weights[keep], owners=owner[keep])
    ages = np.array([10, 25, 40])
    found = curves(items, n_ends=3, ages=ages)
    left_out = np.array([curves(items.only(items.owner != o), n_ends=3, ages=ages).share for o in range(n_owners)])
    variance = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0) * (n_owners - 1) / n_owners
    reach = np.log(-np.log(found.low)) - np.log(-np.log(found.share))
    ours = (reach / 1.959964 * np.abs(np.log(found.share)) * found.share) ** 2
    assert np.sqrt(ours) == pytest.approx(np.sqrt(variance), rel=0.06)


def test_one_customer_has_no_interval():
    found = curves(_durations([1, 2, 3], [0, 0, 0], owners=[7, 7, 7]), n_ends=1, ages=np.array([1, 2]))
    assert np.isnan(found.low).all()


def test_items_of_one_customer_that_are_copies_do_not_narrow_the_interval():
    rng = np.random.default_rng(5)
    exits, ends = rng.integers(1, 30, 40), rng.choice([-1, 0, 0], 40)
    once = curves(_durations(exits, ends), n_ends=1, ages=np.array([15]))
    copies = curves(
        _durations(np.repeat(exits, 5), np.repeat(ends, 5), owners=np.repeat(range(40), 5)),
        n_ends=1,
        ages=np.array([15]),
    )
    assert (copies.low, copies.high) == (pytest.approx(once.low), pytest.approx(once.high))


def _ledger():
    rows = [
        {
            "id": f"I{i:02d}",
            "customer": f"C{i % 6}",
            "date": str((day("2024-01-10") + pd.Timedelta(days=i)).date()),
            "due": str((day("2024-02-09") + pd.Timedelta(days=i)).date()),
            "amount": 100.0 * (1 + i % 3),
        }
        for i in range(24)
    ]
    for i, row in enumerate(rows):
        settled = str((day(row["due"]) + pd.Timedelta(days=i % 12)).date())
        key = "paid" if i % 8 else "credited"
        if i % 6 != 5:
            row[key] = [[settled, row["amount"]]]
    rows[5]["written_off"] = [["2024-05-01", rows[5]["amount"]]]
    return small_ledger(rows)


def test_tables_count_every_item_and_add_up_to_one():
    history = item_history(tables_of(_ledger(), "2024-06-30")["movements"], as_of=day("2024-06-30"))
    sizes = pd.Series({f"C{i}": "small" if i < 3 else "large" for i in range(6)})
    found = survival_tables(history, {"size": sizes}, as_of=day("2024-06-30"))
    for table in SURVIVAL_TABLES:
        found[table.name] = check(found[table.name], table)
    curve, summary = found["survival"], found["time_to_pay"]
    sums = curve.groupby(["axis_code", "segment_code", "origin_code", "weight_code", "days"])["probability"].sum()
    assert np.allclose(sums, 1)
    whole = summary[(summary["axis_code"] == "portfolio") & (summary["origin_code"] == "due")].set_index("weight_code")
    assert whole.loc["count", ["n_items", "n_open"]].tolist() == [24, 3]
    assert whole.loc["count", "open_ratio_0d"] == pytest.approx(
        ((history["days_late_end"] > 0) | history["end_date"].isna()).mean()
    )
    assert whole.loc["count", "open_ratio_30d"] == pytest.approx(4 / 24)  # three open, one written off later
    assert summary.loc[summary["axis_code"] == "size", "reason_code"].eq("too_few_items").all()
    ended = curve[(curve["axis_code"] == "portfolio") & (curve["weight_code"] == "count") & (curve["days"] == 85)]
    lost = ended[(ended["origin_code"] == "due") & (ended["end_code"] == "lost")]["probability"]
    assert lost.tolist() == [pytest.approx(1 / 24)]


def test_open_items_raise_the_median_above_that_of_the_settled_ones():
    rows = [
        {
            "id": f"I{i:02d}",
            "customer": f"C{i}",
            "date": "2024-01-01",
            "due": "2024-01-31",
            "amount": 100.0,
            "paid": [["2024-01-21", 100.0]] if i < 12 else [],
        }
        for i in range(30)
    ]
    history = item_history(tables_of(small_ledger(rows), "2024-03-31")["movements"], as_of=day("2024-03-31"))
    summary = survival_tables(history, {}, as_of=day("2024-03-31"))["time_to_pay"].set_index(
        ["origin_code", "weight_code"]
    )
    assert summary.loc[("issue", "count"), "settled_median_days"] == 20
    assert np.isnan(summary.loc[("issue", "count"), "median_days"])  # 18 of 30 are still open


@pytest.mark.parametrize("seed", [1, 2])
def test_tables_are_the_same_whether_the_ledger_ends_on_the_day_or_later(seed):
    ledger = random_ledger(seed, n_invoices=60)
    seen = []
    for cut in ("2024-03-31", "2025-06-30"):
        history = item_history(tables_of(ledger, cut)["movements"], as_of=day("2024-03-31"))
        seen.append(survival_tables(history, {}, as_of=day("2024-03-31")))
    for name in ("survival", "time_to_pay"):
        pd.testing.assert_frame_equal(seen[0][name], seen[1][name])


def test_a_ledger_without_due_dates_says_so_and_an_empty_one_has_no_curve():
    rows = [{"id": f"I{i}", "customer": f"C{i}", "date": "2024-01-01", "amount": 10.0} for i in range(25)]
    history = item_history(tables_of(small_ledger(rows), "2024-03-31")["movements"], as_of=day("2024-03-31"))
    found = survival_tables(history, {}, as_of=day("2024-03-31"))
    by_due = found["time_to_pay"].set_index("origin_code").loc["due", "reason_code"]
    assert by_due.eq("no_due_date").all()
    check(found["survival"], SURVIVAL)
    nothing = survival_tables(history.iloc[:0], {}, as_of=day("2024-03-31"))
    assert check(nothing["time_to_pay"], TIME_TO_PAY)["reason_code"].eq("too_few_items").all()
    assert check(nothing["survival"], SURVIVAL).empty
    assert list(ENDS) == ["paid", "credited", "lost"]
