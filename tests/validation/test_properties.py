"""What holds for every measure of the battery, whatever it measures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from validation.samples import GRADES, SETTINGS, evidence, moves

from riskresearch.validation.battery import BATTERY
from riskresearch.validation.registry import AREAS, AXES, REASONS, Result, Verdict, judged
from riskresearch.validation.settings import ValidationSettings

MEMBERS = pytest.mark.parametrize("member", list(BATTERY), ids=BATTERY.names)
FEW = ValidationSettings(n_bootstrap=50, slope_min_defaulters=2)
BY_RANK = {
    "auc", "gini", "accuracy_ratio", "ks", "h_measure", "auc_hanley_mcneil", "auc_gain_over_rule",
    "auc_gain_over_rule_p", "auc_gain_delong_p", "expected_maximum_profit", "emp_rejected_ratio",
}  # fmt: skip
BY_GRADE_OR_OUTCOME = {
    "murphy_resolution", "murphy_uncertainty", "grade_heterogeneity", "grade_inversion", "auc_against_initial", "psi",
    "herfindahl_number", "herfindahl_exposure", "concentration_number", "concentration_exposure", "migration_upper",
    "migration_lower", "matrix_stability", "normal_multi_year",
}  # fmt: skip
RAISED_COUNTS = {"psi"}  # one half is added to each count, which copies of the rows make lighter


def _checked(member, found):
    """A value within the declared range, with an ordered interval or none; else a code that says why."""
    spec = member.spec
    if found.value is None:
        assert found.reason in REASONS
        assert found.verdict is Verdict.NOT_COMPUTABLE
        assert (found.low, found.high) == (None, None)
        return
    assert found.reason is None
    assert np.isfinite(found.value)
    assert type(found.value) is float
    assert spec.low - 1e-12 <= found.value <= spec.high + 1e-12
    assert (found.low is None) == (found.high is None)
    if found.low is not None:
        assert np.isfinite([found.low, found.high]).all()
        assert spec.low - 1e-12 <= found.low <= found.high <= spec.high + 1e-12
    assert isinstance(judged(found, spec, SETTINGS), Verdict)


def _close(first: Result, second: Result):
    assert (first.reason, first.verdict) == (second.reason, second.verdict)
    for a, b in ((first.value, second.value), (first.low, second.low), (first.high, second.high)):
        assert a == b or a == pytest.approx(b, rel=1e-9, abs=1e-12)


def _rows(**changed):
    """Forty rows of one date and customer each, every fourth a default."""
    rows = evidence("panel").rows.iloc[::9].reset_index(drop=True)
    usual = {"is_default": np.arange(40) % 4 == 0, "observation_date": rows["observation_date"].iloc[0]}
    return rows.assign(**{**usual, **changed})


def _alternating(*values):
    return np.resize(values, 40).astype(float)


ROWS, YEARS, MOVES = _rows(), evidence("cohort").years, moves("by_hand", GRADES)
OF_ROWS = {
    "empty": ROWS.iloc[:0],
    "one row": ROWS.iloc[1:2],
    "one row that defaults": ROWS.iloc[:1],
    "no default": _rows(is_default=False),
    "all default": _rows(is_default=True),
    "one default": _rows(is_default=np.arange(40) == 3),
    "one survivor": _rows(is_default=np.arange(40) != 3),
    "one PD": _rows(pd_12m=0.05),
    "one PD of one half": _rows(pd_12m=0.5),
    "all PD 0": _rows(pd_12m=0.0),
    "all PD 1": _rows(pd_12m=1.0),
    "PD 0 and 1": _rows(pd_12m=_alternating(0, 1, 0.3)),
    "certain and right": _rows(pd_12m=_alternating(1, 0, 0, 0)),
    "certain and wrong": _rows(pd_12m=_alternating(0, 1, 1, 1)),
    "separated": _rows(pd_12m=_alternating(0.9, 0.1, 0.2, 0.3)),
    "turned round": _rows(pd_12m=_alternating(0.1, 0.9, 0.8, 0.3)),
    "one grade held": _rows(grade_code="B"),
    "one customer": _rows(customer_id="C1"),
    "one customer, no default": _rows(customer_id="C1", is_default=False),
    "all defaults of one customer": _rows(customer_id=[f"C{k if k % 4 else 0}" for k in range(40)]),
    "two customers": _rows(customer_id=np.where(np.arange(40) % 2, "C1", "C2")),
    "no exposure known": _rows(exposure_amount=np.nan),
    "exposure 0": _rows(exposure_amount=0.0),
    "credit balances": _rows(exposure_amount=_alternating(-5, -1)),
    "no rival": _rows(rival_pd=np.nan),
    "rival of one row": _rows(rival_pd=np.where(np.arange(40) == 0, 0.1, np.nan)),
    "rival is the model": _rows(rival_pd=ROWS["pd_12m"]),
    "rival of one PD": _rows(rival_pd=0.1),
    "both of one PD": _rows(rival_pd=0.1, pd_12m=0.2),
}
OF_INITIAL = {
    "development without default": _rows(is_default=False),
    "empty development": ROWS.iloc[:0],
    "development in one other grade": _rows(grade_code="G"),
}
OF_MOVES = {
    "moves table empty": MOVES.iloc[:0],
    "nobody moves": MOVES.assign(grade_from="B", grade_to="B"),
    "all move alike": MOVES.assign(grade_from="B", grade_to="C"),
    "one mover": MOVES.head(1),
    "no moves": None,
}
OF_YEARS = {
    "no years": None,
    "one year": YEARS.head(1),
    "years all right": YEARS.assign(n_rows=100, n_defaults=10, pd_mean=0.1),
    "years without rows": YEARS.assign(n_rows=0, n_defaults=0),
}
DEGENERATE = {
    **{name: {"rows": rows} for name, rows in OF_ROWS.items()},
    **{name: {"initial": replace(evidence("cohort"), rows=rows)} for name, rows in OF_INITIAL.items()},
    **{name: {"moves": frame} for name, frame in OF_MOVES.items()},
    **{name: {"years": frame} for name, frame in OF_YEARS.items()},
    "no development sample": {"initial": None},
    "a scale of one grade": {"rows": _rows(grade_code="A"), "grades": ("A",), "moves": MOVES.iloc[:0], "initial": None},
    "learnt rows": {"is_in_sample": True},
}


@MEMBERS
def test_declaration_is_whole(member):
    spec = member.spec
    assert member.definition.endswith(".")
    assert spec.label_en
    assert spec.label_fr
    assert spec.source
    assert spec.direction in (-1, 0, 1)
    assert spec.low < spec.high
    assert spec.area in AREAS
    assert set(spec.axes) <= set(AXES) - {"all"}
    assert spec.rows in ("all", "cohort")
    assert set(spec.needs) <= {"outcome", "rival", "initial", "moves", "years", "exposure"}
    assert all(hasattr(SETTINGS, name) for name in spec.thresholds)
    assert not spec.thresholds or spec.direction


def test_thresholds_are_said_to_be_the_companys_own():
    for name in {name for member in BATTERY for name in member.spec.thresholds}:
        assert ValidationSettings.model_fields[name].description.endswith("; own threshold"), name


@pytest.mark.parametrize("case", DEGENERATE)
def test_every_measure_is_total_and_silent(case, capfd):
    taken = evidence("cohort", settings=FEW, **{"rows": ROWS, **DEGENERATE[case]})
    for member in BATTERY:
        _checked(member, member.function(replace(taken, rng=np.random.default_rng(1))))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("sample", ["cohort", "panel", "small"])
@MEMBERS
def test_interval_holds_the_value_and_input_stays_as_it_is(member, sample):
    taken = evidence(sample, settings=FEW)
    before = taken.rows.copy(deep=True)
    found = member.function(taken)
    _checked(member, found)
    pd.testing.assert_frame_equal(taken.rows, before)
    if found.low is not None:
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12


@MEMBERS
def test_same_inputs_give_the_same_bits(member):
    assert member.function(evidence("panel", settings=FEW)) == member.function(evidence("panel", settings=FEW))


@MEMBERS
def test_order_of_rows_does_not_matter(member):
    taken = evidence("panel", settings=FEW)
    order = np.random.default_rng(3).permutation(len(taken.rows))
    shuffled = taken.rows.iloc[order]
    mixed = taken.moves.sample(frac=1, random_state=4)
    years, initial = taken.years[::-1], replace(taken.initial, rows=taken.initial.rows[::-1])
    other = evidence("panel", settings=FEW, rows=shuffled, moves=mixed, years=years, initial=initial)
    _close(member.function(taken), member.function(other))


@MEMBERS
def test_names_of_customers_do_not_matter(member):
    taken = evidence("panel", settings=FEW)
    in_order = taken.rows.assign(customer_id="Société <b>" + taken.rows["customer_id"])
    _close(member.function(taken), member.function(evidence("panel", settings=FEW, rows=in_order)))
    names = {name: f"{k * 7919 % 100:03d}" for k, name in enumerate(sorted(taken.rows["customer_id"].unique()))}
    mixed = evidence("panel", settings=FEW, rows=taken.rows.assign(customer_id=taken.rows["customer_id"].map(names)))
    assert member.function(mixed).value == pytest.approx(member.function(taken).value, rel=1e-9)


@MEMBERS
def test_extra_columns_and_index_do_not_matter(member):
    taken = evidence("panel", settings=FEW)
    dressed = taken.rows.assign(note="x", model_code="m").set_index(pd.Index(range(1000, 1000 + len(taken.rows))))
    dressed = dressed[dressed.columns[::-1]]
    _close(member.function(taken), member.function(evidence("panel", settings=FEW, rows=dressed)))


@pytest.mark.parametrize("name", [m.name for m in BATTERY if m.spec.rows == "all" and m.name not in RAISED_COUNTS])
def test_copies_of_the_rows_of_a_customer_tell_nothing_new(name):
    member, taken = BATTERY[name], evidence("panel", settings=FEW)
    twice = replace(taken, rows=pd.concat([taken.rows, taken.rows]))
    _close(member.function(replace(taken, rng=np.random.default_rng(1))), member.function(twice))


@pytest.mark.parametrize("bend", [np.sqrt, np.square, lambda p: 0.5 + p / 4], ids=["root", "square", "line"])
@pytest.mark.parametrize("name", sorted(BY_RANK | BY_GRADE_OR_OUTCOME))
def test_only_the_order_of_the_pds_matters_to_ranking_and_only_grades_to_grades(name, bend):
    taken = evidence("panel", settings=FEW)
    bent = evidence("panel", settings=FEW, rows=taken.rows.assign(pd_12m=bend(taken.rows["pd_12m"])))
    _close(BATTERY[name].function(taken), BATTERY[name].function(bent))


@pytest.mark.parametrize("name", sorted(set(BATTERY.names) - BY_RANK - BY_GRADE_OR_OUTCOME))
def test_measures_of_the_level_do_see_lower_pds(name):
    taken = evidence("panel", settings=FEW)
    lower = evidence("panel", settings=FEW, rows=taken.rows.assign(pd_12m=taken.rows["pd_12m"] * 0.8))
    assert BATTERY[name].function(taken).value != pytest.approx(BATTERY[name].function(lower).value, rel=1e-6)


@st.composite
def _samples(draw):
    """A few rows with few distinct PDs, grades and customers, certain PDs included."""
    n = draw(st.integers(1, 14))
    levels = [0.0, 1e-12, 0.01, 0.05, 0.2, 0.5, 0.9, 1.0]
    column = {
        "customer_id": draw(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=n, max_size=n)),
        "pd_12m": draw(st.lists(st.sampled_from(levels), min_size=n, max_size=n)),
        "rival_pd": draw(st.lists(st.sampled_from([*levels, np.nan]), min_size=n, max_size=n)),
        "grade_code": draw(st.lists(st.sampled_from(["A", "B", "F"]), min_size=n, max_size=n)),
        "is_default": draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        "exposure_amount": draw(st.lists(st.sampled_from([-1.0, 0.0, 3.5, 1e9, np.nan]), min_size=n, max_size=n)),
    }
    return pd.DataFrame(column).assign(observation_date=pd.Timestamp("2023-01-31"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_samples(), _samples())
def test_every_measure_is_total_on_any_small_sample(rows, before):
    few = ValidationSettings(n_bootstrap=50, slope_min_defaulters=2, matrix_min_customers=2)
    initial = evidence("cohort", settings=few, rows=before)
    taken = evidence("cohort", settings=few, rows=rows, initial=initial)
    for member in BATTERY:
        _checked(member, member.function(replace(taken, rng=np.random.default_rng(1))))
