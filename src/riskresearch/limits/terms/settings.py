"""Settings of payment terms: the law, what is sold, requests and early-payment discounts."""

from typing import Self

from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.limits.terms.law import EU_COUNTRIES, TERMS_CEILINGS, ActivityCode, Ceiling


class TermsSettings(StageSettings):
    """Payment terms: the law, and what the credit policy does not say."""

    terms_ceilings: tuple[Ceiling, ...] = Field(
        TERMS_CEILINGS,
        description="longest lawful terms in days from the invoice, by country, what is sold and kind of buyer, "
        "dated, each with its source; the longest terms of the company by country stand in the credit policy",
    )
    eu_country_codes: tuple[str, ...] = Field(
        EU_COUNTRIES, description="countries where the ceilings of country `EU` hold in the absence of their own"
    )
    sold_activity_code: ActivityCode = Field(
        "general",
        description="what the seller sells, where the law has terms of its own: general, transport, perishable_food, "
        "fresh_meat, alcohol, periodic (periodic invoices); source: Code de commerce L441-10 and L441-11",
    )
    month_end_terms: bool = Field(
        False,
        description="contracts name 45 days end of month: present terms of up to 75 days are lawful in France; "
        "advice stays in net days; source: Code de commerce L441-10",
    )
    unagreed_terms_days: int = Field(
        30, ge=0, le=60, description="terms where nothing is agreed; source: Code de commerce L441-10"
    )
    loyal_months: float = Field(36, ge=0, le=240, description="months after which a customer is loyal; judgement")
    request_days: int = Field(
        90, ge=1, le=365, description="days for which a request for longer terms is considered; judgement"
    )
    discount_offers: tuple[tuple[float, int], ...] = Field(
        ((0.005, 20), (0.01, 30), (0.02, 30), (0.02, 50)),
        description="early-payment discounts to be costed, as [ratio, days gained]",
    )

    @model_validator(mode="after")
    def _offers_make_sense(self) -> Self:
        wrong = [offer for offer in self.discount_offers if not (0 < offer[0] < 1 and offer[1] > 0)]
        if wrong:
            raise ValueError(f"discount_offers {wrong}: the ratio lies between 0 and 1, the days above 0")
        return self
