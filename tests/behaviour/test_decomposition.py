"""Who moves the DSO: worked cases, exactness, as-of correctness."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from random_ledger import random_ledger
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, months_before, prepare
from riskresearch.behaviour.decomposition import DSO_CHANGES, DSO_DAYS, EFFECTS, DecompositionSettings, dso_changes
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.segments import SegmentSettings, portfolio_axis, segment_axes

CASES = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "transitions" / "dso_change.yaml").read_text(encoding="utf-8")
)
MONTHS = DecompositionSettings().dso_change_months


def _changes(tables, as_of, axes=("sector",), months=MONTHS):
    acts = prepare(tables)
    after = book(acts, as_of=day(as_of))
    before = book(acts, as_of=months_before(day(as_of), months))
    found = segment_axes(after, tables, SegmentSettings(segment_axes=axes))
    return dso_changes(before, after, [portfolio_axis(tables), *found]), before, after


def _simple(which):
    return INDICATORS["dso_simple_days"].function(which).value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    ledger = small_ledger(case["invoices"], customers=case["customers"])
    frame, before, after = _changes(tables_of(ledger, str(case["as_of"])), str(case["as_of"]))
    check(frame, DSO_CHANGES)
    assert [_simple(before), _simple(after)] == pytest.approx(case["dso"])
    found = frame[frame["axis_code"] == "sector"].set_index(["segment_code", "effect_code"])["change_days"]
    assert set(found.index.get_level_values(0)) == set(case["changes"])
    for segment, effects in case["changes"].items():
        assert found[segment].to_dict() == pytest.approx(effects, abs=1e-6), segment


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("axes", [("size",), ("tenure",), ("contract_type",), ("size*contract_type",)])
def test_effects_add_up_to_the_change_for_every_segmentation(seed, axes):
    tables = _labelled(random_ledger(seed, n_invoices=120, n_customers=9), "2024-10-31", seed)
    frame, before, after = _changes(tables, "2024-10-31", axes, months=6)
    for _, part in frame.groupby("axis_code"):
        is_whole = part["segment_code"] == "all"
        assert part.loc[is_whole, "change_days"].sum() == pytest.approx(_simple(after) - _simple(before), abs=1e-9)
        if (~is_whole).any():
            by_effect = part[~is_whole].groupby("effect_code")["change_days"].sum()
            whole = part[is_whole].set_index("effect_code")["change_days"]
            pd.testing.assert_series_equal(by_effect.sort_index(), whole.sort_index(), check_names=False, atol=1e-9)


def test_one_segment_alone_has_no_mix_and_the_change_of_the_best_possible_dso_is_terms():
    frame, before, after = _changes(tables_of(random_ledger(5), "2024-10-31"), "2024-10-31", months=6)
    found = frame[frame["axis_code"] == "portfolio"].set_index("effect_code")["change_days"]
    best, late = (
        INDICATORS[name].function(after).value - INDICATORS[name].function(before).value
        for name in ("dso_best_possible_days", "days_delinquent")
    )
    assert found[list(EFFECTS)].tolist() == pytest.approx([0, best, late, 0], abs=1e-9)


def test_measured_backwards_every_effect_changes_its_sign():
    tables = _labelled(random_ledger(6, n_invoices=120, n_customers=9), "2024-10-31", 6)
    frame, before, after = _changes(tables, "2024-10-31", ("size",), months=6)
    axes = segment_axes(after, tables, SegmentSettings(segment_axes=("size",)))
    back = dso_changes(after, before, axes).set_index(["segment_code", "effect_code"])["change_days"]
    there = frame[frame["axis_code"] == "size"].set_index(["segment_code", "effect_code"])["change_days"]
    pd.testing.assert_series_equal(back, -there, atol=1e-9)


def test_a_ledger_too_short_gives_the_reason_and_no_figure():
    frame, *_ = _changes(tables_of(random_ledger(1), "2023-06-30"), "2023-06-30")
    check(frame, DSO_CHANGES)
    assert set(frame["segment_code"]) == {"all"}
    assert set(frame["reason_code"]) == {"history_too_short"}
    assert frame["change_days"].isna().all()


def test_later_acts_and_the_order_of_rows_change_nothing():
    ledger = random_ledger(8, n_invoices=100, n_customers=6)
    then, later = (_labelled(ledger, as_of, 8) for as_of in ("2024-08-31", "2024-12-31"))
    axes = ("tenure", "size", "size*contract_type")
    expected, *_ = _changes(then, "2024-08-31", axes)
    pd.testing.assert_frame_equal(_changes(later, "2024-08-31", axes)[0], expected)
    mixed = shuffled(then, 3)
    pd.testing.assert_frame_equal(_changes(mixed, "2024-08-31", axes)[0], expected, rtol=1e-12)


def test_days_are_those_of_the_simple_dso():
    assert INDICATORS["dso_simple_days"].spec.window == f"{DSO_DAYS}_days"


def _labelled(ledger, as_of, seed):
    """Tables with a size for each customer and a contract type for each invoice, some of them unknown."""
    tables = tables_of(ledger, as_of)
    sizes = {f"C{i}": size for i, size in enumerate(np.random.default_rng(seed).choice(["small", "large"], 12))}
    sizes["C1"] = None
    kind = (
        tables["invoices"]["invoice_id"]
        .str[-1]
        .map({"1": "rent", "2": "rent", "3": None})
        .where(tables["invoices"]["invoice_id"].str[-1].isin(["1", "2", "3"]), "sale")
    )
    customers = tables["customers"].assign(size_code=tables["customers"]["customer_id"].map(sizes))
    return tables | {"customers": customers, "invoices": tables["invoices"].assign(contract_type_code=kind)}
