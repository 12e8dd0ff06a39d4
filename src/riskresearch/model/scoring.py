"""A PD, grade and segment for every customer of today: active, prospect, in default."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from scipy.special import logit

from riskresearch.model.calibration.level import Levels
from riskresearch.model.expert.rating import months_of_history
from riskresearch.model.fits import Fits
from riskresearch.model.grades import DEFAULTED, graded
from riskresearch.model.tables import COLD_START, EXPERT

PDS = ["pd_12m", "pd_low", "pd_high", "pd_point_in_time", "pd_with_margin", "score"]


@dataclass(frozen=True)
class Today:
    """Customers of the date of the run.

    Parameters
    ----------
    rows : rows of table `snapshots` on the date, with `customer_status_code` and `n_months_history`
    expert : PD of the expert rating by customer_id
    default_rated : the same, of customers that a provider of ratings says are in default
    """

    rows: DataFrame
    expert: Series
    default_rated: Series

    @classmethod
    def of(cls, tables: Mapping[str, DataFrame], expert_ratings: DataFrame, *, as_of: Timestamp) -> "Today":
        """Return the customers of the date that are active, prospects or in default."""
        panel = tables["snapshots"]
        rows = panel[panel["observation_date"] == as_of]
        exclusion = rows["exclusion_code"]
        status = exclusion.map({"never_sold": "prospect", "in_default": "in_default"}).mask(exclusion.isna(), "active")
        kept = rows.assign(customer_status_code=status)[status.notna()]
        history = _history(tables["movements"], panel, pd.Index(kept["customer_id"]), as_of)
        expert = expert_ratings.set_index("customer_id")["pd_12m"]
        refused = expert_ratings.set_index("customer_id")["is_default_rated"].astype(bool)
        return cls(kept.assign(n_months_history=history.to_numpy()), expert, expert[refused])

    def of_status(self, code: str) -> DataFrame:
        """Return the rows of one status."""
        return self.rows[self.rows["customer_status_code"] == code]


def scored(today: Today, fits: Fits, chosen: str, levels: Mapping[str, Levels], scale: DataFrame) -> DataFrame:
    """Return table `scored`.

    Active customers get the PD of the chosen candidate, prospects that of what is known before the first sale; where
    no model is accepted both get the expert rating. A customer in default has 1. No PD is below the floor, nor below
    that of the expert rating where a provider says that the customer is in default: a default grade is no forecast
    that a model could have learnt from.

    Parameters
    ----------
    today : customers of the date
    fits : fitted candidates
    chosen : candidate that gives the PDs
    levels : level of the PDs of the chosen candidate and of the cold start, as known on the date
    scale : table `grade_scale`
    """
    settings = fits.settings
    sources = {"active": chosen, "prospect": COLD_START if COLD_START in levels and chosen != EXPERT else EXPERT}
    parts = [_pds(today, today.of_status(status), fits, code, levels) for status, code in sources.items()]
    performing = pd.concat([part for part in parts if len(part)] or parts[:1])
    floor = performing["customer_id"].map(today.default_rated).astype(float).fillna(settings.pd_floor_ratio)
    is_floored = performing["pd_12m"] < floor
    raised = {name: performing[name].clip(lower=floor) for name in PDS[:-1]}
    performing = performing.assign(**raised, is_pd_floored=is_floored)
    performing = performing.assign(**graded(performing["pd_12m"], scale))
    bad = today.of_status("in_default").assign(
        pd_12m=1.0, is_pd_floored=False, pd_source_code="default", grade_code=DEFAULTED, segment_code="defaulted"
    )
    made = pd.concat([performing, bad], ignore_index=True)
    kept = [*KEPT, *PDS, "is_pd_floored", "grade_code", "segment_code", "pd_source_code"]
    return made.reindex(columns=kept).assign(lgd_ratio=settings.lgd_ratio)


KEPT = ["customer_id", "observation_date", "customer_status_code", "n_months_history"]


def _pds(today: Today, rows: DataFrame, fits: Fits, code: str, levels: Mapping[str, Levels]) -> DataFrame:
    """PDs of rows by one source; the expert rating has no interval, no cycle and no margin."""
    kept = rows[KEPT].assign(pd_source_code=code)
    if code == EXPERT:
        pds = rows["customer_id"].map(today.expert).astype(float)
        return kept.assign(pd_12m=pds, score=logit(pds), **dict.fromkeys(PDS[1:-1], np.nan))
    level = levels[code]
    log_odds = fits.log_odds(code, rows)
    found = level.pds(log_odds).set_index(rows.index)
    return kept.join(found).join(fits.intervals(code, rows, shift=level.shift)).assign(score=log_odds + level.shift)


def _history(movements: DataFrame, panel: DataFrame, customers: pd.Index, as_of: Timestamp) -> Series:
    """Whole months since the first invoice known or, in a panel without invoices, since the first row."""
    if len(movements):
        return months_of_history(movements, customers, as_of=as_of).fillna(0).astype("int64")
    first = panel.groupby("customer_id")["observation_date"].min().reindex(customers)
    months = (as_of.year - first.dt.year) * 12 + as_of.month - first.dt.month
    return months.fillna(0).astype("int64")
