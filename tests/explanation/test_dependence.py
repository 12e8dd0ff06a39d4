"""Shape of the effect of a driver."""

import numpy as np
import pytest
from explanation.explained_rows import explained
from hypothesis import given
from hypothesis import strategies as st

from riskresearch.base.schema import check
from riskresearch.explanation.dependence import DEPENDENCE, bin_numbers, dependence
from riskresearch.explanation.drivers import DriverSettings


def _made(rows, **given_settings):
    return check(dependence(rows, DriverSettings(**given_settings)), DEPENDENCE)


def test_contribution_and_default_rate_by_bin_and_without_a_value():
    rows = explained(
        {"late": [-0.2, -0.4, 0.6, 0.2, 0.1]},
        {"late": [0.0, 1.0, 8.0, 9.0, np.nan]},
        is_default=[False, False, True, None, True],
    )
    made = _made(rows, n_dependence_bins=2).set_index("bin_number")
    assert made["bin_code"].to_dict() == {0: "missing", 1: "values", 2: "values"}
    assert made["value_low"].tolist()[1:] == [0, 8]
    assert made["value_high"].tolist()[1:] == [1, 9]
    assert made["contribution_mean"].tolist() == pytest.approx([0.1, -0.3, 0.4])
    assert made.loc[1, ["contribution_p10", "contribution_p90"]].tolist() == pytest.approx([-0.38, -0.22])
    assert made["n_known"].tolist() == [1, 2, 1]
    assert made["n_defaults"].tolist() == [1, 0, 1]
    assert made["default_ratio"].tolist() == [1, 0, 1]


def test_a_bin_whose_outcomes_are_not_known_has_no_default_rate():
    made = _made(explained({"late": [0.1, 0.2]}, {"late": [1.0, 2.0]}))
    assert made["n_known"].tolist() == [0, 0]
    assert made["default_ratio"].isna().all()


def test_only_the_strongest_features_of_the_customers_to_score_are_shown():
    rows = explained({"a": [0.1, 0.0], "b": [0.2, 0.3], "c": [5.0, 0.2]}, sample_code=["development", "scoring"])
    assert set(_made(rows, n_top_drivers=2)["feature_code"]) == {"b", "c"}


def test_a_feature_without_any_value_has_the_missing_bin_only():
    made = _made(explained({"a": [0.1, 0.3]}, {"a": [np.nan, np.nan]}))
    assert made["bin_number"].tolist() == [0]
    assert made["contribution_mean"].tolist() == pytest.approx([0.2])


values = st.lists(st.floats(-3, 3).map(lambda x: round(x, 1)) | st.just(float("nan")), max_size=60)


@given(values, st.integers(2, 10))
def test_bins_rise_keep_equal_values_together_and_hold_every_row(given_values, n_bins):
    x = np.array(given_values, dtype=float)
    found = bin_numbers(x, n_bins)
    assert ((found == 0) == np.isnan(x)).all()
    known, number = x[found > 0], found[found > 0]
    for value in np.unique(known):
        assert len(set(number[known == value])) == 1
    assert (np.diff(number[np.argsort(known, kind="stable")]) >= 0).all()
    assert set(number) == set(range(1, len(set(number)) + 1))
    assert len(set(number)) == min(n_bins, len(np.unique(known))) or len(np.unique(known)) > n_bins


@pytest.mark.parametrize("n_bins", [2, 5, 10])
def test_bins_of_different_values_hold_equally_many_rows(n_bins):
    number = bin_numbers(np.random.default_rng(1).permutation(100).astype(float), n_bins)
    assert set(np.bincount(number)[1:]) == {100 // n_bins}
