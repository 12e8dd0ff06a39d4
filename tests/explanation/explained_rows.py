"""Small inputs for tests of explanations: rows with given contributions, models of a few features."""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.explanation.history import Explained
from riskresearch.explanation.model import ExplainedModel

SCALE = DataFrame(
    {
        "grade_code": ["A", "B", "C", "D", "X"],
        "pd_low": [0.0, 0.02, 0.05, 0.2, 1.0],
        "pd_high": [0.02, 0.05, 0.2, 1.0, 1.0],
    }
)


def explained(contributions, values=None, *, base=-3.0, **columns):
    """Rows with the contributions given by feature; values are the contributions unless given; all to score."""
    parts = DataFrame(contributions, dtype=float)
    n = len(parts)
    told = {
        "customer_id": [f"C{i}" for i in range(n)],
        "observation_date": "2024-12-31",
        "sample_code": "scoring",
        "is_default": None,
        **columns,
    }
    rows = DataFrame(told, index=range(n))
    rows = rows.assign(
        observation_date=pd.to_datetime(rows["observation_date"]).astype("datetime64[us]"),
        is_default=rows["is_default"].astype("boolean"),
    )
    read = parts if values is None else DataFrame(values, dtype=float)
    return Explained(rows, tuple(parts), read.to_numpy(float), parts.to_numpy(float), base)


def dictionary(**families):
    """Table `feature_dictionary` with the family of each feature, and its direction after a comma."""
    told = {name: (*text.split(","), "0")[:2] for name, text in families.items()}
    return DataFrame(
        {
            "feature_code": list(told),
            "family_code": [family for family, _ in told.values()],
            "direction_code": [int(direction) for _, direction in told.values()],
        }
    )


def trees(values, outcome, *, categorical="auto", **parameters):
    """Trained boosted trees of a few features."""
    told = {
        "objective": "binary",
        "num_threads": 1,
        "verbosity": -1,
        "deterministic": True,
        "min_data_in_leaf": 5,
        "seed": 1,
        **parameters,
    }
    n_trees = told.pop("n_trees", 20)
    return lgb.train(told, lgb.Dataset(values, outcome, categorical_feature=categorical), n_trees)


def model_of(booster, *, slope=0.8, intercept=-0.3, pd_floor=0.0005):
    """The trees with a calibration; features f0, f1 and so on."""
    names = tuple(f"f{i}" for i in range(booster.num_feature()))
    return ExplainedModel(names, booster, slope, intercept, pd_floor)


def snapshots_of(values, *, sample="scoring", date="2024-12-31", is_default=None):
    """Table `snapshots` with one row per row of values."""
    n = len(values)
    frame = DataFrame(values, columns=[f"f{i}" for i in range(values.shape[1])])
    return frame.assign(
        customer_id=[f"C{i:04d}" for i in range(n)],
        observation_date=pd.Series(pd.to_datetime(date), index=range(n)).astype("datetime64[us]"),
        sample_code=sample,
        is_default=pd.Series(is_default, index=range(n)).astype("boolean"),
    )


def noisy(n_rows, *, n_features=6, missing=0.15, seed=1):
    """Values with gaps and zeros, and an outcome that depends on the first three together."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, n_features)).round(2)
    values[rng.random(values.shape) < 0.1] = 0.0
    x = np.where(np.isnan(values), 0.0, values)
    outcome = rng.random(n_rows) < 1 / (1 + np.exp(-(x[:, 0] + x[:, 0] * x[:, 1] - x[:, 2])))
    values[rng.random(values.shape) < missing] = np.nan
    return values, outcome.astype(int)


@dataclass(frozen=True)
class LinearModel:
    """Log-odds that a reader can add up by hand; a missing value counts as 0."""

    weights: dict
    intercept: float
    pd_floor: float = 0.0005
    names: tuple = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "names", tuple(self.weights))

    def values(self, rows):
        return rows[list(self.names)].to_numpy(float)

    def log_odds(self, rows):
        return np.nan_to_num(self.values(rows)) @ np.array(list(self.weights.values()), dtype=float) + self.intercept
