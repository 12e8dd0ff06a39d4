"""Reasons: worked cases, additivity, and no change by the order of rows and columns."""

import numpy as np
import pandas as pd
import pytest
from explanation.hand import LEVEL, QUICK, book, cases, same
from hypothesis import given
from hypothesis import strategies as st
from model.panel import FEW, inputs, knowledge, panel, without
from pandas import Series
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import ExpertLevel, expert_parts, pd_points, rated_parts
from riskresearch.explanation.reasons import REASONS, ReasonSettings, reasons
from riskresearch.model.stage import default_model

COLUMNS = {
    "rank": "rank",
    "scope": "reason_scope_code",
    "why": "no_reason_code",
    "feature": "feature_code",
    "group": "group_code",
    "contribution": "contribution",
    "points": "pd_points",
    "value": "feature_value",
    "previous": "previous_value",
    "comparison": "comparison_code",
    "segment": "comparison_segment",
    "median": "comparison_value",
    "compared": "n_compared",
}
ALONE = Series(dtype="str")


def _reasons(tables, model, *, groups=ALONE, **settings):
    made = reasons(tables, ReasonSettings(**settings), model=model, level=LEVEL, groups=groups)
    return check(made, REASONS)


@pytest.mark.parametrize("case", cases("reasons"))
def test_worked_cases(case):
    model, tables = book(case)
    groups = Series(case.get("groups", {}), dtype="str")
    found = _reasons(tables, model, groups=groups, **case.get("settings", {}))
    for customer, expected in case["reasons"].items():
        rows = found[found["customer_id"] == customer].sort_values("rank")
        assert len(rows) == len(expected), rows
        for place, (told, (_, row)) in enumerate(zip(expected, rows.iterrows(), strict=True)):
            assert row["rank"] == told.get("rank", place + 1)
            for name, value in told.items():
                same(row[COLUMNS[name]], value)


def test_every_customer_of_the_date_has_reasons_or_is_told_why_not(run):
    tables, model = run
    found = _reasons(tables, model)
    assert set(found["customer_id"]) == set(tables["scored"]["customer_id"])
    by_rank = found["rank"].eq(0)
    assert found.loc[by_rank, "no_reason_code"].notna().all()
    assert found.loc[~by_rank, "no_reason_code"].isna().all()
    assert (found.loc[~by_rank, "contribution"] > 0).all()
    assert found.groupby("customer_id")["rank"].max().max() <= 5
    told = found[~by_rank].sort_values(["customer_id", "rank"])
    assert not (told.groupby("customer_id")["contribution"].diff() > 0).any()
    assert set(found.loc[by_rank, "no_reason_code"]) >= {"in_default", "cold_start"}


def test_parts_and_base_add_up_to_the_log_odds_and_points_to_the_pd(run):
    tables, model = run
    parts = rated_parts(tables, model=model, level=LEVEL)
    log_odds = parts["base"] + parts.groupby("customer_id")["contribution"].transform("sum")
    points = pd_points(parts["contribution"].to_numpy(), base=parts["base"].to_numpy(), log_odds=log_odds.to_numpy())
    scored = tables["scored"].set_index("customer_id")
    total = Series(points).groupby(parts["customer_id"]).sum()
    base = parts.groupby("customer_id")["base"].first()
    assert len(total) > 190
    assert np.abs(total + expit(base) - scored["pd_12m"].reindex(total.index)).max() < 1e-12
    end = Series(log_odds.to_numpy(), index=parts["customer_id"]).groupby(level=0).first()
    assert np.abs(end - logit(scored["pd_12m"].reindex(end.index))).max() < 1e-9


def test_groups_hold_the_whole_contribution_of_their_features(run):
    tables, model = run
    parts = rated_parts(tables, model=model, level=LEVEL)
    everything = Series("one", index=list(model.names))
    found = _reasons(tables, model, groups=everything)
    told = found[(found["rank"] > 0) & (found["reason_scope_code"] == "model")].set_index("customer_id")
    total = parts.groupby("customer_id")["contribution"].sum().reindex(told.index)
    assert (told["rank"] == 1).all()
    assert np.abs(total - told["contribution"]).max() < 1e-9
    strongest = parts.sort_values("contribution").drop_duplicates("customer_id", keep="last").set_index("customer_id")
    assert (strongest["feature_code"].reindex(told.index) == told["feature_code"]).all()


