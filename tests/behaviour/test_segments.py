"""Segments: labels, intervals, steadied values, identities, as-of correctness."""

import numpy as np
import pandas as pd
import pytest
from pandas import DataFrame
from random_ledger import random_ledger
from scipy.stats import t as student
from shuffled_tables import shuffled
from small_ledger import day, small_ledger, tables_of

from riskresearch.base.config import validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.behaviour.book import book, prepare
from riskresearch.behaviour.indicators import INDICATORS
from riskresearch.behaviour.intervals import RatioError, ratio_error, shrunk
from riskresearch.behaviour.segments import (
    SEGMENT_VALUES,
    SegmentSettings,
    portfolio_axis,
    segment_axes,
    segment_values,
)


def _parts(numerator, denominator):
    return DataFrame({"numerator": numerator, "denominator": denominator})


def _book(tables, as_of):
    return book(prepare(tables), as_of=day(as_of))


def _axis(tables, as_of, code, **settings):
    chosen = SegmentSettings(segment_axes=(code,), **settings)
    return segment_axes(_book(tables, as_of), tables, chosen)[0]


def _error(ratio, variance, n_customers=50, n_effective=50.0):
    return RatioError(ratio, variance, n_customers, n_effective, np.nan, np.nan, "")


def test_an_interval_by_hand():
    # ratio 6 / 8; gaps 1 - 1.5, 2 - 1.5, 3 - 3; variance 3/2 x 0.5 / 64; Student's 97.5 % point with 2 df is 4.3027
    found = ratio_error(_parts([1, 2, 3], [2, 2, 4]))
    assert (found.ratio, found.n_customers, found.reason) == (0.75, 3, "")
    assert found.variance == pytest.approx(0.01171875)
    assert found.low == pytest.approx(0.75 - 4.302653 * 0.10825318, rel=1e-6)
    assert found.high == 1.0  # a share ends there
    assert found.n_effective == pytest.approx(64 / 24)


def test_an_interval_ends_only_where_the_figure_must():
    signed = ratio_error(_parts([-5, 8, 3], [2, 2, 4]))
    positive = ratio_error(_parts([1, 20, 3], [2, 2, 4]))
    assert signed.low < 0
    assert positive.low == 0
    assert positive.high > 1


@pytest.mark.parametrize(
    ("numerator", "denominator", "reason"),
    [
        ([3.0], [4.0], "one_customer"),
        ([3.0, 0.0], [4.0, 0.0], "one_customer"),
        ([0.0, 0.0], [4.0, 9.0], "no_variation"),
    ],
)
def test_there_is_no_interval_where_customers_cannot_tell_it(numerator, denominator, reason):
    found = ratio_error(_parts(numerator, denominator))
    assert found.reason == reason
    assert np.isnan([found.low, found.high, found.variance]).all()
    assert found.ratio == sum(numerator) / sum(denominator)


def test_without_a_positive_base_there_is_no_ratio():
    assert ratio_error(_parts([1.0, 2.0], [3.0, -3.0])) is None
    assert ratio_error(_parts([], [])) is None


def test_intervals_hold_the_true_ratio_as_often_as_they_say():
    rng = np.random.default_rng(20)
    n_held, n_draws = 0, 1500
    for _ in range(n_draws):
        amount = rng.gamma(2.0, 500.0, size=25)
        found = ratio_error(_parts(amount * (0.4 + 0.2 * rng.standard_normal(25)), amount))
        n_held += found.low <= 0.4 <= found.high
    # 1500 draws: the share held is within 0.017 of 0.95 in 997 of 1000 experiments; linearisation costs about 0.01
    assert n_held / n_draws == pytest.approx(0.945, abs=0.02)


def test_a_mean_of_equal_customers_has_the_textbook_interval():
    values = np.random.default_rng(4).normal(10, 3, size=12)
    found = ratio_error(_parts(values, np.ones(12)))
    half = student.ppf(0.975, 11) * values.std(ddof=1) / np.sqrt(12)
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))


