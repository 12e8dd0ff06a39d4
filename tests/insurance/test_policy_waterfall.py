"""The waterfall: worked cases step by step, and what holds for every policy and every year."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas import DataFrame, Timestamp

from riskresearch.base.errors import TableError
from riskresearch.insurance.claim_ledger import claim_ledger
from riskresearch.insurance.claims import Claims, plain_claims
from riskresearch.insurance.exposures import check_exposures, cover
from riskresearch.insurance.terms import COVER_TERMS, ELIGIBILITY_TERMS, RETENTION_REASONS, YearTerm
from riskresearch.insurance.waterfall import draw_down, indemnity_per_claim, settle, settle_programme, top_up_claims

N = 10
AMOUNTS = arrays(float, N, elements=st.integers(0, 4_000).map(lambda n: n / 4))
RATIOS = arrays(float, N, elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
COUNTRIES = arrays(np.int64, N, elements=st.integers(-1, 2))
YEARS = arrays(np.int64, N, elements=st.integers(0, 3))
SMALL = st.integers(0, 1_200).map(float)
SHARE = st.sampled_from([0.25, 0.5, 0.75, 0.9, 1.0])
CODES = ("ES", "FR", "IT")

DRAWN = {
    "buyer_limit": st.fixed_dictionaries({"discretionary_limit_amount": SMALL}),
    "threshold": st.fixed_dictionaries({"amount": SMALL, "is_reached_at_equality": st.booleans()}),
    "deducted_first_loss": st.fixed_dictionaries({"amount": SMALL}),
    "insured_percentage": st.fixed_dictionaries({"named_ratio": SHARE, "discretionary_ratio": SHARE}),
    "minimum_retention": st.fixed_dictionaries({"amount": SMALL}),
    "indemnity_first_loss": st.fixed_dictionaries({"amount": SMALL}),
    "country_cap": st.fixed_dictionaries({"amounts": st.dictionaries(st.sampled_from(CODES), SMALL, min_size=1)}),
    "aggregate_first_loss": st.fixed_dictionaries({"amount": SMALL}),
    "maximum_liability": st.fixed_dictionaries({"amount": SMALL, "premium_multiple": st.integers(1, 1_200).map(float)}),
    "vat_basis": st.fixed_dictionaries({"basis_code": st.sampled_from(["including", "excluding"])}),
    "limit_cuts": st.fixed_dictionaries({"is_possible": st.booleans(), "is_run_off_covered": st.booleans()}),
    "recoveries": st.fixed_dictionaries(
        {"before_code": st.sampled_from(["oldest_first", "pro_rata"]), "is_cost_shared": st.booleans()}
    ),
}


@st.composite
def policies(draw):
    """Terms of a policy: any of them that act on claims, with any values, in any order of share and budgets."""
    chosen = draw(st.sets(st.sampled_from(sorted(DRAWN))))
    terms = [{"kind": kind, **draw(DRAWN[kind])} for kind in sorted(chosen)]
    return {"terms": terms, "order": draw(st.sampled_from("ABC"))}


@st.composite
def books(draw):
    """Claims of up to four years with everything a claim can have; parts never exceed the debt."""
    debt, zero = draw(AMOUNTS), np.zeros(N)
    limit, before_cut = draw(AMOUNTS), draw(AMOUNTS)
    back = debt * draw(RATIOS)
    early = back * draw(RATIOS)
    is_plain = draw(st.booleans())
    return Claims(
        debt=debt,
        n_per_year=np.bincount(draw(YEARS), minlength=4),
        limit=limit,
        insured_ratio=draw(RATIOS),
        vat_ratio=zero if is_plain else draw(RATIOS),
        recovered_before=zero if is_plain else early,
        recovered_after=zero if is_plain else back - early,
        collection_cost=zero if is_plain else (back - early) * draw(RATIOS),
        delivered_after_cut=zero if is_plain else debt * draw(RATIOS),
        limit_before_cut=limit if is_plain else np.maximum(limit, before_cut),
        country=draw(COUNTRIES),
        country_codes=CODES,
        ineligible={} if is_plain else {term.reason: draw(AMOUNTS) for term in ELIGIBILITY_TERMS.values()},
    )


@st.composite
def plain_books(draw):
    """Claims of up to four years without VAT, recoveries, cuts or ineligible parts."""
    counts = np.bincount(draw(YEARS), minlength=4)
    book = plain_claims(draw(AMOUNTS), n_per_year=counts, limit=draw(AMOUNTS), insured_ratio=draw(RATIOS))
    return replace(book, country=draw(COUNTRIES), country_codes=CODES)


def by_year(book, policy, *, premium_amount=1.0):
    settled = settle(book, policy=policy, premium_amount=premium_amount)
    year = np.repeat(np.arange(4), book.n_per_year)
    return settled, np.bincount(year, weights=settled.paid, minlength=4)


def money(terms):
    """Terms as a list of amounts that change with the unit of money."""
    return [{**term, "amount": term["amount"] * 8} if "amount" in term else term for term in terms]


def terms_of(threshold, first_loss, maximum):
    return [
        {"kind": "threshold", "amount": threshold},
        {"kind": "aggregate_first_loss", "amount": first_loss},
        {"kind": "maximum_liability", "amount": maximum},
    ]


# ---- worked cases ----


def policy_of(case, make_policy):
    others = {key: case[key] for key in ("kind", "underlying_policy_id") if key in case}
    return make_policy(case["terms"], order=case.get("order", "A"), **others)


def ledger_of(case, policy):
    claims = [{"customer_id": f"C{number}", **claim} for number, claim in enumerate(case["claims"], start=1)]
    return claim_ledger(
        DataFrame(claims),
        policy=policy,
        premium_amount=float(case.get("premium", 0)),
        is_renewed=case.get("is_renewed", False),
    )


def total(ledger, reasons):
    return {reason: float(ledger[f"{reason}_amount"].sum()) for reason in reasons if f"{reason}_amount" in ledger}


def test_waterfall_case(waterfall_case, make_policy):
    ledger = ledger_of(waterfall_case, policy_of(waterfall_case, make_policy))
    assert ledger["paid_amount"].to_numpy() == pytest.approx(waterfall_case["paid"], rel=1e-12, abs=1e-12)
    found = total(ledger, RETENTION_REASONS)
    assert found == pytest.approx(dict.fromkeys(found, 0.0) | waterfall_case["kept"], rel=1e-12, abs=1e-12)
    indemnity = waterfall_case.get("indemnity", waterfall_case["paid"])
    assert ledger["indemnity_amount"].to_numpy() == pytest.approx(indemnity, rel=1e-12, abs=1e-12)
    retained = waterfall_case.get("retained", sum(waterfall_case["kept"].values()))
    assert ledger["retained_amount"].sum() == pytest.approx(retained, rel=1e-12)
    assert sorted(ledger.attrs["used_up"]) == waterfall_case.get("used_up", [])
    if "below_layer" in waterfall_case:
        assert ledger["below_layer_amount"].tolist() == waterfall_case["below_layer"]
    if "settled" in waterfall_case:
        assert ledger["claim_id"].tolist() == waterfall_case["settled"]


def test_every_step_of_a_waterfall_case_leads_from_the_debt_to_the_payment(waterfall_case, make_policy):
    policy = policy_of(waterfall_case, make_policy)
    ledger = ledger_of(waterfall_case, policy)
    kept = ledger[[f"{reason}_amount" for reason in RETENTION_REASONS if f"{reason}_amount" in ledger]]
    below = ledger.get("below_layer_amount", 0.0)
    whole = ledger["paid_amount"] + below + kept.drop(columns="collection_cost_amount").sum(axis=1)
    assert whole.to_numpy() == pytest.approx(ledger["net_debt_amount"].to_numpy(), rel=1e-12, abs=1e-12)
    steps = ledger[["eligible_amount", *(f"after_{term.kind}_amount" for term in policy.cover_terms)]].to_numpy()
    assert (np.diff(steps, axis=1) <= 1e-12).all()
    assert steps[:, -1] == pytest.approx(ledger["paid_amount"].to_numpy(), rel=1e-12, abs=1e-12)
    net = ledger["indemnity_amount"] + ledger["insurer_recovery_amount"]
    assert net.to_numpy() == pytest.approx(ledger["paid_amount"].to_numpy(), rel=1e-12, abs=1e-12)


def test_waterfall_case_before_the_terms_of_the_year(waterfall_case, make_policy):
    policy = policy_of(waterfall_case, make_policy)
    on_claims = policy.model_copy(
        update={"terms": tuple(term for term in policy.terms if not isinstance(term, YearTerm))}
    )
    ledger = ledger_of(waterfall_case, on_claims)
    before = waterfall_case["before_year_terms"]
    assert ledger["paid_amount"].to_numpy() == pytest.approx(before, rel=1e-12, abs=1e-12)


def test_all_worked_examples_of_the_domain_are_cases(read_case_names):
    names = read_case_names("waterfall") + read_case_names("premium")
    numbers = {name.split(",")[0].removeprefix("worked example ") for name in names if name.startswith("worked ")}
    assert numbers == {*map(str, range(1, 13)), "7'"}


# ---- what holds for every policy ----


def test_every_cover_term_is_drawn_in_the_properties():
    assert set(COVER_TERMS) - {"top_up_limit"} <= set(DRAWN), "top_up_limit: see the programmes below"


@given(book=books(), policy=policies())
@settings(max_examples=150, deadline=None)
def test_every_euro_is_paid_or_kept_for_a_reason(make_policy, book, policy):
    settled, _ = by_year(book, make_policy(**policy))
    vat, cost = 1 + book.vat_ratio, settled.reasons["collection_cost"]
    parts = np.array([amounts for reason, amounts in settled.reasons.items() if reason != "collection_cost"])
    assert (parts >= 0).all()
    assert (settled.paid >= 0).all()
    owed = (book.debt - book.recovered_before) / vat
    assert settled.paid + parts.sum(axis=0) == pytest.approx(owed, rel=1e-12, abs=1e-9)
    loss = owed - (book.recovered_after - book.collection_cost) / vat
    retained = np.array(list(settled.retained.values()))
    assert settled.indemnity + retained.sum(axis=0) == pytest.approx(loss, rel=1e-12, abs=1e-9)
    assert (cost >= 0).all()
    assert set(settled.reasons) <= set(RETENTION_REASONS)


@given(book=books(), policy=policies())
@settings(max_examples=60, deadline=None)
def test_a_year_pays_at_most_the_maximum_and_the_shares_of_the_limits(make_policy, book, policy):
    made = make_policy(**policy)
    settled, _ = by_year(book, made)
    to_net = 1 + book.vat_ratio if made.is_vat_included else np.ones(N)
    year = np.repeat(np.arange(4), book.n_per_year)
    in_basis = np.bincount(year, weights=settled.paid * to_net, minlength=4)
    highest = np.maximum(book.limit, book.limit_before_cut)
    shares = book.insured_ratio * np.minimum(book.debt, highest)
    assert (settled.paid * to_net <= shares + 1e-9).all()
    maximum = next((t for t in made.terms if t.kind == "maximum_liability"), None)
    if maximum is not None:
        assert (in_basis <= maximum.budget(premium_amount=1.0) + 1e-9).all()


@given(book=books(), policy=policies(), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_order_of_claims_does_not_change_the_year_under_order_a(make_policy, book, policy, seed):
    """First loss on indemnities: only the split over the claims of a year hangs on their dates, not its total."""
    made = make_policy(policy["terms"])
    year = np.repeat(np.arange(4), book.n_per_year)
    shuffled = np.random.default_rng(seed).permutation(N)
    order = shuffled[np.argsort(year[shuffled], kind="stable")]
    arrays = {name: each for name, each in vars(book).items() if isinstance(each, np.ndarray) and len(each) == N}
    again = replace(book, **{name: each[order] for name, each in arrays.items()})
    again = replace(again, ineligible={reason: part[order] for reason, part in book.ineligible.items()})
    to_net = 1 + book.vat_ratio if made.is_vat_included else np.ones(N)
    first, second = (settle(each, policy=made, premium_amount=1.0).paid for each in (book, again))
    assert np.bincount(year, weights=(second * to_net[order]), minlength=4) == pytest.approx(
        np.bincount(year, weights=first * to_net, minlength=4), rel=1e-12, abs=1e-9
    )


def test_the_order_of_claims_changes_the_year_under_a_first_loss_on_losses(make_policy):
    """Counter-example: claims of 80 at 60 % and of 300 at 90 %, first loss of 100 on losses: 252 or 228."""
    policy = make_policy([{"kind": "aggregate_first_loss", "amount": 100}], order="C")
    small_first = plain_claims(
        np.array([80.0, 300.0]), n_per_year=np.array([2]), limit=np.full(2, 500.0), insured_ratio=np.array([0.6, 0.9])
    )
    large_first = replace(small_first, debt=small_first.debt[::-1], insured_ratio=small_first.insured_ratio[::-1])
    paid = [settle(each, policy=policy, premium_amount=0.0).paid.sum() for each in (small_first, large_first)]
    assert paid == pytest.approx([252, 228], rel=1e-12)


@given(book=books(), policy=policies())
@settings(max_examples=60, deadline=None)
def test_another_unit_of_money_changes_nothing(make_policy, book, policy):
    terms = [term for term in policy["terms"] if term["kind"] not in ("country_cap", "maximum_liability")]
    settled, paid = by_year(book, make_policy(terms, order=policy["order"]))
    amounts = ("debt", "limit", "recovered_before", "recovered_after", "collection_cost")
    scaled = {name: getattr(book, name) * 8 for name in (*amounts, "delivered_after_cut", "limit_before_cut")}
    scaled["ineligible"] = {reason: part * 8 for reason, part in book.ineligible.items()}
    again, eightfold = by_year(replace(book, **scaled), make_policy(money(terms), order=policy["order"]))
    assert (eightfold == paid * 8).all()
    assert all((again.reasons[reason] == kept * 8).all() for reason, kept in settled.reasons.items())


BETTER = {
    "buyer_limit": None,  # limits come with the claims: see below
    "top_up_limit": None,
    "threshold": lambda more: ({"amount": 400.0 + more}, {"amount": 400.0}),
    "deducted_first_loss": lambda more: ({"amount": 100.0 + more}, {"amount": 100.0}),
    "insured_percentage": None,
    "minimum_retention": lambda more: ({"amount": 100.0 + more}, {"amount": 100.0}),
    "indemnity_first_loss": lambda more: ({"amount": 100.0 + more}, {"amount": 100.0}),
    "country_cap": lambda more: ({"amounts": {"IT": 300.0}}, {"amounts": {"IT": 300.0 + more}}),
    "aggregate_first_loss": lambda more: ({"amount": 300.0 + more}, {"amount": 300.0}),
    "maximum_liability": lambda more: ({"amount": 300.0}, {"amount": 300.0 + more}),
}


def test_every_cover_term_is_held_to_pay_more_on_better_terms():
    assert set(BETTER) == set(COVER_TERMS)


@pytest.mark.parametrize("kind", sorted(kind for kind, make in BETTER.items() if make))
@given(book=books(), policy=policies(), more=st.integers(1, 800).map(float))
@settings(max_examples=30, deadline=None)
def test_better_terms_never_pay_less_in_a_year(make_policy, kind, book, policy, more):
    """Order A, debts without VAT: what a year pays grows with each term, whatever the others are."""
    book = replace(book, vat_ratio=np.zeros(N))
    others = [term for term in policy["terms"] if term["kind"] != kind]
    worse, better = (by_year(book, make_policy([*others, {"kind": kind, **fields}])) for fields in BETTER[kind](more))
    assert (better[1] >= worse[1] - 1e-9).all()


@given(book=books(), policy=policies(), more=st.integers(1, 800).map(float))
@settings(max_examples=30, deadline=None)
def test_more_cover_and_larger_debts_never_pay_less_in_a_year(make_policy, book, policy, more):
    made = make_policy(policy["terms"])
    book = replace(book, vat_ratio=np.zeros(N))
    raised = replace(book, limit=book.limit + more, limit_before_cut=book.limit_before_cut + more)
    _, paid = by_year(book, made)
    better = [
        raised,
        replace(book, limit_before_cut=book.limit_before_cut + more),
        replace(book, insured_ratio=np.minimum(book.insured_ratio + 0.25, 1)),
        replace(book, ineligible={}),
        replace(book, recovered_before=np.zeros(N)),
    ]
    if not book.ineligible and not book.recovered_before.any():
        better.append(replace(book, debt=book.debt + more))
    assert all((by_year(each, made)[1] >= paid - 1e-9).all() for each in better)


@given(book=plain_books(), threshold=SMALL, first_loss=SMALL, maximum=SMALL)
@settings(max_examples=30, deadline=None)
def test_order_a_is_the_closed_form_of_the_year_and_a_difference_of_layers(
    make_policy, book, threshold, first_loss, maximum
):
    _, before = by_year(book, make_policy(terms_of(threshold, 0, 1e9)))
    settled, paid = by_year(book, make_policy(terms_of(threshold, first_loss, maximum)))
    assert paid == pytest.approx(np.minimum(np.maximum(before - first_loss, 0), maximum), rel=1e-12, abs=1e-9)
    stop = [np.maximum(before - level, 0) for level in (first_loss, first_loss + maximum)]
    assert paid == pytest.approx(stop[0] - stop[1], rel=1e-12, abs=1e-9)
    assert (settled.used_up["aggregate_first_loss"] == (before >= first_loss)).all()
    assert (settled.used_up["maximum_liability"] == (paid >= maximum)).all()


@given(book=plain_books(), first_loss=SMALL, maximum=SMALL, share=st.sampled_from([0.25, 0.5, 0.75]))
@settings(max_examples=30, deadline=None)
def test_share_last_equals_share_first_on_scaled_budgets(make_policy, book, first_loss, maximum, share):
    one_share = replace(book, insured_ratio=np.full(N, share))
    last, _ = by_year(one_share, make_policy(terms_of(0, first_loss, maximum), order="B"))
    first, _ = by_year(one_share, make_policy(terms_of(0, share * first_loss, share * maximum), order="A"))
    assert last.paid == pytest.approx(first.paid, rel=1e-12, abs=1e-9)


@given(debt=AMOUNTS, after=RATIOS, new=AMOUNTS, old=AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_a_cut_limit_covers_what_the_formula_says(make_policy, debt, after, new, old):
    """C = min(Eb + Ea, max(Lnew, min(Eb, Lold))), and cut + over limit = what is left of the debt."""
    before = debt - debt * after
    book = plain_claims(debt, n_per_year=np.array([N]), limit=new, insured_ratio=np.ones(N))
    cut = replace(book, delivered_after_cut=debt * after, limit_before_cut=old)
    settled = settle(cut, policy=make_policy([]), premium_amount=0.0)
    covered = np.minimum(debt, np.maximum(new, np.minimum(before, old)))
    assert settled.paid == pytest.approx(covered, rel=1e-12, abs=1e-9)
    lost = np.maximum(np.minimum(debt, old) - covered, 0)
    assert settled.reasons["limit_cut"] == pytest.approx(lost, rel=1e-12, abs=1e-9)


@given(book=books(), extra=SHARE, policy=policies())
@settings(max_examples=30, deadline=None)
def test_a_top_up_on_the_same_terms_is_a_higher_limit(make_policy, book, extra, policy):
    """Limit L and a top-up of r L with one share and no other term pay what a limit of (1 + r) L pays."""
    first, top_up = make_policy([]), make_policy([], policy_id="second", kind="top_up", underlying_policy_id="quote")
    uncut = replace(book, delivered_after_cut=np.zeros(N), limit_before_cut=book.limit)
    own = replace(uncut, limit=uncut.limit * extra, limit_before_cut=uncut.limit * extra)
    both = settle_programme(uncut, own, policies=(first, top_up), premium_amounts=(0.0, 0.0))
    high = replace(uncut, limit=uncut.limit * (1 + extra), limit_before_cut=uncut.limit * (1 + extra))
    one = settle(high, policy=first, premium_amount=0.0)
    assert both.paid == pytest.approx(one.paid, rel=1e-9, abs=1e-9)
    assert both.indemnity == pytest.approx(one.indemnity, rel=1e-9, abs=1e-9)
    owed = (uncut.debt - uncut.recovered_before) / (1 + uncut.vat_ratio)
    assert both.paid + sum(both.reasons.values()) - both.reasons["collection_cost"] == pytest.approx(owed, abs=1e-9)


@given(book=books(), policy=policies(), second=policies(), top_up_limit=AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_every_euro_of_a_programme_is_paid_or_kept_for_a_reason(make_policy, book, policy, second, top_up_limit):
    own_terms = [term for term in second["terms"] if term["kind"] != "buyer_limit"]
    kind = {"kind": "top_up", "underlying_policy_id": "quote"}
    top_up = make_policy(own_terms, order=second["order"], policy_id="second", **kind)
    own = replace(book, limit=top_up_limit, limit_before_cut=top_up_limit, insured_ratio=np.full(N, 0.8))
    both = settle_programme(book, own, policies=(make_policy(**policy), top_up), premium_amounts=(1.0, 1.0))
    owed = (book.debt - book.recovered_before) / (1 + book.vat_ratio)
    parts = np.array([amounts for reason, amounts in both.reasons.items() if reason != "collection_cost"])
    assert (parts >= 0).all()
    assert both.paid + parts.sum(axis=0) == pytest.approx(owed, rel=1e-12, abs=1e-9)
    loss = owed - (book.recovered_after - book.collection_cost) / (1 + book.vat_ratio)
    retained = np.array(list(both.retained.values()))
    assert both.indemnity + retained.sum(axis=0) == pytest.approx(loss, rel=1e-12, abs=1e-9)


def test_a_programme_keeps_the_budgets_of_both_policies_apart(make_policy):
    claims = plain_claims(
        np.array([150.0, 400.0]), n_per_year=np.array([2]), limit=np.full(2, 100.0), insured_ratio=np.full(2, 0.9)
    )
    first = make_policy([{"kind": "maximum_liability", "amount": 120}])
    second = make_policy(
        [{"kind": "maximum_liability", "amount": 500}, {"kind": "aggregate_first_loss", "amount": 20}],
        policy_id="second",
        kind="top_up",
        underlying_policy_id="quote",
    )
    own = replace(claims, limit=np.full(2, 200.0), insured_ratio=np.full(2, 0.8))
    both = settle_programme(claims, own, policies=(first, second), premium_amounts=(0.0, 0.0))
    # first: 90, then 30 of 90; second: 0.8 x 50 - 20 = 20, 0.8 x 200 = 160
    assert both.paid == pytest.approx([110, 190], rel=1e-12)
    assert both.reasons["maximum_liability"] == pytest.approx([0, 60], rel=1e-12)
    assert both.reasons["over_top_up_limit"] == pytest.approx([0, 100], rel=1e-12)
    assert both.reasons["over_limit"] == pytest.approx([0, 0], abs=1e-12)
    used = {kind: bool(years[0]) for kind, years in both.used_up.items()}
    assert used == {"maximum_liability": True, "top_up.aggregate_first_loss": True, "top_up.maximum_liability": False}


def test_a_top_up_keeps_what_only_its_own_wording_excludes(make_policy):
    claims = plain_claims(
        np.array([150.0]), n_per_year=np.array([1]), limit=np.array([100.0]), insured_ratio=np.array([0.9])
    )
    own = replace(claims, ineligible={"after_stop_shipment": np.array([30.0])})
    layer = top_up_claims(own, underlying=settle(claims, policy=make_policy([]), premium_amount=0.0))
    assert layer.debt.tolist() == [50.0]
    assert layer.ineligible["after_stop_shipment"] == pytest.approx([10.0], rel=1e-12)  # 30 of 150, on 50


@given(book=books(), policy=policies())
@settings(max_examples=60, deadline=None)
def test_indemnity_per_claim_is_the_settlement_without_terms_of_the_year(make_policy, book, policy):
    made = make_policy(**policy)
    plain = made.model_copy(update={"terms": tuple(t for t in made.terms if not isinstance(t, YearTerm))})
    expected = settle(book, policy=plain, premium_amount=1.0).paid
    assert (indemnity_per_claim(book, policy=made) == expected).all()


@given(book=plain_books(), budget=SMALL)
@settings(max_examples=30, deadline=None)
def test_a_budget_is_drawn_in_order_and_never_beyond(book, budget):
    loss, counts = book.debt, book.n_per_year
    year = np.repeat(np.arange(4), counts)
    taken, left = draw_down(loss, n_per_year=counts, budget=budget)
    for each in range(4):
        running = np.minimum(np.cumsum(loss[year == each]), budget)
        assert np.cumsum(taken[year == each]) == pytest.approx(running, rel=1e-12, abs=1e-9)
        assert left[each] == pytest.approx(budget - (running[-1] if len(running) else 0), rel=1e-12, abs=1e-9)


def test_a_year_without_loss_leaves_the_budget_whole():
    taken, left = draw_down(np.array([]), n_per_year=np.zeros(3, dtype=np.int64), budget=5.0)
    assert taken.size == 0
    assert left.tolist() == [5.0, 5.0, 5.0]


# ---- dated claims ----


def test_claims_of_the_ledger_and_of_the_book_agree(make_policy, make_exposures):
    """The same customers through `cover` and `settle`, and through the claim form."""
    terms = [
        {"kind": "buyer_limit", "discretionary_limit_amount": 30},
        {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.6, "country_ratios": {"IT": 0.7}},
        {"kind": "aggregate_first_loss", "amount": 20},
    ]
    policy = make_policy(terms)
    limits, countries = [100.0, 0.0, None, None, 80.0], ["IT", "FR", "FR", None, None]
    book = check_exposures(
        make_exposures(
            5,
            buyer_limit_amount=limits,
            country_code=countries,
            is_discretionary_justified=[True, True, True, False, True],
            vat_ratio=0.2,
        ),
        lgd_ratio=0.4,
    )
    covers = cover(book, policy=policy)
    debt = np.array([60.0, 24.0, 48.0, 12.0, 120.0])
    claims = plain_claims(
        debt,
        n_per_year=np.array([5]),
        limit=covers["limit_amount"].to_numpy(),
        insured_ratio=covers["insured_ratio"].to_numpy(),
    )
    settled = settle(replace(claims, vat_ratio=np.full(5, 0.2)), policy=policy, premium_amount=0.0)
    form = DataFrame(
        {
            "customer_id": book["customer_id"],
            "debt_amount": debt,
            "vat_ratio": 0.2,
            "named_limit_amount": limits,
            "country_code": countries,
            "is_discretionary_justified": book["is_discretionary_justified"],
        }
    )
    ledger = claim_ledger(form, policy=policy, premium_amount=0.0)
    assert ledger["paid_amount"].to_numpy() == pytest.approx(settled.paid, rel=1e-12)
    assert ledger["cover_code"].tolist() == covers["cover_code"].tolist()
    # with VAT: 0.7 x 60 = 42, first loss 20 leaves 22; 0.6 x 30; 0.9 x 80; without VAT: / 1.2
    assert settled.paid * 1.2 == pytest.approx([22, 0, 18, 0, 72], rel=1e-12)


def test_claims_are_put_into_their_insurance_year(make_policy):
    form = DataFrame(
        {
            "customer_id": "C1",
            "debt_amount": 10.0,
            "named_limit_amount": 50.0,
            "delivery_date": [Timestamp(d) for d in ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")],
            "loss_date": Timestamp("2027-06-01"),
        }
    )
    ledger = claim_ledger(form, policy=make_policy([]), premium_amount=0.0)
    assert ledger["is_in_year"].tolist() == [False, True, True, False]
    assert ledger["outside_year_amount"].tolist() == [10, 0, 0, 10]
    starts = [str(day.date()) for day in ledger["insurance_year_start_date"]]
    assert starts == ["2025-01-01", "2026-01-01", "2026-01-01", "2027-01-01"]
    renewed = claim_ledger(form, policy=make_policy([]), premium_amount=0.0, is_renewed=True)
    assert renewed["paid_amount"].tolist() == [10, 10, 10, 10]


def test_a_top_up_is_settled_on_the_policy_below_it(make_policy):
    """The policy below leaves its discretionary customers' excess too, which the top-up does not cover."""
    below = make_policy([{"kind": "buyer_limit", "discretionary_limit_amount": 20}], policy_id="below")
    top_up = make_policy(
        [{"kind": "insured_percentage", "named_ratio": 0.8, "discretionary_ratio": 0.0}],
        kind="top_up",
        underlying_policy_id="below",
    )
    form = DataFrame({"customer_id": ["C1", "C2"], "debt_amount": [150.0, 50.0], "named_limit_amount": [100.0, None]})
    ledger = claim_ledger(form, policy=top_up, premium_amount=0.0, underlying=below)
    assert ledger["paid_amount"].tolist() == [40, 0]
    assert ledger["below_layer_amount"].tolist() == [100, 20]
    assert ledger["no_cover_amount"].tolist() == [0, 30]
    assert ledger["retained_amount"].tolist() == [10, 30]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("debt_amount", -1.0, r"1 rows \(1\) hold a negative or infinite amount"),
        ("debt_amount", None, "debt_amount: 1 rows .* must not be empty"),
        ("vat_ratio", 20.0, "vat_ratio outside 0-1"),
        ("disputed_amount", 11.0, "dispute more than the debt"),
        ("recovered_after_amount", 11.0, "recover more than the debt"),
        ("delivered_after_cut_amount", 11.0, "deliver more after the cut than the debt"),
        ("event_code", "bankruptcy", "must be one of .*'insolvency'"),
        ("limit", 10.0, r"unknown columns \['limit'\]"),
    ],
)
def test_claims_that_cannot_be_settled_are_refused(make_policy, column, value, message):
    form = DataFrame({"customer_id": ["C1"], "debt_amount": [10.0]}).assign(**{column: value})
    with pytest.raises(TableError, match=message):
        claim_ledger(form, policy=make_policy([]), premium_amount=0.0)


