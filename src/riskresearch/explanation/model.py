"""The accepted model as explanations need it: features in order, calibrated log-odds, exact contributions."""

import json
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
from pandas import DataFrame

from riskresearch.base.errors import TableError, first_keys
from riskresearch.explanation.trees import Floats, Forest, forest
from riskresearch.explanation.treeshap import TreeTables

ADDITIVITY = 1e-9
"""Largest difference allowed between the sum of contributions and base and the calibrated log-odds."""
MIN_LEAF_VISITS = 50_000_000
"""Rows × leaves from which on tables pay even where the loops must first be compiled (about 5 s)."""


@dataclass(frozen=True)
class ExplainedModel:
    """Boosted trees with their calibration, read from table `model_parts`.

    Parameters
    ----------
    names : features in the order the trees read them
    booster : LightGBM
    slope, intercept : calibrated log-odds = slope × raw log-odds + intercept, the move to the long-run level included
    pd_floor : smallest PD shown
    """

    names: tuple[str, ...]
    booster: lgb.Booster
    slope: float
    intercept: float
    pd_floor: float

    @classmethod
    def of(cls, model_parts: DataFrame) -> "ExplainedModel | None":
        """Return the model of table `model_parts`; None where no model was accepted."""
        parts = model_parts.set_index("part_code")["content"]
        if parts.empty:
            return None
        calibration = json.loads(parts["calibration"])
        return cls(
            tuple(json.loads(parts["features"])),
            lgb.Booster(model_str=parts["lightgbm_text"]),
            float(calibration["slope"]),
            float(calibration["intercept"]),
            float(calibration["pd_floor"]),
        )

    @cached_property
    def forest(self) -> Forest:
        """The trees; refused where their contributions are not defined (`riskresearch.explanation.trees.forest`)."""
        return forest(self.booster.model_to_string())

    @cached_property
    def tables(self) -> TreeTables:
        """Tables of contributions, made once."""
        return TreeTables.of(self.forest)

    @property
    def base(self) -> float:
        """Calibrated log-odds that contributions start from: those of the mean raw log-odds of the training rows."""
        return self.slope * self.forest.base + self.intercept

    @property
    def has_native_categories(self) -> bool:
        """Whether a split is on a set of categories; see `require_numbers`."""
        return self.forest.has_native_categories

    def require_numbers(self, *, what: str) -> None:
        """Refuse what is wrong on native categories: interaction and interventional values.

        shap computes them on such models without a word, and their sums are off (shap issues 1644, 5132).

        Raises
        ------
        TableError
            A split is on a set of categories.
        """
        if self.has_native_categories:
            raise TableError(
                f"model_parts: {what} are not defined for trees that split on sets of categories; "
                "contributions are; fit the model on numbers to have both"
            )

    def values(self, rows: DataFrame) -> Floats:
        """Return the features of rows in the model's order, whatever the order of the columns."""
        return rows[list(self.names)].to_numpy(float)

    def log_odds(self, rows: DataFrame) -> Floats:
        """Return the calibrated log-odds, one per row."""
        return self._log_odds(self.values(rows))

    def contributions(self, rows: DataFrame) -> tuple[Floats, float]:
        """Return the contributions to the calibrated log-odds, and the base.

        The contributions have a row for each row and a column for each feature; with the base they add up to the
        calibrated log-odds of the row, which is checked on every call. With many
        rows they come from tables (`riskresearch.explanation.treeshap`), with few from LightGBM; both are exact.

        Raises
        ------
        TableError
            Some rows do not add up, or the contributions of the model's trees are not defined.
        """
        values = self.values(rows)
        contributions = self.slope * self._raw_contributions(values)
        gap = np.abs(contributions.sum(axis=1) + self.base - self._log_odds(values))
        _require_additive(gap, rows)
        return contributions, self.base

    def _log_odds(self, values: Floats) -> Floats:
        raw = np.asarray(self.booster.predict(values, raw_score=True, num_threads=1), dtype=float)
        return self.slope * raw + self.intercept

    def _raw_contributions(self, values: Floats) -> Floats:
        if not len(values):  # LightGBM refuses to explain none
            return np.empty((0, self.forest.n_features))
        if len(values) * self.forest.n_leaves >= MIN_LEAF_VISITS:
            return self.tables.contributions(values)
        raw = np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=1), dtype=float)
        return raw.reshape(len(values), -1)[:, :-1]


def _require_additive(gap: Floats, rows: DataFrame) -> None:
    wrong = ~(gap <= ADDITIVITY)
    if wrong.any():
        keys = [name for name in ("customer_id", "observation_date") if name in rows.columns]
        found = rows.loc[wrong, keys].itertuples(index=False, name=None) if keys else rows.index[wrong]
        raise TableError(
            f"contributions: {int(wrong.sum())} of {len(gap)} rows do not add up to their calibrated log-odds "
            f"({first_keys(_shown(key) for key in found)}; largest gap {np.max(gap):.2e}, allowed {ADDITIVITY:g}); "
            "keep none of them and report this with the model"
        )


def _shown(key: object) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
