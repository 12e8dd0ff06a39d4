"""A made-up customer panel with known default odds, for tests of model, validation and explanation."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.features.families import FEATURES
from riskresearch.features.stage import feature_dictionary


def panel(
    *, seed: int = 1, n_customers: int = 200, n_dates: int = 24, slope: float = 3.0, base: float = -4.0
) -> DataFrame:
    """Return table `snapshots`: default odds rise with the late ratio and the overdue ratio."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-31", periods=n_dates, freq="ME").as_unit("us")
    rows = pd.MultiIndex.from_product(
        [[f"C{i:03d}" for i in range(n_customers)], dates], names=["customer_id", "observation_date"]
    ).to_frame(index=False)
    risk, strain = (np.repeat(rng.beta(1, 4, n_customers), n_dates) for _ in range(2))
    frame = rows.assign(**{name: rng.random(len(rows)) for name in FEATURES.names})
    frame = frame.assign(
        late_ratio_12m=np.clip(risk + rng.normal(0, 0.05, len(rows)), 0, 1),
        overdue_ratio=np.clip(strain + rng.normal(0, 0.05, len(rows)), 0, 1),
    )
    chance = 1 / (1 + np.exp(-(base + slope * 3 * (risk + strain) / 2)))
    hit = rng.random(len(rows)) < chance
    sample = np.select(
        [dates < "2023-01-01", dates < "2023-05-01", dates < "2023-11-01"],
        ["development", "purged", "out_of_time"],
        "immature",
    )
    frame = frame.assign(sample_code=np.tile(sample, n_customers), exclusion_code=None)
    frame["sample_code"] = frame["sample_code"].mask(frame["observation_date"] == dates[-1], "scoring")
    known = frame["sample_code"].isin(["development", "purged", "out_of_time"])
    return frame.assign(is_default=pd.Series(hit).astype("boolean").where(known))


def inputs(frame: DataFrame) -> dict[str, DataFrame]:
    """Return the tables the model stage reads."""
    customers = sorted(frame["customer_id"].unique())
    behaviour = DataFrame(
        {
            "customer_id": customers,
            "days_beyond_terms_12m": np.linspace(0, 40, len(customers)),
            "n_receipts_12m": 12,
            "past_due_max_days": 0,
            "is_terms_assumed": False,
        }
    )
    return {"snapshots": frame, "feature_dictionary": feature_dictionary(), "customer_behaviour": behaviour}
