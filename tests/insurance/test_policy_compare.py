"""Options side by side: hand-made events whose every figure can be checked on paper, and what must always hold."""

from dataclasses import replace

import numpy as np
import pytest

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.insurance.compare import compare_policies, losses, options_on, quote_row, quotes, retention_reasons
from riskresearch.insurance.events import N_MONTHS, Events
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.options import priced, self_insured
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.simulation import simulate

HAND_TERMS = (
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "buyer_limit", "discretionary_limit_amount": 20},
    {"kind": "aggregate_first_loss", "amount": 30},
    {"kind": "maximum_liability", "amount": 100},
    {"kind": "premium", "rate_ratio": 0.01},
    {"kind": "fees", "per_limit_amount": 0.5, "fixed_amount": 0.5},
    {"kind": "premium_tax", "rate_ratio": 0.1, "taxable_ratio": 0.5},
)
HAND = InsuranceSettings(n_years=2_000, confidence_ratio=0.6, capital_charge_ratio=0.1, quantile_ratios=(0.5,))
SETTINGS = InsuranceSettings(n_years=3_000, confidence_ratio=0.99, quantile_ratios=(0.5, 0.9, 0.99))


@pytest.fixture(scope="session")
def hand_book(make_exposures):
    """Three customers: one named with limit 150, one discretionary, one excluded."""
    return check_exposures(
        make_exposures(
            3,
            exposure_amount=[200.0, 50.0, 40.0],
            buyer_limit_amount=[150.0, None, None],
            turnover_amount=[600.0, 300.0, 500.0],
            is_insurable=[True, True, False],
        ),
        lgd_ratio=0.4,
    )


def hand_made(first, customer, day, *, weights=None):
    """Events that lose all that is owed: customer 0 owes 50 in February and 200 in November, 1 owes 30, 2 owes 10."""
    owed = np.zeros((3, N_MONTHS))
    owed[0, 1], owed[0, 10], owed[1], owed[2] = 50.0, 200.0, 30.0, 10.0
    n = len(customer)
    return Events(
        customer_ids=np.array(["C0000", "C0001", "C0002"], dtype=object),
        exposure=owed,
        first=np.array(first),
        customer=np.array(customer, dtype=np.int32),
        day_ratio=np.array(day, dtype=np.float32),
        lgd_ratio=np.ones(n, dtype=np.float32),
        event=np.array([number % 2 for number in range(n)], dtype=np.int8),
        after_cut_ratio=np.zeros(n, dtype=np.float32),
        n_strata=1,
        weights=weights,
    )


@pytest.fixture(scope="session")
def hand_events():
    """Five years: none; 10 (excluded); 50 and 30 (named, discretionary); 200 (named); none.

    Paid before the year's terms: 0; 0; 45 + 12 = 57; 135; 0. After the first loss 30 and the maximum 100:
    0; 0; 27; 100; 0. Kept: 0; 10; 53; 100; 0.
    """
    return hand_made([0, 0, 1, 3, 4, 4], [2, 0, 1, 0], [0.5, 0.1, 0.2, 0.9])


@pytest.fixture(scope="session")
def hand_options(hand_events, hand_book, make_policy):
    return options_on(hand_events, hand_book, [make_policy(HAND_TERMS)], HAND)


@pytest.fixture(scope="session")
def random_book(make_exposures):
    rng = np.random.default_rng(4)
    made = make_exposures(
        80,
        pd_12m=rng.uniform(0, 0.15, 80),
        exposure_amount=rng.lognormal(9, 1, 80),
        lgd_ratio=rng.uniform(0.2, 0.8, 80),
        buyer_limit_amount=np.where(rng.random(80) < 0.6, rng.lognormal(9, 1, 80), np.nan),
        is_insurable=rng.random(80) < 0.9,
    )
    return check_exposures(made, lgd_ratio=0.4)


@pytest.fixture(scope="session")
def random_events(random_book):
    return simulate(random_book, SETTINGS)


def wide_terms(**changed):
    """Terms of a policy that reaches first loss and maximum in some of the simulated years."""
    terms = {
        "insured_percentage": {"named_ratio": 0.9, "discretionary_ratio": 0.6},
        "buyer_limit": {"discretionary_limit_amount": 5_000},
        "aggregate_first_loss": {"amount": 9_000},
        "maximum_liability": {"amount": 60_000},
        "fees": {"per_limit_amount": 20.0, "fixed_amount": 100.0},
    } | changed
    return [{"kind": kind, **fields} for kind, fields in terms.items()]


