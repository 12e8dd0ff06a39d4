"""The sample a model learns from: rows with a known outcome, the features and their declared directions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

KEYS = ["customer_id", "observation_date"]


@dataclass(frozen=True)
class Sample:
    """Rows of one sample in canonical order, and what is declared of their features.

    Parameters
    ----------
    rows : table `snapshots`, one row per customer and date with a known outcome, sorted by customer and date, rows
        numbered from 0: customer_id, observation_date, is_default, months_to_default and one column per feature
        (float; missing values stay missing)
    dictionary : table `feature_dictionary`, indexed by feature_code, in the order the model reads
    horizon_months : months within which a default is the outcome

    Examples
    --------
    >>> import pandas as pd
    >>> rows = DataFrame({"customer_id": ["b", "a"], "observation_date": pd.to_datetime(["2024-01-31"] * 2),
    ...                   "is_default": [True, False], "late_ratio_12m": [0.4, 0.1]})
    >>> sample = Sample.of(rows, DataFrame({"feature_code": ["late_ratio_12m"], "direction_code": [1]}))
    >>> sample.outcome.tolist(), sample.n_defaulters, sample.directions
    ([0, 1], 1, [1])
    """

    rows: DataFrame
    dictionary: DataFrame
    horizon_months: int = 12

    @classmethod
    def of(cls, rows: DataFrame, dictionary: DataFrame, *, horizon_months: int = 12) -> "Sample":
        """Return the sample of rows in any order; rows without a known outcome are refused by the outcome itself."""
        ordered = rows.sort_values(KEYS, ignore_index=True)
        ordered = ordered.assign(is_default=ordered["is_default"].astype(bool))
        return cls(ordered, dictionary.set_index("feature_code"), horizon_months)

    @property
    def names(self) -> list[str]:
        """Feature columns in the order the model reads them."""
        return list(self.dictionary.index)

    @property
    def directions(self) -> list[int]:
        """Declared direction of each feature: +1 higher is riskier, -1 safer, 0 free."""
        return [int(code) for code in self.dictionary["direction_code"]]

    @property
    def features(self) -> DataFrame:
        """Feature columns alone."""
        return self.rows[self.names]

    @property
    def outcome(self) -> NDArray[np.int64]:
        """1 = default within the horizon, one per row."""
        return self.rows["is_default"].to_numpy(np.int64)

    @property
    def customers(self) -> Series:
        """Customer of each row."""
        return self.rows["customer_id"]

    @property
    def n_defaulters(self) -> int:
        """Customers with a default in at least one row."""
        return int(self.rows.loc[self.rows["is_default"], "customer_id"].nunique())

    def where(self, kept: NDArray[np.bool_]) -> "Sample":
        """Return the sample of some of the rows."""
        return Sample(self.rows[kept].reset_index(drop=True), self.dictionary, self.horizon_months)

    def with_features(self, names: list[str]) -> "Sample":
        """Return the same rows with fewer features."""
        return Sample(self.rows, self.dictionary.loc[names], self.horizon_months)