def test_deliveries_that_end_before_they_begin_are_refused(make_policy):
    dates = {"delivery_date": Timestamp("2026-03-01"), "last_delivery_date": Timestamp("2026-02-01")}
    form = DataFrame({"customer_id": ["C1"], "debt_amount": [10.0]}).assign(**dates)
    with pytest.raises(TableError, match="end deliveries before they begin"):
        claim_ledger(form, policy=make_policy([]), premium_amount=0.0)


@pytest.mark.parametrize(
    ("ineligible", "paid"),
    [
        ({"after_stop_shipment": 30.0}, 54.0),  # of the 40 after the cut; the 60 before it stay covered
        ({"after_stop_shipment": 55.0}, 40.5),  # all 40 after the cut and 15 of the 60
        ({"disputed": 30.0}, 37.8),  # spread evenly: 42 of the 60 are left
        ({"disputed": 50.0, "after_stop_shipment": 15.0}, 27.0),  # 30 before and 20 after the cut; 15 of the 20
        ({"over_credit_period": 100.0, "after_stop_shipment": 30.0}, 0.0),
    ],
)
def test_deliveries_after_the_stop_are_the_last_ones(make_policy, ineligible, paid):
    """Debt 100, limit 200 cut to 0 before the last 40 were delivered."""
    share = {"kind": "insured_percentage", "named_ratio": 0.9, "discretionary_ratio": 0.9}
    one = np.array([100.0])
    plain = plain_claims(one, n_per_year=np.array([1]), limit=np.array([0.0]), insured_ratio=np.array([0.9]))
    claims = replace(
        plain,
        limit_before_cut=np.array([200.0]),
        delivered_after_cut=np.array([40.0]),
        ineligible={reason: np.array([part]) for reason, part in ineligible.items()},
    )
    settled = settle(claims, policy=make_policy([share]), premium_amount=0.0)
    assert settled.paid == pytest.approx([paid], rel=1e-12)
    assert settled.paid + sum(settled.reasons.values()) == pytest.approx([100.0], rel=1e-12)


def test_a_loss_before_the_delivery_is_refused(make_policy):
    dates = {"delivery_date": [Timestamp("2026-05-01")] * 2, "loss_date": [Timestamp("2026-04-30"), None]}
    frame = DataFrame({"customer_id": ["C1", "C2"], "debt_amount": 100.0, **dates})
    with pytest.raises(TableError, match=r"claim_form: 1 rows \(1\) lose the debt before it was delivered"):
        claim_ledger(frame, policy=make_policy([]), premium_amount=0.0)
    same_day = frame.assign(loss_date=frame["delivery_date"])
    assert len(claim_ledger(same_day, policy=make_policy([]), premium_amount=0.0)) == 2
