"""Simple rules for limits, each with one number that makes it more or less generous.

A rule is one decorated function of the customers and that number: the amounts it grants, rising with the number, before
the bounds that hold for every limit. A rule whose column the customers do not have gives None and is left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.registry import Registry

Array = NDArray[np.float64]

NET_WORTH_SHARE = 0.1
RULE_COLUMNS = ("net_worth_amount", "score_factor")
"""Columns of the customers that only rules use."""


@dataclass(frozen=True)
class SimpleRule:
    """Labels of a rule."""

    label_en: str
    label_fr: str


SIMPLE_RULES = Registry[SimpleRule]("simple limit rule")


@SIMPLE_RULES.register(SimpleRule("Same share of need", "Même part du besoin"))
def need_share(customers: DataFrame, scale: float) -> Array | None:
    """Need times the number, the same for all customers."""
    return scale * _column(customers, "need_amount")


@SIMPLE_RULES.register(SimpleRule("Share of net worth", "Part des fonds propres"))
def net_worth_share(customers: DataFrame, scale: float) -> Array | None:
    """A tenth of net worth, need where no accounts are known, times the number."""
    if "net_worth_amount" not in customers:
        return None
    worth = NET_WORTH_SHARE * np.clip(_column(customers, "net_worth_amount"), 0.0, None)
    return scale * np.where(np.isnan(worth), _column(customers, "need_amount"), worth)


@SIMPLE_RULES.register(SimpleRule("Score matrix", "Matrice par note"))
def score_matrix(customers: DataFrame, scale: float) -> Array | None:
    """Need times the factor of the customer's grade or segment, times the number."""
    if "score_factor" not in customers:
        return None
    return scale * _column(customers, "score_factor") * _column(customers, "need_amount")


@SIMPLE_RULES.register(SimpleRule("Same limit for all", "Même limite pour tous"))
def equal_limit(customers: DataFrame, scale: float) -> Array | None:
    """Mean need times the number, the same amount for all customers."""
    need = _column(customers, "need_amount")
    return np.full(len(need), scale * float(need.mean()) if len(need) else 0.0)


@SIMPLE_RULES.register(SimpleRule("PD cut-off", "Seuil de PD"))
def pd_cut_off(customers: DataFrame, scale: float) -> Array | None:
    """Full need from the lowest PD upwards, until the number is reached, a share of all needs.

    Customers with the same PD stand in line together and get the same share of what is left.
    """
    need = _column(customers, "need_amount")
    place = np.unique(_column(customers, "pd_12m"), return_inverse=True)[1]
    together = np.bincount(place, weights=need)
    before = np.cumsum(together) - together
    left = scale * together.sum() - before
    served = np.divide(left, together, out=np.zeros_like(left), where=together > 0)
    return np.asarray(need * np.clip(served, 0.0, 1.0)[place])


@SIMPLE_RULES.register(SimpleRule("Limits in force", "Limites en vigueur"))
def in_force(customers: DataFrame, scale: float) -> Array | None:
    """Limit in force times the number, nothing where there is none."""
    current = np.nan_to_num(_column(customers, "current_limit_amount"))
    return scale * current if current.any() else None


def _column(customers: DataFrame, name: str) -> Array:
    return np.asarray(customers[name].to_numpy(dtype="float64"))
