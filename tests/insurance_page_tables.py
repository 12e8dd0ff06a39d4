"""Small tables of the insurance stage: self-insurance, two policies, figures that can be added up by hand."""

import pandas as pd
from insurance_design_tables import design_tables, sensitivity_tables
from insurance_time_tables import timing_tables
from pandas import DataFrame, Timestamp

DAY = Timestamp("2025-12-31")
REASON = "no_claims_register"
Values = dict[str, tuple[float | None, str, str]]


def quotes() -> DataFrame:
    names = {"self_insurance": "self_insurance", "whole_turnover": "Whole turnover <b>90/60</b>", "big": "Big $policy$"}
    frame = DataFrame(
        {
            "option_id": list(names),
            "option_name": list(names.values()),
            "option_kind_code": ["self_insurance", "whole_turnover", "excess_of_loss"],
            "order_code": [None, "A", "C"],
            "status_code": ["ok", "ok", "no_customer_covered"],
            "declared_turnover_amount": 1e7,
            "n_named_limits": 4,
            "premium_amount": [0.0, 40_000.0, 60_000.0],
            "fees_amount": [0.0, 2_000.0, 2_000.0],
            "tax_amount": [0.0, 3_780.0, 5_580.0],
            "admin_amount": [0.0, 1_000.0, -1_000.0],
            "maximum_liability_amount": [None, 1e6, 2e6],
            "confidence_ratio": 0.995,
            "capital_charge_ratio": 0.08,
            "var_retained_amount": [9e5, 4e5, 8e5],
            "var_retained_low_amount": [8e5, 3e5, 7e5],
            "var_retained_high_amount": [1e6, 5e5, 9e5],
            "total_cost_rank": [2, 1, 3],
            "economic_cost_rank": [2, 1, 3],
            "break_even_premium_low_amount": [None, 83_000.0, 8_000.0],
            "break_even_premium_high_amount": [None, 87_000.0, 12_000.0],
        }
    )
    return frame.assign(**_simulated())


def _simulated() -> dict[str, list[float | None]]:
    """Simulated figures of the three options, each with its standard error."""
    figures: dict[str, list[float | None]] = {
        "adjustment_amount": [0.0, -1_500.0, 0.0],
        "financing_amount": [0.0, 500.0, 1_000.0],
        "full_cost_amount": [0.0, 45_780.0, 67_580.0],
        "expected_gross_amount": [100_000.0] * 3,
        "expected_indemnity_amount": [0.0, 60_000.0, 0.0],
        "expected_insurer_recovery_amount": [0.0, 5_000.0, 0.0],
        "expected_retained_amount": [100_000.0, 40_000.0, 100_000.0],
        "es_retained_amount": [1e6, 5e5, 9e5],
        "economic_capital_amount": [9e5, 4.6e5, 8e5],
        "capital_freed_amount": [0.0, 4.4e5, 1e5],
        "total_cost_of_risk_amount": [100_000.0, 85_780.0, 167_580.0],
        "economic_cost_amount": [172_000.0, 122_580.0, 231_580.0],
        "break_even_premium_amount": [None, 85_000.0, 10_000.0],
        "roi_ratio": [None, 0.3106, -1.0],
        "risk_adjusted_roi_ratio": [None, 1.0795, -0.8816],
        "p_first_loss_reached_ratio": [None, None, None],
        "p_maximum_exhausted_ratio": [None, 0.01, 0.0],
        "loss_ratio": [None, 1.5, 0.0],
    }
    errors: dict[str, list[float | None]] = {
        f"{name}_se": [None if value is None else 0.01 if name.endswith("ratio") else 1000.0 for value in values]
        for name, values in figures.items()
    }
    return figures | errors


def losses() -> DataFrame:
    rows = []
    for option, factor in (("self_insurance", 1.0), ("whole_turnover", 0.4), ("big", 0.9)):
        for quantity in ("gross", "retained"):
            kept = 1.0 if quantity == "gross" else factor
            rows += [(option, quantity, "quantile", ratio, kept * 1e6 * ratio) for ratio in (0.5, 0.9, 0.99, 0.999)]
    columns = ["option_id", "quantity_code", "statistic_code", "confidence_ratio", "value_amount"]
    quantiles = DataFrame(rows, columns=columns).assign(
        low_amount=lambda f: f["value_amount"] * 0.9, high_amount=lambda f: f["value_amount"] * 1.1
    )
    mean = DataFrame([("self_insurance", "gross", "mean", 0.0, 100_000.0)], columns=columns)
    return pd.concat([quantiles, mean.assign(value_amount_se=1_000.0, exact_amount=99_500.0)], ignore_index=True)


def retention_reasons() -> DataFrame:
    return DataFrame(
        {
            "option_id": ["whole_turnover", "big", "whole_turnover"],
            "reason_code": ["insured_share", "no_cover", "threshold"],
            "expected_amount": [39_000.0, 1e5, 1_000.0],
            "expected_amount_se": 10.0,
            "gross_share_ratio": 0.4,
        }
    )


def _indicators(keys: dict[str, object], values: Values) -> DataFrame:
    rows = [
        {**keys, "indicator_code": code, "family_code": family, "value": value, "unit_code": unit}
        for code, (value, unit, family) in values.items()
    ]
    made = DataFrame(rows).assign(n_items=5, base_amount=1e6)
    made["value"] = made["value"].astype(float)
    return made.assign(reason_code=made["value"].isna().map({True: REASON, False: None}))


