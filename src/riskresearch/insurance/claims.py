"""Claims as a policy sees them: what is owed, what of it is eligible, what cover was in force, what is recovered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Claims:
    """Claims of one or many insurance years, year after year, in the order of their dates within the year.

    All arrays have one value per claim. Amounts in policy currency.

    Parameters
    ----------
    debt : owed at the date of loss, VAT included, before any recovery
    n_per_year : number of claims of each insurance year
    limit : largest covered debt of the customer in force, named or discretionary; 0 = no cover
    insured_ratio : insured share of the covered loss, 0-1
    vat_ratio : VAT per unit of the amount without VAT, 0 where none is charged
    recovered_before : received before the date of loss
    recovered_after : received after the indemnity, before costs
    collection_cost : cost of the recoveries after the indemnity
    delivered_after_cut : part of the debt delivered after the insurer had cut the limit; 0 = no cut
    limit_before_cut : limit until the cut; where there was none, the limit
    country : position of the customer's country in a list; -1 = unknown
    country_codes : the list
    ineligible : part of the debt that is not covered, by reason (disputed, late_declaration, ...)
    """

    debt: Array
    n_per_year: Integers
    limit: Array
    insured_ratio: Array
    vat_ratio: Array
    recovered_before: Array
    recovered_after: Array
    collection_cost: Array
    delivered_after_cut: Array
    limit_before_cut: Array
    country: Integers
    country_codes: tuple[str, ...] = ()
    ineligible: Mapping[str, Array] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of claims."""
        return len(self.debt)


def plain_claims(debt: Array, *, n_per_year: Integers, limit: Array, insured_ratio: Array) -> Claims:
    """Return claims without VAT, recoveries, cuts, countries or ineligible parts.

    Examples
    --------
    >>> one = plain_claims(
    ...     np.array([150.0]), n_per_year=np.array([1]), limit=np.array([120.0]), insured_ratio=np.array([0.9])
    ... )
    >>> one.n, one.recovered_before.tolist()
    (1, [0.0])
    """
    zero = np.zeros_like(debt)
    nowhere = np.full(len(debt), -1, dtype=np.int64)
    return Claims(debt, n_per_year, limit, insured_ratio, zero, zero, zero, zero, zero, limit, nowhere)
