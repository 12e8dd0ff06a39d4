"""The rating history: the PD of a past day rests on nothing that was known later."""

import numpy as np
import pandas as pd
import pytest
from model.panel import AS_OF, FAST, FEW, cohorts, inputs, knowledge, panel, without
from pandas import DataFrame

from riskresearch.model.fits import fit_candidates
from riskresearch.model.grades import grade_scale
from riskresearch.model.history import first_tested_date, rating_history
from riskresearch.model.sample import Sample
from riskresearch.model.stage import default_model

RATES = {2020: 0.05, 2021: 0.03, 2022: 0.04, 2023: 0.02}
KEYS = ["customer_id", "observation_date"]


def frame(**how) -> DataFrame:
    rows = panel(n_dates=25, first="2021-12-31", n_customers=100, **how)
    return without(rows, prospects=3, in_default=2, inactive=1)


def run(rows: DataFrame, *, rates: dict[int, float] = RATES) -> dict[str, DataFrame]:
    return default_model(inputs(rows, features=FEW, default_cohorts=cohorts(rates)), FAST, knowledge())


def history(rows: DataFrame, rates: dict[int, float]) -> DataFrame:
    """History by the champion, whichever candidate the stage would choose."""
    tables = inputs(rows, features=FEW, default_cohorts=cohorts(rates))
    development = rows[rows["sample_code"] == "development"]
    fits = fit_candidates(Sample.of(development, tables["feature_dictionary"]), FAST)
    years = tables["default_cohorts"]
    levels = {"lightgbm": fits.levels("lightgbm", rows, years, until=AS_OF)[0]}
    scale = grade_scale(FAST.grade_bounds, reliable_up_to=0.01, to_watch_up_to=0.04)
    return rating_history(rows, fits, "lightgbm", levels, scale, cohorts=years).set_index(KEYS)


@pytest.fixture(scope="module")
def made():
    return run(frame())


def chosen(tables: dict[str, DataFrame]) -> str:
    return tables["model_choice"].query("is_chosen")["model_code"].item()


def known(tables: dict[str, DataFrame]) -> pd.Series:
    return tables["rating_history"].set_index(KEYS)["pd_known_12m"]


def test_the_pds_of_the_out_of_time_rows_are_those_of_the_scores(made):
    scores = made["scores"][made["scores"]["model_code"] == chosen(made)]
    scores = scores[scores["sample_code"] == "out_of_time"].set_index(KEYS)["pd_12m"]
    assert len(scores) > 100
    np.testing.assert_allclose(known(made)[scores.index], scores, rtol=1e-12)


def test_a_pd_is_there_from_the_first_out_of_time_date_on_and_never_before(made):
    history = made["rating_history"]
    start = first_tested_date(frame())
    assert (history["pd_known_12m"].notna() == (history["observation_date"] >= start)).all()
    samples = history.groupby(history["pd_known_12m"].notna())["sample_code"].unique()
    assert set(samples[True]) == {"out_of_time", "immature", "scoring"}
    assert set(samples[False]) == {"development", "purged"}


def test_the_level_is_that_of_the_first_out_of_time_date(made):
    history = made["rating_history"].dropna(subset=["pd_known_12m"])
    odds = {name: np.log(history[name] / (1 - history[name])) for name in ("pd_12m", "pd_known_12m")}
    free = (history["pd_12m"] > FAST.pd_floor_ratio) & (history["pd_known_12m"] > FAST.pd_floor_ratio)
    shift = (odds["pd_known_12m"] - odds["pd_12m"])[free]
    assert shift.std() < 1e-9
    assert shift.mean() > 0.02  # the year 2023, not over on that date, is better than those before


def test_outcomes_and_rates_known_later_change_no_pd_of_a_past_day():
    rows = frame()
    turned = (~rows["is_default"]).where(rows["sample_code"] != "development", rows["is_default"])
    first, second = history(rows, RATES), history(rows.assign(is_default=turned), RATES | {2023: 0.5})
    pd.testing.assert_series_equal(second["pd_known_12m"], first["pd_known_12m"], check_exact=True)
    assert first["pd_known_12m"].notna().sum() > 100
    assert (second["pd_12m"] > first["pd_12m"]).mean() > 0.5


def test_features_of_later_days_change_no_earlier_pd(made):
    rows = frame()
    cut = pd.Timestamp("2023-08-31")
    later, rng = rows["observation_date"] > cut, np.random.default_rng(3)
    again = run(rows.assign(**{name: rows[name].mask(later, rng.random(len(rows))) for name in FEW}))
    assert chosen(again) == chosen(made)
    earlier = known(made)[known(made).index.get_level_values("observation_date") <= cut]
    pd.testing.assert_series_equal(known(again)[earlier.index], earlier, check_exact=True)
    assert not known(again).equals(known(made))


def test_without_out_of_time_dates_no_pd_was_known(made):
    rows = frame()
    rows = rows.assign(sample_code=rows["sample_code"].replace("out_of_time", "purged"))
    found = history(rows, RATES)
    assert found["pd_12m"].notna().all()
    assert found["pd_known_12m"].isna().all()


def test_no_history_where_no_candidate_gives_the_pds():
    made = run(frame(base=-9.0))
    assert made["rating_history"].empty
    assert "pd_known_12m" in made["rating_history"]
