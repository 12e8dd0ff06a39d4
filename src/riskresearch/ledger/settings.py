"""Settings of the ledger stage."""

from pydantic import Field

from riskresearch.base.config import StageSettings


class LedgerSettings(StageSettings):
    """Reading the ledger."""

    currency_code: str | None = Field(
        None, pattern="^[A-Z]{3}$", description="run currency, ISO 4217; empty: the currency of most documents"
    )
    assumed_terms_days: int = Field(
        30,
        ge=0,
        le=180,
        description="days from issue to due date where the source has no due "
        "date; source: 30 days where nothing is agreed, Code de commerce L441-10",
    )
