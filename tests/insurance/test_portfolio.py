"""Exposures, their months and the cuts of limits, from ledger rows by hand; nothing known later counts."""

import numpy as np
import pandas as pd
import pytest
from insurance.policy_world import DAY, tables_of, world
from pandas import DataFrame, Timestamp

from riskresearch.base.schema import check
from riskresearch.insurance.action_settings import JustificationSettings
from riskresearch.insurance.portfolio import (
    cut_history,
    exposure_months,
    exposures_to_insure,
    insurer_decisions,
    limits_in_force,
)
from riskresearch.insurance.portfolio.book import discretionary_justified, vat_ratios
from riskresearch.insurance.portfolio.cuts import wilson
from riskresearch.insurance.tables import EXPOSURE_MONTHS, EXPOSURES

WORLD = world()
AS_OF = Timestamp("2025-12-31")


@pytest.fixture(scope="module")
def tables():
    made = tables_of(WORLD)
    owed = {"A": 130_000, "B": 24_000, "C": 15_000, "D": 14_000, "E": 2_000, "F": 9_000, "G": 17_000}
    behaviour = made["customer_behaviour"]
    behaviour = behaviour.assign(open_amount=behaviour["customer_id"].map(owed).fillna(0.0))
    scored = DataFrame(
        {
            "customer_id": list("ABCDG"),
            "pd_12m": [0.02, 1.0, 0.1, 0.05, 0.01],
            "lgd_ratio": 0.5,
            "segment_code": ["risky", "defaulted", "risky", "reliable", "reliable"],
        }
    )
    return {**made, "customer_behaviour": behaviour, "scored": scored}


def test_exposure_is_what_is_open_or_what_revolves(tables):
    made = check(exposures_to_insure(tables, as_of=AS_OF, deliveries_after_days=30), EXPOSURES)
    rows = made.set_index("customer_id")
    assert rows["exposure_amount"].to_dict() == pytest.approx(
        {"A": 130_000, "B": 0, "C": 15_000, "D": 14_000, "G": 150_000 / 365 * 60}
    )
    assert rows["pd_12m"]["B"] == 0
    assert rows["is_insurable"].to_dict() == {"A": True, "B": False, "C": True, "D": True, "G": True}
    assert rows["buyer_limit_amount"].to_dict() == pytest.approx(
        {"A": 100_000, "B": 10_000, "C": 0, "D": np.nan, "G": 25_000}, nan_ok=True
    )
    assert rows["requested_limit_amount"]["C"] == 40_000
    assert rows["is_discretionary_justified"]["D"]
    assert rows["limit_source"].isna().to_dict()["D"]


def test_vat_is_taken_off_exposure_and_turnover(tables):
    invoices = tables["invoices"].assign(net_minor=(tables["invoices"]["gross_minor"] / 1.25).astype(int))
    made = exposures_to_insure({**tables, "invoices": invoices}, as_of=AS_OF, deliveries_after_days=30)
    rows = made.set_index("customer_id")
    assert rows["vat_ratio"].to_list() == pytest.approx([0.25] * 5)
    assert rows["exposure_amount"]["A"] == pytest.approx(104_000)
    assert rows["turnover_amount"]["A"] == pytest.approx(480_000)
    assert rows["buyer_limit_amount"]["A"] == 100_000


def test_vat_of_older_invoices_where_there_are_no_recent_ones():
    rows = DataFrame(
        {
            "customer_id": ["X", "X", "Y", "Z", "Z"],
            "invoice_date": pd.to_datetime(["2023-01-01", "2025-06-01", "2023-01-01", "2025-06-01", "2026-01-05"]),
            "invoice_kind_code": "invoice",
            "gross_minor": [110, 120, 110, 120, 110],
            "net_minor": pd.array([100, 100, 100, None, 100], dtype="Int64"),
            "base_minor": [220, 240, 110, 120, 110],
        }
    )
    rows = rows.assign(recorded_date=rows["invoice_date"])
    assert vat_ratios(rows, as_of=AS_OF).round(12).to_dict() == {"X": 0.2, "Y": 0.1}