def test_quote_by_hand(hand_options):
    row = quotes(hand_options, HAND).set_index("option_id").loc["quote"]
    # premium 1 % of 900; fees 0.5 + 0.5; tax 10 % of half of 10
    assert [row.declared_turnover_amount, row.premium_amount, row.fees_amount, row.tax_amount] == [900.0, 9.0, 1.0, 0.5]
    assert row.n_named_limits == 1
    assert row.maximum_liability_amount == 100.0
    assert row.expected_gross_amount == pytest.approx(290 / 5, rel=1e-12)
    assert row.expected_indemnity_amount == pytest.approx(127 / 5, rel=1e-12)
    assert row.expected_retained_amount == pytest.approx(163 / 5, rel=1e-12)
    assert row.var_retained_amount == 10.0  # 0, 0, 10 | 53, 100
    assert row.es_retained_amount == pytest.approx(76.5, rel=1e-12)  # (53 + 100) / 2
    assert row.economic_capital_amount == pytest.approx(76.5 - 32.6, rel=1e-12)
    assert row.full_cost_amount == pytest.approx(10.5, rel=1e-12)
    assert row.total_cost_of_risk_amount == pytest.approx(10.5 + 32.6, rel=1e-12)
    assert row.economic_cost_amount == pytest.approx(43.1 + 0.1 * 43.9, rel=1e-12)
    # without policy: worst two years 80 and 200, capital 140 - 58 = 82
    assert row.capital_freed_amount == pytest.approx(82 - 43.9, rel=1e-12)
    assert row.break_even_premium_amount == pytest.approx((25.4 + 0.1 * (82 - 43.9)) / 1.05 - 1, rel=1e-12)
    assert row.roi_ratio == pytest.approx((25.4 - 10.5) / 10.5, rel=1e-12)
    assert row.risk_adjusted_roi_ratio == pytest.approx((25.4 + 3.81 - 10.5) / 10.5, rel=1e-12)
    assert row.p_first_loss_reached_ratio == pytest.approx(0.4, rel=1e-12)
    assert row.p_maximum_exhausted_ratio == pytest.approx(0.2, rel=1e-12)
    assert row.loss_ratio == pytest.approx(25.4 / 9, rel=1e-12)
    assert row.expected_indemnity_amount_se == pytest.approx(np.std([0, 0, 27, 100, 0], ddof=1) / np.sqrt(5), rel=1e-12)
    assert row.loss_ratio_se == pytest.approx(row.expected_indemnity_amount_se / 9, rel=1e-12)
    assert row.roi_ratio_se == pytest.approx(row.expected_indemnity_amount_se / 10.5, rel=1e-12)


def test_break_even_interval_by_hand(hand_options):
    """Yearly benefit: indemnity + 0.1 (shortfall scores - losses, without policy less with it); over 1 + tax."""
    row = quotes(hand_options, HAND).iloc[1]
    gross, kept = np.array([0, 10, 80, 200, 0]), np.array([0, 10, 53, 100, 0])
    without = 10 + np.maximum(gross - 10, 0) / 0.4 - gross  # value at risk 10 in both cases
    with_policy = 10 + np.maximum(kept - 10, 0) / 0.4 - kept
    yearly = (np.array([0, 0, 27, 100, 0]) + 0.1 * (without - with_policy)) / 1.05
    error = yearly.std(ddof=1) / np.sqrt(5)
    assert row.break_even_premium_amount_se == pytest.approx(error, rel=1e-12)
    assert row.break_even_premium_low_amount == pytest.approx(yearly.mean() - 1 - 1.959964 * error, rel=1e-6)
    assert row.break_even_premium_high_amount == pytest.approx(yearly.mean() - 1 + 1.959964 * error, rel=1e-6)


