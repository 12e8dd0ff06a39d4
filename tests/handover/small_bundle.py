"""A small bundle made without the stages: a LightGBM of five features and rows to score with it."""

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
from pandas import DataFrame

from riskresearch.handover.bundle import write_bundle

UNITS = {
    "days_late": "days",
    "overdue_ratio": "ratio",
    "n_months": "months",
    "trend_ratio": "ratio",
    "pays_ratio": "ratio",
}


def small_rows(n: int, *, seed: int = 3) -> DataFrame:
    """Rows with missing values and ties, ``row_id`` first."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, len(UNITS))).round(2)
    values[:, 2] = rng.integers(0, 30, n)
    values[rng.random(values.shape) < 0.2] = np.nan
    return DataFrame(values, columns=list(UNITS)).assign(row_id=[f"R{i:05d}" for i in range(n)])[["row_id", *UNITS]]


def small_bundle(folder: Path) -> Path:
    """Write the bundle and return its folder."""
    rows = small_rows(600, seed=1)[list(UNITS)]
    odds = rows["days_late"].fillna(0) + 2 * rows["overdue_ratio"].fillna(-0.5) - 2
    is_default = np.random.default_rng(2).random(len(rows)) < 1 / (1 + np.exp(-odds))
    settings = {
        "objective": "binary",
        "num_leaves": 6,
        "verbose": -1,
        "deterministic": True,
        "num_threads": 1,
        "seed": 1,
    }
    booster = lgb.train(settings, lgb.Dataset(rows.to_numpy(), is_default.astype(float)), num_boost_round=25)
    write_bundle(_tables(rows, booster.model_to_string()), {"run": "small"}, folder)
    return folder


def _tables(rows: DataFrame, text: str) -> dict[str, DataFrame]:
    parts = {
        "features": json.dumps(list(UNITS)),
        "lightgbm_text": text,
        "calibration": json.dumps({"slope": 0.9, "intercept": 0.05}),
    }
    dictionary = [
        {
            "feature_code": name,
            "unit_code": unit,
            "missing": "unknown",
            "direction_code": 0,
            "label_en": name,
            "label_fr": name,
        }
        for name, unit in UNITS.items()
    ]
    grades = {
        "grade_code": ["A", "B", "C", "D"],
        "pd_low": [0.0, 0.05, 0.1, 0.3],
        "pd_high": [0.05, 0.1, 0.3, 1.0],
        "segment_code": ["performing"] * 4,
    }
    columns = ["model_code", "sample_code", "axis_code", "measure_code", "value", "value_low", "value_high"]
    choice = {"model_code": ["lightgbm"], "n_defaulters": [50], "n_test_defaulters": [20], "auc_gain": [0.1]}
    return {
        "model_parts": DataFrame({"part_code": list(parts), "content": list(parts.values())}),
        "feature_dictionary": DataFrame(dictionary),
        "snapshots": rows,
        "grade_scale": DataFrame(grades),
        "measures": DataFrame(columns=[*columns, "verdict_code"]),
        "model_choice": DataFrame(choice),
    }
