"""Stream of credit notes that lower sales."""

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import stacked
from riskresearch.ledger.movements import NOT_A_SALE, known_date

_SUMS = ("credit_minor",)


@STREAMS.register(Stream(reads=("credit_notes",), sums=_SUMS))
def credit_notes(tables: Tables) -> DataFrame:
    """Amount of the credit notes on the day they became known; without those that lower no sales, as a discount."""
    rows = tables["credit_notes"]
    rows = rows[~rows["reason_code"].isin(NOT_A_SALE)]
    legs = DataFrame(
        {
            "customer_id": rows["customer_id"],
            "day": day_number(known_date(rows, "credit_note_date")),
            "credit_minor": rows["base_minor"],
        }
    )
    return stacked([legs], sums=_SUMS)
