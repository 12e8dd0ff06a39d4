"""The panel of a real ledger: its plain definition, the same on both embedded engines and with one thread."""

import numpy as np
import pandas as pd
import pytest
from features.rich_tables import month_ends
from oracles.plain_panel import plain_panels
from small_ledger import day

from riskresearch.features.engines import open_engine
from riskresearch.features.families import FEATURES
from riskresearch.features.snapshots import registered, snapshots
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.read import read_ledger

pytestmark = pytest.mark.xdist_group("features")
AS_OF = day("2020-02-29")
DATES = month_ends("2019-12-31", "2020-02-29")
EVERY = 25


@pytest.fixture(scope="module")
def tables(shared_data):
    ledger = read_ledger(shared_data / "highradius_ar", mapping="highradius")
    return with_rating_scales(known_tables(ledger, DefaultSettings(), as_of=AS_OF), {})


@pytest.fixture(scope="module")
def panel(tables):
    return snapshots(tables, DATES)


def test_polars_and_one_thread_give_the_same(tables, panel):
    with open_engine("duckdb", threads=1) as engine:
        pd.testing.assert_frame_equal(panel, snapshots(tables, DATES, engine=engine), check_exact=True)
    with open_engine("polars") as engine:
        pd.testing.assert_frame_equal(panel, snapshots(tables, DATES, engine=engine), rtol=1e-12, atol=0)
    assert panel["customer_id"].nunique() > 1000


def test_the_panel_is_its_plain_definition(tables):
    """Every feature of some customers, alone in the world, so that those of peers agree too."""
    chosen = tables["customers"]["customer_id"].sort_values().iloc[::EVERY]
    own = {name: _of(frame, chosen) for name, frame in tables.items()}
    mine, (oracle, _) = snapshots(own, DATES, columns=registered()), plain_panels(own, DATES)
    assert mine["customer_id"].tolist() == oracle["customer_id"].tolist()
    for name in FEATURES.names:
        values = mine[name].to_numpy("float64", na_value=np.nan)
        np.testing.assert_allclose(values, oracle[name], rtol=1e-12, atol=1e-12, err_msg=name)
    assert mine["days_late_mean_12m"].nunique() > 20


def _of(frame, customers):
    return frame[frame["customer_id"].isin(customers)].reset_index(drop=True) if "customer_id" in frame else frame
