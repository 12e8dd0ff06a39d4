"""Where the customer's own payments and the other sources disagree: what it shows itself overrides, downwards only."""

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.model.expert.blend import SOURCES, BlendSettings, Evidence, Weights, blended, bounded, without

CONFLICTS = ("none", "default_rated", "payments_override", "external_held_back")


def overridden(evidence: Evidence, settings: BlendSettings, weights: Weights | None = None) -> DataFrame:
    """Return the PD of the blend, the PD after the rule "internal overrides external, downwards", and what it did.

    1. *default_rated*: where a provider says that the customer is in default, the PD is at least that of the worst
       grade the provider gives to those that are not.
    2. *payments_override*: where the customer's own payments make it riskier than the prior default rate, nothing
       lifts it above them: the PD is at least that of behaviour.
    3. *external_held_back*: else, where the external rating is better than its payments, the rating alone may not
       lift it above them: the PD is at least the lower of the PD of behaviour and the blend without the rating.
    4. *none*: else, or where the blend is already that prudent.

    Payments count as the customer's own from the first receipt or overdue invoice on. The PD never falls when any
    source gets worse.

    Parameters
    ----------
    evidence : PDs, months of history, whether payments say anything
    settings, weights : of the blend

    Returns
    -------
    DataFrame indexed by customer_id ``pd_blend pd_12m conflict_code``.
    """
    blend = blended(evidence, settings, weights)
    floor, is_weak = _floor(evidence, settings, weights)
    rated = np.zeros(len(blend))
    if evidence.pd_default_rated is not None:
        rated = evidence.pd_default_rated.fillna(0.0).to_numpy(dtype=float)
    lowest = np.maximum(floor, rated)
    is_bound = lowest - blend.to_numpy() > 1e-12
    conditions = [is_bound & (rated >= lowest), is_bound & is_weak, is_bound]
    code = np.select(conditions, list(CONFLICTS[1:]), default="none")
    return DataFrame({"pd_blend": blend, "pd_12m": np.where(is_bound, lowest, blend), "conflict_code": code})


def _floor(
    evidence: Evidence, settings: BlendSettings, weights: Weights | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Lowest PD that the customer's payments leave, 0 without payments, and whether these are weak."""
    pds = dict(zip(SOURCES, bounded(evidence, settings).T, strict=True))
    own = np.where(evidence.has_payments.to_numpy(dtype=bool), pds["behaviour"], np.nan)
    inner = blended(without(evidence, "external"), settings, weights).to_numpy()
    is_weak = own > settings.prior_default_ratio
    held = np.where(pds["external"] < own, np.minimum(own, inner), 0.0)
    return np.where(is_weak, own, held), is_weak
