"""The stages in order: what each reads, writes and calls. The only place that knows the row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pandas import DataFrame, Timestamp

from riskresearch.base.payment_law import ECB_MAIN_REFINANCING, LEGAL_INTEREST
from riskresearch.base.registry import Registry
from riskresearch.base.schema import Column, Table, table_dictionary
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.receipts.methods import FORECAST_METHODS
from riskresearch.behaviour.stage import BEHAVIOUR_TABLES, READS, behave
from riskresearch.behaviour.warnings.registry import SIGNALS
from riskresearch.explanation.parts import ExpertLevel
from riskresearch.explanation.sides import Earlier
from riskresearch.explanation.stage import EXPLANATION_TABLES, explain
from riskresearch.explanation.stage import READS as EXPLANATION_READS
from riskresearch.features.families import FEATURES
from riskresearch.features.stage import READS as FEATURE_READS
from riskresearch.features.stage import feature_panel
from riskresearch.features.tables import FEATURE_TABLES, SNAPSHOTS, WHAT_IF_SNAPSHOTS
from riskresearch.insurance.actions import ACTION_RULES
from riskresearch.insurance.alternatives import Alternative
from riskresearch.insurance.dossier import INSURANCE_TABLES, Dossier, insurance_dossier
from riskresearch.insurance.dossier import READS as INSURANCE_READS
from riskresearch.insurance.indicators import USE_INDICATORS, YEAR_INDICATORS
from riskresearch.insurance.policy import Policy
from riskresearch.ledger.default import DEFAULT_VARIANTS, DEFAULTS
from riskresearch.ledger.movements import MOVEMENTS
from riskresearch.ledger.tables import ACCOUNT_TABLES, LEDGER_TABLES
from riskresearch.limits.backtest.rules import POLICIES
from riskresearch.limits.methods.registry import METHODS
from riskresearch.limits.optimise.rules import SIMPLE_RULES
from riskresearch.limits.policy.policy import CreditPolicy
from riskresearch.limits.review import Review
from riskresearch.limits.reviews.facts import TRIGGERS
from riskresearch.limits.stage import LIMIT_TABLES, set_limits
from riskresearch.limits.stage import READS as LIMIT_READS
from riskresearch.model.candidates import CANDIDATES
from riskresearch.model.late_payment import LATE_PAYMENT_TABLES, late_payment
from riskresearch.model.stage import READS as MODEL_READS
from riskresearch.model.stage import Knowledge, default_model
from riskresearch.model.tables import MODEL_TABLES
from riskresearch.monitoring.stage import MONITORING_TABLES, NEEDED, monitor
from riskresearch.pipeline.settings import Settings
from riskresearch.validation.registry import BATTERY
from riskresearch.validation.stage import READS as VALIDATION_READS
from riskresearch.validation.stage import VALIDATION_TABLES, validate

LABELS = Table(
    "labels",
    "ledger",
    "one row per registered indicator, signal, forecast method, feature, candidate, measure, limit method and rule",
    ("family_code", "code"),
    (
        Column("family_code", "text", "family"),
        Column("code", "text", "member"),
        Column("label_en", "text", "label, English"),
        Column("label_fr", "text", "label, French"),
    ),
)


@dataclass(frozen=True)
class Previous:
    """The run before: its tables and the settings they were made with."""

    tables: Mapping[str, DataFrame]
    settings: Settings


@dataclass(frozen=True)
class Inputs:
    """What a stage gets: tables, settings, the date, the run currency, and what else it asks for.

    That is policies and alternatives to compare, what the company lays down beside its ledger, and the run before.
    """

    tables: Mapping[str, DataFrame]
    settings: Settings
    as_of: Timestamp
    currency_code: str
    policies: tuple[Policy, ...] = ()
    knowledge: Knowledge | None = None
    previous: Previous | None = None
    credit_policy: CreditPolicy | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One stage: its notebook, the tables it reads and writes, and the function that makes them."""

    name: str
    notebook: str
    reads: tuple[str, ...]
    writes: tuple[Table, ...]
    make: Callable[[Inputs], dict[str, DataFrame]]

    @property
    def settings_names(self) -> tuple[str, ...]:
        """Sections of the settings the stage depends on."""
        others: dict[str, tuple[str, ...]] = {
            "ledger": ("ledger", "default"),
            "features": ("features", "default", "behaviour"),
            "model": ("model", "features"),
            "explanation": ("explanation", "model"),
            "limits": ("limits", "behaviour"),
            "report": (),
            "handover": (),
        }
        return others.get(self.name, (self.name,))


LEDGER_WRITES = (*LEDGER_TABLES, *ACCOUNT_TABLES, MOVEMENTS, DEFAULTS, DEFAULT_VARIANTS, LABELS)


def labels() -> DataFrame:
    """Return the labels of all registered members, English and French."""
    families: dict[str, Registry[Any]] = {
        "indicator": INDICATORS,
        "feature": FEATURES,
        "measure": BATTERY,
        "limit_method": METHODS,
        "limit_policy": POLICIES,
        "policy_action": ACTION_RULES,
        "review_trigger": TRIGGERS,
        "simple_rule": SIMPLE_RULES,
        "policy_use": USE_INDICATORS,
        "policy_year": YEAR_INDICATORS,
        "signal": SIGNALS,
        "forecast_method": FORECAST_METHODS,
        "model": CANDIDATES,
    }
    return DataFrame(
        [
            {"family_code": family, "code": m.name, "label_en": m.spec.label_en, "label_fr": m.spec.label_fr}
            for family, registry in families.items()
            for m in registry
        ]
    )


