"""Alternatives to a policy, on the same events and with the same figures: captive, factoring, guarantees.

Self-insurance with its own capital is the first row of every comparison. One interface: events in, an `Option` out
(what is kept and what it costs in every year, and what it does to cash).
"""

from collections.abc import Mapping
from typing import Any

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.alternatives.base import Alternative
from riskresearch.insurance.alternatives.captive import Captive
from riskresearch.insurance.alternatives.factoring import FactoringWithoutRecourse, FactoringWithRecourse
from riskresearch.insurance.alternatives.guarantee import Guarantee
from riskresearch.insurance.policy import read_whole

__all__ = [
    "ALTERNATIVES",
    "Alternative",
    "Captive",
    "FactoringWithRecourse",
    "FactoringWithoutRecourse",
    "Guarantee",
    "alternative_from_mapping",
]

ALTERNATIVES: Mapping[str, type[Alternative]] = {
    "captive": Captive,
    "factoring_with_recourse": FactoringWithRecourse,
    "factoring_without_recourse": FactoringWithoutRecourse,
    "guarantee": Guarantee,
}


def alternative_from_mapping(data: Mapping[str, Any], *, where: str) -> Alternative:
    """Return the alternative described by keys and values.

    Parameters
    ----------
    data : content of a file of ``config/alternatives``, with its ``kind``
    where : name of the file, used in error messages

    Raises
    ------
    SettingsError
        Names the key that is unknown, missing or out of bounds, and what is allowed.
    """
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in ALTERNATIVES:
        raise SettingsError(f"{where}: kind is {kind!r}; must be one of {sorted(ALTERNATIVES)}")
    return read_whole(ALTERNATIVES[kind], data, where=where)
