"""The factors put before management: fitted ones within what history saw, in the order of risk."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.str_]


def to_sign(fitted: Floats, full_sales: Floats, in_force: Floats, *, n_lines: int) -> tuple[Floats, Words]:
    """Return the factor to sign of each cell and the reason for it.

    The fitted factor, not above the one that keeps all sales (beyond it no sales are gained and an exposure is risked
    that was never seen); the factor in force where defaulters are too few for one; never above that of a less risky
    class of its line.

    Parameters
    ----------
    fitted : fitted factors, line by line from the least to the most risky class; NaN where defaulters are too few
    full_sales : factors that keep the share of sales asked for; NaN above all tried
    in_force : factors of the policy; NaN where it has none
    n_lines : number of lines

    Examples
    --------
    >>> nan = float("nan")
    >>> fitted, full_sales = np.array([nan, 3.0, 1.2]), np.array([2.5, 1.6, 1.0])
    >>> factor, reason = to_sign(fitted, full_sales, np.array([1.5, 1.3, 0.9]), n_lines=1)
    >>> factor.tolist(), reason.tolist()
    ([1.5, 1.5, 1.0], ['too_few_defaults', 'less_risky_class', 'all_sales_kept'])
    """
    within = np.fmin(fitted, full_sales)
    wanted = np.where(np.isnan(fitted), in_force, within)
    least = np.fmin.accumulate(wanted.reshape(n_lines, -1), axis=1).ravel()
    factor = np.where(np.isnan(wanted), np.nan, least)
    reasons = {
        "not_computable": np.isnan(factor),
        "less_risky_class": factor < wanted,
        "too_few_defaults": np.isnan(fitted),
        "above_appetite": factor == 0,
        "all_sales_kept": within < fitted,
    }
    return factor, np.select(list(reasons.values()), list(reasons), default="fitted")
