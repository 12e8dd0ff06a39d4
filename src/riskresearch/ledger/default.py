"""Definition of default of a trade customer: dated, daily, at customer level.

A customer defaults on the day the count of consecutive days with a material overdue amount passes
the threshold (day 91 for 90 days), or on the day an insolvency, write-off, litigation, moratorium or
insurer claim becomes known. Material means above both thresholds, strictly. A fall below either
threshold resets the count; a dispute pauses it. After the trigger has ended the customer stays in
probation; a relapse within it prolongs the same spell.

Source: CRR art. 178; Delegated Regulation (EU) 2018/171; EBA/GL/2016/07, adapted to receivables.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.ledger.movements import known_date

TRIGGERS = ("past_due", "insolvency", "write_off", "litigation", "moratorium", "insurer_claim")

DEFAULTS = Table(
    "defaults",
    "ledger",
    "one row per customer and default spell",
    ("customer_id", "default_date"),
    (
        CUSTOMER,
        Column("default_date", "date", "first day in default"),
        Column("trigger_code", "code", "first trigger of the spell", False, TRIGGERS),
        Column("trigger_end_date", "date", "first day on which no trigger holds", True),
        Column("performing_date", "date", "first day out of probation", True),
    ),
)


class DefaultSettings(StageSettings):
    """Definition of default."""

    past_due_days: int = Field(
        90,
        ge=1,
        le=365,
        description="default after more than this many consecutive days past due; source: CRR art. 178(1)(b)",
    )
    overdue_floor_amount: float = Field(
        500.0,
        ge=0,
        description="overdue amount must exceed this, run currency; source: Del. Reg. (EU) 2018/171, non-retail",
    )
    overdue_floor_ratio: float = Field(
        0.01, ge=0, lt=1, description="overdue share of exposure must exceed this; source: Del. Reg. (EU) 2018/171"
    )
    dispute_pauses: bool = Field(True, description="an open dispute pauses the count; source: EBA/GL/2016/07")
    probation_months: int = Field(
        3, ge=0, le=24, description="months without trigger before a customer performs again; source: EBA/GL/2016/07"
    )
    event_codes: tuple[str, ...] = Field(
        ("insolvency", "write_off", "litigation", "moratorium", "insurer_claim"),
        description="events that are a default by themselves (unlikeliness to pay)",
    )


def defaults(
    moves: DataFrame, disputes: DataFrame, events: DataFrame, settings: DefaultSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return table `defaults`: the default spells of each customer as known on a day.

    Parameters
    ----------
    moves : table `movements`
    disputes, events : canonical tables
    settings : thresholds and probation
    as_of : last day that counts

    Returns
    -------
    DataFrame ``customer_id default_date trigger_code trigger_end_date performing_date``; the last
    two are empty while the trigger or the probation lasts on `as_of`.
    """
    past_due = _past_due_spells(_daily_changes(moves, disputes, as_of), settings, as_of)
    triggers = pd.concat([past_due, _event_spells(events, moves, settings, as_of)], ignore_index=True)
    return _spells(triggers, settings.probation_months, as_of)


def is_in_default(spells: DataFrame, keys: DataFrame) -> Series:
    """Tell for each customer and date whether the customer is in default or probation.

    Parameters
    ----------
    spells : table `defaults`
    keys : ``customer_id observation_date``, any index

    Returns
    -------
    boolean Series with the index of `keys`.
    """
    pairs = keys.reset_index(names="row").merge(spells, on="customer_id")
    ended = pairs["performing_date"].fillna(Timestamp.max.floor("D").as_unit("us"))
    inside = (pairs["default_date"] <= pairs["observation_date"]) & (pairs["observation_date"] < ended)
    return Series(keys.index.isin(pairs.loc[inside, "row"]), index=keys.index)


