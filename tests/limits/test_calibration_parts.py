"""Parts of the calibration: shrinkage, order, sums at each factor, shortfall of the one-factor model."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import multivariate_normal
from sklearn.isotonic import IsotonicRegression

from riskresearch.limits.calibration.credibility import correlation_within, design_effect, shrunk_rates
from riskresearch.limits.calibration.levels import Level
from riskresearch.limits.calibration.monotone import largest_factor, never_falling, never_rising, room_left
from riskresearch.limits.calibration.portfolio import default_scenarios, expected_shortfall, largest_multiplier
from riskresearch.limits.calibration.sizes import size_ratios, size_rules
from riskresearch.limits.calibration.sums import COUNTED, Entries, Sums, entries, factor_grid
from riskresearch.limits.calibration.to_sign import to_sign

GRID = np.round(np.arange(7) * 0.5, 6)


def test_a_huge_cell_keeps_its_rate_and_an_empty_one_has_its_parents():
    hits, years = np.array([1e6, 0.0, 1.0]), np.array([1e7, 0.0, 10.0])
    found = shrunk_rates(hits, years, target=np.full(3, 0.05), correlation=0.02)
    assert found.rate[0] == pytest.approx(0.1, abs=1e-6)
    assert found.rate[1] == 0.05
    assert np.isnan(found.raw[1])
    weight = 10 * 0.02 / (10 * 0.02 + 0.98)
    assert found.weight[2] == pytest.approx(weight)
    assert found.rate[2] == pytest.approx(weight * 0.1 + (1 - weight) * 0.05)


def test_more_dependence_means_less_weight():
    own = {"hits": np.array([4.0]), "years": np.array([20.0]), "target": np.array([0.05]), "correlation": 0.05}
    assert shrunk_rates(**own, design=3.0).weight[0] < shrunk_rates(**own).weight[0]


def test_the_correlation_of_simulated_cells_is_found():
    rng = np.random.default_rng(5)
    years = rng.integers(20, 200, 4000).astype(float)
    rate = rng.beta(0.05 * 24, 0.95 * 24, 4000)  # rho = 1 / (a + b + 1) = 0.04
    hits = rng.binomial(years.astype(int), rate).astype(float)
    family = np.arange(4000) % 3
    assert correlation_within(hits, years, family) == pytest.approx(0.04, rel=0.08)
    alike = rng.binomial(years.astype(int), 0.05).astype(float)
    assert correlation_within(alike, years, family) < 0.002


def test_shrunk_rates_are_nearer_to_the_truth_than_raw_ones():
    rng = np.random.default_rng(6)
    years, truth = np.full(300, 25.0), rng.beta(0.06 * 30, 0.94 * 30, 300)
    hits = rng.binomial(25, truth).astype(float)
    family = np.zeros(300, dtype=np.int64)
    pool = np.full(300, hits.sum() / years.sum())
    found = shrunk_rates(hits, years, target=pool, correlation=correlation_within(hits, years, family))
    errors = [float(((rate - truth) ** 2).mean()) for rate in (found.rate, found.raw, pool)]
    assert errors[0] < 0.8 * min(errors[1:])


def test_each_year_of_a_customer_counted_four_times_has_four_times_the_variance():
    rng = np.random.default_rng(7)
    hits = (rng.random(3000) < 0.1).astype(float)
    cell = np.zeros(3000, dtype=np.int64)
    assert design_effect(hits, np.ones(3000), cell) == pytest.approx(1.0, abs=1e-9)
    assert design_effect(4 * hits, np.full(3000, 4.0), cell) == pytest.approx(4.0)


lines = st.integers(1, 5).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.floats(0, 10), min_size=6, max_size=6), min_size=n, max_size=n),
        st.lists(st.lists(st.floats(0, 100), min_size=6, max_size=6), min_size=n, max_size=n),
    )
)


@settings(max_examples=100, deadline=None)
@given(lines, st.floats(0.001, 0.2), st.floats(1, 5))
def test_any_curves_give_factors_that_never_rise_and_grow_with_appetite(curves, appetite_ratio, looser):
    loss, kept = (
        np.concatenate([np.zeros((len(c), 1)), np.cumsum(c, axis=1)], axis=1)[None] for c in map(np.array, curves)
    )
    strict, loose = (
        never_rising(room_left(loss, kept, appetite_ratio=ratio), grid=GRID)
        for ratio in (appetite_ratio, appetite_ratio * looser)
    )
    assert (np.diff(strict, axis=1) <= 0).all()
    assert (strict <= loose).all()


def test_factors_that_already_fall_stay_and_others_meet_the_appetite_together():
    slopes, kept = np.array([2.0, 1.0, 4.0]), np.tile(np.minimum(GRID, 1.0) * 300, (3, 1))
    room = room_left(slopes[:, None] * GRID, kept, appetite_ratio=0.01)
    alone = largest_factor(room, grid=GRID)
    assert alone.tolist() == [1.5, 3.0, 0.0]
    # classes 1 and 2 together: (2 + 1) f <= 0.01 x 600 up to f = 2
    assert never_rising(room[None], grid=GRID).tolist() == [[2.0, 2.0, 0.0]]
    assert never_rising(room[None][:, [1, 0, 2]], grid=GRID).tolist() == [[3.0, 1.5, 0.0]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 50)), min_size=1, max_size=8))
def test_rates_in_order_of_risk_are_those_of_pooled_adjacent_violators(pairs):
    rates, weights = np.array(pairs).T
    expected = IsotonicRegression().fit_transform(np.arange(len(rates)), rates, sample_weight=weights)
    np.testing.assert_allclose(never_falling(rates[None], weights[None])[0], expected, atol=1e-9)


def test_sums_at_each_factor_equal_the_plain_ones():
    rng = np.random.default_rng(9)
    n = 40
    start = pd.Timestamp("2023-01-31")
    rows = pd.DataFrame(
        {
            "customer_id": [f"C{i % 6}" for i in range(n)],
            "review_date": [start + pd.offsets.MonthEnd(i // 6) for i in range(n)],
            "segment_code": rng.choice(["to_watch", "risky"], n),
            "grade_code": pd.Series(rng.choice(["D", "E"], n)).where(rng.random(n) > 0.2),
            "size_code": "small",
            "sector_code": "trade",
            "weight": rng.uniform(0.01, 0.1, n),
            "need_amount": rng.uniform(500, 2000, n),
            "lgd_ratio": rng.uniform(0.3, 0.7, n),
            "is_hit": rng.random(n) < 0.3,
        }
    )
    rows["use_ratio"] = np.where(rows["is_hit"], rng.uniform(0, 4, n), np.nan)
    rows["end_date"] = rows["review_date"] + pd.DateOffset(months=12)
    path = pd.DataFrame(
        {
            "customer_id": rng.choice([f"C{i}" for i in range(8)], 120),
            "day": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 800, 120), unit="D"),
            "highest_amount": rng.choice([0.0, -5.0, 700.0, 1500.0, 4000.0], 120),
            "sold_amount": rng.choice([0.0, 300.0, 900.0, -200.0], 120),
        }
    ).sort_values(["customer_id", "day"])
    found = entries(rows, path, grid=factor_grid(0.5, 3.0, [0.8, 1.2]))
    keys = rows.assign(grade_code=rows["grade_code"].fillna(""))
    assert len(found.keys) == len(keys[["customer_id", "segment_code", "grade_code"]].drop_duplicates())
    for place, grid in enumerate(found.sums.grid):
        kept = capped = 0.0
        for row in rows.itertuples():
            if row.is_hit:
                capped += row.weight * row.lgd_ratio * row.need_amount * min(grid, row.use_ratio)
            for act in path[path["customer_id"] == row.customer_id].itertuples():
                if row.review_date < act.day <= row.end_date:
                    limit = grid * row.need_amount
                    share = min(1.0, limit / act.highest_amount) if act.highest_amount > 0 else 1.0
                    kept += row.weight * act.sold_amount * share
        assert found.sums.kept[:, place].sum() == pytest.approx(kept)
        assert found.sums.capped_use[:, place].sum() == pytest.approx(capped)
    assert found.sums["years"].sum() == pytest.approx(rows["weight"].sum())
    hits = rows[rows["is_hit"]]
    assert found.sums["hit_need"].sum() == pytest.approx((hits["weight"] * hits["need_amount"]).sum())
    lost = (hits["weight"] * hits["need_amount"] * hits["lgd_ratio"]).sum()
    assert found.sums["hit_loss_need"].sum() == pytest.approx(lost)


def test_defaults_have_their_probability_and_default_together_as_the_model_says():
    p, correlation = 0.05, 0.3
    drawn = default_scenarios(
        np.array([p, p, 0.0, 1.0]), correlation_ratio=correlation, n_scenarios=100_000, rng=np.random.default_rng(1)
    ).toarray()
    assert drawn.mean(axis=0) == pytest.approx([p, p, 0.0, 1.0], abs=0.002)
    joint = multivariate_normal.cdf([ndtri(p)] * 2, mean=[0, 0], cov=[[1, correlation], [correlation, 1]])
    assert (drawn[:, 0] * drawn[:, 1]).mean() == pytest.approx(joint, rel=0.06)
    assert joint > 2 * p**2


def test_the_shortfall_of_many_equal_customers_is_that_of_a_large_portfolio():
    p, correlation, confidence = 0.02, 0.12, 0.99
    defaults = default_scenarios(
        np.full(800, p), correlation_ratio=correlation, n_scenarios=20_000, rng=np.random.default_rng(2)
    )
    found = expected_shortfall(defaults @ np.full(800, 1 / 800), confidence_ratio=confidence)
    cov = [[1, np.sqrt(correlation)], [np.sqrt(correlation), 1]]
    large = multivariate_normal.cdf([ndtri(p), ndtri(1 - confidence)], mean=[0, 0], cov=cov) / (1 - confidence)
    granularity = found - large
    assert found == pytest.approx(large, rel=0.06)
    assert granularity > 0


def test_the_shortfall_of_two_independent_customers_is_exact():
    defaults = default_scenarios(
        np.array([0.1, 0.2]), correlation_ratio=0.0, n_scenarios=200_000, rng=np.random.default_rng(3)
    )
    found = expected_shortfall(defaults @ np.array([30.0, 10.0]), confidence_ratio=0.9)
    # losses 40 with 2 %, 30 with 8 %: the worst tenth is both
    assert found == pytest.approx((0.02 * 40 + 0.08 * 30) / 0.1, rel=0.01)


def test_the_multiplier_meets_its_budget_and_hardly_less():
    def amount(multiplier):
        return 100 * multiplier**2

    found = largest_multiplier(amount, 30.0)
    assert amount(found) <= 30.0 < amount(found + 1e-6)
    assert largest_multiplier(amount, 100.0) == 1.0
    assert largest_multiplier(amount, 0.0) == 0.0


def _sized(needs, fails, segments, *, rng=None):
    """One customer-year each; size ratios of the book and of its segments."""
    needs, fails, segments = np.array(needs, float), np.array(fails, float), np.array(segments)
    n, n_segments = len(needs), int(max(segments)) + 1
    counted = dict.fromkeys(COUNTED, np.zeros(n))
    counted |= {"years": np.ones(n), "hits": fails, "loss_need": needs, "hit_loss_need": fails * needs}
    values = np.column_stack([*(counted[name] for name in COUNTED), np.zeros((n, 4))])
    found = Entries(pd.DataFrame(index=range(n)), np.arange(n), Sums(values, np.array([0.0, 1.0])))
    cells, none = pd.DataFrame({"class_code": range(n_segments)}), np.zeros(1, dtype=np.int64)
    divisions = [
        Level("book", cells.iloc[:1], 1, np.zeros(n, dtype=np.int64), none),
        Level("segment", cells, 1, segments, np.zeros(n_segments, dtype=np.int64)),
    ]
    made = []
    for level, rule in zip(divisions, size_rules(found, divisions), strict=True):
        rows = np.zeros((len(level.cells), values.shape[1]))
        np.add.at(rows, level.cell, values)
        enough = np.bincount(level.cell, fails > 0, len(level.cells)) >= 5
        made.append(size_ratios(Sums(rows, found.sums.grid), level, rule, enough, made[-1] if made else None, rng))
    return made


def test_segments_of_different_sizes_in_which_anyone_may_fail_have_a_ratio_of_one():
    rng = np.random.default_rng(3)
    segments = np.repeat([0, 1], [400, 400])
    needs = np.where(segments == 0, 5000.0, 500.0)
    fails = rng.random(800) < np.where(segments == 0, 0.02, 0.3)
    book, parts = _sized(needs, fails, segments)
    assert book.raw[0] < 0.5
    assert parts.ratio == pytest.approx([1.0, 1.0])
    assert _sized(needs, fails, segments, rng=rng)[1].ratio == pytest.approx([1.0, 1.0], abs=1e-4)


def test_few_defaulters_do_not_set_a_ratio_and_many_do():
    needs, segments = [100.0] * 500 + [1900.0] * 500, [0] * 1000
    ratios = {}
    for n in (0, 4, 5, 50, 400):
        fails = [1] * n + [0] * (1000 - n)
        ratios[n] = float(_sized(needs, fails, segments)[1].ratio[0])
    assert ratios[0] == ratios[4] == 1.0
    assert 1 > ratios[5] > ratios[50] > ratios[400] > 0.1
    assert ratios[400] == pytest.approx(0.1, abs=0.02)


def test_one_customer_with_most_of_the_need_makes_the_ratio_less_believed():
    fails = [1] * 12 + [0] * 48
    even, lumpy = (_sized([500.0] * 30 + other, fails, [0] * 60)[0] for other in ([900.0] * 30, [500.0] * 29 + [5e4]))
    assert even.weight[0] == pytest.approx(12 / 16)
    assert lumpy.weight[0] < 0.15
    assert lumpy.raw[0] < 0.5 < 0.9 < lumpy.ratio[0]


def test_shrunk_size_ratios_are_nearer_to_the_truth_than_raw_ones_and_draws_cover_it():
    rng = np.random.default_rng(12)
    errors, inside = [], 0
    for _ in range(150):
        needs = np.where(rng.random(80) < 0.5, 400.0, 1600.0)
        lean = rng.normal(0, 0.4)
        p = np.clip(0.12 * np.where(needs > 1000, 1 + lean, 1 - lean), 0.01, 0.5)
        truth = (p * needs).mean() / p.mean() / needs.mean()
        fails = rng.random(80) < p
        book = _sized(needs, fails, [0] * 80)[0]
        errors.append([(book.ratio[0] - truth) ** 2, (np.nan_to_num(book.raw[0], nan=1.0) - truth) ** 2])
        picks = [rng.integers(0, 80, 80) for _ in range(40)]
        draws = [_sized(needs[pick], fails[pick], [0] * 80, rng=rng)[0].ratio[0] for pick in picks]
        inside += int(min(draws) <= truth <= max(draws))
    shrunk, raw = np.mean(errors, axis=0)
    assert shrunk < 0.9 * raw
    assert inside >= 0.9 * 150


factors = st.one_of(st.just(float("nan")), st.sampled_from([0.0, 0.5, 0.8, 1.3, 3.0]))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(factors, factors, st.sampled_from([0.5, 1.0, 1.5])), min_size=1, max_size=5))
def test_factors_to_sign_stay_within_history_and_never_rise_with_risk(cells):
    fitted, full, in_force = np.array(cells).T
    factor, reason = to_sign(fitted, full, in_force, n_lines=1)
    assert (np.diff(factor) <= 0).all()
    told = ~np.isnan(fitted)
    assert (factor <= np.where(told, np.fmin(fitted, full), in_force)).all()
    assert (factor[reason == "fitted"] == fitted[reason == "fitted"]).all()
    assert (factor[reason == "too_few_defaults"] == in_force[reason == "too_few_defaults"]).all()
    assert set(reason[~told]) <= {"too_few_defaults", "less_risky_class"}