def test_values_are_drawn_to_the_middle_as_far_as_they_are_uncertain():
    errors = [_error(10.0, 1.0), _error(30.0, 400.0), _error(20.0, 1.0), None]
    found = shrunk(errors, towards=15.0)
    # tau2 solves 25 / (1 + t) + 225 / (400 + t) + 25 / (1 + t) = 2
    t = (-527 + np.sqrt(527**2 + 8 * 19_425)) / 4
    assert 50 / (1 + t) + 225 / (400 + t) == pytest.approx(2, abs=1e-4)
    expected = [(15 + t * 10) / (1 + t), (400 * 15 + t * 30) / (400 + t), (15 + t * 20) / (1 + t)]
    assert found[:3] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(found[3])


def test_segments_that_differ_no_more_than_by_chance_take_the_common_value():
    assert shrunk([_error(10.0, 9.0), _error(12.0, 9.0), _error(11.0, 9.0)], towards=11.2).tolist() == [11.2] * 3


def test_a_segment_without_an_own_error_takes_the_pooled_one():
    # 20 customers each: variance 2 x 20 effective customers = 40 for one; a single customer therefore has 40
    sure = [_error(10.0, 2.0, 21, 20.0), _error(30.0, 2.0, 21, 20.0)]
    single = RatioError(50.0, np.nan, 1, 1.0, np.nan, np.nan, "one_customer")
    told = _error(50.0, 40.0, 50, 1.0)
    assert shrunk([*sure, single], towards=21.0) == pytest.approx(shrunk([*sure, told], towards=21.0), rel=1e-3)
    assert 21.0 < shrunk([*sure, single], towards=21.0)[2] < 50.0


def test_a_segment_alone_keeps_its_value():
    assert shrunk([_error(10.0, 9.0)], towards=11.0).tolist() == [10.0]


def test_steadied_values_are_nearer_to_the_truth_than_the_values_themselves():
    rng = np.random.default_rng(7)
    own, steady = [], []
    for _ in range(150):
        truth = rng.normal(0.6, 0.05, size=12)
        parts = [_parts(*_customers(rng, share, n)) for share, n in zip(truth, rng.integers(2, 30, 12), strict=True)]
        both = pd.concat(parts)
        errors = [ratio_error(part) for part in parts]
        found = shrunk(errors, towards=both["numerator"].sum() / both["denominator"].sum())
        own.append(np.mean((np.array([e.ratio for e in errors]) - truth) ** 2))
        steady.append(np.mean((found - truth) ** 2))
    assert np.mean(steady) < 0.6 * np.mean(own)


def _customers(rng, share, n):
    amount = rng.gamma(2.0, 500.0, size=n)
    return amount * np.clip(share + 0.2 * rng.standard_normal(n), 0, 1), amount


TENURES = [
    {"id": "OLD", "since": "2015-03-01"},
    {"id": "NEW", "since": "2024-02-01"},
    {"id": "EDGE", "since": "2023-10-31"},
    {"id": "FIRST_IN_LEDGER"},
    {"id": "LATER"},
]


def test_new_or_loyal_by_start_of_the_relation_else_by_the_first_invoice():
    invoices = [
        {"id": "I0", "customer": "OLD", "date": "2023-01-05", "amount": 10},
        {"id": "I1", "customer": "NEW", "date": "2024-02-05", "amount": 10},
        {"id": "I2", "customer": "EDGE", "date": "2024-02-05", "amount": 10},
        {"id": "I3", "customer": "FIRST_IN_LEDGER", "date": "2023-01-06", "amount": 10},
        {"id": "I4", "customer": "LATER", "date": "2024-03-05", "amount": 10},
    ]
    ledger = small_ledger(invoices, customers=TENURES)
    found = _axis(tables_of(ledger, "2024-10-31"), "2024-10-31", "tenure").labels
    assert found.to_dict() == {
        "OLD": "loyal",
        "NEW": "new",
        "EDGE": "loyal",  # 12 months on the day
        "FIRST_IN_LEDGER": "loyal",
        "LATER": "new",
    }
    short = _axis(tables_of(ledger, "2024-10-31"), "2024-10-31", "tenure", new_customer_months=3).labels
    assert set(short) == {"loyal"}
    # in mid-2023 the ledger is half a year old: a first invoice in it does not tell when the relation began
    early = _axis(tables_of(ledger, "2023-06-30"), "2023-06-30", "tenure").labels
    assert early.to_dict() == {"OLD": "loyal", "FIRST_IN_LEDGER": "unknown"}


