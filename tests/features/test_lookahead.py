"""The look-ahead detector: it finds what looks ahead, and lets pass what does not."""

import re

import pandas as pd
import pytest
from random_ledger import random_rows, rich_ledger
from small_ledger import day, small_ledger
from typer.testing import CliRunner

from riskresearch.base.errors import LedgerError, RunError, SettingsError, TableError
from riskresearch.behaviour.book import observation_dates
from riskresearch.cli import app
from riskresearch.features.lookahead import differences, look_ahead, registered
from riskresearch.features.registry import FEATURES
from riskresearch.pipeline.demo import write_demo
from riskresearch.pipeline.lookahead import function_of, spread_dates

pytestmark = pytest.mark.xdist_group("features")  # its ledgers and panels are made once

DATES = [day("2023-09-30"), day("2024-03-31"), day("2024-09-30")]


@pytest.fixture(scope="module")
def ledger():
    invoices, disputes = random_rows(3, n_customers=6, n_invoices=120)
    for number, row in enumerate(invoices):
        row["recorded"] = str((pd.Timestamp(row["date"]) + pd.Timedelta(days=25 * (number % 4 == 0))).date())
    sectors = [{"id": f"C{number}", "sector": f"S{number % 2}"} for number in range(6)]
    return small_ledger(invoices, disputes=disputes, customers=sectors)


def per_date(tables, dates, feature):
    """One row per customer of the table and date; `feature` gives a value by customer for a date."""
    customers = tables["customers"]["customer_id"]
    parts = [
        pd.DataFrame(
            {"customer_id": customers, "observation_date": date, "value": customers.map(feature(tables, date))}
        )
        for date in dates
    ]
    return pd.concat(parts, ignore_index=True)


def open_by_known_date(tables, date):
    moves = tables["movements"]
    return moves[moves["known_date"] <= date].groupby("customer_id")["base_minor"].sum()


def open_by_effective_date(tables, date):
    moves = tables["movements"]
    return moves[moves["effective_date"] <= date].groupby("customer_id")["base_minor"].sum()


def days_to_settle(tables, date):
    """Days to the last receipt of the invoices known on the date, whenever it came."""
    moves = tables["movements"]
    issued = moves[(moves["movement_code"] == "invoice") & (moves["known_date"] <= date)]
    paid = moves[moves["movement_code"] == "payment"].groupby("item_id")["effective_date"].max()
    days = (issued["item_id"].map(paid) - issued["invoice_date"]).dt.days
    return days.groupby(issued["customer_id"]).mean()


def late_by_the_books(tables, date):
    """Days to the receipts known on the date: honest."""
    moves = tables["movements"]
    paid = moves[(moves["movement_code"] == "payment") & (moves["known_date"] <= date)]
    return (paid["effective_date"] - paid["invoice_date"]).dt.days.groupby(paid["customer_id"]).mean()


def will_default(tables, date):
    spells = tables["defaults"]
    return spells[spells["default_date"] > date].groupby("customer_id").size()


def disputes_closed(tables, date):
    """Disputes of the date that are settled by now."""
    rows = tables["disputes"]
    rows = rows[(rows["opened_date"] <= date) & (rows["recorded_date"] <= date)]
    return rows["closed_date"].notna().groupby(rows["customer_id"]).sum()


def sector_mean_over_all_dates(tables, dates):
    own = per_date(tables, dates, open_by_known_date)
    sector = own["customer_id"].map(tables["customers"].set_index("customer_id")["sector_code"])
    return own.assign(value=own.groupby(sector)["value"].transform("mean"))


def sector_mean_of_the_date(tables, dates):
    own = per_date(tables, dates, open_by_known_date)
    sector = own["customer_id"].map(tables["customers"].set_index("customer_id")["sector_code"])
    return own.assign(value=own.groupby([sector, "observation_date"])["value"].transform("sum"))


