"""How far grades move when inputs move, are missing or are old: by scoring again, with the trees as they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pydantic import Field

from riskresearch.base.config import StageSettings
from riskresearch.base.resampling import auc
from riskresearch.base.schema import Column, Table
from riskresearch.explanation.grading import grade_numbers, pd_of
from riskresearch.explanation.model import ExplainedModel

Floats = NDArray[np.float64]

SCENARIOS = ("notch_up", "notch_down", "family_missing", "stale")
SAMPLES = ("out_of_time", "scoring")
REASONS = ("computed", "no_rows", "no_earlier_rows")
AUC_REASONS = ("computed", "outcome_unknown", "no_default", "all_default")
ROUNDING = 1e-12
"""A change of log-odds up to this is that of adding up in another order."""

SENSITIVITIES = Table(
    "sensitivities",
    "explanation",
    "one row per scenario, what it changes, and sample",
    ("scenario_code", "subject_code", "sample_code"),
    (
        Column(
            "scenario_code",
            "code",
            "a feature a notch up or down, a family of features missing, features of some months before",
            False,
            SCENARIOS,
        ),
        Column("subject_code", "text", "feature, family, or number of months"),
        Column("sample_code", "code", "customers of the last out-of-time date, or those to score", False, SAMPLES),
        Column("direction_code", "int", "declared direction of the feature: +1 higher is riskier, -1 safer", True),
        Column("n_rows", "int", "customers compared"),
        Column("n_left_out", "int", "customers of the date without the earlier features"),
        Column("n_moved", "int", "customers compared of whom at least one value changed"),
        Column("grade_change_ratio", "float", "share of the customers compared whose grade changes", True),
        Column("notches_mean", "float", "mean change of grade in notches; + is worse", True),
        Column("log_odds_change_mean", "float", "mean change of the calibrated log-odds; + is riskier", True),
        Column("log_odds_change_mean_abs", "float", "mean absolute change", True),
        Column("log_odds_change_max_abs", "float", "largest absolute change", True),
        Column("pd_mean_before", "float", "mean PD as it is", True),
        Column("pd_mean_after", "float", "mean PD in the scenario", True),
        Column("auc_before", "float", "area under the ROC curve as it is, same customers", True),
        Column("auc_after", "float", "the same in the scenario", True),
        Column("auc_reason_code", "code", "whether the areas were computed, else why not", False, AUC_REASONS),
        Column(
            "n_against_direction",
            "int",
            "customers whose log-odds moved against the declared direction; empty where none is declared",
            True,
        ),
        Column("reason_code", "code", "whether the changes were computed, else why not", False, REASONS),
    ),
)


class SensitivitySettings(StageSettings):
    """Sensitivity of the grades to the inputs of the model."""

    notch_ratio: float = Field(
        0.1, gt=0, le=0.5, description="notch of a feature: share of the development rows it moves past; 0.1 = a decile"
    )
    stale_months: tuple[int, ...] = Field(
        (1, 2, 3), max_length=12, description="ages at which old features are tried; whole months from 1"
    )


@dataclass(frozen=True)
class Scenario:
    """Rows as they are and as they would be, both with the features of the model and in the same order.

    Parameters
    ----------
    code, subject : scenario and what it changes
    rows : customers compared, as they are
    changed : the same customers in the scenario
    n_left_out : customers that cannot be compared
    sign : the log-odds may only move this way (+1, −1); 0 = either
    direction : declared direction of the feature; None where no single feature is moved
    """

    code: str
    subject: str
    rows: DataFrame
    changed: DataFrame
    n_left_out: int = 0
    sign: int = 0
    direction: int | None = None


@dataclass(frozen=True)
class Inputs:
    """What sensitivities are computed from: tables of one run."""

    model: ExplainedModel
    snapshots: DataFrame
    dictionary: DataFrame
    grade_scale: DataFrame
    subjects: tuple[str, ...]


def sensitivities(inputs: Inputs, settings: SensitivitySettings) -> DataFrame:
    """Return table `sensitivities`.

    - **notch**: a feature moves past a tenth of the development rows (`notch_ratio`), up or down; where fewer rows lie
      beyond, half of them. It takes a value that was seen; nothing moves past the extremes; missing stays missing.
    - **family missing**: all features of a family of the dictionary have no value, for instance no accounts. A
      feature that was never missing in development counts as 0 then, as the trees read it.
    - **stale**: the features of the same customers on the date so many months before, also of a row that was excluded
      then.

    PDs and grades are those of the model alone, at the level of today, both before and after: neither other ratings
    nor a provider's default grade come in. Areas under the ROC curve are those of the last out-of-time date.

    Parameters
    ----------
    inputs : ``model snapshots feature_dictionary grade_scale``, and the features to move, in any order
    settings : size of a notch, ages of old features
    """
    panel = inputs.snapshots
    rows = [
        _measured(inputs, scenario, sample)
        for sample in SAMPLES
        for scenario in _scenarios(inputs, settings, _of_last_date(panel, sample))
    ]
    made = DataFrame(rows, columns=SENSITIVITIES.names)
    return made.sort_values(list(SENSITIVITIES.keys), ignore_index=True)


def moved(values: Floats, known: Floats, *, up: bool, notch: float = 0.1) -> Floats:
    """Return values moved one notch, to values seen among the known ones.

    Up, a value moves past the next `notch` of the known values that lie above it; where fewer than twice that lie
    above, past half of those. Down likewise.

    Parameters
    ----------
    values : to be moved; NaN stays NaN
    known : values of the development rows
    up : upwards, else downwards
    notch : share of the known values

    Examples
    --------
    >>> decile = np.arange(10.0)
    >>> moved(np.array([4.0, 9.0, np.nan]), decile, up=True), moved(np.array([4.0, 0.0]), decile, up=False)
    (array([ 5.,  9., nan]), array([3., 0.]))
    >>> moved(np.array([0.0, 6.0]), np.array([0.0] * 96 + [3.0, 6.0, 8.0, 9.0]), up=True)
    array([6., 8.])
    """
    sign = 1.0 if up else -1.0
    ordered = np.sort(sign * known[~np.isnan(known)])
    n = len(ordered)
    start = np.searchsorted(ordered, sign * values, side="right")
    beyond = n - start
    step = np.ceil(np.minimum(notch * n, beyond / 2) - 1e-9).astype(np.int64)
    target = ordered[np.minimum(start + step - 1, n - 1)] if n else sign * values
    return np.where(np.isnan(values) | (beyond == 0), values, sign * target)


def _of_last_date(panel: DataFrame, sample: str) -> DataFrame:
    rows = panel[panel["sample_code"] == sample]
    return rows[rows["observation_date"] == rows["observation_date"].max()].sort_values("customer_id")


def _scenarios(inputs: Inputs, settings: SensitivitySettings, rows: DataFrame) -> Iterator[Scenario]:
    yield from _notches(inputs, settings, rows)
    yield from _families(inputs, rows)
    for months in settings.stale_months:
        yield _stale(inputs, rows, months)


def _notches(inputs: Inputs, settings: SensitivitySettings, rows: DataFrame) -> Iterator[Scenario]:
    development = inputs.snapshots[inputs.snapshots["sample_code"] == "development"]
    directions = inputs.dictionary.set_index("feature_code")["direction_code"]
    for name in inputs.subjects:
        known, values = (part[name].to_numpy(float) for part in (development, rows))
        direction = int(directions.get(name, 0))
        for code, way in (("notch_up", 1), ("notch_down", -1)):
            changed = rows.assign(**{name: moved(values, known, up=way > 0, notch=settings.notch_ratio)})
            yield Scenario(code, name, rows, changed, sign=way * direction, direction=direction)


def _families(inputs: Inputs, rows: DataFrame) -> Iterator[Scenario]:
    used = inputs.dictionary[inputs.dictionary["feature_code"].isin(inputs.model.names)]
    for family, names in used.groupby("family_code")["feature_code"]:
        yield Scenario("family_missing", str(family), rows, rows.assign(**dict.fromkeys(names, np.nan)))


def _stale(inputs: Inputs, rows: DataFrame, months: int) -> Scenario:
    """Features of the same customers so many months before; dates are told apart by their month."""
    month = inputs.snapshots["observation_date"].dt.to_period("M")
    wanted = rows["observation_date"].dt.to_period("M") - months
    earlier = inputs.snapshots[month.isin(wanted)].drop_duplicates("customer_id", keep="last").set_index("customer_id")
    kept = rows[rows["customer_id"].isin(earlier.index)]
    names = list(inputs.model.names)
    changed = kept.assign(**{name: earlier[name].reindex(kept["customer_id"]).to_numpy() for name in names})
    return Scenario("stale", str(months), kept, changed, n_left_out=len(rows) - len(kept))


def _measured(inputs: Inputs, scenario: Scenario, sample: str) -> dict[str, object]:
    told: dict[str, object] = {
        "scenario_code": scenario.code,
        "subject_code": scenario.subject,
        "sample_code": sample,
        "direction_code": scenario.direction,
        "n_rows": len(scenario.rows),
        "n_left_out": scenario.n_left_out,
        "n_moved": 0,
    }
    if not len(scenario.rows):
        reason = "no_earlier_rows" if scenario.n_left_out else "no_rows"
        return told | {"auc_reason_code": "outcome_unknown", "reason_code": reason}
    before, after = (inputs.model.log_odds(part) for part in (scenario.rows, scenario.changed))
    first, second = (inputs.model.values(part) for part in (scenario.rows, scenario.changed))
    is_same = (first == second) | (np.isnan(first) & np.isnan(second))
    change = after - before
    against = (change * scenario.sign < -ROUNDING).sum() if scenario.sign else None
    return {
        **told,
        "n_moved": int((~is_same).any(axis=1).sum()),
        "log_odds_change_mean": float(change.mean()),
        "log_odds_change_mean_abs": float(np.abs(change).mean()),
        "log_odds_change_max_abs": float(np.abs(change).max()),
        "n_against_direction": against,
        **_graded(inputs, before, after),
        **_areas(scenario.rows["is_default"], before, after),
        "reason_code": "computed",
    }


def _graded(inputs: Inputs, before: Floats, after: Floats) -> dict[str, object]:
    first, second = (pd_of(part, pd_floor=inputs.model.pd_floor) for part in (before, after))
    notches = grade_numbers(second, inputs.grade_scale) - grade_numbers(first, inputs.grade_scale)
    return {
        "grade_change_ratio": float((notches != 0).mean()),
        "notches_mean": float(notches.mean()),
        "pd_mean_before": float(first.mean()),
        "pd_mean_after": float(second.mean()),
    }


def _areas(outcome: Series, before: Floats, after: Floats) -> dict[str, object]:
    """Areas under the ROC curve over the customers whose outcome is known."""
    is_known = outcome.notna().to_numpy(bool)
    hit = outcome[is_known].astype(bool).to_numpy()
    if not len(hit):
        return {"auc_reason_code": "outcome_unknown"}
    if hit.all() or not hit.any():
        return {"auc_reason_code": "all_default" if hit.all() else "no_default"}
    first, second = (auc(part[is_known], hit) for part in (before, after))
    return {"auc_before": first, "auc_after": second, "auc_reason_code": "computed"}
