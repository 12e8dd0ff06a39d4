"""The panel against the plain definition of every feature in SQL (`oracles.plain_panel`), row by row."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from features.rich_tables import known_tables, month_ends, rich_tables, with_made
from oracles.plain_panel import plain_panels
from pandas import DataFrame, Timestamp
from small_ledger import day

from riskresearch.features.registry import FEATURES
from riskresearch.features.snapshots import registered, snapshots
from riskresearch.ledger.movements import cut_ledger
from riskresearch.ledger.read import read_ledger

pytestmark = pytest.mark.xdist_group("panel")  # its ledgers and panels are made once

DEMO = Path(__file__).parents[2] / "data" / "demo"
KEYS = ["customer_id", "observation_date"]
SUMS = {
    "open_minor": lambda at: at.level("open_minor"),
    "overdue_minor": lambda at: at.level("overdue_minor"),
    "overdue_30_minor": lambda at: at.level("overdue_30_minor"),
    "overdue_60_minor": lambda at: at.level("overdue_60_minor"),
    "overdue_90_minor": lambda at: at.level("overdue_90_minor"),
    "n_open": lambda at: at.level("n_open"),
    "sale_minor_12m": lambda at: at.flow("sale_minor", 12),
    "received_minor_12m": lambda at: at.flow("received_minor", 12),
    "late_days_minor_12m": lambda at: at.flow("late_days_minor", 12),
}
LETTERS = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC")


def of_month(day_of_month: int) -> list[Timestamp]:
    """Return a day of each month of two years."""
    return [day(f"{year}-{month:02d}-{day_of_month}") for year in (2023, 2024) for month in (1, 3, 4, 7, 8, 10, 12)]


CASES = {
    "month ends, seed 1": (1, month_ends("2023-01-31", "2025-03-31")),
    "month ends, seed 2": (2, month_ends("2023-01-31", "2025-03-31")),
    "month ends, seed 3": (3, month_ends("2023-01-31", "2025-03-31")),
    "middle of the month": (4, of_month(15)),
    "days 30, some of them month ends": (5, of_month(30)),
    "demo": (None, month_ends("2024-01-31", "2025-12-31")),
}


@cache
def compared(case: str) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Return the panel, the oracle, and the sums behind the oracle."""
    seed, dates = CASES[case]
    tables = demo_sample(dates[-1]) if seed is None else known_tables(rich_tables(seed), dates[-1])
    return snapshots(tables, dates, columns=registered() | SUMS), *plain_panels(tables, dates)


@pytest.fixture(scope="module", params=list(CASES))
def pair(request):
    return compared(request.param)


def demo_sample(as_of: Timestamp) -> dict[str, DataFrame]:
    """Return the tables of every sixth customer of the demo ledger, alone in the world."""
    tables = cut_ledger(read_ledger(DEMO), as_of=as_of)
    chosen = tables["customers"]["customer_id"].sort_values().iloc[::6]
    invoices = tables["invoices"].loc[tables["invoices"]["customer_id"].isin(chosen), "invoice_id"]
    for name, frame in tables.items():
        for column, kept in (("customer_id", chosen), ("invoice_id", invoices)):
            if column in frame and not (name == "reminders" and column == "invoice_id"):
                frame = frame[frame[column].isin(kept)]
        tables[name] = frame.reset_index(drop=True)
    return with_made(tables, as_of) | {"rating_scales": demo_scales()}


def demo_scales() -> DataFrame:
    grades = {"bureau": [str(grade) for grade in range(10, 0, -1)], "agency": list(LETTERS)}
    rows = [
        (provider, grade, round(place * 1e6 / (len(scale) - 1)))
        for provider, scale in grades.items()
        for place, grade in enumerate(scale)
    ]
    return DataFrame(rows, columns=["provider_code", "rating_code", "rating_micro"])


def test_there_is_a_row_for_each_customer_and_date_from_its_first_act_on(pair):
    panel, oracle, _ = pair
    pd.testing.assert_frame_equal(panel[KEYS], oracle[KEYS])


def test_the_oracle_knows_every_registered_feature_and_no_other(pair):
    _, oracle, _ = pair
    assert sorted(oracle.columns[2:]) == sorted(FEATURES.names)


@pytest.mark.parametrize("name", list(SUMS))
def test_sums_of_money_and_counts_are_equal_to_the_cent(name, pair):
    panel, _, sums = pair
    assert panel[name].astype("int64").tolist() == sums[name].tolist()
    assert sums[name].abs().sum() > 0


@pytest.mark.parametrize("name", FEATURES.names)
def test_the_feature_is_its_plain_definition(name, pair):
    panel, oracle, _ = pair
    values = panel[name].to_numpy("float64", na_value=np.nan)
    np.testing.assert_allclose(values, oracle[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FEATURES.names)
def test_the_random_ledgers_try_the_feature(name):
    """Several different values, so that equality says something."""
    seen = pd.concat([compared(case)[1][name] for case in CASES])
    assert seen.nunique() >= 4
