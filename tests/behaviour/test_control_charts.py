"""Control charts: the example of the domain note, a plain twin, false alarms, order and independence of series."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from scipy.stats import norm
from scipy.stats import t as student
from warning_cases import cases

from riskresearch.base.errors import SettingsError
from riskresearch.behaviour.control_charts import ChartSettings, cusum, ewma, monitor

CASES = cases("control_charts.yaml")
COLUMNS = ["n_earlier", "mean", "sigma", "score", "statistic", "limit", "alarm"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_case(case):
    known = {"mean": case["mean"], "sigma": case["sigma"]}
    sums, average = cusum(case["values"], **known), ewma(case["values"], **known)
    assert sums["upper"].tolist() == pytest.approx(case["cusum_upper"], abs=1e-12)  # sums of decimals near 1
    if "cusum_lower" in case:
        assert sums["lower"].tolist() == pytest.approx(case["cusum_lower"], abs=1e-12)
    for chart, key in ((sums, "cusum_alarm_at"), (average, "ewma_alarm_at")):
        first = int(chart["is_alarm"].idxmax()) + 1 if chart["is_alarm"].any() else None
        assert first == case[key]


def _plain(values, chart_settings, chart_code):
    """One payment after the other, as one would do it by hand; the exact score instead of Wallace's formula."""
    earlier, since = [], {1: [], -1: []}
    level, turn, sums, rows = 0.0, 0, {1: 0.0, -1: 0.0}, []
    for x in values:
        row, alarm = dict.fromkeys(COLUMNS, np.nan) | {"alarm": 0}, 0
        if len(earlier) >= chart_settings.chart_min_payments:
            n, mean = len(earlier), float(np.mean(earlier))
            sigma = max(float(np.std(earlier, ddof=1)), chart_settings.sigma_floor_days)
            ratio = (x - mean) / sigma * np.sqrt(n / (n + 1))
            score = float(np.sign(ratio) * norm.isf(student.sf(abs(ratio), n - 1)))
            turn += 1
            for side in sums:
                sums[side] = max(0.0, sums[side] + side * score - chart_settings.cusum_slack_sigmas)
            weight = chart_settings.ewma_weight_ratio
            level = weight * score + (1 - weight) * level
            width = np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * turn)))
            is_cusum = chart_code == "cusum"
            high, low = (sums[1], sums[-1]) if is_cusum else (level, -level)
            limit = chart_settings.cusum_limit_sigmas if is_cusum else chart_settings.ewma_limit_sigmas * width
            alarm = 1 if high > limit else -1 if low > limit else 0
            row = dict(zip(COLUMNS, (n, mean, sigma, score, high, limit, alarm), strict=True))
        else:
            high = low = 0.0
        rows.append(row)
        earlier.append(x)
        for side, at in ((1, high), (-1, low)):
            since[side] = [*since[side], x] if at > 0 else []
        if alarm:
            earlier = since[alarm]
            since, level, turn, sums = {1: [], -1: []}, 0.0, 0, {1: 0.0, -1: 0.0}
    return DataFrame(rows)


