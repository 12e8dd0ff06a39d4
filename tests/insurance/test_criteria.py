"""Who should insure: five criteria by hand, and what the granularity recommends."""

import numpy as np
import pytest
from insurance.policy_world import tables_of, world
from pandas import Timestamp

from riskresearch.insurance.action_settings import ActionSettings
from riskresearch.insurance.criteria import CRITERIA, insurance_advice, insurance_criteria

WORLD = world()
AS_OF = Timestamp("2025-12-31")
SETTINGS = ActionSettings()


def book(turnover, *, terms=30.0, tenure=60.0, sector="trade", country="FR"):
    rows = {f"C{i:03d}": [sector, country, "b2b", amount, 5, 0, 0.01, 0.5] for i, amount in enumerate(turnover)}
    tables = tables_of(WORLD | {"customers": rows, "decisions": [], "invoices": {}, "claims": {}, "defaults": []})
    behaviour = tables["customer_behaviour"].assign(terms_days=terms, tenure_months=tenure)
    return {**tables, "customer_behaviour": behaviour}


def judged(tables, settings=SETTINGS):
    criteria = insurance_criteria(tables, settings, as_of=AS_OF)
    return criteria.set_index("criterion_code"), insurance_advice(tables, criteria, settings, as_of=AS_OF).iloc[0]


def test_five_criteria_by_hand():
    criteria, advice = judged(tables_of(WORLD))
    assert criteria["value"].to_dict() == pytest.approx(
        {"long_terms": 30, "big_customers": 1, "cyclical_sectors": 0.12, "new_or_small_seller": 1e6, "exports": 0.12}
    )
    assert criteria["is_met"].to_dict() == {
        "long_terms": False,
        "big_customers": True,
        "cyclical_sectors": False,
        "new_or_small_seller": True,
        "exports": False,
    }
    assert (advice["n_met"], advice["n_known"], advice["advice_code"]) == (2, 5, "study")
    assert advice["n_effective"] == pytest.approx(
        1e12 / (36e10 + 1.44e10 + 0.09e10 + 0.25e10 + 0.01e10 + 0.16e10 + 2.25e10)
    )
    assert (advice["spread_code"], advice["cover_kind_code"]) == ("concentrated", "named_buyers_or_excess_of_loss")


def test_everything_speaks_for_insurance():
    criteria, advice = judged(book([100.0] * 12, terms=75.0, sector="construction", country="ES"))
    assert criteria["is_met"].all()
    assert (advice["n_met"], advice["advice_code"]) == (5, "insure")


@pytest.mark.parametrize(
    ("n", "tenure", "spread", "kind"),
    [
        (50, 60.0, "scattered", "whole_turnover_or_factoring"),
        (49, 60.0, "mixed", "whole_turnover_and_top_up"),
        (49, 5.0, "mixed", "whole_turnover_or_factoring"),
        (10, 60.0, "mixed", "whole_turnover_and_top_up"),
        (9, 5.0, "concentrated", "named_buyers_or_excess_of_loss"),
    ],
)
def test_granularity_recommends(n, tenure, spread, kind):
    _, advice = judged(book([1000.0] * n, tenure=tenure))
    assert advice["n_effective"] == pytest.approx(n)
    assert (advice["spread_code"], advice["cover_kind_code"]) == (spread, kind)
    assert advice["is_evolving"] == (tenure < 12)


def test_large_old_seller_is_neither_new_nor_small():
    rich = book([10_000_000.0] * 100)
    assert not judged(rich)[0]["is_met"]["new_or_small_seller"]
    young = ActionSettings.model_validate({"criteria": {"company_age_years": 2}})
    assert judged(rich, young)[0]["is_met"]["new_or_small_seller"]


def test_book_without_turnover_is_not_judged():
    criteria, advice = judged(book([0.0, 0.0]))
    assert criteria["is_met"].isna().all()
    assert set(criteria.index) == set(CRITERIA)
    assert (advice["n_known"], advice["spread_code"], advice["cover_kind_code"]) == (0, "no_turnover", "none")
    assert np.isnan(advice["n_effective"])
