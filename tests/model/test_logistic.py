"""Logistic regression with bound signs, held against another solver and the conditions of its optimum."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from riskresearch.base.errors import TableError
from riskresearch.model.candidates.logistic import Logistic, LogisticSettings, logistic, signed_logistic
from riskresearch.model.candidates.registry import CANDIDATES
from riskresearch.model.sample import Sample

DIRECTIONS = {"late": 1, "tenure": -1, "lying": 1, "free": 0, "silent": 1, "empty": -1}
SETTINGS = LogisticSettings()


def rows(n: int = 800, seed: int = 5) -> DataFrame:
    """Default odds rise with `late` and when it is missing, fall with `tenure` and with `lying`, declared to raise."""
    rng = np.random.default_rng(seed)
    late, tenure, lying, free = rng.gamma(1, 10, n), rng.uniform(0, 120, n), rng.normal(size=n), rng.normal(size=n)
    is_missing = rng.random(n) < 0.2
    z = -2 + np.where(is_missing, 1.0, 0.06 * late) - 0.01 * tenure - 0.5 * lying - 0.7 * free
    frame = DataFrame(
        {
            "customer_id": [f"C{i % 200:03d}" for i in range(n)],
            "observation_date": pd.Timestamp("2023-01-31") + pd.to_timedelta(np.arange(n) // 200, unit="D"),
            "late": np.where(is_missing, np.nan, late),
            "tenure": tenure,
            "lying": lying,
            "free": free,
            "silent": 1.0,
            "empty": np.nan,
        }
    )
    return frame.assign(is_default=rng.random(n) < expit(z))


def sample_of(frame: DataFrame) -> Sample:
    return Sample.of(frame, DataFrame({"feature_code": list(DIRECTIONS), "direction_code": list(DIRECTIONS.values())}))


@pytest.fixture(scope="module")
def fitted() -> Logistic:
    return logistic(sample_of(rows()), SETTINGS)


def weight(model: Logistic, name: str) -> float:
    return model.coefficients[model.design.names.index(name)]


def test_without_directions_another_solver_finds_the_same() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5))
    outcome = (rng.random(400) < expit(columns @ [0.5, -0.5, 0.2, 0, 0.1] - 1)).astype(int)
    bounds = np.full(5, -np.inf), np.full(5, np.inf)
    intercept, weights = signed_logistic(columns, outcome, bounds=bounds, l2_penalty=4.0)
    other = LogisticRegression(C=1 / 4.0, solver="newton-cholesky", tol=1e-12).fit(columns, outcome)
    np.testing.assert_allclose(weights, other.coef_[0], atol=1e-7)
    assert intercept == pytest.approx(other.intercept_[0], abs=1e-7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_within_bounds_no_step_raises_the_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6))
    outcome = (rng.random(300) < expit(columns @ rng.normal(0, 0.4, 6))).astype(int)
    lower, upper = np.array([0, 0, 0, -np.inf, -np.inf, -np.inf]), np.array([np.inf] * 4 + [0, 0])
    intercept, weights = signed_logistic(columns, outcome, bounds=(lower, upper), l2_penalty=2.0)
    slope = columns.T @ (outcome - expit(intercept + columns @ weights)) - 2.0 * weights
    inner = weights != 0
    np.testing.assert_allclose(slope[inner], 0, atol=1e-4)
    assert (slope[(weights == 0) & (lower == 0)] <= 0).all()
    assert (slope[(weights == 0) & (upper == 0)] >= 0).all()
    assert (weights >= lower).all()
    assert (weights <= upper).all()
    assert expit(intercept + columns @ weights).mean() == pytest.approx(outcome.mean(), abs=1e-7)


def test_coefficients_keep_their_declared_sign(fitted: Logistic) -> None:
    assert weight(fitted, "late") > 0
    assert weight(fitted, "tenure") < 0
    assert weight(fitted, "lying") == 0
    assert weight(fitted, "free") < 0
    assert not {"silent", "empty"} & set(fitted.design.names)


def test_missing_value_has_its_own_level(fitted: Logistic) -> None:
    known, unknown = rows().head(1).assign(late=fitted.design.mean[0]), rows().head(1).assign(late=np.nan)
    assert fitted.log_odds(unknown)[0] - fitted.log_odds(known)[0] == pytest.approx(fitted.coefficients[-1])
    assert fitted.coefficients[-1] > 0


def test_risk_rises_with_days_late_up_to_the_cut(fitted: Logistic) -> None:
    grid = np.linspace(0, 200, 100)
    log_odds = fitted.log_odds(rows().loc[[0] * len(grid)].assign(late=grid))
    assert (np.diff(log_odds) >= 0).all()
    cut = np.nanquantile(rows()["late"], 0.99)
    assert log_odds[grid > cut] == pytest.approx(log_odds[-1])
    assert log_odds[-1] - log_odds[0] == pytest.approx(
        weight(fitted, "late") * (cut - np.nanquantile(rows()["late"], 0.01)) / fitted.design.deviation[0], rel=0.02
    )


def test_strong_penalty_gives_everyone_the_default_rate() -> None:
    sample = sample_of(rows())
    model = logistic(sample, LogisticSettings(logistic_l2_penalty=1e9))
    np.testing.assert_allclose(model.log_odds(sample.rows), logit(sample.outcome.mean()), atol=1e-4)


def test_order_of_rows_and_columns_changes_nothing(fitted: Logistic) -> None:
    frame = rows()
    mixed = frame.sample(frac=1, random_state=1)[list(frame.columns[::-1])]
    assert logistic(sample_of(mixed), SETTINGS) == fitted
    expected = pd.Series(fitted.log_odds(frame), index=frame.index)[mixed.index]
    np.testing.assert_array_equal(fitted.log_odds(mixed), expected)


def test_any_row_has_a_finite_value(fitted: Logistic) -> None:
    odd = DataFrame({name: [np.nan, np.inf, -np.inf, 1e300] for name in DIRECTIONS})
    assert np.isfinite(fitted.log_odds(odd)).all()


def test_json_gives_back_the_same_model(fitted: Logistic) -> None:
    assert Logistic.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False))) == fitted


@pytest.mark.parametrize("always", [True, False])
def test_one_outcome_only_is_refused(always: bool) -> None:
    with pytest.raises(TableError, match="of the 800 rows to fit on are followed by a default"):
        logistic(sample_of(rows().assign(is_default=always)), SETTINGS)


def test_is_a_candidate() -> None:
    assert CANDIDATES["logistic"].function is logistic
