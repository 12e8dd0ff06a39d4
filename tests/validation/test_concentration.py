"""Concentration of grades against hand figures, by number and by exposure, and its test against the beginning."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import norm
from validation.grade_evidence import evidence

from riskresearch.base.errors import TableError
from riskresearch.validation.measures.concentration import (
    concentration_exposure,
    concentration_number,
    concentration_p,
    herfindahl_exposure,
    herfindahl_index,
    herfindahl_number,
    least_p,
    variation,
)
from riskresearch.validation.registry import Verdict

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "concentration.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case):
    shares = np.array(case["customers"]) / sum(case["customers"])
    scale = "ABCDEFG"[: len(shares)]
    assert herfindahl_index(shares) == pytest.approx(case["index"], rel=1e-12, abs=1e-12)  # 0 has no relative error
    assert variation(shares) == pytest.approx(case["variation"], rel=1e-12, abs=1e-12)
    found = herfindahl_number(evidence("".join(g * n for g, n in zip(scale, case["customers"], strict=True)), scale))
    assert found.value == pytest.approx(case["index"], rel=1e-12, abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("n_grades", [2, 3, 7, 10])
def test_index_is_the_formula_of_the_instructions(n_grades):
    shares = np.random.default_rng(n_grades).dirichlet(np.ones(n_grades))
    cv = np.sqrt(n_grades * sum((share - 1 / n_grades) ** 2 for share in shares))
    by_formula = 1 + np.log((cv**2 + 1) / n_grades) / np.log(n_grades)
    assert herfindahl_index(shares) == pytest.approx(by_formula, rel=1e-12)


def test_exposure_weighs_and_an_unknown_one_holds_nothing():
    by_amount = herfindahl_exposure(evidence("AABC", exposure=[1, 1, 2, 4]))
    assert by_amount.value == pytest.approx(herfindahl_index([0.25, 0.25, 0.5]), rel=1e-12)
    patchy = herfindahl_exposure(evidence("AABCC", exposure=[1, 1, 2, 4, np.nan]))
    credit = herfindahl_exposure(evidence("AABCC", exposure=[1, 1, 2, 4, -9]))
    assert patchy.value == credit.value == by_amount.value


def test_equal_exposures_give_the_index_by_number():
    grades = "AAABBCCCCC"
    by_number = herfindahl_number(evidence(grades))
    by_amount = herfindahl_exposure(evidence(grades, exposure=[7.5] * 10))
    assert by_amount.value == pytest.approx(by_number.value, rel=1e-12)
    assert (by_amount.low, by_amount.high) == pytest.approx((by_number.low, by_number.high), rel=1e-12)


def test_p_value_by_hand():
    now, before = "A" * 60 + "B" * 20 + "C" * 20, "A" * 40 + "B" * 30 + "C" * 30
    cv, cv0 = np.sqrt(0.32), np.sqrt(0.02)  # 3 × Σ (share − 1/3)²
    z = np.sqrt(2) * (cv - cv0) / np.sqrt(0.32 * (0.5 + 0.32))
    found = concentration_number(evidence(now, initial=evidence(before)))
    assert found.value == pytest.approx(norm.sf(z), rel=1e-9)
    weighed = evidence("ABC", exposure=[60, 20, 20], initial=evidence("ABC", exposure=[40, 30, 30]))
    assert concentration_exposure(weighed).value == pytest.approx(norm.sf(z), rel=1e-9)


def test_p_value_where_customers_are_spread_equally():
    assert concentration_p(0.0, 0.0, 4) == 0.5
    assert concentration_p(0.0, 0.7, 4) == 1.0
    assert concentration_p(1e-9, 0.7, 4) == pytest.approx(1.0)
    assert concentration_p(0.1, 0.0, 9) < 0.001


@pytest.mark.parametrize("n_grades", [2, 5, 8, 10])
@pytest.mark.parametrize("initial", [0.0, 0.1, 0.3, 0.8, 2.0])
def test_least_p_is_the_least_of_all_concentrations(n_grades, initial):
    tried = [concentration_p(now, initial, n_grades) for now in np.linspace(1e-3, np.sqrt(n_grades - 1), 1500)]
    assert least_p(initial, n_grades) == pytest.approx(min(tried), rel=0.01)  # of a grid


def test_no_green_light_from_a_test_that_cannot_fail():
    skewed, even = "A" * 70 + "B" * 20 + "C" * 10, "A" * 17 + "B" * 17 + "C" * 16
    blind = concentration_number(evidence(skewed, initial=evidence(skewed)))
    assert (blind.value, blind.verdict) == (0.5, Verdict.INFORMATION)
    able = concentration_number(evidence(even, initial=evidence(even)))
    assert (able.value, able.verdict) == (0.5, Verdict.GREEN)
    worse = concentration_number(evidence("A" * 20 + "B" * 15 + "C" * 15, initial=evidence("ABC")))
    assert worse.value < 0.05
    assert worse.verdict in (Verdict.AMBER, Verdict.RED)


def test_reasons():
    assert herfindahl_number(evidence("AAA", scale="A")).reason == "one_grade"
    assert herfindahl_number(evidence("")).reason == "no_rows"
    assert herfindahl_exposure(evidence("AB")).reason == "no_exposure"
    assert concentration_number(evidence("AB")).reason == "no_initial"
    assert concentration_exposure(evidence("AB", exposure=[1, 1], initial=evidence("AB"))).reason == "no_initial"
    assert concentration_exposure(evidence("AB", initial=evidence("AB", exposure=[1, 1]))).reason == "no_exposure"
    with pytest.raises(TableError, match="grade_code: 1 rows"):
        herfindahl_number(evidence("AZ"))
