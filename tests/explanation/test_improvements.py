"""What would improve the grade, and how far a month-end can be dressed: worked cases and a re-scored book."""

import numpy as np
import pandas as pd
import pytest
from explanation.hand import NOW, book, cases, same
from pandas import DataFrame, Timedelta
from scipy.special import expit

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.explanation.improvements import IMPROVEMENT_TABLES, improvements

COLUMNS = {
    "before": "grade_before",
    "after": "grade_after",
    "pd_before": "pd_before",
    "pd_after": "pd_after",
    "notches": "n_notches",
    "better": "is_grade_better",
    "why": "reason_code",
    "open": "open_amount",
    "n": "n_customers",
    "improved": "n_improved",
    "worse": "n_worse",
    "ratio": "improved_ratio",
    "mean": "notches_mean",
    "best": "n_notches_best",
    "paid": "paid_amount",
    "share": "paid_open_ratio",
    "improved_paid": "improved_paid_amount",
    "improved_share": "improved_paid_open_ratio",
    "smallest": "smallest_paid_amount",
    "who": "smallest_customer_id",
}


def _improvements(tables, model):
    made = improvements(tables, model=model)
    return [check(made[table.name], table) for table in IMPROVEMENT_TABLES]


def _paid(told):
    return DataFrame(
        [
            {
                "customer_id": row["customer"],
                "observation_date": NOW,
                "variant_code": row["variant"],
                "item_id": row.get("item"),
                "n_items": row.get("items", 1),
                "paid_amount": row["paid"],
                "paid_date": NOW - Timedelta(days=1),
                "log_odds": row["log_odds"],
            }
            for row in told
        ]
    )


@pytest.mark.parametrize("case", cases("window_dressing"))
def test_worked_cases(case):
    model, tables = book(case)
    made, dressing = _improvements({**tables, "what_if_snapshots": _paid(case["paid"])}, model)
    rows = made.set_index(made["customer_id"] + "/" + made["variant_code"])
    assert len(rows) == len(case["paid"])
    for key, expected in case["improvements"].items():
        for name, value in expected.items():
            same(rows.loc[key, COLUMNS[name]], value)
    if "dressing" in case:
        told = dressing.set_index("variant_code")
        assert set(told.index) == set(case["dressing"])
        for key, expected in case["dressing"].items():
            for name, value in expected.items():
                same(told.loc[key, COLUMNS[name]], value)


@pytest.fixture(scope="module")
def paying(run):
    """A book whose customers pay: the overdue ratio falls to a half in one variant, to nothing in the other."""
    tables, model = run
    shots = tables["snapshots"].assign(open_amount=1000.0)
    rows = shots[shots["sample_code"] == "scoring"]
    paid = [
        rows.assign(variant_code=code, item_id="I" if n == 1 else None, n_items=n, paid_amount=paid,
                    paid_date=pd.Timestamp("2023-12-30"), overdue_ratio=rows["overdue_ratio"] * left)
        for code, n, paid, left in (("one", 1, 50.0, 0.5), ("all", 3, 120.0, 0.0))
    ]  # fmt: skip
    what_if = pd.concat(paid, ignore_index=True)
    return {**tables, "snapshots": shots, "what_if_snapshots": what_if}, model


def test_a_variant_is_scored_again_by_the_model(paying):
    tables, model = paying
    made, dressing = _improvements(tables, model)
    rows = tables["what_if_snapshots"]
    raw = model.booster.predict(rows[list(model.names)].to_numpy(float), raw_score=True)
    expected = DataFrame(
        {
            "customer_id": rows["customer_id"],
            "variant_code": rows["variant_code"],
            "pd_after": np.maximum(expit(model.slope * raw + model.intercept), model.pd_floor),
        }
    )
    both = made.merge(expected, on=["customer_id", "variant_code"], validate="1:1")
    assert len(both) == len(rows) > 300
    assert np.abs(both["pd_after_x"] - both["pd_after_y"]).max() < 1e-12
    told = dressing.set_index("variant_code")
    assert told.loc["all", "n_improved"] == int((made.query("variant_code == 'all'")["n_notches"] < 0).sum()) > 0
    assert told.loc["any_variant", "n_improved"] >= told[["n_improved"]].max().item()
    assert told.loc["all", "paid_open_ratio"] == pytest.approx(0.12, rel=1e-12)
    assert told.loc["all", "pd_change_mean"] < 0


def test_nothing_paid_changes_nothing(paying):
    tables, model = paying
    shots = tables["snapshots"]
    rows = shots[shots["sample_code"] == "scoring"]
    same_rows = rows.assign(
        variant_code="none", item_id="I", n_items=1, paid_amount=1.0, paid_date=rows["observation_date"]
    )
    made, dressing = _improvements({**tables, "what_if_snapshots": same_rows}, model)
    assert np.abs(made["pd_after"] - made["pd_before"]).max() < 1e-12
    assert (made["n_notches"] == 0).all()
    assert (dressing["n_improved"] == 0).all()


def test_order_of_rows_and_columns_does_not_matter(paying):
    tables, model = paying
    mixed = {name: frame.sample(frac=1, random_state=2)[list(frame.columns[::-1])] for name, frame in tables.items()}
    for straight, other in zip(_improvements(tables, model), _improvements(mixed, model), strict=True):
        pd.testing.assert_frame_equal(straight, other, rtol=1e-12)


def test_a_model_of_another_run_is_refused_and_no_variants_give_empty_tables(paying):
    tables, model = paying
    other = {**tables, "scored": tables["scored"].assign(pd_12m=tables["scored"]["pd_12m"] * 1.0001)}
    with pytest.raises(TableError, match=r"improvements: the model gives \d+ customers \(C.*another PD"):
        _improvements(other, model)
    assert all(
        frame.empty for frame in _improvements({**tables, "what_if_snapshots": tables["what_if_snapshots"][:0]}, model)
    )
