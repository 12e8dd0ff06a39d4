"""Moves between grades: pairs of dates, bandwidths against hand and published figures, the test of the matrix."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from scipy.stats import norm
from validation.grade_evidence import evidence, moves_of

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.validation.measures.migration import matrix_stability, migration_lower, migration_upper
from riskresearch.validation.moves import GRADE_MIGRATIONS, grade_migrations, grade_moves, move_counts

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "migration.yaml").read_text("utf-8"))
COUNTED = [case for case in CASES if "counts" in case]
PUBLISHED = [case for case in CASES if "published" in case]
LETTERS = "ABCDEFGHIJKLMN"


def _run(measure, counts):
    return measure(evidence("A", scale=LETTERS[: len(counts)], moves=moves_of(counts)))


@pytest.mark.parametrize("case", COUNTED, ids=lambda case: case["name"])
@pytest.mark.parametrize(("side", "measure"), [("upper", migration_upper), ("lower", migration_lower)])
def test_bandwidth_case(case, side, measure):
    found = _run(measure, case["counts"])
    if isinstance(case[side], str):
        assert (found.value, found.reason) == (None, case[side])
        return
    value = round(found.value, case["digits"]) if "digits" in case else found.value
    assert value == pytest.approx(case[side], rel=1e-12)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case["name"])
def test_each_cell_is_judged_as_published(case):
    scale = tuple(LETTERS[: case["grades"]])
    cells = grade_migrations(moves_of(case["rows"]), scale, min_customers=2)
    p = cells.pivot(index="grade_from", columns="grade_to", values="p_value").to_numpy()[: len(case["published"])]
    expected = np.array(case["published"], dtype=float)
    np.testing.assert_array_equal(np.isnan(p), np.isnan(expected))
    assert ((p < 0.05) == (expected == 1)).all()


def test_a_cell_by_hand():
    cells = grade_migrations(moves_of([[60, 30, 10], [0, 1, 0], [0, 0, 1]]), ("A", "B", "C"), min_customers=2)
    cell = cells[(cells["grade_from"] == "A") & (cells["grade_to"] == "C")].iloc[0]
    z = (0.30 - 0.10) / np.sqrt((0.1 * 0.9 + 0.3 * 0.7 + 2 * 0.1 * 0.3) / 100)
    assert cell["z_value"] == pytest.approx(z, rel=1e-12)
    assert cell["p_value"] == pytest.approx(norm.cdf(z), rel=1e-12)
    assert (cell["n_moves"], cell["move_ratio"], cell["neighbour_ratio"]) == (10, 0.1, 0.3)


def test_the_table_says_why_a_cell_is_not_tested():
    cells = check(
        grade_migrations(moves_of([[20, 5, 0, 0], [2, 1, 0, 0], [0] * 4, [0] * 4]), tuple("ABCD"), min_customers=10),
        GRADE_MIGRATIONS,
    )
    reason = cells.set_index(["grade_from", "grade_to"])["reason_code"]
    assert reason["A", "A"] == "diagonal"
    assert pd.isna(reason["A", "B"])
    assert pd.isna(reason["A", "C"])
    assert reason["A", "D"] == "empty_cell"
    assert reason["B", "A"] == reason["C", "A"] == "too_few_customers"
    assert (cells["p_value"].isna() == cells["reason_code"].notna()).all()
    assert len(cells) == 16
    assert cells["n_moves"].sum() == 28


def test_a_grade_that_leaps_is_refused_and_a_sound_scale_is_not():
    sound = [[80, 20, 5], [10, 70, 20], [2, 20, 78]]
    leaps = [[60, 5, 35], [10, 70, 20], [2, 20, 78]]
    assert _run(matrix_stability, sound).value == 1.0
    assert _run(matrix_stability, leaps).value < 1e-4


def test_all_customers_of_a_grade_leap_at_once():
    cells = grade_migrations(moves_of([[0, 0, 30], [0, 30, 0], [0, 0, 30]]), ("A", "B", "C"), min_customers=10)
    p = cells.set_index(["grade_from", "grade_to"])["p_value"]
    assert p["A", "C"] == 0.0
    assert p["B", "A"] == p["B", "C"] == p["C", "B"] == 1.0
    assert cells["z_value"].notna().sum() == 0


def test_the_test_keeps_its_level_where_two_grades_are_equally_likely():
    rng = np.random.default_rng(5)
    share, n = [0.5, 0.2, 0.2, 0.1], 150
    p = [
        grade_migrations(
            moves_of([rng.multinomial(n, share), [0] * 4, [0] * 4, [0] * 4]), "ABCD", min_customers=10
        ).set_index(["grade_from", "grade_to"])["p_value"]["A", "C"]
        for _ in range(200)
    ]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.047)  # 3 standard errors of 200 draws


def test_nothing_to_move():
    assert migration_upper(evidence("A", moves=moves_of([[0] * 3] * 3))).reason == "no_moves"
    assert matrix_stability(evidence("A", moves=moves_of([[0] * 3] * 3))).reason == "no_moves"
    assert matrix_stability(evidence("A", moves=moves_of([[3, 0, 0], [0, 0, 0], [0, 0, 0]]))).reason == (
        "too_few_customers"
    )
    assert migration_lower(evidence("A", scale="A", moves=moves_of([[5]]))).reason == "one_grade"
    assert migration_upper(evidence("A")).reason == "no_moves"


def test_a_grade_off_the_scale_is_refused():
    with pytest.raises(TableError, match=r"grade_to: 2 rows have a grade that is not on the scale \(X\)"):
        move_counts(DataFrame({"grade_from": ["A", "B", "A"], "grade_to": ["X", "A", "X"]}), ("A", "B"))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5).flatmap(lambda k: st.lists(st.lists(st.integers(0, 6), min_size=k, max_size=k),
                                                    min_size=k, max_size=k)))  # fmt: skip
def test_mirroring_the_scale_changes_sides(counts):
    mirrored = [row[::-1] for row in counts[::-1]]
    up, low = _run(migration_upper, counts), _run(migration_lower, mirrored)
    assert up.reason == low.reason
    if up.value is not None:
        assert up.value == pytest.approx(low.value, rel=1e-12)
        assert 0 < up.value <= 1


def _history(*rows):
    frame = DataFrame(rows, columns=["customer_id", "observation_date", "grade_code"])
    return frame.assign(observation_date=pd.to_datetime(frame["observation_date"]).astype("datetime64[us]"))


def test_moves_are_a_year_apart_latest_first_and_do_not_overlap():
    months = pd.date_range("2022-01-31", "2024-12-31", freq="ME")
    grades = ["ABC"[i % 3] for i in range(len(months))]
    found = grade_moves(_history(*(("C1", day, grade) for day, grade in zip(months, grades, strict=True))))
    assert found["to_date"].astype(str).tolist() == ["2023-12-31", "2024-12-31"]
    assert found["from_date"].astype(str).tolist() == ["2022-12-31", "2023-12-31"]


def test_a_gap_moves_the_pair_to_an_earlier_month():
    found = grade_moves(
        _history(
            ("C1", "2024-02-29", "A"), ("C1", "2025-01-31", "D"), ("C1", "2025-02-28", "B"),  # leap year, month ends
            ("C2", "2023-06-30", "A"), ("C2", "2024-06-30", "C"), ("C2", "2024-12-31", "B"),  # left before the end
            ("C3", "2025-02-28", "A"),
            ("C4", "2024-02-15", "B"), ("C4", "2025-02-15", "A"), ("C4", "2025-03-14", "C"),  # not month ends
        )
    )  # fmt: skip
    assert found["customer_id"].tolist() == ["C1", "C2", "C4"]
    assert (found["grade_from"] + found["grade_to"]).tolist() == ["AB", "AC", "BA"]


def test_moves_do_not_depend_on_the_order_of_the_history():
    rng = np.random.default_rng(3)
    days = pd.date_range("2022-01-31", periods=30, freq="ME")
    rows = [(f"C{i}", day, "ABCD"[rng.integers(4)]) for i in range(12) for day in days if rng.random() < 0.7]
    history = _history(*rows)
    found = grade_moves(history)
    pd.testing.assert_frame_equal(found, grade_moves(history.sample(frac=1, random_state=1)))
    follows = found["from_date"] >= found.groupby("customer_id")["to_date"].shift()
    assert (follows | ~found["customer_id"].duplicated()).all()
    assert found["customer_id"].duplicated().any()


def test_a_repeated_row_is_refused_and_a_row_without_grade_does_not_count():
    with pytest.raises(TableError, match=r"1 rows repeat a customer and date \(C1/2024-12-31\)"):
        grade_moves(_history(("C1", "2024-12-31", "A"), ("C1", "2024-12-31", "B")))
    assert grade_moves(_history(("C1", "2023-12-31", None), ("C1", "2024-12-31", "A"))).empty
    assert grade_moves(_history(("C1", "2024-12-31", "A")).iloc[:0]).empty
