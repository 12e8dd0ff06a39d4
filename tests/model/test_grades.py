"""Master scale: worked cases, scales of 7 to 10 grades, the floor, and what speaks against grades."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError, TableError
from riskresearch.base.schema import check
from riskresearch.model.grades import (
    GRADE_QUALITY,
    GRADE_SCALE,
    SEGMENTS,
    GradeSettings,
    grade_counts,
    grade_quality,
    grade_scale,
    graded,
)

CASE = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "grades.yaml").read_text(encoding="utf-8"))
SCALE = grade_scale(CASE["bounds"], reliable_up_to=CASE["reliable_up_to"], to_watch_up_to=CASE["to_watch_up_to"])


def customers_of(lists, name):
    rows = [(grade, value) for grade, values in lists.items() for value in values]
    frame = DataFrame(rows, columns=["grade_code", name])
    return frame.assign(customer_id=[f"C{k}" for k in range(len(frame))])


def quality(today, known, *, max_share_ratio=0.35, scale=SCALE):
    outcomes = customers_of(known, "is_default").assign(pd_12m=0.01).astype({"is_default": "boolean"})
    found = grade_quality(customers_of(today, "pd_12m"), outcomes, scale, max_share_ratio=max_share_ratio)
    return check(found, GRADE_QUALITY).set_index("grade_code")


def test_worked_scale_and_its_labels():
    table = check(SCALE, GRADE_SCALE)
    assert [
        {"grade": r[0], "from": r[1], "to": r[2], "segment": r[3], "en": r[4], "fr": r[5]}
        for r in table.itertuples(index=False)
    ] == CASE["scale"]


def test_worked_customers():
    found = graded(Series([row["pd"] for row in CASE["customers"]]), SCALE)
    assert found["grade_code"].tolist() == [row["grade"] for row in CASE["customers"]]


def test_worked_quality():
    found = quality(CASE["quality"]["today"], CASE["quality"]["known"])
    for grade, expected in CASE["quality"]["expected"].items():
        assert found.loc[grade, "flag_code"] == expected["flag"], grade
        for name in ("n_customers", "share_ratio", "expected_defaults", "n_rows", "n_defaulters", "default_ratio"):
            assert found.loc[grade, name] == pytest.approx(expected.get(name, np.nan), nan_ok=True), (grade, name)
    assert found["is_inverted"].sum() == 2
    assert found.loc["E", "has_few_expected_defaults"]  # the other remarks stay readable beside the gravest


def test_a_grade_that_holds_too_many_customers_is_told():
    found = quality({"A": [0.004] * 7, "D": [0.03] * 13, "X": [1.0] * 30}, {})
    assert found.loc["D", ["share_ratio", "is_concentrated", "flag_code"]].tolist() == [0.65, True, "concentrated"]
    assert not found.loc["A", "is_concentrated"]  # 35 % is still allowed
    assert quality({"A": [0.004] * 7}, {}, max_share_ratio=1)["is_concentrated"].sum() == 0


def test_several_dates_of_one_customer_are_one_defaulter():
    rows = DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "grade_code": "C",
            "pd_12m": [0.01, 0.02, 0.03],
            "is_default": [True, True, False],
        }
    )
    today = DataFrame({"customer_id": ["a"], "grade_code": ["C"], "pd_12m": [0.015]})
    found = grade_quality(today, rows, SCALE, max_share_ratio=0.35).set_index("grade_code").loc["C"]
    assert (found["n_rows"], found["n_defaulters"], found["pd_mean"]) == (3, 1, pytest.approx(0.02))
    assert found["default_ratio"] == pytest.approx(2 / 3)


def test_a_ledger_without_customers_or_outcomes_has_a_quality_table_too():
    found = quality({}, {})
    assert found["n_customers"].eq(0).all()
    assert found[["share_ratio", "pd_mean", "default_ratio"]].isna().all(axis=None)
    assert set(found["flag_code"]) == {"empty"}


@given(
    bounds=st.lists(st.floats(0.001, 0.9), min_size=6, max_size=9, unique=True).map(sorted),
    pds=st.lists(st.floats(0, 1), min_size=1, max_size=30).map(sorted),
    places=st.tuples(st.integers(0, 4), st.integers(1, 5)).filter(lambda p: p[0] < p[1]),
)
@settings(max_examples=25, deadline=None)
def test_a_higher_pd_never_has_a_better_grade_or_segment(bounds, pds, places):
    low, high = bounds[places[0]], bounds[places[1]]
    scale = check(grade_scale(bounds, reliable_up_to=low, to_watch_up_to=high), GRADE_SCALE)
    assert len(scale) == len(bounds) + 2
    assert not scale[["label_en", "label_fr"]].isna().any(axis=None)
    assert scale["label_en"].is_unique
    assert scale["label_fr"].is_unique
    found = graded(Series(pds), scale)
    assert found["grade_code"].is_monotonic_increasing
    assert found["segment_code"].map(SEGMENTS.index).is_monotonic_increasing
    of_grade = scale.set_index("grade_code").loc[found["grade_code"]]
    assert (np.array(pds) <= of_grade["pd_high"].to_numpy()).all()
    assert ((np.array(pds) > of_grade["pd_low"].to_numpy()) | (np.array(pds) == 0)).all()
    segments = dict(zip(scale["grade_code"], scale["segment_code"], strict=True))
    assert all(segments[g] == s for g, s in zip(found["grade_code"], found["segment_code"], strict=True))


@pytest.mark.parametrize("pd_12m", [np.nan, -0.01, 1.01])
def test_what_is_no_pd_is_not_graded(pd_12m):
    with pytest.raises(TableError, match=r"pd_12m: 1 rows \(c7\) hold no PD"):
        graded(Series([0.02, pd_12m], index=["c1", "c7"]), SCALE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grade_bounds": (0.01, 0.02, 0.04, 0.08, 0.16)}, "at least 6 items"),
        ({"grade_bounds": tuple(k / 100 for k in range(1, 12))}, "at most 9 items"),
        ({"grade_bounds": (0.01, 0.02, 0.04, 0.04, 0.08, 0.16)}, "do not make a scale"),
        ({"grade_bounds": (0.0, 0.01, 0.02, 0.04, 0.08, 0.16)}, "do not make a scale"),
        ({"reliable_up_to": 0.015}, "must be two of the grade bounds"),
        ({"reliable_up_to": 0.04, "to_watch_up_to": 0.01}, "the first below the second"),
        ({"pd_floor_ratio": -0.1}, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_scale_are_refused(changes, said):
    with pytest.raises(SettingsError, match=said):
        validated(GradeSettings, changes, where="model")
    if "grade_bounds" not in changes and "pd_floor_ratio" not in changes:
        both = {"reliable_up_to": 0.01, "to_watch_up_to": 0.04} | changes
        with pytest.raises(SettingsError, match=said):
            grade_scale(GradeSettings().grade_bounds, **both)


def test_counts_add_up_to_the_customers():
    pds = Series([0.001, 0.002, 0.03, 0.5])
    rows = DataFrame({"pd_12m": pds}).join(graded(pds, SCALE))
    counts = grade_counts(rows)
    assert counts[["grade_code", "n_customers"]].to_numpy().tolist() == [["A", 2], ["D", 1], ["H", 1]]
    assert np.average(counts["pd_mean"], weights=counts["n_customers"]) == pytest.approx(pds.mean())
