"""Tables of the study: each builder once, and clauses that take whole customers out of cover."""

import pandas as pd
import pytest

from riskresearch.insurance.attribution import CLAUSE_COSTS
from riskresearch.insurance.dossier import INSURANCE_TABLES
from riskresearch.insurance.settings import InsuranceSettings
from riskresearch.insurance.stage import comparison
from riskresearch.insurance.study import STUDY_TABLES, Study

SETTINGS = InsuranceSettings(n_years=4_000)
TERMS = [
    {"kind": "buyer_limit", "discretionary_limit_amount": 10_000},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "maximum_liability", "amount": 50_000},
]
CREDIT_PERIOD = {"kind": "credit_period", "maximum_days": 45}


@pytest.fixture
def exposures(make_exposures):
    terms = [30.0, 90.0] * 20
    return make_exposures(40, pd_12m=0.05, terms_days=terms, country_code="FR", sector_code="retail")


def _clause_costs(exposures, policy):
    study = Study(comparison(exposures, [policy], SETTINGS), {}, pd.Timestamp("2025-12-31"))
    make = next(make for tables, make in STUDY_TABLES if tables == (CLAUSE_COSTS,))
    return make(study).set_index("clause_code")["switched_off_amount"], study.made


def test_every_table_of_the_stage_has_one_maker():
    names = [table.name for table in INSURANCE_TABLES]
    assert len(names) == len(set(names))
    assert all(table.stage == "insurance" for table in INSURANCE_TABLES)


def test_the_credit_period_costs_what_the_policy_pays_more_without_it(exposures, make_policy):
    policy, longer = make_policy([*TERMS, CREDIT_PERIOD]), make_policy(TERMS)
    costs, made = _clause_costs(exposures, policy)
    other = comparison(exposures, [longer], SETTINGS)
    gain = other.options[1].mean(other.options[1].indemnity) - made.options[1].mean(made.options[1].indemnity)
    assert gain > 100
    assert costs["over_credit_period"] == pytest.approx(gain, rel=1e-9)


def test_where_no_policy_is_signed_the_first_quote_stands_in(exposures, make_policy):
    quotes = [make_policy(TERMS, policy_id=name) for name in ("first", "second")]
    signed = make_policy(TERMS, policy_id="signed", status="in_force")
    for policies, expected in ((quotes, ["first"]), ([*quotes, signed], ["signed"])):
        study = Study(comparison(exposures, policies, SETTINGS), {}, pd.Timestamp("2025-12-31"))
        assert [policy.policy_id for policy in study.own_policies] == expected
