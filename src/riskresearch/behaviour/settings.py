"""Settings that the indicators need on any date."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pandas import Series
from pydantic import Field, field_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.payment_law import ECB_MAIN_REFINANCING, LEGAL_INTEREST, late_rates


class IndicatorSettings(StageSettings):
    """Payment indicators."""

    window_months: int = Field(12, ge=1, le=60, description="months of receipts that delays are measured on")
    on_account: Literal["unapplied", "oldest_first"] = Field(
        "unapplied",
        description="receipts and credit notes on account: shown apart (unapplied), or taken off the items due first "
        "(oldest_first; Code civil art. 1342-10)",
    )
    grace_days: int = Field(0, ge=0, le=30, description="days after the due date that still count as on time")
    regular_within_days: int = Field(
        5, ge=0, le=60, description="a receipt is regular within so many days of its customer's own median delay"
    )
    cost_of_capital_ratio: float = Field(
        0.06, ge=0, le=0.5, description="yearly cost of the money bound in receivables; judgement: own borrowing rate"
    )
    agreed_late_fee_ratio: float | None = Field(
        None,
        ge=0,
        le=1,
        description="yearly rate of late-payment interest in the terms of sale; empty = the legal rate, ECB main "
        "refinancing rate plus 10 points; source: Code de commerce L441-10 II",
    )
    late_fee_fixed_amount: float = Field(
        40, ge=0, description="fixed sum per late invoice, run currency; source: 40 EUR, Code de commerce D441-5"
    )
    ecb_refinancing_rates: Mapping[date, float] = Field(
        {},
        description="ECB main refinancing rates on 1 January and 1 July that the built-in table (2013-01-01 to "
        "2026-01-01) lacks, as {2026-07-01: 0.02}; source: ECB, key interest rates",
    )
    legal_interest_rates: Mapping[date, float] = Field(
        {},
        description="legal interest rates by first day of the half-year that the built-in table (2013-01-01 to "
        "2025-07-01) lacks; an agreed rate may not be lower than 3 times these; source: orders of the minister",
    )

    @field_validator("ecb_refinancing_rates", "legal_interest_rates")
    @classmethod
    def _starts_a_half_year(cls, rates: Mapping[date, float]) -> Mapping[date, float]:
        wrong = [day.isoformat() for day in rates if (day.month, day.day) not in ((1, 1), (7, 1))]
        if wrong:
            raise ValueError(f"a rate holds from 1 January or 1 July, not from {', '.join(wrong)}")
        return rates

    @property
    def late_rates(self) -> Series:
        """Yearly rates of late-payment interest by first day of the half-year."""
        return late_rates(
            reference={**ECB_MAIN_REFINANCING, **self.ecb_refinancing_rates},
            legal_interest={**LEGAL_INTEREST, **self.legal_interest_rates},
            agreed_ratio=self.agreed_late_fee_ratio,
        )
