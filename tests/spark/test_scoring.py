"""Scores on Spark are those of the laptop, bit for bit, however the rows are spread; a wrong row gets the reason."""

import pandas as pd
import pytest
from handover.small_bundle import UNITS, small_bundle, small_rows

from riskresearch.base.errors import BundleError
from riskresearch.handover.batch import score_file
from riskresearch.handover.score import SCORES
from riskresearch.handover.spark import score_on_spark

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas >= 3.0.0:FutureWarning"),
    pytest.mark.xdist_group("spark"),
]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return small_bundle(tmp_path_factory.mktemp("spark") / "bundle")


@pytest.fixture
def laptop(bundle, tmp_path):
    """Score a pandas frame on the laptop, through a file."""

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        rows.to_parquet(tmp_path / "rows.parquet", index=False)
        score_file(bundle, tmp_path / "rows.parquet", tmp_path / "scores.parquet")
        return pd.read_parquet(tmp_path / "scores.parquet")

    return score


def spark_rows(spark, rows: pd.DataFrame):
    return spark.frame(rows, "rows").to_native()


def scored(frame) -> pd.DataFrame:
    found = frame.toArrow().to_pandas()
    return found.sort_values(found.columns[0], ignore_index=True)


@pytest.mark.parametrize("partitions", [1, 3, 50])
def test_scores_are_those_of_the_laptop_bit_for_bit(spark, bundle, laptop, partitions):
    rows = small_rows(400).assign(customer_name="not used")
    found = scored(score_on_spark(spark_rows(spark, rows).repartition(partitions), bundle))
    expected = laptop(rows)
    assert list(found.columns) == ["row_id", *SCORES]
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found["grade_code"].nunique() == 4
    assert found["refused"].isna().all()


def test_wrong_rows_get_the_reason_and_no_score_as_on_the_laptop(spark, bundle, laptop):
    rows = small_rows(40).astype({"trend_ratio": "str"})
    rows["trend_ratio"] = rows["trend_ratio"].mask(rows["trend_ratio"] == "nan")
    rows.loc[3, "days_late"] = 1e5
    rows.loc[5, "trend_ratio"] = "late"
    rows.loc[7, "row_id"] = None
    found, expected = scored(score_on_spark(spark_rows(spark, rows), bundle)), laptop(rows)
    pd.testing.assert_frame_equal(found, expected.sort_values("row_id", ignore_index=True), check_exact=True)
    assert found["refused"].notna().sum() == 3
    assert (found["refused"].notna() == found["pd_12m"].isna()).all()


def test_whole_numbers_stay_ids_and_inputs_exactly(spark, bundle, laptop):
    ids = pd.array([2**60 + i for i in range(20)], dtype="Int64")
    ids[4] = pd.NA
    rows = small_rows(20).assign(row_id=ids).astype({"n_months": "Int64"}).rename(columns={"row_id": "customer id"})
    found = score_on_spark(spark_rows(spark, rows), bundle, id_column="customer id").toArrow()
    assert sorted(key for key in found["customer id"].to_pylist() if key) == [2**60 + i for i in range(20) if i != 4]
    whole = laptop(rows.rename(columns={"customer id": "row_id"}))
    assert sorted(found["pd_12m"].drop_null().to_pylist()) == sorted(whole["pd_12m"].dropna())


def test_a_lacking_column_is_named_before_anything_runs(spark, bundle):
    with pytest.raises(BundleError, match=rf"rows to score: lacks 1 of {len(UNITS) + 1} columns \(days_late\)"):
        score_on_spark(spark_rows(spark, small_rows(3).drop(columns="days_late")), bundle)


def test_an_altered_bundle_is_refused(spark, tmp_path):
    folder = small_bundle(tmp_path / "bundle")
    (folder / "model.txt").write_text((folder / "model.txt").read_text() + "\n")
    with pytest.raises(BundleError, match="altered"):
        score_on_spark(spark_rows(spark, small_rows(3)), folder)
