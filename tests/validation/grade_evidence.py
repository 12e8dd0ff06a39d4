"""Small samples of graded customers, for tests of the measures on grades, moves and stability."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.validation.characteristics import CharacteristicSettings
from riskresearch.validation.measures.migration import MigrationSettings
from riskresearch.validation.registry import Evidence
from riskresearch.validation.segments import SegmentSettings
from riskresearch.validation.settings import CommonSettings


class Settings(CommonSettings, MigrationSettings, CharacteristicSettings, SegmentSettings):
    """Settings of these measures."""


SETTINGS = Settings(n_bootstrap=200)
DAY = Timestamp("2024-12-31")


def rated(grades, *, outcome=None, customer=None, exposure=None, day=DAY):
    """Return rows of customers in the grades given, one letter each."""
    n = len(grades)
    return DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in range(n)] if customer is None else list(customer),
            "observation_date": pd.DatetimeIndex([day] * n).as_unit("us"),
            "pd_12m": 0.1,
            "grade_code": list(grades),
            "is_default": np.zeros(n, bool) if outcome is None else np.asarray(outcome, bool),
            "exposure_amount": np.nan if exposure is None else np.asarray(exposure, float),
        }
    )


def evidence(grades, scale="ABC", **options):
    """Return evidence of customers in the grades given; `initial` and `moves` as in Evidence."""
    more = {name: options.pop(name) for name in ("initial", "moves") if name in options}
    return Evidence(rated(grades, **options), SETTINGS, np.random.default_rng(1), tuple(scale), **more)


def moves_of(counts, scale="ABCDEFGHIJKLMNOP"):
    """Return moves that make the matrix of counts, each by a customer of its own."""
    pairs = [(scale[i], scale[j]) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    frame = DataFrame(pairs, columns=["grade_from", "grade_to"], dtype="str")
    return frame.assign(customer_id=[f"C{i:05d}" for i in range(len(pairs))])
