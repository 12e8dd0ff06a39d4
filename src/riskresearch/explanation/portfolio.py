"""Explanations of the whole portfolio: drivers, their stability and shape, what acts together, how far grades move."""

from collections.abc import Mapping

from pandas import DataFrame

from riskresearch.base.schema import empty
from riskresearch.explanation.dependence import DEPENDENCE, dependence
from riskresearch.explanation.driver_stability import DRIVER_PERIODS, DRIVER_STABILITY, driver_stability
from riskresearch.explanation.drivers import DRIVER_FAMILIES, DRIVER_GROUPS, DRIVERS, DriverSettings, drivers
from riskresearch.explanation.history import Explained
from riskresearch.explanation.interactions import INTERACTIONS, interactions
from riskresearch.explanation.model import ExplainedModel
from riskresearch.explanation.sensitivity import SENSITIVITIES, Inputs, SensitivitySettings, sensitivities

READS = ("snapshots", "feature_dictionary", "grade_scale")
PORTFOLIO_TABLES = (
    DRIVERS,
    DRIVER_GROUPS,
    DRIVER_FAMILIES,
    DRIVER_STABILITY,
    DRIVER_PERIODS,
    DEPENDENCE,
    INTERACTIONS,
    SENSITIVITIES,
)


class PortfolioSettings(DriverSettings, SensitivitySettings):
    """Drivers of the probabilities of default and sensitivity of the grades."""


def portfolio_tables(
    tables: Mapping[str, DataFrame], settings: PortfolioSettings, *, model: ExplainedModel | None
) -> dict[str, DataFrame]:
    """Return the tables of `PORTFOLIO_TABLES`; all empty where no model was accepted.

    Parameters
    ----------
    tables : see `READS`
    settings : groups, periods, bins, sample of the interactions, size of a notch
    model : the accepted model; None where there is none

    Raises
    ------
    TableError
        A feature of the model is not in the dictionary, or contributions do not agree with the model.
    """
    if model is None:
        return {table.name: empty(table) for table in PORTFOLIO_TABLES}
    explained = Explained.of(model, tables["snapshots"])
    made = drivers(explained, tables["feature_dictionary"], settings)
    strongest = made["drivers"].sort_values("rank")["feature_code"].head(settings.n_top_drivers)
    inputs = Inputs(model, tables["snapshots"], tables["feature_dictionary"], tables["grade_scale"], tuple(strongest))
    return {
        **made,
        **driver_stability(explained, made["drivers"], settings),
        "dependence": dependence(explained, settings),
        "interactions": interactions(model, explained, settings),
        "sensitivities": sensitivities(inputs, settings),
    }
