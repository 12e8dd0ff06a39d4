"""Customers, defaults and mean PD by grade, and what neighbouring grades say of the rating scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.special import ndtr
from scipy.stats import hypergeom

from riskresearch.base.schema import Column, Table
from riskresearch.validation.adjustment import holm

GRADE_PAIRS = Table(
    "grade_pairs",
    "validation",
    "one row per two neighbouring grades that hold customers, last out-of-time date of the chosen model",
    ("better_grade_code",),
    (
        Column("better_grade_code", "text", "grade of lower PD"),
        Column("worse_grade_code", "text", "next grade of higher PD that holds customers"),
        Column("n_rows_better", "int", "customers of the better grade"),
        Column("n_rows_worse", "int", "customers of the worse grade"),
        Column("n_defaults_better", "int", "defaults of the better grade"),
        Column("n_defaults_worse", "int", "defaults of the worse grade"),
        Column("default_ratio_better", "float", "default rate of the better grade"),
        Column("default_ratio_worse", "float", "default rate of the worse grade"),
        Column("z", "float", "two-proportion z, above 0 where the worse grade defaults more", True),
        Column("p_two_proportion", "float", "p-value of z, one-sided: small = the worse grade defaults more", True),
        Column("p_fisher", "float", "exact p-value, one-sided: small = the worse grade defaults more", True),
        Column("p_adjusted", "float", "p_fisher adjusted for the number of pairs (Holm)", True),
        Column("p_inverse", "float", "exact p-value, one-sided: small = the better grade defaults more", True),
        Column("p_inverse_adjusted", "float", "p_inverse adjusted for the number of pairs (Holm)", True),
        Column("reason_code", "code", "why there is no p-value", True, ("no_default", "all_default")),
    ),
)


def grade_counts(rows: DataFrame, *, grades: Sequence[str] = ()) -> DataFrame:
    """Return customers, defaults and mean PD by grade, best grade first; empty grades are absent.

    Parameters
    ----------
    rows : ``grade_code pd_12m is_default``, no outcome empty
    grades : performing grades, best first; where a grade of the rows is not among them (a bought-in scale), grades are
        ordered by their mean PD

    Returns
    -------
    DataFrame ``grade_code n_rows n_defaults pd_mean``.
    """
    hit = rows["is_default"].to_numpy(bool)
    grouped = rows.assign(hit=hit).groupby("grade_code", observed=True, sort=True)
    table = grouped.agg(n_rows=("hit", "size"), n_defaults=("hit", "sum"), pd_mean=("pd_12m", "mean")).reset_index()
    place = {grade: number for number, grade in enumerate(grades)}
    is_known = table["grade_code"].isin(list(place)).all()
    key = table["grade_code"].map(place) if is_known else table["pd_mean"]
    return table.iloc[np.argsort(key.to_numpy(float), kind="stable")].reset_index(drop=True)


def neighbours(counts: DataFrame) -> DataFrame:
    """Return the tests that neighbouring grades default alike, as table `grade_pairs`, best pair first.

    Formula: z = (r_w - r_b) / sqrt(r (1 - r) (1/N_b + 1/N_w)) with r the default rate of both grades together; exact:
    hypergeometric probability of at least (at most) so many of the defaults in the worse grade (Fisher). A pair without
    a default, or of defaults only, says nothing: its p-values stay empty, with the reason.

    Parameters
    ----------
    counts : ``grade_code n_rows n_defaults``, best grade first, see `grade_counts`
    """
    grade, n, d = (counts[name].to_numpy() for name in ("grade_code", "n_rows", "n_defaults"))
    total, hits = n[:-1] + n[1:], d[:-1] + d[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = hits / total
        z = (d[1:] / n[1:] - d[:-1] / n[:-1]) / np.sqrt(rate * (1 - rate) * (1 / n[:-1] + 1 / n[1:]))
    is_mute = (hits == 0) | (hits == total)
    p_fisher = np.where(is_mute, np.nan, hypergeom.sf(d[1:] - 1, total, hits, n[1:]))
    p_inverse = np.where(is_mute, np.nan, hypergeom.cdf(d[1:], total, hits, n[1:]))
    return DataFrame(
        {
            "better_grade_code": grade[:-1],
            "worse_grade_code": grade[1:],
            **_by_side(n, "n_rows"),
            **_by_side(d, "n_defaults"),
            **_by_side(d / n, "default_ratio"),
            "z": z,
            "p_two_proportion": ndtr(-z),
            "p_fisher": _probability(p_fisher),
            "p_adjusted": holm(_probability(p_fisher)),
            "p_inverse": _probability(p_inverse),
            "p_inverse_adjusted": holm(_probability(p_inverse)),
            "reason_code": Series(np.where(hits == 0, "no_default", "all_default"), dtype="str").where(is_mute),
        },
        columns=GRADE_PAIRS.names,
    )


def grade_pairs(ratings: DataFrame, *, model: str, grades: Sequence[str] = ()) -> DataFrame:
    """Return table `grade_pairs`: whether neighbouring grades default differently, last out-of-time date.

    Parameters
    ----------
    ratings : ``model_code sample_code customer_id observation_date pd_12m grade_code is_default``
    model : code of the model
    grades : performing grades, best first; without them, or on another scale, ordered by mean PD
    """
    return neighbours(grade_counts(last_cohort(ratings, model=model), grades=grades))


def last_cohort(ratings: DataFrame, *, model: str, sample: str = "out_of_time") -> DataFrame:
    """Return the rows of a model on the last date of a sample whose outcomes are known.

    One date, so that the outcome of a customer counts once.

    Parameters
    ----------
    ratings : ``model_code sample_code observation_date is_default`` and other columns
    model : code of the model
    sample : code of the sample
    """
    part = ratings[(ratings["model_code"] == model) & (ratings["sample_code"] == sample)]
    part = part[part["is_default"].notna()]
    return part[part["observation_date"] == part["observation_date"].max()]


def _by_side(values: NDArray[np.float64], name: str) -> dict[str, NDArray[np.float64]]:
    return {f"{name}_better": values[:-1], f"{name}_worse": values[1:]}


def _probability(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(p, 0.0, 1.0)
