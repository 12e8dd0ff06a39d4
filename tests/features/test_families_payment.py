"""Delay, ageing, exposure, sales and the insurer's decisions: values worked out by hand on one row of the panel.

Levels are running sums, so a flow of 3 months is the level of T less the one of 3 months before.
"""

from typing import Any

import pytest
from features.evaluate import evaluate, levels, monthly

from riskresearch.features.registry import FEATURES, At

DAY = 20_000


def _flow(measure: str, months: int, value: int, *, ago: int = 0, before: int = 1000) -> dict[str, int]:
    """Levels between which a measure grew by `value` in the `months` up to `ago` months before T."""
    return {f"{measure}__{ago}": before + value, f"{measure}__{ago + months}": before}


def _level(**columns: int | None) -> dict[str, int | None]:
    return {f"{name}__0": value for name, value in columns.items()}


QUOTIENTS = [
    # feature, measure above, measure below, months
    ("days_late_mean_3m", "late_days_minor", "timed_minor", 3),
    ("days_late_mean_6m", "late_days_minor", "timed_minor", 6),
    ("days_late_mean_12m", "late_days_minor", "timed_minor", 12),
    ("days_to_pay_mean_12m", "received_days_minor", "received_minor", 12),
    ("late_ratio_3m", "n_late", "n_due", 3),
    ("late_ratio_12m", "n_late", "n_due", 12),
    ("late_30_ratio_12m", "n_late_30", "n_due_30", 12),
    ("paid_to_due_ratio_3m", "paid_minor", "due_minor", 3),
    ("partial_ratio_6m", "n_partial", "n_paid", 6),
    ("terms_days_mean_12m", "sale_terms_minor", "sale_dated_minor", 12),
]


@pytest.mark.parametrize(("name", "over", "under", "months"), QUOTIENTS)
def test_a_quotient_of_two_flows_counts_its_window_only(name, over, under, months):
    assert evaluate(name, **_flow(over, months, 30, before=700), **_flow(under, months, 40)) == 0.75
    assert evaluate(name, **_flow(over, months, 0), **_flow(under, months, 40)) == 0


@pytest.mark.parametrize(("name", "over", "under", "months"), QUOTIENTS)
@pytest.mark.parametrize("value", [0, -40])
def test_a_quotient_of_two_flows_is_missing_without_any_below(name, over, under, months, value):
    assert evaluate(name, **_flow(over, months, 30), **_flow(under, months, value)) is None


SHARES = [
    # feature, measure above, measure below
    ("overdue_ratio", "overdue_minor", "open_minor"),
    ("overdue_30_ratio", "overdue_30_minor", "open_minor"),
    ("overdue_60_ratio", "overdue_60_minor", "open_minor"),
    ("overdue_90_ratio", "overdue_90_minor", "open_minor"),
    ("unapplied_ratio", "unapplied_minor", "open_minor"),
    ("insurer_limit_use_ratio", "open_minor", "insurer_limit_minor"),
    ("insurer_granted_ratio", "insurer_limit_minor", "insurer_asked_minor"),
]


@pytest.mark.parametrize(("name", "over", "under"), SHARES)
def test_a_quotient_of_two_levels(name, over, under):
    assert evaluate(name, **_level(**{over: 300, under: 400})) == 0.75
    assert evaluate(name, **_level(**{over: 0, under: 400})) == 0
    assert evaluate(name, **_level(**{over: 300, under: 0})) is None


def test_use_of_the_larger_of_the_lasting_and_the_temporary_limit():
    row = {"open_minor__0": 300, "internal_limit_minor__0": 400}
    assert evaluate("limit_use_ratio", **row, temporary_limit_minor__0=0) == 0.75
    assert evaluate("limit_use_ratio", **row, temporary_limit_minor__0=600) == 0.5
    none = {"open_minor__0": 300, "internal_limit_minor__0": 0}
    assert evaluate("limit_use_ratio", **none, temporary_limit_minor__0=0) is None


def _delays(*windows: tuple[int, int, int]) -> dict[str, int]:
    """Running sums of receipts and of their days late, weighted by amount: (months before T, receipts, days)."""
    received = {f"timed_minor__{ago}": minor for ago, minor, _ in windows}
    return received | {f"late_days_minor__{ago}": days for ago, _, days in windows}