def test_justified_by_record_or_by_a_recent_report(tables):
    own = {name: tables[name] for name in ("customer_behaviour", "limits", "ratings")}
    settings = JustificationSettings()
    by_record = discretionary_justified(own, settings, as_of=AS_OF)
    assert by_record.to_dict() == {
        "A": True,
        "B": False,
        "C": False,
        "D": True,
        "E": False,
        "F": True,
        "G": True,
        "H": False,
    }
    ratings = DataFrame(
        {"customer_id": ["E", "C", "H"], "rating_date": ["2025-03-01", "2024-03-01", "2025-12-30"]}
    ).astype({"rating_date": DAY})
    ratings = ratings.assign(recorded_date=[Timestamp("2025-03-02"), Timestamp("2024-03-02"), Timestamp("2026-01-02")])
    bureau = (
        tables["limits"].head(1).assign(limit_kind_code="bureau", customer_id="B", start_date=Timestamp("2025-05-01"))
    )
    bureau = bureau.assign(recorded_date=Timestamp("2025-05-01"))
    reported = discretionary_justified({**own, "ratings": ratings, "limits": bureau}, settings, as_of=AS_OF)
    assert reported[["B", "C", "E", "H"]].to_dict() == {"B": True, "C": False, "E": True, "H": False}


def test_decisions_tell_answers_from_cuts(tables):
    made = insurer_decisions(tables["limits"], as_of=AS_OF).set_index(["customer_id", "start_date"])
    cuts = made["cut_amount"][made["cut_amount"] > 0]
    assert {key[0]: value for key, value in cuts.items()} == {"A": 30_000, "B": 20_000}
    assert made["is_answer"].sum() == 5
    early = insurer_decisions(tables["limits"], as_of=Timestamp("2025-08-31"))
    assert limits_in_force(early, as_of=Timestamp("2025-08-31"))["granted_amount"]["B"] == 30_000


def decisions_on_one(rows):
    names = ["requested_date", "start_date", "requested_minor", "base_minor"]
    frame = DataFrame(rows, columns=names).astype(
        {"requested_date": DAY, "start_date": DAY, "requested_minor": "Int64"}
    )
    return frame.assign(
        limit_id=[str(number) for number in range(len(frame))],
        customer_id="X",
        limit_kind_code="insurer",
        end_date=pd.NaT,
        recorded_date=frame["start_date"],
    ).astype({"end_date": DAY})


def test_refused_raise_is_an_answer_even_below_the_limit_before():
    rows = [
        ["2024-01-02", "2024-01-10", 100_00, 100_00],  # granted in full
        ["2025-02-01", "2025-02-10", 200_00, 60_00],  # a raise is asked for, the limit is lowered
        [None, "2025-05-01", 200_00, 40_00],  # a cut: nothing was asked
        ["2025-07-01", "2025-07-10", 90_00, 0],  # a raise is refused, and the limit with it
        ["2025-08-01", "2025-08-02", None, 10_00],  # no amount was asked
    ]
    limits = decisions_on_one(rows)
    made = insurer_decisions(limits, as_of=AS_OF)
    assert made["is_answer"].to_list() == [True, True, False, True, False]
    assert made["cut_amount"].to_list() == [0, 40, 20, 40, 0]
    unknown = insurer_decisions(limits.drop(columns="requested_date"), as_of=AS_OF)
    assert unknown["is_answer"].to_list() == [True, False, False, False, False]


def test_limit_that_has_ended_gives_way_to_the_one_before():
    rows = DataFrame(
        {
            "limit_id": ["1", "2"],
            "customer_id": "X",
            "limit_kind_code": "insurer",
            "start_date": pd.to_datetime(["2025-01-01", "2025-06-01"]),
            "end_date": pd.to_datetime([None, "2025-09-30"]),
            "base_minor": [100_00, 300_00],
            "requested_minor": pd.array([100_00, None], dtype="Int64"),
        }
    )
    rows = rows.assign(recorded_date=rows["start_date"])
    force = limits_in_force(insurer_decisions(rows, as_of=AS_OF), as_of=AS_OF)
    assert force["granted_amount"].to_dict() == {"X": 100}


