"""Ageing, delays, concentration and the loss of the largest customer: by hand, identities, as-of correctness."""

import numpy as np
import pandas as pd
import pytest
from random_ledger import random_ledger
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, prepare
from riskresearch.behaviour.distributions import (
    AGEING,
    CONCENTRATION,
    DELAYS,
    LORENZ,
    DistributionSettings,
    ageing,
    concentration_axes,
    concentration_bases,
    concentration_tables,
    delay_distribution,
)
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.largest import LARGEST_CUSTOMER, largest_customer
from riskresearch.behaviour.segments import SegmentSettings, portfolio_axis, segment_axes

AS_OF = "2024-06-30"


def _book(tables, as_of=AS_OF):
    return book(prepare(tables), as_of=day(as_of))


def _invoice(number, amount, *, late=None, age=200):
    """Invoice open on 30 June 2024, so many days late and so many days old."""
    now = day(AS_OF)
    row = {"id": f"I{number}", "date": str((now - pd.Timedelta(days=age)).date()), "amount": amount}
    return row if late is None else row | {"due": str((now - pd.Timedelta(days=late)).date())}


EDGES = [
    *[_invoice(i, 2**i, late=late) for i, late in enumerate([-5, 0, 1, 30, 31, 60, 61, 90, 91, 120, 121])],
    _invoice(11, 2**11),
]


def _amounts(now, basis, *, column="open_amount", is_extended=False):
    table = ageing(now, is_extended=is_extended)
    return table[table["basis_code"] == basis].set_index("bucket_code")[column].to_dict()


def test_edges_of_the_aged_balance_by_due_date():
    now = _book(tables_of(small_ledger(EDGES), AS_OF))
    shared = {"not_due": 1 + 2, "1_30": 4 + 8, "31_60": 16 + 32, "61_90": 64 + 128}
    assert _amounts(now, "due_date") == {**shared, "over_90": 256 + 512 + 1024, "no_due_date": 2048}
    extended = {**shared, "91_120": 256 + 512, "over_120": 1024, "no_due_date": 2048}
    assert _amounts(now, "due_date", is_extended=True) == extended
    assert _amounts(now, "due_date", column="n_invoices")["over_90"] == 3
    assert _amounts(now, "due_date", column="open_ratio")["no_due_date"] == pytest.approx(2048 / 4095)


def test_edges_of_the_aged_balance_by_date_of_issue():
    invoices = [_invoice(i, 2**i, age=age) for i, age in enumerate([0, 30, 31, 60, 61, 90, 91, 120, 121])]
    now = _book(tables_of(small_ledger(invoices), AS_OF))
    assert _amounts(now, "invoice_date") == {"0_30": 3, "31_60": 12, "61_90": 48, "over_90": 448}
    extended = {"0_30": 3, "31_60": 12, "61_90": 48, "91_120": 192, "over_120": 256}
    assert _amounts(now, "invoice_date", is_extended=True) == extended


def test_disputed_amounts_are_shown_within_their_bucket():
    disputes = [{"invoice": "I3", "opened": "2024-06-01"}, {"invoice": "I4", "opened": "2024-05-01", "closed": AS_OF}]
    now = _book(tables_of(small_ledger(EDGES, disputes=disputes), AS_OF))
    assert _amounts(now, "due_date", column="disputed_amount")["1_30"] == 8
    assert sum(_amounts(now, "due_date", column="disputed_amount").values()) == 8
    assert sum(_amounts(now, "invoice_date", column="disputed_amount").values()) == 8


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_extended", [False, True])
def test_the_aged_balance_adds_up_to_the_open_amount(seed, is_extended):
    now = _book(tables_of(random_ledger(seed), "2024-10-31"), "2024-10-31")
    table = check(ageing(now, is_extended=is_extended).assign(observation_date=now.as_of), AGEING)
    for _, part in table.groupby("basis_code"):
        assert round(part["open_amount"].sum() * 100) == now.open_minor
        assert part["n_invoices"].sum() == len(now.items)
        assert part["open_ratio"].sum() == pytest.approx(1)
        assert (part["disputed_amount"] <= part["open_amount"]).all()


