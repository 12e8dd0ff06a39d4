"""Sensitivity of grades to the inputs, by scoring again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from explanation.explained_rows import SCALE, LinearModel, dictionary, model_of, noisy, snapshots_of, trees
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from riskresearch.base.resampling import auc
from riskresearch.base.schema import check
from riskresearch.explanation.sensitivity import SENSITIVITIES, Inputs, SensitivitySettings, moved, sensitivities

FOLDER = Path(__file__).parents[1] / "cases" / "explanation"
NOTCHES = yaml.safe_load((FOLDER / "notches.yaml").read_text(encoding="utf-8"))
CASES = yaml.safe_load((FOLDER / "sensitivities.yaml").read_text(encoding="utf-8"))
LINEAR = LinearModel({"days_late": 0.1, "net_worth_ratio": -2.0}, -4.0)
FAMILIES = {"days_late": "delay,1", "net_worth_ratio": "accounts,-1"}


def _panel(sample, date, values, is_default=None):
    frame = DataFrame(values, dtype=float)
    return frame.assign(
        customer_id=[f"C{i}" for i in range(len(frame))],
        observation_date=pd.Series(pd.Timestamp(date), index=frame.index).astype("datetime64[us]"),
        sample_code=sample,
        is_default=pd.Series(is_default, index=frame.index).astype("boolean"),
    )


def _made(panel, *, model=LINEAR, families=FAMILIES, subjects=tuple(FAMILIES), **given_settings):
    inputs = Inputs(model, panel, dictionary(**families), SCALE, subjects)
    made = check(sensitivities(inputs, SensitivitySettings(**given_settings)), SENSITIVITIES)
    return made.set_index(list(SENSITIVITIES.keys))


@pytest.mark.parametrize("case", NOTCHES, ids=lambda case: case["name"])
def test_worked_notches(case):
    values, known = (np.array(case[name], dtype=float) for name in ("values", "development"))
    assert moved(values, known, up=True).tolist() == case["up"]
    assert moved(values, known, up=False).tolist() == case["down"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    panel = pd.concat(
        [_panel("development", "2023-01-31", case["development"]), _panel("scoring", "2024-12-31", case["today"])]
    )
    row = _made(panel).loc[(case["scenario"]["code"], case["scenario"]["subject"], "scoring")]
    for column, value in case["expected"].items():
        found = row[column]
        assert pd.isna(found) if value is None else found == pytest.approx(value, rel=1e-6), column
    assert row["reason_code"] == "computed"


known_values = st.lists(st.integers(-4, 4), max_size=40)


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=10), known_values, st.floats(0.01, 0.5))
def test_a_notch_moves_one_way_to_a_value_that_was_seen_and_mirrors(values, known, notch):
    x, seen = np.array(values, dtype=float), np.array(known, dtype=float)
    up, down = (moved(x, seen, up=way, notch=notch) for way in (True, False))
    assert (up >= x).all()
    assert (down <= x).all()
    assert all(new == old or new in seen for new, old in zip([*up, *down], [*x, *x], strict=True))
    assert (-moved(-x, -seen, up=False, notch=notch) == up).all()
    has_more = np.array([(seen > value).any() for value in x])
    assert ((up > x) == has_more).all()


def test_old_features_are_those_of_the_same_customers_so_many_months_before():
    panel = pd.concat(
        [
            _panel("out_of_time", "2024-10-31", {"days_late": [40.0], "net_worth_ratio": [0.0]}),
            _panel("excluded", "2024-11-30", {"days_late": [20.0, 0.0], "net_worth_ratio": [0.0, 0.0]}),
            _panel("scoring", "2024-12-31", {"days_late": [0.0, 10.0, 30.0], "net_worth_ratio": [0.0, 0.0, 0.0]}),
        ]
    )
    made = _made(panel).xs("scoring", level="sample_code").loc["stale"]
    assert made.loc["1", ["n_rows", "n_left_out", "n_moved"]].tolist() == [2, 1, 2]
    assert made.loc["1", "log_odds_change_mean"] == pytest.approx((2 - 1) / 2)
    assert made.loc["2", ["n_rows", "n_left_out"]].tolist() == [1, 2]
    assert made.loc["2", "log_odds_change_max_abs"] == pytest.approx(4)
    assert made.loc["3", ["n_rows", "n_left_out", "reason_code"]].tolist() == [0, 3, "no_earlier_rows"]
    assert pd.isna(made.loc["3", "grade_change_ratio"])


def test_areas_before_and_after_are_those_of_the_last_out_of_time_date():
    late, hit = [0.0, 10.0, 20.0, 5.0], [False, False, True, True]
    panel = pd.concat(
        [
            _panel("out_of_time", "2023-11-30", {"days_late": [90.0], "net_worth_ratio": [0.0]}, [True]),
            _panel("out_of_time", "2023-12-31", {"days_late": late, "net_worth_ratio": [0.0] * 4}, hit),
            _panel("scoring", "2024-12-31", {"days_late": [1.0], "net_worth_ratio": [0.0]}),
        ]
    )
    made = _made(panel)
    row = made.loc[("family_missing", "delay", "out_of_time")]
    assert row["auc_before"] == pytest.approx(auc(late, hit)) == 0.75
    assert row["auc_after"] == 0.5
    assert row["auc_reason_code"] == "computed"
    scoring = made.loc[("family_missing", "delay", "scoring")]
    assert scoring["auc_reason_code"] == "outcome_unknown"
    assert pd.isna(scoring["auc_before"])


@pytest.mark.parametrize(("hit", "reason"), [([True, True], "all_default"), ([False, False], "no_default")])
def test_areas_that_cannot_be_computed_say_why(hit, reason):
    values = {"days_late": [0.0, 9.0], "net_worth_ratio": [0.0, 0.0]}
    made = _made(_panel("out_of_time", "2024-12-31", values, hit)).xs("out_of_time", level="sample_code")
    assert set(made.loc[["notch_up", "family_missing"], "auc_reason_code"]) == {reason}
    assert made["auc_before"].isna().all()


def test_samples_without_rows_say_so():
    made = _made(_panel("out_of_time", "2024-12-31", {"days_late": [0.0], "net_worth_ratio": [0.0]}, [True]))
    scoring = made.xs("scoring", level="sample_code")
    assert set(scoring["reason_code"]) == {"no_rows"}
    assert (scoring["n_rows"] == 0).all()


def test_the_floor_holds_grades_where_log_odds_still_move():
    model = LinearModel({"days_late": 0.1, "net_worth_ratio": -2.0}, -9.0, pd_floor=0.03)
    values = {"days_late": [0.0, 5.0], "net_worth_ratio": [0.0, 0.0]}
    panel = pd.concat([_panel("development", "2023-01-31", values), _panel("scoring", "2024-12-31", values)])
    row = _made(panel, model=model).loc[("notch_up", "days_late", "scoring")]
    assert row["log_odds_change_mean"] == pytest.approx(0.25)
    assert row["grade_change_ratio"] == 0
    assert row["pd_mean_before"] == row["pd_mean_after"] == 0.03


def test_a_declared_direction_that_the_model_breaks_is_counted():
    made = _made(
        pd.concat(
            [
                _panel("development", "2023-01-31", {"days_late": range(10), "net_worth_ratio": range(10)}),
                _panel("scoring", "2024-12-31", {"days_late": [3.0, 4.0], "net_worth_ratio": [3.0, 9.0]}),
            ]
        ),
        families={"days_late": "delay,-1", "net_worth_ratio": "accounts,-1"},
    )
    assert made.loc[("notch_up", "days_late", "scoring"), "n_against_direction"] == 2
    assert made.loc[("notch_down", "days_late", "scoring"), "n_against_direction"] == 2
    assert made.loc[("notch_up", "net_worth_ratio", "scoring"), "n_against_direction"] == 0


def test_trees_with_declared_directions_never_move_against_them():
    values, outcome = noisy(300)
    model = model_of(trees(values, outcome, monotone_constraints=[1, 0, -1, 0, 0, 0]))
    panel = pd.concat(
        [snapshots_of(values, sample="development", date="2023-01-31"), snapshots_of(values[:100])], ignore_index=True
    )
    families = {"f0": "delay,1", "f1": "delay,0", "f2": "sales,-1", "f3": "sales", "f4": "sales", "f5": "sales"}
    made = _made(panel, model=model, families=families, subjects=("f0", "f1", "f2")).xs("scoring", level="sample_code")
    assert (made.loc[["notch_up", "notch_down"], "n_against_direction"].dropna() == 0).all()
    assert made.loc[("notch_up", "f0"), "log_odds_change_mean"] > 0
    assert made.loc[("notch_up", "f2"), "log_odds_change_mean"] < 0
    assert made.loc[("notch_up", "f1"), "direction_code"] == 0
    assert pd.isna(made.loc[("notch_up", "f1"), "n_against_direction"])
