"""The warnings that stand on a date, with their evidence, and who gives cause from several sides."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.schema import conform, empty
from riskresearch.behaviour.warnings import areas, claims, drift, news, receipts
from riskresearch.behaviour.warnings.facts import View, gather
from riskresearch.behaviour.warnings.registry import FAMILIES, FOUND, SIGNALS
from riskresearch.behaviour.warnings.sequences import to_dates
from riskresearch.behaviour.warnings.settings import SEVERITIES, WarningSettings
from riskresearch.behaviour.warnings.tables import SIGNAL_FAMILIES, WARNINGS

SIGNAL_MODULES = (drift, receipts, claims, news, areas)  # importing them fills the registry
_JOINED_FAMILIES = FAMILIES[:3]


def warnings_on(
    tables: Mapping[str, DataFrame], settings: WarningSettings, *, as_of: Timestamp
) -> dict[str, DataFrame]:
    """Return tables `warnings` and `signal_families` of a date.

    Parameters
    ----------
    tables : canonical tables and ``movements``, as known on the date or later; later rows change nothing
    settings : thresholds
    as_of : last day that counts
    """
    view = View(gather(tables), as_of)
    found = standing_warnings(view, settings)
    return {"warnings": found, "signal_families": signal_families(found, view, settings)}


def standing(view: View, settings: WarningSettings, names: Iterable[str] | None = None) -> dict[str, DataFrame]:
    """Return the rows of each signal on the day of a view: ``customer severity_code signal_day …`` by signal code."""
    chosen = SIGNALS.names if names is None else names
    return {name: SIGNALS[name].function(view, settings) for name in chosen}


def standing_warnings(view: View, settings: WarningSettings, names: Iterable[str] | None = None) -> DataFrame:
    """Return table `warnings` of a view, of all signals or of those named."""
    parts = [_as_warnings(rows, view, name) for name, rows in standing(view, settings, names).items() if len(rows)]
    return conform(pd.concat(parts, ignore_index=True), WARNINGS) if parts else empty(WARNINGS)


def signal_families(warnings: DataFrame, view: View, settings: WarningSettings) -> DataFrame:
    """Return table `signal_families`: warnings per customer by family, and the order in which to look at them.

    Customers are ranked by the points of their warnings (low, medium, high), then by open amount. Warnings on the
    structure of the portfolio do not count.

    Parameters
    ----------
    warnings : table `warnings`
    view : the ledger on the day
    settings : points by severity
    """
    own = warnings[warnings["family_code"].isin(_JOINED_FAMILIES)]
    ranks = {code: float(k) for k, code in enumerate(SEVERITIES)}
    graded = own.assign(
        rank=own["severity_code"].map(ranks).astype("float64"),
        points=own["severity_code"].map(settings.severity_points).astype("float64"),
    )
    grouped = graded.groupby("customer_id")
    index = pd.Index(view.facts.customers, name="customer_id")
    counts = {
        f"n_{family}": own[own["family_code"] == family].groupby("customer_id").size().reindex(index, fill_value=0)
        for family in _JOINED_FAMILIES
    }
    frame = DataFrame(counts, index=index).assign(
        families_code=_family_sets(counts),
        severity_code=grouped["rank"].max().map(dict(enumerate(SEVERITIES))).reindex(index),
        points=grouped["points"].sum().reindex(index, fill_value=0.0),
        first_signal_date=grouped["signal_date"].min().reindex(index),
        open_amount=view.open_minor / 100,
    )
    frame = frame[(frame["points"] > 0) | (frame["open_amount"] > 0)].reset_index()
    return conform(frame.assign(rank_number=_ranks(frame)), SIGNAL_FAMILIES)


def _ranks(frame: DataFrame) -> Series:
    """Places in the ranked list: most points first, then the largest open amount, then the customer id."""
    order = frame.sort_values(["points", "open_amount", "customer_id"], ascending=[False, False, True]).index
    places = Series(np.arange(1, len(frame) + 1), index=order).reindex(frame.index)
    return places.where(frame["points"] > 0).astype("Int64")


def _family_sets(counts: Mapping[str, Series]) -> Series:
    """Names of the families with a warning, joined by underscores; none where there is none."""
    joined = Series("", index=next(iter(counts.values())).index, dtype="str")
    for family in _JOINED_FAMILIES:
        joined = joined + np.where(counts[f"n_{family}"] > 0, f"_{family}", "")
    return joined.str.lstrip("_").replace("", "none")


def _as_warnings(rows: DataFrame, view: View, name: str) -> DataFrame:
    spec = SIGNALS[name].spec
    return DataFrame(
        {
            "customer_id": view.facts.customers.to_numpy()[rows["customer"].to_numpy("int64")],
            "signal_code": name,
            "family_code": spec.family,
            "severity_code": rows["severity_code"].to_numpy(),
            "signal_date": to_dates(rows["signal_day"].to_numpy(float)),
            "value": rows["value"].to_numpy(float),
            "threshold": rows["threshold"].to_numpy(float),
            "unit_code": spec.unit,
            "evidence": _json(rows.drop(columns=list(FOUND))),
        }
    )


def _json(evidence: DataFrame) -> list[str]:
    """One JSON object per row; days since 1970 become dates."""
    columns = {}
    for name in evidence:
        is_day = str(name).endswith("_day")
        days = np.datetime_as_string(to_dates(evidence[name].to_numpy(float)), unit="D") if is_day else None
        columns[str(name).removesuffix("_day") + "_date" if is_day else str(name)] = (
            evidence[name] if days is None else days
        )
    text = DataFrame(columns).to_json(orient="records", lines=True, double_precision=6, force_ascii=False)
    return str(text).removesuffix("\n").split("\n")