def indicator_tables() -> dict[str, DataFrame]:
    values: Values = {
        "net_cover_ratio": (0.8, "ratio", "use"),
        "over_limit_amount": (40_000.0, "amount", "use"),
        "loss_to_payment_days_median": (None, "days", "use"),
        "total_cost_of_risk_amount": (85_780.0, "amount", "terms_cost"),
    }
    own = _indicators({"option_id": "whole_turnover"}, values)
    other = _indicators({"option_id": "big"}, {**values, "net_cover_ratio": (None, "ratio", "use")})
    used = {code: value for code, value in values.items() if value[2] == "use"}
    segments = [
        _indicators({"option_id": "whole_turnover", "axis_code": axis, "segment_code": code}, used)
        for axis, code in (("sector_code", "trade"), ("country_code", "FR"), ("size_code", "small"))
    ]
    months: Values = {"cut_count": (2.0, "count", "use"), "response_days_median": (None, "days", "use")}
    month = _indicators({"option_id": "whole_turnover", "month_date": DAY}, months)
    causes = DataFrame(
        {
            "option_id": ["whole_turnover"] * 3,
            "cause_code": ["refused", "over_limit", "disputed"],
            "n_customers": [2, 1, 0],
            "uncovered_amount": [100_000.0, 50_000.0, 0.0],
            "owed_ratio": [0.2, 0.1, 0.0],
        }
    )
    return {
        "policy_indicators": pd.concat([own, other], ignore_index=True),
        "cover_by_segment": pd.concat(segments, ignore_index=True).drop(columns="family_code"),
        "insurer_decisions": month.drop(columns="family_code"),
        "uncovered_causes": causes,
        "policy_actions": actions(),
    }


def actions() -> DataFrame:
    return DataFrame(
        {
            "option_id": "whole_turnover",
            "rule_code": ["uncovered_over_limit", "uncovered_refused", "low_acceptance"],
            "action_code": ["raise_limits", "ask_deposit_or_guarantee", "refile_with_accounts"],
            "action_status_code": ["act", "fine", "not_computable"],
            "action_number": [1, None, None],
            "value": [0.6, 0.001, None],
            "unit_code": "ratio",
            "threshold_value": [0.5, 0.005, 0.8],
            "n_items": 4,
            "gain_amount": [51_000.0, None, None],
            "gain_amount_se": [400.0, None, None],
            "gain_code": ["simulated", "none", "none"],
            "reason_code": [None, None, REASON],
        }
    )


def request_tables(customers: list[str]) -> dict[str, DataFrame]:
    requests = DataFrame(
        {
            "option_id": "whole_turnover",
            "customer_id": customers[:2],
            "request_number": [1, 2],
            "request_code": ["name", "raise"],
            "limit_amount": [0.0, 50_000.0],
            "wanted_limit_amount": [20_000.0, 80_000.0],
            "exposure_amount": [15_000.0, 75_000.0],
            "pd_12m": [0.05, 0.02],
            "extra_indemnity_amount": [400.0, 250.0],
            "extra_indemnity_amount_se": [10.0, 8.0],
            "extra_fees_amount": [45.0, 0.0],
            "total_extra_indemnity_amount": [400.0, 650.0],
        }
    )
    dormant = DataFrame(
        {
            "option_id": ["whole_turnover"],
            "customer_id": [customers[4]],
            "limit_amount": [30_000.0],
            "granted_date": [Timestamp("2024-02-01")],
            "last_move_date": [pd.NaT],
            "yearly_fee_amount": [45.0],
        }
    )
    return {"limit_requests": requests, "dormant_limits": dormant}


def criteria_tables() -> dict[str, DataFrame]:
    criteria = DataFrame(
        {
            "criterion_code": ["long_terms", "big_customers", "new_or_small_seller"],
            "value": [42.0, 0.61, None],
            "unit_code": ["days", "ratio", "amount"],
            "threshold_value": [60.0, 0.5, 5e7],
            "is_met": [False, True, None],
        }
    )
    advice = DataFrame(
        {
            "advice_code": ["study"],
            "n_met": [1],
            "n_known": [2],
            "n_effective": [13.7],
            "spread_code": ["mixed"],
            "evolving_ratio": [0.05],
            "is_evolving": [False],
            "cover_kind_code": ["whole_turnover_and_top_up"],
        }
    )
    cuts = DataFrame(
        {
            "n_cuts": [12],
            "n_defaults": [20],
            "n_defaults_after_cut": [5],
            "cut_before_default_ratio": [0.25],
            "cut_before_default_low": [0.11],
            "cut_before_default_high": [0.47],
            "lead_days_median": [120.0],
            "remaining_ratio": [0.35],
            "n_cuts_observed": [10],
            "default_after_cut_ratio": [0.5],
        }
    )
    checks = DataFrame(
        {
            "option_id": ["self_insurance", "whole_turnover"],
            "figure_code": ["gross_mean", "p_maximum_exhausted"],
            "simulated": [100_000.0, 0.01],
            "simulated_se": [1_000.0, 0.001],
            "exact": [99_500.0, 0.0115],
            "z": [0.5, -1.5],
        }
    )
    return {
        "insurance_criteria": criteria,
        "insurance_advice": advice,
        "cut_history": cuts,
        "simulation_checks": checks,
    }


def insurance_page_tables(customers: list[str]) -> dict[str, DataFrame]:
    return {
        "quotes": quotes(),
        "losses": losses(),
        "retention_reasons": retention_reasons(),
        **indicator_tables(),
        **design_tables(),
        **sensitivity_tables(),
        **timing_tables(customers),
        **request_tables(customers),
        **criteria_tables(),
    }
