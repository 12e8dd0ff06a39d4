"""External rating alone: worked cases, direction, few customers without a rating."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame
from scipy.optimize import minimize
from scipy.special import expit, logit

from riskresearch.base.config import StageSettings
from riskresearch.model.candidates.external_rating import external_rating
from riskresearch.model.candidates.registry import CANDIDATES
from riskresearch.model.sample import Sample

FOLDER = Path(__file__).parents[1] / "cases" / "model"
CASES = yaml.safe_load((FOLDER / "external_rating.yaml").read_text(encoding="utf-8"))
SETTINGS = StageSettings()


def _sample(groups, *, seed=1):
    """One row per customer, in a random order."""
    rating = np.concatenate([np.full(g["n"], np.nan if g.get("rating") is None else g["rating"]) for g in groups])
    is_default = np.concatenate([np.arange(g["n"]) < g["defaults"] for g in groups])
    order = np.random.default_rng(seed).permutation(len(rating))
    frame = DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in order],
            "observation_date": pd.Timestamp("2024-12-31"),
            "is_default": is_default[order],
            "rating_ratio": rating[order],
        }
    )
    return Sample.of(frame, DataFrame({"feature_code": ["rating_ratio"], "direction_code": [1]}))


def _pds(made, ratings):
    return expit(made.log_odds(DataFrame({"rating_ratio": np.array(ratings, dtype=float)})))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    made = external_rating(_sample(case["groups"]), SETTINGS)
    assert _pds(made, list(case["pds"])) == pytest.approx(list(case["pds"].values()), rel=2e-3)
    if "missing_pd" in case:
        assert _pds(made, [np.nan])[0] == pytest.approx(case["missing_pd"], rel=2e-3)


def test_no_other_search_finds_better_numbers():
    rng = np.random.default_rng(5)
    rating = np.where(rng.random(800) < 0.3, np.nan, rng.random(800))
    hit = rng.random(800) < expit(np.where(np.isnan(rating), -2.5, -4 + 3 * np.nan_to_num(rating)))
    groups = [
        {"rating": None if np.isnan(r) else r, "n": 1, "defaults": int(h)} for r, h in zip(rating, hit, strict=True)
    ]
    made = external_rating(_sample(groups), SETTINGS)
    middle = np.nanmean(rating)

    def loss(point):
        level, slope, gap = point
        log_odds = np.where(np.isnan(rating), level + gap, level + slope * (np.nan_to_num(rating) - middle))
        return (np.logaddexp(0, log_odds) - hit * log_odds).sum() + 0.005 * slope**2 + 0.5 * gap**2

    found = minimize(loss, [-3.0, 1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    assert made.slope == pytest.approx(found[1], rel=1e-5)
    assert made.intercept == pytest.approx(found[0] - found[1] * middle, rel=1e-5)
    assert made.missing_log_odds == pytest.approx(found[0] + found[2], rel=1e-5)


def test_a_worse_rating_never_lowers_the_pd():
    for defaults in ((0, 5), (5, 0), (3, 3)):
        groups = [{"rating": r, "n": 50, "defaults": d} for r, d in zip((0.0, 1.0), defaults, strict=True)]
        pds = _pds(external_rating(_sample(groups), SETTINGS), np.linspace(0, 1, 11))
        assert (np.diff(pds) >= 0).all()
        assert ((pds > 0) & (pds < 1)).all()


def test_few_customers_without_a_rating_stay_near_the_rated_ones():
    rated = {"rating": 0.5, "n": 1000, "defaults": 50}
    few = external_rating(_sample([rated, {"n": 5, "defaults": 0}]), SETTINGS)
    many = external_rating(_sample([rated, {"n": 5000, "defaults": 0}]), SETTINGS)
    near, far = _pds(few, [np.nan])[0], _pds(many, [np.nan])[0]
    assert 0.035 < near < 0.05
    assert far < 0.003
    assert logit(near) > few.intercept + few.slope * 0.5 - 1


def test_order_of_the_rows_changes_nothing_and_other_columns_are_not_read():
    groups = CASES[1]["groups"]
    small = [{**g, "n": g["n"] // 1000, "defaults": g["defaults"] // 1000} for g in groups]
    part = _sample(small)
    mixed = Sample.of(part.rows.sample(frac=1, random_state=2), part.dictionary.reset_index())
    assert external_rating(mixed, SETTINGS) == external_rating(part, SETTINGS)
    made, rows = external_rating(part, SETTINGS), part.rows[["rating_ratio"]]
    assert (made.log_odds(rows[::-1]) == made.log_odds(rows)[::-1]).all()


def test_it_is_a_candidate_that_needs_the_rating():
    assert CANDIDATES["external_rating"].spec.needs == ("rating_ratio",)
    assert CANDIDATES["external_rating"].function is external_rating
