"""The optimum beside simple rules at the same expected shortfall, its frontier, and years it was not chosen on."""

import numpy as np
import pytest
from optimiser_books import ECONOMICS, bounded, random_book, random_years

from riskresearch.limits.optimise.budgets import Budgets
from riskresearch.limits.optimise.compare import equal_scale
from riskresearch.limits.optimise.optimum import optimise
from riskresearch.limits.optimise.outcome import outcome
from riskresearch.limits.optimise.rows import risk
from riskresearch.limits.optimise.rules import SIMPLE_RULES
from riskresearch.limits.optimise.scenarios import default_scenarios
from riskresearch.limits.optimise.tables import OPTIMISER_TABLES, optimised_tables

RULES = set(SIMPLE_RULES.names)


def _tables(seed, *, n_customers=60, **more):
    customers = random_book(n_customers, seed)
    years, fresh = (random_years(customers, seed + place) for place in (100, 200))
    free = optimise(customers, Budgets(confidence_ratio=0.95), years, **ECONOMICS).outcome.totals()
    budgets = bounded(free, **{"concentrations": (), "total_amount": None, "expected_loss_amount": None, **more})
    return optimised_tables(customers, budgets, years, fresh=fresh, **ECONOMICS, n_points=3)


@pytest.mark.parametrize("seed", range(10))
def test_at_equal_shortfall_no_simple_rule_earns_more_than_the_optimum(seed):
    lines = _tables(seed)["optimiser_comparison"].set_index("rule_code")
    rules = lines.loc[sorted(RULES)]
    assert rules["is_equal_shortfall"].all()
    assert rules["shortfall_amount"].to_numpy() == pytest.approx(lines.at["optimum", "shortfall_amount"], rel=1e-9)
    best_rule = rules.loc[rules["net_value_amount"].idxmax()]
    assert lines.at["optimum", "net_value_amount"] >= best_rule["net_value_amount"]
    assert lines.at["optimum", "margin_amount"] >= best_rule["margin_amount"]
    assert rules["gap_amount"].min() == pytest.approx(
        lines.at["optimum", "net_value_amount"] - best_rule["net_value_amount"]
    )


def test_with_other_budgets_the_fair_rival_is_the_optimum_under_the_shortfall_alone():
    lines = _tables(3, total_amount=300_000.0)["optimiser_comparison"].set_index("rule_code")
    assert lines.at["optimum", "n_budgets_exceeded"] == 0
    assert lines.at["optimum_shortfall", "gap_amount"] < 0
    assert (lines.loc[sorted(RULES), "net_value_amount"] <= lines.at["optimum_shortfall", "net_value_amount"]).all()
    assert (lines["n_budgets_exceeded"].drop("optimum") > 0).any()


def test_fresh_years_are_those_of_the_same_limits():
    lines = _tables(5, n_customers=30)["optimiser_comparison"].set_index("rule_code")
    customers = random_book(30, 5)
    found = optimise(customers, Budgets(confidence_ratio=0.95), random_years(customers, 205), **ECONOMICS)
    need = customers["need_amount"].to_numpy()
    again = np.clip(lines.at["need_share", "scale"] * need, found.problem.lower, found.problem.upper)
    assert lines.at["need_share", "fresh_shortfall_amount"] == pytest.approx(found.risk.shortfall(again), rel=1e-9)
    assert lines.at["optimum_shortfall", "fresh_net_value_amount"] == lines.at["optimum_shortfall", "net_value_amount"]
    assert lines.loc[sorted(RULES), "fresh_net_value_amount"].notna().all()


def test_drawing_more_bad_years_leaves_less_of_the_shortfall_to_fresh_years():
    customers = random_book(100, 8)
    known = customers.set_index("customer_id")["pd_12m"]

    def years(seed, n_scenarios, tail_ratio):
        rng = np.random.default_rng(seed)
        plan = {"correlation_ratio": 0.12, "n_scenarios": n_scenarios, "tail_ratio": tail_ratio}
        return default_scenarios(known, rng=rng, **plan)

    fresh, left_out = years(99, 10_000, 0.05), {}
    for tail_ratio in (0.05, 0.5):
        parts = []
        for seed in range(3):
            chosen_on = years(seed, 1_000, tail_ratio)
            free = optimise(customers, Budgets(), chosen_on, **ECONOMICS)
            budgets = Budgets(shortfall_amount=0.4 * free.outcome.shortfall)
            found = optimise(customers, budgets, chosen_on, **ECONOMICS)
            parts.append(
                risk(found.problem, budgets, fresh).shortfall(found.outcome.limits) / found.outcome.shortfall - 1
            )
        left_out[tail_ratio] = np.mean(parts)
    assert left_out[0.5] > 0.1
    assert abs(left_out[0.05]) < 0.5 * left_out[0.5]


def test_an_empty_book_has_empty_tables_and_no_error():
    customers = random_book(5, 1).iloc[:0]
    years = random_years(customers, 1, n_scenarios=10)
    budgets = Budgets(shortfall_amount=1.0, expected_loss_amount=1.0)
    found = optimised_tables(customers, budgets, years, fresh=years, **ECONOMICS)
    assert found["optimised_limits"].empty
    assert found["optimiser_conflicts"].empty
    assert (found["optimiser_comparison"]["net_value_amount"] == 0).all()


