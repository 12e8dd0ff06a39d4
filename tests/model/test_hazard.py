"""Discrete-time hazard: worked cases, another way to the same numbers, known truth, directions, order."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from model.hazard_panel import DIRECTIONS, EARLY, SLOPES, rows, sample
from pandas import DataFrame
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from riskresearch.base.errors import TableError
from riskresearch.model.candidates.hazard import HazardSettings, hazard, months_observed
from riskresearch.model.candidates.linear import Design
from riskresearch.model.candidates.registry import CANDIDATES
from riskresearch.model.sample import Sample

FOLDER = Path(__file__).parents[1] / "cases" / "model"
CASES = yaml.safe_load((FOLDER / "hazard.yaml").read_text(encoding="utf-8"))


def _case_sample(case):
    each = [line for line in case["customers"] for _ in range(line["n"])]
    frame = DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(len(each))],
            "observation_date": pd.Timestamp("2024-12-31"),
            "months_to_default": pd.array([line.get("default") for line in each], dtype="Int64"),
            "months_at_risk": pd.array([line.get("months_at_risk") for line in each], dtype="Int64"),
            "same_ratio": 0.5,
        }
    )
    frame["is_default"] = (frame["months_to_default"] <= case["horizon_months"]).fillna(False)
    dictionary = DataFrame({"feature_code": ["same_ratio"], "direction_code": [1]})
    return Sample.of(frame, dictionary, horizon_months=case["horizon_months"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    made = hazard(_case_sample(case), HazardSettings(**case["settings"]))
    one = DataFrame({"same_ratio": [0.5]})
    assert expit(made.log_odds(one))[0] == pytest.approx(case["pd"], rel=1e-6)
    if "hazards" in case:
        assert expit(made.monthly_log_odds(one))[0] == pytest.approx(case["hazards"], rel=1e-6)


def _months_at_risk(part, made, half_life):
    """One line per row and month at risk: columns of the features, the same fading, month, default."""
    columns = made.design.columns(part.rows)
    lines, fading, months, hits = [], [], [], []
    for i, (month, at_risk) in enumerate(zip(part.rows["months_to_default"], part.rows["months_at_risk"], strict=True)):
        last = int(at_risk) if pd.isna(month) else int(month)
        for k in range(1, last + 1):
            lines.append(columns[i])
            fading.append(columns[i] * 0.5 ** ((k - 1) / half_life) if half_life else 0 * columns[i])
            months.append(k)
            hits.append(int(not pd.isna(month) and k == month))
    return np.array(lines), np.array(fading), np.array(months), np.array(hits)


def _free(part):
    return replace(part, dictionary=part.dictionary.assign(direction_code=0))


@pytest.mark.parametrize("half_life", [0.0, 2.0, 5.0])
def test_the_fit_is_the_logistic_regression_on_one_row_per_month_at_risk(half_life):
    part = _free(sample(rows(is_fading=True)))
    settings = HazardSettings(hazard_l2_penalty=1e-6, hazard_smoothing=0, hazard_half_life_months=half_life)
    made = hazard(part, settings)
    columns, fading, months, hits = _months_at_risk(part, made, half_life)
    dummies = (months[:, None] == np.arange(1, 13)).astype(float)
    model = LogisticRegression(C=1e6, fit_intercept=False, tol=1e-9, max_iter=5000, solver="newton-cholesky")
    levels, lasting, early = np.split(model.fit(np.hstack([dummies, columns, fading]), hits).coef_[0], [12, 18])
    assert made.levels == pytest.approx(levels, rel=1e-5)
    assert made.coefficients == pytest.approx(lasting, rel=1e-4, abs=1e-6)  # 1e-6: far below any effect
    assert made.early_coefficients == pytest.approx(early, rel=1e-4, abs=1e-6)


def test_with_penalties_and_directions_no_other_search_finds_better_numbers():
    part = sample(rows(n_customers=60, level=-4.0, is_fading=True))
    made = hazard(part, HazardSettings(hazard_l2_penalty=3, hazard_smoothing=5))
    columns, fading, months, hits = _months_at_risk(part, made, 2)

    def loss(point):
        levels, lasting, early = np.split(point, [12, 18])
        log_odds = levels[months - 1] + columns @ lasting + fading @ early
        penalty = 3 * np.sum(point[12:] ** 2) + 5 * np.sum(np.diff(levels) ** 2)
        return (np.logaddexp(0, log_odds) - hits * log_odds).sum() + penalty / 2

    signs = list(zip(*made.design.bounds(DIRECTIONS), strict=True))
    bounds, start = [(None, None)] * 12 + signs * 2, np.concatenate([np.full(12, -4.0), np.zeros(12)])
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"maxfun": 4000})
    own = loss(np.array([*made.levels, *made.coefficients, *made.early_coefficients]))
    assert own <= found.fun * (1 + 1e-7)
    assert own == pytest.approx(found.fun, rel=1e-4)  # the other search, by differences, comes near
    assert made.coefficients[list(DIRECTIONS).index("wrong_way_ratio")] == 0


def test_known_hazards_are_found_again():
    part = _free(sample(rows(seed=4, n_customers=3000, level=-4.5, is_fading=True)))
    made = hazard(part, HazardSettings(hazard_l2_penalty=1))
    lasting, early = (
        np.array(found[:5]) / made.design.deviation for found in (made.coefficients, made.early_coefficients)
    )
    assert lasting == pytest.approx([SLOPES[name] for name in made.design.names], abs=0.11)  # three standard errors
    assert early == pytest.approx([EARLY[name] for name in made.design.names], abs=0.17)  # three standard errors
    assert np.mean(made.levels) == pytest.approx(-4.5, abs=0.12)


def test_what_fades_brings_the_default_forward():
    frame = rows(n_customers=1000, is_fading=True)
    made = hazard(sample(frame), HazardSettings(hazard_l2_penalty=1))
    plain = hazard(sample(frame), HazardSettings(hazard_half_life_months=0))
    typical = frame.iloc[:1].assign(**dict.fromkeys(DIRECTIONS, 0.0))
    late = typical.assign(late_ratio=2.0)
    gaps = (made.monthly_log_odds(late) - made.monthly_log_odds(typical))[0]
    assert (np.diff(gaps) < 0).all()
    assert gaps[0] > 1.3 * gaps[-1]
    assert set(plain.early_coefficients) == {0.0}
    assert np.ptp(plain.monthly_log_odds(late) - plain.monthly_log_odds(typical)) < 1e-9


def test_the_pd_is_what_the_months_leave():
    frame = rows()
    made = hazard(sample(frame), HazardSettings())
    survival = (1 - expit(made.monthly_log_odds(frame))).prod(axis=1)
    assert expit(made.log_odds(frame)) == pytest.approx(1 - survival, rel=1e-10)


def test_customers_that_leave_count_for_their_months_only():
    frame = rows(n_customers=400)
    stayed = hazard(sample(frame.drop(columns="months_at_risk")), HazardSettings())
    made = hazard(sample(frame), HazardSettings())
    assert expit(made.log_odds(frame)).mean() > expit(stayed.log_odds(frame)).mean()
    months = months_observed(sample(frame))[0].sum(axis=1)
    ordered = sample(frame).rows
    expected = ordered["months_to_default"].fillna(ordered["months_at_risk"])
    assert months.tolist() == expected.tolist()


@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "absent"])
def test_a_default_of_unknown_month_may_lie_in_any(is_empty):
    frame = rows(level=-3.0).drop(columns="months_at_risk")
    known = hazard(sample(frame), HazardSettings())
    blind = frame.assign(months_to_default=pd.array([None] * len(frame), dtype="Int64"))
    blind = blind if is_empty else blind.drop(columns="months_to_default")
    made = hazard(sample(blind), HazardSettings())
    pds, unknown = expit(known.log_odds(frame)), expit(made.log_odds(frame))
    assert unknown.mean() == pytest.approx(frame["is_default"].mean(), rel=0.02)
    assert np.corrcoef(pds, unknown)[0, 1] > 0.99
    at_risk, defaults = months_observed(sample(blind))
    defaulted = sample(blind).outcome == 1
    np.testing.assert_allclose(defaults[defaulted].sum(axis=1), 1)
    np.testing.assert_allclose(at_risk[defaulted], np.tile(1 - np.arange(12) / 12, (defaulted.sum(), 1)))


@pytest.mark.parametrize(("month", "is_default"), [(13, True), (3, False), (0, True)])
def test_a_month_that_contradicts_the_outcome_is_refused(month, is_default):
    frame = rows()
    frame.loc[1, "months_to_default"], frame.loc[1, "is_default"] = month, is_default
    with pytest.raises(TableError, match=r"months_to_default: 1 rows \(C0000/2022-02-28\) contradict is_default"):
        hazard(sample(frame), HazardSettings())


def test_a_horizon_of_one_month_is_a_plain_logistic_regression():
    frame = rows(n_months=1, level=-2.0).drop(columns="months_at_risk")
    part = sample(frame, n_months=1)
    free = _free(part)
    made = hazard(free, HazardSettings(hazard_l2_penalty=2))
    model = LogisticRegression(C=1 / 2, tol=1e-9, solver="newton-cholesky")
    model.fit(Design.of(free).columns(free.rows), free.outcome)
    assert made.log_odds(free.rows) == pytest.approx(
        model.decision_function(Design.of(free).columns(free.rows)), rel=1e-5
    )


def test_the_order_of_rows_and_columns_does_not_change_a_bit():
    frame = rows(n_customers=100, level=-4.0)
    made = hazard(sample(frame), HazardSettings())
    mixed = frame.sample(frac=1, random_state=3)[frame.columns[::-1]]
    assert hazard(sample(mixed), HazardSettings()) == made
    scored = pd.Series(made.log_odds(frame), frame.index)
    assert (made.log_odds(mixed) == scored[mixed.index].to_numpy()).all()
    assert (made.log_odds(frame.iloc[[17]]) == scored.iloc[17]).all()


def test_the_model_is_plain_numbers():
    made = hazard(sample(rows()), HazardSettings())
    content = asdict(made)
    assert type(made)(**{**content, "design": Design(**content["design"])}) == made


@pytest.mark.parametrize("name", [name for name, direction in DIRECTIONS.items() if direction])
def test_a_worse_value_never_lowers_the_pd_in_any_month(name):
    frame = rows()
    made = hazard(sample(frame), HazardSettings(hazard_l2_penalty=1))
    values = np.linspace(-6, 6, 9) * DIRECTIONS[name]
    steps = np.array([made.monthly_log_odds(frame.iloc[:50].assign(**{name: value})) for value in values])
    assert (np.diff(steps, axis=0) >= 0).all()
    if SLOPES[name] * DIRECTIONS[name] > 0:
        assert (steps[-1] > steps[0]).all()


def test_unseen_and_empty_rows_have_a_finite_value():
    frame = rows()
    made = hazard(sample(frame), HazardSettings())
    odd = DataFrame({name: [np.nan, 1e12, -1e12, np.inf] for name in DIRECTIONS})
    assert np.isfinite(made.log_odds(odd)).all()


def test_samples_without_a_default_or_without_a_useful_feature_are_fitted():
    frame = rows(n_customers=30)
    none = frame.assign(is_default=False, months_to_default=pd.array([None] * len(frame), dtype="Int64"))
    assert (expit(hazard(sample(none), HazardSettings()).log_odds(frame)) < 1e-6).all()
    empty = frame.assign(**dict.fromkeys(DIRECTIONS, np.nan))
    found = hazard(sample(empty), HazardSettings())
    assert found.coefficients == ()
    assert np.ptp(found.log_odds(frame)) == 0


def test_it_is_a_candidate():
    assert CANDIDATES["hazard"].function is hazard
