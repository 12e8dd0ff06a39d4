"""Calibration by counts: whether as many customers defaulted as the PDs said."""

import numpy as np
from pydantic import Field
from scipy.special import chdtrc, stdtr

from riskresearch.base.config import StageSettings
from riskresearch.validation.binomial import at_least, critical_count
from riskresearch.validation.grade_counts import grade_counts
from riskresearch.validation.registry import BATTERY, Evidence, Floats, Measure, Result, Verdict, not_computable
from riskresearch.validation.reliability import jeffreys_p
from riskresearch.validation.verdicts import by_interval

SEGMENTS = ("sector", "size", "country", "customer_type", "tenure", "insured")
BY_P = ("p_green", "p_red")


class CountsSettings(StageSettings):
    """Tests of calibration by counts."""

    test_correlation_ratio: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="asset correlation of any two customers, 0-1, in the correlated binomial test and the traffic "
        "light; the company's own judgement, between 0 (independent) and the 0.12 of companies in CRR art. 153(1)",
    )
    traffic_amber_ratio: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="traffic light: amber from the number of defaults that comes with at most this probability; "
        "source: Tasche 2003 (95 %); own threshold",
    )
    traffic_red_ratio: float = Field(
        0.001,
        gt=0,
        lt=1,
        description="traffic light: red from the number of defaults that comes with at most this probability; "
        "source: Tasche 2003 (99.9 %); own threshold",
    )
    normal_min_years: int = Field(
        3, ge=2, le=30, description="yearly cohorts that the multi-year test needs; the company's own judgement"
    )
    hosmer_min_expected: float = Field(
        5.0,
        ge=1,
        le=50,
        description="Hosmer-Lemeshow: grades are merged until this many defaults and as many survivors are expected; "
        "source: Cochran 1954",
    )
    oe_factor: float = Field(
        2.0,
        gt=1,
        le=10,
        description="observed / expected up to this factor off is amber where not green; own threshold",
    )


@BATTERY.register(
    Measure(
        "Jeffreys test, p-value",
        "Test de Jeffreys, valeur p",
        1,
        0,
        1,
        "ECB, Instructions for reporting the validation results of internal models, 2019, 2.5.3",
        "calibration",
        rows="cohort",
        axes=("grade", "quarter", *SEGMENTS),
        thresholds=BY_P,
    )
)
def jeffreys(evidence: Evidence) -> Result:
    """p-value of "the PD is not too low": Beta(D + 1/2, N - D + 1/2) below the mean PD, one observation date.

    Small = the PD is underestimated. The mean PD counts every customer once (portfolio PD weighted by number).
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    n, d = np.array([len(evidence.rows)]), np.array([evidence.n_defaults])
    return Result(float(jeffreys_p(n, d, evidence.p.mean())[0]))


@BATTERY.register(
    Measure(
        "Binomial test, p-value",
        "Test binomial, valeur p",
        1,
        0,
        1,
        "BCBS WP14 2005; customers independent, all with the mean PD",
        "calibration",
        rows="cohort",
        axes=("grade", "quarter"),
        thresholds=BY_P,
    )
)
def binomial(evidence: Evidence) -> Result:
    """Probability of at least the observed defaults if every customer had the mean PD, independently.

    Small = the PD is underestimated. Where PDs differ inside, fewer defaults come by chance than with the mean PD for
    all, so the test is on the safe side of its level.
    """
    return _tail(evidence, correlation=0.0)


@BATTERY.register(
    Measure(
        "Binomial test with correlation, p-value",
        "Test binomial avec corrélation, valeur p",
        1,
        0,
        1,
        "one Gaussian factor: Vasicek 1991, Tasche 2003, BCBS WP14 2005",
        "calibration",
        rows="cohort",
        axes=("grade", "quarter"),
        thresholds=BY_P,
    )
)
def binomial_correlated(evidence: Evidence) -> Result:
    """Probability of at least the observed defaults if customers of the mean PD share one economic factor.

    Small = the PD is underestimated, even if the year was bad for all. Asset correlation: setting
    `test_correlation_ratio`; 0 gives the binomial test.
    """
    return _tail(evidence, correlation=evidence.settings.test_correlation_ratio)


@BATTERY.register(
    Measure(
        "Traffic light: defaults / first amber number",
        "Feu tricolore : défauts / premier nombre orange",
        -1,
        0,
        np.inf,
        "Tasche 2003; BCBS WP14 2005; OeNB/FMA 2004",
        "calibration",
        rows="cohort",
        axes=("grade", "quarter"),
    )
)
def traffic_light(evidence: Evidence) -> Result:
    """Observed defaults divided by the smallest number that is amber; below 1 is green.

    Amber from the number of defaults that correlated customers of the mean PD reach with a probability of at most
    `traffic_amber_ratio` (5 %), red from the number they reach with at most `traffic_red_ratio` (0.1 %).
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    settings, n, d = evidence.settings, len(evidence.rows), evidence.n_defaults
    amber, red = (
        critical_count(
            n, pd_ratio=float(evidence.p.mean()), level_ratio=level, correlation_ratio=settings.test_correlation_ratio
        )
        for level in (settings.traffic_amber_ratio, settings.traffic_red_ratio)
    )
    return Result(d / amber, verdict=Verdict.GREEN if d < amber else Verdict.AMBER if d < red else Verdict.RED)


