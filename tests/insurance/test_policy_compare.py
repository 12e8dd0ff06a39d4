"""Options side by side: hand-made events whose every figure can be checked on paper, and what must always hold."""

import numpy as np
import pytest

from riskresearch.insurance.compare import compare_policies, losses, options_on, quotes, retention_reasons
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.indicators import POLICY_INDICATORS, policy_indicators
from riskresearch.insurance.losses import Events, simulate_losses
from riskresearch.insurance.options import insured

HAND_TERMS = (
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "buyer_limit", "discretionary_limit_amount": 20},
    {"kind": "aggregate_first_loss", "amount": 30},
    {"kind": "maximum_liability", "amount": 100},
    {"kind": "premium", "rate_ratio": 0.01},
    {"kind": "fees", "per_limit_amount": 0.5, "fixed_amount": 0.5},
    {"kind": "premium_tax", "rate_ratio": 0.1, "taxable_ratio": 0.5},
)


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


@pytest.fixture(scope="session")
def hand_events():
    """Five years: none; 10 (excluded); 50 and 30 (named, discretionary); 200 (named); none.

    Paid before the year's terms: 0; 0; 45 + 12 = 57; 135; 0. After the first loss 30 and the maximum 100:
    0; 0; 27; 100; 0. Kept: 0; 10; 53; 100; 0.
    """
    return Events(
        np.array(["C0000", "C0001", "C0002"], dtype=object),
        5,
        1,
        year=np.array([1, 2, 2, 3]),
        customer=np.array([2, 0, 1, 0]),
        day_ratio=np.array([0.5, 0.1, 0.2, 0.9]),
        loss=np.array([10.0, 50.0, 30.0, 200.0]),
    )


@pytest.fixture(scope="session")
def hand_options(hand_events, hand_book, make_policy):
    return options_on(hand_events, exposures=hand_book, policies=[make_policy(HAND_TERMS)], confidence_ratio=0.6)


@pytest.fixture(scope="session")
def random_book(make_exposures):
    rng = np.random.default_rng(4)
    return check_exposures(
        make_exposures(
            80,
            pd_12m=rng.uniform(0, 0.15, 80),
            exposure_amount=rng.lognormal(9, 1, 80),
            lgd_ratio=rng.uniform(0.2, 0.8, 80),
            buyer_limit_amount=np.where(rng.random(80) < 0.6, rng.lognormal(9, 1, 80), np.nan),
            is_insurable=rng.random(80) < 0.9,
        ),
        lgd_ratio=0.4,
    )


@pytest.fixture(scope="session")
def random_events(random_book):
    return simulate_losses(random_book, correlation_ratio=0.2, lgd_concentration=5.0, n_years=3_000, seed=5)


def test_quote_by_hand(hand_options):
    row = quotes(hand_options, capital_charge_ratio=0.1, confidence_ratio=0.6).set_index("option_id").loc["quote"]
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
    assert row.total_cost_of_risk_amount == pytest.approx(10.5 + 32.6, rel=1e-12)
    assert row.economic_cost_amount == pytest.approx(43.1 + 0.1 * 43.9, rel=1e-12)
    # without policy: worst two years 80 and 200, capital 140 - 58 = 82
    assert row.break_even_premium_amount == pytest.approx((25.4 + 0.1 * (82 - 43.9)) / 1.05 - 1, rel=1e-12)
    assert row.p_first_loss_reached_ratio == pytest.approx(0.4, rel=1e-12)
    assert row.p_maximum_exhausted_ratio == pytest.approx(0.2, rel=1e-12)
    assert row.loss_ratio == pytest.approx(25.4 / 9, rel=1e-12)
    assert row.expected_indemnity_amount_se == pytest.approx(np.std([0, 0, 27, 100, 0], ddof=1) / np.sqrt(5), rel=1e-12)
    assert row.loss_ratio_se == pytest.approx(row.expected_indemnity_amount_se / 9, rel=1e-12)


def test_self_insurance_row_by_hand(hand_options):
    row = quotes(hand_options, capital_charge_ratio=0.1, confidence_ratio=0.6).iloc[0]
    assert row.option_id == "self_insurance"
    assert row.status_code == "ok"
    assert [row.premium_amount, row.fees_amount, row.tax_amount, row.expected_indemnity_amount] == [0.0] * 4
    assert row.total_cost_of_risk_amount == pytest.approx(58.0, rel=1e-12)
    assert row.economic_cost_amount == pytest.approx(58 + 0.1 * (140 - 58), rel=1e-12)
    assert row[["break_even_premium_amount", "loss_ratio", "p_first_loss_reached_ratio"]].isna().all()


