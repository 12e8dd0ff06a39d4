"""Features of disputes, incidents, tenure, ratings, accounts, questionnaire, sector and group on hand-made rows."""

import pytest
from features.evaluate import asked, evaluate

from riskresearch.features.registry import FEATURES

DAY = 20_000


def present(name: str, **columns: int | None) -> float:
    """The value of a feature that must have one."""
    value = evaluate(name, **columns)
    assert value is not None
    return value


def over_a_year(measure: str, *, now: int | None, before: int | None) -> dict[str, int | None]:
    """Levels of a measure on T and 12 months before."""
    return {f"{measure}__0": now, f"{measure}__12": before}


# disputes


def test_dispute_ratio_divides_the_disputes_by_the_invoices_of_the_year() -> None:
    disputes = over_a_year("n_disputes", now=7, before=4)
    assert present("dispute_ratio_12m", **disputes, **over_a_year("n_sale", now=20, before=8)) == 0.25
    assert evaluate("dispute_ratio_12m", **disputes, **over_a_year("n_sale", now=8, before=8)) is None


def test_disputed_items_ratio_divides_open_disputes_by_open_items() -> None:
    assert present("disputed_items_ratio", n_disputes_open__0=1, n_open__0=4) == 0.25
    assert present("disputed_items_ratio", n_disputes_open__0=0, n_open__0=4) == 0
    assert evaluate("disputed_items_ratio", n_disputes_open__0=1, n_open__0=0) is None


def test_credit_note_ratio_divides_credit_notes_by_sales() -> None:
    notes = over_a_year("credit_minor", now=5_000, before=2_000)
    assert present("credit_note_ratio_12m", **notes, **over_a_year("sale_minor", now=40_000, before=10_000)) == 0.1
    assert evaluate("credit_note_ratio_12m", **notes, **over_a_year("sale_minor", now=10_000, before=10_000)) is None


# incidents


def test_returned_ratio_divides_returned_payments_by_receipts() -> None:
    returned = over_a_year("n_returned", now=3, before=1)
    assert present("returned_ratio_12m", **returned, **over_a_year("n_paid", now=12, before=4)) == 0.25
    assert evaluate("returned_ratio_12m", **returned, **over_a_year("n_paid", now=4, before=4)) is None


@pytest.mark.parametrize(
    ("name", "measure", "months"),
    [
        ("n_formal_reminders_6m", "n_formal_reminders", 6),
        ("n_legal_events_24m", "n_legal_events", 24),
        ("n_default_spells_36m", "n_default_spells", 36),
    ],
)
def test_counts_are_what_became_known_in_the_window(name: str, measure: str, months: int) -> None:
    assert present(name, **{f"{measure}__0": 5, f"{measure}__{months}": 2}) == 3
    assert present(name, **{f"{measure}__0": 2, f"{measure}__{months}": 2}) == 0


def test_broken_promise_ratio_is_missing_without_a_promise_due() -> None:
    broken = over_a_year("n_promises_broken", now=2, before=1)
    assert present("broken_promise_ratio_12m", **broken, **over_a_year("n_promises_due", now=6, before=2)) == 0.25
    assert evaluate("broken_promise_ratio_12m", **broken, **over_a_year("n_promises_due", now=2, before=2)) is None


def over_two_years(measure: str, now: int, before: int) -> dict[str, int]:
    return {f"{measure}__0": now, f"{measure}__24": before}


def test_lost_ratio_looks_back_24_months_and_may_be_negative_after_recoveries() -> None:
    sales = {"sale_minor__0": 50_000, "sale_minor__24": 10_000}
    none, back = over_two_years("recovered_minor", 7, 7), over_two_years("recovered_minor", 9_000, 5_000)
    assert present("lost_ratio_24m", lost_minor__0=3_000, lost_minor__24=1_000, **none, **sales) == 0.05
    assert present("lost_ratio_24m", lost_minor__0=3_000, lost_minor__24=1_000, **back, **sales) == -0.05
    no_sales = over_two_years("sale_minor", 5, 5)
    assert evaluate("lost_ratio_24m", lost_minor__0=1, lost_minor__24=0, **none, **no_sales) is None


# tenure


def test_tenure_counts_months_of_a_twelfth_of_365_days() -> None:
    assert present("tenure_months", day=DAY + 730, first_day=DAY) == 24
    assert present("tenure_months", day=DAY, first_day=DAY) == 0


def test_relationship_is_missing_where_its_start_is_unknown_or_ahead() -> None:
    assert present("relationship_months", day=DAY + 365, relationship_start_day=DAY) == 12
    assert present("relationship_months", day=DAY, relationship_start_day=DAY) == 0
    assert evaluate("relationship_months", day=DAY, relationship_start_day=DAY + 1) is None
    assert evaluate("relationship_months", day=DAY, relationship_start_day=None) is None


# ratings


def test_rating_ratio_tells_the_best_grade_from_no_rating() -> None:
    assert present("rating_ratio", rating_micro__0=250_000, n_ratings__0=2) == 0.25
    assert present("rating_ratio", rating_micro__0=0, n_ratings__0=1) == 0
    assert evaluate("rating_ratio", rating_micro__0=0, n_ratings__0=0) is None


