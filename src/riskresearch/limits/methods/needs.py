"""What a customer will owe if its orders are delivered on its usual terms."""

import numpy as np
from pandas import DataFrame, Series

from riskresearch.limits.applicants import Applicants
from riskresearch.limits.methods.registry import METHODS, Method

SHORTEST_TENURE_MONTHS = 3.0
"""Sales of less than three months are read as those of three: one first order is no yearly rate."""
PUNCTUAL_COEFFICIENT, LATE_COEFFICIENT = 1.2, 0.5
"""Behaviour coefficient of a customer that pays on the day, and its lower bound."""
COEFFICIENT_PER_DAY = 0.02
"""Lost per mean day of delay: 1 at the ten days that part good from bad payers in table C3 of the domain note."""
SHORT_TERMS_COEFFICIENT, LONG_TERMS_COEFFICIENT = 0.5, 2.0
"""Bounds of the terms coefficient: cash, and terms of 90 days."""


def expected_days(applicants: Applicants) -> DataFrame:
    """Return how long invoices stay open.

    Returns
    -------
    DataFrame, index of the rows: ``terms_days`` (the customer's own, else the median of the day of review),
    ``delay_days`` (mean days beyond terms, its own, else the median of the day of review, else 0) and their sum
    ``open_days``, at least 1.
    """
    terms = applicants.by_date(applicants.known("terms_days"))
    delay = applicants.by_date(applicants.known("days_beyond_terms_12m")).fillna(0.0)
    return DataFrame({"terms_days": terms, "delay_days": delay, "open_days": (terms + delay).clip(lower=1.0)})


def yearly_sales(applicants: Applicants) -> Series:
    """Sales of twelve months including tax; brought to a year for a younger relation; NaN without sales."""
    sales = applicants.known("sales_amount_12m")
    months = applicants.known("tenure_months").clip(lower=SHORTEST_TENURE_MONTHS, upper=12.0).fillna(12.0)
    return (sales * 12.0 / months).where(sales > 0).rename("yearly_sales_amount")


def plain_need(applicants: Applicants) -> Series:
    """Return what is owed at the seasonal peak: yearly sales / 365 × (terms + expected delay) × peak.

    The need of a customer before its segment says what share of it may be granted; NaN without sales.
    """
    days = expected_days(applicants)
    owed = yearly_sales(applicants) / 365.0 * (days["terms_days"] + days["delay_days"])
    return (owed * applicants.known("peak_ratio")).rename("plain_need_amount")


@METHODS.register(Method("need", "Need from sales", "Besoin par les ventes", "domain note C1: need-based"))
def sales_need(applicants: Applicants) -> Series:
    """Yearly sales / 365 × (terms + expected delay) × seasonal peak × need factor of the segment.

    No amount without sales in twelve months: nothing says what will be ordered.
    """
    return plain_need(applicants) * applicants.by_segment("need_factor")


@METHODS.register(
    Method("need", "Need from orders", "Besoin par les commandes", "AFDCC, base of a credit limit: state of the art")
)
def order_need(applicants: Applicants) -> Series:
    """(Orders + unbilled deliveries + open invoices) × terms coefficient × behaviour coefficient.

    No amount where there are neither orders nor unbilled deliveries: the present debt alone says nothing of what
    is still to come. See `terms_coefficient` and `behaviour_coefficient`.
    """
    coming = applicants.known("ordered_amount") + applicants.known("unbilled_amount")
    base = coming + applicants.known("open_amount").clip(lower=0)
    amount = base * terms_coefficient(applicants) * behaviour_coefficient(applicants)
    return amount.where(coming > 0)


def terms_coefficient(applicants: Applicants) -> Series:
    """Return the coefficient of terms (CDP): life of the limit over two months, from 0.5 to 2.

    A limit lives for the terms and one month of billing (AFDCC: about three months at terms of 60 days), and orders
    go on while it lives. The association publishes that life and no value of the coefficient; the unit of two months,
    the life of a limit on 30 days, is our judgement: 30 days give 1, 60 days 1.5, 90 days 2.
    """
    life_days = expected_days(applicants)["terms_days"] + 30.0
    return (life_days / 60.0).clip(SHORT_TERMS_COEFFICIENT, LONG_TERMS_COEFFICIENT).rename("terms_coefficient")


def behaviour_coefficient(applicants: Applicants) -> Series:
    """Return the coefficient of payment behaviour (CCP): above 1 for good, below 1 for bad payers.

    1.2 less 0.02 for each mean day beyond terms, at least 0.5; 1 where nothing has been paid yet; never above the
    need factor of the segment, so that orders open no way around it. AFDCC publishes the sign and no values; these
    follow table C3 of the domain note (1.2 for the best segment, ten days as the bound of good payers).
    """
    delay = applicants.known("days_beyond_terms_12m").clip(lower=0)
    own = (PUNCTUAL_COEFFICIENT - COEFFICIENT_PER_DAY * delay).clip(LATE_COEFFICIENT, PUNCTUAL_COEFFICIENT).fillna(1.0)
    return Series(np.minimum(own, applicants.by_segment("need_factor")), name="behaviour_coefficient")