def test_change_of_the_delay_against_the_year():
    # 3 months: 1,000 paid 20 days late; 12 months: 4,000 paid, 1,000 of them 20 days late: 5 days
    row = _delays((0, 4000, 20_000), (3, 3000, 0), (12, 0, 0))
    assert evaluate("days_late_change_3m", **row) == 15
    nothing_new = _delays((0, 3000, 0), (3, 3000, 0), (12, 0, 0))
    assert evaluate("days_late_change_3m", **nothing_new) is None


def test_trend_of_the_delay_against_the_quarter_before():
    # 3 months: 500 paid at 12 days; the 3 before: 2,000 paid at 4 days
    row = _delays((0, 2500, 14_000), (3, 2000, 8000), (6, 0, 0))
    assert evaluate("days_late_trend_3m", **row) == 8
    assert evaluate("days_late_trend_3m", **_delays((0, 500, 6000), (3, 0, 0), (6, 0, 0))) is None
    assert evaluate("days_late_trend_3m", **_delays((0, 2000, 8000), (3, 2000, 8000), (6, 0, 0))) is None


def test_spread_of_the_delays_is_the_standard_deviation_of_the_receipts():
    # days late 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 232, standard deviation of the population 2
    def spread(n: int, days: int, squares: int) -> float | None:
        counts = {"n_timed": n, "n_late_days": days, "n_late_days2": squares}
        flows: dict[str, Any] = {}
        for name, value in counts.items():
            flows |= _flow(name, 12, value)
        return evaluate("days_late_spread_12m", **flows)

    assert spread(8, 40, 232) == 2
    assert spread(3, 30, 300) == 0
    assert spread(2, 10, 100) is None
    assert spread(0, 0, 0) is None


def test_change_of_the_late_share():
    # 3 months: 3 of 4 late; 12 months: 5 of 10 late
    row = levels("n_late", [8]) | levels("n_late", [5], ago=3) | levels("n_late", [3], ago=12)
    row |= levels("n_due", [20]) | levels("n_due", [16], ago=3) | levels("n_due", [10], ago=12)
    assert evaluate("late_ratio_change_3m", **row) == 0.25
    assert evaluate("late_ratio_change_3m", **(row | {"n_due__3": 20, "n_late__3": 8})) is None


@pytest.mark.parametrize(
    ("name", "measure"), [("days_since_receipt", "last_paid_day"), ("days_since_sale", "last_sale_day")]
)
def test_days_since_the_last(name, measure):
    assert evaluate(name, day=DAY, **_level(**{measure: DAY - 17})) == 17
    assert evaluate(name, day=DAY, **_level(**{measure: DAY})) == 0
    assert evaluate(name, day=DAY, **_level(**{measure: None})) is None


@pytest.mark.parametrize(
    ("name", "measure"), [("overdue_to_sales_months", "overdue_minor"), ("open_to_sales_months", "open_minor")]
)
def test_amounts_in_months_of_sales(name, measure):
    # sales of 12 months 2,400, so 200 a month
    assert evaluate(name, **_level(**{measure: 500}), **_flow("sale_minor", 12, 2400)) == 2.5
    assert evaluate(name, **_level(**{measure: 500}), **_flow("sale_minor", 12, 0)) is None


def test_days_late_of_the_oldest_item():
    assert evaluate("overdue_max_days", day=DAY, n_open__0=2, oldest_due_day=DAY - 45) == 45
    assert evaluate("overdue_max_days", day=DAY, n_open__0=2, oldest_due_day=None) == 0
    assert evaluate("overdue_max_days", day=DAY, n_open__0=0, oldest_due_day=None) is None


def test_mean_days_late_of_what_is_overdue():
    # 300 due 10 days ago and 100 due 50 days ago: (300 × 10 + 100 × 50) / 400 = 20
    due = 300 * (DAY - 10) + 100 * (DAY - 50)
    assert evaluate("overdue_mean_days", day=DAY, n_open__0=1, overdue_minor__0=400, overdue_due_minor__0=due) == 20
    assert evaluate("overdue_mean_days", day=DAY, n_open__0=1, overdue_minor__0=0, overdue_due_minor__0=0) == 0
    assert evaluate("overdue_mean_days", day=DAY, n_open__0=0, overdue_minor__0=0, overdue_due_minor__0=0) is None