@pytest.mark.parametrize(("now", "before", "expected"), [(1, 1, 0.5), (0, 1, None), (1, 0, None)])
def test_rating_change_needs_a_rating_on_both_dates(now: int, before: int, expected: float | None) -> None:
    ratings = over_a_year("n_ratings", now=now, before=before)
    levels = over_a_year("rating_micro", now=750_000 * now, before=250_000 * before)
    assert evaluate("rating_change_12m", **ratings, **levels) == expected


def test_downgrades_are_missing_without_a_rating() -> None:
    downgrades = over_a_year("n_downgrades", now=4, before=1)
    assert present("n_downgrades_12m", **downgrades, n_ratings__0=1) == 3
    assert evaluate("n_downgrades_12m", **downgrades, n_ratings__0=0) is None


# accounts


def test_age_of_accounts_counts_from_the_closing_date() -> None:
    assert present("accounts_age_months", day=DAY + 730, accounts_end_day__0=DAY, has_accounts__0=1) == 24
    assert evaluate("accounts_age_months", day=DAY, accounts_end_day__0=0, has_accounts__0=0) is None


def test_net_margin_needs_net_income_and_revenue() -> None:
    assert present("net_margin_ratio", net_income_minor__0=-5, revenue_minor__0=100, has_net_income__0=1) == -0.05
    assert present("net_margin_ratio", net_income_minor__0=0, revenue_minor__0=100, has_net_income__0=1) == 0
    assert evaluate("net_margin_ratio", net_income_minor__0=0, revenue_minor__0=100, has_net_income__0=0) is None
    assert evaluate("net_margin_ratio", net_income_minor__0=5, revenue_minor__0=0, has_net_income__0=1) is None


@pytest.mark.parametrize(
    ("debt", "worth", "has_debt", "has_worth", "expected"),
    [
        (25, 75, 1, 1, 0.25),
        (0, 75, 1, 1, 0.0),
        (100, -50, 1, 1, 2.0),
        (50, -50, 1, 1, None),
        (0, 75, 0, 1, None),
        (25, 0, 1, 0, None),
    ],
)
def test_debt_ratio_needs_both_and_a_positive_sum(
    debt: int, worth: int, has_debt: int, has_worth: int, expected: float | None
) -> None:
    known = {"has_debt__0": has_debt, "has_net_worth__0": has_worth}
    assert evaluate("debt_ratio", debt_minor__0=debt, net_worth_minor__0=worth, **known) == expected


def test_net_worth_ratio_needs_net_worth_and_revenue() -> None:
    assert present("net_worth_ratio", net_worth_minor__0=-20, revenue_minor__0=80, has_net_worth__0=1) == -0.25
    assert evaluate("net_worth_ratio", net_worth_minor__0=0, revenue_minor__0=80, has_net_worth__0=0) is None
    assert evaluate("net_worth_ratio", net_worth_minor__0=20, revenue_minor__0=0, has_net_worth__0=1) is None


@pytest.mark.parametrize(
    ("revenue", "has_revenue", "previous", "expected"),
    [(150, 1, 100, 0.5), (50, 1, 100, -0.5), (0, 1, 100, -1.0), (0, 0, 100, None), (150, 1, 0, None)],
)
def test_revenue_growth_needs_the_revenue_of_two_accounts(
    revenue: int, has_revenue: int, previous: int, expected: float | None
) -> None:
    columns = {"revenue_minor__0": revenue, "has_revenue__0": has_revenue, "previous_revenue_minor__0": previous}
    assert evaluate("revenue_growth_ratio", **columns) == expected


def test_open_to_revenue_divides_by_yearly_revenue() -> None:
    assert present("open_to_revenue_ratio", open_minor__0=10, revenue_minor__0=80) == 0.125
    assert evaluate("open_to_revenue_ratio", open_minor__0=10, revenue_minor__0=0) is None


# questionnaire


def test_questionnaire_ratio_is_the_mean_of_the_latest_answers() -> None:
    assert present("questionnaire_ratio", answers_micro__0=1_500_000, n_answers__0=2) == 0.75
    assert present("questionnaire_ratio", answers_micro__0=0, n_answers__0=2) == 0
    assert evaluate("questionnaire_ratio", answers_micro__0=0, n_answers__0=0) is None


@pytest.mark.parametrize(("now", "before", "expected"), [(4, 2, -0.25), (0, 2, None), (4, 0, None)])
def test_questionnaire_change_needs_answers_on_both_dates(now: int, before: int, expected: float | None) -> None:
    answers = over_a_year("answers_micro", now=500_000 * now, before=750_000 * before)
    numbers = over_a_year("n_answers", now=now, before=before)
    assert evaluate("questionnaire_change_ratio_12m", **answers, **numbers) == expected


def test_questionnaire_age_counts_from_the_latest_answer() -> None:
    assert present("questionnaire_age_months", day=DAY + 365, last_answer_day__0=DAY) == 12
    assert evaluate("questionnaire_age_months", day=DAY, last_answer_day__0=None) is None


# sector


