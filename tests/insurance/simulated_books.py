"""Books and settings for the tests of the simulation, and the error of a stratified mean."""

import numpy as np

from riskresearch.insurance.settings import InsuranceSettings

COLUMNS = ("first", "customer", "day_ratio", "lgd_ratio", "event", "after_cut_ratio")
MODELS = {
    "independent": {"model_code": "independent"},
    "one_factor": {"model_code": "one_factor", "correlation_ratio": 0.2},
    "sector_factors": {"model_code": "sector_factors", "correlation_ratio": 0.1, "sector_correlation_ratio": 0.15},
    "student_t": {"model_code": "student_t", "correlation_ratio": 0.2, "degrees_of_freedom": 4},
    "gamma": {"model_code": "gamma", "gamma_variance": 0.8},
    "gamma_sectors": {"model_code": "gamma", "gamma_variance": 0.8, "gamma_sector_share_ratio": 0.4},
    "gamma_own": {"model_code": "gamma", "gamma_variance": 1.5, "gamma_sector_share_ratio": 1.0},
}


def settings_of(model="one_factor", *, n_years=4_000, seed=1, dependence=None, **others):
    """Settings of a model of `MODELS` (4,000 years: a hundredth of a default rate of 40 % is 1.3 standard errors)."""
    chosen = MODELS[model] | (dependence or {})
    return InsuranceSettings(n_years=n_years, seed=seed, dependence=chosen, confidence_ratio=0.9, **others)


def spread(values, n_strata=1_000):
    """Standard error of the mean of years, one per stratum in each block: spread within the strata over the blocks."""
    blocks = values.reshape(-1, n_strata)
    return np.sqrt(blocks.var(axis=0, ddof=1).sum() / (n_strata * len(values)))


def assert_near(values, exact):
    """The mean of simulated years lies within four standard errors of its exact value."""
    assert abs(values.mean() - exact) <= 4 * spread(values), (values.mean(), exact, spread(values))


def happened(events):
    """Whether each customer (column) defaulted in each year (row)."""
    table = np.zeros((events.n_years, len(events.customer_ids)))
    table[events.year, events.customer] = 1.0
    return table


def assert_same(first, second):
    """The events are equal byte by byte."""
    for name in COLUMNS:
        mine, theirs = getattr(first, name), getattr(second, name)
        assert mine.dtype == theirs.dtype
        assert mine.tobytes() == theirs.tobytes(), name
