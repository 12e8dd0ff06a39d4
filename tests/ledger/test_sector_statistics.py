"""Published failure rates of sectors: read from files and databases, judged, and known from their publication on."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from pandas import DataFrame, Timestamp
from pandas.testing import assert_frame_equal
from small_ledger import small_ledger, tables_of

from riskresearch.base.errors import LedgerError
from riskresearch.ledger.ledger import Ledger
from riskresearch.ledger.read import read_ledger
from riskresearch.ledger.synthetic import synthetic_ledger, write_ledger_csv

INVOICES = "invoice_id,customer_id,invoice_date,currency_code,gross_amount,due_date\nF1,A,2024-01-10,EUR,100.00,\n"
HEADER = "sector_code,period_end_date,published_date,failure_ratio,source_code"
PUBLISHED = f"""{HEADER}
trade,2023-12-31,2024-03-15,0.0112,office
trade,2023-12-31,2024-06-14,0.0115,office
transport,2023-12-31,2024-03-15,0.02,
"""
OURS = """
mapping: ours
sources:
  - {name: invoices, file: invoices.csv, rows: invoices, columns: as_declared}
  - name: faillites
    file: "faillites.*"
    rows: sector_statistics
    optional: true
    format: {separator: ";", decimal: ",", dates: [JJ/MM/AAAA, YYYY-MM-DD]}
    columns:
      sector_code: {column: secteur, values: {G: trade, H: transport}}
      period_end_date: fin
      published_date: publié
      failure_ratio: taux
    constants: {source_code: office}
