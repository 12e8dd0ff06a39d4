"""Tables of the stage insurance, small enough to read: self-insurance, a policy, a dearer one and a captive."""

from typing import Any

import pandas as pd
from pandas import DataFrame, Timestamp

FORMULA = '=HYPERLINK("http://bad.example")'
SCRIPT = "<script>alert(1)</script>"
DAY = Timestamp("2025-12-31")


def quotes(**changes: Any) -> DataFrame:
    frame = DataFrame(
        {
            "option_id": ["self_insurance", "layer", "dear", "captive"],
            "option_name": ["self_insurance", f"Layer {SCRIPT}", "Dear $policy$", "Captive"],
            "option_kind_code": ["self_insurance", "excess_of_loss", "whole_turnover", "captive"],
            "status_code": "ok",
            "confidence_ratio": 0.995,
            "capital_charge_ratio": 0.08,
            "premium_amount": [0.0, 80_000.0, 150_000.0, 60_000.0],
            "fees_amount": [0.0, 0.0, 8_000.0, 49_000.0],
            "tax_amount": [0.0, 5_700.0, 11_400.0, 13_500.0],
            "full_cost_amount": [0.0, 86_400.0, 165_400.0, 122_500.0],
            "expected_gross_amount": 141_000.0,
            "expected_indemnity_amount": [0.0, 51_000.0, 93_600.0, 29_900.0],
            "expected_retained_amount": [141_000.0, 90_000.0, 47_400.0, 111_100.0],
            "var_retained_amount": [1_001_000.0, 296_000.0, 267_000.0, 434_000.0],
            "es_retained_amount": [1_200_000.0, 300_000.0, 305_000.0, 472_000.0],
            "es_retained_amount_se": [26_000.0, 4_400.0, 5_000.0, 6_000.0],
            "capital_freed_amount": [0.0, 811_500.0, 791_200.0, 688_200.0],
            "total_cost_of_risk_amount": [141_000.0, 176_400.0, 212_800.0, 233_600.0],
            "economic_cost_amount": [225_000.0, 195_400.0, 233_500.0, 262_500.0],
            "total_cost_rank": [1, 2, 3, 4],
            "economic_cost_rank": [2, 1, 3, 4],
            "break_even_premium_amount": [None, 107_600.0, 149_000.0, 35_900.0],
            "break_even_premium_amount_se": [None, 2_200.0, 2_500.0, 2_400.0],
            "break_even_premium_low_amount": [None, 103_200.0, 144_000.0, 31_200.0],
            "break_even_premium_high_amount": [None, 111_900.0, 154_000.0, 40_700.0],
            "p_maximum_exhausted_ratio": [None, 0.0003, 0.0, 0.0001],
            "expected_indemnity_amount_se": 900.0,
            "total_cost_of_risk_amount_se": 1_000.0,
            "economic_cost_amount_se": 2_000.0,
        }
    )
    return frame.assign(**changes)


def covers() -> DataFrame:
    rows = [
        ("self_insurance", "C1", "no_policy", 0.0, 0.0, 100_000.0, 0.0, 3_000.0, False),
        ("self_insurance", "C2", "no_policy", 0.0, 0.0, 50_000.0, 0.0, 1_000.0, True),
        ("layer", "C1", "named", 80_000.0, 0.9, 100_000.0, 80_000.0, 3_000.0, False),
        ("layer", "C2", "refused", 0.0, 0.0, 50_000.0, 0.0, 1_000.0, True),
        ("dear", "C1", "discretionary", 20_000.0, 0.6, 100_000.0, 20_000.0, 3_000.0, False),
        ("captive", "C1", "named", 80_000.0, 1.0, 100_000.0, 80_000.0, 3_000.0, False),
    ]
    names = ["option_id", "customer_id", "cover_code", "limit_amount", "insured_ratio", "exposure_amount"]
    return DataFrame(rows, columns=[*names, "covered_amount", "expected_gross_amount", "is_lgd_assumed"])


def limit_requests() -> DataFrame:
    rows = [
        ("layer", "C9", 2, "raise", 10_000.0, 15_000.0, 12_000.0, 0.01, 1 / 3, 0.1, 0.0, 1_000 + 1 / 3),
        ("layer", FORMULA, 1, "file_again", 0.0, 20_000.0, 18_000.0, 0.05, 1_000.0, 50.0, 45.0, 1_000.0),
    ]
    names = ["option_id", "customer_id", "request_number", "request_code", "limit_amount", "wanted_limit_amount"]
    names += ["exposure_amount", "pd_12m", "extra_indemnity_amount", "extra_indemnity_amount_se"]
    return DataFrame(rows, columns=[*names, "extra_fees_amount", "total_extra_indemnity_amount"])


