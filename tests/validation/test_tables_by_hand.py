"""Tables beside the battery against the oracles and plain loops: reliability, pairs, curves, comparisons, moves."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.stats import norm
from validation.samples import GRADES, evidence, oracle

from riskresearch.base.schema import check
from riskresearch.validation.comparisons import COMPARISONS, comparisons
from riskresearch.validation.curves import CURVES, curves
from riskresearch.validation.grade_counts import GRADE_PAIRS, grade_pairs
from riskresearch.validation.moves import grade_moves
from riskresearch.validation.reliability import RELIABILITY, reliability
from riskresearch.validation.shrinkage import steadied

COUNTS, DISCRIMINATION, CALIBRATION = (oracle(name) for name in ("counts", "discrimination", "calibration"))
SAMPLES = pytest.mark.parametrize("sample", ["cohort", "panel", "small"])


def _ratings(sample, *, one_date=False):
    """The model and its rival as two rated models, out of time."""
    rows = evidence(sample).rows.assign(sample_code="out_of_time")
    if one_date:
        rows = rows.assign(observation_date=rows["observation_date"].min())
    both = [rows.assign(model_code="model"), rows.assign(model_code="rule", pd_12m=rows["rival_pd"])]
    return pd.concat(both, ignore_index=True).astype({"is_default": "boolean"})


@SAMPLES
def test_reliability_by_integration_and_closure(sample):
    found = check(reliability(_ratings(sample, one_date=True), model="model", grades=GRADES), RELIABILITY)
    expected = COUNTS["samples"][sample]["grades"]
    found = found.set_index("grade_code")
    assert set(found.index) == set(expected)
    p = sorted(one["jeffreys"] for one in expected.values())
    for grade, one in expected.items():
        row = found.loc[grade]
        assert (row["n_rows"], row["n_defaults"]) == (one["n"], one["d"])
        assert row["pd_mean"] == pytest.approx(one["pd"], rel=1e-12)
        assert row["default_ratio"] == pytest.approx(one["d"] / one["n"], rel=1e-12)
        assert row["p_jeffreys"] == pytest.approx(one["jeffreys"], abs=2e-9)
        place = p.index(one["jeffreys"])
        raised = max(min(1.0, (len(p) - k) * p[k]) for k in range(place + 1))
        assert row["p_adjusted"] == pytest.approx(raised, abs=1e-8)
        for name in ("default", "wilson", "clopper_pearson"):
            assert row[f"{name}_low"] <= row["default_ratio"] <= row[f"{name}_high"]


@SAMPLES
def test_pairs_of_grades_with_holm(sample):
    found = check(grade_pairs(_ratings(sample, one_date=True), model="model", grades=GRADES), GRADE_PAIRS)
    found = found.set_index("better_grade_code")
    pairs = COUNTS["samples"][sample]["neighbours"]
    p = sorted(pair["fisher"]["second_higher"] for pair in pairs)
    for pair in pairs:
        row = found.loc[pair["grades"][0]]
        assert row["worse_grade_code"] == pair["grades"][1]
        one = pair["fisher"]["second_higher"]
        assert row["p_fisher"] == pytest.approx(one, rel=1e-9)
        raised = max(min(1.0, (len(p) - k) * p[k]) for k in range(p.index(one) + 1))
        assert row["p_adjusted"] == pytest.approx(raised, rel=1e-9)


@SAMPLES
def test_areas_under_the_curves_are_the_measures(sample):
    given = _ratings(sample)
    table = check(curves(given), CURVES)
    expected = DISCRIMINATION["samples"][sample]
    line = {code: table[table["curve_code"].eq(code) & table["model_code"].eq("model")] for code in ("roc", "cap")}
    tolerance = 2e-3 if sample == "cohort" else 1e-12  # 260 steps are thinned to 200 points
    assert np.trapezoid(line["roc"]["y"], line["roc"]["x"]) == pytest.approx(expected["auc"], abs=tolerance)
    rate = given["is_default"].mean()
    ratio = (np.trapezoid(line["cap"]["y"], line["cap"]["x"]) - 0.5) / (0.5 * (1 - rate))
    assert ratio == pytest.approx(expected["accuracy_ratio"], abs=2 * tolerance)
    for rows in line.values():
        assert rows[["x", "y"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
        assert (rows[["x", "y"]].diff().dropna() >= 0).all(axis=None)
        assert len(rows) <= 200


@SAMPLES
def test_net_benefit_at_every_threshold_by_counting(sample):
    rows = evidence(sample).rows
    table = curves(_ratings(sample))
    line = table[table["curve_code"].eq("net_benefit") & table["model_code"].eq("model")]
    p, hit = rows["pd_12m"].tolist(), rows["is_default"].tolist()
    for t, benefit in zip(line["x"], line["y"], strict=True):
        caught = sum(y for q, y in zip(p, hit, strict=True) if q >= t)
        lost = sum(not y for q, y in zip(p, hit, strict=True) if q >= t)
        assert benefit == pytest.approx((caught - lost * t / (1 - t)) / len(p), abs=1e-12)


@SAMPLES
def test_comparison_of_two_models_is_clustered(sample):
    found = check(comparisons(_ratings(sample), model="model", confidence_ratio=0.9), COMPARISONS).iloc[0]
    expected = DISCRIMINATION["samples"][sample]["rival_clustered"]
    assert found["auc_difference"] == pytest.approx(expected["gain"], rel=1e-9)
    assert found["p_value"] == pytest.approx(expected["p_one_sided"], rel=1e-8)
    assert found["p_adjusted"] == found["p_value"]
    half = norm.ppf(0.95) * expected["error"]
    assert found["difference_high"] - found["difference_low"] == pytest.approx(2 * half, rel=1e-9)
    rows = evidence(sample).rows
    rule = float(((rows["rival_pd"] - rows["is_default"]) ** 2).mean())
    assert found["brier_difference"] == pytest.approx(CALIBRATION[sample]["brier"] - rule, rel=1e-9)


def test_moves_by_a_loop_over_customers():
    rng = np.random.default_rng(5)
    dates = pd.date_range("2020-01-31", periods=44, freq="ME").as_unit("us")
    rows = pd.MultiIndex.from_product([[f"C{k}" for k in range(25)], dates], names=["customer_id", "observation_date"])
    history = rows.to_frame(index=False).assign(grade_code=rng.choice(list("ABCD"), len(rows)))
    history = history[rng.random(len(history)) < 0.7]
    expected = []
    for customer, held in history.groupby("customer_id"):
        grade = {
            (day.year, day.month): code for day, code in zip(held["observation_date"], held["grade_code"], strict=True)
        }
        border = (9999, 12)
        for end in sorted(grade, reverse=True):
            start = (end[0] - 1, end[1])
            if end <= border and start in grade:
                expected.append((customer, end, grade[start], grade[end]))
                border = start
    found = grade_moves(history.sample(frac=1, random_state=1))
    days = [(day.year, day.month) for day in found["to_date"]]
    made = zip(found["customer_id"], days, found["grade_from"], found["grade_to"], strict=True)
    assert sorted(made) == sorted(expected)
    assert len(expected) > 25


def test_segments_that_differ_by_chance_alone_get_the_common_ratio():
    rows = DataFrame({"value": [0.9, 1.1, 1.0], "n_rows": [500, 400, 300], "n_defaults": [18, 22, 10]})
    found = steadied(rows.assign(value_low=None, value_high=None), law="ratio", confidence_ratio=0.95)
    common = (18 + 22 + 10) / (18 / 0.9 + 22 / 1.1 + 10 / 1.0)
    assert found == pytest.approx([common] * 3, rel=1e-12)


def test_segments_that_truly_differ_stay_between_their_value_and_the_common_one():
    rows = DataFrame({"value": [0.4, 1.0, 2.5], "n_rows": 4000, "n_defaults": [100, 150, 200]})
    found = steadied(rows.assign(value_low=None, value_high=None), law="ratio", confidence_ratio=0.95)
    common = 450 / (100 / 0.4 + 150 / 1.0 + 200 / 2.5)
    assert rows["value"][0] < found[0] < common
    assert common < found[2] < rows["value"][2]
