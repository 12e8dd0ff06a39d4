"""Streams of integer legs, one module per source; importing the package registers them all."""

from riskresearch.features.streams import (
    credit_notes,
    default_spells,
    disputes,
    events,
    financials,
    first_acts,
    limits,
    movements,
    questionnaires,
    ratings,
    reminders,
    sector_statistics,
    unapplied,
)
from riskresearch.features.streams.registry import STREAMS

__all__ = [
    "STREAMS",
    "credit_notes",
    "default_spells",
    "disputes",
    "events",
    "financials",
    "first_acts",
    "limits",
    "movements",
    "questionnaires",
    "ratings",
    "reminders",
    "sector_statistics",
    "unapplied",
]
