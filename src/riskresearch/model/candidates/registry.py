"""Candidates for the default model: one decorated function each, from a sample to a fitted model."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.base.registry import Registry


class Fitted(Protocol):
    """A fitted model that gives raw log-odds of default within the horizon."""

    def log_odds(self, rows: DataFrame) -> NDArray[np.float64]:
        """Return raw log-odds, one per row.

        Parameters
        ----------
        rows : feature columns of table `snapshots`, any order of rows and columns; missing values stay missing
        """
        ...


@dataclass(frozen=True)
class Candidate:
    """Role and labels of a candidate.

    Parameters
    ----------
    label_en, label_fr : label
    needs : features without which the candidate cannot be fitted
    families : families of features of which the candidate needs one at least; empty = any features do
    """

    label_en: str
    label_fr: str
    needs: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    def can_learn_from(self, dictionary: DataFrame) -> bool:
        """Tell whether the features that it needs are there.

        Parameters
        ----------
        dictionary : table `feature_dictionary`, indexed by feature_code
        """
        has_family = not self.families or bool(dictionary["family_code"].isin(self.families).any())
        return has_family and all(name in dictionary.index for name in self.needs)


CANDIDATES: Registry[Candidate] = Registry("candidate")
