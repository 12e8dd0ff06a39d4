"""Worked cases of policies, policy files to fill in, the shipped examples and the page that explains them."""

import re
from pathlib import Path

import pytest
import yaml

from riskresearch.base.config import read_yaml
from riskresearch.base.errors import SettingsError
from riskresearch.insurance.policy import POLICY_KINDS, policy_from_mapping
from riskresearch.insurance.policy_cases import CaseClaim, CaseCustomers, policy_cases, work_out
from riskresearch.insurance.policy_skeleton import (
    keys_table,
    kind_of,
    own_fields,
    policy_skeleton,
    terms_in_order,
    terms_table,
)
from riskresearch.insurance.stage import TABLES
from riskresearch.insurance.study import STUDY_TABLES
from riskresearch.insurance.terms import TERMS

PROJECT = Path(__file__).parents[2]
SHIPPED = sorted(p for p in (PROJECT / "config" / "policies").glob("*.yaml") if not p.name.endswith(".cases.yaml"))
TERMS_OF_CASES = [
    {"kind": "buyer_limit", "discretionary_limit_amount": 10_000},
    {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6},
    {"kind": "threshold", "amount": 500},
    {"kind": "aggregate_first_loss", "amount": 30_000},
    {"kind": "maximum_liability", "premium_multiple": 30},
    {"kind": "premium", "rate_ratio": 0.002, "minimum_amount": 5_000},
    {"kind": "bonus", "loss_ratio_bar": 0.5, "share_ratio": 0.1},
]


@pytest.fixture(scope="module")
def policy(make_policy):
    return make_policy(TERMS_OF_CASES)


def worked(policy, text):
    (case,) = policy_cases(yaml.safe_load(text), where="own.cases.yaml")
    return work_out(case, policy=policy)


def found_of(result, claim=""):
    return {line.figure: line.found for line in result.lines if line.claim == claim}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda p: p.stem)
def test_every_case_of_a_shipped_policy_agrees(file):
    policy = policy_from_mapping(read_yaml(file), where=file.name)
    below = file.with_name(f"{policy.underlying_policy_id}.yaml")
    first = policy_from_mapping(read_yaml(below), where=below.name) if below.is_file() else None
    beside = file.with_name(f"{file.stem}.cases.yaml")
    cases = policy_cases(yaml.safe_load(beside.read_text(encoding="utf-8")), where=beside.name)
    results = [work_out(case, policy=policy, underlying=first) for case in cases]
    wrong = [line for result in results for line in result.lines if not line.agrees]
    assert wrong == []
    assert sum(len(result.lines) for result in results) > 5


def test_the_shipped_cases_reach_every_term_of_their_policies():
    """A term nobody worked out by hand would be a clause nobody checked."""
    told = {file: file.with_name(f"{file.stem}.cases.yaml").read_text(encoding="utf-8") for file in SHIPPED}
    together = "\n".join(told.values())
    for file, own in told.items():
        policy = policy_from_mapping(read_yaml(file), where=file.name)
        shared = together if file.stem == "whole_turnover_first_loss" else own
        assert all(f"{term.reason}:" in shared for term in policy.cover_terms if term.kind != "buyer_limit"), file.name
        assert all(f"{term.reason}:" in together for term in policy.terms if hasattr(term, "reason")), file.name
        assert {"bonus", "profit_share"}.isdisjoint(t.kind for t in policy.terms) or "adjustment_amount: -" in own


def test_claims_and_year_are_settled_in_the_order_of_the_contract(policy):
    result = worked(
        policy,
        """
- name: two claims
  premium_amount: 20000
  claims:
    - {claim_id: small, debt_amount: 450, named_limit_amount: 2000, expected: {paid_amount: 0}, kept: {threshold: 450}}
    - claim_id: large
      debt_amount: 150000
      named_limit_amount: 120000
      expected: {paid_amount: 78000}
      kept: {over_limit: 30000, insured_share: 12000, aggregate_first_loss: 30000}
  expected: {paid_amount: 78000, retained_amount: 72450, adjustment_amount: 0, year_maximum_amount: 600000}
  kept: {threshold: 450, over_limit: 30000, insured_share: 12000, aggregate_first_loss: 30000}
  used_up: [aggregate_first_loss]
""",
    )
    assert result.agrees
    assert result.steps["claim_id"].tolist() == ["small", "large"]
    assert result.steps["paid_amount"].tolist() == [0.0, 78_000.0]


