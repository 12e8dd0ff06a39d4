"""p-values of several tests at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests so that a true family is rejected no more often than one true test.

    The smallest p is multiplied by the number of tests m, the next by m - 1 and so on; none may fall below the one
    before it and none exceeds 1. Tests without a p-value (NaN) stay so and are not counted.

    Parameters
    ----------
    p : p-values, 0-1, in any order

    Returns
    -------
    adjusted p-values in the order given. Source: Holm 1979, Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> [round(float(x), 3) for x in holm([0.01, 0.04, float("nan"), 0.03, 0.005])]
    [0.03, 0.06, nan, 0.06, 0.02]
    """
    raw = np.asarray(p, dtype=float)
    adjusted = np.full(raw.shape, np.nan)
    known = np.flatnonzero(~np.isnan(raw))
    order = known[np.argsort(raw[known], kind="stable")]
    steps = raw[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
