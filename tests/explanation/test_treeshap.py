"""Contributions from tables: those of the definition and of LightGBM, whatever the model, the rows and the blocks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightgbm as lgb
import numba
import numpy as np
import pandas as pd
import pytest
from explanation.tree_models import by_definition, by_lightgbm, fitted, rows, tables_of
from hypothesis import given, settings
from hypothesis import strategies as st

from riskresearch.base.config import read_yaml
from riskresearch.explanation import kernels, treeshap
from riskresearch.explanation.tiles import cut
from riskresearch.explanation.trees import Forest, Tree
from riskresearch.explanation.treeshap import TreeTables

CASES = read_yaml(Path(__file__).parents[1] / "cases" / "explanation" / "tree_contributions.yaml")
KINDS = {
    "missing values": {},
    "zero is missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "numbers only": {"categories": False},
    "deep": {"n_leaves": 60, "min_data_in_leaf": 1, "n_trees": 4},
    "monotone": {"categories": False, "monotone_constraints": [1, -1, 0, 0, 0, 0]},
    "stumps": {"n_leaves": 2},
}


def by_hand():
    """The tree of the worked case; an unknown delay goes right."""
    whole = {
        name: np.array(numbers) for name, numbers in {"feature": [0, 1], "left": [-1, -2], "right": [1, -3]}.items()
    }
    none = np.array([], dtype=np.int64)
    tree = Tree(
        threshold=np.array([0.2, 30.0]),
        decision=np.array([8, 8]),
        node_cover=np.array([100.0, 40.0]),
        leaf_cover=np.array([60.0, 30.0, 10.0]),
        leaf_value=np.array([-3.0, -2.0, -1.0]),
        category_bounds=none,
        category_words=none,
        **whole,
    )
    return Forest((tree,), 2)


def tables(booster, **bounds):
    return TreeTables.of(tables_of(booster), **bounds)


@pytest.mark.parametrize("case", CASES["customers"], ids=lambda case: case["case"])
@pytest.mark.parametrize("max_bits", [1, 12])
def test_worked_cases(case, max_bits):
    given_tree = by_hand()
    values = np.array(
        [[case["overdue_ratio"], np.nan if case["days_late"] is None else case["days_late"]]], dtype=float
    )
    made = TreeTables.of(given_tree, max_bits=max_bits).contributions(values)[0]
    assert given_tree.base == pytest.approx(CASES["base"], abs=1e-15)
    assert made == pytest.approx(list(case["contributions"].values()), abs=1e-14)
    assert made.sum() + given_tree.base == pytest.approx(case["log_odds"], abs=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("max_bits", [2, 5, 12])
def test_equal_to_lightgbm(kind, max_bits):
    rng = np.random.default_rng(5)
    booster, seen = fitted(rng, **KINDS[kind])
    values = np.vstack([seen[:100], rows(rng, 200)])
    made = tables(booster, max_bits=max_bits)
    found = made.contributions(values)
    assert np.abs(found - by_lightgbm(booster, values)).max() <= 1e-12
    assert np.abs(found.sum(axis=1) + made.forest.base - booster.predict(values, raw_score=True)).max() <= 1e-12
    assert np.abs(found).max() > 0.1, "a model that says nothing proves nothing"


@pytest.mark.parametrize("kind", ["missing values", "zero is missing", "nothing is missing"])
def test_equal_to_the_definition(kind):
    rng = np.random.default_rng(2)
    booster, _ = fitted(rng, n_trees=3, n_leaves=8, **KINDS[kind])
    values = rows(rng, 12)
    assert np.abs(tables(booster).contributions(values) - by_definition(tables_of(booster), values)).max() <= 1e-13


@pytest.mark.parametrize("kind", ["missing values", "zero is missing", "nothing is missing"])
def test_odd_values_are_read_as_lightgbm_reads_them(kind):
    odd = [0.0, -0.0, 1e-36, -1e-36, 1e-34, np.inf, -np.inf, np.nan, -1.0, -0.5, 0.5, 1.9, 4.0, 31.0, 32.0, 63.0, 64.0]
    odd += [69.0, 70.0, 96.0, 1e9, 2.0**31, 2.0**40]
    rng = np.random.default_rng(3)
    booster, _ = fitted(rng, **KINDS[kind])
    values = rng.choice(odd, size=(500, 6))
    assert np.abs(tables(booster).contributions(values) - by_lightgbm(booster, values)).max() <= 1e-12


@pytest.mark.parametrize("n_rows", [0, 1, 2, 15, 16, 17, 100])
def test_blocks_change_nothing(n_rows, monkeypatch):
    rng = np.random.default_rng(4)
    booster, _ = fitted(rng)
    values, made = rows(rng, n_rows), tables(booster)
    whole = made.contributions(values)
    monkeypatch.setattr(treeshap, "BLOCK_ROWS", 16)
    assert whole.shape == (n_rows, 6)
    assert made.contributions(values).tobytes() == whole.tobytes()
    one_by_one = [made.contributions(values[i : i + 1]) for i in range(n_rows)]
    assert np.vstack([np.empty((0, 6)), *one_by_one]).tobytes() == whole.tobytes()


def test_threads_and_order_of_rows_change_nothing():
    rng = np.random.default_rng(6)
    booster, _ = fitted(rng)
    values, made = rows(rng, 3000), tables(booster)
    whole = made.contributions(values)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(made.contributions, np.array_split(values, 7)))
    assert np.vstack(parts).tobytes() == whole.tobytes()
    order = rng.permutation(len(values))
    assert made.contributions(values[order]).tobytes() == whole[order].tobytes()
    assert tables(booster).contributions(values).tobytes() == whole.tobytes()


def test_a_tree_of_one_leaf_gives_its_value_to_the_base():
    rng = np.random.default_rng(7)
    booster, values = fitted(rng, min_data_in_leaf=10_000, n_trees=2)
    made = tables(booster)
    assert not made.contributions(values).any()
    assert made.forest.base == pytest.approx(booster.predict(values, raw_score=True)[0], abs=1e-15)


def test_memory_is_bounded_and_without_memory_there_are_no_tables():
    rng = np.random.default_rng(8)
    booster, values = fitted(rng, n_leaves=40, min_data_in_leaf=1)
    whole, small, none = tables(booster), tables(booster, max_bytes=20_000), tables(booster, max_bytes=0)
    assert 0 == none.n_bytes < small.n_bytes <= 20_000 < whole.n_bytes <= treeshap.MAX_TABLE_BYTES
    assert none.n_deep_leaves == none.forest.n_leaves > small.n_deep_leaves > whole.n_deep_leaves
    for other in (small, none):
        assert np.abs(other.contributions(values) - whole.contributions(values)).max() <= 1e-13


@pytest.mark.parametrize("max_bits", [16, 40])
def test_many_bits_do_not_overflow_a_pattern(max_bits):
    rng = np.random.default_rng(10)
    data = rng.normal(size=(300, 24))
    booster, values = fitted(rng, data=data, categories=False, n_trees=2, n_leaves=150, min_data_in_leaf=1)
    made = tables(booster, max_bits=max_bits)
    assert made.plan.bits.start.size > 16
    assert np.diff(made.plan.tiles.bit_start).max() == 16
    assert np.abs(made.contributions(values) - by_lightgbm(booster, values)).max() <= 1e-12


def test_taiwan_credit_cards(shared_data):
    """All 30,000 rows, with native categories: sums exact, and every fiftieth row equal to LightGBM."""
    cards = pd.read_csv(shared_data / "taiwan_credit_card" / "default_of_credit_card_clients.csv.gz")
    outcome, values = cards.iloc[:, -1].to_numpy(), cards.iloc[:, 1:-1].to_numpy(float)
    names = [name.upper() for name in cards.columns[1:-1]]
    data = lgb.Dataset(
        values, outcome, categorical_feature=[names.index(one) for one in ("SEX", "EDUCATION", "MARRIAGE")]
    )
    booster = lgb.train({"objective": "binary", "num_leaves": 31, "num_threads": 1, "verbosity": -1}, data, 40)
    made = tables(booster)
    found = made.contributions(values)
    assert made.forest.has_native_categories
    assert np.abs(found.sum(axis=1) + made.forest.base - booster.predict(values, raw_score=True)).max() <= 1e-9
    assert np.abs(found[::50] - by_lightgbm(booster, values[::50])).max() <= 1e-12


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 24), st.integers(1, 12), st.sampled_from(["NaN", "zero", "none"]))
def test_any_small_model(seed, n_leaves, max_bits, missing):
    rng = np.random.default_rng(seed)
    kind = {"NaN": {}, "zero": {"zero_as_missing": True}, "none": {"use_missing": False}}[missing]
    booster, seen = fitted(rng, n_rows=120, n_trees=3, n_leaves=n_leaves, **kind)
    made = tables(booster, max_bits=max_bits)
    found = made.contributions(seen)
    assert np.abs(found - by_lightgbm(booster, seen)).max() <= 1e-12
    assert np.abs(found.sum(axis=1) + made.forest.base - booster.predict(seen, raw_score=True)).max() <= 1e-12


@pytest.mark.parametrize("max_bits", [1, 3, 6, 12])
def test_every_leaf_is_in_one_tile_or_deep(max_bits):
    booster, _ = fitted(np.random.default_rng(9), n_leaves=40, min_data_in_leaf=1)
    for tree in tables_of(booster).trees:
        parts = cut(tree, max_bits=max_bits)
        values = [leaf.value for tile in parts.tiles for leaf in tile.leaves] + [leaf.value for leaf in parts.deep]
        assert sorted(values) == sorted(tree.leaf_value.tolist())
        assert all(tile.n_bits <= max_bits for tile in parts.tiles)
        assert all(len(leaf.path) >= max_bits for leaf in parts.deep)
        nodes = [node for tile in parts.tiles for node in tile.nodes]
        assert len(nodes) == len(set(nodes))


def test_importing_explanations_does_not_load_numba():
    code = "import sys, riskresearch.explanation.stage, riskresearch.explanation.model; print('numba' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_loops_are_compiled_where_no_cache_can_be_written():
    made: dict = {}
    exec("def twice(x):\n    return 2 * x", made)  # no file, so no place for a cache
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(made["twice"], cache=True)
    assert kernels.compiled(made["twice"])(21) == 42
