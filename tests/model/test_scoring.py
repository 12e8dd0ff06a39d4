"""Every customer of today has a PD: active by the chosen candidate, prospects before their first sale, X in default."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from model.panel import AS_OF, FEW, inputs, panel, without
from pandas import DataFrame
from scipy.special import expit, logit

from riskresearch.base.schema import check, empty
from riskresearch.features.stage import feature_dictionary
from riskresearch.ledger.movements import MOVEMENTS
from riskresearch.model.calibration.choice import Calibration
from riskresearch.model.calibration.level import Levels
from riskresearch.model.candidates.cold_start import cold_start
from riskresearch.model.candidates.late_rate import late_rate
from riskresearch.model.fits import Fits
from riskresearch.model.grades import grade_scale
from riskresearch.model.sample import Sample
from riskresearch.model.scoring import Today, scored
from riskresearch.model.settings import ModelSettings
from riskresearch.model.tables import SCORED

SETTINGS = ModelSettings(n_refits=6, lgd_ratio=0.45)
SCALE = grade_scale(SETTINGS.grade_bounds, reliable_up_to=0.01, to_watch_up_to=0.04)
FRAME = without(panel(n_customers=60, base=-3.0), prospects=4, in_default=3, inactive=2)
LEVELS = {name: Levels(shift=-0.4, margin_shift=0.3) for name in ("late_rate", "cold_start", "lightgbm")}


@dataclass(frozen=True)
class Line:
    """A fitted model whose log-odds are a multiple of the late ratio."""

    slope: float

    def log_odds(self, rows: DataFrame) -> np.ndarray:
        return self.slope * rows["late_ratio_12m"].to_numpy(float) - 3


def sample_of(frame: DataFrame) -> Sample:
    dictionary = feature_dictionary()
    kept = frame[frame["sample_code"] == "development"]
    return Sample.of(kept, dictionary[dictionary["feature_code"].isin(FEW)])


def fits_of(frame: DataFrame, settings: ModelSettings = SETTINGS) -> Fits:
    sample = sample_of(frame)
    models = {"late_rate": late_rate(sample, settings), "cold_start": cold_start(sample, settings)}
    return Fits(sample, settings, models)


def today_of(frame: DataFrame, *, default_rated: tuple[str, ...] = (), **changed: DataFrame) -> Today:
    names = sorted(frame["customer_id"].unique())
    expert = DataFrame({"customer_id": names, "pd_12m": np.linspace(0.001, 0.3, len(names))})
    expert["is_default_rated"] = expert["customer_id"].isin(default_rated)
    return Today.of(inputs(frame, **changed), expert, as_of=AS_OF)


def made(frame: DataFrame, fits: Fits, chosen: str, *, levels=LEVELS, **changed: DataFrame) -> DataFrame:
    table = scored(today_of(frame, **changed), fits, chosen, levels, SCALE)
    return check(table, SCORED).set_index("customer_id")


@pytest.fixture(scope="module")
def fits():
    return fits_of(FRAME)


@pytest.fixture(scope="module")
def table(fits):
    return made(FRAME, fits, "late_rate")


def test_everyone_but_the_inactive_is_there_with_the_source_of_its_status(table):
    sources = table.groupby("customer_status_code")["pd_source_code"].agg(["size", "unique"])
    assert sources["size"].to_dict() == {"active": 51, "in_default": 3, "prospect": 4}
    assert {status: list(codes) for status, codes in sources["unique"].items()} == {
        "active": ["late_rate"], "in_default": ["default"], "prospect": ["cold_start"],
    }  # fmt: skip
    assert not {"C007", "C008"} & set(table.index)
    assert (table["observation_date"] == AS_OF).all()
    assert (table["lgd_ratio"] == 0.45).all()


def test_a_customer_in_default_has_one_and_nothing_else(table):
    bad = table[table["customer_status_code"] == "in_default"]
    assert (bad["pd_12m"] == 1).all()
    assert set(bad["grade_code"]) == {"X"}
    assert set(bad["segment_code"]) == {"defaulted"}
    assert not bad["is_pd_floored"].any()
    assert bad[["score", "pd_low", "pd_high", "pd_point_in_time", "pd_with_margin"]].isna().all(axis=None)


def test_pds_are_those_of_the_candidate_on_the_level(table, fits):
    now = FRAME[FRAME["observation_date"] == AS_OF].set_index("customer_id")
    for status, model in (("active", "late_rate"), ("prospect", "cold_start")):
        rows = table[table["customer_status_code"] == status]
        score = fits.models[model].log_odds(now.loc[rows.index]) - 0.4
        np.testing.assert_allclose(rows["score"], score, rtol=1e-12)
        np.testing.assert_allclose(rows["pd_12m"], np.maximum(expit(score), SETTINGS.pd_floor_ratio), rtol=1e-12)
        np.testing.assert_allclose(rows["pd_with_margin"], np.maximum(expit(score + 0.3), 5e-4), rtol=1e-12)


def test_every_interval_holds_its_pd_and_has_a_width(table):
    live = table[table["customer_status_code"] != "in_default"]
    assert (live["pd_low"] < live["pd_12m"]).all()
    assert (live["pd_12m"] < live["pd_high"]).all()
    assert (live["pd_high"] < 1).all()


def test_more_customers_make_narrower_intervals_and_no_refits_make_none(fits):
    def width(n_customers: int) -> float:
        frame = panel(n_customers=n_customers, n_dates=12, base=-3.0)
        frame["sample_code"] = frame["sample_code"].replace("scoring", "development")
        frame = frame[frame["is_default"].notna()]
        rows = frame.iloc[:12]
        found = fits_of(frame).intervals("late_rate", rows, shift=0.0)
        assert found.index.equals(rows.index)
        return float((logit(found["pd_high"]) - logit(found["pd_low"])).mean())

    assert width(400) < 0.7 * width(50)
    none = made(FRAME, fits_of(FRAME, SETTINGS.model_copy(update={"n_refits": 0})), "late_rate")
    assert none[["pd_low", "pd_high"]].isna().all(axis=None)
    assert none["pd_12m"].notna().all()


def test_a_move_of_the_level_adds_to_every_score_and_turns_no_rank(table, fits):
    moved = {name: Levels(shift=level.shift + 0.7, margin_shift=0.3) for name, level in LEVELS.items()}
    other = made(FRAME, fits, "late_rate", levels=moved)
    live = table["score"].notna()
    np.testing.assert_allclose((other["score"] - table["score"])[live], 0.7, rtol=1e-12)
    ranks = [frame.loc[live, "score"].rank() for frame in (table, other)]
    pd.testing.assert_series_equal(*ranks)
    widths = [logit(f.loc[live, "pd_high"]) - logit(f.loc[live, "pd_low"]) for f in (table, other)]
    np.testing.assert_allclose(*widths, rtol=1e-9)


def test_no_pd_is_shown_below_the_floor_and_the_score_stays_as_it_is(fits):
    low = {name: Levels(shift=-6.0, margin_shift=0.1) for name in LEVELS}
    table = made(FRAME, fits, "late_rate", levels=low)
    live = table[table["customer_status_code"] != "in_default"]
    below = expit(live["score"]) < SETTINGS.pd_floor_ratio
    assert below.any()
    assert live["is_pd_floored"].astype(bool).tolist() == below.tolist()
    assert (live.loc[below, "pd_12m"] == SETTINGS.pd_floor_ratio).all()
    assert (live[["pd_12m", "pd_low", "pd_high", "pd_with_margin"]] >= SETTINGS.pd_floor_ratio).all(axis=None)
    assert (live["pd_low"] <= live["pd_12m"]).all()
    assert (live["pd_12m"] <= live["pd_high"]).all()
    assert set(live.loc[below, "grade_code"]) == {"A"}


def test_a_provider_that_says_in_default_raises_the_pd_to_that_of_the_expert_rating(table, fits):
    live = table[table["customer_status_code"] == "active"]
    named = str(live["pd_12m"].idxmin())
    today = today_of(FRAME, default_rated=(named,))
    other = check(scored(today, fits, "late_rate", LEVELS, SCALE), SCORED).set_index("customer_id")
    raised = other.loc[named]
    assert raised["pd_12m"] == max(today.expert[named], live.loc[named, "pd_12m"])
    assert raised["pd_12m"] <= raised["pd_high"]
    assert raised["score"] == live.loc[named, "score"]
    pd.testing.assert_frame_equal(other.drop(named), table.drop(named))


def test_the_champion_alone_is_calibrated():
    sample = sample_of(FRAME)
    fits = Fits(sample, SETTINGS, {"lightgbm": Line(2.0), "late_rate": Line(2.0)}, Calibration(0.5, 0.1, "platt"))
    rows, raw = FRAME.iloc[:40], Line(2.0).log_odds(FRAME.iloc[:40])
    np.testing.assert_allclose(fits.log_odds("lightgbm", rows), 0.5 * raw + 0.1, rtol=1e-12)
    np.testing.assert_allclose(fits.log_odds("late_rate", rows), raw, rtol=1e-12)


def test_where_no_model_is_accepted_the_expert_rates_active_ones_and_prospects(fits):
    table = made(FRAME, fits, "expert", levels={})
    live = table[table["customer_status_code"] != "in_default"]
    assert set(live["pd_source_code"]) == {"expert"}
    expert = today_of(FRAME).expert
    np.testing.assert_array_equal(live["pd_12m"], expert[live.index])
    np.testing.assert_allclose(live["score"], logit(expert[live.index]), rtol=1e-12)
    assert live[["pd_low", "pd_high", "pd_point_in_time", "pd_with_margin"]].isna().all(axis=None)


def test_without_a_cold_start_the_expert_rates_prospects(fits):
    only = Fits(fits.sample, SETTINGS, {"late_rate": fits.models["late_rate"]})
    table = made(FRAME, only, "late_rate", levels={"late_rate": Levels()})
    prospects = table[table["customer_status_code"] == "prospect"]
    assert set(prospects["pd_source_code"]) == {"expert"}
    assert set(table.loc[table["customer_status_code"] == "active", "pd_source_code"]) == {"late_rate"}


def test_a_customer_of_whom_nothing_is_known_today_has_a_pd(fits):
    blank = FRAME.copy()
    blank.loc[blank["observation_date"] == AS_OF, FEW] = np.nan
    for chosen in ("late_rate", "expert"):
        assert made(blank, fits, chosen)["pd_12m"].notna().all()


@pytest.mark.parametrize("status", ["active", "prospect", "in_default", None])
def test_a_day_with_customers_of_one_status_or_of_none(fits, status):
    codes = {"active": None, "prospect": "never_sold", "in_default": "in_default", None: "inactive"}
    frame = panel(n_customers=5).assign(exclusion_code=codes[status])
    table = made(frame, fits, "late_rate")
    assert list(table["customer_status_code"].unique()) == ([status] if status else [])
    assert len(table) == (5 if status else 0)


def test_history_is_counted_from_the_first_invoice_or_else_from_the_first_row(table, fits):
    assert set(table.loc[table["customer_status_code"] == "active", "n_months_history"]) == {24}
    assert set(table.loc[table["customer_status_code"] == "prospect", "n_months_history"]) == {0}
    late = FRAME[(FRAME["customer_id"] != "C020") | (FRAME["observation_date"] > "2023-06-01")]
    own = made(late, fits, "late_rate", movements=empty(MOVEMENTS))["n_months_history"]
    assert own["C020"] == 6
    assert set(own.drop("C020")) == {23}


def test_only_rows_of_the_day_count_and_their_order_does_not(table, fits):
    past = FRAME["observation_date"] < AS_OF
    other = FRAME.assign(late_ratio_12m=FRAME["late_ratio_12m"].mask(past, 0.9)).sample(frac=1, random_state=2)
    again = made(other, fits, "late_rate")
    pd.testing.assert_frame_equal(again, table)
