"""The stage on a run: all tables whole, and nothing but reasons where no candidate could be judged."""

import pandas as pd
import pytest
from model.panel import FAST, FEW, inputs, knowledge, panel, without

from riskresearch.base.schema import check
from riskresearch.model.stage import default_model
from riskresearch.model.tables import RATING_HISTORY
from riskresearch.validation.settings import ValidationSettings
from riskresearch.validation.stage import READS, VALIDATION_TABLES, case_of_run, validate

SETTINGS = ValidationSettings(n_bootstrap=50)


def _tables(**changed):
    given = inputs(without(panel(), prospects=2, in_default=1), features=FEW)
    made = default_model(given, FAST.model_copy(update=changed), knowledge())
    limits = pd.DataFrame(
        {
            "limit_id": ["L1"],
            "customer_id": ["C003"],
            "limit_kind_code": ["insurer"],
            "start_date": [pd.Timestamp("2022-01-01")],
            "end_date": [pd.NaT],
            "recorded_date": [pd.Timestamp("2022-01-01")],
            "base_minor": [100_000],
        }
    )
    return {**given, **made, "limits": limits}


@pytest.fixture(scope="module")
def tables():
    return _tables()


@pytest.fixture(scope="module")
def made(tables):
    found = validate({name: tables[name] for name in READS}, SETTINGS)
    return {table.name: check(found[table.name], table) for table in VALIDATION_TABLES}


def test_every_table_has_rows(made):
    assert not [name for name, frame in made.items() if frame.empty]


def test_todays_customers_are_those_of_the_rating_history(tables, made):
    today = tables["rating_history"].query("sample_code == 'scoring'")
    row = made["validation_samples"].query("sample_code == 'scoring'")
    assert row["n_customers"].tolist() == [len(today)]
    check(tables["rating_history"], RATING_HISTORY)


def test_the_case_takes_pds_as_they_were_known_out_of_time(tables):
    case = case_of_run(tables, SETTINGS)
    past = case.ratings[case.ratings["sample_code"] == "out_of_time"]
    scores = tables["scores"].query("sample_code == 'out_of_time'")
    keys = ["model_code", "customer_id", "observation_date"]
    both = past.merge(scores, on=keys, suffixes=("", "_known"), validate="one_to_one")
    assert len(both) == len(scores)
    assert (both["pd_12m"] == both["pd_12m_known"]).all()


def test_summary_names_a_verdict_for_every_area_of_the_chosen_model(tables, made):
    chosen = tables["model_choice"].query("is_chosen")["model_code"].item()
    summary = made["validation_summary"]
    areas = set(summary.loc[summary["model_code"] == chosen, "area_code"])
    assert {"all", "discrimination", "calibration", "stability"} <= areas


def test_without_a_fitted_model_every_table_is_there_without_verdicts():
    tables = _tables(min_defaulters=10_000)
    found = validate({name: tables[name] for name in READS}, SETTINGS)
    for table in VALIDATION_TABLES:
        check(found[table.name], table)
    assert found["measures"].empty
    assert not found["measure_dictionary"].empty
