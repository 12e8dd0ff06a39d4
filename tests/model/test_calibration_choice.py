"""Choice of the calibration: worked cases, likelihood, standard errors clustered by customer, the rule."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.model.calibration.choice import (
    CALIBRATION_METHODS,
    METHODS,
    Calibration,
    CalibrationSettings,
    choose_calibration,
    isotonic,
)
from riskresearch.model.calibration.fit import Rows, fit_platt, fit_shift, log_loss

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "calibration.yaml").read_text(encoding="utf-8"))
SETTINGS = CalibrationSettings()


def _chosen(raw, outcome, customers, **settings):
    calibration, table = choose_calibration(raw, outcome, customers, CalibrationSettings(**settings))
    table = check(table, CALIBRATION_METHODS).set_index("calibration_code")
    assert table["is_chosen"].sum() == 1
    assert table.loc[calibration.method, "is_chosen"]
    return calibration, table


def _portfolio(rng, *, n_customers=300, n_dates=6, spread=1.2, base=-3.0):
    """Rows of customers with an own part of the risk that the log-odds do not know all of."""
    owner = np.repeat(np.arange(n_customers), n_dates)
    raw = base + np.repeat(rng.normal(0, spread, n_customers), n_dates) + rng.normal(0, 0.3, len(owner))
    first = rng.random(n_customers)
    hit = np.repeat(first, n_dates) < expit(raw)  # the same luck on every date: rows are near copies
    return raw, hit.astype(int), owner


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    groups, expected = case["groups"], case["expected"]
    raw = np.concatenate([np.full(g["customers"], logit(g["pd"])) for g in groups])
    outcome = np.concatenate([np.arange(g["customers"]) < g["defaults"] for g in groups])
    found, table = _chosen(raw, outcome, np.arange(len(raw)), **case.get("settings", {}))
    assert found.method == expected["method"]
    assert [found.slope, found.intercept] == pytest.approx([expected["slope"], expected["intercept"]], abs=2e-6)
    platt = table.loc["platt", ["slope", "intercept"]].tolist()
    assert platt == pytest.approx(expected["platt"] or [np.nan, np.nan], abs=2e-6, nan_ok=True)
    assert table.loc[found.method, "reason_code"] == expected["reason"]
    assert table.loc["platt", "reason_code"] == expected["platt_reason"]
    assert table.loc["isotonic", "reason_code"] == "diagnosis_only"


def test_the_fits_are_the_most_likely():
    rng = np.random.default_rng(4)
    rows = Rows.of(*_portfolio(rng))
    platt, shift = fit_platt(rows), fit_shift(rows)
    gap = expit(platt.log_odds(rows.raw)) - rows.hit
    assert [gap.sum(), gap @ rows.raw] == pytest.approx([0, 0], abs=1e-8)
    assert expit(shift.log_odds(rows.raw)).sum() == pytest.approx(rows.hit.sum(), abs=1e-9)
    best = log_loss(platt.log_odds(rows.raw), rows.hit)
    assert best <= log_loss(shift.log_odds(rows.raw), rows.hit) <= log_loss(rows.raw, rows.hit)


def test_copies_of_a_customers_rows_add_no_certainty():
    rng = np.random.default_rng(5)
    raw, hit, owner = _portfolio(rng, n_dates=1, n_customers=500)
    once, copies = fit_platt(Rows.of(raw, hit, owner)), fit_platt(Rows.of(*(np.tile(x, 9) for x in (raw, hit, owner))))
    assert [copies.slope_se, copies.intercept_se] == pytest.approx([once.slope_se, once.intercept_se], rel=1e-8)
    apart = fit_platt(Rows.of(np.tile(raw, 9), np.tile(hit, 9), np.arange(9 * len(raw))))
    assert apart.slope_se == pytest.approx(once.slope_se / 3, rel=1e-3)
    shifts = [fit_shift(Rows.of(*(np.tile(x, n) for x in (raw, hit, owner)))) for n in (1, 9)]
    assert shifts[0].intercept_se == pytest.approx(shifts[1].intercept_se, rel=1e-8)


def test_the_standard_error_of_a_shift_by_hand():
    # 20 of 100 customers: 1 / root(99 x 0.2 x 0.8), as in the variance of a sample
    line = fit_shift(Rows.of(np.zeros(100), np.arange(100) < 20, np.arange(100)))
    assert (line.intercept, line.intercept_se) == pytest.approx((logit(0.2), 1 / np.sqrt(99 * 0.16)))


def test_standard_errors_are_those_of_resampled_customers():
    rng = np.random.default_rng(6)
    raw, hit, owner = _portfolio(rng, n_customers=400)
    line = fit_platt(Rows.of(raw, hit, owner))
    starts = np.arange(6)
    drawn = []
    for _ in range(150):
        kept = (rng.integers(0, 400, 400)[:, None] * 6 + starts).ravel()
        again = fit_platt(Rows.of(raw[kept], hit[kept], owner[kept]))
        drawn.append((again.slope, again.intercept))
    assert [line.slope_se, line.intercept_se] == pytest.approx(np.std(drawn, axis=0), rel=0.25)


def test_a_right_score_is_left_alone_and_an_overfitted_one_is_not():
    methods = {"right": [], "too_spread": [], "too_low": []}
    for seed in range(30):
        raw, hit, owner = _portfolio(np.random.default_rng(seed))
        for name, score in {"right": raw, "too_spread": 2.5 * raw, "too_low": raw - 1.0}.items():
            methods[name].append(choose_calibration(score, hit, owner, SETTINGS)[0].method)
    assert methods["right"].count("none") >= 24  # two tests at 5 % each: 27 expected
    assert methods["too_spread"].count("platt") == 30
    assert methods["too_low"].count("shift") >= 27


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(7)
    raw, hit, owner = _portfolio(rng)
    order = rng.permutation(len(raw))
    one = choose_calibration(raw, hit, owner, SETTINGS)
    other = choose_calibration(raw[order], hit[order], owner[order], SETTINGS)
    assert one[0] == other[0]
    assert one[1].equals(other[1])


def test_isotonic_steps_lose_rank_and_give_pds_of_zero_with_few_defaults():
    raw, hit, owner = _portfolio(np.random.default_rng(8), n_customers=250, n_dates=1)
    _, table = _chosen(raw, hit, owner)
    assert table.loc["isotonic", "zero_ratio"] > 0.1
    assert table.loc["isotonic", "auc_lost"] > 0
    assert table.loc["isotonic", "log_loss"] > table.loc["none", "log_loss"]
    assert (table.loc[["none", "shift", "platt"], ["zero_ratio", "auc_lost"]] == 0).all(axis=None)


def test_losses_are_those_on_customers_left_out():
    rng = np.random.default_rng(9)
    raw, hit = rng.normal(-1, 1, 400), (rng.random(400) < 0.3).astype(int)  # a score that says nothing
    _, table = _chosen(raw, hit, np.arange(400))
    rows = Rows.of(raw, hit, np.arange(400))
    fitted = isotonic(rows, rows.raw)
    in_sample = np.mean((fitted - rows.hit) ** 2)
    assert in_sample < np.mean((hit - hit.mean()) ** 2) < table.loc["isotonic", "brier"]
    assert table.loc["none", "log_loss"] == pytest.approx(log_loss(raw, hit))
    assert table.loc["none", "brier"] == pytest.approx(np.mean((expit(raw) - hit) ** 2))
    # one customer with all rows of both outcomes stays on one side: its copies cannot help their own PD
    alone = _chosen(np.tile(raw, 3), np.tile(hit, 3), np.tile(np.arange(400), 3))[1]
    assert alone["brier"].to_numpy() == pytest.approx(table["brier"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("raw", "outcome", "method", "reason"),
    [
        ([], [], "none", "too_few_defaulters"),
        ([0.0] * 50, [0] * 50, "none", "too_few_defaulters"),
        (np.linspace(-1, 1, 50), [1] * 50, "none", "one_class"),
        (np.linspace(-5, 5, 100), [0] * 50 + [1] * 50, "none", "separated"),
        (np.linspace(5, -5, 100), [0] * 50 + [1] * 50, "none", "separated"),
        ([0.0] * 100, [0] * 50 + [1] * 50, "none", "constant_score"),
        ([2.0] * 100, [0] * 50 + [1] * 50, "shift", "constant_score"),
    ],
)
def test_where_no_slope_can_be_fitted(raw, outcome, method, reason):
    found, table = _chosen(raw, outcome, np.arange(len(raw)))
    assert found.method == method
    assert table.loc["platt", "reason_code"] == reason
    assert np.isnan(table.loc["platt", "slope"])
    assert list(table.index) == sorted(METHODS)


def test_defaulting_rows_of_few_customers_are_few_defaulters():
    raw, outcome = np.linspace(-3, 0, 400), np.tile([0, 1], 200)
    customers = np.where(outcome == 1, np.arange(400) % 19, np.arange(400) + 100)
    assert _chosen(raw, outcome, customers)[0].method == "none"
    assert _chosen(raw, outcome, np.arange(400))[0].method != "none"


def test_a_calibration_turns_raw_log_odds_into_probabilities():
    line = Calibration(0.5, 1.0, "platt")
    assert line.log_odds([-2.0, 0.0]).tolist() == [0.0, 1.0]
    assert line.probability([-2.0]).tolist() == [0.5]


@pytest.mark.parametrize(
    ("raw", "outcome", "customers", "message"),
    [
        ([0.0, np.nan, np.inf], [0, 1, 0], ["a", "b", "c"], r"2 rows \(customers b, c\) have no finite log-odds"),
        ([0.0, 1.0], [0, 2], ["a", "b"], r"1 rows \(customers b\) have an outcome other than 0 and 1"),
        ([0.0, 1.0], [0, np.nan], ["a", "b"], r"1 rows \(customers b\) have an outcome other than 0 and 1"),
        ([0.0, 1.0], [0], ["a", "b"], "2 log-odds, 1 outcomes and 2 customers"),
    ],
)
def test_wrong_rows_are_refused(raw, outcome, customers, message):
    with pytest.raises(TableError, match=message):
        choose_calibration(raw, outcome, customers, SETTINGS)


def test_a_band_of_slopes_that_holds_nothing_is_refused():
    with pytest.raises(ValueError, match="lies above"):
        CalibrationSettings(slope_low=1.2, slope_high=0.8)
