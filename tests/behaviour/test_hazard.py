"""Amount paths, habits of customers, grouped logit and hazard of payment."""

import numpy as np
import pandas as pd
import pytest
from receipts_ledger import habit_ledger
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from small_ledger import day, small_ledger, tables_of

from riskresearch.behaviour.receipts.habits import habits_on, month_place, prior_items, settled_items, weekday
from riskresearch.behaviour.receipts.hazard import SIZES, classes, daily_chances, experience, fit_hazard, life_table
from riskresearch.behaviour.receipts.logit import Cells, counted, fit_logit, packed, together
from riskresearch.behaviour.receipts.paths import (
    LOST,
    NEVER,
    NO_CASH,
    RECEIVED,
    half_paid_after,
    item_paths,
    number_of,
    open_on,
    received_by_week,
)


def _n(text):
    return number_of(pd.Timestamp(text))


def _paths(rows, as_of):
    return item_paths(tables_of(small_ledger(rows), as_of)["movements"], as_of=day(as_of))


PARTS = [
    {
        "id": "I1",
        "date": "2024-01-01",
        "due": "2024-01-31",
        "amount": 100,
        "paid": [["2024-02-05", 60], ["2024-02-20", 30, "2024-02-23"]],
        "written_off": [["2024-06-01", 10]],
    },
    {"id": "I2", "date": "2024-01-10", "due": "2024-02-09", "amount": 50, "credited": [["2024-02-12", 50]]},
    {"id": "I3", "date": "2024-01-10", "due": "2024-02-09", "amount": 80, "paid": [["2024-01-10", 80]]},
    {"id": "I4", "date": "2024-01-15", "due": None, "amount": 40, "customer": "C2"},
]


def test_a_part_payment_ends_a_span_and_what_is_left_starts_the_next():
    paths = _paths(PARTS, "2024-06-30")
    spans = paths.spans
    first = spans.item == list(paths.item_id).index("I1")
    assert spans.open[first].tolist() == [10_000, 4_000, 1_000]
    assert spans.start[first].tolist() == [_n("2024-01-01"), _n("2024-02-05"), _n("2024-02-23")]
    assert spans.end[first].tolist() == [_n("2024-02-05"), _n("2024-02-23"), _n("2024-06-01")]
    assert spans.shares[first][:, RECEIVED] == pytest.approx([0.6, 0.75, 0])
    assert spans.shares[first][:, LOST] == pytest.approx([0, 0, 1])
    assert spans.closes[first].tolist() == [False, False, True]
    credited = spans.item == list(paths.item_id).index("I2")
    assert spans.shares[credited][:, NO_CASH].tolist() == [1]
    assert not (spans.item == list(paths.item_id).index("I3")).any()  # never open in the evening
    endless = spans.item == list(paths.item_id).index("I4")
    assert spans.end[endless].tolist() == [NEVER]
    assert paths.due[list(paths.item_id).index("I4")] == _n("2024-01-15")


def test_open_amounts_and_receipts_of_a_day():
    paths = _paths(PARTS, "2024-06-30")
    items, amounts = open_on(paths, _n("2024-02-04"))
    assert dict(zip(paths.item_id[items], amounts, strict=True)) == {"I1": 10_000, "I2": 5_000, "I4": 4_000}
    weeks = received_by_week(paths, items, day=_n("2024-02-04"), n_weeks=3)
    assert weeks.tolist() == [[6_000, 0, 3_000], [0, 0, 0], [0, 0, 0]]  # a credit note is no receipt
    half = half_paid_after(paths, items, amounts, day=_n("2024-02-04"), n_days=21)
    assert half[0] == 1
    assert np.isnan(half[1:]).all()


def test_a_returned_payment_opens_the_item_again():
    row = {"id": "I1", "date": "2024-01-01", "due": "2024-01-31", "amount": 100}
    row |= {"paid": [["2024-02-05", 100]], "returned": [["2024-02-09", 100]], "paid_again": [["2024-03-01", 100]]}
    paths = _paths([row], "2024-06-30")
    assert paths.spans.start.tolist() == [_n("2024-01-01"), _n("2024-02-09")]
    assert paths.spans.end.tolist() == [_n("2024-02-05"), _n("2024-03-01")]
    assert paths.act_received.sum() == 10_000
    assert len(open_on(paths, _n("2024-02-07"))[0]) == 0


