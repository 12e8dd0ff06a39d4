"""The customer × date panel of the demo: signed deltas, against one pass of pandas over all movements for each date."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pandas import DataFrame, Timestamp

from riskresearch.behaviour.book import observation_dates
from riskresearch.features.snapshots import registered, snapshots
from riskresearch.features.streams.ratings import rating_scale
from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.movements import cut_ledger, movements
from riskresearch.ledger.read import read_ledger

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
AS_OF = Timestamp("2025-12-31").as_unit("us")


def _inputs() -> tuple[dict[str, DataFrame], Sequence[Timestamp]]:
    tables = cut_ledger(read_ledger(DEMO), as_of=AS_OF)
    tables["movements"] = movements(tables)
    tables["defaults"] = defaults(
        tables["movements"], tables["disputes"], tables["events"], DefaultSettings(), as_of=AS_OF
    )
    tables["rating_scales"] = rating_scale(tables["ratings"], {})
    return tables, observation_dates(as_of=AS_OF, first_day=tables["movements"]["known_date"].min())


def all_features() -> Callable[[], float]:
    """Return a call that makes every feature on every date and gives the sum of the open amounts."""
    tables, dates = _inputs()
    columns = registered() | {"open_minor": lambda at: at.level("open_minor")}
    return lambda: float(snapshots(tables, dates, columns=columns)["open_minor"].sum())


def open_and_overdue_by_date() -> Callable[[], float]:
    """Return a call that makes only open and overdue amounts, one pass of pandas for each date."""
    tables, dates = _inputs()
    moves = tables["movements"]

    def one_pass_for_each_date() -> float:
        total = 0.0
        for day in dates:
            known = moves[moves["known_date"] <= day]
            total += float(known.groupby("customer_id")["base_minor"].sum().sum())
            for days in (0, 30, 60, 90):
                late = known[(day - known["due_date"]).dt.days > days]
                late.groupby("customer_id")["base_minor"].sum()
        return total

    return one_pass_for_each_date
