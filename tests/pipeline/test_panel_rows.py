"""Reading a customer panel: mappings and cells are understood or refused in one message; formulas are exact."""

import copy

import pandas as pd
import pytest
from pandas import DataFrame
from panel_files import FEATURES, ONE_DATE, YEARLY, firms, write_panel_files

from riskresearch.base.config import validated
from riskresearch.base.errors import LedgerError, SettingsError
from riskresearch.pipeline.panel_run.formulas import FORMULAS, Given
from riskresearch.pipeline.panel_run.mapping import PANELS, PanelMapping, panel_mapping
from riskresearch.pipeline.panel_run.rows import panel_rows
from riskresearch.pipeline.settings import resolve


def _mapping(content=None, **changes):
    return validated(PanelMapping, copy.deepcopy(YEARLY if content is None else content) | changes, where="mapping")


def _rows(tmp_path, frame, **changes):
    panel, _ = write_panel_files(tmp_path, frame, YEARLY)
    return panel_rows(panel, _mapping(**changes))


def test_cells_become_typed_rows_and_ids_keep_their_zeros(tmp_path):
    frame = firms(n_firms=5)
    rows, unknown = _rows(tmp_path, frame.assign(Extra=1))
    assert unknown == ["Extra"]
    assert len(rows) == len(frame)
    assert rows["customer_id"].iloc[0] == "0000"
    first = frame.iloc[0]
    assert rows["observation_date"].iloc[0] == pd.Timestamp(f"{first['Year']}-12-31")
    assert rows["arrears_m0_months"].iloc[0] == first["Late"]
    assert rows["state"].tolist() == (frame.sort_values(["Firm", "Year"])["Failed"] == "yes").tolist()


def test_excel_and_parquet_give_the_same_rows(tmp_path):
    frame = firms(n_firms=8)
    csv, _ = write_panel_files(tmp_path, frame, YEARLY)
    frame.to_excel(tmp_path / "panel.xlsx", index=False)
    frame.to_parquet(tmp_path / "panel.parquet")
    first = panel_rows(csv, _mapping())[0]
    for name in ("panel.xlsx", "panel.parquet"):
        pd.testing.assert_frame_equal(panel_rows(tmp_path / name, _mapping())[0], first)


def test_dates_in_the_mappings_form(tmp_path):
    frame = firms(n_firms=5).assign(Closed=lambda f: "31/12/" + f["Year"].astype(str))
    period = {"column": "Closed", "format": "DD/MM/YYYY", "months": 12}
    dated, _ = _rows(tmp_path, frame, period=period)
    numbered, _ = _rows(tmp_path, frame)
    pd.testing.assert_frame_equal(dated, numbered)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Debt": "n/a"}, r"column Debt: \d+ rows \(0000.*no number.*is_one_of"),
        ({"Failed": "maybe"}, r"column Failed: \d+ rows.*neither default \['yes'\]"),
        ({"Year": "2001.5"}, r"column Year.*no whole number"),
        ({"Firm": ""}, r"column Firm: \d+ rows \(2, 3, 4, …\): the customer is empty"),
        ({"Year": 2003}, r"two rows in one month"),
        ({"Assets": float("inf")}, r"column Assets.*no number"),
    ],
)
def test_a_wrong_cell_is_named_with_its_rows(tmp_path, change, message):
    with pytest.raises(LedgerError, match=message):
        _rows(tmp_path, firms(n_firms=4, n_years=4).assign(**change))


def test_a_missing_column_an_empty_file_and_no_file_are_named(tmp_path):
    with pytest.raises(LedgerError, match="columns Debt of mapping yearly are missing"):
        _rows(tmp_path, firms(n_firms=3).drop(columns="Debt"))
    with pytest.raises(LedgerError, match="a header and no row"):
        _rows(tmp_path, firms(n_firms=3).head(0))
    with pytest.raises(LedgerError, match="no such file"):
        panel_rows(tmp_path / "nowhere.csv", _mapping())


