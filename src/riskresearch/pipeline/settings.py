"""All settings of a run: one model per stage."""

from typing import Any

from pydantic import Field

from riskresearch.base.config import StageSettings, validated
from riskresearch.behaviour.stage import BehaviourSettings
from riskresearch.explanation.stage import ExplanationSettings
from riskresearch.features.settings import FeatureSettings
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.settings import LedgerSettings
from riskresearch.limits.settings import LimitSettings
from riskresearch.model.settings import ModelSettings
from riskresearch.monitoring.settings import MonitoringSettings
from riskresearch.validation.settings import ValidationSettings


class Settings(StageSettings):
    """Settings of a run, by stage."""

    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    default: DefaultSettings = Field(default_factory=DefaultSettings)
    behaviour: BehaviourSettings = Field(default_factory=BehaviourSettings)
    features: FeatureSettings = Field(default_factory=FeatureSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    validation: ValidationSettings = Field(default_factory=ValidationSettings)
    explanation: ExplanationSettings = Field(default_factory=ExplanationSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    insurance: InsuranceSettings = Field(default_factory=InsuranceSettings)
    monitoring: MonitoringSettings = Field(default_factory=MonitoringSettings)


def resolve(content: dict[str, Any], *, where: str) -> Settings:
    """Return settings from nested keys, defaults for the rest.

    Raises
    ------
    SettingsError
        A key is unknown or a value out of bounds.
    """
    return validated(Settings, content, where=where)
