"""Ageing, delay distributions and concentration."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from riskresearch.behaviour.book import Book

AGEING_BUCKETS = ("not_due", "1_30", "31_60", "61_90", "over_90", "no_due_date")


def ageing(book: Book) -> DataFrame:
    """Return the aged balance by days past due.

    Day 0 is not due, day 30 belongs to ``1_30``, day 31 to ``31_60``.

    Returns
    -------
    DataFrame ``bucket_code n_invoices open_amount open_ratio``, one row per bucket, empty ones with 0;
    the amounts add up to the open amount.
    """
    late = book.items["days_past_due"].astype("float64")
    bucket = pd.cut(late, [-np.inf, 0, 30, 60, 90, np.inf], labels=list(AGEING_BUCKETS[:5]))
    bucket = bucket.cat.add_categories("no_due_date").fillna("no_due_date")
    grouped = book.items["open_minor"].groupby(bucket, observed=False)
    minor = grouped.sum().reindex(AGEING_BUCKETS, fill_value=0)
    total = max(book.open_minor, 1)
    return DataFrame(
        {
            "bucket_code": list(AGEING_BUCKETS),
            "n_invoices": grouped.size().reindex(AGEING_BUCKETS, fill_value=0).to_numpy(),
            "open_amount": minor.to_numpy() / 100,
            "open_ratio": minor.to_numpy() / total,
        }
    )


def delay_distribution(book: Book, segments: Mapping[str, Series]) -> DataFrame:
    """Return the distribution of payment delays by segment.

    Parameters
    ----------
    book : book of a date
    segments : for each axis, a Series customer_id → segment

    Returns
    -------
    DataFrame, one row per axis and segment: number and amount of receipts, amount-weighted mean and
    unweighted quantiles of the days late, share of the amount that came late.
    """
    paid = book.settlements[book.settlements["days_late"].notna()]
    rows = []
    for axis, segment_of in segments.items():
        labels = paid["customer_id"].map(segment_of).fillna("unknown")
        for segment, part in paid.groupby(labels, sort=True):
            rows.append({"axis_code": axis, "segment_code": segment, **_delays(part)})
    return DataFrame(rows, columns=["axis_code", "segment_code", *_DELAYS])


_QUANTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90}
_DELAYS = (
    "n_receipts",
    "n_customers",
    "paid_amount",
    "days_late_mean",
    *(f"days_late_{q}" for q in _QUANTILES),
    "late_ratio",
)


def _delays(part: DataFrame) -> dict[str, float]:
    days, weight = part["days_late"].to_numpy(float), part["base_minor"].to_numpy(float)
    total = weight.sum()
    quantiles = np.quantile(days, list(_QUANTILES.values()))
    return {
        "n_receipts": len(part),
        "n_customers": part["customer_id"].nunique(),
        "paid_amount": total / 100,
        "days_late_mean": (weight * days).sum() / total if total > 0 else np.nan,
        **{f"days_late_{name}": value for name, value in zip(_QUANTILES, quantiles, strict=True)},
        "late_ratio": weight[days > 0].sum() / total if total > 0 else np.nan,
    }


def concentration(amounts: Series, top: Sequence[int]) -> DataFrame:
    """Return concentration measures of non-negative amounts.

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
    sizes = np.sort(amounts[amounts > 0].to_numpy(float))[::-1]
    if len(sizes) == 0:
        return DataFrame({"measure_code": Series(dtype="str"), "value": Series(dtype="float64")})
    shares = sizes / sizes.sum()
    hhi = float((shares**2).sum())
    ranks = np.arange(1, len(shares) + 1)
    gini = 1 - 2 * float((shares * (ranks - 0.5)).sum()) / len(shares)
    rows = [(f"top_{x}_ratio", float(shares[:x].sum())) for x in top]
    rows += [("hhi_ratio", hhi), ("n_effective", 1 / hhi), ("gini_ratio", max(gini, 0.0))]
    return DataFrame(rows, columns=["measure_code", "value"])