def _changed(**changes):
    return [FEATURES[0] | changes]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": _changed(columns=["Failed", "Assets"])}, r"must not: \['Failed'\]"),
        ({"features": _changed(columns=["Name", "Assets"])}, r"\['Name'\] \(left out\)"),
        ({"features": _changed(columns=["Debt"])}, "the formula takes 2"),
        ({"features": _changed(formula="power")}, "choose one of value, ratio"),
        ({"features": _changed(each=["Debt"])}, "columns for one feature or each"),
        ({"features": _changed(threshold=1.0)}, "neither threshold nor values"),
        ({"features": _changed(feature="is_default")}, "repeated, not in lower case or reserved: is_default"),
        ({"features": FEATURES + FEATURES}, "repeated"),
        ({"features": []}, "at least 1 item"),
        ({"period": {"column": "Year"}}, "column, first and first_date"),
        ({"outcome": YEARLY["outcome"] | {"horizon_months": 12}}, "only there"),
        ({"outcome": YEARLY["outcome"] | {"good": ["yes"]}}, "both default and no default"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_mapping_is_refused(changes, message):
    with pytest.raises(SettingsError, match=message):
        _mapping(**changes)


def test_a_mapping_that_is_not_there_lists_the_shipped_ones(tmp_path):
    with pytest.raises(SettingsError, match="shipped are financial_distress, taiwan_credit_card"):
        panel_mapping("nowhere")
    with pytest.raises(SettingsError, match="--mapping"):
        panel_mapping(None)


@pytest.mark.parametrize("file", sorted(PANELS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_mappings_are_whole(file):
    mapping = panel_mapping(file.stem)
    assert mapping.panel == file.stem
    dictionary = mapping.feature_dictionary()
    assert dictionary["feature_code"].is_unique
    assert dictionary[["label_en", "label_fr"]].apply(lambda labels: labels.is_unique).all()
    assert not dictionary["label_fr"].str.contains("[{}]").any()
    assert resolve(mapping.with_settings({}), where=file.name).features.horizon_months == mapping.horizon_months


def test_private_attributes_are_no_feature_and_arrears_raise_the_risk():
    mapping = panel_mapping("taiwan_credit_card")
    assert not mapping.feature_columns & {"SEX", "AGE", "MARRIAGE", "EDUCATION"}
    arrears = {f.feature: f.direction for f in mapping.features if f.family == "arrears"}
    late = {name: direction for name, direction in arrears.items() if "late" in name}
    assert len(late) == 10
    assert set(late.values()) == {1}
    assert {direction for name, direction in arrears.items() if name not in late} == {-1}


def test_a_feature_may_be_made_of_features_declared_above(tmp_path):
    features = [FEATURES[1], FEATURES[1] | {"feature": "sum_months", "each": [], "formula": "sum"}]
    features[1]["columns"] = ["arrears_m0_months", "arrears_m1_months"]
    rows, _ = _rows(tmp_path, firms(n_firms=6), features=features)
    expected = rows["arrears_m0_months"] + rows["arrears_m1_months"]
    pd.testing.assert_series_equal(rows["sum_months"], expected, check_names=False)
    assert rows["sum_months"].isna().equals(rows["arrears_m1_months"].isna())
    with pytest.raises(LedgerError, match="columns arrears_m0_months, arrears_m1_months of mapping yearly are missing"):
        _rows(tmp_path, firms(n_firms=6), features=features[::-1])


FRAME = DataFrame({"a": [1.0, 4.0, None, 6.0], "b": [2.0, 0.0, 1.0, -3.0]})


@pytest.mark.parametrize(
    ("formula", "given", "expected"),
    [
        ("ratio", Given(), [0.5, None, None, None]),
        ("difference", Given(), [-1.0, 4.0, None, 9.0]),
        ("sum", Given(), [3.0, 4.0, None, 3.0]),
        ("mean", Given(), [1.5, 2.0, 1.0, 1.5]),
        ("maximum", Given(), [2.0, 4.0, 1.0, 6.0]),
        ("minimum", Given(), [1.0, 0.0, 1.0, -3.0]),
        ("at_least", Given(threshold=1.5), [2.0, 4.0, 1.5, 6.0]),
        ("count_above", Given(threshold=0.5), [2.0, 1.0, 1.0, 1.0]),
    ],
)
def test_formulas_by_hand(formula, given, expected):
    found = FORMULAS[formula].make(FRAME, given)
    assert found.astype(object).where(found.notna(), None).tolist() == expected


def test_a_code_is_one_of_its_values_and_a_missing_one_stays_missing():
    text = DataFrame({"kind": ["12", "7", None]}).astype("str")
    assert FORMULAS["is_one_of"].make(text, Given(values=("12", "13"))).tolist()[:2] == [1.0, 0.0]
    assert FORMULAS["is_one_of"].make(text, Given(values=("12", "13"))).isna().tolist() == [False, False, True]


def test_the_settings_of_the_mapping_lie_below_the_users_and_the_horizon_is_the_outcomes():
    content = _mapping(ONE_DATE).with_settings({"features": {"embargo_months": 3, "horizon_months": 9}})
    assert content["features"] == {"embargo_months": 3, "horizon_months": 6}
    assert _mapping().horizon_months == 12
