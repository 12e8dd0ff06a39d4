"""Warnings raised again on past dates, as they would have stood on each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.behaviour.warnings.facts import Facts, View
from riskresearch.behaviour.warnings.outcomes import Spells, trouble_spells
from riskresearch.behaviour.warnings.registry import SIGNALS
from riskresearch.behaviour.warnings.sequences import Array, Flags
from riskresearch.behaviour.warnings.settings import WarningSettings
from riskresearch.behaviour.warnings.stage import standing

YEAR_DAYS = 365.25
ACTIVE_DAYS = 365.0


@dataclass(frozen=True)
class Replay:
    """What stood on past dates and what followed; arrays of dates × customers.

    Parameters
    ----------
    days : the dates, days since 1970-01-01; the first one only tells which warnings are new on the second
    stands : by signal, whether the customer had the warning on the date
    points : points of all warnings together
    open_minor, past_due_days : open amount and days past due of the oldest item
    at_risk : customers in business and not in trouble on the date
    wait_days : days until the next trouble begins; infinite where none is known
    spells : the troubles
    """

    days: Array
    stands: Mapping[str, Flags]
    points: Array
    open_minor: Array
    past_due_days: Array
    at_risk: Flags
    wait_days: Array
    spells: Spells

    def listed(self, score: Array, n: int) -> Flags:
        """Return the first `n` customers at risk of each date by score, then open amount; none without a score."""
        found = np.zeros(score.shape, dtype=bool)
        for k in range(len(self.days)):
            candidates = np.flatnonzero(self.at_risk[k] & (score[k] > 0))
            order = np.lexsort((candidates, -self.open_minor[k, candidates], -score[k, candidates]))
            found[k, candidates[order[:n]]] = True
        return found


def replay_dates(*, as_of: Timestamp, first_day: Timestamp, settings: WarningSettings) -> list[Timestamp]:
    """Return the month ends, oldest first, on which warnings are raised again.

    The last one lies at least `outcome_horizon_days` before `as_of`, so what followed is known for every date; one
    more date before the first tells which warnings are new. Dates without `history_min_days` of ledger are left out.

    Examples
    --------
    >>> found = replay_dates(
    ...     as_of=Timestamp("2025-12-31"), first_day=Timestamp("2024-08-15"), settings=WarningSettings()
    ... )
    >>> [str(day.date()) for day in found]
    ['2025-02-28', '2025-03-31', '2025-04-30', '2025-05-31', '2025-06-30']
    """
    last = as_of - pd.Timedelta(days=settings.outcome_horizon_days)
    ends = pd.date_range(end=last, periods=settings.replay_months + 1, freq="ME").as_unit("us")
    earliest = first_day + pd.Timedelta(days=settings.history_min_days)
    return [day for day in ends if day >= earliest]


def replayed(
    facts: Facts,
    tables: Mapping[str, DataFrame],
    settings: WarningSettings,
    *,
    dates: Sequence[Timestamp],
    as_of: Timestamp,
) -> Replay:
    """Return the warnings of past dates and the troubles known on `as_of`.

    Parameters
    ----------
    facts : from `riskresearch.behaviour.warnings.facts.gather`
    tables : canonical tables, ``movements`` and, where made, ``defaults``
    settings : thresholds
    dates : oldest first
    as_of : last day that counts for what followed
    """
    spells = trouble_spells(tables, View(facts, as_of), settings)
    n = len(facts.customers)
    names = [member.name for member in SIGNALS if member.spec.family != "portfolio"]
    stands = {name: np.zeros((len(dates), n), dtype=bool) for name in names}
    columns = {name: np.zeros((len(dates), n)) for name in ("points", "open", "past_due", "risk", "wait")}
    for k, date in enumerate(dates):
        view = View(facts, date)
        for name, rows in standing(view, settings, names).items():
            who = rows["customer"].to_numpy("int64")
            stands[name][k, who] = True
            columns["points"][k, who] += rows["severity_code"].map(settings.severity_points).to_numpy(float)
        columns["open"][k] = view.open_minor
        columns["past_due"][k] = _past_due(view, settings)
        columns["risk"][k] = _in_business(view) & ~spells.inside(n, view.day)
        columns["wait"][k] = spells.next_start(n, view.day) - view.day
    days = np.array([View(facts, date).day for date in dates])
    found = (columns["points"], columns["open"], columns["past_due"], columns["risk"] > 0, columns["wait"])
    return Replay(days, stands, *found, spells)


def _in_business(view: View) -> Flags:
    """Tell of each customer whether it owes something or was invoiced something within a year."""
    days = view.facts.invoice_days
    recent = days[(days["known"].to_numpy() <= view.day) & (days["day"].to_numpy() > view.day - ACTIVE_DAYS)]
    found = view.open_minor > 0
    found[recent["customer"].to_numpy("int64")] = True
    return found


def _past_due(view: View, settings: WarningSettings) -> Array:
    """Days past due of the oldest open item of each customer, 0 where none."""
    items = view.facts.items
    late = view.day - items["due_day"].to_numpy(float)
    is_open = (view.item_open_minor > settings.small_rest_amount * 100) & (late > 0)
    found = np.zeros(view.n_customers)
    np.maximum.at(found, items["customer"].to_numpy("int64")[is_open], late[is_open])
    return found
