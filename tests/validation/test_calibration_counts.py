"""Calibration by counts: cases by hand, other algorithms, published critical numbers, degenerate cases."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.integrate import quad
from scipy.stats import beta, chi2, norm, ttest_1samp
from validation.calibration_evidence import OWN, evidence, found, grouped, verdict

from riskresearch.validation.registry import BATTERY, REASONS, Evidence, Verdict

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "validation" / "calibration_counts.yaml").read_text(encoding="utf-8")
)
MEASURES = ("binomial", "observed_to_expected", "hosmer_lemeshow", "grade_heterogeneity", "grade_inversion")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    given = grouped(case["groups"], is_in_sample=case.get("in_sample", False))
    for name in MEASURES:
        expected = case.get(name)
        if isinstance(expected, str):
            assert found(name, given).reason == expected
        elif expected is not None:
            assert found(name, given).value == pytest.approx(expected, rel=1e-9)
    if "hosmer_lemeshow_statistic" in case:
        expected = chi2.sf(case["hosmer_lemeshow_statistic"], case["degrees_of_freedom"])
        assert found("hosmer_lemeshow", given).value == pytest.approx(expected, rel=1e-6)
    for name, expected in case.get("verdict", {}).items():
        assert verdict(name, given) == expected


@pytest.mark.parametrize(("n", "d", "p"), [(100, 3, 0.01), (250, 0, 0.02), (40, 40, 0.9), (1000, 25, 0.02)])
def test_jeffreys_is_the_integral_of_its_density(n, d, p):
    a, b = d + 0.5, n - d + 0.5
    points = [d / n] if 0 < d / n < p else None
    area = quad(lambda x: beta.pdf(x, a, b), 0, p, points=points, limit=200)[0]
    value = found("jeffreys", evidence(np.full(n, p), np.arange(n) < d)).value
    assert value == pytest.approx(area, rel=1e-5, abs=1e-8)  # quadrature error at the ends of the beta density


def test_binomial_is_the_sum_over_all_outcomes():
    p = 0.3
    every = [np.prod([p if hit else 1 - p for hit in way]) for way in product([0, 1], repeat=6) if sum(way) >= 3]
    assert found("binomial", evidence([p] * 6, [1, 1, 1, 0, 0, 0])).value == pytest.approx(sum(every), rel=1e-12)


def test_correlated_binomial_is_the_share_of_simulated_years():
    rng = np.random.default_rng(3)
    rho, n, p, d = 0.2, 50, 0.1, 9
    year = norm.cdf((norm.ppf(p) - np.sqrt(rho) * rng.standard_normal(400_000)) / np.sqrt(1 - rho))
    share = (rng.binomial(n, year) >= d).mean()
    given = evidence(np.full(n, p), np.arange(n) < d, test_correlation_ratio=rho)
    error = np.sqrt(share * (1 - share) / 400_000)
    assert found("binomial_correlated", given).value == pytest.approx(share, abs=4 * error)  # four standard errors


def test_without_correlation_both_binomial_tests_agree():
    given = evidence(np.full(300, 0.03), np.arange(300) < 14, test_correlation_ratio=0)
    assert found("binomial_correlated", given).value == pytest.approx(found("binomial", given).value, rel=1e-12)


@pytest.mark.parametrize(("rho", "first_amber"), [(0.0, 16), (0.05, 25)])
def test_traffic_light_turns_amber_at_the_published_number(rho, first_amber):
    """1,000 customers of 1 %: 16 defaults if independent, 25 with an asset correlation of 5 %."""

    def light(d):
        return evidence(np.full(1000, 0.01), np.arange(1000) < d, test_correlation_ratio=rho)

    assert verdict("traffic_light", light(first_amber - 1)) == Verdict.GREEN
    assert verdict("traffic_light", light(first_amber)) == Verdict.AMBER
    assert found("traffic_light", light(first_amber)).value == pytest.approx(1.0)


def test_traffic_light_turns_red_where_so_many_defaults_come_once_in_a_thousand():
    colours = {}
    for d in range(10, 60):
        given = evidence(np.full(500, 0.02), np.arange(500) < d)
        colours[d] = verdict("traffic_light", given), found("binomial_correlated", given).value
    for colour, p in colours.values():
        assert (colour == Verdict.GREEN) == (p > 0.05)
        assert (colour == Verdict.RED) == (p <= 0.001)
    assert {colour for colour, _ in colours.values()} == {"green", "amber", "red"}


def _years(n, d, pd_mean):
    return pd.DataFrame({"year": range(2018, 2018 + len(n)), "n_rows": n, "n_defaults": d, "pd_mean": pd_mean})


def test_several_years_are_the_one_sided_t_test():
    years = _years([200, 210, 190, 0, 220], [6, 9, 4, 0, 12], [0.02, 0.025, 0.02, 0.5, 0.03])
    gap = np.array([6 / 200 - 0.02, 9 / 210 - 0.025, 4 / 190 - 0.02, 12 / 220 - 0.03])
    expected = ttest_1samp(gap, 0, alternative="greater").pvalue
    assert found("normal_multi_year", evidence([0.1], [0], years=years)).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("d", "expected"), [(2, 0.5), (0, 1.0), (4, 0.0)])
def test_years_that_all_differ_alike_take_the_limit(d, expected):
    years = _years([128] * 4, [d] * 4, [0.015625] * 4)
    assert found("normal_multi_year", evidence([0.1], [0], years=years)).value == expected


def test_two_years_are_too_few():
    assert found("normal_multi_year", evidence([0.1], [0], years=_years([9, 9], [1, 1], [0.1, 0.1]))).reason == (
        "too_few_years"
    )
    assert found("normal_multi_year", evidence([0.1], [0])).reason == "too_few_years"


def test_observed_to_expected_resamples_customers_not_rows():
    p, hit = np.full(40, 0.1), np.arange(40) < 4
    once = found("observed_to_expected", evidence(p, hit))
    often = found(
        "observed_to_expected", evidence(np.tile(p, 12), np.tile(hit, 12), customer=np.tile(np.arange(40), 12))
    )
    assert (often.value, often.low, often.high) == pytest.approx((once.value, once.low, once.high), rel=1e-12)
    assert once.value == pytest.approx(1.0)
    assert once.low < 1 < once.high


@pytest.mark.parametrize(
    ("defaults", "expected"), [(100, Verdict.GREEN), (160, Verdict.AMBER), (300, Verdict.RED), (30, Verdict.RED)]
)
def test_observed_to_expected_is_amber_up_to_a_factor_two(defaults, expected):
    assert verdict("observed_to_expected", evidence(np.full(1000, 0.1), np.arange(1000) < defaults)) == expected


def test_a_grade_without_customers_between_two_others_is_stepped_over():
    groups = [{"grade": g, "pd": p, "customers": 200, "defaults": d} for g, p, d in (("A", 0.01, 2), ("C", 0.1, 20))]
    assert found("grade_heterogeneity", grouped(groups)).value < 1e-3
    swapped = [{**g, "grade": "X" + g["grade"]} for g in reversed(groups)]  # an unknown scale: ordered by mean PD
    assert found("grade_heterogeneity", grouped(swapped)).value == found("grade_heterogeneity", grouped(groups)).value


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("hit", [[0] * 30, [1] * 30, [0, 1, 0] * 10], ids=["no default", "all default", "some"])
@pytest.mark.parametrize(
    "p",
    [[0.1] * 30, [0.0] * 30, [1.0] * 30, [0.01, 0.5, 0.9] * 10, [1e-9, 0.5, 1 - 1e-9] * 10],
    ids=["all ties", "all 0", "all 1", "spread", "nearly certain"],
)
@pytest.mark.parametrize("customer", [None, [0] * 30], ids=["30 customers", "one customer"])
def test_every_measure_is_total_and_says_why_there_is_no_value(name, hit, p, customer):
    result = found(name, evidence(p, hit, customer=customer, n_bootstrap=50))
    spec = BATTERY[name].spec
    assert (result.value is None) == (result.reason is not None) == (result.verdict == Verdict.NOT_COMPUTABLE)
    if result.value is None:
        assert result.reason in REASONS
    else:
        assert spec.low <= result.value <= spec.high
        assert np.isfinite(result.value)
        assert (result.low is None) == (result.high is None)
        assert result.low is None or spec.low <= result.low <= result.high <= spec.high


@pytest.mark.parametrize("name", OWN)
def test_no_rows_and_one_row(name):
    nobody = evidence([], [])
    assert found(name, Evidence(nobody.rows, nobody.settings, nobody.rng)).reason in ("no_rows", "too_few_years")
    result = found(name, evidence([0.2], [1]))
    assert (result.value is None) == (result.reason is not None)


@pytest.mark.parametrize("name", OWN)
def test_the_order_of_rows_and_the_names_of_customers_do_not_matter(name):
    rng = np.random.default_rng(8)
    p = rng.beta(1, 6, 200)
    hit = rng.random(200) < p
    given = evidence(p, hit, customer=np.arange(200) // 2)
    other = given.rows.sample(frac=1, random_state=3).reset_index(drop=True)
    moved = Evidence(other, given.settings, np.random.default_rng(1), given.grades)
    first, second = found(name, given), found(name, moved)
    assert first.reason == second.reason
    if first.value is not None:
        assert second.value == pytest.approx(first.value, rel=1e-9)
        if first.low is not None:
            assert (second.low, second.high) == pytest.approx((first.low, first.high), rel=1e-9)
