"""Few defaults: upper bounds against published values and their definition, Bayesian estimate, table by grade."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from scipy.stats import binom, norm

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.model.calibration.cycle import conditional_pd
from riskresearch.model.low_default import (
    GRADE_ESTIMATES,
    LowDefaultSettings,
    bayes_pd,
    grade_estimates,
    upper_pd,
    yearly_rows,
)

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "low_default.yaml").read_text(encoding="utf-8"))
GRADES = ("A", "B", "C")


def _rows(counts):
    """Rows of grades as (grade, customers, defaults, PD)."""
    return pd.concat(
        [DataFrame({"grade_code": grade, "pd_12m": p, "is_default": np.arange(n) < d}) for grade, n, d, p in counts],
        ignore_index=True,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    sizes, defaults = np.array(case["customers"]), np.array(case["defaults"])
    for confidence, expected in case["expected"].items():
        found = [
            100
            * upper_pd(
                int(defaults[i:].sum()),
                int(sizes[i:].sum()),
                confidence_ratio=confidence / 100,
                correlation_ratio=case["correlation"],
            )
            for i in range(len(sizes))
        ]
        assert found == pytest.approx(expected, abs=case.get("tolerance", 0.005))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(13, 400), st.floats(0.05, 0.95), st.floats(0.01, 0.4))
def test_the_bound_is_where_so_few_defaults_have_the_probability_left(n_defaults, n_rows, confidence, rho):
    bound = upper_pd(n_defaults, n_rows, confidence_ratio=confidence, correlation_ratio=rho)
    factors = np.linspace(-9, 9, 3001)
    weight = norm.pdf(factors) / norm.pdf(factors).sum()
    yearly = conditional_pd(bound, factor=factors, correlation_ratio=rho)
    assert weight @ binom.cdf(n_defaults, n_rows, yearly) == pytest.approx(1 - confidence, abs=1e-8)
    independent = upper_pd(n_defaults, n_rows, confidence_ratio=confidence)
    assert binom.cdf(n_defaults, n_rows, independent) == pytest.approx(1 - confidence, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 20), st.integers(30, 500), st.sampled_from([0.0, 0.12]))
def test_the_bound_rises_with_defaults_and_confidence_and_falls_with_customers(n_defaults, n_rows, rho):
    def bound(d, n, confidence):
        return upper_pd(d, n, confidence_ratio=confidence, correlation_ratio=rho)

    base = bound(n_defaults, n_rows, 0.75)
    assert bound(n_defaults + 1, n_rows, 0.75) > base > bound(n_defaults, n_rows + 10, 0.75)
    assert bound(n_defaults, n_rows, 0.9) > base > bound(n_defaults, n_rows, 0.5)


def test_without_defaults_correlation_only_raises_the_bound():
    bounds = [upper_pd(0, 200, confidence_ratio=0.75, correlation_ratio=rho) for rho in (0.0, 1e-4, 0.05, 0.12, 0.3)]
    assert (np.diff(bounds) > 0).all()
    assert bounds[1] == pytest.approx(bounds[0], rel=1e-3)


def test_ends_of_the_bound():
    assert np.isnan(upper_pd(0, 0, confidence_ratio=0.9))
    assert upper_pd(4, 4, confidence_ratio=0.9, correlation_ratio=0.12) == 1.0
    assert upper_pd(0, 1, confidence_ratio=0.5) == pytest.approx(0.5)
    assert upper_pd(0, 1, confidence_ratio=0.5, correlation_ratio=0.3) == pytest.approx(0.5)  # one has no correlation


@pytest.mark.parametrize(("n_defaults", "n_rows"), [(-1, 10), (11, 10)])
def test_impossible_counts_are_refused(n_defaults, n_rows):
    with pytest.raises(TableError, match="low default"):
        upper_pd(n_defaults, n_rows, confidence_ratio=0.9)
    with pytest.raises(TableError, match="low default"):
        bayes_pd(n_defaults, n_rows)


def test_the_neutral_estimate_counts_one_default_and_two_customers_more():
    assert bayes_pd(3, 400) == pytest.approx(4 / 402)
    assert bayes_pd(0, 0) == 0.5


def test_expert_knowledge_weighs_like_customers():
    # 2 % worth 100 customers and 1 of 300 seen: 3 of 400
    assert bayes_pd(1, 300, prior_defaults=2, prior_survivors=98) == pytest.approx(3 / 400)


@pytest.mark.parametrize(("d", "n", "a", "b", "top"), [(0, 50, 1, 1, 0.1), (3, 800, 1, 1, 0.01), (2, 40, 2, 30, 0.2)])
def test_a_cut_prior_against_the_integral(d, n, a, b, top):
    p = np.linspace(0, top, 400_001)[1:-1]
    weight = p ** (a - 1 + d) * (1 - p) ** (b - 1 + n - d)
    found = bayes_pd(d, n, prior_defaults=a, prior_survivors=b, highest_pd=top)
    assert found == pytest.approx((weight @ p) / weight.sum(), rel=1e-4)
    assert found < bayes_pd(d, n, prior_defaults=a, prior_survivors=b)


def test_a_cut_prior_far_below_the_rate_stays_a_number():
    assert 0.009 < bayes_pd(300, 1000, highest_pd=0.01) < 0.01


def test_estimates_by_grade():
    rows = _rows([("A", 100, 0, 0.004), ("C", 50, 3, 0.05)])
    found = check(grade_estimates(rows, LowDefaultSettings(), grades=GRADES), GRADE_ESTIMATES).set_index("grade_code")
    assert found["n_rows"].tolist() == [100, 0, 50]
    assert found["n_defaults"].tolist() == [0, 0, 3]
    assert found["n_rows_or_worse"].tolist() == [150, 50, 50]
    assert found["n_defaults_or_worse"].tolist() == [3, 3, 3]
    assert found["default_ratio"].tolist() == pytest.approx([0, np.nan, 0.06], nan_ok=True)
    assert found["pd_mean"].tolist() == pytest.approx([0.004, np.nan, 0.05], nan_ok=True)
    assert found["pd_bayes"].tolist() == pytest.approx([4 / 152, 4 / 52, 4 / 52])
    assert found["pd_bayes_own"].tolist() == pytest.approx([0.4 / 200, np.nan, 8 / 150], nan_ok=True)
    assert found.loc["A", "pd_upper_90"] == upper_pd(3, 150, confidence_ratio=0.9)
    assert found.loc["C", "pd_upper_correlated_95"] == upper_pd(3, 50, confidence_ratio=0.95, correlation_ratio=0.12)
    assert found.loc["A", "pd_upper_50"] < found.loc["A", "pd_upper_75"] < found.loc["A", "pd_upper_95"]


def test_settings_change_the_estimates():
    rows = _rows([("A", 100, 0, 0.004), ("B", 80, 1, 0.01), ("C", 50, 3, 0.05)])
    chosen = LowDefaultSettings(
        low_default_correlation_ratio=0, bayes_prior_defaults=2, bayes_prior_survivors=98, bayes_own_customers=20
    )
    found = grade_estimates(rows, chosen, grades=GRADES)
    assert (found["pd_upper_90"] == found["pd_upper_correlated_90"]).all()
    assert found["pd_bayes"].tolist() == pytest.approx([6 / 330, 6 / 230, 5 / 150])
    assert found["pd_bayes_own"].tolist() == pytest.approx([0.08 / 120, 1.2 / 100, 4 / 70])


def test_grades_below_the_last_customer_have_no_figures():
    found = grade_estimates(_rows([("A", 100, 1, 0.004)]), LowDefaultSettings(), grades=GRADES)
    assert found.loc[1:, ["pd_upper_50", "pd_upper_correlated_95", "pd_bayes"]].isna().all(axis=None)
    nothing = grade_estimates(_rows([("A", 1, 0, 0.1)])[:0], LowDefaultSettings(), grades=GRADES)
    assert len(check(nothing, GRADE_ESTIMATES)) == 3


def test_unknown_outcomes_and_grades_are_refused():
    rows = _rows([("A", 2, 1, 0.01), ("X", 1, 0, 1.0)])
    with pytest.raises(TableError, match=r"1 rows \(grades X\)"):
        grade_estimates(rows, LowDefaultSettings(), grades=GRADES)
    unknown = rows[:2].assign(is_default=pd.array([True, pd.NA], dtype="boolean"))
    with pytest.raises(TableError, match=r"1 rows \(grades A\)"):
        grade_estimates(unknown, LowDefaultSettings(), grades=GRADES)


def test_yearly_rows_do_not_overlap():
    dates = pd.date_range("2020-01-31", "2023-05-31", freq="ME").as_unit("us")
    rows = DataFrame({"observation_date": np.tile(dates, 2), "customer_id": np.repeat(["a", "b"], len(dates))})
    found = yearly_rows(rows)
    assert sorted(found["observation_date"].dt.strftime("%Y-%m").unique()) == [
        "2020-05",
        "2021-05",
        "2022-05",
        "2023-05",
    ]
    assert len(found) == 8
    assert yearly_rows(rows, months=24)["observation_date"].dt.year.unique().tolist() == [2021, 2023]
    assert len(yearly_rows(rows[:0])) == 0
