"""Segments of customers on the dates they were rated: who they are, how long known, whether insured."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings

KEYS = ["customer_id", "observation_date"]
UNKNOWN, OTHER = "unknown", "other"
NEW, ESTABLISHED, LOYAL = "new", "established", "loyal"
INSURED, NOT_INSURED = "insured", "not_insured"
CUSTOMER_AXES = {
    "sector": "sector_code",
    "size": "size_code",
    "country": "country_code",
    "customer_type": "customer_type_code",
}
SEGMENT_AXES = (*CUSTOMER_AXES, "tenure", "insured")
TENURES = ("relationship_months", "tenure_months")


class SegmentSettings(StageSettings):
    """Segments that the model is judged on."""

    segment_min_customers: int = Field(
        20,
        ge=1,
        le=10_000,
        description="customers below which segments of a division are put together as other; own threshold",
    )
    tenure_new_months: float = Field(
        12, gt=0, le=120, description="a customer is new for this many months of business relation; judgement"
    )
    tenure_loyal_months: float = Field(
        36, gt=0, le=240, description="a customer is loyal from this many months of business relation on; judgement"
    )


def segments(rows: DataFrame, *, tables: Mapping[str, DataFrame], settings: SegmentSettings) -> DataFrame:
    """Return the segment of each rated row along each division.

    Parameters
    ----------
    rows : ``customer_id observation_date``, one row per customer and date, or several (one per model)
    tables : what is there of ``customers`` (sector, size, country, type as delivered, whatever the date),
        ``snapshots`` (months of business relation on the date) and ``limits`` (decisions of the credit insurer as
        known and in force on the date)
    settings : smallest segment, months of the classes of tenure

    Returns
    -------
    DataFrame indexed as `rows`
            sector   size   country  customer_type  tenure       insured
            trade    micro  FR       b2b            established  insured

    What cannot be told is *unknown*: no label, no such table, no insurer limit in the whole table. *Insured* customers
    have a limit above 0. Segments with fewer customers than `segment_min_customers` are one segment *other*; *unknown*
    stays.
    """
    keys = rows[KEYS].drop_duplicates(ignore_index=True)
    found = {axis: _label(keys, tables.get("customers"), column) for axis, column in CUSTOMER_AXES.items()}
    found["tenure"] = _tenure(keys, tables.get("snapshots"), settings)
    found["insured"] = _insured(keys, tables.get("limits"))
    divided = keys.assign(
        **{axis: _large(labels, keys["customer_id"], settings.segment_min_customers) for axis, labels in found.items()}
    )
    return rows[KEYS].merge(divided, on=KEYS, how="left").set_axis(rows.index)[list(SEGMENT_AXES)].astype("str")


def _label(rows: DataFrame, customers: DataFrame | None, column: str) -> Series:
    if customers is None or column not in customers:
        return Series(UNKNOWN, index=rows.index, dtype="str")
    labels = customers.set_index("customer_id")[column]
    return rows["customer_id"].map(labels).astype("str").fillna(UNKNOWN)


def _tenure(rows: DataFrame, snapshots: DataFrame | None, settings: SegmentSettings) -> Series:
    """Class of the longer of the relation as delivered and the time since the first act in the ledger."""
    told = [] if snapshots is None else [name for name in TENURES if name in snapshots]
    if snapshots is None or not told:
        return Series(UNKNOWN, index=rows.index, dtype="str")
    months = snapshots[KEYS].assign(months=snapshots[told].max(axis=1))
    known = rows.merge(months, on=KEYS, how="left")["months"].to_numpy(float)
    conditions = [np.isnan(known), known < settings.tenure_new_months, known >= settings.tenure_loyal_months]
    return Series(np.select(conditions, [UNKNOWN, NEW, LOYAL], ESTABLISHED), index=rows.index, dtype="str")


def _insured(rows: DataFrame, limits: DataFrame | None) -> Series:
    """Whether the insurer's limit in force is above 0: of those known and not ended, the one that started last."""
    decisions = None if limits is None else limits[limits["limit_kind_code"] == "insurer"]
    if decisions is None or decisions.empty or rows.empty:
        return Series(UNKNOWN, index=rows.index, dtype="str")
    decisions = decisions.assign(known_date=decisions[["start_date", "recorded_date"]].max(axis=1))
    decisions = decisions.sort_values(["start_date", "known_date", "limit_id"])
    covered = []
    for day in rows["observation_date"].unique():
        is_live = (decisions["known_date"] <= day) & ~(decisions["end_date"] < day)
        latest = decisions[is_live].drop_duplicates("customer_id", keep="last")
        covered.append(latest.loc[latest["base_minor"] > 0, ["customer_id"]].assign(observation_date=day))
    found = rows.merge(pd.concat(covered), on=KEYS, how="left", indicator=True)["_merge"] == "both"
    return Series(np.where(found, INSURED, NOT_INSURED), index=rows.index, dtype="str")


def _large(labels: Series, customer: Series, least: int) -> Series:
    pairs = DataFrame({"label": labels, "customer": customer}).drop_duplicates()
    counts = pairs["label"].value_counts()
    small = counts.index[(counts < least) & (counts.index != UNKNOWN)]
    return labels.mask(labels.isin(small), OTHER)