def _features(inputs: Inputs) -> dict[str, DataFrame]:
    settings = inputs.settings
    return feature_panel(
        inputs.tables,
        settings.features,
        as_of=inputs.as_of,
        default=settings.default,
        rating_scales=settings.behaviour.rating_scales,
    )


def _model(inputs: Inputs) -> dict[str, DataFrame]:
    assert inputs.knowledge is not None
    made = default_model(inputs.tables, inputs.settings.model, inputs.knowledge)
    return made | late_payment(inputs.tables, inputs.settings.model, as_of=inputs.as_of)


def _explanation(inputs: Inputs) -> dict[str, DataFrame]:
    level, before = expert_level(inputs.settings), inputs.previous
    earlier = Earlier(before.tables, expert_level(before.settings)) if before else None
    return explain(inputs.tables, inputs.settings.explanation, level=level, earlier=earlier)


def expert_level(settings: Settings) -> ExpertLevel:
    """Return what the parts of an expert rating are counted from."""
    return ExpertLevel(settings.model.prior_default_ratio, settings.model.source_pd_floor)


def _limits(inputs: Inputs) -> dict[str, DataFrame]:
    assert inputs.credit_policy is not None
    rates = inputs.settings.behaviour
    review = Review(
        inputs.tables,
        inputs.credit_policy,
        inputs.settings.limits,
        inputs.as_of,
        inputs.currency_code,
        reference_rates={**ECB_MAIN_REFINANCING, **rates.ecb_refinancing_rates},
        legal_rates={**LEGAL_INTEREST, **rates.legal_interest_rates},
    )
    return set_limits(review)


def _insurance(inputs: Inputs) -> dict[str, DataFrame]:
    return insurance_dossier(
        Dossier(
            inputs.tables,
            inputs.policies,
            inputs.alternatives,
            inputs.settings.insurance,
            inputs.as_of,
            inputs.currency_code,
        )
    )


def _monitoring(inputs: Inputs) -> dict[str, DataFrame]:
    """A customer with an insurer's limit in force counts as insured, so its overdue must be declared in time."""
    limits, settings = inputs.tables["limits"], inputs.settings.monitoring
    is_live = (limits["start_date"] <= inputs.as_of) & ~(limits["end_date"] < inputs.as_of)
    granted = limits[(limits["limit_kind_code"] == "insurer") & is_live].sort_values(["start_date", "limit_id"])
    granted = granted.drop_duplicates("customer_id", keep="last")
    covered = granted.loc[granted["base_minor"] > 0, ["customer_id"]]
    cover = covered.assign(policy_id="insurer_limit", declare_overdue_days=settings.declare_overdue_days)
    return monitor({**inputs.tables, "cover": cover}, settings, as_of=inputs.as_of)


def _nothing(inputs: Inputs) -> dict[str, DataFrame]:
    return {}


STAGES = (
    Stage(
        "behaviour",
        "01_behaviour",
        READS,
        BEHAVIOUR_TABLES,
        lambda i: behave(i.tables, i.settings.behaviour, as_of=i.as_of),
    ),
    Stage("features", "02_features", FEATURE_READS, FEATURE_TABLES, _features),
    Stage("model", "03_model", MODEL_READS, (*MODEL_TABLES, *LATE_PAYMENT_TABLES), _model),
    Stage(
        "validation",
        "04_validation",
        VALIDATION_READS,
        VALIDATION_TABLES,
        lambda i: validate(i.tables, i.settings.validation),
    ),
    Stage("explanation", "05_explanation", EXPLANATION_READS, EXPLANATION_TABLES, _explanation),
    Stage("limits", "06_limits", LIMIT_READS, LIMIT_TABLES, _limits),
    Stage("insurance", "07_insurance", INSURANCE_READS, INSURANCE_TABLES, _insurance),
    Stage("monitoring", "09_monitoring", (*NEEDED, "warnings", "limits"), MONITORING_TABLES, _monitoring),
    Stage(
        "report",
        "10_report",
        tuple(
            t.name
            for t in (
                *ACCOUNT_TABLES,
                DEFAULT_VARIANTS,
                LABELS,
                DEFAULTS,
                *BEHAVIOUR_TABLES,
                *(t for t in FEATURE_TABLES if t not in (SNAPSHOTS, WHAT_IF_SNAPSHOTS)),
                *MODEL_TABLES,
                *LATE_PAYMENT_TABLES,
                *VALIDATION_TABLES,
                *EXPLANATION_TABLES,
                *LIMIT_TABLES,
                *INSURANCE_TABLES,
                *MONITORING_TABLES,
            )
        ),
        (),
        _nothing,
    ),
    Stage(
        "handover",
        "11_handover",
        ("model_parts", "feature_dictionary", "snapshots", "scored", "grade_scale", "measures", "model_choice"),
        (),
        _nothing,
    ),
)

TABLES = table_dictionary(
    LEDGER_WRITES,
    BEHAVIOUR_TABLES,
    FEATURE_TABLES,
    MODEL_TABLES,
    LATE_PAYMENT_TABLES,
    VALIDATION_TABLES,
    EXPLANATION_TABLES,
    LIMIT_TABLES,
    INSURANCE_TABLES,
    MONITORING_TABLES,
)
MAKERS = {table.name: f"notebook {stage.notebook}" for stage in STAGES for table in stage.writes} | {
    table.name: "the ledger stage (`riskresearch run --ledger …`)" for table in LEDGER_WRITES
}
PRODUCERS = {table.name: stage for stage in STAGES for table in stage.writes}


def stage_named(name: str) -> Stage:
    """Return a stage by its name or by the name or number of its notebook."""
    for stage in STAGES:
        if name in (stage.name, stage.notebook, stage.notebook[:2]):
            return stage
    raise KeyError(name)
