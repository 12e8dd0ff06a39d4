"""How good the warnings are, measured on the past and under no change: table `alert_quality`."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.random import Generator
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import conform
from riskresearch.behaviour.warnings.facts import View, gather
from riskresearch.behaviour.warnings.rates import Interval, median, rate, share
from riskresearch.behaviour.warnings.registry import SIGNALS
from riskresearch.behaviour.warnings.replay import YEAR_DAYS, Replay, replay_dates, replayed
from riskresearch.behaviour.warnings.sequences import Array, Flags
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.behaviour.warnings.simulation import FalseAlarms, false_alarms
from riskresearch.behaviour.warnings.tables import ALERT_QUALITY, MEASURES

_Row = dict[str, object]


def alert_quality(
    tables: Mapping[str, DataFrame], settings: WarningSettings, *, as_of: Timestamp, rng: Generator
) -> DataFrame:
    """Return table `alert_quality`: what the warnings of past dates were worth, and their false alarms.

    On the month ends of `replay_months`, each with its outcome known, warnings are raised with what was known then.
    An alert is a warning that did not stand a month before, on a customer in business and not in trouble. It is right
    where trouble (default, or an item more than 90 days late) begins within `outcome_horizon_days`.

    - precision_ratio: right alerts over alerts; of a list: right customers over customers listed, the list being the
      first `weekly_workload` of each date
    - recall_ratio: troubles that a warning preceded within the horizon, over troubles with a full horizon before them
    - lead_median_days: days from the first warning within the horizon to the trouble
    - alerts_per_customer_year: alerts over years of customers at risk
    - false_alarms_per_customer_year, run_length_payments: simulated, see `false_alarms`

    Lists: every_customer (all at risk: the base rate), ranked_list (by points of warnings), past_due_list (by days past
    due of the oldest item: the rule that needs no warnings).

    Parameters
    ----------
    tables : canonical tables and ``movements``; ``defaults`` where made
    settings : thresholds, horizon, workload
    as_of : last day that counts
    rng : chance of the simulation
    """
    facts = gather(tables)
    first_day = tables["movements"]["known_date"].min()
    dates = replay_dates(as_of=as_of, first_day=first_day, settings=settings) if len(tables["movements"]) else []
    simulated = false_alarms(View(facts, as_of), settings, rng=rng)
    rows: list[_Row] = [row for name in simulated for row in _false_rows(name, simulated[name])]
    if len(dates) < 2:
        rows += [row for member in SIGNALS for row in _no_rows(member.name, "history_too_short")]
        return conform(DataFrame(rows), ALERT_QUALITY)
    past = replayed(facts, tables, settings, dates=dates, as_of=as_of)
    for name, stands in past.stands.items():
        has_data = all(len(tables[table]) for table in SIGNALS[name].spec.needs)
        rows += (
            _signal_rows(name, past, stands, settings) if has_data else [_row(name, "precision_ratio", None, "no_data")]
        )
    for name, listed in _lists(past, settings).items():
        rows += _measured(name, past, listed, listed[1:], settings)
    return conform(DataFrame(rows), ALERT_QUALITY)


def _signal_rows(name: str, past: Replay, stands: Flags, settings: WarningSettings) -> Iterator[_Row]:
    alerts = stands[1:] & ~stands[:-1] & past.at_risk[1:]
    yield from _measured(name, past, stands, alerts, settings)
    years = past.at_risk[1:].sum(axis=0) * _step_years(past)
    known = years.sum() > 0
    found = rate(alerts.sum(axis=0).astype(float), years) if known else None
    yield _row(name, "alerts_per_customer_year", found, "" if known else "too_few_customers")


def _no_rows(name: str, reason: str) -> list[_Row]:
    return [_row(name, measure, None, reason) for measure in MEASURES[:4]]


def _lists(past: Replay, settings: WarningSettings) -> dict[str, Flags]:
    return {
        "every_customer": past.at_risk,
        "ranked_list": past.listed(past.points, settings.weekly_workload),
        "past_due_list": past.listed(past.past_due_days, settings.weekly_workload),
    }


def _measured(name: str, past: Replay, stands: Flags, alerts: Flags, settings: WarningSettings) -> Iterator[_Row]:
    """Precision of the alerts, recall and lead time of the warnings that stand."""
    right = alerts & (past.wait_days[1:] <= settings.outcome_horizon_days)
    cases = alerts.sum(axis=0).astype(float)
    enough = cases.sum() >= settings.quality_min_cases
    found = share(right.sum(axis=0).astype(float), cases) if enough else None
    yield _row(name, "precision_ratio", found, "" if enough else "too_few_alerts", int(cases.sum()))
    customer, lead = _leads(past, stands, settings)
    enough = len(lead) >= settings.quality_min_cases
    size = len(past.at_risk[0])
    caught = np.bincount(customer, weights=~np.isnan(lead), minlength=size).astype(float)
    found = share(caught, np.bincount(customer, minlength=size).astype(float)) if enough else None
    yield _row(name, "recall_ratio", found, "" if enough else "too_few_outcomes", len(lead))
    known = lead[~np.isnan(lead)]
    enough = len(known) >= settings.quality_min_cases
    yield _row(
        name, "lead_median_days", median(known) if enough else None, "" if enough else "too_few_outcomes", len(known)
    )


def _leads(past: Replay, stands: Flags, settings: WarningSettings) -> tuple[Array, Array]:
    """Customer of each trouble whose whole horizon was replayed, and days from its first warning; NaN without one."""
    horizon, spells = float(settings.outcome_horizon_days), past.spells
    inside = (spells.start > past.days[0] + horizon) & (spells.start <= past.days[-1] + _step_years(past) * YEAR_DAYS)
    customer, start = spells.customer[inside], spells.start[inside]
    wait = start[None, :] - past.days[:, None]
    watched = (wait > 0) & (wait <= horizon) & past.at_risk[:, customer]
    seen = watched.any(axis=0)
    first = np.where(watched & stands[:, customer], wait, -np.inf).max(axis=0)
    return customer[seen], np.where(first > 0, first, np.nan)[seen]


def _step_years(past: Replay) -> float:
    return float((past.days[-1] - past.days[0]) / (len(past.days) - 1) / YEAR_DAYS)


def _false_rows(name: str, simulated: FalseAlarms) -> Iterator[_Row]:
    n_payments = int(simulated.payments.sum())
    if n_payments == 0:
        yield _row(name, "false_alarms_per_customer_year", None, "too_few_customers")
        yield _row(name, "run_length_payments", None, "too_few_customers")
        return
    yearly = rate(simulated.alarms, simulated.years)
    yield _row(name, "false_alarms_per_customer_year", yearly._replace(n_cases=n_payments))
    each = rate(simulated.alarms, simulated.payments)
    is_seen = each.value > 0
    run = Interval(1 / each.value, 1 / each.high, 1 / each.low, n_payments) if is_seen else None
    yield _row(name, "run_length_payments", run, "" if is_seen else "no_false_alarm", n_payments)


def _row(name: str, measure: str, found: Interval | None, reason: str = "", n_cases: int = 0) -> _Row:
    return {
        "signal_code": name,
        "measure_code": measure,
        "value": None if found is None else found.value,
        "value_low": None if found is None else found.low,
        "value_high": None if found is None else found.high,
        "n_cases": n_cases if found is None else found.n_cases,
        "reason_code": reason or None,
    }
