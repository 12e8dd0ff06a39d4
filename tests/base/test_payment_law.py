"""Legal ceiling of payment terms and late-payment interest under French law."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas import Series, Timestamp

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.payment_law import (
    ECB_MAIN_REFINANCING,
    LEGAL_INTEREST,
    end_of_month_terms,
    late_interest,
    late_rates,
    legal_ceiling,
)
from riskresearch.behaviour.settings import IndicatorSettings


@pytest.mark.parametrize(
    ("issued", "net", "days_first", "month_first"),
    [
        ("2026-01-15", "2026-03-16", "2026-03-31", "2026-03-17"),
        ("2026-01-31", "2026-04-01", "2026-03-31", "2026-03-17"),
        ("2026-02-01", "2026-04-02", "2026-03-31", "2026-04-14"),
        ("2024-02-29", "2024-04-29", "2024-04-30", "2024-04-14"),
        ("2025-12-17", "2026-02-15", "2026-01-31", "2026-02-14"),
    ],
)
def test_ceilings_of_an_invoice_date(issued, net, days_first, month_first):
    expected = {"net": net, "days_then_month_end": days_first, "month_end_then_days": month_first}
    for reading, day in expected.items():
        assert legal_ceiling(Timestamp(issued), reading=reading) == Timestamp(day)


def test_dates_in_a_column_give_what_each_date_gives():
    issued = Series(pd.date_range("2024-01-01", "2024-12-31")).dt.as_unit("us")
    for reading in ("days_then_month_end", "month_end_then_days"):
        column = end_of_month_terms(issued, days=45, reading=reading)
        assert column.tolist() == [end_of_month_terms(day, days=45, reading=reading) for day in issued]


def test_the_month_end_readings_never_exceed_75_days():
    issued = Series(pd.date_range("2023-01-01", "2026-12-31"))
    for reading in ("days_then_month_end", "month_end_then_days"):
        days = (legal_ceiling(issued, reading=reading) - issued).dt.days
        assert (days.min(), days.max()) == (45, 75)


def test_rates_begin_every_half_year_without_a_gap():
    starts = [date(year, month, 1) for year in range(2013, 2027) for month in (1, 7)]
    assert sorted(ECB_MAIN_REFINANCING) == starts[: len(ECB_MAIN_REFINANCING)]
    assert sorted(LEGAL_INTEREST) == starts[: len(LEGAL_INTEREST)]


def test_the_floor_binds_an_agreed_rate_only():
    assert late_rates()[Timestamp("2024-01-01")] == 0.145
    assert late_rates(agreed_ratio=0.01)[Timestamp("2024-01-01")] == pytest.approx(3 * 0.0507)
    assert late_rates(agreed_ratio=0.18)[Timestamp("2024-01-01")] == 0.18


def _interest(due, until, rates=None, minor=3_650_000):
    days = [Series([Timestamp(day)]) for day in (due, until)]
    return late_interest(Series([minor]), due=days[0], until=days[1], rates=late_rates() if rates is None else rates)[0]


def test_interest_is_the_sum_of_its_days():
    rates = late_rates()
    days = pd.date_range("2022-12-20", "2024-08-10")
    starts = rates.index.searchsorted(days[1:], side="right") - 1
    assert _interest(days[0], days[-1]) == pytest.approx(10_000 * rates.iloc[starts].sum(), rel=1e-12)


def test_interest_adds_up_over_a_split_of_the_time():
    whole = _interest("2023-05-10", "2025-02-03")
    assert whole == pytest.approx(_interest("2023-05-10", "2024-01-01") + _interest("2024-01-01", "2025-02-03"))


@pytest.mark.parametrize("until", ["2024-03-01", "2024-02-01"])
def test_no_interest_up_to_the_due_date(until):
    assert _interest("2024-03-01", until) == 0


def test_the_day_after_the_due_date_is_the_first():
    assert _interest("2023-12-31", "2024-01-01") == pytest.approx(10_000 * 0.145)
    assert _interest("2023-12-30", "2023-12-31") == pytest.approx(10_000 * 0.14)


@pytest.mark.parametrize(
    ("due", "until", "is_known"),
    [
        ("2026-06-20", "2026-06-30", True),
        ("2026-06-20", "2026-07-01", False),
        ("2012-12-31", "2013-01-02", True),
        ("2012-12-30", "2013-01-02", False),
        ("2030-01-01", "2029-01-01", True),
    ],
)
def test_a_day_without_a_rate_gives_no_interest(due, until, is_known):
    assert np.isfinite(_interest(due, until)) == is_known


def test_a_gap_in_the_rates_is_not_bridged():
    rates = late_rates().drop(Timestamp("2024-01-01"))
    assert np.isnan(_interest("2023-12-20", "2024-07-10", rates))
    assert np.isfinite(_interest("2024-06-30", "2024-07-10", rates))


def test_rates_of_the_user_are_added_to_the_table_and_must_begin_a_half_year():
    settings = IndicatorSettings(ecb_refinancing_rates={date(2026, 7, 1): 0.02}, legal_interest_rates={})
    assert settings.late_rates[Timestamp("2026-07-01")] == 0.12
    assert settings.late_rates[Timestamp("2024-01-01")] == 0.145
    with pytest.raises(SettingsError, match="1 January or 1 July, not from 2026-03-01"):
        validated(IndicatorSettings, {"ecb_refinancing_rates": {"2026-03-01": 0.02}}, where="test")
