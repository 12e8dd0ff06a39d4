"""Master scale: probability of default to grade and business segment, and whether the grades are fit for use."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from pydantic import Field, model_validator

from riskresearch.base.config import StageSettings
from riskresearch.base.errors import SettingsError, TableError, first_keys
from riskresearch.base.schema import Column, Table

GRADES = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")
MIN_GRADES = 7
DEFAULTED = "X"
SEGMENTS = ("reliable", "to_watch", "risky", "defaulted")
GRADE_FLAGS = ("inverted", "concentrated", "few_expected_defaults", "empty", "none")

_WORDS = (
    ("exceptional", "exceptionnelle"),
    ("excellent", "excellente"),
    ("good", "bonne"),
    ("fair", "correcte"),
    ("moderate", "moyenne"),
    ("fragile", "fragile"),
    ("weak", "faible"),
    ("very weak", "très faible"),
    ("strained", "très dégradée"),
    ("critical", "critique"),
)
_LEFT_OUT = ("exceptional", "strained", "fragile")
_NAME = {DEFAULTED: ("in default", "en défaut")}

GRADE_SCALE = Table(
    "grade_scale",
    "model",
    "one row per grade",
    ("grade_code",),
    (
        Column("grade_code", "code", "grade, A best; X in default", False, (*GRADES, DEFAULTED)),
        Column("pd_low", "float", "PD from (excluded)"),
        Column("pd_high", "float", "PD up to (included)"),
        Column("segment_code", "code", "business segment", False, SEGMENTS),
        Column("label_en", "text", "credit quality in words, English", True),
        Column("label_fr", "text", "credit quality in words, French", True),
    ),
)
GRADE_QUALITY = Table(
    "grade_quality",
    "model",
    "one row per performing grade of the master scale",
    ("grade_code",),
    (
        Column("grade_code", "code", "grade, A best", False, GRADES),
        Column("n_customers", "int", "customers in the grade today"),
        Column("share_ratio", "float", "share of the performing customers of today", True),
        Column("expected_defaults", "float", "sum of the PDs of the customers of today"),
        Column("n_rows", "int", "customers and dates with a known outcome in the grade"),
        Column("n_defaulters", "int", "customers among them that defaulted within the horizon"),
        Column("pd_mean", "float", "mean PD of the rows with a known outcome", True),
        Column("default_ratio", "float", "share of the rows with a known outcome that defaulted", True),
        Column("is_inverted", "bool", "defaulted less often than a better grade"),
        Column("is_concentrated", "bool", "holds more of today's customers than a grade should"),
        Column("has_few_expected_defaults", "bool", "less than one default expected in a year"),
        Column("flag_code", "code", "gravest remark", False, GRADE_FLAGS),
    ),
)


class GradeSettings(StageSettings):
    """Master scale and business segments."""

    grade_bounds: tuple[float, ...] = Field(
        (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32),
        min_length=MIN_GRADES - 1,
        max_length=len(GRADES) - 1,
        description="upper PD of every performing grade but the last, rising; 7 to 10 grades a factor of about 2 "
        "apart; source: EBA handbook on validation of IRB systems 2023, domain note A3",
    )
    reliable_up_to: float = Field(
        0.01, gt=0, lt=1, description="PD up to which a customer is reliable; source: domain note C3, the company's own"
    )
    to_watch_up_to: float = Field(0.04, gt=0, lt=1, description="PD up to which a customer is to watch; above: risky")
    pd_floor_ratio: float = Field(
        0.0005,
        ge=0,
        lt=0.05,
        description="no PD is shown below this; source: CRR art. 160(1) as amended by Regulation (EU) 2024/1623, "
        "0.05 % for companies",
    )
    grade_max_share_ratio: float = Field(
        0.35,
        gt=0,
        le=1,
        description="share of the customers above which a grade separates too little; source: domain note A3, 30-40 %",
    )

    @model_validator(mode="after")
    def _bounds_make_a_scale(self) -> Self:
        try:
            _check_bounds(self.grade_bounds, self.reliable_up_to, self.to_watch_up_to)
        except SettingsError as cause:
            raise ValueError(str(cause)) from cause
        return self


def grade_scale(bounds: Sequence[float], *, reliable_up_to: float, to_watch_up_to: float) -> DataFrame:
    """Return the master scale.

    Parameters
    ----------
    bounds : upper PD of each performing grade but the last, rising, between 0 and 1; 6 to 9 bounds make 7 to 10 grades
    reliable_up_to, to_watch_up_to : upper PD of the business segments; each must be a grade bound

    Returns
    -------
    DataFrame ``grade_code pd_low pd_high segment_code label_en label_fr``, best grade first, X (in default) last.

    Raises
    ------
    SettingsError
        Too few or too many bounds, bounds that do not rise, or a segment that ends within a grade.

    Examples
    --------
    >>> scale = grade_scale([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32], reliable_up_to=0.01, to_watch_up_to=0.04)
    >>> "".join(scale["grade_code"]), scale["label_en"].tolist()[:3]
    ('ABCDEFGHX', ['excellent', 'good', 'fair'])
    """
    _check_bounds(bounds, reliable_up_to, to_watch_up_to)
    low, high = [0.0, *bounds, 1.0], [*bounds, 1.0, 1.0]
    codes = [*GRADES[: len(bounds) + 1], DEFAULTED]
    segment = ["reliable" if h <= reliable_up_to else "to_watch" if h <= to_watch_up_to else "risky" for h in high[:-1]]
    words = [*_words(len(bounds) + 1), *_NAME.values()]
    return DataFrame(
        {
            "grade_code": codes,
            "pd_low": low,
            "pd_high": high,
            "segment_code": [*segment, "defaulted"],
            "label_en": [word for word, _ in words],
            "label_fr": [word for _, word in words],
        }
    )


def graded(pd_12m: Series, scale: DataFrame) -> DataFrame:
    """Return grade and segment of probabilities of default of performing customers.

    Raises
    ------
    TableError
        A PD is missing or not within 0 and 1.

    Examples
    --------
    >>> scale = grade_scale([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32], reliable_up_to=0.01, to_watch_up_to=0.04)
    >>> graded(Series([0.01, 0.0101]), scale)["grade_code"].tolist()
    ['B', 'C']
    """
    pds = pd_12m.to_numpy(dtype="float64")
    wrong = ~((pds >= 0) & (pds <= 1))
    if wrong.any():
        raise TableError(
            f"pd_12m: {int(wrong.sum())} rows ({first_keys(pd_12m.index[wrong])}) hold no PD between 0 and 1; "
            "give each a PD before it is graded"
        )
    performing = scale[scale["grade_code"] != DEFAULTED]
    rows = performing.iloc[np.searchsorted(performing["pd_high"].to_numpy(), pds, side="left")]
    return pd.DataFrame(
        {"grade_code": rows["grade_code"].to_numpy(), "segment_code": rows["segment_code"].to_numpy()},
        index=pd_12m.index,
    )


def grade_counts(scored: DataFrame) -> DataFrame:
    """Return number of customers and mean PD by grade.

    Returns
    -------
    DataFrame ``grade_code segment_code n_customers pd_mean``.
    """
    grouped = scored.groupby(["grade_code", "segment_code"], sort=True)["pd_12m"]
    return grouped.agg(n_customers="size", pd_mean="mean").reset_index()


def grade_quality(scored: DataFrame, known: DataFrame, scale: DataFrame, *, max_share_ratio: float) -> DataFrame:
    """Return table `grade_quality`: what speaks against the grades of a master scale.

    A grade is concentrated where it holds more than `max_share_ratio` of today's performing customers, expects few
    defaults where the PDs of its customers add up to less than 1, and is inverted where fewer of its rows with a
    known outcome defaulted than of a better grade's. With few defaulters an inversion can be chance: read it beside
    `n_defaulters`.

    Parameters
    ----------
    scored : ``customer_id grade_code pd_12m``, one row per customer of today; those in default (X) do not count
    known : ``customer_id grade_code pd_12m is_default``, rows of one model with a known outcome; may be empty
    scale : table `grade_scale`
    max_share_ratio : largest share of the customers that one grade should hold

    Source: EBA handbook on validation of IRB systems 2023 (heterogeneity and concentration of grades).
    """
    grades = scale.loc[scale["grade_code"] != DEFAULTED, "grade_code"].tolist()
    today = scored[scored["grade_code"].isin(grades)].groupby("grade_code")["pd_12m"]
    frame = DataFrame({"n_customers": today.size(), "expected_defaults": today.sum()}).reindex(grades, fill_value=0)
    frame = (
        frame.astype({"expected_defaults": "float64"}).join(_outcomes(known)).fillna({"n_rows": 0, "n_defaulters": 0})
    )
    n = int(frame["n_customers"].sum())
    share = frame["n_customers"] / n if n else frame["n_customers"] * np.nan
    worst_before = frame["default_ratio"].cummax().ffill().shift()
    flags = {
        "is_inverted": frame["default_ratio"] < worst_before,
        "is_concentrated": share > max_share_ratio,
        "has_few_expected_defaults": frame["expected_defaults"] < 1,
    }
    frame = frame.assign(share_ratio=share, **flags)
    conditions = [*flags.values(), frame["n_customers"] == 0]
    conditions[2] = conditions[2] & (frame["n_customers"] > 0)
    frame["flag_code"] = np.select(conditions, GRADE_FLAGS[:-1], GRADE_FLAGS[-1])
    whole = {"n_customers": "int64", "n_rows": "int64", "n_defaulters": "int64"}
    return frame.rename_axis("grade_code").reset_index().astype(whole)[GRADE_QUALITY.names]


def _outcomes(known: DataFrame) -> DataFrame:
    rows = known.assign(is_default=known["is_default"].astype("float64"))
    grouped = rows.groupby("grade_code")
    return DataFrame(
        {
            "n_rows": grouped.size(),
            "n_defaulters": rows[rows["is_default"] > 0].groupby("grade_code")["customer_id"].nunique(),
            "pd_mean": grouped["pd_12m"].mean(),
            "default_ratio": grouped["is_default"].mean(),
        }
    )


def _check_bounds(bounds: Sequence[float], reliable_up_to: float, to_watch_up_to: float) -> None:
    rising = [0.0, *bounds, 1.0]
    if not MIN_GRADES <= len(bounds) + 1 <= len(GRADES) or any(b <= a for a, b in pairwise(rising)):
        raise SettingsError(
            f"grade_bounds: {list(bounds)} do not make a scale; give {MIN_GRADES - 1} to {len(GRADES) - 1} PDs that "
            "rise from above 0 to below 1"
        )
    if not (reliable_up_to in bounds and to_watch_up_to in bounds and reliable_up_to < to_watch_up_to):
        raise SettingsError(
            f"reliable_up_to {reliable_up_to} and to_watch_up_to {to_watch_up_to} must be two of the grade bounds "
            f"{list(bounds)}, the first below the second, so that no grade lies in two segments"
        )


def _words(n_grades: int) -> list[tuple[str, str]]:
    left_out = _LEFT_OUT[: len(_WORDS) - n_grades]
    return [words for words in _WORDS if words[0] not in left_out]
