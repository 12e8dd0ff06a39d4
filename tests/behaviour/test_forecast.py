"""Receipts forecast: rules by hand, outcomes that add up, as-of correctness, too little history."""

import numpy as np
import pandas as pd
import pytest
from receipts_ledger import habit_ledger
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.receipts.forecast import forecast_tables
from riskresearch.behaviour.receipts.habits import habits_on, settled_items
from riskresearch.behaviour.receipts.hazard import LATE_EDGES, SIZES, Hazard
from riskresearch.behaviour.receipts.methods import (
    FORECAST_METHODS,
    Known,
    Schedule,
    expected_days,
    middle_days,
    weekly,
)
from riskresearch.behaviour.receipts.paths import item_paths, number_of, open_on
from riskresearch.behaviour.receipts.settings import ForecastSettings
from riskresearch.behaviour.receipts.tables import FORECAST_TABLES

SETTINGS = ForecastSettings(backtest_origins=6, n_simulations=200)


@pytest.fixture(scope="module")
def ledger():
    return habit_ledger(3)


@pytest.fixture(scope="module")
def found(ledger):
    moves = tables_of(ledger, "2024-05-31")["movements"]
    made = forecast_tables({"movements": moves}, SETTINGS, as_of=day("2024-05-31"))
    return {table.name: check(made[table.name], table) for table in FORECAST_TABLES}


def _known(rows, as_of, *, hazard=None):
    paths = item_paths(tables_of(small_ledger(rows), as_of)["movements"], as_of=day(as_of))
    today = number_of(day(as_of))
    item, amount = open_on(paths, today)
    flat = hazard or _flat(0.1)
    return Known(paths, habits_on(paths, settled_items(paths), day=today), item, amount, flat, flat, 28, 336)


def _flat(chance, no_cash=0.0, lost=0.0):
    """The same chances on every day."""
    effects = np.r_[np.zeros(sum(SIZES)), np.log(chance / (1 - chance))]
    return Hazard(effects, np.tile([no_cash, lost], (len(LATE_EDGES) + 1, 1)))


PAID = {"id": "I0", "date": "2024-01-01", "due": "2024-01-31", "amount": 10, "paid": [["2024-02-05", 10]]}


def test_rules_by_hand():
    known = _known(
        [
            PAID,
            {"id": "I1", "date": "2024-03-01", "due": "2024-04-08", "amount": 100},
            {"id": "I2", "date": "2024-03-01", "due": "2024-03-20", "amount": 100},
            {"id": "I3", "date": "2024-03-01", "due": "2024-05-31", "amount": 100},
            {"id": "I4", "date": "2023-10-01", "due": "2023-12-01", "amount": 100},
        ],
        "2024-03-31",
    )
    by_due = FORECAST_METHODS["due_date"].function(known)
    assert weekly(by_due).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert by_due.daily[0, 7] == 1  # 8 April is the eighth day
    assert by_due.daily[1, 0] == 1  # overdue: the next day
    assert by_due.later.tolist() == [0, 0, 1, 0]
    assert by_due.open.tolist() == [0, 0, 0, 1]  # more than 90 days overdue
    by_last = FORECAST_METHODS["last_delay"].function(known)  # the customer paid 5 days late
    assert by_last.daily[0, 12] == 1
    assert by_last.daily[1, 0] == 1  # 25 March is over
    assert FORECAST_METHODS["mean_delay"].function(known).daily[0, 12] == 1


def test_a_constant_hazard_by_hand():
    known = _known([PAID, {"id": "I1", "date": "2024-03-01", "due": "2024-04-08", "amount": 100}], "2024-03-31")
    rates = {"no_cash": 0.02, "lost": 0.01}
    schedule = FORECAST_METHODS["hazard"].function(
        Known(**{**vars(known), "hazard": _flat(0.1, **rates), "n_days_later": 0})
    )
    still = 0.87 ** np.arange(28)
    assert schedule.daily[0] == pytest.approx(0.1 * still)
    assert schedule.no_cash[0] == pytest.approx(0.02 * still.sum())
    assert schedule.lost[0] == pytest.approx(0.01 * still.sum())
    assert schedule.open[0] == pytest.approx(0.87**28)
    assert middle_days(schedule)[0] == 1 + np.argmax(np.cumsum(0.1 * still) >= 0.5)
    known_days = (np.arange(1, 29) * 0.1 * still).sum() + 28 * (1 - (0.1 * still).sum())
    assert expected_days(schedule)[0] == pytest.approx(known_days)


