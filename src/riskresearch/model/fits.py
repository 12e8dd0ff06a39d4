"""All candidates fitted on the development sample, calibrated, and moved to the long-run level."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import empty
from riskresearch.behaviour.book import months_before
from riskresearch.model.calibration.choice import CALIBRATION_METHODS, Calibration, choose_calibration
from riskresearch.model.calibration.level import Levels, pd_levels
from riskresearch.model.calibration.uncertainty import customer_resample, refit_interval
from riskresearch.model.candidates import CANDIDATES, Fitted
from riskresearch.model.candidates.boosted import Boosted, refitted
from riskresearch.model.sample import KEYS, Sample
from riskresearch.model.settings import ModelSettings
from riskresearch.model.tables import CHAMPION

Floats = NDArray[np.float64]
COHORT_MONTHS = 12
"""Months over which the default rates of table `default_cohorts` run."""


@dataclass(frozen=True)
class Fits:
    """Fitted candidates by name, the sample they learnt from, and the calibration of the champion.

    Parameters
    ----------
    sample : development sample
    settings : settings the candidates were fitted with
    models : fitted candidates; empty where the defaulters are too few
    calibration : of the champion; the others are used as they are
    methods : table `calibration_methods`
    """

    sample: Sample
    settings: ModelSettings
    models: Mapping[str, Fitted] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    methods: DataFrame = field(default_factory=lambda: empty(CALIBRATION_METHODS))

    @property
    def boosted(self) -> Boosted:
        """The champion."""
        champion = self.models[CHAMPION]
        assert isinstance(champion, Boosted)
        return champion

    def log_odds(self, code: str, rows: DataFrame) -> Floats:
        """Return the calibrated log-odds of a candidate, before any move to the long-run level."""
        return self._calibrated(code, self.models[code].log_odds(rows))

    def levels(self, code: str, panel: DataFrame, cohorts: DataFrame, *, until: Timestamp) -> tuple[Levels, DataFrame]:
        """Return the level of a candidate's PDs as known on a date, and table `pd_levels`.

        The mean PD of the customers at risk when the complete yearly cohorts began, every year alike, is moved to the
        long-run default rate, the mean over all complete years: also over a year whose customers the panel excludes
        because it lies in the burn-in. A customer is taken with its newest row of the twelve months before the start.
        Where the outcome is not a default within 12 months, yearly rates say nothing and the level stays.

        Parameters
        ----------
        panel : table `snapshots`
        cohorts : table `default_cohorts`
        until : cohorts that ended later do not count
        """
        if self.sample.horizon_months != COHORT_MONTHS:
            level, table = pd_levels(self.log_odds(code, panel[:0]), cohorts[:0], self.settings, until=until)
            return level, table.assign(
                reason_code=table["reason_code"].mask(table["reason_code"].notna(), "other_horizon")
            )
        rows = _at_starts(panel, cohorts[cohorts["end_date"] <= until])
        weight = 1 / rows.groupby("start_date")["customer_id"].transform("size").to_numpy(float)
        return pd_levels(self.log_odds(code, rows), cohorts, self.settings, until=until, weight=weight)

    def intervals(self, code: str, rows: DataFrame, *, shift: float) -> DataFrame:
        """Return the interval of each row's PD, from refits on resampled customers; empty where none is asked for.

        Parameters
        ----------
        code : candidate
        rows : feature columns, one row per customer
        shift : log-odds added to reach the long-run level

        Returns
        -------
        DataFrame ``pd_low pd_high`` with the index of the rows.
        """
        if not self.settings.n_refits or not len(rows):
            return DataFrame({"pd_low": np.nan, "pd_high": np.nan}, index=rows.index)
        rng = np.random.default_rng(self.settings.seed)
        customers = self.sample.customers.to_numpy(str)
        drawn = [self.sample.rows.iloc[customer_resample(customers, rng)] for _ in range(self.settings.n_refits)]
        again = [self._again(code, part).log_odds(rows) for part in drawn]
        refits = np.array([self._calibrated(code, raw) + shift for raw in again])
        point = self.log_odds(code, rows) + shift
        found = refit_interval(refits, point, confidence_ratio=self.settings.interval_confidence_ratio)
        return found[["pd_low", "pd_high"]].set_index(rows.index)

    def _calibrated(self, code: str, raw: Floats) -> Floats:
        return self.calibration.log_odds(raw) if code == CHAMPION else raw

    def _again(self, code: str, rows: DataFrame) -> Fitted:
        sample = Sample(rows.reset_index(drop=True), self.sample.dictionary, self.sample.horizon_months)
        if code == CHAMPION:
            return refitted(sample, self.settings, n_trees=self.boosted.n_trees)
        fitted: Fitted = CANDIDATES[code].function(sample, self.settings)
        return fitted


def fit_candidates(sample: Sample, settings: ModelSettings) -> Fits:
    """Return all candidates whose features are there and not all empty, fitted, and the champion calibrated.

    Nothing is fitted with fewer customers in default than `min_defaulters`.

    Parameters
    ----------
    sample : development sample
    settings : settings of the stage
    """
    if sample.n_defaulters < settings.min_defaulters or sample.rows["is_default"].all():
        return Fits(sample, settings)
    told = sample.dictionary[sample.features.notna().any().to_numpy()]
    usable = [member for member in CANDIDATES if member.spec.can_learn_from(told)]
    fit: dict[str, Callable[..., Any]] = {member.name: member.function for member in usable}
    models = {name: function(sample, settings) for name, function in fit.items()}
    unseen = models[CHAMPION].unseen
    calibration, methods = choose_calibration(unseen.raw, unseen.outcome, unseen.customers, settings)
    return Fits(sample, settings, models, calibration, methods)


def _at_starts(panel: DataFrame, cohorts: DataFrame) -> DataFrame:
    """Newest row of each customer in the year before each complete cohort began, where it is not excluded."""
    complete = cohorts[cohorts["is_complete"].fillna(False).astype(bool)]
    parts = []
    for start in complete["start_date"]:
        days = panel["observation_date"]
        before = panel[(days > months_before(start, COHORT_MONTHS)) & (days <= start)]
        newest = before.sort_values(KEYS).drop_duplicates("customer_id", keep="last")
        parts.append(newest[newest["exclusion_code"].isna()].assign(start_date=start))
    return pd.concat(parts) if parts else panel[:0].assign(start_date=pd.NaT)
