"""A small book of scores for the battery: two models, development and later, today's customers."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.validation.settings import ValidationSettings

SETTINGS = ValidationSettings(n_bootstrap=50, segment_min_customers=5)
GRADES = ("A", "B", "C", "D", "E")
DATES = {
    "development": ["2022-11-30", "2022-12-31"],
    "out_of_time": ["2023-11-30", "2023-12-31"],
    "scoring": ["2024-12-31"],
}


def book(n_customers=120, seed=6):
    """Return ratings of model ``good`` and of rule ``rule`` whose PDs are right."""
    rng = np.random.default_rng(seed)
    parts = []
    for sample, dates in DATES.items():
        for date in dates:
            p = np.clip(rng.beta(1, 8, n_customers), 0.001, 0.9)
            rows = DataFrame(
                {
                    "customer_id": [f"C{i:03d}" for i in range(n_customers)],
                    "observation_date": pd.Timestamp(date).as_unit("us"),
                    "sample_code": sample,
                    "is_default": pd.array(rng.random(n_customers) < p, dtype="boolean"),
                    "exposure_amount": rng.integers(1, 9, n_customers) * 1000.0,
                    "sector": np.where(np.arange(n_customers) % 3 == 0, "trade", "industry"),
                    "size": "small",
                }
            )
            if sample == "scoring":
                rows["is_default"] = pd.array([pd.NA] * n_customers, dtype="boolean")
            for model, rated in (("good", p), ("rule", p.mean() + p / 10)):
                parts.append(rows.assign(model_code=model, pd_12m=rated))
    made = pd.concat(parts, ignore_index=True)
    grade = pd.cut(made["pd_12m"], [0, 0.03, 0.06, 0.12, 0.25, 1], labels=list(GRADES)).astype("str")
    return made.assign(grade_code=grade)
