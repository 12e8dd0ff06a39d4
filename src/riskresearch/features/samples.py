"""What each row of the panel serves for: outcome, exclusions, development and test.

The outcome of a customer on a date T is whether it defaults in (T, T + h months]. It is known once that window
is over, also where a default is there already: else the youngest rows would count defaults and no survivors.

The last mature dates are the out-of-time block, from its start D on. A row serves development only where its
window, and the embargo after it, are over on D; so no outcome of the development was unknown on D (purging).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.behaviour.book import months_before
from riskresearch.features.settings import FeatureSettings
from riskresearch.ledger.default import is_in_default

SAMPLES = ("development", "purged", "embargo", "out_of_time", "immature", "scoring", "excluded")
EXCLUSIONS = ("burn_in", "in_default", "never_sold", "inactive")
HORIZONS_MONTHS = (3, 6, 12)
MAIN_OUTCOME = "is_default"
OUTCOMES = (MAIN_OUTCOME, *(f"is_default_{months}m" for months in HORIZONS_MONTHS))
LONGEST_MONTHS = 36
KEYS = ["customer_id", "observation_date"]


def samples(
    panel: DataFrame, tables: Mapping[str, DataFrame], settings: FeatureSettings, *, as_of: Timestamp
) -> DataFrame:
    """Return the panel with the use of each row, why it is excluded, and its outcomes.

    Parameters
    ----------
    panel : ``customer_id observation_date open_minor sale_12m_minor``, one row per customer and date
    tables : ``movements defaults``, as known on `as_of`
    settings : horizon, burn-in, split, embargo
    as_of : last day that counts; the customers of that date are the ones to score

    Returns
    -------
    DataFrame : the panel and

    - ``exclusion_code``: the first that applies of *burn_in* (the ledger covers less than `burn_in_months` before
      the date; never on `as_of`), *in_default* (in default or probation), *never_sold* (no invoice known yet: a
      prospect), *inactive* (nothing open and no sales in 12 months)
    - ``sample_code``: see `SAMPLES`
    - ``is_default`` (main horizon) and ``is_default_3m is_default_6m is_default_12m``: default in the months after
      the date; empty while the months are not over on `as_of`, and where the row is excluded
    - ``months_to_default``: smallest number of months within which a default known on `as_of` comes; empty where none
      comes within `LONGEST_MONTHS`, and where the row is excluded
    - ``open_amount``: open amount on the date, run currency
    - ``is_new_customer``: out-of-time and scoring rows of customers without any row in development
    """
    excluded = _exclusion(panel, tables, settings, as_of)
    sample = sample_codes(panel["observation_date"], excluded, settings, as_of=as_of)
    seen = panel.loc[sample == "development", "customer_id"].unique()
    is_tested = sample.isin(["out_of_time", "scoring"])
    return panel.assign(
        sample_code=sample,
        exclusion_code=excluded,
        is_new_customer=is_tested & ~panel["customer_id"].isin(seen),
        open_amount=panel["open_minor"].astype("float64") / 100,
        **_outcomes(panel, tables["defaults"], excluded, settings, as_of),
    )


def sample_counts(panel: DataFrame) -> DataFrame:
    """Return table `sample_counts`: rows, customers and defaults by use of the rows and reason of exclusion.

    Parameters
    ----------
    panel : from `samples`
    """
    hit = panel[MAIN_OUTCOME].fillna(False).astype(bool)
    rows = panel[["customer_id", "observation_date", "sample_code"]].assign(
        reason_code=panel["exclusion_code"].fillna("none"),
        hit=hit,
        defaulter=panel["customer_id"].where(hit),
        new=panel["customer_id"].where(panel["is_new_customer"]),
    )
    grouped = rows.groupby(["sample_code", "reason_code"])
    return grouped.agg(
        n_rows=("customer_id", "size"),
        n_customers=("customer_id", "nunique"),
        n_defaults=("hit", "sum"),
        n_defaulters=("defaulter", "nunique"),
        n_new_customers=("new", "nunique"),
        first_date=("observation_date", "min"),
        last_date=("observation_date", "max"),
    ).reset_index()


def default_cohorts(panel: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Return table `default_cohorts`: the default rate of each calendar year.

    Denominator: customers that are active and neither in default nor in probation on the last observation date of
    the year before. Numerator: those of them with at least one default until the last observation date of the
    year. The first year begins with the first date, the last one ends with the last: incomplete where that is not
    twelve months.

    Parameters
    ----------
    panel : ``customer_id observation_date open_minor sale_12m_minor``
    tables : ``movements defaults``

    Returns
    -------
    DataFrame ``year start_date end_date n_at_start n_defaulters default_ratio is_complete``.
    """
    dates = Series(np.sort(panel["observation_date"].unique()))
    ends = dates.groupby(dates.dt.year).max()
    starts = ends.shift().fillna(dates.min())
    spells = tables["defaults"]
    rows = []
    for year, start, end in zip(ends.index, starts, ends, strict=True):
        cohort = _performing(panel[panel["observation_date"] == start], tables)
        begun = (spells["default_date"] > start) & (spells["default_date"] <= end)
        n_defaulters = int(cohort.isin(spells.loc[begun, "customer_id"]).sum())
        rows.append(
            {
                "year": str(year),
                "start_date": start,
                "end_date": end,
                "n_at_start": len(cohort),
                "n_defaulters": n_defaulters,
                "default_ratio": n_defaulters / len(cohort) if len(cohort) else None,
                "is_complete": months_after(start, 12) <= end,
            }
        )
    frame = DataFrame(rows)
    return frame[frame["start_date"] < frame["end_date"]].reset_index(drop=True)