@BATTERY.register(
    Measure(
        "Test over several years, p-value",
        "Test sur plusieurs années, valeur p",
        1,
        0,
        1,
        "normal test of BCBS WP14 2005, with Student's distribution for few years",
        "calibration",
        needs=("years",),
        thresholds=BY_P,
    )
)
def normal_multi_year(evidence: Evidence) -> Result:
    """p-value of "the PD is not too low" by a one-sided t-test on the yearly default rate less mean PD.

    Small = defaults were above the PDs by more than the years differ among themselves, whatever customers have in
    common in a year. t = mean / (s / sqrt T) with T - 1 degrees of freedom. Where all years differ alike (s = 0) the
    limit is taken: 0 with defaults above the PDs, 1 below, 1/2 with none either way.
    """
    years = evidence.years
    used = None if years is None else years[years["n_rows"].to_numpy() > 0]
    if used is None or len(used) < evidence.settings.normal_min_years:
        return not_computable("too_few_years")
    n, d, pd_mean = (used[name].to_numpy(float) for name in ("n_rows", "n_defaults", "pd_mean"))
    gap = d / n - pd_mean
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    mean = float(gap.mean())
    t = mean / error if error > 0 else np.copysign(np.inf, mean) if mean else 0.0
    return Result(float(stdtr(len(gap) - 1, -t)))


@BATTERY.register(
    Measure(
        "Hosmer-Lemeshow test, p-value",
        "Test de Hosmer-Lemeshow, valeur p",
        1,
        0,
        1,
        "Hosmer and Lemeshow 1980; groups are grades, those of few expected defaults merged (Cochran 1954)",
        "calibration",
        rows="cohort",
        thresholds=BY_P,
    )
)
def hosmer_lemeshow(evidence: Evidence) -> Result:
    """p-value of "defaults of all grades agree with their PDs", by chi-squared over grades.

    Small = some grades default more or less than said. Sum of (D - N PD)^2 / (N PD (1 - PD)) over K groups; K degrees
    of freedom on rows the model has not seen, K - 2 on those it has learnt from. From the riskiest grade down,
    neighbouring grades are merged until `hosmer_min_expected` defaults and as many survivors are expected.
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    counts = grade_counts(evidence.rows, grades=evidence.grades)
    if len(counts) < 2:
        return not_computable("one_grade")
    n, d = counts["n_rows"].to_numpy(float), counts["n_defaults"].to_numpy(float)
    expected = n * counts["pd_mean"].to_numpy(float)
    group = _merged(expected, n - expected, least=evidence.settings.hosmer_min_expected)
    n, d, expected = (np.bincount(group, weights=part) for part in (n, d, expected))
    freedom = len(n) - 2 * evidence.is_in_sample
    if len(n) < 2 or freedom < 1:
        return not_computable("too_few_defaults")
    statistic = float(((d - expected) ** 2 / (expected * (1 - expected / n))).sum())
    return Result(float(chdtrc(freedom, statistic)))


@BATTERY.register(
    Measure(
        "Observed / expected defaults",
        "Défauts observés / attendus",
        0,
        0,
        np.inf,
        "calibration in the large; interval by resampling customers (Field and Welsh 2007)",
        "calibration",
        axes=("quarter", *SEGMENTS),
    )
)
def observed_to_expected(evidence: Evidence) -> Result:
    """Observed defaults divided by the sum of the PDs; 1 = right on average, above 1 = PDs too low.

    Green where the interval holds 1, amber where the value lies within `oe_factor` of it either way, else red.
    """
    if not len(evidence.rows):
        return not_computable("no_rows")
    hits, p = evidence.outcome.astype(float), evidence.p
    expected = float(p.sum())
    if expected <= 0 or not hits.any():
        return not_computable("no_default")
    if evidence.owner.max() == 0:
        return not_computable("too_few_customers")
    value = float(hits.sum()) / expected
    low, high = evidence.interval_of_sums(hits, p, value=lambda observed, said: observed / said)
    settings, factor = evidence.settings, evidence.settings.oe_factor
    is_near = 1 / factor <= value <= factor
    return Result(value, low, high, by_interval(value, low, high, target=1.0, is_near=is_near, settings=settings))


def _tail(evidence: Evidence, *, correlation: float) -> Result:
    if not len(evidence.rows):
        return not_computable("no_rows")
    n, p = len(evidence.rows), float(evidence.p.mean())
    return Result(at_least(evidence.n_defaults, n_rows=n, pd_ratio=p, correlation_ratio=correlation))


def _merged(expected: Floats, survivors: Floats, *, least: float) -> np.ndarray:
    """Number of the merged group of each grade, best first: closed from the riskiest down, the rest joins the last."""
    group, number, sums = np.zeros(len(expected), dtype=int), 0, np.zeros(2)
    for k in range(len(expected) - 1, -1, -1):
        group[k] = number
        sums += (expected[k], survivors[k])
        if (sums >= least).all() and k:
            number, sums = number + 1, np.zeros(2)
    if number and (sums < least).any():
        group[group == number] = number - 1
    return group
