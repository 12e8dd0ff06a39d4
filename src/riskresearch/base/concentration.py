"""Concentration of amounts on few members: sales, exposure or expected loss, by customer, group or sector."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

LORENZ_POINTS = 101
UNKNOWN = "unknown"


def concentration(amounts: Series, top: Sequence[int]) -> DataFrame:
    """Return concentration measures of non-negative amounts.

    Members without an amount count neither in the equivalent number nor in the Gini coefficient.

    Parameters
    ----------
    amounts : one amount per customer, group, sector or country
    top : numbers X of the largest members whose joint share is shown

    Returns
    -------
    DataFrame ``measure_code value``: ``top_X_ratio``, ``hhi_ratio`` (sum of squared shares, 0-1),
    ``n_effective`` (1 / HHI), ``gini_ratio`` (0 = equal). Empty where the amounts add up to 0.

    Examples
    --------
    >>> concentration(Series([50.0, 30.0, 20.0]), [1, 3]).round(3).to_dict("records")[:2]
    [{'measure_code': 'top_1_ratio', 'value': 0.5}, {'measure_code': 'top_3_ratio', 'value': 1.0}]
    """
    sizes = _ascending(amounts)[::-1]
    if len(sizes) == 0:
        return DataFrame({"measure_code": Series(dtype="str"), "value": Series(dtype="float64")})
    shares = sizes / sizes.sum()
    hhi = float((shares**2).sum())
    ranks = np.arange(1, len(shares) + 1)
    gini = 1 - 2 * float((shares * (ranks - 0.5)).sum()) / len(shares)
    rows = [(f"top_{x}_ratio", float(shares[:x].sum())) for x in top]
    rows += [("hhi_ratio", hhi), ("n_effective", 1 / hhi), ("gini_ratio", max(gini, 0.0))]
    return DataFrame(rows, columns=["measure_code", "value"])


def lorenz(amounts: Series) -> DataFrame:
    """Return points of the Lorenz curve: the smallest p of the members hold the share q of the amount.

    Parameters
    ----------
    amounts : one amount per customer, group, sector or country; amounts of 0 or less are left out

    Returns
    -------
    DataFrame ``member_ratio amount_ratio``, from (0, 0) to (1, 1); every member up to 100 of them,
    else 101 members evenly spread by rank. Empty where the amounts add up to 0.

    Examples
    --------
    >>> lorenz(Series([50.0, 30.0, 20.0])).round(2).to_dict("list")
    {'member_ratio': [0.0, 0.33, 0.67, 1.0], 'amount_ratio': [0.0, 0.2, 0.5, 1.0]}
    """
    sizes = _ascending(amounts)
    n = len(sizes)
    if n == 0:
        return DataFrame({"member_ratio": Series(dtype="float64"), "amount_ratio": Series(dtype="float64")})
    held = np.concatenate([[0.0], np.cumsum(sizes)])
    places = np.unique(np.linspace(0, n, min(n + 1, LORENZ_POINTS)).round().astype("int64"))
    return DataFrame({"member_ratio": places / n, "amount_ratio": held[places] / held[-1]})


def concentrations(bases: Mapping[str, Series], axes: Mapping[str, Series], *, top: Sequence[int]) -> DataFrame:
    """Return concentration measures of several amounts along several axes.

    Parameters
    ----------
    bases : for each base (sales, exposure, expected loss), its amount per customer, indexed by customer_id
    axes : for each axis, a Series customer_id → member (customer itself, group, sector, …)
    top : numbers X of the largest members whose joint share is shown

    Returns
    -------
    DataFrame ``base_code axis_code measure_code value n_members total_amount left_out_amount``: members with a
    positive amount and their total; ``left_out_amount`` is the total of the other members (0 or negative).
    """
    parts = []
    for base, axis, members in _by_member(bases, axes):
        counted = members[members > 0]
        parts.append(
            concentration(counted, top).assign(
                base_code=base,
                axis_code=axis,
                n_members=len(counted),
                total_amount=float(counted.sum()),
                left_out_amount=float(members[members <= 0].sum()),
            )
        )
    return pd.concat(parts, ignore_index=True)


def lorenz_curves(bases: Mapping[str, Series], axes: Mapping[str, Series]) -> DataFrame:
    """Return points of the Lorenz curves of several amounts along several axes, see `concentrations` and `lorenz`.

    Returns
    -------
    DataFrame ``base_code axis_code point_number member_ratio amount_ratio``, at most 101 points per curve.
    """
    parts = []
    for base, axis, members in _by_member(bases, axes):
        points = lorenz(members)
        parts.append(points.assign(base_code=base, axis_code=axis, point_number=np.arange(len(points))))
    return pd.concat(parts, ignore_index=True)


def _by_member(bases: Mapping[str, Series], axes: Mapping[str, Series]) -> list[tuple[str, str, Series]]:
    """Amounts by member for every base and axis; customers without a member count as one member `unknown`."""
    return [
        (base, axis, amounts.groupby(members.reindex(amounts.index).fillna(UNKNOWN)).sum().astype("float64"))
        for base, amounts in bases.items()
        for axis, members in axes.items()
    ]


def _ascending(amounts: Series) -> NDArray[np.float64]:
    return np.sort(amounts[amounts > 0].to_numpy("float64"))