@pytest.mark.parametrize("chart_code", ["cusum", "ewma"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_monitor_equals_the_plain_chart(chart_code, seed):
    rng = np.random.default_rng(seed)
    drift = np.r_[np.zeros(40), np.full(25, 12.0), np.full(30, -9.0), np.full(25, 20.0)]
    values = np.round(rng.normal(5, 4, 120) + drift * (seed > 1), 3)
    # Wallace's formula against the exact score: a larger minimum keeps their difference below 0.02.
    chart_settings = ChartSettings(chart_min_payments=12)
    found = monitor(DataFrame({"series": 0, "value": values}), chart_settings, chart_code=chart_code)
    plain = _plain(values, chart_settings, chart_code)
    exact, near = ["n_earlier", "mean", "sigma", "limit", "alarm"], ["score", "statistic"]
    pd.testing.assert_frame_equal(found[exact], plain[exact], check_dtype=False, rtol=1e-9)
    np.testing.assert_allclose(found[near], plain[near], atol=0.15)  # a sum of a dozen scores, each within 0.02
    assert (found["alarm"] != 0).sum() >= (0 if seed == 1 else 3)


def test_known_charts_have_the_run_lengths_of_the_literature():
    rng = np.random.default_rng(11)
    n, length = 300, 2500
    alarms = {"cusum": 0, "ewma": 0}
    watched = {"cusum": 0, "ewma": 0}
    for values in rng.normal(0, 1, (n, length)):
        for name, chart in (("cusum", cusum(values, mean=0, sigma=1)), ("ewma", ewma(values, mean=0, sigma=1))):
            is_alarm = chart["is_alarm"].to_numpy()
            alarms[name] += int(is_alarm.any())
            watched[name] += int(is_alarm.argmax()) + 1 if is_alarm.any() else length
    # Montgomery, table 9.3 (k = 0.5, h = 5): 465; Lucas and Saccucci 1990 (0.2, 3): 560; 300 runs: standard error 6 %
    assert watched["cusum"] / alarms["cusum"] == pytest.approx(465, rel=0.15)
    assert watched["ewma"] / alarms["ewma"] == pytest.approx(560, rel=0.15)


def test_learnt_charts_alarm_no_more_often_than_known_ones():
    rng = np.random.default_rng(5)
    n, length = 2500, 60
    points = DataFrame({"series": np.repeat(np.arange(n), length), "value": rng.normal(8, 6, n * length)})
    for chart_code, run_length in (("cusum", 930), ("ewma", 1120)):  # one side: twice the two-sided run length
        rate = (monitor(points, ChartSettings(), chart_code=chart_code)["alarm"] == 1).sum() / (n * (length - 8))
        assert 0.4 / run_length < rate < 1.25 / run_length


def test_a_plug_in_chart_would_alarm_more_often():
    """Why scores: mean and deviation of eight payments as if they were known, on the same payments."""
    rng = np.random.default_rng(5)
    values = rng.normal(8, 6, (1000, 60))
    mean, sigma = values[:, :8].mean(axis=1), values[:, :8].std(axis=1, ddof=1)
    plug_in = np.mean(
        [cusum(v[8:], mean=m, sigma=s)["upper"].max() > 5 for v, m, s in zip(values, mean, sigma, strict=True)]
    )
    points = DataFrame({"series": np.repeat(np.arange(1000), 60), "value": values.ravel()})
    learnt = (monitor(points, ChartSettings(), chart_code="cusum")["alarm"] == 1).groupby(points["series"]).any().mean()
    assert plug_in > 4 * learnt


def test_a_payer_that_never_varied_is_judged_with_the_floor():
    values = [0.0] * 10 + [3.0] * 2
    chart = monitor(DataFrame({"series": 0, "value": values}), ChartSettings(), chart_code="cusum")
    assert chart["sigma"].iloc[10] == 2.0
    assert chart["score"].iloc[10] == pytest.approx(1.32, abs=0.01)  # t = 3 / 2 √(10 / 11) = 1.43 with 9 degrees
    assert (chart["alarm"] == 0).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-30, 90), min_size=1, max_size=60), st.integers(1, 59), st.sampled_from(["cusum", "ewma"]))
def test_later_payments_change_no_earlier_point(values, cut, chart_code):
    points = DataFrame({"series": 0, "value": [float(v) for v in values]})
    whole = monitor(points, ChartSettings(chart_min_payments=3), chart_code=chart_code)
    part = monitor(points.iloc[:cut], ChartSettings(chart_min_payments=3), chart_code=chart_code)
    pd.testing.assert_frame_equal(part, whole.iloc[:cut])


@pytest.mark.parametrize("chart_code", ["cusum", "ewma"])
def test_series_do_not_touch_each_other(chart_code):
    rng = np.random.default_rng(3)
    lengths = [30, 4, 75, 9, 1]
    rows = [rng.normal(0, 5, n) + np.linspace(0, 30, n) for n in lengths]
    points = DataFrame({"series": np.repeat(np.arange(5), lengths), "value": np.concatenate(rows)})
    together = monitor(points, ChartSettings(), chart_code=chart_code)
    for number, values in enumerate(rows):
        alone = monitor(DataFrame({"series": 0, "value": values}), ChartSettings(), chart_code=chart_code)
        own = together[points["series"] == number].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone, rtol=1e-9, atol=1e-12)


def test_no_payment_gives_no_point():
    assert len(monitor(DataFrame({"series": [], "value": []}), ChartSettings(), chart_code="cusum")) == 0


def test_refusals_say_what_is_allowed():
    with pytest.raises(SettingsError, match="charts are cusum, ewma"):
        monitor(DataFrame({"series": [0], "value": [1.0]}), ChartSettings(), chart_code="shewhart")
    with pytest.raises(SettingsError, match="needs a positive one"):
        cusum([1.0], mean=0, sigma=0)
