"""Look-ahead detector: does a feature use what was not known yet? It works on any function that makes features.

The feature is computed twice for a date: from the whole ledger, and from the ledger as it was known on that date.
A feature that keeps to what was known gives the same value both times. What the detector cannot see:

- data without a history. A ledger holds one state of its customers (sector, country, group, size); a feature made
  from a later state than that of the date looks the same both times. So does one that reads a file of its own.
- a source without recorded dates. There an act counts as known on its own date, also where it was booked later.
- what changes no value on the dates and customers compared. Take dates from all parts of the ledger.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp

from riskresearch.base.errors import LedgerError, SettingsError, TableError, first_keys
from riskresearch.base.schema import empty
from riskresearch.features.engines import Engine
from riskresearch.features.families import FEATURES
from riskresearch.features.snapshots import registered as registered_columns
from riskresearch.features.snapshots import snapshots
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.features.tables import LOOK_AHEAD
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.movements import known_date
from riskresearch.ledger.tables import ACT_DATES

Make = Callable[[Mapping[str, DataFrame], Sequence[Timestamp]], DataFrame]
KEYS = ["customer_id", "observation_date"]
ROUNDING = 1e-9


def look_ahead(
    make: Make,
    ledger: Ledger,
    *,
    dates: Sequence[Timestamp],
    as_of: Timestamp | None = None,
    default: DefaultSettings | None = None,
    tolerance: float = ROUNDING,
) -> DataFrame:
    """Return how far features made from the whole ledger differ from those made from what was known on each date.

    Parameters
    ----------
    make : ``make(tables, dates)`` gives ``customer_id observation_date`` and one column per feature, one row per
        customer and date; `tables` are the canonical tables, `movements` and `defaults`. For the ledger cut at a
        date it is given that date and the earlier ones
    ledger : delivered ledger
    dates : observation dates to compare
    as_of : day on which the whole ledger is known; empty = the last day recorded in it
    default : definition of default
    tolerance : relative difference of two numbers that counts as rounding

    Returns
    -------
    DataFrame : one row per feature and date, ``feature_code observation_date n_compared n_values n_different
    n_missing largest_difference first_keys is_clean``: customers with a row both times, those of them with a value,
    those whose values differ (a value against none counts), customers with a row and a value one time only, largest
    absolute difference of two numbers, three of the customers concerned, whether there are none.

    Raises
    ------
    LedgerError
        No invoice was known on a date.
    TableError
        What `make` returns lacks its keys, repeats them, or holds no column or no row to compare.
    """
    wanted = sorted(set(dates))
    settings = default or DefaultSettings()
    last = as_of if as_of is not None else last_day(ledger)
    _refuse_too_early(ledger, wanted)
    whole = _made(make, known_tables(ledger, settings, as_of=last), wanted)
    found = _compared_on(whole, make, ledger, settings, wanted, tolerance)
    if found["n_compared"].sum() + found["n_missing"].sum() == 0:
        raise TableError(
            f"look-ahead: the function gave no row on any of {len(wanted)} dates, so nothing can be compared; "
            "it must return the observation dates it is given"
        )
    return found


def checked_again(
    panel: DataFrame,
    make: Make,
    tables: Mapping[str, DataFrame],
    default: DefaultSettings,
    *,
    dates: Sequence[Timestamp],
) -> DataFrame:
    """Return table `look_ahead` of a panel that is there already: features made anew on some of its dates.

    Parameters
    ----------
    panel : ``customer_id observation_date`` and the features, from the whole ledger
    make : as for `look_ahead`
    tables : all canonical tables as known on the last date
    default : definition of default
    dates : dates of the panel to compare; none gives an empty table
    """
    if not len(dates):
        return empty(LOOK_AHEAD)
    ledger = Ledger(tables, {}, "ledger", "canonical", "")
    names = [name for name in panel if name in FEATURES or name in KEYS]
    return _compared_on(panel[names], make, ledger, default, dates, ROUNDING)


def spread(dates: Sequence[Timestamp], n: int) -> list[Timestamp]:
    """Return `n` of the dates, spread evenly, neither the first nor the last of many; all where there are not more.

    Examples
    --------
    >>> days = list(pd.date_range("2025-01-31", periods=12, freq="ME"))
    >>> [day.month for day in spread(days, 1)], [day.month for day in spread(days, 3)], spread(days, 0)
    ([7], [4, 7, 10], [])
    """
    if n >= len(dates):
        return list(dates)
    return [dates[(i + 1) * len(dates) // (n + 1)] for i in range(n)]


def _compared_on(
    whole: DataFrame,
    make: Make,
    ledger: Ledger,
    settings: DefaultSettings,
    dates: Sequence[Timestamp],
    tolerance: float,
) -> DataFrame:
    parts = []
    for place, date in enumerate(dates):
        cut = _made(make, known_tables(ledger, settings, as_of=date), dates[: place + 1])
        compared = differences(_on(whole, date), _on(cut, date), tolerance=tolerance)
        parts.append(compared.assign(observation_date=date))
    return pd.concat(parts, ignore_index=True).set_index(["feature_code", "observation_date"]).reset_index()


def registered(
    names: Sequence[str] | None = None,
    *,
    rating_scales: Mapping[str, tuple[str, ...]] | None = None,
    engine: Engine | None = None,
) -> Make:
    """Return the function that makes registered features, all of them or those named.

    Raises
    ------
    SettingsError
        A feature is not registered.
    """
    unknown = [name for name in names or () if name not in FEATURES]
    if unknown:
        raise SettingsError(f"no feature {first_keys(unknown)}; the registered ones are {', '.join(FEATURES.names)}")
    columns = registered_columns(names)

    def make(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> DataFrame:
        return snapshots(with_rating_scales(tables, rating_scales or {}), dates, columns=columns, engine=engine)

    return make


def _refuse_too_early(ledger: Ledger, dates: Sequence[Timestamp]) -> None:
    first = known_date(ledger["invoices"], "invoice_date").min()
    early = [str(date.date()) for date in dates if not first <= date]
    if early:
        raise LedgerError(
            f"look-ahead: no invoice of {ledger.source_name} was known on {first_keys(early)}; take later dates"
        )


def last_day(ledger: Ledger) -> Timestamp:
    """Return the last day on which anything in the ledger became known."""
    days = [known_date(ledger[name], act).max() for name, act in ACT_DATES.items() if len(ledger[name])]
    return max(days)


def differences(whole: DataFrame, cut: DataFrame, *, tolerance: float = ROUNDING) -> DataFrame:
    """Return one row per column with the customers in which two panels of one date differ.

    Parameters
    ----------
    whole, cut : columns by ``customer_id`` in the index
    tolerance : relative difference of two numbers that counts as rounding
    """
    shared = whole.index.intersection(cut.index)
    rows = []
    for name in dict.fromkeys([*whole.columns, *cut.columns]):
        sides = [frame[name] if name in frame else _none(frame.index) for frame in (whole, cut)]
        one, other = (side.reindex(shared) for side in sides)
        is_different, gap = _compared(one, other, tolerance)
        alone = [key for side in sides for key in side.drop(shared).dropna().index]
        concerned = [*shared[is_different], *alone]
        rows.append(
            {
                "feature_code": name,
                "n_compared": len(shared),
                "n_values": int((one.notna() | other.notna()).sum()),
                "n_different": int(is_different.sum()),
                "n_missing": len(alone),
                "largest_difference": gap,
                "first_keys": first_keys(concerned),
                "is_clean": not concerned,
            }
        )
    return DataFrame(rows)


def _compared(one: Series, other: Series, tolerance: float) -> tuple[Series, float | None]:
    """Whether values differ, and the largest absolute difference of two numbers that do."""
    both = one.notna() & other.notna()
    is_numeric = all(pd.api.types.is_numeric_dtype(side) for side in (one, other))
    first, second = one[both], other[both]
    if is_numeric:
        first, second = first.astype("float64"), second.astype("float64")
    unequal = first != second
    gap = None
    if is_numeric:
        distance = (first[unequal] - second[unequal]).abs()
        size = pd.concat([first[unequal].abs(), second[unequal].abs()], axis=1).max(axis=1)
        real = (distance > tolerance * size) | np.isinf(distance)
        unequal = unequal & real.reindex(unequal.index, fill_value=False)
        gap = float(distance[real].max()) if real.any() else None
    return unequal.reindex(one.index, fill_value=False) | (one.notna() != other.notna()), gap


def _none(index: pd.Index) -> Series:
    return Series(float("nan"), index=index)


def _made(make: Make, tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> DataFrame:
    """What the function makes, by customer and date, its keys checked."""
    frame = make(dict(tables), list(dates))
    lacking = [key for key in KEYS if key not in frame]
    if lacking or len(frame.columns) == len(KEYS):
        raise TableError(
            f"look-ahead: the function returned the columns {list(frame.columns)}; it must return customer_id, "
            "observation_date and at least one feature"
        )
    doubled = frame.loc[frame.duplicated(KEYS), KEYS]
    if len(doubled):
        named = doubled["customer_id"].astype("str") + "/" + doubled["observation_date"].astype("str")
        raise TableError(
            f"look-ahead: {len(doubled)} rows of the function repeat a customer and date ({first_keys(named)}); "
            "return one row for each"
        )
    return frame


def _on(frame: DataFrame, date: Timestamp) -> DataFrame:
    return frame[frame["observation_date"] == date].drop(columns="observation_date").set_index("customer_id")
