"""The simulation on Spark gives the events of one process, byte by byte, in any number of parts."""

import numpy as np
import pytest
from insurance.simulated_books import assert_same, settings_of
from pandas import DataFrame

from riskresearch.insurance.simulation import simulate
from riskresearch.insurance.simulation.spark import simulate_on_spark

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas >= 3.0.0:FutureWarning"),
    pytest.mark.xdist_group("spark"),
]


@pytest.fixture(scope="module")
def book():
    rng = np.random.default_rng(4)
    n = 80
    return DataFrame(
        {
            "customer_id": [f"C{k:03d}" for k in range(n)],
            "pd_12m": np.geomspace(1e-4, 0.5, n),
            "exposure_amount": rng.lognormal(9, 1, n),
            "lgd_ratio": np.nan,
            "buyer_limit_amount": np.where(np.arange(n) % 2, 9_000.0, np.nan),
            "sector_code": [f"S{k % 5}" for k in range(n)],
            "country_code": [("FR", "DE")[k % 2] for k in range(n)],
            "group_id": [f"G{k % 30}" for k in range(n)],
            "terms_days": 45.0,
        }
    )


@pytest.mark.parametrize("n_parts", [1, 3])
def test_events_are_those_of_one_process(spark, book, n_parts):
    settings = settings_of(
        "sector_factors",
        dependence={"contagion_ratio": 0.3, "lgd_correlation_ratio": 0.2},
        political_probabilities={"DE": 0.02},
        cuts={"probability_ratio": 0.5},
        factor_shift=-0.5,
    )
    here, there = simulate(book, settings), simulate_on_spark(spark._session, book, settings, n_parts=n_parts)
    assert_same(here, there)
    assert np.array_equal(here.weights, there.weights)
    assert len(here.customer) > 5_000
