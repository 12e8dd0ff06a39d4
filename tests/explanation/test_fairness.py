"""A customer is explained alike whatever the order of columns and rows, the threads, the run and the others."""

from concurrent.futures import ThreadPoolExecutor
from math import exp

import lightgbm as lgb
import numba
import numpy as np
import pandas as pd
import pytest
from explanation.hand import QUICK
from oracles.plain_shapley import shapley
from pandas import Timedelta

from riskresearch.base.schema import check, conform
from riskresearch.explanation import model as explained_model
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import ExpertLevel
from riskresearch.explanation.stage import EXPLANATION_TABLES, ExplanationSettings, explain
from riskresearch.features.tables import WHAT_IF_SNAPSHOTS

LEVEL = ExpertLevel(QUICK.prior_default_ratio, QUICK.source_pd_floor)
SMALL = ExplanationSettings(n_top_drivers=3, n_interaction_rows=40, n_interaction_pairs=4)


@pytest.fixture(scope="module")
def tables(run):
    """A run with open amounts, in which some customers could pay what is overdue."""
    given, _ = run
    snapshots = given["snapshots"].assign(open_amount=np.resize([0.0, 1200.5, 40.0], len(given["snapshots"])))
    rows = snapshots[snapshots["sample_code"] == "scoring"].head(60)
    told = {"variant_code": "pay_all_overdue", "item_id": None, "n_items": 1, "paid_amount": 100.0}
    paid = rows.assign(**told, paid_date=rows["observation_date"] - Timedelta(days=1), overdue_ratio=0.0)
    paid = conform(paid[[name for name in WHAT_IF_SNAPSHOTS.names if name in paid]], WHAT_IF_SNAPSHOTS)
    return {**given, "snapshots": snapshots, "what_if_snapshots": paid}


@pytest.fixture(scope="module")
def made(tables):
    return explain(tables, SMALL, level=LEVEL)


def _same(found, expected, **tolerance):
    for table in EXPLANATION_TABLES:
        left, right = (check(side[table.name], table).reset_index(drop=True) for side in (found, expected))
        pd.testing.assert_frame_equal(left, right, obj=table.name, **(tolerance or {"check_exact": True}))


def _by_tables(monkeypatch):
    monkeypatch.setattr(explained_model, "MIN_LEAF_VISITS", 0)


def test_every_table_is_filled(made):
    assert {table.name for table in EXPLANATION_TABLES} == set(made)
    assert [name for name, frame in made.items() if frame.empty] == []


def test_a_second_run_gives_the_same_bits(tables, made):
    _same(explain(tables, SMALL, level=LEVEL), made)


def test_order_of_columns_changes_nothing(tables, made):
    turned = {name: frame[frame.columns[::-1]] for name, frame in tables.items()}
    _same(explain(turned, SMALL, level=LEVEL), made)


def test_order_of_rows_changes_nothing(tables, made):
    mixed = {name: frame.sample(frac=1, random_state=5) for name, frame in tables.items()}
    mixed["grade_scale"] = tables["grade_scale"]  # a scale is an order
    _same(explain(mixed, SMALL, level=LEVEL), made)


def test_index_changes_nothing(tables, made):
    numbered = {name: frame.set_index(pd.Index(range(7, 7 + len(frame)))) for name, frame in tables.items()}
    _same(explain(numbered, SMALL, level=LEVEL), made)


def test_names_of_customers_change_nothing(tables, made):
    def renamed(frames):
        return {
            name: frame.assign(customer_id="<i>" + frame["customer_id"]) if "customer_id" in frame else frame
            for name, frame in frames.items()
        }

    found = explain(renamed(tables), SMALL, level=LEVEL)
    expected = renamed(made)
    largest = expected["window_dressing"]["smallest_customer_id"]
    expected["window_dressing"] = expected["window_dressing"].assign(smallest_customer_id="<i>" + largest)
    _same(found, expected)


def test_threads_change_nothing(tables, made):
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        with ThreadPoolExecutor(2) as pool:
            for found in pool.map(lambda _: explain(tables, SMALL, level=LEVEL), range(2)):
                _same(found, made)
    finally:
        numba.set_num_threads(before)