def test_dates_set_the_order_of_the_claims_not_the_file(policy):
    result = worked(
        policy,
        """
- name: the later one is listed first
  premium_amount: 20000
  claims:
    - {claim_id: later, debt_amount: 50000, named_limit_amount: 50000, loss_date: 2026-09-01,
       expected: {paid_amount: 45000}}
    - {claim_id: earlier, debt_amount: 50000, named_limit_amount: 50000, loss_date: 2026-03-01,
       expected: {paid_amount: 15000}}
""",
    )
    assert result.agrees
    assert result.steps["claim_id"].tolist() == ["later", "earlier"]


def test_a_figure_that_is_wrong_by_a_cent_differs(policy):
    text = """
- name: one claim
  premium_amount: 20000
  claims:
    - {debt_amount: 100000, named_limit_amount: 120000, expected: {paid_amount: %s}}
"""
    assert worked(policy, text % "60000").agrees
    assert worked(policy, text % "60000.004").agrees
    result = worked(policy, text % "60000.01")
    assert not result.agrees
    assert found_of(result, "claim 1") == {"paid_amount": 60_000.0}


def test_a_reason_that_is_not_named_must_be_zero(policy):
    result = worked(
        policy,
        """
- name: forgot the first loss
  premium_amount: 20000
  claims: [{debt_amount: 100000, named_limit_amount: 120000, kept: {insured_share: 10000}}]
""",
    )
    assert {line.figure: line.agrees for line in result.lines if not line.agrees} == {
        "aggregate_first_loss_amount": False
    }


def test_a_budget_that_is_not_used_up_is_told(policy):
    text = """
- name: small year
  premium_amount: 20000
  claims: [{debt_amount: 10000, named_limit_amount: 120000}]
  used_up: %s
"""
    assert worked(policy, text % "[]").agrees
    (line,) = worked(policy, text % "[maximum_liability]").lines
    assert (line.expected, line.found, line.agrees) == ("maximum_liability", "none", False)


def test_the_price_of_a_book_and_what_a_good_year_gives_back(policy):
    result = worked(
        policy,
        """
- name: price
  customers:
    - {n_customers: 4, turnover_amount: 6000000, named_limit_amount: 100000}
    - {n_customers: 2, turnover_amount: 1000000, is_insurable: false}
  claims: [{debt_amount: 20000, named_limit_amount: 120000}]
  expected:
    declared_turnover_amount: 6000000
    premium_amount: 12000
    adjustment_amount: -1200
    total_cost_amount: 10800
    year_maximum_amount: 360000
    paid_amount: 0
""",
    )
    assert [line for line in result.lines if not line.agrees] == []


def test_a_claim_without_premium_has_no_maximum(policy):
    """Nothing is invented: where neither a premium nor customers are given the premium is 0."""
    result = worked(
        policy,
        """
- name: no premium given
  claims: [{debt_amount: 100000, named_limit_amount: 120000, expected: {paid_amount: 0}}]
  kept: {insured_share: 10000, aggregate_first_loss: 30000, maximum_liability: 60000}
""",
    )
    assert result.agrees


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: not a list", "write a list of cases"),
        ("- {name: x}", "expects nothing"),
        ("- {name: x, claims: [{debt: 5}], expected: {paid_amount: 1}}", r"claims\.0\.debt_amount: Field required"),
        ("- {name: x, claims: [{debt_amount: -5}], expected: {paid_amount: 1}}", "greater than or equal to 0"),
        ("- {name: x, claims: [{debt_amount: 5, expected: {paid: 1}}]}", "claim 1: expected: no 'paid'; there are"),
        (
            "- {name: x, claims: [{debt_amount: 5, kept: {own_fault: 1}}]}",
            "claim 1: kept: no 'own_fault'; there are no",
        ),
        (
            "- {name: x, claims: [{debt_amount: 5, disputed_amount: 6}], used_up: []}",
            "case 'x': .*dispute more than the debt",
        ),
        ("- {name: x, claims: [{debt_amount: 5}], expected: {profit: 1}}", "case 'x': expected: no 'profit'"),
        ("- {name: x, claims: [{debt_amount: 5}], used_up: [limit]}", "used_up: no 'limit'; there are country_cap"),
        (
            "- {name: x, customers: [{turnover_amount: 5, n_customers: 0}], expected: {premium_amount: 1}}",
            "n_customers",
        ),
        ("- &a {name: x, expected: {premium_amount: 0}}\n- *a", "case 'x' is there twice"),
        (
            "- {name: x, claims: [{claim_id: a, debt_amount: 5, expected: {paid_amount: 0}}, "
            "{claim_id: a, debt_amount: 6}]}",
            "two claims have the same claim_id",
        ),
    ],
)
def test_a_mistake_in_a_case_is_told(policy, text, told):
    with pytest.raises(SettingsError, match=told):
        [work_out(case, policy=policy) for case in policy_cases(yaml.safe_load(text), where="own.cases.yaml")]