def test_pairs_and_columns_of_invoices_put_what_is_missing_into_unknown():
    invoices = [
        {"id": "I1", "customer": "C1", "date": "2024-05-05", "amount": 100, "contract": "rent"},
        {"id": "I2", "customer": "C1", "date": "2024-05-05", "amount": 40},
        {"id": "I3", "customer": "C2", "date": "2024-05-05", "amount": 7, "contract": "rent"},
    ]
    tables = tables_of(small_ledger(invoices, customers=[{"id": "C1", "size": "small"}, {"id": "C2"}]), "2024-10-31")
    now = _book(tables, "2024-10-31")
    codes = ("size", "contract_type", "size*contract_type", "size*country")
    axes = segment_axes(now, tables, SegmentSettings(segment_axes=codes))
    assert [axis.by for axis in axes] == ["customer_id", "invoice_id", "invoice_id", "customer_id"]
    found = segment_values(now, axes, [INDICATORS["open_amount"]])
    assert found.set_index(["axis_code", "segment_code"])["value"].to_dict() == {
        ("size", "small"): 140,
        ("size", "unknown"): 7,
        ("contract_type", "rent"): 107,
        ("contract_type", "unknown"): 40,
        ("size*contract_type", "small*rent"): 100,
        ("size*contract_type", "small*unknown"): 40,
        ("size*contract_type", "unknown*rent"): 7,
        ("size*country", "small*unknown"): 140,
        ("size*country", "unknown*unknown"): 7,
    }


def test_beyond_the_largest_number_segments_with_fewest_customers_are_put_together():
    sectors = ["a"] * 5 + ["b"] * 4 + ["c"] * 2 + ["d"] + ["e"]
    customers = [{"id": f"C{i:02d}", "sector": sector} for i, sector in enumerate(sectors)]
    invoices = [
        {"id": f"I{i}", "customer": c["id"], "date": "2024-05-05", "amount": 10} for i, c in enumerate(customers)
    ]
    tables = tables_of(small_ledger(invoices, customers=customers), "2024-10-31")
    axis = _axis(tables, "2024-10-31", "sector", segments_max=3)
    assert axis.labels.value_counts().to_dict() == {"a": 5, "b": 4, "other": 4}
    assert set(_axis(tables, "2024-10-31", "sector", segments_max=5).labels) == set("abcde")


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (["sizes"], "'sizes' is no segmentation; take one of size, sector"),
        (["size*shoe"], "'shoe' is no segmentation"),
        (["size*size"], "two different ones as in sector"),
        (["size*sector*type"], "two different ones as in sector"),
        (["size", "sector", "size"], "size given more than once"),
    ],
)
def test_wrong_segmentations_are_refused(axes, message):
    with pytest.raises(SettingsError, match=message):
        validated(SegmentSettings, {"segment_axes": axes}, where="behaviour")


SOME = [
    INDICATORS[name]
    for name in (
        "open_amount",
        "unapplied_amount",
        "overdue_ratio",
        "dso_simple_days",
        "days_beyond_terms",
        "on_time_ratio",
    )
]
SUMS = ("open_amount", "unapplied_amount")


@pytest.mark.parametrize("seed", [1, 2])
def test_segments_agree_with_the_whole(seed):
    tables = _labelled(random_ledger(seed, n_invoices=150, n_customers=12), "2024-10-31")
    now = _book(tables, "2024-10-31")
    codes = ("sector", "contract_type", "sector*contract_type")
    axes = [portfolio_axis(tables), *segment_axes(now, tables, SegmentSettings(segment_axes=codes))]
    found = check(segment_values(now, axes, INDICATORS), SEGMENT_VALUES)
    for axis in axes:
        rows = found[found["axis_code"] == axis.code].set_index(["indicator_code", "segment_code"])
        for name in SUMS if axis.by == "customer_id" else SUMS[:1]:
            assert rows.loc[name, "value"].sum() == pytest.approx(INDICATORS[name].function(now).value)
        spread = rows.dropna(subset=["interval_low"])
        assert (spread["interval_low"] <= spread["value"] + 1e-9).all()
        assert (spread["value"] <= spread["interval_high"] + 1e-9).all()
    whole = found[found["axis_code"] == "portfolio"].set_index("indicator_code")
    for member in INDICATORS:
        value = member.function(now).value
        assert whole.loc[member.name, "value"] == (
            pytest.approx(value) if value is not None else pytest.approx(np.nan, nan_ok=True)
        )


