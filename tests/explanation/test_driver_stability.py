"""Stability of the drivers from period to period."""

import numpy as np
import pytest
from explanation.explained_rows import dictionary, explained

from riskresearch.base.schema import check
from riskresearch.explanation.driver_stability import DRIVER_PERIODS, DRIVER_STABILITY, driver_stability
from riskresearch.explanation.drivers import DriverSettings, drivers


def _made(rows, **given):
    settings = DriverSettings(**given)
    table = drivers(rows, dictionary(a="delay", b="delay", c="sales"), settings)["drivers"]
    made = driver_stability(rows, table, settings)
    return check(made["driver_stability"], DRIVER_STABILITY), check(made["driver_periods"], DRIVER_PERIODS)


def _two_quarters():
    """First quarter a > b > c, second c > b > a."""
    return explained(
        {"a": [0.5, -0.5, 0.1, 0.1], "b": [0.2, 0.2, 0.2, -0.2], "c": [0.1, 0.1, 0.6, 0.4]},
        observation_date=["2024-01-31", "2024-03-31", "2024-04-30", "2024-06-30"],
        sample_code=["development", "out_of_time", "out_of_time", "scoring"],
        customer_id=["C1", "C1", "C1", "C2"],
    )


def test_strength_share_and_rank_by_quarter():
    members, periods = _made(_two_quarters())
    of = members[members["level_code"] == "feature"].set_index(["driver_code", "period_code"])
    assert of.loc[("a", "2024Q1"), "contribution_mean_abs"] == pytest.approx(0.5)
    assert of.loc[("a", "2024Q1"), "importance_ratio"] == pytest.approx(0.5 / 0.8)
    assert of["rank"].unstack().to_dict("list") == {"2024Q1": [1, 2, 3], "2024Q2": [3, 2, 1]}
    assert periods.set_index(["level_code", "period_code"])["n_rows"].tolist() == [2, 2, 2, 2]
    assert periods["n_customers"].tolist() == [1, 2, 1, 2]


def test_likeness_with_the_whole_is_the_rank_correlation_of_the_strengths():
    # over all four rows: a 0.3, b 0.2, c 0.3 -> a tie between a and c
    _, periods = _made(_two_quarters(), n_top_drivers=1)
    found = periods[periods["level_code"] == "feature"].set_index("period_code")
    assert found["rank_correlation"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert found["top_shared_ratio"].tolist() == [1, 0]  # a stands first on all four rows


def test_a_year_is_one_period():
    members, periods = _made(_two_quarters(), stability_period_code="year")
    assert set(members["period_code"]) == {"2024"}
    assert periods.loc[periods["level_code"] == "feature", "rank_correlation"].tolist() == pytest.approx([1])
    assert (periods["top_shared_ratio"] == 1).all()


def test_groups_sum_their_contributions_before_the_absolute_value():
    n = 40
    rising = np.arange(float(n))
    rows = explained(
        {"a": rising / 10, "b": -rising / 20, "c": np.tile([0.3, -0.3], n // 2)},
        {"a": rising, "b": rising, "c": np.tile([2.0, 1.0, 4.0, 3.0], n // 4)},
    )
    members, _ = _made(rows)
    group = members[members["level_code"] == "group"].set_index("driver_code")
    assert set(group.index) == {"a", "c"}
    assert group.loc["a", "contribution_mean_abs"] == pytest.approx(rising.mean() / 20)
    assert group["value_correlation"].isna().all()
    feature = members[members["level_code"] == "feature"].set_index("driver_code")
    assert feature.loc[["a", "b"], "value_correlation"].tolist() == pytest.approx([1, -1])
