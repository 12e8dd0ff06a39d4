"""External ratings on the scales of their providers, and the probability of default behind each grade."""

from datetime import date
from typing import Literal, Self

import numpy as np
import pandas as pd
from pandas import DataFrame, Series, Timestamp
from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import first_keys
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER
from riskresearch.ledger.movements import known_date
from riskresearch.model.grades import DEFAULTED, GRADES, graded

BASES = ("published", "derived", "own_judgement")
RATING_STATUSES = ("used", "default_grade", "stale", "unrated", "unknown_grade", "unknown_scale")
_MONTHS_PER_DAY = 12 / 365

EXTERNAL_SCALES = Table(
    "external_scales",
    "model",
    "one row per provider, first day of its scale and grade",
    ("provider_code", "valid_from_date", "rating_code"),
    (
        Column("provider_code", "text", "agency, bureau or insurer, as in table ratings"),
        Column("valid_from_date", "date", "ratings dated from this day are read with this scale"),
        Column("rating_code", "text", "grade of the provider"),
        Column("rank", "int", "1 = best; grades with the same PD on one line of the file share a rank", True),
        Column("pd_12m", "float", "probability of default within 12 months; empty for default and unrated codes", True),
        Column("grade_code", "code", "our grade of that PD; X for default grades", True, (*GRADES, DEFAULTED)),
        Column("is_default_grade", "bool", "the grade says that default has happened"),
        Column("is_unrated", "bool", "the code says that there is no rating"),
        Column("basis_code", "code", "where the PD comes from", True, BASES),
        Column("source", "text", "publication the scale is taken from"),
    ),
)
EXTERNAL_RATINGS = Table(
    "external_ratings",
    "model",
    "one row per customer and provider: its latest rating known on the day",
    ("customer_id", "provider_code"),
    (
        CUSTOMER,
        Column("provider_code", "text", "agency, bureau or insurer"),
        Column("rating_code", "text", "grade on the provider's scale"),
        Column("rating_date", "date", "date of the rating"),
        Column("pd_12m", "float", "probability of default behind the grade; empty where it gives none", True),
        Column("is_default_grade", "bool", "the provider says that the customer is in default"),
        Column("status_code", "code", "use made of the rating", False, RATING_STATUSES),
    ),
)
EXTERNAL_RATING_COUNTS = Table(
    "external_rating_counts",
    "model",
    "one row per provider and use made of its ratings",
    ("provider_code", "status_code"),
    (
        Column("provider_code", "text", "agency, bureau or insurer"),
        Column("status_code", "code", "use made of the ratings", False, RATING_STATUSES),
        Column("n_customers", "int", "customers whose latest rating is so used"),
        Column("first_codes", "text", "first three grades concerned"),
    ),
)


class ExternalSettings(StageSettings):
    """External ratings."""

    external_max_age_months: float = Field(
        24.0, gt=0, le=120, description="months after which a rating that was not renewed gives no PD; own judgement"
    )


class RatingGrade(StageSettings):
    """Grades of a scale that share one probability of default."""

    codes: tuple[str, ...] = Field(min_length=1, description="grades as the provider writes them, best first")
    pd_12m: float = Field(gt=0, lt=1, description="probability of default within 12 months, 0-1")
    basis_code: Literal["published", "derived", "own_judgement"] = Field(description="where the PD comes from")


class RatingScale(StageSettings):
    """Scale of one provider from one day on."""

    provider_code: str = Field(min_length=1, description="provider as in table ratings")
    label_en: str = Field(description="name of the scale, English")
    label_fr: str = Field(description="name of the scale, French")
    valid_from: date = Field(description="ratings dated from this day are read with this scale")
    source: str = Field(min_length=1, description="publication of the grades and of the PDs, or whose judgement")
    grades: tuple[RatingGrade, ...] = Field(min_length=2, description="grades from best to worst")
    default_codes: tuple[str, ...] = Field((), description="grades that say that default has happened: no PD")
    unrated_codes: tuple[str, ...] = Field((), description="codes that say that there is no rating: no PD")

    @property
    def order(self) -> tuple[str, ...]:
        """Grades from best to worst; those of default come last."""
        return (*(code for grade in self.grades for code in grade.codes), *self.default_codes)

    @model_validator(mode="after")
    def _is_a_scale(self) -> Self:
        codes = Series([*self.order, *self.unrated_codes])
        if codes.duplicated().any():
            raise ValueError(f"{self.provider_code}: grade {codes[codes.duplicated()].iloc[0]} is given twice")
        pds = [grade.pd_12m for grade in self.grades]
        falls = [k for k in range(1, len(pds)) if pds[k] < pds[k - 1]]
        if falls:
            raise ValueError(
                f"{self.provider_code}: the PD of grade {self.grades[falls[0]].codes[0]} is below that of a better "
                "grade; give grades from best to worst, with PDs that do not fall"
            )
        return self


