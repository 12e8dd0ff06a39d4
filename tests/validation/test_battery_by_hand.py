"""The battery's table against every measure called by hand on the rows it should be called on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.base.schema import check
from riskresearch.validation.battery import BATTERY, Case, run_battery, yearly
from riskresearch.validation.registry import Evidence, judged
from riskresearch.validation.settings import ValidationSettings
from riskresearch.validation.tables import MEASURES

SETTINGS = ValidationSettings(n_bootstrap=50)
GRADES = ("A", "B", "C", "D")
KEYS = ["model_code", "sample_code", "axis_code", "part_code", "measure_code"]


def _ratings():
    """Two models on 70 customers: learnt dates, later dates (grade D empty on the last) and a date to come."""
    rng = np.random.default_rng(11)
    dates = pd.to_datetime([f"2022-{m:02d}-28" for m in (3, 6, 9, 12)] + ["2024-03-31", "2024-06-30", "2024-12-31"])
    samples = ["development"] * 4 + ["out_of_time"] * 2 + ["scoring"]
    risk = rng.normal(size=70)
    rows = []
    for date, sample in zip(dates, samples, strict=True):
        odds = -2 + risk + 0.3 * rng.normal(size=70)
        hit = rng.random(70) < 1 / (1 + np.exp(-odds))
        for model, noise in (("late_rate", 1.5), ("lightgbm", 0.2)):
            p = 1 / (1 + np.exp(-(odds + noise * rng.normal(size=70))))
            grade = np.array(GRADES)[np.digitize(p, [0.05, 0.15, 0.4])]
            if date == dates[5]:
                grade[grade == "D"] = "C"
            rows.append(
                DataFrame(
                    {"model_code": model, "customer_id": [f"C{k:02d}" for k in range(70)], "observation_date": date,
                     "sample_code": sample, "pd_12m": p, "grade_code": grade, "exposure_amount": 100.0 + np.arange(70),
                     "is_default": pd.array(hit, "boolean"), "sector": np.where(np.arange(70) % 3, "building", "trade")}
                )
            )  # fmt: skip
    made = pd.concat(rows, ignore_index=True)
    made["observation_date"] = made["observation_date"].astype("datetime64[us]")
    return made.assign(is_default=made["is_default"].mask(made["sample_code"] == "scoring"))


@pytest.fixture(scope="module")
def case():
    ratings = _ratings()
    history = ratings[ratings["model_code"] == "lightgbm"]
    return Case(ratings, "lightgbm", "late_rate", GRADES, history)


@pytest.fixture(scope="module")
def table(case):
    return check(run_battery(case, SETTINGS), MEASURES)


def _evidence(case, model, sample, *, cohort):
    rows = case.ratings[(case.ratings["model_code"] == model) & (case.ratings["sample_code"] == sample)]
    rule = case.ratings[case.ratings["model_code"] == "late_rate"].set_index(["customer_id", "observation_date"])[
        "pd_12m"
    ]
    keys = pd.MultiIndex.from_frame(rows[["customer_id", "observation_date"]])
    rows = rows.assign(rival_pd=rule.reindex(keys).to_numpy(), is_default=rows["is_default"].astype(bool))
    if cohort:
        rows = rows[rows["observation_date"] == rows["observation_date"].max()]
    return Evidence(rows, SETTINGS, np.random.default_rng(SETTINGS.seed), GRADES, sample == "development")


@pytest.mark.parametrize("model", ["late_rate", "lightgbm"])
@pytest.mark.parametrize("sample", ["development", "out_of_time"])
def test_every_measure_of_the_whole_is_the_measure_called_by_hand(case, table, model, sample):
    rows = table[(table["model_code"] == model) & (table["sample_code"] == sample) & (table["axis_code"] == "all")]
    rows = rows.set_index("measure_code")
    n_compared = 0
    for member in BATTERY:
        if set(member.spec.needs) - {"outcome", "rival", "exposure"} or (
            "rival" in member.spec.needs and model == "late_rate"
        ):
            continue
        taken = _evidence(case, model, sample, cohort=member.spec.rows == "cohort")
        found, row = member.function(taken), rows.loc[member.name]
        assert row["n_rows"] == len(taken.rows)
        assert row["verdict_code"] == judged(found, member.spec, SETTINGS)
        for value, name in ((found.value, "value"), (found.low, "value_low"), (found.high, "value_high")):
            assert pd.isna(row[name]) if value is None else row[name] == pytest.approx(value, rel=1e-12)
        n_compared += 1
    assert n_compared > 30


def test_measures_against_the_development_sample(case, table):
    row = table[
        table["sample_code"].eq("out_of_time") & table["model_code"].eq("lightgbm") & table["axis_code"].eq("all")
    ]
    row = row.set_index("measure_code")
    initial = _evidence(case, "lightgbm", "development", cohort=False)
    for name in ("auc_against_initial", "psi", "concentration_number", "concentration_exposure"):
        taken = _evidence(case, "lightgbm", "out_of_time", cohort=BATTERY[name].spec.rows == "cohort")
        first = initial if BATTERY[name].spec.rows == "all" else replace(initial)
        found = BATTERY[name].function(replace(taken, initial=first))
        assert row.loc[name, "value"] == pytest.approx(found.value, rel=1e-12), name


def test_parts_of_a_cohort_add_up_to_it(table):
    chosen = table[table["model_code"].eq("lightgbm") & table["sample_code"].eq("out_of_time")]
    chosen = chosen[chosen["measure_code"] == "jeffreys"]
    whole = chosen.loc[chosen["axis_code"] == "all", ["n_rows", "n_defaults"]].iloc[0]
    for axis in ("grade", "sector"):
        parts = chosen.loc[chosen["axis_code"] == axis, ["n_rows", "n_defaults"]].sum()
        assert parts.tolist() == whole.tolist(), axis


def test_segments_by_hand_with_holm(case, table):
    chosen = table[
        table["model_code"].eq("lightgbm") & table["sample_code"].eq("out_of_time") & table["axis_code"].eq("sector")
    ]
    p = {}
    for name in ("auc", "observed_to_expected", "jeffreys"):
        taken = _evidence(case, "lightgbm", "out_of_time", cohort=name == "jeffreys")
        for sector, rows in taken.rows.groupby("sector"):
            found = BATTERY[name].function(replace(taken, rows=rows, rng=np.random.default_rng(SETTINGS.seed)))
            row = chosen[(chosen["measure_code"] == name) & (chosen["part_code"] == sector)].iloc[0]
            assert row["value"] == pytest.approx(found.value, rel=1e-12)
            p[(name, sector)] = (found.value, row["p_adjusted"])
    (a, a_adjusted), (b, b_adjusted) = sorted(v for (name, _), v in p.items() if name == "jeffreys")
    assert a_adjusted == pytest.approx(min(1, 2 * a))
    assert b_adjusted == pytest.approx(max(min(1, 2 * a), b))
    assert pd.isna(p[("auc", "trade")][1])


def test_order_of_rows_and_columns_and_a_rerun_change_nothing(case, table):
    mixed = case.ratings.sample(frac=1, random_state=2)
    mixed = mixed[mixed.columns[::-1]]
    again = run_battery(replace(case, ratings=mixed, history=case.history[::-1]), SETTINGS)
    pd.testing.assert_frame_equal(check(again, MEASURES), table, rtol=1e-9)
    pd.testing.assert_frame_equal(check(run_battery(case, SETTINGS), MEASURES), table, check_exact=True)


def test_other_models_do_not_change_a_models_rows(case, table):
    one = case.ratings[case.ratings["model_code"] == "lightgbm"]
    alone = check(run_battery(replace(case, ratings=one, rule=None), SETTINGS), MEASURES)
    beside = table[table["model_code"] == "lightgbm"]
    rivals = {member.name for member in BATTERY if "rival" in member.spec.needs}
    left, right = (side[~side["measure_code"].isin(rivals)].reset_index(drop=True) for side in (alone, beside))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_customers_of_the_date_are_judged_without_outcomes(table):
    scoring = table[table["sample_code"] == "scoring"]
    assert {"psi", "herfindahl_number", "migration_upper"} <= set(scoring["measure_code"])
    assert not {member.name for member in BATTERY if "outcome" in member.spec.needs} & set(scoring["measure_code"])


def test_years_end_at_month_ends_and_do_not_overlap():
    dates = pd.to_datetime(
        ["2022-02-28", "2022-08-31", "2023-02-28", "2024-01-31", "2024-02-29", "2025-01-31", "2025-02-28"]
    )
    rows = DataFrame(
        {"observation_date": dates, "is_default": [True, False, False, True, False, False, True], "pd_12m": 0.1}
    )
    found = yearly(rows)
    assert found["year"].tolist() == ["2022", "2023", "2024", "2025"]
    assert found["n_defaults"].tolist() == [1, 0, 0, 1]
