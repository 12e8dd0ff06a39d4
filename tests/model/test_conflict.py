"""Conflict rule: what a customer's own payments show overrides the other sources, downwards only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from model.test_blend import evidence, random_evidence

from riskresearch.model.expert.blend import SOURCES, BlendSettings, blended, without
from riskresearch.model.expert.conflict import CONFLICTS, overridden

SETTINGS = BlendSettings()


def _with(base, **columns):
    return replace(base, pds=base.pds.assign(**columns))


def test_the_rule_only_ever_lowers_the_rating():
    found = overridden(random_evidence(1), SETTINGS)
    assert (found["pd_12m"] >= found["pd_blend"]).all()
    assert set(found["conflict_code"]) == set(CONFLICTS) - {"default_rated"}
    assert ((found["conflict_code"] == "none") == (found["pd_12m"] == found["pd_blend"])).all()


def test_nothing_lifts_a_customer_above_weak_payments():
    base = random_evidence(2)
    weak = base.pds["behaviour"] > SETTINGS.prior_default_ratio
    assert weak.sum() > 50
    pds = overridden(base, SETTINGS)["pd_12m"]
    assert (pds[weak] >= base.pds["behaviour"][weak] * (1 - 1e-9)).all()


def test_a_rating_better_than_the_payments_never_lifts_above_them():
    base = random_evidence(3)
    better = base.pds["external"] < base.pds["behaviour"]
    assert better.sum() > 50
    allowed = np.minimum(blended(without(base, "external"), SETTINGS), base.pds["behaviour"])
    assert (overridden(base, SETTINGS)["pd_12m"][better] >= allowed[better] * (1 - 1e-9)).all()


def test_with_payments_and_a_rating_alone_the_payments_are_the_limit():
    base = random_evidence(4)
    base = _with(base, accounts=np.nan, questionnaire=np.nan)
    better = base.pds["external"] < base.pds["behaviour"]
    assert (overridden(base, SETTINGS)["pd_12m"] >= base.pds["behaviour"] * (1 - 1e-9))[better].all()


@pytest.mark.parametrize("source", SOURCES)
def test_a_worse_source_never_lowers_the_pd(source):
    base = random_evidence(5)
    steps = [
        overridden(_with(base, **{source: base.pds[source] * 0 + value}), SETTINGS)["pd_12m"]
        for value in np.geomspace(0.0005, 0.6, 25)
    ]
    change = np.diff(np.array(steps), axis=0)
    assert change.min() >= -1e-12
    assert change.max() > 0


@pytest.mark.parametrize("own", [0.005, 0.05, 0.3])
def test_payments_of_others_override_nothing(own):
    found = overridden(evidence({"behaviour": own, "external": 0.001}, has_payments=False), SETTINGS)
    assert found["conflict_code"].tolist() == ["none"]


def test_overdue_of_a_new_customer_counts_although_its_history_does_not_yet():
    found = overridden(evidence({"behaviour": 0.08, "external": 0.001}, months=0), SETTINGS).iloc[0]
    assert found["pd_blend"] < 0.01
    assert found["pd_12m"] == pytest.approx(0.08)
    assert found["conflict_code"] == "payments_override"


def test_a_bad_rating_counts_in_full():
    ratings = np.array([0.01, 0.05, 0.2, 0.5])
    pds = overridden(evidence(*({"behaviour": 0.01, "external": r} for r in ratings)), SETTINGS)["pd_12m"]
    assert (pds.diff().dropna() > 0).all()


def test_said_to_be_in_default_is_the_lowest_pd_and_keeps_the_weak_payments_where_these_are_worse():
    rows = [
        {"behaviour": 0.01, "accounts": 0.001},
        {"behaviour": 0.3},
        {"behaviour": 0.01, "accounts": 0.001},
        {"accounts": 0.5},
    ]
    base = evidence(*rows)
    base = replace(base, pd_default_rated=pd.Series([0.25, 0.25, np.nan, 0.05], base.pds.index))
    found = overridden(base, SETTINGS)
    assert found["conflict_code"].tolist() == ["default_rated", "payments_override", "none", "none"]
    assert found["pd_12m"].tolist() == pytest.approx([0.25, 0.3, found["pd_blend"].iloc[2], found["pd_blend"].iloc[3]])
    assert overridden(base.of(base.pds.index == "C0"), SETTINGS)["pd_12m"].tolist() == [0.25]