def mean_of_the_dates_so_far(tables, dates):
    own = per_date(tables, dates, open_by_known_date).sort_values(["customer_id", "observation_date"])
    so_far = own.fillna({"value": 0}).groupby("customer_id")["value"].expanding().mean()
    return own.assign(value=so_far.reset_index(level=0, drop=True))


def sector_of_today(tables, date):
    return tables["customers"].set_index("customer_id")["sector_code"]


def without_bad_customers(tables, dates):
    own = per_date(tables, dates, open_by_known_date)
    return own[~own["customer_id"].isin(tables["defaults"]["customer_id"])]


def by_date(feature):
    return lambda tables, dates: per_date(tables, dates, feature)


LEAKS = {
    "settlements to come": by_date(days_to_settle),
    "acts recorded later": by_date(open_by_effective_date),
    "defaults to come": by_date(will_default),
    "disputes settled by now": by_date(disputes_closed),
    "mean over all dates": sector_mean_over_all_dates,
    "bad customers left out": without_bad_customers,
}
HONEST = {
    "open amount as known": by_date(open_by_known_date),
    "receipts as known": by_date(late_by_the_books),
    "mean over the sector on the date": sector_mean_of_the_date,
    "mean over the dates so far": mean_of_the_dates_so_far,
}


@pytest.mark.parametrize("make", LEAKS.values(), ids=LEAKS)
def test_what_looks_ahead_is_found(ledger, make):
    found = look_ahead(make, ledger, dates=DATES)
    assert not found["is_clean"].all()
    worst = found[~found["is_clean"]]
    assert ((worst["n_different"] > 0) | (worst["n_missing"] > 0)).all()
    assert worst["first_keys"].str.startswith("C").all()


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST)
def test_what_keeps_to_what_was_known_is_clean(ledger, make):
    found = look_ahead(make, ledger, dates=DATES)
    assert found["is_clean"].all()
    assert (found["n_values"] > 0).all()
    assert (found["n_different"] == 0).all()
    assert found["observation_date"].tolist() == DATES


def test_master_data_of_today_cannot_be_seen(ledger):
    """The limit that the module states: a ledger holds one state of its customers."""
    assert look_ahead(by_date(sector_of_today), ledger, dates=DATES)["is_clean"].all()


def test_the_counts_by_hand():
    """C1 is paid in May with value date of March; on 31 March 100.00 are open, later books say 0."""
    ledger = small_ledger(
        [
            {"id": "I1", "date": "2024-02-01", "amount": 100, "paid": [["2024-03-20", 100, "2024-05-02"]]},
            {"id": "I2", "customer": "C2", "date": "2024-02-01", "amount": 70},
            {"id": "I3", "customer": "C3", "date": "2024-03-01", "recorded": "2024-05-03", "amount": 50},
        ]
    )
    found = look_ahead(by_date(open_by_effective_date), ledger, dates=[day("2024-03-31")]).iloc[0]
    assert found["feature_code"] == "value"
    assert found["observation_date"] == day("2024-03-31")
    assert (found["n_compared"], found["n_values"]) == (2, 2)
    assert (found["n_different"], found["n_missing"]) == (1, 1)
    assert found["largest_difference"] == 100_00
    assert found["first_keys"] == "C1, C3"


def test_the_last_date_is_compared_with_what_was_recorded_after_it():
    paid = {"id": "I1", "date": "2024-02-01", "amount": 100, "paid": [["2024-03-20", 100, "2024-05-02"]]}
    ledger, date = small_ledger([paid]), day("2024-03-31")
    assert not look_ahead(by_date(open_by_effective_date), ledger, dates=[date])["is_clean"].item()
    same = look_ahead(by_date(open_by_effective_date), ledger, dates=[date], as_of=date)
    assert same["is_clean"].item()


def test_every_registered_feature_is_clean_on_a_ledger_with_every_kind_of_act():
    ledger = rich_ledger(5, n_customers=5, n_invoices=60)
    found = look_ahead(registered(), ledger, dates=[day("2023-10-31"), day("2024-06-30")])
    assert found.loc[~found["is_clean"], "feature_code"].tolist() == []
    assert set(found["feature_code"]) == set(FEATURES.names)
    assert found.loc[found["feature_code"] == "overdue_ratio", "n_values"].sum() > 0


