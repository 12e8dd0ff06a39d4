"""Expected receipts of the open items by week, with the methods' record."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import empty
from riskresearch.behaviour.receipts.backtest import Foreseen, backtest, is_ready
from riskresearch.behaviour.receipts.habits import settled_items
from riskresearch.behaviour.receipts.measures import (
    FALLBACK_RULE,
    calibration,
    choice,
    item_measures,
    measured_weeks,
    origin_rows,
)
from riskresearch.behaviour.receipts.paths import date_of, item_paths, number_of
from riskresearch.behaviour.receipts.settings import ForecastSettings
from riskresearch.behaviour.receipts.tables import FORECAST_TABLES

_LEVEL_COLUMNS = ("low_95", "low_80", "middle", "high_80", "high_95")


def forecast_tables(
    tables: Mapping[str, DataFrame], settings: ForecastSettings, *, as_of: Timestamp
) -> dict[str, DataFrame]:
    """Return the tables of the receipts forecast, see `riskresearch.behaviour.receipts.tables`.

    Receipts are cash matched to items on the day it became known in the books. Where
    less than 90 days and 100 items settled by receipts are known, there is no forecast: all tables
    are empty but `forecast_choice`, which says why.

    Parameters
    ----------
    tables : ``movements``
    settings : weeks, origins, draws and seed
    as_of : last day that counts
    """
    moves = tables["movements"]
    nothing = {table.name: empty(table) for table in FORECAST_TABLES}
    paths = item_paths(moves, as_of=as_of)
    if not is_ready(paths, settled_items(paths), day=number_of(as_of)):
        return nothing | {"forecast_choice": _no_choice("none", "too_few_receipts")}
    past, now = backtest(paths, settings, as_of=as_of)
    found = {"receipts_forecast": _weeks(now, as_of), "receipts_outcomes": _outcomes(now)}
    if not past.compared:
        return nothing | found | {"forecast_choice": _no_choice(FALLBACK_RULE, "too_few_origins")}
    rows = origin_rows(past.compared)
    rng = np.random.default_rng([settings.simulation_seed, number_of(as_of)])
    return {
        **found,
        "forecast_origins": rows.drop(columns="middle"),
        "forecast_backtest": measured_weeks(rows),
        "forecast_items": item_measures(past.compared),
        "forecast_calibration": calibration(past.compared),
        "forecast_choice": DataFrame([choice(rows, rng=rng)]),
    }


def _no_choice(method: str, reason: str) -> DataFrame:
    return DataFrame([{"chosen_method_code": method, "reason_code": reason, "n_origins": 0}])


def _weeks(now: Sequence[Foreseen], as_of: Timestamp) -> DataFrame:
    parts = []
    for each in now:
        n_weeks = len(each.expected)
        part = DataFrame(each.levels / 100, columns=list(_LEVEL_COLUMNS)).drop(columns="middle")
        starts = [date_of(number_of(as_of) + 1 + 7 * w) for w in range(n_weeks)]
        part = part.assign(
            method_code=each.method_code,
            week_start_date=starts,
            horizon_weeks=np.arange(1, n_weeks + 1),
            expected_amount=each.expected / 100,
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _outcomes(now: Sequence[Foreseen]) -> DataFrame:
    rows = []
    for each in now:
        schedule, amount = each.schedule, each.known.open / 100
        overdue = amount * (each.known.paths.due[each.known.item] < each.day)
        shares = {
            "received_in_weeks": schedule.daily.sum(axis=1),
            "received_later": schedule.later,
            "no_cash": schedule.no_cash,
            "lost": schedule.lost,
            "open_after_a_year": schedule.open,
        }
        rows += [(each.method_code, code, float(amount @ part), float(overdue @ part)) for code, part in shares.items()]
    return DataFrame(rows, columns=["method_code", "outcome_code", "expected_amount", "overdue_amount"])
