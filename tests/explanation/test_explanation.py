"""Explanations add up, and say why where there is no model."""

import numpy as np
import pytest
from model.panel import FAST, FEW, inputs, knowledge, panel, without

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation import EXPLANATION_TABLES, ExplanationSettings, explain
from riskresearch.model.stage import default_model


@pytest.fixture(scope="module")
def tables():
    given = inputs(without(panel(), prospects=2, in_default=1), features=FEW)
    return given | default_model(given, FAST, knowledge())


def test_contributions_add_up_to_the_calibrated_log_odds(tables):
    made = explain(tables, ExplanationSettings())
    for table in EXPLANATION_TABLES:
        check(made[table.name], table)
    total = made["contributions"].groupby("customer_id")["contribution"].sum()
    score = tables["scored"].set_index("customer_id")["score"]
    base = score.reindex(total.index) - total
    assert base.notna().all()
    assert base.std() < 1e-9
    assert made["drivers"]["importance_ratio"].sum() == pytest.approx(1)


def test_a_score_of_another_run_is_refused(tables):
    other = tables["scored"].assign(score=tables["scored"]["score"] + 0.001)
    with pytest.raises(TableError, match="do not add up"):
        explain({**tables, "scored": other}, ExplanationSettings())


def test_only_what_raises_the_pd_is_a_reason_and_reasons_are_ordered(tables):
    reasons = explain(tables, ExplanationSettings(n_reasons=3))["reasons"]
    assert (reasons["contribution"] > 0).all()
    assert reasons.groupby("customer_id")["rank"].max().max() <= 3
    steps = reasons.sort_values(["customer_id", "rank"]).groupby("customer_id")["contribution"].diff().dropna()
    assert (steps <= 0).all()


def test_without_an_accepted_model_there_is_nothing_to_explain(tables):
    made = explain({**tables, "model_parts": tables["model_parts"].iloc[:0]}, ExplanationSettings())
    assert all(frame.empty for frame in made.values())
    assert np.all([list(made[t.name].columns) == t.names for t in EXPLANATION_TABLES])