def test_mean_delay_is_drawn_to_that_of_all_customers_by_count():
    rows = [
        {
            "id": f"I{i}",
            "customer": customer,
            "date": "2024-01-01",
            "due": "2024-01-31",
            "amount": 10,
            "paid": [[str((day("2024-01-31") + pd.Timedelta(days=late)).date()), 10]],
        }
        for i, (customer, late) in enumerate([("C1", 4), ("C1", 6), ("C2", 20), ("C2", 22), ("C3", 30)])
    ]
    paths = _paths(rows, "2024-06-30")
    settled = settled_items(paths)
    habits = habits_on(paths, settled, day=_n("2024-06-30"))
    # within: 2 squares of 1 twice over 2 degrees of freedom = 2; between by moments
    means, counts = np.array([5.0, 21.0, 30.0]), np.array([2.0, 2.0, 1.0])
    overall = 82 / 5
    spread = (counts * (means - overall) ** 2).sum() / 2
    between = (spread - 2) / ((5 - 9 / 5) / 2)
    weight = max(2 / between, 0.5)
    assert prior_items(settled.customer, settled.delay) == pytest.approx(weight)
    assert habits.mean_delay == pytest.approx((means * counts + weight * overall) / (counts + weight))
    assert habits.last_delay.tolist() == [6, 22, 30]
    early = habits_on(paths, settled, day=_n("2024-02-05"))
    assert early.n_settled.tolist() == [1, 0, 0]
    assert early.last_delay[1] == 4  # of all customers, for want of one of its own


def test_a_payment_run_counts_once_among_the_pay_days():
    rows = [
        {"id": f"I{i}", "date": "2024-01-01", "due": "2024-01-31", "amount": 10, "paid": [["2024-02-01", 10]]}
        for i in range(9)
    ] + [{"id": "J", "date": "2024-01-01", "due": "2024-01-31", "amount": 10, "paid": [["2024-02-02", 10]]}]
    paths = _paths(rows, "2024-06-30")
    habits = habits_on(paths, settled_items(paths), day=_n("2024-06-30"))
    assert habits.weekday_log_ratio[0, 3] == pytest.approx(habits.weekday_log_ratio[0, 4])
    assert habits.n_settled.tolist() == [10]


def test_weekdays_and_places_in_the_month():
    days = pd.date_range("2023-12-01", "2024-03-31")
    numbers = np.array([number_of(d) for d in days])
    assert weekday(numbers).tolist() == [d.weekday() for d in days]
    expected = [0 if d.day <= 3 else 1 if 14 <= d.day <= 16 else 2 if d.day > d.days_in_month - 3 else 3 for d in days]
    assert month_place(numbers).tolist() == expected


def test_grouped_logit_is_that_of_scikit_learn_on_single_rows():
    rng = np.random.default_rng(7)
    sizes, n = (4, 3, 5), 4000
    levels = np.column_stack([rng.integers(0, size, n) for size in sizes])
    effect = [rng.normal(0, 1, size) for size in sizes]
    chance = expit(-1 + sum(e[levels[:, i]] for i, e in enumerate(effect)))
    event = (rng.random(n) < chance).astype(float)
    halves = [counted(packed(levels[part], sizes), event[part]) for part in (slice(0, 1500), slice(1500, n))]
    cells = together(*halves)
    assert (cells.n_rows.sum(), cells.n_events.sum()) == (n, event.sum())
    found = fit_logit(cells, sizes, ridge=2.0, start=np.zeros(sum(sizes) + 1))
    starts = np.cumsum((0, *sizes[:-1]))
    features = np.zeros((n, sum(sizes)))
    features[np.arange(n)[:, None], levels + starts] = 1
    oracle = LogisticRegression(C=0.5, tol=1e-10, max_iter=5000).fit(features, event)
    assert found[:-1] == pytest.approx(oracle.coef_[0], abs=1e-4)
    assert found[-1] == pytest.approx(oracle.intercept_[0], abs=1e-4)
    assert np.add.reduceat(found[:-1], starts) == pytest.approx(np.zeros(3), abs=1e-6)