def test_retention_by_hand(hand_options):
    table = retention_reasons(hand_options).set_index(["option_id", "reason_code"])["expected_amount"]
    kept = {
        "no_cover": 10,
        "over_limit": 10 + 50,
        "insured_share": 5 + 8 + 15,
        "aggregate_first_loss": 60,
        "maximum_liability": 5,
    }
    assert (table["quote"] * 5).to_dict() == pytest.approx(kept, rel=1e-12)
    assert table["self_insurance"].to_dict() == pytest.approx({"no_policy": 58.0}, rel=1e-12)


def test_customers_by_hand(hand_options):
    covers = hand_options[1].covers.set_index("customer_id")
    assert covers["cover_code"].tolist() == ["named", "discretionary", "not_insurable"]
    # year 2 draws the first loss in the order of the dates: 30 of the 45, so 15 and 12 are paid
    assert covers["expected_indemnity_amount"].tolist() == pytest.approx([115 / 5, 12 / 5, 0], rel=1e-12)
    # worst years: (50 - 15, 30 - 12) and (200 - 100), half each
    assert covers["es_retained_contribution_amount"].tolist() == pytest.approx([67.5, 9.0, 0.0], rel=1e-12)


def test_indicators_by_hand(hand_options):
    table = policy_indicators(hand_options).set_index("indicator_code")
    insured_amounts = [0.9 * 150, 0.6 * 20]
    assert table["value"].dropna().to_dict() == pytest.approx(
        {
            "gross_cover_ratio": 170 / 290,
            "net_cover_ratio": sum(insured_amounts) / 290,
            "uncovered_not_insurable_amount": 40,
            "uncovered_refused_amount": 0,
            "uncovered_no_limit_amount": 0,
            "uncovered_over_limit_amount": 80,
            "over_limit_count": 2,
            "named_limit_use_ratio": 200 / 150,
            "discretionary_exposure_ratio": 50 / 290,
            "top10_insured_ratio": 1,
            "largest_insured_to_maximum_ratio": 1.35,
            "premium_rate_ratio": 0.01,
            "full_cost_rate_ratio": 10.5 / 900,
            "minimum_excess_amount": 0,
            "first_loss_use_ratio": 12 / 30,
            "maximum_to_tail_ratio": 100 / 105,
            "return_on_cost_ratio": (25.4 - 10.5) / 10.5,
            "indemnity_to_gross_ratio": 127 / 290,
        },
        rel=1e-12,
    )
    assert set(table.index) == set(POLICY_INDICATORS.names)


def test_indicator_that_cannot_be_computed_says_why(hand_events, hand_book, make_policy):
    bare = insured(hand_events, exposures=hand_book, policy=make_policy([]), confidence_ratio=0.6)
    table = policy_indicators([bare]).set_index("indicator_code")
    lacking = table.index[table["reason_code"].eq("policy_lacks_term")]
    assert set(lacking) == {"largest_insured_to_maximum_ratio", "first_loss_use_ratio", "maximum_to_tail_ratio"}
    assert table.loc["return_on_cost_ratio", "reason_code"] == "denominator_is_zero"
    assert table["value"].isna().equals(table["reason_code"].notna())


@pytest.mark.parametrize("order", ["A", "B", "C"])
def test_amount_the_maximum_caps_is_the_payment_without_it(random_events, random_book, make_policy, order):
    """Under order B the maximum caps losses before the share, so the indicator looks at those."""
    terms = [
        {"kind": "insured_percentage", "named_ratio": 0.5, "discretionary_ratio": 0.5},
        {"kind": "buyer_limit", "discretionary_limit_amount": 5_000},
    ]
    wide, tight = (
        insured(
            random_events,
            exposures=random_book,
            confidence_ratio=0.99,
            policy=make_policy([*terms, {"kind": "maximum_liability", "amount": amount}], order=order),
        )
        for amount in (1e12, 10_000.0)
    )
    table = policy_indicators([wide, tight]).set_index(["indicator_code", "option_id"])
    ratio = table["value"]["maximum_to_tail_ratio"]
    scale = 2.0 if order == "B" else 1.0
    assert ratio.iloc[1] == pytest.approx(10_000 / (scale * np.sort(wide.indemnity)[int(3_000 * 0.995) - 1]), rel=1e-9)