@pytest.mark.parametrize("method", FORECAST_METHODS.names)
def test_the_parts_of_an_item_add_up_to_one(method, ledger):
    moves = tables_of(ledger, "2023-12-31")["movements"]
    paths = item_paths(moves, as_of=day("2023-12-31"))
    today = number_of(day("2023-12-31"))
    item, amount = open_on(paths, today)
    hazard = _flat(0.02, 0.001, 0.002)
    habits = habits_on(paths, settled_items(paths), day=today)
    schedule = FORECAST_METHODS[method].function(Known(paths, habits, item, amount, hazard, hazard, 91, 273))
    parts = schedule.later + schedule.no_cash + schedule.lost + schedule.open
    assert schedule.daily.sum(axis=1) + parts == pytest.approx(np.ones(len(item)))
    assert all((part >= 0).all() for part in vars(schedule).values())


def test_outcomes_add_up_to_the_open_amount(found, ledger):
    moves = tables_of(ledger, "2024-05-31")["movements"]
    total = moves.groupby("item_id")["base_minor"].sum().clip(lower=0).sum() / 100
    outcomes = found["receipts_outcomes"].groupby("method_code")["expected_amount"].sum()
    assert sorted(outcomes.index) == sorted(FORECAST_METHODS.names)
    assert outcomes.to_numpy() == pytest.approx(np.full(len(outcomes), total))
    weeks = found["receipts_forecast"].groupby("method_code")["expected_amount"].sum()
    first = found["receipts_outcomes"].query("outcome_code == 'received_in_weeks'").set_index("method_code")
    assert weeks.to_dict() == pytest.approx(first["expected_amount"].to_dict())


def test_weeks_follow_the_day_and_intervals_hold_their_order(found):
    weeks = found["receipts_forecast"]
    one = weeks[weeks["method_code"] == "hazard"]
    assert one["week_start_date"].iloc[0] == day("2024-06-01")
    assert one["horizon_weeks"].tolist() == list(range(1, 14))
    assert (one["week_start_date"].diff().dropna() == pd.Timedelta(days=7)).all()
    told = weeks.dropna(subset=["low_80"])
    assert len(told) == len(weeks)  # six origins give errors for every band
    assert (told["low_95"] <= told["low_80"]).all()
    assert (told["low_80"] <= told["high_80"]).all()
    assert (told["high_80"] <= told["high_95"]).all()


def test_where_customers_have_habits_the_model_is_chosen(found):
    choice = found["forecast_choice"].iloc[0]
    assert (choice["chosen_method_code"], choice["reason_code"]) == ("hazard", "model_beats_rule")
    assert choice["n_origins"] == 6
    assert choice["model_wape_ratio"] < 0.75 * choice["rule_wape_ratio"]
    assert choice["difference_ratio"] == pytest.approx(choice["model_wape_ratio"] - choice["rule_wape_ratio"])
    backtest = found["forecast_backtest"].set_index(["method_code", "scope_code", "horizon_weeks"])
    for code in ("rule", "model"):
        row = backtest.loc[(choice[f"{code}_code"], "first_weeks", 4)]
        assert row["wape_ratio"] == pytest.approx(choice[f"{code}_wape_ratio"])
    assert abs(backtest.loc[("hazard", "first_weeks", 13), "bias_ratio"]) < 0.03


def test_tables_are_the_same_whether_the_ledger_ends_on_the_day_or_later(found, ledger):
    later = forecast_tables(
        {"movements": tables_of(ledger, "2024-12-31")["movements"]}, SETTINGS, as_of=day("2024-05-31")
    )
    for table in FORECAST_TABLES:
        pd.testing.assert_frame_equal(found[table.name], check(later[table.name], table))


