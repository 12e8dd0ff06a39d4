"""External ratings: the file of scales, and what is read of a customer's ratings on a day."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from pandas import DataFrame, Timestamp

from riskresearch.base.config import read_yaml, validated
from riskresearch.base.errors import SettingsError
from riskresearch.base.schema import check
from riskresearch.ledger.knowledge import RATINGS
from riskresearch.model.external_scales import (
    EXTERNAL_RATING_COUNTS,
    EXTERNAL_RATINGS,
    EXTERNAL_SCALES,
    RatingScales,
    external_pd,
    rating_counts,
    rating_orders,
    scale_table,
    worst_external,
)
from riskresearch.model.grades import GradeSettings, grade_scale

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "config" / "rating_scales.yaml"
CASES = yaml.safe_load((PROJECT / "tests" / "cases" / "model" / "external_scales.yaml").read_text(encoding="utf-8"))
SCALES = validated(RatingScales, read_yaml(FILE), where=FILE.name)
AS_OF = Timestamp("2025-12-31")


def rating(provider, code, *, customer="C1", date="2025-06-01", recorded=None):
    return {
        "customer_id": customer,
        "provider_code": provider,
        "rating_date": pd.Timestamp(date),
        "recorded_date": pd.Timestamp(recorded or date),
        "rating_code": code,
    }


def ratings(*rows):
    return check(DataFrame(list(rows), columns=RATINGS.names), RATINGS)


def read(table, *, as_of=AS_OF):
    return external_pd(table, SCALES, as_of=as_of, max_age_months=24)


def with_scale(**changes):
    scale = {
        "provider_code": "agency",
        "label_en": "Agency",
        "label_fr": "Agence",
        "valid_from": "2020-01-01",
        "source": "own judgement",
        "grades": [
            {"codes": ["A"], "pd_12m": 0.01, "basis_code": "own_judgement"},
            {"codes": ["B"], "pd_12m": 0.05, "basis_code": "own_judgement"},
        ],
    }
    return scale | changes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_case(case):
    given = [
        rating(row["provider"], row["rating"], date=row["date"], recorded=row.get("recorded"))
        for row in case["ratings"]
    ]
    found = check(read(ratings(*given), as_of=Timestamp(case["as_of"])), EXTERNAL_RATINGS)
    seen = {
        row.provider_code: {"rating": row.rating_code, "status": row.status_code}
        | ({} if pd.isna(row.pd_12m) else {"pd": row.pd_12m})
        for row in found.itertuples()
    }
    assert seen == case["expected"]
    worst = worst_external(found).set_index("customer_id").loc["C1"]
    assert (None if pd.isna(worst["pd_external"]) else worst["pd_external"]) == case["external"]
    assert worst["is_default_grade"] == case.get("in_default", False)


def test_pds_of_the_banque_de_france_follow_from_the_benchmarks_of_the_regulation():
    steps = {  # lower and upper bound of the three-year long-run benchmark; grades of the step, best first
        (0.0017, 0.0054): ["1", "1-"],
        (0.0055, 0.0239): ["2+", "2", "2-"],
        (0.0240, 0.1099): ["3+", "3", "3-", "4+", "4", "4-", "5+"],
        (0.1100, 0.2649): ["5", "5-", "6+", "6", "6-"],
    }
    mid = {"1+": 0.001, "7": 0.34, "8": 0.34}
    three_years = {
        code: low * (high / low) ** ((2 * k + 1) / (2 * len(codes)))
        for (low, high), codes in steps.items()
        for k, code in enumerate(codes)
    } | mid
    found = read(ratings(*[rating("banque_de_france", code, customer=code) for code in three_years]))
    pds = found.set_index("customer_id")["pd_12m"]
    for code, over_three in three_years.items():
        assert pds[code] == pytest.approx(1 - (1 - over_three) ** (1 / 3), abs=5.1e-6)
    assert len(pds) == 21 - 1  # all grades but P


def test_every_published_pd_rises_from_best_to_worst_and_is_worse_than_none_of_its_own_default_grades():
    scale = grade_scale(GradeSettings().grade_bounds, reliable_up_to=0.01, to_watch_up_to=0.04)
    table = check(scale_table(SCALES, scale), EXTERNAL_SCALES)
    performing = table[~table["is_default_grade"] & ~table["is_unrated"]].sort_values("rank")
    for _, rows in performing.groupby(["provider_code", "valid_from_date"]):
        assert rows["pd_12m"].is_monotonic_increasing
        assert rows["grade_code"].is_monotonic_increasing
    assert performing["pd_12m"].between(0, 1, inclusive="neither").all()
    others = table.drop(performing.index)
    assert others[["pd_12m", "basis_code"]].isna().all(axis=None)
    assert set(others.loc[others["is_default_grade"], "grade_code"]) == {"X"}
    assert others.loc[others["is_unrated"], "grade_code"].isna().all()


def test_the_providers_of_the_demo_ledger_are_on_the_scale():
    rows = pd.read_csv(PROJECT / "data" / "demo" / "ratings.csv", dtype="str")
    rows = rows.astype({"rating_date": "datetime64[us]", "recorded_date": "datetime64[us]"})
    found = read(rows)
    assert set(found["status_code"]) <= {"used", "stale"}
    worst = worst_external(found)
    assert worst["customer_id"].tolist() == sorted(rows["customer_id"].unique())


def test_nothing_is_lost_every_customer_is_counted_by_what_became_of_its_rating():
    given = [rating("sp", code, customer=f"C{k}") for k, code in enumerate(["A", "AA", "Aa", "D", "NR", "Baa1"])]
    counts = check(rating_counts(read(ratings(*given))), EXTERNAL_RATING_COUNTS).set_index("status_code")
    assert counts["n_customers"].to_dict() == {"used": 2, "unknown_grade": 2, "default_grade": 1, "unrated": 1}
    assert counts.loc["unknown_grade", "first_codes"] == "Aa, Baa1"
    empty = read(ratings())
    assert (len(empty), len(worst_external(empty)), len(rating_counts(empty))) == (0, 0, 0)


def test_orders_for_the_warnings_are_those_in_force_on_the_day():
    before, after = (rating_orders(SCALES, as_of=Timestamp(day)) for day in ("2022-01-07", "2022-01-08"))
    assert before["banque_de_france"] == ("3++", "3+", "3", "4+", "4", "5+", "5", "6", "7", "8", "9", "P")
    assert after["banque_de_france"][:4] == ("1+", "1", "1-", "2+")
    assert after["bureau"] == tuple(str(grade) for grade in range(10, 0, -1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"default_codes": ["B"]}, "grade B is given twice"),
        (
            {
                "grades": [
                    {"codes": ["A"], "pd_12m": 0.05, "basis_code": "published"},
                    {"codes": ["B"], "pd_12m": 0.01, "basis_code": "published"},
                ]
            },
            "the PD of grade B is below that of a better grade",
        ),
        ({"grades": [{"codes": [10], "pd_12m": 0.05, "basis_code": "published"}] * 2}, "valid string"),
        ({"grades": [{"codes": ["A"], "pd_12m": 0.0, "basis_code": "published"}] * 2}, "greater than 0"),
        ({"source": ""}, "at least 1 character"),
        ({"pd": 0.1}, "not permitted"),
    ],
)
def test_a_file_that_is_no_scale_is_refused(changes, said):
    with pytest.raises(SettingsError, match=said):
        validated(RatingScales, {"scales": [with_scale(**changes)]}, where="rating_scales.yaml")


def test_a_scale_given_twice_from_the_same_day_is_refused():
    with pytest.raises(SettingsError, match="agency from 2020-01-01 is given twice"):
        validated(RatingScales, {"scales": [with_scale(), with_scale()]}, where="rating_scales.yaml")