def test_self_insurance_row_by_hand(hand_options):
    row = quotes(hand_options, HAND).iloc[0]
    assert row.option_id == "self_insurance"
    assert row.status_code == "ok"
    assert [row.premium_amount, row.fees_amount, row.tax_amount, row.expected_indemnity_amount] == [0.0] * 4
    assert row.total_cost_of_risk_amount == pytest.approx(58.0, rel=1e-12)
    assert row.economic_cost_amount == pytest.approx(58 + 0.1 * (140 - 58), rel=1e-12)
    assert row.capital_freed_amount == 0.0
    empty = ["break_even_premium_amount", "loss_ratio", "p_first_loss_reached_ratio", "roi_ratio"]
    assert row[empty].isna().all()


def test_retention_by_hand(hand_options):
    table = retention_reasons(hand_options).set_index(["option_id", "reason_code"])["expected_amount"]
    kept = {
        "no_cover": 10,
        "over_limit": 10 + 50,
        "insured_share": 5 + 8 + 15,
        "aggregate_first_loss": 60,
        "maximum_liability": 5,
    }
    found = (table["quote"] * 5).to_dict()
    assert {reason: amount for reason, amount in found.items() if amount} == pytest.approx(kept, rel=1e-12)
    assert table["self_insurance"].to_dict() == pytest.approx({"no_policy": 58.0}, rel=1e-12)


def test_customers_by_hand(hand_options):
    covers = hand_options[1].covers.set_index("customer_id")
    assert covers["cover_code"].tolist() == ["named", "discretionary", "not_insurable"]
    # year 2 draws the first loss in the order of the dates: 30 of the 45, so 15 and 12 are paid
    assert covers["expected_indemnity_amount"].tolist() == pytest.approx([115 / 5, 12 / 5, 0], rel=1e-12)
    # worst years: (50 - 15, 30 - 12) and (200 - 100), half each
    assert covers["es_retained_contribution_amount"].tolist() == pytest.approx([67.5, 9.0, 0.0], rel=1e-12)


def test_waiting_bonus_and_own_work_by_hand(hand_events, hand_book, make_policy):
    """Events alternate insolvency (10, 30) and protracted default (50, 200); the bonus is for years without claim."""
    policy = make_policy(
        [
            *HAND_TERMS,
            {"kind": "waiting_period", "insolvency_days": 36, "protracted_default_days": 180, "political_days": 0},
            {"kind": "bonus", "loss_ratio_bar": 0.0, "share_ratio": 0.2},
        ]
    )
    chosen = HAND.model_copy(update={"financing_rate_ratio": 0.1, "own_admin_amount": 2.0})
    option = priced(hand_events, hand_book, policy, chosen)
    # 15 waits 180 days, 12 waits 36; 100 waits 180
    assert option.financing == pytest.approx([0, 0, 15 * 0.05 + 12 * 0.01, 100 * 0.05, 0], rel=1e-12)
    assert option.adjustment == pytest.approx([-1.8, -1.8, 0, 0, -1.8], rel=1e-12)
    row = quote_row(option, self_insured(hand_events, hand_book, chosen), chosen)
    full = 10.5 + 2.0 + (0.87 + 5.0) / 5 - 5.4 / 5
    assert row["full_cost_amount"] == pytest.approx(full, rel=1e-12)
    assert row["total_cost_of_risk_amount"] == pytest.approx(full + 32.6, rel=1e-12)
    assert row["roi_ratio"] == pytest.approx((25.4 - full) / full, rel=1e-12)
    # (P + 1) 1.05 - 0.6 x 0.2 P + 1.174 + 2 = 25.4 + 0.1 x 38.1
    assert row["break_even_premium_amount"] == pytest.approx((29.21 - 3.174 - 1.05) / (1.05 - 0.12), rel=1e-9)


def test_top_up_by_hand(hand_events, hand_book, make_policy):
    """The top-up covers 20 % of the named limit 150 above it: 30 of the 50 that exceed it, at 90 %."""
    top_up = make_policy(
        [
            {"kind": "top_up_limit", "limit_ratio": 0.2},
            {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.0},
            {"kind": "premium", "rate_ratio": 0, "minimum_amount": 3.0},
        ],
        kind="top_up",
        policy_id="above",
        underlying_policy_id="quote",
    )
    options = options_on(hand_events, hand_book, [make_policy(HAND_TERMS), top_up], HAND)
    both = options[2]
    assert both.indemnity == pytest.approx([0, 0, 27, 127, 0], rel=1e-12)
    assert both.reasons["over_limit"].tolist() == [0, 0, 10, 0, 0]  # the discretionary customer has no top-up
    assert both.reasons["over_top_up_limit"] == pytest.approx([0, 0, 0, 20, 0], rel=1e-12)
    assert both.reasons["insured_share"] == pytest.approx([0, 0, 13, 18, 0], rel=1e-12)
    assert sum(both.reasons.values()) == pytest.approx(both.retained, rel=1e-12)
    assert both.cost.premium_amount == pytest.approx(12.0, rel=1e-12)
    assert [layer.indemnity.sum() for layer in both.layers] == pytest.approx([127.0, 27.0], rel=1e-12)
    assert both.covers["limit_amount"].tolist() == [180.0, 20.0, 0.0]
    with pytest.raises(SettingsError, match="its underlying policy quote is not among the compared policies"):
        options_on(hand_events, hand_book, [top_up], HAND)


