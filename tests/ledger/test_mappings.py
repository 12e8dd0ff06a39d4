"""Column maps: the shipped ones load, wrong ones are refused with the path of the key."""

import pandas as pd
import pytest
from pandas import Series

from riskresearch.base.errors import SettingsError
from riskresearch.ledger.read import load_mapping, shipped_mappings
from riskresearch.ledger.reading.cells import clean_text, dates, integers, minor_units
from riskresearch.ledger.reading.computed import compute
from riskresearch.ledger.reading.formats import Format, date_format
from riskresearch.ledger.reading.guess import letters
from riskresearch.ledger.reading.mapping import FirstOf, LedgerMapping, Prefix, Shift, Total
from riskresearch.ledger.reading.mapping_text import parse_card, parse_mapping
from riskresearch.ledger.tables import LEDGER_TABLES

GOOD = """
mapping: ours
sources:
  - name: invoices
    rows: flat
    columns: {invoice_id: a, customer_id: b, invoice_date: c, gross_amount: d}
"""


def parsed(text: str) -> LedgerMapping:
    return parse_mapping(text, name="ours.yaml")


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_loads_under_its_own_name(name: str):
    assert load_mapping(name).mapping == name


def test_six_layouts_and_the_list_of_line_items_are_shipped():
    assert set(shipped_mappings()) == {
        "canonical", "einvoice", "highradius", "ibm_late_payment", "odoo", "sap", "sap_fbl5n"}  # fmt: skip


def test_the_canonical_mapping_reads_every_canonical_table():
    assert [source.rows for source in load_mapping("canonical").sources] == [table.name for table in LEDGER_TABLES]


def test_rates_of_a_mapping_name_their_source():
    rate = load_mapping("highradius").fx[0]
    assert (rate.currency_code, rate.into, rate.rate_ratio) == ("CAD", "USD", "0.7536")
    assert "Bank of Canada" in rate.source
    assert "assumption" in rate.source


