"""Stream of the annual accounts of customers, by the day they were published."""

from collections.abc import Mapping

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import second_latest, stacked, step_deltas

_VALUES = {
    "accounts_end_day": "has_accounts",
    "revenue_minor": "has_revenue",
    "net_income_minor": "has_net_income",
    "net_worth_minor": "has_net_worth",
    "debt_minor": "has_debt",
}
_PREVIOUS = {"previous_revenue_minor": "has_previous_revenue"}
_SUMS = tuple(name for names in (_VALUES | _PREVIOUS).items() for name in names)


@STREAMS.register(Stream(reads=("financials",), sums=_SUMS))
def financials(tables: Tables) -> DataFrame:
    """Published accounts with the latest closing date, and the revenue of those with the closing date before.

    Accounts published late, after those of a later year, replace nothing; they may be the ones before.
    """
    rows = tables["financials"]
    rows = rows.assign(
        accounts_end_day=day_number(rows["period_end_date"]), published_day=day_number(rows["published_date"])
    )
    before = second_latest(rows, by=["customer_id"], act_day="accounts_end_day", known_day="published_day")
    before = before.rename(columns={"revenue_minor": "previous_revenue_minor"})
    return stacked([_steps(rows, _VALUES), _steps(before, _PREVIOUS)], sums=_SUMS)


def _steps(rows: DataFrame, values: Mapping[str, str]) -> DataFrame:
    return step_deltas(rows, by=["customer_id"], act_day="accounts_end_day", known_day="published_day", values=values)
