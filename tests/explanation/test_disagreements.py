"""Model against analyst: worked cases, and the grading of a whole book."""

import numpy as np
import pytest
from explanation.hand import book, cases, same

from riskresearch.base.schema import check
from riskresearch.explanation.disagreements import DISAGREEMENTS, DisagreementSettings, disagreements
from riskresearch.model.grades import graded

COLUMNS = {
    "customer": "customer_id",
    "model": "grade_code",
    "analyst": "grade_analyst",
    "source": "analyst_source_code",
    "notches": "n_notches",
    "less_median": "notches_less_median",
    "direction": "prudence_code",
    "disagree": "is_disagreement",
    "exposure": "exposure_amount",
}


@pytest.mark.parametrize("case", cases("disagreements"))
def test_worked_cases(case):
    _, tables = book(case)
    found = check(disagreements(tables, DisagreementSettings(**case.get("settings", {}))), DISAGREEMENTS)
    assert len(found) == len(case["disagreements"])
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    for expected, (_, row) in zip(case["disagreements"], found.iterrows(), strict=True):
        for name, value in expected.items():
            same(row[COLUMNS[name]], value)


def test_a_whole_book_is_graded_as_the_model_stage_grades(run):
    shots = run[0]["snapshots"]
    tables = run[0] | {"snapshots": shots.assign(open_amount=np.arange(len(shots), dtype=float))}
    found = disagreements(tables, DisagreementSettings()).set_index("customer_id")
    scored = tables["scored"].set_index("customer_id")
    expert = tables["expert_ratings"].set_index("customer_id")
    assert set(found.index) == set(scored.index[scored["pd_source_code"] != "default"])
    assert (found["grade_code"] == scored.loc[found.index, "grade_code"]).all()
    asked = expert.loc[found.index, "n_answers"] > 0
    pds = expert.loc[found.index, "pd_questionnaire"].where(asked).fillna(expert.loc[found.index, "pd_12m"])
    assert (found["grade_analyst"] == graded(pds, tables["grade_scale"])["grade_code"]).all()
    order = found.sort_values("rank")
    gaps = order["n_notches"].abs()
    assert (gaps.diff().dropna() <= 0).all()
    assert (order.groupby(gaps)["exposure_amount"].diff().dropna() <= 0).all()
