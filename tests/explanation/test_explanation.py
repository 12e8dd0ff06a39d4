"""The stage as a whole: what it refuses, and what is left where no model was accepted."""

import numpy as np
import pytest
from explanation.hand import QUICK
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check, empty
from riskresearch.explanation.parts import ExpertLevel
from riskresearch.explanation.portfolio import PORTFOLIO_TABLES
from riskresearch.explanation.stage import EXPLANATION_TABLES, ExplanationSettings, explain
from riskresearch.features.tables import WHAT_IF_SNAPSHOTS
from riskresearch.model.tables import MODEL_PARTS

LEVEL = ExpertLevel(QUICK.prior_default_ratio, QUICK.source_pd_floor)
SMALL = ExplanationSettings(n_top_drivers=3, n_interaction_rows=20, n_interaction_pairs=2)


@pytest.fixture(scope="module")
def tables(run):
    given, _ = run
    return {
        **given,
        "snapshots": given["snapshots"].assign(open_amount=100.0),
        "what_if_snapshots": empty(WHAT_IF_SNAPSHOTS),
    }


def test_parts_and_base_add_up_to_the_log_odds_of_the_pd(tables):
    made = explain(tables, SMALL, level=LEVEL)["contributions"]
    total = made.groupby("customer_id")["contribution"].sum() + made.groupby("customer_id")["base"].first()
    pds = tables["scored"].set_index("customer_id")["pd_12m"].reindex(total.index)
    assert len(total) > 100
    np.testing.assert_allclose(total, np.log(pds / (1 - pds)), atol=1e-9)


def test_a_score_of_another_run_is_refused(tables):
    other = tables["scored"].assign(score=tables["scored"]["score"] + 0.001)
    with pytest.raises(TableError, match="add up"):
        explain({**tables, "scored": other}, SMALL, level=LEVEL)


def test_without_an_accepted_model_what_rests_on_it_is_empty(tables):
    scored = tables["scored"]
    expert = tables["expert_ratings"].set_index("customer_id")["pd_12m"].reindex(scored["customer_id"]).to_numpy()
    kept = scored["pd_source_code"] != "default"
    pds = np.where(kept, expert, 1.0)
    rated = scored.assign(
        pd_12m=pds,
        score=np.where(kept, np.log(pds / np.where(kept, 1 - pds, 1)), np.nan),
        pd_source_code=np.where(kept, "expert", "default"),
        is_pd_floored=False,
    )
    none = {**tables, "model_parts": empty(MODEL_PARTS), "scored": DataFrame(rated)}
    made = explain(none, SMALL, level=LEVEL)
    for table in EXPLANATION_TABLES:
        check(made[table.name], table)
    assert all(made[table.name].empty for table in PORTFOLIO_TABLES)
    assert set(made["contributions"]["reason_scope_code"]) == {"expert"}
    assert (made["reasons"]["reason_scope_code"] != "model").all()
