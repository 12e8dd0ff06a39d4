"""Measures and intervals against printed values (cases/validation/published.yaml) and counts by enumeration."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import yaml
from pandas import DataFrame
from validation.samples import GRADES, evidence, oracle

from riskresearch.base.shifts import shift
from riskresearch.validation.adjustment import holm
from riskresearch.validation.battery import BATTERY
from riskresearch.validation.binomial import at_least, critical_count
from riskresearch.validation.delong import auc_and_variance, clustered_auc_and_variance, clustered_paired, paired
from riskresearch.validation.grade_counts import neighbours
from riskresearch.validation.intervals import clopper_pearson, jeffreys_interval, wilson
from riskresearch.validation.measures.discrimination import hanley_mcneil_error
from riskresearch.validation.moves import grade_migrations
from riskresearch.validation.shrinkage import shrunk

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "published.yaml").read_text("utf-8"))
COUNTS, STABILITY, DISCRIMINATION = oracle("counts"), oracle("stability"), oracle("discrimination")
INTERVALS = {"wilson": wilson, "clopper_pearson": clopper_pearson, "jeffreys": jeffreys_interval}


def _moves(counts):
    cells = [(GRADES[i], GRADES[j], n) for i, row in enumerate(counts) for j, n in enumerate(row)]
    pairs = [(start, end) for start, end, n in cells for _ in range(n)]
    frame = DataFrame(pairs, columns=["grade_from", "grade_to"])
    return frame.assign(customer_id=[f"M{k}" for k in range(len(frame))])


@pytest.mark.parametrize("case", CASES["intervals_95"], ids=lambda case: f"{case['n_defaults']} of {case['n_rows']}")
@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_printed_intervals_of_a_rate(case, method):
    low, high = INTERVALS[method]([case["n_rows"]], [case["n_defaults"]], 0.95)
    assert [round(float(low[0]), 4), round(float(high[0]), 4)] == case[method]


@pytest.mark.parametrize("case", COUNTS["intervals"], ids=lambda case: f"{case['d']} of {case['n']}")
@pytest.mark.parametrize("method", INTERVALS)
def test_bounds_found_by_bisection(case, method):
    low, high = INTERVALS[method]([case["n"]], [case["d"]], case["level"])
    np.testing.assert_allclose([low[0], high[0]], case[method], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("case", CASES["critical_counts"])
def test_printed_critical_numbers_of_defaults(case):
    found = critical_count(case["n_rows"], pd_ratio=case["pd"], level_ratio=0.05, correlation_ratio=case["correlation"])
    assert found == case["defaults"]


@pytest.mark.parametrize("case", COUNTS["counts"], ids=lambda case: f"{case['d']} of {case['n']}")
def test_tails_and_critical_numbers_by_enumeration(case):
    n, d, p = case["n"], case["d"], case["pd"]
    assert at_least(d, n_rows=n, pd_ratio=p) == pytest.approx(case["binomial"], rel=1e-9)
    assert at_least(d, n_rows=n, pd_ratio=p, correlation_ratio=0.05) == pytest.approx(case["correlated"], rel=1e-8)
    for level, name in ((0.05, "k95"), (0.001, "k999")):
        assert critical_count(n, pd_ratio=p, level_ratio=level) == case[name]
        found = critical_count(n, pd_ratio=p, level_ratio=level, correlation_ratio=0.05)
        assert found == case[f"{name}_correlated"]


@pytest.mark.parametrize("case", COUNTS["counts"], ids=lambda case: f"{case['d']} of {case['n']}")
def test_jeffreys_by_integration(case):
    rows = evidence("cohort").rows.iloc[[0] * case["n"]].assign(pd_12m=case["pd"])
    rows = rows.assign(is_default=np.arange(case["n"]) < case["d"], customer_id=[f"C{k}" for k in range(case["n"])])
    found = BATTERY["jeffreys"].function(evidence("cohort", rows=rows)).value
    assert found == pytest.approx(case["jeffreys"], rel=1e-8, abs=2e-9)


@pytest.mark.parametrize("sample", ["cohort", "panel", "small"])
def test_neighbouring_grades_by_every_table_of_the_same_margins(sample):
    expected = COUNTS["samples"][sample]
    grades = list(expected["grades"])
    rows = [
        {"grade_code": g, "n_rows": expected["grades"][g]["n"], "n_defaults": expected["grades"][g]["d"]}
        for g in grades
    ]
    found = neighbours(DataFrame(rows))
    for row, pair in zip(found.to_dict("records"), expected["neighbours"], strict=True):
        assert [row["better_grade_code"], row["worse_grade_code"]] == pair["grades"]
        assert row["p_fisher"] == pytest.approx(pair["fisher"]["second_higher"], rel=1e-9)
        assert row["p_inverse"] == pytest.approx(pair["fisher"]["first_higher"], rel=1e-9)
        assert row["z"] == pytest.approx(pair["z"]["z"], rel=1e-9, abs=1e-12)
        assert row["p_two_proportion"] == pytest.approx(pair["z"]["second_higher"], rel=1e-9)


def test_printed_bandwidths():
    printed, own = CASES["bandwidths"], CASES["bandwidth_by_hand"]
    for side in ("lower", "upper"):
        given = evidence("cohort", grades=GRADES[:5], moves=_moves(printed["counts"]))
        assert round(BATTERY[f"migration_{side}"].function(given).value, 4) == printed[side]
        given = evidence("cohort", grades=GRADES[:3], moves=_moves(own["counts"]))
        assert BATTERY[f"migration_{side}"].function(given).value == pytest.approx(own[side], abs=5e-6)


@pytest.mark.parametrize("name", STABILITY["matrices"])
def test_each_cell_of_a_matrix(name):
    matrix = STABILITY["matrices"][name]
    grades = GRADES[: len(matrix["counts"])]
    found = grade_migrations(_moves(matrix["counts"]), grades, min_customers=2).set_index(["grade_from", "grade_to"])
    for cell in matrix["cells"]:
        row = found.loc[tuple(grades[k] for k in cell["cell"])]
        if cell["z"] is None:
            assert row["reason_code"] in ("too_few_customers", "empty_cell")
        else:
            assert row["z_value"] == pytest.approx(cell["z"], rel=1e-9, abs=1e-12)
            assert row["p_value"] == pytest.approx(cell["p"], rel=1e-9)


def test_printed_area_and_errors_of_the_pictures():
    case, given = CASES["pictures"], DISCRIMINATION["published"]["pictures"]
    area, variance = auc_and_variance(given["score"], given["hit"])
    assert [round(area, 4), round(sqrt(variance), 4)] == [case["auc"], case["error"]]
    assert [round(area + side * 1.959964 * sqrt(variance), 5) for side in (-1, 1)] == case["interval_95"]
    assert hanley_mcneil_error(area, n_defaults=51, n_others=58) == pytest.approx(case["hanley_mcneil"], abs=6e-4)


def test_printed_comparisons_of_the_patients():
    case, given = CASES["patients"], DISCRIMINATION["published"]["patients"]
    for name, area in case["auc"].items():
        assert round(auc_and_variance(given[name], given["hit"])[0], 4) == area
    for name, printed in case["against_kg"].items():
        found = paired(given[name], given["kg"], given["hit"])
        figures = [round(v, 4) for v in (found.difference, sqrt(found.variance), found.p_different)]
        assert figures == [printed["difference"], printed["error"], printed["p"]]


@pytest.mark.parametrize("sample", ["cohort", "panel", "small"])
def test_variances_of_areas_by_counting_pairs(sample):
    given, expected = oracle("samples")["samples"][sample], DISCRIMINATION["samples"][sample]
    pd, rival, hit, owner = (given[name] for name in ("pd", "rival", "hit", "customer"))
    assert auc_and_variance(pd, hit) == pytest.approx((expected["auc"], expected["variance"]), rel=1e-10)
    assert clustered_auc_and_variance(pd, hit, owner)[1] == pytest.approx(expected["clustered_variance"], rel=1e-10)
    for found, name in (
        (paired(pd, rival, hit), "rival"),
        (clustered_paired(pd, rival, hit, owner), "rival_clustered"),
    ):
        assert sqrt(found.variance) == pytest.approx(expected[name]["error"], rel=1e-9)
        assert found.p_different == pytest.approx(expected[name]["p_two_sided"], rel=1e-8)
        assert found.p_greater == pytest.approx(expected[name]["p_one_sided"], rel=1e-8)


def test_holm_is_the_closure_of_bonferroni():
    assert holm(CASES["holm"]["p"]) == pytest.approx(CASES["holm"]["adjusted"])
    for case in COUNTS["holm"]:
        assert holm(case["p"]) == pytest.approx(case["adjusted"], rel=1e-12)
        with_gap = holm([np.nan, *case["p"]])
        assert np.isnan(with_gap[0])
        assert with_gap[1:] == pytest.approx(case["adjusted"], rel=1e-12)


def test_stability_index_by_hand_and_with_its_limits():
    case = CASES["stability_index"]
    assert shift(case["before"], case["now"], n_before=9, n_now=9).value == pytest.approx(case["value"], abs=5e-6)
    for sample in ("cohort", "panel"):
        expected = STABILITY["samples"][sample]["grades"]
        rows, initial = (oracle("samples")[kind][sample] for kind in ("samples", "initial"))
        counts = [[held["grade"].count(g) for g in GRADES] for held in (initial, rows)]
        n = [len(set(held["customer"])) for held in (initial, rows)]
        found = shift(*counts, n_before=n[0], n_now=n[1])
        figures = (found.value, found.critical_value(0.95), found.critical_value(0.99), found.p_value)
        assert figures == pytest.approx([expected[k] for k in ("value", "limit_95", "limit_99", "p")], rel=1e-7)


@pytest.mark.parametrize("case", STABILITY["shrinkage"])
def test_shrunken_values_solve_the_moment_equation(case):
    assert shrunk(case["values"], case["variances"]) == pytest.approx(case["shrunk"], rel=1e-8)
