"""Stability of a path of limits."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from riskresearch.limits.stability import limit_changes, stability, stability_by_customer


def path(customer, *points):
    days, amounts = zip(*points, strict=True)
    return pd.DataFrame(
        {
            "customer_id": customer,
            "review_date": pd.to_datetime(list(days)),
            "limit_amount": [float(a) for a in amounts],
        }
    )


def test_changes_raises_lowers_and_reversals_by_hand():
    first = path(
        "a", ("2023-01-01", 100), ("2023-02-01", 120), ("2023-05-01", 90), ("2023-09-01", 110), ("2025-01-01", 110)
    )
    second = path("b", ("2024-01-01", 50), ("2025-01-01", 50))
    each = stability_by_customer(pd.concat([first, second]), reversal_days=90).set_index("customer_id")
    assert each.loc["a", ["n_changes", "n_raises", "n_lowers", "n_reversals"]].tolist() == [3, 2, 1, 1], (
        "89 days after the raise the limit falls: a reversal; 123 days after the fall it rises: none"
    )
    assert each.loc["a", "customer_years"] == pytest.approx(731 / 365.25)
    both = stability(pd.concat([first, second]), reversal_days=90).iloc[0]
    years = (731 + 366) / 365.25
    assert both["changes_per_year"] == pytest.approx(3 / years)
    assert both["reversals_per_year"] == pytest.approx(1 / years)


def test_the_day_of_the_window_counts():
    turned = path("a", ("2024-01-01", 100), ("2024-02-01", 120), ("2024-05-01", 100))
    assert limit_changes(turned, reversal_days=90)["is_reversal"].tolist() == [False, True]
    assert limit_changes(turned, reversal_days=89)["is_reversal"].tolist() == [False, False]


def test_steps_in_one_direction_and_first_limits_are_no_reversals():
    steps = path("a", ("2024-01-01", np.nan), ("2024-01-31", 100), ("2024-02-10", 120), ("2024-02-20", 150))
    made = limit_changes(steps, reversal_days=90)
    assert made["before_amount"].tolist() == [100.0, 120.0]
    assert not made["is_reversal"].any()


def test_a_customer_without_limit_set_does_not_change():
    assert stability(path("a", ("2024-01-01", np.inf), ("2025-01-01", np.inf)), reversal_days=90)["n_changes"][0] == 0


def test_one_day_gives_no_rate():
    calm = stability(path("a", ("2024-01-01", 100)), reversal_days=90).iloc[0]
    assert calm["n_customers"] == 1
    assert np.isnan(calm["changes_per_year"])


def test_paths_are_told_apart():
    still = path("a", ("2024-01-01", 100), ("2025-01-01", 100)).assign(rule_code="still")
    moving = path("a", ("2024-01-01", 100), ("2025-01-01", 50)).assign(rule_code="moving")
    told = stability(pd.concat([still, moving]), reversal_days=90, by=["rule_code"]).set_index("rule_code")
    assert told["n_lowers"].to_dict() == {"moving": 1, "still": 0}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 10.0, 20.0]), min_size=1, max_size=12), st.integers(1, 365))
def test_counts_agree_and_order_of_rows_does_not_matter(amounts, reversal_days):
    days = pd.date_range("2023-01-31", periods=len(amounts), freq="ME")
    rows = pd.DataFrame({"customer_id": "a", "review_date": days, "limit_amount": amounts})
    calm = stability(rows, reversal_days=reversal_days)
    changes = sum(left != right for left, right in pairwise(amounts))
    assert calm["n_changes"][0] == changes == calm["n_raises"][0] + calm["n_lowers"][0]
    assert calm["n_reversals"][0] <= max(changes - 1, 0)
    assert_frame_equal(stability(rows.iloc[::-1], reversal_days=reversal_days), calm)
    longer = stability(rows, reversal_days=reversal_days + 30)
    assert longer["n_reversals"][0] >= calm["n_reversals"][0]