def test_later_recoveries_are_shared_by_hand(hand_book, make_policy):
    """Customer 0 owes 200 and recovers 40 % late at a cost of 10 %: 72 net come back on 200, 36 % to each party."""
    events = replace(hand_made([0, 1, 1], [0], [0.9]), lgd_ratio=np.array([0.6], dtype=np.float32))
    chosen = HAND.model_copy(update={"collection_cost_ratio": 0.1})
    option = priced(events, hand_book, make_policy(HAND_TERMS[:2]), chosen)
    assert option.gross == pytest.approx([128, 0], rel=1e-6)
    assert option.insurer_recovery == pytest.approx([135 * 0.36, 0], rel=1e-6)
    assert option.indemnity == pytest.approx([135 * 0.64, 0], rel=1e-6)
    assert option.reasons["over_limit"] == pytest.approx([50 * 0.64, 0], rel=1e-6)
    assert self_insured(events, hand_book, chosen).retained == pytest.approx([128, 0], rel=1e-6)


def test_weights_count_as_often_as_the_year_is_there(hand_book, make_policy):
    """Years with probabilities 1, 2 and 3 sixths give the figures of six years, the second twice, the third thrice."""
    weighted = hand_made([0, 0, 2, 3], [0, 1, 0], [0.1, 0.2, 0.9], weights=np.array([1, 2, 3]) / 6)
    repeated = hand_made([0, 0, 2, 4, 5, 6, 7], [0, 1, 0, 1, 0, 0, 0], [0.1, 0.2, 0.1, 0.2, 0.9, 0.9, 0.9])
    first, again = (
        compare_policies(events, hand_book, [make_policy(HAND_TERMS)], HAND) for events in (weighted, repeated)
    )
    shown = [name for name in first.select_dtypes("number") if "_se" not in name and "_low_" not in name]
    for name in [name for name in shown if "_high_" not in name]:
        assert first[name].to_list() == pytest.approx(again[name].to_list(), rel=1e-12, nan_ok=True), name
    covers, covers_again = (
        priced(events, hand_book, make_policy(HAND_TERMS), HAND).covers for events in (weighted, repeated)
    )
    for name in ("expected_indemnity_amount", "es_retained_contribution_amount"):
        assert covers[name].to_list() == pytest.approx(covers_again[name].to_list(), rel=1e-12)


def test_shifted_years_tell_the_same_story(random_book, make_policy):
    """More bad years, weighted down: every figure within four standard errors, a sharper tail."""
    plain = SETTINGS.model_copy(update={"n_years": 20_000})
    shifted = plain.model_copy(update={"factor_shift": -1.0})
    first, again = (
        compare_policies(simulate(random_book, one), random_book, [make_policy(wide_terms())], one)
        for one in (plain, shifted)
    )
    for name in ("expected_retained_amount", "es_retained_amount", "economic_cost_amount", "p_maximum_exhausted_ratio"):
        error = np.hypot(first[f"{name}_se"], again[f"{name}_se"])[1]
        assert abs(first[name][1] - again[name][1]) < 4 * error, name
    assert again["es_retained_amount_se"][1] < first["es_retained_amount_se"][1]


ADJUSTMENTS = {
    "none": {},
    "profit_share": {"profit_share": {"premium_share_ratio": 0.6, "share_ratio": 0.5}},
    "bonus": {"bonus": {"loss_ratio_bar": 0.2, "share_ratio": 0.15}},
    "malus": {"malus": {"steps": [{"loss_ratio": 0.8, "surcharge_ratio": 0.1}]}},
}


