"""One feature on one hand-made row of the panel, so that a test shows what goes in and what comes out."""

import importlib
import math
import pkgutil
from collections.abc import Sequence

import duckdb
import narwhals as nw
import pandas as pd

from riskresearch.features import families
from riskresearch.features.registry import FEATURES, At

for _module in pkgutil.iter_modules(families.__path__):
    importlib.import_module(f"{families.__name__}.{_module.name}")


def asked(feature_name: str) -> set[str]:
    """Return the columns of the panel that a feature asks for; ``day`` comes with every row and is not named."""
    at = At()
    FEATURES[feature_name].function(at)
    columns = {level.column for level in (*at.levels, *at.peer_levels)} | set(at.attributes)
    return columns | ({"oldest_due_day"} if at.needs_oldest_due else set())


def evaluate(feature_name: str, **columns: int | None) -> float | None:
    """Return the value of a feature on a row; None where it is missing.

    Every column the feature asks for must be given and no other (beside ``day``): nothing is filled in.

    >>> evaluate("overdue_ratio", overdue_minor__0=25, open_minor__0=100)
    0.25
    """
    assert set(columns) - {"day"} == asked(feature_name), sorted((set(columns) - {"day"}) ^ asked(feature_name))
    row = pd.DataFrame({name: pd.array([value], dtype="Int64") for name, value in columns.items()})
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.register("panel", row)
        frame = nw.from_native(connection.table("panel"))
        ((value,),) = frame.select(FEATURES[feature_name].function(At()).alias(feature_name)).to_native().fetchall()
    assert value is None or math.isfinite(value), f"{feature_name} is {value}"
    return value


def levels(measure: str, values: Sequence[int | None], *, ago: int = 0) -> dict[str, int | None]:
    """Return columns of a running measure: its value on T (or `ago` months before), a month earlier, and so on."""
    return {f"{measure}__{ago + i}": value for i, value in enumerate(values)}


def monthly(measure: str, flows: Sequence[int]) -> dict[str, int | None]:
    """Return columns of a running measure that grew by `flows`, newest month first, from 0 before."""
    return levels(measure, [sum(flows[i:]) for i in range(len(flows) + 1)])
