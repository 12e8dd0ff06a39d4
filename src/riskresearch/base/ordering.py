"""Sorting of large tables with text keys."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pandas import DataFrame


def in_order(frame: DataFrame, by: Sequence[str]) -> DataFrame:
    """Return the rows sorted by columns, ascending, with a new index; equal keys keep their order.

    The same as ``frame.sort_values(by, kind="stable", ignore_index=True)`` without missing keys, several
    times faster on text.

    Examples
    --------
    >>> in_order(DataFrame({"key": ["b", "a"], "n": [1, 2]}), ["key"])["n"].tolist()
    [2, 1]
    """
    keys = pa.Table.from_pandas(frame[list(by)], preserve_index=False)
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in by])
    return frame.take(order.to_numpy()).reset_index(drop=True)
