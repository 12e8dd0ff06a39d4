"""WoE scorecard: worked figures, best bins by trying them all, directions, points."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from riskresearch.base.errors import TableError
from riskresearch.base.resampling import auc
from riskresearch.base.schema import check
from riskresearch.model.candidates.registry import CANDIDATES
from riskresearch.model.candidates.scorecard import (
    SCORECARD_POINTS,
    Scorecard,
    ScorecardSettings,
    scorecard,
    scorecard_points,
)
from riskresearch.model.candidates.weights_of_evidence import Characteristic, characteristic
from riskresearch.model.sample import Sample

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/model/scorecard.yaml").read_text(encoding="utf-8"))
DIRECTIONS = {"late": 1, "tenure": -1, "mood": 0, "noise": 1, "late_twice": 1, "inverse": -1}
SETTINGS = ScorecardSettings()


def rows(n: int = 1500, seed: int = 3) -> DataFrame:
    """Default odds rise with `late`, fall with `tenure`, are lowest at middling `mood`; `inverse` lies about it."""
    rng = np.random.default_rng(seed)
    late, tenure, mood, noise = rng.gamma(1, 10, n).round(), rng.uniform(0, 120, n), rng.normal(size=n), rng.random(n)
    z = -2.5 + 0.07 * late - 0.015 * tenure + 0.8 * mood**2
    frame = DataFrame(
        {
            "customer_id": [f"C{i % 300:03d}" for i in range(n)],
            "observation_date": pd.Timestamp("2023-01-31") + pd.to_timedelta(np.arange(n) // 300, unit="D"),
            "late": np.where(rng.random(n) < 0.15, np.nan, late),
            "tenure": tenure,
            "mood": mood,
            "noise": noise,
            "late_twice": 2 * late,
            "inverse": late + rng.normal(size=n),
        }
    )
    return frame.assign(is_default=rng.random(n) < 1 / (1 + np.exp(-z)))


def sample_of(frame: DataFrame, names: tuple[str, ...] = tuple(DIRECTIONS)) -> Sample:
    return Sample.of(frame, DataFrame({"feature_code": names, "direction_code": [DIRECTIONS[name] for name in names]}))


@pytest.fixture(scope="module")
def fitted() -> Scorecard:
    return scorecard(sample_of(rows()), SETTINGS)


def test_worked_weights_of_evidence() -> None:
    bins = CASES["bins"]["rows"]
    values = np.repeat([np.nan if b["days"] is None else b["days"] for b in bins], [b["n_rows"] for b in bins])
    outcome = np.concatenate([np.arange(b["n_rows"]) < b["n_defaults"] for b in bins]).astype(int)
    found = characteristic("days", values, outcome, direction=1, settings=SETTINGS)
    assert found.edges == (10.0, 60.0)
    assert found.n_rows == tuple(b["n_rows"] for b in bins)
    assert found.n_defaults == tuple(b["n_defaults"] for b in bins)
    np.testing.assert_allclose(found.woe, [b["woe"] for b in bins], atol=1e-6)
    np.testing.assert_allclose(found.ivs, [b["iv"] for b in bins], atol=1e-6)


def test_worked_weight_of_few_missing_values() -> None:
    case = CASES["thin_missing"]
    values = np.concatenate([np.full(case["n_rows"], np.nan), np.zeros(97)])
    outcome = (np.arange(100) >= 90).astype(int)
    found = characteristic("days", values, outcome, direction=1, settings=SETTINGS)
    assert (found.n_rows[-1], found.n_defaults[-1]) == (case["n_rows"], case["n_defaults"])
    assert found.woe[-1] == pytest.approx(case["woe"], abs=1e-6)
    whole = characteristic("days", np.zeros(100), outcome, direction=1, settings=SETTINGS)
    assert whole.n_rows[-1] == 0
    assert whole.woe[-1] == pytest.approx(0, abs=1e-12)


def test_worked_points() -> None:
    for customer in CASES["points"]["customers"]:
        item = Characteristic("late", (), (1, 0), (0, 0), (0.0, 0.0), (customer["points"] - 100, 0.0))
        card = Scorecard((item,), 100.0, 600.0, 50.0, 20.0)
        log_odds = card.log_odds(DataFrame({"late": [1.0]}))
        assert np.exp(-log_odds[0]) == pytest.approx(customer["odds"], rel=1e-5)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("seed", [1, 2])
def test_bins_are_the_best_of_all_that_follow_the_direction(direction: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 7, 900).astype(float)
    outcome = (rng.random(900) < np.array([5, 9, 7, 15, 12, 20, 30])[values.astype(int)] / 100).astype(int)
    signed = direction * values
    settings = ScorecardSettings(scorecard_max_bins=4)
    found = characteristic("f", signed, outcome, direction=direction, settings=settings)
    distinct = np.unique(signed)[1:]
    best = 0.0
    for n_edges in range(4):
        for edges in combinations(distinct, n_edges):
            place = np.searchsorted(edges, signed, side="right")
            n, bad = np.bincount(place), np.bincount(place, weights=outcome)
            good = n - bad
            if (np.diff(bad / n) * direction > 0).all() and bad.min() >= 5:
                shares = good / good.sum(), bad / bad.sum()
                best = max(best, float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum()))
    assert found.ivs.sum() == pytest.approx(best, abs=1e-4)
    assert best > 0.1


def test_points_are_the_scaled_log_odds_of_a_regression_done_elsewhere(fitted: Scorecard) -> None:
    frame = sample_of(rows()).rows
    table = scorecard_points(fitted)
    evidence = DataFrame(index=frame.index)
    for name, bins in table.groupby("feature_code"):
        low, high = bins["bin_low"].fillna(-np.inf).to_numpy(), bins["bin_high"].fillna(np.inf).to_numpy()
        values = frame[str(name)].to_numpy()[:, None]
        inside = (values >= low) & (values < high) & (bins["bin_code"] == "values").to_numpy()
        inside[:, -1] = np.isnan(values[:, 0])
        assert (inside.sum(axis=1) == 1).all()
        seen = bins["n_rows"].to_numpy() > 0
        bad = bins["n_defaults"].to_numpy()
        good = bins["n_rows"].to_numpy() - bad
        woe = np.zeros(len(bins))
        woe[seen] = np.log(good[seen] / good.sum()) - np.log(bad[seen] / bad.sum())
        evidence[str(name)] = (inside * woe).sum(axis=1)
    other = LogisticRegression(C=1 / SETTINGS.scorecard_l2_penalty, solver="newton-cholesky", tol=1e-12)
    log_odds = other.fit(evidence, frame["is_default"]).decision_function(evidence)
    points = 600 + 20 * (-log_odds - np.log(50)) / np.log(2)
    np.testing.assert_allclose(fitted.points(frame).sum(axis=1), points, atol=1e-4)
    np.testing.assert_allclose(fitted.log_odds(frame), log_odds, atol=1e-5)
    assert fitted.constant == 0


def test_risk_moves_with_the_declared_direction_only(fitted: Scorecard) -> None:
    frame = rows(300, seed=9)
    for item in fitted.characteristics:
        direction = DIRECTIONS[item.feature_code]
        if direction:
            grid = np.linspace(-50, 300, 200)
            some = frame.head(1).loc[[0] * len(grid)].assign(**{item.feature_code: grid})
            steps = np.diff(fitted.log_odds(some)) * direction
            assert steps.min() >= -1e-12
            assert steps.max() > 0.05
    assert {"late", "tenure"} <= {item.feature_code for item in fitted.characteristics}


def test_free_feature_may_turn(fitted: Scorecard) -> None:
    mood = next(item for item in fitted.characteristics if item.feature_code == "mood")
    points = np.array(mood.points[:-1])
    assert 0 < points.argmax() < len(points) - 1


def test_features_that_tell_nothing_repeat_or_pay_for_risk_are_left_out(fitted: Scorecard) -> None:
    names = {item.feature_code for item in fitted.characteristics}
    assert not names & {"noise", "inverse"}
    assert all(np.diff(item.points[:-1]).any() for item in fitted.characteristics)
    alike = rows().assign(late=lambda f: f["late_twice"] / 2)
    once = scorecard(sample_of(alike, ("late", "late_twice")), SETTINGS)
    assert [item.feature_code for item in once.characteristics] == ["late"]
    strongest = scorecard(sample_of(rows()), ScorecardSettings(scorecard_max_features=1))
    assert len(strongest.characteristics) == 1


def test_feature_that_pays_for_risk_beside_a_stronger_one_is_dropped() -> None:
    rng = np.random.default_rng(4)
    late, other = rng.normal(size=(2, 4000))
    mixed = late + other
    hit = rng.random(4000) < 1 / (1 + np.exp(2 - 2 * late + 0.7 * mixed))
    frame = rows(4000).assign(late=late, late_twice=mixed, is_default=hit)
    alone = characteristic("late_twice", mixed, hit.astype(int), direction=1, settings=SETTINGS)
    assert alone.ivs.sum() > 0.1
    card = scorecard(sample_of(frame, ("late", "late_twice")), SETTINGS)
    assert [item.feature_code for item in card.characteristics] == ["late"]


def test_no_feature_left_gives_everyone_the_default_rate() -> None:
    sample = sample_of(rows())
    card = scorecard(sample, ScorecardSettings(scorecard_min_iv=50.0))
    rate = sample.outcome.mean()
    np.testing.assert_allclose(card.log_odds(sample.rows), np.log(rate / (1 - rate)), atol=1e-7)
    assert len(scorecard_points(card)) == 0


def test_order_of_rows_and_columns_changes_nothing(fitted: Scorecard) -> None:
    frame = rows()
    mixed = frame.sample(frac=1, random_state=1)[list(frame.columns[::-1])]
    assert scorecard(sample_of(mixed), SETTINGS) == fitted
    np.testing.assert_array_equal(
        fitted.log_odds(mixed), pd.Series(fitted.log_odds(frame), index=frame.index)[mixed.index]
    )


def test_any_row_has_a_finite_score(fitted: Scorecard) -> None:
    names = [item.feature_code for item in fitted.characteristics]
    odd = DataFrame({name: [np.nan, np.inf, -np.inf, 1e300, -1e300] for name in names})
    assert np.isfinite(fitted.log_odds(odd)).all()
    assert fitted.log_odds(odd.head(0)).shape == (0,)


def test_json_gives_back_the_same_scorecard(fitted: Scorecard) -> None:
    again = Scorecard.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert again == fitted


def test_table_of_points(fitted: Scorecard) -> None:
    table = check(scorecard_points(fitted), SCORECARD_POINTS)
    sums = table.groupby("feature_code")[["n_rows", "n_defaults"]].sum()
    sample = sample_of(rows())
    assert (sums["n_rows"] == len(sample.rows)).all()
    assert (sums["n_defaults"] == sample.outcome.sum()).all()
    late = table[table["feature_code"] == "late"]
    assert late["bin_interval"].iloc[0] == f"(−∞, {late['bin_high'].iloc[0]:g})"
    assert late["bin_interval"].iloc[-2] == f"[{late['bin_low'].iloc[-2]:g}, ∞)"
    assert late["bin_code"].tolist() == ["values"] * (len(late) - 1) + ["missing"]
    assert late["points"].iloc[:-1].is_monotonic_decreasing


@pytest.mark.parametrize("always", [True, False])
def test_one_outcome_only_is_refused(always: bool) -> None:
    with pytest.raises(TableError, match="of the 1500 rows to fit on are followed by a default"):
        scorecard(sample_of(rows().assign(is_default=always)), SETTINGS)


def test_is_a_candidate() -> None:
    assert CANDIDATES["scorecard"].function is scorecard


def test_taiwan_credit_cards(shared_data: Path) -> None:
    cards = pd.read_csv(shared_data / "taiwan_credit_card/default_of_credit_card_clients.csv.gz")
    hit = cards["default payment next month"].astype(bool)
    features = cards[[c for c in cards if c.startswith(("PAY_", "BILL_", "LIMIT_"))]].astype(float)
    direction = [-1 if c.startswith(("PAY_AMT", "LIMIT")) else 0 if c.startswith("BILL") else 1 for c in features]
    dictionary = DataFrame({"feature_code": features.columns, "direction_code": direction})
    frame = features.assign(customer_id=cards["ID"].astype(str), observation_date=0, is_default=hit)
    areas = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=42).split(features, hit):
        card = scorecard(Sample.of(frame.iloc[train], dictionary, horizon_months=1), SETTINGS)
        areas.append(auc(card.log_odds(frame.iloc[test]), hit.iloc[test].to_numpy()))
    assert np.mean(areas) >= 0.766