def test_steadied_values_lie_between_the_segment_and_the_whole():
    tables = _labelled(random_ledger(3, n_invoices=200, n_customers=12), "2024-10-31")
    now = _book(tables, "2024-10-31")
    axes = segment_axes(now, tables, SegmentSettings(segment_axes=("sector",)))
    found = segment_values(now, axes, INDICATORS).dropna(subset=["value_shrunk"])
    assert found["indicator_code"].nunique() > 10
    for row in found.itertuples():
        whole = INDICATORS[row.indicator_code].function(now).value
        low, high = sorted([row.value, whole])
        assert low - 1e-9 * abs(low) <= row.value_shrunk <= high + 1e-9 * abs(high), row.indicator_code


@pytest.mark.parametrize("member", list(INDICATORS), ids=INDICATORS.names)
def test_what_an_indicator_is_made_of_gives_its_value(member):
    value = member.function(_book(tables_of(random_ledger(4, n_invoices=150), "2024-10-31"), "2024-10-31"))
    if value.parts is not None:
        assert ratio_error(value.parts()).ratio == pytest.approx(value.value, rel=1e-9)


@pytest.mark.parametrize("code", ["sector", "sector*contract_type"])
def test_errors_are_those_of_each_segment_taken_alone(code):
    tables = _labelled(random_ledger(5, n_invoices=150, n_customers=12), "2024-10-31")
    now = _book(tables, "2024-10-31")
    axis = segment_axes(now, tables, SegmentSettings(segment_axes=(code,)))[0]
    members = list(INDICATORS) if code == "sector" else SOME
    found = segment_values(now, [axis], members).set_index(["indicator_code", "segment_code"])
    n_compared = 0
    for segment, part in now.split(axis.labels, axis.by).items():
        for member in members:
            value = member.function(part)
            if value.parts is not None:
                expected, row = ratio_error(value.parts()), found.loc[(member.name, segment)]
                assert row["n_customers"] == expected.n_customers, member.name
                figures = [expected.low, expected.high]
                assert row[["interval_low", "interval_high"]].tolist() == pytest.approx(figures, nan_ok=True)
                n_compared += expected.reason == ""
    assert n_compared >= 16


def test_later_acts_and_the_order_of_rows_change_nothing():
    ledger = random_ledger(8, n_invoices=120, n_customers=9)
    then, later = (_labelled(ledger, as_of) for as_of in ("2024-06-30", "2024-12-31"))
    settings = SegmentSettings(segment_axes=("tenure", "sector*contract_type"))

    def values(tables):
        now = _book(tables, "2024-06-30")
        return segment_values(now, segment_axes(now, tables, settings), SOME)

    expected = values(then)
    pd.testing.assert_frame_equal(values(later), expected)
    pd.testing.assert_frame_equal(values(shuffled(then, 3)), expected, rtol=1e-9)


def _labelled(ledger, as_of):
    """Tables with a sector for each customer and a contract type for each invoice, some of them unknown."""
    tables = tables_of(ledger, as_of)
    number = tables["customers"]["customer_id"].str[1:].astype(int)
    sector = number.map(lambda n: None if n == 1 else "abc"[n % 3])
    kind = tables["invoices"]["invoice_id"].str[-1].map({"1": "rent", "2": "rent", "4": "sale", "5": "sale"})
    return tables | {
        "customers": tables["customers"].assign(sector_code=sector),
        "invoices": tables["invoices"].assign(contract_type_code=kind),
    }