class RatingScales(StageSettings):
    """Dated scales of external ratings."""

    scales: tuple[RatingScale, ...] = Field(description="one entry per provider and first day")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        names = Series([f"{scale.provider_code} from {scale.valid_from}" for scale in self.scales], dtype="str")
        if names.duplicated().any():
            raise ValueError(f"scale {names[names.duplicated()].iloc[0]} is given twice; keep one")
        return self


def scale_table(scales: RatingScales, grade_scale: DataFrame) -> DataFrame:
    """Return table `external_scales`: every grade of every scale, its PD, where it comes from, and our grade for it.

    Parameters
    ----------
    scales : scales of the providers
    grade_scale : table `grade_scale`, our master scale
    """
    rows = _grade_rows(scales)
    ours = graded(rows["pd_12m"].dropna(), grade_scale)["grade_code"].reindex(rows.index)
    rows = rows.assign(grade_code=ours.mask(rows["is_default_grade"], DEFAULTED))
    return rows[EXTERNAL_SCALES.names].sort_values(list(EXTERNAL_SCALES.keys), ignore_index=True)


def rating_orders(scales: RatingScales, *, as_of: Timestamp) -> dict[str, tuple[str, ...]]:
    """Return the grades of each provider from best to worst, on the scale in force on a day.

    Examples
    --------
    >>> grades = [{"codes": ["AA", "A"], "pd_12m": 0.001, "basis_code": "own_judgement"},
    ...           {"codes": ["B"], "pd_12m": 0.05, "basis_code": "own_judgement"}]
    >>> scale = {"provider_code": "agency", "label_en": "", "label_fr": "", "valid_from": "2020-01-01",
    ...          "source": "own judgement", "grades": grades, "default_codes": ["D"]}
    >>> rating_orders(RatingScales.model_validate({"scales": [scale]}), as_of=Timestamp("2025-12-31"))
    {'agency': ('AA', 'A', 'B', 'D')}
    """
    dated = sorted(scales.scales, key=lambda scale: scale.valid_from)
    return {scale.provider_code: scale.order for scale in dated if scale.valid_from <= as_of.date()}


def external_pd(ratings: DataFrame, scales: RatingScales, *, as_of: Timestamp, max_age_months: float) -> DataFrame:
    """Return table `external_ratings`: the latest rating of each customer and provider, and the PD behind it.

    The latest rating known on the day stands, whether it can be read or not: an older one never replaces it. It is
    read with the scale in force on the date of the rating. A grade that says default has happened is an outcome,
    not a forecast: it gives no PD.

    Parameters
    ----------
    ratings : canonical table `ratings`
    scales : scales of the providers
    as_of : last day that counts
    max_age_months : months from the date of the rating after which it gives no PD (days × 12 / 365)

    Returns
    -------
    DataFrame ``customer_id provider_code rating_code rating_date pd_12m is_default_grade status_code``; status_code:
    used, default_grade, stale, unrated, unknown_grade (not on the scale), unknown_scale (no scale for the provider
    on that date).
    """
    latest = _latest(ratings, as_of)
    known = _grade_rows(scales)
    starts = known[["provider_code", "valid_from_date"]].drop_duplicates()
    dated = pd.merge_asof(
        latest.sort_values("rating_date", kind="stable"),
        starts.sort_values("valid_from_date", kind="stable"),
        left_on="rating_date",
        right_on="valid_from_date",
        by="provider_code",
    )
    rows = dated.merge(known, on=list(EXTERNAL_SCALES.keys), how="left")
    age_months = (as_of - rows["rating_date"]).dt.days * _MONTHS_PER_DAY
    is_default = rows["is_default_grade"].eq(True)
    conditions = {
        "unknown_scale": rows["valid_from_date"].isna(),
        "unknown_grade": rows["source"].isna(),
        "default_grade": is_default,
        "unrated": rows["is_unrated"].eq(True),
        "stale": age_months > max_age_months,
    }
    status = np.select(list(conditions.values()), list(conditions), "used")
    rows = rows.assign(status_code=status, is_default_grade=is_default, pd_12m=rows["pd_12m"].where(status == "used"))
    return rows[EXTERNAL_RATINGS.names].sort_values(list(EXTERNAL_RATINGS.keys), ignore_index=True)


