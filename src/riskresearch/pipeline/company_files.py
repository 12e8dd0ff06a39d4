"""Files in which a company lays down its credit policy, its questionnaire and the scales of the ratings it buys."""

from pathlib import Path
from typing import Any

from pandas import Timestamp

from riskresearch.base.config import read_yaml, validated
from riskresearch.base.errors import SettingsError
from riskresearch.limits.methods.registry import METHODS
from riskresearch.limits.policy.policy import CreditPolicy, credit_policy_from_mapping
from riskresearch.model.expert.questionnaire import Questionnaire, questionnaire_from_mapping
from riskresearch.model.external_scales import RatingScales, rating_orders
from riskresearch.model.stage import Knowledge
from riskresearch.pipeline.project import CONFIG
from riskresearch.pipeline.settings import Settings


def read_questionnaire(settings: Settings) -> Questionnaire:
    """Return the questionnaire named in the settings.

    Raises
    ------
    SettingsError
        The file is absent, or holds an unknown key, a value out of bounds, or weights that do not add up to 100 %.
    """
    file = config_file(settings.model.questionnaire, "questionnaires")
    return questionnaire_from_mapping(read_yaml(file), where=file.name)


def read_scales(settings: Settings) -> RatingScales:
    """Return the external rating scales named in the settings.

    Raises
    ------
    SettingsError
        The file is absent, or holds an unknown key or a value out of bounds.
    """
    file = config_file(settings.model.external_scales, ".")
    return validated(RatingScales, read_yaml(file), where=file.name)


def read_credit_policy(settings: Settings) -> CreditPolicy:
    """Return the credit policy named in the settings.

    Raises
    ------
    SettingsError
        The file is absent, or holds an unknown key, a value out of bounds or a method that does not exist.
    """
    return credit_policy_at(config_file(settings.limits.policy, "credit_policies"))


def credit_policy_at(file: Path) -> CreditPolicy:
    """Return the credit policy of a file; see `read_credit_policy`."""
    policy = credit_policy_from_mapping(read_yaml(file), where=file.name)
    named = [name for _, question in policy.methods for name in question.methods]
    unknown = sorted({name for name in named if name not in METHODS})
    if unknown:
        known = ", ".join(METHODS.names)
        raise SettingsError(f"{file.name}: methods: {', '.join(unknown)} unknown; choose from {known}")
    return policy


def knowledge_of(settings: Settings, *, as_of: Timestamp) -> Knowledge:
    """Return what the stage model is given beside tables and settings.

    Raises
    ------
    SettingsError
        A file is absent or not valid.
    """
    return Knowledge(
        as_of=as_of,
        questionnaire=read_questionnaire(settings),
        scales=read_scales(settings),
        horizon_months=settings.features.horizon_months,
        embargo_months=settings.features.embargo_months,
    )


def with_rating_orders(settings: Settings, *, as_of: Timestamp) -> Settings:
    """Return the settings with the grades of all known providers, best first; those in the settings go first."""
    orders: dict[str, Any] = {**rating_orders(read_scales(settings), as_of=as_of), **settings.behaviour.rating_scales}
    behaviour = settings.behaviour.model_copy(update={"rating_scales": orders})
    return settings.model_copy(update={"behaviour": behaviour})


def config_file(name: str, folder: str) -> Path:
    """Return the file of a name: a path to a YAML file, or a name in a folder of the project's ``config``."""
    is_path = "/" in name or "\\" in name or name.endswith(".yaml")
    return Path(name) if is_path else CONFIG / folder / f"{name}.yaml"
