"""The model against the simple rule: gain, its test, and when there is nothing to compare."""

import numpy as np
import pytest
from scipy.stats import norm
from validation.judged import judged, made

from riskresearch.validation.delong import clustered_paired, paired
from riskresearch.validation.registry import Verdict

MEMBERS = ("auc_gain_over_rule", "auc_gain_over_rule_p", "auc_gain_delong_p")


def rivals(n=300, seed=1, noise=0.2):
    p, hit = made(n, seed)
    return p, np.round(p + np.random.default_rng(seed).normal(0, noise, n), 1).clip(0, 1), hit


def test_gain_and_its_interval_and_p_values():
    p, rule, hit = rivals()
    owner = [f"C{i // 2:04d}" for i in range(300)]
    found, expected = judged(MEMBERS[0], p, hit, customer=owner, rival=rule), clustered_paired(p, rule, hit, owner)
    half = norm.isf(0.025) * np.sqrt(expected.variance)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.difference, expected.difference - half, expected.difference + half), abs=1e-12
    )
    assert judged(MEMBERS[1], p, hit, customer=owner, rival=rule).value == pytest.approx(expected.p_greater)
    assert judged(MEMBERS[2], p, hit, customer=owner, rival=rule).value == pytest.approx(paired(p, rule, hit).p_greater)
    assert expected.variance != pytest.approx(paired(p, rule, hit).variance, rel=1e-3)


@pytest.mark.parametrize(
    ("noise", "swapped", "verdict"),
    [(0.5, False, Verdict.GREEN), (0.02, False, Verdict.AMBER), (0.5, True, Verdict.RED)],
)
def test_the_model_has_to_prove_its_gain(noise, swapped, verdict):
    model, rule, hit = rivals(400, 2, noise)
    if swapped:
        model, rule = rule, model
    found = judged("auc_gain_over_rule", model, hit, rival=rule)
    p_value = judged("auc_gain_over_rule_p", model, hit, rival=rule).value
    assert found.verdict == verdict
    assert (p_value <= 0.05) == (verdict == Verdict.GREEN)
    assert (found.value > 0) == (verdict != Verdict.RED)


def test_rows_that_the_rule_does_not_rate_have_no_part():
    p, rule, hit = rivals()
    known = np.arange(300) % 3 > 0
    inside = [judged(name, p[known], hit[known], rival=rule[known]).value for name in MEMBERS]
    assert [judged(name, p, hit, rival=np.where(known, rule, np.nan)).value for name in MEMBERS] == inside


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize(
    ("p", "rule", "hit", "reason"),
    [
        ([0.1, 0.2, 0.3, 0.4], [np.nan] * 4, [0, 0, 1, 1], "no_rival"),
        ([0.1, 0.3, 0.2, 0.4], [0.2, 0.6, 0.4, 0.8], [0, 0, 1, 1], "no_rival"),  # the rule itself, at another level
        ([0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2], [0, 0, 1, 1], "constant_score"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0, 0, 1, 1], "separated"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0, 0, 0, 1], "too_few_defaults"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0, 1, 1, 1], "too_few_customers"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0, 0, 0, 0], "no_default"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, np.nan, 0.2, 0.1], [0, 1, 0, 0], "no_default"),
        ([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [1, 1, 1, 1], "all_default"),
        ([], [], [], "no_rows"),
    ],
)
def test_what_cannot_be_compared_says_why(name, p, rule, hit, reason):
    found = judged(name, p, hit, rival=rule)
    assert (found.value, found.reason) == (None, reason)
