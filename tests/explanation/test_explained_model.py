"""The explained model: contributions to the calibrated log-odds, additive on every call, from tables or LightGBM."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explanation.tree_models import fitted, rows

from riskresearch.base.errors import TableError
from riskresearch.explanation import model as module
from riskresearch.explanation.model import ExplainedModel

NAMES = ("a", "b", "c", "d", "e", "f")


def explained(**parameters):
    booster, values = fitted(np.random.default_rng(1), **parameters)
    return ExplainedModel(NAMES, booster, 1.3, -0.4, 0.0005), pd.DataFrame(values, columns=NAMES)


def keyed(frame):
    dates = pd.date_range("2024-01-31", periods=2, freq="ME")
    keys = pd.MultiIndex.from_product([[f"C{i:03d}" for i in range(len(frame) // 2)], dates])
    return frame.assign(customer_id=keys.get_level_values(0), observation_date=keys.get_level_values(1).date)


@pytest.mark.parametrize("least_visits", [0, 10**12])
def test_contributions_and_base_add_up_to_the_calibrated_log_odds(least_visits, monkeypatch):
    monkeypatch.setattr(module, "MIN_LEAF_VISITS", least_visits)
    model, frame = explained()
    contributions, base = model.contributions(frame)
    assert contributions.shape == (len(frame), 6)
    assert np.abs(contributions.sum(axis=1) + base - model.log_odds(frame)).max() <= 1e-12
    assert base == pytest.approx(1.3 * model.forest.base - 0.4, abs=1e-15)
    assert ("tables" in vars(model)) == (least_visits == 0)


def test_tables_and_lightgbm_give_the_same(monkeypatch):
    model, frame = explained(n_trees=30)
    twin, _ = model.contributions(frame)
    monkeypatch.setattr(module, "MIN_LEAF_VISITS", 0)
    assert np.abs(model.contributions(frame)[0] - twin).max() <= 1e-12


def test_tables_are_used_from_many_rows_on(monkeypatch):
    model, frame = explained()
    monkeypatch.setattr(module, "MIN_LEAF_VISITS", 100 * model.forest.n_leaves)
    model.contributions(frame.iloc[:99])
    assert "tables" not in vars(model)
    model.contributions(frame.iloc[:100])
    assert "tables" in vars(model)


@pytest.mark.parametrize("least_visits", [0, 10**12])
def test_order_of_columns_and_rows_changes_nothing(least_visits, monkeypatch):
    monkeypatch.setattr(module, "MIN_LEAF_VISITS", least_visits)
    model, frame = explained()
    whole, base = model.contributions(frame)
    order = np.random.default_rng(2).permutation(len(frame))
    turned = keyed(frame)[["customer_id", *reversed(NAMES), "observation_date"]].iloc[order]
    again, same = model.contributions(turned)
    assert (again.tobytes(), same) == (whole[order].tobytes(), base)
    assert model.contributions(frame)[0].tobytes() == whole.tobytes()


@pytest.mark.parametrize("least_visits", [0, 10**12])
@pytest.mark.parametrize("n_rows", [0, 1])
def test_no_row_and_one_row(n_rows, least_visits, monkeypatch):
    monkeypatch.setattr(module, "MIN_LEAF_VISITS", least_visits)
    model, frame = explained()
    contributions, base = model.contributions(frame.iloc[:n_rows])
    assert contributions.shape == (n_rows, 6)
    assert base == model.base


def test_rows_that_do_not_add_up_are_refused_with_their_keys():
    model, frame = explained()
    shifted = model.forest.trees[0].leaf_value + 1e-6
    wrong = replace(model.forest, trees=(replace(model.forest.trees[0], leaf_value=shifted), *model.forest.trees[1:]))
    vars(model)["forest"] = wrong
    message = (
        r"contributions: 400 of 400 rows do not add up .*\(C000 2024-01-31, C000 2024-02-29, C001 2024-01-31, …; "
        r"largest gap 1\.30e-06, allowed 1e-09\)"
    )
    with pytest.raises(TableError, match=message):
        model.contributions(keyed(frame))
    with pytest.raises(TableError, match=r"\(c0, c1, c2, …; largest"):
        model.contributions(frame.set_axis([f"c{i}" for i in range(len(frame))]))


def test_what_is_not_a_number_does_not_add_up():
    model, frame = explained()
    with pytest.raises(TableError, match="400 of 400 rows do not add up"):
        replace(model, slope=float("nan")).contributions(frame)


def test_interactions_and_interventions_are_refused_on_native_categories():
    numbers = explained(categories=False)[0]
    assert not numbers.has_native_categories
    numbers.require_numbers(what="interaction values")
    native = explained()[0]
    assert native.has_native_categories
    for what in ("interaction values", "interventional values"):
        with pytest.raises(TableError, match=f"{what} are not defined for trees that split on sets of categories"):
            native.require_numbers(what=what)


def test_the_model_is_read_from_its_parts():
    model, frame = explained()
    calibration = {"slope": 1.3, "intercept": -0.4, "pd_floor": 0.0005}
    parts = {
        "features": json.dumps(NAMES),
        "calibration": json.dumps(calibration),
        "lightgbm_text": model.booster.model_to_string(),
    }
    table = pd.DataFrame({"part_code": parts.keys(), "content": parts.values()})
    read = ExplainedModel.of(table)
    assert (read.names, read.slope, read.intercept, read.pd_floor) == (NAMES, 1.3, -0.4, 0.0005)
    assert read.contributions(frame)[0].tobytes() == model.contributions(frame)[0].tobytes()
    assert ExplainedModel.of(table.iloc[:0]) is None


def test_a_refused_model_is_refused_when_it_is_explained():
    values = np.nan_to_num(rows(np.random.default_rng(3), 400))
    model, frame = explained(data=values, categories=False, linear_tree=True)
    assert model.log_odds(frame).shape == (400,)
    with pytest.raises(TableError, match="linear leaves"):
        model.contributions(frame)
