"""Samples of tests/oracles as evidence, and samples in which nothing can go its usual way."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.validation.registry import Evidence
from riskresearch.validation.settings import ValidationSettings

ORACLES = Path(__file__).parents[1] / "oracles"


SETTINGS = ValidationSettings(n_bootstrap=200)


@cache
def oracle(name):
    return json.loads((ORACLES / f"validation_{name}.json").read_text(encoding="utf-8"))


GRADES = tuple(oracle("samples")["grades"])


def rows_of(sample):
    """Return a sample of the oracles as rows of evidence."""
    return DataFrame(
        {
            "customer_id": sample["customer"],
            "observation_date": pd.to_datetime("2023-01-31") + pd.to_timedelta(np.array(sample["date"]) * 31, unit="D"),
            "pd_12m": np.array(sample["pd"], float),
            "grade_code": sample["grade"],
            "is_default": np.array(sample["hit"], bool),
            "exposure_amount": np.array(sample["exposure"], float),
            "rival_pd": np.array(sample["rival"], float),
        }
    )


def evidence(name, *, settings=SETTINGS, seed=1, **changed):
    """Return a sample of the oracles as evidence, with development sample, years and moves."""
    given = oracle("samples")
    rows = changed.pop("rows", None)
    rows = rows_of(given["samples"][name]) if rows is None else rows
    initial = given["initial"].get(name, given["initial"]["cohort"])
    initial = Evidence(rows_of(initial), settings, np.random.default_rng(seed), grades=GRADES, is_in_sample=True)
    usual = {"initial": initial, "years": DataFrame(given["years"]), "moves": moves("mathworks", GRADES)}
    return Evidence(rows, settings, np.random.default_rng(seed), **{"grades": GRADES, **usual, **changed})


def moves(name, grades):
    """Return the moves of a matrix of the oracles, one customer each, on the first grades."""
    counts = oracle("stability")["matrices"][name]["counts"]
    pairs = [(i, j) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    return DataFrame(
        {
            "customer_id": [f"M{k:04d}" for k in range(len(pairs))],
            "grade_from": [grades[i] for i, _ in pairs],
            "grade_to": [grades[j] for _, j in pairs],
        }
    )
