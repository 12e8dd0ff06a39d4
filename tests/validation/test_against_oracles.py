"""Every measure against an independent program (`oracles/validation_*`) or a published value."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm
from validation.samples import GRADES, evidence, moves, oracle

from riskresearch.validation.battery import BATTERY
from riskresearch.validation.settings import ValidationSettings

SAMPLES = ("cohort", "panel", "small")
OWN = ValidationSettings(
    n_bootstrap=200, slope_min_defaulters=2, gross_margin_ratio=0.15, seller_lgd_ratio=0.6, no_loss_ratio=0.3,
    total_loss_ratio=0.25, matrix_min_customers=2, test_correlation_ratio=0.05,
)  # fmt: skip
DISCRIMINATION, COUNTS, CALIBRATION = (oracle(name) for name in ("discrimination", "counts", "calibration"))
STABILITY = oracle("stability")


def _figure(content, *path):
    return lambda name: _at(content.get("samples", content).get(name), path)


def _at(content, path):
    for step in path:
        content = None if content is None else content.get(step)
    return content


def _grade_tests(name, side):
    return [pair["fisher"][side] for pair in COUNTS["samples"][name]["neighbours"]]


def _inversion(name):
    p = _grade_tests(name, "first_higher")
    return min(1.0, len(p) * min(p))


def _net_benefit_gain(name):
    hit = oracle("samples")["samples"][name]["hit"]
    rate = sum(hit) / len(hit)
    return DISCRIMINATION["samples"][name]["net_benefit"]["0.2"] - max(0.0, rate - (1 - rate) * 0.25)


def _traffic(name):
    return sum(oracle("samples")["samples"][name]["hit"]) / COUNTS["samples"][name]["critical"]["0.05"][0]


def _within(name):
    parts = CALIBRATION[name]["murphy"]
    return parts["within_variance"] - parts["within_covariance"]


def _matrix(_):
    p = [cell["p"] for cell in STABILITY["matrices"]["mathworks"]["cells"] if cell["p"] is not None]
    return min(1.0, len(p) * min(p))


def _shares(name, by_exposure):
    """Herfindahl index of the shares of the grades, from their squares alone."""
    sample = oracle("samples")["samples"][name]
    weight = sample["exposure"] if by_exposure else [1.0] * len(sample["grade"])
    total = {g: sum(w for w, h in zip(weight, sample["grade"], strict=True) if h == g) for g in GRADES}
    return 1 + np.log(sum((v / sum(weight)) ** 2 for v in total.values())) / np.log(len(GRADES))


D, C, K = DISCRIMINATION, CALIBRATION, COUNTS
EXPECTED = {
    "auc": _figure(D, "auc"),
    "gini": lambda name: 2 * D["samples"][name]["auc"] - 1,
    "accuracy_ratio": _figure(D, "accuracy_ratio"),
    "ks": _figure(D, "ks"),
    "h_measure": _figure(D, "h_measure", "severity"),
    "auc_hanley_mcneil": _figure(D, "auc"),
    "auc_gain_over_rule": _figure(D, "rival_clustered", "gain"),
    "auc_gain_over_rule_p": _figure(D, "rival_clustered", "p_one_sided"),
    "auc_gain_delong_p": _figure(D, "rival", "p_one_sided"),
    "expected_maximum_profit": _figure(D, "profit_own", "profit"),
    "emp_rejected_ratio": _figure(D, "profit_own", "refused"),
    "net_benefit": _figure(D, "net_benefit", "0.2"),
    "net_benefit_gain": _net_benefit_gain,
    "best_cut_off": _figure(D, "best_cut"),
    "auc_against_initial": _figure(D, "against_initial", "p"),
    "brier": _figure(C, "brier"),
    "brier_skill": _figure(C, "brier_skill"),
    "murphy_reliability": _figure(C, "murphy", "reliability"),
    "murphy_resolution": _figure(C, "murphy", "resolution"),
    "murphy_uncertainty": _figure(C, "murphy", "uncertainty"),
    "murphy_within": _within,
    "log_loss": _figure(C, "log_loss"),
    "log_loss_skill": _figure(C, "log_loss_skill"),
    "spiegelhalter": _figure(C, "spiegelhalter", "p_two_sided"),
    "hosmer_lemeshow": _figure(C, "hosmer_lemeshow", "p"),
    "calibration_slope": _figure(C, "slopes", "slope"),
    "calibration_intercept": _figure(C, "slopes", "intercept"),
    "calibration_in_the_large": _figure(C, "slopes", "in_the_large"),
    "slope_and_level": _figure(C, "slopes", "p"),
    "ece": _figure(C, "equal_groups", "mean"),
    "mce": _figure(C, "equal_groups", "largest"),
    "smooth_ece": _figure(C, "smooth_error", "value"),
    "observed_to_expected": _figure(C, "observed_to_expected"),
    "jeffreys": _figure(K, "jeffreys"),
    "binomial": _figure(K, "binomial"),
    "binomial_correlated": _figure(K, "binomial_correlated", "0.05"),
    "traffic_light": _traffic,
    "normal_multi_year": lambda name: K["years"]["p"],
    "grade_heterogeneity": lambda name: max(_grade_tests(name, "second_higher")),
    "grade_inversion": _inversion,
    "migration_upper": lambda name: STABILITY["matrices"]["mathworks"]["bandwidths"]["upper"],
    "migration_lower": lambda name: STABILITY["matrices"]["mathworks"]["bandwidths"]["lower"],
    "matrix_stability": _matrix,
    "herfindahl_number": lambda name: _shares(name, False),
    "herfindahl_exposure": lambda name: _shares(name, True),
    "concentration_number": _figure(STABILITY, "number", "p"),
    "concentration_exposure": _figure(STABILITY, "exposure", "p"),
    "psi": _figure(STABILITY, "grades", "value"),
}
NUMERIC = {"h_measure": 1e-6, "expected_maximum_profit": 1e-7, "emp_rejected_ratio": 2e-4, "smooth_ece": 1e-5,
           "calibration_slope": 2e-6, "calibration_intercept": 2e-6, "calibration_in_the_large": 2e-6}  # fmt: skip
BANDS = {"migration_upper", "migration_lower", "matrix_stability"}


def test_every_measure_has_an_independent_value():
    assert set(BATTERY.names) == set(EXPECTED)


NOT_ON_SMALL = {"hosmer_lemeshow", "auc_against_initial", "concentration_number", "concentration_exposure", "psi"}
"""Measures of which the oracles have no value on twelve rows: no groups, no development sample of their own."""


def test_all_other_figures_are_held_on_all_samples():
    lacking = {(m, s) for m in EXPECTED for s in SAMPLES if EXPECTED[m](s) is None}
    assert lacking == {(measure, "small") for measure in NOT_ON_SMALL}


@pytest.mark.parametrize(
    ("measure", "sample"), [(m, s) for m in EXPECTED for s in SAMPLES if (s, m in NOT_ON_SMALL) != ("small", True)]
)
def test_measure_equals_the_independent_value(measure, sample):
    given = evidence(sample, settings=OWN)
    if measure in BANDS:  # the published matrix has five grades
        given = replace(given, grades=GRADES[:5])
    found = BATTERY[measure].function(given)
    assert found.reason is None
    assert found.value == pytest.approx(EXPECTED[measure](sample), rel=NUMERIC.get(measure, 1e-9), abs=2e-9)


def test_few_expected_defaults_leave_no_groups_to_compare():
    assert BATTERY["hosmer_lemeshow"].function(evidence("small")).reason == "too_few_defaults"


@pytest.mark.parametrize(
    "law", [("severity_ratio", "severity"), ("class_shares", "priors"), ("symmetric", "symmetric")]
)
@pytest.mark.parametrize("sample", SAMPLES)
def test_h_measure_under_each_weight_of_the_costs(law, sample):
    found = BATTERY["h_measure"].function(
        evidence(sample, settings=ValidationSettings(n_bootstrap=50, h_cost_law=law[0]))
    )
    assert found.value == pytest.approx(DISCRIMINATION["samples"][sample]["h_measure"][law[1]], rel=1e-6)


@pytest.mark.parametrize("sample", SAMPLES)
def test_expected_profit_with_the_figures_of_its_authors(sample):
    expected = DISCRIMINATION["samples"][sample]["profit_verbraken"]
    given = evidence(sample, settings=ValidationSettings(n_bootstrap=50))
    assert BATTERY["expected_maximum_profit"].function(given).value == pytest.approx(expected["profit"], rel=1e-6)
    assert BATTERY["emp_rejected_ratio"].function(given).value == pytest.approx(expected["refused"], abs=1e-5)


@pytest.mark.parametrize("rho", ["0.02", "0.12"])
def test_correlated_binomial_at_other_correlations(rho):
    given = evidence("panel", settings=ValidationSettings(test_correlation_ratio=float(rho)))
    expected = COUNTS["samples"]["panel"]["binomial_correlated"][rho]
    assert BATTERY["binomial_correlated"].function(given).value == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("sample", ["cohort", "panel"])
def test_learnt_rows_lose_two_degrees_of_freedom(sample):
    found = BATTERY["hosmer_lemeshow"].function(evidence(sample, is_in_sample=True))
    assert found.value == pytest.approx(CALIBRATION[sample]["hosmer_lemeshow"]["p_in_sample"], abs=1e-9)


@pytest.mark.parametrize(
    ("measure", "place", "value"),
    [("calibration_slope", 0, "slope"), ("calibration_intercept", 1, "intercept"),
     ("calibration_in_the_large", 2, "in_the_large")],
)  # fmt: skip
@pytest.mark.parametrize("sample", ["cohort", "panel"])
def test_interval_of_slope_and_level_is_clustered_by_customer(measure, place, value, sample):
    expected = CALIBRATION[sample]["slopes"]
    n = expected["n_customers"]
    half = norm.ppf(0.975) * expected["clustered_errors"][place] * sqrt(n / (n - 1))
    found = BATTERY[measure].function(evidence(sample))
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-5)
    assert (found.high + found.low) / 2 == pytest.approx(expected[value], rel=1e-5)


@pytest.mark.parametrize("sample", ["cohort", "panel"])
def test_interval_of_the_gain_is_clustered_by_customer(sample):
    expected = DISCRIMINATION["samples"][sample]["rival_clustered"]
    found = BATTERY["auc_gain_over_rule"].function(evidence(sample))
    assert (found.high - found.low) / 2 == pytest.approx(norm.ppf(0.975) * expected["error"], rel=1e-9)


@pytest.mark.parametrize("sample", SAMPLES)
def test_hanley_mcneil_interval(sample):
    expected = DISCRIMINATION["samples"][sample]
    found = BATTERY["auc_hanley_mcneil"].function(evidence(sample))
    half = norm.ppf(0.975) * expected["hanley_mcneil"]
    assert found.low == pytest.approx(expected["auc"] - half, rel=1e-9)
    assert found.high == pytest.approx(min(1.0, expected["auc"] + half), rel=1e-9)


@pytest.mark.parametrize("sample", ["cohort", "panel"])
def test_bootstrap_of_the_auc_is_as_wide_as_the_clustered_normal_interval(sample):
    found = BATTERY["auc"].function(evidence(sample, settings=ValidationSettings(n_bootstrap=2000)))
    half = norm.ppf(0.975) * sqrt(DISCRIMINATION["samples"][sample]["clustered_variance"])
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.08)


def test_the_traffic_light_changes_at_its_critical_numbers():
    rows = evidence("cohort").rows.assign(pd_12m=0.02)
    at = next(one for one in COUNTS["counts"] if one["n"] == 250)
    light = {}
    for d in (at["k95_correlated"] - 1, at["k95_correlated"], at["k999_correlated"] - 1, at["k999_correlated"]):
        hit = np.arange(250) < d
        light[d] = str(
            BATTERY["traffic_light"].function(evidence("cohort", rows=rows[:250].assign(is_default=hit))).verdict
        )
    assert list(light.values()) == ["green", "amber", "amber", "red"]


def test_matrix_with_empty_rows_and_cells():
    given = evidence("cohort", settings=OWN, grades=GRADES[:4], moves=moves("with_gaps", GRADES))
    matrix = STABILITY["matrices"]["with_gaps"]
    p = [cell["p"] for cell in matrix["cells"] if cell["p"] is not None]
    assert BATTERY["matrix_stability"].function(given).value == pytest.approx(min(1.0, len(p) * min(p)), rel=1e-9)
    for side in ("upper", "lower"):
        found = BATTERY[f"migration_{side}"].function(given).value
        assert found == pytest.approx(matrix["bandwidths"][side], rel=1e-12)
