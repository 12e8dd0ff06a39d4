"""Interval of the PD of a customer: resampled customers, refits, Venn-Abers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.model.calibration.uncertainty import (
    UncertaintySettings,
    customer_resample,
    refit_interval,
    venn_abers,
)

ROW = st.tuples(st.integers(0, 9), st.integers(0, 1), st.sampled_from([0.25, 0.5, 1.0, 3.0]))


def _plain_step(scores, outcomes, weights, place):
    """Isotonic step at one score by its definition: highest over lower starts of the lowest mean up to higher ends."""
    scores, outcomes, weights = map(np.asarray, (scores, outcomes, weights))
    return max(
        min(
            np.average(outcomes[inside], weights=weights[inside])
            for end in scores[scores >= place]
            for inside in [(scores >= start) & (scores <= end)]
        )
        for start in scores[scores <= place]
    )


@settings(max_examples=120, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=14), st.integers(-2, 22))
def test_venn_abers_is_two_isotonic_fits_with_the_customer_in(rows, doubled):
    scores, outcomes, weights = (list(x) for x in zip(*rows, strict=True))
    place = doubled / 2
    found = venn_abers(scores, outcomes, [place], weight=weights).iloc[0]
    for column, outcome in (("pd_low", 0), ("pd_high", 1)):
        expected = _plain_step([*scores, place], [*outcomes, outcome], [*weights, 1.0], place)
        assert found[column] == pytest.approx(expected, abs=1e-12)
    low, high = found["pd_low"], found["pd_high"]
    assert low <= found["pd_merged"] <= high or low == pytest.approx(high)


def test_venn_abers_rises_with_the_score_and_narrows_with_rows():
    rng = np.random.default_rng(2)
    raw = rng.normal(-2, 1.5, 4000)
    hit = rng.random(4000) < expit(raw)
    told = np.linspace(-6, 2, 60)
    few, many = venn_abers(raw[:200], hit[:200], told), venn_abers(raw, hit, told)
    for column in ("pd_low", "pd_high", "pd_merged"):
        assert (np.diff(many[column]) >= -1e-12).all()
    assert (many["pd_high"] - many["pd_low"]).mean() < (few["pd_high"] - few["pd_low"]).mean() / 3
    near = np.abs(told + 2) < 2
    assert np.abs(many["pd_merged"] - expit(told))[near].max() < 0.06


def test_copies_that_weigh_one_together_are_one_customer():
    raw, hit = np.array([-3.0, -2.5, -1.0, 0.5]), np.array([0, 1, 0, 1])
    once = venn_abers(raw, hit, [-2.0, 1.0])
    copies = venn_abers(np.repeat(raw, 5), np.repeat(hit, 5), [-2.0, 1.0], weight=np.full(20, 0.2))
    assert copies.to_numpy() == pytest.approx(once.to_numpy())
    narrow = venn_abers(np.repeat(raw, 5), np.repeat(hit, 5), [-2.0, 1.0])
    assert ((narrow["pd_high"] - narrow["pd_low"]) < (once["pd_high"] - once["pd_low"])).all()


def test_venn_abers_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    raw, hit = rng.integers(0, 30, 200).astype(float), rng.integers(0, 2, 200)
    order = rng.permutation(200)
    assert venn_abers(raw, hit, [3.0, 12.5]).equals(venn_abers(raw[order], hit[order], [3.0, 12.5]))


@pytest.mark.parametrize(
    ("raw", "outcome", "told", "weight"),
    [([], [], [0.0], None), ([1.0], [1], [0.0], [0.0]), ([np.nan], [1], [0.0], None), ([1.0], [1], [np.nan], None)],
)
def test_venn_abers_refuses_what_it_cannot_tell(raw, outcome, told, weight):
    with pytest.raises(TableError, match="Venn-Abers interval"):
        venn_abers(raw, outcome, told, weight=weight)


def test_a_resample_takes_whole_customers():
    customers = np.array(["b", "a", "c", "a", "b", "a"])
    for seed in range(20):
        drawn = customer_resample(customers, np.random.default_rng(seed))
        times = np.bincount(drawn, minlength=6)
        assert (np.diff(drawn) >= 0).all()
        assert times[1] == times[3] == times[5]
        assert times[0] == times[4]
        assert times[0] + times[1] + times[2] == 3  # as many customers as there are


def test_a_resample_does_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(5)
    customers = rng.choice(["a", "b", "c", "d"], 40)
    order = rng.permutation(40)
    one = customer_resample(customers, np.random.default_rng(1))
    other = customer_resample(customers[order], np.random.default_rng(1))
    assert sorted(order[other]) == one.tolist()
    assert len(customer_resample([], np.random.default_rng(1))) == 0


def test_the_interval_by_hand():
    # refits -2, -1, 0: mean -1, standard deviation 1; 1.644854 on each side of the point -1.5
    found = refit_interval([[-2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], [-1.5, 0.5]).to_numpy()
    assert found[0] == pytest.approx([expit(-3.144854), expit(0.144854), 1.0], abs=1e-6)
    assert found[1] == pytest.approx([expit(0.5), expit(0.5), 0.0])
    wide = refit_interval([[-2.0], [-1.0], [0.0]], [-1.5], confidence_ratio=0.95).iloc[0]
    assert logit(wide["pd_high"]) == pytest.approx(-1.5 + 1.959964, abs=1e-6)


@pytest.mark.parametrize(("refits", "point"), [([[1.0]], [1.0]), ([[1.0], [2.0]], [1.0, 2.0]), ([1.0, 2.0], [1.0])])
def test_too_few_refits_are_refused(refits, point):
    with pytest.raises(TableError, match="at least two refits"):
        refit_interval(refits, point)


def test_the_interval_holds_the_pd_as_often_as_it_says():
    rng = np.random.default_rng(11)
    truth, n_customers, held = -1.5, 150, 0
    for _ in range(200):
        hit = np.repeat(rng.random(n_customers) < expit(truth), 4)  # four equal rows a customer
        customers = np.repeat(np.arange(n_customers), 4)
        refits = [[logit(hit[customer_resample(customers, rng)].mean())] for _ in range(20)]
        low, high = refit_interval(refits, [logit(hit.mean())]).loc[0, ["pd_low", "pd_high"]]
        held += low <= expit(truth) <= high
    assert 0.83 <= held / 200 <= 0.97


def test_one_refit_is_refused_because_it_has_no_spread():
    with pytest.raises(ValueError, match="at least 2"):
        UncertaintySettings(n_refits=1)