def test_scalars_stay_text():
    mapping = parsed(GOOD + "    constants: {country_code: NO, group_id: 007}\n")
    assert mapping.sources[0].constants == {"country_code": "NO", "group_id": "007"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "    colums: {}\n", "ours.yaml: sources[0].colums: unknown key"),
        (GOOD + "    format: {decimals: 2}\n", "sources[0].format.decimals: unknown key"),
        (GOOD + "    format: {decimal: ';'}\n", "sources[0].format.decimal"),
        (GOOD + "    format: {decimal: ',', thousands: ','}\n", "must be different marks"),
        (GOOD + "    format: {dates: [DD/MM/YYYY, MM/DD/YYYY]}\n", "read 03/04/2024 in two ways"),
        (GOOD + "    format: {dates: [yesterday]}\n", "is not a date format; write e.g. DD/MM/YYYY"),
        (GOOD.replace("gross_amount", "gross_amont"), "unknown targets ['gross_amont']; flat rows have ['invoice_id'"),
        (GOOD.replace(", gross_amount: d", ""), "targets ['gross_amount'] are not filled"),
        (GOOD.replace("rows: flat", "rows: bills"), "'bills' is not a row shape; allowed ['flat', 'customers'"),
        (GOOD.replace("gross_amount: d", "gross_amount: {colum: d}"),
         "ours.yaml: sources[0].columns.gross_amount.colum: unknown key; correct"),
        (GOOD.replace("gross_amount: d", "gross_amount: {join: [d], column: e}"), "give either column or join"),
        (GOOD + "    constants: {gross_amount: 5}\n", "targets ['gross_amount'] are filled twice"),
        (GOOD + "    computed: {due_date: {date: invoice_date, plus_day: 3}}\n",
         "sources[0].computed.due_date.plus_day: unknown key"),
        (GOOD + "    computed: {due_date: {eval: 1 + 1}}\n", "sources[0].computed.due_date: not an operation"),
        (GOOD + "    computed: {due_date: {date: invoice_date, plus_days: terms}}\n", "['terms'] are neither columns"),
        (GOOD + "    columns: {}\n", "keys ['columns'] are written twice"),
        (GOOD + "  - {name: invoices, rows: payments, columns: {}}\n", "sources ['invoices'] are named twice"),
        (GOOD + "    columns: [\n", "not YAML"),
        ("mapping: ours\nsources: []\n", "sources: must not be empty"),
        ("- a list\n", "must hold keys and values; allowed keys ['mapping'"),
        ("mapping: ours\n", "sources: required key is absent"),
        (GOOD + "fx: [{currency_code: CAD, into: USD, rate_date: 2019-12-31, rate_ratio: 1}]\n", "source: required"),
        (GOOD.replace("rows: flat\n    columns: {invoice_id: a, customer_id: b, invoice_date: c, gross_amount: d}",
                      "rows: flat\n    columns: as_declared"), "as_declared needs rows of a canonical table"),
        (GOOD + "max_set_aside_ratio: 2\n", "max_set_aside_ratio"),
        (GOOD.replace("rows: flat", "rows: flat\n    query: DROP TABLE x"), "query must be one SELECT"),
        (GOOD.replace("rows: flat", "rows: flat\n    query: SELECT 1; DROP TABLE x"), "query must be one SELECT"),
        (GOOD.replace("rows: flat", "rows: flat\n    table: t\n    query: SELECT 1"), "give table or query, not both"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_with_its_path(text: str, says: str):
    with pytest.raises(SettingsError) as refusal:
        parsed(text)
    assert says in str(refusal.value), str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_mapping_names_the_shipped_ones():
    with pytest.raises(SettingsError, match="canonical, einvoice, highradius, ibm_late_payment, odoo, sap"):
        load_mapping("sage")


def test_a_delivery_card_refuses_unknown_keys():
    assert parse_card("mapping: canonical\nis_synthetic: true\n", name="ledger.yaml").is_synthetic
    with pytest.raises(SettingsError, match=r"ledger\.yaml: currency: unknown key"):
        parse_card("mapping: canonical\ncurrency: EUR\n", name="ledger.yaml")


@pytest.mark.parametrize(
    ("written", "code"),
    [("JJ/MM/AAAA", "%d/%m/%Y"), ("M/D/YYYY", "%m/%d/%Y"), ("YYYYMMDD", "%Y%m%d"), ("DD.MM.YY", "%d.%m.%y")],
)
def test_date_formats_are_written_in_letters(written: str, code: str):
    assert date_format(written) == code
    assert date_format(letters(code)) == code


# text: minor units; None where it is no amount in the format
FRENCH = {"1 234,56": 123_456, "1\u202f234\u00a0567,8 €": 123_456_780, "-12": -1_200, "12,5-": -1_250, "(7,05)": -705,
          ",50": 50, "12,": 1_200, "1.234,56": None, "1,234.56": None, "12 34": None, "1,005": None, "--5": None,
          "1,00000000001": 100, "": None, "−3,00": -300, "²": None, "1e3": None}  # fmt: skip
ENGLISH = {"1,234.56": 123_456, "1234.5": 123_450, "1,234": 123_400, "0.1": 10, "1.234,56": None, "12,34": None}


@pytest.mark.parametrize(
    ("amounts", "form"),
    [(FRENCH, Format(decimal=",", thousands=" ")), (ENGLISH, Format(decimal=".", thousands=","))],
    ids=["french", "english"],
)
def test_amounts_are_read_to_the_cent_or_not_at_all(amounts: dict[str, int | None], form: Format):
    values, unread = minor_units(Series(list(amounts), dtype="str"), form)
    assert [None if pd.isna(value) else int(value) for value in values] == list(amounts.values())
    assert unread.tolist() == [value is None for value in amounts.values()]


def test_large_amounts_are_exact_where_a_float_is_not():
    text = Series(["90071992547409.93", "0.29", "1.15"], dtype="str")
    assert minor_units(text, Format())[0].tolist() == [9_007_199_254_740_993, 29, 115]


def test_rounding_is_an_order_of_the_mapping():
    text = Series(["1.005", "-2.675", "2.674999"], dtype="str")
    assert minor_units(text, Format(round_amounts=True))[0].tolist() == [101, -268, 267]


def test_dates_must_exist():
    text = Series(["29/02/2024", "29/02/2023", "1/2/2024 00:00:00", "20240131", None], dtype="str")
    days, unread = dates(text, ["%d/%m/%Y", "%Y%m%d"])
    assert days.dt.strftime("%Y-%m-%d").tolist()[:1] == ["2024-02-29"]
    assert days.iloc[2:4].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-01-31")]
    assert unread.tolist() == [False, True, False, False, False]


def test_whole_numbers_may_carry_a_zero_fraction():
    values, unread = integers(Series(["12", "-3.0", "1.5"], dtype="str"), Format())
    assert values.tolist()[:2] == [12, -3]
    assert unread.tolist() == [False, False, True]


def test_direction_marks_and_controls_leave_the_text():
    assert clean_text(Series(["\u202ecod.exe\x07", " a\r\nb\u200b "], dtype="str")).tolist() == ["cod.exe", "a b"]


def test_end_of_month_terms_have_two_readings():
    issued = {"invoice_date": Series(pd.to_datetime(["2026-01-15"]))}
    after = compute(Shift(date="invoice_date", plus_days="45", month_end="after"), issued)
    before = compute(Shift(date="invoice_date", plus_days="45", month_end="before"), issued)
    assert (after.item(), before.item()) == (pd.Timestamp("2026-03-31"), pd.Timestamp("2026-03-17"))


def test_a_shift_by_a_column_keeps_missing_days_missing():
    values = {
        "due": Series(pd.to_datetime(["2024-01-31", "2024-01-31", None])),
        "late": Series([-2, None, 3], dtype="Int64"),
    }
    paid = compute(Shift(date="due", plus_days="late"), values)
    assert paid.iloc[0] == pd.Timestamp("2024-01-29")
    assert paid.isna().tolist() == [False, True, True]


def test_the_longest_prefix_wins_and_no_prefix_gives_nothing():
    text = {"id": Series(["29601", "2911", "31", None], dtype="str")}
    codes = compute(Prefix(text="id", prefixes={"29": "USD", "296": "CAD"}), text)
    assert codes.iloc[:2].tolist() == ["CAD", "USD"]
    assert codes.isna().tolist() == [False, False, True, True]


def test_totals_and_first_values():
    values = {"net": Series([100, 5], dtype="Int64"), "tax": Series([20, None], dtype="Int64")}
    assert compute(Total(sum=("net", "tax")), values).tolist() == [120, pd.NA]
    assert compute(Total(sum=("net",), minus=("tax",)), values).tolist()[0] == 80
    assert compute(FirstOf(first_of=("tax", "net")), values).tolist() == [20, 5]
