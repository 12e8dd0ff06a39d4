"""Policies: what a file may say, what it costs, and what is refused."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from riskresearch.base.errors import SettingsError, TableError
from riskresearch.insurance.events import EVENT_CODES
from riskresearch.insurance.exposures import check_exposures, cover, policy_cost
from riskresearch.insurance.policy import NO_COST, REQUIRED_KINDS, check_policies, policy_from_mapping
from riskresearch.insurance.terms import COVER_TERMS, TERMS, AggregateFirstLoss, ClaimCover, LossTerm, MaximumLiability

FOLDER = Path(__file__).parents[2] / "config" / "policies"
POLICIES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".cases.yaml"))


@pytest.fixture
def content():
    return yaml.safe_load((FOLDER / "whole_turnover.yaml").read_text(encoding="utf-8"))


def test_demonstration_has_policies_to_compare():
    assert len(POLICIES) >= 2
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in POLICIES]
    policies = [policy_from_mapping(content, where="demonstration") for content in contents]
    assert [policy.policy_id for policy in check_policies(policies)] == [path.stem for path in POLICIES]
    assert {policy.status for policy in policies} == {"example"}


def book_of(case, make_exposures):
    """Customers of a premium case: groups of equal customers, or one by one."""
    if "groups" in case:
        columns = {
            "country_code": ("country", None),
            "sector_code": ("sector", None),
            "turnover_amount": ("turnover", 0.0),
            "exposure_amount": ("exposure", 10_000.0),
            "buyer_limit_amount": ("named_limit", None),
            "requested_limit_amount": ("requested", None),
        }
        each = {name: [group.get(key, plain) for group in case["groups"]] for name, (key, plain) in columns.items()}
        return make_exposures(len(case["groups"]), **each)
    book = case["book"]
    groups = {"named": 50_000.0, "refused": 0.0, "unnamed": None, "excluded": 50_000.0}
    counts = [book.get(f"n_{group}", 0) for group in groups]
    turnover = [book.get(f"{group}_turnover", 0) / max(n, 1) for group, n in zip(groups, counts, strict=True)]
    return make_exposures(
        sum(counts),
        buyer_limit_amount=np.repeat(np.array(list(groups.values()), dtype=float), counts),
        turnover_amount=np.repeat(turnover, counts),
        is_insurable=np.repeat([True, True, True, False], counts),
    )


def test_premium_case(premium_case, make_policy, make_exposures):
    policy = make_policy([*premium_case["terms"], {"kind": "buyer_limit", "discretionary_limit_amount": 10_000}])
    exposures = check_exposures(book_of(premium_case, make_exposures), lgd_ratio=0.4)
    cost = policy_cost(exposures, policy=policy)
    found = [cost.premium_amount, cost.fees_amount, cost.tax_amount, cost.total_amount]
    assert found == pytest.approx([premium_case[name] for name in ("premium", "fees", "tax", "total")], rel=1e-12)
    maximum = policy.find(MaximumLiability)
    most = maximum.budget(premium_amount=cost.premium_amount) if maximum else None
    assert most == (pytest.approx(premium_case["maximum"], rel=1e-12) if "maximum" in premium_case else None)
    assert cost.deposit_amount == pytest.approx(premium_case.get("deposit", cost.premium_amount), rel=1e-12)
    assert cost.deposit_amount + cost.adjustment_amount == cost.premium_amount
    years = premium_case.get("years", {"indemnity": [0, 1e9], "adjustment": [0, 0]})
    added = policy.year_adjustment(np.array(years["indemnity"], dtype=float), premium_amount=cost.premium_amount)
    assert added == pytest.approx(years["adjustment"], rel=1e-12, abs=1e-9)


def test_premium_paid_for_the_minimum_alone(make_policy, make_exposures):
    book = check_exposures(make_exposures(2, turnover_amount=1_000_000.0), lgd_ratio=0.4)
    cost = policy_cost(book, policy=make_policy([{"kind": "premium", "rate_ratio": 0.002, "minimum_amount": 5_000.0}]))
    assert [cost.rated_amount, cost.minimum_excess_amount, cost.turnover_amount] == [4_000.0, 1_000.0, 2_000_000.0]
    assert NO_COST.total_amount == 0.0


def test_cover_code_names_the_limit_or_why_there_is_none(make_policy, make_exposures):
    book = make_exposures(
        7,
        buyer_limit_amount=[8_000.0, 0.0, None, None, 8_000.0, 8_000.0, None],
        is_discretionary_justified=[True, True, True, False, True, True, True],
        is_insurable=[True, True, True, True, True, False, False],
        terms_days=[90.0, 30.0, None, 30.0, 91.0, 30.0, 200.0],
    )
    exposures = check_exposures(book, lgd_ratio=0.4)
    share = {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6}
    period = {"kind": "credit_period", "maximum_days": 90}
    limit = {"kind": "buyer_limit", "discretionary_limit_amount": 500}
    found = cover(exposures, policy=make_policy([share, period, limit]))
    codes = ["named", "refused", "discretionary", "not_justified", "over_credit_period", *["not_insurable"] * 2]
    assert found["cover_code"].tolist() == codes
    assert found["limit_amount"].tolist() == [8_000.0, 0.0, 500.0, 0.0, 0.0, 0.0, 0.0]
    assert found["insured_ratio"].tolist() == [0.9, 0.0, 0.6, 0.0, 0.0, 0.0, 0.0]
    assert found["covered_amount"].tolist() == [8_000.0, 0.0, 500.0, 0.0, 0.0, 0.0, 0.0]
    named_only = cover(exposures, policy=make_policy([share]))
    codes = ["named", "refused", "no_limit", "no_limit", "named", "not_insurable", "not_insurable"]
    assert named_only["cover_code"].tolist() == codes


def test_cover_follows_country_shares_listed_limits_and_the_basis(make_policy, make_exposures):
    book = make_exposures(
        3, buyer_limit_amount=[6_000.0, 6_000.0, None], country_code=["IT", None, "FR"], vat_ratio=[0.2, None, 0.0]
    )
    exposures = check_exposures(book, lgd_ratio=0.4)
    share = {
        "kind": "insured_percentage",
        "named_ratio": 0.9,
        "discretionary_ratio": 0.6,
        "country_ratios": {"IT": 0.8},
    }
    including = cover(exposures, policy=make_policy([share]))
    assert including["insured_ratio"].tolist() == [0.8, 0.9, 0.0]
    assert including["covered_amount"].tolist() == [5_000.0, 6_000.0, 0.0]  # 6,000 with VAT is 5,000 without
    excluding = cover(exposures, policy=make_policy([share, {"kind": "vat_basis", "basis_code": "excluding"}]))
    assert excluding["covered_amount"].tolist() == [6_000.0, 6_000.0, 0.0]
    listed = {"kind": "buyer_limit", "discretionary_limit_amount": 0, "limit_amounts": {"C0002": 4_000, "C0000": 0}}
    own = cover(exposures, policy=make_policy([share, listed]))
    assert own["cover_code"].tolist() == ["refused", "no_limit", "named"]
    assert own["limit_amount"].tolist() == [0.0, 0.0, 4_000.0]


def test_cover_of_a_top_up_is_its_share_of_the_named_limit(make_policy, make_exposures):
    exposures = check_exposures(make_exposures(3, buyer_limit_amount=[6_000.0, 0.0, None]), lgd_ratio=0.4)
    limit = {"kind": "top_up_limit", "limit_ratio": 0.5, "maximum_amount": 2_500}
    top_up = make_policy([limit], kind="top_up", underlying_policy_id="first")
    found = cover(exposures, policy=top_up)
    assert found["cover_code"].tolist() == ["named", "refused", "no_limit"]
    assert found["limit_amount"].tolist() == [2_500.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("column", "value"), [("terms_days", -1.0), ("vat_ratio", 20.0), ("requested_limit_amount", float("inf"))]
)
def test_exposures_out_of_bounds_are_refused(make_exposures, column, value):
    with pytest.raises(TableError, match=rf"exposures.{column}: 1 rows \(C0000\) lie outside 0 to"):
        check_exposures(make_exposures(1, **{column: [value]}), lgd_ratio=0.4)


def test_deliveries_after_the_stop_by_the_flow_of_deliveries():
    term = example_term("stop_shipment")  # 60 days
    terms_days = np.array([30.0, 60.0, np.nan])
    late = term.after_stop_ratio(terms_days, deliveries_after_days=90.0)
    assert late == pytest.approx([30 / 120, 30 / 150, 30 / 135], rel=1e-12)  # unknown terms: 45, the mean of the others
    assert term.after_stop_ratio(np.array([np.nan]), deliveries_after_days=90.0) == pytest.approx([30 / 120], rel=1e-12)
    assert term.after_stop_ratio(terms_days, deliveries_after_days=60.0).tolist() == [0, 0, 0]


def test_waiting_days_follow_the_event(make_policy):
    wait = {"kind": "waiting_period", "insolvency_days": 30, "protracted_default_days": 150, "political_days": 180}
    events = np.array([EVENT_CODES.index(code) for code in ("political", "insolvency", "protracted_default")])
    assert make_policy([wait]).waiting_days(events).tolist() == [180, 30, 150]
    assert make_policy([]).waiting_days(events).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour"),
        ({"policy_id": "Whole Turnover"}, "policy_id"),
        ({"policy_id": "self_insurance"}, "names the option without policy"),
        ({"currency_code": "euro"}, "currency_code"),
        ({"order": "D"}, "order.*'A', 'B' or 'C'"),
        ({"kind": "captive"}, "kind.*whole_turnover"),
        ({"kind": "excess_of_loss"}, "terms missing: .*a policy of kind excess_of_loss needs"),
        ({"kind": "top_up", "underlying_policy_id": "first"}, r"terms missing: \['top_up_limit'\]"),
        ({"underlying_policy_id": "first"}, "a policy of kind top_up, and no other"),
        ({"kind": "named_buyers"}, "discretionary_limit_amount is 0"),
        ({"end_date": date(2025, 1, 1)}, "end_date 2025-01-01 must be after start_date 2026-01-01"),
        ({"end_date": date(2028, 1, 1)}, "end_date 2028-01-01 is more than 24 months after start_date 2026-01-01"),
        ({"insurer": " "}, "insurer: .*at least 1 character"),
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
        ("threshold", {"clause": "  "}, "clause: .*at least 1 character"),
        ("threshold", {"source": "\t"}, "source: .*at least 1 character"),
        ("maximum_liability", {"premium_multiple": 0.0}, "premium_multiple: .*greater than 0"),
        ("maximum_liability", {"premium_multiple": None}, "give amount or premium_multiple"),
        ("premium", {"rate_ratio": None}, "rate_ratio"),
        ("premium", {"base_code": "debts"}, "base_code: .*insurable_turnover"),
        ("premium", {"country_rates": {"France": 0.1}}, "country_rates.*pattern"),
        ("premium", {"base_code": "maximum_liability", "sector_rates": {"retail": 0.1}}, "has one rate"),
        ("buyer_limit", {"limit_amounts": {"C1": -1}}, "limit_amounts.C1: .*greater than or equal to 0"),
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
    limit = next(term for term in content["terms"] if term["kind"] == "buyer_limit")
    with pytest.raises(SettingsError, match=r"given twice: \['buyer_limit'\]"):
        policy_from_mapping({**content, "terms": [*content["terms"], limit]}, where="quote.yaml")
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
    assert term.level.value in {"debt", "loss", "customer", "year"}


WRONG_POLICIES = [
    (
        {"kind": "top_up", "underlying_policy_id": "quote"},
        [{"kind": "top_up_limit", "limit_ratio": 1.0}],
        "names another policy",
    ),
    (
        {"kind": "top_up", "underlying_policy_id": "first"},
        [{"kind": "top_up_limit", "limit_ratio": 1.0}, {"kind": "buyer_limit", "discretionary_limit_amount": 0}],
        "leave buyer_limit",
    ),
    ({}, [{"kind": "top_up_limit", "limit_ratio": 1.0}], "belongs to policies of kind top_up"),
    ({}, [{"kind": "premium", "rate_ratio": 0.1, "base_code": "maximum_liability"}], "a fixed amount"),
    (
        {},
        [
            {"kind": "premium", "rate_ratio": 0.1, "base_code": "maximum_liability"},
            {"kind": "maximum_liability", "amount": 1, "premium_multiple": 30},
        ],
        "goes in a circle",
    ),
    ({}, [{"kind": "premium_tax", "rate_ratio": 0.1, "exempt_foreign": True}], "and home_country_code together"),
    (
        {},
        [
            {
                "kind": "premium_tax",
                "rate_ratio": 0.1,
                "taxable_ratio": 1.0,
                "exempt_foreign": True,
                "home_country_code": "FR",
            }
        ],
        "taxable_ratio, or exempt_foreign",
    ),
    ({}, [{"kind": "declaration"}], "give overdue_days, claim_days or both"),
    ({}, [{"kind": "country_cap", "amounts": {}}], "amounts: .*at least 1 item"),
    (
        {},
        [{"kind": "malus", "steps": [{"loss_ratio": 1, "surcharge_ratio": 0.1}] * 2}],
        "each loss_ratio above the one before",
    ),
    (
        {},
        [
            {
                "kind": "malus",
                "steps": [{"loss_ratio": 1, "surcharge_ratio": 0.2}, {"loss_ratio": 2, "surcharge_ratio": 0.1}],
            }
        ],
        "surcharge_ratio not below it",
    ),
]


@pytest.mark.parametrize(("others", "terms", "message"), WRONG_POLICIES)
def test_terms_that_do_not_go_together_are_refused(make_policy, others, terms, message):
    with pytest.raises(SettingsError, match=message):
        make_policy(terms, **others)


@pytest.mark.parametrize("kind", sorted(REQUIRED_KINDS))
def test_each_kind_of_policy_needs_its_terms(make_policy, kind):
    terms = [{"kind": term, **examples(term)} for term in REQUIRED_KINDS[kind]]
    if kind == "named_buyers":
        terms[0]["discretionary_limit_amount"] = 0.0
    others = {"kind": kind} | ({"underlying_policy_id": "first"} if kind == "top_up" else {})
    assert make_policy(terms, **others).kind == kind
    neutral = {"buyer_limit", "top_up_limit", "insured_percentage", "premium"}  # which `make_policy` adds
    for lost in set(REQUIRED_KINDS[kind]) - neutral:
        with pytest.raises(SettingsError, match=rf"terms missing: \['{lost}'\]"):
            make_policy([term for term in terms if term["kind"] != lost], **others)


def examples(kind):
    return {name: field.examples[0] for name, field in TERMS[kind].model_fields.items() if field.examples}


def example_term(kind):
    return TERMS[kind](clause="example", source="example", **examples(kind))


@pytest.mark.parametrize("kind", sorted(TERMS))
def test_every_term_has_examples_for_what_it_requires(kind):
    assert example_term(kind).kind == kind


@pytest.mark.parametrize("kind", sorted(kind for kind, term in COVER_TERMS.items() if issubclass(term, LossTerm)))
def test_every_term_on_a_claim_pays_between_nothing_and_the_claim_and_grows_with_it(kind):
    rng = np.random.default_rng(7)
    amounts = np.sort(np.concatenate([[0.0], rng.lognormal(7, 2, 500)]))
    same = ClaimCover(np.full(501, 5_000.0), np.full(501, 0.9), amounts)
    paid = example_term(kind).payable(amounts, cover=same)
    assert (paid >= 0).all()
    assert (paid <= amounts).all()
    assert (np.diff(paid) >= 0).all()
    assert paid.max() > 0, "a term that never pays proves nothing"
    assert (paid < amounts).any(), "a term that takes nothing proves nothing"


@pytest.mark.parametrize("kind", ["bonus", "malus", "profit_share"])
def test_every_adjustment_grows_with_the_claims_and_with_the_unit_of_money(kind):
    claims = np.linspace(0.0, 3_000.0, 301)
    term = example_term(kind)
    added = term.adjustment(claims, premium_amount=1_000.0)
    assert (np.diff(added) >= 0).all()
    assert added[0] < added[-1]
    assert term.adjustment(claims * 8, premium_amount=8_000.0) == pytest.approx(added * 8, rel=1e-12)


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


def test_a_policy_of_24_months_is_read(content):
    assert policy_from_mapping({**content, "end_date": date(2027, 12, 31)}, where="quote.yaml").kind


@pytest.mark.parametrize(
    "change",
    [
        {"end_date": date(2025, 1, 1)},
        {"kind": "excess_of_loss"},
        {"kind": "named_buyers"},
        {"policy_id": "self_insurance"},
    ],
)
def test_what_is_wrong_with_the_whole_policy_is_said_alone(content, change):
    with pytest.raises(SettingsError) as refused:
        policy_from_mapping({**content, **change}, where="quote.yaml")
    said = str(refused.value)
    assert said.startswith("quote.yaml: ")
    assert not any(word in said for word in ("Value error", "given:", "[]", ": :", "keys here are"))


def test_terms_given_twice_are_named_alone(content):
    doubled = {**content, "terms": [*content["terms"], content["terms"][0]]}
    with pytest.raises(SettingsError, match=r"^quote.yaml: terms given twice: \['\w+'\]; give each kind of term once$"):
        policy_from_mapping(doubled, where="quote.yaml")