def test_mean_days_late_is_exact_for_large_amounts():
    amount = 10**12 + 1
    row = _level(n_open=1, overdue_minor=amount, overdue_due_minor=amount * (DAY - 31))
    assert evaluate("overdue_mean_days", day=DAY, **row) == 31


def test_change_of_the_overdue_share():
    row = {"overdue_minor__0": 300, "open_minor__0": 400, "overdue_minor__3": 100, "open_minor__3": 200}
    assert evaluate("overdue_change_3m", **row) == 0.25
    assert evaluate("overdue_change_3m", **(row | {"open_minor__3": 0, "overdue_minor__3": 0})) is None
    assert evaluate("overdue_change_3m", **(row | {"open_minor__0": 0, "overdue_minor__0": 0})) is None


def _shares(newest_first: list[float]) -> dict[str, int | None]:
    return levels("overdue_minor", [round(share * 1000) for share in newest_first]) | levels("open_minor", [1000] * 6)


def test_slope_of_the_overdue_share():
    assert evaluate("overdue_slope_6m", **_shares([0.5, 0.4, 0.3, 0.2, 0.1, 0.0])) == pytest.approx(0.1, rel=1e-12)
    assert evaluate("overdue_slope_6m", **_shares([0.3] * 6)) == 0
    # only T is overdue: (5 − 2.5) × 0.7 / 17.5
    assert evaluate("overdue_slope_6m", **_shares([0.7, 0, 0, 0, 0, 0])) == pytest.approx(0.1, rel=1e-12)
    # the oldest date only, then the second oldest only: −2.5 and −1.5 times 0.7 / 17.5
    assert evaluate("overdue_slope_6m", **_shares([0, 0, 0, 0, 0, 0.7])) == pytest.approx(-0.1, rel=1e-12)
    assert evaluate("overdue_slope_6m", **_shares([0, 0, 0, 0, 0.7, 0])) == pytest.approx(-0.06, rel=1e-12)
    assert evaluate("overdue_slope_6m", **_shares([0, 0, 0.7, 0, 0, 0])) == pytest.approx(0.02, rel=1e-12)


@pytest.mark.parametrize("ago", range(6))
def test_slope_needs_something_open_on_all_six_dates(ago):
    row = _shares([0.5, 0.4, 0.3, 0.2, 0.1, 0.0]) | {f"open_minor__{ago}": 0, f"overdue_minor__{ago}": 0}
    assert evaluate("overdue_slope_6m", **row) is None


def test_months_with_something_more_than_30_days_late():
    assert evaluate("overdue_30_months_12m", **levels("overdue_30_minor", [5, 0, 0, 7, 9, 0, 0, 0, 0, 0, 0, 1])) == 4
    assert evaluate("overdue_30_months_12m", **levels("overdue_30_minor", [0] * 12)) == 0


def test_open_amount_against_its_mean():
    # 600 now and 0 on six dates, 200 on five: mean 1,600 / 12
    row = levels("open_minor", [600, *[200] * 5, *[0] * 6])
    assert evaluate("open_to_mean_ratio_12m", **row) == 4.5
    assert evaluate("open_to_mean_ratio_12m", **levels("open_minor", [0, *[100] * 11])) == 0
    assert evaluate("open_to_mean_ratio_12m", **levels("open_minor", [0] * 12)) is None


MONTH = 365 / 12


@pytest.mark.parametrize(
    ("open_minor", "sales", "days"),
    [
        # nothing open; within the last month; exactly one month
        (0, [100] * 12, 0),
        (25, [100] * 12, MONTH / 4),
        (100, [100] * 12, MONTH),
        # two whole months and half of the third
        (250, [100] * 12, 2.5 * MONTH),
        # uneven: 100 + 300 whole, 50 of 200
        (450, [100, 300, 200, *[0] * 9], 2.25 * MONTH),
        # a month without sales counts in full: 100, none, then 50 of 200
        (150, [100, 0, 200, *[50] * 9], 2.25 * MONTH),
        # no sales in the last two months: they count, then half of the third
        (50, [0, 0, 100, *[0] * 9], 2.5 * MONTH),
        # used up by the first month: the empty month behind it does not count
        (100, [100, 0, 200, *[50] * 9], MONTH),
        # as much as all 12 months, and more: a year
        (1200, [100] * 12, 365),
        (1201, [100] * 12, 365),
        (5000, [*[0] * 11, 10], 365),
        # 11 whole months and the twelfth in proportion
        (1150, [100] * 12, 11.5 * MONTH),
    ],
)
def test_count_back_days(open_minor, sales, days):
    found = evaluate("dso_countback_days", open_minor__0=open_minor, **monthly("sale_minor", sales))
    assert found == pytest.approx(days, rel=1e-12)
    assert found <= 365


