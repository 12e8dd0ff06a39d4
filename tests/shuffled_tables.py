"""The same tables with their rows in another order."""

from collections.abc import Mapping

import numpy as np
from pandas import DataFrame


def shuffled(tables: Mapping[str, DataFrame], seed: int) -> dict[str, DataFrame]:
    """Return the tables with the rows of each in random order."""
    rng = np.random.default_rng(seed)
    return {name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True) for name, frame in tables.items()}
