"""Longer terms for covered customers: exposure, working capital, losses and margin by hand."""

import numpy as np
import pytest
from design_books import book_of, changed_terms, policy_of, random_book, random_policy, row_of, settings_of

from riskresearch.insurance.design_settings import LongerTermsSettings
from riskresearch.insurance.more_terms import LONGER_TERMS, LONGER_TERMS_CUSTOMERS, lengthened, longer_terms

CERTAIN = {"lgd_concentration": None, "dependence": {"model_code": "independent"}, "financing_rate_ratio": 0.04}
PLAIN = ("aggregate_first_loss", "maximum_liability", "fees", "premium_tax")


def three():
    """C0 and C1 are covered by name and default for certain, lost in full; C2 is refused."""
    return book_of(
        3,
        pd_12m=[1.0, 1.0, 0.0],
        lgd_ratio=1.0,
        exposure_amount=[90_000.0, 50_000.0, 30_000.0],
        turnover_amount=[365_000.0, 73_000.0, 100_000.0],
        buyer_limit_amount=[100_000.0, 50_000.0, 0.0],
        terms_days=[60.0, 50.0, 30.0],
        vat_ratio=[0.2, 0.0, 0.2],
    )


def plain_policy(**fields):
    return policy_of(changed_terms(premium={"rate_ratio": 0.01}, **fields), without=PLAIN)


@pytest.fixture(scope="module")
def by_hand():
    return longer_terms(
        three(), [plain_policy()], settings_of(**CERTAIN), terms=LongerTermsSettings(extra_days=15, margin_ratio=0.2)
    )


def test_tables_are_declared(by_hand):
    cases, customers = by_hand
    assert list(cases.columns) == LONGER_TERMS.names
    assert list(customers.columns) == LONGER_TERMS_CUSTOMERS.names
    assert customers["customer_id"].tolist() == ["C000", "C001"]


def test_exposure_and_limit_by_hand(by_hand):
    # 15 days of sales: 365,000 / 365 x 15 = 15,000 and 73,000 / 365 x 15 = 3,000
    cases, _ = by_hand
    rows = cases.set_index("case_code")
    assert rows["n_customers"].tolist() == [2, 2, 2]
    assert rows["exposure_amount"].to_dict() == {"as_now": 140_000, "longer": 158_000, "change": 18_000}
    assert rows["over_limit_amount"].to_dict() == {"as_now": 0, "longer": 5_000 + 3_000, "change": 8_000}


def test_working_capital_holds_vat_by_hand(by_hand):
    # now 1,200 x 60 + 200 x 50 = 82,000; 15 days more: 1,200 x 15 + 200 x 15 = 21,000, financed at 4 %
    cases, _ = by_hand
    rows = cases.set_index("case_code")
    assert rows.loc["as_now", "working_capital_amount"] == pytest.approx(82_000)
    assert rows.loc["change", "working_capital_amount"] == pytest.approx(21_000)
    assert rows.loc["change", "financing_amount"] == pytest.approx(840)


def test_losses_and_margin_by_hand(by_hand):
    # gross 140,000 -> 158,000; covered with VAT up to the limit: C0 100,000 / 1.2 both times (108,000 > 100,000),
    # C1 50,000 both times; paid 0.9 of it, so all of the 18,000 more is kept
    cases, _ = by_hand
    rows = cases.set_index("case_code")
    paid = 0.9 * (100_000 / 1.2 + 50_000)
    assert rows.loc["as_now", "expected_indemnity_amount"] == pytest.approx(paid)
    assert rows.loc["change", "expected_indemnity_amount"] == pytest.approx(0.0, abs=1e-6)
    assert rows.loc["change", "expected_gross_amount"] == pytest.approx(18_000)
    assert rows.loc["change", "expected_retained_amount"] == pytest.approx(18_000)
    assert rows.loc["as_now", "margin_amount"] == pytest.approx(0.2 * 438_000)
    assert rows.loc["change", "margin_amount"] == 0.0
    assert rows.loc["change", "net_result_amount"] == pytest.approx(-18_000 - 840)
    assert rows.loc["change", "uninsured_economic_cost_amount"] == pytest.approx(18_000)


