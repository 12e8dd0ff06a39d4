"""Payment terms: worked cases a credit manager can sign, and what holds for every book."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import yaml
from limits.credit_policies import policy_with
from monitoring.books import day, tables
from monitoring.random_book import AS_OF, random_book, shuffled
from pandas.testing import assert_frame_equal

from riskresearch.base.schema import check
from riskresearch.limits.terms.advice import TERMS_ADVICE, TERMS_BY_SEGMENT, terms_advice, terms_by_segment
from riskresearch.limits.terms.discounts import DISCOUNT_COSTS, annual_discount_cost, discount_costs
from riskresearch.limits.terms.settings import TermsSettings

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "limits" / "terms.yaml").read_text(encoding="utf-8"))
POLICY, SETTINGS = policy_with(), TermsSettings()
SEEDS = range(8)
COLUMNS = {
    "segment": "segment_code",
    "tenure": "tenure_code",
    "legal": "legal_max_days",
    "ceiling": "ceiling_code",
    "country": "country_max_days",
    "advised": "advised_terms_days",
    "change": "change_days",
    "bound": "bound_change_amount",
    "reason": "reason_code",
    "above": "is_above_law",
}


@cache
def _advice(seed):
    return check(terms_advice(random_book(seed), POLICY, SETTINGS, as_of=AS_OF), TERMS_ADVICE)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_terms(case):
    as_of = day(case.get("as_of", "2026-03-31"))
    given = tables({**case, "customers": [{"sales": 365_000.0, **row} for row in case["customers"]]}, as_of=as_of)
    policy, settings = policy_with(countries=case.get("countries", [])), TermsSettings(**case.get("settings", {}))
    found = check(terms_advice(given, policy, settings, as_of=as_of), TERMS_ADVICE).set_index("customer_id")
    assert set(found.index) == set(case["expected"])
    for customer, expected in case["expected"].items():
        for name, value in expected.items():
            got = found.loc[customer, COLUMNS[name]]
            if value is None:
                assert pd.isna(got), name
            elif isinstance(value, str | bool):
                assert got == value, name
            else:
                assert got == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("seed", SEEDS)
def test_advised_terms_respect_law_and_country_and_advice_that_was_followed_stays(seed):
    book, advice = random_book(seed), _advice(seed)
    assert (advice["advised_terms_days"] <= advice["legal_max_days"]).all()
    country = book["customers"].set_index("customer_id")["country_code"].reindex(advice["customer_id"])
    longest = [POLICY.country(code).max_terms_days for code in country]
    assert advice["country_max_days"].tolist() == longest
    assert (advice["advised_terms_days"] <= longest).all()
    assert (advice["advised_terms_days"] >= 0).all()
    followed = book["customer_behaviour"].merge(advice[["customer_id", "advised_terms_days"]], on="customer_id")
    book["customer_behaviour"] = followed.assign(terms_days=followed["advised_terms_days"])
    again = terms_advice(book, POLICY, SETTINGS, as_of=AS_OF)
    assert (again["change_days"] == 0).all()
    assert set(again["reason_code"]) == {"terms_kept"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_worse_segment_never_gets_longer_terms(seed):
    book = random_book(seed)
    book["events"] = book["events"].iloc[:0]
    before = None
    for segment in ("reliable", "to_watch", "risky", "defaulted"):
        book["limit_segments"] = book["limit_segments"].assign(segment_code=segment)
        advised = terms_advice(book, POLICY, SETTINGS, as_of=AS_OF).set_index("customer_id")["advised_terms_days"]
        assert before is None or (advised <= before).all()
        before = advised


@pytest.mark.parametrize("seed", SEEDS)
def test_terms_by_segment_adds_up_to_the_advice(seed):
    advice = _advice(seed)
    made = terms_by_segment(advice, random_book(seed)["customer_behaviour"], POLICY)
    by_segment = check(made, TERMS_BY_SEGMENT)
    assert len(by_segment) == 12
    assert by_segment["n_customers"].sum() == len(advice)
    assert by_segment["n_changed"].sum() == (advice["change_days"].fillna(0) != 0).sum()
    assert by_segment["bound_change_amount"].sum() == pytest.approx(advice["bound_change_amount"].sum())
    offer = by_segment.set_index(["segment_code", "tenure_code"]).loc[("to_watch", "established")]
    assert (offer["policy_max_days"], offer["policy_request_days"]) == (45, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_the_order_of_rows_nor_what_comes_later_nor_earlier_reviews_change_the_advice(seed):
    book = random_book(seed)
    assert_frame_equal(
        check(terms_advice(shuffled(book, seed + 1), POLICY, SETTINGS, as_of=AS_OF), TERMS_ADVICE), _advice(seed)
    )
    events = book["events"]
    cut = events[(events["recorded_date"] <= AS_OF) & (events["event_date"] <= AS_OF)]
    past = book["limit_segments"].assign(review_date=day("2026-02-28"), segment_code="defaulted")
    again = {**book, "events": cut, "limit_segments": pd.concat([past, book["limit_segments"]], ignore_index=True)}
    assert_frame_equal(check(terms_advice(again, POLICY, SETTINGS, as_of=AS_OF), TERMS_ADVICE), _advice(seed))


def test_discounts_cost_what_the_market_says():
    assert annual_discount_cost(0.02, days_gained=30) == pytest.approx(0.02 / 0.98 * 365 / 30)
    assert round(annual_discount_cost(0.02, days_gained=30), 3) == 0.248
    economics = POLICY.economics.model_copy(update={"finance_ratio": 0.05})
    costs = check(discount_costs(TermsSettings(discount_offers=((0.02, 30), (0.005, 40))), economics), DISCOUNT_COSTS)
    assert costs["annual_cost_ratio"].round(4).tolist() == [0.0459, 0.2483]
    assert costs["compound_cost_ratio"].round(4).tolist() == [0.0468, 0.2786]
    assert costs["is_cheaper"].tolist() == [True, False]


def test_no_customers_give_no_advice_and_the_whole_policy():
    given = tables({"customers": []}, as_of=AS_OF)
    advice = check(terms_advice(given, POLICY, SETTINGS, as_of=AS_OF), TERMS_ADVICE)
    assert advice.empty
    by_segment = check(terms_by_segment(advice, given["customer_behaviour"], POLICY), TERMS_BY_SEGMENT)
    assert len(by_segment) == 12
    assert by_segment["n_customers"].sum() == 0


def test_a_discount_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        TermsSettings(discount_offers=((1.0, 30),))
