"""Tables of the stage limits small enough to read: five customers, two policies, one budget that binds."""

from collections.abc import Sequence

from pandas import DataFrame, Timestamp

NOW = Timestamp("2025-12-31")
SECURED = 20_000.0


def credit_limits(customers: Sequence[str]) -> DataFrame:
    """Today's limits: a raise in part, a first limit, two that fall, a block; one decided by a person."""
    return DataFrame(
        {
            "customer_id": list(customers),
            "customer_status_code": ["active"] * 4 + ["in_default"],
            "segment_code": ["reliable", "to_watch", "risky", "risky", "defaulted"],
            "is_new": [False, True, False, False, False],
            "grade_code": ["B", "D", "E", "G", "X"],
            "pd_12m": [0.0072, 0.03, 0.06, 0.25, 1.0],
            "lgd_ratio": 0.6,
            "open_amount": [500_000.0, 300_000.0, 234_567.89, 150_000.0, 50_000.0],
            "used_amount": [520_000.0, 300_000.0, 234_567.89, 150_000.0, 50_000.0],
            "guarantee_amount": [SECURED, 0.0, 0.0, 0.0, 0.0],
            "unsecured_amount": [500_000.0, 300_000.0, 234_567.89, 150_000.0, 50_000.0],
            "need_amount": [700_000.0, 300_000.0, 4e5, 4e5, None],
            "capacity_amount": [None, 3.5e5, 1e5, 5e4, 0.0],
            "risk_amount": 9e5,
            "cap_amount": 9e5,
            "binding_question_code": ["need", "need", "capacity", "capacity", "default"],
            "binding_code": ["sales_need", "sales_need", "net_worth_share", "net_worth_share", "default"],
            "missing_codes": ["no_accounts", None, None, None, "stale_accounts+no_sales"],
            "proposed_amount": [700_000.0, 300_000.0, 100_000.0, 20_000.0, 0.0],
            "model_limit_amount": [600_000.0, 300_000.0, 100_000.0, 20_000.0, 0.0],
            "move_reason_code": ["raise_in_part", "first_limit", "proposal_lower", "proposal_lower", "in_default"],
            "decision_code": ["policy", "policy", "policy", "override", "policy"],
            "limit_amount": [600_000.0, 300_000.0, 100_000.0, 50_000.0, 0.0],
            "temporary_limit_amount": 0.0,
            "current_limit_amount": [500_000.0, None, 200_000.0, 150_000.0, 50_000.0],
            "action_code": ["raise", "new", "lower", "lower", "block"],
            "over_limit_amount": [0.0, 0.0, 134_567.89, 100_000.0, 50_000.0],
            "terms_days": [60.0, 30.0, 30.0, 0.0, None],
            "deposit_ratio": [0.0, 0.0, 0.0, 0.3, 0.0],
            "guarantees_required": [None, None, None, "bank_guarantee+deposit", None],
            "guarantees_wanted": [None, "retention_of_title", None, None, None],
            "dunning_scenario_code": ["reliable", "to_watch", "risky", "risky", "defaulted"],
            "approver_code": ["managing_director", "finance_director", "credit_manager", "credit_manager", None],
            "valid_from_date": Timestamp("2026-01-01"),
            "valid_to_date": Timestamp("2026-12-31"),
        }
    ).fillna({"approver_code": "credit_analyst"})


def limit_figures(customers: Sequence[str]) -> DataFrame:
    """Figures behind the binding methods; those of an earlier day and of another method do not count."""
    need = {"yearly_sales_amount": 365_000.0, "terms_days": 30.0, "delay_days": 10.0, "peak_ratio": 1.3}
    rows = [(customers[0], NOW, "sales_need", code, value) for code, value in need.items()]
    rows += [(customers[0], NOW, "sales_need", "need_factor", 1.0)]
    rows += [(customers[1], NOW, "sales_need", "yearly_sales_amount", 123_456.0)]
    rows += [(customers[2], NOW, "net_worth_share", "net_worth_amount", 1e6)]
    rows += [(customers[2], NOW, "net_worth_share", "net_worth_ratio", 0.1)]
    rows += [(customers[2], NOW, "sales_need", "terms_days", 99.0)]
    rows += [(customers[2], Timestamp("2025-11-30"), "net_worth_share", "net_worth_amount", 7.0)]
    return DataFrame(rows, columns=["customer_id", "review_date", "method_code", "figure_code", "value"])