@pytest.mark.parametrize("kind", POLICY_KINDS)
def test_a_policy_file_to_fill_in_is_valid_as_it_stands_and_with_every_term_on(kind):
    text = policy_skeleton(kind)
    usual = policy_from_mapping(yaml.safe_load(text), where=kind)
    assert usual.kind == kind
    on = re.sub(r"(?m)^  #(- kind:)", r"  \1", re.sub(r"(?m)^  #  (?=\S)", "    ", text))
    every = policy_from_mapping(yaml.safe_load(on), where=kind)
    foreign = {"buyer_limit"} if kind == "top_up" else {"top_up_limit"}
    assert {term.kind for term in every.terms} == set(TERMS) - foreign
    assert {term.kind for term in usual.terms} < {term.kind for term in every.terms}


def test_every_field_of_every_term_is_in_the_file_with_its_meaning():
    text = policy_skeleton("whole_turnover") + policy_skeleton("top_up")
    for term in terms_in_order():
        assert f"- kind: {kind_of(term)}\n" in text
        for name, field in own_fields(term).items():
            assert field.description, f"{kind_of(term)}.{name}"
            assert re.search(rf"(?m)^ *#? *#?{name}: .*  # {re.escape(field.description)}$", text)


def test_there_is_no_file_of_an_unknown_kind():
    with pytest.raises(SettingsError, match="there are whole_turnover, named_buyers"):
        policy_skeleton("marine")


def test_the_page_on_credit_insurance_has_the_terms_and_keys_of_the_code():
    page = (PROJECT / "docs" / "credit_insurance.md").read_text(encoding="utf-8")
    for table in (terms_table(), keys_table(CaseClaim), keys_table(CaseCustomers)):
        assert table in page, f"docs/credit_insurance.md is not up to date; it should hold\n{table}"


def test_the_case_shown_on_the_page_agrees():
    page = (PROJECT / "docs" / "credit_insurance.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", page, re.DOTALL).group(1)
    file = PROJECT / "config" / "policies" / "whole_turnover.yaml"
    policy = policy_from_mapping(read_yaml(file), where=file.name)
    results = [work_out(case, policy=policy) for case in policy_cases(yaml.safe_load(shown), where="page")]
    assert [line for result in results for line in result.lines if not line.agrees] == []


def test_the_page_names_tables_that_exist():
    page = (PROJECT / "docs" / "credit_insurance.md").read_text(encoding="utf-8")
    listed = page.split("## 6. Which table answers what")[1].split("## 7.")[0]
    named = {name for row in listed.splitlines() if row.startswith("|") for name in re.findall(r"`(\w+)`", row)}
    made = {table.name for table, _ in TABLES} | {t.name for tables, _ in STUDY_TABLES for t in tables}
    assert len(named) > 20
    assert named <= made


@pytest.mark.parametrize(("basis", "adjustment"), [("including", 0.0), ("excluding", -10.0)])
def test_the_bonus_of_a_case_looks_at_what_the_insurer_pays(make_policy, basis, adjustment):
    """Paid 60 with VAT, 50 without; the bonus needs a loss ratio of one half at most."""
    terms = [{"kind": "vat_basis", "basis_code": basis}, {"kind": "bonus", "loss_ratio_bar": 0.5, "share_ratio": 0.1}]
    text = """
        - name: VAT
          premium_amount: 100
          claims: [{claim_id: one, debt_amount: 60, vat_ratio: 0.2, named_limit_amount: 100}]
        """
    result = worked(make_policy(terms), text + f"  expected: {{adjustment_amount: {adjustment}}}")
    assert found_of(result)["adjustment_amount"] == pytest.approx(adjustment)
