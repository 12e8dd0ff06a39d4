"""Backtest of the receipts forecast: measures by hand, choice, intervals, figures on the demo and on real ledgers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm
from small_ledger import day

from riskresearch.base.schema import check
from riskresearch.behaviour.receipts.forecast import forecast_tables
from riskresearch.behaviour.receipts.measures import choice, measured_weeks
from riskresearch.behaviour.receipts.settings import ForecastSettings
from riskresearch.behaviour.receipts.spread import (
    Error,
    OwnError,
    customer_correlation,
    drawn_receipts,
    error_scale,
    levels_of,
    own_errors,
)
from riskresearch.behaviour.receipts.tables import FORECAST_TABLES
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger

PROJECT = Path(__file__).parents[2]
METHODS = ("due_date", "mean_delay", "last_delay", "survival_curve", "hazard")


def _origin_rows(forecasts, actuals, *, half_width=10.0):
    """Rows as the backtest makes them; forecasts by method: origins × weeks."""
    parts = []
    for method, weeks in forecasts.items():
        for number, (row, actual) in enumerate(zip(weeks, actuals, strict=True)):
            part = pd.DataFrame({"expected_amount": row, "actual_amount": actual})
            part["horizon_weeks"] = np.arange(1, len(row) + 1)
            part["origin_date"] = day("2024-01-31") + pd.Timedelta(days=30 * number)
            levels = {"low_95": -2, "low_80": -1, "middle": 0, "high_80": 1, "high_95": 2}
            part = part.assign(
                method_code=method, **{k: part["expected_amount"] + v * half_width for k, v in levels.items()}
            )
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_measures_by_hand():
    rows = _origin_rows({"hazard": [[100, 50, 0, 20], [80, 70, 10, 0]]}, [[90, 60, 15, 20], [115, 70, 10, 5]])
    found = measured_weeks(rows).set_index(["scope_code", "horizon_weeks"])
    first = found.loc[("week", 1)]
    assert (first["actual_amount"], first["n_origins"], first["n_intervals"]) == (205, 2, 2)
    assert first["wape_ratio"] == pytest.approx(45 / 205)  # |10| + |-35|
    assert first["bias_ratio"] == pytest.approx(-25 / 205)
    assert (first["coverage_80_ratio"], first["coverage_95_ratio"]) == (0.5, 0.5)  # 115 is beyond 80 + 20
    levels = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
    gaps = np.array([90 - np.array([80, 90, 100, 110, 120]), 115 - np.array([60, 70, 80, 90, 100])])
    loss = np.maximum(levels * gaps, (levels - 1) * gaps).sum(axis=0).mean()
    assert first["pinball_ratio"] == pytest.approx(loss / 205)
    four = found.loc[("first_weeks", 4)]
    assert four["wape_ratio"] == pytest.approx((10 + 10 + 15 + 0 + 35 + 0 + 0 + 5) / 385)
    assert four["coverage_95_ratio"] == pytest.approx(7 / 8)
    assert four["coverage_80_ratio"] == pytest.approx(6 / 8)


def _choice(model, rule, *, n=8):
    rng = np.random.default_rng(1)
    actual = rng.uniform(50, 100, (n, 4))
    forecasts = dict.fromkeys(METHODS[:3], actual * (1 + rule))
    forecasts |= {m: actual * (1 + np.asarray(model)) for m in METHODS[3:]}
    forecasts["due_date"] = actual * (1 + np.asarray(rule) * 1.5)
    return choice(_origin_rows(forecasts, actual), rng=np.random.default_rng(0))


def test_the_model_is_taken_where_it_surely_beats_the_best_rule():
    found = _choice(0.1, 0.3)
    assert (found["chosen_method_code"], found["reason_code"]) == ("survival_curve", "model_beats_rule")
    assert (found["rule_code"], found["model_code"]) == ("mean_delay", "survival_curve")
    assert found["difference_ratio"] == pytest.approx(-0.2)
    assert found["difference_high_ratio"] == pytest.approx(-0.2)


def test_the_rule_stays_where_the_model_is_worse_or_not_surely_better():
    worse = _choice(0.3, 0.1)
    assert (worse["chosen_method_code"], worse["reason_code"]) == ("mean_delay", "rule_not_beaten")
    once = np.full((8, 1), 0.32)
    once[0] = 0.0  # better in one month, a little worse in seven
    unsure = _choice(once, 0.3)
    assert (unsure["chosen_method_code"], unsure["reason_code"]) == ("mean_delay", "not_certain")
    assert unsure["difference_low_ratio"] < 0 < unsure["difference_high_ratio"]


def test_few_origins_choose_no_model():
    found = _choice(0.1, 0.3, n=5)
    assert (found["chosen_method_code"], found["reason_code"]) == ("mean_delay", "too_few_origins")


def test_drawn_receipts_have_the_mean_and_variance_of_their_schedules():
    weeks = np.array([[0.5, 0.3], [0.2, 0.2], [0.7, 0.1]])
    amount, customer = np.array([100.0, 50.0, 30.0]), np.array([4, 4, 9])
    for correlation in (0.0, 0.6):
        draws = drawn_receipts(
            weeks, amount, customer, correlation=correlation, n_draws=20_000, rng=np.random.default_rng(2)
        )
        assert draws.mean(axis=0) == pytest.approx(amount @ weeks, rel=0.02)
        both = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf([norm.ppf(0.5), norm.ppf(0.2)])
        own = (amount**2 * weeks[:, 0] * (1 - weeks[:, 0])).sum()
        expected = own + 2 * 100 * 50 * (both - 0.5 * 0.2)
        assert draws[:, 0].var() == pytest.approx(expected, rel=0.03)


def test_correlation_of_customers_is_found_again():
    rng = np.random.default_rng(3)
    n_customers, n_items, n_weeks = 400, 6, 10
    customer = np.repeat(np.arange(n_customers), n_items)
    weeks = np.full((len(customer), n_weeks), 0.09)
    bounds = norm.ppf(np.cumsum(weeks, axis=1))
    for correlation in (0.0, 0.5):
        common = rng.standard_normal(n_customers)[customer]
        score = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.standard_normal(len(customer))
        week = (score[:, None] > bounds).sum(axis=1)
        happened = np.zeros((len(customer), n_weeks))
        came = week < n_weeks
        happened[np.flatnonzero(came), week[came]] = 100.0
        found = customer_correlation(weeks, happened, np.full(len(customer), 100.0), customer)
        assert found == pytest.approx(correlation, abs=0.05)
    alone = customer_correlation(weeks[:6], happened[:6], np.full(6, 100.0), np.arange(6))
    assert alone == 0


def test_the_error_of_the_method_is_what_chance_does_not_explain():
    past = [Error(1, 10 + i, squared, 0.01) for i, squared in enumerate((0.05, 0.03, 0.04))]
    past += [Error(2, 17 + i, 0.001, 0.01) for i in range(3)]
    assert own_errors(past, day=11) == {}  # two errors known
    found = own_errors(past, day=30)
    assert found[0] == OwnError(pytest.approx(np.sqrt(0.03)), 3)
    assert found[1] == OwnError(0.0, 3)


def test_levels_widen_with_the_error_of_the_method_and_stay_within_the_open_amount():
    draws = np.full((4000, 2), 50.0)
    expected = np.array([50.0, 50.0])
    rng = np.random.default_rng(5)
    levels = levels_of(draws, {0: OwnError(0.1, 200)}, expected=expected, open_amount=200.0, rng=rng)
    reach = 0.1 * np.sqrt(error_scale(expected, 200.0)[0])
    assert levels[0, [1, 3]] == pytest.approx(50 + norm.ppf(0.9) * reach * np.array([-1, 1]), rel=0.03)
    assert np.isnan(levels[1]).all()
    wide = levels_of(draws, {0: OwnError(9.0, 3)}, expected=expected, open_amount=200.0, rng=rng)
    assert (wide[0, 0], wide[0, -1]) == (0, 200)


def _measured(moves, as_of):
    found = forecast_tables({"movements": moves}, ForecastSettings(), as_of=day(as_of))
    found = {table.name: check(found[table.name], table) for table in FORECAST_TABLES}
    weeks = found["forecast_backtest"].set_index(["method_code", "scope_code", "horizon_weeks"])
    items = found["forecast_items"].set_index(["method_code", "measure_code"])["value"]
    return found, weeks, items


def test_demo_ledger():
    ledger = read_ledger(PROJECT / "data" / "demo")
    as_of = str(ledger.default_as_of.date())
    found, weeks, items = _measured(movements(cut_ledger(ledger, as_of=ledger.default_as_of)), as_of)
    chosen = found["forecast_choice"].iloc[0]
    assert (chosen["chosen_method_code"], chosen["reason_code"]) == ("hazard", "model_beats_rule")
    assert chosen["model_wape_ratio"] < 0.75 * chosen["rule_wape_ratio"]
    assert abs(weeks.loc[("hazard", "first_weeks", 13), "bias_ratio"]) < 0.10
    assert 0.70 <= weeks.loc[("hazard", "first_weeks", 13), "coverage_80_ratio"] <= 0.92
    assert weeks.loc[("hazard", "first_weeks", 13), "coverage_95_ratio"] >= 0.87
    assert items["hazard", "brier_30d"] < items["mean_delay", "brier_30d"]


def test_highradius_beside_the_naive_rules(shared_data):
    """The open file is an artificial cut (nothing in it is ever paid): only invoices of the paid file are foreseen."""
    ledger = read_ledger(shared_data / "highradius_ar", mapping="highradius")
    tables = cut_ledger(ledger, as_of=day("2020-03-20"))
    moves = movements(tables)
    moves = moves[moves["invoice_id"].isin(tables["allocations"]["invoice_id"])]
    found, weeks, items = _measured(moves, "2020-03-20")
    assert found["forecast_origins"]["origin_date"].agg(["min", "max"]).tolist() == [
        day("2019-02-20"),
        day("2019-12-20"),
    ]
    chosen = found["forecast_choice"].iloc[0]
    assert (chosen["chosen_method_code"], chosen["reason_code"]) == ("hazard", "model_beats_rule")
    assert chosen["rule_code"] == "mean_delay"
    assert chosen["model_wape_ratio"] < 0.11
    assert chosen["rule_wape_ratio"] > 0.13
    assert chosen["difference_high_ratio"] < 0
    assert weeks.loc[("hazard", "week", 1), "wape_ratio"] < 0.6 * weeks.loc[("mean_delay", "week", 1), "wape_ratio"]
    assert abs(weeks.loc[("hazard", "first_weeks", 13), "bias_ratio"]) < 0.02
    assert weeks.loc[("hazard", "week", 8), "wape_ratio"] > 1  # what comes after two months is not foreseen
    assert 0.75 <= weeks.loc[("hazard", "first_weeks", 13), "coverage_80_ratio"] <= 0.92
    assert weeks.loc[("hazard", "first_weeks", 13), "coverage_95_ratio"] >= 0.88
    assert items["hazard", "pay_date_mae_days"] < items["mean_delay", "pay_date_mae_days"] - 0.4
    assert items["hazard", "concordance_30d_ratio"] > 0.85
