"""All explanations of the portfolio from a fitted model, and nothing where there is none."""

import numpy as np
import pandas as pd
import pytest
from model.panel import FAST, FEW, inputs, knowledge, panel

from riskresearch.base.schema import check
from riskresearch.explanation.grading import grade_codes, grade_numbers
from riskresearch.explanation.history import Explained
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.portfolio import PORTFOLIO_TABLES, PortfolioSettings, portfolio_tables
from riskresearch.model.grades import graded
from riskresearch.model.stage import default_model

SMALL = PortfolioSettings(n_top_drivers=3, n_interaction_rows=50, n_interaction_pairs=5)


@pytest.fixture(scope="module")
def tables():
    given = inputs(panel(), features=FEW)
    return given | default_model(given, FAST, knowledge())


@pytest.fixture(scope="module")
def made(tables):
    return portfolio_tables(tables, SMALL, model=ExplainedModel.of(tables["model_parts"]))


def test_every_table_is_as_declared_and_filled(made):
    assert set(made) == {table.name for table in PORTFOLIO_TABLES}
    for table in PORTFOLIO_TABLES:
        assert len(check(made[table.name], table))


def test_what_drives_the_odds_is_found(made):
    strongest = made["drivers"].sort_values("rank")["feature_code"].head(2)
    assert set(strongest) == {"late_ratio_12m", "overdue_ratio"}
    assert (made["drivers"].set_index("feature_code").loc[strongest, "value_correlation"] > 0.5).all()


def test_contributions_add_up_to_the_scores_of_the_run(tables):
    model = ExplainedModel.of(tables["model_parts"])
    today = Explained.of(model, tables["snapshots"]).today
    scored = tables["scored"].set_index("customer_id")["score"]
    np.testing.assert_allclose(
        today.log_odds, scored[today.rows["customer_id"]].to_numpy(float), rtol=0, atol=1e-9
    )  # the promise of the issue


def test_the_order_of_rows_and_columns_changes_nothing(tables, made):
    shuffled = tables["snapshots"].sample(frac=1, random_state=1)
    shuffled = shuffled[sorted(shuffled.columns, reverse=True)]
    given = {**tables, "snapshots": shuffled}
    again = portfolio_tables(given, SMALL, model=ExplainedModel.of(tables["model_parts"]))
    for table in PORTFOLIO_TABLES:
        pd.testing.assert_frame_equal(
            check(again[table.name], table), check(made[table.name], table), check_exact=True, obj=table.name
        )


def test_without_a_model_all_tables_are_empty(tables):
    empty = portfolio_tables(tables, SMALL, model=None)
    assert all(empty[table.name].empty and list(empty[table.name]) == table.names for table in PORTFOLIO_TABLES)


def test_grades_are_those_of_the_model_stage(tables):
    scale = tables["grade_scale"]
    p = np.concatenate([np.linspace(0, 1, 50), scale["pd_high"].to_numpy(float)])
    expected = graded(pd.Series(p), scale)["grade_code"].to_numpy(str)
    assert grade_codes(grade_numbers(p, scale), scale).tolist() == expected.tolist()
