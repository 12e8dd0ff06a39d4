"""What is known of each customer on each day of review beside its account: defaults, events, accounts, limits, PD."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.limits.inputs.grid import (
    DAYS_PER_MONTH,
    NONE,
    Bools,
    Floats,
    Grid,
    Ints,
    Objects,
    day_numbers,
    known_date,
)

INCIDENTS = ("returned_payment", "broken_promise", "legal_event", "write_off", "claim")
GRAVE = ("medium", "high")
IN_DEFAULT = "X"
PD_MONTHS = 1


def is_in_default(grid: Grid, spells: DataFrame) -> Bools:
    """Tell who is in default or probation on each day, from table `defaults`."""
    where = grid.enter(spells["default_date"]), grid.enter(spells["performing_date"])
    return grid.count(grid.row(spells, "defaults"), *where) > 0


def is_in_proceedings(grid: Grid, events: DataFrame) -> Bools:
    """Tell whose insolvency is known and not known to be closed on each day.

    A closing known on the same day or later ends every insolvency known before it.
    """
    days = day_numbers(known_date(events, "event_date")).astype("int64")
    last = {}
    for code in ("insolvency", "insolvency_closed"):
        chosen = (events["event_code"] == code).to_numpy()
        rows, known = events[chosen], days[chosen]
        found = grid.latest(grid.row(rows, "events"), grid.enter(known_date(rows, "event_date")), known)
        last[code] = np.append(known, NONE)[found]
    return last["insolvency"] > last["insolvency_closed"]


def n_incidents(grid: Grid, incidents: DataFrame, spells: DataFrame, *, months: int = 12) -> Ints:
    """Return the incidents that became known in the last months.

    Of table `incidents` those of `INCIDENTS`; disputes and late items are none here. A default counts too, unless one
    of those became known on its day: then it is the same incident.
    """
    counted = incidents[incidents["incident_code"].isin(INCIDENTS)][["customer_id", "known_date"]]
    begun = spells[["customer_id", "default_date"]].rename(columns={"default_date": "known_date"})
    pairs = begun.merge(counted.drop_duplicates(), how="left", indicator=True)
    alone = pairs.loc[pairs["_merge"] == "left_only", ["customer_id", "known_date"]]
    both = pd.concat([counted, alone], ignore_index=True)
    where = grid.enter(both["known_date"]), grid.leave(both["known_date"], months)
    return grid.count(grid.row(both, "incidents and defaults"), *where)


def accounts(grid: Grid, financials: DataFrame) -> dict[str, Floats]:
    """Return figures of the accounts with the latest closing date that were published by each day.

    Returns
    -------
    dict of ``net_worth_amount revenue_amount accounts_age_months``, customers by days; NaN where none.
    """
    closed = day_numbers(financials["period_end_date"])
    enter = grid.enter(financials["published_date"])
    found = grid.latest(grid.row(financials, "financials"), enter, closed.astype("int64"))
    return {
        "net_worth_amount": np.append(_amounts(financials["net_worth_minor"]), np.nan)[found],
        "revenue_amount": np.append(_amounts(financials["revenue_minor"]), np.nan)[found],
        "accounts_age_months": (grid.numbers - np.append(closed, np.nan)[found]) / DAYS_PER_MONTH,
    }


def _amounts(minor: Series) -> Floats:
    return minor.astype("Float64").to_numpy(float, na_value=np.nan) / 100


def limits_in_force(grid: Grid, limits: DataFrame) -> dict[str, Floats]:
    """Return the limits in force on each day by who granted them.

    In force is, among the decisions of a kind known on the day and not ended before it, the one that started last; of
    those that started on the same day the one known last.

    Returns
    -------
    dict of ``internal_limit_amount temporary_limit_amount insurer_limit_amount bureau_limit_amount``, customers by
    days. A temporary increase is 0 where none is in force; the insurer's limit is 0 after it ended and empty where no
    decision was ever known; the others are empty where none is in force.
    """
    found = {kind: _in_force(grid, limits, kind) for kind in ("internal", "temporary", "insurer", "bureau")}
    asked = limits[limits["limit_kind_code"] == "insurer"]
    is_asked = grid.count(grid.row(asked, "limits"), grid.enter(known_date(asked, "start_date"))) > 0
    found["temporary"] = np.nan_to_num(found["temporary"])
    found["insurer"] = np.where(np.isnan(found["insurer"]) & is_asked, 0.0, found["insurer"])
    return {f"{kind}_limit_amount": amount for kind, amount in found.items()}


def _in_force(grid: Grid, limits: DataFrame, kind: str) -> Floats:
    rows = limits[limits["limit_kind_code"] == kind]
    rows = rows.assign(known=known_date(rows, "start_date")).sort_values(["start_date", "known", "limit_id"])
    ended = rows["end_date"] + pd.Timedelta(days=1)
    act, day = grid.spans(grid.enter(rows["known"]), grid.enter(ended))
    best = np.full(grid.shape, NONE)
    np.maximum.at(best, (grid.row(rows, "limits")[act], day), act)
    return np.append(rows["base_minor"].to_numpy(float) / 100, np.nan)[best]


def probabilities(grid: Grid, tables: Mapping[str, DataFrame]) -> Floats:
    """Return the PD of each customer on each day by a model known then; NaN where there is none.

    On the last day that of table `scored`; before, the latest of column `pd_known_12m` of table `rating_history`
    within the month before.
    """
    history = tables["rating_history"][["customer_id", "observation_date", "pd_known_12m"]]
    history = history[history["pd_known_12m"].notna()]
    days = history["observation_date"]
    order, enter, leave = day_numbers(days).astype("int64"), grid.enter(days), grid.leave(days, PD_MONTHS)
    found = grid.latest(grid.row(history, "rating_history"), enter, order)
    is_fresh = np.append(leave, 0)[found] > np.arange(grid.shape[1])
    pds = np.where(is_fresh, np.append(history["pd_known_12m"].to_numpy(float), np.nan)[found], np.nan)
    pds[:, -1] = of_last_day(grid, tables["scored"], "pd_12m").astype(float)
    return pds


def given_probabilities(grid: Grid, pds: DataFrame, name: str) -> Objects:
    """Return a column of the frame `pds` ``customer_id review_date …``, customers by days; empty where not given."""
    day = grid.days.get_indexer(pds["review_date"])
    inside = day >= 0
    found = np.full(grid.shape, np.nan, dtype=object)
    found[grid.row(pds, "pds")[inside], day[inside]] = pds[name].to_numpy(dtype=object)[inside]
    return found


def graded(pds: Floats, scale: DataFrame) -> Objects:
    """Return the grade of each PD by the bounds of table `grade_scale`, the upper one included; empty without PD."""
    performing = scale[scale["grade_code"] != IN_DEFAULT].sort_values("pd_high")
    codes = np.array([*performing["grade_code"], None], dtype=object)
    place = np.searchsorted(performing["pd_high"].to_numpy(float), pds, side="left").clip(max=len(performing) - 1)
    return codes[np.where(np.isnan(pds), len(performing), place)]


def of_last_day(grid: Grid, frame: DataFrame, name: str) -> Objects:
    """Return a column of a table of the run's date by customer; empty where the table has no row."""
    values: Series = frame.set_index("customer_id")[name]
    return values.reindex(grid.customers).to_numpy(dtype=object)


def n_signals(grid: Grid, warnings: DataFrame) -> Floats:
    """Return the early warnings, medium or high, that stand on the last day; empty on the days before."""
    grave = warnings[warnings["severity_code"].isin(GRAVE)]
    found = np.full(grid.shape, np.nan)
    found[:, -1] = np.bincount(grid.row(grave, "warnings"), minlength=grid.shape[0])
    return found
