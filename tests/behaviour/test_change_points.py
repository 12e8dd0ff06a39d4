"""Changes of level: worked cases, exhaustive search as a twin, penalty, many series at once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from warning_cases import cases

from riskresearch.base.schema import check
from riskresearch.behaviour.change_points import LEVEL_CHANGES, ChangeSettings, cut_levels, level_changes

CASES = cases("change_points.yaml")
NO_FLOOR = ChangeSettings(change_floor_days=1e-6)


def _cuts(values, chosen=None):
    values = np.asarray(values, dtype=float)
    return cut_levels(values, np.zeros(len(values), dtype="int64"), chosen or ChangeSettings())


def _series(values, name="dso"):
    dates = pd.date_range("2023-01-31", periods=len(values), freq="ME").as_unit("us")
    return DataFrame({"series_code": name, "observation_date": dates, "value": [float(v) for v in values]})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    found = _cuts(case["values"])
    assert (found["first_row"] + 1).tolist() == [change["at"] for change in case["changes"]]
    for row, expected in zip(found.to_dict("records"), case["changes"], strict=True):
        columns = {"size": "change_size", "least_size": "least_size", "before": "level_before", "after": "level_after"}
        for key, column in columns.items():
            if key in expected:
                assert row[column] == pytest.approx(expected[key], abs=5e-4), key  # written with three decimals
    if "first_alarm_with" in case:
        alarmed = [n for n in range(4, len(case["values"]) + 1) if len(_cuts(case["values"][:n]))]
        assert alarmed == list(range(case["first_alarm_with"], len(case["values"]) + 1))


def _best(values, least):
    """First value after the best single cut, by trying all, and how much it lowers the squared deviations."""

    def squares(part):
        return float(((part - part.mean()) ** 2).sum())

    whole = squares(values)
    gains = {k: whole - squares(values[:k]) - squares(values[k:]) for k in range(least, len(values) - least + 1)}
    at = max(gains, key=lambda k: (round(gains[k], 9), -k))
    return at, gains[at], whole - gains[at]


@pytest.mark.parametrize("seed", range(8))
def test_the_first_cut_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    n, at = int(rng.integers(12, 40)), int(rng.integers(4, 8))
    values = rng.normal(0, 3, n) + 25 * (np.arange(n) >= at)
    best, gain, rest = _best(values, 3)
    found = _cuts(values, NO_FLOOR)
    assert best in found["first_row"].to_numpy()
    assert gain > 3 * rest / (n - 2) * np.log(n)


@pytest.mark.parametrize("seed", range(6))
def test_the_penalty_is_the_edge(seed):
    values = np.random.default_rng(seed).normal(0, 3, 20) + 4 * (np.arange(20) >= 10)
    at, gain, rest = _best(values, 3)
    edge = gain / (rest / 18 * np.log(20))
    below, above = (_cuts(values, NO_FLOOR.model_copy(update={"change_penalty": edge * f})) for f in (0.999, 1.001))
    assert len(above) == 0
    assert at in below["first_row"].to_numpy()


def test_least_size_is_the_size_at_which_the_penalty_bites():
    found = _cuts([0.0] * 8 + [20.0] * 3).iloc[0]
    edge = found["least_size"]  # no spread left, so the price does not move with the size
    assert len(_cuts([0.0] * 8 + [edge * 1.0001] * 3)) == 1
    assert len(_cuts([0.0] * 8 + [edge * 0.9999] * 3)) == 0


def test_noise_rarely_has_a_change():
    rng = np.random.default_rng(4)
    values, series = rng.normal(10, 5, 500 * 24), np.repeat(np.arange(500), 24)
    share = cut_levels(values, series, ChangeSettings())["series"].nunique() / 500
    assert share < 0.10


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-40, 60), min_size=1, max_size=40), st.integers(-500, 500))
def test_a_shift_moves_the_levels_and_nothing_else(values, shift):
    plain, moved = _cuts(values), _cuts([v + shift for v in values])
    assert plain["first_row"].tolist() == moved["first_row"].tolist()
    np.testing.assert_allclose(moved["level_after"], plain["level_after"] + shift, atol=1e-9)
    np.testing.assert_allclose(moved["change_size"], plain["change_size"], atol=1e-9)


def test_many_series_at_once_as_alone_in_any_order_of_rows():
    up, none, down = [0] * 8 + [20] * 8, [5, 4, 6] * 5, [30] * 6 + [0] * 6
    parts = [_series(up, "b_up"), _series(none, "a_none"), _series(down, "c_down")]
    mixed = pd.concat(parts).sample(frac=1, random_state=1)
    together = check(level_changes(mixed, ChangeSettings()), LEVEL_CHANGES)
    alone = pd.concat([level_changes(part, ChangeSettings()) for part in parts])
    pd.testing.assert_frame_equal(together, check(alone, LEVEL_CHANGES))
    assert together["series_code"].tolist() == ["b_up", "c_down"]


def test_empty_values_are_left_out():
    values = [np.nan, *[45.0] * 9, np.nan, *[60.0] * 6]
    found = level_changes(_series(values), ChangeSettings())
    assert found["change_date"].dt.strftime("%Y-%m-%d").tolist() == ["2023-12-31"]
    assert found[["n_before", "n_after"]].to_numpy().tolist() == [[9, 6]]


def test_no_value_has_no_change():
    assert len(check(level_changes(_series([]), ChangeSettings()), LEVEL_CHANGES)) == 0
