"""What each row of the panel serves for: outcomes, exclusions, samples, cohorts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from small_ledger import day

from riskresearch.features.samples import default_cohorts, months_after, sample_counts, samples
from riskresearch.features.settings import FeatureSettings

MONTHS = pd.date_range("2020-01-31", "2024-12-31", freq="ME").as_unit("us")
AS_OF = day("2024-12-31")
FOREVER = "2262-01-01"


def rows(*customers, dates=MONTHS, open_minor=100_00, sale_12m_minor=0):
    keys = pd.MultiIndex.from_product([list(customers), dates], names=["customer_id", "observation_date"])
    return keys.to_frame(index=False).assign(
        open_minor=pd.array([open_minor] * len(keys), dtype="Int64"),
        sale_12m_minor=pd.array([sale_12m_minor] * len(keys), dtype="Int64"),
    )


def known(first_invoices, spells=()):
    """Tables: first invoice of each customer, default spells as (customer, first day, first day performing)."""
    moves = pd.DataFrame(
        {
            "customer_id": list(first_invoices),
            "movement_code": "invoice",
            "known_date": pd.DatetimeIndex(list(first_invoices.values())).as_unit("us"),
        }
    )
    found = pd.DataFrame(spells, columns=["customer_id", "default_date", "performing_date"]).astype(
        {"customer_id": "str", "default_date": "datetime64[us]", "performing_date": "datetime64[us]"}
    )
    return {"movements": moves, "defaults": found}


def made(panel, tables, as_of=AS_OF, **settings):
    return samples(panel, tables, FeatureSettings(**settings), as_of=as_of)


def on(panel, text, customer="A"):
    return panel[(panel["customer_id"] == customer) & (panel["observation_date"] == day(text))].iloc[0]


def dates_of(panel, code):
    found = panel.loc[panel["sample_code"] == code, "observation_date"]
    return str(found.min().date()), str(found.max().date()), found.nunique()


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-02-28", 3, "2023-05-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2023-02-28", 12, "2024-02-29"),
        ("2024-02-28", 12, "2025-02-28"),
        ("2024-08-15", 6, "2025-02-15"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2024-05-31", 0, "2024-05-31"),
    ],
)
def test_the_end_of_a_window_of_months(start, months, end):
    assert months_after(day(start), months) == day(end)


@pytest.mark.parametrize(
    ("default_day", "expected"),
    [
        ("2023-01-31", (False, False, False)),
        ("2023-02-01", (True, True, True)),
        ("2023-04-30", (True, True, True)),
        ("2023-05-01", (False, True, True)),
        ("2023-07-31", (False, True, True)),
        ("2023-08-01", (False, False, True)),
        ("2024-01-31", (False, False, True)),
        ("2024-02-01", (False, False, False)),
    ],
)
def test_the_outcome_is_a_default_after_the_date_and_up_to_the_end_of_the_window(default_day, expected):
    tables = known({"A": "2020-01-10"}, [("A", default_day, None)])
    if default_day == "2023-01-31":
        tables = known({"A": "2020-01-10"}, [("A", "2022-06-30", default_day)])
    row = on(made(rows("A"), tables), "2023-01-31")
    assert tuple(bool(row[f"is_default_{months}m"]) for months in (3, 6, 12)) == expected
    assert row["is_default"] == expected[2]


def test_the_main_outcome_has_the_horizon_of_the_settings():
    tables = known({"A": "2020-01-10"}, [("A", "2022-12-05", None)])
    panel = made(rows("A"), tables, horizon_months=24)
    assert on(panel, "2020-12-31")["is_default"]
    assert not on(panel, "2020-11-30")["is_default"]
    assert not on(panel, "2020-12-31")["is_default_12m"]
    assert not panel.loc[panel["observation_date"] > day("2022-12-31"), "is_default"].notna().any()


def test_an_outcome_is_empty_until_its_window_is_over_even_after_a_default():
    tables = known({"A": "2020-01-10", "B": "2020-01-10"}, [("A", "2024-08-10", None)])
    panel = made(rows("A", "B"), tables)
    early, late = on(panel, "2023-12-31"), on(panel, "2024-06-30")
    assert early["is_default_12m"]
    assert early["sample_code"] == "out_of_time"
    assert late[["is_default_3m", "is_default_6m"]].all()
    assert late[["is_default_12m", "is_default"]].isna().all()
    assert late["sample_code"] == "immature"
    assert pd.isna(on(panel, "2024-07-31")["is_default_6m"])
    assert on(panel, "2024-07-31")["is_default_3m"]
    assert not on(panel, "2024-09-30", "B")["is_default_3m"]
    assert pd.isna(on(panel, "2024-10-31", "B")["is_default_3m"])


def test_of_two_defaults_the_first_after_the_date_counts():
    spells = [("A", "2021-03-10", "2021-09-10"), ("A", "2023-03-10", None)]
    panel = made(rows("A"), known({"A": "2020-01-10"}, spells))
    assert pd.isna(on(panel, "2021-09-30")["exclusion_code"])
    assert not on(panel, "2021-09-30")["is_default_12m"]
    assert on(panel, "2022-03-31")["is_default_12m"]
    assert not on(panel, "2022-02-28")["is_default_12m"]
    assert on(panel, "2020-12-31")["is_default_3m"]


def test_exclusions_name_the_first_reason_that_applies():
    spells = [("A", "2020-02-10", "2020-06-01"), ("D", "2022-01-05", "2022-12-05")]
    tables = known({"A": "2020-01-10", "C": "2020-01-10", "D": "2022-03-31"}, spells)
    panel = rows("A", "B", "C", "D")
    panel = made(panel.assign(open_minor=np.where(panel["customer_id"].isin(["B", "C"]), 0, 1)), tables)
    reasons = panel.pivot(index="observation_date", columns="customer_id", values="exclusion_code").fillna("")
    assert reasons.loc[: day("2020-03-31")].eq("burn_in").all(axis=None)
    assert reasons.loc[day("2020-04-30"), "A"] == "in_default"
    assert reasons.loc[day("2020-05-31"), "A"] == "in_default"
    assert reasons.loc[day("2020-06-30") :, "A"].eq("").all()
    assert reasons.loc[day("2020-04-30") :, "B"].eq("never_sold").all()
    assert reasons.loc[day("2020-04-30") :, "C"].eq("inactive").all()
    assert reasons.loc[day("2021-12-31"), "D"] == "never_sold"
    assert reasons.loc[day("2022-02-28"), "D"] == "in_default"
    assert reasons.loc[day("2022-12-31"), "D"] == ""


def test_a_customer_is_sold_to_from_the_day_its_first_invoice_is_known():
    tables = known({"A": "2020-01-10", "D": "2022-03-31"})
    panel = made(rows("A", "D"), tables)
    assert on(panel, "2022-02-28", "D")["exclusion_code"] == "never_sold"
    assert pd.isna(on(panel, "2022-03-31", "D")["exclusion_code"])


def test_a_settled_opening_item_makes_a_customer_inactive_not_a_prospect():
    panel = made(rows("A", open_minor=0), known({"A": "2020-01-10"}))
    assert set(panel.loc[panel["observation_date"] > day("2020-03-31"), "exclusion_code"]) == {"inactive"}


def test_sales_or_something_open_make_a_customer_active():
    panel = rows("A", "B", "C", open_minor=0)
    panel["open_minor"] = panel["open_minor"].mask(panel["customer_id"] == "A", 1)
    panel["sale_12m_minor"] = panel["sale_12m_minor"].mask(panel["customer_id"] == "B", 1)
    panel["sale_12m_minor"] = panel["sale_12m_minor"].mask(panel["customer_id"] == "C", pd.NA)
    tables = known(dict.fromkeys("ABC", "2020-01-10"))
    today = made(panel, tables).query("observation_date == @AS_OF").set_index("customer_id")
    assert today["sample_code"].to_dict() == {"A": "scoring", "B": "scoring", "C": "excluded"}


def test_the_open_amount_of_each_date_is_told_also_of_excluded_rows():
    panel = rows("A", "B").assign(open_minor=pd.array(range(2 * len(MONTHS)), dtype="Int64"))
    found = made(panel, known({"A": "2020-01-10"}))
    assert found["open_amount"].tolist() == [cents / 100 for cents in range(2 * len(MONTHS))]
    assert str(found["open_amount"].dtype) == "float64"
    assert found.loc[found["customer_id"] == "B", "exclusion_code"].notna().all()


def test_excluded_rows_keep_no_outcome_and_are_not_dropped():
    tables = known({"A": "2020-01-10"}, [("A", "2020-02-15", None)])
    panel = made(rows("A", "B"), tables)
    assert len(panel) == 2 * len(MONTHS)
    assert panel["sample_code"].eq("excluded").all()
    assert panel.filter(like="is_default").isna().all(axis=None)


@pytest.mark.parametrize(("first_day", "n_burnt"), [("2020-01-01", 3), ("2020-01-31", 3), ("2020-01-10", 3)])
def test_burn_in_are_the_first_months_of_the_ledger(first_day, n_burnt):
    panel = made(rows("A"), known({"A": first_day}))
    assert (panel["exclusion_code"] == "burn_in").sum() == n_burnt


def test_the_date_to_score_is_never_burn_in():
    dates = MONTHS[:2]
    panel = made(rows("A", dates=dates), known({"A": "2020-01-10"}), as_of=dates[-1])
    assert panel["exclusion_code"].fillna("").tolist() == ["burn_in", ""]
    assert panel["sample_code"].tolist() == ["excluded", "scoring"]
    assert panel["is_new_customer"].tolist() == [False, True]


def test_the_split_by_hand():
    """Mature dates Apr 2020 … Dec 2023 are 45; the last round(45 / 4) = 11 begin on 28 Feb 2023."""
    panel = made(rows("A"), known({"A": "2020-01-10"}))
    assert dates_of(panel, "excluded") == ("2020-01-31", "2020-03-31", 3)
    assert dates_of(panel, "development") == ("2020-04-30", "2022-01-31", 22)
    assert dates_of(panel, "embargo") == ("2022-02-28", "2022-02-28", 1)
    assert dates_of(panel, "purged") == ("2022-03-31", "2023-01-31", 11)
    assert dates_of(panel, "out_of_time") == ("2023-02-28", "2023-12-31", 11)
    assert dates_of(panel, "immature") == ("2024-01-31", "2024-11-30", 11)
    assert dates_of(panel, "scoring") == ("2024-12-31", "2024-12-31", 1)


def test_without_embargo_development_ends_where_its_outcome_is_just_known():
    panel = made(rows("A"), known({"A": "2020-01-10"}), embargo_months=0)
    assert dates_of(panel, "development")[1] == "2022-02-28"
    assert not (panel["sample_code"] == "embargo").any()


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    horizon=st.integers(1, 24),
    embargo=st.integers(0, 12),
    burn_in=st.integers(0, 24),
    share=st.floats(0.01, 0.99),
    as_of=st.dates(pd.Timestamp("2022-01-01").date(), pd.Timestamp("2024-12-31").date()),
)
def test_no_development_outcome_reaches_the_out_of_time_block(horizon, embargo, burn_in, share, as_of):
    last = pd.Timestamp(as_of).as_unit("us")
    dates = pd.DatetimeIndex([months_after(last, -k) for k in range(24, -1, -1)])
    panel = made(
        rows("A", dates=dates),
        known({"A": str(dates[0].date())}),
        as_of=last,
        horizon_months=horizon,
        embargo_months=embargo,
        burn_in_months=burn_in,
        out_of_time_ratio=share,
    )
    days = panel.groupby("sample_code")["observation_date"]
    first, latest = days.min(), days.max()
    ends = panel["observation_date"].map(lambda d: months_after(d, horizon))
    assert (panel["is_default"].notna() == ((ends <= last) & panel["exclusion_code"].isna())).all()
    assert panel.iloc[-1]["sample_code"] == "scoring"
    assert len(panel) == len(dates)
    if "development" in first:
        assert months_after(latest["development"], horizon + embargo) <= first["out_of_time"]
    if "embargo" in first:
        assert months_after(latest["embargo"], horizon) <= first["out_of_time"]
        assert months_after(first["embargo"], horizon + embargo) > first["out_of_time"]
    if "purged" in first:
        assert months_after(first["purged"], horizon) > first["out_of_time"] > latest["purged"]


def test_new_customers_are_those_without_development_rows():
    tables = known({"A": "2020-01-10", "B": "2022-06-10", "C": "2022-06-10", "D": "2024-11-10"})
    panel = pd.concat(
        [rows("A"), rows("B", dates=MONTHS[29:]), rows("C", dates=MONTHS[29:]), rows("D", dates=MONTHS[-2:])],
        ignore_index=True,
    )
    panel = made(panel.sample(frac=1, random_state=1).reset_index(drop=True), tables)
    flagged = panel[panel["is_new_customer"]]
    assert set(flagged["sample_code"]) == {"out_of_time", "scoring"}
    assert set(flagged["customer_id"]) == {"B", "C", "D"}
    used = panel[panel["sample_code"].isin(["out_of_time", "scoring"]) & (panel["customer_id"] != "A")]
    assert used["is_new_customer"].all()


def test_a_customer_excluded_during_development_is_new_to_the_model():
    tables = known({"A": "2020-01-10", "B": "2020-01-10"}, [("B", "2020-02-10", "2022-06-01")])
    panel = made(rows("A", "B"), tables)
    assert on(panel, "2023-06-30", "B")["is_new_customer"]
    assert not on(panel, "2023-06-30", "A")["is_new_customer"]


def test_counts_add_up_to_the_panel():
    spells = [("A", "2021-03-10", "2021-09-10"), ("B", "2023-06-10", None)]
    tables = known({"A": "2020-01-10", "B": "2021-01-10", "C": "2022-09-10"}, spells)
    panel = made(pd.concat([rows("A", "B", "C"), rows("P", dates=MONTHS[-6:])], ignore_index=True), tables)
    counts = sample_counts(panel).set_index(["sample_code", "reason_code"])
    assert counts["n_rows"].sum() == len(panel)
    assert counts.loc[("excluded", "burn_in"), "n_rows"] == 3 * 3
    assert counts.loc[("excluded", "never_sold"), "n_customers"] == 3
    assert counts.loc[("excluded", "in_default"), "n_rows"] == 6 + 19
    development = panel[panel["sample_code"] == "development"]
    row = counts.loc[("development", "none")]
    assert row["n_defaults"] == development["is_default"].sum() > 0
    assert row["n_defaulters"] == 1
    assert row["n_customers"] == development["customer_id"].nunique()
    assert counts.loc[("out_of_time", "none"), "n_new_customers"] == 1
    assert counts.loc[("out_of_time", "none"), "n_defaulters"] == 1
    assert counts.loc[("scoring", "none"), "first_date"] == AS_OF


def test_cohorts_by_hand():
    """Five customers; 2021 begins with A B C and D (E is a prospect), in 2022 A is in default, B defaults."""
    spells = [
        ("A", "2021-05-10", "2022-03-10"),
        ("A", "2022-10-10", None),
        ("B", "2022-12-31", None),
        ("C", "2023-01-01", None),
    ]
    tables = known({**dict.fromkeys("ABCD", "2020-01-10"), "E": "2023-02-10"}, spells)
    found = default_cohorts(rows(*"ABCDE"), tables).set_index("year")
    assert found["n_at_start"].to_dict() == {"2020": 4, "2021": 4, "2022": 3, "2023": 2, "2024": 2}
    assert found["n_defaulters"].to_dict() == {"2020": 0, "2021": 1, "2022": 1, "2023": 1, "2024": 0}
    assert found.loc["2022", "default_ratio"] == pytest.approx(1 / 3)
    assert found["is_complete"].to_dict() == {"2020": False, "2021": True, "2022": True, "2023": True, "2024": True}
    assert found.loc["2020", "start_date"] == day("2020-01-31")
    assert found.loc["2023", "start_date"] == day("2022-12-31")


def test_a_year_still_running_is_not_complete_and_an_empty_cohort_has_no_rate():
    dates = MONTHS[day("2024-06-30") >= MONTHS]
    found = default_cohorts(rows("A", dates=dates, open_minor=0), known({"A": "2020-01-10"})).set_index("year")
    assert not found.loc["2024", "is_complete"]
    assert found.loc["2024", "end_date"] == day("2024-06-30")
    assert (found["n_at_start"] == 0).all()
    assert found["default_ratio"].isna().all()


def test_cohorts_of_dates_within_the_month():
    dates = pd.DatetimeIndex([months_after(day("2024-12-15"), -k) for k in range(30, -1, -1)])
    tables = known({"A": "2022-01-10"}, [("A", "2023-12-20", None)])
    found = default_cohorts(rows("A", dates=dates), tables).set_index("year")
    assert found["n_defaulters"].to_dict() == {"2022": 0, "2023": 0, "2024": 1}
    assert found["is_complete"].to_dict() == {"2022": False, "2023": True, "2024": True}


def test_a_ledger_shorter_than_the_horizon_has_only_rows_to_wait_for():
    dates = MONTHS[:8]
    panel = made(rows("A", dates=dates), known({"A": "2020-01-10"}), as_of=dates[-1])
    assert panel["sample_code"].tolist() == ["excluded"] * 3 + ["immature"] * 4 + ["scoring"]
    assert panel["is_default"].isna().all()
    assert panel["is_default_3m"].notna().sum() == 2
