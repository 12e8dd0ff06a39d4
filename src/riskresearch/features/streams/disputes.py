"""Stream of disputes: how many became known, how many are open."""

import numpy as np
from pandas import DataFrame

from riskresearch.features.streams.registry import STREAMS, Stream, Tables, day_number
from riskresearch.features.streams.steps import stacked
from riskresearch.ledger.movements import known_date

_SUMS = ("n_disputes", "n_disputes_open")


@STREAMS.register(Stream(reads=("disputes",), sums=_SUMS))
def disputes(tables: Tables) -> DataFrame:
    """Disputes from the day they became known; no longer open from the day they were closed."""
    rows = tables["disputes"]
    opened = DataFrame(
        {
            "customer_id": rows["customer_id"],
            "day": day_number(known_date(rows, "opened_date")),
            "n_disputes": 1,
            "n_disputes_open": 1,
        }
    )
    is_closed = rows["closed_date"].notna()
    closed_day = day_number(rows.loc[is_closed, "closed_date"])
    closed = opened[is_closed].assign(n_disputes=0, n_disputes_open=-1)
    closed = closed.assign(day=np.maximum(closed["day"].to_numpy("int64"), closed_day.to_numpy("int64")))
    return stacked([opened, closed], sums=_SUMS)