def test_reasons_do_not_hang_on_the_order_of_rows_or_columns(run):
    tables, model = run
    groups = Series(dict.fromkeys(FEW[:3], "payments"))
    mixed = {name: frame.sample(frac=1, random_state=3)[list(frame.columns[::-1])] for name, frame in tables.items()}
    pd.testing.assert_frame_equal(
        _reasons(tables, model, groups=groups), _reasons(mixed, model, groups=groups[::-1]), check_exact=True
    )


def test_the_value_before_is_that_of_the_month_before(run):
    tables, model = run
    found = _reasons(tables, model).query("rank > 0")
    assert (found["previous_date"] == pd.Timestamp("2023-11-30")).all()
    rows = tables["snapshots"].set_index(["customer_id", "observation_date"])
    for row in found.head(40).itertuples():
        same(row.previous_value, float(rows.loc[(row.customer_id, row.previous_date), row.feature_code]))
        same(row.feature_value, float(rows.loc[(row.customer_id, row.value_date), row.feature_code]))


def test_a_panel_of_one_date_has_no_value_before(run):
    tables, model = run
    shots = tables["snapshots"]
    one = {**tables, "snapshots": shots[shots["observation_date"] == shots["observation_date"].max()]}
    found = _reasons(one, model)
    assert found["previous_value"].isna().all()
    assert found["previous_date"].isna().all()
    columns = ["customer_id", "rank", "feature_code", "contribution"]
    pd.testing.assert_frame_equal(found[columns], _reasons(tables, model)[columns])


def test_expert_ratings_of_a_whole_book_are_taken_apart(run):
    tables, _ = run
    ratings = tables["expert_ratings"]
    parts = expert_parts(ratings, pd.Index(ratings["customer_id"]), LEVEL)
    total = parts.groupby("customer_id")["contribution"].sum() + logit(0.02)
    final = logit(ratings.set_index("customer_id")["pd_12m"])
    assert len(total) == len(ratings)
    assert np.abs(total - final).max() < 1e-9


def test_a_book_without_a_model_is_told_by_the_expert_rating():
    given = inputs(without(panel(n_customers=60), prospects=2, in_default=1), features=FEW)
    settings = QUICK.model_copy(update={"min_defaulters": 10_000})
    tables = given | default_model(given, settings, knowledge())
    found = _reasons(tables, ExplainedModel.of(tables["model_parts"]))
    assert set(found["reason_scope_code"]) == {"expert", "none"}
    assert set(found.loc[found["reason_scope_code"] == "none", "no_reason_code"]) == {"in_default"}
    assert set(found["customer_id"]) == set(tables["scored"]["customer_id"])


def test_expert_ratings_of_other_settings_are_refused(run):
    ratings = run[0]["expert_ratings"]
    with pytest.raises(TableError, match=r"expert_ratings: the parts of .* do not add up"):
        expert_parts(ratings, pd.Index(ratings["customer_id"]), ExpertLevel(0.03, 0.0005))


def test_no_customer_no_reason(run):
    tables, model = run
    assert _reasons({**tables, "scored": tables["scored"][:0]}, model).empty


@given(
    parts=st.lists(st.floats(-4, 4).map(lambda part: round(part, 12)), min_size=1, max_size=6), base=st.floats(-9, 3)
)
def test_points_of_pd_keep_sign_and_order_and_add_up(parts, base):
    contribution = np.array(parts)
    end = base + contribution.sum()
    points = pd_points(contribution, base=np.full(len(parts), base), log_odds=np.full(len(parts), end))
    assert points.sum() == pytest.approx(
        expit(end) - expit(base), rel=1e-6, abs=1e-13
    )  # both near 0: rounding of expit
    assert (np.sign(points) == np.sign(contribution)).all()
    assert (np.diff(points[np.argsort(contribution, kind="stable")]) >= 0).all()


def test_scores_of_another_run_are_refused(run):
    tables, model = run
    other = tables["scored"].assign(score=tables["scored"]["score"] + 0.001)
    with pytest.raises(TableError, match=r"reasons: the parts of \d+ customers \(C.*do not add up"):
        _reasons({**tables, "scored": other}, model)
    with pytest.raises(TableError, match="do not add up"):
        _reasons(tables, None)