def test_parts_of_events_weigh_as_parts():
    whole = Cells(np.array([0, 1]), np.array([40.0, 40.0]), np.array([10.0, 20.0]))
    parts = counted(np.repeat([0, 1], 40), np.repeat([0.25, 0.5], 40))
    start = np.zeros(3)
    assert fit_logit(parts, (2,), ridge=0.1, start=start) == pytest.approx(
        fit_logit(whole, (2,), ridge=0.1, start=start)
    )


def test_life_table_is_received_over_days_at_risk():
    rows = [
        {
            "id": f"I{i:02d}",
            "customer": f"C{i}",
            "date": "2024-01-01",
            "due": "2024-01-31",
            "amount": 10,
            "paid": [["2024-01-31", 10]] if i < 15 else [["2024-02-01", 5]] if i < 20 else [],
        }
        for i in range(40)
    ]
    paths = _paths(rows, "2024-02-02")
    habits = habits_on(paths, settled_items(paths), day=paths.first_day - 1)
    known = experience(paths, habits, until=_n("2024-02-02"))
    assert known.cells.n_rows.sum() == 40 * 30 + 25 + 25  # January, then what was left on 1 and 2 February
    assert known.cells.n_events.sum() == pytest.approx(15 + 5 * 0.5)
    table = life_table(known)
    items, _ = open_on(paths, _n("2024-01-15"))
    overall = 17.5 / (1250 + 1)
    on_due = daily_chances(table, paths, habits, items, _n("2024-01-31"))[:, RECEIVED]
    assert on_due == pytest.approx(np.full(40, (15 + overall) / 41))
    after = daily_chances(table, paths, habits, items, _n("2024-02-01"))[:, RECEIVED]
    assert after == pytest.approx(np.full(40, (2.5 + overall) / 26))


def test_experience_of_two_months_is_that_of_both_together_up_to_habits():
    moves = tables_of(habit_ledger(1, n_customers=4), "2024-03-31")["movements"]
    paths = item_paths(moves, as_of=day("2024-03-31"))
    habits = habits_on(paths, settled_items(paths), day=_n("2023-06-30"))
    whole = experience(paths, habits, until=_n("2023-08-31"))
    first = experience(paths, habits, until=_n("2023-07-31"))
    from_july = experience(paths, _moved(habits, _n("2023-07-31")), until=_n("2023-08-31"))
    both = first + from_july
    assert both.cells.key.tolist() == whole.cells.key.tolist()
    assert both.cells.n_rows == pytest.approx(whole.cells.n_rows)
    assert both.cells.n_events == pytest.approx(whole.cells.n_events)
    assert both.late_days == pytest.approx(whole.late_days)


def _moved(habits, to):
    return type(habits)(**{**vars(habits), "day": to})


def test_the_hazard_finds_the_customers_habits():
    moves = tables_of(habit_ledger(2), "2024-03-31")["movements"]
    paths = item_paths(moves, as_of=day("2024-03-31"))
    settled = settled_items(paths)
    known = None
    for month in pd.date_range("2023-01-31", "2024-03-31", freq="ME"):
        before = habits_on(paths, settled, day=max(number_of(month - pd.offsets.MonthEnd(1)), paths.first_day - 1))
        part = experience(paths, before, until=number_of(month))
        known = part if known is None else known + part
    hazard, now = fit_hazard(known), habits_on(paths, settled, day=_n("2024-03-31"))
    items, _ = open_on(paths, _n("2024-03-31"))
    even = items[(paths.customer[items] == 4) & (paths.due[items] < _n("2024-03-31"))]  # pays 8 days late, Thursdays
    by_day = [daily_chances(hazard, paths, now, even, _n("2024-04-01") + i)[:, RECEIVED].mean() for i in range(7)]
    assert int(np.argmax(by_day)) == 3  # 4 April 2024 is a Thursday
    assert by_day[3] > 3 * max(by_day[i] for i in (0, 1, 5, 6))
    assert hazard.late_rates[1:, 1].sum() > 0
    assert classes(paths, now, even, np.full(len(even), _n("2024-04-04"))).max(axis=0).tolist() < list(SIZES)