def test_tables_instead_of_lightgbm_change_nothing_that_can_be_seen(tables, made, monkeypatch):
    _by_tables(monkeypatch)
    _same(explain(tables, SMALL, level=LEVEL), made, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("least", [0, 10**12], ids=["tables", "lightgbm"])
def test_a_customer_alone_is_explained_as_in_company(run, least, monkeypatch):
    monkeypatch.setattr(explained_model, "MIN_LEAF_VISITS", least)
    tables, model = run
    rows = tables["snapshots"][tables["snapshots"]["exclusion_code"].isna()].iloc[:300:7]
    together, base = model.contributions(rows)
    for place in range(len(rows)):
        alone, its_base = model.contributions(rows.iloc[[place]])
        np.testing.assert_array_equal(alone[0], together[place])
        assert its_base == base


def test_contributions_and_base_give_the_shown_probability(tables, made):
    parts = made["contributions"].groupby("customer_id").agg(total=("contribution", "sum"), base=("base", "first"))
    rated = tables["scored"][tables["scored"]["pd_source_code"] != "default"].set_index("customer_id")
    assert set(parts.index) <= set(rated.index)
    assert len(parts) > 150
    log_odds = parts["total"] + parts["base"]
    p = rated.loc[parts.index, "pd_12m"]
    np.testing.assert_allclose(log_odds, np.log(p / (1 - p)), rtol=0, atol=1e-9)


def test_reasons_are_the_strongest_groups_by_plain_addition(made):
    group = dict(zip(made["drivers"]["feature_code"], made["drivers"]["group_code"], strict=True))
    reasons = made["reasons"][made["reasons"]["rank"] > 0]
    for customer, rows in made["contributions"].groupby("customer_id"):
        sums = {}
        for feature, value in zip(rows["feature_code"], rows["contribution"], strict=True):
            sums[group.get(feature, feature)] = sums.get(group.get(feature, feature), 0.0) + value
        raising = sorted((value, name) for name, value in sums.items() if value > 1e-6)[::-1][: SMALL.n_reasons]
        told = reasons[reasons["customer_id"] == customer].sort_values("rank")
        assert told["group_code"].tolist() == [name for _, name in raising]
        np.testing.assert_allclose(told["contribution"], [value for value, _ in raising], rtol=1e-9)
        base, total = rows["base"].iloc[0], rows["contribution"].sum()
        gain = 1 / (1 + exp(-(base + total))) - 1 / (1 + exp(-base))
        if abs(total) > 1e-6:
            np.testing.assert_allclose(told["pd_points"], [v * gain / total for v, _ in raising], rtol=1e-6)


def test_changes_add_up_by_plain_addition(made):
    whole = made["customer_changes"].set_index("customer_id")
    told = whole[whole["log_odds_change"].notna()]
    assert len(told) > 100
    parts = made["score_changes"].groupby("customer_id")["log_odds_change"].sum().reindex(told.index).fillna(0.0)
    np.testing.assert_allclose(parts, told["log_odds_change"], rtol=0, atol=1e-9)
    moved = np.log(told["pd_after"] / (1 - told["pd_after"])) - np.log(told["pd_before"] / (1 - told["pd_before"]))
    np.testing.assert_allclose(told["log_odds_change"], moved, rtol=0, atol=1e-9)


KINDS = {
    "missing": {},
    "zero is missing": {"zero_as_missing": True},
    "categories": {"categorical": [0]},
    "two leaves": {"num_leaves": 2},
    "monotone": {"monotone_constraints": [0, 1, -1, 0, 0], "monotone_constraints_method": "basic"},
}


def _trained(categorical="auto", **parameters):
    rng = np.random.default_rng(8)
    values = np.column_stack([rng.integers(0, 6, 400).astype(float), rng.normal(size=(400, 4)).round(1)])
    outcome = rng.random(400) < 1 / (1 + np.exp(-(values[:, 1] * (values[:, 0] > 2) - values[:, 2])))
    values[rng.random(values.shape) < 0.15] = np.nan
    told = {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "min_data_per_group": 5, "verbosity": -1,
            "num_threads": 1, "seed": 1, "deterministic": True, **parameters}  # fmt: skip
    booster = lgb.train(told, lgb.Dataset(values, outcome.astype(int), categorical_feature=categorical), 6)
    return booster, values[:12]


@pytest.mark.parametrize("least", [0, 10**12], ids=["tables", "lightgbm"])
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_are_shapley_values_by_their_definition(kind, least, monkeypatch):
    monkeypatch.setattr(explained_model, "MIN_LEAF_VISITS", least)
    booster, values = _trained(**KINDS[kind])
    names = tuple(f"f{k}" for k in range(5))
    model = ExplainedModel(names, booster, 0.8, -0.3, 0.0005)
    found, base = model.contributions(pd.DataFrame(values, columns=list(names)))
    for number, row in enumerate(values):
        expected, start = shapley(booster.dump_model(), row)
        np.testing.assert_allclose(found[number], 0.8 * np.array(expected), rtol=0, atol=1e-12)
        assert base == pytest.approx(0.8 * start - 0.3, abs=1e-12)
