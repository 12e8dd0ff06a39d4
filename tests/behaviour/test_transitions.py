"""Transitions: worked cases, identities, tests of the matrix, as-of correctness."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from random_ledger import random_ledger
from scipy.stats import chi2_contingency
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.absorption import ABSORPTION
from riskresearch.behaviour.book import book, observation_dates, prepare
from riskresearch.behaviour.distributions import ageing
from riskresearch.behaviour.flows import OPEN_STATES, STATES, flows
from riskresearch.behaviour.intervals import influence_variance
from riskresearch.behaviour.markov import absorbed, absorption_influence, chapman_kolmogorov, matrix, stationarity
from riskresearch.behaviour.transitions import (
    ROLL_RATES,
    TRANSITION_TESTS,
    TRANSITIONS,
    TransitionSettings,
    transition_tables,
)

FOLDER = Path(__file__).parents[1] / "cases" / "transitions"
ENDS_CASES, MOVE_CASES = (
    yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")) for name in ("absorption", "moves")
)
TABLES = (TRANSITIONS, ROLL_RATES, ABSORPTION, TRANSITION_TESTS)


def _names(cases):
    return [case["name"] for case in cases]


def _tables(ledger, as_of, **settings):
    moves = tables_of(ledger, as_of)["movements"]
    return transition_tables(moves, TransitionSettings(**settings), as_of=day(as_of))


def _moves(rows):
    return {
        source: {row.to_code: pytest.approx(row.amount) for row in part.itertuples()}
        for source, part in rows.groupby("from_code")
    }


@pytest.mark.parametrize("case", ENDS_CASES, ids=_names(ENDS_CASES))
def test_ends_by_hand(case):
    found = absorbed(np.array(case["open_states"], dtype=float), np.array(case["ends"], dtype=float))
    amounts = np.array(case["open"]) @ found.ratio
    assert amounts[:-1] == pytest.approx(case["expected"], abs=0.005)
    assert amounts[-1] == pytest.approx(case["stuck"])
    assert found.ratio.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("case", MOVE_CASES, ids=_names(MOVE_CASES))
def test_moves_by_hand(case):
    moves = tables_of(small_ledger(case["invoices"]), "2024-12-31")["movements"]
    found = flows(moves, dates=[day("2024-04-30"), day("2024-05-31"), day(str(case["as_of"]))])
    last = found.one[found.one["step"] == 1]
    rows = pd.DataFrame(
        {
            "from_code": np.array(OPEN_STATES)[last["from_row"]],
            "to_code": np.array(STATES)[last["to_row"]],
            "amount": last["minor"] / 100,
        }
    )
    assert _moves(rows) == case["moves"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tables_agree_with_their_declaration_and_rows_add_up(seed):
    made = _tables(random_ledger(seed, n_invoices=200, n_customers=20), "2024-10-31")
    for table in TABLES:
        check(made[table.name], table)
    rows = made["transitions"].groupby("from_code")
    assert rows["ratio"].sum(min_count=1).dropna().to_numpy() == pytest.approx(1.0, abs=1e-12)
    assert rows["ratio"].count().isin([0, len(STATES)]).all()
    ends = made["absorption"].groupby("from_code")
    assert ends["ratio"].sum().to_numpy() == pytest.approx(1.0, abs=1e-9)
    assert ends["expected_amount"].sum().to_numpy() == pytest.approx(ends["open_amount"].first().to_numpy(), abs=1e-6)
    whole = made["absorption"].set_index(["from_code", "to_code"])["expected_amount"]
    assert whole.drop("all", level=0).groupby("to_code").sum().to_dict() == pytest.approx(
        whole["all"].to_dict(), abs=1e-6
    )


@pytest.mark.parametrize("seed", [4, 5])
def test_rows_start_from_the_ageing_and_open_amounts_arrive_in_the_next_one(seed):
    ledger, as_of = random_ledger(seed, n_invoices=150, n_customers=8), "2024-10-31"
    tables = tables_of(ledger, as_of)
    acts, made = prepare(tables), _tables(ledger, as_of)
    dates = observation_dates(as_of=day(as_of), first_day=acts.first_day)[-13:]
    balances = {date: _aged(book(acts, as_of=date)) for date in dates}
    rolled = made["roll_rates"].set_index(["observation_date", "from_code"])["start_amount"]
    for earlier, date in pairwise(dates):
        assert rolled[date].to_dict() == pytest.approx({c: balances[earlier][c] for c in OPEN_STATES[:5]}, abs=1e-6)
    moved = made["transitions"].groupby("from_code")["moved_amount"].sum()
    assert moved.to_dict() == pytest.approx({c: sum(balances[d][c] for d in dates[:-1]) for c in OPEN_STATES})
    stayed = made["transitions"].groupby("to_code")["moved_amount"].sum()
    assert all(stayed[c] <= sum(balances[d][c] for d in dates[1:]) + 1e-6 for c in OPEN_STATES)
    today = made["absorption"].drop_duplicates("from_code").set_index("from_code")["open_amount"]
    assert today.to_dict() == pytest.approx({**balances[dates[-1]], "all": sum(balances[dates[-1]].values())})


def _aged(now):
    table = ageing(now)
    return table[table["basis_code"] == "due_date"].set_index("bucket_code")["open_amount"].to_dict()


def test_each_item_is_counted_once_a_month():
    ledger = random_ledger(6, n_invoices=150, n_customers=8)
    tables = tables_of(ledger, "2024-10-31")
    acts = prepare(tables)
    dates = observation_dates(as_of=day("2024-10-31"), first_day=acts.first_day)[-13:-1]
    made = _tables(ledger, "2024-10-31")["transitions"]
    assert made["n_items"].sum() == sum(len(book(acts, as_of=date).items) for date in dates)


def test_roll_rates_by_hand():
    invoices = [
        {"id": "I1", "date": "2024-03-15", "due": "2024-05-15", "amount": 60},
        {"id": "I2", "date": "2024-03-15", "due": "2024-05-15", "amount": 40, "paid": [["2024-06-10", 40]]},
        {"id": "I3", "date": "2024-03-15", "due": "2024-05-01", "amount": 100},  # 30, in June 60 days: next state
        {"id": "I4", "date": "2024-01-15", "due": "2024-02-01", "amount": 20, "written_off": [["2024-06-11", 5]]},
        {"id": "I5", "date": "2024-01-15", "due": "2024-07-01", "amount": 7},
    ]
    june = _tables(small_ledger(invoices), "2024-06-30")["roll_rates"]
    found = june[june["observation_date"] == day("2024-06-30")].set_index("from_code")
    assert found.loc["1_30", "start_amount":"worse_ratio"].tolist() == [200, 160, 160, 40, 0.8, 0.8]
    assert found.loc["over_90", "start_amount":"worse_ratio"].tolist() == [20, 5, 5, 0, 0.25, 0.25]
    assert found.loc["not_due", ["start_amount", "roll_ratio"]].tolist() == [7, 0]
    assert found.loc["61_90", ["roll_ratio", "worse_ratio"]].isna().all()
    # 30 days late on 30 June 2024 is 61 days late on 31 July: beyond the next state
    july = _tables(small_ledger([{**invoices[0], "due": "2024-05-31"}]), "2024-07-31")["roll_rates"]
    last = july[(july["observation_date"] == day("2024-07-31")) & (july["from_code"] == "1_30")].iloc[0]
    assert (last["roll_ratio"], last["worse_ratio"]) == (0, 1)


def _steady_book(**last):
    """Invoices of every month, due a month later: half paid on the due day, half 40 days later."""
    rows = []
    for i, month in enumerate(pd.date_range("2023-01-10", "2024-09-10", freq="MS") + pd.Timedelta(days=9)):
        due = month + pd.DateOffset(months=1)
        for half, wait in (("a", 0), ("b", 40)):
            paid = [[str((due + pd.Timedelta(days=wait)).date()), 100]]
            rows.append(
                {"id": f"I{i}{half}", "date": str(month.date()), "due": str(due.date()), "amount": 100, "paid": paid}
            )
    return [*rows, last] if last else rows


def test_an_end_that_was_never_seen_says_so():
    made = _tables(small_ledger(_steady_book()), "2024-08-31")["absorption"].set_index(["from_code", "to_code"])
    for source in ("not_due", "1_30", "all"):
        assert made.loc[(source, "lost"), ["ratio", "expected_amount", "reason_code"]].tolist() == [
            0,
            0,
            "never_reached",
        ]
        assert made.loc[(source, "paid"), "ratio"] == pytest.approx(1)
    assert made.loc[("no_due_date", "paid"), "reason_code"] == "never_in_state"


def test_a_state_that_nothing_leaves_says_so_and_divides_nothing_by_zero():
    stuck = {"id": "OLD", "date": "2023-01-02", "due": "2023-01-31", "amount": 50}
    made = _tables(small_ledger(_steady_book(**stuck)), "2024-08-31")["absorption"].set_index(["from_code", "to_code"])
    assert made.loc[("over_90", "unresolved"), "ratio"] == 1
    assert set(made.loc["over_90", "reason_code"]) == {"no_way_out"}
    assert made.loc["over_90", "months_to_end"].isna().all()
    assert made.loc[("all", "unresolved"), "expected_amount"] == pytest.approx(50)
    assert made.loc[("not_due", "unresolved"), "ratio"] == 0
    assert np.isfinite(made["ratio"]).all()


def test_a_ledger_of_one_date_has_no_moves_and_says_so():
    made = _tables(small_ledger([{"id": "I1", "date": "2024-05-20", "due": "2024-06-20", "amount": 10}]), "2024-05-31")
    for table in TABLES:
        check(made[table.name], table)
    assert set(made["transitions"]["reason_code"]) == {"history_too_short"}
    assert set(made["absorption"]["reason_code"]) == {"history_too_short"}
    assert made["absorption"]["ratio"].isna().all()
    assert made["roll_rates"].empty
    assert set(made["transition_tests"]["verdict_code"]) == {"too_few"}


def test_nothing_open_today_leaves_the_row_of_the_book_empty():
    made = _tables(small_ledger(_steady_book()), "2025-08-31")["absorption"].set_index("from_code")
    assert made.loc["all", "ratio"].isna().all()
    assert (made.loc["all", "open_amount"] == 0).all()


def test_the_interval_of_the_expected_loss_is_that_of_resampled_customers():
    cube = _chain(np.random.default_rng(3), n_customers=80, months=12)[0]
    weight, size = np.array([0.6, 0.4]), 400
    rng = np.random.default_rng(5)
    draws = [_lost(cube[rng.integers(0, len(cube), len(cube))], weight) for _ in range(size)]

    share = matrix(cube.sum(axis=0))
    found = absorbed(share[:, :2], share[:, 2:])
    change = np.einsum("s,cse->ce", weight, absorption_influence(cube, found))
    assert change.sum(axis=0) == pytest.approx(0, abs=1e-12)
    # 400 draws give a standard deviation within 10 % in 99 of 100 experiments
    assert np.sqrt(influence_variance(change))[1] == pytest.approx(np.std(draws), rel=0.12)


def _lost(cube, weight):
    total = cube.sum(axis=0)
    share = total / total.sum(axis=1, keepdims=True)
    return (weight @ np.linalg.inv(np.eye(2) - share[:, :2]) @ share[:, 2:])[1]


TRUE = np.array([[0.3, 0.4, 0.28, 0.02], [0.1, 0.5, 0.3, 0.1]])


def _chain(rng, *, n_customers, months, second=TRUE, n_items=20):
    """Items of customers that move by a matrix; the second month of an item follows `second`."""
    one, two = np.zeros((n_customers, 2, 4)), np.zeros((n_customers, 2, 4))
    full = [np.vstack([share, [[0, 0, 1, 0], [0, 0, 0, 1]]]) for share in (TRUE, second)]
    for customer in range(n_customers):
        amount = rng.gamma(2.0, 50.0)
        for _ in range(months // 2):
            start = rng.integers(0, 2, n_items)
            middle = _step(rng, full[0], start)
            end = _step(rng, full[1], middle)
            np.add.at(one[customer], (start, middle), amount)
            still = middle < 2
            np.add.at(one[customer], (middle[still], end[still]), amount)
            np.add.at(two[customer], (start, end), amount)
    return one, two


def _step(rng, share, state):
    return (rng.random((len(state), 1)) > share[state].cumsum(axis=1)).sum(axis=1).clip(max=3)


def test_chapman_kolmogorov_holds_for_a_chain_about_as_often_as_it_should():
    rng = np.random.default_rng(11)
    tests = [chapman_kolmogorov(*_chain(rng, n_customers=60, months=6)) for _ in range(120)]
    rejected = np.mean([test.verdict(2, allowed=0) == "fails" for test in tests])
    assert rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
    assert np.mean([test.p_value[2] for test in tests]) > 0.4


def test_chapman_kolmogorov_fails_where_the_second_month_differs():
    other = np.array([[0.6, 0.2, 0.18, 0.02], [0.0, 0.8, 0.1, 0.1]])
    test = chapman_kolmogorov(*_chain(np.random.default_rng(12), n_customers=60, months=6, second=other))
    assert test.verdict(2, allowed=0) == "fails"
    assert test.deviation[2] == test.deviation[:2].max() > 0.02


def test_a_gap_that_does_not_matter_is_told_from_one_that_does():
    test = stationarity(_quarters(np.random.default_rng(23), drift=0.06))
    gap = test.deviation[1]
    small, large = ((test.verdict(1, allowed=gap * f), test.caveat(1, allowed=gap * f)) for f in (1.01, 0.99))
    assert small == ("holds", "small_gap")
    assert large == ("fails", None)


def test_few_customers_are_not_tested():
    test = chapman_kolmogorov(*_chain(np.random.default_rng(13), n_customers=29, months=6))
    assert [test.verdict(row, allowed=0) for row in range(3)] == ["too_few"] * 3
    assert np.isnan(test.p_value).all()


def _quarters(rng, *, n_quarters=4, n_customers=60, n_items=15, spread=0.0, drift=0.0):
    """Items by quarter, customer and states; customers differ by `spread`, quarters by `drift`."""
    counts = np.zeros((n_quarters, n_customers, 1, 3))
    for quarter in range(n_quarters):
        paid = np.clip(0.5 + drift * quarter + spread * rng.standard_normal(n_customers), 0.02, 0.9)
        for customer in range(n_customers):
            share = [1 - paid[customer] - 0.05, paid[customer], 0.05]
            counts[quarter, customer, 0] = rng.multinomial(n_items, share)
    return counts


def test_homogeneity_of_independent_items_is_the_textbook_statistic():
    counts = _quarters(np.random.default_rng(21))

    plain = chi2_contingency(counts[:, :, 0].sum(axis=1))
    found = stationarity(counts)
    assert found.n_df[0] == plain.dof == 6
    assert found.statistic[0] <= plain.statistic
    assert found.statistic[0] == pytest.approx(plain.statistic, rel=0.25)  # the design effect is about 1


@pytest.mark.parametrize("spread", [0.0, 0.25])
def test_stationarity_holds_about_as_often_as_it_should_though_customers_differ(spread):
    rng = np.random.default_rng(22)
    tests = [stationarity(_quarters(rng, spread=spread)) for _ in range(120)]
    rejected = np.mean([test.verdict(1, allowed=0) == "fails" for test in tests])
    assert rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)


def test_stationarity_fails_where_quarters_drift():
    test = stationarity(_quarters(np.random.default_rng(23), drift=0.06))
    assert test.verdict(1, allowed=0) == "fails"
    assert not test.is_thin[1]


def test_thin_cells_are_told():
    test = stationarity(_quarters(np.random.default_rng(24), n_customers=5, n_items=4))
    assert test.is_thin.all()


def test_later_acts_and_the_order_of_rows_change_nothing():
    ledger, as_of = random_ledger(9, n_invoices=150, n_customers=35), "2024-06-30"
    expected = _tables(ledger, as_of)
    moves = tables_of(ledger, "2024-12-31")["movements"]
    for later in (moves, shuffled({"movements": moves}, 2)["movements"]):
        found = transition_tables(later, TransitionSettings(), as_of=day(as_of))
        for name, frame in expected.items():
            pd.testing.assert_frame_equal(found[name], frame, rtol=1e-9)