def _daily_changes(moves: DataFrame, disputes: DataFrame, as_of: Timestamp) -> DataFrame:
    """Changes of exposure, overdue and disputed overdue amount per customer and day."""
    known = moves[moves["known_date"] <= as_of]
    overdue_from = pd.concat([known["known_date"], known["due_date"] + pd.Timedelta(days=1)], axis=1).max(axis=1)
    overdue_from = overdue_from.where(known["due_date"].notna())
    held = known.assign(overdue_from=overdue_from).merge(_merged_disputes(disputes), on="invoice_id")
    starts = held[["overdue_from", "opened_date"]].max(axis=1)
    ends = held[["overdue_from", "closed_date"]].max(axis=1).where(held["closed_date"].notna())
    parts = [
        _change(known, known["known_date"], known["base_minor"], "exposure"),
        _change(known, overdue_from, known["base_minor"], "overdue"),
        _change(held, starts.where(held["overdue_from"].notna()), held["base_minor"], "disputed"),
        _change(held, ends.where(held["overdue_from"].notna()), -held["base_minor"], "disputed"),
    ]
    changes = pd.concat(parts, ignore_index=True)
    changes = changes[changes["day"].notna() & (changes["day"] <= as_of)]
    measures = ["exposure", "overdue", "disputed"]
    daily = changes.fillna(dict.fromkeys(measures, 0)).groupby(["customer_id", "day"], sort=True)[measures].sum()
    return daily.astype("int64").reset_index()


def _change(frame: DataFrame, day: Series, amount: Series, measure: str) -> DataFrame:
    return DataFrame({"customer_id": frame["customer_id"], "day": day, measure: amount})


def _merged_disputes(disputes: DataFrame) -> DataFrame:
    """Overlapping disputes of an invoice as one."""
    forever = Timestamp("2262-01-01").as_unit("us")
    rows = disputes.assign(closed_date=disputes["closed_date"].fillna(forever))
    rows = rows.assign(opened_date=known_date(rows, "opened_date")).sort_values(["invoice_id", "opened_date"])
    latest = rows.groupby("invoice_id")["closed_date"].cummax()
    fresh = rows["opened_date"] > latest.groupby(rows["invoice_id"]).shift().fillna(Timestamp("1900-01-01"))
    block = fresh.groupby(rows["invoice_id"]).cumsum()
    merged = rows.groupby(["invoice_id", block.rename("block")]).agg(
        opened_date=("opened_date", "min"), closed_date=("closed_date", "max")
    )
    merged = merged.reset_index("block", drop=True).reset_index()
    return merged.assign(closed_date=merged["closed_date"].where(merged["closed_date"] < forever))


def _past_due_spells(daily: DataFrame, settings: DefaultSettings, as_of: Timestamp) -> DataFrame:
    """Runs of days with a material overdue amount that last longer than the threshold."""
    levels = daily.groupby("customer_id")[["exposure", "overdue", "disputed"]].cumsum()
    following = daily.groupby("customer_id")["day"].shift(-1).fillna(as_of + pd.Timedelta(days=1))
    length = (following - daily["day"]).dt.days
    material = _is_material(levels["overdue"], levels["exposure"], settings)
    counting = material
    if settings.dispute_pauses:
        counting = material & _is_material(levels["overdue"] - levels["disputed"], levels["exposure"], settings)
    changed = daily["customer_id"] != daily["customer_id"].shift()
    run = (~material | changed).cumsum()
    counted = (length.where(counting, 0)).where(material, 0)
    after = counted.groupby(run).cumsum()
    before = after - counted
    crossing = material & (before <= settings.past_due_days) & (after > settings.past_due_days)
    run_end = following.where(material).groupby(run).transform("max")
    starts = daily["day"] + pd.to_timedelta(settings.past_due_days - before, unit="D")
    ends = run_end.where(run_end <= as_of)
    return DataFrame({"customer_id": daily["customer_id"], "start": starts, "end": ends, "trigger_code": "past_due"})[
        crossing
    ]


def _is_material(overdue: Series, exposure: Series, settings: DefaultSettings) -> Series:
    floor = round(settings.overdue_floor_amount * 100)
    return (overdue > floor) & (overdue > settings.overdue_floor_ratio * exposure)


