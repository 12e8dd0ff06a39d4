"""Which scenario of dunning a customer is in, and since when."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame, Index, Series, Timestamp

from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.monitoring.day_numbers import reviewed_on
from riskresearch.monitoring.rules import SEGMENTS, Step
from riskresearch.monitoring.settings import DunningSettings

SCENARIO_REASONS = ("segment", "not_scored", "past_due", "delay", "warning")
NEW = "+new"

DUNNING_SCENARIOS = Table(
    "dunning_scenarios",
    "monitoring",
    "one row per customer that is scored or has open invoices",
    ("customer_id",),
    (
        Column("customer_id", "text", "customer account"),
        Column("scenario_code", "code", "scenario of dunning", False, SEGMENTS),
        Column("reason_code", "code", "what decides the scenario", False, SCENARIO_REASONS),
        Column("is_new", "bool", "new customer: the pre-due steps of segment new are added"),
        Column("since_date", "date", "day the scenario changed; steps before it no longer count", True),
    ),
)


def dunning_scenarios(tables: Mapping[str, DataFrame], settings: DunningSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `dunning_scenarios`: the strictest of what segment, lateness and warnings ask for.

    The credit policy names the scenario of each segment and tells who is new; a customer that was not reviewed
    counts as new. A history of lateness makes the scenario firmer than the segment alone, never milder.

    Parameters
    ----------
    tables : ``scored limit_segments customer_behaviour open_invoices``; where there are: ``warnings``, and
        ``dunning_scenarios_before``, this table as of an earlier date, which tells since when a scenario holds
    settings : bounds of lateness, warnings that count
    as_of : last day that counts
    """
    reviewed = reviewed_on(tables["limit_segments"], as_of=as_of)
    _refuse_unknown(reviewed["dunning_scenario_code"])
    known = [tables["scored"]["customer_id"], tables["open_invoices"]["customer_id"]]
    customers = Index(np.unique(np.concatenate(known)), name="customer_id")
    behaviour = tables["customer_behaviour"].set_index("customer_id").reindex(customers)
    segment = reviewed["dunning_scenario_code"].reindex(customers)
    ranks = DataFrame(
        {
            "segment": segment.fillna(settings.unscored_segment_code).map(SEGMENTS.index).astype("int64"),
            "past_due": 2 * (behaviour["past_due_max_days"].astype("float64") > settings.risky_past_due_days),
            "delay": _delay_rank(behaviour["days_beyond_terms_12m"].astype("float64"), settings),
            "warning": customers.isin(_warned(tables.get("warnings"), settings, as_of=as_of)).astype("int64"),
        },
        index=customers,
    )
    strictest = ranks.max(axis=1)
    reason = ranks.eq(strictest, axis=0).idxmax(axis=1)
    frame = DataFrame(
        {
            "scenario_code": np.array(SEGMENTS)[strictest.to_numpy("int64")],
            "reason_code": reason.mask((reason == "segment") & segment.isna(), "not_scored"),
            "is_new": reviewed["is_new"].reindex(customers).astype("boolean").fillna(True).astype(bool),
        },
        index=customers,
    )
    since = _since(frame["scenario_code"], tables.get("dunning_scenarios_before"), as_of=as_of)
    return frame.assign(since_date=since).reset_index()


def step_plans(settings: DunningSettings) -> dict[str, tuple[Step, ...]]:
    """Return the steps of each scenario in order of days, and of each with the steps of new customers laid over.

    A step for new customers is left out where the scenario itself has that action before the due date, or any
    step on the same day.
    """
    plans: dict[str, tuple[Step, ...]] = {}
    overlay = [step for step in settings.scenario_steps if step.segment_code == "new"]
    for segment in SEGMENTS:
        own = [step for step in settings.scenario_steps if step.segment_code == segment]
        early, days = {step.action_code for step in own if step.day < 0}, {step.day for step in own}
        added = [step for step in overlay if step.action_code not in early and step.day not in days]
        plans[segment] = tuple(sorted(own, key=lambda step: step.day))
        plans[segment + NEW] = tuple(sorted([*own, *added], key=lambda step: step.day))
    return plans


def _delay_rank(delay: Series, settings: DunningSettings) -> Series:
    return (delay > settings.watched_delay_days).astype("int64") + (
        (delay > settings.risky_delay_days) & (delay > settings.watched_delay_days)
    ).astype("int64")


def _warned(warnings: DataFrame | None, settings: DunningSettings, *, as_of: Timestamp) -> Series:
    if warnings is None:
        return Series(dtype="str")
    age = (as_of - warnings["signal_date"]).dt.days
    counts = (age >= 0) & (age < settings.signal_days)
    return warnings.loc[counts & warnings["severity_code"].isin(settings.signal_severity_codes), "customer_id"]


def _since(scenario: Series, before: DataFrame | None, *, as_of: Timestamp) -> Series:
    """Day of the last change: as before where nothing changed, else `as_of`; empty for who is not in `before`."""
    if before is None:
        return Series(np.datetime64("NaT", "us"), index=scenario.index)
    old = before.set_index("customer_id").reindex(scenario.index)
    changed = old["scenario_code"].notna() & (old["scenario_code"] != scenario)
    return old["since_date"].astype("datetime64[us]").mask(changed, as_of)


def _refuse_unknown(scenarios: Series) -> None:
    wrong = scenarios[~scenarios.isin(SEGMENTS)]
    if len(wrong):
        raise TableError(
            f"limit_segments.dunning_scenario_code: {len(wrong)} customers ({first_keys(wrong.index)}) have a scenario "
            f"that is none of {list(SEGMENTS)}; correct the segments of the credit policy"
        )
