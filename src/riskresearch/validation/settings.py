"""Settings of the stage validation: those of its parts, in one flat section."""

from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.validation.characteristics import CharacteristicSettings
from riskresearch.validation.measures.calibration_error import CalibrationErrorSettings
from riskresearch.validation.measures.comparison import ComparisonSettings
from riskresearch.validation.measures.counts import CountsSettings
from riskresearch.validation.measures.discrimination import DiscriminationSettings
from riskresearch.validation.measures.migration import MigrationSettings
from riskresearch.validation.measures.profit import ProfitSettings
from riskresearch.validation.measures.slope import SlopeSettings
from riskresearch.validation.segments import SegmentSettings


class CommonSettings(StageSettings):
    """Chance, confidence and what a p-value says."""

    seed: int = Field(1, ge=0, description="seed of the resamples")
    n_bootstrap: int = Field(400, ge=50, le=10_000, description="customer resamples behind the intervals")
    confidence_ratio: float = Field(0.95, gt=0.5, lt=1, description="confidence of the intervals")
    verdict_min_defaulters: int = Field(
        5,
        ge=1,
        le=100,
        description="customers in default below which a measure with an interval informs and gives no verdict: "
        "resamples of so few are far too narrow; own threshold",
    )
    p_green: float = Field(0.05, gt=0, lt=1, description="p-value from which a test is green; own threshold")
    p_red: float = Field(0.01, gt=0, lt=1, description="p-value below which a test is red; own threshold")


class ValidationSettings(
    CommonSettings,
    DiscriminationSettings,
    ComparisonSettings,
    CountsSettings,
    SlopeSettings,
    CalibrationErrorSettings,
    MigrationSettings,
    CharacteristicSettings,
    SegmentSettings,
    ProfitSettings,
):
    """Validation battery; thresholds are the company's own, no law or guideline fixes them."""
