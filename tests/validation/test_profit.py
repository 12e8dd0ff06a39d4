"""Profit measures: by hand, by trying every cut-off at every loss, and in money."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError
from validation.judged import judged, made

from riskresearch.validation.registry import Verdict
from riskresearch.validation.settings import ValidationSettings

CASE = yaml.safe_load((Path(__file__).parents[1] / "cases" / "validation" / "ranking.yaml").read_text(encoding="utf-8"))
CASES = [(part, name) for part in ("profit", "emp") for name in CASE[part]["expected"]]
OWN = {"gross_margin_ratio": 0.2, "exposure_turns": 0.5, "seller_lgd_ratio": 0.5}


@pytest.mark.parametrize(("part", "name"), CASES)
def test_ten_customers_by_hand(part, name):
    p, hit = ([c[key] for c in CASE["customers"]] for key in ("pd", "default"))
    found = judged(name, p, hit, **CASE[part]["settings"])
    assert found.value == pytest.approx(CASE[part]["expected"][name], abs=1e-14)
    assert found.low <= found.value <= found.high


def every_cut_off(p, hit, *, margin, no_loss, total_loss, n_losses=20_000):
    """Expected maximum profit and share refused, trying every cut-off at every loss (midpoints)."""
    loss = (np.arange(n_losses) + 0.5) / n_losses
    cuts = np.append(np.unique(p), 2.0)
    caught, lost = (np.array([((p >= cut) & rows).mean() for cut in cuts]) for rows in (hit, ~hit))

    def best(losses):
        profit = np.outer(losses, caught) - margin * lost
        top = profit.shape[1] - 1 - profit[:, ::-1].argmax(axis=1)
        return profit.max(axis=1).mean(), (caught + lost)[top].mean()

    between, total = best(loss), best(np.array([1.0]))
    share = 1 - no_loss - total_loss
    return tuple(share * a + total_loss * b for a, b in zip(between, total, strict=True))


@pytest.mark.parametrize(("margin", "no_loss", "total_loss"), [(0.2644, 0.55, 0.1), (0.05, 0.2, 0.4), (3.0, 0.0, 1.0)])
def test_expected_maximum_profit_tries_every_cut_off(margin, no_loss, total_loss):
    p, hit = made(150, 6)
    laws = {"no_loss_ratio": no_loss, "total_loss_ratio": total_loss}
    given = {"gross_margin_ratio": margin / 4, "exposure_turns": 4} | laws
    profit, share = every_cut_off(p, hit, margin=margin, no_loss=no_loss, total_loss=total_loss)
    assert judged("expected_maximum_profit", p, hit, **given).value == pytest.approx(profit, abs=1e-6)
    assert judged("emp_rejected_ratio", p, hit, **given).value == pytest.approx(share, abs=1e-4)


def test_no_loss_leaves_no_profit_in_refusing():
    p, hit = made(100)
    given = {"no_loss_ratio": 1.0, "total_loss_ratio": 0.0}
    assert judged("expected_maximum_profit", p, hit, **given).value == 0
    assert judged("emp_rejected_ratio", p, hit, **given).value == 0


def test_a_perfect_order_earns_every_avoidable_loss():
    hit = np.arange(40) < 10
    found = judged("expected_maximum_profit", np.where(hit, 0.9, 0.1), hit)
    assert found.value == pytest.approx(0.25 * (0.10 + 0.35 / 2))
    assert judged("emp_rejected_ratio", np.where(hit, 0.9, 0.1), hit).value == pytest.approx(0.25 * 0.45)


def test_net_benefit_is_the_profit_in_units_of_the_loss():
    p, hit = made(300, 4)
    margin, loss = 0.2 * 0.5, 0.5
    refused = p >= margin / (margin + loss)
    money = np.where(refused, 0, np.where(hit, -loss, margin)).mean()
    to_all, to_none = np.where(hit, -loss, margin).mean(), 0.0
    assert judged("net_benefit", p, hit, **OWN).value * loss == pytest.approx(money - to_all, abs=1e-14)
    gain = judged("net_benefit_gain", p, hit, **OWN).value
    assert gain * loss == pytest.approx(money - max(to_all, to_none), abs=1e-14)


def test_refusal_pd_is_where_selling_earns_nothing():
    given = ValidationSettings(**OWN)
    t = given.refusal_pd
    assert (1 - t) * given.payer_margin_ratio - t * given.seller_lgd_ratio == pytest.approx(0, abs=1e-15)


def test_verdict_of_the_gain_over_a_blanket_rule():
    p, hit = made(3000, 4)
    assert judged("net_benefit_gain", p, hit, **OWN).verdict == Verdict.GREEN
    assert judged("net_benefit_gain", 1 - p, hit, **OWN).verdict == Verdict.RED
    unused = judged("net_benefit_gain", p / 100, hit, **OWN)
    assert (unused.value, unused.verdict) == (0, Verdict.INFORMATION)  # nobody is refused: nothing is told
    few = judged("net_benefit_gain", np.where(np.arange(3000) == np.argmin(hit), p, p / 100), hit, **OWN)
    assert few.verdict == Verdict.INFORMATION


def test_best_cut_off_is_the_most_profitable_one():
    p, hit = made(300, 9)
    margin, loss = 0.1, 0.5
    cuts = np.unique(p)[::-1]
    profits = [((p >= cut) & hit).sum() * loss - ((p >= cut) & ~hit).sum() * margin for cut in cuts]
    found = judged("best_cut_off", p, hit, **OWN)
    assert found.value == cuts[int(np.argmax(np.round(profits, 9)))]
    assert found.low <= found.value <= found.high


def test_best_cut_off_is_near_the_sellers_pd_where_pds_are_right():
    rng = np.random.default_rng(3)
    p = rng.beta(1, 4, 20_000)
    found = judged("best_cut_off", p, rng.random(20_000) < p, **OWN)
    assert found.value == pytest.approx(ValidationSettings(**OWN).refusal_pd, abs=0.03)


def test_best_cut_off_refuses_nobody_where_no_refusal_pays():
    assert judged("best_cut_off", [0.9] * 6 + [0.1], [0, 0, 0, 0, 0, 0, 1], **OWN).value == 1
    # from 40 % on one defaulter and five payers: 1 x 0.5 - 5 x 0.1 = 0, which is not worth a refusal
    assert judged("best_cut_off", [0.4] * 6 + [0.1], [1, 0, 0, 0, 0, 0, 0], **OWN).value == 1


def test_among_equally_good_cut_offs_the_one_that_refuses_fewest():
    given = {"gross_margin_ratio": 0.3, "exposure_turns": 1, "seller_lgd_ratio": 0.9}
    # 0.9 for the first defaulter; 0.9 - 3 x 0.3 + 0.9 = 0.9 for both, a hair more in floating point
    found = judged("best_cut_off", [0.8, 0.7, 0.6, 0.5, 0.4, 0.1], [1, 0, 0, 0, 1, 0], **given)
    assert found.value == 0.8


@pytest.mark.parametrize("name", ["expected_maximum_profit", "emp_rejected_ratio"])
@pytest.mark.parametrize(
    ("p", "hit", "reason"),
    [([0.1, 0.2], [0, 0], "no_default"), ([0.1, 0.1], [0, 1], "constant_score"), ([], [], "no_rows")],
)
def test_profit_of_a_score_needs_a_score_and_both_outcomes(name, p, hit, reason):
    assert judged(name, p, hit).reason == reason


@pytest.mark.parametrize("name", ["net_benefit", "net_benefit_gain", "best_cut_off"])
def test_profit_of_decisions_needs_both_outcomes(name):
    assert judged(name, [0.1, 0.2], [1, 1]).reason == "all_default"
    assert judged(name, [0.1, 0.1], [0, 1]).value is not None


def test_repeating_every_row_of_a_customer_leaves_the_interval():
    p, hit = made(120, 2)
    owner = np.repeat([f"C{i:04d}" for i in range(120)], 3)
    for name in ("expected_maximum_profit", "net_benefit_gain", "best_cut_off"):
        once = judged(name, p, hit, **OWN)
        often = judged(name, np.repeat(p, 3), np.repeat(hit, 3), customer=owner, **OWN)
        assert (once.value, once.low, once.high) == pytest.approx((often.value, often.low, often.high), abs=1e-12)


def test_losses_of_the_same_defaults_must_not_exceed_them():
    with pytest.raises(ValidationError, match="must not exceed 1 together"):
        ValidationSettings(no_loss_ratio=0.7, total_loss_ratio=0.4)
