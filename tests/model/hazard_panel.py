"""A made-up sample whose monthly hazards of default are known, for tests of the hazard model."""

import numpy as np
import pandas as pd
from pandas import DataFrame
from scipy.special import expit

from riskresearch.model.sample import Sample

DIRECTIONS = {"late_ratio": 1, "overdue_ratio": 1, "net_margin_ratio": -1, "wrong_way_ratio": 1, "sales_ratio": 0}
SLOPES = {"late_ratio": 1.0, "overdue_ratio": 0.6, "net_margin_ratio": -0.5, "wrong_way_ratio": -0.4, "sales_ratio": 0}


EARLY = {"late_ratio": 0.8, "overdue_ratio": 0, "net_margin_ratio": 0, "wrong_way_ratio": 0, "sales_ratio": 0.3}
HALF_LIFE_MONTHS = 2


def rows(
    *,
    seed: int = 1,
    n_customers: int = 300,
    n_dates: int = 6,
    n_months: int = 12,
    level: float = -5.0,
    is_fading: bool = False,
) -> DataFrame:
    """Return rows with five normal features drawn in to −2 … 2, some values missing, customers leaving now and then.

    Log-odds of month k: level + Σ slope × feature, with fading + 2^(−(k − 1) / 2) × Σ early × feature;
    wrong_way_ratio lowers them although it is declared to raise them.
    """
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-31", periods=n_dates, freq="ME").as_unit("us")
    keys = pd.MultiIndex.from_product(
        [[f"C{i:04d}" for i in range(n_customers)], dates], names=["customer_id", "observation_date"]
    ).to_frame(index=False)
    features = DataFrame({name: rng.normal(size=len(keys)).clip(-2, 2) for name in DIRECTIONS})
    lasting, early = (features.mul(pd.Series(s)).sum(axis=1).to_numpy()[:, None] for s in (SLOPES, EARLY))
    left = 0.5 ** (np.arange(n_months) / HALF_LIFE_MONTHS) * is_fading
    hit = rng.random((len(keys), n_months)) < expit(level + lasting + early * left)
    month = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, 0)
    at_risk = np.where(rng.random(len(keys)) < 0.1, rng.integers(0, n_months, len(keys)), n_months)
    month = np.where(month <= at_risk, month, 0)
    features["late_ratio"] = features["late_ratio"].mask(rng.random(len(keys)) < 0.1)
    return keys.assign(
        **features,
        months_to_default=pd.Series(month, dtype="Int64").mask(month == 0),
        months_at_risk=pd.Series(at_risk, dtype="Int64"),
        is_default=month > 0,
    )


def sample(frame: DataFrame, *, n_months: int = 12) -> Sample:
    """Return the sample of such rows."""
    dictionary = DataFrame({"feature_code": list(DIRECTIONS), "direction_code": list(DIRECTIONS.values())})
    return Sample.of(frame, dictionary, horizon_months=n_months)