def test_an_origin_of_the_backtest_foresees_what_was_foreseen_on_that_day(found, ledger):
    then = forecast_tables(
        {"movements": tables_of(ledger, "2024-01-31")["movements"]}, SETTINGS, as_of=day("2024-01-31")
    )["receipts_forecast"].set_index(["method_code", "horizon_weeks"])["expected_amount"]
    since = found["forecast_origins"]
    since = since[since["origin_date"] == day("2024-01-31")].set_index(["method_code", "horizon_weeks"])
    assert len(since) == len(then) > 0
    assert since["expected_amount"].to_dict() == pytest.approx(then.to_dict(), rel=1e-9)


def test_rows_in_another_order_and_other_seeds(found, ledger):
    moves = tables_of(ledger, "2024-05-31")["movements"]
    mixed = forecast_tables({"movements": moves.sample(frac=1, random_state=1)}, SETTINGS, as_of=day("2024-05-31"))
    for table in FORECAST_TABLES:
        pd.testing.assert_frame_equal(found[table.name], check(mixed[table.name], table))
    other = SETTINGS.model_copy(update={"simulation_seed": 5})
    again = forecast_tables({"movements": moves}, other, as_of=day("2024-05-31"))["receipts_forecast"]
    again = again.set_index(["method_code", "horizon_weeks"]).sort_index()
    before = found["receipts_forecast"].set_index(["method_code", "horizon_weeks"]).sort_index()
    assert again["expected_amount"].to_dict() == pytest.approx(before["expected_amount"].to_dict())
    assert not np.allclose(again.loc["hazard", "low_80"], before.loc["hazard", "low_80"])


def test_too_little_history_is_said():
    rows = [
        {"id": f"I{i}", "date": "2024-01-01", "due": "2024-01-31", "amount": 10, "paid": [["2024-02-05", 10]]}
        for i in range(20)
    ]
    found = forecast_tables(
        {"movements": tables_of(small_ledger(rows), "2024-05-31")["movements"]}, SETTINGS, as_of=day("2024-05-31")
    )
    choice = check(found["forecast_choice"], FORECAST_TABLES[-1]).iloc[0]
    assert (choice["chosen_method_code"], choice["reason_code"]) == ("none", "too_few_receipts")
    for table in FORECAST_TABLES[:-1]:
        assert check(found[table.name], table).empty


def test_a_ledger_before_its_first_origin_has_a_forecast_by_rule(ledger):
    found = forecast_tables(
        {"movements": tables_of(ledger, "2023-05-31")["movements"]}, SETTINGS, as_of=day("2023-05-31")
    )
    choice = check(found["forecast_choice"], FORECAST_TABLES[-1]).iloc[0]
    assert (choice["chosen_method_code"], choice["reason_code"]) == ("mean_delay", "too_few_origins")
    weeks = check(found["receipts_forecast"], FORECAST_TABLES[0])
    assert weeks["low_80"].isna().all()  # no earlier errors to tell from
    assert weeks["expected_amount"].sum() > 0


def test_nothing_open_gives_forecasts_of_nothing(ledger):
    moves = tables_of(ledger, "2024-12-31")["movements"]
    settled = moves.groupby("item_id")["base_minor"].sum()
    moves = moves[moves["item_id"].isin(settled[settled <= 0].index)]
    found = forecast_tables({"movements": moves}, SETTINGS, as_of=day("2024-12-31"))
    assert found["receipts_forecast"]["expected_amount"].eq(0).all()
    choice = found["forecast_choice"].iloc[0]  # the last origins foresee hardly anything
    assert (choice["n_origins"], choice["reason_code"]) == (6, "not_certain")
    assert choice["chosen_method_code"] == choice["rule_code"]


def test_an_empty_ledger_has_no_forecast():
    moves = tables_of(small_ledger([PAID]), "2024-05-31")["movements"].iloc[:0]
    found = forecast_tables({"movements": moves}, SETTINGS, as_of=day("2024-05-31"))
    assert found["forecast_choice"]["reason_code"].tolist() == ["too_few_receipts"]


def test_every_method_is_registered_with_labels():
    assert FORECAST_METHODS.names == ["due_date", "mean_delay", "last_delay", "survival_curve", "hazard"]
    assert all(m.spec.label_en and m.spec.label_fr and m.definition for m in FORECAST_METHODS)
    assert [m.name for m in FORECAST_METHODS if m.spec.is_model] == ["survival_curve", "hazard"]
    assert Schedule.__dataclass_fields__.keys() == {"daily", "later", "no_cash", "lost", "open"}