def dormant_limits() -> DataFrame:
    return DataFrame(
        {
            "option_id": "layer",
            "customer_id": ["C5", "C6"],
            "limit_amount": [5_000.0, 9_000.0],
            "granted_date": Timestamp("2023-01-30"),
            "last_move_date": [pd.NaT, Timestamp("2024-04-15")],
            "yearly_fee_amount": 45.0,
        }
    )


def declaration_calendar() -> DataFrame:
    items = [
        ("I1", "planned", "planned", "2026-02-01", "2026-06-01", 100.0),
        ("I2", "missed", "missed", "2025-10-01", "2026-01-10", 200.0),
        ("I3", "due", "planned", "2025-12-20", "2026-04-01", 300.5),
        ("I4", "declared", "due", "2025-09-01", "2026-01-05", 400.0),
        ("I5", "declared", "filed", "2025-09-01", "2026-01-05", 500.0),
        ("I6", "none", "none", None, None, 600.0),
    ]
    names = ["item_id", "declaration_status_code", "claim_status_code", "declare_by_date", "claim_by_date"]
    frame = DataFrame(items, columns=[*names, "open_amount"])
    days = {name: pd.to_datetime(frame[name]) for name in ("declare_by_date", "claim_by_date")}
    return frame.assign(
        policy_id="layer",
        customer_id="C1",
        invoice_id=frame["item_id"],
        due_date=Timestamp("2025-08-01"),
        insured_amount=0.9 * frame["open_amount"],
        lapse_risk_amount=0.9 * frame["open_amount"],
        **days,
    )


def downgrades() -> DataFrame:
    rows = [
        ("C1", "2025-12-01", "inform_insurer", "8", "6", 2),
        ("C1", "2025-12-01", "reduce_limit", "8", "6", 2),
        ("C2", "2025-12-05", "inform_insurer", "B+", "B", 1),
    ]
    names = ["customer_id", "rating_date", "action_code", "rating_before", "rating_code", "n_notches"]
    frame = DataFrame(rows, columns=names)
    return frame.assign(provider_code="bureau", rating_date=pd.to_datetime(frame["rating_date"]))


def policy_actions() -> DataFrame:
    rows = [
        ("layer", "late_declarations", "act", 1, 50_500.0, None),
        ("layer", "large_buyer", "act", None, None, None),
        ("layer", "low_loss_ratio", "not_computable", None, None, "no_claims_register"),
        ("layer", "maximum_exhausted", "fine", None, None, None),
        ("dear", "dormant_fees", "act", 1, 99.0, None),
    ]
    names = ["option_id", "rule_code", "action_status_code", "action_number", "gain_amount", "reason_code"]
    return DataFrame(rows, columns=names)


def policy_designs(*, is_quote_told_apart: bool = True) -> DataFrame:
    return DataFrame(
        {
            "option_id": "layer",
            "design_id": ["0001", "0002"],
            "is_quote": [True, False],
            "insured_ratio": [0.9, 0.95],
            "first_loss_amount": [150_000.0, 280_000.0],
            "discretionary_limit_amount": [100_000.0, 200_000.0],
            "maximum_liability_amount": [2e6, 3.2e6],
            "economic_cost_amount": [195_400.0, 193_100.0],
            "is_within_error": [not is_quote_told_apart, True],
        }
    )


def insurance_note_tables() -> dict[str, DataFrame]:
    """Tables the note is drawn from."""
    return {
        "quotes": quotes(),
        "covers": covers(),
        "declaration_calendar": declaration_calendar(),
        "policy_actions": policy_actions(),
        "policy_designs": policy_designs(),
        "design_optima": DataFrame(
            {
                "option_id": "layer",
                "capital_charge_ratio": [0.0, 0.08],
                "design_id": ["self_insurance", "0002"],
                "economic_cost_amount": [141_000.0, 193_100.0],
                "quote_economic_cost_amount": [176_400.0, 195_400.0],
            }
        ),
        "insurance_advice": DataFrame(
            {
                "advice_code": ["insure"],
                "n_met": [3],
                "n_known": [5],
                "n_effective": [13.7],
                "spread_code": ["mixed"],
                "cover_kind_code": ["whole_turnover_and_top_up"],
            }
        ),
        "simulation_checks": DataFrame(
            {"option_id": "self_insurance", "figure_code": ["gross_mean", "gross_es"], "z": [0.4, -1.26]}
        ),
        "tornado": DataFrame(
            {
                "option_id": "layer",
                "driver_code": ["pd_level", "pd_level", "correlation", "correlation"],
                "side_code": ["high", "low", "high", "low"],
                "is_rank_changed": [True, True, False, True],
            }
        ),
    }