def moves(rows):
    frame = DataFrame(rows, columns=["customer_id", "item_id", "known_date", "base_minor"])
    return {"movements": frame.astype({"known_date": DAY})}


def test_months_are_the_own_history_against_its_mean():
    rows = [("X", "old", "2024-11-05", 100_00), ("X", "old", "2025-02-10", -100_00), ("X", "new", "2025-12-31", 200_00)]
    made = check(exposure_months(moves(rows), as_of=AS_OF), EXPOSURE_MONTHS).set_index("month_number")["exposure_ratio"]
    assert made.to_list() == pytest.approx([4.0] + [0.0] * 10 + [8.0])
    assert made.mean() == pytest.approx(1.0)


def test_months_need_twelve_month_ends_and_a_debt():
    young = [("X", "a", "2025-02-01", 100_00)]
    paid = [("Y", "a", "2024-01-01", 100_00), ("Y", "a", "2024-02-01", -100_00)]
    assert exposure_months(moves(young + paid), as_of=AS_OF).empty
    full = [("X", "a", "2025-01-31", 100_00), ("X", "b", "2026-01-01", 900_00)]
    made = exposure_months(moves(full), as_of=AS_OF)
    assert made["exposure_ratio"].to_list() == pytest.approx([1.0] * 12)


def test_last_month_end_is_on_the_day_or_before():
    rows = [("X", "a", "2024-01-31", 100_00), ("X", "b", "2025-12-01", 300_00)]
    middle = exposure_months(moves(rows), as_of=Timestamp("2025-12-30"))
    assert middle["exposure_ratio"].to_list() == pytest.approx([1.0] * 12)
    end = exposure_months(moves(rows), as_of=AS_OF).set_index("month_number")["exposure_ratio"]
    assert end.to_list() == pytest.approx([0.8] * 11 + [3.2])


def test_cut_history_counts_cuts_before_defaults(tables):
    row = cut_history(tables, as_of=AS_OF).iloc[0]
    assert row[["n_cuts", "n_defaults", "n_defaults_after_cut", "n_cuts_observed"]].to_list() == [2, 3, 2, 1]
    assert row["cut_before_default_ratio"] == pytest.approx(2 / 3)
    assert row["lead_days_median"] == (70 + 61) / 2
    assert row["remaining_ratio"] == pytest.approx(110 / 160)
    assert row["default_after_cut_ratio"] == 1.0
    short = cut_history(tables, as_of=AS_OF, within_days=65).iloc[0]
    assert short["n_defaults_after_cut"] == 1
    nothing = cut_history(tables, as_of=Timestamp("2024-01-31")).iloc[0]
    assert nothing["n_defaults"] == 0
    assert np.isnan(nothing["cut_before_default_ratio"])


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (1, 1000)])
def test_interval_of_a_share_holds_it(hits, n):
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


def test_what_is_recorded_later_does_not_count(tables):
    limits = tables["limits"]
    late = limits.assign(recorded_date=Timestamp("2026-01-05"), base_minor=1, limit_id="Z" + limits["limit_id"])
    future = limits.assign(start_date=Timestamp("2026-01-05"), base_minor=2, limit_id="Y" + limits["limit_id"])
    more = {**tables, "limits": pd.concat([limits, late, future], ignore_index=True)}
    now, then = (exposures_to_insure(each, as_of=AS_OF, deliveries_after_days=30) for each in (tables, more))
    pd.testing.assert_frame_equal(now, then)
    pd.testing.assert_frame_equal(cut_history(tables, as_of=AS_OF), cut_history(more, as_of=AS_OF))
