"""Annual accounts of a customer as published by a day: ratios, a score from 0 to 1 and the PD behind it."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp
from pydantic import Field, model_validator
from scipy.special import expit, logit

from riskresearch.base.config import StageSettings
from riskresearch.base.schema import Column, Table
from riskresearch.ledger.codes import CUSTOMER

RATIOS = ("debt_ratio", "net_margin_ratio", "net_worth_ratio", "revenue_growth_ratio")
ACCOUNTS_FLAGS = ("used", "stale", "withheld", "none", "no_figure")
NEUTRAL_SCORE = 0.5
_SHORTEST_YEAR_DAYS, _LONGEST_YEAR_DAYS = 300, 430
_MONTHS_PER_DAY = 12 / 365

ACCOUNTS_SCORES = Table(
    "accounts_scores",
    "model",
    "one row per customer",
    ("customer_id",),
    (
        CUSTOMER,
        Column("period_end_date", "date", "closing date of the latest accounts published by the day", True),
        Column("published_date", "date", "day they became available", True),
        Column("accounts_age_months", "float", "months from the closing date", True),
        Column("debt_ratio", "float", "financial debt in debt plus tangible net worth", True),
        Column("net_margin_ratio", "float", "net income in revenue", True),
        Column("net_worth_ratio", "float", "tangible net worth in yearly revenue", True),
        Column("revenue_growth_ratio", "float", "revenue over that of the year before, minus 1", True),
        Column("accounts_flag_code", "code", "use made of the accounts", False, ACCOUNTS_FLAGS),
        Column("n_ratios", "int", "ratios with points"),
        Column("accounts_weight_ratio", "float", "1 = fresh, falling to 0 at the age from which accounts say nothing"),
        Column("accounts_score", "float", "0 = worst, 1 = best, after the discount for age", True),
        Column("pd_accounts", "float", "probability of default within 12 months behind the score", True),
    ),
)


class AccountsSettings(StageSettings):
    """Score of annual accounts."""

    accounts_points: dict[str, tuple[tuple[float, float], ...]] = Field(
        {
            "debt_ratio": ((0.2, 1.0), (0.5, 0.6), (0.8, 0.2), (1.0, 0.0)),
            "net_margin_ratio": ((-0.05, 0.0), (0.0, 0.3), (0.04, 0.7), (0.08, 1.0)),
            "net_worth_ratio": ((0.0, 0.0), (0.1, 0.4), (0.25, 0.8), (0.4, 1.0)),
            "revenue_growth_ratio": ((-0.2, 0.0), (-0.05, 0.4), (0.02, 0.7), (0.1, 1.0)),
        },
        description="points 0 (worst) to 1 (best) of each ratio, {ratio: [[value, points], ...]}, straight lines "
        "between, level outside; own judgement",
    )
    accounts_weights: dict[str, float] = Field(
        {"debt_ratio": 0.35, "net_margin_ratio": 0.25, "net_worth_ratio": 0.25, "revenue_growth_ratio": 0.15},
        description="weights of the ratios, adding up to 1; those of missing ratios go to the others; own judgement",
    )
    accounts_min_ratios: int = Field(2, ge=1, le=4, description="ratios without which accounts give no score")
    accounts_fresh_months: float = Field(
        20.0,
        gt=0,
        le=60,
        description="months from closing during which accounts count in full: 12 to the next closing, 6 to its "
        "approval, 2 to file; source: French commercial code, art. R.123-111, electronic filing",
    )
    accounts_max_age_months: float = Field(
        36.0, gt=0, le=120, description="months from closing at which accounts say nothing any more; own judgement"
    )
    accounts_pd_best: float = Field(0.002, gt=0, lt=1, description="yearly PD at score 1; own judgement")
    accounts_pd_worst: float = Field(
        0.20, gt=0, lt=1, description="yearly PD at score 0, log-odds straight between; own judgement"
    )

    @model_validator(mode="after")
    def _points_and_weights_agree(self) -> Self:
        _check_points(self.accounts_points)
        if set(self.accounts_weights) != set(RATIOS) or min(self.accounts_weights.values()) < 0:
            raise ValueError(f"accounts_weights: give one weight of 0 or more to each of {', '.join(RATIOS)}")
        if abs(sum(self.accounts_weights.values()) - 1) > 1e-9:
            raise ValueError(f"accounts_weights: add up to {sum(self.accounts_weights.values()):g}, must add up to 1")
        if not self.accounts_fresh_months < self.accounts_max_age_months:
            raise ValueError("accounts_fresh_months must be less than accounts_max_age_months")
        if not self.accounts_pd_best < self.accounts_pd_worst:
            raise ValueError("accounts_pd_best must be less than accounts_pd_worst")
        return self


def latest_accounts(financials: DataFrame, *, as_of: Timestamp) -> DataFrame:
    """Return the ratios of the latest accounts of each customer that were published by a day.

    Accounts count from the day they were published, whatever their closing date: those closed before the day but
    published after it are not yet known. Of the published ones those with the latest closing date are used.

    Parameters
    ----------
    financials : canonical table `financials`
    as_of : last day that counts

    Returns
    -------
    DataFrame ``customer_id period_end_date published_date accounts_age_months net_worth_minor debt_minor debt_ratio
    net_margin_ratio net_worth_ratio revenue_growth_ratio``, one row per customer with published accounts. A ratio is
    missing where a figure is missing or what it is divided by is not positive; growth is missing where the accounts
    before were not closed about a year earlier.
    """
    known = financials[financials["published_date"] <= as_of].sort_values(["customer_id", "period_end_date"])
    before = known.groupby("customer_id")[["period_end_date", "revenue_minor"]].shift()
    days = (known["period_end_date"] - before["period_end_date"]).dt.days
    previous = before["revenue_minor"].astype("float64")
    previous = previous.where(days.between(_SHORTEST_YEAR_DAYS, _LONGEST_YEAR_DAYS))
    latest = ~known["customer_id"].duplicated(keep="last")
    rows, amounts = known[latest], known[latest].filter(like="_minor").astype("float64")
    return DataFrame(
        {
            "customer_id": rows["customer_id"],
            "period_end_date": rows["period_end_date"],
            "published_date": rows["published_date"],
            "accounts_age_months": (as_of - rows["period_end_date"]).dt.days * _MONTHS_PER_DAY,
            "net_worth_minor": amounts["net_worth_minor"],
            "debt_minor": amounts["debt_minor"],
            "debt_ratio": _ratio(amounts["debt_minor"], amounts["debt_minor"] + amounts["net_worth_minor"]),
            "net_margin_ratio": _ratio(amounts["net_income_minor"], amounts["revenue_minor"]),
            "net_worth_ratio": _ratio(amounts["net_worth_minor"], amounts["revenue_minor"]),
            "revenue_growth_ratio": _ratio(amounts["revenue_minor"], previous[latest]) - 1,
        }
    ).reset_index(drop=True)


def accounts_pd(tables: Mapping[str, DataFrame], settings: AccountsSettings, *, as_of: Timestamp) -> DataFrame:
    """Return table `accounts_scores`: what the annual accounts say of each customer on a day.

    The score is the weighted mean of the points of the ratios that are known. Where net worth is negative the share
    of debt has no points, computable or not. As accounts grow old a score above the middle (0.5) falls towards it in
    a straight line; a score below keeps: age never improves a score. Accounts older than the oldest age that counts
    were followed by none although later ones were long due: they count as withheld and give no score. What is missing
    stays missing.

    Parameters
    ----------
    tables : canonical tables ``customers financials``
    settings : points, weights, ages, PDs
    as_of : last day that counts

    Returns
    -------
    DataFrame with the columns of `ACCOUNTS_SCORES`; accounts_flag_code: used, stale (discounted for age), withheld,
    none (never published: exempt, confidential or withheld, which cannot be told apart), no_figure (too few ratios).
    """
    customers = tables["customers"][["customer_id"]].sort_values("customer_id")
    rows = customers.merge(latest_accounts(tables["financials"], as_of=as_of), on="customer_id", how="left")
    score, n_ratios = _score(rows, settings)
    age = rows["accounts_age_months"]
    span = settings.accounts_max_age_months - settings.accounts_fresh_months
    weight = ((settings.accounts_max_age_months - age) / span).clip(0, 1).fillna(0.0)
    conditions = {
        "none": age.isna(),
        "withheld": age > settings.accounts_max_age_months,
        "no_figure": n_ratios < settings.accounts_min_ratios,
        "stale": age > settings.accounts_fresh_months,
    }
    flag = np.select(list(conditions.values()), list(conditions), "used")
    aged = np.minimum(score, NEUTRAL_SCORE + weight * (score - NEUTRAL_SCORE))
    score = aged.where(np.isin(flag, ("used", "stale")))
    worst, best = logit(settings.accounts_pd_worst), logit(settings.accounts_pd_best)
    pds = expit(worst + score.to_numpy() * (best - worst))
    made = {"accounts_flag_code": flag, "n_ratios": n_ratios, "accounts_weight_ratio": weight}
    return rows.assign(**made, accounts_score=score, pd_accounts=pds)[ACCOUNTS_SCORES.names]


def _ratio(over: Series, under: Series) -> Series:
    return over / under.where(under > 0)


def _score(rows: DataFrame, settings: AccountsSettings) -> tuple[Series, Series]:
    """Weighted mean of the points of the known ratios, and how many are known."""
    points = DataFrame({name: _points(rows[name], settings.accounts_points[name]) for name in RATIOS})
    points.loc[rows["net_worth_minor"] < 0, "debt_ratio"] = 0.0
    weights = Series({name: settings.accounts_weights[name] for name in RATIOS})
    known = points.notna()
    total = known.mul(weights).sum(axis=1)
    return points.mul(weights).sum(axis=1) / total.where(total > 0), known.sum(axis=1)


def _points(values: Series, knots: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    at, points = np.array(knots, dtype="float64").T
    return np.interp(values.to_numpy(dtype="float64"), at, points)


def _check_points(points: Mapping[str, tuple[tuple[float, float], ...]]) -> None:
    if set(points) != set(RATIOS):
        raise ValueError(f"accounts_points: give points to each of {', '.join(RATIOS)}")
    for name, knots in points.items():
        at, given = np.array(knots, dtype="float64").reshape(-1, 2).T
        sign = -1 if name == "debt_ratio" else 1
        is_line = len(at) >= 2 and (np.diff(at) > 0).all() and (np.diff(given) * sign >= 0).all()
        if not is_line or given.min() < 0 or given.max() > 1:
            raise ValueError(
                f"accounts_points.{name}: give [value, points] with rising values and points from 0 to 1 that "
                f"{'fall' if sign < 0 else 'rise'}"
            )
