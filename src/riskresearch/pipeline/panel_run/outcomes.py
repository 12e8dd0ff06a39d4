"""Outcome, exclusion and use of each row of a customer panel.

The cell of the outcome is either the state of its own period (shift_periods of 1 or more: the outcome of a row is a
default within that many later periods) or tells what follows its row within the horizon (shift_periods 0). An outcome
counts only once its window is over on the date of the run.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import RunError
from riskresearch.features.samples import HORIZONS_MONTHS, months_after, sample_codes
from riskresearch.features.settings import FeatureSettings
from riskresearch.features.tables import DEFAULT_COHORTS
from riskresearch.pipeline.panel_run.mapping import PanelMapping

KNOWN_WITHIN_MONTHS = 36
SCORED = "is_carried"


def date_of_run(rows: DataFrame, mapping: PanelMapping) -> Timestamp:
    """Return the date a panel is scored at: its last date, or the end of the last outcome that it holds."""
    last = rows["observation_date"].max()
    is_last = rows["observation_date"] == last
    is_told = mapping.outcome.shift_periods == 0 and rows.loc[is_last, "state"].notna().any()
    return months_after(last, mapping.horizon_months) if is_told else last


def known_rows(rows: DataFrame, mapping: PanelMapping, *, as_of: Timestamp) -> DataFrame:
    """Return the rows known on a date, and one more row of that date per customer who is still there.

    A customer is still there when its last row is less than one period older than the last of the panel; where that
    row is older than the date, it is carried to it, marked ``is_carried``, without outcome. An outcome whose window is
    not over on the date is empty.

    Raises
    ------
    RunError
        No row was known on the date, or the date lies beyond what the panel can tell.
    """
    known = rows[rows["observation_date"] <= as_of]
    if known.empty:
        raise RunError(
            f"panel: no row was known on {as_of.date()}; the first is of {rows['observation_date'].min().date()}; "
            "choose a later --as-of"
        )
    last = known["observation_date"].max()
    reach = max(mapping.horizon_months, mapping.period.months)
    if as_of > months_after(last, reach):
        raise RunError(
            f"panel: its last row before {as_of.date()} is of {last.date()}, more than {reach} months older; choose an "
            "earlier --as-of or deliver newer rows"
        )
    if mapping.outcome.shift_periods == 0:
        ends = known["observation_date"].map({day: months_after(day, mapping.horizon_months) for day in _days(known)})
        known = known.assign(state=known["state"].mask(ends > as_of))
    known = known.assign(**{SCORED: False})
    newest = known.drop_duplicates("customer_id", keep="last")
    there = newest["month_no"] > known["month_no"].max() - mapping.period.months
    carried = newest[there & (newest["observation_date"] < as_of)]
    carried = carried.assign(observation_date=as_of, **{SCORED: True})
    return pd.concat([known, carried], ignore_index=True).sort_values(["customer_id", "observation_date"])


def with_samples(
    rows: DataFrame, mapping: PanelMapping, settings: FeatureSettings, *, as_of: Timestamp, rng: np.random.Generator
) -> DataFrame:
    """Return the rows with the fixed columns of table `snapshots`.

    Parameters
    ----------
    rows : from `known_rows`
    mapping : outcome and periods
    settings : share of the test, embargo, horizon
    as_of : last day that counts
    rng : draws the hold-out where all outcomes are of one date

    Returns
    -------
    DataFrame : the rows and

    - ``exclusion_code``: *in_default*, or *no_outcome* (the outcome's window is over and the panel does not tell how it
      ended: the customer has left it)
    - ``sample_code``: as in `riskresearch.features.samples`; with outcomes of one date only, ``out_of_time`` is a
      hold-out of other customers, and rows equal in all features are on the same side
    - ``is_default is_default_3m is_default_6m is_default_12m months_to_default is_new_customer``
    """
    is_bad = _is_in_default(rows, mapping)
    outcome = _outcome(rows, mapping, mapping.horizon_months).mask(is_bad)
    ends = rows["observation_date"].map({day: months_after(day, mapping.horizon_months) for day in _days(rows)})
    is_lost = (ends <= as_of) & outcome.isna()
    excluded = Series(np.select([is_bad, is_lost], ["in_default", "no_outcome"], ""), index=rows.index, dtype="str")
    excluded = excluded.mask(excluded == "")
    sample = sample_codes(rows["observation_date"], excluded, settings, as_of=as_of)
    if rows.loc[outcome.notna(), "observation_date"].nunique() == 1:
        sample = _held_out(rows, sample, outcome, mapping, settings.out_of_time_ratio, rng)
    seen = rows.loc[sample == "development", "customer_id"].unique()
    return rows.assign(
        sample_code=sample,
        exclusion_code=excluded,
        is_new_customer=sample.isin(["out_of_time", "scoring"]) & ~rows["customer_id"].isin(seen),
        is_default=outcome,
        months_to_default=_months_to_default(rows, mapping).mask(excluded.notna()),
        **{f"is_default_{m}m": _outcome(rows, mapping, m).mask(is_bad) for m in HORIZONS_MONTHS},
    )


def panel_cohorts(panel: DataFrame, mapping: PanelMapping) -> DataFrame:
    """Return table `default_cohorts` of a panel.

    The cohort of a year are the customers with a row in the calendar year before and not in default then, whose
    outcome over the twelve months after the last date of that year is known; of a panel that cannot tell twelve months
    the cohort starts in the year itself and runs over the horizon only, which is not complete.

    Parameters
    ----------
    panel : from `with_samples`
    """
    span = 12 if panel["is_default_12m"].notna().any() else mapping.horizon_months
    hits = panel["is_default_12m"] if span == 12 else panel["is_default"]
    known = panel[hits.notna()].assign(hit=hits[hits.notna()].astype(bool))
    years = known["observation_date"].dt.year
    rows = []
    for year, cohort in known.groupby(years):
        newest = cohort.drop_duplicates("customer_id", keep="last")
        start = newest["observation_date"].max()
        rows.append(
            {
                "year": str(int(str(year)) + (span == 12)),
                "start_date": start,
                "end_date": months_after(start, span),
                "n_at_start": len(newest),
                "n_defaulters": int(newest["hit"].sum()),
                "default_ratio": newest["hit"].mean(),
                "is_complete": span == 12,
            }
        )
    return DataFrame(rows, columns=DEFAULT_COHORTS.names)


def _days(rows: DataFrame) -> Mapping[Timestamp, Timestamp]:
    return {day: day for day in rows["observation_date"].unique()}


def _is_in_default(rows: DataFrame, mapping: PanelMapping) -> Series:
    """Rows of customers in default on their date: by the state, or by the outcome that was over when carried."""
    is_state = mapping.outcome.shift_periods > 0
    return rows["state"].fillna(False).astype(bool) & (rows[SCORED] | is_state)


def _outcome(rows: DataFrame, mapping: PanelMapping, months: int) -> Series:
    """Default within some months: empty where a state on the way is not known and no default is."""
    nothing = Series(pd.NA, index=rows.index, dtype="boolean")
    shift, step = mapping.outcome.shift_periods, mapping.period.months
    if shift == 0:
        return rows["state"].mask(rows[SCORED]) if months == mapping.horizon_months else nothing
    if months % step:
        return nothing
    state = rows[~rows[SCORED]].set_index(["customer_id", "month_no"])["state"]
    later = [_state_after(rows, state, k * step) for k in range(1, months // step + 1)]
    hit = pd.concat(later, axis=1).fillna(False).any(axis=1)
    is_known = pd.concat(later, axis=1).notna().all(axis=1)
    return hit.astype("boolean").mask(~hit & ~is_known).mask(rows[SCORED])


def _state_after(rows: DataFrame, state: Series, months: int) -> Series:
    wanted = pd.MultiIndex.from_arrays([rows["customer_id"], rows["month_no"] + months])
    return Series(state.reindex(wanted).array, index=rows.index, name=months)


def _months_to_default(rows: DataFrame, mapping: PanelMapping) -> Series:
    """Months to the end of the period in which the next known default lies, up to 36; empty where none is known."""
    is_hit = rows["state"].fillna(False).astype(bool) & ~rows[SCORED]
    months = rows["month_no"].where(is_hit)
    owners = rows["customer_id"]
    is_state = mapping.outcome.shift_periods > 0
    months = months.groupby(owners).shift(-1) if is_state else months + mapping.horizon_months
    wait = months.groupby(owners).bfill() - rows["month_no"]
    return wait.where((wait <= KNOWN_WITHIN_MONTHS) & ~rows[SCORED]).astype("Int64")


def _held_out(
    rows: DataFrame, sample: Series, outcome: Series, mapping: PanelMapping, ratio: float, rng: np.random.Generator
) -> Series:
    """The hold-out of a panel with one date: a drawn share of the distinct rows; copies stay together."""
    told = rows[outcome.notna()]
    names = [feature.feature for feature in mapping.features]
    place = told.groupby(names, dropna=False, sort=False).ngroup()
    n_groups = int(place.max()) + 1
    drawn = np.zeros(n_groups, dtype=bool)
    drawn[rng.permutation(n_groups)[: max(1, round(n_groups * ratio))]] = True
    return sample.mask(outcome.notna(), Series(np.where(drawn[place], "out_of_time", "development"), index=told.index))
