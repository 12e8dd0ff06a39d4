"""Stage explanation: what drives the probabilities, why this customer, what changed, what would change it.

Contributions are those of the calibrated log-odds: contributions and base of a customer add up to the log-odds of the
PD that it is shown.
"""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame
from pydantic import Field

from riskresearch.base.schema import Column, Table, empty
from riskresearch.explanation.changes import CHANGE_TABLES, changes
from riskresearch.explanation.disagreements import DISAGREEMENTS, DisagreementSettings, disagreements
from riskresearch.explanation.improvements import IMPROVEMENT_TABLES, improvements
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.parts import ExpertLevel, rated_parts
from riskresearch.explanation.portfolio import PORTFOLIO_TABLES, PortfolioSettings, portfolio_tables
from riskresearch.explanation.reasons import REASONS, SCOPES, ReasonSettings, reasons
from riskresearch.explanation.sides import Earlier

CONTRIBUTIONS = Table(
    "contributions",
    "explanation",
    "one row per customer of the date and part of the log-odds of its PD",
    ("customer_id", "feature_code"),
    (
        Column("customer_id", "text", "customer account"),
        Column("reason_scope_code", "code", "what gave the PD: model, expert rating or simple rule", False, SCOPES),
        Column("feature_code", "text", "feature, source of the expert rating, or floor"),
        Column("feature_value", "float", "value of the feature", True),
        Column("contribution", "float", "part of the log-odds of the PD"),
        Column("base", "float", "log-odds that the parts are added to"),
    ),
)
EXPLANATION_TABLES = (CONTRIBUTIONS, REASONS, *PORTFOLIO_TABLES, *CHANGE_TABLES, DISAGREEMENTS, *IMPROVEMENT_TABLES)
READS = (
    "model_parts",
    "model_choice",
    "snapshots",
    "what_if_snapshots",
    "feature_dictionary",
    "grade_scale",
    "scored",
    "rating_history",
    "expert_ratings",
    "external_ratings",
    "customers",
)


class ExplanationSettings(ReasonSettings, DisagreementSettings, PortfolioSettings):
    """Explanations."""

    previous_run: str = Field(
        "", description="run that changes are told against: the name of an earlier run of the same ledger; empty = none"
    )


def explain(
    tables: Mapping[str, DataFrame],
    settings: ExplanationSettings,
    *,
    level: ExpertLevel,
    earlier: Earlier | None = None,
) -> dict[str, DataFrame]:
    """Return the tables of the stage; what rests on the accepted model is empty where none was accepted.

    Parameters
    ----------
    tables : see `READS`
    settings : reasons, groups of features, comparisons
    level : of the expert rating
    earlier : the run before, where changes are to be told against one

    Raises
    ------
    TableError
        Contributions and base do not add up to the log-odds of the PD.
    """
    model = ExplainedModel.of(tables["model_parts"])
    portfolio = portfolio_tables(tables, settings, model=model)
    groups = portfolio["drivers"].set_index("feature_code")["group_code"]
    parts = rated_parts(tables, model=model, level=level)
    return {
        "contributions": pd.DataFrame(parts) if len(parts) else empty(CONTRIBUTIONS),
        "reasons": reasons(tables, settings, model=model, level=level, groups=groups),
        **portfolio,
        **changes(tables, model=model, level=level, earlier=earlier),
        "disagreements": disagreements(tables, settings),
        **improvements(tables, model=model),
    }
