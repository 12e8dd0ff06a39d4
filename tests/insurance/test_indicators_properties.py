"""What every indicator of a policy keeps to: range, scale, reasons, and nothing known later."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from insurance.policy_world import policy_of, tables_of, use_of, world, year_of

from riskresearch.insurance.indicators import NULL_RULES, USE_INDICATORS, YEAR_INDICATORS, policy_indicators
from riskresearch.insurance.indicators.registry import FAMILIES, UNITS

WORLD = world()
SEEDS = range(4)
MONEY = {"gross", "indemnity", "adjustment", "financing"}
HELD_AGAINST = ("first_loss_used", "before_maximum", "insured_amount")


def random_world(seed):
    """A book of thirty customers with limits, invoices, claims and defaults at random."""
    rng = np.random.default_rng(seed)
    ids = [f"C{number:02d}" for number in range(30)]
    return WORLD | {
        "customers": {name: random_customer(rng) for name in ids},
        "decisions": sorted((random_decision(rng, str(rng.choice(ids))) for _ in range(50)), key=lambda row: row[2]),
        "invoices": {f"I{number:03d}": random_invoice(rng, str(rng.choice(ids))) for number in range(200)},
        "claims": {f"K{number:02d}": random_claim(rng, str(rng.choice(ids))) for number in range(20)},
        "defaults": [[str(rng.choice(ids)), day(rng, 900)] for _ in range(8)],
    }


def day(rng, n_days, last="2025-12-31"):
    return str((pd.Timestamp(last) - pd.Timedelta(days=int(rng.integers(n_days)))).date())


def after(start, n_days):
    return str((pd.Timestamp(start) + pd.Timedelta(days=int(n_days))).date())


def random_customer(rng):
    kind = rng.choice(["b2b", "b2b", "b2b", "public"])
    sector, country = rng.choice(["trade", "construction"]), rng.choice(["FR", "DE"])
    days, sales = int(rng.integers(0, 60)), int(rng.integers(0, 500)) * 1000
    return [sector, country, kind, sales, int(rng.integers(0, 9)), days, float(rng.uniform(0, 0.2)), 0.5]


def random_decision(rng, customer):
    made, asked = day(rng, 800), int(rng.integers(1, 60)) * 1000
    return [customer, after(made, -int(rng.integers(1, 20))), made, asked, int(asked * rng.choice([0, 0.3, 0.6, 1]))]


def random_invoice(rng, customer):
    made = day(rng, 500)
    due = after(made, rng.choice([30, 60, 90]))
    paid = after(due, rng.integers(-20, 150))
    is_paid = paid <= "2025-12-31" and rng.random() < 0.8
    return [customer, made, due, int(rng.integers(1, 30)) * 1000, paid if is_paid else None, rng.random() < 0.1]


def random_claim(rng, customer):
    declared, claimed = day(rng, 1400), int(rng.integers(1, 40)) * 1000
    loss, is_decided = after(declared, 40), rng.random() < 0.7
    is_paid = is_decided and rng.random() < 0.7
    paid = [after(loss, 150), int(claimed * 0.8), after(loss, 300), int(claimed * 0.2), int(claimed * 0.1)]
    decision = [after(loss, 90), None if is_paid else "no_cover"] if is_decided else [None, None]
    return [customer, declared, after(declared, 20), loss, *decision, claimed, *(paid if is_paid else [None] * 5)]


def scaled(content, factor):
    """The same book in other units of money."""
    terms = [
        {k: v * factor if k in ("amount", "minimum_amount") or k.endswith("_amount") else v for k, v in term.items()}
        for term in content["policy"]
    ]
    given, named = content["settings"], ("declared_turnover_amount", "services_avoided_amount")
    settings = given | {name: given[name] * factor for name in named}
    year = content["year"]
    return content | {
        "policy": terms,
        "settings": settings | {"past_premiums": {k: v * factor for k, v in given["past_premiums"].items()}},
        "customers": {k: [*row[:3], row[3] * factor, *row[4:]] for k, row in content["customers"].items()},
        "decisions": [[*row[:3], row[3] * factor, row[4] * factor] for row in content["decisions"]],
        "invoices": {k: [*row[:3], row[3] * factor, *row[4:]] for k, row in content["invoices"].items()},
        "claims": {k: scaled_claim(row, factor) for k, row in content["claims"].items()},
        "year": year
        | {name: [value * factor for value in year[name]] for name in MONEY}
        | {"reasons": {k: [value * factor for value in values] for k, values in year["reasons"].items()}}
        | {"cost": {k: v * factor if k.endswith("_amount") else v for k, v in year["cost"].items()}}
        | {"covers": [[row[0] * factor, row[1] * factor, row[2]] for row in year["covers"]]}
        | {name: [value * factor for value in year[name]] for name in HELD_AGAINST}
        | {"admin": year["admin"] * factor},
    }


def scaled_claim(row, factor):
    money = {6, 8, 10, 11}
    return [value * factor if place in money and value is not None else value for place, value in enumerate(row)]


@pytest.fixture(scope="module")
def uses():
    return [use_of(random_world(seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def larger_use():
    return use_of(scaled(random_world(0), 4))


@pytest.fixture(scope="module")
def empty_use():
    return use_of(WORLD | {"customers": {}, "decisions": [], "invoices": {}, "claims": {}, "defaults": []})


@pytest.fixture(scope="module")
def pair_of_years():
    larger = scaled(WORLD, 4)
    return year_of(WORLD, use_of(WORLD)), year_of(larger, use_of(larger))


def assert_well_made(value, spec):
    if value.reason:
        assert np.isnan(value.value)
        assert value.reason in NULL_RULES
        return
    assert np.isfinite(value.value)
    assert value.n_items >= 0
    if spec.is_share:
        assert 0 <= value.value <= 1 + 1e-12
    if spec.unit == "count" or (spec.unit == "days" and "response" in spec.label_en.lower()):
        assert value.value >= 0


@pytest.mark.parametrize("name", USE_INDICATORS.names)
def test_indicator_of_use_keeps_its_range(uses, name):
    member = USE_INDICATORS[name]
    found = [member.function(use) for use in uses]
    for value in found:
        assert_well_made(value, member.spec)
    assert any(not value.reason for value in found), "no random book has a value: the range is not tested"


@pytest.mark.parametrize("name", USE_INDICATORS.names)
def test_indicator_of_use_does_not_depend_on_the_unit_of_money(uses, larger_use, name):
    member = USE_INDICATORS[name]
    value, other = member.function(uses[0]), member.function(larger_use)
    factor = 4 if member.spec.unit == "amount" else 1
    assert other.value == pytest.approx(value.value * factor, rel=1e-9, nan_ok=True)
    assert other.reason == value.reason


@pytest.mark.parametrize("name", YEAR_INDICATORS.names)
def test_indicator_of_the_year_does_not_depend_on_the_unit_of_money(pair_of_years, name):
    member = YEAR_INDICATORS[name]
    value, other = (member.function(year) for year in pair_of_years)
    assert_well_made(value, member.spec)
    assert other.value == pytest.approx(value.value * (4 if member.spec.unit == "amount" else 1), rel=1e-9)


@pytest.mark.parametrize("name", USE_INDICATORS.names)
def test_indicator_of_an_empty_book_has_a_reason_or_is_nothing(empty_use, name):
    found = USE_INDICATORS[name].function(empty_use)
    assert_well_made(found, USE_INDICATORS[name].spec)
    assert found.reason or (found.value == 0 and USE_INDICATORS[name].spec.unit in ("amount", "count"))


@pytest.mark.parametrize("name", YEAR_INDICATORS.names)
def test_indicator_of_a_year_without_losses_or_price(name):
    year = WORLD["year"]
    nothing = year | dict.fromkeys((*MONEY, *HELD_AGAINST), (0, 0, 0, 0))
    nothing |= {"reasons": dict.fromkeys(year["reasons"], (0, 0, 0, 0)), "covers": [], "admin": 0}
    nothing |= {"cost": dict.fromkeys(year["cost"], 0)}
    found = YEAR_INDICATORS[name].function(year_of(WORLD | {"year": nothing}, None))
    assert_well_made(found, YEAR_INDICATORS[name].spec)
    ratios = YEAR_INDICATORS[name].spec.unit == "ratio"
    fixed = ("first_loss", "maximum_exhausted", "largest_")
    assert found.reason or not ratios or name.startswith(fixed)


@pytest.mark.parametrize("seed", SEEDS)
def test_causes_add_up_and_are_never_negative(uses, seed):
    use = uses[seed]
    causes = use.causes
    assert (causes >= 0).all(axis=None)
    assert causes.sum(axis=1).to_list() == pytest.approx((use.owed - use.covered).to_list(), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_known_later_changes_nothing(uses, seed):
    """Acts recorded after the day, and facts of claims dated after it, leave every figure as it was."""
    content = random_world(seed)
    later = tables_of(
        content | {"decisions": [[row[0], "2026-01-02", "2026-01-09", *row[3:]] for row in content["decisions"]]}
    )
    tables = tables_of(content)
    limits = later["limits"].assign(limit_id=lambda f: "X" + f["limit_id"])
    moves = tables["movements"].assign(known_date=pd.Timestamp("2026-01-05"), base_minor=-1)
    backdated = tables["limits"].assign(
        recorded_date=pd.Timestamp("2026-02-01"), base_minor=1, limit_id="Y" + tables["limits"]["limit_id"]
    )
    claims = tables["insurer_claims"].assign(
        recorded_date=pd.Timestamp("2026-01-03"), claim_id="Y" + tables["insurer_claims"]["claim_id"]
    )
    spells = tables["defaults"].assign(default_date=pd.Timestamp("2026-01-04"))
    invoices = tables["invoices"].assign(
        recorded_date=pd.Timestamp("2026-01-02"), invoice_id="Y" + tables["invoices"]["invoice_id"]
    )
    more = {
        "limits": pd.concat([tables["limits"], limits, backdated]),
        "movements": pd.concat([tables["movements"], moves]),
        "insurer_claims": pd.concat([tables["insurer_claims"], claims]),
        "defaults": pd.concat([tables["defaults"], spells]),
        "invoices": pd.concat([tables["invoices"], invoices]),
    }
    use = use_of(content, **{name: frame.reset_index(drop=True) for name, frame in more.items()})
    for member in USE_INDICATORS:
        before, now = member.function(uses[seed]), member.function(use)
        assert now.value == pytest.approx(before.value, rel=1e-12, nan_ok=True), member.name


def test_facts_of_a_claim_after_the_day_are_not_known():
    early = use_of(WORLD | {"as_of": "2023-05-31"})
    delay = USE_INDICATORS["loss_to_payment_days_median"].function(early)
    assert (delay.value, delay.n_items) == (122, 1)
    assert early.all_claims.set_index("claim_id")["paid_amount"].notna().to_dict() == {"K3": False, "K5": True}


def test_order_of_the_rows_does_not_matter(uses):
    tables = tables_of(random_world(1))
    shuffled = {name: frame.sample(frac=1, random_state=7).reset_index(drop=True) for name, frame in tables.items()}
    other = use_of(random_world(1), **shuffled)
    for member in USE_INDICATORS:
        assert member.function(other).value == pytest.approx(member.function(uses[1]).value, rel=1e-9, nan_ok=True)


def test_weights_of_the_years_count():
    year = year_of(WORLD, None)
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    weighted = replace(
        year, option=replace(year.option, weights=weights), without=replace(year.without, weights=weights)
    )
    assert YEAR_INDICATORS["maximum_exhausted_ratio"].function(weighted).value == pytest.approx(0.4)
    assert YEAR_INDICATORS["retained_mean_amount"].function(weighted).value == pytest.approx(5 + 15 + 40)


def test_table_holds_every_indicator_of_every_policy():
    use = use_of(WORLD)
    table = policy_indicators([year_of(WORLD, use)])
    assert len(table) == len(USE_INDICATORS.names) + len(YEAR_INDICATORS.names)
    assert set(table["unit_code"]) == set(UNITS)
    assert set(table["family_code"]) == set(FAMILIES)
    assert policy_indicators([]).empty


def test_policy_without_any_limit_covers_nothing():
    named = policy_of([{"kind": "buyer_limit", "discretionary_limit_amount": 0}, *WORLD["policy"][1:]])
    assert named.buyer_limit.discretionary_limit_amount == 0
    content = WORLD | {"policy": [{"kind": "buyer_limit", "discretionary_limit_amount": 0}, *WORLD["policy"][1:]]}
    use = use_of(content | {"decisions": []})
    assert USE_INDICATORS["gross_cover_ratio"].function(use).value == 0
    assert use.causes.sum().to_dict()["no_limit"] == 202_000