def test_a_registered_feature_is_made_by_its_name(ledger):
    found = look_ahead(registered(["overdue_ratio", "days_late_mean_12m"]), ledger, dates=DATES)
    assert set(found["feature_code"]) == {"overdue_ratio", "days_late_mean_12m"}
    assert found["is_clean"].all()
    with pytest.raises(SettingsError, match=r"no feature overdue_rate; the registered ones are .*overdue_ratio"):
        registered(["overdue_rate"])


def frame(**values):
    return pd.DataFrame({"value": list(values.values())}, index=list(values))


def test_rounding_is_no_difference_but_a_cent_is():
    found = differences(frame(A=1e6, B=1e6, C=0.0), frame(A=1e6 + 1e-6, B=1e6 + 0.01, C=0.0)).iloc[0]
    assert (found["n_different"], found["first_keys"]) == (1, "B")
    assert found["largest_difference"] == pytest.approx(0.01)


def test_a_value_against_none_is_a_difference_and_none_against_none_is_not():
    found = differences(frame(A=1.0, B=float("nan"), C=2.0), frame(A=float("nan"), B=float("nan"), C=2.0)).iloc[0]
    assert (found["n_different"], found["n_values"], found["first_keys"]) == (1, 2, "A")
    assert pd.isna(found["largest_difference"])


def test_values_need_not_be_numbers():
    dates = pd.DataFrame({"rating": ["AA", None, "B"], "since": pd.to_datetime(["2024-01-01"] * 3)}, index=list("ABC"))
    later = dates.assign(rating=["AA", "C", "D"], since=pd.to_datetime(["2024-01-01"] * 2 + ["2024-02-01"]))
    found = differences(dates, later).set_index("feature_code")
    assert found["n_different"].to_dict() == {"rating": 2, "since": 1}
    assert found["first_keys"].to_dict() == {"rating": "B, C", "since": "C"}


def test_infinity_equals_itself_only():
    found = differences(frame(A=float("inf"), B=float("inf")), frame(A=float("inf"), B=1.0)).iloc[0]
    assert (found["n_different"], found["first_keys"]) == (1, "B")


def test_a_column_that_exists_one_time_only_differs_where_it_has_values():
    found = differences(frame(A=1.0, B=2.0).assign(other=[3.0, None]), frame(A=1.0, B=2.0)).set_index("feature_code")
    assert found["n_different"].to_dict() == {"value": 0, "other": 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t, d: pd.DataFrame({"customer": [], "value": []}), "must return customer_id, observation_date"),
        (lambda t, d: per_date(t, d, open_by_known_date).drop(columns="value"), "at least one feature"),
        (lambda t, d: pd.concat([per_date(t, d, open_by_known_date)] * 2), r"6 rows .*repeat .*C0/2023-09-30"),
        (lambda t, d: per_date(t, [day("2020-01-31")], open_by_known_date), "no row on any of 1 dates"),
    ],
)
def test_a_function_that_returns_something_else_is_refused(ledger, make, message):
    with pytest.raises(TableError, match=message):
        look_ahead(make, ledger, dates=DATES[:1])


def test_a_date_before_the_ledger_is_refused(ledger):
    with pytest.raises(LedgerError, match="no invoice of small was known on 2019-12-31"):
        look_ahead(by_date(open_by_known_date), ledger, dates=[day("2019-12-31"), *DATES])


def test_the_dates_of_a_run_may_be_compared(ledger):
    first = ledger["invoices"]["recorded_date"].min()
    dates = observation_dates(as_of=day("2024-12-31"), first_day=first)[3::6]
    assert look_ahead(by_date(open_by_known_date), ledger, dates=dates)["is_clean"].all()


