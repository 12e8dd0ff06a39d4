"""Segments of rated rows as known on their date, and values of segments steadied by empirical Bayes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Timestamp
from validation.grade_evidence import SETTINGS

from riskresearch.validation.segments import SEGMENT_AXES, segments
from riskresearch.validation.shrinkage import shrunk, steadied

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "segments.yaml").read_text("utf-8"))
Z = 1.959963984540054
ALL_SHOWN = SETTINGS.model_copy(update={"segment_min_customers": 1})


def _rows(*pairs):
    frame = DataFrame(pairs, columns=["customer_id", "observation_date"])
    return frame.assign(observation_date=pd.to_datetime(frame["observation_date"]).astype("datetime64[us]"))


def _limits(decisions, customer="C1", kind="insurer"):
    frame = DataFrame(
        {
            "limit_id": [f"L{i}" for i in range(len(decisions))],
            "customer_id": customer,
            "limit_kind_code": kind,
            "start_date": [Timestamp(d["start"]) for d in decisions],
            "end_date": [Timestamp(d["end"]) if "end" in d else pd.NaT for d in decisions],
            "recorded_date": [Timestamp(d["known"]) for d in decisions],
            "base_minor": [d["limit"] * 100 for d in decisions],
        }
    )
    return frame.astype(dict.fromkeys(("start_date", "end_date", "recorded_date"), "datetime64[us]"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_insured_case(case):
    rows = _rows(*(("C1", str(day)) for day in case["expected"]))
    found = segments(rows, tables={"limits": _limits(case["decisions"])}, settings=ALL_SHOWN)
    assert found["insured"].tolist() == list(case["expected"].values())


def test_the_sellers_own_limit_is_no_insurance():
    own = _limits([{"start": "2024-01-01", "known": "2024-01-01", "limit": 5000}], kind="internal")
    rows = _rows(("C1", "2024-06-30"), ("C2", "2024-06-30"))
    assert set(segments(rows, tables={"limits": own}, settings=ALL_SHOWN)["insured"]) == {"unknown"}
    both = pd.concat([own, _limits([{"start": "2024-01-01", "known": "2024-01-01", "limit": 1}], customer="C2")])
    assert segments(rows, tables={"limits": both}, settings=ALL_SHOWN)["insured"].tolist() == ["not_insured", "insured"]


def test_tenure_is_that_of_the_date_and_the_longer_of_relation_and_ledger():
    rows = _rows(
        ("C1", "2023-12-31"), ("C1", "2024-12-31"), ("C2", "2024-12-31"), ("C3", "2024-12-31"), ("C4", "2024-12-31")
    )
    snapshots = rows.iloc[:4].assign(
        relationship_months=[3.0, 15.0, np.nan, 36.0], tenure_months=[3.0, 15.0, 11.9, 2.0]
    )
    found = segments(rows, tables={"snapshots": snapshots}, settings=ALL_SHOWN)
    assert found["tenure"].tolist() == ["new", "established", "new", "loyal", "unknown"]


def test_labels_are_those_delivered_and_small_segments_are_put_together():
    customers = DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(9)],
            "sector_code": ["trade"] * 4 + ["transport"] * 3 + ["mining", None],
            "country_code": ["FR"] * 9,
        }
    )
    rows = _rows(*((f"C{i}", day) for i in range(9) for day in ("2024-11-30", "2024-12-31")), ("C99", "2024-12-31"))
    settings = SETTINGS.model_copy(update={"segment_min_customers": 4})
    found = segments(rows.set_index(pd.Index(range(100, 119))), tables={"customers": customers}, settings=settings)
    assert found.index.tolist() == list(range(100, 119))
    assert tuple(found) == SEGMENT_AXES
    assert found["sector"].value_counts().to_dict() == {"trade": 8, "other": 8, "unknown": 3}
    assert set(found["size"]) == {"unknown"}  # the column is absent
    assert found["country"].tolist()[-1] == "unknown"  # the customer is absent
    assert (found.dtypes == "str").all()


def test_a_file_without_any_table_has_no_segments():
    found = segments(_rows(("C1", "2024-12-31")), tables={}, settings=SETTINGS)
    assert (found == "unknown").all(axis=None)
    assert segments(_rows(), tables={}, settings=SETTINGS).empty


def test_shrunk_by_hand():
    # w = 10, 1/4, 10; mean 1.5185; Q = 5.5556; τ² = (5.5556 − 2) / (20.25 − 200.0625 / 20.25) = 0.34286
    between = (5.555555555555555 - 2) / (20.25 - 200.0625 / 20.25)
    weight = 1 / (np.array([0.1, 4.0, 0.1]) + between)
    mean = (weight * [1, 3, 2]).sum() / weight.sum()
    expected = mean + between * weight * (np.array([1, 3, 2]) - mean)
    np.testing.assert_allclose(shrunk([1.0, 3.0, 2.0], [0.1, 4.0, 0.1]), expected, rtol=1e-12)


def test_segments_that_differ_by_chance_only_share_their_mean():
    np.testing.assert_allclose(shrunk([1.0, 1.2, 0.9], [1.0, 1.0, 1.0]), np.full(3, 3.1 / 3), rtol=1e-12)


def test_what_has_no_variance_stays_and_one_segment_stays():
    assert shrunk([1.0, 9.0], [np.nan, 0.5]).tolist() == [1.0, 9.0]
    assert shrunk([0.2], [0.1]).tolist() == [0.2]
    found = shrunk([0.0, 4.0, np.nan, 7.0], [0.5, 0.5, 0.5, 0.0])
    assert np.isnan(found[2])
    assert found[3] == 7.0
    assert found[:2].tolist() == pytest.approx([0.125, 3.875], rel=1e-12)  # Q = 16, τ² = 15 / 2, pull 0.5 / 8


def test_steadied_values_are_nearer_the_truth():
    rng = np.random.default_rng(11)
    truth = rng.normal(0.8, 0.03, (200, 8))
    error = rng.uniform(0.02, 0.12, (200, 8))
    seen = truth + error * rng.normal(size=truth.shape)
    steadied = np.array([shrunk(y, s**2) for y, s in zip(seen, error, strict=True)])
    assert ((steadied - truth) ** 2).mean() < 0.5 * ((seen - truth) ** 2).mean()


def _ratios(observed, expected, half=None):
    """O/E of segments; `half` = half width of the interval in standard errors of independent rows."""
    value = np.array(observed) / np.array(expected)
    wide = np.full(len(value), np.nan) if half is None else half * Z * np.sqrt(value / np.array(expected))
    return DataFrame(
        {"value": value, "value_low": value - wide, "value_high": value + wide, "n_rows": 500, "n_defaults": observed}
    )


def test_ratios_that_differ_by_chance_only_get_that_of_the_portfolio():
    rows = _ratios([8, 30, 12, 1], [10.0, 28.0, 11.0, 2.5])
    found = steadied(rows, law="ratio", confidence_ratio=0.95)
    np.testing.assert_allclose(found, np.full(4, 51 / 51.5), rtol=1e-12)


def test_steadied_ratios_by_hand():
    # expected 20 and 5, common 20 / 25 = 0.8; variances 0.8 / 20 and 0.8 / 5; τ² = (11.25 − 1) / 10 = 1.025
    found = steadied(_ratios([10, 10], [20.0, 5.0]), law="ratio", confidence_ratio=0.95)
    weight = 1 / (np.array([0.04, 0.16]) + 1.025)
    mean = (weight * [0.5, 2.0]).sum() / weight.sum()
    np.testing.assert_allclose(found, mean + 1.025 * weight * (np.array([0.5, 2.0]) - mean), rtol=1e-12)


def test_wider_intervals_draw_further():
    rows = [_ratios([10, 40, 10], [20.0, 20.0, 10.0], half) for half in (None, 0.5, 1.0, 2.0, 9.0)]
    none, narrow, plain, wide, widest = (steadied(r, law="ratio", confidence_ratio=0.95) for r in rows)
    np.testing.assert_allclose(narrow, none, rtol=1e-12)  # never less than independent rows
    np.testing.assert_allclose(plain, none, rtol=1e-9)
    assert np.ptp(wide) < np.ptp(plain) < np.ptp([0.5, 2.0, 1.0])
    np.testing.assert_allclose(widest, np.full(3, 60 / 50), rtol=1e-12)


def test_an_area_near_one_from_one_default_is_drawn_to_the_others():
    rows = DataFrame(
        {
            "value": [1.0, 0.70, 0.72, 0.68],
            "value_low": [1.0, 0.60, 0.62, 0.58],
            "value_high": [1.0, 0.80, 0.82, 0.78],
            "n_rows": [40, 400, 400, 400],
            "n_defaults": [1, 40, 40, 40],
        }
    )
    found = steadied(rows, law="auc", confidence_ratio=0.95)
    assert (found < 0.75).all()
    assert found[0] == pytest.approx(found[1])  # no difference beyond chance


def test_segments_without_default_stay_and_do_not_count():
    rows = _ratios([8, 30], [10.0, 28.0])
    more = pd.concat([rows, rows.iloc[:1].assign(value=0.0, n_defaults=0), rows.iloc[:1].assign(value=np.nan)])
    found = steadied(more, law="ratio", confidence_ratio=0.95)
    np.testing.assert_allclose(found, [1.0, 1.0, 0.0, np.nan], rtol=1e-12)
    assert steadied(rows.iloc[:1], law="ratio", confidence_ratio=0.95).tolist() == [0.8]


def test_steadied_ratios_are_nearer_the_truth_than_those_seen():
    rng = np.random.default_rng(7)
    seen_error = steady_error = 0.0
    for _ in range(60):
        truth, expected = rng.gamma(20, 1 / 20, 8), rng.uniform(3, 30, 8)
        observed = np.maximum(rng.poisson(truth * expected), 1)
        rows = _ratios(observed, expected)
        seen_error += ((rows["value"] - truth) ** 2).sum()
        steady_error += ((steadied(rows, law="ratio", confidence_ratio=0.95) - truth) ** 2).sum()
    assert steady_error < 0.6 * seen_error