def reviewing(customers: Sequence[str]) -> dict[str, DataFrame]:
    """Reviews, actions, run-off, temporary increases."""
    late = {"customer_id": [customers[2], customers[3]], "current_limit_amount": [200_000.0, 150_000.0]}
    return {
        "limit_reviews": DataFrame(
            {
                "customer_id": [customers[0], customers[1], customers[1], customers[2]],
                "trigger_code": ["past_due", "past_due", "accounts_old", "regular_review"],
                "trigger_date": Timestamp("2025-12-01"),
                "review_due_date": Timestamp("2025-12-01"),
                "is_due": [True, True, True, False],
                "priority_code": ["now", "this_week", "routine", None],
                "rank_number": [1, 2, 2, None],
                "unsecured_amount": [500_000.0, 300_000.0, 300_000.0, 234_567.89],
                "n_reviews_passed": [None, None, None, 2],
                "value": 45.0,
                "threshold": 30.0,
                "unit_code": ["days", "days", "months", "months"],
                "evidence": "{}",
            }
        ),
        "limit_actions": DataFrame(
            {
                "customer_id": [customers[2], customers[3], customers[3]],
                "cause_code": ["over_limit", "over_limit", "external_downgrade"],
                "action_code": ["run_off", "run_off", "inform_insurer"],
                "cause_date": NOW,
                "is_needed": [True, True, False],
            }
        ),
        "limit_runoff": DataFrame(
            {
                **late,
                "room_amount": [100_000.0, 50_000.0],
                "used_amount": [234_567.89, 150_000.0],
                "over_limit_amount": [134_567.89, 100_000.0],
                "blocked_order_amount": [4_567.89, 0.0],
                "to_pay_amount": [130_000.0, 100_000.0],
                "late_amount": [0.0, 60_000.0],
                "days_beyond_terms": [12.0, 30.0],
                "is_delay_assumed": False,
                "expected_date": [Timestamp("2026-02-05"), None],
                "runoff_code": ["expected", "late_items"],
            }
        ),
        "temporary_limits": DataFrame(
            {
                "limit_id": ["L1", "L2"],
                "customer_id": [customers[0], customers[2]],
                "temporary_amount": [10_000.0, 90_000.0],
                "own_limit_amount": [500_000.0, 100_000.0],
                "allowed_amount": [250_000.0, 50_000.0],
                "start_date": Timestamp("2025-01-01"),
                "end_date": Timestamp("2025-03-31"),
                "allowed_end_date": Timestamp("2025-05-01"),
                "breach_codes": [None, "too_high+too_long"],
                "is_live": False,
                "n_breach_days": [0, 12],
                "breach_amount": [0.0, 5_000.0],
                "is_expired_used": False,
            }
        ),
    }


def overriding(customers: Sequence[str]) -> dict[str, DataFrame]:
    """One decision in force, one that broke two rules, and key figures of them."""
    log = DataFrame(
        {
            "override_id": ["V1", "V2"],
            "customer_id": [customers[3], customers[1]],
            "decided_date": [Timestamp("2025-12-01"), Timestamp("2025-02-01")],
            "requester_code": "sales",
            "approver_code": ["credit_manager", "sales"],
            "needed_approver_code": "credit_manager",
            "is_second_approver_needed": False,
            "reason_code": ["strategic_customer", "seasonal_peak"],
            "direction_code": "up",
            "proposed_amount": [20_000.0, 1_000.0],
            "final_amount": [50_000.0, 9_000.0],
            "change_amount": [30_000.0, 8_000.0],
            "valid_from_date": Timestamp("2025-12-01"),
            "valid_to_date": Timestamp("2026-03-01"),
            "state_code": ["in_force", "void"],
            "breach_codes": [None, "level_too_low+evidence_missing"],
        }
    )
    kpis = [
        ("override_rate", "all", "all", 2, 10, 0.2, 0.06, 0.51, 0.12, "ratio", None),
        ("up_down_ratio", "all", "all", 2, 2, 3.25, 1.9, 5.7, None, "ratio", None),
        ("loss_of_raises", "all", "all", 1, 2, 8_200.0, None, None, None, "amount", None),
        ("result_of_reductions", "all", "all", 0, 2, None, None, None, None, "amount", "not_observable"),
        ("up_share", "approver", "sales", 1, 1, 1.0, 0.2, 1.0, None, "ratio", None),
        ("breach_rate", "approver", "sales", 1, 1, 1.0, 0.2, 1.0, None, "ratio", None),
        ("up_share", "reason", "strategic_customer", 1, 1, 1.0, 0.2, 1.0, None, "ratio", None),
    ]
    names = ["kpi_code", "axis_code", "axis_value", "n_cases", "n_base", "value", "low", "high", "target"]
    return {"limit_overrides": log, "override_kpis": DataFrame(kpis, columns=[*names, "unit_code", "missing_code"])}


