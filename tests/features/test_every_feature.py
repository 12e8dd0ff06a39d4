"""What every registered feature must keep to, one by one: nothing of the future, no order, missing history, no unit."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from features.rich_tables import known_tables, month_ends, rich_tables, with_made
from features.worlds import AS_OF, PAIRS, WORSE, worlds
from pandas import DataFrame, Series, Timestamp
from shuffled_tables import shuffled
from small_ledger import day

from riskresearch.features.registry import FEATURES
from riskresearch.features.snapshots import snapshots
from riskresearch.features.stage import feature_dictionary
from riskresearch.ledger.tables import ACT_DATES

pytestmark = pytest.mark.xdist_group("features")  # its ledgers and panels are made once

Tables = dict[str, DataFrame]
KEYS = ["customer_id", "observation_date"]
DATES = month_ends("2023-05-31", "2025-03-31")
CUTS = (day("2024-01-31"), day("2024-08-31"))
AHEAD = pd.Timedelta(days=60)
NAMES = FEATURES.names

each = pytest.mark.parametrize("name", NAMES)


# ------------------------------------------------------------------------------------------------- what is compared
@pytest.fixture(scope="module")
def ledger():
    return rich_tables(11, n_customers=16, n_invoices=260)


@pytest.fixture(scope="module")
def tables(ledger):
    return known_tables(ledger, DATES[-1])


@pytest.fixture(scope="module")
def panel(tables):
    return made(tables, DATES)


@pytest.fixture(scope="module")
def cut_tables(ledger):
    return {cut: known_tables(ledger, cut) for cut in CUTS}


@pytest.fixture(scope="module")
def leaks(panel, cut_tables):
    return leaks_of(made, panel, cut_tables)


@pytest.fixture(scope="module")
def small_world():
    return made(worlds(), [AS_OF]).set_index("customer_id")


def made(tables: Mapping[str, DataFrame], dates: Sequence[Timestamp]) -> DataFrame:
    found = snapshots(tables, dates)
    return found.astype(dict.fromkeys(NAMES, "float64"))


def leaks_of(
    make: Callable[[Tables, Sequence[Timestamp]], DataFrame], whole: DataFrame, cut_tables: Mapping[Timestamp, Tables]
) -> Series:
    """Count by feature the values that the ledger as known on an earlier day does not give.

    `whole` is made from everything known on the last day, the other from what was known on the earlier one.
    """
    counts = Series(0, index=NAMES)
    for cut, known in cut_tables.items():
        dates = [date for date in DATES if date <= cut]
        counts += different(whole[whole["observation_date"] <= cut], make(known, dates))
    return counts


def different(one: DataFrame, other: DataFrame) -> Series:
    """Count by feature the values that are not exactly equal; a row that is only on one side has none on the other."""
    left, right = one.set_index(KEYS), other.set_index(KEYS)
    rows = left.index.union(right.index)
    a, b = (frame.reindex(rows)[NAMES].to_numpy(float) for frame in (left, right))
    return Series(((a != b) & ~(np.isnan(a) & np.isnan(b))).sum(axis=0), index=NAMES)


# ------------------------------------------------------------------------------------------------- (a) no look-ahead
@each
def test_nothing_that_became_known_later_changes_a_value(name, leaks):
    assert leaks[name] == 0


@pytest.fixture(scope="module")
def foresight(tables, cut_tables):
    """The same features made leaky: every act is seen sixty days before its day."""

    def make(known: Tables, dates: Sequence[Timestamp]) -> DataFrame:
        return made(seen_ahead(known), dates)

    return leaks_of(make, make(tables, DATES), cut_tables)


@each
def test_the_check_finds_a_feature_that_looks_ahead(name, foresight):
    assert foresight[name] > 0


@pytest.fixture(scope="module")
def hasty(tables):
    """The same features made leaky: acts count from their own day, not from the day they were recorded."""
    return made(unrecorded(tables), DATES)


DATED_WITHOUT_RECORD = (
    *("tenure_months", "relationship_months", "accounts_age_months", "net_margin_ratio", "debt_ratio"),
    *("net_worth_ratio", "revenue_growth_ratio", "questionnaire_ratio", "questionnaire_change_ratio_12m"),
    *("questionnaire_age_months", "sector_failure_ratio", "sector_failure_change_ratio_12m"),
)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DATED_WITHOUT_RECORD])
def test_late_records_would_change_a_feature_that_forgets_the_recorded_date(name, panel, hasty):
    assert different(panel, hasty)[name] > 5


def test_the_check_finds_features_that_forget_the_recorded_date(hasty, cut_tables):
    cut = CUTS[-1]
    found = leaks_of(lambda known, dates: made(unrecorded(known), dates), hasty, {cut: cut_tables[cut]})
    assert (found > 0).sum() > len(NAMES) / 3
    assert found[list(DATED_WITHOUT_RECORD)].sum() == 0


def seen_ahead(tables: Tables) -> Tables:
    """Every date of every table sixty days earlier, but the start of the relation."""
    return {
        name: frame.assign(**{column: frame[column] - AHEAD for column in _dates(frame)})
        for name, frame in tables.items()
    }


def unrecorded(tables: Tables) -> Tables:
    """Tables as if each act had been recorded on its own day."""
    recorded = {name: frame for name, frame in tables.items() if "recorded_date" in frame}
    at_once = {name: frame.assign(recorded_date=frame[ACT_DATES[name]]) for name, frame in recorded.items()}
    return with_made(tables | at_once, max(frame["recorded_date"].max() for frame in recorded.values()))


def _dates(frame: DataFrame) -> list[str]:
    found = frame.select_dtypes("datetime").columns
    return [name for name in found if name != "relationship_start_date"]


# ------------------------------------------------------------------------------------------------- (b) order of rows
@pytest.fixture(scope="module")
def from_shuffled(panel, tables):
    return different(panel, made(shuffled(tables, 5), DATES))


@each
def test_the_order_of_the_rows_of_the_tables_does_not_matter(name, from_shuffled):
    assert from_shuffled[name] == 0


# --------------------------------------------------------------------------------------------- (c) missing history
FRESH = {
    **dict.fromkeys(("overdue_ratio", "overdue_30_ratio", "overdue_60_ratio", "overdue_90_ratio"), 0.0),
    **dict.fromkeys(("overdue_to_sales_months", "overdue_max_days", "overdue_mean_days", "overdue_30_months_12m"), 0.0),
    "open_to_sales_months": 12.0,
    "open_to_mean_ratio_12m": 12.0,
    "dso_countback_days": 365 / 12,
    "unapplied_ratio": 0.0,
    "terms_days_mean_12m": 30.0,
    "terms_days_change_3m": 0.0,
    "sales_trend_ratio_3m": 4.0,
    "sales_surge_ratio_1m": 12.0,
    "sales_variation_ratio_12m": 22 / 12,
    "sales_active_months_12m": 1.0,
    "days_since_sale": 10.0,
    "n_sales_12m": 1.0,
    "sales_share_ratio_12m": 500 / (500 + 12 * 1000 * 2 * (1 + len(WORSE))),
    **dict.fromkeys(("dispute_ratio_12m", "disputed_items_ratio", "credit_note_ratio_12m", "lost_ratio_24m"), 0.0),
    **dict.fromkeys(("n_formal_reminders_6m", "n_legal_events_24m", "n_default_spells_36m"), 0.0),
    **dict.fromkeys(("sector_overdue_30_ratio", "sector_default_ratio_12m"), 0.0),
    "tenure_months": 10 / 365 * 12,
}
CHECKED = {
    **dict.fromkeys(("overdue_30_months_12m", "sales_active_months_12m", "n_sales_12m", "sales_share_ratio_12m"), 0.0),
    **dict.fromkeys(("n_formal_reminders_6m", "n_legal_events_24m", "n_default_spells_36m"), 0.0),
    "tenure_months": 30 / 365 * 12,
}


@each
def test_a_customer_with_one_fresh_invoice_has_no_history(name, small_world):
    assert small_world.loc["fresh", name] == pytest.approx(FRESH.get(name, np.nan), rel=1e-12, nan_ok=True)


@each
def test_a_customer_of_whom_only_a_bank_check_is_known_has_no_values_but_counts(name, small_world):
    assert small_world.loc["checked", name] == pytest.approx(CHECKED.get(name, np.nan), rel=1e-12, nan_ok=True)


@each
def test_never_missing_is_declared_where_it_holds(name, panel):
    if re.match(r"never( \(|$)", FEATURES[name].spec.missing):
        assert name in CHECKED
        assert panel[name].notna().all()
    else:
        assert panel[name].isna().any() or name == "sales_share_ratio_12m"


# ------------------------------------------------------------------------------------------- (d) units and currency
@pytest.fixture(scope="module")
def sevenfold(tables):
    """Seven times the money in another currency; default spells stay, they have thresholds in money."""
    changed = {}
    for name, frame in tables.items():
        money = {column: frame[column] * 7 for column in frame if column.endswith("_minor")}
        code = {"currency_code": "X" + frame["currency_code"].str[1:]} if "currency_code" in frame else {}
        changed[name] = frame.assign(**money, **code)
    return made(changed, DATES)


@each
def test_seven_times_the_money_in_another_currency_changes_nothing(name, panel, sevenfold):
    np.testing.assert_array_equal(panel[KEYS].to_numpy(), sevenfold[KEYS].to_numpy())
    np.testing.assert_allclose(sevenfold[name], panel[name], rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ (e) direction
@each
def test_a_worse_customer_never_looks_better(name, small_world):
    steps = worsened(name, small_world)
    assert all(step >= -1e-9 for step in steps.values()), steps


@pytest.mark.parametrize("name", [member.name for member in FEATURES if member.spec.direction != 0])
def test_some_worsening_moves_the_feature_the_declared_way(name, small_world):
    assert max(worsened(name, small_world).values()) > 1e-6


def worsened(name: str, small_world: DataFrame) -> dict[str, float]:
    """Return the step in the declared direction from each better world to the worse one, where both have a value."""
    sign, values = FEATURES[name].spec.direction, small_world[name]
    steps = {f"{better} → {worse}": sign * (values[worse] - values[better]) for better, worse in PAIRS}
    return {pair: step for pair, step in steps.items() if not np.isnan(step)}


# ---------------------------------------------------------------------------------------------------- (f) declaration
@each
def test_the_declaration_is_complete(name):
    spec, definition = FEATURES[name].spec, FEATURES[name].definition
    assert spec.unit in ("days", "ratio", "months", "count")
    assert spec.direction in (-1, 0, 1)
    assert spec.family
    assert spec.label_en
    assert spec.label_fr
    assert spec.label_en != spec.label_fr
    assert spec.missing
    assert not spec.missing.endswith(".")
    assert len(definition) > 20
    assert definition.endswith(".")


@each
def test_the_name_tells_unit_and_window(name):
    unit = FEATURES[name].spec.unit
    stem, window = re.fullmatch(r"(.+?)(_\d+m)?", name).groups()
    assert {
        "days": "days" in stem,
        "months": "months" in stem,
        "count": stem.startswith("n_") or "spells" in stem,
        "ratio": "ratio" in stem or "change" in stem or "slope" in stem,
    }[unit]
    said = FEATURES[name].definition.replace("the last month", "1 month")
    assert window is None or window.strip("_m") in re.findall(r"(\d+) month", said)


def test_labels_are_told_apart():
    for label in ("label_en", "label_fr"):
        labels = [getattr(member.spec, label) for member in FEATURES]
        assert len(set(labels)) == len(labels)


NAMED = [name for name in FEATURES.names if name.endswith("m") and name.rpartition("_")[2][:-1].isdigit()]
LONGER = {
    **dict.fromkeys(("days_late_change_3m", "late_ratio_change_3m", "terms_days_change_3m"), 12),  # against the year
    **dict.fromkeys(("sales_trend_ratio_3m", "sales_surge_ratio_1m"), 12),
    **{"days_late_trend_3m": 6, "sales_growth_ratio_12m": 24},  # against the window before
    "sector_failure_change_ratio_12m": 0,  # a measure of its own tells the year before
}


@pytest.mark.parametrize("name", NAMED)
def test_the_window_in_the_name_is_the_one_it_looks_back(name):
    """A highest, a slope or a number of w monthly dates looks back to the first of them, w - 1 months."""
    window = feature_dictionary().set_index("feature_code").loc[name, "window_months"]
    months = int(name.rpartition("_")[2][:-1])
    is_of_dates = any(word in name for word in ("_max_", "_slope_", "_months_", "open_to_mean"))
    is_of_dates = is_of_dates and name != "sales_active_months_12m"  # months, not dates
    assert window == LONGER.get(name, months - is_of_dates)
