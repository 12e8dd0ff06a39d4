"""Small tables of designs, clauses and what the costs of a policy hang on."""

from pandas import DataFrame


def design_tables() -> dict[str, DataFrame]:
    designs = DataFrame(
        {
            "option_id": "whole_turnover",
            "design_id": ["0001", "0002", "0003", "self_insurance"],
            "is_quote": [True, False, False, False],
            "insured_ratio": [0.9, 0.95, 0.8, 0.0],
            "first_loss_amount": [0.0, 50_000.0, 0.0, 0.0],
            "discretionary_limit_amount": [10_000.0, 20_000.0, 10_000.0, 0.0],
            "limit_multiple": [1.0, 1.0, 1.5, 0.0],
            "maximum_liability_amount": [1e6, 1.5e6, 1e6, None],
            "technical_premium_amount": [40_000.0, 35_000.0, 45_000.0, 0.0],
            "loading_ratio": 0.5,
            "fees_amount": 2_000.0,
            "tax_amount": 3_000.0,
            "is_efficient": [True, True, False, True],
            "marginal_efficiency_ratio": [None, 12.5, None, None],
            "es_reduction_per_cost_ratio": [10.0, 12.5, 8.0, None],
            "economic_cost_rank": [2, 1, 3, 4],
            "is_optimal": [False, True, False, False],
            "is_within_error": [True, True, False, False],
        }
    )
    figures: dict[str, list[float | None]] = {
        "expected_indemnity_amount": [60_000.0, 55_000.0, 50_000.0, 0.0],
        "expected_retained_amount": [40_000.0, 45_000.0, 50_000.0, 100_000.0],
        "es_retained_amount": [5e5, 4.5e5, 6e5, 1e6],
        "economic_capital_amount": [4.6e5, 4.05e5, 5.5e5, 9e5],
        "total_cost_of_risk_amount": [85_780.0, 83_000.0, 90_000.0, 100_000.0],
        "economic_cost_amount": [122_580.0, 115_400.0, 134_000.0, 172_000.0],
        "p_first_loss_reached_ratio": [None, 0.3, None, None],
        "p_maximum_exhausted_ratio": [0.01, 0.0, 0.01, None],
        "economic_cost_gap_amount": [7_180.0, 0.0, 18_600.0, 56_600.0],
    }
    errors = {f"{name}_se": [None if value is None else 500.0 for value in values] for name, values in figures.items()}
    optima = DataFrame(
        {
            "option_id": "whole_turnover",
            "capital_charge_ratio": [0.0, 0.08],
            "design_id": ["0002", "0002"],
            "economic_cost_amount": [83_000.0, 115_400.0],
            "self_insurance_economic_cost_amount": [100_000.0, 172_000.0],
            "quote_economic_cost_amount": [85_780.0, 122_580.0],
        }
    )
    clauses = DataFrame(
        {
            "option_id": ["whole_turnover"] * 3 + ["big"],
            "clause_code": ["buyer_limit", "insured_percentage", "late_declaration", "buyer_limit"],
            "switched_off_amount": [12_000.0, 6_000.0, 0.0, 1_000.0],
            "shapley_amount": [13_000.0, 7_000.0, None, 1_000.0],
        }
    )
    return {"policy_designs": designs.assign(**figures, **errors), "design_optima": optima, "clause_costs": clauses}


def sensitivity_tables() -> dict[str, DataFrame]:
    tries = {("lgd", "low"): 0.75, ("lgd", "high"): 1.25, ("limit_cuts", "high"): 0.4, ("waiting_period", "high"): 60.0}
    tornado = DataFrame(
        [
            {"option_id": option, "driver_code": driver, "side_code": side, "base_value": 1.0, "changed_value": value}
            for option in ("self_insurance", "whole_turnover")
            for (driver, side), value in tries.items()
        ]
    ).assign(
        total_cost_of_risk_amount=90_000.0,
        total_cost_change_amount=4_220.0,
        economic_cost_amount=125_000.0,
        economic_cost_change_amount=[-9_000.0, 9_500.0, 0.0, 0.0, -2_000.0, 2_420.0, 30_000.0, 100.0],
        economic_cost_rank=[2, 2, 1, 2, 1, 1, 2, 1],
        is_rank_changed=[False, False, True, False, False, False, True, False],
    )
    loading = DataFrame(
        {
            "option_id": "whole_turnover",
            "loading_ratio": [0.0, 0.0, 0.15, 0.15],
            "cover_cut_ratio": [0.0, 0.1, 0.0, 0.1],
            "is_own_dso": [False, False, True, True],
            "dso_days": [45.0, 45.0, 70.0, 70.0],
            "premium_amount": [40_000.0, 40_000.0, 46_000.0, 46_000.0],
            "maximum_liability_amount": 1e6,
            "expected_indemnity_amount": [60_000.0, 58_000.0, 60_000.0, 58_000.0],
            "total_cost_of_risk_amount": [85_780.0, 87_000.0, 92_320.0, 93_500.0],
            "economic_cost_amount": [122_580.0, 124_000.0, 129_120.0, 130_500.0],
            "total_cost_change_amount": [0.0, 1_220.0, 6_540.0, 7_720.0],
            "economic_cost_change_amount": [0.0, 1_420.0, 6_540.0, 7_920.0],
            "break_even_premium_amount": 85_000.0,
            "break_even_loading_ratio": 1.125,
            "is_worth_it": True,
        }
    )
    return {"tornado": tornado, "premium_sensitivity": loading, **_terms_and_stress()}


def _terms_and_stress() -> dict[str, DataFrame]:
    amounts = [
        *("exposure", "over_limit", "working_capital", "financing", "margin", "price", "expected_gross"),
        *("expected_indemnity", "expected_retained", "es_retained", "total_cost_of_risk", "economic_cost"),
        *("uninsured_economic_cost", "net_result"),
    ]
    terms = DataFrame(
        {
            "option_id": "whole_turnover",
            "case_code": ["as_now", "longer", "change"],
            "n_customers": 4,
            "n_over_credit_period": [0, 1, 1],
            "break_even_sales_gain_ratio": [None, None, 0.014],
        }
    ).assign(**{f"{name}_amount": [1_000_000.0, 1_250_000.0, 250_000.0] for name in amounts})
    stress = DataFrame(
        {
            "option_id": "whole_turnover",
            "scenario_id": ["base", "largest_buyers_1", "sector_trade"],
            "scenario_code": ["base", "largest_buyers", "sector"],
            "subject": [None, "007", "trade"],
            "n_customers": [0, 1, 2],
            "stressed_exposure_amount": [0.0, 5e5, 3e5],
            "expected_gross_amount": [100_000.0, 400_000.0, 150_000.0],
            "expected_indemnity_amount": [60_000.0, 300_000.0, 90_000.0],
            "expected_retained_amount": [40_000.0, 100_000.0, 60_000.0],
            "es_retained_amount": [5e5, 7e5, 6e5],
            "indemnity_share_ratio": [0.6, 0.75, 0.6],
            "total_cost_of_risk_amount": [85_780.0, 145_780.0, 105_780.0],
            "p_maximum_exhausted_ratio": [0.01, 0.2, 0.02],
            "maximum_liability_amount": 1e6,
            "maximum_left_amount": [940_000.0, 700_000.0, 910_000.0],
        }
    )
    return {"longer_terms": terms, "policy_stress": stress}
