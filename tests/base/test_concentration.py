"""Concentration and Lorenz curves: worked figures, identities, members."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import Series

from riskresearch.base.concentration import LORENZ_POINTS, concentration, concentrations, lorenz, lorenz_curves

AMOUNTS = st.lists(st.floats(0.01, 1e7), min_size=1, max_size=100)


def _measures(amounts, top=(1,)):
    return concentration(Series(amounts), list(top)).set_index("measure_code")["value"]


def test_three_customers_by_hand():
    found = _measures([50.0, 30.0, 20.0], (1, 2, 3, 10))
    assert found[["top_1_ratio", "top_2_ratio", "top_3_ratio", "top_10_ratio"]].tolist() == [0.5, 0.8, 1.0, 1.0]
    assert found["hhi_ratio"] == pytest.approx(0.25 + 0.09 + 0.04)
    assert found["n_effective"] == pytest.approx(1 / 0.38)
    assert found["gini_ratio"] == pytest.approx(0.2)


def test_equal_members_are_not_concentrated():
    found = _measures([5.0] * 8, (1, 4))
    assert found.tolist() == pytest.approx([0.125, 0.5, 0.125, 8.0, 0.0], abs=1e-15)


@given(AMOUNTS)
def test_gini_is_twice_the_area_between_the_lorenz_curve_and_the_diagonal(amounts):
    points = lorenz(Series(amounts))
    area = np.trapezoid(points["amount_ratio"], points["member_ratio"])
    assert _measures(amounts)["gini_ratio"] == pytest.approx(1 - 2 * area, abs=1e-9)


@given(AMOUNTS, st.floats(0.001, 1000))
def test_measures_know_neither_order_nor_currency(amounts, rate):
    scaled = (Series(amounts) * rate).sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(_measures(scaled), _measures(amounts), rtol=1e-9, atol=1e-12)


def test_a_lorenz_curve_has_at_most_101_points_and_rises_from_0_to_1():
    amounts = Series(np.random.default_rng(1).lognormal(size=12_345))
    points = lorenz(amounts)
    assert len(points) == LORENZ_POINTS == 101
    assert points.iloc[[0, -1]].to_numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert points["amount_ratio"].diff().dropna().diff().dropna().min() > -1e-12  # smallest first: convex
    n = round(points.loc[50, "member_ratio"] * len(amounts))
    assert points.loc[50, "amount_ratio"] == pytest.approx(amounts.nsmallest(n).sum() / amounts.sum())


def test_nothing_gives_no_measure_and_no_curve():
    assert concentration(Series([0.0, -3.0]), [1]).empty
    assert lorenz(Series(dtype="float64")).empty


def test_groups_add_up_their_customers_and_what_is_left_out_is_counted():
    expected_loss = Series({"C1": 60.0, "C2": 30.0, "C3": 30.0, "C4": -5.0, "C5": 10.0})
    group = Series({"C1": "C1", "C2": "G", "C3": "G", "C4": "C4"})
    found = concentrations({"expected_loss": expected_loss}, {"group": group}, top=[1, 2])
    assert found.set_index("measure_code").loc[["top_1_ratio", "top_2_ratio"], "value"].tolist() == pytest.approx(
        [60 / 130, 120 / 130]
    )
    row = found.iloc[0]
    assert (row["base_code"], row["axis_code"], row["n_members"]) == ("expected_loss", "group", 3)
    assert (row["total_amount"], row["left_out_amount"]) == (130.0, -5.0)
    curve = lorenz_curves({"expected_loss": expected_loss}, {"group": group})
    assert curve["point_number"].tolist() == [0, 1, 2, 3]
    assert curve["amount_ratio"].tolist() == pytest.approx([0, 10 / 130, 70 / 130, 1])
