"""Term structure of default: worked cases, identities, order of customers, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas import DataFrame
from scipy.special import expit, logit

from riskresearch.base.errors import TableError
from riskresearch.base.schema import check
from riskresearch.model.term_structure import PD_TERM_STRUCTURE, term_structure

FOLDER = Path(__file__).parents[1] / "cases" / "model"
CASES = yaml.safe_load((FOLDER / "term_structure.yaml").read_text(encoding="utf-8"))


def _pds(values):
    day = pd.Timestamp("2025-12-31")
    return DataFrame(
        {"customer_id": [f"C{i}" for i in range(len(values))], "observation_date": day, "pd_12m": np.asarray(values)}
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case):
    hazards = case.get("hazards")
    monthly = None if hazards is None else logit(np.array([hazards]))
    found = term_structure(
        _pds([case["pd"]]), monthly_log_odds=monthly, horizon_months=case.get("n_months", len(hazards or []))
    )
    for name, values in case.get("expected", {}).items():
        assert found[name].tolist() == pytest.approx(values, rel=1e-7)
    for month, value in case.get("at_months", {}).items():
        assert found.set_index("horizon_months").loc[month, "pd_cumulative"] == pytest.approx(value, rel=1e-6)
    assert found["shape_code"].unique().tolist() == [case["shape"]]


MONTHLY = arrays(float, (5, 12), elements=st.floats(-25, 8))
PDS = st.lists(st.one_of(st.floats(1e-9, 1 - 1e-9), st.just(0.0), st.just(1.0)), min_size=5, max_size=5)


@given(monthly=MONTHLY, pds=PDS)
def test_identities_of_any_shape_and_pd(monthly, pds):
    made = check(term_structure(_pds(pds), monthly_log_odds=monthly), PD_TERM_STRUCTURE)
    cumulative, marginal, hazard = (
        made[name].to_numpy().reshape(5, 12) for name in ("pd_cumulative", "pd_marginal", "hazard")
    )
    np.testing.assert_allclose(cumulative[:, -1], pds, rtol=1e-11)
    np.testing.assert_allclose(marginal.cumsum(axis=1), cumulative, rtol=1e-11)
    np.testing.assert_allclose(1 - (1 - hazard).cumprod(axis=1), cumulative, rtol=1e-9, atol=1e-14)  # 1 − x cancels
    assert (np.diff(cumulative, axis=1) >= 0).all()
    assert ((hazard >= 0) & (hazard <= 1)).all()
    assert (marginal >= 0).all()


@given(monthly=MONTHLY, pds=st.lists(st.floats(1e-6, 0.99), min_size=5, max_size=5))
def test_one_shift_of_the_log_odds_serves_all_months(monthly, pds):
    hazard = term_structure(_pds(pds), monthly_log_odds=monthly)["hazard"].to_numpy().reshape(5, 12)
    seen = (hazard > 1e-12) & (hazard < 1 - 1e-9)  # the log-odds of others are lost to rounding
    shift = np.where(seen, logit(np.where(seen, hazard, 0.5)) - monthly, np.nan)
    spread = np.nanmax(np.where(seen, shift, -np.inf), axis=1) - np.nanmin(np.where(seen, shift, np.inf), axis=1)
    assert spread[seen.any(axis=1)].max() < 1e-5


@given(shape=arrays(float, 12, elements=st.floats(-12, 0)), low=st.floats(1e-6, 0.9), ratio=st.floats(0, 1))
def test_with_the_same_shape_the_riskier_customer_is_riskier_at_every_month(shape, low, ratio):
    high = low + ratio * (0.99 - low)
    made = term_structure(_pds([low, high]), monthly_log_odds=np.vstack([shape, shape]))
    safer, riskier = made["pd_cumulative"].to_numpy().reshape(2, 12)
    assert (riskier >= safer * (1 - 1e-11)).all()


def test_a_fading_score_brings_the_default_of_risky_customers_forward():
    scores = np.array([-2.0, 0.0, 2.0])
    monthly = -5 + scores[:, None] * np.linspace(1, 0.3, 12)
    made = term_structure(_pds([0.1, 0.1, 0.1]), monthly_log_odds=monthly)
    third = made.loc[made["horizon_months"] == 3, "pd_cumulative"].tolist()
    assert third == sorted(third)
    assert third[0] < 1 - 0.9 ** (3 / 12) < third[2]
    assert third[1] == pytest.approx(1 - 0.9 ** (3 / 12))


def test_customers_without_hazards_get_the_same_hazard_in_every_month():
    monthly = np.vstack([np.linspace(-5, -3, 12), np.full(12, np.nan)])
    made = term_structure(_pds([0.2, 0.2]), monthly_log_odds=monthly).set_index(["customer_id", "horizon_months"])
    assert made.loc["C0", "shape_code"].unique().tolist() == ["hazard"]
    assert made.loc["C1", "shape_code"].unique().tolist() == ["constant"]
    assert made.loc["C1", "hazard"].to_numpy() == pytest.approx(1 - 0.8 ** (1 / 12))
    assert made.loc[("C0", 1), "hazard"] < made.loc[("C1", 1), "hazard"] < made.loc[("C0", 12), "hazard"]


def test_the_order_and_the_index_of_the_customers_do_not_matter():
    rng = np.random.default_rng(1)
    pds, monthly = _pds(expit(rng.normal(-3, 1, 20))), rng.normal(-5, 1, (20, 12))
    order = rng.permutation(20)
    first = check(term_structure(pds, monthly_log_odds=monthly), PD_TERM_STRUCTURE)
    shuffled = pds.iloc[order].set_axis([7] * 20)
    second = check(term_structure(shuffled, monthly_log_odds=monthly[order]), PD_TERM_STRUCTURE)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_no_customers_make_an_empty_table():
    assert check(term_structure(_pds([])), PD_TERM_STRUCTURE).empty


@pytest.mark.parametrize("wrong", [np.nan, -0.01, 1.2])
def test_a_pd_that_is_none_is_refused(wrong):
    with pytest.raises(TableError, match=r"1 customers \(C1\) have a pd_12m that is empty or outside 0 to 1"):
        term_structure(_pds([0.1, wrong]))


def test_hazards_of_other_customers_or_months_are_refused():
    with pytest.raises(TableError, match=r"hazards of \(3, 12\) rows and months given for 2 customers and 12 months"):
        term_structure(_pds([0.1, 0.2]), monthly_log_odds=np.zeros((3, 12)))
