"""Stage behaviour: how customers pay, as tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp
from pydantic import Field, field_validator

from riskresearch.base.schema import Column, Table
from riskresearch.behaviour.absorption import ABSORPTION
from riskresearch.behaviour.book import Acts, Book, book, months_before, observation_dates, prepare, without_related
from riskresearch.behaviour.change_points import LEVEL_CHANGES, level_changes
from riskresearch.behaviour.customers import (
    CUSTOMER_BEHAVIOUR,
    CUSTOMER_MOVES,
    OPEN_INVOICES,
    CustomerSettings,
    customer_behaviour,
    customer_moves,
    open_invoices,
)
from riskresearch.behaviour.decomposition import DSO_CHANGES, DecompositionSettings, dso_changes
from riskresearch.behaviour.distributions import (
    AGEING,
    CONCENTRATION,
    DELAYS,
    LORENZ,
    DistributionSettings,
    ageing,
    concentration_tables,
    delay_distribution,
)
from riskresearch.behaviour.incidents import INCIDENT_TABLE, IncidentSettings, incidents
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.items import item_history
from riskresearch.behaviour.kpis import KPIS, KpiSettings, kpis
from riskresearch.behaviour.largest import LARGEST_CUSTOMER, largest_customer
from riskresearch.behaviour.receipts.forecast import forecast_tables
from riskresearch.behaviour.receipts.settings import ForecastSettings
from riskresearch.behaviour.receipts.tables import FORECAST_TABLES
from riskresearch.behaviour.segments import (
    SEGMENT_VALUES,
    Axis,
    SegmentSettings,
    portfolio_axis,
    segment_axes,
    segment_values,
)
from riskresearch.behaviour.time_to_pay import SURVIVAL_TABLES, survival_tables
from riskresearch.behaviour.transitions import (
    ROLL_RATES,
    TRANSITION_TESTS,
    TRANSITIONS,
    TransitionSettings,
    transition_tables,
)
from riskresearch.behaviour.vintages import VINTAGES, VintageSettings, vintages
from riskresearch.behaviour.warnings.quality import alert_quality
from riskresearch.behaviour.warnings.stage import warnings_on
from riskresearch.behaviour.warnings.tables import WARNING_TABLES

LEFT_OUT = Table(
    "left_out",
    "behaviour",
    "one row per reason for which customers do not count in the indicators",
    ("reason_code",),
    (
        Column("reason_code", "code", "why", False, ("related_company",)),
        Column("n_customers", "int", "customers"),
        Column("n_invoices", "int", "their invoices"),
        Column("open_amount", "float", "their open amount, run currency"),
    ),
)
BEHAVIOUR_TABLES = (
    *(KPIS, SEGMENT_VALUES, AGEING, DELAYS, CONCENTRATION, LORENZ, LARGEST_CUSTOMER, DSO_CHANGES, LEVEL_CHANGES),
    *(TRANSITIONS, ROLL_RATES, ABSORPTION, TRANSITION_TESTS, VINTAGES),
    *(*SURVIVAL_TABLES, *FORECAST_TABLES),
    *(*WARNING_TABLES, INCIDENT_TABLE),
    *(CUSTOMER_BEHAVIOUR, CUSTOMER_MOVES, OPEN_INVOICES, LEFT_OUT),
)
READS = (
    *("customers", "invoices", "credit_notes", "payments", "allocations", "movements", "disputes", "fx_rates"),
    *("events", "ratings", "limits", "reminders", "bank_checks", "defaults"),
)
LEVEL_SERIES = ("dso_simple_days", "dso_count_back_days", "days_delinquent", "days_beyond_terms_floored")


class BehaviourSettings(
    KpiSettings,
    SegmentSettings,
    DistributionSettings,
    DecompositionSettings,
    TransitionSettings,
    VintageSettings,
    ForecastSettings,
    IncidentSettings,
    CustomerSettings,
):
    """Payment behaviour."""

    segment_indicators: tuple[str, ...] = Field(
        (
            *("open_amount", "dso_simple_days", "dso_count_back_days", "days_delinquent", "days_to_pay"),
            *("days_beyond_terms", "days_beyond_terms_floored", "on_time_ratio", "overdue_ratio", "overdue_90_ratio"),
            *("dispute_ratio", "credit_note_ratio", "bad_debt_ratio", "payment_index"),
        ),
        description="indicators shown by segment",
    )
    history_months: int = Field(36, ge=1, le=240, description="months back for which indicators and ageing are shown")
    settled_within_ratio: float = Field(
        0.0, ge=0, le=0.1, description="an item of which no larger share is open counts as settled in the time to pay"
    )

    @field_validator("segment_indicators")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in INDICATORS]
        if unknown:
            raise ValueError(f"no indicator {', '.join(unknown)}; docs/dictionary.md lists them")
        return names


def behave(tables: Mapping[str, DataFrame], settings: BehaviourSettings, *, as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the tables of the behaviour stage.

    Companies related to the seller count in the open invoices and in the customers, not in the indicators.

    Parameters
    ----------
    tables : canonical tables, ``movements`` and ``defaults``, as known on `as_of`
    settings : windows, segments, thresholds
    as_of : last day that counts
    """
    kept, left_out = without_related(tables)
    acts = prepare(kept)
    dates = observation_dates(as_of=as_of, first_day=acts.first_day) or [as_of]
    books = [book(acts, as_of=day, settings=settings) for day in dates[-settings.history_months :]]
    now, axes = books[-1], segment_axes(books[-1], kept, settings)
    history = item_history(kept["movements"], as_of=as_of, tolerance_ratio=settings.settled_within_ratio)
    divided = {axis.code: axis.labels for axis in axes if axis.by == "customer_id" and "*" not in axis.code}
    whole = now if left_out.empty else book(prepare(tables), as_of=as_of, settings=settings)
    return {
        **_portfolio(kept, books, settings),
        **_segmented([portfolio_axis(kept), *axes], now, settings),
        "dso_changes": dso_changes(_months_ago(acts, now, settings.dso_change_months), now, axes),
        **transition_tables(kept["movements"], settings, as_of=as_of),
        "vintages": vintages(kept["movements"], settings, as_of=as_of),
        **survival_tables(history, divided, as_of=as_of),
        **forecast_tables(kept, settings, as_of=as_of),
        **warnings_on(kept, settings, as_of=as_of),
        "alert_quality": alert_quality(kept, settings, as_of=as_of, rng=_rng(settings, as_of)),
        "incidents": incidents(kept, settings, as_of=as_of),
        "customer_behaviour": customer_behaviour(tables, whole),
        "customer_moves": customer_moves(now, _months_ago(acts, now, settings.move_months), settings),
        "open_invoices": open_invoices(whole),
        "left_out": left_out,
    }


