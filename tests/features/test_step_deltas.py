"""Levels in steps: the running sum of the deltas on any day is the latest value known on it."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series

from riskresearch.features.streams.steps import changes, first_of_group, micro, running, second_latest, step_deltas

DAYS, GROUPS = range(20), "AB"
RECORDS = st.lists(
    st.tuples(st.sampled_from(GROUPS), st.integers(0, 12), st.integers(0, 6), st.one_of(st.none(), st.integers(-3, 5))),
    max_size=14,
    unique_by=lambda row: row[:3],
)
Drawn = list[tuple[str, int, int, int | None]]


def frame_of(drawn: Drawn) -> DataFrame:
    """Records as group, act, known day and value, drawn as group, act, days until known and value."""
    columns: dict[str, Any] = {
        "group": Series([row[0] for row in drawn], dtype="str"),
        "act": Series([row[1] for row in drawn], dtype="int64"),
        "known": Series([row[1] + row[2] for row in drawn], dtype="int64"),
        "value": Series([row[3] for row in drawn], dtype="Int64"),
    }
    return DataFrame(columns)


def latest(drawn: Drawn, group: str, on: int, place: int = 1) -> int | None:
    """Plain definition: of the records known, the value of the latest act, known last; or of the one before."""
    known = sorted((act, act + lag, k) for k, (g, act, lag, _) in enumerate(drawn) if g == group and act + lag <= on)
    return drawn[known[-place][2]][3] if len(known) >= place else None


def levels(records: DataFrame) -> dict[tuple[str, int], tuple[int, int]]:
    """Sum of the deltas of the value and of its presence by group and day."""
    steps = step_deltas(records, by=["group"], act_day="act", known_day="known", values={"value": "has_value"})
    group, day = steps["group"].to_numpy(), steps["day"].to_numpy()
    value, has = steps["value"].to_numpy(), steps["has_value"].to_numpy()
    counted = {(g, on): (group == g) & (day <= on) for g in GROUPS for on in DAYS}
    return {key: (int(value[rows].sum()), int(has[rows].sum())) for key, rows in counted.items()}


def expected(drawn: Drawn, place: int) -> dict[tuple[str, int], tuple[int, int]]:
    found = {(group, on): latest(drawn, group, on, place) for group in GROUPS for on in DAYS}
    return {key: (value or 0, int(value is not None)) for key, value in found.items()}


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_steps_add_up_to_the_latest_known_value(drawn: Drawn) -> None:
    assert levels(frame_of(drawn)) == expected(drawn, 1)


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_steps_of_the_second_add_up_to_the_record_before_the_latest(drawn: Drawn) -> None:
    before = second_latest(frame_of(drawn), by=["group"], act_day="act", known_day="known")
    assert levels(before) == expected(drawn, 2)


def test_two_records_with_the_same_act_day_count_in_the_order_they_became_known() -> None:
    records = frame_of([("A", 5, 4, 30), ("A", 5, 1, 10)])
    found = levels(records)
    assert [found["A", on][0] for on in (5, 6, 8, 9)] == [0, 10, 10, 30]


def test_ties_do_not_depend_on_the_order_of_rows_where_a_column_tells_them() -> None:
    records = DataFrame(
        {"customer_id": "C1", "id": ["L1", "L2"], "start": [5, 5], "known": [7, 7], "minor": [100, 300]}
    )
    for rows in (records, records.iloc[::-1]):
        steps = step_deltas(
            rows, by=["customer_id"], act_day="start", known_day="known", values={"minor": "n"}, ties=["id"]
        )
        assert steps["minor"].sum() == 300


def test_running_is_the_inverse_of_changes() -> None:
    levels_, keys = np.array([4, 4, -1, 7, 0]), np.array(["a", "a", "b", "b", "c"])
    is_first = first_of_group(keys)
    assert is_first.tolist() == [True, False, True, False, True]
    assert changes(levels_, is_first).tolist() == [4, 0, -1, 8, 0]
    assert running(changes(levels_, is_first), is_first).tolist() == levels_.tolist()


def test_a_ratio_in_millionths_is_rounded_and_stays_missing() -> None:
    assert micro(Series([0.1234567, 1.0, 0.29, None]))[:3].tolist() == [123_457, 1_000_000, 290_000]
    assert micro(Series([None], dtype="float64")).tolist() == [pd.NA]
