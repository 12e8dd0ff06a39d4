"""Files scored with a bundle: the scores are those of the rows alone, and a wrong row costs no other its score."""

import csv
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from handover.small_bundle import UNITS, small_bundle, small_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from riskresearch.base.errors import BundleError
from riskresearch.cli import app
from riskresearch.handover.batch import score_file
from riskresearch.handover.score import (
    SCORES,
    Scorer,
    load_bundle,
    make_scorer,
    read_bundle,
    score_columns,
    verify_bundle,
)
from riskresearch.handover.spark import score_frame


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return small_bundle(tmp_path_factory.mktemp("handover") / "bundle")


@pytest.fixture(scope="module")
def scorer(bundle):
    return load_bundle(bundle)


def by_definition(scorer: Scorer, values):
    """Scores of one row at a time in plain Python, as the bundle's README describes them."""
    for row in values:
        parts = scorer.booster.predict(row[None, :], pred_contrib=True)[0] * scorer.slope
        pd_12m = 1 / (1 + np.exp(-(parts.sum() + scorer.intercept)))
        grade = next(grade["grade_code"] for grade in scorer.grades if pd_12m <= grade["pd_high"])
        raising = sorted((-part, name) for part, name in zip(parts[:-1], scorer.names, strict=True) if part > 1e-6)
        yield float(pd_12m), grade, [name for _, name in raising[: scorer.n_reasons]]


def test_scores_are_those_of_the_definition(scorer):
    values = small_rows(200)[scorer.names].to_numpy()
    found = [(s["pd_12m"], s["grade_code"], s["reasons"]) for s in scorer.score(values)]
    assert found == list(by_definition(scorer, values))
    assert {grade for _, grade, _ in found} == {"A", "B", "C", "D"}


def test_equal_reasons_come_by_name(scorer):
    parts = np.array([[0.2, 0.3, 0.3, 1e-7, 0.2], [-1.0, 0, 0, 0, 0]])
    assert scorer._reasons(parts) == [["n_months", "overdue_ratio", "days_late", "pays_ratio"], []]


def test_a_pd_above_all_grades_is_refused(scorer):
    low = Scorer(scorer.booster, 1.0, 0.0, 0.0, scorer.contract, ({"grade_code": "A", "pd_high": 1e-9},), 4)
    with pytest.raises(BundleError, match="above all grades"):
        low.score(small_rows(3)[scorer.names].to_numpy())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_a_file_gets_the_scores_of_its_rows_in_their_order(bundle, scorer, tmp_path, suffix, batch_rows):
    rows = small_rows(60).assign(customer_name="not used")
    source, target = tmp_path / f"rows{suffix}", tmp_path / "new" / f"scores{suffix}"
    rows.to_csv(source, index=False) if suffix == ".csv" else rows.to_parquet(source, index=False)
    assert score_file(bundle, source, target, batch_rows=batch_rows) == {"n_rows": 60, "n_refused": 0}
    found = pd.read_csv(target) if suffix == ".csv" else pd.read_parquet(target)
    expected = scorer.score(rows[scorer.names].to_numpy())
    assert list(found.columns) == ["row_id", *SCORES]
    assert found["row_id"].tolist() == rows["row_id"].tolist()
    assert found["pd_12m"].tolist() == [score["pd_12m"] for score in expected]
    assert found["grade_code"].tolist() == [score["grade_code"] for score in expected]
    assert found["reasons"].fillna("").tolist() == [";".join(score["reasons"]) for score in expected]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


WRONG = {
    "late": "days_late = 'late' is not a number",
    "1e5": r"days_late = 1e5 lies outside \[-3650.0, 3650.0\]; check its unit \(days\)",
    "inf": "days_late = inf lies outside",
    "nan": "days_late = 'nan' is not a number",
    "1_0": "days_late = '1_0' is not a number",
    "3,5": "days_late = '3,5' is not a number",
}


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_a_wrong_row_gets_the_reason_and_costs_no_other_its_score(bundle, scorer, text, reason):
    columns = {name: ["", "0.5", "0.5"] for name in scorer.names}
    whole = score_columns(scorer, ["a", "b", "c"], columns)
    columns["days_late"] = ["", text, "0.5"]
    found = score_columns(scorer, ["a", "b", "c"], columns)
    assert found["pd_12m"] == [whole["pd_12m"][0], None, whole["pd_12m"][2]]
    assert (found["grade_code"][1], found["reasons"][1]) == (None, None)
    assert pd.Series(found["refused"]).str.match(reason).fillna(False).tolist() == [False, True, False]


def test_a_row_without_id_or_with_too_few_fields_is_refused(bundle, tmp_path):
    header = ",".join(["row_id", *UNITS])
    lines = [header, "a,1,1,1,1,1", ",1,1,1,1,1", "c,1,1", "d,1,1,1,1,1,1", "", "e,1,1,1,1,1"]
    (tmp_path / "rows.csv").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    assert score_file(bundle, tmp_path / "rows.csv", tmp_path / "out.csv") == {"n_rows": 5, "n_refused": 3}
    found = pd.read_csv(tmp_path / "out.csv")
    assert found["pd_12m"].isna().tolist() == [False, True, True, True, False]
    assert found["refused"].str[:22].fillna("").tolist() == [
        "", "the row has no id; giv", "the line has 3 fields,", "the line has 7 fields,", "",
    ]  # fmt: skip


