"""Probabilities of default where defaults are few: upper bounds by grade and a Bayesian estimate."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame
from pydantic import Field
from scipy.optimize import brentq
from scipy.special import betainc, hyp2f1, ndtr, ndtri
from scipy.stats import beta, norm

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table

CONFIDENCES = (50, 75, 90, 95)
N_PLACES = 2001
SMALLEST = 1e-250

GRADE_ESTIMATES = Table(
    "grade_estimates",
    "model",
    "one row per grade",
    ("grade_code",),
    (
        Column("grade_code", "text", "grade"),
        Column("n_rows", "int", "customers in the grade on one date a year, all years together"),
        Column("n_defaults", "int", "of these, in default within the horizon"),
        Column("default_ratio", "float", "observed default rate; empty without customers", True),
        Column("pd_mean", "float", "mean PD; empty without customers", True),
        Column("n_rows_or_worse", "int", "customers in the grade and all worse ones"),
        Column("n_defaults_or_worse", "int", "of these, in default within the horizon"),
        *(
            Column(f"pd_upper_{level}", "float", f"upper bound of the PD, confidence {level} %, independent", True)
            for level in CONFIDENCES
        ),
        *(
            Column(f"pd_upper_correlated_{level}", "float", f"upper bound, confidence {level} %, correlated", True)
            for level in CONFIDENCES
        ),
        Column("pd_bayes", "float", "Bayesian estimate of the PD of the grade and all worse ones", True),
        Column("pd_bayes_own", "float", "Bayesian estimate of the grade alone, prior around its mean PD", True),
    ),
)


class LowDefaultSettings(StageSettings):
    """Bounds and estimates where defaults are few."""

    low_default_correlation_ratio: float = Field(
        0.12,
        ge=0,
        le=0.5,
        description="asset correlation of any two customers, 0-1, in the correlated upper bounds; source: Pluto and "
        "Tasche 2005, the lowest of corporates in CRR art. 153(1)",
    )
    bayes_prior_defaults: float = Field(
        1.0, gt=0, description="prior customers in default, Beta prior; 1 and 1 is neutral (Tasche 2013)"
    )
    bayes_prior_survivors: float = Field(
        1.0, gt=0, description="prior customers not in default, Beta prior; 1 and 1 is neutral (Tasche 2013)"
    )
    bayes_highest_pd: float = Field(
        1.0, gt=0, le=1, description="PD above which the prior is 0; below 1 the constrained estimate of Tasche 2013"
    )
    bayes_own_customers: float = Field(
        100.0,
        gt=0,
        description="customers that the mean PD of a grade counts for beside those of the grade itself; the company's "
        "own judgement",
    )


def upper_pd(n_defaults: int, n_rows: int, *, confidence_ratio: float, correlation_ratio: float = 0.0) -> float:
    """Return the highest PD that still makes so few defaults likely enough; missing without customers.

    Parameters
    ----------
    n_defaults, n_rows : customers in default, customers
    confidence_ratio : one-sided confidence
    correlation_ratio : asset correlation of any two customers; 0 = independent

    Notes
    -----
    The PD p at which P(at most D of N customers default) = 1 − confidence. Independent: the Clopper-Pearson bound,
    Beta⁻¹(confidence; D + 1, N − D). Correlated: the binomial probability given the factor of the year
    (`conditional_pd`) is averaged over a standard normal factor that all customers share. As at most D default given
    a PD b with the probability that B > b, B ~ Beta(D + 1, N − D), this average is the mean of
    Φ((√(1 − ρ) · Φ⁻¹(B) − Φ⁻¹(p)) / √ρ), a smooth integral over B
    (to nine digits for ρ from 1e-4 on).
    Source: Pluto and Tasche 2005, Estimating probabilities of default for low default portfolios.

    Raises
    ------
    TableError
        Counts below 0, or more defaults than customers.

    Examples
    --------
    >>> [round(upper_pd(0, 300, confidence_ratio=0.9, correlation_ratio=rho), 4) for rho in (0.0, 0.12)]
    [0.0076, 0.0189]
    """
    _check_counts(n_defaults, n_rows)
    if n_rows == 0:
        return np.nan
    if n_defaults == n_rows:
        return 1.0
    shape = (n_defaults + 1, n_rows - n_defaults)
    if correlation_ratio == 0:
        return float(beta.ppf(confidence_ratio, *shape))
    places = np.linspace(-8.5, 8.5, N_PLACES)
    weights = norm.pdf(places) / norm.pdf(places).sum()
    yearly = np.sqrt(1 - correlation_ratio) * ndtri(beta.ppf(ndtr(places), *shape))

    def excess(threshold: float) -> float:
        return float(weights @ ndtr((yearly - threshold) / np.sqrt(correlation_ratio))) - (1 - confidence_ratio)

    return float(ndtr(brentq(excess, -37.0, 9.0, xtol=1e-13)))


def bayes_pd(
    n_defaults: int, n_rows: int, *, prior_defaults: float = 1.0, prior_survivors: float = 1.0, highest_pd: float = 1.0
) -> float:
    """Return the Bayesian estimate of the PD: the mean of what the prior and the defaults leave possible.

    Parameters
    ----------
    n_defaults, n_rows : customers in default, customers; independent
    prior_defaults, prior_survivors : Beta prior. 1 and 1 is neutral, every PD alike; expert knowledge of a PD q worth
        m customers is m·q and m·(1 − q)
    highest_pd : PD above which the prior is 0

    Notes
    -----
    With a = prior defaults + D and b = prior survivors + N − D the mean of Beta(a, b) cut at u is
    a / (a + b) · I_u(a + 1, b) / I_u(a, b), I the regularised incomplete beta function; neutral and uncut it is
    (D + 1) / (N + 2). Where I is too small for a number, the ratio is 1 − 1 / ₂F₁(a + b, 1; a + 1; u).
    Source: Tasche 2013, Bayesian estimation of probabilities of default for low default portfolios.

    Raises
    ------
    TableError
        Counts below 0, or more defaults than customers.

    Examples
    --------
    >>> bayes_pd(0, 98)
    0.01
    """
    _check_counts(n_defaults, n_rows)
    a, b = prior_defaults + n_defaults, prior_survivors + n_rows - n_defaults
    mean = a / (a + b)
    if highest_pd >= 1:
        return float(mean)
    below = betainc(a, b, highest_pd)
    if below > SMALLEST:
        return float(mean * betainc(a + 1, b, highest_pd) / below)
    return float(mean * (1 - 1 / hyp2f1(a + b, 1, a + 1, highest_pd)))


def yearly_rows(rows: DataFrame, *, months: int = 12) -> DataFrame:
    """Return the rows of the latest observation date and of those full spans before it, so that no outcome overlaps.

    Parameters
    ----------
    rows : ``observation_date`` and other columns
    months : span; not shorter than the horizon of the outcome

    Examples
    --------
    >>> dates = pd.date_range("2022-01-31", "2024-02-29", freq="ME")
    >>> yearly_rows(DataFrame({"observation_date": dates}))["observation_date"].dt.strftime("%Y-%m-%d").tolist()
    ['2022-02-28', '2023-02-28', '2024-02-29']
    """
    months_passed = rows["observation_date"].dt.year * 12 + rows["observation_date"].dt.month
    return rows[(months_passed.max() - months_passed) % months == 0]


def grade_estimates(rows: DataFrame, settings: LowDefaultSettings, *, grades: Sequence[str]) -> DataFrame:
    """Return table `grade_estimates`: default rates by grade, what few defaults leave possible, Bayesian estimate.

    Parameters
    ----------
    rows : ``grade_code pd_12m is_default``, customers on one date a year (`yearly_rows`), best not those that the
        model was fitted on
    settings : correlation, prior
    grades : performing grades, best first

    Returns
    -------
    DataFrame, one row per grade, also of grades without customers. Bounds and the Bayesian estimate of a grade rest on
    the grade and all worse ones: the most prudent estimate, since a grade is at most as risky as the worse ones. They
    need not rise from grade to grade where the observed rates do not. ``pd_upper_…`` takes customers and years for
    independent, ``pd_upper_correlated_…`` gives all of them one common factor; several years with a factor each lie
    between the two. ``pd_bayes_own`` rests on the grade alone: (defaults + mean PD · m) / (customers + m), m =
    `bayes_own_customers`; it says more than the others where defaults are many.

    Raises
    ------
    TableError
        Rows without a known outcome or of a grade that is not listed.
    """
    wrong = rows["is_default"].isna() | ~rows["grade_code"].isin(list(grades))
    if wrong.any():
        raise TableError(
            f"grade estimates: {int(wrong.sum())} rows (grades {first_keys(rows.loc[wrong, 'grade_code'])}) have no "
            f"known outcome or a grade other than {list(grades)}; leave such rows out"
        )
    grouped = rows.assign(is_default=rows["is_default"].astype(float)).groupby("grade_code")
    counts = grouped.agg(
        n_rows=("is_default", "size"),
        n_defaults=("is_default", "sum"),
        default_ratio=("is_default", "mean"),
        pd_mean=("pd_12m", "mean"),
    ).reindex(list(grades))
    counts[["n_rows", "n_defaults"]] = counts[["n_rows", "n_defaults"]].fillna(0).astype("int64")
    worse = counts.loc[::-1, ["n_rows", "n_defaults"]].cumsum().loc[::-1].add_suffix("_or_worse")
    columns = zip(*(counts[name] for name in ("n_defaults", "n_rows", "pd_mean")), strict=True)
    own = [_own(int(n_defaults), int(n_rows), p, settings) for n_defaults, n_rows, p in columns]
    pairs = zip(worse["n_defaults_or_worse"], worse["n_rows_or_worse"], strict=True)
    bounds = DataFrame([_bounds(int(n_defaults), int(n_rows), settings) for n_defaults, n_rows in pairs], counts.index)
    return pd.concat([counts, worse, bounds.assign(pd_bayes_own=own)], axis=1).reset_index(names="grade_code")


def _bounds(n_defaults: int, n_rows: int, settings: LowDefaultSettings) -> dict[str, float]:
    rho = {"pd_upper": 0.0, "pd_upper_correlated": settings.low_default_correlation_ratio}
    found = {
        f"{name}_{level}": upper_pd(n_defaults, n_rows, confidence_ratio=level / 100, correlation_ratio=correlation)
        for name, correlation in rho.items()
        for level in CONFIDENCES
    }
    estimate = bayes_pd(
        n_defaults,
        n_rows,
        prior_defaults=settings.bayes_prior_defaults,
        prior_survivors=settings.bayes_prior_survivors,
        highest_pd=settings.bayes_highest_pd,
    )
    return {**found, "pd_bayes": estimate if n_rows else np.nan}


def _own(n_defaults: int, n_rows: int, mean_pd: float, settings: LowDefaultSettings) -> float:
    """Observed rate of a grade drawn to its mean PD; missing without customers."""
    size = settings.bayes_own_customers
    if n_rows == 0:
        return np.nan
    return bayes_pd(n_defaults, n_rows, prior_defaults=mean_pd * size, prior_survivors=(1 - mean_pd) * size)


def _check_counts(n_defaults: int, n_rows: int) -> None:
    if not 0 <= n_defaults <= n_rows:
        raise TableError(f"low default: {n_defaults} defaults of {n_rows} customers; give 0 ≤ defaults ≤ customers")
