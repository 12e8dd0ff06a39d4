"""Signals of a customer's surroundings: its sector or its country pays later than it ever did."""

import numpy as np
from pandas import DataFrame, Index

from riskresearch.behaviour.warnings.facts import View, owners_of
from riskresearch.behaviour.warnings.registry import SIGNALS, Signal, found
from riskresearch.behaviour.warnings.sequences import Array, Rows
from riskresearch.behaviour.warnings.settings import WarningSettings

_STEP_DAYS, _STEPS = 30.0, 3  # windows of 90 days, one every 30 days, counted back from the day
_MIN_WINDOWS = 12


@SIGNALS.register(
    Signal(
        "Sector pays later than ever", "Secteur au retard inhabituel", "external", "days", ("payments", "allocations")
    )
)
def sector_alert(view: View, settings: WarningSettings) -> DataFrame:
    """Days late of the customer's sector in the last 90 days exceed a high percentile of the sector's own past."""
    return _area_alert(view, settings, "sector_code")


@SIGNALS.register(
    Signal("Country pays later than ever", "Pays au retard inhabituel", "external", "days", ("payments", "allocations"))
)
def country_alert(view: View, settings: WarningSettings) -> DataFrame:
    """Days late of the customer's country in the last 90 days exceed a high percentile of the country's own past."""
    return _area_alert(view, settings, "country_code")


def _area_alert(view: View, settings: WarningSettings, column: str) -> DataFrame:
    area, names = owners_of(view.facts, column)
    late = _windows(view, settings, area, len(names))
    past = late[:, _STEPS:]
    told = (~np.isnan(past)).sum(axis=1) >= _MIN_WINDOWS
    usual = np.full(len(names), np.inf)
    if told.any():
        usual[told] = np.nanquantile(past[told], settings.area_percentile_ratio, axis=1)
    payers = _payers(view, area, len(names))
    alarmed = (late[:, 0] > usual) & (payers >= settings.area_min_customers)
    runs = np.cumprod(late > usual[:, None], axis=1).sum(axis=1)
    who = np.flatnonzero((view.open_minor > 0) & (area >= 0))
    who = who[alarmed[area[who]]]
    own = area[who]
    return found(
        who,
        severity="low",
        signal_day=view.day - _STEP_DAYS * (runs[own] - 1),
        value=late[own, 0],
        threshold=usual[own],
        n_customers=payers[own],
        **{column: Index(names).to_numpy()[own]},
    )


def _windows(view: View, settings: WarningSettings, area: Rows, n_areas: int) -> Array:
    """Mean days late by area (rows) and window (columns, the latest first), weighted by amount; NaN without payment."""
    points = view.points
    owner = area[points["customer"].to_numpy("int64")]
    step = np.floor((view.day - points["known"].to_numpy(float)) / _STEP_DAYS).astype("int64")
    n_steps = settings.area_windows + 2 * _STEPS - 1
    kept = (step < n_steps) & (owner >= 0)
    cell = owner[kept] * n_steps + step[kept]
    weight = points["minor"].to_numpy(float)[kept]
    late = points["days_late"].to_numpy(float)[kept]
    sums = [
        np.bincount(cell, weights=each, minlength=n_areas * n_steps).reshape(n_areas, n_steps)
        for each in (weight * late, weight)
    ]
    lates, weights = (sum(part[:, k : n_steps - _STEPS + 1 + k] for k in range(_STEPS)) for part in sums)
    return np.divide(lates, weights, out=np.full(np.shape(lates), np.nan), where=weights > 0)


def _payers(view: View, area: Rows, n_areas: int) -> Rows:
    """Number of customers of each area that paid in the latest window."""
    points = view.points
    is_new = points["known"].to_numpy(float) > view.day - _STEP_DAYS * _STEPS
    who = np.unique(points["customer"].to_numpy("int64")[is_new])
    own = area[who]
    return np.bincount(own[own >= 0], minlength=n_areas)
