"""The written rule from verdicts to one verdict per area, and what was tested on what."""

import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.validation.registry import AREAS, BATTERY
from riskresearch.validation.summary import (
    VALIDATION_SAMPLES,
    VALIDATION_SUMMARY,
    measure_areas,
    validation_samples,
    validation_summary,
)

AREA_OF = {"auc": "discrimination", "ks": "discrimination", "jeffreys": "calibration", "slope": "calibration"}


def _measures(*rows):
    """Rows ``sample axis part measure verdict p_adjusted``."""
    names = ["sample_code", "axis_code", "part_code", "measure_code", "verdict_code", "p_adjusted"]
    frame = DataFrame(rows, columns=names)
    value = (frame["verdict_code"] != "not_computable").astype(float)
    return frame.assign(
        model_code="lightgbm", value=value.where(value > 0), p_adjusted=frame["p_adjusted"].astype(float)
    )


def _whole(measure, verdict, sample="out_of_time"):
    return (sample, "all", "all", measure, verdict, None)


def _summary(*rows):
    table = check(validation_summary(_measures(*rows), areas=AREA_OF, p_red=0.01), VALIDATION_SUMMARY)
    return table.set_index("area_code")


@pytest.mark.parametrize(
    ("rows", "verdict", "reason"),
    [
        ([("auc", "green"), ("ks", "information")], "green", "all_green"),
        ([("auc", "green"), ("ks", "amber")], "amber", "whole_amber"),
        ([("auc", "red"), ("ks", "amber")], "red", "whole_red"),
        ([("ks", "information"), ("auc", "not_computable")], "information", "information_only"),
        ([("auc", "not_computable")], "not_computable", "nothing_computable"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_the_gravest_measure_of_the_whole_decides(rows, verdict, reason):
    found = _summary(*(_whole(*row) for row in rows)).loc["discrimination"]
    assert (found["verdict_code"], found["reason_code"]) == (verdict, reason)
    assert found[["n_green", "n_amber", "n_red", "n_information", "n_not_computable"]].sum() == len(rows)


@pytest.mark.parametrize(("p", "verdict"), [(0.009, "red"), (0.01, "green"), (None, "green")])
def test_a_red_part_counts_only_if_it_is_red_among_all_parts(p, verdict):
    found = _summary(
        _whole("jeffreys", "green"),
        ("out_of_time", "grade", "C", "jeffreys", "red", p),
        ("out_of_time", "grade", "D", "jeffreys", "green", 1.0),
        ("out_of_time", "grade", "E", "jeffreys", "not_computable", None),
    ).loc["calibration"]
    assert found["verdict_code"] == verdict
    assert (found["n_parts"], found["n_parts_red"], found["n_parts_confirmed"]) == (2, 1, int(verdict == "red"))
    assert (found["n_green"], found["n_red"]) == (1, 0)
    named = found[["worst_measure_code", "worst_axis_code", "worst_part_code"]]
    if verdict == "red":
        assert named.tolist() == ["jeffreys", "grade", "C"]
    else:
        assert named.isna().all()


def test_an_amber_part_does_not_count_and_the_whole_comes_before_parts():
    assert _summary(
        _whole("jeffreys", "green"), ("out_of_time", "grade", "C", "jeffreys", "amber", 0.001)
    ).loc["calibration", "verdict_code"] == "green"  # fmt: skip
    found = _summary(
        _whole("slope", "red"), ("out_of_time", "grade", "C", "jeffreys", "red", 0.0001)
    ).loc["calibration"]  # fmt: skip
    assert (found["reason_code"], found["worst_measure_code"], found["worst_part_code"]) == (
        "whole_red",
        "slope",
        "all",
    )


def test_development_does_not_count():
    found = _summary(
        _whole("auc", "green"), _whole("jeffreys", "red", "development"), _whole("auc", "red", "development")
    )
    assert found.loc["discrimination", "verdict_code"] == "green"
    assert found.loc["calibration", ["verdict_code", "reason_code"]].tolist() == ["not_computable", "no_test_sample"]
    assert found.loc["all", "verdict_code"] == "green"


def test_the_model_takes_the_gravest_area_and_the_smallest_p():
    found = _summary(
        _whole("auc", "green"),
        ("out_of_time", "grade", "B", "jeffreys", "red", 0.004),
        ("scoring", "grade", "A", "jeffreys", "red", 0.002),
    )
    assert found.loc["all", ["verdict_code", "reason_code"]].tolist() == ["red", "part_red"]
    assert found.loc["all", ["worst_sample_code", "worst_part_code"]].tolist() == ["scoring", "A"]
    assert list(found.index) == ["all", "calibration", "discrimination"]


def test_a_measure_without_area_is_refused():
    with pytest.raises(TableError, match=r"1 measures are not in the battery \(fancy\)"):
        _summary(_whole("fancy", "green"))


def test_every_measure_of_the_battery_has_an_area():
    assert set(measure_areas()) == set(BATTERY.names)
    assert set(measure_areas().values()) <= set(AREAS)


def test_nothing_measured_gives_an_empty_table():
    assert check(validation_summary(_measures(), areas=AREA_OF, p_red=0.01), VALIDATION_SUMMARY).empty


def _ratings():
    days = pd.to_datetime(["2024-01-31", "2024-02-29"] * 3 + ["2024-12-31"] * 2 + ["2024-06-30"]).astype(
        "datetime64[us]"
    )
    return DataFrame(
        {
            "model_code": "lightgbm",
            "sample_code": ["out_of_time"] * 6 + ["scoring"] * 2 + ["purged"],
            "customer_id": ["C1", "C1", "C2", "C2", "C3", "C3", "C1", "C4", "C1"],
            "observation_date": days,
            "is_default": pd.array([True, True, False, False, True, None, None, None, False], dtype="boolean"),
        }
    )


def test_samples_say_what_was_tested_on_what():
    measures = _measures(
        _whole("auc", "green"), _whole("ks", "not_computable"), ("out_of_time", "grade", "A", "jeffreys", "green", 0.5)
    )
    table = check(validation_samples(_ratings(), measures), VALIDATION_SAMPLES).set_index("sample_code")
    assert list(table.index) == ["out_of_time", "scoring"]
    test = table.loc["out_of_time"]
    assert (test["n_rows"], test["n_customers"], test["n_dates"]) == (6, 3, 2)
    assert (test["n_known_outcomes"], test["n_defaults"], test["n_defaulters"]) == (5, 3, 2)
    assert (test["n_measures"], test["n_computed"], test["n_part_measures"], test["n_part_computed"]) == (2, 1, 1, 1)
    assert str(test["first_date"].date()) == "2024-01-31"
    assert pd.isna(table.loc["scoring", "n_defaults"])
    assert table.loc["scoring", "n_known_outcomes"] == 0
    assert table.loc["scoring", "n_measures"] == 0
