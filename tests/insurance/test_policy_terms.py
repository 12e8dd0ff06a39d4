"""Policies: what a file may say, what it costs, and what is refused."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from riskresearch.base.errors import SettingsError
from riskresearch.insurance.exposures import cover, policy_cost
from riskresearch.insurance.policy import check_policies, policy_from_mapping
from riskresearch.insurance.terms import COVER_TERMS, TERMS, AggregateFirstLoss, ClaimCover, LossTerm, MaximumLiability

POLICIES = sorted((Path(__file__).parents[2] / "config" / "policies").glob("*.yaml"))


@pytest.fixture
def content():
    return yaml.safe_load((POLICIES[0]).read_text(encoding="utf-8"))


def test_demonstration_has_policies_to_compare():
    assert len(POLICIES) >= 2
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in POLICIES]
    policies = [policy_from_mapping(content, where="demonstration") for content in contents]
    assert [policy.policy_id for policy in check_policies(policies)] == [path.stem for path in POLICIES]
    assert {policy.status for policy in policies} == {"example"}


def test_premium_case(premium_case, make_policy, make_exposures):
    policy = make_policy([*premium_case["terms"], {"kind": "buyer_limit", "discretionary_limit_amount": 10_000}])
    book = premium_case["book"]
    groups = {"named": 50_000.0, "refused": 0.0, "unnamed": None, "excluded": 50_000.0}
    counts = [book.get(f"n_{group}", 0) for group in groups]
    turnover = [book.get(f"{group}_turnover", 0) / max(n, 1) for group, n in zip(groups, counts, strict=True)]
    exposures = make_exposures(
        sum(counts),
        buyer_limit_amount=np.repeat(np.array(list(groups.values()), dtype=float), counts),
        turnover_amount=np.repeat(turnover, counts),
        is_insurable=np.repeat([True, True, True, False], counts),
    )
    cost = policy_cost(exposures, policy=policy)
    found = [cost.premium_amount, cost.fees_amount, cost.tax_amount, cost.total_amount]
    assert found == pytest.approx([premium_case[name] for name in ("premium", "fees", "tax", "total")], rel=1e-12)
    maximum = policy.find(MaximumLiability)
    assert maximum.budget(premium_amount=cost.premium_amount) == pytest.approx(premium_case["maximum"], rel=1e-12)


def test_cover_code_names_the_limit_or_why_there_is_none(make_policy, make_exposures):
    exposures = make_exposures(
        5, buyer_limit_amount=[8_000.0, 0.0, None, 8_000.0, None], is_insurable=[True, True, True, False, False]
    )
    share = {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6}
    found = cover(exposures, policy=make_policy([share, {"kind": "buyer_limit", "discretionary_limit_amount": 500}]))
    assert found["cover_code"].tolist() == ["named", "refused", "discretionary", "not_insurable", "not_insurable"]
    assert found["limit_amount"].tolist() == [8_000.0, 0.0, 500.0, 0.0, 0.0]
    assert found["insured_ratio"].tolist() == [0.9, 0.0, 0.6, 0.0, 0.0]
    assert found["covered_amount"].tolist() == [8_000.0, 0.0, 500.0, 0.0, 0.0]
    named_only = cover(exposures, policy=make_policy([share]))
    assert named_only["cover_code"].tolist() == ["named", "refused", "no_limit", "not_insurable", "not_insurable"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"policy_id": "Whole Turnover"}, "policy_id"),
        ({"policy_id": "self_insurance"}, "names the option without policy"),
        ({"currency_code": "euro"}, "currency_code"),
        ({"order": "D"}, "order.*'A', 'B' or 'C'"),
        ({"kind": "excess_of_loss"}, "kind.*whole_turnover"),
        ({"end_date": date(2025, 1, 1)}, "end_date 2025-01-01 must be after start_date 2026-01-01"),
        ({"terms": []}, "terms: must be a list of terms, each with a kind of .*'aggregate_first_loss'"),
        ({"terms": "none"}, "terms: must be a list"),
    ],
)
def test_wrong_policy_key_is_refused(content, change, message):
    with pytest.raises(SettingsError, match=rf"quote.yaml.*{message}"):
        policy_from_mapping({**content, **change}, where="quote.yaml")


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("insured_percentage", {"named_ratio": 90}, "named_ratio: .*less than or equal to 1.*given: 90"),
        ("insured_percentage", {"named_ratio": "90 %"}, "named_ratio: .*valid number"),
        ("insured_percentage", {"ratio": 0.9}, "ratio: .*not permitted"),
        ("threshold", {"amount": -1}, "amount: .*greater than or equal to 0"),
        ("threshold", {"amount": float("nan")}, "amount: .*finite"),
        ("threshold", {"clause": ""}, "clause"),
        ("maximum_liability", {"premium_multiple": None}, "give amount or premium_multiple"),
        ("premium", {"rate_ratio": None}, "rate_ratio"),
        ("fees", {"kind": "fee"}, "kind is 'fee'; must be one of .*'fees'"),
        ("fees", {"kind": ["fees"]}, r"kind is \['fees'\]; must be one of"),
    ],
)
def test_wrong_term_is_refused_with_its_place(content, kind, change, message):
    terms = [{**term, **change} if term["kind"] == kind else term for term in content["terms"]]
    number = [term["kind"] for term in content["terms"]].index(kind)
    with pytest.raises(SettingsError, match=rf"quote.yaml: terms\[{number}\].*{message}"):
        policy_from_mapping({**content, "terms": terms}, where="quote.yaml")


@pytest.mark.parametrize("lost", ["source", "clause"])
def test_every_term_needs_its_clause_and_source(content, lost):
    terms = [{key: value for key, value in term.items() if key != lost} for term in content["terms"]]
    with pytest.raises(SettingsError, match=f"{lost}: Field required"):
        policy_from_mapping({**content, "terms": terms}, where="quote.yaml")


def test_term_given_twice_or_missing_is_refused(content):
    with pytest.raises(SettingsError, match=r"given twice: \['threshold'\]"):
        policy_from_mapping({**content, "terms": [*content["terms"], content["terms"][1]]}, where="quote.yaml")
    short = [term for term in content["terms"] if term["kind"] != "premium"]
    with pytest.raises(SettingsError, match=r"terms missing: \['premium'\]"):
        policy_from_mapping({**content, "terms": short}, where="quote.yaml")


def test_policies_of_a_comparison_have_one_currency_and_different_codes(make_policy):
    first, second = make_policy([], policy_id="first"), make_policy([], policy_id="second", currency_code="GBP")
    with pytest.raises(SettingsError, match="second in GBP; the exposures are in EUR"):
        check_policies([first, second])
    with pytest.raises(SettingsError, match="first in EUR; the exposures are in GBP"):
        check_policies([first, second], currency_code="GBP")
    with pytest.raises(SettingsError, match=r"\['first'\] given more than once"):
        check_policies([first, first])
    assert check_policies([]) == []


@pytest.mark.parametrize("kind", sorted(TERMS))
def test_every_term_is_documented(kind):
    term = TERMS[kind]
    assert term.__doc__
    assert term.__doc__.splitlines()[0].endswith(".")
    assert all(field.description for name, field in term.model_fields.items() if name != "kind")
    assert term.level.value in {"loss", "customer", "year"}


def example_term(kind):
    fields = {name: field.examples[0] for name, field in TERMS[kind].model_fields.items() if field.examples}
    return TERMS[kind](clause="example", source="example", **fields)


@pytest.mark.parametrize("kind", sorted(kind for kind, term in COVER_TERMS.items() if issubclass(term, LossTerm)))
def test_every_term_on_a_loss_pays_between_nothing_and_the_loss_and_grows_with_it(kind):
    rng = np.random.default_rng(7)
    amounts = np.sort(np.concatenate([[0.0], rng.lognormal(7, 2, 500)]))
    same = ClaimCover(np.full(501, 5_000.0), np.full(501, 0.9))
    paid = example_term(kind).payable(amounts, cover=same)
    assert (paid >= 0).all()
    assert (paid <= amounts).all()
    assert (np.diff(paid) >= 0).all()
    assert paid.max() > 0, "a term that never pays proves nothing"


def test_a_new_term_changes_the_order_of_no_other(make_policy):
    places = [term.place for term in COVER_TERMS.values()]
    assert len(set(places)) == len(places)
    year = [{"kind": "aggregate_first_loss", "amount": 1}, {"kind": "maximum_liability", "amount": 9}]
    orders = {name: [t.kind for t in make_policy(year, order=name).cover_terms] for name in "ABC"}
    assert orders == {
        "A": ["buyer_limit", "insured_percentage", "aggregate_first_loss", "maximum_liability"],
        "B": ["buyer_limit", "aggregate_first_loss", "maximum_liability", "insured_percentage"],
        "C": ["buyer_limit", "aggregate_first_loss", "insured_percentage", "maximum_liability"],
    }
    assert make_policy(year).find(AggregateFirstLoss).amount == 1
