"""Amounts of one table added up by the rows of another."""

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from pandas import DataFrame, Series

from riskresearch.ledger.reading.coded import arrow

Ints = NDArray[np.int64]


def positions(values: Series, known: Series) -> Ints:
    """Return where each text value stands in another column, -1 where it does not.

    Examples
    --------
    >>> positions(Series(["b", "x"], dtype="str"), Series(["a", "b"], dtype="str")).tolist()
    [1, -1]
    """
    found = pc.index_in(arrow(values), value_set=arrow(known), skip_nulls=True)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def added_up(amounts: Series, place: Ints, n_rows: int) -> Ints:
    """Return the exact sum of whole amounts by place; amounts without a place count nowhere."""
    result = np.zeros(n_rows, dtype=np.int64)
    kept = place >= 0
    np.add.at(result, place[kept], amounts.to_numpy(dtype=np.int64, na_value=0)[kept])
    return result


def settled_minor(tables: Mapping[str, DataFrame]) -> Ints:
    """Return what allocations settle of each row of table `invoices`, document currency."""
    invoices, allocations = tables["invoices"], tables["allocations"]
    place = positions(allocations["invoice_id"], invoices["invoice_id"])
    return added_up(allocations["amount_minor"], place, len(invoices))
