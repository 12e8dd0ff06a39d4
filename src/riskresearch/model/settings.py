"""Settings of the model stage: those of its parts, in one flat section."""

from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.model.calibration.choice import CalibrationSettings
from riskresearch.model.calibration.level import LevelSettings
from riskresearch.model.calibration.uncertainty import UncertaintySettings
from riskresearch.model.candidates.boosted import BoostedSettings
from riskresearch.model.candidates.hazard import HazardSettings
from riskresearch.model.candidates.logistic import LogisticSettings
from riskresearch.model.candidates.scorecard import ScorecardSettings
from riskresearch.model.downgrades import DowngradeSettings
from riskresearch.model.expert.rating import ExpertSettings
from riskresearch.model.grades import GradeSettings
from riskresearch.model.low_default import LowDefaultSettings
from riskresearch.model.tuning import TuningSettings


class DecisionSettings(StageSettings):
    """When a model is fitted and accepted, and the files it is given."""

    min_defaulters: int = Field(
        30,
        ge=2,
        description="customers in default in the development sample below which no "
        "model is fitted and the expert rating is used; the company's own threshold",
    )
    min_test_defaulters: int = Field(
        10,
        ge=2,
        description="customers in default out of time below which no model can "
        "be accepted; the company's own threshold",
    )
    n_bootstrap: int = Field(400, ge=50, le=10_000, description="customer resamples behind intervals of differences")
    questionnaire: str = Field(
        "default", description="questionnaire: a name in config/questionnaires, or the path of a YAML file"
    )
    external_scales: str = Field(
        "rating_scales", description="scales of external ratings: a name in config, or the path of a YAML file"
    )
    lgd_ratio: float = Field(
        0.6,
        gt=0,
        le=1,
        description="loss given default, share of the exposure, of every customer; "
        "own judgement: unsecured creditors recover 3.8 % in French liquidations (Unedic-AGS 2007), "
        "cured arrears are recovered in full",
    )


class ModelSettings(
    DecisionSettings,
    BoostedSettings,
    TuningSettings,
    ScorecardSettings,
    LogisticSettings,
    HazardSettings,
    CalibrationSettings,
    LevelSettings,
    UncertaintySettings,
    LowDefaultSettings,
    GradeSettings,
    ExpertSettings,
    DowngradeSettings,
):
    """Default models, calibration, grades and expert rating."""