@pytest.mark.parametrize("tax", [0.0, 0.09])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_at_the_break_even_premium_both_ways_cost_the_same(random_events, random_book, make_policy, tax, adjustment):
    def policy(premium):
        return make_policy(
            wide_terms(
                premium_tax={"rate_ratio": tax},
                premium={"rate_ratio": 0, "minimum_amount": premium},
                waiting_period={"insolvency_days": 30, "protracted_default_days": 150, "political_days": 180},
                **ADJUSTMENTS[adjustment],
            )
        )

    first = compare_policies(random_events, random_book, [policy(1.0)], SETTINGS)
    premium = float(first["break_even_premium_amount"].iloc[1])
    assert premium > 0
    costs = compare_policies(random_events, random_book, [policy(premium)], SETTINGS)["economic_cost_amount"]
    # a bonus or malus by steps jumps by a year at a time: share x premium / number of years
    step = 0.15 * premium / 3_000 if adjustment in ("bonus", "malus") else 0.0
    assert costs.iloc[1] == pytest.approx(costs.iloc[0], rel=1e-9, abs=step)
    dearer = compare_policies(random_events, random_book, [policy(premium * 1.01)], SETTINGS)["economic_cost_amount"]
    assert dearer.iloc[1] > dearer.iloc[0]


def test_break_even_error_is_that_of_repeated_simulations(random_book, make_policy):
    policy = make_policy(wide_terms(profit_share={"premium_share_ratio": 0.6, "share_ratio": 0.5}))
    rows = []
    for seed in range(40):
        chosen = SETTINGS.model_copy(update={"seed": seed})
        rows.append(compare_policies(simulate(random_book, chosen), random_book, [policy], chosen).iloc[1])
    found = np.array([row.break_even_premium_amount for row in rows])
    stated = np.array([row.break_even_premium_amount_se for row in rows])
    assert 0.7 < found.std(ddof=1) / stated.mean() < 1.4
    low, high = (np.array([row[f"break_even_premium_{end}_amount"] for row in rows]) for end in ("low", "high"))
    assert np.mean((low < found.mean()) & (found.mean() < high)) >= 0.85


def test_ranks_may_disagree(random_events, random_book, make_policy):
    """A dear policy that takes the bad years off loses by total cost and wins by economic cost."""
    terms = wide_terms(
        insured_percentage={"named_ratio": 1.0, "discretionary_ratio": 1.0},
        buyer_limit={"discretionary_limit_amount": 1e6},
        aggregate_first_loss={"amount": 20_000},
        maximum_liability={"amount": 1e9},
    )
    charge = SETTINGS.model_copy(update={"capital_charge_ratio": 0.2})
    cheap = priced(random_events, random_book, make_policy(terms), charge)
    premium = float(cheap.mean(cheap.indemnity)) * 1.2
    dear = make_policy([*terms, {"kind": "premium", "rate_ratio": 0, "minimum_amount": premium}])
    table = compare_policies(random_events, random_book, [dear], charge).set_index("option_id")
    assert table["total_cost_rank"].to_dict() == {"self_insurance": 1, "quote": 2}
    assert table["economic_cost_rank"].to_dict() == {"self_insurance": 2, "quote": 1}
    assert table.loc["quote", "roi_ratio"] < 0 < table.loc["quote", "risk_adjusted_roi_ratio"]


