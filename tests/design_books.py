"""A policy, a book and years by hand, small enough to settle on paper, and a random book for what must always hold.

The policy by hand covers 90 % of a named debt up to its limit and 60 % of another up to 20, keeps the first 30 of the
year and pays at most 100. Premium 6 % of 1,000 = 60, fees 10, tax 10 % of 70 = 7: 77 a year. Customers: C0 owes 200,
named limit 150, sales 700; C1 owes 50, no named limit, sales 300; C2 owes 40 and is not insurable. Debts are lost in
full. Years: none; C1; C0; C0 then C1, so

    gross 0, 50, 200, 250; shares of the covered debts 0, 12, 135, 147; paid 0, 0, 100, 100; kept 0, 50, 100, 150.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.insurance.events import N_MONTHS, Events
from riskresearch.insurance.exposures import check_exposures
from riskresearch.insurance.policy import Policy, policy_from_mapping
from riskresearch.insurance.settings import InsuranceSettings

HAND_TERMS = (
    {"kind": "buyer_limit", "discretionary_limit_amount": 20.0},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "aggregate_first_loss", "amount": 30.0},
    {"kind": "maximum_liability", "amount": 100.0},
    {"kind": "premium", "rate_ratio": 0.06},
    {"kind": "fees", "fixed_amount": 10.0},
    {"kind": "premium_tax", "rate_ratio": 0.1},
)


def policy_of(
    terms: Sequence[Mapping[str, Any]] = HAND_TERMS, *, without: Sequence[str] = (), order: str = "A", **others: Any
) -> Policy:
    """A policy of the terms; the terms named in `without` are left out."""
    read = {"clause": "worked case", "source": "worked case"}
    identity = {
        "policy_id": "quote",
        "name": "Quote",
        "kind": "whole_turnover",
        "status": "example",
        "insurer": "test",
        "currency_code": "EUR",
        "start_date": date(2026, 1, 1),
        "end_date": date(2026, 12, 31),
        "order": order,
    }
    kept = [{**term, **read} for term in terms if term["kind"] not in without]
    return policy_from_mapping({**identity, **others, "terms": kept}, where="test")


def changed_terms(**fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The terms by hand with fields of some kinds changed, and terms added."""
    kinds = [str(term["kind"]) for term in HAND_TERMS]
    changed = [{**term, **fields.get(str(term["kind"]), {})} for term in HAND_TERMS]
    return changed + [{"kind": kind, **given} for kind, given in fields.items() if kind not in kinds]


def book_of(n: int, **columns: Any) -> DataFrame:
    """Checked exposures; a column that is not given has a plain value for everybody."""
    plain: dict[str, Any] = {
        "pd_12m": 0.02,
        "exposure_amount": 10_000.0,
        "lgd_ratio": 0.4,
        "buyer_limit_amount": np.nan,
        "limit_source": None,
        "turnover_amount": 60_000.0,
        "is_insurable": True,
        "requested_limit_amount": np.nan,
        "is_discretionary_justified": True,
        "sector_code": None,
        "country_code": None,
        "group_id": None,
        "terms_days": 60.0,
        "vat_ratio": 0.0,
    }
    frame = DataFrame({"customer_id": [f"C{number:03d}" for number in range(n)]})
    return check_exposures(frame.assign(**(plain | columns)), lgd_ratio=0.4)


def hand_book() -> DataFrame:
    return book_of(
        3,
        exposure_amount=[200.0, 50.0, 40.0],
        buyer_limit_amount=[150.0, np.nan, np.nan],
        turnover_amount=[700.0, 300.0, 500.0],
        is_insurable=[True, True, False],
        lgd_ratio=1.0,
    )


def hand_events(*, weights: Sequence[float] | None = None) -> Events:
    owed = np.repeat(np.array([[200.0], [50.0], [40.0]]), N_MONTHS, axis=1)
    customers = np.array([1, 0, 0, 1], dtype=np.int32)
    return Events(
        customer_ids=np.array(["C000", "C001", "C002"], dtype=object),
        exposure=owed,
        first=np.array([0, 0, 1, 2, 4]),
        customer=customers,
        day_ratio=np.array([0.5, 0.1, 0.2, 0.9], dtype=np.float32),
        lgd_ratio=np.ones(4, dtype=np.float32),
        event=np.zeros(4, dtype=np.int8),
        after_cut_ratio=np.zeros(4, dtype=np.float32),
        n_strata=1,
        weights=None if weights is None else np.array(weights),
    )


def settings_of(**fields: Any) -> InsuranceSettings:
    """Settings for small simulations and years by hand: few years, a confidence that they fill."""
    small: dict[str, Any] = {"n_years": 2_000, "seed": 7, "confidence_ratio": 0.95, "use_season": False}
    return InsuranceSettings.model_validate(small | fields)


def random_book(n: int = 60) -> DataFrame:
    rng = np.random.default_rng(4)
    return book_of(
        n,
        pd_12m=rng.uniform(0, 0.12, n),
        exposure_amount=rng.lognormal(9, 1, n).round(2),
        lgd_ratio=rng.uniform(0.2, 0.8, n),
        buyer_limit_amount=np.where(rng.random(n) < 0.6, rng.lognormal(9, 1, n).round(2), np.nan),
        is_insurable=rng.random(n) < 0.9,
        sector_code=rng.choice(["C", "F", "G"], n),
        vat_ratio=rng.choice([0.0, 0.2], n),
    )


def random_policy(**fields: Mapping[str, Any]) -> Policy:
    """Terms in the usual ranges for `random_book`."""
    usual: dict[str, Mapping[str, Any]] = {
        "buyer_limit": {"discretionary_limit_amount": 5_000.0},
        "threshold": {"amount": 300.0},
        "aggregate_first_loss": {"amount": 8_000.0},
        "maximum_liability": {"amount": 150_000.0},
        "premium": {"rate_ratio": 0.004},
        "waiting_period": {"insolvency_days": 30, "protracted_default_days": 150, "political_days": 180},
    }
    merged = {kind: {**usual.get(kind, {}), **fields.get(kind, {})} for kind in {**usual, **fields}}
    return policy_of(changed_terms(**merged))


def rows_of(frame: DataFrame, **values: Any) -> DataFrame:
    """Rows whose columns have these values."""
    kept = pd.Series(True, index=frame.index)
    for name, value in values.items():
        kept &= frame[name].eq(value)
    return frame[kept]


def row_of(frame: DataFrame, **values: Any) -> pd.Series:
    """The one row whose columns have these values."""
    found = rows_of(frame, **values)
    assert len(found) == 1, (values, len(found))
    return found.iloc[0]
