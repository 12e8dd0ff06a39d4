"""Facts of the validation battery: portfolios with a known truth, shares of rejections, tables of the page."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss
from pandas import DataFrame
from scipy.special import betainc
from scipy.stats import binom

import validation_coverage as coverage
import validation_facts as facts
import validation_sizes as sizes
import validation_trials as trials
import validation_truth as truth
from riskresearch.validation.registry import BATTERY, Evidence

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
NAMES = ("calibration", "traffic light", "families", "grades", "others", "coverage", "rates", "verdicts")


@pytest.mark.parametrize("mix", truth.MIXES)
@pytest.mark.parametrize("n_customers", [37, 350])
def test_a_portfolio_holds_the_shares_of_its_mix_and_pds_inside_their_grades(mix, n_customers):
    made = truth.Portfolio.of(n_customers, mix)
    assert len(made.pds) == n_customers
    shares = np.array(truth.MIXES[mix]) / sum(truth.MIXES[mix])
    assert np.abs(made.by_grade() - n_customers * shares).max() <= 1
    low, high = (np.array(truth.BOUNDS)[made.place + step] for step in (0, 1))
    assert ((made.pds > low) & (made.pds < high)).all()
    assert (2 * made.pds < 1).all(), "the truth is twice the stated PD where that is half of it"


def test_given_the_factor_pds_average_to_what_they_are():
    nodes, weights = hermegauss(60)
    pds = np.array([0.002, 0.07, 0.4])
    by_state = np.array([truth.given_factor(pds, factor, 0.05) for factor in nodes])
    assert weights @ by_state / weights.sum() == pytest.approx(pds, rel=1e-9)
    assert truth.given_factor(pds, -2.0, 0.0) is pds
    assert (truth.given_factor(pds, -2.0, 0.05) > pds).all(), "a bad year"


def test_on_every_date_customers_still_seen_default_as_their_pd_says():
    pds = np.full(20_000, 0.3)
    customer, month, hit = truth.followed(pds, np.random.default_rng(1))
    seen = np.bincount(month)
    assert seen[0] == 20_000
    assert len(seen) == truth.N_DATES
    rates = np.bincount(month, hit) / seen
    assert np.abs(rates - 0.3).max() < 4 * np.sqrt(0.21 / seen.min())
    assert seen[11] / seen[0] == pytest.approx(0.7 ** (11 / 12), abs=0.01)
    first = DataFrame({"customer": customer, "hit": hit}).groupby("customer")["hit"]
    assert (first.cummax() == hit).all(), "once the default lies within a year it does so on all later dates"


def test_the_true_area_is_that_of_all_pairs():
    pds = np.array([0.1, 0.4, 0.4, 0.2])
    above = (pds[:, None] > pds) + 0.5 * (pds[:, None] == pds)
    weight = pds[:, None] * (1 - pds)
    assert truth.true_auc(pds, n_dates=1) == pytest.approx((above * weight).sum() / weight.sum())
    assert truth.true_auc(np.full(5, 0.2), n_dates=12) == 0.5


def test_a_measure_that_is_called_once_says_the_same_as_each_time():
    portfolio = truth.Portfolio.of(120, "demo")
    once, rng = sizes.Once(portfolio), np.random.default_rng(3)
    for _ in range(12):
        outcome = truth.drawn(portfolio.pds, rng)
        rows = portfolio.rows.assign(customer_id=[f"c{k:04d}" for k in range(120)], is_default=outcome)
        evidence = Evidence(rows, truth.SETTINGS, np.random.default_rng(0), truth.GRADES)
        assert once.results(outcome) == {name: BATTERY[name].function(evidence) for name in sizes.DEPENDS_ON}
    assert len(once.known) < 12 * len(sizes.DEPENDS_ON)


def test_every_p_value_of_the_battery_is_among_the_facts():
    tests = {member.name for member in BATTERY if member.spec.label_en.endswith(", p-value")}
    tried = {trial.test for trial in trials.TRIALS} | set(sizes.DEPENDS_ON) | {"normal_multi_year"}
    assert tests - tried == {"concentration_exposure"}, "the formula of concentration_number with other shares"


def test_what_is_not_computed_does_not_reject():
    found = DataFrame({"scenario": ["right"] * 4, "jeffreys": [0.04, 0.004, np.nan, 0.5], sizes.LIGHT: "green"})
    told = sizes.rejections(found).set_index("level")
    assert told["ratio"].to_dict() == {0.05: 0.5, 0.01: 0.25}
    assert told["not_computed"].tolist() == [0.25, 0.25]


def test_years_are_drawn_anew_and_the_pds_meet_them():
    found = sizes.several_years(200, n_draws=60, seed=4).groupby("scenario")
    assert (found["years_10"].median()[["half", "half_common"]] < 0.05).all()
    assert (found["years_3"].median()[["right", "right_common"]] > 0.1).all()


def test_grades_are_rejected_as_often_as_the_law_of_defaults_says():
    told = sizes.by_grade(350, "wide")
    one = told.set_index("grade").loc["A"]
    n, rate = int(one["n_rows"]), one["pd_mean"]
    d = np.arange(n + 1)
    p = betainc(d + 0.5, n - d + 0.5, rate)
    assert one["jeffreys_right_5"] == pytest.approx(binom.pmf(d, n, rate)[p < 0.05].sum())
    assert one["jeffreys_half_1"] == pytest.approx(binom.pmf(d, n, 2 * rate)[p < 0.01].sum())
    assert one["jeffreys_right_5"] > 0.05, "too often: one default is enough"
    assert (told["binomial_right_5"] <= 0.05).all()
    assert (told["binomial_right_1"] <= 0.01).all()


def test_raw_tests_of_many_grades_reject_more_often_than_adjusted_ones():
    told = sizes.family(350, "wide", n_draws=200, seed=1).set_index(["scenario", "level"])
    assert (told["raw"] >= told["holm"]).all()
    assert told.loc[("right", 0.05), "raw"] > 0.2 > told.loc[("right", 0.05), "holm"]
    assert set(told["n_grades"]) == {8}


@pytest.mark.parametrize("design", coverage.DESIGNS)
def test_intervals_are_tried_on_samples_of_the_design(design):
    found = coverage.held(design, 300, n_draws=3, seed=2)
    assert found.isin([0.0, 1.0]).all(axis=None)
    assert ("auc_hanley_mcneil" in found) == (design != "twelve_dates")
    pd.testing.assert_frame_equal(found, coverage.held(design, 300, n_draws=3, seed=2))


def test_the_exact_interval_of_a_rate_holds_it_at_least_as_often_as_said():
    found = coverage.of_rates((50, 200), (0.005, 0.05))
    assert (found["clopper_pearson"] >= 0.95).all()
    assert found.loc[3, "wilson_common"] < found.loc[3, "wilson"], "a common factor spreads the rate"
    d = np.arange(51)
    low, high = coverage.jeffreys_interval(50, d, 0.95)
    inside = (low <= 0.05) & (high >= 0.05)
    assert found.loc[1, "jeffreys"] == pytest.approx(binom.pmf(d, 50, 0.05)[inside].sum())
    assert coverage._with_factor(50, 0.05).sum() == pytest.approx(1)


@pytest.mark.parametrize("trial", trials.TRIALS, ids=lambda trial: f"{trial.test}: {trial.holds}")
def test_a_trial_gives_shares_that_a_seed_repeats(trial):
    told = trials.tried(trial, 60, n_draws=2, seed=5)
    assert told == trials.tried(trial, 60, n_draws=2, seed=5)
    assert [(line["is_false"], line["level"]) for line in told] == [(w, x) for w in (False, True) for x in sizes.LEVELS]
    assert all(0 <= line["ratio"] <= 1 for line in told)


def test_pairs_of_grades_from_counts_are_those_of_the_members():
    one, rng = trials.demo(300), np.random.default_rng(6)
    for _ in range(5):
        outcome = truth.drawn(one.pds, rng)
        found, evidence = trials.pairs(one, outcome), one.evidence(outcome)
        assert found["p_fisher"].fillna(1.0).max() == truth.p_value("grade_heterogeneity", evidence)
        assert found["p_inverse_adjusted"].min() == truth.p_value("grade_inversion", evidence)


@pytest.mark.parametrize(
    ("place", "n"), [(0, 500), (2, 500), (5, 3000), (6, 3000), (7, 5000), (9, 500), (11, 1500)], ids=str
)
def test_a_hypothesis_that_is_false_is_rejected_more_often(place, n):
    told = trials.tried(trials.TRIALS[place], n, n_draws=12, seed=1)
    ratio = {line["is_false"]: line["ratio"] for line in told if line["level"] == 0.05}
    assert ratio[True] > ratio[False]


def test_a_share_above_its_level_stands_out():
    shares = pd.Series({0.05: 0.062, 0.01: 0.012})
    assert facts._pair(shares, 2000) == "**6.2** / 1.2"
    assert facts._pair(shares, 100) == facts._pair(shares, None) == "6.2 / 1.2"


def test_tables_are_put_between_their_markers_only():
    page = "a\n<!-- facts: rates -->\nold | 1\n<!-- end -->\nb\n<!-- facts: others -->\n<!-- end -->\nc"
    made = facts.with_blocks(page, {"rates": r"| \1 |", "others": "x"})
    assert made == "a\n<!-- facts: rates -->\n| \\1 |\n<!-- end -->\nb\n<!-- facts: others -->\nx\n<!-- end -->\nc"
    assert facts.with_blocks(made, {"rates": r"| \1 |"}) == made
    with pytest.raises(ValueError, match="facts: lights"):
        facts.with_blocks(page, {"lights": "x"})


def test_the_command_fills_every_table_of_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(facts, "SMALL", ((60,), 2))
    page = tmp_path / "page.md"
    page.write_text("".join(f"<!-- facts: {name} -->\n<!-- end -->\n" for name in NAMES), encoding="utf-8")
    facts.main(["--write", str(page)])
    made, printed = _tables(page.read_text(encoding="utf-8")), capsys.readouterr().out
    assert [len(made[name]) for name in NAMES] == [11, 3, 4, 10, 14, 8, 6, 7]
    assert all("\n".join(lines) in printed for lines in made.values())


def test_the_page_holds_the_full_facts_of_every_table():
    told = _tables(PAGE.read_text(encoding="utf-8"))
    assert tuple(told) == NAMES
    for name in ("calibration", "traffic light", "families", "others", "coverage", "verdicts"):
        text, sizes_told = "\n".join(told[name]), facts.FULL[0][: 2 if name in ("others", "verdicts") else None]
        assert all(f"| {n:,} |" in text for n in sizes_told), name
    named = {line.split(" | ")[0].removeprefix("| ") for line in told["calibration"] + told["others"]}
    tests = {*(facts.label(trial.test) for trial in trials.TRIALS), *map(facts.label, sizes.DEPENDS_ON)}
    assert tests - named == {facts.label(sizes.LIGHT)}


def _tables(page):
    found = re.findall(r"<!-- facts: ([a-z ]+) -->\n(.*?)\n<!-- end -->", page, re.DOTALL)
    return {name: text.splitlines() for name, text in found}
