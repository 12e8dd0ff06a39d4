"""The numbers of the model stage against plain programs written from the definitions (`oracles/default_model_*`)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from small_ledger import day

from riskresearch.base.config import StageSettings
from riskresearch.model.calibration.choice import CalibrationSettings, choose_calibration
from riskresearch.model.calibration.cycle import conditional_pd, implied_factor, through_the_cycle
from riskresearch.model.calibration.fit import level_shift
from riskresearch.model.calibration.long_run import long_run
from riskresearch.model.calibration.uncertainty import refit_interval, venn_abers
from riskresearch.model.candidates.external_rating import external_rating
from riskresearch.model.candidates.hazard import HazardSettings, hazard
from riskresearch.model.candidates.logistic import LogisticSettings, logistic
from riskresearch.model.candidates.scorecard import ScorecardSettings, scorecard, scorecard_points
from riskresearch.model.expert.blend import BlendSettings, Evidence
from riskresearch.model.expert.conflict import overridden
from riskresearch.model.low_default import bayes_pd, upper_pd
from riskresearch.model.sample import Sample
from riskresearch.model.term_structure import term_structure

ORACLES = Path(__file__).parents[1] / "oracles"


def oracle(name):
    return json.loads((ORACLES / f"default_model_{name}.json").read_text(encoding="utf-8"))


CALIBRATION, LOW_DEFAULT, SCORES = oracle("calibration"), oracle("low_default"), oracle("scores")
SAMPLES = CALIBRATION["samples"]


def sample_of(directions, **columns):
    """Sample with a customer per row."""
    n = len(columns["is_default"])
    rows = pd.DataFrame(columns).assign(
        customer_id=[f"C{i:05d}" for i in range(n)], observation_date=day("2024-01-31"), months_to_default=pd.NA
    )
    rows = rows.assign(**{k: pd.array(v, dtype="Int64") for k, v in columns.items() if k.startswith("months")})
    dictionary = pd.DataFrame({"feature_code": list(directions), "direction_code": list(directions.values())})
    return Sample.of(rows, dictionary)


def chosen_of(name, **settings):
    data = SAMPLES[name]
    return choose_calibration(data["raw"], data["outcome"], data["customers"], CalibrationSettings(**settings))


@pytest.mark.parametrize("name", SAMPLES)
def test_slope_level_and_their_clustered_errors(name):
    data, (_, table) = SAMPLES[name], chosen_of(name)
    found = table.set_index("calibration_code")
    n_customers = len(set(data["customers"]))
    few = np.sqrt(n_customers / (n_customers - 1))
    assert found.loc["platt", ["slope", "intercept"]].tolist() == pytest.approx(list(data["platt"].values()), abs=1e-7)
    errors = [error * few for error in data["platt_error_clustered"]]
    assert found.loc["platt", ["slope_se", "intercept_se"]].tolist() == pytest.approx(errors, rel=1e-6)
    assert found.loc["shift", "intercept"] == pytest.approx(data["shift"], abs=1e-8)
    assert found.loc["shift", "intercept_se"] == pytest.approx(data["shift_error_clustered"] * few, rel=1e-6)
    assert found.loc["none", "log_loss"] == pytest.approx(data["log_loss"]["none"], rel=1e-10)
    assert set(found["n_defaulters"]) == {data["n_defaulters"]}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_choice_follows_the_rule_on_the_figures_of_the_oracle(name):
    data, z = SAMPLES[name], 1.959963984540054
    few = np.sqrt(len(set(data["customers"])) / (len(set(data["customers"])) - 1))
    slope, (error, _) = data["platt"]["slope"], data["platt_error_clustered"]
    bends = not 0.9 <= slope <= 1.1 and abs(slope - 1) > z * error * few
    moves = abs(data["shift"]) > z * data["shift_error_clustered"] * few
    expected = "platt" if bends else "shift" if moves else "none"
    calibration, table = chosen_of(name)
    assert calibration.method == expected
    assert table.loc[table["is_chosen"], "calibration_code"].tolist() == [expected]
    numbers = {"platt": tuple(data["platt"].values()), "shift": (1.0, data["shift"]), "none": (1.0, 0.0)}[expected]
    assert (calibration.slope, calibration.intercept) == pytest.approx(numbers, abs=1e-7)
    assert chosen_of(name, calibration_min_defaulters=data["n_defaulters"] + 1)[0].method == "none"


def test_the_samples_of_the_oracle_ask_for_every_method():
    assert {chosen_of(name)[0].method for name in SAMPLES} == {"none", "shift", "platt"}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_shift_to_a_level(name):
    for target, shift in SAMPLES[name]["levels"].items():
        assert level_shift(SAMPLES[name]["raw"], mean_pd=float(target)) == pytest.approx(shift, abs=1e-9)


def test_the_long_run_rate_is_the_mean_of_years_known_by_then():
    given = CALIBRATION["long_run"]
    cohorts = pd.DataFrame(
        {
            "end_date": [day(f"{year}-12-31") for year in given["years"]],
            "is_complete": True,
            "n_at_start": [n for _, n in given["years"].values()],
            "default_ratio": [d / n for d, n in given["years"].values()],
        }
    )
    found = long_run(cohorts, until=day("2022-12-31"), confidence_ratio=0.9)
    assert found.ratio == pytest.approx(given["mean_of_years"], rel=1e-14)
    assert found.ratio != pytest.approx(given["pooled"], rel=1e-3)
    rates = cohorts["default_ratio"][:3]
    assert long_run(cohorts, until=day("2022-12-30"), confidence_ratio=0.9).ratio == pytest.approx(rates.mean())
    assert long_run(cohorts, until=day("2022-12-31"), confidence_ratio=0.99).high_ratio > found.high_ratio > found.ratio


@pytest.mark.parametrize("case", CALIBRATION["cycle"], ids=lambda c: f"{c['pd']}-{c['rho']}-{c['adverse']}")
def test_the_cycle(case):
    pd_mean, rho, factor = case["pd"], case["rho"], -case["adverse"]
    rate = float(conditional_pd(pd_mean, factor=factor, correlation_ratio=rho))
    assert rate == pytest.approx(case["rate"], rel=1e-9)
    assert through_the_cycle(rate, factor=factor, correlation_ratio=rho) == pytest.approx(pd_mean, rel=1e-9)
    found = implied_factor(case["rate"], long_run_ratio=pd_mean, correlation_ratio=rho)
    assert found == pytest.approx(-case["factor"], abs=1e-7)
    assert case["averaged"] == pytest.approx(pd_mean, rel=1e-9)


def test_venn_abers_is_the_isotonic_value_with_either_outcome():
    case = CALIBRATION["venn_abers"]
    found = venn_abers(case["scores"], case["outcome"], case["places"])
    np.testing.assert_allclose(found[["pd_low", "pd_high"]], case["bounds"], atol=1e-12)
    low, high = found["pd_low"], found["pd_high"]
    np.testing.assert_allclose(found["pd_merged"], high / (1 - low + high))
    doubled = venn_abers(case["scores"] * 2, case["outcome"] * 2, case["places"], weight=[0.5] * 32)
    np.testing.assert_allclose(doubled, found, atol=1e-12)


def test_the_interval_of_refits():
    refits = np.array([[-3.0, -1.0], [-2.4, -1.2], [-3.3, -0.2], [-2.9, 0.3]])
    found = refit_interval(refits, [-3.1, -0.9], confidence_ratio=0.9)
    half = 1.6448536269514722 * np.sqrt(((refits - refits.mean(axis=0)) ** 2).sum(axis=0) / 3)
    np.testing.assert_allclose(logit(found["pd_high"]), np.array([-3.1, -0.9]) + half)
    np.testing.assert_allclose(logit(found["pd_low"]), np.array([-3.1, -0.9]) - half)


@pytest.mark.parametrize("rho", [0.0, 0.12, 0.24])
@pytest.mark.parametrize("portfolio", ["no_defaults", "few_defaults", "inverted"])
def test_bounds_of_pluto_and_tasche(portfolio, rho):
    cases = [c for c in LOW_DEFAULT["bounds"] if (c["portfolio"], c["rho"]) == (portfolio, rho)]
    assert len(cases) == 6
    for case in cases:
        n, hits = (np.cumsum(case[name][::-1])[::-1].tolist() for name in ("n", "defaults"))
        found = [
            upper_pd(d, m, confidence_ratio=case["confidence"], correlation_ratio=rho)
            for d, m in zip(hits, n, strict=True)
        ]
        assert found == pytest.approx(case["bounds"], rel=2e-6)


def test_bayesian_estimates():
    for case in LOW_DEFAULT["bayes"]:
        found = bayes_pd(case["defaults"], case["n"], prior_defaults=case["a"], prior_survivors=case["b"])
        assert found == pytest.approx(case["mean"], rel=1e-6)
    for case in LOW_DEFAULT["constrained"]:
        found = bayes_pd(case["defaults"], case["n"], highest_pd=case["highest"])
        assert found == pytest.approx(case["mean"], rel=1e-6)
    for case in LOW_DEFAULT["conservative"]:
        found = bayes_pd(case["defaults"], case["n"], prior_survivors=1e-12)
        assert found == pytest.approx(case["mean"], rel=1e-6)


@pytest.mark.parametrize(("levels", "smoothing"), [("1", 0.0), ("12", 1e9)])
def test_the_hazard_is_the_regression_of_customer_months(levels, smoothing):
    rows, case = SCORES["rows"], SCORES["hazard"][levels]
    hits = [row["months_to_default"] for row in rows]
    sample = sample_of(
        {"x": 1},
        x=[row["x"] for row in rows],
        is_default=[hit is not None for hit in hits],
        months_to_default=hits,
        months_at_risk=[row["months_at_risk"] for row in rows],
    )
    settings = HazardSettings(hazard_l2_penalty=1e-9, hazard_smoothing=smoothing, hazard_half_life_months=0)
    fitted = hazard(sample, settings)
    places = pd.DataFrame({"x": case["places"]})
    monthly = np.array(case["alpha_by_month"]) + case["beta"] * np.array(case["places"])[:, None]
    np.testing.assert_allclose(fitted.monthly_log_odds(places), monthly, atol=2e-5)
    np.testing.assert_allclose(expit(fitted.log_odds(places)), case["pd_12m"], rtol=2e-5)
    table = term_structure(scored(case["pd_12m"]), monthly_log_odds=fitted.monthly_log_odds(places))
    np.testing.assert_allclose(table["pd_cumulative"].to_numpy().reshape(-1, 12), case["curves"], rtol=5e-5)


def scored(pds):
    return pd.DataFrame({"customer_id": [str(i) for i in range(len(pds))], "pd_12m": pds}).assign(
        observation_date=day("2024-01-31")
    )


def test_the_term_structure_ends_at_the_pd_of_the_customer():
    case, shifted = SCORES["hazard"]["4"], SCORES["scaled"]
    monthly = np.array([np.array(case["alpha_by_month"]) + case["beta"] * one["x"] for one in shifted])
    found = term_structure(scored([one["target"] for one in shifted]), monthly_log_odds=monthly)
    curves = np.array([one["curve"] for one in shifted])
    np.testing.assert_allclose(found["pd_cumulative"].to_numpy().reshape(-1, 12), curves, rtol=1e-9)
    marginal = np.diff(curves, axis=1, prepend=0)
    np.testing.assert_allclose(found["pd_marginal"].to_numpy().reshape(-1, 12), marginal, rtol=1e-7)
    hazards = marginal / (1 - np.c_[np.zeros(4), curves[:, :-1]])
    np.testing.assert_allclose(found["hazard"].to_numpy().reshape(-1, 12), hazards, rtol=1e-7)


@pytest.fixture(scope="module")
def card():
    """Scorecard of the cells of the oracle, unpenalised, and its table of points."""
    case = SCORES["points"]
    spread = [(c["late"], c["tenure"], i < c["n_defaults"]) for c in case["cells"] for i in range(c["n_rows"])]
    late, tenure = case["values"]["late"], case["values"]["tenure"]
    sample = sample_of(
        {"late": 1, "tenure": -1},
        late=[np.nan if late[row[0]] is None else late[row[0]] for row in spread],
        tenure=[tenure[row[1]] for row in spread],
        is_default=[row[2] for row in spread],
    )
    fitted = scorecard(sample, ScorecardSettings(scorecard_l2_penalty=1e-9))
    return fitted, scorecard_points(fitted)


@pytest.mark.parametrize("feature", ["late", "tenure"])
def test_weights_of_evidence_and_points(card, feature):
    bins = SCORES["points"]["bins"][feature]
    order = [name for name in bins if name != "missing"] + [name for name in bins if name == "missing"]
    found = card[1][card[1]["feature_code"] == feature]
    found = found[(found["bin_code"] == "values") | ("missing" in bins)].reset_index(drop=True)
    assert len(found) == len(order)
    for column in ("n_rows", "n_defaults", "woe", "iv"):
        assert found[column].tolist() == pytest.approx([bins[name][column] for name in order], rel=1e-9)
    assert found["points"].tolist() == pytest.approx([bins[name]["points"] for name in order], abs=2e-3)


def test_the_score_is_the_scaled_log_odds(card):
    case = SCORES["points"]
    rows = pd.DataFrame({name: [case["values"][name][c[name]] for c in case["cells"]] for name in case["values"]})
    rows = rows.astype(float)
    np.testing.assert_allclose(card[0].log_odds(rows), [c["log_odds"] for c in case["cells"]], atol=1e-4)
    np.testing.assert_allclose(card[0].score(rows), [c["points"] for c in case["cells"]], atol=5e-3)
    odds = np.exp(-card[0].log_odds(rows))
    np.testing.assert_allclose(card[0].score(rows), 600 + 20 * np.log2(odds / 50), atol=1e-9)


def test_logistic_and_external_rating_with_one_feature_are_plain_regressions():
    x = [row["x"] for row in SCORES["rows"]]
    is_hit = [row["months_to_default"] is not None for row in SCORES["rows"]]
    intercept, slope = SCORES["logistic"]
    line = intercept + slope * np.unique(x)
    fitted = logistic(sample_of({"x": 1}, x=x, is_default=is_hit), LogisticSettings(logistic_l2_penalty=1e-9))
    np.testing.assert_allclose(fitted.log_odds(pd.DataFrame({"x": np.unique(x)})), line, atol=1e-4)
    rated = external_rating(sample_of({"rating_ratio": 1}, rating_ratio=x, is_default=is_hit), StageSettings())
    found = rated.log_odds(pd.DataFrame({"rating_ratio": np.unique(x)}))
    np.testing.assert_allclose(found, line, atol=2e-3)  # its slope has a wide normal prior


def test_the_blend_and_the_rule_of_conflicts():
    cases = SCORES["blend"]
    names = [f"C{i}" for i in range(len(cases))]
    pds = pd.DataFrame([case["pds"] for case in cases], index=names, dtype=float)
    months = pd.Series([case["months"] for case in cases], names)
    settings = BlendSettings(
        prior_default_ratio=cases[0]["prior"],
        blend_weights=cases[0]["weights"],
        blend_prior_weight=cases[0]["prior_weight"],
        history_weight_months=cases[0]["k"],
    )
    found = overridden(Evidence(pds, months, pds["behaviour"].notna()), settings)
    np.testing.assert_allclose(found["pd_blend"], [case["pd_blend"] for case in cases], rtol=1e-12)
    np.testing.assert_allclose(found["pd_12m"], [case["pd"] for case in cases], rtol=1e-12)
    assert found["conflict_code"].tolist() == [case["code"] for case in cases]

    assert set(found["conflict_code"]) == {"none", "payments_override", "external_held_back"}