@pytest.mark.parametrize("open_minor", [0, 500])
def test_count_back_days_are_missing_without_sales_in_the_year(open_minor):
    sold_before = levels("sale_minor", [700] * 13)
    assert evaluate("dso_countback_days", open_minor__0=open_minor, **sold_before) is None


def test_sales_before_the_year_do_not_shorten_the_count_back():
    sold = levels("sale_minor", [1000 + level for level in (300, 200, 100, *[0] * 10)])
    assert evaluate("dso_countback_days", open_minor__0=250, **sold) == pytest.approx(2.5 * MONTH, rel=1e-12)


def test_highest_use_of_the_limit_ignores_dates_without_a_limit():
    row = levels("open_minor", [100, 300, 900, 50, 10, 0])
    granted = levels("internal_limit_minor", [200, 200, 0, 100, 0, 100])
    none = levels("internal_limit_minor", [0] * 6)
    temporary = levels("temporary_limit_minor", [0] * 6)
    assert evaluate("limit_use_max_ratio_6m", **row, **granted, **temporary) == 1.5
    assert evaluate("limit_use_max_ratio_6m", **row, **none, **temporary) is None


def _limits(granted: list[int], in_force: list[int]) -> dict[str, int | None]:
    lasting = levels("internal_limit_minor", granted) | levels("n_internal_in_force", in_force)
    n = len(granted)
    return lasting | levels("temporary_limit_minor", [0] * n) | levels("n_temporary_in_force", [0] * n)


def test_months_above_the_limit():
    open_minor = levels("open_minor", [100, 201, 200, 900, 1, 0, *[50] * 6])
    # T within; 201 above 200; 200 not above; no limit; 1 above a limit of 0; 0 not above 0; 50 within 100
    granted = _limits([200, 200, 200, 0, 0, 0, *[100] * 6], [1, 1, 1, 0, 1, 1, *[1] * 6])
    assert evaluate("over_limit_months_12m", **open_minor, **granted) == 2
    none_now = granted | {"internal_limit_minor__0": 0, "n_internal_in_force__0": 0}
    assert evaluate("over_limit_months_12m", **open_minor, **none_now) is None
    stopped_now = granted | {"internal_limit_minor__0": 0}
    assert evaluate("over_limit_months_12m", **open_minor, **stopped_now) == 3


def test_change_of_the_agreed_days():
    # 3 months: 100 sold at 60 days; 12 months: 400 sold, 300 of them at 20 days: 30 days
    row = {"sale_terms_minor__0": 12_000, "sale_terms_minor__3": 6000, "sale_terms_minor__12": 0}
    row |= {"sale_dated_minor__0": 400, "sale_dated_minor__3": 300, "sale_dated_minor__12": 0}
    assert evaluate("terms_days_change_3m", **row) == 30
    assert (
        evaluate("terms_days_change_3m", **(row | {"sale_dated_minor__3": 400, "sale_terms_minor__3": 12_000})) is None
    )


def test_sales_against_the_year():
    # 12 months 2,400: 600 in 3 months are steady, 300 in the last month are 1.5 times a month's share
    year = {"sale_minor__0": 2500, "sale_minor__12": 100}
    assert evaluate("sales_trend_ratio_3m", **year, sale_minor__3=1900) == 1
    assert evaluate("sales_surge_ratio_1m", **year, sale_minor__1=2200) == 1.5
    none = {"sale_minor__0": 100, "sale_minor__12": 100}
    assert evaluate("sales_trend_ratio_3m", **none, sale_minor__3=100) is None
    assert evaluate("sales_surge_ratio_1m", **none, sale_minor__1=100) is None


