"""Stream of answers to questionnaires about a customer."""

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import micro, stacked, step_deltas
from riskresearch.ledger.movements import known_date

_SUMS = ("answers_micro", "n_answers")


@STREAMS.register(Stream(reads=("questionnaires",), sums=_SUMS, lasts=("last_answer_day",)))
def questionnaires(tables: Tables) -> DataFrame:
    """Latest answer to each item in millionths, how many items were answered, and the day of the latest answer."""
    rows = tables["questionnaires"]
    rows = rows.assign(
        act_day=day_number(rows["answered_date"]),
        known_day=day_number(known_date(rows, "answered_date")),
        answers_micro=micro(rows["answer_ratio"]),
    )
    steps = step_deltas(
        rows,
        by=["customer_id", "item_code"],
        act_day="act_day",
        known_day="known_day",
        values={"answers_micro": "n_answers"},
    )
    return stacked([steps], sums=_SUMS).assign(last_answer_day=steps["day"].astype("Int64"))