"""


def delivered(folder: Path, statistics: str | None = PUBLISHED) -> Ledger:
    """Read a canonical folder of one invoice, with or without figures of sectors."""
    (folder / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    if statistics is not None:
        (folder / "sector_statistics.csv").write_text(statistics, encoding="utf-8")
    return read_ledger(folder)


def figures(frame: DataFrame) -> list[tuple[str, str, float]]:
    days = frame["published_date"].dt.strftime("%Y-%m-%d")
    return list(zip(frame["sector_code"], days, frame["failure_ratio"], strict=True))


def test_a_revision_is_a_row_of_its_own(tmp_path: Path):
    ledger = delivered(tmp_path)
    rows = ledger["sector_statistics"]
    assert figures(rows) == [
        ("trade", "2024-03-15", 0.0112),
        ("trade", "2024-06-14", 0.0115),
        ("transport", "2024-03-15", 0.02),
    ]
    assert rows["source_code"].isna().tolist() == [False, False, True]
    counted = ledger.accounts["reconciliation"].set_index("check_code").loc["sector_statistics.rows"]
    assert (counted["expected_minor"], counted["difference_minor"]) == (3, 0)


@pytest.mark.parametrize(
    ("as_of", "known"),
    [("2024-03-14", []), ("2024-03-15", [0.0112, 0.02]), ("2024-06-13", [0.0112, 0.02]),
     ("2024-06-14", [0.0112, 0.0115, 0.02])],
)  # fmt: skip
def test_a_figure_is_known_from_its_publication_on(as_of: str, known: list[float], tmp_path: Path):
    assert tables_of(delivered(tmp_path), as_of)["sector_statistics"]["failure_ratio"].tolist() == known


def test_a_delivery_without_figures_is_the_one_with_them_less_the_table(tmp_path: Path):
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    having, lacking = delivered(tmp_path / "with"), delivered(tmp_path / "without", None)
    assert lacking["sector_statistics"].empty
    for name in having.tables.keys() - {"sector_statistics"}:
        assert_frame_equal(having[name], lacking[name])
    assert_frame_equal(having.accounts["gaps"], lacking.accounts["gaps"])
    checks = having.accounts["reconciliation"]
    others = checks[checks["check_code"] != "sector_statistics.rows"].reset_index(drop=True)
    assert_frame_equal(others, lacking.accounts["reconciliation"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_figures_under_other_names_are_mapped(kind: str, tmp_path: Path):
    (tmp_path / "invoices.csv").write_text(INVOICES, encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(OURS, encoding="utf-8")
    if kind == "csv":
        text = "secteur;fin;publié;taux\nG;31/12/2023;15/03/2024;0,0112\nH;31/12/2023;15/03/2024;0,02\n"
        (tmp_path / "faillites.csv").write_text(text, encoding="utf-8")
    else:
        end, known = (pd.to_datetime([day, day]) for day in ("2023-12-31", "2024-03-15"))
        rows = DataFrame({"secteur": ["G", "H"], "fin": end, "publié": known, "taux": [0.0112, 0.02]})
        rows.to_parquet(tmp_path / "faillites.parquet")
    rows = read_ledger(tmp_path, mapping=tmp_path / "ours.yaml")["sector_statistics"]
    assert figures(rows) == [("trade", "2024-03-15", 0.0112), ("transport", "2024-03-15", 0.02)]
    assert rows["source_code"].tolist() == ["office", "office"]
    assert rows["period_end_date"].tolist() == [Timestamp("2023-12-31")] * 2


@pytest.mark.parametrize("with_table", [True, False])
def test_a_database_may_hold_the_table_or_not(with_table: bool, tmp_path: Path):
    with sqlite3.connect(tmp_path / "books.db") as connection:
        connection.executescript(
            "CREATE TABLE invoices (invoice_id TEXT, customer_id TEXT, invoice_date TEXT, currency_code TEXT, "
            "gross_amount TEXT); INSERT INTO invoices VALUES ('F1', 'A', '2024-01-10', 'EUR', '100.00');"
        )
        if with_table:
            connection.executescript(
                "CREATE TABLE sector_statistics (sector_code TEXT, period_end_date TEXT, published_date TEXT, "
                "failure_ratio REAL); INSERT INTO sector_statistics VALUES "
                "('trade', '2023-12-31', '2024-03-15', 0.0112);"
            )
    ledger = read_ledger(f"sqlite:///{tmp_path / 'books.db'}")
    assert ledger.mapping_name == "canonical"
    assert figures(ledger["sector_statistics"]) == ([("trade", "2024-03-15", 0.0112)] if with_table else [])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("trade,2023-12-31,2024-03-15,1.12,office",
         r"sector_statistics.failure_ratio: 1 of 1 rows \(line 2\) are no shares; a ratio lies between 0 and 1; "
         r"deliver 3.2 % as 0.032"),
        ("trade,2023-12-31,2024-03-15,-0.01,office", r"failure_ratio: 1 of 1 rows \(line 2\) are no shares"),
        ("trade,2023-12-31,2023-12-30,0.01,office",
         r"sector_statistics.published_date: 1 of 1 rows \(line 2\) were published before the end of their period; "
         r"published_date must not lie before period_end_date"),
        ("trade,2023-12-31,,0.01,office", r"published_date: 1 of 1 rows \(line 2\) are empty"),
        ("trade,2023-12-31,2024-03-15,1.1 %,office", r"failure_ratio: 1 of 1 rows .* are not numbers"),
        (",2023-12-31,2024-03-15,0.01,office", r"sector_code: 1 of 1 rows .* are empty"),
        ("trade,2023-12-31,2024-03-15,0.01,office\ntrade,2023-12-31,2024-03-15,0.02,office",
         r"sector_statistics.sector_code/period_end_date/published_date: 1 ids "
         r"\(trade/2023-12-31/2024-03-15\) stand on 2 rows that differ"),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(row: str, says: str, tmp_path: Path):
    with pytest.raises(LedgerError, match=says):
        delivered(tmp_path, f"{HEADER}\n{row}\n")


def test_bounds_belong_to_the_figures_that_are_allowed(tmp_path: Path):
    rows = "none,2023-12-31,2023-12-31,0,\nall,2023-12-31,2024-01-01,1,\n"
    assert delivered(tmp_path, f"{HEADER}\n{rows}")["sector_statistics"]["failure_ratio"].tolist() == [1.0, 0.0]


def test_few_wrong_figures_among_many_are_set_aside_and_counted(tmp_path: Path):
    good = [f"S{n:03d},2023-12-31,2024-03-15,0.01,office" for n in range(300)]
    wrong = ["X1,2023-12-31,2024-03-15,3.2,office", "X2,2023-12-31,2023-03-15,0.01,office"]
    ledger = delivered(tmp_path, "\n".join([HEADER, *good, *wrong]) + "\n")
    aside = ledger.accounts["set_aside"].set_index("reason_code")
    assert aside["n_rows"].to_dict() == {"published_before_end": 1, "ratio_out_of_range": 1}
    assert aside["first_keys"].to_dict() == {"published_before_end": "line 303", "ratio_out_of_range": "line 302"}
    assert len(ledger["sector_statistics"]) == 300
    assert (ledger.accounts["reconciliation"]["difference_minor"].dropna() == 0).all()


def test_a_generated_ledger_keeps_its_figures_in_a_file_and_loses_only_them_with_it(tmp_path: Path):
    made, truth = synthetic_ledger(n_customers=12, n_months=6, seed=3)
    write_ledger_csv(made, truth, tmp_path)
    whole = read_ledger(tmp_path)
    assert_frame_equal(whole["sector_statistics"], made["sector_statistics"], check_exact=True)
    (tmp_path / "sector_statistics.csv").unlink()
    less = read_ledger(tmp_path)
    assert less["sector_statistics"].empty
    for name in made.tables.keys() - {"sector_statistics"}:
        assert_frame_equal(less[name], whole[name], check_exact=True)


def test_figures_are_written_by_hand_in_a_worked_case():
    ledger = small_ledger(
        [{"id": "I1", "date": "2024-01-10", "amount": 100}],
        sector_statistics=[
            {"sector": "trade", "end": "2023-12-31", "published": "2024-06-14", "failed": 0.0115},
            {"sector": "trade", "end": "2023-12-31", "published": "2024-03-15", "failed": 0.0112, "source": "office"},
        ],
    )
    assert figures(ledger["sector_statistics"]) == [("trade", "2024-03-15", 0.0112), ("trade", "2024-06-14", 0.0115)]
    with pytest.raises(LedgerError, match=r"sector_statistics, row 1: published is missing"):
        small_ledger([], sector_statistics=[{"sector": "trade", "end": "2023-12-31", "failed": 0.0115}])