def test_growth_of_the_year():
    assert evaluate("sales_growth_ratio_12m", sale_minor__0=700, sale_minor__12=400, sale_minor__24=200) == 0.5
    assert evaluate("sales_growth_ratio_12m", sale_minor__0=400, sale_minor__12=400, sale_minor__24=200) == -1
    assert evaluate("sales_growth_ratio_12m", sale_minor__0=700, sale_minor__12=200, sale_minor__24=200) is None


def test_unevenness_of_the_monthly_sales():
    assert evaluate("sales_variation_ratio_12m", **monthly("sale_minor", [50] * 12)) == 0
    # six months 100, six months none: mean 50, each 50 from it
    assert evaluate("sales_variation_ratio_12m", **monthly("sale_minor", [100, 0] * 6)) == 1
    # all in one month: mean 10; 110 once and 10 eleven times = 220 / 12 over 10
    one = evaluate("sales_variation_ratio_12m", **monthly("sale_minor", [120, *[0] * 11]))
    assert one == pytest.approx(220 / 120, rel=1e-15)
    assert evaluate("sales_variation_ratio_12m", **levels("sale_minor", [700] * 13)) is None


def test_months_with_sales_and_number_of_sales():
    assert evaluate("sales_active_months_12m", **monthly("n_sale", [0, 3, 1, 0, 0, 2, *[0] * 6])) == 3
    assert evaluate("sales_active_months_12m", **levels("n_sale", [4] * 13)) == 0
    assert evaluate("n_sales_12m", n_sale__0=9, n_sale__12=3) == 6
    assert evaluate("n_sales_12m", n_sale__0=0, n_sale__12=0) == 0


def test_share_of_the_sellers_sales():
    own = {"sale_minor__0": 150, "sale_minor__12": 100}
    assert evaluate("sales_share_ratio_12m", **own, sale_minor__0__book=1200, sale_minor__12__book=1000) == 0.25
    assert evaluate("sales_share_ratio_12m", **own, sale_minor__0__book=1000, sale_minor__12__book=1000) is None


def test_cuts_of_the_insurer_need_a_decision_ever():
    row = {"n_insurer_cuts__0": 3, "n_insurer_cuts__12": 1}
    assert evaluate("n_insurer_cuts_12m", **row, n_insurer_decisions__0=5) == 2
    assert evaluate("n_insurer_cuts_12m", n_insurer_cuts__0=0, n_insurer_cuts__12=0, n_insurer_decisions__0=1) == 0
    assert evaluate("n_insurer_cuts_12m", n_insurer_cuts__0=0, n_insurer_cuts__12=0, n_insurer_decisions__0=0) is None


FAMILIES = ("delay", "ageing", "exposure", "sales")
INSURER = ("insurer_limit_use_ratio", "insurer_granted_ratio", "n_insurer_cuts_12m")
MEMBERS = [member for member in FEATURES if member.spec.family in FAMILIES or member.name in INSURER]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_declaration_fits_the_name_and_the_window(member):
    spec, name = member.spec, member.name
    assert spec.label_en != spec.label_fr
    assert member.definition.endswith(".")
    assert ("_ratio" in name) == (spec.unit == "ratio") or name in ("overdue_change_3m", "overdue_slope_6m")
    assert (spec.unit == "count") == name.startswith("n_")
    at = At()
    member.function(at)
    reach = max(level.ago for level in at.levels)
    months = int(name.rsplit("_", 1)[1][:-1]) if name.endswith("m") else 0
    if months > 1 and not at.needs_oldest_due:
        assert months - 1 <= reach <= 2 * months or name.endswith("_3m")
        for label in (spec.label_en, spec.label_fr):
            assert str(months) in label or "year" in label or "année" in label


def test_the_families_are_complete():
    assert [sum(member.spec.family == family for member in MEMBERS) for family in FAMILIES] == [14, 10, 9, 8]
    assert {member.name for member in MEMBERS} >= set(INSURER)


def test_the_standard_deviation_of_equal_delays_is_never_the_root_of_a_negative_number():
    for n, late in ((7, 13), (9, 301), (11, 87)):
        row = _flow("n_timed", 12, n) | _flow("n_late_days", 12, n * late) | _flow("n_late_days2", 12, n * late**2)
        assert evaluate("days_late_spread_12m", **row) == 0
