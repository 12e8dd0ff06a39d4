"""Long-run level, point in time and through the cycle, margin: worked cases and what must always hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Timestamp
from scipy.special import expit, logit
from scipy.stats import norm

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.model.calibration.cycle import conditional_pd, implied_factor, through_the_cycle
from riskresearch.model.calibration.fit import level_shift
from riskresearch.model.calibration.level import PD_LEVELS, LevelSettings, pd_levels
from riskresearch.model.calibration.long_run import long_run

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "levels.yaml").read_text(encoding="utf-8"))
PDS = st.floats(1e-4, 0.6)
FACTORS = st.floats(-3.5, 3.5)
CORRELATIONS = st.floats(0.01, 0.6)


def _cohorts(years):
    return DataFrame(
        {
            "year": [str(year["year"]) for year in years],
            "start_date": pd.to_datetime([f"{year['year'] - 1}-12-31" for year in years]).as_unit("us"),
            "end_date": pd.to_datetime([f"{year['year']}-12-31" for year in years]).as_unit("us"),
            "n_at_start": [year["customers"] for year in years],
            "n_defaulters": [year["defaults"] for year in years],
            "default_ratio": [year["defaults"] / year["customers"] if year["customers"] else None for year in years],
            "is_complete": [year.get("complete", True) for year in years],
        }
    ).astype({"is_complete": "boolean", "default_ratio": "float64"})


def _table(log_odds, years, *, until="2030-01-01", weight=None, **chosen):
    levels, table = pd_levels(log_odds, _cohorts(years), LevelSettings(**chosen), until=Timestamp(until), weight=weight)
    return levels, check(table, PD_LEVELS).set_index("level_code")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    rows = np.full(40, logit(case["model_pd"]))
    levels, table = _table(rows, case["years"], until=str(case["until"]), **case.get("settings", {}))
    for name, value in case["expected"].items():
        expected = np.nan if value is None else value
        assert table.loc[name, "value"] == pytest.approx(expected, abs=1e-6, nan_ok=True), name
    for name, reason in case.get("reasons", {}).items():
        assert table.loc[name, "reason_code"] == reason
    assert table.loc[table["value"].isna(), "reason_code"].notna().all()
    assert levels.pds(rows)["pd_12m"].mean() == pytest.approx(table.loc["mean_pd", "value"], abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-12, 6), min_size=1, max_size=30), st.floats(1e-4, 0.99))
def test_the_shifted_mean_is_the_one_wanted(log_odds, mean_pd):
    score = np.array(log_odds)
    shift = level_shift(score, mean_pd=mean_pd)
    assert expit(score + shift).mean() == pytest.approx(mean_pd, rel=1e-12)
    weight = np.arange(1, len(score) + 1)
    weighted = level_shift(score, mean_pd=mean_pd, weight=weight)
    assert np.average(expit(score + weighted), weights=weight) == pytest.approx(mean_pd, rel=1e-12)


def test_a_shift_keeps_the_odds_between_customers():
    score = np.array([-5.0, -3.0, -1.0])
    levels, _ = _table(score, [{"year": y, "customers": 100, "defaults": 4} for y in (2021, 2022, 2023)])
    moved = logit(levels.pds(score)["pd_12m"].to_numpy())
    assert np.diff(moved) == pytest.approx([2.0, 2.0])
    assert levels.pds(score)["pd_12m"].mean() == pytest.approx(0.04, rel=1e-12)


def test_weights_let_every_year_count_alike():
    score = np.array([-3.0] * 90 + [-1.0] * 10)  # 90 rows of one year, 10 of another
    weight = np.array([1 / 90] * 90 + [1 / 10] * 10)
    years = [{"year": y, "customers": 100, "defaults": 10} for y in (2021, 2022, 2023)]
    levels, table = _table(score, years, weight=weight)
    by_year = expit(np.array([-3.0, -1.0]) + levels.shift)
    assert by_year.mean() == pytest.approx(0.1, rel=1e-12)
    assert table.loc["mean_pd", "value"] == pytest.approx(0.1, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(PDS, FACTORS, CORRELATIONS)
def test_through_the_cycle_undoes_point_in_time(p, factor, rho):
    there = conditional_pd(p, factor=factor, correlation_ratio=rho)
    assert through_the_cycle(there, factor=factor, correlation_ratio=rho) == pytest.approx(p, rel=1e-6)
    assert implied_factor(float(there), long_run_ratio=p, correlation_ratio=rho) == pytest.approx(factor, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(PDS, CORRELATIONS)
def test_the_mean_over_all_years_is_the_long_run(p, rho):
    factors = np.linspace(-9, 9, 4001)
    weight = norm.pdf(factors) / norm.pdf(factors).sum()
    given_factor = conditional_pd(p, factor=factors, correlation_ratio=rho)
    assert weight @ given_factor == pytest.approx(p, rel=1e-8)
    assert (np.diff(given_factor) <= 0).all()  # better years, fewer defaults


def test_two_customers_default_together_as_the_correlation_says():
    # share of years in which both default, by the bivariate normal distribution
    from scipy.stats import multivariate_normal

    factors = np.linspace(-9, 9, 4001)
    weight = norm.pdf(factors) / norm.pdf(factors).sum()
    both = weight @ conditional_pd(0.05, factor=factors, correlation_ratio=0.2) ** 2
    joint = multivariate_normal([0, 0], [[1, 0.2], [0.2, 1]]).cdf([norm.ppf(0.05)] * 2)
    assert both == pytest.approx(joint, rel=1e-4)


def test_no_factor_without_a_rate_or_without_correlation():
    assert np.isnan(implied_factor(0.0, long_run_ratio=0.02, correlation_ratio=0.1))
    assert np.isnan(implied_factor(0.02, long_run_ratio=0.0, correlation_ratio=0.1))
    assert np.isnan(implied_factor(0.02, long_run_ratio=0.02, correlation_ratio=0.0))
    years = [{"year": y, "customers": 100, "defaults": 4} for y in (2021, 2022, 2023)]
    _, table = _table([-3.0], years, cycle_correlation_ratio=0.0)
    assert table.loc["cycle_factor", "reason_code"] == "no_correlation"


@pytest.mark.parametrize(("n_years", "rho"), [(1, 0.0), (4, 0.02)])
def test_the_upper_bound_holds_as_often_as_it_says(n_years, rho):
    rng = np.random.default_rng(3)
    cohorts = _cohorts([{"year": 2000 + i, "customers": 500, "defaults": 0} for i in range(n_years)])
    yearly = conditional_pd(0.02, factor=rng.normal(size=(250, n_years)), correlation_ratio=rho)
    highs = [
        long_run(cohorts.assign(default_ratio=ratios), until=Timestamp("2030-01-01"), confidence_ratio=0.9).high_ratio
        for ratios in rng.binomial(500, yearly) / 500
    ]
    assert 0.86 <= np.mean(np.array(highs) >= 0.02) <= 0.97


def test_equal_years_still_leave_the_error_of_few_customers():
    years = [{"year": y, "customers": 100, "defaults": 2} for y in (2021, 2022, 2023)]
    found = long_run(_cohorts(years), until=Timestamp("2030-01-01"), confidence_ratio=0.9)
    # 6 of 300: the sum of the probabilities of 0 to 6 defaults is 10 % at the bound
    from scipy.stats import binom

    assert binom.cdf(6, 300, found.high_ratio) == pytest.approx(0.1, rel=1e-9)


def test_a_year_of_few_customers_bounds_what_the_mean_can_know():
    # the mean of a year of 50 and one of very many customers varies by chance like that of two years of 100
    few, alike = (
        long_run(
            _cohorts([{"year": 2021 + i, "customers": n, "defaults": n // 50} for i, n in enumerate(sizes)]),
            until=Timestamp("2030-01-01"),
            confidence_ratio=0.9,
        )
        for sizes in ((50, 5_000_000_000), (100, 100))
    )
    assert few.high_ratio == pytest.approx(alike.high_ratio, rel=1e-6)


def test_without_cohorts_or_rows_there_are_reasons_and_no_figures():
    _, table = _table([-3.0, -2.0], [])
    assert (
        table.loc[["long_run", "level_shift", "latest_year", "margin_shift"], "reason_code"].tolist()
        == ["too_few_years"] * 4
    )
    assert table.loc["mean_pd", "value"] == pytest.approx(expit([-3.0, -2.0]).mean())
    levels, table = _table([], [{"year": y, "customers": 100, "defaults": 4} for y in (2021, 2022, 2023)])
    assert levels.shift == 0
    assert table.loc[["mean_pd_model", "level_shift", "margin_shift"], "reason_code"].tolist() == ["no_rows"] * 3
    assert table.loc["long_run", "value"] == pytest.approx(0.04)


def test_a_margin_that_no_pd_can_hold_is_told():
    years = [{"year": y, "customers": 3, "defaults": d} for y, d in ((2021, 0), (2022, 0), (2023, 1))]
    levels, table = _table([0.0], years, level_min_years=4)
    assert np.isnan(levels.margin_shift)
    assert table.loc["margin_shift", "reason_code"] == "margin_too_large"
    assert levels.pds([0.0])["pd_12m"].tolist() == [0.5]


def test_an_empty_year_does_not_count():
    years = [{"year": 2020, "customers": 0, "defaults": 0}, {"year": 2021, "customers": 50, "defaults": 1}]
    found = long_run(_cohorts(years), until=Timestamp("2030-01-01"), confidence_ratio=0.9)
    assert (found.n_years, found.ratio) == (1, 0.02)


@pytest.mark.parametrize(("log_odds", "mean_pd"), [([], 0.1), ([np.nan], 0.1), ([0.0], 0.0), ([0.0], 1.0)])
def test_levels_that_cannot_be_reached_are_refused(log_odds, mean_pd):
    with pytest.raises(TableError, match="level shift"):
        level_shift(log_odds, mean_pd=mean_pd)
