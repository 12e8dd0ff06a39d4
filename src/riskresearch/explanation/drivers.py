"""What drives the probabilities of default, over all customers: features, groups of near-copies, families."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import TableError, first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.explanation.groups import correlation_frame, groups_of_correlated, smallest_correlation
from riskresearch.explanation.history import Explained, mean_absolute, places, shares, value_correlations

LEARNT_AND_SCORED = ("development", "scoring")

DRIVERS = Table(
    "drivers",
    "explanation",
    "one row per feature of the model",
    ("feature_code",),
    (
        Column("feature_code", "text", "feature"),
        Column("group_code", "text", "group of correlated features: its strongest feature"),
        Column("rank", "int", "1 = strongest"),
        Column(
            "contribution_mean_abs", "float", "mean absolute part of the calibrated log-odds, over the scored customers"
        ),
        Column("importance_ratio", "float", "share of the sum over all features"),
        Column(
            "value_correlation",
            "float",
            "rank correlation of value and contribution: sign of the effect; empty where one of them does not vary",
            True,
        ),
    ),
)
DRIVER_GROUPS = Table(
    "driver_groups",
    "explanation",
    "one row per group of correlated features",
    ("group_code",),
    (
        Column("group_code", "text", "strongest feature of the group"),
        Column("family_code", "text", "family of that feature"),
        Column("rank", "int", "1 = strongest"),
        Column("n_features", "int", "features of the group"),
        Column("contribution_mean_abs", "float", "mean absolute value of the summed contributions of the group"),
        Column("importance_ratio", "float", "share of the sum over all groups"),
        Column(
            "correlation_min_abs",
            "float",
            "smallest absolute rank correlation of two of its features; empty for one feature",
            True,
        ),
    ),
)
DRIVER_FAMILIES = Table(
    "driver_families",
    "explanation",
    "one row per family of features",
    ("family_code",),
    (
        Column("family_code", "text", "family"),
        Column("rank", "int", "1 = strongest"),
        Column("n_features", "int", "features of the family in the model"),
        Column("contribution_mean_abs", "float", "mean absolute value of the summed contributions of the family"),
        Column("importance_ratio", "float", "share of the sum over all families"),
    ),
)


class DriverSettings(StageSettings):
    """What drives the probabilities of default."""

    group_correlation: float = Field(
        0.7, gt=0, le=1, description="absolute rank correlation from which features are one group; the company's own"
    )
    n_top_drivers: int = Field(10, ge=1, le=100, description="strongest features whose shape and sensitivity are shown")
    n_dependence_bins: int = Field(10, ge=2, le=50, description="bins of a feature, beside the one without a value")
    stability_period_code: Literal["quarter", "year"] = Field(
        "quarter", description="length of the periods between which drivers are compared"
    )
    n_interaction_rows: int = Field(
        200, ge=1, le=5000, description="customers, evenly spread by score, on which interactions are computed"
    )
    n_interaction_pairs: int = Field(20, ge=1, le=1000, description="strongest pairs of features shown")


def drivers(explained: Explained, dictionary: DataFrame, settings: DriverSettings) -> dict[str, DataFrame]:
    """Return tables `drivers`, `driver_groups` and `driver_families`.

    Strength is the mean absolute contribution to the calibrated log-odds over the customers to score; where a run
    has none, over the rows of later dates (out of time). The contributions of a group or family are summed customer by
    customer before the absolute value is taken, so that features that offset each other do not count as strong.

    Parameters
    ----------
    explained : rows with contributions
    dictionary : table `feature_dictionary`
    settings : correlation from which features are one group

    Raises
    ------
    TableError
        A feature of the model is not in the dictionary.
    """
    today = explained.today
    names = list(explained.names)
    strength = Series(today.strength, index=names)
    correlation = _correlation(explained)
    groups = groups_of_correlated(correlation, threshold=settings.group_correlation, strength=strength)
    family = families_of(explained, dictionary)
    table = DataFrame(
        {
            "feature_code": names,
            "group_code": groups.to_numpy(),
            "rank": places(strength.to_numpy(float)),
            "contribution_mean_abs": strength.to_numpy(float),
            "importance_ratio": shares(strength.to_numpy(float)),
            "value_correlation": value_correlations(today),
        }
    )
    made = {"drivers": table, "driver_groups": _groups(today, groups, family, correlation)}
    return made | {"driver_families": _summed(today, family).rename_axis("family_code").reset_index()}


def families_of(explained: Explained, dictionary: DataFrame) -> Series:
    """Return the family of each feature of the model, indexed by feature.

    Raises
    ------
    TableError
        A feature of the model is not in the dictionary.
    """
    family = dictionary.set_index("feature_code")["family_code"].reindex(list(explained.names))
    absent = family.index[family.isna()]
    if len(absent):
        raise TableError(
            f"feature_dictionary: {len(absent)} features of the model ({first_keys(absent)}) are absent; each needs a "
            "family; take the dictionary of the run that made the model"
        )
    return family.rename("family_code").rename_axis("feature_code")


def summed(contributions: NDArray[np.float64], members: Series) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names of groups in order and the summed contributions, one column per group.

    Parameters
    ----------
    contributions : one row per row, one column per feature
    members : group of each feature, in the order of the columns
    """
    codes = sorted(members.unique())
    made = np.zeros((len(contributions), len(codes)))
    for place, code in enumerate(codes):
        made[:, place] = contributions[:, (members == code).to_numpy(bool)].sum(axis=1)
    return codes, made


def _correlation(explained: Explained) -> DataFrame:
    """Correlations over the rows the model has learnt from and the customers to score; without any, over all rows."""
    used = explained.of_samples(*LEARNT_AND_SCORED)
    used = used if len(used.rows) else explained
    return correlation_frame(DataFrame(used.values, columns=list(used.names)))


def _groups(today: Explained, groups: Series, family: Series, correlation: DataFrame) -> DataFrame:
    table = _summed(today, groups)
    members = {code: groups.index[groups == code] for code in table.index}
    smallest = {code: smallest_correlation(correlation.loc[names, names]) for code, names in members.items()}
    named: Mapping[str, object] = {
        "family_code": family.reindex(table.index).to_numpy(),
        "correlation_min_abs": Series(smallest, dtype="float64").reindex(table.index),
    }
    return table.assign(**named).rename_axis("group_code").reset_index()


def _summed(explained: Explained, members: Series) -> DataFrame:
    codes, contributions = summed(explained.contributions, members)
    strength = mean_absolute(contributions)
    return DataFrame(
        {
            "rank": places(strength),
            "n_features": members.value_counts().reindex(codes).to_numpy("int64"),
            "contribution_mean_abs": strength,
            "importance_ratio": shares(strength),
        },
        index=codes,
    )
