"""Longest lawful payment terms of each customer on a date."""

from collections.abc import Sequence

import numpy as np
from pandas import DataFrame, Series, Timestamp

from riskresearch.limits.terms.law import Ceiling
from riskresearch.limits.terms.settings import TermsSettings

LAW_CODES = ("national_law", "eu_directive", "public_buyer")
CEILING_CODES = (*LAW_CODES, "country_unknown", "no_rule_known")
_EU = "EU"
_MONTH_END_MAX_DAYS = 75
"""45 days end of month, either reading: the longest case is 45 days and 30 more of a month of 31 days."""


def legal_ceilings(
    customers: DataFrame, settings: TermsSettings, *, country_max_days: Series, as_of: Timestamp
) -> DataFrame:
    """Return the longest terms the law allows for each customer, in days from the date of invoice.

    The law of the customer's country decides, for what the seller sells; in the European Union the directive where
    the country has no row of its own. Public buyers have shorter terms. Where no rule is known the company's own
    maximum for the country stands in, and the code says so.

    Parameters
    ----------
    customers : ``country_code customer_type_code``, any index
    settings : dated ceilings with their sources
    country_max_days : longest terms of the company for each customer's country, index of `customers`
    as_of : date the law is read on

    Returns
    -------
    DataFrame ``legal_max_days ceiling_code lawful_days``, index of `customers`; `lawful_days`: present terms above
    it break the law (above `legal_max_days` where contracts name 45 days end of month).
    """
    country = customers["country_code"].astype("str")
    public = (customers["customer_type_code"] == "public").to_numpy()
    rules = {code: _ruled(code, settings, as_of) for code in country.dropna().unique()}
    days = country.map({code: rule[0] for code, rule in rules.items()}).astype("float64")
    source = country.map({code: rule[1] for code, rule in rules.items()}).to_numpy(dtype=object)
    buyer = country.map({code: rule[2] for code, rule in rules.items()}).astype("float64")
    is_lower = public & (buyer.notna() & ~(days <= buyer)).to_numpy()
    legal = days.mask(is_lower, buyer)
    code = np.select(
        [country.isna(), is_lower, legal.isna()], ["country_unknown", "public_buyer", "no_rule_known"], source
    )
    month_end = settings.month_end_terms & (country == "FR").to_numpy() & (settings.sold_activity_code == "general")
    return DataFrame(
        {
            "legal_max_days": legal.fillna(country_max_days).astype("int64"),
            "ceiling_code": code.astype(str),
            "lawful_days": legal.mask(month_end & ~public, float(_MONTH_END_MAX_DAYS)).fillna(np.inf),
        },
        index=customers.index,
    )


def _ruled(country: str, settings: TermsSettings, as_of: Timestamp) -> tuple[float, str, float]:
    """Days, code of the rule, and days of public buyers, of a country."""
    live = [rule for rule in settings.terms_ceilings if Timestamp(rule.start_date) <= as_of]
    in_eu = country in settings.eu_country_codes
    own = _latest(live, country, settings.sold_activity_code, "any")
    union = _latest(live, _EU, settings.sold_activity_code, "any") if in_eu else np.nan
    buyers = [_latest(live, country, "general", "public"), _latest(live, _EU, "general", "public") if in_eu else np.nan]
    public = next((days for days in buyers if not np.isnan(days)), np.nan)
    return (union, "eu_directive", public) if np.isnan(own) else (own, "national_law", public)


def _latest(rules: Sequence[Ceiling], country: str, activity: str, buyer: str) -> float:
    """Days of the rule in force for the activity, else of the general one; NaN where there is none."""
    for wanted in (activity, "general"):
        found = [
            rule
            for rule in rules
            if (rule.country_code, rule.activity_code, rule.buyer_code) == (country, wanted, buyer)
        ]
        if found:
            return float(max(found, key=lambda rule: rule.start_date).max_days)
    return np.nan


def is_above_law(present: Series, ceilings: DataFrame) -> Series:
    """Tell where present terms are longer than the law allows."""
    return present.astype("float64") > ceilings["lawful_days"]