def test_the_frontier_rises_and_flattens():
    found = _tables(2)
    points = found["optimiser_frontier"]
    budgets, values = points["budget_amount"].to_numpy(), points["net_value_amount"].to_numpy()
    assert (np.diff(budgets) > 0).all()
    slopes = np.diff(values) / np.diff(budgets)
    assert (slopes >= -1e-9).all()
    assert (np.diff(slopes) <= 1e-6).all()
    prices = points["price"].to_numpy()
    assert (np.diff(prices) <= 1e-6).all()
    assert (slopes <= prices[:-1] + 1e-6).all()
    assert (slopes >= prices[1:] - 1e-6).all()
    asked = points[points["is_asked"]]
    own = found["optimiser_comparison"].set_index("rule_code").loc["optimum"]
    assert asked["net_value_amount"].tolist() == [own["net_value_amount"]]


def test_tables_are_those_declared_and_add_up():
    found = _tables(7, n_customers=30)
    assert list(found) == [table.name for table in OPTIMISER_TABLES]
    for table in OPTIMISER_TABLES:
        assert list(found[table.name].columns) == table.names
    limits, line = found["optimised_limits"], found["optimiser_comparison"].set_index("rule_code").loc["optimum"]
    assert limits["net_value_amount"].sum() == pytest.approx(line["net_value_amount"])
    assert limits["shortfall_part_amount"].sum() == pytest.approx(line["shortfall_amount"])


def _problem(seed=1):
    customers = random_book(20, seed).assign(floor_amount=0.0)
    found = optimise(customers, Budgets(confidence_ratio=0.95), random_years(customers, seed), **ECONOMICS)
    return customers, found


@pytest.mark.parametrize("rule", SIMPLE_RULES.names)
def test_every_rule_grants_more_with_a_larger_number_and_nothing_at_0(rule):
    customers, _ = _problem()
    function = SIMPLE_RULES[rule].function
    amounts = np.array([function(customers, scale) for scale in (0.0, 0.2, 0.5, 0.9)])
    assert (amounts[0] == 0).all()
    assert (np.diff(amounts, axis=0) >= 0).all()
    assert (amounts[-1] > 0).any()


def test_rules_without_their_column_are_left_out():
    customers, _ = _problem()
    bare = customers.drop(columns=["net_worth_amount", "score_factor"]).assign(current_limit_amount=np.nan)
    years = random_years(bare, 1)
    lines = optimised_tables(bare, Budgets(), years, **ECONOMICS, n_points=1)["optimiser_comparison"]
    assert set(lines["rule_code"]) == {"optimum", "optimum_shortfall", "need_share", "equal_limit", "pd_cut_off"}
    assert lines["fresh_shortfall_amount"].isna().all()


def test_rules_by_hand():
    customers, _ = _problem()
    rows = customers.head(4).assign(
        need_amount=[100.0, 200.0, 300.0, 400.0],
        pd_12m=[0.01, 0.02, 0.02, 0.05],
        net_worth_amount=[500.0, -50.0, np.nan, 9_000.0],
        score_factor=[1.0, 0.5, 0.5, 0.0],
    )
    granted = {name: SIMPLE_RULES[name].function(rows, 0.5).tolist() for name in ("need_share", "equal_limit")}
    assert granted == {"need_share": [50, 100, 150, 200], "equal_limit": [125, 125, 125, 125]}
    assert SIMPLE_RULES["net_worth_share"].function(rows, 0.5).tolist() == [25, 0, 150, 450]
    assert SIMPLE_RULES["score_matrix"].function(rows, 2.0).tolist() == [200, 200, 300, 0]
    # 35 % of all needs of 1,000: 100 to the best, the other 250 shared alike by those with the second PD (half of need)
    assert SIMPLE_RULES["pd_cut_off"].function(rows, 0.35).tolist() == [100, 100, 150, 0]


def test_a_rule_that_cannot_risk_as_much_says_so():
    customers, _ = _problem()
    half = customers.assign(score_factor=np.where(np.arange(20) < 10, 1.0, 0.0))
    lines = optimised_tables(half, Budgets(confidence_ratio=0.95), random_years(half, 1), **ECONOMICS, n_points=1)
    line = lines["optimiser_comparison"].set_index("rule_code").loc["score_matrix"]
    assert not line["is_equal_shortfall"]
    assert line["n_customers"] == 10
    assert 1.0 <= line["scale"] * 1.0000001 < 1.6  # from there on every limit of the first ten is at its bound


def test_the_equal_number_is_the_largest_that_keeps_the_shortfall():
    _, found = _problem(3)
    asked, risk = found.problem, found.risk
    target = 0.4 * found.outcome.shortfall

    def grants(scale):
        return np.clip(scale * asked.column("need_amount"), asked.lower, asked.upper)

    scale = equal_scale(grants, asked, risk, target)
    assert outcome(asked, grants(scale), risk=risk).shortfall == pytest.approx(target, rel=1e-12)
    assert risk.shortfall(grants(scale * (1 + 1e-9))) > target
