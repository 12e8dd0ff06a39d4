"""Tables of the backtest, the economics and the terms of limits, small enough to read."""

from collections.abc import Sequence

from pandas import DataFrame, Timestamp

ASSUMPTIONS = {"lost": 1.0, "delayed": 0.8, "prepaid": 0.5}
POLICIES = {"history": 0.0, "policy": -2_000_000.0, "score_matrix": 184_000.0}
MONTHS = [Timestamp("2025-11-30"), Timestamp("2025-12-31")]


def limit_backtest() -> DataFrame:
    """Three policies under three assumptions; a measure without value says why."""
    rows = []
    for policy, difference in POLICIES.items():
        for assumption, share in ASSUMPTIONS.items():
            gap = share * difference
            low, high = gap - 0.5 * abs(gap), gap + 0.25 * abs(gap)
            net = 6_800_000.0 + gap
            rows += [
                (policy, assumption, "net_result_amount", net, net - 1e6, net + 1e6, gap, low, high, "ok"),
                (policy, assumption, "blocked_ratio", 0.064, 0.05, 0.078, 0.0, None, None, "ok"),
                (policy, assumption, "n_changes_per_year", 1.9, 1.8, 2.0, 0.0, None, None, "ok"),
                (policy, assumption, "false_block_ratio", None, None, None, None, None, None, "no_value"),
            ]
    names = ["policy_code", "sales_assumption_code", "measure_code", "value", "value_low", "value_high"]
    names += ["difference", "difference_low", "difference_high", "reason_code"]
    return DataFrame(rows, columns=names).assign(n_customers=5)


def limit_adoption() -> DataFrame:
    """The credit policy is worse than the limits in force if orders are lost, else it is not certain."""
    rows = []
    for reference, policy in (("limits_in_force", "history"), ("best_simple_rule", "score_matrix")):
        for assumption, share in ASSUMPTIONS.items():
            for basis in ("realised", "expected"):
                verdict = "worse" if assumption == "lost" else "not_certain"
                rows.append((assumption, reference, basis, policy, -2_000_000.0 * share, verdict))
    names = ["sales_assumption_code", "reference_code", "loss_basis_code", "reference_policy_code"]
    frame = DataFrame(rows, columns=[*names, "difference_amount", "verdict_code"])
    return frame.assign(
        policy_code="policy",
        difference_low_amount=frame["difference_amount"] * 1.5,
        difference_high_amount=frame["difference_amount"] * 0.25,
        tolerance_amount=69_000.0,
        n_defaulters=28,
        reason_code="ok",
        is_adoptable=False,
    )


def replayed() -> dict[str, DataFrame]:
    """The replay, its verdict, how far it goes beyond history, and what each rule costs."""
    months = [(policy, code, month) for policy in POLICIES for code in ASSUMPTIONS for month in MONTHS]
    beyond = DataFrame({"policy_code": list(POLICIES)}).assign(
        n_customer_days=1_000,
        beyond_days_ratio=[0.0, 0.125, 0.9],
        beyond_limit_ratio=[0.0, 0.025, None],
        n_customers_beyond=[1, 2, 5],
        assumed_orders_ratio=[0.064, 0.187, 0.009],
        n_orders_not_judged=50,
        n_related=3,
    )
    rules = [("capacity", 1_119_759.0, -40_638.0, 2_340_983.0), ("cap", 475_239.7, 179_242.2, 834_592.6)]
    costs = DataFrame(rules, columns=["rule_code", *(f"net_gained{end}_amount" for end in ("", "_low", "_high"))])
    return {
        "limit_backtest": limit_backtest(),
        "limit_backtest_months": DataFrame(
            months, columns=["policy_code", "sales_assumption_code", "month_date"]
        ).assign(exposure_amount=3e6, blocked_amount=2e5, loss_amount=1e4),
        "limit_adoption": limit_adoption(),
        "limit_extrapolation": beyond,
        "limit_rule_costs": costs.assign(
            sales_assumption_code="lost",
            unblocked_amount=5e6,
            margin_gained_amount=1_138_985.0,
            loss_added_amount=3_457.2,
        ),
    }


def earning(customers: Sequence[str]) -> dict[str, DataFrame]:
    """Economics at the limit, terms by segment, late fees, discounts."""
    economics = DataFrame({"customer_id": list(customers)}).assign(
        sales_amount=[1e6, 5e5, 3e5, 2e5, None],
        mean_exposure_amount=1e5,
        default_exposure_amount=1e5,
        margin_amount=[250_000.0, 125_000.0, 75_000.0, 50_000.0, None],
        expected_loss_amount=[432.0, 1_800.0, 3_600.0, 60_000.0, 30_000.0],
        finance_amount=6_000.0,
        operating_amount=[3_000.0, 1_500.0, 900.0, 600.0, None],
        premium_amount=[0.0, 0.0, 0.0, 0.0, None],
        capital_amount=[2_000.0, 4_000.0, 6_000.0, 8_000.0, 0.0],
        value_amount=[240_268.0, 115_100.0, 63_600.0, -17_800.0, None],
        raroc_ratio=[120.0, 29.0, 10.75, -2.075, None],
        order_pd_ratio=[0.001, 0.004, 0.008, 0.35, 1.0],
        break_even_pd_ratio=0.33,
        break_even_pd_relation_ratio=[0.91, 0.91, 0.91, 0.9, None],
        is_above_break_even=[False, False, False, True, True],
        is_above_break_even_relation=[False, False, False, False, True],
    )
    terms = DataFrame(
        {
            "segment_code": ["reliable", "risky"],
            "tenure_code": ["loyal", "new"],
            "policy_max_days": [60, 0],
            "policy_request_days": [60, 0],
            "n_customers": [3, 2],
            "n_changed": [0, 2],
            "sales_amount_12m": [1e6, 2e5],
            "present_terms_days": [45.5, 30.0],
            "advised_terms_days": [45.5, 0.0],
            "bound_change_amount": [0.0, -16_438.36],
        }
    )
    fees = DataFrame(
        {
            "customer_id": [customers[2], customers[3], customers[3]],
            "invoice_id": ["I1", "I2", "I3"],
            "item_id": ["I1", "I2", "I3"],
            "country_code": ["FR", "FR", "DE"],
            "due_date": Timestamp("2025-06-30"),
            "days_past_due": 184,
            "open_amount": [1_000.0, 2_000.0, 400.0],
            "fee_rule_code": ["french_law", "french_law", "eu_directive"],
            "interest_amount": [61.25, 122.51, None],
            "fixed_fee_amount": 40.0,
        }
    )
    discounts = DataFrame(
        {
            "discount_ratio": [0.02],
            "days_gained": [30],
            "annual_cost_ratio": [0.2483],
            "compound_cost_ratio": [0.2786],
            "is_cheaper": [False],
        }
    )
    return {"limit_economics": economics, "terms_by_segment": terms, "late_fees": fees, "discount_costs": discounts}
