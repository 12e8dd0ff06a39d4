"""Outcomes, exclusions and samples of a customer panel: worked cases, brute force, nothing known too early."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Timestamp
from panel_files import FEATURES, ONE_DATE, YEARLY, firms, write_panel_files

from riskresearch.base.config import validated
from riskresearch.base.errors import RunError
from riskresearch.features.samples import months_after
from riskresearch.features.settings import FeatureSettings
from riskresearch.pipeline.panel_run.mapping import PanelMapping
from riskresearch.pipeline.panel_run.outcomes import date_of_run, known_rows, panel_cohorts, with_samples
from riskresearch.pipeline.panel_run.rows import panel_rows

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "panel" / "outcomes.yaml").read_text(encoding="utf-8"))
STATES = {"good": False, "bad": True, "?": None}
START = Timestamp("2001-12-31")


def _mapping(content=None, **changes):
    return validated(PanelMapping, (YEARLY if content is None else content) | changes, where="mapping")


def _of_states(customers, step, shift):
    """Rows of customers written as lists of states, with the mapping that reads them."""
    horizon = {"horizon_months": step} if shift == 0 else {}
    outcome = {"column": "Failed", "bad": ["yes"], "good": ["no"], "shift_periods": shift} | horizon
    period = YEARLY["period"] | {"months": step}
    mapping = _mapping(outcome=outcome, period=period, features=FEATURES[:1])
    rows = [
        {"customer_id": name, "observation_date": months_after(START, place * step), "state": STATES[state]}
        for name, states in customers.items()
        for place, state in enumerate(states)
        if state != "."
    ]
    frame = DataFrame(rows).assign(debt_ratio=0.5)
    days = pd.DatetimeIndex(frame["observation_date"])
    frame = frame.assign(month_no=days.year * 12 + days.month, state=frame["state"].astype("boolean"))
    return frame, mapping


def _sampled(rows, mapping, *, as_of=None, embargo=0, ratio=0.34):
    day = as_of if as_of is not None else date_of_run(rows, mapping)
    chosen = FeatureSettings(
        horizon_months=mapping.horizon_months, embargo_months=embargo, out_of_time_ratio=ratio, burn_in_months=0
    )
    known = known_rows(rows, mapping, as_of=day)
    return with_samples(known, mapping, chosen, as_of=day, rng=np.random.default_rng(1)), day


def _sign(row):
    if row["exclusion_code"] == "in_default":
        return "X"
    if row["exclusion_code"] == "no_outcome":
        return "?"
    return "." if pd.isna(row["is_default"]) else "GB"[int(row["is_default"])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_worked_cases(case):
    customers = {name: words["states"] for name, words in case["customers"].items()}
    rows, mapping = _of_states(customers, case["step_months"], case["shift_periods"])
    found, _ = _sampled(rows, mapping)
    found = found[~found["is_carried"]]
    for name, words in case["customers"].items():
        own = found[found["customer_id"] == name].set_index("observation_date")
        days = [months_after(START, place * case["step_months"]) for place in range(len(words["states"]))]
        signs = "".join(_sign(own.loc[day]) if day in own.index else "-" for day in days)
        assert signs == words["expected"], name
        months = [own["months_to_default"].get(day, None) for day in days]
        assert ["-" if pd.isna(m) else str(m) for m in months] == words["months"], name


def _by_definition(states, place, shift):
    """Outcome of one row by looking at the periods after it."""
    later = [states[k] if k < len(states) else "." for k in range(place + 1, place + shift + 1)]
    if "bad" in later:
        return True
    return False if all(state == "good" for state in later) else None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["good", "good", "good", "bad", "?", "."]), min_size=1, max_size=7),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
)
def test_outcomes_by_brute_force(drawn, shift):
    customers = {f"C{i}": states for i, states in enumerate(drawn)}
    if all(state == "." for states in drawn for state in states):
        return
    rows, mapping = _of_states(customers, 6, shift)
    found, day = _sampled(rows, mapping)
    for row in found[~found["is_carried"]].to_dict("records"):
        states = customers[row["customer_id"]]
        place = [months_after(START, k * 6) for k in range(len(states))].index(row["observation_date"])
        expected = None if states[place] == "bad" else _by_definition(states, place, shift)
        assert (None if pd.isna(row["is_default"]) else bool(row["is_default"])) == expected
        hits = [k for k in range(place + 1, len(states)) if states[k] == "bad" and (k - place) * 6 <= 36]
        wait = (hits[0] - place) * 6 if hits and pd.isna(row["exclusion_code"]) else None
        assert (None if pd.isna(row["months_to_default"]) else row["months_to_default"]) == wait
        is_over = months_after(row["observation_date"], shift * 6) <= day
        if row["sample_code"] in ("development", "out_of_time"):
            assert expected is not None
        if row["exclusion_code"] == "no_outcome":
            assert expected is None
            assert is_over


@pytest.fixture(scope="module")
def yearly(tmp_path_factory):
    panel, _ = write_panel_files(tmp_path_factory.mktemp("panel"), firms(), YEARLY)
    return panel_rows(panel, _mapping())[0]


@pytest.mark.parametrize("embargo", [0, 1, 12])
def test_no_outcome_of_the_development_reaches_into_the_test(yearly, embargo):
    found, _ = _sampled(yearly, _mapping(), embargo=embargo)
    start = found.loc[found["sample_code"] == "out_of_time", "observation_date"].min()
    rows = found[found["sample_code"] == "development"]
    assert len(rows) > 100
    assert (rows["observation_date"].map(lambda day: months_after(day, 12 + embargo)) <= start).all()


def test_a_panel_at_an_earlier_date_is_that_of_the_shorter_file(yearly):
    day = Timestamp("2006-12-31")
    cut = yearly[yearly["observation_date"] <= day]
    early, _ = _sampled(yearly, _mapping(), as_of=day)
    short, _ = _sampled(cut, _mapping())
    pd.testing.assert_frame_equal(early.reset_index(drop=True), short.reset_index(drop=True))


def test_an_outcome_counts_only_when_its_months_are_over(yearly):
    frame, mapping = yearly.assign(observation_date=START), _mapping(ONE_DATE, period={"date": "2001-12-31"})
    frame = frame.drop_duplicates("customer_id").assign(month_no=2001 * 12 + 12)
    told, day = _sampled(frame, mapping)
    assert day == Timestamp("2002-06-30")
    assert told["is_default"].notna().any()
    early, _ = _sampled(frame, mapping, as_of=Timestamp("2002-06-29"))
    assert early["is_default"].isna().all()
    assert set(early["sample_code"]) == {"immature", "scoring"}


def test_every_row_is_used_or_said_why_not_and_only_who_is_still_there_is_scored(yearly):
    found, day = _sampled(yearly, _mapping())
    assert len(found) == len(yearly)
    assert not found["is_carried"].any()
    assert (found["sample_code"] == "excluded").equals(found["exclusion_code"].notna())
    scored = found[found["sample_code"] == "scoring"]
    assert set(scored["customer_id"]) == set(
        found.loc[(found["observation_date"] == day) & ~found["state"], "customer_id"]
    )
    gone = found.groupby("customer_id").tail(1).query("exclusion_code == 'no_outcome'")
    assert len(gone) > 0
    assert not set(gone["customer_id"]) & set(scored["customer_id"])


def test_with_one_date_customers_are_held_out_and_copies_stay_together(tmp_path):
    frame = firms(n_firms=200).drop_duplicates("Firm").drop(columns="Year")
    copies = frame.head(80).assign(Firm=lambda f: "copy " + f["Firm"])
    mapping = _mapping(ONE_DATE, left_out={})
    panel, _ = write_panel_files(tmp_path, pd.concat([frame, copies]), ONE_DATE)
    rows, _ = panel_rows(panel, mapping)
    found, day = _sampled(rows, mapping)
    told = found[found["is_default"].notna()].set_index("customer_id")
    assert set(told["sample_code"]) == {"development", "out_of_time"}
    assert told["sample_code"].value_counts(normalize=True)["out_of_time"] == pytest.approx(0.34, abs=0.08)
    sides = {name: told.loc[[name, f"copy {name}"], "sample_code"].nunique() for name in copies["Firm"].str[5:]}
    assert set(sides.values()) == {1}
    today = found[found["observation_date"] == day]
    assert today["is_carried"].all()
    assert (today["sample_code"] == "scoring").sum() == (~told["is_default"].astype(bool)).sum()
    assert (today["exclusion_code"] == "in_default").sum() == told["is_default"].sum()


def test_cohorts_are_the_default_rates_of_the_years(yearly):
    found, _ = _sampled(yearly, _mapping())
    cohorts = panel_cohorts(found, _mapping()).set_index("year")
    known = found[found["is_default"].notna()]
    for year, rows in known.groupby(known["observation_date"].dt.year):
        line = cohorts.loc[str(year + 1)]
        assert (line["n_at_start"], line["n_defaulters"]) == (len(rows), rows["is_default"].sum())
    assert cohorts["is_complete"].all()
    assert (cohorts["n_defaulters"].sum(), len(known)) == (known["is_default"].sum(), cohorts["n_at_start"].sum())


def test_dates_beyond_the_panel_are_refused(yearly):
    with pytest.raises(RunError, match="no row was known on 1999-01-31"):
        known_rows(yearly, _mapping(), as_of=Timestamp("1999-01-31"))
    with pytest.raises(RunError, match="more than 12 months older"):
        known_rows(yearly, _mapping(), as_of=Timestamp("2015-01-31"))


def test_the_real_panels_have_the_rows_their_source_tells(shared_data):
    from riskresearch.pipeline.panel_run.mapping import panel_mapping

    file = shared_data / "financial_distress" / "financial_distress.csv.gz"
    if not file.is_file():
        pytest.skip("the real panel financial_distress is absent from '../shared/data'")
    mapping = panel_mapping("financial_distress")
    found, _ = _sampled(panel_rows(file, mapping)[0], mapping)
    known = found[found["is_default"].notna()]
    assert (len(known), int(known["is_default"].sum())) == (3250, 120)
    assert (found["exclusion_code"] == "in_default").sum() == 136
