"""Settings of the stage features."""

from typing import Literal

from pydantic import Field

from riskresearch.base.config import StageSettings


class FeatureSettings(StageSettings):
    """Customer × date panel."""

    horizon_months: int = Field(12, ge=1, le=36, description="months within which a default counts as the outcome")
    burn_in_months: int = Field(
        3, ge=0, le=24, description="first months of the ledger whose rows are excluded: history is too short"
    )
    out_of_time_ratio: float = Field(
        0.25, gt=0, lt=1, description="share of the mature observation dates, the latest, kept for the out-of-time test"
    )
    embargo_months: int = Field(
        1,
        ge=0,
        le=12,
        description="months kept free between the end of the last development outcome and the first out-of-time date",
    )
    engine: Literal["duckdb", "polars", "spark"] = Field(
        "duckdb", description="what computes the panel: duckdb, polars or spark; all give the same values"
    )
    memory_limit_mb: int | None = Field(
        None,
        ge=256,
        le=4_194_304,
        description="megabytes the engine duckdb may use before it writes to disk, or a Spark session started here may "
        "use; empty = the engine's own; polars knows no such limit",
    )
    look_ahead_dates: int = Field(
        1,
        ge=0,
        le=24,
        description="dates on which every feature is made anew from the ledger as known then and compared; 0 = none",
    )
