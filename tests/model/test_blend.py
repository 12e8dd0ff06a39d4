"""Blend of the sources of the expert rating: worked cases and properties."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.model.expert.blend import SOURCES, BlendSettings, Evidence, Weights, blend_shares, blended, without
from riskresearch.model.expert.conflict import overridden

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "model" / "blend.yaml").read_text(encoding="utf-8"))
SETTINGS = BlendSettings()


def evidence(*rows, months=24, has_payments=True):
    """Return the evidence of customers given as mappings from source to PD."""
    index = pd.Index([f"C{number}" for number in range(len(rows))], name="customer_id")
    pds = pd.DataFrame(list(rows), index=index).reindex(columns=list(SOURCES)).astype(float)
    own = pds["behaviour"].notna() & has_payments
    return Evidence(pds, pd.Series(months, index=index), own)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    pds = {name: 1 / (odds + 1) for name, odds in case["sources"].items()}
    given_ = evidence(pds, months=case.get("months", 0), has_payments=case.get("has_payments", True))
    found, expected = overridden(given_, SETTINGS).iloc[0], case["expected"]
    if "odds" in expected:
        odds = 1 / found["pd_12m"] - 1
        assert odds == pytest.approx(
            expected["odds"], **({"abs": expected["tolerance"]} if "tolerance" in expected else {})
        )
    if expected.get("odds_is_without_external"):
        assert found["pd_12m"] == pytest.approx(blended(without(given_, "external"), SETTINGS).iloc[0])
    if "conflict_code" in expected:
        assert found["conflict_code"] == expected["conflict_code"]
    shares = blend_shares(given_, SETTINGS).iloc[0]
    for name, share in expected.get("shares", {}).items():
        assert shares[name] == pytest.approx(share)


def random_evidence(seed, n=400):
    """Return evidence with PDs over three orders of magnitude, a third of them missing."""
    rng = np.random.default_rng(seed)
    pds = np.exp(rng.uniform(np.log(0.0005), np.log(0.6), (n, len(SOURCES))))
    made = evidence(*[{}] * n)
    pds = pd.DataFrame(pds, made.pds.index, list(SOURCES)).mask(rng.random((n, len(SOURCES))) < 1 / 3)
    months = pd.Series(rng.integers(0, 120, n), pds.index)
    return Evidence(pds, months, pds["behaviour"].notna())


def test_shares_add_up_and_the_blend_lies_between_the_sources_and_the_prior():
    given_ = random_evidence(1)
    shares = blend_shares(given_, SETTINGS)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (shares >= 0).all(axis=None)
    assert not ((shares[list(SOURCES)] > 0) & given_.pds.isna()).any(axis=None)
    known = given_.pds.assign(prior=SETTINGS.prior_default_ratio)
    found = blended(given_, SETTINGS)
    assert (found >= known.min(axis=1) * (1 - 1e-9)).all()
    assert (found <= known.max(axis=1) * (1 + 1e-9)).all()


def test_the_blend_agrees_with_the_formula_written_out_row_by_row():
    given_ = random_evidence(2, n=60)
    k, prior = SETTINGS.history_weight_months, SETTINGS.prior_default_ratio
    for customer, row in given_.pds.iterrows():
        top, bottom = SETTINGS.blend_prior_weight * math.log(prior / (1 - prior)), SETTINGS.blend_prior_weight
        for name, value in row.dropna().items():
            months = given_.months[customer]
            weight = SETTINGS.blend_weights[name] * (months / (months + k) if name == "behaviour" else 1)
            top, bottom = top + weight * math.log(value / (1 - value)), bottom + weight
        assert blended(given_, SETTINGS)[customer] == pytest.approx(1 / (1 + math.exp(-top / bottom)))


def test_one_weight_of_the_prior_makes_it_the_mean_of_the_log_odds():
    given_ = evidence({"behaviour": 0.01, "accounts": 0.02, "external": 0.04, "questionnaire": 0.08}, months=10**9)
    settings = BlendSettings(blend_prior_weight=1e-9)
    odds = np.log(given_.pds / (1 - given_.pds)).iloc[0]
    mean = sum(settings.blend_weights[name] * odds[name] for name in SOURCES)
    assert blended(given_, settings).iloc[0] == pytest.approx(1 / (1 + np.exp(-mean)), rel=1e-6)


def test_the_longer_the_history_the_more_behaviour_counts():
    row = {"behaviour": 0.001, "accounts": 0.03}
    pds = [blended(evidence(row, months=months), SETTINGS).iloc[0] for months in (0, 1, 6, 12, 36, 120)]
    assert pds == sorted(pds, reverse=True)
    shares = [blend_shares(evidence(row, months=m), SETTINGS)["behaviour"].iloc[0] for m in (0, 12, 10**9)]
    assert shares[0] == 0
    assert shares[1] == pytest.approx(0.2 / 0.65)
    assert shares[2] == pytest.approx(0.4 / 0.85)


def test_customers_are_blended_each_on_its_own():
    rows = [{"behaviour": 0.01}, {"external": 0.2, "accounts": 0.1}, {}]
    together = blended(evidence(*rows), SETTINGS).tolist()
    assert together == [blended(evidence(row), SETTINGS).iloc[0] for row in rows]
    assert blended(evidence(), SETTINGS).empty


def test_given_weights_take_the_place_of_those_of_the_settings():
    given_ = evidence({"accounts": 0.01, "external": 0.1})
    weights = Weights({"behaviour": 0.0, "accounts": 0.5, "external": 0.5, "questionnaire": 0.0}, 0.0)
    odds = 1 / blended(given_, SETTINGS, weights).iloc[0] - 1
    assert odds == pytest.approx((99 * 9) ** 0.5)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {"behaviour": 0.5, "accounts": 0.3, "external": 0.1, "questionnaire": 0.05},
            "add up to 95.0000%, must be 100 %",
        ),
        ({"behaviour": 1.0}, "one weight of 0 or more for each of"),
        ({"behaviour": 1.2, "accounts": -0.2, "external": 0.0, "questionnaire": 0.0}, "one weight of 0 or more"),
        ({"behaviour": 0.4, "accounts": 0.25, "external": 0.2, "press": 0.15}, "one weight of 0 or more"),
    ],
)
def test_weights_that_are_not_100_per_cent_are_refused(weights, message):
    with pytest.raises(SettingsError, match=message):
        validated(BlendSettings, {"blend_weights": weights}, where="test")
