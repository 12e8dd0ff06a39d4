import pandas as pd
import pytest
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import check
from riskresearch.model.downgrades import DOWNGRADE_ACTIONS, DOWNGRADES, DowngradeSettings, downgrades

AS_OF = Timestamp("2025-12-31")
ORDERS = {"p": ("A", "B", "C"), "q": ("1", "2")}


def _found(*rows, months=3):
    names = ["customer_id", "provider_code", "rating_date", "rating_code"]
    ratings = DataFrame(rows, columns=names).astype({"rating_date": "datetime64[us]"})
    return downgrades(ratings, ORDERS, DowngradeSettings(downgrade_months=months), as_of=AS_OF)


def test_a_downgrade_calls_for_exactly_four_actions():
    found = check(_found(("a", "p", "2025-03-01", "A"), ("a", "p", "2025-11-15", "C")), DOWNGRADES)
    assert set(found["action_code"]) == set(DOWNGRADE_ACTIONS)
    assert len(found) == 4
    assert (found["n_notches"] == 2).all()
    assert found[["rating_before", "rating_code"]].drop_duplicates().values.tolist() == [["A", "C"]]


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "p", "2025-03-01", "C"), ("a", "p", "2025-11-15", "A")],  # upgraded
        [("a", "p", "2025-11-15", "C")],  # rated for the first time
        [("a", "p", "2024-03-01", "A"), ("a", "p", "2025-09-30", "C")],  # three months ago to the day
        [("a", "p", "2024-03-01", "A"), ("a", "q", "2025-11-30", "2")],  # of two providers
        [("a", "p", "2025-03-01", "A"), ("a", "p", "2026-01-01", "C")],  # after the date
    ],
)
def test_what_is_no_recent_downgrade_calls_for_nothing(rows):
    assert _found(*rows).empty


def test_a_grade_that_is_not_on_the_scale_is_passed_over():
    rows = [("a", "p", "2025-03-01", "A"), ("a", "p", "2025-10-15", "withdrawn"), ("a", "p", "2025-11-15", "B")]
    assert _found(*rows)["rating_before"].unique().tolist() == ["A"]


def test_a_rating_that_confirms_the_grade_does_not_end_the_downgrade():
    found = _found(("a", "p", "2025-09-01", "A"), ("a", "p", "2025-11-05", "C"), ("a", "p", "2025-12-05", "C"))
    assert found["rating_date"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2025-11-05"]


def test_the_order_of_the_rows_does_not_matter():
    rows = [
        ("a", "p", "2025-11-15", "C"),
        ("b", "q", "2025-12-01", "2"),
        ("a", "p", "2025-03-01", "A"),
        ("b", "q", "2025-01-01", "1"),
    ]
    first, second = (check(_found(*given), DOWNGRADES) for given in (rows, rows[::-1]))
    pd.testing.assert_frame_equal(first, second)
