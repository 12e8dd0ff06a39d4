"""Folds: nothing that was unknown when a block begins trains for it, and no customer is on both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame

from riskresearch.base.errors import RunError
from riskresearch.model.folds import customer_folds, purged_folds, time_folds
from riskresearch.model.sample import Sample

DICTIONARY = DataFrame({"feature_code": ["late"], "direction_code": [1]})


def sample_of(n_customers=40, n_dates=30, *, every=4, start="2020-01-31", horizon_months=12):
    """Return a panel in which each `every`-th customer defaults within the horizon of a third of its dates."""
    dates = pd.date_range(start, periods=n_dates, freq="ME").as_unit("us")
    number, month = (grid.ravel() for grid in np.meshgrid(np.arange(n_customers), np.arange(n_dates), indexing="ij"))
    rows = DataFrame(
        {
            "customer_id": [f"C{i:03d}" for i in number],
            "observation_date": dates[month],
            "is_default": (number % every == 0) & ((month + number) % 3 == 0),
            "late": number / n_customers,
        }
    )
    return Sample.of(rows, DICTIONARY, horizon_months=horizon_months)


def months_between(first, last):
    return (last.year - first.year) * 12 + last.month - first.month


@settings(max_examples=40, deadline=None)
@given(
    n_dates=st.integers(1, 45),
    n_folds=st.integers(1, 5),
    horizon=st.sampled_from([1, 3, 12]),
    embargo=st.integers(0, 3),
)
def test_training_outcomes_are_over_before_the_block_begins(n_dates, n_folds, horizon, embargo):
    sample = sample_of(12, n_dates, horizon_months=horizon)
    folds = time_folds(sample, n_folds=n_folds, embargo_months=embargo, min_defaulters=1)
    assert len(folds) <= n_folds
    days = sample.rows["observation_date"]
    ends = []
    for train, test in folds:
        assert months_between(days[train].max(), days[test].min()) >= horizon + embargo
        assert days[train].min() == days.min()
        assert days[test].nunique() == months_between(days[test].min(), days[test].max()) + 1
        ends += [days[test].min(), days[test].max()]
    assert ends == sorted(ends)
    assert not folds or (ends[-1] == days.max() and max(sum(test.astype(int) for _, test in folds)) == 1)


def test_the_training_rows_are_all_that_were_known():
    sample = sample_of(n_dates=30)
    days = sample.rows["observation_date"]
    for train, test in time_folds(sample, n_folds=3, embargo_months=1):
        known = days.map(lambda day: day + pd.offsets.MonthEnd(13)) <= days[test].min()
        assert (train == known).all()


def test_a_longer_month_before_a_shorter_one_is_not_late():
    """The 31st plus one month is the 28th of February: known on that day."""
    sample = sample_of(n_dates=2, start="2023-01-31", horizon_months=1)
    assert time_folds(sample, n_folds=1, min_defaulters=1) == []
    three = sample_of(n_dates=3, start="2023-01-31", horizon_months=1)
    [(train, test)] = time_folds(three, n_folds=1, min_defaulters=1)
    assert three.rows.loc[train, "observation_date"].dt.month.unique().tolist() == [1, 2]
    assert three.rows.loc[test, "observation_date"].dt.month.unique().tolist() == [3]


def test_fewer_blocks_are_taken_where_a_block_has_too_few_defaulters():
    sample = sample_of(40, 30, every=20)
    begins = sample.rows["observation_date"] > "2020-05-01"
    thin = Sample.of(sample.rows.assign(is_default=sample.rows["is_default"] & begins), DICTIONARY)
    assert [len(time_folds(part, n_folds=5, min_defaulters=1)) for part in (sample, thin)] == [5, 4]
    assert time_folds(sample, n_folds=5, min_defaulters=3) == []


@pytest.mark.parametrize(("n_dates", "code", "n_folds"), [(1, "customer", 4), (13, "customer", 4), (30, "time", 4)])
def test_customers_are_left_out_where_the_dates_are_too_few(n_dates, code, n_folds):
    found, folds = purged_folds(sample_of(n_dates=n_dates), n_folds=4, embargo_months=1)
    assert (found, len(folds)) == (code, n_folds)


def test_customer_folds_leave_each_customer_out_once_and_spread_the_defaulters():
    sample = sample_of(43, 5, every=4)
    folds = customer_folds(sample, n_folds=4)
    assert (sum(test.astype(int) for _, test in folds) == 1).all()
    counts = []
    for train, test in folds:
        assert (train == ~test).all()
        assert not set(sample.customers[train]) & set(sample.customers[test])
        counts.append((sample.where(test).n_defaulters, sample.customers[test].nunique()))
    defaulters, customers = zip(*counts, strict=True)
    assert (max(defaulters) - min(defaulters), max(customers) - min(customers)) == (1, 1)


def test_folds_do_not_depend_on_the_order_of_rows():
    sample = sample_of()
    shuffled = Sample.of(sample.rows.sample(frac=1, random_state=3), DICTIONARY)
    for one, other in zip(purged_folds(sample, n_folds=3)[1], purged_folds(shuffled, n_folds=3)[1], strict=True):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_one_customer_cannot_be_folded():
    with pytest.raises(RunError, match=r"sample of 1 customer\(s\): folds by customer need at least 2"):
        purged_folds(sample_of(1, 3), n_folds=3)
