"""Segments: worked cases, and what holds for every path of reviews."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from limit_rows import input_rows
from pandas.testing import assert_frame_equal

from riskresearch.base.schema import check
from riskresearch.limits.policy.policy import credit_policy_from_mapping
from riskresearch.limits.policy.rule import SEGMENTS
from riskresearch.limits.segments import LIMIT_SEGMENTS, segments_on

PROJECT = Path(__file__).parents[2]
CONTENT = yaml.safe_load((PROJECT / "config" / "credit_policies" / "default.yaml").read_text(encoding="utf-8"))
CASES = yaml.safe_load((PROJECT / "tests" / "cases" / "limits" / "segments.yaml").read_text(encoding="utf-8"))
POLICY = credit_policy_from_mapping(CONTENT, where="default.yaml")
NEEDED, BAND = POLICY.movement.upgrade_reviews, POLICY.movement.upgrade_band_ratio
COLUMNS = {
    "met": "met_segment_code",
    "held": "segment_code",
    "good": "n_good_reviews",
    "better": "n_better_reviews",
    "reason": "reason_code",
    "new": "is_new",
}
PATHS = st.lists(st.sampled_from([0.001, 0.0084, 0.009, 0.01, 0.02, 0.034, 0.037, 0.04, 0.3]), min_size=1, max_size=14)


def _days(number):
    return pd.date_range("2025-01-31", periods=number, freq="ME").as_unit("us")


ORDINARY = input_rows({})


def _rows(paths):
    """Inputs of customers C0, C1, … with the PD of each at each review."""
    keys = [
        (f"C{n}", day, pd_12m)
        for n, path in enumerate(paths)
        for day, pd_12m in zip(_days(len(path)), path, strict=True)
    ]
    rows = ORDINARY.loc[[0] * len(keys)].reset_index(drop=True)
    return rows.assign(
        customer_id=pd.Series([key[0] for key in keys], dtype="str"),
        review_date=pd.Series([key[1] for key in keys], dtype="datetime64[us]"),
        pd_12m=[key[2] for key in keys],
    )


def _held(paths, policy=POLICY):
    """Ranks met and held, one list per customer."""
    found = check(segments_on(_rows(paths), policy), LIMIT_SEGMENTS)
    ranks = found.assign(
        met=found["met_segment_code"].map(SEGMENTS.index), held=found["segment_code"].map(SEGMENTS.index)
    )
    by_customer = dict(list(ranks.groupby("customer_id")))
    return [(by_customer[f"C{n}"]["met"].tolist(), by_customer[f"C{n}"]["held"].tolist()) for n in range(len(paths))]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_worked_cases(case):
    policy = credit_policy_from_mapping({**CONTENT, "exceptions": case.get("exceptions", [])}, where="case")
    days = _days(len(case["reviews"]))
    alone = case.get("alone", False)
    rows = input_rows(
        *(
            {"customer_id": f"C{n}" if alone else "C1", "review_date": days[0] if alone else day, **review}
            for n, (day, review) in enumerate(zip(days, case["reviews"], strict=True))
        )
    )
    found = check(segments_on(rows, policy), LIMIT_SEGMENTS)
    for name, expected in case["expected"].items():
        assert found[COLUMNS[name]].tolist() == expected, name


@given(path=PATHS)
@settings(deadline=None, max_examples=80)
def test_down_at_once_and_up_by_one_after_enough_good_reviews_in_a_row(path):
    ((met, held),) = _held([path])
    assert held[0] == met[0]
    bounds = (0.01 * (1 - BAND), 0.04 * (1 - BAND))
    for n in range(1, len(path)):
        if met[n] > held[n - 1]:
            assert held[n] == met[n]
        if held[n] < held[n - 1]:
            assert held[n] == held[n - 1] - 1
            assert n >= NEEDED
            assert all(value <= bounds[held[n]] + 1e-12 for value in path[n - NEEDED + 1 : n + 1])
            assert len(set(held[n - NEEDED : n])) == 1
        assert held[n] >= met[n]


@given(path=PATHS)
@settings(deadline=None, max_examples=50)
def test_who_stays_clear_of_the_band_long_enough_arrives_in_the_best_segment(path):
    ((_, held),) = _held([[*path, *[0.001] * (NEEDED * 2)]])
    assert held[-1] == 0


@given(path=PATHS, factors=st.lists(st.sampled_from([1.0, 1.1, 1.5, 4.0]), min_size=14, max_size=14))
@settings(deadline=None, max_examples=80)
def test_a_worse_pd_never_gives_a_better_segment(path, factors):
    worse = [min(value * factor, 1.0) for value, factor in zip(path, factors, strict=False)]
    (_, held), (_, held_worse) = _held([path, worse])
    assert all(low <= high for low, high in zip(held, held_worse, strict=True))


@given(shares=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=14), start=st.sampled_from([0.005, 0.02]))
@settings(deadline=None, max_examples=80)
def test_values_that_swing_within_the_band_move_the_segment_at_most_once(shares, start):
    """Between 15 % below a bound and the next bound above, a PD may fall once and never rise."""
    low, high = 0.01 * (1 - BAND) + 1e-6, 0.0399
    ((_, held),) = _held([[start, *(low + share * (high - low) for share in shares)]])
    assert np.count_nonzero(np.diff(held)) <= 1


def test_without_hysteresis_the_segment_held_is_the_segment_met_by_steps():
    loose = POLICY.model_copy(
        update={"movement": POLICY.movement.model_copy(update={"upgrade_reviews": 1, "upgrade_band_ratio": 0.0})}
    )
    ((met, held),) = _held([[0.3, 0.001, 0.001, 0.02, 0.01]], loose)
    assert (met, held) == ([2, 0, 0, 1, 0], [2, 1, 0, 1, 0])


def test_customers_do_not_touch_each_other_and_rows_may_come_in_any_order():
    rng = np.random.default_rng(7)
    paths = [rng.choice([0.001, 0.009, 0.02, 0.3], size=rng.integers(1, 9)).tolist() for _ in range(12)]
    rows = _rows(paths)
    rows["is_in_default"] = rng.random(len(rows)) < 0.1
    whole = segments_on(rows, POLICY)
    assert_frame_equal(segments_on(rows.sample(frac=1, random_state=3), POLICY), whole, check_exact=True)
    alone = pd.concat([segments_on(one, POLICY) for _, one in rows.groupby("customer_id")], ignore_index=True)
    assert_frame_equal(alone, whole, check_exact=True)


def test_what_comes_later_changes_no_earlier_review():
    paths = [[0.001, 0.02, 0.009, 0.001, 0.001], [0.3, 0.001, 0.001, 0.3, 0.001]]
    whole = segments_on(_rows(paths), POLICY)
    first = whole[whole["review_date"] <= _days(3)[-1]].reset_index(drop=True)
    assert_frame_equal(segments_on(_rows([path[:3] for path in paths]), POLICY), first, check_exact=True)


def test_a_missing_review_leaves_the_segment_where_it_was():
    days = _days(4)
    rows = input_rows(
        *({"customer_id": "C1", "review_date": days[n], "pd_12m": value} for n, value in ((0, 0.3), (3, 0.001)))
    )
    assert segments_on(rows, POLICY)["segment_code"].tolist() == ["risky", "risky"]


def test_no_customers_give_an_empty_table():
    assert check(segments_on(input_rows(), POLICY), LIMIT_SEGMENTS).empty