def test_delays_by_hand():
    paid = [(10, 100), (0, 300), (-20, 100), (40, 500)]
    invoices = [
        {
            "id": f"I{i}",
            "customer": f"C{i % 2}",
            "date": "2024-03-01",
            "due": "2024-04-01",
            "amount": amount,
            "paid": [[str((day("2024-04-01") + pd.Timedelta(days=late)).date()), amount]],
            "contract": "rent" if i else None,
        }
        for i, (late, amount) in enumerate(paid)
    ]
    tables = tables_of(small_ledger(invoices), AS_OF)
    now = _book(tables)
    axes = segment_axes(now, tables, SegmentSettings(segment_axes=("contract_type", "contract_type*size")))
    table = delay_distribution(now, [portfolio_axis(tables), *axes])
    found = check(table, DELAYS).set_index(["axis_code", "segment_code"])
    whole = found.loc[("portfolio", "all")]
    assert whole["days_late_mean"] == pytest.approx((1000 + 0 - 2000 + 20000) / 1000)
    assert (whole["n_receipts"], whole["n_customers"], whole["paid_amount"]) == (4, 2, 1000)
    assert whole["late_ratio"] == 0.6
    assert whole["days_late_p50"] == 5
    assert found.loc[("contract_type", "rent"), "late_ratio"] == pytest.approx(500 / 900)
    assert found.loc[("contract_type", "unknown"), "days_late_mean"] == 10
    assert found.loc[("contract_type*size", "rent*unknown"), "n_receipts"] == 3


GROUPS = [
    {"id": "A1", "group": "G", "country": "FR", "sector": "trade", "region": "BRE"},
    {"id": "A2", "group": "G", "country": "DE", "sector": "trade"},
    {"id": "B", "country": "FR"},
    {"id": "C", "country": "FR", "sector": "transport"},
]
SALES = [
    {
        "id": "I0",
        "customer": "C",
        "date": "2023-01-10",
        "due": "2023-02-10",
        "amount": 900,
        "paid": [["2023-02-10", 900]],
    },
    {
        "id": "I1",
        "customer": "A1",
        "date": "2024-05-10",
        "due": "2024-06-10",
        "amount": 300,
        "paid": [["2024-06-09", 100]],
    },
    {"id": "I2", "customer": "A2", "date": "2024-06-10", "due": "2024-07-10", "amount": 200},
    {
        "id": "I3",
        "customer": "B",
        "date": "2024-05-10",
        "due": "2024-06-20",
        "amount": 400,
        "paid": [["2024-06-30", 100]],
    },
    {"id": "I4", "customer": "C", "date": "2024-05-10", "due": "2024-07-20", "amount": 100},
]


def test_concentration_by_customer_group_sector_country_and_region():
    tables = tables_of(small_ledger(SALES, customers=GROUPS), AS_OF)
    made = concentration_tables(_book(tables), tables["customers"], DistributionSettings())
    check(made["lorenz"], LORENZ)
    found = check(made["concentration"], CONCENTRATION).set_index(["base_code", "axis_code", "measure_code"])["value"]
    largest = found.xs("top_1_ratio", level=2)
    assert largest["sales_12m"].to_dict() == pytest.approx(
        {"customer": 0.4, "group": 0.5, "sector": 0.5, "country": 0.8, "region": 0.7}
    )
    assert largest["exposure"].to_dict() == pytest.approx(
        {"customer": 3 / 8, "group": 0.5, "sector": 0.5, "country": 0.75, "region": 0.75}
    )
    assert found[("sales_12m", "group", "hhi_ratio")] == pytest.approx(0.25 + 0.16 + 0.01)


def test_exposure_is_at_the_rate_of_the_date_and_sales_at_the_rate_of_issue():
    invoices = [
        {"id": "I1", "customer": "C1", "date": "2024-05-10", "amount": 100, "currency": "USD"},
        {"id": "I2", "customer": "C2", "date": "2024-05-10", "amount": 100},
    ]
    rates = [
        {"currency": "USD", "date": "2024-05-01", "rate": 0.9},
        {"currency": "USD", "date": "2024-06-15", "rate": 0.8},
    ]
    now = _book(tables_of(small_ledger(invoices, fx_rates=rates), AS_OF))
    found = {base: amounts.to_dict() for base, amounts in concentration_bases(now).items()}
    assert found["sales_12m"] == {"C1": 90, "C2": 100}
    assert found["exposure"] == pytest.approx({"C1": 80, "C2": 100})


