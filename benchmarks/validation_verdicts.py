"""How often a model whose PDs are right, or half of the truth, gets each verdict as a whole: what a director reads."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from riskresearch.validation.battery import Case, run_battery
from riskresearch.validation.summary import measure_areas, validation_summary
from validation_truth import GRADES, SETTINGS, Portfolio, drawn

MODEL = "model"
VERDICTS = ("green", "amber", "red")
SHOWN = ("discrimination", "calibration", "grades", "use", "all")
TRUTHS = {"right": 1.0, "half": 2.0}
"""True PDs over stated ones."""
MOST_DRAWS = 100
"""The whole battery is slow: its verdicts are drawn less often than single tests."""
QUICK = SETTINGS.model_copy(update={"n_bootstrap": 200})


def verdicts(n_customers: int, world: str, *, n_draws: int, seed: int) -> DataFrame:
    """Return how often the areas of the battery and the whole get each verdict.

    One date, independent customers, no simple rule, no development sample: the smallest file of scores.

    Parameters
    ----------
    n_customers : customers of the demo's mix
    world : one of `TRUTHS`
    n_draws : repetitions, `MOST_DRAWS` at most
    seed : of the chance

    Returns
    -------
    DataFrame ``area_code green amber red n_customers world``, ratios 0-1 of the repetitions.
    """
    truth, n_draws = TRUTHS[world], min(n_draws, MOST_DRAWS)
    portfolio = Portfolio.of(n_customers, "demo")
    rng = np.random.default_rng([seed, n_customers, round(10 * truth)])
    true_pds = np.minimum(truth * portfolio.pds, 1.0)
    found = pd.concat([_summary(portfolio.rows, drawn(true_pds, rng), QUICK) for _ in range(n_draws)])
    shares = pd.crosstab(found["area_code"], found["verdict_code"]) / n_draws
    told = shares.reindex(index=list(SHOWN), columns=list(VERDICTS), fill_value=0.0).reset_index()
    return told.assign(n_customers=n_customers, world=world)


def _summary(rows: DataFrame, hit: NDArray[np.bool_], settings: Any) -> DataFrame:
    told = {"model_code": MODEL, "sample_code": "out_of_time", "exposure_amount": np.nan}
    ids = rows["customer_id"].astype("str").str.zfill(6)
    ratings = rows.assign(customer_id=ids, is_default=pd.array(hit, dtype="boolean"), **told)
    measures = run_battery(Case(ratings, MODEL, grades=GRADES), settings)
    return validation_summary(measures, areas=measure_areas(), p_red=settings.p_red)
