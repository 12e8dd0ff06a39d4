"""Stability of the characteristics: how far each feature has moved since the development sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.base.shifts import Shift, bin_counts, decile_edges, shift
from riskresearch.validation.adjustment import holm
from riskresearch.validation.registry import Floats, Verdict

COMPARISONS = ("out_of_time", "scoring")
INDEX_REASONS = ("no_initial", "no_rows", "too_few_customers", "one_bin")
STABILITY_INDEX = Table(
    "stability_index",
    "validation",
    "one row per feature and sample compared with the development sample",
    ("feature_code", "comparison_code"),
    (
        Column("feature_code", "text", "feature"),
        Column("comparison_code", "code", "sample compared with the development sample", False, COMPARISONS),
        Column("value", "float", "characteristic stability index: deciles of development and missing", True),
        Column("critical_value_95", "float", "value that chance alone exceeds one time in 20", True),
        Column("p_value", "float", "probability of at least this value by chance alone", True),
        Column("p_adjusted", "float", "p-value adjusted for the number of features (Holm)", True),
        Column("n_bins", "int", "bins that are not empty both times"),
        Column("n_initial", "int", "customers of the development sample"),
        Column("n_current", "int", "customers of the sample compared"),
        Column("missing_initial_ratio", "float", "share of the development rows without a value", True),
        Column("missing_current_ratio", "float", "share of the rows compared without a value", True),
        Column("verdict_code", "code", "verdict by the adjusted p-value", False, tuple(Verdict)),
        Column("reason_code", "code", "why it cannot be computed", True, INDEX_REASONS),
    ),
)


class CharacteristicSettings(StageSettings):
    """Stability of characteristics."""

    index_min_customers: int = Field(
        30,
        ge=2,
        le=10_000,
        description="customers that a sample must hold for the stability index of its features; own threshold",
    )


def stability_index(snapshots: DataFrame, features: Sequence[str], settings: Any) -> DataFrame:
    """Return table `stability_index`: each feature out of time and on the date of the run, against development.

    The bins are the deciles of the development rows, as many as differ, and one for missing values; each count is
    raised by one half; the value is Σ (share now − share before) ln(share now / share before) over the bins. Shares are
    those of all rows, but sample sizes in the critical value χ²(B−1) × (1/N + 1/M) count customers, because the rows
    of a customer are near copies (Yurdakul 2018). Green, amber and red by `p_green` and `p_red` after Holm's
    adjustment over the features of a sample: of 70 features that have not moved 3 or 4 would pass 5 % by chance.

    Parameters
    ----------
    snapshots : ``customer_id sample_code`` and the features; rows of other samples do not count
    features : columns to compare, numeric
    settings : settings of the battery: `index_min_customers`, `p_green`, `p_red`

    Returns
    -------
    DataFrame, see `STABILITY_INDEX`, by sample and feature in the order given.

    Raises
    ------
    TableError
        A feature is not a column of the snapshots.
    """
    absent = [name for name in features if name not in snapshots]
    if absent:
        raise TableError(
            f"snapshots: {len(absent)} features have no column ({first_keys(absent)}); "
            "give features of table feature_dictionary, or make the snapshots anew"
        )
    initial = snapshots[snapshots["sample_code"] == "development"]
    parts = [
        _comparison(initial, snapshots[snapshots["sample_code"] == code], features, settings).assign(
            comparison_code=code
        )
        for code in COMPARISONS
    ]
    return pd.concat(parts, ignore_index=True)[STABILITY_INDEX.names]


def _comparison(initial: DataFrame, current: DataFrame, features: Sequence[str], settings: Any) -> DataFrame:
    n = {"n_before": initial["customer_id"].nunique(), "n_now": current["customer_id"].nunique()}
    reason = _too_small(n["n_before"], n["n_now"], settings.index_min_customers)
    rows = [_row(name, initial[name].to_numpy(float), current[name].to_numpy(float), n, reason) for name in features]
    frame = DataFrame(rows, columns=[c for c in STABILITY_INDEX.names if c != "comparison_code"])
    adjusted = holm(frame["p_value"].to_numpy(float))
    return frame.assign(p_adjusted=adjusted, verdict_code=_verdicts(adjusted, settings))


def _too_small(n_initial: int, n_current: int, least: int) -> str | None:
    if not n_initial:
        return "no_initial"
    if not n_current:
        return "no_rows"
    return "too_few_customers" if min(n_initial, n_current) < least else None


def _row(name: str, before: Floats, now: Floats, n: dict[str, int], reason: str | None) -> dict[str, object]:
    edges = decile_edges(before)
    counts = [bin_counts(values, edges) for values in (before, now)]
    found = shift(*counts, **n) if reason is None else None
    return {
        "feature_code": name,
        **_figures(found),
        "n_bins": int(np.count_nonzero(counts[0] + counts[1])),
        "n_initial": n["n_before"],
        "n_current": n["n_now"],
        "missing_initial_ratio": float(np.isnan(before).mean()) if len(before) else None,
        "missing_current_ratio": float(np.isnan(now).mean()) if len(now) else None,
        "reason_code": reason or ("one_bin" if found is None else None),
    }


def _figures(found: Shift | None) -> dict[str, float | None]:
    if found is None:
        return {"value": None, "critical_value_95": None, "p_value": None}
    return {"value": found.value, "critical_value_95": found.critical_value(0.95), "p_value": found.p_value}


def _verdicts(p: Floats, settings: Any) -> list[str]:
    conditions = [np.isnan(p), p >= settings.p_green, p >= settings.p_red]
    codes = np.select(conditions, ["not_computable", "green", "amber"], "red")
    return [Verdict(code).value for code in codes]