@pytest.mark.parametrize("tax", [0.0, 0.09])
def test_at_the_break_even_premium_both_ways_cost_the_same(random_events, random_book, make_policy, tax):
    def policy(premium):
        return make_policy(
            [
                *(term for term in HAND_TERMS if term["kind"] in ("insured_percentage", "fees")),
                {"kind": "buyer_limit", "discretionary_limit_amount": 5_000},
                {"kind": "aggregate_first_loss", "amount": 9_000},
                {"kind": "maximum_liability", "amount": 60_000},
                {"kind": "premium_tax", "rate_ratio": tax},
                {"kind": "premium", "rate_ratio": 0, "minimum_amount": premium},
            ]
        )

    charge = {"capital_charge_ratio": 0.08, "confidence_ratio": 0.99}
    first = compare_policies(random_events, random_book, [policy(1.0)], **charge)
    premium = float(first["break_even_premium_amount"].iloc[1])
    assert premium > 0
    at_break_even = compare_policies(random_events, random_book, [policy(premium)], **charge)["economic_cost_amount"]
    assert at_break_even.iloc[1] == pytest.approx(at_break_even.iloc[0], rel=1e-10)
    dearer = compare_policies(random_events, random_book, [policy(premium * 1.01)], **charge)["economic_cost_amount"]
    assert dearer.iloc[1] > dearer.iloc[0]


def test_parts_add_up_in_every_table(random_events, random_book, make_policy):
    options = options_on(
        random_events,
        exposures=random_book,
        confidence_ratio=0.99,
        policies=[
            make_policy(
                [
                    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
                    {"kind": "buyer_limit", "discretionary_limit_amount": 3_000},
                    {"kind": "threshold", "amount": 500},
                    {"kind": "aggregate_first_loss", "amount": 15_000},
                    {"kind": "maximum_liability", "amount": 50_000},
                ],
                order=order,
                policy_id=f"quote_{order.lower()}",
            )
            for order in "ABC"
        ],
    )
    table = quotes(options, capital_charge_ratio=0.08, confidence_ratio=0.99).set_index("option_id")
    kept = retention_reasons(options).groupby("option_id")["expected_amount"].sum()
    for option in options:
        row, covers = table.loc[option.option_id], option.covers
        assert option.indemnity + option.retained == pytest.approx(option.gross, rel=1e-12)
        assert sum(option.reasons.values()) == pytest.approx(option.retained, rel=1e-9, abs=1e-6)  # sums of cents
        assert (option.gross == options[0].gross).all()
        assert kept[option.option_id] == pytest.approx(row.expected_retained_amount, rel=1e-10)
        assert covers["es_retained_contribution_amount"].sum() == pytest.approx(row.es_retained_amount, rel=1e-10)
        for quantity in ("gross", "indemnity", "retained"):
            name = f"expected_{quantity}_amount"
            assert covers[name].sum() == pytest.approx(row[name], rel=1e-10, abs=1e-9)
    paid = table["expected_indemnity_amount"]
    assert paid["quote_b"] > 0
    assert paid["quote_a"] < paid["quote_c"], "a first loss on losses is used up sooner"


def test_table_of_losses_holds_quantiles_between_their_bounds(random_events, random_book, make_policy):
    options = options_on(random_events, exposures=random_book, policies=[make_policy([])], confidence_ratio=0.99)
    table = losses(
        options, quantile_ratios=(0.5, 0.9, 0.99), confidence_ratio=0.99, exact={("quote", "gross"): 7.0}
    ).set_index(["option_id", "quantity_code", "statistic_code", "confidence_ratio"])
    quantile = table.xs("quantile", level="statistic_code")
    assert (quantile["low_amount"] <= quantile["value_amount"]).all()
    assert (quantile["value_amount"] <= quantile["high_amount"]).all()
    gross = np.sort(options[0].gross)
    assert quantile.loc[("self_insurance", "gross", 0.9), "value_amount"] == gross[2_699]
    shortfall = table.loc[("quote", "gross", "expected_shortfall", 0.99), "value_amount"]
    assert shortfall == pytest.approx(gross[-30:].mean(), rel=1e-12)
    assert table["exact_amount"].dropna().to_dict() == {("quote", "gross", "mean", 0.0): 7.0}
