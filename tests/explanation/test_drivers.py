"""Drivers: strength, groups and families, from contributions a reader can add up."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from explanation.explained_rows import dictionary, explained
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from scipy.stats import spearmanr

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation.drivers import DRIVER_FAMILIES, DRIVER_GROUPS, DRIVERS, DriverSettings, drivers
from riskresearch.explanation.history import places, rank_correlation

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "explanation" / "drivers.yaml").read_text(encoding="utf-8")
)


def _made(rows, families, **given_settings):
    made = drivers(rows, dictionary(**families), DriverSettings(**given_settings))
    tables = {table.name: check(made[table.name], table) for table in (DRIVERS, DRIVER_GROUPS, DRIVER_FAMILIES)}
    return {name: table.set_index(table.columns[0]) for name, table in tables.items()}


def _holds(table, expected):
    for code, row in expected.items():
        for column, value in row.items():
            found = table.loc[code, column]
            assert found == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-12)), column


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    made = _made(explained(case["contributions"], case["values"]), case["families"])
    _holds(made["drivers"], case["drivers"])
    _holds(made["driver_groups"], case.get("groups", {}))
    _holds(made["driver_families"], case.get("family_rows", {}))


def _forty():
    """Forty customers: b is a copy of a turned round, c has nothing to do with them."""
    a = np.arange(40.0)
    values = {"a": a, "b": -a, "c": np.tile([1.0, 4.0, 2.0, 3.0], 10)}
    return explained({"a": a / 100, "b": a / 50, "c": np.tile([-0.1, 0.1], 20)}, values)


def test_near_copies_are_one_group_named_by_its_strongest_feature_with_summed_contributions():
    made = _made(_forty(), {"a": "delay", "b": "ageing", "c": "sales"})
    assert made["drivers"]["group_code"].to_dict() == {"a": "b", "b": "b", "c": "c"}
    group = made["driver_groups"].loc["b"]
    assert group["n_features"] == 2
    assert group["family_code"] == "ageing"
    assert group["correlation_min_abs"] == pytest.approx(1)
    assert group["contribution_mean_abs"] == pytest.approx(19.5 / 100 + 19.5 / 50)
    assert made["driver_groups"]["importance_ratio"].sum() == pytest.approx(1)
    assert made["driver_groups"]["correlation_min_abs"].isna().tolist() == [False, True]


def test_the_sign_of_the_effect_is_the_rank_correlation_of_value_and_contribution():
    signs = _made(_forty(), {"a": "delay", "b": "ageing", "c": "sales"})["drivers"]["value_correlation"]
    assert signs["a"] == pytest.approx(1)
    assert signs["b"] == pytest.approx(-1)
    assert signs["c"] == pytest.approx(spearmanr([1, 4, 2, 3], [-0.1, 0.1, -0.1, 0.1]).statistic)


def test_drivers_are_those_of_the_customers_to_score():
    rows = explained({"a": [1.0, 0.2, 0.4]}, sample_code=["development", "scoring", "scoring"])
    assert _made(rows, {"a": "delay"})["drivers"].loc["a", "contribution_mean_abs"] == pytest.approx(0.3)


def test_without_customers_to_score_they_are_those_of_the_later_dates():
    rows = explained({"a": [1.0, 0.2, 0.4]}, sample_code=["development", "out_of_time", "out_of_time"])
    assert _made(rows, {"a": "delay"})["drivers"].loc["a", "contribution_mean_abs"] == pytest.approx(0.3)


def test_a_model_that_splits_on_nothing_has_drivers_of_strength_zero():
    made = _made(explained({"a": [0.0, 0.0], "b": [0.0, 0.0]}), {"a": "delay", "b": "sales"})
    assert (made["drivers"][["contribution_mean_abs", "importance_ratio"]] == 0).all().all()
    assert made["drivers"]["value_correlation"].isna().all()


def test_no_rows_at_all_make_strengths_of_zero():
    rows = explained({"a": [1.0]}, sample_code="immature").take(np.array([False]))
    assert _made(rows, {"a": "delay"})["drivers"]["contribution_mean_abs"].tolist() == [0]


def test_a_feature_the_dictionary_does_not_know_is_refused():
    with pytest.raises(TableError, match=r"1 features of the model \(b\) are absent"):
        drivers(explained({"a": [1.0], "b": [1.0]}), dictionary(a="delay"), DriverSettings())


numbers = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers | st.just(float("nan")), numbers), min_size=1, max_size=30))
def test_rank_correlation_is_spearmans_over_the_rows_where_both_are_known(pairs):
    x, y = (np.array(part) for part in zip(*pairs, strict=True))
    known = ~np.isnan(x)
    found = rank_correlation(x, y)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(x[known], y[known]).statistic, abs=1e-9)  # around 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_ranks_count_from_one_and_never_rise_with_strength(strengths):
    ranks = places(np.array(strengths, dtype=float))
    assert sorted(ranks) == list(range(1, len(strengths) + 1))
    ordered = DataFrame({"rank": ranks, "strength": strengths}).sort_values("rank")["strength"]
    assert ordered.is_monotonic_decreasing
