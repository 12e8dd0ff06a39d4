"""What an option costs in every simulated year, and the error of a difference between two options on the same years."""

import numpy as np

from riskresearch.insurance.claims import Array
from riskresearch.insurance.compare import quote_row
from riskresearch.insurance.figures import capital_scores
from riskresearch.insurance.outcome import Option
from riskresearch.insurance.settings import InsuranceSettings


def total_scores(option: Option) -> Array:
    """One number per year whose mean is the total cost of risk: full cost and loss kept."""
    return option.full_cost + option.retained


def economic_scores(option: Option, *, settings: InsuranceSettings) -> Array:
    """One number per year whose mean is the economic cost: total cost of risk + capital charge x economic capital."""
    return total_scores(option) + settings.capital_charge_ratio * capital_scores(option, settings=settings)


def quote_figures(option: Option, without: Option, settings: InsuranceSettings) -> dict[str, float]:
    """Return the figures of an option's row of table `quotes`; `without` is the option without policy."""
    row = quote_row(option, without, settings)
    return {name: float(value) for name, value in row.items() if isinstance(value, int | float)}


def block_means(values: Array, *, n_strata: int, weights: Array | None) -> Array:
    """Mean of each block of years; blocks are independent, so the spread of their means is the error of the mean.

    Parameters
    ----------
    values : one per year, block after block
    n_strata : years per block
    weights : probability of each year, the same sum in every block; None = all equal

    Examples
    --------
    >>> block_means(np.array([1.0, 3.0, 5.0, 7.0]), n_strata=2, weights=None).tolist()
    [2.0, 6.0]
    >>> block_means(np.array([1.0, 3.0, 5.0, 7.0]), n_strata=2, weights=np.array([0.125, 0.375, 0.5, 0.0])).tolist()
    [2.5, 5.0]
    """
    by_block = values.reshape(-1, n_strata)
    if weights is None:
        return np.asarray(by_block.mean(axis=1))
    return np.asarray((by_block * weights.reshape(-1, n_strata)).sum(axis=1) * len(by_block))


def block_error(means: Array) -> float:
    """Standard error of the mean of independent block means; NaN for a single block.

    Examples
    --------
    >>> block_error(np.array([9.0, 11.0]))
    1.0
    """
    n = len(means)
    return float(means.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