def worst_external(rows: DataFrame) -> DataFrame:
    """Return the external PD of each rated customer: the worst behind the latest ratings of its providers.

    Where one provider says that the customer is in default, no other provider's grade gives it a PD.

    Parameters
    ----------
    rows : table `external_ratings`

    Returns
    -------
    DataFrame ``customer_id provider_code rating_code rating_date pd_external is_default_grade``, one row per customer
    with a rating; pd_external is empty where no rating gives a PD, and the rating named is then the worst or latest.
    """
    ordered = rows.assign(pd_external=rows["pd_12m"]).sort_values(
        ["customer_id", "is_default_grade", "pd_external", "rating_date", "provider_code"],
        ascending=[True, False, False, False, True],
        na_position="last",
    )
    worst = ordered[~ordered["customer_id"].duplicated()]
    names = ["customer_id", "provider_code", "rating_code", "rating_date", "pd_external", "is_default_grade"]
    return worst[names].reset_index(drop=True)


def rating_counts(rows: DataFrame) -> DataFrame:
    """Return table `external_rating_counts`: how many customers' latest ratings gave a PD, by provider, and why not.

    Parameters
    ----------
    rows : table `external_ratings`
    """
    grouped = rows.sort_values("rating_code").groupby(["provider_code", "status_code"], sort=True)
    counts = grouped["rating_code"].agg(n_customers="size", first_codes=lambda codes: first_keys(codes.unique()))
    return counts.reset_index()[EXTERNAL_RATING_COUNTS.names]


def _latest(ratings: DataFrame, as_of: Timestamp) -> DataFrame:
    rows = ratings[known_date(ratings, "rating_date") <= as_of].sort_values(["rating_date", "customer_id"])
    latest = rows[~rows.duplicated(["customer_id", "provider_code"], keep="last")]
    return latest[["customer_id", "provider_code", "rating_date", "rating_code"]]


def _grade_rows(scales: RatingScales) -> DataFrame:
    names = [name for name in EXTERNAL_SCALES.names if name != "grade_code"]
    frame = DataFrame([row for scale in scales.scales for row in _scale_rows(scale)], columns=names)
    dated = pd.to_datetime(frame["valid_from_date"]).astype("datetime64[us]")
    return frame.assign(
        valid_from_date=dated,
        rank=frame["rank"].astype("Int64"),
        pd_12m=frame["pd_12m"].astype("float64"),
        **{name: frame[name].astype("str") for name in ("provider_code", "rating_code")},
        **{name: frame[name].astype("bool") for name in ("is_default_grade", "is_unrated")},
    )


def _scale_rows(scale: RatingScale) -> list[tuple[object, ...]]:
    given = [(code, k + 1, g.pd_12m, g.basis_code) for k, g in enumerate(scale.grades) for code in g.codes]
    head, n = (scale.provider_code, scale.valid_from), len(scale.grades)
    graded = [(*head, code, rank, pd_12m, False, False, basis, scale.source) for code, rank, pd_12m, basis in given]
    default = [(*head, code, n + 1, None, True, False, None, scale.source) for code in scale.default_codes]
    unrated = [(*head, code, None, None, False, True, None, scale.source) for code in scale.unrated_codes]
    return [*graded, *default, *unrated]
