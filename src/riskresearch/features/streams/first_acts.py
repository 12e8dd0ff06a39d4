"""Stream of customers, each from its first act."""

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables
from riskresearch.features.streams.steps import stacked

_SUMS = ("n_customers",)


@STREAMS.register(Stream(reads=("first_acts",), sums=_SUMS))
def first_acts(tables: Tables) -> DataFrame:
    """One customer from the day its first act became known."""
    rows = tables["first_acts"]
    legs = DataFrame({"customer_id": rows["customer_id"], "day": rows["first_day"], "n_customers": 1})
    return stacked([legs], sums=_SUMS)
