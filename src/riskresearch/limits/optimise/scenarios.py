"""Simulated defaults of a year, and the expected shortfall of what limits lose in them.

Model (one factor for the economy, one for each sector): customer i of sector s defaults in a year when
sqrt(r) Z + sqrt(q) F_s + sqrt(1 - r - q) e_i < Phi^-1(p_i), all factors standard normal and independent.

The economy is stratified: one scenario per step of its law. Half of the scenarios come from its worst `tail_ratio`,
each with the smaller probability that belongs to it. What decides an expected shortfall lies there, and limits chosen
to suit few bad years would look safer than they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import Series
from scipy.sparse import csr_array, vstack
from scipy.special import ndtr, ndtri

from riskresearch.base.concentration import UNKNOWN
from riskresearch.base.errors import SettingsError, TableError, first_keys

Array = NDArray[np.float64]

BLOCK_SCENARIOS = 250
_SMALLEST = 2.0**-53


@dataclass(frozen=True)
class Scenarios:
    """Defaults of simulated years.

    Parameters
    ----------
    customer_ids : columns of ``defaults``, sorted
    defaults : 1 where the customer defaults, one row per scenario
    probabilities : of each scenario, adding up to 1
    """

    customer_ids: NDArray[np.object_]
    defaults: csr_array
    probabilities: Array

    def of(self, customer_ids: Sequence[str]) -> csr_array:
        """Return the defaults of these customers, in this order.

        Raises
        ------
        TableError
            The scenarios leave customers out.
        """
        places = {name: place for place, name in enumerate(self.customer_ids)}
        absent = [name for name in customer_ids if name not in places]
        if absent:
            raise TableError(
                f"scenarios: {len(absent)} customers have none ({first_keys(absent)}); "
                "simulate defaults of all customers whose limits are sought"
            )
        return csr_array(self.defaults[:, [places[name] for name in customer_ids]])


def default_scenarios(
    p_default: Series,
    *,
    correlation_ratio: float,
    n_scenarios: int,
    rng: np.random.Generator,
    sectors: Series | None = None,
    sector_correlation_ratio: float = 0.0,
    tail_ratio: float = 0.05,
) -> Scenarios:
    """Return simulated defaults of a year; the order of the customers has no effect.

    Parameters
    ----------
    p_default : probability of default of 12 months, index customer_id
    correlation_ratio : part r of the variance of a customer's assets that is the economy's
    n_scenarios : number of years, an even number
    rng : chance
    sectors : sector of each customer, same index; None = no factor of the sector
    sector_correlation_ratio : part q of the variance that is the sector's
    tail_ratio : worst part of the economy's law that half of the scenarios come from; 0.5 = plain strata

    Raises
    ------
    SettingsError
        Correlations that add up to 1 or more, an odd or too small number of scenarios.
    TableError
        A probability is empty or outside 0-1, or a customer is named twice.

    References
    ----------
    O. Vasicek, "Loan portfolio value", Risk 15 (2002); P. Glasserman, J. Li, "Importance sampling for portfolio credit
    risk", Management Science 51 (2005), for drawing the common factor where it hurts.
    """
    _check_plan(correlation_ratio, sector_correlation_ratio, n_scenarios, tail_ratio)
    ordered = _checked(p_default)
    threshold = ndtri(ordered.to_numpy(dtype="float64"))
    codes = None if sectors is None else sectors.reindex(ordered.index).fillna(UNKNOWN).astype(str)
    sector = np.zeros(len(ordered), dtype=int) if codes is None else np.unique(codes, return_inverse=True)[1]
    economy, probabilities = _economy(n_scenarios, tail_ratio, rng)
    spread = np.sqrt(1.0 - correlation_ratio - sector_correlation_ratio)
    blocks = []
    for first in range(0, n_scenarios, BLOCK_SCENARIOS):
        factor = np.sqrt(correlation_ratio) * economy[first : first + BLOCK_SCENARIOS, None]
        shape = len(factor), int(sector.max(initial=0)) + 1
        common = factor + np.sqrt(sector_correlation_ratio) * rng.standard_normal(shape)
        conditional = ndtr((threshold - common[:, sector]) / spread)
        blocks.append(csr_array((rng.random(conditional.shape) < conditional).astype("float64")))
    return Scenarios(ordered.index.to_numpy(dtype=object), csr_array(vstack(blocks, format="csr")), probabilities)


def shortfall_weights(losses: Array, probabilities: Array, *, confidence_ratio: float) -> Array:
    """Weights, adding up to 1, under which the mean of the losses is their expected shortfall.

    The worst scenarios count with their probability until 1 - confidence is full; the last one counts with the part
    that is left (the atom's share of Rockafellar and Uryasev).
    """
    order = np.argsort(-losses, kind="stable")
    taken = np.cumsum(probabilities[order])
    before = taken - probabilities[order]
    weights = np.empty_like(probabilities)
    weights[order] = np.clip(1.0 - confidence_ratio - before, 0.0, probabilities[order])
    return np.asarray(weights / weights.sum())


def shortfall(losses: Array, probabilities: Array, *, confidence_ratio: float) -> float:
    """Expected shortfall: the mean of the worst 1 - confidence of the law.

    Examples
    --------
    >>> law = np.array([0.0, 100.0, 1000.0]), np.array([0.9, 0.05, 0.05])
    >>> round(shortfall(*law, confidence_ratio=0.92), 6)  # (5 % x 1000 + 3 % x 100) / 8 %
    662.5
    """
    return float(shortfall_weights(losses, probabilities, confidence_ratio=confidence_ratio) @ losses)


def _economy(n_scenarios: int, tail_ratio: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Factor and probability of each scenario, from the worst to the best."""
    half = n_scenarios // 2
    steps = (np.arange(half) + rng.random((2, half))) / half
    place = np.concatenate([tail_ratio * steps[0], tail_ratio + (1.0 - tail_ratio) * steps[1]])
    probabilities = np.repeat([tail_ratio / half, (1.0 - tail_ratio) / half], half)
    return np.asarray(ndtri(np.clip(place, _SMALLEST, 1.0 - _SMALLEST))), probabilities


def _check_plan(correlation_ratio: float, sector_correlation_ratio: float, n_scenarios: int, tail_ratio: float) -> None:
    both = correlation_ratio + sector_correlation_ratio
    if min(correlation_ratio, sector_correlation_ratio) < 0 or both >= 1:
        raise SettingsError(
            f"scenarios: correlations {correlation_ratio} and {sector_correlation_ratio} are not allowed; "
            "neither may be negative and together they must stay below 1"
        )
    if n_scenarios < 2 or n_scenarios % 2:
        raise SettingsError(f"scenarios: {n_scenarios} scenarios are not allowed; give an even number, 2 or more")
    if not 0 < tail_ratio <= 0.5:
        raise SettingsError(f"scenarios: tail_ratio {tail_ratio} is not allowed; give a number above 0 and up to 0.5")


def _checked(p_default: Series) -> Series:
    ordered = p_default.set_axis(p_default.index.astype(str)).sort_index()
    wrong = ordered.index[~ordered.between(0.0, 1.0)]
    if len(wrong):
        raise TableError(
            f"scenarios: {len(wrong)} probabilities of default ({first_keys(wrong)}) are empty or outside 0-1; "
            "give each customer one"
        )
    doubled = ordered.index[ordered.index.duplicated()]
    if len(doubled):
        raise TableError(f"scenarios: {len(doubled)} customers come twice ({first_keys(doubled)}); keep one row each")
    return ordered