OWN = """
def honest(tables, dates):
    return made(tables, dates, lambda moves, date: moves["known_date"] <= date)


def leaking(tables, dates):
    return made(tables, dates, lambda moves, date: moves["invoice_date"] <= date)


def broken(tables, dates):
    return tables["no_such_table"]


def none(tables, dates):
    return None


def made(tables, dates, counts):
    import pandas as pd

    moves, parts = tables["movements"], []
    for date in dates:
        found = moves[counts(moves, date)].groupby("customer_id")["base_minor"].sum().rename("owed_minor")
        parts.append(found.reset_index().assign(observation_date=date))
    return pd.concat(parts)
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """A generated ledger on disk, and a file of functions; one counts receipts to come."""
    folder = tmp_path_factory.mktemp("books")
    size = {"n_customers": 15, "n_months": 14, "seed": 2}
    write_demo(folder / "ledger", **size, default_rate_ratio=0.05, invoices_per_month=2.0)
    (folder / "own.py").write_text(OWN)
    return folder


def called(books, *words):
    return CliRunner().invoke(app, ["lookahead", "--ledger", str(books / "ledger"), "--dates", "3", *words])


def test_the_command_ends_with_1_on_a_leak_and_names_it(books):
    said = called(books, "--python", f"{books / 'own.py'}:leaking")
    assert said.exit_code == 1
    assert "LOOKS AHEAD" in said.stdout
    assert "owed_minor" in said.stdout
    assert "1 features, 1 use what was not known yet" in said.stdout


def test_the_command_ends_with_0_where_nothing_looks_ahead(books):
    said = called(books, "--python", f"{books / 'own.py'}:honest")
    assert said.exit_code == 0, said.stdout
    assert "1 features, 0 use what was not known yet" in said.stdout


def test_the_command_takes_registered_features_and_says_what_was_not_tested(books):
    said = called(books, "--feature", "overdue_ratio", "--feature", "questionnaire_ratio")
    assert said.exit_code == 0, said.stdout
    assert "overdue_ratio" in said.stdout
    assert "2 features, 0 use" in said.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--feature", "overdue_rate"), "no feature overdue_rate"),
        (("--python", "own.py"), "names no Python file"),
        (("--python", "missing.py:honest"), "names no Python file"),
        (("--python", "{own}:missing"), "holds no function 'missing'"),
        (("--python", "{own}:broken"), "failed on the ledger as known on .*KeyError"),
        (("--python", "{own}:none"), "returned a NoneType"),
        (("--python", "{own}:honest", "--feature", "overdue_ratio"), "not both"),
        (("--python", "{own}:honest", "--as-of", "1999-12-31"), "no invoice was known on 1999-12-31"),
    ],
)
def test_the_command_says_clearly_what_is_wrong(books, words, message):
    said = called(books, *(word.format(own=books / "own.py") for word in words))
    assert said.exit_code == 1
    assert isinstance(said.exception, (RunError, SettingsError, LedgerError))
    assert re.search(message, str(said.exception))


def test_a_file_that_cannot_be_executed_is_named(tmp_path):
    (tmp_path / "bad.py").write_text("import no_such_package")
    with pytest.raises(RunError, match=r"bad\.py cannot be executed: ModuleNotFoundError"):
        function_of(f"{tmp_path / 'bad.py'}:make")


@pytest.mark.parametrize(("n_dates", "expected"), [(1, [13]), (2, [9, 16]), (3, [8, 13, 18]), (99, list(range(3, 23)))])
def test_dates_are_spread_over_the_ledger_without_its_first_months_and_its_last(ledger, n_dates, expected):
    every = observation_dates(as_of=day("2024-12-31"), first_day=day("2023-01-01"))
    found = spread_dates(ledger, as_of=day("2024-12-31"), n_dates=n_dates, burn_in_months=3)
    assert found == [every[place] for place in expected]


def test_a_feature_without_any_measure_can_be_looked_at_alone():
    ledger = rich_ledger(3)
    found = look_ahead(registered(["tenure_months"]), ledger, dates=[day("2024-06-30")])
    assert found["n_values"].item() > 0
    assert found["is_clean"].all()
