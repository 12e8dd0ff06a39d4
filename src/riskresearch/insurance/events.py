"""Simulated defaults: the common ground on which every option is settled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskresearch.insurance.claims import Array, Integers

EVENT_CODES = ("insolvency", "protracted_default", "political")
N_MONTHS = 12


@dataclass(frozen=True)
class Events:
    """Simulated defaults of policy years, sorted by year and by date within the year.

    Parameters
    ----------
    customer_ids : customers of the book, sorted; ``customer`` counts in them
    exposure : owed at a default in each month of the policy year: customer x month, run currency, without VAT
    first : position of the first default of each year, and the number of defaults: n_years + 1 values
    customer : of each default (int32)
    day_ratio : part of the year that has passed at the default, 0 <= d < 1 (float32)
    lgd_ratio : share of the exposure that is lost after all recoveries, 0-1 (float32)
    event : position in `EVENT_CODES` (int8)
    after_cut_ratio : share of the exposure delivered after the insurer cut the limit, 0 = no cut (float32)
    n_strata : years per block, one per stratum of the common factor
    weights : probability of each year, summing to 1, where years were drawn with other chances than their own;
        None = all equal
    """

    customer_ids: npt.NDArray[np.object_]
    exposure: Array
    first: Integers
    customer: npt.NDArray[np.int32]
    day_ratio: npt.NDArray[np.float32]
    lgd_ratio: npt.NDArray[np.float32]
    event: npt.NDArray[np.int8]
    after_cut_ratio: npt.NDArray[np.float32]
    n_strata: int
    weights: Array | None = None

    @property
    def n_years(self) -> int:
        """Number of simulated policy years."""
        return len(self.first) - 1

    @property
    def n_per_year(self) -> Integers:
        """Number of defaults of each year."""
        return np.diff(self.first)

    @cached_property
    def year(self) -> Integers:
        """Year of each default."""
        return np.repeat(np.arange(self.n_years), self.n_per_year)

    @cached_property
    def debt(self) -> Array:
        """Owed at each default, before any recovery."""
        month = (self.day_ratio * np.float32(N_MONTHS)).astype(np.int64)
        return np.asarray(self.exposure[self.customer, month])

    @cached_property
    def loss(self) -> Array:
        """Lost at each default after all recoveries: debt x loss given default."""
        return self.debt * self.lgd_ratio

    def by_year(self, amounts: Array) -> Array:
        """Sum of an amount per default over the defaults of each year."""
        return np.bincount(self.year, weights=amounts, minlength=self.n_years).astype("float64")
