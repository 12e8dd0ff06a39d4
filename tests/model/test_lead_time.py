import pandas as pd
import pytest
from pandas import DataFrame

from riskresearch.model.lead_time import LEAD_TIMES, lead_times

SCALE = DataFrame({"grade_code": ["A", "E", "H"], "segment_code": ["reliable", "to_watch", "risky"]})
MONTHS = pd.date_range("2024-01-31", periods=6, freq="ME").as_unit("us")


def _rows(customer, grades, months_to_default, model="m"):
    """Months to default at the first date; empty for a customer that does not default."""
    n = len(grades)
    left = [None if months_to_default is None else months_to_default - k for k in range(n)]
    return DataFrame(
        {
            "model_code": model,
            "customer_id": customer,
            "observation_date": MONTHS[:n],
            "sample_code": "out_of_time",
            "grade_code": list(grades),
            "is_default": [months_to_default is not None and k <= 12 for k in (left if left[0] else [99] * n)],
            "months_to_default": left,
        }
    )


def _found(*parts):
    rows = pd.concat(parts, ignore_index=True).astype({"months_to_default": "Int64"})
    return lead_times(rows.drop(columns="months_to_default"), rows[rows["model_code"] == "m"], SCALE).iloc[0]


def test_the_lead_runs_from_the_first_alarm_to_the_default():
    # a is graded risky 5 months before its default and once more later; the first counts
    assert _found(_rows("a", "AHAH", 6))["lead_months_p50"] == 5


def test_a_default_without_alarm_counts_as_not_foreseen():
    found = _found(_rows("a", "HH", 3), _rows("b", "EE", 3))
    assert (found["n_defaulters"], found["n_alarmed"], found["alarmed_ratio"]) == (2, 1, 0.5)


def test_an_alarm_without_default_is_false():
    found = _found(_rows("a", "HH", 3), _rows("b", "AH", None), _rows("c", "AA", None))
    assert (found["n_customers_alarmed"], found["false_alarm_ratio"]) == (2, 0.5)


def test_development_rows_do_not_count():
    rows = _rows("a", "HH", 3).assign(sample_code="development")
    assert lead_times(rows.drop(columns="months_to_default"), rows, SCALE).empty


def test_without_any_alarm_there_is_no_lead():
    found = _found(_rows("a", "AA", 3))
    assert found[["lead_months_p50", "false_alarm_ratio"]].isna().all()
    assert list(found.index) == LEAD_TIMES.names


@pytest.mark.parametrize("months", [1, 7, 12])
def test_a_lead_is_never_longer_than_the_horizon(months):
    assert _found(_rows("a", "H", months))["lead_months_p50"] == months


def test_with_two_defaults_the_first_lead_counts():
    # 2 months to the first default; after it an alarm 9 months before the second
    again = pd.concat([_rows("a", "H", 2), _rows("a", "H", 9).assign(observation_date=MONTHS[4])])
    assert _found(again)["lead_months_p50"] == 2