def _portfolio(tables: Mapping[str, DataFrame], books: list[Book], settings: BehaviourSettings) -> dict[str, DataFrame]:
    """Indicators and ageing of every date, concentration of the last."""
    now, made = books[-1], kpis(tables, books, settings)
    series = made[made["indicator_code"].isin(LEVEL_SERIES)].rename(columns={"indicator_code": "series_code"})
    aged = [ageing(b, is_extended=settings.is_ageing_extended).assign(observation_date=b.as_of) for b in books]
    return {
        "kpis": made,
        "level_changes": level_changes(series[["series_code", "observation_date", "value"]], settings),
        "ageing": pd.concat(aged, ignore_index=True),
        **concentration_tables(now, tables["customers"], settings),
        "largest_customer": largest_customer(now, tables["customers"]),
    }


def _segmented(axes: list[Axis], now: Book, settings: BehaviourSettings) -> dict[str, DataFrame]:
    """Indicators and delays by segment."""
    members = [INDICATORS[name] for name in settings.segment_indicators]
    return {"segment_values": segment_values(now, axes, members), "delays": delay_distribution(now, axes)}


def _months_ago(acts: Acts, now: Book, months: int) -> Book:
    return book(acts, as_of=months_before(now.as_of, months), settings=now.settings)


def _rng(settings: BehaviourSettings, as_of: Timestamp) -> np.random.Generator:
    return np.random.default_rng([settings.simulation_seed, as_of.toordinal()])
