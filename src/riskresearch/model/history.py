"""The model in use applied to every date of the panel: how PDs and grades would have stood, and moved."""

from collections.abc import Mapping

import pandas as pd
from pandas import DataFrame, Series
from scipy.special import expit

from riskresearch.base.schema import conform, empty
from riskresearch.model.calibration.level import Levels
from riskresearch.model.fits import Fits
from riskresearch.model.grades import graded
from riskresearch.model.tables import RATING_HISTORY


def rating_history(
    panel: DataFrame, fits: Fits, chosen: str, levels: Mapping[str, Levels], scale: DataFrame
) -> DataFrame:
    """Return table `rating_history`; empty where no candidate gives the PDs.

    The model of the run's date scores rows that it has learnt from as well as others: the table serves to see how
    customers move and how the book shifts. Whether the model forecasts is judged on table `scores`.

    Parameters
    ----------
    panel : table `snapshots`
    fits : fitted candidates
    chosen : candidate that gives the PDs
    levels : level of the PDs as known on the date of the run
    scale : table `grade_scale`
    """
    rows = panel[panel["exclusion_code"].isna()]
    if chosen not in fits.models or rows.empty:
        return empty(RATING_HISTORY)
    pds = Series(expit(fits.log_odds(chosen, rows) + levels[chosen].shift), index=rows.index)
    pds = pds.clip(lower=fits.settings.pd_floor_ratio)
    kept = rows[["customer_id", "observation_date", "sample_code", "is_default"]]
    exposure = rows["open_amount"] if "open_amount" in rows else pd.Series(float("nan"), index=rows.index)
    return conform(
        kept.assign(pd_12m=pds, grade_code=graded(pds, scale)["grade_code"], exposure_amount=exposure), RATING_HISTORY
    )