def test_parts_add_up_in_every_table(random_book, make_policy):
    chosen = SETTINGS.model_copy(
        update={
            "collection_cost_ratio": 0.1,
            "cuts": SETTINGS.cuts.model_copy(update={"probability_ratio": 0.4}),
            "factor_shift": -0.5,
        }
    )
    events = simulate(random_book, chosen)
    policies = [
        make_policy(wide_terms(threshold={"amount": 500}), order=order, policy_id=f"quote_{order.lower()}")
        for order in "ABC"
    ]
    options = options_on(events, random_book, policies, chosen)
    table = quotes(options, chosen).set_index("option_id")
    kept = retention_reasons(options).groupby("option_id")["expected_amount"].sum()
    for option in options:
        row, covers = table.loc[option.option_id], option.covers
        assert option.indemnity + option.retained == pytest.approx(option.gross, rel=1e-12)
        assert sum(option.reasons.values()) == pytest.approx(option.retained, rel=1e-9, abs=1e-6)  # sums of cents
        assert (option.gross == options[0].gross).all()
        assert kept[option.option_id] == pytest.approx(row.expected_retained_amount, rel=1e-10)
        assert covers["es_retained_contribution_amount"].sum() == pytest.approx(row.es_retained_amount, rel=1e-10)
        parts = row.premium_amount + row.fees_amount + row.tax_amount + row.adjustment_amount + row.financing_amount
        assert row.full_cost_amount == pytest.approx(parts + row.admin_amount, rel=1e-12)
        for quantity in ("gross", "indemnity", "retained"):
            name = f"expected_{quantity}_amount"
            assert covers[name].sum() == pytest.approx(row[name], rel=1e-10, abs=1e-9)
    paid = table["expected_indemnity_amount"]
    assert paid["quote_b"] > 0
    assert paid["quote_a"] < paid["quote_c"], "a first loss on losses is used up sooner"


def test_table_of_losses_holds_quantiles_between_their_bounds(random_events, random_book, make_policy):
    options = options_on(random_events, random_book, [make_policy([])], SETTINGS)
    table = losses(options, SETTINGS, exact={("quote", "gross"): 7.0}).set_index(
        ["option_id", "quantity_code", "statistic_code", "confidence_ratio"]
    )
    quantile = table.xs("quantile", level="statistic_code")
    assert (quantile["low_amount"] <= quantile["value_amount"]).all()
    assert (quantile["value_amount"] <= quantile["high_amount"]).all()
    gross = np.sort(options[0].gross)
    assert quantile.loc[("self_insurance", "gross", 0.9), "value_amount"] == gross[2_699]
    shortfall = table.loc[("quote", "gross", "expected_shortfall", 0.99), "value_amount"]
    assert shortfall == pytest.approx(gross[-30:].mean(), rel=1e-12)
    assert table["exact_amount"].dropna().to_dict() == {("quote", "gross", "mean", 0.0): 7.0}


def test_exposures_of_other_customers_are_refused(random_events, hand_book, make_policy):
    with pytest.raises(TableError, match="3 customers are not the 80 of the simulated events"):
        priced(random_events, hand_book, make_policy([]), SETTINGS)


def test_two_options_with_one_code_are_refused(hand_events, hand_book, make_policy):
    with pytest.raises(SettingsError, match=r"\['quote'\] given more than once"):
        options_on(hand_events, hand_book, [make_policy([]), make_policy([])], HAND)


@pytest.mark.parametrize(
    ("basis", "payouts", "surcharges"),
    [("including", [0, 0, 96, 150, 0], [0, 0, 45, 45, 0]), ("excluding", [0, 0, 80, 150, 0], [0, 0, 0, 45, 0])],
)
def test_loss_ratio_and_malus_look_at_what_the_insurer_pays(
    hand_events, hand_book, make_policy, basis, payouts, surcharges
):
    """VAT 20 %, premium 90, malus from a loss ratio of 1: 96 / 90 with VAT reaches it, 80 / 90 without does not."""
    terms = [
        {"kind": "vat_basis", "basis_code": basis},
        {"kind": "buyer_limit", "discretionary_limit_amount": 1_000},
        {"kind": "premium", "rate_ratio": 0.1},
        {"kind": "malus", "steps": [{"loss_ratio": 1.0, "surcharge_ratio": 0.5}]},
    ]
    book = hand_book.assign(vat_ratio=0.2)
    options = options_on(hand_events, book, [make_policy(terms)], HAND)
    option, row = options[1], quotes(options, HAND).iloc[1]
    vat = 1.2 if basis == "including" else 1.0
    assert option.contract_indemnity == pytest.approx(payouts, rel=1e-12)
    assert option.indemnity == pytest.approx(np.array(payouts) / vat, rel=1e-12)
    assert option.adjustment == pytest.approx(surcharges, rel=1e-12)
    assert option.adjustment_at(90.0) == pytest.approx(surcharges, rel=1e-12)
    assert row.loss_ratio == pytest.approx(sum(payouts) / 5 / 90, rel=1e-12)
    full = 90 + sum(surcharges) / 5
    assert row.roi_ratio == pytest.approx((sum(payouts) / vat / 5 - full) / full, rel=1e-12)
