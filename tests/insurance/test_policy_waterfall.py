"""The waterfall: worked cases, and what holds for every policy and every year."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.insurance.exposures import cover
from riskresearch.insurance.terms import ClaimCover
from riskresearch.insurance.waterfall import draw_down, indemnity_per_loss, policy_year, settle

N = 12
AMOUNTS = arrays(float, N, elements=st.integers(0, 4_000).map(lambda n: n / 4))
RATIOS = arrays(float, N, elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
YEARS = arrays(np.int64, N, elements=st.integers(0, 3))
SMALL = st.integers(0, 1_200).map(float)


def losses_of(case, make_exposures, policy):
    losses = case["losses"]
    exposures = make_exposures(
        len(losses),
        buyer_limit_amount=[loss.get("named_limit") for loss in losses],
        is_insurable=[loss.get("insurable", True) for loss in losses],
    )
    covers = cover(exposures, policy=policy)[["customer_id", "limit_amount", "insured_ratio"]]
    return covers.assign(loss_amount=[float(loss["loss"]) for loss in losses])


def test_waterfall_case(waterfall_case, make_policy, make_exposures):
    policy = make_policy(waterfall_case["terms"], order=waterfall_case.get("order", "A"))
    losses = losses_of(waterfall_case, make_exposures, policy)
    paid = np.array(waterfall_case["paid"], dtype=float)
    year = policy_year(losses, policy=policy, premium_amount=float(waterfall_case.get("premium", 0)))
    assert year["indemnity_amount"].to_numpy() == pytest.approx(paid, rel=1e-12, abs=1e-12)
    assert year["retained_amount"].sum() == pytest.approx(losses["loss_amount"].sum() - paid.sum(), rel=1e-12)
    kept = dict(waterfall_case["kept"].items())
    reasons = [name for name in year if name not in {*losses, "indemnity_amount", "retained_amount"}]
    assert {n.removesuffix("_amount"): year[n].sum() for n in reasons} == pytest.approx(
        dict.fromkeys([n.removesuffix("_amount") for n in reasons], 0.0) | kept, rel=1e-12, abs=1e-12
    )
    before = np.array(waterfall_case["before_year_terms"], dtype=float)
    assert indemnity_per_loss(losses, policy=policy).to_numpy() == pytest.approx(before, rel=1e-12, abs=1e-12)


def test_waterfall_case_tells_which_budgets_are_used_up(waterfall_case, make_policy, make_exposures):
    policy = make_policy(waterfall_case["terms"], order=waterfall_case.get("order", "A"))
    losses = losses_of(waterfall_case, make_exposures, policy)
    settled = settle(
        losses["loss_amount"].to_numpy(),
        n_per_year=np.array([len(losses)]),
        policy=policy,
        cover=ClaimCover(losses["limit_amount"].to_numpy(), losses["insured_ratio"].to_numpy()),
        premium_amount=float(waterfall_case.get("premium", 0)),
    )
    assert sorted(k for k, used in settled.used_up.items() if used[0]) == waterfall_case.get("used_up", [])


@st.composite
def books(draw):
    """Losses of up to four years, sorted by year, with limit and share of each."""
    year = np.sort(draw(YEARS))
    return draw(AMOUNTS), ClaimCover(draw(AMOUNTS), draw(RATIOS)), year


def terms_of(threshold, first_loss, maximum):
    return [
        {"kind": "threshold", "amount": threshold},
        {"kind": "aggregate_first_loss", "amount": first_loss},
        {"kind": "maximum_liability", "amount": maximum},
    ]


def by_year(book, policy, premium_amount=0.0):
    loss, covers, year = book
    counts = np.bincount(year, minlength=4)
    settled = settle(loss, n_per_year=counts, cover=covers, policy=policy, premium_amount=premium_amount)
    return settled, np.bincount(year, weights=settled.indemnity, minlength=4)


@given(book=books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL, order=st.sampled_from("ABC"))
@settings(max_examples=100, deadline=None)
def test_every_euro_is_paid_or_kept_for_a_reason(make_policy, book, threshold, first_loss, maximum, order):
    loss, covers, year = book
    settled, paid = by_year(book, make_policy(terms_of(threshold, first_loss, maximum), order=order))
    parts = np.array(list(settled.retained.values()))
    assert (parts >= 0).all()
    assert (settled.indemnity >= 0).all()
    assert settled.indemnity + parts.sum(axis=0) == pytest.approx(loss, rel=1e-12, abs=1e-9)  # sums of eighths
    most = np.bincount(year, weights=covers.insured_ratio * np.minimum(loss, covers.limit_amount), minlength=4)
    assert (paid <= np.minimum(most, maximum) + 1e-9).all()


@given(book=books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL)
@settings(max_examples=100, deadline=None)
def test_order_a_is_the_closed_form_of_the_year(make_policy, book, threshold, first_loss, maximum):
    _, before = by_year(book, make_policy(terms_of(threshold, 0, 1e9)))
    settled, paid = by_year(book, make_policy(terms_of(threshold, first_loss, maximum)))
    assert paid == pytest.approx(np.minimum(np.maximum(before - first_loss, 0), maximum), rel=1e-12, abs=1e-9)
    stop = [np.maximum(before - level, 0) for level in (first_loss, first_loss + maximum)]
    assert paid == pytest.approx(stop[0] - stop[1], rel=1e-12, abs=1e-9)
    assert (settled.used_up["aggregate_first_loss"] == (before >= first_loss)).all()
    assert (settled.used_up["maximum_liability"] == (paid >= maximum)).all()


@given(book=books(), first_loss=SMALL, maximum=SMALL, share=st.sampled_from([0.25, 0.5, 0.75]))
@settings(max_examples=100, deadline=None)
def test_share_last_equals_share_first_on_scaled_budgets(make_policy, book, first_loss, maximum, share):
    loss, covers, year = book
    one_share = (loss, ClaimCover(covers.limit_amount, np.full(N, share)), year)
    last, _ = by_year(one_share, make_policy(terms_of(0, first_loss, maximum), order="B"))
    first, _ = by_year(one_share, make_policy(terms_of(0, share * first_loss, share * maximum), order="A"))
    assert last.indemnity == pytest.approx(first.indemnity, rel=1e-12, abs=1e-9)


@given(book=books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL, more=st.integers(1, 500))
@settings(max_examples=100, deadline=None)
def test_better_terms_never_pay_less(make_policy, book, threshold, first_loss, maximum, more):
    loss, covers, year = book
    base = make_policy(terms_of(threshold, first_loss, maximum))
    _, paid = by_year(book, base)
    better = [
        by_year(book, make_policy(terms_of(max(threshold - more, 0), first_loss, maximum)))[1],
        by_year(book, make_policy(terms_of(threshold, max(first_loss - more, 0), maximum)))[1],
        by_year(book, make_policy(terms_of(threshold, first_loss, maximum + more)))[1],
        by_year((loss, ClaimCover(covers.limit_amount + more, covers.insured_ratio), year), base)[1],
        by_year((loss, ClaimCover(covers.limit_amount, np.minimum(covers.insured_ratio + 0.25, 1)), year), base)[1],
        by_year((loss + more, covers, year), base)[1],
    ]
    assert all((each >= paid - 1e-9).all() for each in better)


@given(book=books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL, order=st.sampled_from("ABC"))
@settings(max_examples=60, deadline=None)
def test_another_unit_of_money_changes_nothing(make_policy, book, threshold, first_loss, maximum, order):
    loss, covers, year = book
    _, paid = by_year(book, make_policy(terms_of(threshold, first_loss, maximum), order=order))
    scaled = (loss * 8, ClaimCover(covers.limit_amount * 8, covers.insured_ratio), year)
    _, eightfold = by_year(scaled, make_policy(terms_of(threshold * 8, first_loss * 8, maximum * 8), order=order))
    assert (eightfold == paid * 8).all()


@given(book=books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_order_of_losses_does_not_change_the_year_under_order_a(
    make_policy, book, threshold, first_loss, maximum, seed
):
    loss, covers, year = book
    policy = make_policy(terms_of(threshold, first_loss, maximum))
    shuffled = np.random.default_rng(seed).permutation(N)
    order = shuffled[np.argsort(year[shuffled], kind="stable")]
    again = (loss[order], ClaimCover(covers.limit_amount[order], covers.insured_ratio[order]), year[order])
    assert by_year(again, policy)[1] == pytest.approx(by_year(book, policy)[1], rel=1e-12, abs=1e-9)


@given(book=books(), budget=SMALL)
@settings(max_examples=100, deadline=None)
def test_a_budget_is_drawn_in_order_and_never_beyond(book, budget):
    loss, _, year = book
    counts = np.bincount(year, minlength=4)
    taken, left = draw_down(loss, n_per_year=counts, budget=budget)
    for each in range(4):
        running = np.minimum(np.cumsum(loss[year == each]), budget)
        assert np.cumsum(taken[year == each]) == pytest.approx(running, rel=1e-12, abs=1e-9)
        assert left[each] == pytest.approx(budget - (running[-1] if len(running) else 0), rel=1e-12, abs=1e-9)


def test_a_year_without_loss_leaves_the_budget_whole():
    taken, left = draw_down(np.array([]), n_per_year=np.zeros(3, dtype=np.int64), budget=5.0)
    assert taken.size == 0
    assert left.tolist() == [5.0, 5.0, 5.0]


def test_losses_that_cannot_be_settled_are_refused(make_policy):
    good = DataFrame({"customer_id": ["C1"], "loss_amount": [1.0], "limit_amount": [1.0], "insured_ratio": [0.9]})
    with pytest.raises(TableError, match=r"columns \['limit_amount'\] are missing"):
        indemnity_per_loss(good.drop(columns="limit_amount"), policy=make_policy([]))
    for column, value in [("loss_amount", -1.0), ("limit_amount", float("nan")), ("insured_ratio", 90.0)]:
        with pytest.raises(TableError, match="1 rows hold an empty or negative amount or an insured_ratio outside"):
            policy_year(good.assign(**{column: value}), policy=make_policy([]), premium_amount=0.0)