def test_ids_and_reasons_cannot_act_as_formulas(bundle, tmp_path):
    rows = small_rows(3).astype({"days_late": object})
    rows["row_id"] = ["=HYPERLINK(1)", "+1", "Dupont, père"]
    rows.loc[0, "days_late"] = '=cmd|" /C calc"!A0'
    rows.to_csv(tmp_path / "rows.csv", index=False)
    score_file(bundle, tmp_path / "rows.csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert {"'=HYPERLINK(1)", "'+1", "Dupont, père"} <= set(cells)


@pytest.mark.parametrize("ids", [[2**60 + 1, None, 3], ["a", None, "c"]])
def test_ids_of_parquet_keep_their_type(bundle, tmp_path, ids):
    rows = small_rows(3).assign(row_id=pd.Series(ids, dtype="Int64" if isinstance(ids[0], int) else "str"))
    rows.to_parquet(tmp_path / "rows.parquet", index=False)
    assert score_file(bundle, tmp_path / "rows.parquet", tmp_path / "out.parquet")["n_refused"] == 1
    found = pd.read_parquet(tmp_path / "out.parquet", dtype_backend="numpy_nullable")["row_id"]
    assert [None if key is pd.NA else key for key in found] == ids


def test_no_rows_give_an_empty_file_with_the_columns(bundle, tmp_path):
    for suffix in (".csv", ".parquet"):
        small_rows(0).to_csv(tmp_path / "rows.csv", index=False)
        assert score_file(bundle, tmp_path / "rows.csv", tmp_path / f"out{suffix}") == {"n_rows": 0, "n_refused": 0}
    assert list(pd.read_csv(tmp_path / "out.csv").columns) == ["row_id", *SCORES]
    assert list(pd.read_parquet(tmp_path / "out.parquet").columns) == ["row_id", *SCORES]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", b"row_id,days_late\na,1\n", r"rows\.csv: lacks 4 of 6 columns \(overdue_ratio"),
        ("rows.csv", b"row_id;days_late\na;1\n", "separated by commas"),
        ("rows.csv", b"", "lacks 6 of 6"),
        ("rows.csv", ",".join(["row_id", *UNITS, "days_late"]).encode(), "has columns twice"),
        (
            "rows.csv",
            ",".join(["row_id", *UNITS]).encode() + b"\n\xe9t\xe9,1,1,1,1,1\n",
            "not readable as CSV in UTF-8",
        ),
        ("rows.parquet", b"row_id", "not readable as Parquet"),
        ("rows.xlsx", b"", r"ends in \.csv or \.parquet"),
    ],
)
def test_an_unfit_file_is_refused_and_the_old_result_stays(bundle, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(BundleError, match=message):
        score_file(bundle, tmp_path / name, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", name]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=8), st.integers(1, 2))
def test_a_row_has_the_same_score_in_any_company_bit_for_bit(scorer, places, threads):
    rows = small_rows(100)
    whole = score_frame(scorer, rows)
    some = score_frame(scorer, rows.iloc[places].reset_index(drop=True), threads=threads)
    pd.testing.assert_frame_equal(some, whole.iloc[places].reset_index(drop=True), check_exact=True)


def test_numbers_text_and_nullable_columns_score_alike(scorer):
    rows = small_rows(50)
    whole = score_frame(scorer, rows)
    nullable = rows.convert_dtypes()
    assert str(nullable["n_months"].dtype) == "Int64"
    for other in (rows.astype("str").replace("nan", ""), nullable, rows.astype(object)):
        pd.testing.assert_frame_equal(score_frame(scorer, other)[list(SCORES)], whole[list(SCORES)], check_exact=True)


def test_a_manifest_that_forgets_the_model_is_refused(bundle, tmp_path):
    (tmp_path / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(BundleError, match=r"4 file\(s\) missing or altered"):
        read_bundle(tmp_path)


def test_a_scorer_is_made_from_texts_alone_and_the_bundle_verifies(bundle, scorer):
    values = small_rows(20)[scorer.names].to_numpy()
    assert make_scorer(read_bundle(bundle)).score(values) == scorer.score(values)
    assert verify_bundle(bundle)["max_error"] == 0


@pytest.mark.parametrize("module", ["batch", "spark"])
def test_scoring_imports_neither_shap_nor_an_engine(module):
    heavy = {"shap", "duckdb", "papermill", "pydantic", "pyspark", "polars", "pyarrow.parquet"}
    code = f"import sys, riskresearch.handover.{module}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_command_scores_a_file_and_counts_what_it_refused(bundle, tmp_path):
    rows = small_rows(4).rename(columns={"row_id": "customer_id"})
    rows.loc[1, "days_late"] = np.inf
    rows.to_csv(tmp_path / "rows.csv", index=False)
    words = ["score", str(bundle), str(tmp_path / "rows.csv"), str(tmp_path / "out.csv"), "--id-column", "customer_id"]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout.splitlines()) == (0, [f"{tmp_path / 'out.csv'}: 3 rows scored, 1 refused"])
    assert pd.read_csv(tmp_path / "out.csv")["customer_id"].tolist() == rows["customer_id"].tolist()
