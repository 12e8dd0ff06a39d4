"""Features as the splits of LightGBM read them: what a missing value, a zero and a category mean to a split."""

from collections.abc import Sequence

import numpy as np

from riskresearch.explanation.trees import Floats

CATEGORY_VIEW = -1
View = tuple[int, int]
"""A feature and how its missing values are read: the bits of the split's decision, `CATEGORY_VIEW` for categories."""
DEFAULT_LEFT, MISSING_SHIFT, MISSING_MASK = 2, 2, 3
ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2
ZERO = float(np.float32(1e-35))
"""Values no larger than that are zero to LightGBM."""
N_CATEGORIES = 2**31
"""Categories are whole numbers below that."""


def viewed(values: Floats, views: Sequence[View]) -> Floats:
    """Return the features as the splits read them: one row per view, one column per row of `values`.

    Missing values become −∞ where they go left and stay NaN (no number is above a threshold it cannot be compared
    with) where they go right; where NaN is not what counts as missing, it is read as zero, as LightGBM does.
    Categories are cut to whole numbers, −1 for what is none.
    """
    made = np.empty((len(views), len(values)))
    for row, (feature, bits) in zip(made, views, strict=True):
        row[:] = values[:, feature]
        row[np.abs(row) <= ZERO] = 0
        if bits == CATEGORY_VIEW:
            row[~((row > -1) & (row < N_CATEGORIES))] = -1
            np.trunc(row, out=row)
        else:
            _fill_missing(row, bits)
    return made


def _fill_missing(row: Floats, bits: int) -> None:
    kind = bits >> MISSING_SHIFT & MISSING_MASK
    missing = -np.inf if bits & DEFAULT_LEFT else np.nan
    is_nan = np.isnan(row)
    if kind == NAN_IS_MISSING:
        row[is_nan] = missing
    elif kind == ZERO_IS_MISSING:
        row[is_nan | (row == 0)] = missing
    else:
        row[is_nan] = 0
