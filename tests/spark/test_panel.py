"""The panel on Spark is the panel on DuckDB, bit for bit: all features, on a full ledger and on the demo."""

from pathlib import Path

import pandas as pd
import pytest
from features.rich_tables import known_tables, month_ends, rich_tables
from small_ledger import day

from riskresearch.features.engines import open_engine
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import panel_columns
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.ledger.default import DefaultSettings
from riskresearch.ledger.known import known_tables as tables_known
from riskresearch.ledger.read import read_ledger

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas >= 3.0.0:FutureWarning"),
    pytest.mark.xdist_group("spark"),
]
DEMO = Path(__file__).parents[2] / "data" / "demo"


def both(spark, tables, dates):
    with open_engine("duckdb") as duckdb:
        return [snapshots(tables, dates, columns=panel_columns(), engine=engine) for engine in (spark, duckdb)]


def test_every_feature_of_a_full_ledger(spark):
    tables = known_tables(rich_tables(1), day("2025-03-31"))
    found, expected = both(spark, tables, month_ends("2023-06-30", "2025-03-31"))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert len(found) > 100
    assert found.notna().any().all(), "a feature without any value is not compared"


def test_every_feature_of_the_demo(spark):
    tables = tables_known(read_ledger(DEMO), DefaultSettings(), as_of=day("2024-12-31"))
    tables = with_rating_scales(tables, {"bureau": tuple(str(grade) for grade in range(10, 0, -1))})
    found, expected = both(spark, tables, month_ends("2024-01-31", "2024-12-31"))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found["customer_id"].nunique() > 300


def test_every_feature_of_a_real_ledger(spark, shared_data):
    ledger = read_ledger(shared_data / "highradius_ar", mapping="highradius")
    tables = with_rating_scales(tables_known(ledger, DefaultSettings(), as_of=day("2020-02-29")), {})
    found, expected = both(spark, tables, month_ends("2019-11-30", "2020-02-29"))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found["customer_id"].nunique() > 1000
