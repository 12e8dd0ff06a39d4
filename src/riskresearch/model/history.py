"""The model in use applied to every date of the panel: how PDs and grades would have stood, and moved."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series, Timestamp
from scipy.special import expit

from riskresearch.base.schema import conform, empty
from riskresearch.model.calibration.level import Levels
from riskresearch.model.fits import Fits
from riskresearch.model.grades import graded
from riskresearch.model.tables import RATING_HISTORY


def rating_history(
    panel: DataFrame, fits: Fits, chosen: str, levels: Mapping[str, Levels], scale: DataFrame, *, cohorts: DataFrame
) -> DataFrame:
    """Return table `rating_history`; empty where no candidate gives the PDs.

    The model of the run's date scores rows that it has learnt from as well as others: column ``pd_12m`` serves to see
    how customers move and how the book shifts. Whether the model forecasts is judged on table `scores`.

    Column ``pd_known_12m`` is what the model would have said on the day: from the first out-of-time date on, when all
    it learnt from was known, with the level of PDs known on that first date, as in table `scores`. It is empty before:
    the model had learnt from those rows, or from outcomes of later days. One thing remains known too late: which
    candidate is in use was chosen by the outcomes of the out-of-time rows.

    Parameters
    ----------
    panel : table `snapshots`
    fits : fitted candidates
    chosen : candidate that gives the PDs
    levels : level of the PDs as known on the date of the run
    scale : table `grade_scale`
    cohorts : table `default_cohorts`
    """
    rows = panel[panel["exclusion_code"].isna()]
    if chosen not in fits.models or rows.empty:
        return empty(RATING_HISTORY)
    log_odds = Series(fits.log_odds(chosen, rows), index=rows.index)
    pds = _pds(log_odds, fits, shift=levels[chosen].shift)
    kept = rows[["customer_id", "observation_date", "sample_code", "is_default"]]
    exposure = rows["open_amount"] if "open_amount" in rows else pd.Series(float("nan"), index=rows.index)
    return conform(
        kept.assign(
            pd_12m=pds,
            pd_known_12m=_known_pds(log_odds, panel, fits, chosen, cohorts),
            grade_code=graded(pds, scale)["grade_code"],
            exposure_amount=exposure,
        ),
        RATING_HISTORY,
    )


def first_tested_date(panel: DataFrame) -> Timestamp:
    """Return the first out-of-time date of the panel; missing where there is none."""
    return panel.loc[panel["sample_code"] == "out_of_time", "observation_date"].min()


def _known_pds(log_odds: Series, panel: DataFrame, fits: Fits, chosen: str, cohorts: DataFrame) -> Series:
    """PDs with the level known on the first out-of-time date; empty before it, and where there is none."""
    start = first_tested_date(panel)
    if pd.isna(start):
        return Series(float("nan"), index=log_odds.index)
    level, _ = fits.levels(chosen, panel, cohorts, until=start)
    days = panel.loc[log_odds.index, "observation_date"]
    return _pds(log_odds, fits, shift=level.shift).where(days >= start)


def _pds(log_odds: Series, fits: Fits, *, shift: float) -> Series:
    pds = Series(expit(log_odds + shift), index=log_odds.index)
    return pds.clip(lower=fits.settings.pd_floor_ratio)