def test_customers_by_hand(by_hand):
    _, customers = by_hand
    row = row_of(customers, customer_id="C000")
    assert row["longer_exposure_amount"] == pytest.approx(105_000)
    assert row["over_limit_amount"] == pytest.approx(5_000)
    assert row["working_capital_change_amount"] == pytest.approx(18_000)
    assert row["retained_change_amount"] == pytest.approx(15_000)
    assert row["cost_change_amount"] == pytest.approx(15_000 + 720)
    assert row["cost_per_margin_ratio"] == pytest.approx(15_720 / 73_000)


def test_gain_that_pays_leaves_the_result_as_it_was():
    # a small loss given default, so that more sales are worth their risk
    book = three().assign(lgd_ratio=0.05, pd_12m=[0.5, 0.2, 0.0])
    terms = LongerTermsSettings(extra_days=15, margin_ratio=0.3)
    first, _ = longer_terms(book, [plain_policy()], settings_of(**CERTAIN), terms=terms)
    gain = float(row_of(first, case_code="change")["break_even_sales_gain_ratio"])
    assert 0 < gain < 0.2
    assert row_of(first, case_code="change")["net_result_amount"] < 0
    again, _ = longer_terms(
        book, [plain_policy()], settings_of(**CERTAIN), terms=terms.model_copy(update={"sales_gain_ratio": gain})
    )
    lost = -row_of(first, case_code="change")["net_result_amount"]
    assert abs(row_of(again, case_code="change")["net_result_amount"]) < 0.02 * lost


def test_no_gain_pays_where_every_sale_loses_more_than_its_margin(by_hand):
    cases, _ = by_hand
    assert np.isnan(row_of(cases, case_code="change")["break_even_sales_gain_ratio"])


def test_no_days_and_no_gain_change_nothing():
    cases, customers = longer_terms(
        random_book(), [random_policy()], settings_of(), terms=LongerTermsSettings(extra_days=0)
    )
    change = row_of(cases, case_code="change")
    amounts = [name for name in cases.columns if name.endswith("_amount")]
    assert (change[amounts] == 0.0).all()
    assert change["break_even_sales_gain_ratio"] == 0.0
    assert (customers["retained_change_amount"] == 0.0).all()


def test_terms_beyond_the_credit_period_lose_the_cover():
    policy = plain_policy(credit_period={"maximum_days": 70})
    cases, customers = longer_terms(three(), [policy], settings_of(**CERTAIN), terms=LongerTermsSettings(extra_days=15))
    rows = cases.set_index("case_code")
    assert rows["n_over_credit_period"].to_dict() == {"as_now": 0, "longer": 1, "change": 1}
    assert rows.loc["longer", "expected_indemnity_amount"] == pytest.approx(0.9 * 50_000)
    assert customers["is_over_credit_period"].tolist() == [True, False]


def test_sales_gained_bring_margin_exposure_and_premium():
    terms = LongerTermsSettings(extra_days=15, margin_ratio=0.2, sales_gain_ratio=0.1)
    cases, _ = longer_terms(three(), [plain_policy()], settings_of(**CERTAIN), terms=terms)
    rows = cases.set_index("case_code")
    assert rows.loc["change", "margin_amount"] == pytest.approx(0.2 * 43_800)
    assert rows.loc["longer", "exposure_amount"] == pytest.approx(158_000 * 1.1)
    assert rows.loc["change", "price_amount"] == pytest.approx(0.01 * 43_800)


def test_customers_without_known_terms_are_lengthened_too():
    book = three().assign(terms_days=[np.nan, 50.0, 30.0])
    longer = lengthened(book, is_chosen=book["customer_id"].eq("C000"), extra_days=15)
    assert longer["exposure_amount"].tolist() == [105_000.0, 50_000.0, 30_000.0]
    assert longer["terms_days"].iloc[1:].tolist() == [50.0, 30.0]
    assert np.isnan(longer["terms_days"].iloc[0])


def test_no_policy_gives_empty_tables():
    cases, customers = longer_terms(three(), [], settings_of(), terms=LongerTermsSettings())
    assert cases.empty
    assert customers.empty


def test_book_without_covered_customer_changes_nothing():
    book = three().assign(is_insurable=False)
    cases, customers = longer_terms(book, [plain_policy()], settings_of(**CERTAIN), terms=LongerTermsSettings())
    assert cases["n_customers"].tolist() == [0, 0, 0]
    assert row_of(cases, case_code="change")["net_result_amount"] == 0.0
    assert customers.empty
