"""The facts of the default models: truth joined by its keys, shares of the truth's Gini, hidden stops, worse rows."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame, Timestamp

import default_model_bounds as limits
import default_model_facts as facts
import model_fit
from default_model_portfolio import Portfolio, gini, joined, true_log_odds
from riskresearch.model.calibration.level import Levels
from riskresearch.model.fits import Fits
from riskresearch.model.settings import ModelSettings

DAY, LATER = Timestamp("2024-01-31"), Timestamp("2024-02-29")
DICTIONARY = DataFrame(
    {
        "feature_code": ["overdue_max_days", "late_ratio_12m", "tenure_months"],
        "family_code": ["ageing", "delay", "tenure"],
        "unit_code": ["days", "ratio", "months"],
        "direction_code": [1, 1, -1],
    }
)


def panel() -> DataFrame:
    """Four customers out of time, one of them young, and one row of development."""
    return DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "e", "a"],
            "observation_date": [LATER, LATER, LATER, LATER, LATER, DAY],
            "sample_code": ["out_of_time"] * 5 + ["development"],
            "is_default": [True, False, True, False, True, False],
            "tenure_months": [24.0, 24, 12, 13, 11, 23],
            "overdue_max_days": [0.0, 0, 40, np.nan, 0, 0],
            "late_ratio_12m": [0.1, 0.0, 0.5, np.nan, 0.1, 0.1],
        }
    )


@pytest.fixture
def one() -> Portfolio:
    truth = DataFrame(
        {
            "customer_id": ["e", "d", "c", "b", "a", "a"],
            "observation_date": [LATER, LATER, LATER, LATER, DAY, LATER],
            "pd_12m": [0.5, 0.03, 0.7, 0.01, 0.2, 0.9],
        }
    )
    return joined(1, panel(), truth, DICTIONARY, DataFrame())


def test_the_truth_is_joined_by_customer_and_date_and_young_customers_are_not_judged(one: Portfolio) -> None:
    judged = one.judged.set_index("customer_id")
    assert judged["true_pd"].to_dict() == {"a": 0.9, "b": 0.01, "c": 0.7, "d": 0.03}
    assert judged["is_default"].tolist() == [True, False, True, False]
    assert one.sample.rows[["true_pd", "is_default"]].to_numpy().tolist() == [[0.2, False]]


def test_rows_without_truth_are_left_out() -> None:
    truth = DataFrame({"customer_id": ["b"], "observation_date": [LATER], "pd_12m": [0.01]})
    one = joined(1, panel(), truth, DICTIONARY, DataFrame())
    assert len(one.out_of_time) == 4
    assert one.judged["customer_id"].tolist() == ["b"]


def test_a_stop_is_hidden_while_nothing_is_overdue(one: Portfolio) -> None:
    assert limits.hidden_stops(one.judged) == {"hidden_rows": 0.25, "hidden_defaults": 0.5}
    odds = limits.blind(one.judged)
    assert odds[0] == pytest.approx(np.log(0.02 / 0.98)), "a gets the mean of b and d, who owe nothing overdue"
    assert odds[1:].tolist() == true_log_odds(one.judged)[1:].tolist()


def test_shares_are_of_the_gini_of_the_truth(one: Portfolio) -> None:
    rows = one.judged
    assert gini(true_log_odds(rows), rows["is_default"]) == 1
    odds = {"truth": true_log_odds(rows), "opposite": -true_log_odds(rows), "half": np.array([1.0, 2.0, 3.0, 0.0])}
    made = limits.shares(one, odds).set_index("model")
    assert made["share"].to_dict() == {"truth": 1.0, "opposite": -1.0, "half": 0.5}
    assert made.loc["opposite", "correlation"] == pytest.approx(-1)


class Falls:
    """A model whose PD falls with the days overdue and rises with the late rate."""

    def log_odds(self, rows: DataFrame) -> np.ndarray:
        return rows["late_ratio_12m"].fillna(0).to_numpy() * 1000 - rows["overdue_max_days"].fillna(0).to_numpy()


def test_falling_pds_of_rows_made_worse_are_counted(one: Portfolio) -> None:
    made = facts.fallen(one, Fits(one.sample, ModelSettings(), {"falls": Falls()}))
    expected = {"model": "falls", "compared": 15, "lower": 4, "higher_all_together": 0.8, "seed": 1}
    assert made.to_dict("records") == [expected], "5 rows × 3 changes; the days fall alone where they are known"


class Recorded:
    """Fits that keep what the level was asked with."""

    def levels(self, name: str, rows: DataFrame, cohorts: DataFrame, *, until: Timestamp) -> tuple[Levels, DataFrame]:
        self.given = len(rows), until
        return Levels(shift=0.0, margin_shift=0.0, factor=0.0, correlation_ratio=0.12), cohorts


def test_the_level_is_that_of_the_whole_panel_when_the_test_began(one: Portfolio) -> None:
    fits = Recorded()
    made = facts._published(one, fits, "any", np.array([0.0, 1.0]))
    assert fits.given == (6, LATER), "without the rows that are excluded nobody would be seen to have left"
    assert made.tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_the_summary_counts_the_seeds_whose_interval_excludes_nought() -> None:
    frame = DataFrame(
        {"seed": [1, 2], "model": ["m", "m"], "share": [0.7, 0.9], "low": [0.1, -0.1], "high": [0.2, 0.2]}
    )
    made = facts.summary(frame).loc["m"]
    assert made[["share", "seeds_better", "seeds_worse"]].tolist() == ["0.800 (0.700 to 0.900)", 1, 0]


def test_the_rows_of_the_fit_are_the_same_each_time_and_hold_a_signal() -> None:
    learnt, aside = model_fit.parts(2_000)
    again = model_fit.parts(2_000)[0]
    pd.testing.assert_frame_equal(learnt.rows, again.rows)
    assert (len(learnt.rows), len(aside.rows), len(learnt.names)) == (2_000, model_fit.N_ASIDE, model_fit.N_FEATURES)
    assert set(learnt.directions) == {1, -1, 0}
    assert 0.02 < aside.outcome.mean() < 0.06
    assert learnt.features.isna().to_numpy().mean() == pytest.approx(0.1, abs=0.01)
