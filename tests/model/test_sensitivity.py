"""Sensitivity of the grades to the weights of the expert rating."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model.test_blend import evidence, random_evidence
from model.test_questionnaire import SMALL, given_answers

from riskresearch.base.schema import check
from riskresearch.model.expert.blend import PRIOR, SOURCES, without
from riskresearch.model.expert.sensitivity import WEIGHT_SENSITIVITY, SensitivitySettings, moved, weight_sensitivity

SCALE = pd.DataFrame(
    {"grade_code": ["A", "B", "C", "X"], "pd_high": [0.01, 0.02, 1.0, 1.0], "segment_code": ["reliable"] * 4}
)
NO_ANSWERS = given_answers([], {})


def _found(given_, answers=NO_ANSWERS, **settings):
    found = weight_sensitivity(given_, answers, SMALL, SensitivitySettings(**settings), grade_scale=SCALE)
    check(found, WEIGHT_SENSITIVITY)
    return found.set_index(["weight_level_code", "rating_weight_code", "move_direction_code"]).sort_index()


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.floats(0.1, 2), st.data())
def test_moved_weights_add_up_and_the_others_keep_their_proportions(values, factor, data):
    weights = pd.Series(values, index=[f"w{number}" for number in range(len(values))])
    weights = weights / weights.sum()
    code = data.draw(st.sampled_from(list(weights.index)))
    found = moved(weights, code, factor)
    assert found.sum() == pytest.approx(1)
    others = weights.index != code
    quotients = (found / weights)[others]
    assert quotients.max() == pytest.approx(quotients.min())
    assert np.sign(found[code] - weights[code]) == np.sign(round(factor - 1, 6)) or factor == pytest.approx(1, abs=1e-5)


def test_a_customer_at_the_edge_of_a_grade_moves_with_the_weight_of_its_good_source():
    # accounts 25, prior 20 of 45: odds 49^(20/45) x 198^(25/45) = 106.4, grade A from 99 on; with 18.75 of 38.75 96.3
    found = _found(evidence({"accounts": 1 / 199}), weight_move_ratio=0.25)
    rows = found.loc["source"]
    assert rows.loc[
        ("accounts", "down"), ["n_grades_changed", "grades_changed_ratio", "notches_mean", "notches_max"]
    ].tolist() == [1, 1.0, 1.0, 1]
    assert rows.loc[("accounts", "up"), "n_grades_changed"] == 0
    assert rows.loc[(PRIOR, "up"), "notches_mean"] == 1
    assert (rows.loc[["behaviour", "external", "questionnaire"], "n_grades_changed"] == 0).all()


def test_weights_are_moved_by_the_setting_and_brought_back_to_one():
    rows = _found(without(random_evidence(1), "questionnaire"), weight_move_ratio=0.5).loc["source"]
    assert set(rows.index.get_level_values(0)) == {*SOURCES, PRIOR}
    before = rows["weight_ratio"].xs("up", level=1)
    assert before.sum() == pytest.approx(1)
    assert before["behaviour"] == pytest.approx(0.4 / 1.2)
    up = 0.4 * 1.5 / (0.4 * 1.5 + 0.8)
    assert rows.loc[("behaviour", "up"), "moved_weight_ratio"] == pytest.approx(up)


def test_more_is_moved_where_weights_move_more():
    base = without(random_evidence(2), "questionnaire")
    n = [_found(base, weight_move_ratio=share)["n_grades_changed"].sum() for share in (0.01, 0.25, 0.9)]
    assert n[0] < n[1] < n[2]


def test_items_move_the_grade_of_the_questionnaire_alone_and_of_the_rating():
    # 0.3 x 1 + 0.2 x 0 + 0.2 x 0 + 0.3 x 0.7 = 0.51, better than the neutral 0.50 (2 %, grade B); without a quarter of
    # management 0.435 / 0.925 = 0.470 and grade C
    rows = [
        ["C0", "management", "2025-12-31", 1.0],
        ["C0", "visit", "2025-12-31", 0.0],
        ["C0", "delay", "2025-12-31", 0.7],
    ]
    answers = given_answers(rows, {"C0": {"tenure_months": 0.0}})
    base = evidence({"questionnaire": 0.0193})
    found = _found(base, answers)
    alone = found.loc["item_alone"]
    assert alone.loc[("management", "down"), ["n_customers", "n_grades_changed", "notches_mean"]].tolist() == [
        1,
        1,
        1.0,
    ]
    assert alone.loc[("visit", "down"), "n_grades_changed"] == 0
    assert found.loc[("item", "management", "down"), "n_grades_changed"] == 1
    assert found.loc[("item", "visit", "up"), "n_grades_changed"] == 1
    assert found.loc[("item", "visit", "down"), "n_grades_changed"] == 0


def test_customers_without_a_score_are_not_moved_by_items():
    found = _found(evidence({"behaviour": 0.01}, {}))
    assert (found.loc["item", "n_customers"] == 2).all()
    assert (found.loc["item", "n_grades_changed"] == 0).all()
    assert (found.loc["item_alone", "n_customers"] == 0).all()
    assert found.loc["item_alone", "grades_changed_ratio"].isna().all()


def test_no_customer_leaves_the_shares_empty():
    found = _found(evidence())
    assert (found["n_customers"] == 0).all()
    assert found["notches_mean"].isna().all()
