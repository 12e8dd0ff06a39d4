"""Methods of a limit: worked cases for each, and that every registered method has one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from limits.limit_applicants import applicants_of, policy_of

from riskresearch.base.errors import TableError
from riskresearch.limits.applicants import applicants
from riskresearch.limits.methods.figures import FIGURES, method_figures
from riskresearch.limits.methods.joined import decisive, join
from riskresearch.limits.methods.registry import METHODS

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "limits" / "methods.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_worked_case(case):
    asking = applicants_of(case["rows"], policy_of(case.get("policy"), case.get("segments")))
    found = METHODS[case["method"]].function(asking)
    expected = [np.nan if a is None else np.inf if a == "any" else float(a) for a in case["amounts"]]
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)


def test_every_method_has_a_worked_case_its_figures_and_a_source():
    assert {case["method"] for case in CASES} == set(METHODS.names) == set(FIGURES)
    for method in METHODS:
        assert method.spec.source
        assert method.definition.endswith((".", ":")), method.name
        assert method.spec.label_en != method.spec.label_fr


def test_figures_give_the_amount_again():
    rows = [
        {"ordered_amount": 9000.0, "unbilled_amount": 500.0, "group_id": "G", "peak_ratio": 1.3, "pd_12m": 0.03},
        {"ordered_amount": 700.0, "group_id": "G", "days_beyond_terms_12m": 22.0, "segment_code": "to_watch"},
    ]
    asking = applicants_of([{**row, "country_code": "BE"} for row in rows], _policy_with_a_total())
    for name in ("net_worth_share", "revenue_share", "own_risk_cap", "group_cap", "country_cap"):
        product = method_figures(asking, name).prod(axis=1)
        np.testing.assert_allclose(METHODS[name].function(asking), product, rtol=1e-12, err_msg=name)
    sales = method_figures(asking, "sales_need")
    daily = sales["yearly_sales_amount"] / 365 * sales["peak_ratio"] * sales["need_factor"]
    again = daily * (sales["terms_days"] + sales["delay_days"])
    np.testing.assert_allclose(METHODS["sales_need"].function(asking), again, rtol=1e-12)
    loss = method_figures(asking, "loss_budget")
    again = loss["loss_budget_amount"] / loss["pd_12m"] / loss["lgd_ratio"]
    np.testing.assert_allclose(METHODS["loss_budget"].function(asking), again, rtol=1e-12)
    orders = method_figures(asking, "order_need")
    base = orders[["ordered_amount", "unbilled_amount", "open_amount"]].sum(axis=1)
    again = base * orders["terms_coefficient"] * orders["behaviour_coefficient"]
    np.testing.assert_allclose(METHODS["order_need"].function(asking), again, rtol=1e-12)


def test_portions_of_a_group_or_country_add_up_to_its_total_each_day():
    rows = [
        {"group_id": "G", "country_code": "BE", "sales_amount_12m": sales, "review_date": day}
        for day in ("2025-11-30", "2025-12-31")
        for sales in (0.0, 50_000.0, 900_000.0)
    ]
    asking = applicants_of(rows, _policy_with_a_total())
    days = asking.rows["review_date"]
    for name, total in (("group_cap", 0.08 * 50e6), ("country_cap", 300_000.0)):
        np.testing.assert_allclose(METHODS[name].function(asking).groupby(days).sum(), total, rtol=1e-12)


def test_a_group_without_any_need_is_split_evenly():
    asking = applicants_of([{"group_id": "G", "sales_amount_12m": 0.0}] * 4, policy_of({"appetite": _GROUP}))
    np.testing.assert_allclose(METHODS["group_cap"].function(asking), 0.08 * 50e6 / 4)


def test_methods_are_joined_as_the_policy_says():
    nan, inf = np.nan, np.inf
    found = pd.DataFrame({"a": [1.0, nan, nan, inf, inf], "b": [3.0, 4.0, nan, 6.0, nan]})
    for rule, joined, names in (
        ("smallest", [1, 4, nan, 6, inf], ["a", "b", None, "b", "a"]),
        ("largest", [3, 4, nan, inf, inf], ["b", "b", None, "a", "a"]),
        ("mean", [2, 4, nan, 6, inf], ["a", "b", None, "b", "a"]),
    ):
        np.testing.assert_array_equal(join(found, rule), joined)
        if rule != "largest":  # an infinite amount is never the one that decides
            assert [None if pd.isna(n) else n for n in decisive(found, rule)] == names


def test_a_row_without_a_segment_is_refused():
    asking = applicants_of([{}, {}], policy_of())
    inputs = asking.rows.drop(columns=["segment_code", "is_new"])
    segments = asking.rows[["customer_id", "review_date", "segment_code", "is_new"]]
    with pytest.raises(TableError, match=r"limit_segments: 1 rows .*C002"):
        applicants(inputs, segments.head(1), asking.policy)


def test_segments_do_not_double_columns_of_the_inputs():
    asking = applicants_of([{"pd_12m": 0.02}], policy_of())
    segments = asking.rows[["customer_id", "review_date", "segment_code", "is_new"]].assign(pd_12m=0.9)
    again = applicants(asking.rows.drop(columns=["segment_code", "is_new"]), segments, asking.policy)
    assert again.rows["pd_12m"].tolist() == [0.02]


_GROUP = {"group_share_ratio": 0.08}


def _policy_with_a_total():
    return policy_of({"appetite": _GROUP, "countries": [{"country_code": "BE", "total_limit_amount": 300_000}]})
