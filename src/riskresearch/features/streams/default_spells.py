"""Stream of default spells."""

from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import stacked

_SUMS = ("n_default_spells",)


@STREAMS.register(Stream(reads=("defaults",), sums=_SUMS))
def default_spells(tables: Tables) -> DataFrame:
    """Default spells on their first day."""
    rows = tables["defaults"]
    begun = day_number(rows["default_date"])
    return stacked([DataFrame({"customer_id": rows["customer_id"], "day": begun, "n_default_spells": 1})], sums=_SUMS)
