"""Table `curves`: points lie on the curves, areas are those of the measures, and no curve where there is none."""

import numpy as np
import pandas as pd
import pytest
from validation.judged import judged, made

from riskresearch.base.schema import check
from riskresearch.validation.curves import CURVES, curves


def ratings(n=300, seed=1, digits=2, model="lightgbm", sample="out_of_time"):
    p, hit = made(n, seed, digits)
    table = pd.DataFrame({"model_code": model, "sample_code": sample, "pd_12m": p})
    return table.assign(is_default=pd.array(hit, dtype="boolean"))


def curve(table, code, model="lightgbm"):
    part = table[(table["curve_code"] == code) & (table["model_code"] == model)]
    assert part["point"].tolist() == list(range(len(part)))
    return part["x"].to_numpy(), part["y"].to_numpy()


def test_areas_under_the_curves_are_the_measures():
    rows = ratings()
    table = check(curves(rows), CURVES)
    p, hit = rows["pd_12m"], rows["is_default"].astype(bool)
    x, y = curve(table, "roc")
    assert np.trapezoid(y, x) == pytest.approx(judged("auc", p, hit).value, abs=1e-14)
    x, y = curve(table, "cap")
    assert (2 * np.trapezoid(y, x) - 1) / (1 - hit.mean()) == pytest.approx(judged("gini", p, hit).value, abs=1e-13)


@pytest.mark.parametrize("code", ["roc", "cap"])
def test_many_steps_are_thinned_to_points_of_the_curve(code):
    rows = ratings(5000, digits=12)
    x, y = curve(curves(rows), code)
    p, hit = rows["pd_12m"].to_numpy(), rows["is_default"].to_numpy(bool)
    ranked = hit[np.argsort(-p)]
    whole_y = np.append(0, np.cumsum(ranked)) / hit.sum()
    whole_x = np.append(0, np.cumsum(~ranked) / (~hit).sum()) if code == "roc" else np.arange(5001) / 5000
    on_curve = {(round(a, 12), round(b, 12)) for a, b in zip(whole_x, whole_y, strict=True)}
    assert 150 < len(x) <= 200
    assert {(round(a, 12), round(b, 12)) for a, b in zip(x, y, strict=True)} <= on_curve
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()
    assert np.trapezoid(y, x) == pytest.approx(np.trapezoid(whole_y, whole_x), abs=1e-3)


def test_net_benefit_at_each_threshold():
    rows = ratings()
    table = curves(rows)
    p, hit = rows["pd_12m"].to_numpy(), rows["is_default"].to_numpy(bool)
    thresholds, benefit = curve(table, "net_benefit")
    _, none = curve(table, "net_benefit_none")
    weight = thresholds / (1 - thresholds)
    expected = [((p >= t) & hit).mean() - ((p >= t) & ~hit).mean() * w for t, w in zip(thresholds, weight, strict=True)]
    np.testing.assert_allclose(benefit, expected, atol=1e-14)
    np.testing.assert_allclose(none, hit.mean() - (~hit).mean() * weight, atol=1e-14)
    assert (thresholds[0], thresholds[-1]) == (0, p.max())
    assert benefit[0] == pytest.approx(hit.mean())


def test_curve_and_measure_agree_at_the_sellers_threshold():
    given = {"gross_margin_ratio": 0.25, "exposure_turns": 1, "seller_lgd_ratio": 0.75}  # t = 0.25
    rows = pd.concat([ratings(), ratings(1).assign(pd_12m=0.5, is_default=True)])  # highest PD 0.5: point 50 is 0.25
    p, hit = rows["pd_12m"].clip(upper=0.5), rows["is_default"].astype(bool)
    x, y = curve(curves(rows.assign(pd_12m=p)), "net_benefit")
    assert x[50] == 0.25
    assert y[50] == pytest.approx(judged("net_benefit", p, hit, **given).value, abs=1e-14)


def test_a_certain_pd_does_not_blow_up_the_curve():
    table = curves(ratings().assign(pd_12m=lambda t: t["pd_12m"].where(t.index > 0, 1.0)))
    x, y = curve(table, "net_benefit")
    assert x[-1] == 0.99
    assert np.isfinite(y).all()


def test_only_known_outcomes_out_of_time_count():
    rows = ratings()
    unknown = ratings(50, 2).assign(is_default=pd.array([pd.NA] * 50, dtype="boolean"))
    table = curves(pd.concat([rows, unknown, ratings(80, 3, sample="development")]))
    pd.testing.assert_frame_equal(table, curves(rows))


def test_every_model_has_its_curves_unless_all_paid():
    paid = ratings(model="late_rate").assign(is_default=pd.array([False] * 300, dtype="boolean"))
    table = curves(pd.concat([ratings(), ratings(200, 4, model="scorecard"), paid]))
    assert sorted(table["model_code"].unique()) == ["lightgbm", "scorecard"]
    assert set(table["curve_code"]) == {"roc", "cap", "net_benefit", "net_benefit_none"}


def test_no_rows_leave_an_empty_table():
    assert check(curves(ratings().iloc[:0]), CURVES).empty