def peers(measure: str, by: str, value: int | None, ago: int = 0) -> dict[str, int | None]:
    return {f"{measure}__{ago}__{by}": value}


def with_own(name: str, **columns: int | None) -> dict[str, int | None]:
    """The columns with an own level of 1 for each level of peers that is asked for beside it."""
    return dict.fromkeys(asked(name), 1) | columns


def test_sector_overdue_is_that_of_all_customers_of_the_sector() -> None:
    name = "sector_overdue_30_ratio"
    late = peers("overdue_30_minor", "sector", 30)
    assert present(name, **with_own(name, **late, **peers("open_minor", "sector", 120))) == 0.25
    assert evaluate(name, **with_own(name, **late, **peers("open_minor", "sector", 0))) is None
    assert evaluate(name, **with_own(name, **late, **peers("open_minor", "sector", None))) is None


def test_sector_defaults_are_those_of_the_year_per_customer() -> None:
    name = "sector_default_ratio_12m"
    spells = peers("n_default_spells", "sector", 9) | peers("n_default_spells", "sector", 4, ago=12)
    assert present(name, **with_own(name, **spells, **peers("n_customers", "sector", 50))) == 0.1
    none = peers("n_default_spells", "sector", None) | peers("n_default_spells", "sector", None, ago=12)
    assert evaluate(name, **with_own(name, **none, **peers("n_customers", "sector", None))) is None


def test_country_late_share_is_that_of_the_items_due_in_the_year() -> None:
    name = "country_late_ratio_12m"
    late = peers("n_late", "country", 9) | peers("n_late", "country", 4, ago=12)
    due = peers("n_due", "country", 40)
    assert present(name, **with_own(name, **late, **due, **peers("n_due", "country", 20, ago=12))) == 0.25
    assert evaluate(name, **with_own(name, **late, **due, **peers("n_due", "country", 40, ago=12))) is None


def test_sector_failure_is_missing_without_a_published_figure() -> None:
    assert present("sector_failure_ratio", sector_failure_micro__0=12_500, n_sector_failures__0=1) == 0.0125
    assert present("sector_failure_ratio", sector_failure_micro__0=0, n_sector_failures__0=1) == 0
    assert evaluate("sector_failure_ratio", sector_failure_micro__0=0, n_sector_failures__0=0) is None


@pytest.mark.parametrize(
    ("now", "has_now", "before", "expected"),
    [(15_000, 1, 10_000, 0.5), (0, 1, 10_000, -1.0), (0, 0, 10_000, None), (15_000, 1, 0, None)],
)
def test_sector_failure_change_needs_both_figures(now: int, has_now: int, before: int, expected: float | None) -> None:
    levels = {"sector_failure_micro__0": now, "sector_failure_before_micro__0": before}
    assert evaluate("sector_failure_change_ratio_12m", **levels, n_sector_failures__0=has_now) == expected


# group


def group_overdue(*, overdue: int, open_: int, overdue_all: int | None, open_all: int | None) -> float | None:
    own = {"overdue_30_minor__0": overdue, "open_minor__0": open_}
    whole = peers("overdue_30_minor", "group", overdue_all) | peers("open_minor", "group", open_all)
    return evaluate("group_overdue_30_ratio", **own, **whole)


def test_group_overdue_leaves_out_the_customer_itself() -> None:
    assert group_overdue(overdue=80, open_=100, overdue_all=100, open_all=180) == 0.25
    assert group_overdue(overdue=80, open_=100, overdue_all=80, open_all=100) is None
    assert group_overdue(overdue=80, open_=100, overdue_all=None, open_all=None) is None


def test_group_defaults_leave_out_the_customer_itself() -> None:
    name = "group_default_spells_12m"
    own = over_a_year("n_default_spells", now=2, before=1)
    whole = peers("n_default_spells", "group", 7) | peers("n_default_spells", "group", 3, ago=12)
    assert present(name, **own, **whole) == 3
    none = peers("n_default_spells", "group", None) | peers("n_default_spells", "group", None, ago=12)
    assert evaluate(name, **own, **none) is None


# declarations

FAMILIES = ("disputes", "incidents", "tenure", "accounts", "questionnaire", "sector", "group")
KNOWLEDGE = [m for m in FEATURES if m.spec.family in FAMILIES or m.function.__module__.endswith("families.ratings")]


def test_all_features_of_these_families_are_here() -> None:
    assert len(KNOWLEDGE) == 3 + 6 + 2 + 3 + 6 + 3 + 5 + 2


@pytest.mark.parametrize("member", KNOWLEDGE, ids=lambda m: m.name)
def test_the_window_is_in_the_name_the_label_and_the_levels(member: object) -> None:
    name, spec = member.name, member.spec  # type: ignore[attr-defined]
    months = name.rpartition("_")[2].removesuffix("m")
    agos = {column.split("__")[1] for column in asked(name) if "__" in column}
    if not months.isdigit() or name == "sector_failure_change_ratio_12m":  # a measure of its own tells the year before
        assert agos <= {"0"}
        return
    assert {"0", months} == agos
    assert f"{months} m" in spec.label_en
    assert f"{months} mois" in spec.label_fr