def calibrated() -> dict[str, DataFrame]:
    """Factors of the book, of three segments and of a grade, and the checks of the book."""
    classes = [("book", "*", 1), ("segment", "reliable", 1), ("segment", "to_watch", 2), ("segment", "risky", 3)]
    cells = DataFrame([*classes, ("grade", "B", 1)], columns=["axis_code", "class_code", "class_rank"])
    factors = cells.assign(
        size_code="*",
        sector_code="*",
        n_customers=[100, 40, 35, 25, 12],
        n_customer_years=[200.0, 80.0, 70.0, 50.0, 24.0],
        n_defaulters=[12, 0, 4, 8, 0],
        default_rate_ratio=[0.06, 0.0, 0.057, 0.16, 0.0],
        shrunk_default_rate_ratio=[0.06, 0.012, 0.058, 0.148, 0.014],
        ordered_default_rate_ratio=[0.06, 0.012, 0.058, 0.148, 0.014],
        factor=[1.35, None, 1.75, 0.0, None],
        factor_low=[0.4, None, 0.9, 0.0, None],
        factor_high=[3.0, None, 2.6, 0.9, None],
        factor_policy=[None, 1.5, 1.3, 0.9, 1.5],
        expected_loss_ratio=[0.0118, 0.005, 0.012, None, 0.004],
        expected_loss_policy_ratio=[None, 0.0041, 0.0093, 0.024, 0.0035],
        sales_kept_ratio=[0.989, 0.99, 0.98, 0.0, 0.99],
        sales_kept_policy_ratio=[None, 0.963, 0.986, 0.971, 0.97],
        reason_code=["fitted", "too_few_defaults", "fitted", "above_appetite", "not_binding"],
        factor_to_sign=[1.35, 1.5, 1.5, 0.0, 1.5],
        expected_loss_to_sign_ratio=[0.0118, 0.0041, 0.0107, None, 0.0035],
        sales_kept_to_sign_ratio=[0.989, 0.963, 0.975, 0.0, 0.97],
        to_sign_reason_code=["fitted", "too_few_defaults", "less_risky_class", "above_appetite", "too_few_defaults"],
    )
    checks = DataFrame(
        {
            "factors_code": ["policy", "policy", "fitted", "fitted"],
            "check_code": ["expected_loss", "common_multiplier", "customer_share", "common_multiplier"],
            "value_ratio": [0.0113, 1.0, 0.124, 0.4],
            "appetite_ratio": [0.012, None, 0.05, None],
            "value_amount": [214_168.7, None, 2_585_840.0, None],
            "multiplier_ratio": [1.0, None, 0.4, None],
            "is_met": [True, True, False, False],
            "is_binding": [False, None, True, None],
        }
    )
    rows = DataFrame({"reason_code": ["used", "not_matured"], "n_rows": [1932, 3689], "n_customers": [238, 332]})
    rows = rows.assign(n_review_dates=[20, 12], first_review_date=Timestamp("2023-12-31"), last_review_date=NOW)
    return {"limit_factors": factors, "limit_factor_checks": checks, "limit_factor_rows": rows}


def optimised() -> dict[str, DataFrame]:
    """An optimum with a budget that binds, a conflict, two simple rules and a frontier of three points."""
    sums = {"limit_amount": 9e5, "margin_amount": 3e5, "expected_loss_amount": 1e4, "cost_amount": 2e4}
    rules = DataFrame({"rule_code": ["optimum", "optimum_shortfall", "need_share", "score_matrix"]}).assign(
        **sums,
        n_customers=4,
        net_value_amount=[270_000.0, 272_500.0, 250_123.45, 266_000.0],
        shortfall_amount=80_000.0,
        gap_amount=[0.0, -2_500.0, 19_876.55, 4_000.0],
        is_equal_shortfall=True,
        n_budgets_exceeded=[0, 1, 2, 0],
    )
    frontier = DataFrame({"point": [1, 2, 3], "budget_amount": [6e4, 8e4, 1e5]}).assign(
        **sums,
        net_value_amount=[255_000.0, 270_000.0, 276_000.0],
        shortfall_amount=[6e4, 8e4, 1e5],
        price=[0.9, 0.42, 0.2],
        is_asked=[False, True, False],
    )
    budgets = DataFrame(
        {
            "budget_code": ["shortfall", "expected_loss", "sector"],
            "member": ["all", "all", "retail"],
            "bound_code": ["amount", "amount", "share"],
            "allowed_amount": [80_000.0, 40_000.0, 500_000.0],
            "used_amount": [80_000.0, 10_000.0, 300_000.0],
            "is_binding": [True, False, False],
            "price": [0.42, 0.0, 0.0],
        }
    )
    conflicts = DataFrame(
        {
            "budget_code": ["sector"],
            "member": ["retail"],
            "bound_code": ["share"],
            "allowed_amount": [500_000.0],
            "least_amount": [640_000.0],
            "excess_amount": [140_000.0],
            "is_alone": [True],
            "n_held": [3],
            "floor_least_amount": [0.0],
        }
    )
    return {
        "optimiser_comparison": rules,
        "optimiser_frontier": frontier,
        "optimiser_budgets": budgets,
        "optimiser_conflicts": conflicts,
    }
