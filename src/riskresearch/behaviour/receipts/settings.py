"""Settings of the receipts forecast."""

from pydantic import Field

from riskresearch.base.config import StageSettings


class ForecastSettings(StageSettings):
    """Receipts forecast."""

    forecast_weeks: int = Field(13, ge=4, le=26, description="weeks ahead in which receipts are foreseen one by one")
    backtest_origins: int = Field(
        12, ge=6, le=36, description="months back from which receipts are foreseen again and compared with what came in"
    )
    n_simulations: int = Field(1000, ge=200, le=20_000, description="draws of the receipts of all open items")
    simulation_seed: int = Field(20_260_101, ge=0, description="seed of these draws")
