"""Tables reliability and grade_pairs: which rows they take, their figures, their declaration."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from riskresearch.base.schema import check
from riskresearch.validation.adjustment import holm
from riskresearch.validation.grade_counts import GRADE_PAIRS, grade_counts, grade_pairs, last_cohort
from riskresearch.validation.reliability import RELIABILITY, reliability

GRADES = ("A", "B", "C", "D")
COUNTS = {"A": (50, 0, 0.01), "B": (40, 2, 0.04), "D": (30, 9, 0.20)}


def _ratings():
    """120 customers on 31 October with outcome; the same a month later, outcome still unknown for all."""
    rows = [
        {"customer_id": f"{grade}{i:02d}", "grade_code": grade, "pd_12m": p, "is_default": i < d}
        for grade, (n, d, p) in COUNTS.items()
        for i in range(n)
    ]
    known = pd.DataFrame(rows).assign(
        model_code="lightgbm", sample_code="out_of_time", observation_date=pd.Timestamp("2024-10-31")
    )
    earlier = known.assign(observation_date=pd.Timestamp("2024-09-30"), is_default=False)
    later = known.assign(observation_date=pd.Timestamp("2024-11-30"), is_default=pd.NA)
    rival, learnt = known.assign(model_code="late_rate"), known.assign(sample_code="development")
    table = pd.concat([later, known, earlier, rival, learnt], ignore_index=True)
    return table.assign(is_default=table["is_default"].astype("boolean"))


def test_reliability_takes_the_last_date_whose_outcome_is_known():
    table = check(reliability(_ratings(), model="lightgbm", grades=GRADES), RELIABILITY)
    assert table["grade_code"].tolist() == ["A", "B", "D"]
    assert table["n_rows"].tolist() == [50, 40, 30]
    assert table["n_defaults"].tolist() == [0, 2, 9]
    np.testing.assert_allclose(table["pd_mean"], [0.01, 0.04, 0.20], rtol=1e-12)
    np.testing.assert_allclose(table["default_ratio"], [0, 0.05, 0.3], rtol=1e-12)


@pytest.mark.parametrize("name", ["default", "wilson", "clopper_pearson"])
def test_every_interval_holds_the_observed_rate(name):
    table = reliability(_ratings(), model="lightgbm", grades=GRADES)
    assert (table[f"{name}_low"] <= table["default_ratio"]).all()
    assert (table["default_ratio"] <= table[f"{name}_high"]).all()


def test_a_wider_confidence_gives_wider_intervals():
    narrow, wide = (reliability(_ratings(), model="lightgbm", confidence_ratio=c) for c in (0.9, 0.99))
    for name in ("default", "wilson", "clopper_pearson"):
        assert (wide[f"{name}_high"] > narrow[f"{name}_high"]).all()


def test_p_values_of_grades_are_adjusted_for_their_number():
    table = reliability(_ratings(), model="lightgbm", grades=GRADES)
    np.testing.assert_allclose(table["p_adjusted"], holm(table["p_jeffreys"]))
    assert table["p_jeffreys"].idxmin() == 2  # 9 of 30 against 20 % said
    assert table["p_adjusted"].min() == pytest.approx(3 * table["p_jeffreys"].min())


def test_pairs_step_over_an_empty_grade_and_equal_scipy():
    table = check(grade_pairs(_ratings(), model="lightgbm", grades=GRADES), GRADE_PAIRS)
    assert table["better_grade_code"].tolist() == ["A", "B"]
    assert table["worse_grade_code"].tolist() == ["B", "D"]
    for row, (better, worse) in zip(table.itertuples(), ("AB", "BD"), strict=True):
        (n_b, d_b, _), (n_w, d_w, _) = COUNTS[better], COUNTS[worse]
        counts = [[d_w, n_w - d_w], [d_b, n_b - d_b]]
        assert row.p_fisher == pytest.approx(fisher_exact(counts, alternative="greater").pvalue, rel=1e-9)
        assert row.p_inverse == pytest.approx(fisher_exact(counts, alternative="less").pvalue, rel=1e-9)
    np.testing.assert_allclose(table["p_adjusted"], holm(table["p_fisher"]))


def test_two_proportion_z_by_hand():
    """2 of 40 and 9 of 30: together 11 of 70; z = 0.25 / sqrt(11/70 x 59/70 x (1/40 + 1/30)) = 2.84418."""
    row = grade_pairs(_ratings(), model="lightgbm", grades=GRADES).iloc[1]
    assert row["z"] == pytest.approx(0.25 / np.sqrt(11 / 70 * 59 / 70 * (1 / 40 + 1 / 30)), rel=1e-12)
    assert row["z"] == pytest.approx(2.84418, rel=1e-5)


def test_a_pair_without_default_is_coded_and_does_not_count_for_holm():
    counts = {"A": (9, 0, 0.01), "B": (9, 0, 0.02), "C": (9, 4, 0.1)}
    rows = pd.DataFrame(
        [{"grade_code": g, "pd_12m": p, "is_default": i < d} for g, (n, d, p) in counts.items() for i in range(n)]
    ).assign(model_code="m", sample_code="out_of_time", observation_date=pd.Timestamp("2024-10-31"))
    table = check(grade_pairs(rows, model="m"), GRADE_PAIRS)
    assert table["reason_code"].fillna("").tolist() == ["no_default", ""]
    assert table.loc[0, ["z", "p_two_proportion", "p_fisher", "p_adjusted", "p_inverse"]].isna().all()
    assert table.loc[1, "p_adjusted"] == table.loc[1, "p_fisher"]


def test_grades_of_an_unknown_scale_are_ordered_by_their_mean_pd():
    rows = pd.DataFrame({"grade_code": ["3", "10", "2"], "pd_12m": [0.2, 0.3, 0.1], "is_default": [True, False, False]})
    assert grade_counts(rows, grades=GRADES)["grade_code"].tolist() == ["2", "3", "10"]
    assert grade_counts(rows, grades=("10", "2", "3"))["grade_code"].tolist() == ["10", "2", "3"]


def test_nothing_known_gives_empty_tables():
    none = _ratings().assign(is_default=pd.array([pd.NA] * 600, dtype="boolean"))
    assert last_cohort(none, model="lightgbm").empty
    assert check(reliability(none, model="lightgbm"), RELIABILITY).empty
    assert check(grade_pairs(none, model="lightgbm"), GRADE_PAIRS).empty