def months_after(day: Timestamp, months: int) -> Timestamp:
    """Return the same day of a later month; a month end stays a month end.

    Examples
    --------
    >>> [str(months_after(Timestamp(day), 3).date()) for day in ("2025-02-28", "2024-11-30", "2025-01-15")]
    ['2025-05-31', '2025-02-28', '2025-04-15']
    """
    return months_before(day, -months)


def _each_after(days: Series, months: int) -> Series:
    ends = {day: months_after(day, months) for day in days.unique()}
    return days.map(ends).astype(days.dtype)


def _exclusion(
    panel: DataFrame, tables: Mapping[str, DataFrame], settings: FeatureSettings, as_of: Timestamp
) -> Series:
    """First reason that applies; missing where the row is used."""
    days = panel["observation_date"]
    begun = months_after(tables["movements"]["known_date"].min(), settings.burn_in_months)
    reasons = {
        "burn_in": (days < begun) & (days < as_of),
        "in_default": is_in_default(tables["defaults"], panel[KEYS]),
        "never_sold": ~_is_sold(panel, tables["movements"]),
        "inactive": ~_is_active(panel),
    }
    found = np.select([reasons[code] for code in EXCLUSIONS], list(EXCLUSIONS), default="")
    return Series(found, index=panel.index, dtype="str").mask(found == "")


def _is_sold(panel: DataFrame, moves: DataFrame) -> Series:
    """Whether any invoice, also one of an opening balance, was known on the date."""
    invoices = moves[moves["movement_code"] == "invoice"]
    first = invoices.groupby("customer_id")["known_date"].min()
    return panel["customer_id"].map(first) <= panel["observation_date"]


def _is_active(panel: DataFrame) -> Series:
    return ((panel["open_minor"] > 0) | (panel["sale_12m_minor"] > 0)).fillna(False).astype(bool)


def _performing(rows: DataFrame, tables: Mapping[str, DataFrame]) -> Series:
    """Customers that could default after the date: sold to, active, and not in default."""
    free = ~is_in_default(tables["defaults"], rows[KEYS])
    return rows.loc[free & _is_active(rows) & _is_sold(rows, tables["movements"]), "customer_id"]


def _outcomes(
    panel: DataFrame, spells: DataFrame, excluded: Series, settings: FeatureSettings, as_of: Timestamp
) -> dict[str, Series]:
    following = _next_default(panel, spells)
    found = {"months_to_default": _months_to(following, panel["observation_date"]).mask(excluded.notna())}
    for name, months in zip(OUTCOMES, (settings.horizon_months, *HORIZONS_MONTHS), strict=True):
        ends = _each_after(panel["observation_date"], months)
        found[name] = (following <= ends).astype("boolean").mask((ends > as_of) | excluded.notna())
    return found


def _months_to(days: Series, dates: Series) -> Series:
    """Smallest number of months after each date that reaches the day; empty where it is missing or too far away."""
    found = Series(pd.NA, index=days.index, dtype="Int64")
    for months in range(LONGEST_MONTHS, 0, -1):
        found = found.mask(days <= _each_after(dates, months), months)
    return found


def _next_default(panel: DataFrame, spells: DataFrame) -> Series:
    """First day in default after the date; missing where there is none."""
    pairs = panel[KEYS].reset_index(names="row").merge(spells[["customer_id", "default_date"]], on="customer_id")
    later = pairs[pairs["default_date"] > pairs["observation_date"]]
    return later.groupby("row")["default_date"].min().reindex(panel.index)


def sample_codes(days: Series, excluded: Series, settings: FeatureSettings, *, as_of: Timestamp) -> Series:
    """Return the use of each row, one of `SAMPLES`.

    Parameters
    ----------
    days : observation date of each row
    excluded : why the row is excluded; missing where it is used
    settings : horizon, split, embargo
    as_of : last day that counts
    """
    ends = _each_after(days, settings.horizon_months)
    freed = _each_after(days, settings.horizon_months + settings.embargo_months)
    mature = ends <= as_of
    start = _out_of_time_start(days[mature & (excluded != "burn_in")], settings.out_of_time_ratio)
    choices = {
        "excluded": excluded.notna(),
        "scoring": days == as_of,
        "immature": ~mature,
        "out_of_time": days >= start,
        "development": freed <= start,
        "embargo": ends <= start,
    }
    found = np.select(list(choices.values()), list(choices), default="purged")
    return Series(found, index=days.index, dtype="str")


def _out_of_time_start(mature: Series, ratio: float) -> Timestamp:
    """First date of the block: the latest share of the mature dates, at least one."""
    dates = pd.DatetimeIndex(np.sort(mature.unique()))
    return dates[len(dates) - max(1, round(len(dates) * ratio))] if len(dates) else pd.NaT