def test_without_the_largest_customer_the_whole_group_is_gone():
    tables = tables_of(small_ledger(SALES, customers=GROUPS), AS_OF)
    table = check(largest_customer(_book(tables), tables["customers"]), LARGEST_CUSTOMER)
    found = table[table["base_code"] == "exposure"].set_index("measure_code")
    assert set(found["member_id"]) == {"G"}
    assert set(found["n_customers"]) == {2}
    figures = found[["before_value", "after_value"]]
    assert figures.loc["sales_12m_amount"].tolist() == [1000, 500]
    assert figures.loc["open_amount"].tolist() == [800, 400]
    assert figures.loc["overdue_ratio"].tolist() == pytest.approx([500 / 800, 300 / 400])
    assert figures.loc["dso_simple_days"].tolist() == pytest.approx([72, 72])
    assert figures.loc["on_time_ratio"].tolist() == pytest.approx([0.5, 0])  # B pays 10 days late, A1 a day early
    assert found["change_value"].tolist() == pytest.approx((found["after_value"] - found["before_value"]).tolist())


def test_what_remains_is_the_book_of_the_other_customers():
    tables = tables_of(random_ledger(4, n_invoices=150, n_customers=8), "2024-10-31")
    now = _book(tables, "2024-10-31")
    table = largest_customer(now, tables["customers"]).set_index(["base_code", "measure_code"])
    exposure = concentration_bases(now)["exposure"]
    assert table.loc[("exposure", "open_amount"), "member_id"] == exposure.idxmax()
    rest = now.of([c for c in tables["customers"]["customer_id"] if c != exposure.idxmax()])
    for name in ("open_amount", "dso_simple_days", "on_time_ratio"):
        assert table.loc[("exposure", name), "after_value"] == INDICATORS[name].function(rest).value


def test_a_single_customer_leaves_nothing_and_the_reason_says_so():
    tables = tables_of(small_ledger(SALES[3:4], customers=GROUPS[2:3]), AS_OF)
    table = check(largest_customer(_book(tables), tables["customers"]), LARGEST_CUSTOMER)
    found = table[table["base_code"] == "exposure"].set_index("measure_code")
    assert found.loc["open_amount", "after_value"] == 0
    assert np.isnan(found.loc["overdue_ratio", "after_value"])
    assert found.loc["overdue_ratio", "reason_code"] == "nothing_open"


def test_nothing_owed_and_nothing_sold_makes_empty_tables():
    tables = tables_of(small_ledger(SALES[:1], customers=GROUPS[3:]), AS_OF)
    now = _book(tables)
    made = concentration_tables(now, tables["customers"], DistributionSettings())
    assert check(made["concentration"], CONCENTRATION).empty
    assert check(made["lorenz"], LORENZ).empty
    assert check(largest_customer(now, tables["customers"]), LARGEST_CUSTOMER).empty
    assert check(ageing(now).assign(observation_date=now.as_of), AGEING)["open_ratio"].sum() == 0
    assert check(delay_distribution(now, [portfolio_axis(tables)]), DELAYS).empty


def test_customers_without_a_group_are_their_own():
    tables = tables_of(small_ledger(SALES, customers=GROUPS), AS_OF)
    assert concentration_axes(tables["customers"])["group"].to_dict() == {"A1": "G", "A2": "G", "B": "B", "C": "C"}


def _made(tables, as_of):
    now = _book(tables, as_of)
    axes = segment_axes(now, tables, SegmentSettings())
    shares = concentration_tables(now, tables["customers"], DistributionSettings())
    return {
        "ageing": check(ageing(now).assign(observation_date=now.as_of), AGEING),
        "delays": check(delay_distribution(now, axes), DELAYS),
        "concentration": check(shares["concentration"], CONCENTRATION),
        "lorenz": check(shares["lorenz"], LORENZ),
        "largest_customer": check(largest_customer(now, tables["customers"]), LARGEST_CUSTOMER),
    }


def test_later_acts_and_the_order_of_rows_change_nothing():
    ledger, as_of = random_ledger(7, n_invoices=120, n_customers=9), "2024-06-30"
    then = tables_of(ledger, as_of)
    expected = _made(then, as_of)
    for tables in (tables_of(ledger, "2024-12-31"), shuffled(then, 5)):
        found = _made(tables, as_of)
        for name, frame in expected.items():
            pd.testing.assert_frame_equal(found[name], frame, rtol=1e-9)