def _event_spells(events: DataFrame, moves: DataFrame, settings: DefaultSettings, as_of: Timestamp) -> DataFrame:
    """Events and material write-offs as triggers; an insolvency lasts until it is closed."""
    chosen = events[events["event_code"].isin(settings.event_codes)]
    starts = known_date(chosen, "event_date")
    end = starts.where(chosen["event_code"] != "insolvency", _closing(chosen["customer_id"], starts, events))
    rows = DataFrame(
        {"customer_id": chosen["customer_id"], "start": starts, "end": end, "trigger_code": chosen["event_code"]}
    )
    if "write_off" in settings.event_codes:
        lost = moves[moves["movement_code"] == "write_off"]
        lost = lost[-lost["base_minor"] > round(settings.overdue_floor_amount * 100)]
        booked = DataFrame(
            {
                "customer_id": lost["customer_id"],
                "start": lost["known_date"],
                "end": lost["known_date"],
                "trigger_code": "write_off",
            }
        )
        rows = pd.concat([rows, booked], ignore_index=True)
    return rows[rows["start"] <= as_of]


def _closing(customers: Series, starts: Series, events: DataFrame) -> Series:
    """First day on or after each start on which an insolvency of the customer is known to be closed."""
    closings = events[events["event_code"] == "insolvency_closed"]
    closed = DataFrame({"customer_id": closings["customer_id"], "closed": known_date(closings, "event_date")})
    opened = DataFrame({"customer_id": customers, "start": starts, "row": customers.index}).sort_values("start")
    pairs = pd.merge_asof(
        opened, closed.sort_values("closed"), left_on="start", right_on="closed", by="customer_id", direction="forward"
    )
    return pairs.set_index("row")["closed"].reindex(customers.index)


def _spells(triggers: DataFrame, probation_months: int, as_of: Timestamp) -> DataFrame:
    """Triggers of a customer merged into spells: a relapse in probation prolongs the spell."""
    forever = Timestamp("2262-01-01").as_unit("us")
    rows = triggers.assign(end=triggers["end"].astype("datetime64[us]").fillna(forever))
    rows = rows.sort_values(["customer_id", "start", "trigger_code"], ignore_index=True)
    lasting = rows["end"] >= forever
    performing = (rows["end"].where(~lasting, as_of) + pd.DateOffset(months=probation_months)).mask(lasting, forever)
    reach = performing.astype("datetime64[us]").groupby(rows["customer_id"]).cummax()
    earlier = reach.groupby(rows["customer_id"]).shift().fillna(Timestamp("1900-01-01"))
    block = (rows["start"] >= earlier).groupby(rows["customer_id"]).cumsum().astype(np.int64)
    rows = rows.assign(performing=performing, block=block)
    merged = (
        rows.groupby(["customer_id", "block"], sort=True)
        .agg(
            default_date=("start", "min"),
            trigger_code=("trigger_code", "first"),
            trigger_end_date=("end", "max"),
            performing_date=("performing", "max"),
        )
        .reset_index()
    )
    return merged.drop(columns="block").assign(
        trigger_end_date=merged["trigger_end_date"].where(merged["trigger_end_date"] <= as_of),
        performing_date=merged["performing_date"].where(merged["performing_date"] <= as_of),
    )


def default_variants(tables: Mapping[str, DataFrame], settings: DefaultSettings, *, as_of: Timestamp) -> DataFrame:
    """Return default counts under other definitions: thresholds of 60, 90 and 120 days, disputes not pausing.

    Returns
    -------
    DataFrame ``variant_code n_spells n_customers``, one row per variant.
    """
    variants = {
        "as_set": settings,
        "past_due_60_days": settings.model_copy(update={"past_due_days": 60}),
        "past_due_90_days": settings.model_copy(update={"past_due_days": 90}),
        "past_due_120_days": settings.model_copy(update={"past_due_days": 120}),
        "disputes_not_pausing": settings.model_copy(update={"dispute_pauses": False}),
        "events_only": settings.model_copy(update={"past_due_days": 100_000}),
    }
    rows = []
    for code, variant in variants.items():
        found = defaults(tables["movements"], tables["disputes"], tables["events"], variant, as_of=as_of)
        rows.append({"variant_code": code, "n_spells": len(found), "n_customers": found["customer_id"].nunique()})
    return DataFrame(rows)


DEFAULT_VARIANTS = Table(
    "default_variants",
    "ledger",
    "one row per variant of the definition",
    ("variant_code",),
    (
        Column("variant_code", "text", "definition that is counted"),
        Column("n_spells", "int", "default spells"),
        Column("n_customers", "int", "customers with at least one spell"),
    ),
)
