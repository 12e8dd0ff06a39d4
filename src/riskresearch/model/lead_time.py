"""How many months before a default a model raised the alarm, and how many alarms were followed by none."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from riskresearch.base.schema import Column, Table

KEYS = ["customer_id", "observation_date"]
LEAD_TIMES = Table(
    "lead_times",
    "model",
    "one row per model, out-of-time dates",
    ("model_code",),
    (
        Column("model_code", "text", "model"),
        Column("n_defaulters", "int", "customers in default within the horizon of a date"),
        Column("n_alarmed", "int", "of these, customers graded risky on at least one such date"),
        Column("alarmed_ratio", "float", "share of the customers in default", True),
        Column("lead_months_p25", "float", "lower quartile of the lead", True),
        Column("lead_months_p50", "float", "median months from the first such date to the default", True),
        Column("lead_months_p75", "float", "upper quartile of the lead", True),
        Column("n_customers_alarmed", "int", "customers graded risky on at least one date"),
        Column(
            "false_alarm_ratio", "float", "share of these without a default within the horizon of such a date", True
        ),
    ),
)


def lead_times(scores: DataFrame, snapshots: DataFrame, scale: DataFrame) -> DataFrame:
    """Return table `lead_times`: an alarm is a risky grade, its lead the months from the first alarm to the default.

    Only dates with a known outcome count, so a lead is never longer than the horizon, nor than the out-of-time block
    is before the default: leads are lower bounds. A customer that defaults twice counts once, with its first lead.

    Parameters
    ----------
    scores : table `scores`
    snapshots : ``customer_id observation_date months_to_default``
    scale : table `grade_scale`, for the segment of a grade

    Examples
    --------
    >>> dates = pd.to_datetime(["2024-01-31", "2024-02-29"])
    >>> scores = DataFrame({"model_code": "m", "customer_id": "a", "observation_date": dates, "is_default": True,
    ...                     "sample_code": "out_of_time", "grade_code": ["A", "H"]})
    >>> snapshots = scores[KEYS].assign(months_to_default=[4, 3])
    >>> scale = DataFrame({"grade_code": ["A", "H"], "segment_code": ["reliable", "risky"]})
    >>> lead_times(scores, snapshots, scale)[["n_defaulters", "alarmed_ratio", "lead_months_p50"]].values.tolist()
    [[1.0, 1.0, 3.0]]
    """
    tested = scores[scores["sample_code"] == "out_of_time"]
    rows = tested.merge(snapshots[[*KEYS, "months_to_default"]], on=KEYS, how="left", validate="m:1")
    risky = set(scale.loc[scale["segment_code"] == "risky", "grade_code"])
    rows = rows.assign(is_alarm=rows["grade_code"].isin(risky), is_default=rows["is_default"].astype(bool))
    found = [_of_model(str(code), part) for code, part in rows.groupby("model_code")]
    return pd.DataFrame(found, columns=LEAD_TIMES.names)


def _of_model(code: str, rows: DataFrame) -> dict[str, object]:
    hits, alarms = rows[rows["is_default"]], rows[rows["is_alarm"]]
    first = hits[hits["is_alarm"]].sort_values("observation_date").drop_duplicates("customer_id")
    leads = first["months_to_default"].to_numpy(float)
    n_defaulters, n_customers = hits["customer_id"].nunique(), alarms["customer_id"].nunique()
    quartiles = np.quantile(leads, [0.25, 0.5, 0.75]) if len(leads) else [np.nan] * 3
    followed = alarms.loc[alarms["is_default"], "customer_id"].nunique()
    return {
        "model_code": code,
        "n_defaulters": n_defaulters,
        "n_alarmed": len(leads),
        "alarmed_ratio": len(leads) / n_defaulters if n_defaulters else np.nan,
        **dict(zip(("lead_months_p25", "lead_months_p50", "lead_months_p75"), quartiles, strict=True)),
        "n_customers_alarmed": n_customers,
        "false_alarm_ratio": 1 - followed / n_customers if n_customers else np.nan,
    }
