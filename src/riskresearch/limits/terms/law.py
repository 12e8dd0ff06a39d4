"""Longest lawful payment terms, dated, each with its source."""

from datetime import date
from typing import Literal

from pydantic import Field

from riskresearch.limits.policy.rule import Sourced

ActivityCode = Literal["general", "transport", "perishable_food", "fresh_meat", "alcohol", "periodic"]


class Ceiling(Sourced):
    """Longest lawful terms, in days from the date of invoice."""

    country_code: str = Field(description="ISO 3166 alpha-2 country of the buyer, or EU", min_length=2, max_length=2)
    activity_code: ActivityCode = "general"
    buyer_code: Literal["any", "public"] = "any"
    start_date: date
    max_days: int = Field(ge=0, le=365)


_FR, _EU = "FR", "EU"
_LME = date(2009, 1, 1)
TERMS_CEILINGS: tuple[Ceiling, ...] = (
    Ceiling(
        country_code=_FR,
        start_date=_LME,
        max_days=60,
        source="Code de commerce L441-10 I: 60 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="periodic",
        start_date=date(2014, 3, 19),
        max_days=45,
        source="Code de commerce L441-10 I: periodic invoices, 45 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="transport",
        start_date=date(2006, 1, 6),
        max_days=30,
        source="Code de commerce L441-11 II (5): 30 days from the date of issue",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="perishable_food",
        start_date=_LME,
        max_days=30,
        source="Code de commerce L441-11 II (1): 30 days after delivery; before 2021-11 after its ten-day period",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="fresh_meat",
        start_date=_LME,
        max_days=20,
        source="Code de commerce L441-11 II (2): 20 days after delivery",
    ),
    Ceiling(
        country_code=_FR,
        activity_code="alcohol",
        start_date=_LME,
        max_days=30,
        source="Code de commerce L441-11 II (3): 30 days after the month of delivery, here without the month",
    ),
    Ceiling(
        country_code=_FR,
        buyer_code="public",
        start_date=date(2013, 5, 1),
        max_days=30,
        source="Code de la commande publique R2192-10: 30 days, State and local bodies",
    ),
    Ceiling(
        country_code=_EU,
        start_date=date(2013, 3, 16),
        max_days=60,
        source="Directive 2011/7/EU art. 3(5): 60 days unless expressly agreed and not grossly unfair",
    ),
    Ceiling(
        country_code=_EU,
        buyer_code="public",
        start_date=date(2013, 3, 16),
        max_days=30,
        source="Directive 2011/7/EU art. 4(3): 30 days",
    ),
)

_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES = tuple(_UNION.split())
