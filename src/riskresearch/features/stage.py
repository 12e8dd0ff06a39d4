"""Stage features: the customer × date panel with features, outcome and sample."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.book import observation_dates
from riskresearch.features.features import FEATURES
from riskresearch.features.snapshots import snapshots
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.ledger.default import is_in_default

SAMPLES = ("development", "purged", "out_of_time", "immature", "scoring", "excluded")
EXCLUSIONS = ("in_default", "inactive")

SNAPSHOTS = Table(
    "snapshots",
    "features",
    "one row per customer and observation date",
    ("customer_id", "observation_date"),
    (
        CUSTOMER,
        Column("observation_date", "date", "last day that counts"),
        Column("sample_code", "code", "use of the row", False, SAMPLES),
        Column("exclusion_code", "code", "why the row is excluded", True, EXCLUSIONS),
        Column("is_default", "bool", "default within the horizon; empty while not known", True),
        *(Column(m.name, "float", f"{m.definition} Unit: {m.spec.unit}.", True) for m in FEATURES),
    ),
)
FEATURE_DICTIONARY = Table(
    "feature_dictionary",
    "features",
    "one row per feature",
    ("feature_code",),
    (
        Column("feature_code", "text", "column of table snapshots"),
        Column("family_code", "text", "family"),
        Column("unit_code", "text", "unit"),
        Column("direction_code", "int", "+1 higher is riskier, -1 safer, 0 free"),
        Column("label_en", "text", "label, English"),
        Column("label_fr", "text", "label, French"),
        Column("decimals", "int", "decimals shown"),
        Column("missing", "text", "when there is no value"),
    ),
)
SAMPLE_COUNTS = Table(
    "sample_counts",
    "features",
    "one row per sample and exclusion reason",
    ("sample_code", "reason_code"),
    (
        Column("sample_code", "code", "use of the rows", False, SAMPLES),
        Column("reason_code", "text", "reason of exclusion, or none"),
        Column("n_rows", "int", "customer-dates"),
        Column("n_customers", "int", "customers"),
        Column("n_defaults", "int", "rows followed by a default"),
        Column("n_defaulters", "int", "customers with such a row"),
        Column("first_date", "date", "first observation date"),
        Column("last_date", "date", "last observation date"),
    ),
)
FEATURE_TABLES = (SNAPSHOTS, FEATURE_DICTIONARY, SAMPLE_COUNTS)


class FeatureSettings(StageSettings):
    """Customer × date panel."""

    horizon_months: int = Field(12, ge=1, le=36, description="months within which a default counts as the outcome")
    burn_in_months: int = Field(
        3, ge=0, le=24, description="first months of the ledger without rows: history is too short"
    )
    out_of_time_ratio: float = Field(
        0.25, gt=0, lt=1, description="share of the mature observation dates, the latest, kept for the out-of-time test"
    )


def feature_panel(
    tables: Mapping[str, DataFrame], settings: FeatureSettings, *, as_of: Timestamp
) -> dict[str, DataFrame]:
    """Return tables `snapshots`, `feature_dictionary` and `sample_counts`.

    Parameters
    ----------
    tables : canonical tables, ``movements`` and ``defaults``, as known on `as_of`
    settings : horizon, burn-in, split
    as_of : last day that counts; the customers of that date are the ones to score
    """
    first_day = tables["movements"]["known_date"].min()
    dates = observation_dates(as_of=as_of, first_day=first_day)
    panel = snapshots(tables, dates)
    started = panel["observation_date"].isin(dates[settings.burn_in_months :]) | (panel["observation_date"] == as_of)
    panel = panel[started].reset_index(drop=True)
    panel = panel.assign(exclusion_code=_exclusion(panel, tables["defaults"]))
    panel = panel.assign(is_default=_outcome(panel, tables["defaults"], settings, as_of))
    panel = panel.assign(sample_code=_sample(panel, settings, as_of))
    panel = panel.assign(is_default=panel["is_default"].mask(panel["sample_code"] == "excluded"))
    return {
        "snapshots": panel[SNAPSHOTS.names],
        "feature_dictionary": feature_dictionary(),
        "sample_counts": _counts(panel),
    }


def feature_dictionary() -> DataFrame:
    """Return one row per registered feature: family, unit, direction, labels."""
    rows = [
        {
            "feature_code": m.name,
            "family_code": m.spec.family,
            "unit_code": m.spec.unit,
            "direction_code": m.spec.direction,
            "label_en": m.spec.label_en,
            "label_fr": m.spec.label_fr,
            "decimals": m.spec.decimals,
            "missing": m.spec.missing,
        }
        for m in FEATURES
    ]
    return DataFrame(rows)


def _exclusion(panel: DataFrame, spells: DataFrame) -> Series:
    inside = is_in_default(spells, panel[["customer_id", "observation_date"]])
    idle = (panel["open_minor"] <= 0) & (panel["sales_minor_12m"] <= 0)
    return Series(np.select([inside, idle], list(EXCLUSIONS), default=""), index=panel.index).replace("", None)


def _outcome(panel: DataFrame, spells: DataFrame, settings: FeatureSettings, as_of: Timestamp) -> Series:
    """First default after the date within the horizon; empty where the horizon is not over."""
    ends = panel["observation_date"] + pd.DateOffset(months=settings.horizon_months)
    pairs = panel[["customer_id", "observation_date"]].assign(end=ends).reset_index(names="row")
    pairs = pairs.merge(spells[["customer_id", "default_date"]], on="customer_id")
    hit = (pairs["default_date"] > pairs["observation_date"]) & (pairs["default_date"] <= pairs["end"])
    outcome = Series(panel.index.isin(pairs.loc[hit, "row"]), index=panel.index, dtype="boolean")
    return outcome.mask(ends > as_of)


def _sample(panel: DataFrame, settings: FeatureSettings, as_of: Timestamp) -> Series:
    """Out of time: the latest mature dates; development: dates whose outcome was known before them."""
    horizon = pd.DateOffset(months=settings.horizon_months)
    days = panel["observation_date"]
    mature = sorted(days[days + horizon <= as_of].unique())
    sample = Series("immature", index=panel.index)
    if mature:
        start = mature[len(mature) - max(1, round(len(mature) * settings.out_of_time_ratio))]
        sample = sample.mask(days <= mature[-1], "purged").mask(days + horizon <= start, "development")
        sample = sample.mask((days >= start) & (days <= mature[-1]), "out_of_time")
    sample = sample.mask(days == as_of, "scoring")
    return sample.mask(panel["exclusion_code"].notna(), "excluded")


def _counts(panel: DataFrame) -> DataFrame:
    rows = panel.assign(
        reason_code=panel["exclusion_code"].fillna("none"), hit=panel["is_default"].fillna(False).astype(bool)
    )
    defaulters = rows["customer_id"].where(rows["hit"])
    grouped = rows.assign(defaulter=defaulters).groupby(["sample_code", "reason_code"])
    return grouped.agg(
        n_rows=("customer_id", "size"),
        n_customers=("customer_id", "nunique"),
        n_defaults=("hit", "sum"),
        n_defaulters=("defaulter", "nunique"),
        first_date=("observation_date", "min"),
        last_date=("observation_date", "max"),
    ).reset_index()
