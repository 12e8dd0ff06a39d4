"""The ways of computing the panel that are measured: their test ledger, and that all of them say the same."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal

import panel_ledger
import panel_ours
import panel_pandas
import panel_polars
import panel_registry
import panel_sql
import panel_task
from riskresearch.features.streams.registry import STREAMS

N = 20_000
WAYS: dict[str, Callable[..., None]] = {
    "SQL by deltas": panel_sql.by_deltas,
    "plain definition": panel_sql.by_definition,
    "pandas": panel_pandas.by_deltas,
    "Polars": panel_polars.by_deltas,
    "ours on DuckDB": panel_ours.by_deltas,
    "ours on Polars": partial(panel_ours.by_deltas, engine="polars"),
}
KEYS = ["customer_code", "day"]
# customer, day, due, amount, open after, until: 1,000.00 paid in two parts, 500.00 never paid
WORKED = [
    (1, "2023-01-10", "2023-02-09", 100_000, 100_000, "2023-02-20"),
    (1, "2023-02-20", "2023-02-09", -40_000, 60_000, "2023-03-15"),
    (1, "2023-02-01", "2023-03-03", 50_000, 50_000, None),
    (1, "2023-03-15", "2023-02-09", -60_000, 0, None),
]
MONTH_DAYS = 365 / 12
WORKED_PANEL = {
    "open_minor": [100_000, 110_000, 50_000, 50_000, 50_000, 50_000],
    "n_open": [1, 2, 1, 1, 1, 1],
    "not_due_minor": [100_000, 50_000, 0, 0, 0, 0],
    "overdue_1_30_minor": [0, 60_000, 50_000, 0, 0, 0],
    "overdue_31_60_minor": [0, 0, 0, 50_000, 0, 0],
    "overdue_61_90_minor": [0, 0, 0, 0, 50_000, 0],
    "overdue_91_minor": [0, 0, 0, 0, 0, 50_000],
    "overdue_max_days": [0, 19, 28, 58, 89, 119],
    "n_sales_12m": [1, 2, 2, 2, 2, 2],
    "sale_12m_minor": [100_000, 150_000, 150_000, 150_000, 150_000, 150_000],
    "days_late_mean_3m": [None, 11, 24.8, 24.8, 34, None],
    "days_late_mean_6m": [None, 11, 24.8, 24.8, 24.8, 24.8],
    "days_late_mean_12m": [None, 11, 24.8, 24.8, 24.8, 24.8],
    "days_late_trend_3m": [None, None, None, None, 23, None],
    "overdue_slope_6m": [None, None, None, None, None, 2 / 11],
    "dso_countback_days": [MONTH_DAYS * months for months in (1, 1.6, 2, 3, 4, 5)],
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "acts.parquet"
    panel_ledger.write_acts(path, N, seed=1)
    return path


@pytest.fixture(scope="module")
def acts(ledger: Path) -> DataFrame:
    return pd.read_parquet(ledger)


@pytest.fixture(scope="module")
def expected(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    return panel_of(panel_sql.by_definition, ledger, tmp_path_factory.mktemp("expected") / "panel.parquet")


def panel_of(way: Callable[..., None], source: Path, target: Path) -> DataFrame:
    way(source, target)
    types = dict.fromkeys(panel_task.WHOLE, "Int64") | dict.fromkeys(panel_task.FRACTIONS, "float64")
    rows = pd.read_parquet(target)
    assert sorted(rows) == sorted(types)
    return rows[list(types)].astype(types).sort_values(KEYS, ignore_index=True)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_gives_the_same_panel_to_the_last_bit(
    name: str, ledger: Path, expected: DataFrame, tmp_path: Path
) -> None:
    assert len(expected) > 3_000
    assert_frame_equal(panel_of(WAYS[name], ledger, tmp_path / "panel.parquet"), expected, check_exact=True)
    assert panel_task.digest(tmp_path / "panel.parquet") == digest_of(expected, tmp_path)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_agrees_with_a_case_worked_by_hand(name: str, tmp_path: Path) -> None:
    worked_acts().to_parquet(tmp_path / "acts.parquet", index=False)
    rows = panel_of(WAYS[name], tmp_path / "acts.parquet", tmp_path / "panel.parquet").head(6)
    types = {column: rows[column].dtype for column in WORKED_PANEL}
    assert rows["day"].tolist() == list(panel_task.MONTH_ENDS[:6])
    assert_frame_equal(rows[list(WORKED_PANEL)], DataFrame(WORKED_PANEL).astype(types), rtol=1e-12)


def worked_acts() -> DataFrame:
    rows = DataFrame(WORKED, columns=["customer_code", "day", "due_day", "open_minor", "open_after_minor", "until_day"])
    for name in ("day", "due_day", "until_day"):
        days = pd.to_datetime(rows[name]).to_numpy().astype("datetime64[D]")
        rows[name] = np.where(np.isnat(days), panel_ledger.NEVER, days.astype("int64"))
    is_sale = rows["open_minor"] > 0
    paid = -rows["open_minor"].where(~is_sale, 0)
    return rows.assign(
        n_open=is_sale.astype("int64") - (rows["open_after_minor"] == 0),
        sale_minor=rows["open_minor"].where(is_sale, 0),
        n_sale=is_sale.astype("int64"),
        timed_minor=paid,
        late_days_minor=paid * (rows["day"] - rows["due_day"]).clip(lower=0),
    )


def test_month_ends_are_those_of_three_years() -> None:
    ends = pd.date_range("2023-01-31", periods=36, freq="ME").as_unit("s").asi8 // 86_400
    assert list(panel_task.MONTH_ENDS) == ends.tolist()
    assert np.datetime64(panel_task.FIRST_DAY, "D") == np.datetime64("2023-01-01")


def test_the_digest_sees_one_bit_and_no_order(expected: DataFrame, tmp_path: Path) -> None:
    known = digest_of(expected, tmp_path)
    assert digest_of(expected.sample(frac=1, random_state=1), tmp_path) == known
    other = expected.copy()
    last = other["dso_countback_days"].last_valid_index()
    other.loc[last, "dso_countback_days"] = np.nextafter(other.loc[last, "dso_countback_days"], np.inf)
    assert digest_of(other, tmp_path) != known
    assert digest_of(expected.iloc[1:], tmp_path) != known


def digest_of(panel: DataFrame, folder: Path) -> float:
    panel.to_parquet(folder / "any.parquet", index=False)
    return panel_task.digest(folder / "any.parquet")


def test_the_test_ledger_is_what_it_says(acts: DataFrame) -> None:
    sales, paid = acts[acts["n_sale"] == 1], acts[acts["n_sale"] == 0]
    assert set(acts.dtypes.astype("str")) == {"int64"}
    assert acts["customer_code"].is_monotonic_increasing
    assert len(sales) == N
    assert sales["customer_code"].nunique() == pytest.approx(N / panel_ledger.INVOICES_PER_CUSTOMER, rel=0.05)
    assert set(sales["due_day"] - sales["day"]) == set(panel_ledger.TERMS_DAYS)
    assert len(paid) / N == pytest.approx(1.13, abs=0.02)
    assert acts["day"].between(panel_task.FIRST_DAY, panel_task.MONTH_ENDS[-1]).all()
    late = paid["late_days_minor"].sum() / paid["timed_minor"].sum()
    assert 5 < late < 30
    assert (paid["late_days_minor"] > 90 * paid["timed_minor"]).mean() == pytest.approx(0.02, abs=0.015)
    never = sales["until_day"].eq(panel_ledger.NEVER) & sales["due_day"].lt(panel_task.MONTH_ENDS[-13])
    assert never.sum() / sales["due_day"].lt(panel_task.MONTH_ENDS[-13]).sum() == pytest.approx(0.02, abs=0.006)


def test_balances_and_open_items_of_the_test_ledger_add_up(acts: DataFrame) -> None:
    standing = acts[acts["until_day"] == panel_ledger.NEVER]
    by_customer = [rows.groupby("customer_code").sum() for rows in (acts, standing)]
    assert (by_customer[0]["open_minor"] == by_customer[1]["open_after_minor"]).all()
    assert (
        by_customer[0]["n_open"] == (standing["open_after_minor"] > 0).groupby(standing["customer_code"]).sum()
    ).all()
    assert (acts["until_day"] >= acts["day"]).all()
    assert (acts["open_after_minor"] >= 0).all()
    assert len(standing) == N


def test_the_ledger_is_the_same_every_time_and_another_with_another_seed(ledger: Path, tmp_path: Path) -> None:
    for seed, is_same in ((1, True), (2, False)):
        panel_ledger.write_acts(tmp_path / "again.parquet", N, seed=seed)
        assert ((tmp_path / "again.parquet").read_bytes() == ledger.read_bytes()) is is_same


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(panel_registry, "FOLDER", tmp_path)
    return panel_registry.ledger_folder(N)


def test_the_streams_of_the_project_make_the_same_acts(acts: DataFrame, folder: Path) -> None:
    made = duckdb.read_parquet(f"{folder}/movements/*.parquet").select(*acts.columns).df()
    mine, theirs = (rows.astype("int64").sort_values([*acts.columns], ignore_index=True) for rows in (acts, made))
    assert_frame_equal(theirs, mine)


def test_registered_features_of_the_folder_are_those_of_the_file(
    folder: Path, expected: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = panel_ours.registered(panel_ours.FEATURES)
    monkeypatch.setattr(panel_registry, "registered", lambda: columns)
    answer = panel_registry.features(N)()
    panel = pd.read_parquet(tmp_path / f"features_of_{N}_None.parquet").sort_values(KEYS, ignore_index=True)
    assert_frame_equal(panel[KEYS + list(columns)], expected[KEYS + list(columns)], check_dtype=False, check_exact=True)
    assert answer() == panel_registry.features(N, memory_limit_mb=500)()()
    assert panel_registry.reading(N)() == len(STREAMS.names) + 1
