"""What a customer could pay the day before the date, by hand and against a ledger altered for one customer alone."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from features.rich_tables import known_tables as rich_known_tables
from features.rich_tables import rich_tables
from shuffled_tables import shuffled
from small_ledger import day, small_ledger

from riskresearch.base.schema import check
from riskresearch.features.altered import changed_by_receipts
from riskresearch.features.engines import open_engine
from riskresearch.features.registry import FEATURES
from riskresearch.features.samples import samples
from riskresearch.features.settings import FeatureSettings
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import panel_columns
from riskresearch.features.streams.ratings import with_rating_scales
from riskresearch.features.tables import WHAT_IF_SNAPSHOTS, WHAT_IF_VARIANTS
from riskresearch.features.what_if import payable_items, what_if_snapshots, with_receipts
from riskresearch.ledger.balances import item_stream, open_items, unapplied_minor, unapplied_stream
from riskresearch.ledger.default import DefaultSettings, defaults
from riskresearch.ledger.known import known_tables
from riskresearch.ledger.movements import movements
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.worked import worked_ledger

pytestmark = pytest.mark.xdist_group("what_if")  # its ledgers and panels are made once

TESTS = Path(__file__).parents[1]
CASES = yaml.safe_load((TESTS / "cases" / "features" / "what_if.yaml").read_text(encoding="utf-8"))
AS_OF, PAID = day("2025-03-31"), day("2025-03-30")
RULES = DefaultSettings()
NAMES = FEATURES.names
LISTS = ("customers", "invoices", "reminders", "disputes", "fx_rates")
OUTLINE = {"item": "item_id", "n_items": "n_items", "paid": "paid_amount"}
TOLD = [(case["name"], who) for case in CASES for who in case["expected"]]


@pytest.fixture(scope="module")
def polars():
    with open_engine("polars") as engine:
        yield engine


def scored_rows(tables, as_of=AS_OF, engine=None):
    panel = snapshots(tables, [as_of], columns=panel_columns(), engine=engine)
    return samples(panel, tables, FeatureSettings(burn_in_months=0), as_of=as_of)


def made(rows, tables, as_of=AS_OF, engine="duckdb"):
    with open_engine(engine) as opened:
        return check(what_if_snapshots(rows, tables, RULES, as_of=as_of, engine=opened), WHAT_IF_SNAPSHOTS)


def alone(row, tables, as_of, engine):
    """Features of one row by the long way: the whole ledger altered for this customer, and all made anew."""
    items = payable_items(tables["movements"], as_of=as_of)
    items = items[items["customer_id"] == row["customer_id"]]
    if pd.notna(row["item_id"]):
        items = items[items["item_id"] == row["item_id"]]
    altered = with_receipts(tables, items, paid_date=as_of - pd.Timedelta(days=1))
    moves = movements(altered)
    spells = defaults(moves, altered["disputes"], altered["events"], RULES, as_of=as_of)
    found = snapshots({**altered, "movements": moves, "defaults": spells}, [as_of], engine=engine)
    return found.set_index("customer_id").loc[row["customer_id"], NAMES].astype("float64")


def assert_equal_alone(found, tables, as_of, places, engine):
    for place in places:
        row = found.iloc[place]
        pd.testing.assert_series_equal(
            row[NAMES].astype("float64"), alone(row, tables, as_of, engine), check_exact=True, check_names=False
        )


@pytest.fixture(scope="module")
def tables():
    lists = {key: [row for case in CASES for row in case.get(key, [])] for key in LISTS}
    return with_rating_scales(known_tables(worked_ledger({"name": "what if", **lists}), RULES, as_of=AS_OF), {})


@pytest.fixture(scope="module")
def rows(tables):
    return scored_rows(tables)


@pytest.fixture(scope="module")
def found(rows, tables):
    return made(rows, tables)


@pytest.mark.parametrize(("name", "who"), TOLD, ids=[who for _, who in TOLD])
def test_worked_cases(name, who, found, rows):
    case = next(case for case in CASES if case["name"] == name)
    own = found[found["customer_id"] == who].set_index("variant_code")
    assert set(own.index) == set(case["expected"][who])
    for code, expected in case["expected"][who].items():
        for key, value in expected.items():
            assert_told(own.loc[code, OUTLINE.get(key, key)], value, f"{who} {code} {key}")
    now = rows.set_index("customer_id").loc[who]
    for key, value in case.get("now", {}).get(who, {}).items():
        assert_told(now[key], value, f"{who} now {key}")


def assert_told(value, expected, where):
    if expected is None:
        assert pd.isna(value), where
    elif isinstance(expected, str):
        assert value == expected, where
    else:
        assert value == pytest.approx(expected, abs=1e-6), where


def test_dates_and_order(found):
    assert found["observation_date"].unique().tolist() == [AS_OF]
    assert found["paid_date"].unique().tolist() == [PAID]
    assert found.equals(found.sort_values(["customer_id", "variant_code"], ignore_index=True))
    assert set(found["variant_code"]) == set(WHAT_IF_VARIANTS)


def test_the_same_on_another_engine(found, rows, tables):
    pd.testing.assert_frame_equal(made(rows, tables, engine="polars"), found, check_exact=True)


def test_the_same_whatever_the_order_of_the_tables(found, rows, tables):
    mixed = shuffled(tables, 3)
    pd.testing.assert_frame_equal(made(rows.sample(frac=1, random_state=4), mixed), found, check_exact=True)


def test_nothing_overdue_gives_a_table_without_rows(rows, tables, polars):
    ledger = small_ledger([{"id": "I1", "date": "2025-03-20", "due": "2025-04-20", "amount": 5}])
    known = with_rating_scales(known_tables(ledger, RULES, as_of=AS_OF), {})
    assert made(scored_rows(known, engine=polars), known).empty
    without = {**tables, "movements": tables["movements"].iloc[:0]}
    assert made(rows, without).empty


def test_receipts_settle_what_they_pay_and_leave_the_rest(tables):
    items = payable_items(tables["movements"], as_of=AS_OF)
    altered = with_receipts(tables, items, paid_date=PAID)
    before = open_items(item_stream(tables["movements"]), as_of=AS_OF).set_index("item_id")["open_minor"]
    after = open_items(item_stream(movements(altered)), as_of=AS_OF).set_index("item_id")["open_minor"]
    pd.testing.assert_series_equal(after, before.drop(items["item_id"]))
    rests = [unapplied_minor(unapplied_stream(each), as_of=AS_OF) for each in (tables, altered)]
    pd.testing.assert_series_equal(*rests)
    assert len(altered["payments"]) == len(tables["payments"]) + len(items)


def test_the_keys_of_the_receipts_are_those_of_no_other(tables):
    items = payable_items(tables["movements"], as_of=AS_OF)
    keys = "what if " + items["item_id"]
    ids = [keys.iloc[0], *tables["payments"]["payment_id"][1:]]
    taken = {**tables, "payments": tables["payments"].assign(payment_id=ids)}
    altered = with_receipts(taken, items, paid_date=PAID)
    assert altered["payments"]["payment_id"].is_unique
    assert set(altered["payments"]["payment_id"]) & set(keys) == {keys.iloc[0]}


def test_what_receipts_can_change_is_told_by_declaration():
    changed = changed_by_receipts()
    assert {"sector_overdue_30_ratio", "group_default_spells_12m", "sales_share_ratio_12m"} <= set(changed.with_peers)
    assert {"overdue_ratio", "overdue_max_days", "broken_promise_ratio_12m", "unapplied_ratio"} <= set(changed.own)
    assert not {"net_worth_ratio", "rating_ratio", "tenure_months"} & {*changed.own, *changed.with_peers}


def test_all_at_once_equals_one_at_a_time_on_a_random_ledger(polars):
    """Sectors, countries and groups of several customers, dollars, instalments, promises, defaults."""
    as_of = day("2024-06-30")
    tables = rich_known_tables(rich_tables(5, n_customers=14, n_invoices=200), as_of)
    rows = scored_rows(tables, as_of, polars)
    found = made(rows, tables, as_of)
    moved = found[NAMES].to_numpy() != rows.set_index("customer_id").loc[found["customer_id"], NAMES].to_numpy()
    assert found["customer_id"].nunique() >= 4
    assert moved[:, NAMES.index("sector_overdue_30_ratio")].any()
    assert_equal_alone(found, tables, as_of, range(1, len(found), len(found) // 3), polars)


def test_all_at_once_equals_one_at_a_time_on_the_demo(polars):
    as_of = day("2025-12-31")
    ledger = read_ledger(TESTS.parent / "data" / "demo")
    tables = with_rating_scales(known_tables(ledger, RULES, as_of=as_of), {})
    found = made(scored_rows(tables, as_of, polars), tables, as_of)
    assert len(found) == 3 * found["customer_id"].nunique() > 60
    assert_equal_alone(found, tables, as_of, found["paid_amount"].nlargest(2).index, polars)
