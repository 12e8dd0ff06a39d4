"""Tables small enough to read, of two months, two policies and five customers with hostile names."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest
from default_model_tables import default_model_tables
from explanation_tables import explanation_tables
from insurance_page_tables import insurance_page_tables
from limit_replay_tables import earning, replayed
from limits_tables import calibrated, credit_limits, limit_figures, optimised, overriding, reviewing
from pandas import DataFrame, Timestamp
from payment_tables import payment_tables
from validation_tables import validation_tables

from riskresearch.base.schema import check
from riskresearch.behaviour.absorption import ABSORPTION
from riskresearch.behaviour.change_points import LEVEL_CHANGES
from riskresearch.behaviour.customers import CUSTOMER_BEHAVIOUR, CUSTOMER_MOVES
from riskresearch.behaviour.decomposition import DSO_CHANGES
from riskresearch.behaviour.distributions import AGEING, CONCENTRATION, DELAYS, LORENZ
from riskresearch.behaviour.incidents import INCIDENT_TABLE
from riskresearch.behaviour.kpis import KPIS
from riskresearch.behaviour.largest import LARGEST_CUSTOMER
from riskresearch.behaviour.receipts.tables import FORECAST_TABLES
from riskresearch.behaviour.segments import SEGMENT_VALUES
from riskresearch.behaviour.time_to_pay import SURVIVAL_TABLES
from riskresearch.behaviour.transitions import TRANSITION_TESTS, TRANSITIONS
from riskresearch.behaviour.vintages import VINTAGES
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.behaviour.warnings.tables import WARNING_TABLES
from riskresearch.pipeline.settings import Settings
from riskresearch.pipeline.stages import TABLES, labels
from riskresearch.report.facts import PageFacts
from riskresearch.report.translator import Translator, translator

PAYMENT_TABLES = (
    KPIS,
    AGEING,
    DELAYS,
    CONCENTRATION,
    LORENZ,
    CUSTOMER_BEHAVIOUR,
    CUSTOMER_MOVES,
    SEGMENT_VALUES,
    DSO_CHANGES,
    LEVEL_CHANGES,
    LARGEST_CUSTOMER,
    TRANSITIONS,
    TRANSITION_TESTS,
    ABSORPTION,
    VINTAGES,
    INCIDENT_TABLE,
    *WARNING_TABLES,
    *FORECAST_TABLES,
    *SURVIVAL_TABLES,
)
DICTIONARY = {**TABLES, **{table.name: table for table in PAYMENT_TABLES}}
DEFAULTS = Settings().model_dump(mode="json")
SETTINGS = {**DEFAULTS, "behaviour": {**WarningSettings().model_dump(mode="json"), **DEFAULTS["behaviour"]}}
NOW, BEFORE, YEAR_AGO = Timestamp("2025-12-31"), Timestamp("2025-11-30"), Timestamp("2024-12-31")
SCRIPT, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://bad.example")'
CUSTOMERS = ["007", SCRIPT, FORMULA, "C004", "C005"]

INDICATORS = {
    "open_amount": (1_234_567.89, 1_100_000.0, 900_000.0, "amount"),
    "overdue_ratio": (0.25, 0.2, 0.15, "ratio"),
    "overdue_90_ratio": (0.05, 0.04, 0.03, "ratio"),
    "dso_simple_days": (72.4, 70.0, 61.0, "days"),
    "dso_count_back_days": (68.2, 66.0, 58.5, "days"),
    "dso_best_possible_days": (54.3, 53.0, 50.0, "days"),
    "days_delinquent": (18.1, 17.0, 11.0, "days"),
    "dso_day_amount": (17_043.2, 16_900.0, 15_000.0, "amount"),
    "days_beyond_terms": (12.9, 12.0, 11.0, "days"),
    "days_beyond_terms_floored": (14.1, 13.5, 12.0, "days"),
    "on_time_ratio": (0.487, 0.48, 0.5, "ratio"),
    "payment_index": (71.25, 72.0, 74.5, "index"),
}


def kpis() -> DataFrame:
    rows = []
    for code, (now, before, year_ago, unit) in INDICATORS.items():
        for day, value in ((NOW, now), (BEFORE, before), (YEAR_AGO, year_ago)):
            rows.append([code, day, value, unit, None])
    columns = ["indicator_code", "observation_date", "value", "unit_code", "reason_code"]
    return DataFrame(rows, columns=columns).assign(n_items=1046, base_amount=1_234_567.89)


def ageing() -> DataFrame:
    shares = {"not_due": 0.75, "1_30": 0.15, "31_60": 0.05, "61_90": 0.0, "over_90": 0.05, "no_due_date": 0.0}
    ages = {"0_30": 0.5, "31_60": 0.25, "61_90": 0.15, "over_90": 0.1}
    rows = [
        (day, basis, code, 10 if share else 0, share * total, share, 100.0 if share else 0.0)
        for day, total in ((BEFORE, 1_100_000.0), (NOW, 1_234_567.89))
        for basis, parts in (("due_date", shares), ("invoice_date", ages))
        for code, share in parts.items()
    ]
    columns = ["observation_date", "basis_code", "bucket_code", "n_invoices", "open_amount", "open_ratio"]
    return DataFrame(rows, columns=[*columns, "disputed_amount"])


def delays() -> DataFrame:
    quantiles = {
        f"days_late_{name}": days
        for name, days in (("p10", -9.0), ("p25", -2.0), ("p50", 4.0), ("p75", 18.0), ("p90", 35.0))
    }
    frame = DataFrame(
        {
            "axis_code": ["portfolio", "size", "size"],
            "segment_code": ["all", "micro", "large"],
            "n_receipts": [300, 200, 100],
            "n_customers": [5, 3, 2],
            "paid_amount": [9e5, 3e5, 6e5],
        }
    )
    return frame.assign(days_late_mean=12.9, late_ratio=0.5, **quantiles)


def concentration() -> DataFrame:
    shares = {"top_1_ratio": 0.3, "top_3_ratio": 0.7, "top_5_ratio": 1.0, "hhi_ratio": 0.2}
    shares |= {"n_effective": 2.42, "gini_ratio": 0.52}
    rows = [(base, "customer", code, value) for base in ("sales_12m", "exposure") for code, value in shares.items()]
    frame = DataFrame(rows, columns=["base_code", "axis_code", "measure_code", "value"])
    return frame.assign(n_members=5, total_amount=1e6, left_out_amount=0.0)


def model_choice() -> DataFrame:
    return DataFrame(
        {
            "model_code": ["lightgbm", "logistic", "late_rate", "expert"],
            "role_code": ["champion", "challenger", "simple_rule", "expert"],
            "n_defaulters": 48,
            "n_test_defaulters": 21,
            "auc": [0.81, 0.79, 0.75, None],
            "auc_gain": [0.06, 0.04, 0.0, None],
            "auc_gain_low": [0.02, -0.01, 0.0, None],
            "auc_gain_high": [0.1, 0.09, 0.0, None],
            "champion_gain": [0.0, 0.02, 0.06, None],
            "champion_gain_low": [0.0, -0.02, 0.02, None],
            "champion_gain_high": [0.0, 0.06, 0.1, None],
            "is_rule": [False, False, True, False],
            "is_chosen": [True, False, False, False],
            "reason_code": ["accepted", "compared", "compared", "not_needed"],
        }
    )


def small_tables() -> dict[str, DataFrame]:
    behaviour = DataFrame(
        {
            "customer_id": CUSTOMERS,
            "open_amount": 1.0,
            "overdue_amount": 1.0,
            "disputed_amount": 0.0,
            "unapplied_amount": 0.0,
            "past_due_max_days": [0, 1, 40, 60, 120],
            "sales_amount_12m": 1e6,
            "n_invoices_12m": 12,
            "terms_days": 30.0,
            "days_beyond_terms_12m": [None, 5.0, 20.0, 31.5, 60.0],
            "n_receipts_12m": 10,
            "tenure_months": 40.0,
        }
    )
    scored = credit_limits(CUSTOMERS)[["customer_id", "pd_12m", "grade_code", "segment_code"]].assign(
        observation_date=NOW,
        customer_status_code=["active"] * 4 + ["in_default"],
        n_months_history=[40, 30, 20, 10, 40],
        pd_low=[0.004, 0.015, 0.03, 0.1, None],
        pd_high=[0.013, 0.06, 0.12, 0.5, None],
        is_pd_floored=False,
        lgd_ratio=0.6,
        score=[-4.9, -3.5, -2.8, -1.1, None],
        pd_source_code=["lightgbm"] * 4 + ["default"],
    )
    return {
        **payment_tables(),
        **default_model_tables(CUSTOMERS),
        **validation_tables(),
        **explanation_tables(CUSTOMERS),
        "kpis": kpis(),
        "ageing": ageing(),
        "delays": delays(),
        "concentration": concentration(),
        "customer_behaviour": behaviour,
        "credit_limits": credit_limits(CUSTOMERS),
        "limit_figures": limit_figures(CUSTOMERS),
        **reviewing(CUSTOMERS),
        **overriding(CUSTOMERS),
        **calibrated(),
        **optimised(),
        **replayed(),
        **earning(CUSTOMERS),
        "model_choice": model_choice(),
        **insurance_page_tables(CUSTOMERS),
        "scored": scored,
        "labels": labels(),
        "sample_counts": DataFrame(
            {
                "sample_code": ["development", "excluded"],
                "reason_code": ["none", "inactive"],
                "n_rows": [900, 10],
                "n_customers": 5,
                "n_defaults": 40,
                "n_defaulters": 48,
                "n_new_customers": 0,
                "first_date": YEAR_AGO,
                "last_date": BEFORE,
            }
        ),
        "default_cohorts": DataFrame(
            {
                "year": ["2023", "2024"],
                "start_date": YEAR_AGO,
                "end_date": BEFORE,
                "n_at_start": [200, 0],
                "n_defaulters": [10, 0],
                "default_ratio": [0.05, None],
                "is_complete": [True, False],
            }
        ),
        "feature_profile": DataFrame(
            {
                "feature_code": ["days_late_mean_3m", "tenure_months", "rating_ratio"],
                "family_code": ["delay", "tenure", "ratings"],
                "unit_code": ["days", "months", "ratio"],
                "p50": [4.5, 30.0, None],
                "n_defaulters": [40, 40, 0],
                "auc_development": [0.7, 0.45, None],
                "auc_out_of_time": [0.68, None, None],
                "is_as_declared": [True, True, None],
                "shift_psi": [0.02, 0.3, None],
            }
        ),
        "late_payment": DataFrame(
            {
                "model_code": ["lightgbm", "customer_history"],
                "measure_code": "late_auc",
                "value": [0.85, 0.83],
                "n_invoices": 900,
                "test_start_date": BEFORE,
            }
        ),
        "gaps": DataFrame(
            {"gap_code": ["no_disputes", "own_gap"], "effect": ["disputed invoices count", f"see {SCRIPT}"]}
        ),
        "set_aside": DataFrame(
            {
                "source_name": "invoices.csv",
                "reason_code": ["zero_amount", "not_a_date"],
                "n_rows": [1, 3],
                "base_minor": [0, 123_456],
                "first_keys": ["12", SCRIPT],
            }
        ),
        "reconciliation": DataFrame(
            {
                "check_code": ["invoices.rows", "invoices.amount.EUR", "open_balance.EUR"],
                "expected_minor": [100, 5_000_000, None],
                "rebuilt_minor": [100, 5_000_050, 7],
                "difference_minor": [0, 50, None],
                "detail": ["a", "b", "c"],
            }
        ),
        "default_variants": DataFrame(
            {"variant_code": ["as_set", "events_only"], "n_spells": [34, 20], "n_customers": [33, 19]}
        ),
    }


@pytest.fixture(scope="session")
def checked() -> Mapping[str, DataFrame]:
    """Tables that agree with the table dictionary, as a run would hold them."""
    made = small_tables()
    dictionary = TABLES["feature_dictionary"]
    from riskresearch.features.stage import feature_dictionary

    made["feature_dictionary"] = feature_dictionary()[dictionary.names]
    return {name: check(frame, DICTIONARY[name]) for name, frame in made.items()}


@pytest.fixture
def tables(checked: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    return {name: frame.copy() for name, frame in checked.items()}


@pytest.fixture
def facts() -> PageFacts:
    return page_facts()


def page_facts(**changes: Any) -> PageFacts:
    known: dict[str, Any] = {
        "run_name": "small",
        "as_of": pd.Timestamp(NOW),
        "currency_code": "EUR",
        "source_name": f"books {SCRIPT}",
        "mapping_name": "canonical",
        "is_synthetic": True,
        "notebooks": (("01 Payment", "01_behaviour.html"),),
        "settings": SETTINGS,
    }
    return PageFacts(**{**known, **changes})


@pytest.fixture(params=["en", "fr"])
def words(request: pytest.FixtureRequest) -> Translator:
    return translator(request.param, labels())


@pytest.fixture(scope="module")
def whole() -> dict[str, str]:
    """Pages by language, each made once for all tests of a module."""
    return {}


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)
